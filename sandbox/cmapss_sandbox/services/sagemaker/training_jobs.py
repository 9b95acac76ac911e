"""Training jobs: created, described, listed and stopped."""

from __future__ import annotations

from typing import Any

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services.sagemaker.listing import Listing, list_page, summary
from cmapss_sandbox.services.sagemaker.resources import TRAINING_JOB, public, set_tags, without_tags
from cmapss_sandbox.services.sagemaker.training_records import STOP_ASKED, born, end, enter

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
    check_algorithm(request)
    TRAINING_JOB.refuse_duplicate(region, name)
    arn = TRAINING_JOB.arn_of(region, name)
    set_tags(region, arn, request.get("Tags", []))
    born(region, without_tags(request))
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


def stop(region: Region, name: str) -> None:
    """Let a job that is in progress stop: at once when its training has not begun."""
    begun = "TrainingStartTime" in TRAINING_JOB.records(region)[name]
    enter(region, name, "Stopping", TrainingJobStatus="Stopping")
    region.notify(STOP_ASKED, name=name)
    if not begun:
        end(region, name, "Stopped", {})


def check_algorithm(definition: dict[str, Any]) -> None:
    """Raise for a definition whose training the sandbox could not even begin."""
    if "TrainingImage" not in definition.get("AlgorithmSpecification", {}):
        raise validation_exception("AlgorithmSpecification needs a TrainingImage; the sandbox has no other algorithms.")
    if "ResourceConfig" not in definition:
        raise validation_exception("ResourceConfig is required.")
