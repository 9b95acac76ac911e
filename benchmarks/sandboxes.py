"""A sandbox to measure against, with models that it trained, and as many jobs and endpoints as a benchmark wants."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3

from cmapss_sandbox.services.sagemaker.resources import TRAINING_JOB
from cmapss_sandbox.store import FILE, Store
from cmapss_tui.sandbox_process import start

TRAINING_SECONDS = 300.0
INSTANCE_TYPE = "ml.m5.xlarge"
VARIANT = "AllTraffic"


@contextmanager
def serving(state: Path, *arguments: str) -> Iterator[str]:
    """The address of a sandbox on a state folder, which ends with the block."""
    sandbox = start(state, arguments=arguments)
    try:
        yield sandbox.address.endpoint_url
    finally:
        sandbox.stop()
        sandbox.wait(30)


@contextmanager
def large_region(*, jobs: int, endpoints: int = 0, speed: float = 60.0) -> Iterator[str]:
    """The address of a sandbox with so many completed training jobs and so many endpoints in service."""
    with tempfile.TemporaryDirectory(prefix="cmapss-benchmark-") as folder:
        state = Path(folder)
        with serving(state, "--tuning-jobs", "1") as url:
            trained_job(url, count=2)
        _multiply_jobs(state, jobs)
        with serving(state, "--tuning-jobs", "1", "--speed", f"{speed:g}") as url:
            if endpoints:
                create_model(url, "engines", trained_job(url))
                names = [f"engines-{number:02d}" for number in range(1, endpoints + 1)]
                create_endpoints(url, "engines", names)
            yield url


def trained_job(url: str, count: int = 1) -> dict[str, Any]:
    """The newest training job once so many are completed. Raises TimeoutError."""
    control(url, "wait", {"completed_training_jobs": count, "seconds": TRAINING_SECONDS})
    sagemaker = client("sagemaker", url)
    jobs = sagemaker.list_training_jobs(StatusEquals="Completed")["TrainingJobSummaries"]
    if len(jobs) < count:
        raise TimeoutError(f"the sandbox has trained {len(jobs)} of {count} models in {TRAINING_SECONDS:g} s")
    described: dict[str, Any] = sagemaker.describe_training_job(TrainingJobName=jobs[0]["TrainingJobName"])
    return described


def create_model(url: str, name: str, job: Mapping[str, Any]) -> None:
    """A model of what that training job made."""
    container = {
        "Image": job["AlgorithmSpecification"]["TrainingImage"],
        "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"],
    }
    client("sagemaker", url).create_model(ModelName=name, ExecutionRoleArn=job["RoleArn"], PrimaryContainer=container)


def create_endpoints(url: str, model: str, names: list[str]) -> None:
    """Endpoints of one instance that serve the model, all in service. Raises AssertionError where one is not."""
    sagemaker = client("sagemaker", url)
    variant = {
        "VariantName": VARIANT,
        "ModelName": model,
        "InstanceType": INSTANCE_TYPE,
        "InitialInstanceCount": 1,
    }
    control(url, "quotas", {INSTANCE_TYPE: len(names)})
    sagemaker.create_endpoint_config(EndpointConfigName=model, ProductionVariants=[variant])
    for name in names:
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=model)
    control(url, "clock", {"advance_seconds": 900})
    for name in names:
        status = sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"]
        if status != "InService":
            raise AssertionError(f"the endpoint {name} is {status} after fifteen minutes")


def client(service: str, url: str) -> Any:
    """A plain boto3 client, as a notebook has it."""
    session: Any = boto3.Session(aws_access_key_id="sandbox", aws_secret_access_key="sandbox")
    return session.client(service, region_name="us-east-1", endpoint_url=url)


def control(url: str, call: str, document: Mapping[str, float]) -> None:
    """A control call of the sandbox."""
    request = Request(f"{url}/_sandbox/{call}", json.dumps(document).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=60 + TRAINING_SECONDS) as answer:
        answer.read()


def _multiply_jobs(state: Path, count: int) -> None:
    """Copies of the tuning job's first job until there are `count`: other names, times, parameters and results."""
    store = Store(state / FILE)
    with store.transaction():
        table = store.table(TRAINING_JOB.table)
        name, pattern = next((name, job) for name, job in table.items() if job.get("TuningJobArn"))
        stem = name.rsplit("-", 2)[0]
        for number in range(2, count - len(table) + 2):
            copy = f"{stem}-{number:05d}-{number * 2654435761 % 2**32:08x}"
            table[copy] = _varied(pattern, name, copy, number)
    store.close()


def _varied(pattern: Mapping[str, Any], name: str, copy: str, number: int) -> dict[str, Any]:
    later = timedelta(seconds=number)
    dated = {key: value + later for key, value in pattern.items() if key.endswith("Time") and key != "_max_runtime"}
    share = number * 2654435761 % 2**32 / 2**32
    return {
        **pattern,
        **dated,
        TRAINING_JOB.name: copy,
        TRAINING_JOB.arn: pattern[TRAINING_JOB.arn].replace(name, copy),
        "_identity": copy,
        "HyperParameters": {
            **pattern["HyperParameters"],
            "eta": f"{share:.6f}",
            "max_depth": str(1 + int(share * 99)),
            "lambda": f"{5 * share:.6f}",
        },
        "FinalMetricDataList": [
            {**metric, "Value": metric["Value"] * (1 + share)} for metric in pattern["FinalMetricDataList"]
        ],
    }
