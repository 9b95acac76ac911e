"""What of the metrics outlives the region's process, and how a region goes on that was switched off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services import Service, install
from cmapss_sandbox.services.cloudwatch.alarms import put_alarm
from cmapss_sandbox.services.cloudwatch.durable import metrics_of
from cmapss_sandbox.services.cloudwatch.minutes import put_idle
from cmapss_sandbox.services.cloudwatch.statistics import Bucket
from cmapss_sandbox.services.cloudwatch.store import RETENTION_MINUTES, MetricStore, Steady, metric_key
from tests.sandbox.conftest import NOON

KEY = metric_key("Shop", "Thrust", [{"Name": "Engine", "Value": "1"}])
NOON_MINUTE = int(NOON.timestamp()) // 60


def call(region: Region, services: dict[str, Service], operation: str, **members: Any) -> dict[str, Any]:
    context = RequestContext("cloudwatch", operation, "sandbox", Region.name, {}, "test")
    with region.transaction():
        return services["cloudwatch"].operations[operation](region, members, context)


def started(state: Path, now: datetime = NOON) -> tuple[Region, dict[str, Service]]:
    region = Region(state, paused=True, now=now, strict=True)
    return region, install(region)


def contents(store: MetricStore) -> dict[Any, Any]:
    return {(key, series.unit): (series.buckets, series.seconds, series.runs) for key, series in store.series()}


def test_metrics_are_there_again_after_a_restart(tmp_path: Path) -> None:
    region, _ = started(tmp_path / "state")
    store = metrics_of(region)
    store.put(KEY, NOON_MINUTE, Bucket.of({5.0: 2, 7.5: 1}), "Bytes")
    store.put(KEY, NOON_MINUTE, Bucket.of({1.0: 1}), "Seconds")
    store.put_second(metric_key("Shop", "Fine"), NOON_MINUTE * 60 + 7, Bucket.of({1.0: 1}))
    store.put_steady([(metric_key("Shop", "Idle"), "None", Steady())], NOON_MINUTE - 5, NOON_MINUTE)
    region.advance(60)
    before = contents(store)
    region.close()
    again, _ = started(tmp_path / "state")
    assert metrics_of(again) is not store
    assert contents(metrics_of(again)) == before
    assert len(before) == 4
    assert [event["name"] for event in again.table("timed_events").values()].count("cloudwatch_minute") == 1
    again.close()


def test_what_a_client_was_told_is_taken_survives_a_crash_within_the_minute(tmp_path: Path) -> None:
    region, services = started(tmp_path / "state")
    for value in (1.0, 2.0):
        data = [{"MetricName": "Thrust", "Value": value, "StorageResolution": 1, "Timestamp": NOON}]
        call(region, services, "PutMetricData", Namespace="Shop", MetricData=data)
    before = contents(metrics_of(region))
    region.store.close()  # nothing is flushed
    again, _ = started(tmp_path / "state")
    assert contents(metrics_of(again)) == before != {}
    again.advance(60)
    assert len(again.table("metric_journal")) == 0
    again.close()
    third, _ = started(tmp_path / "state")
    assert contents(metrics_of(third)) == before
    third.close()


def test_data_points_are_kept_for_fifteen_days_and_seconds_for_three_hours(region: Region) -> None:
    metrics_of(region).put_second(KEY, NOON_MINUTE * 60, Bucket.of({1.0: 1}))
    region.advance(60)
    assert len(region.table("metric_minutes")) == len(region.table("metric_seconds")) == 1
    # The clock alone moves: nothing but the end of the hour looks at what is old.
    region.clock.forward_to(NOON + timedelta(minutes=RETENTION_MINUTES - 60))
    region.advance(60 * 60)
    assert len(region.table("metric_minutes")) == 1
    assert len(region.table("metric_seconds")) == 0
    region.advance(61 * 60)
    assert list(metrics_of(region).metrics()) == []
    assert len(region.table("metric_minutes")) == len(region.table("metrics")) == 0


def test_a_region_that_was_off_for_a_month_does_not_relive_it(region: Region) -> None:
    ended: list[datetime] = []
    region.subscribe("alarms_evaluated", lambda region: ended.append(region.now()))
    region.clock.forward_to(NOON + timedelta(days=30))
    region.settle()
    assert len(ended) < 60 + 5
    assert ended[-1] == NOON + timedelta(days=30)
    region.advance(300)
    assert ended[-5:] == [NOON + timedelta(days=30, minutes=minute) for minute in range(1, 6)]


def test_what_happens_while_a_region_is_off_happens_in_its_minute(region: Region) -> None:
    ended: list[datetime] = []
    happened: list[datetime] = []
    region.subscribe("alarms_evaluated", lambda region: ended.append(region.now()))
    region.on("something", lambda region: happened.append(region.now()))
    at = NOON + timedelta(days=3, seconds=90)
    region.schedule(at, "something")
    region.clock.forward_to(NOON + timedelta(days=9))
    region.settle()
    assert happened == [at]
    following = [time for time in ended if time > at]
    assert following[0] == at + timedelta(seconds=30)
    assert following[1] == at + timedelta(seconds=90), "after something has happened minutes are lived through again"
    assert len(ended) < 2 * 60 + 9


@pytest.fixture
def endpoint(region: Region, monkeypatch: pytest.MonkeyPatch) -> str:
    """An endpoint that serves, as far as the metrics ask."""
    from cmapss_sandbox.services.sagemaker import serving

    variant = serving.ServingVariant("e", "v", "c", 1.0, 1, "m", "xgboost", "s3://models/m", {}, "ml.m5.xlarge", NOON)
    region.table("endpoints")["e"] = {"EndpointName": "e", "EndpointStatus": "Creating"}
    monkeypatch.setattr(serving, "serving", lambda region, name: serving.Serving("e", (variant,), (), None))
    return "e"


def test_every_minute_that_an_endpoint_idled_while_the_region_was_off_is_zero(region: Region, endpoint: str) -> None:
    days = 15
    region.clock.forward_to(NOON + timedelta(days=days))
    region.settle()
    dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": "v"}]
    key = metric_key("AWS/SageMaker", "Invocations", dimensions)
    found = metrics_of(region).periods(key, 0, int(region.now().timestamp()), 60)
    assert len(found) == days * 24 * 60
    assert {bucket.sum for _, buckets in found for bucket in buckets} == {0}
    runs = {len(series.runs) for _, series in metrics_of(region).series()}
    assert runs == {1}


def test_an_alarm_that_looks_far_back_changes_while_the_region_is_off(region: Region, endpoint: str) -> None:
    alarm = {
        "AlarmName": "idle",
        "Namespace": "AWS/SageMaker",
        "MetricName": "Invocations",
        "Dimensions": [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": "v"}],
        "Statistic": "Sum",
        "Period": 3600,
        "EvaluationPeriods": 12,
        "Threshold": 1.0,
        "ComparisonOperator": "LessThanThreshold",
    }
    put_alarm(region, alarm)
    put_idle(region, NOON_MINUTE - 1, NOON_MINUTE)
    region.clock.forward_to(NOON + timedelta(days=7))
    region.settle()
    [change] = [item for item in region.table("alarm_history").values() if item["HistoryItemType"] == "StateUpdate"]
    assert change["HistorySummary"] == "Alarm updated from INSUFFICIENT_DATA to ALARM"
    assert NOON + timedelta(hours=11) < change["Timestamp"] <= NOON + timedelta(hours=13)
    assert change["Timestamp"].astimezone(UTC).second == 0


def test_an_alarm_on_the_seconds_of_the_regions_own_metric_misses_none(region: Region) -> None:
    key = metric_key("AWS/SageMaker", "ConcurrentRequestsPerModel")
    alarm = {
        "AlarmName": "busy",
        "Namespace": key.namespace,
        "MetricName": key.name,
        "Statistic": "Maximum",
        "Period": 10,
        "EvaluationPeriods": 2,
        "Threshold": 5.0,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    put_alarm(region, alarm)
    for second, value in enumerate([0.0, 9.0, 9.0, 0.0, 0.0, 0.0]):
        metrics_of(region).put_second(key, NOON_MINUTE * 60 + 10 * second, Bucket.of({value: 1}))
    region.advance(60)
    summaries = [item["HistorySummary"] for item in region.table("alarm_history").values()]
    assert summaries[1:] == [
        "Alarm updated from INSUFFICIENT_DATA to OK",
        "Alarm updated from OK to ALARM",
        "Alarm updated from ALARM to OK",
    ]


def test_the_minutes_go_on_whatever_fails_in_one(tmp_path: Path) -> None:
    region = Region(tmp_path / "state", paused=True, now=NOON)
    install(region)
    ended: list[datetime] = []

    def fail(region: Region) -> None:
        ended.append(region.now())
        raise RuntimeError("a subscriber failed")

    region.subscribe("alarms_evaluated", fail)
    metrics_of(region).put(KEY, NOON_MINUTE, Bucket.of({1.0: 1}))
    region.advance(180)
    assert len(ended) == 3
    assert list(region.table("metric_minutes")) == [str(NOON_MINUTE)]
    region.close()
