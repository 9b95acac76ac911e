"""What CreateHyperParameterTuningJob refuses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from cmapss_sandbox.errors import validation_exception
from cmapss_sandbox.region import Region
from cmapss_sandbox.services.sagemaker.resources import TUNING_JOB, instances_exceeded, repeated
from cmapss_sandbox.services.sagemaker.training_checks import check_definition
from cmapss_sandbox.services.sagemaker.training_records import ACTIVE
from cmapss_sandbox.services.sagemaker.tuning_definitions import (
    MOST_TRAINING_JOBS,
    Definition,
    definitions,
    grid_sizes,
    hyperband_resources,
    objective,
    ranges,
    tuned_names,
)
from cmapss_sandbox.store import Record
from cmapss_sandbox.training.hyperparameters import TUNABLE
from cmapss_sandbox.training.metrics import OBJECTIVES

_MOST_RANGES = 30
_MOST_RANDOM_JOBS = 10_000
_LONGEST_EPOCHS = 20_000


def check_tuning_job(region: Region, request: dict[str, Any]) -> None:
    """Raise ValidationException or ResourceLimitExceeded for a tuning job that AWS does not begin."""
    config = request["HyperParameterTuningJobConfig"]
    if "Autotune" in request:
        raise validation_exception("The sandbox has no Autotune: give the ranges and limits themselves.")
    if ("TrainingJobDefinition" in request) == ("TrainingJobDefinitions" in request):
        raise validation_exception("Either TrainingJobDefinition or TrainingJobDefinitions must be specified.")
    _check_definition_names(request)
    for definition in definitions(request):
        check_definition(region, {**definition, "ResourceConfig": resources(definition)})
        _check_objective(config, definition)
        _check_ranges(request, definition)
    types = {objective(request, definition)["Type"] for definition in definitions(request)}
    if len(types) > 1:
        raise validation_exception("The objectives of all TrainingJobDefinitions must be of the same Type.")
    _check_limits(request, config)
    _check_strategy(request, config)
    if "WarmStartConfig" in request:
        _check_warm_start(region, request)


def resources(definition: Definition) -> Mapping[str, Any] | None:
    """The instances of a definition's jobs, in whichever way they are given; of several choices the first."""
    flexible = definition.get("HyperParameterTuningResourceConfig")
    if flexible is None:
        own: Mapping[str, Any] | None = definition.get("ResourceConfig")
        return own
    choice = flexible.get("InstanceConfigs", [flexible])[0]
    further = {"VolumeKmsKeyId"} & flexible.keys()
    return {
        **{
            member: choice[member] for member in ("InstanceType", "InstanceCount", "VolumeSizeInGB") if member in choice
        },
        **{member: flexible[member] for member in further},
    }


def _check_definition_names(request: Mapping[str, Any]) -> None:
    if "TrainingJobDefinitions" not in request:
        return
    names = [definition["DefinitionName"] for definition in definitions(request) if "DefinitionName" in definition]
    if len(names) < len(definitions(request)):
        raise validation_exception("Each of the TrainingJobDefinitions needs a DefinitionName.")
    twice = repeated(names)
    if twice is not None:
        raise validation_exception(f"The DefinitionName {twice} is used more than once.")


def _check_objective(config: Mapping[str, Any], definition: Definition) -> None:
    if "TuningObjective" not in definition and "HyperParameterTuningJobObjective" not in config:
        raise validation_exception("HyperParameterTuningJobObjective is required.")
    metric = objective({"HyperParameterTuningJobConfig": config}, definition)["MetricName"]
    defined = definition["AlgorithmSpecification"].get("MetricDefinitions", [])
    if metric not in OBJECTIVES and metric not in [entry["Name"] for entry in defined]:
        raise validation_exception(
            "A metric is required for this hyperparameter tuning job objective. "
            f"Provide a metric in the metric definitions. ({metric} is none of the algorithm's)"
        )


