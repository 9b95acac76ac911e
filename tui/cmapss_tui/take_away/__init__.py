"""What is taken out of the console: texts for the clipboard, tables and pictures for files."""
