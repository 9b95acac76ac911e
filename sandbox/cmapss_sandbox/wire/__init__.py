"""The AWS protocols, generic from botocore's service models: parse, check, hand over, serialise."""
