"""What CreateTrainingJob and CreateHyperParameterTuningJob refuse in the definition of a training job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.region import Region
from cmapss_sandbox.services.sagemaker.access import refuse_unassumable
from cmapss_sandbox.services.sagemaker.resources import repeated
from cmapss_sandbox.services.sagemaker.training_channels import may_list, nothing_found, s3_source, source_files

_LONGEST_RUNTIME = 28 * 24 * 60 * 60  # CreateTrainingJob, StoppingCondition.MaxRuntimeInSeconds


def check_definition(region: Region, definition: Mapping[str, Any]) -> None:
    """Raise ValidationException for a definition that AWS does not even begin to carry out."""
    _check_algorithm(region, definition.get("AlgorithmSpecification", {}))
    _check_resources(definition.get("ResourceConfig"))
    _check_stopping(definition)
    refuse_unassumable(region, definition["RoleArn"])
    _check_channels(region, definition)


def _check_algorithm(region: Region, algorithm: Mapping[str, Any]) -> None:
    if "AlgorithmName" in algorithm:
        name = algorithm["AlgorithmName"]
        arn = name if name.startswith("arn:") else region.arn("sagemaker", f"algorithm/{name}")
        raise validation_exception(f"Could not find algorithm {arn}; the sandbox trains by TrainingImage only.")
    if not algorithm.get("TrainingImage"):
        raise validation_exception("AlgorithmSpecification needs a TrainingImage or an AlgorithmName.")
    twice = repeated(definition["Name"] for definition in algorithm.get("MetricDefinitions", []))
    if twice is not None:
        raise validation_exception(f"MetricDefinitions has the name {twice} more than once.")


def _check_resources(resources: Mapping[str, Any] | None) -> None:
    if resources is None:
        raise validation_exception("ResourceConfig is required.")
    if "InstanceGroups" in resources or "InstancePreferences" in resources:
        return
    if "InstanceType" not in resources:
        raise validation_exception("ResourceConfig needs an InstanceType.")
    for member in ("InstanceCount", "VolumeSizeInGB"):
        if resources.get(member, 0) < 1:
            raise validation_exception(f"ResourceConfig.{member} must be at least 1.")


def _check_stopping(definition: Mapping[str, Any]) -> None:
    condition = definition.get("StoppingCondition", {})
    runtime, wait = condition.get("MaxRuntimeInSeconds", 0), condition.get("MaxWaitTimeInSeconds")
    if runtime > _LONGEST_RUNTIME:
        raise validation_exception(f"MaxRuntimeInSeconds must be at most {_LONGEST_RUNTIME}, which is 28 days.")
    if definition.get("EnableManagedSpotTraining", False):
        if wait is None or wait < runtime:
            raise validation_exception(
                "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to MaxRuntimeInSeconds"
            )
    elif wait is not None:
        raise validation_exception("MaxWaitTimeInSeconds is only for managed spot training: EnableManagedSpotTraining.")


def _check_channels(region: Region, definition: Mapping[str, Any]) -> None:
    channels, role = definition.get("InputDataConfig", []), definition["RoleArn"]
    twice = repeated(channel["ChannelName"] for channel in channels)
    if twice is not None:
        raise validation_exception(f"InputDataConfig has the channel {twice} more than once.")
    for channel in channels:
        if len(channel["DataSource"]) != 1:
            raise validation_exception(f"The channel {channel['ChannelName']} needs one data source.")
        source = s3_source(channel)
        if source is not None and not (may_list(region, source, role) and source_files(region, source)):
            raise validation_exception(nothing_found(region, source, role))