def _check_ranges(request: Mapping[str, Any], definition: Definition) -> None:
    of_definition = ranges(request, definition)
    names = tuned_names(of_definition)
    if not names:
        raise validation_exception("ParameterRanges must have at least one hyperparameter to search.")
    if len(names) > _MOST_RANGES:
        raise validation_exception(f"At most {_MOST_RANGES} hyperparameters can be searched, not {len(names)}.")
    twice = repeated([*names, *definition.get("StaticHyperParameters", {})])
    if twice is not None:
        raise validation_exception(f"The hyperparameter {twice} is given more than once, as a range or as static.")
    for name in names:
        if name not in TUNABLE:
            raise validation_exception(
                f"The hyperparameter {name} isn't tunable. Tunable are: {', '.join(sorted(TUNABLE))}."
            )
    for entry in _entries(of_definition, "Integer"):
        _check_range(entry, int)
    for entry in _entries(of_definition, "Continuous"):
        if TUNABLE[entry["Name"]] is int:
            raise validation_exception(f"The hyperparameter {entry['Name']} is an integer: IntegerParameterRanges.")
        _check_range(entry, float)
    for entry in _entries(of_definition, "Categorical"):
        _check_categories(entry)


def _check_range(entry: Mapping[str, Any], number: type[int] | type[float]) -> None:
    name, scaling = entry["Name"], entry.get("ScalingType", "Auto")
    try:
        low, high = number(entry["MinValue"]), number(entry["MaxValue"])
    except ValueError:
        raise validation_exception(f"The range of {name} is not made of {number.__name__} values.") from None
    if not (low < high and math.isfinite(low) and math.isfinite(high)):
        raise validation_exception(f"The range of {name} needs a MinValue below its MaxValue.")
    if scaling == "Logarithmic" and low <= 0:
        raise validation_exception(f"The range of {name} must be above 0 for the scaling type Logarithmic.")
    if scaling == "ReverseLogarithmic" and (number is int or not 0 <= low < high < 1):
        raise validation_exception(
            f"The range of {name} must be within 0 <= x < 1.0 for the scaling type ReverseLogarithmic."
        )


def _check_categories(entry: Mapping[str, Any]) -> None:
    name, values = entry["Name"], entry["Values"]
    if repeated(values) is not None:
        raise validation_exception(f"The range of {name} has a value more than once.")
    try:
        for value in values:
            TUNABLE[name](value)
    except ValueError:
        raise validation_exception(f"The range of {name} is not made of {TUNABLE[name].__name__} values.") from None


