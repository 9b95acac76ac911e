"""CloudWatch's metric calls through unmodified clients."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cmapss_sandbox.region import Region
from cmapss_sandbox.services import install
from cmapss_sandbox.services.cloudwatch.durable import metrics_of
from cmapss_sandbox.services.cloudwatch.statistics import Bucket
from cmapss_sandbox.services.cloudwatch.store import RETENTION_MINUTES, metric_key
from tests.sandbox.conftest import NOON, Clients

DIMENSIONS = [{"Name": "Engine", "Value": "1"}, {"Name": "Bench", "Value": "A"}]


@pytest.fixture
def cloudwatch(clients: Clients) -> Any:
    return clients("cloudwatch")


def put(cloudwatch: Any, time: datetime, *values: float, name: str = "Thrust", **datum: Any) -> None:
    cloudwatch.put_metric_data(
        Namespace="Shop",
        MetricData=[
            {"MetricName": name, "Dimensions": DIMENSIONS, "Timestamp": time, "Values": list(values), **datum},
        ],
    )


def query(id_: str = "m1", statistic: str = "Sum", period: int = 60, **metric: Any) -> dict[str, Any]:
    asked = {"Namespace": "Shop", "MetricName": "Thrust", "Dimensions": DIMENSIONS, **metric}
    return {"Id": id_, "MetricStat": {"Metric": asked, "Period": period, "Stat": statistic}}


def ask(cloudwatch: Any, *queries: dict[str, Any], minutes: int = 30, **members: Any) -> dict[str, list[float]]:
    """The values of each query by its id, for the minutes before noon."""
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=list(queries), StartTime=NOON - timedelta(minutes=minutes), EndTime=NOON, **members
    )
    return {result["Id"]: result["Values"] for result in answer["MetricDataResults"]}


@pytest.fixture
def measured(cloudwatch: Any) -> Any:
    """Values 1, 2, 3 eleven minutes before noon, 10 nine and 20 five minutes before."""
    put(cloudwatch, NOON - timedelta(minutes=11), 1, 2, 3)
    put(cloudwatch, NOON - timedelta(minutes=9), 10)
    put(cloudwatch, NOON - timedelta(minutes=5, seconds=-30), 20)
    return cloudwatch


def test_values_come_newest_first_sparse_and_aligned(measured: Any) -> None:
    answer = measured.get_metric_data(MetricDataQueries=[query()], StartTime=NOON - timedelta(minutes=30), EndTime=NOON)
    [result] = answer["MetricDataResults"]
    assert (result["Id"], result["Label"], result["StatusCode"]) == ("m1", "Thrust", "Complete")
    assert result["Values"] == [20, 10, 6]
    assert [NOON - time for time in result["Timestamps"]] == [timedelta(minutes=minutes) for minutes in (5, 9, 11)]
    assert ask(measured, query(), ScanBy="TimestampAscending") == {"m1": [6, 10, 20]}


@pytest.mark.parametrize(
    ("statistic", "values"),
    [
        ("Sum", [20, 16]),
        ("Average", [20, 4]),
        ("Minimum", [20, 1]),
        ("Maximum", [20, 10]),
        ("SampleCount", [1, 4]),
        ("p50", [20, 2.5]),
        ("p99.9", [20, 9.979]),
    ],
)
def test_statistics_over_a_longer_period(measured: Any, statistic: str, values: list[float]) -> None:
    assert ask(measured, query(statistic=statistic, period=480))["m1"] == pytest.approx(values)


def test_namespace_and_all_dimensions_count_but_not_their_order(measured: Any) -> None:
    assert ask(measured, query(Dimensions=DIMENSIONS[::-1]))["m1"] == [20, 10, 6]
    assert ask(measured, query(Dimensions=DIMENSIONS[:1]))["m1"] == []
    assert ask(measured, query(Dimensions=[]))["m1"] == []
    assert ask(measured, query(Namespace="Elsewhere"))["m1"] == []


def test_metric_math_over_queries_that_are_not_returned(measured: Any) -> None:
    hidden = {**query("m1"), "ReturnData": False}
    filled = {"Id": "e1", "Expression": "FILL(m1, 0)", "ReturnData": False}
    twice = {"Id": "e2", "Expression": "(e1 + m2) * 2 - e1 / 2", "Label": "Twice"}
    count = query("m2", "SampleCount")
    answers = ask(measured, twice, hidden, filled, count, minutes=12)
    assert list(answers) == ["e2", "m2"]
    assert answers["e2"] == [32, 17, 15]


def test_periods_that_end_within_a_minute_and_start_within_one(measured: Any) -> None:
    answer = measured.get_metric_data(
        MetricDataQueries=[query()],
        StartTime=NOON - timedelta(minutes=9, seconds=-20),
        EndTime=NOON - timedelta(minutes=5, seconds=-10),
    )
    assert answer["MetricDataResults"][0]["Values"] == [20, 10]


def test_few_data_points_at_a_time(measured: Any) -> None:
    asked = {
        "MetricDataQueries": [query("m1"), query("m2", "SampleCount")],
        "StartTime": NOON - timedelta(minutes=30),
        "EndTime": NOON,
        "MaxDatapoints": 2,
    }
    pages = [measured.get_metric_data(**asked)]
    while "NextToken" in pages[-1]:
        pages.append(measured.get_metric_data(**asked, NextToken=pages[-1]["NextToken"]))
    values: dict[str, list[float]] = {"m1": [], "m2": []}
    for page in pages:
        for result in page["MetricDataResults"]:
            values[result["Id"]] += result["Values"]
    assert len(pages) == 3
    assert values == {"m1": [20, 10, 6], "m2": [1, 1, 3]}
    states = [[result["StatusCode"] for result in page["MetricDataResults"]] for page in pages]
    assert states == [["PartialData"] * 2, ["Complete", "PartialData"], ["Complete"] * 2]


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        ([query(f"m{number}") for number in range(501)], "must not have a size greater than 500"),
        ([query("Upper")], "Upper for parameter MetricDataQueries.member.1.Id is not matching"),
        ([query("m1"), query("m1")], "are not unique"),
        ([query(period=90)], "Period must be 1, 5, 10, 20, 30 or a multiple of 60"),
        ([query(statistic="p101")], "p101 for parameter MetricDataQueries.member.1.MetricStat.Stat"),
        ([{**query(), "Expression": "m2"}], "either MetricStat or Expression"),
        ([{"Id": "e1"}], "either MetricStat or Expression"),
        ([{"Id": "e1", "Expression": "m9 + 1"}], "Undefined variable m9"),
        ([{"Id": "e1", "Expression": "e2"}, {"Id": "e2", "Expression": "e1"}], "depends on itself"),
        ([{"Id": "e1", "Expression": "1 +"}], "Syntax error"),
        ([{"Id": "e1", "Expression": "2 * 3"}], "does not yield a time series"),
        ([{"Id": "e1", "Expression": "().__class__"}], "Unsupported operand"),
    ],
)
def test_wrong_queries_are_refused(cloudwatch: Any, queries: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ClientError, match=rf"\(ValidationError\).*{message}"):
        ask(cloudwatch, *queries)


def test_a_chain_of_five_hundred_expressions_is_answered(cloudwatch: Any) -> None:
    put(cloudwatch, NOON - timedelta(minutes=1), 1)
    chain = [query("e0")] + [
        {"Id": f"e{number}", "Expression": f"e{number - 1} + e{max(number - 2, 0)}", "ReturnData": number == 499}
        for number in range(1, 500)
    ]
    assert ask(cloudwatch, *chain[::-1])["e499"][0] > 1e100


def test_the_start_must_be_before_the_end(cloudwatch: Any) -> None:
    with pytest.raises(ClientError, match="StartTime must be less than the parameter EndTime"):
        ask(cloudwatch, query(), minutes=0)


def test_get_metric_statistics(measured: Any) -> None:
    asked = {
        "Namespace": "Shop",
        "MetricName": "Thrust",
        "Dimensions": DIMENSIONS,
        "StartTime": NOON - timedelta(minutes=16),
        "EndTime": NOON,
        "Period": 480,
    }
    answer = measured.get_metric_statistics(**asked, Statistics=["Sum", "Average"], ExtendedStatistics=["p50"])
    assert answer["Label"] == "Thrust"
    first, second = answer["Datapoints"]
    assert NOON - first["Timestamp"] == timedelta(minutes=16)
    assert (first["Sum"], first["Average"], first["ExtendedStatistics"]) == (16, 4, {"p50": 2.5})
    assert (second["Sum"], second["Unit"]) == (20, "None")
    with pytest.raises(ClientError, match="MissingParameter"):
        measured.get_metric_statistics(**asked)
    with pytest.raises(ClientError, match=r"InvalidParameterCombination.*up to 1500 datapoints"):
        measured.get_metric_statistics(
            **{**asked, "Period": 60, "StartTime": NOON - timedelta(hours=25)}, Statistics=["Sum"]
        )
    assert measured.get_metric_statistics(**asked, Statistics=["Sum"], Unit="Bytes")["Datapoints"] == []


def test_list_metrics_names_each_metric_once(measured: Any) -> None:
    put(measured, NOON, 1, name="Fuel")
    listed = measured.list_metrics(Namespace="Shop")["Metrics"]
    assert [metric["MetricName"] for metric in listed] == ["Fuel", "Thrust"]
    assert listed[0]["Dimensions"] == sorted(DIMENSIONS, key=lambda pair: pair["Name"])
    assert len(measured.list_metrics(Dimensions=[{"Name": "Bench"}])["Metrics"]) == 2
    assert measured.list_metrics(Dimensions=[{"Name": "Bench", "Value": "B"}])["Metrics"] == []
    assert len(measured.list_metrics(MetricName="Fuel", RecentlyActive="PT3H")["Metrics"]) == 1
    assert measured.list_metrics(Namespace="AWS/SageMaker")["Metrics"] == []


def test_only_aws_writes_into_its_namespaces(cloudwatch: Any) -> None:
    with pytest.raises(ClientError, match=r"\(InvalidParameterValue\).*The value AWS/ for parameter Namespace"):
        cloudwatch.put_metric_data(Namespace="AWS/SageMaker", MetricData=[{"MetricName": "Invocations", "Value": 1}])


@pytest.mark.parametrize(
    ("datum", "code"),
    [
        ({}, "MissingParameter"),
        ({"Value": 1, "Values": [1]}, "InvalidParameterCombination"),
        ({"Value": float("nan")}, "InvalidParameterValue"),
        ({"Value": 2.0**361}, "InvalidParameterValue"),
        ({"Values": [1, 2], "Counts": [1]}, "InvalidParameterValue"),
        ({"Values": [1, 2], "Counts": [1, 0]}, "InvalidParameterValue"),
        ({"Values": []}, "InvalidParameterValue"),
        ({"StatisticValues": {"SampleCount": 0, "Sum": 0, "Minimum": 0, "Maximum": 0}}, "InvalidParameterValue"),
        ({"Value": 1, "Timestamp": NOON - timedelta(days=15)}, "InvalidParameterValue"),
        ({"Value": 1, "Timestamp": NOON + timedelta(hours=3)}, "InvalidParameterValue"),
    ],
)
def test_wrong_data_are_refused_and_nothing_of_the_request_is_kept(
    cloudwatch: Any, datum: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError, match=rf"\({code}\)"):
        cloudwatch.put_metric_data(
            Namespace="Shop", MetricData=[{"MetricName": "Good", "Value": 1}, {"MetricName": "Bad", **datum}]
        )
    assert cloudwatch.list_metrics()["Metrics"] == []


def test_a_large_request_travels_compressed(cloudwatch: Any) -> None:
    cloudwatch.put_metric_data(
        Namespace="Shop",
        MetricData=[
            {"MetricName": "Many", "Values": [float(value) for value in range(150)], "Counts": [2.0] * 150}
            for _ in range(50)
        ],
    )
    many = query(MetricName="Many", Dimensions=[], statistic="SampleCount")
    answer = cloudwatch.get_metric_data(MetricDataQueries=[many], StartTime=NOON, EndTime=NOON + timedelta(minutes=1))
    assert answer["MetricDataResults"][0]["Values"] == [50 * 150 * 2]


def test_a_statistic_set_is_taken_as_it_is(cloudwatch: Any) -> None:
    statistic_set = {"SampleCount": 4, "Sum": 8, "Minimum": 1, "Maximum": 4}
    cloudwatch.put_metric_data(
        Namespace="Shop",
        MetricData=[{"MetricName": "Set", "StatisticValues": statistic_set, "Timestamp": NOON - timedelta(minutes=1)}],
    )
    asked = [query(f"m{n}", name, MetricName="Set", Dimensions=[]) for n, name in enumerate([*statistic_set, "p90"])]
    assert list(ask(cloudwatch, *asked).values()) == [[4], [8], [1], [4], []]


def test_metrics_are_there_again_after_a_restart(tmp_path: Path) -> None:
    key, state = metric_key("Shop", "Thrust", DIMENSIONS), tmp_path / "state"
    region = Region(state, paused=True, now=NOON)
    install(region)
    metrics_of(region).put(key, int(NOON.timestamp()) // 60, Bucket.of({5.0: 2, 7.5: 1}), "Bytes")
    region.advance(60)
    before = metrics_of(region).series()
    region.close()
    again = Region(state, paused=True, now=NOON)
    install(again)
    assert metrics_of(again) is not metrics_of(region)
    assert metrics_of(again).series() == before != {}
    assert [event["name"] for event in again.table("timed_events").values()].count("cloudwatch_minute") == 1
    again.close()


def test_data_points_of_a_minute_are_kept_for_fifteen_days(region: Region, cloudwatch: Any) -> None:
    put(cloudwatch, NOON, 1)
    region.advance(60)
    assert len(region.table("metric_minutes")) == 1
    # The clock alone moves: nothing but the end of the hour looks at what is old.
    region.clock.forward_to(NOON + timedelta(minutes=RETENTION_MINUTES - 60))
    region.advance(60 * 60)
    assert len(region.table("metric_minutes")) == 1
    region.advance(61 * 60)
    assert list(metrics_of(region).metrics()) == []
    assert len(region.table("metric_minutes")) == len(region.table("metrics")) == 0


def test_a_region_that_was_off_for_a_month_does_not_relive_it(region: Region) -> None:
    ended: list[datetime] = []
    region.subscribe("alarms_evaluated", lambda region: ended.append(region.now()))
    region.clock.forward_to(NOON + timedelta(days=30))
    region.settle()
    assert len(ended) == 1 + 3 * 60
    assert ended[-1] == NOON + timedelta(days=30)
