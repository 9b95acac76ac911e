"""IAM, when it is enforced: what policies say, whose keys sign a request, and what a call needs."""
