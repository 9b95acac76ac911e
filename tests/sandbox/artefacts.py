"""A small real model artefact and the usual requests that make an endpoint of it."""

from __future__ import annotations

import io
import tarfile
from typing import Any

from cmapss_sandbox.region import Region

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-1"
ROLE = "arn:aws:iam::000000000000:role/cmapss-sagemaker-execution"
ARTEFACT = "s3://models/small/model.tar.gz"


def tarball(**files: bytes) -> bytes:
    """A model.tar.gz that holds the files; a dash in a name is written as an underscore here."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, body in files.items():
            member = tarfile.TarInfo(name.replace("_", "-"))
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    return buffer.getvalue()


def make_endpoint(sagemaker: Any, region: Region, name: str = "engines", **variant: Any) -> str:
    """A model, a config and an endpoint of one name, the last still Creating; returns the endpoint's ARN."""
    region.objects.put("models", "small/model.tar.gz", tarball(xgboost_model=b"weights"))
    sagemaker.create_model(
        ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE, "ModelDataUrl": ARTEFACT}
    )
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[production_variant(name, **variant)])
    arn: str = sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)["EndpointArn"]
    return arn


def production_variant(model: str, **members: Any) -> dict[str, Any]:
    """One variant of a config, one ml.m5.xlarge unless the members say otherwise."""
    return {
        "VariantName": "AllTraffic",
        "ModelName": model,
        "InstanceType": "ml.m5.xlarge",
        "InitialInstanceCount": 1,
        **members,
    }
