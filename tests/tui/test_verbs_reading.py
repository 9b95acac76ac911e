"""jobs, endpoints and watch: their documents, their tables, and what they do with an answer that is half an error."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cmapss_core.endpoints import Endpoint, EndpointsSnapshot, Variant
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.jobs import JobsSnapshot
from cmapss_core.metrics import Metrics, Series
from cmapss_core.ranking import RankedJob, TrainingJob
from cmapss_core.scaling import Alarm, ScalableTarget, Scaling, ScalingActivity, ScalingPolicy
from cmapss_core.watch import Watch
from cmapss_tui.cli import main

NOW = datetime(2026, 11, 22, 16, 41, 7, 250_000, tzinfo=UTC)
HERE = ("--endpoint-url", "http://127.0.0.1:1")

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch


def job(name: str, value: float | None, status: str = "Completed") -> TrainingJob:
    return TrainingJob(
        name=name,
        status=status,
        created=NOW,
        duration_seconds=92.0 if status == "Completed" else None,
        objective_metric="validation:rmse",
        objective_value=value,
        objective_type="Minimize",
        tuning_job="hyper-cmapss",
        artifact=f"s3://bucket/{name}/output/model.tar.gz",
        hyperparameters={},
        metrics={},
    )


JOBS = JobsSnapshot(
    as_of=NOW,
    jobs=(
        RankedJob(1, job("best-job", 44.98)),
        RankedJob(2, job("second-job", 45.03)),
        RankedJob(None, job("running-job", float("nan"), "InProgress")),
    ),
    metric="validation:rmse",
)
ENDPOINT = Endpoint(
    name="engines",
    arn="arn:aws:sagemaker:us-east-1:000000000000:endpoint/engines",
    status="InService",
    config="engines-config",
    created=NOW,
    modified=NOW,
    variants=(
        Variant(
            name="AllTraffic",
            model="best-job-model",
            instance_type="ml.m5.xlarge",
            current_instances=3,
            desired_instances=5,
            weight=1.0,
        ),
    ),
    hourly_cost_usd=0.69,
)
MINUTE = datetime(2026, 11, 22, 16, 40, tzinfo=UTC)
WATCH = Watch(
    as_of=NOW,
    endpoint=ENDPOINT,
    scaling=Scaling(
        targets=(ScalableTarget(variant="AllTraffic", min=1, max=5),),
        policies=(
            ScalingPolicy(
                name="Invocations-ScalingPolicy",
                variant="AllTraffic",
                target=10.0,
                metric="SageMakerVariantInvocationsPerInstance",
                scale_in_cooldown=600,
                scale_out_cooldown=30,
            ),
        ),
        alarms=(
            Alarm(
                name="TargetTracking-AlarmHigh",
                side="high",
                state="ALARM",
                threshold=10.0,
                datapoints_to_alarm=3,
                evaluation_periods=3,
                period_seconds=60,
            ),
        ),
        activities=(
            ScalingActivity(
                id="a-1",
                variant="AllTraffic",
                started=MINUTE,
                ended=None,
                status="InProgress",
                description="Setting desired instance count to 5.",
                cause="monitor alarm TargetTracking-AlarmHigh in state ALARM triggered policy",
            ),
        ),
    ),
    metrics=Metrics(
        MINUTE - timedelta(minutes=1),
        MINUTE + timedelta(minutes=1),
        60,
        {
            "invocations": Series("invocations", "per minute", ((MINUTE - timedelta(minutes=1), 0.0), (MINUTE, 120.0))),
            "errors_5xx": Series("errors_5xx", "per minute", ()),
        },
    ),
    explanation="Scaling out to 5.",
)


def jobs_are(monkeypatch: Patch, snapshot: JobsSnapshot) -> list[tuple[Any, ...]]:
    asked: list[tuple[Any, ...]] = []

    def read(_aws: object, tuning_job: str | None, metric: str | None) -> JobsSnapshot:
        asked.append((tuning_job, metric))
        return snapshot

    monkeypatch.setattr("cmapss_core.jobs.read_jobs", read)
    return asked


def endpoints_are(monkeypatch: Patch, snapshot: EndpointsSnapshot) -> None:
    monkeypatch.setattr("cmapss_core.endpoints.EndpointsReader.read", lambda _: snapshot)


def watch_is(monkeypatch: Patch, *snapshots: Watch) -> None:
    waiting = list(snapshots)
    monkeypatch.setattr("cmapss_core.watch.read_watch", lambda *_: waiting.pop(0))


def failure(kind: ErrorKind) -> ConsoleError:
    return ConsoleError(kind, "it failed", remedy="Mend it.")


def test_jobs_as_json(monkeypatch: Patch, capsys: Capture) -> None:
    asked = jobs_are(monkeypatch, JOBS)
    assert main(["jobs", "--json", "--tuning-job", "hyper-cmapss", "--metric", "validation:rmse", *HERE]) == 0
    document = json.loads(capsys.readouterr().out)
    assert asked == [("hyper-cmapss", "validation:rmse")]
    assert document[0] == {
        "rank": 1,
        "name": "best-job",
        "status": "Completed",
        "objective_metric": "validation:rmse",
        "objective_value": 44.98,
        "objective_type": "Minimize",
        "tuning_job": "hyper-cmapss",
        "created": "2026-11-22T16:41:07Z",
        "duration_seconds": 92.0,
        "model_artifact": "s3://bucket/best-job/output/model.tar.gz",
        "data": None,
    }
    assert (document[2]["rank"], document[2]["objective_value"], document[2]["duration_seconds"]) == (None, None, None)


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        ([], ["best-job", "second-job", "running-job"]),
        (["--top", "1"], ["best-job"]),
        (["--status", "inprogress"], ["running-job"]),
        (["--status", "Completed", "--top", "9"], ["best-job", "second-job"]),
        (["--status", "Failed"], []),
    ],
)
def test_jobs_are_filtered_then_cut(flags: list[str], names: list[str], monkeypatch: Patch, capsys: Capture) -> None:
    jobs_are(monkeypatch, JOBS)
    assert main(["jobs", "--json", *flags, *HERE]) == 0
    assert [one["name"] for one in json.loads(capsys.readouterr().out)] == names


def test_jobs_as_a_table_are_aligned_and_whole(monkeypatch: Patch, capsys: Capture) -> None:
    long = "hyper-cmapss-2026-11-22-16-04-50-037-efc6d79a" * 4
    jobs_are(
        monkeypatch,
        JobsSnapshot(as_of=NOW, jobs=(*JOBS.jobs, RankedJob(None, job(long, None))), metric="validation:rmse"),
    )
    assert main(["jobs", *HERE]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["#", "validation:rmse", "job", "status", "took", "created"]
    assert len({line.index(name) for line, name in zip(lines[1:], ("best-job", "second-job"), strict=False)}) == 1
    assert long in lines[4]
    assert not any(line != line.rstrip() for line in lines)


def test_no_jobs_are_said_on_stderr_and_an_empty_document(monkeypatch: Patch, capsys: Capture) -> None:
    jobs_are(monkeypatch, JobsSnapshot(as_of=NOW))
    assert main(["jobs", *HERE]) == 0
    assert capsys.readouterr().out == ""
    assert main(["jobs", "--json", *HERE]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_endpoints_as_json(monkeypatch: Patch, capsys: Capture) -> None:
    endpoints_are(monkeypatch, EndpointsSnapshot(as_of=NOW, endpoints=(ENDPOINT,)))
    assert main(["endpoints", "--json", *HERE]) == 0
    (document,) = json.loads(capsys.readouterr().out)
    assert document == {
        "name": "engines",
        "status": "InService",
        "config": "engines-config",
        "created": "2026-11-22T16:41:07Z",
        "failure_reason": None,
        "variants": [
            {
                "name": "AllTraffic",
                "model": "best-job-model",
                "instance_type": "ml.m5.xlarge",
                "current_instances": 3,
                "desired_instances": 5,
                "weight": 1.0,
            }
        ],
        "hourly_cost_usd": 0.69,
    }


def test_endpoints_as_a_table(monkeypatch: Patch, capsys: Capture) -> None:
    endpoints_are(monkeypatch, EndpointsSnapshot(as_of=NOW, endpoints=(ENDPOINT,)))
    assert main(["endpoints", *HERE]) == 0
    assert "● InService" in (out := capsys.readouterr().out)
    assert "3 → 5" in out
    assert "$0.69/h" in out


def test_endpoints_that_cannot_be_read_print_nothing(monkeypatch: Patch, capsys: Capture) -> None:
    endpoints_are(
        monkeypatch, EndpointsSnapshot(as_of=NOW, endpoints=(ENDPOINT,), error=failure(ErrorKind.UNREACHABLE))
    )
    assert main(["endpoints", "--json", *HERE]) == 1
    assert capsys.readouterr().out == ""


def test_watch_as_json(monkeypatch: Patch, capsys: Capture) -> None:
    watch_is(monkeypatch, WATCH)
    assert main(["watch", "engines", "--json", *HERE]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["name"] == "engines"
    assert document["variants"][0]["desired_instances"] == 5
    assert document["scaling"] == {
        "min": 1,
        "max": 5,
        "target": 10.0,
        "policy": "Invocations-ScalingPolicy",
        "explanation": "Scaling out to 5.",
    }
    assert document["activities"][0]["started"] == "2026-11-22T16:40:00Z"
    assert document["activities"][0]["ended"] is None
    assert document["metrics"]["invocations"] == [["2026-11-22T16:39:00Z", 0.0], ["2026-11-22T16:40:00Z", 120.0]]
    assert document["metrics"]["errors_5xx"] == []
    assert document["alarms"][0]["state"] == "ALARM"
    assert document["as_of"] == "2026-11-22T16:41:07Z"


def test_watch_without_scaling_has_the_same_shape(monkeypatch: Patch, capsys: Capture) -> None:
    watch_is(monkeypatch, WATCH, Watch(as_of=NOW, endpoint=ENDPOINT, scaling=Scaling(), explanation="Not scaled."))
    assert main(["watch", "engines", "--json", *HERE]) == 0
    full = json.loads(capsys.readouterr().out)
    assert main(["watch", "engines", "--json", *HERE]) == 0
    bare = json.loads(capsys.readouterr().out)
    assert bare.keys() == full.keys()
    assert bare["scaling"] == {"min": None, "max": None, "target": None, "policy": None, "explanation": "Not scaled."}
    assert (bare["activities"], bare["metrics"]) == ([], {})


def test_watch_prints_what_it_has_and_fails_with_what_it_has_not(monkeypatch: Patch, capsys: Capture) -> None:
    watch_is(monkeypatch, Watch(as_of=NOW, endpoint=ENDPOINT, error=failure(ErrorKind.DENIED)))
    assert main(["watch", "engines", "--json", *HERE]) == 5
    said = capsys.readouterr()
    assert json.loads(said.out)["status"] == "InService"
    assert said.err == "cmapss-console: it failed. Mend it.\n"


def test_watch_of_nothing_is_not_found(monkeypatch: Patch, capsys: Capture) -> None:
    watch_is(monkeypatch, Watch(as_of=NOW, error=failure(ErrorKind.NOT_FOUND)))
    assert main(["watch", "nobody", "--json", *HERE]) == 3
    assert capsys.readouterr().out == ""


def test_watch_once_for_a_person(monkeypatch: Patch, capsys: Capture) -> None:
    watch_is(monkeypatch, WATCH)
    assert main(["watch", "engines", "--once", *HERE]) == 0
    out = capsys.readouterr().out
    for words in ("Scaling out to 5.", "1–5", "120", "AlarmHigh", "3 of 3 minutes above 10", "desired instance count"):
        assert words in out


def test_watch_goes_on_through_what_passes_and_ends_with_what_does_not(monkeypatch: Patch, capsys: Capture) -> None:
    watch_is(
        monkeypatch,
        WATCH,
        Watch(as_of=NOW, error=failure(ErrorKind.THROTTLED)),
        WATCH,
        Watch(as_of=NOW, error=failure(ErrorKind.NOT_FOUND)),
    )
    slept: list[float] = []
    monkeypatch.setattr("cmapss_tui.verbs.watch.time.sleep", slept.append)
    assert main(["watch", "engines", "--refresh", "7", *HERE]) == 3
    assert slept == [7.0, 7.0, 7.0]
    assert capsys.readouterr().out.count("Scaling out to 5.") == 2


def test_watch_ends_with_an_interrupt(monkeypatch: Patch) -> None:
    watch_is(monkeypatch, WATCH)

    def press(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cmapss_tui.verbs.watch.time.sleep", press)
    assert main(["watch", "engines", "--interval", "2", *HERE]) == 130
