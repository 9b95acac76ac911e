"""Which training job is best: by one objective metric, in its direction, with those that cannot be ranked last."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Direction = Literal["Minimize", "Maximize"]

NAME = "\0"  # in place of a job's name; nothing that AWS names has it in it

# The metrics of the built-in XGBoost container, without the channel's prefix.
_MAXIMIZED = frozenset(
    "accuracy auc aucpr balanced_accuracy f1 f1_binary f1_macro map ndcg precision precision_macro precision_micro "
    "r2 recall recall_macro recall_micro".split()
)
_MINIMIZED = frozenset(
    "error gamma-nloglik logloss mae mape merror mlogloss mphe mse poisson-nloglik rmse rmsle".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingJob:
    """A training job, of a tuning job or standing alone. `metrics` are its final ones, by name.

    `data` is where its data is from ("nasa", "synthetic"), as its tag says; None where it has none. There may be ten
    thousand jobs: of the ARN only what stands before the name is kept, and the artefact's address may have NAME in
    place of the name, since that much is the same for all.
    """

    name: str
    status: str
    secondary_status: str = ""
    created: datetime
    ended: datetime | None = None
    duration_seconds: float | None = None
    objective_metric: str | None = None
    objective_value: float | None = None
    objective_type: Direction | None = None
    tuning_job: str | None = None
    artifact: str | None = None
    image: str | None = None
    instance_type: str | None = None
    role_arn: str | None = None
    hyperparameters: Mapping[str, str]
    metrics: Mapping[str, float]
    failure_reason: str | None = None
    data: str | None = None
    arn_start: str | None = None

    @property
    def model_artifact(self) -> str | None:
        """Where its model is."""
        return None if self.artifact is None else self.artifact.replace(NAME, self.name)

    @property
    def arn(self) -> str | None:
        """Its ARN, where AWS has told it."""
        return None if self.arn_start is None else self.arn_start + self.name


@dataclass(frozen=True, slots=True)
class RankedJob:
    """A job and its place; None where it has none: no metric, artefact, direction, or other data."""

    rank: int | None
    job: TrainingJob


def direction(metric: str) -> Direction | None:
    """Whether less or more of a metric is better, from the XGBoost container's own lists; None when unknown."""
    name = metric.rsplit(":", 1)[-1].split("@")[0]
    if name in _MINIMIZED:
        return "Minimize"
    return "Maximize" if name in _MAXIMIZED else None


def common_metric(jobs: Iterable[TrainingJob]) -> str | None:
    """The metric by which most jobs can be compared; names decide between equals."""
    counted = Counter(job.objective_metric for job in jobs if job.objective_metric is not None)
    return min(counted, key=lambda name: (-counted[name], name)) if counted else None


def rank(jobs: Iterable[TrainingJob], metric: str | None) -> tuple[RankedJob, ...]:
    """Order jobs by `metric`, best first; those without a place follow, newest first.

    An error on other data is no smaller or larger one: only jobs with the data of the newest of them have a place.
    """
    jobs = list(jobs)
    able = [job for job in jobs if metric is not None and _can_have_place(job, metric)]
    data = max(able, key=lambda job: job.created).data if able else None
    placed = sorted((job for job in able if job.data == data), key=lambda job: (_badness(job), job.created, job.name))
    known = set(map(id, placed))
    others = sorted((job for job in jobs if id(job) not in known), key=lambda job: job.name)
    others.sort(key=lambda job: job.created, reverse=True)
    ranked = [RankedJob(place, job) for place, job in enumerate(placed, start=1)]
    return (*ranked, *(RankedJob(None, job) for job in others))


def best_of_each(jobs: Iterable[TrainingJob]) -> dict[str, TrainingJob]:
    """Each tuning job's best training job by its own objective, as we see it; without those that have none yet."""
    best: dict[str, TrainingJob] = {}
    for job in jobs:
        if job.tuning_job is None or job.objective_metric is None or not _can_have_place(job, job.objective_metric):
            continue
        known = best.get(job.tuning_job)
        if known is None or (_badness(job), job.created, job.name) < (_badness(known), known.created, known.name):
            best[job.tuning_job] = job
    return best


def _can_have_place(job: TrainingJob, metric: str) -> bool:
    return (
        job.status == "Completed"
        and bool(job.model_artifact)
        and job.objective_metric == metric
        and job.objective_type is not None
        and job.objective_value is not None
        and math.isfinite(job.objective_value)
    )


def _badness(job: TrainingJob) -> float:
    assert job.objective_value is not None  # has a place
    return job.objective_value if job.objective_type == "Minimize" else -job.objective_value
