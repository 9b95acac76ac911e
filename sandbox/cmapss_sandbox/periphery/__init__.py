"""S3, IAM and EC2 behind the same port, answered by moto."""
