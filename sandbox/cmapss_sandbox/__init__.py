"""An AWS region on this machine, for those without one: SageMaker that trains, serves and scales, on one port."""
