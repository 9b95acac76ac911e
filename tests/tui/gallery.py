"""The region that the pictures are taken of: jobs that were tuned, an endpoint under load, and its neighbours.

It is the sandbox's own, inside the test, with a clock that stands still; what would be different each time (ids,
latencies) is drawn from one seed.
"""

from __future__ import annotations

import random
import secrets
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cmapss_core.plans import runner
from cmapss_core.plans.deploy import DeployRequest, plan_deploy
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.runner import StepEvent, run
from cmapss_sandbox.region import Region
from cmapss_sandbox.seeds import BUCKET
from cmapss_sandbox.services import Service, install
from cmapss_sandbox.services.logs.store import append
from cmapss_sandbox.services.sagemaker.resources import TUNING_JOB
from cmapss_sandbox.services.sagemaker.training_records import begin, end, enter, fail
from cmapss_sandbox.services.sagemaker.tuning_records import training_jobs_of
from cmapss_sandbox.services.serving.accounting import Invocation, InvocationMeter, VariantMinute
from cmapss_sandbox.training.tuning import launch_training_job
from tests.core.regions import RegionAws
from tests.sandbox.artefacts import ROLE, csv_rows, production_variant
from tests.sandbox.boosters import IMAGE_REPOSITORY, artefact
from tests.sandbox.scaling import call

BEGINNING = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
TUNING_JOB_NAME = "hyper-cmapss-2026-11-22-14-00-00"
ENDPOINT = "cmapss-XGBoostEndpoint"
JOBS = 30
FAILING, RUNNING = 11, 2
LOAD = ((25, 4), (14, 25), (4, 46))  # minutes, and invocations in each
ROW = b"1,2\n"
CHANNELS = ("train", "validation")
RANGES = {"max_depth": (1, 100), "min_child_weight": (1, 100)}


