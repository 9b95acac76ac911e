"""The kept list of jobs is what a reading of everything would find, for a call or two."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.clock import RegionClock
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.jobs import JobsSnapshot, read_jobs
from cmapss_core.jobs_reader import JobsReader
from tests.core.scripted import NOW, ScriptedAws, not_found

PREFIX = "arn:aws:sagemaker:us-east-1:000000000000:hyper-parameter-tuning-job/"
TUNING_JOB = "hyper-cmapss"


class RegionTime(RegionClock):
    """The region's time, as its answers tell it."""

    def __init__(self, region: Region) -> None:
        super().__init__()
        self._region = region

    def now(self) -> datetime:
        return self._region.now


class Region:
    """Training jobs that Search finds by the time of their last change, and the tuning jobs they are of."""

    def __init__(self, count: int = 0) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        self.tuning_status = "Completed"
        self.minute = 0
        self.refusal: ConsoleError | None = None
        self.pages_until_refusal = 0
        self.aws = ScriptedAws(
            {
                "sagemaker:Search": self.search,
                "sagemaker:DescribeHyperParameterTuningJob": self.describe,
            }
        )
        self.aws.clock = RegionTime(self)
        for number in range(count):
            self.put(number, value=45.0 + number)

    @property
    def now(self) -> datetime:
        return NOW + timedelta(minutes=self.minute)

    def put(
        self, number: int, *, status: str = "Completed", value: float = 45.0, tuning_job: str | None = TUNING_JOB
    ) -> None:
        name = f"job-{number:05d}"
        known = self.jobs.get(name, {})
        self.jobs[name] = {
            "TrainingJobName": name,
            "TrainingJobStatus": status,
            "CreationTime": known.get("CreationTime", self.now),
            "LastModifiedTime": self.now,
            "ModelArtifacts": {"S3ModelArtifacts": f"s3://bucket/{name}/model.tar.gz"},
            "HyperParameters": {"eta": "0.2", "_tuning_objective_metric": "validation:rmse"},
            "FinalMetricDataList": [{"MetricName": "validation:rmse", "Value": value}],
            **({"TuningJobArn": f"{PREFIX}{tuning_job}"} if tuning_job else {}),
        }

    def search(
        self,
        Resource: str,
        MaxResults: int,
        NextToken: str = "0",
        SearchExpression: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        if Resource == "HyperParameterTuningJob":
            names = {job["TuningJobArn"].rsplit("/", 1)[-1] for job in self.jobs.values() if "TuningJobArn" in job}
            return {"Results": [{Resource: self.describe(name)} for name in sorted(names)]}
        if self.refusal is not None:
            if self.pages_until_refusal <= 0:
                raise self.refusal
            self.pages_until_refusal -= 1
        records = sorted(self.jobs.values(), key=lambda job: job["CreationTime"], reverse=True)
        if SearchExpression is not None:
            [condition] = SearchExpression["Filters"]
            assert (condition["Name"], condition["Operator"]) == ("LastModifiedTime", "GreaterThanOrEqualTo")
            since = datetime.fromisoformat(condition["Value"])
            records = [job for job in records if job["LastModifiedTime"] >= since]
        start = int(NextToken)
        page: dict[str, Any] = {
            "Results": [{Resource: job} for job in records[start : start + MaxResults]],
            "TotalHits": {"Value": len(records), "Relation": "EqualTo"},
        }
        if start + MaxResults < len(records):
            page["NextToken"] = str(start + MaxResults)
        return page

    def describe(self, HyperParameterTuningJobName: str) -> dict[str, Any]:
        return {
            "HyperParameterTuningJobName": HyperParameterTuningJobName,
            "HyperParameterTuningJobArn": f"{PREFIX}{HyperParameterTuningJobName}",
            "HyperParameterTuningJobStatus": self.tuning_status,
            "CreationTime": NOW,
            "HyperParameterTuningJobConfig": {
                "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:rmse"}
            },
        }


def seen(snapshot: JobsSnapshot) -> list[tuple[int | None, str, str, float | None]]:
    assert snapshot.error is None
    assert snapshot.expected is None
    return [(row.rank, row.job.name, row.job.status, row.job.objective_value) for row in snapshot.jobs]


def test_a_steady_region_costs_one_call_a_reading() -> None:
    region = Region(2_000)
    reader = JobsReader(region.aws)
    first = reader.read()
    assert first.calls == 21
    region.minute = 6
    reader.read()  # what has just changed is looked at once more
    later = [reader.read() for _ in range(10)]
    assert [snapshot.calls for snapshot in later] == [1] * 10
    assert all(snapshot.jobs is first.jobs for snapshot in later), "nothing is made anew where nothing has changed"


def test_a_tuning_job_that_runs_is_one_call_more() -> None:
    region = Region(500)
    region.tuning_status = "InProgress"
    reader = JobsReader(region.aws)
    reader.read()
    region.minute = 60
    region.put(500, status="InProgress")
    reader.read()
    region.minute = 61
    assert reader.read().calls == 2
    region.tuning_status = "Completed"
    assert reader.read().tuning_jobs[0].status == "Completed"
    assert reader.read().calls == 1


