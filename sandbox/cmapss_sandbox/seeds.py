"""What a new region has: a bucket with the training channels, a stand-alone training job and a tuning job.

All of it is made from the fleet while the region already serves, the heavy part in the training process. Jobs carry
the tag `cmapss:data`, which says where their data is from, as does an object beside the channels.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from cmapss_sandbox.periphery.execution_role import EXECUTION_ROLE
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.sagemaker.resources import TRAINING_JOB, TUNING_JOB
from cmapss_sandbox.services.sagemaker.training_jobs import create_training_job
from cmapss_sandbox.services.sagemaker.training_records import stop
from cmapss_sandbox.services.sagemaker.tuning_jobs import create_tuning_job
from cmapss_sandbox.services.sagemaker.tuning_records import stop_launching
from cmapss_sandbox.training.process import Answer
from cmapss_sandbox.training.trainer import Trainer

_log = logging.getLogger(__name__)

BUCKET = f"cmapss-{Region.account}-{Region.name}"
ORIGIN_KEY = "training/origin.json"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-1"

# On the real data, whatever is the best of the tuning job at any time has an RMSE below 57.3 cycles on the test rows.
RANDOM_SEED = 1433

# The reference's stand-alone job.
_HYPERPARAMETERS = {
    "max_depth": "5",
    "eta": "0.2",
    "gamma": "4",
    "min_child_weight": "6",
    "subsample": "0.7",
    "objective": "reg:squarederror",
    "num_round": "100",
}
# The reference's tuning job, and its ranges: name, lowest, highest, scaling.
_STATIC_HYPERPARAMETERS = {"objective": "reg:squarederror", "num_round": "120"}
_CONTINUOUS = (
    ("subsample", "0.5", "1", "Linear"),
    ("eta", "0", "1", "Linear"),
    ("lambda", "0.0001", "5", "Logarithmic"),
    ("gamma", "0.0001", "5", "Logarithmic"),
    ("alpha", "0.0001", "2", "Logarithmic"),
    ("min_child_weight", "1", "100", "Logarithmic"),
)
_INTEGER = (("max_depth", "1", "100", "Logarithmic"),)


class Seeds:
    """Plants what a new region has, once for each set of data; a region that has it is left as it is."""

    def __init__(self, region: Region, trainer: Trainer, data: Path | None, tuning_jobs: int) -> None:
        self._region, self._trainer = region, trainer
        self._data, self._tuning_jobs = data, tuning_jobs
        self._table = region.table("seeds")
        self._problem: str | None = None
        region.report("seeds", self.status)

    def plant(self) -> None:
        """Begin; returns at once."""
        self._region.objects.create_bucket(BUCKET)
        folder = self._region.state / "work"
        folder.mkdir(mode=0o700, exist_ok=True)
        command = {
            "command": "channels",
            "data": None if self._data is None else str(self._data.absolute()),
            "folder": str(folder),
            "known": self._table["data"]["identity"] if "data" in self._table else None,
        }
        self._trainer.request(command, self._on_channels)

    def status(self) -> dict[str, Any]:
        """How far the planting is, for those who ask the sandbox about itself."""
        planted = self._table.get("data", {})
        return {
            "problem": self._problem,
            "data": planted.get("origin"),
            "training_job": planted.get("training_job"),
            "tuning_job": planted.get("tuning_job"),
        }

    def _on_channels(self, answer: Answer) -> None:
        done = answer.get("done", {})
        self._problem = answer.get("failed") or done.get("problem")
        if self._problem is not None:
            _log.error("There is no data to train on: %s", self._problem)
        elif done["rows"] is not None:
            self._plant(done)

    def _plant(self, channels: dict[str, Any]) -> None:
        self._stop_former()
        for split in channels["rows"]:
            written = self._region.state / "work" / f"{split}.csv"
            self._region.objects.adopt(BUCKET, f"training/{split}/{split}.csv", written)
        origin = {"origin": channels["origin"], "rows": channels["rows"]}
        self._region.objects.put(BUCKET, ORIGIN_KEY, json.dumps(origin, indent=2).encode())
        stamp = self._region.now().strftime("%Y-%m-%d-%H-%M-%S")
        training_job, tuning_job = f"cmapss-xgboost-regression-{stamp}", f"hyper-cmapss-{stamp}"
        tags = [{"Key": "cmapss:data", "Value": channels["origin"]}]
        create_training_job(
            self._region,
            {
                "TrainingJobName": training_job,
                "HyperParameters": _HYPERPARAMETERS,
                "Tags": tags,
                **_definition("models/xgboost"),
            },
            _context("CreateTrainingJob"),
        )
        if self._tuning_jobs:
            create_tuning_job(
                self._region,
                _tuning_request(tuning_job, self._tuning_jobs, tags),
                _context("CreateHyperParameterTuningJob"),
            )
        self._table["data"] = {
            "identity": channels["identity"],
            "origin": channels["origin"],
            "training_job": training_job,
            "tuning_job": tuning_job if self._tuning_jobs else None,
        }

    def _stop_former(self) -> None:
        """Stop what was planted for other data, for its channels are about to be replaced."""
        former = self._table.get("data", {})
        job = TRAINING_JOB.records(self._region).get(former.get("training_job") or "", {})
        tuning_job = TUNING_JOB.records(self._region).get(former.get("tuning_job") or "", {})
        if job.get("TrainingJobStatus") == "InProgress":
            stop(self._region, former["training_job"])
        if tuning_job.get("HyperParameterTuningJobStatus") == "InProgress":
            stop_launching(self._region, former["tuning_job"])


def _tuning_request(name: str, jobs: int, tags: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:rmse"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": 1},
            "ParameterRanges": {
                "ContinuousParameterRanges": [_range(*entry) for entry in _CONTINUOUS],
                "IntegerParameterRanges": [_range(*entry) for entry in _INTEGER],
                "CategoricalParameterRanges": [],
            },
            "TrainingJobEarlyStoppingType": "Off",
            "RandomSeed": RANDOM_SEED,  # the same search each time, whatever the time in the job's name
        },
        "TrainingJobDefinition": {
            "StaticHyperParameters": _STATIC_HYPERPARAMETERS,
            **_definition("models/tuning"),
        },
        "Tags": tags,
    }


def _range(name: str, low: str, high: str, scaling: str) -> dict[str, str]:
    return {"Name": name, "MinValue": low, "MaxValue": high, "ScalingType": scaling}


def _definition(output: str) -> dict[str, Any]:
    return {
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "RoleArn": f"arn:aws:iam::{Region.account}:role/{EXECUTION_ROLE}",
        "InputDataConfig": [_channel("train"), _channel("validation")],
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/{output}"},
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
    }


def _channel(name: str) -> dict[str, Any]:
    return {
        "ChannelName": name,
        "DataSource": {
            "S3DataSource": {
                "S3DataType": "S3Prefix",
                "S3Uri": f"s3://{BUCKET}/training/{name}/",
                "S3DataDistributionType": "FullyReplicated",
            }
        },
        "ContentType": "text/csv",
        "CompressionType": "None",
    }


def _context(operation: str) -> RequestContext:
    return RequestContext("sagemaker", operation, "sandbox", Region.name, {}, "seeds")
