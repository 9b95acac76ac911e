"""What answers an endpoint's invocations: the XGBoost container, its models, and the count of what it did."""
