"""Training jobs: created, described, listed, stopped and deleted."""

from __future__ import annotations

from typing import Any

from cmapss_sandbox.errors import AwsError, validation_exception
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.sagemaker.listing import Listing, list_page, summary
from cmapss_sandbox.services.sagemaker.resources import TRAINING_JOB, forget, public, set_tags, without_tags
from cmapss_sandbox.services.sagemaker.training_checks import check_definition
from cmapss_sandbox.services.sagemaker.training_records import ACTIVE, add_training_job, stop

_LISTING = Listing(
    "ListTrainingJobs",
    "TrainingJobSummaries",
    "TrainingJobName",
    {"Name": "TrainingJobName", "CreationTime": "CreationTime", "Status": "TrainingJobStatus"},
    "CreationTime",
    "Ascending",
    "TrainingJobStatus",
)
_summarise = summary(
    "TrainingJobName",
    "TrainingJobArn",
    "CreationTime",
    "TrainingEndTime",
    "LastModifiedTime",
    "TrainingJobStatus",
    "SecondaryStatus",
)


def create_training_job(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """CreateTrainingJob; what is wrong with its data or hyper-parameters shows when it trains."""
    name = request["TrainingJobName"]
    TRAINING_JOB.refuse_duplicate(region, name)
    check_definition(region, request)
    arn = TRAINING_JOB.arn_of(region, name)
    set_tags(region, arn, request.get("Tags", []))
    add_training_job(region, without_tags(request))
    return {"TrainingJobArn": arn}


def describe_training_job(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """DescribeTrainingJob."""
    return public(TRAINING_JOB.get(region, request["TrainingJobName"]))


def list_training_jobs(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """ListTrainingJobs."""
    if "WarmPoolStatusEquals" in request or "TrainingPlanArnEquals" in request:
        # No job of the sandbox has a warm pool or a training plan.
        return {"TrainingJobSummaries": []}
    return list_page(region, _LISTING, request, TRAINING_JOB.records(region).values(), _summarise)


def stop_training_job(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """StopTrainingJob; a job that is being trained stops after its round and keeps the model so far."""
    record = TRAINING_JOB.get(region, request["TrainingJobName"])
    if record["TrainingJobStatus"] != "InProgress":
        raise validation_exception(
            f"The request was rejected because the training job is in status {record['TrainingJobStatus']}."
        )
    stop(region, request["TrainingJobName"])
    return {}


def delete_training_job(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """DeleteTrainingJob; its artefact and its log stay."""
    name = request["TrainingJobName"]
    record = TRAINING_JOB.get(region, name)
    if record["TrainingJobStatus"] in ACTIVE:
        raise AwsError(
            "ResourceInUse",
            f"The request was rejected because the training job is in status {record['TrainingJobStatus']}.",
        )
    forget(region, TRAINING_JOB, name)
    return {}