class GalleryAws(RegionAws):
    """The region, with the objects of its buckets."""

    def _send(self, service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        self.meter.count()
        if (service, operation) == ("s3", "HeadObject"):
            return {"ContentLength": self.of.objects.head(parameters["Bucket"], parameters["Key"])}
        return super()._send(service, operation, parameters)


@contextmanager
def gallery(folder: Path) -> Iterator[GalleryAws]:
    """A connection to the region, and what is random in it drawn from one seed until the end of the block."""
    drawn = random.Random(2026)
    latencies = random.Random(11)
    record = InvocationMeter.record

    def recorded(meter: InvocationMeter, where: VariantMinute, invocation: Invocation) -> None:
        model = 1_100 + int(latencies.gammavariate(2.0, 300.0))
        record(meter, where, replace(invocation, model_latency=model, overhead_latency=400))

    with (
        patch.object(uuid, "uuid4", lambda: uuid.UUID(int=drawn.getrandbits(128), version=4)),
        patch.object(secrets, "token_hex", lambda count=16: drawn.randbytes(count).hex()),
        patch.object(InvocationMeter, "record", recorded),
        patch.object(runner, "MAX_POLL_SECONDS", 0.0),
    ):
        region = Region(folder / "region", paused=True, now=BEGINNING, strict=True)
        aws = GalleryAws(region, install(region))
        _tune(region, aws.answering)
        _deploy(aws, folder)
        _neighbours(region, aws.answering)
        _load(region, aws.answering)
        yield aws
        region.close()


def _tune(region: Region, services: Mapping[str, Service]) -> None:
    """A tuning job with completed, failed and running training jobs, one a minute, and one job that stands alone."""
    region.objects.create_bucket(BUCKET)
    for channel in CHANNELS:
        region.objects.put(BUCKET, f"{channel}/{channel}.csv", csv_rows(10, 1))
    drawn = random.Random(37)
    call(region, services["sagemaker"], "CreateHyperParameterTuningJob", **_tuning_request())
    for number in range(JOBS):
        values = {name: str(int(drawn.uniform(*bounds))) for name, bounds in RANGES.items()}
        values |= {name: f"{drawn.random():.4f}" for name in ("eta", "lambda", "subsample")}
        with region.lock, region.transaction():
            launch_training_job(region, TUNING_JOB_NAME, 0, values)
            name = training_jobs_of(region, TUNING_JOB_NAME)[-1]["TrainingJobName"]
            begin(region, name)
        region.advance(20)
        with region.lock, region.transaction():
            enter(region, name, "Training")
        region.advance(60 + drawn.random() * 60)
        if number >= JOBS - RUNNING:
            continue
        with region.lock, region.transaction():
            if number == FAILING:
                fail(region, name, "AlgorithmError: the channel train holds a value that is not a number in line 37")
                continue
            enter(region, name, "Uploading")
            loss = 44.9 + drawn.gammavariate(1.5, 4.0) * (1 - number / JOBS / 2)
            end(region, name, "Completed", {"validation:rmse": loss, "train:rmse": loss - drawn.uniform(1, 9)})
            region.objects.put(BUCKET, f"models/tuning/{name}/output/model.tar.gz", artefact())
            append(region, "/aws/sagemaker/TrainingJobs", f"{name}/algo-1-1", _training_log(loss))
    assert TUNING_JOB_NAME in TUNING_JOB.records(region)


def _deploy(aws: GalleryAws, folder: Path) -> None:
    """The best job's model, by the console's own plan, as the first operation of the journal."""
    plan = plan_deploy(aws, DeployRequest(name=ENDPOINT))
    outcome = run(aws, plan, Journal(folder / "home" / "journal"), on_event=partial(_pass_time, aws.of))
    assert outcome.status == "done", outcome.error


def _pass_time(region: Region, event: StepEvent) -> None:
    if event.state == "waiting":
        region.advance(60)


def _neighbours(region: Region, services: Mapping[str, Service]) -> None:
    """An endpoint that nobody calls, and one that is being made."""
    sagemaker = services["sagemaker"]
    region.objects.create_bucket("models")
    region.objects.put("models", "model.tar.gz", artefact())
    container = {"Image": f"{IMAGE_REPOSITORY}:1.7-1", "ModelDataUrl": "s3://models/model.tar.gz"}
    call(region, sagemaker, "CreateModel", ModelName="turbofan", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    variants = [production_variant("turbofan", InstanceType="ml.c5.large")]
    call(region, sagemaker, "CreateEndpointConfig", EndpointConfigName="turbofan", ProductionVariants=variants)
    call(region, sagemaker, "CreateEndpoint", EndpointName="turbofan-shadow", EndpointConfigName="turbofan")
    region.advance(3 * 3600)


def _load(region: Region, services: Mapping[str, Service]) -> None:
    """A quiet while, then what three instances are for, then more, until the last of five are on their way."""
    for minutes, rate in LOAD:
        for _ in range(minutes):
            for _ in range(rate):
                call(
                    region,
                    services["sagemaker-runtime"],
                    "InvokeEndpoint",
                    EndpointName=ENDPOINT,
                    Body=ROW,
                    ContentType="text/csv",
                )
            region.advance(60)
    members = {"EndpointName": "turbofan-next", "EndpointConfigName": "turbofan"}
    call(region, services["sagemaker"], "CreateEndpoint", **members)


def _training_log(loss: float) -> list[str]:
    lines = ["[2026-11-22:14:00:00:INFO] Running standalone xgboost training."]
    lines += [f"[{round_}]#011train-rmse:{loss + 40 / round_:.5f}" for round_ in range(1, 40)]
    return lines


def _tuning_request() -> dict[str, Any]:
    return {
        "HyperParameterTuningJobName": TUNING_JOB_NAME,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:rmse"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 50, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": {
                "ContinuousParameterRanges": [
                    {"Name": name, "MinValue": "0", "MaxValue": "1"} for name in ("eta", "lambda", "subsample")
                ],
                "IntegerParameterRanges": [
                    {"Name": name, "MinValue": str(low), "MaxValue": str(high)} for name, (low, high) in RANGES.items()
                ],
            },
        },
        "TrainingJobDefinition": {
            "StaticHyperParameters": {"objective": "reg:squarederror", "num_round": "120"},
            "AlgorithmSpecification": {"TrainingImage": f"{IMAGE_REPOSITORY}:1.2-1", "TrainingInputMode": "File"},
            "RoleArn": ROLE,
            "InputDataConfig": [
                {
                    "ChannelName": name,
                    "ContentType": "text/csv",
                    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{name}/"}},
                }
                for name in CHANNELS
            ],
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/models/tuning"},
            "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
            "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
        },
        "Tags": [{"Key": "cmapss:data", "Value": "nasa"}],
    }