def _check_limits(request: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    limits, strategy = config["ResourceLimits"], config["Strategy"]
    most = limits.get("MaxNumberOfTrainingJobs")
    bounded = strategy == "Grid" or "MaxRuntimeInSeconds" in limits or "TuningJobCompletionCriteria" in config
    if most is None:
        if not bounded:
            raise validation_exception("ResourceLimits.MaxNumberOfTrainingJobs is required.")
        return
    allowed = _MOST_RANDOM_JOBS if strategy == "Random" else MOST_TRAINING_JOBS
    if most > allowed:
        limit = "Maximum number of training jobs per hyperparameter tuning job"
        raise instances_exceeded(limit, allowed, 0, most)
    if strategy == "Grid":
        return
    combinations = sum(_combinations(ranges(request, definition)) for definition in definitions(request))
    if combinations < most:
        raise validation_exception(
            "You don't have enough combinations of hyperparameter ranges. The total number of hyperparameter "
            f"combinations for the provided ranges [{combinations:.1f}] must be equal or greater than the value of "
            f"MaxNumberOfJobs, [{most}]. Provide additional ranges."
        )


def _combinations(of_definition: Mapping[str, list[Mapping[str, Any]]]) -> float:
    if _entries(of_definition, "Continuous"):
        return math.inf
    spans = [int(entry["MaxValue"]) - int(entry["MinValue"]) + 1 for entry in _entries(of_definition, "Integer")]
    return float(math.prod([*spans, *(len(entry["Values"]) for entry in _entries(of_definition, "Categorical"))]))


def _entries(of_definition: Mapping[str, list[Mapping[str, Any]]], kind: str) -> list[Mapping[str, Any]]:
    return of_definition.get(f"{kind}ParameterRanges", [])


def _check_strategy(request: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    strategy = config["Strategy"]
    if "StrategyConfig" in config and strategy != "Hyperband":
        raise validation_exception("StrategyConfig can only be specified for the strategy Hyperband.")
    for definition in definitions(request):
        of_definition = ranges(request, definition)
        if strategy == "Grid":
            if _entries(of_definition, "Integer") or _entries(of_definition, "Continuous"):
                raise validation_exception("The strategy Grid searches CategoricalParameterRanges only.")
        elif strategy == "Hyperband":
            _check_hyperband(config, definition)
    if strategy == "Grid":
        total = sum(grid_sizes(request))
        if config["ResourceLimits"].get("MaxNumberOfTrainingJobs", total) != total:
            raise validation_exception(
                f"For the strategy Grid, MaxNumberOfTrainingJobs is {total}, the number of combinations, or absent."
            )


def _check_hyperband(config: Mapping[str, Any], definition: Definition) -> None:
    if config.get("TrainingJobEarlyStoppingType", "Off") != "Off":
        raise validation_exception("TrainingJobEarlyStoppingType must be Off for the strategy Hyperband.")
    least, most = hyperband_resources(config, definition)
    if most is None:
        raise validation_exception(
            "MaxResource is required for the strategy Hyperband: StrategyConfig.HyperbandStrategyConfig.MaxResource."
        )
    if not least <= most <= _LONGEST_EPOCHS:
        raise validation_exception(
            f"Hyperband needs MinResource <= MaxResource <= {_LONGEST_EPOCHS}, not {least} and {most}."
        )


def _check_warm_start(region: Region, request: Mapping[str, Any]) -> None:
    warm_start = request["WarmStartConfig"]
    names = [entry.get("HyperParameterTuningJobName", "") for entry in warm_start["ParentHyperParameterTuningJobs"]]
    if repeated(names) is not None:
        raise validation_exception("A parent hyperparameter tuning job is given more than once.")
    for name in names:
        parent = TUNING_JOB.get(region, name)
        if parent["HyperParameterTuningJobStatus"] in ACTIVE:
            raise validation_exception(f"The parent hyperparameter tuning job {name} has not ended yet.")
        if len(definitions(request)) > 1 or len(definitions(parent)) > 1:
            raise validation_exception("A warm start is for tuning jobs with one training job definition.")
        _check_parent(request, parent, identical=warm_start["WarmStartType"] == "IdenticalDataAndAlgorithm")


def _check_parent(request: Mapping[str, Any], parent: Record, *, identical: bool) -> None:
    name = parent["HyperParameterTuningJobName"]
    [own], [of_parent] = definitions(request), definitions(parent)
    if objective(request, own) != objective(parent, of_parent):
        raise validation_exception(f"The objective metric must be the same as that of the parent {name}.")
    if _hyperparameters(request, own) != _hyperparameters(parent, of_parent):
        raise validation_exception(
            f"The total number of static plus tunable hyperparameters must be the same as that of the parent {name}."
        )
    if identical and _data_and_image(own) != _data_and_image(of_parent):
        raise validation_exception(
            f"For IdenticalDataAndAlgorithm, input data and training image must be those of the parent {name}."
        )


def _hyperparameters(request: Mapping[str, Any], definition: Definition) -> int:
    static = [name for name in definition.get("StaticHyperParameters", {}) if not name.startswith("_")]
    return len(static) + len(tuned_names(ranges(request, definition)))


def _data_and_image(definition: Definition) -> tuple[Any, Any]:
    uris = {
        channel["ChannelName"]: channel["DataSource"].get("S3DataSource", {}).get("S3Uri")
        for channel in definition.get("InputDataConfig", [])
    }
    return uris, definition["AlgorithmSpecification"].get("TrainingImage")
