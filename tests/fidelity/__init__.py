"""The SageMaker Python SDK, unmodified and in an environment of its own, against a sandbox: `make fidelity`."""
