"""The endpoints as the console lists them: rows, what has changed in them, and what they come to."""
