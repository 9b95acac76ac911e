"""What a tuning job searches, read the same way whether it has one training job definition or several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cmapss_sandbox.training.suggestions import grid

# A ceiling for tuning jobs that name none (SageMaker Developer Guide, limits of automatic model tuning).
MOST_TRAINING_JOBS = 750

_EPOCHS = ("epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs")

Definition = Mapping[str, Any]


def definitions(tuning_job: Mapping[str, Any]) -> list[Definition]:
    """The training job definitions of a tuning job, in order."""
    if "TrainingJobDefinitions" in tuning_job:
        return list(tuning_job["TrainingJobDefinitions"])
    return [tuning_job["TrainingJobDefinition"]]


def objective(tuning_job: Mapping[str, Any], definition: Definition) -> Mapping[str, str]:
    """The metric that a definition's jobs are judged by, and its Type."""
    own: Mapping[str, str] | None = definition.get("TuningObjective")
    return own or tuning_job["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]


def lower_is_better(objective: Mapping[str, str]) -> bool:
    """Whether the objective is minimised."""
    return objective["Type"] == "Minimize"


def is_minimised(tuning_job: Mapping[str, Any]) -> bool:
    """Whether the objective of a tuning job is minimised, of which all its definitions have the same Type."""
    return lower_is_better(objective(tuning_job, definitions(tuning_job)[0]))


def ranges(tuning_job: Mapping[str, Any], definition: Definition) -> Mapping[str, list[Mapping[str, Any]]]:
    """The ranges that a definition's jobs are drawn from, by kind."""
    own: Mapping[str, Any] | None = definition.get("HyperParameterRanges")
    return own or tuning_job["HyperParameterTuningJobConfig"].get("ParameterRanges", {})


def tuned_names(ranges: Mapping[str, list[Mapping[str, Any]]]) -> list[str]:
    """The hyper-parameters that ranges are about."""
    return [entry["Name"] for kind, entries in ranges.items() if kind != "AutoParameters" for entry in entries]


def grid_sizes(tuning_job: Mapping[str, Any]) -> list[int]:
    """How many combinations the strategy Grid tries of each definition."""
    return [len(grid(ranges(tuning_job, definition))) for definition in definitions(tuning_job)]


def most_training_jobs(tuning_job: Mapping[str, Any]) -> int:
    """How many training jobs a tuning job launches at most."""
    limits = tuning_job["HyperParameterTuningJobConfig"]["ResourceLimits"]
    number: int = limits.get("MaxNumberOfTrainingJobs", MOST_TRAINING_JOBS)
    return number


def hyperband_resources(config: Mapping[str, Any], definition: Definition) -> tuple[int, int | None]:
    """The least and the most rounds of a Hyperband job; the most is None where it is not given anywhere."""
    given = config.get("StrategyConfig", {}).get("HyperbandStrategyConfig", {})
    static = definition.get("StaticHyperParameters", {})
    inferred = (int(static[name]) for name in _EPOCHS if static.get(name, "").isdecimal())
    return given.get("MinResource", 1), given.get("MaxResource") or next(inferred, None)
