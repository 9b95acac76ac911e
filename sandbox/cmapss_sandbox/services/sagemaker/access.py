"""What jobs and endpoints reach outside of SageMaker: the role they take on, images in registries, objects in S3."""

from __future__ import annotations

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.region import Region


def refuse_unassumable(region: Region, role: str) -> None:
    """Raise ValidationException for an execution role that SageMaker may not assume."""
    if not region.assumable(role):
        raise validation_exception(
            f"Could not assume role {role}. Please ensure that the role exists and allows principal "
            "'sagemaker.amazonaws.com' to assume the role."
        )


def repository_arn(region: Region, image: str) -> str | None:
    """The ARN of the ECR repository of an image, None when it can not be there.

    This account has no registry; those of AWS's own accounts in this region are taken to have every image.
    """
    registry, _, repository = image.partition("/")
    account = registry.partition(".")[0]
    if registry != f"{account}.dkr.ecr.{region.name}.amazonaws.com" or account == region.account or not repository:
        return None
    name = repository.partition("@")[0].partition(":")[0]
    return f"arn:aws:ecr:{region.name}:{account}:repository/{name}"


def object_arn(bucket: str, key: str) -> str:
    """The ARN of an object in S3."""
    return f"arn:aws:s3:::{bucket}/{key}"
