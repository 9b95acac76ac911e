"""Training jobs, of tuning jobs and standing alone, read in as few calls as AWS allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.job_records import ENDED, TuningJob, as_tuned, measured_by, training_job, tuning_job
from cmapss_core.ranking import RankedJob, TrainingJob, common_metric, rank
from cmapss_core.snapshots import Snapshot

__all__ = [
    "JobsSnapshot",
    "RankedJob",
    "TrainingJob",
    "TuningJob",
    "TuningJobs",
    "best",
    "describe_job",
    "rank",
    "read_jobs",
    "search_jobs",
]

PAGE = 100  # as many as AWS answers at once
_FEW = 2  # tuning jobs that are described one by one; more are searched for


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsSnapshot(Snapshot):
    """Jobs as ranked at `as_of` by `metric`, and the tuning jobs they came from, newest first.

    `expected` says how many jobs there are while they are still being read; None once they are all here.
    """

    jobs: tuple[RankedJob, ...] = ()
    tuning_jobs: tuple[TuningJob, ...] = ()
    metric: str | None = None
    calls: int = 0
    expected: int | None = None


def read_jobs(aws: Aws, tuning_job: str | None = None, metric: str | None = None) -> JobsSnapshot:
    """All training jobs, or one tuning job's, ranked by `metric` or by the one most of them share.

    One Search for each hundred jobs and one DescribeHyperParameterTuningJob for each tuning job that has not
    ended: 500 jobs of one tuning job are six calls. Never raises; `error` says what failed.
    """
    before = aws.meter.total
    try:
        jobs, tuning_jobs = _read(aws, tuning_job)
    except ConsoleError as error:
        return JobsSnapshot(as_of=aws.clock.now(), source="Search", error=error, calls=aws.meter.total - before)
    if metric is not None:
        jobs = [measured_by(job, metric) for job in jobs]
    by = metric or common_metric(jobs)
    return JobsSnapshot(
        as_of=aws.clock.now(),
        source="Search",
        jobs=rank(jobs, by),
        tuning_jobs=tuning_jobs,
        metric=by,
        calls=aws.meter.total - before,
    )


def best(snapshot: JobsSnapshot) -> TrainingJob:
    """The first of the ranked. Raises ConsoleError when the reading failed or no job has a place."""
    if snapshot.error is not None:
        raise snapshot.error
    if not snapshot.jobs or snapshot.jobs[0].rank is None:
        raise ConsoleError(
            ErrorKind.NOT_FOUND,
            "No training job is completed with a metric and a model artefact",
            remedy="Wait until one is, or name a job.",
        )
    return snapshot.jobs[0].job


def describe_job(aws: Aws, name: str) -> TrainingJob:
    """One training job by name. Raises ConsoleError, of kind not found where there is none."""
    return training_job(describe_training_job(aws, name))


def describe_training_job(aws: Aws, name: str) -> dict[str, Any]:
    """DescribeTrainingJob's answer. Raises ConsoleError, of kind not found where there is none."""
    try:
        return aws.call("sagemaker", "DescribeTrainingJob", TrainingJobName=name)
    except ConsoleError as error:
        if error.kind is ErrorKind.NOT_FOUND:
            raise error.told_as(
                f"There is no training job {name!r} in {aws.region}", "List them: cmapss-console jobs."
            ) from error
        raise


@dataclass(frozen=True, slots=True)
class JobsPage:
    """A hundred jobs or fewer; `total` is how many the search finds, where AWS says so, `token` leads to the next."""

    jobs: list[TrainingJob]
    modified: datetime | None
    total: int | None
    token: str | None


def search_jobs(aws: Aws, token: str | None = None, **parameters: Any) -> Iterator[JobsPage]:
    """The pages of a Search for training jobs, from that token on. Raises ConsoleError."""
    if token is not None:
        parameters["NextToken"] = token
    for page in aws.pages("sagemaker", "Search", Resource="TrainingJob", MaxResults=PAGE, **parameters):
        records = [result["TrainingJob"] for result in page["Results"]]
        modified = [record["LastModifiedTime"] for record in records if "LastModifiedTime" in record]
        hits = page.get("TotalHits", {})
        yield JobsPage(
            jobs=[training_job(record) for record in records],
            modified=max(modified, default=None),
            total=hits.get("Value") if hits.get("Relation") == "EqualTo" else None,
            token=page.get("NextToken"),
        )


class TuningJobs:
    """The tuning jobs that training jobs came from. One that has ended is not asked for again."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._known: dict[str, TuningJob] = {}
        self._gone: set[str] = set()

    def __getitem__(self, name: str | None) -> TuningJob | None:
        """The tuning job of that name, None where it is not known or gone."""
        return self._known.get(name) if name is not None else None

    @property
    def newest_first(self) -> tuple[TuningJob, ...]:
        """All of them."""
        return tuple(sorted(self._known.values(), key=lambda job: job.created, reverse=True))

    def learn(self, names: Iterable[str]) -> None:
        """Ask for those that are not known yet: one by one where they are few. Raises ConsoleError."""
        unknown = sorted(set(names) - self._known.keys() - self._gone)
        if len(unknown) > _FEW:
            self._search()
            unknown = [name for name in unknown if name not in self._known]
        for name in unknown:
            self._describe(name)

    def renew(self) -> bool:
        """Ask again for those that have not ended, and say whether anything has changed. Raises ConsoleError."""
        before = dict(self._known)
        for name in [job.name for job in before.values() if job.status not in ENDED]:
            self._describe(name)
        return self._known != before

    def describe(self, name: str) -> TuningJob:
        """One by name, which has to exist. Raises ConsoleError."""
        key = ("tuning job", name)

        def ask() -> TuningJob:
            answer = self._aws.call("sagemaker", "DescribeHyperParameterTuningJob", HyperParameterTuningJobName=name)
            return tuning_job(answer)

        job = self._aws.remember(key, ask) if self._aws.remembers(key) else ask()
        return self._keep(job)

    def _describe(self, name: str) -> None:
        try:
            self.describe(name)
        except ConsoleError as error:
            # A tuning job can be deleted, and its training jobs are still there.
            if error.kind is not ErrorKind.NOT_FOUND:
                raise
            self._gone.add(name)
            self._known.pop(name, None)

    def _search(self) -> None:
        for page in self._aws.pages("sagemaker", "Search", Resource="HyperParameterTuningJob", MaxResults=PAGE):
            for result in page["Results"]:
                self._keep(tuning_job(result["HyperParameterTuningJob"]))

    def _keep(self, job: TuningJob) -> TuningJob:
        self._known[job.name] = job
        if job.status in ENDED:
            self._aws.remember(("tuning job", job.name), lambda: job)
        return job


def _read(aws: Aws, name: str | None) -> tuple[list[TrainingJob], tuple[TuningJob, ...]]:
    tuning_jobs = TuningJobs(aws)
    expression: dict[str, Any] = {}
    if name is not None:
        arn_is = {"Name": "TuningJobArn", "Operator": "Equals", "Value": tuning_jobs.describe(name).arn}
        expression = {"SearchExpression": {"Filters": [arn_is]}}
    pages = search_jobs(aws, SortBy="CreationTime", SortOrder="Descending", **expression)
    jobs = [job for page in pages for job in page.jobs]
    tuning_jobs.learn(job.tuning_job for job in jobs if job.tuning_job is not None)
    return [as_tuned(job, tuning_jobs[job.tuning_job]) for job in jobs], tuning_jobs.newest_first
