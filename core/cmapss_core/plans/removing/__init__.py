"""What is taken away, in which order, and what is left alone."""
