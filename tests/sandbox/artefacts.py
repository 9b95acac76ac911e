"""Small channels and artefacts, and the usual requests that train on them and serve them."""

from __future__ import annotations

import io
import random
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
    from tests.sandbox.boosters import artefact

    region.objects.put("models", "small/model.tar.gz", artefact())
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


def csv_rows(count: int, seed: int) -> bytes:
    """A channel of that many rows: a label that three features explain but for some noise."""
    numbers = random.Random(seed)
    lines = []
    for _ in range(count):
        a, b, c = (numbers.uniform(-1, 1) for _ in range(3))
        lines.append(f"{100 + 30 * a - 20 * b * b + numbers.gauss(0, 1):.3f},{a:.4f},{b:.4f},{c:.4f}")
    return "\n".join(lines).encode() + b"\n"


def put_channels(region: Region) -> None:
    """The objects that training_request() trains on, and the bucket for what comes of it."""
    region.objects.put("data", "train/train.csv", csv_rows(300, 1))
    region.objects.put("data", "validation/validation.csv", csv_rows(100, 2))
    region.objects.create_bucket("models")


def channel(name: str, **source: Any) -> dict[str, Any]:
    """A CSV channel of the bucket `data`."""
    return {
        "ChannelName": name,
        "ContentType": "text/csv",
        "DataSource": {
            "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://data/{name}/", **source},
        },
    }


def training_request(name: str, **hyperparameters: str) -> dict[str, Any]:
    """A CreateTrainingJob request, a few rounds of regression unless the hyper-parameters say otherwise."""
    return {
        "TrainingJobName": name,
        "HyperParameters": {"objective": "reg:squarederror", "num_round": "5", "max_depth": "3", **hyperparameters},
        **definition(),
    }


def definition() -> dict[str, Any]:
    """What a training job and a tuning job's training jobs have in common."""
    return {
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "RoleArn": ROLE,
        "InputDataConfig": [channel("train"), channel("validation")],
        "OutputDataConfig": {"S3OutputPath": "s3://models/output"},
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    }
