"""What an operator does to SageMaker endpoints, and how well they predict: no terminal in here."""