def test_what_changes_is_found_and_ranked() -> None:
    region = Region(3)
    reader = JobsReader(region.aws)
    reader.read()
    region.minute = 1
    region.put(3, value=40.0, tuning_job=None)
    region.put(2, status="Failed")
    assert seen(reader.read()) == seen(read_jobs(region.aws))


@given(
    st.lists(
        st.tuples(
            st.integers(0, 12),
            st.sampled_from(["Completed", "InProgress", "Failed"]),
            st.floats(1.0, 99.0),
            st.sampled_from([TUNING_JOB, "other", None]),
            st.integers(0, 9),
        ),
        max_size=25,
    )
)
def test_the_kept_list_is_the_list(changes: list[tuple[int, str, float, str | None, int]]) -> None:
    region = Region(5)
    reader = JobsReader(region.aws)
    for number, status, value, tuning_job, minutes in changes:
        region.put(number, status=status, value=value, tuning_job=tuning_job)
        assert seen(reader.read()) == seen(read_jobs(region.aws))
        region.minute += minutes


def test_what_comes_late_into_the_index_is_found() -> None:
    region = Region(3)
    reader = JobsReader(region.aws)
    region.minute = 10
    region.put(4)
    reader.read()
    region.minute = 7
    region.put(5)
    region.minute = 11
    assert "job-00005" in {row.job.name for row in reader.read().jobs}


def test_deleted_jobs_are_missed_after_a_bounded_number_of_calls_or_when_asked() -> None:
    region = Region(300)
    reader = JobsReader(region.aws)
    region.minute = 60
    reader.read()
    del region.jobs["job-00007"]
    assert len(reader.read().jobs) == 300
    reader.forget()
    assert len(reader.read().jobs) == 299
    del region.jobs["job-00008"]
    readings = [reader.read() for _ in range(20)]
    assert len(readings[-1].jobs) == 298
    assert sum(snapshot.calls for snapshot in readings) <= 20 * 1.25


def test_what_has_come_is_told_while_the_rest_is_read() -> None:
    region = Region(1_000)
    told: list[JobsSnapshot] = []
    counted: list[tuple[int, int | None]] = []
    snapshot = JobsReader(region.aws, told.append, lambda *count: counted.append(count)).read()
    assert [len(part.jobs) for part in told] == [100, 200, 400, 800]
    assert all(part.expected == 1_000 and part.error is None for part in told)
    assert counted == [(number, 1_000) for number in range(100, 1_001, 100)]
    assert len(snapshot.jobs) == 1_000
    assert snapshot.expected is None


@pytest.mark.parametrize("kind", [ErrorKind.THROTTLED, ErrorKind.UNREACHABLE])
def test_a_reading_that_is_broken_off_goes_on_from_there(kind: ErrorKind) -> None:
    region = Region(1_000)
    reader = JobsReader(region.aws)
    region.refusal, region.pages_until_refusal = ConsoleError(kind, "Rate exceeded"), 6
    assert reader.read().error is region.refusal
    region.refusal = None
    snapshot = reader.read()
    assert snapshot.calls == 4
    assert seen(snapshot) == seen(read_jobs(region.aws))


def test_an_error_of_the_token_starts_again() -> None:
    region = Region(300)
    reader = JobsReader(region.aws)
    region.refusal, region.pages_until_refusal = ConsoleError(ErrorKind.INVALID, "Invalid NextToken"), 2
    assert reader.read().error is region.refusal
    region.refusal = None
    assert len(reader.read().jobs) == 300


def test_a_failed_reading_keeps_what_is_known() -> None:
    region = Region(3)
    reader = JobsReader(region.aws)
    known = reader.read()
    region.refusal = ConsoleError(ErrorKind.DENIED, "not authorized to perform sagemaker:Search")
    failed = reader.read()
    assert failed.error is region.refusal
    assert failed.jobs == known.jobs
    region.refusal = None
    assert reader.read().error is None


def test_where_no_filter_by_time_is_taken_everything_is_read() -> None:
    region = Region(3)
    reader = JobsReader(region.aws)
    reader.read()
    search = region.search

    def strict(**parameters: Any) -> dict[str, Any]:
        if "SearchExpression" in parameters:
            raise ConsoleError(ErrorKind.INVALID, "The value is not a date")
        return search(**parameters)

    region.aws.answers["sagemaker:Search"] = strict
    region.put(9)
    assert seen(reader.read()) == seen(reader.read()) == seen(read_jobs(region.aws))


def test_many_tuning_jobs_are_searched_for_and_not_described_one_by_one() -> None:
    region = Region()
    for number in range(250):
        region.put(number, tuning_job=f"tuning-{number:03d}")
    snapshot = JobsReader(region.aws).read()
    assert len(snapshot.tuning_jobs) == 250
    assert snapshot.calls <= 3 + 3


def test_a_tuning_job_that_is_gone_is_asked_for_once() -> None:
    region = Region(3)
    region.aws.answers["sagemaker:DescribeHyperParameterTuningJob"] = not_found("can't find a tuning job")
    reader = JobsReader(region.aws)
    for _ in range(3):
        assert len(reader.read().jobs) == 3
    assert region.aws.called.count("sagemaker:DescribeHyperParameterTuningJob") == 1
