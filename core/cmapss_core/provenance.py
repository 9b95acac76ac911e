"""Which data an endpoint's model was trained on, so that it is not judged by another fleet's engines."""

from __future__ import annotations

from urllib.parse import urlsplit

from cmapss_core.aws import Aws
from cmapss_core.endpoints import Endpoint
from cmapss_core.errors import ConsoleError, ErrorKind

DATA_TAG = "cmapss:data"  # on training jobs: "nasa" or "synthetic"


def training_data(aws: Aws, endpoint: Endpoint) -> str | None:
    """What the training job of the endpoint's first model says of its data; None where nothing can be learned.

    From variant to model to artefact to job to tag: three calls. A job's artefact lies at
    <output path>/<job>/output/model.tar.gz.
    """
    model = next((variant.model for variant in endpoint.variants if variant.model), None)
    if model is None:
        return None
    try:
        described = aws.call("sagemaker", "DescribeModel", ModelName=model)
        artifact = described.get("PrimaryContainer", {}).get("ModelDataUrl", "")
        parts = urlsplit(artifact).path.split("/")
        if len(parts) < 4:
            return None
        job = aws.call("sagemaker", "DescribeTrainingJob", TrainingJobName=parts[-3])
        tags = aws.call("sagemaker", "ListTags", ResourceArn=job["TrainingJobArn"])["Tags"]
    except ConsoleError as error:
        if error.kind in (ErrorKind.NOT_FOUND, ErrorKind.DENIED, ErrorKind.INVALID):
            return None  # the model was trained elsewhere, or may not be asked about
        raise
    return next((tag["Value"] for tag in tags if tag["Key"] == DATA_TAG), None)
