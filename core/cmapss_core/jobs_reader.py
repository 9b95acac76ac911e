"""The list of training jobs, kept: read as a whole once and then, with each reading, only what has changed since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.job_records import as_tuned
from cmapss_core.jobs import PAGE, JobsPage, JobsSnapshot, TuningJobs, search_jobs
from cmapss_core.ranking import RankedJob, TrainingJob, common_metric, rank

# Search answers from an index that follows the jobs: what changed before it answered may come into it later.
SLACK = timedelta(minutes=5)
# A job that is deleted does not change, it is only not there any more: looking for that may cost so much of all calls.
LOOKED_OVER = 0.2


@dataclass(slots=True)
class _Whole:
    """A reading of everything, as far as it has come."""

    jobs: dict[str, TrainingJob] = field(default_factory=dict)
    token: str | None = None
    began: datetime | None = None
    dated: bool = False
    total: int | None = None
    pages: int = 0

    def take(self, page: JobsPage, now: datetime) -> None:
        """Note what a page says beside its jobs, and when the first one came."""
        self.token = page.token
        self.total = page.total if page.total is not None else self.total
        self.dated = self.dated or page.modified is not None
        self.began = self.began or now
        self.pages += 1


class JobsReader:
    """Reads all training jobs of the region. Not to be shared among threads.

    A reading of everything is a Search for each hundred jobs; `told` is given what has come after the first page and
    whenever that has doubled, and `counted` how many of how many jobs after each page. A reading that AWS breaks off
    goes on from there the next time. All later ones are a Search for what changed, and a description of each
    tuning job that runs.
    """

    def __init__(
        self,
        aws: Aws,
        told: Callable[[JobsSnapshot], None] | None = None,
        counted: Callable[[int, int | None], None] | None = None,
    ) -> None:
        self._aws = aws
        self._told = told
        self._counted = counted
        self._tuning_jobs = TuningJobs(aws)
        self._jobs: dict[str, TrainingJob] = {}
        self._known_at: datetime | None = None  # the region's time; None where jobs do not say when they changed
        self._whole: _Whole | None = _Whole()
        self._pages_of_whole = 0
        self._calls_since_whole = 0
        self._only_whole = False
        self._ranked: tuple[RankedJob, ...] = ()
        self._metric: str | None = None

    def read(self) -> JobsSnapshot:
        """The jobs now; the same `jobs` as before where nothing changed. Never raises; `error` says what failed."""
        before = self._aws.meter.total
        error: ConsoleError | None = None
        try:
            if self._whole is None and not self._due:
                self._read_changes()
            else:
                self._read_whole(self._whole or _Whole())
        except ConsoleError as raised:
            error = raised
        calls = self._aws.meter.total - before
        self._calls_since_whole += calls
        return self._snapshot(calls=calls, error=error)

    def forget(self) -> None:
        """Read everything the next time."""
        if self._whole is None:
            self._whole = _Whole()

    @property
    def _due(self) -> bool:
        allowed = self._calls_since_whole * LOOKED_OVER
        return self._only_whole or self._known_at is None or allowed >= self._pages_of_whole

    def _read_whole(self, whole: _Whole) -> None:
        self._whole = whole
        step = max(1, whole.pages)
        try:
            for page in search_jobs(self._aws, whole.token, SortBy="CreationTime", SortOrder="Descending"):
                self._keep(page.jobs, whole.jobs)
                whole.take(page, self._aws.clock.now())
                if self._counted is not None:
                    self._counted(len(whole.jobs), whole.total)
                if self._told is not None and not self._jobs and whole.token and whole.pages >= step:
                    step = whole.pages * 2
                    self._rank(whole.jobs)
                    self._told(self._snapshot(expected=whole.total or len(whole.jobs) + PAGE))
        except ConsoleError as error:
            if error.kind not in (ErrorKind.THROTTLED, ErrorKind.UNREACHABLE):  # the token may be what is wrong
                self._whole = _Whole()
            raise
        self._whole = None
        self._calls_since_whole = 0
        self._pages_of_whole = whole.pages
        self._known_at = whole.began if whole.dated else None
        renewed = self._tuning_jobs.renew()
        if (
            renewed
            or whole.jobs.keys() != self._jobs.keys()
            or any(job is not self._jobs[name] for name, job in whole.jobs.items())
        ):
            self._jobs = whole.jobs
            self._rank(self._jobs)

    def _read_changes(self) -> None:
        assert self._known_at is not None  # else a reading of everything is due
        since = (self._known_at - SLACK).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        changed = {"Name": "LastModifiedTime", "Operator": "GreaterThanOrEqualTo", "Value": since}
        parameters: dict[str, Any] = {"SearchExpression": {"Filters": [changed]}, "SortBy": "LastModifiedTime"}
        anything = False
        began: datetime | None = None
        try:
            for page in search_jobs(self._aws, SortOrder="Descending", **parameters):
                anything |= self._keep(page.jobs, self._jobs)
                began = began or self._aws.clock.now()
        except ConsoleError as error:
            if error.kind is not ErrorKind.INVALID:
                raise
            self._only_whole = True
            self._read_whole(_Whole())
            return
        self._known_at = began or self._known_at
        if self._tuning_jobs.renew() or anything:
            self._rank(self._jobs)

    def _keep(self, found: list[TrainingJob], jobs: dict[str, TrainingJob]) -> bool:
        """Take jobs in, and say whether any is new or another; of what is the same, the object that is known stays."""
        self._tuning_jobs.learn(job.tuning_job for job in found if job.tuning_job is not None)
        anything = False
        for one in found:
            job = as_tuned(one, self._tuning_jobs[one.tuning_job])
            known = self._jobs.get(job.name)
            if known != job:
                anything, known = True, job
            jobs[job.name] = known
        return anything

    def _rank(self, jobs: dict[str, TrainingJob]) -> None:
        self._metric = common_metric(jobs.values())
        self._ranked = rank(jobs.values(), self._metric)

    def _snapshot(
        self, *, calls: int = 0, error: ConsoleError | None = None, expected: int | None = None
    ) -> JobsSnapshot:
        return JobsSnapshot(
            as_of=self._aws.clock.now(),
            source="Search",
            error=error,
            jobs=self._ranked,
            tuning_jobs=self._tuning_jobs.newest_first,
            metric=self._metric,
            calls=calls,
            expected=expected,
        )
