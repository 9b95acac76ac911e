"""CloudWatch's calls that read metrics, through unmodified clients."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmapss_sandbox.region import Region
from tests.sandbox.conftest import NOON

DIMENSIONS = [{"Name": "Engine", "Value": "1"}, {"Name": "Bench", "Value": "A"}]


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


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(1, 9), st.sampled_from(["TimestampDescending", "TimestampAscending"]))
def test_pages_of_any_size_have_every_point_once(measured: Any, size: int, order: str) -> None:
    asked = {
        "MetricDataQueries": [query("m1"), query("m2", "SampleCount"), query("m3", MetricName="None")],
        "StartTime": NOON - timedelta(minutes=30),
        "EndTime": NOON,
        "ScanBy": order,
    }
    whole = {result["Id"]: result["Values"] for result in measured.get_metric_data(**asked)["MetricDataResults"]}
    values: dict[str, list[float]] = {"m1": [], "m2": [], "m3": []}
    pages = list(measured.get_paginator("get_metric_data").paginate(**asked, PaginationConfig={"PageSize": size}))
    for page in pages:
        for result in page["MetricDataResults"]:
            values[result["Id"]] += result["Values"]
    assert values == whole
    assert len(pages) == -(-6 // size)
    assert {result["StatusCode"] for result in pages[-1]["MetricDataResults"]} == {"Complete"}


def test_what_is_not_yet_complete_says_so(measured: Any) -> None:
    asked = {
        "MetricDataQueries": [query("m1"), query("m2", "SampleCount")],
        "StartTime": NOON - timedelta(minutes=30),
        "EndTime": NOON,
        "MaxDatapoints": 4,
    }
    page = measured.get_metric_data(**asked)
    assert [result["StatusCode"] for result in page["MetricDataResults"]] == ["Complete", "PartialData"]
    with pytest.raises(ClientError, match=r"\(InvalidNextToken\)"):
        measured.get_metric_data(**asked, NextToken=page["NextToken"][:-4] + "AAAA")


def test_another_account_is_not_seen(measured: Any) -> None:
    asked = [{**query(), "AccountId": "111111111111"}]
    answer = measured.get_metric_data(MetricDataQueries=asked, StartTime=NOON - timedelta(minutes=30), EndTime=NOON)
    [result] = answer["MetricDataResults"]
    assert (result["StatusCode"], result["Values"]) == ("Forbidden", [])
    assert ask(measured, {**query(), "AccountId": "000000000000"}) == {"m1": [20, 10, 6]}


def test_seconds_are_kept_for_three_hours(cloudwatch: Any, region: Region) -> None:
    start = NOON - timedelta(minutes=1)
    for second, value in ((0, 1), (3, 2), (10, 4), (45, 8)):
        put(cloudwatch, start + timedelta(seconds=second), value, StorageResolution=1)
    values = {
        period: ask(cloudwatch, query(period=period), ScanBy="TimestampAscending")["m1"]
        for period in (1, 5, 10, 30, 60)
    }
    assert values == {1: [1, 2, 4, 8], 5: [3, 4, 8], 10: [3, 4, 8], 30: [7, 8], 60: [15]}
    asked = {"Namespace": "Shop", "MetricName": "Thrust", "Dimensions": DIMENSIONS, "Period": 10, "Statistics": ["Sum"]}
    points = cloudwatch.get_metric_statistics(**asked, StartTime=start, EndTime=NOON)["Datapoints"]
    assert [point["Sum"] for point in points] == [3, 4, 8]
    region.clock.forward_to(NOON + timedelta(hours=3))
    assert ask(cloudwatch, query(period=10))["m1"] == []
    assert ask(cloudwatch, query(period=60))["m1"] == [15]
    assert cloudwatch.get_metric_statistics(**asked, StartTime=start, EndTime=NOON)["Datapoints"] == []


LABELS = [
    ("", ""),
    ("plain", "plain"),
    ("${LABEL}: ${LAST}", "Thrust: 20"),
    ("[max: ${MAX}, min: ${MIN}] ${PROP('Dim.Engine')}", "[max: 20, min: 6] 1"),
    ("${SUM} ${AVG} ${FIRST} ${DATAPOINT_COUNT}", "36 12 6 3"),
    ("${FIRST_TIME} ${LAST_TIME_RELATIVE}", "2026-01-05 13:19 UTC+01:30 5m"),
    ("${MIN_MAX_RANGE} ${FIRST_LAST_TIME_RANGE}", "14 6m"),
    ("${PROP('Namespace')} ${PROP('Stat')} ${PROP('Period')} ${PROP('Region')}", "Shop Sum 60 us-east-1"),
    ("${PROP('Dim.None')}", "--"),
]


def test_labels_may_tell_of_their_series(measured: Any) -> None:
    answer = measured.get_metric_data(
        MetricDataQueries=[{**query(f"m{n}"), "Label": label} for n, (label, _) in enumerate(LABELS)],
        StartTime=NOON - timedelta(minutes=30),
        EndTime=NOON,
        LabelOptions={"Timezone": "+0130"},
    )
    assert [result["Label"] for result in answer["MetricDataResults"]] == [label for _, label in LABELS]
    with pytest.raises(ClientError, match=r"unknown dynamic value: MEDIAN"):
        ask(measured, {**query(), "Label": "${MEDIAN}"})
    [empty] = measured.get_metric_data(
        MetricDataQueries=[{**query(MetricName="None"), "Label": "${LAST} ${MAX_TIME}"}],
        StartTime=NOON - timedelta(minutes=30),
        EndTime=NOON,
    )["MetricDataResults"]
    assert empty["Label"] == "-- --"


def test_a_search_finds_series_and_labels_each(cloudwatch: Any) -> None:
    for engine in "12":
        dimensions = [{"Name": "Engine", "Value": engine}, {"Name": "Bench", "Value": "A"}]
        put(cloudwatch, NOON - timedelta(minutes=1), int(engine), Dimensions=dimensions)
    put(cloudwatch, NOON - timedelta(minutes=1), 9, Dimensions=[])
    put(cloudwatch, NOON - timedelta(minutes=1), 8, name="Fuel")

    def found(text: str, wrap: str = "{}", **members: Any) -> dict[str, list[float]]:
        expression = wrap.format(f"SEARCH('{text}', 'Sum', 60)")
        asked = [{"Id": "e1", "Expression": expression, **members}]
        answer = cloudwatch.get_metric_data(
            MetricDataQueries=asked, StartTime=NOON - timedelta(minutes=5), EndTime=NOON
        )
        assert {result["Id"] for result in answer["MetricDataResults"]} <= {"e1"}
        return {result["Label"]: result["Values"] for result in answer["MetricDataResults"]}

    assert found('{Shop,Engine,Bench} MetricName="Thrust"') == {"1 Thrust": [1], "2 Thrust": [2]}
    assert found("{Shop,Bench,Engine} fuel OR Engine=2") == {"Fuel": [8], "Thrust": [2]}
    assert found('{Shop,Bench,Engine} NOT (Fuel OR Engine="2")') == {"Thrust": [1]}
    assert found("{Shop} Thrust") == {"Thrust": [9]}
    assert found('Namespace="Shop" Fuel') == {"Fuel": [8]}
    assert found("{Shop,Engine,Bench} Thrust", "SUM({})") == {"e1": [3]}
    assert found("{Shop,Engine,Bench} Thrust", "SORT({}, MAX, DESC, 1)") == {"2 Thrust": [2]}
    assert found("{Shop,Engine,Bench} Thrust", Label="${PROP('Dim.Engine')}") == {"1": [1], "2": [2]}
    assert found("{Nowhere} Thrust") == {}
    for wrong in ("{Shop} (Thrust", "{Shop} )", "{Shop} NOT", "{Shop} a OR", '{Shop} "a'):
        with pytest.raises(ClientError, match="Error in expression 'e1': Syntax error in search expression"):
            found(wrong)


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        ([query(f"m{number}") for number in range(501)], "must not have a size greater than 500"),
        ([query("Upper")], "Upper for parameter MetricDataQueries.member.1.Id is not matching"),
        ([query("m1"), query("m1")], "are not unique"),
        ([query(period=90)], "Period must be 1, 5, 10, 20, 30 or a multiple of 60"),
        (
            [query(statistic="p101")],
            "p101 for parameter MetricDataQueries.member.1.MetricStat.Stat is not a valid statistic",
        ),
        (
            [{**query(), "Expression": "m2"}],
            "Expression and MetricDataQueries.member.1.MetricStat are mutually exclusive",
        ),
        ([{"Id": "e1"}], "MetricDataQueries.member.1.MetricStat is required"),
        ([{"Id": "e1", "Expression": "m9 + 1"}], "Undefined variable m9"),
        ([{"Id": "e1", "Expression": "e2"}, {"Id": "e2", "Expression": "e1"}], "depends on itself"),
        ([{"Id": "e1", "Expression": "1 +"}], "Syntax error"),
        ([{"Id": "e1", "Expression": "2 * 3"}], "does not yield a time series"),
        ([{"Id": "e1", "Expression": "().__class__"}], "Syntax error"),
        ([{"Id": "e1", "Expression": "m1 + e1", "Period": 7}, query()], "member.1.Period must be 1, 5, 10, 20, 30"),
        ([{"Id": "e1", "Expression": "SELECT AVG(x) FROM y"}], "Metrics Insights queries are not offered"),
        (
            [{"Id": "e1", "Expression": "ANOMALY_DETECTION_BAND(m1)"}, query()],
            "Unsupported function 'ANOMALY_DETECTION_BAND'",
        ),
        (
            [query("m1", "p101"), query("m2", "median")],
            "p101 for(.|\\n)*member.2.MetricStat.Stat is not a valid statistic",
        ),
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


@pytest.mark.parametrize(
    ("minutes", "members", "message"),
    [
        (0, {}, "StartTime must not equal parameter EndTime"),
        (-1, {}, "EndTime must be greater than StartTime"),
        (5, {"MaxDatapoints": 0}, "MaxDatapoints must be between 1 and 100800"),
        (5, {"LabelOptions": {"Timezone": "CET"}}, "The value CET for parameter LabelOptions.Timezone is invalid"),
    ],
)
def test_a_time_range_that_is_none_is_refused(
    cloudwatch: Any, minutes: int, members: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=rf"\(ValidationError\).*{message}"):
        ask(cloudwatch, query(), minutes=minutes, **members)


def test_get_metric_statistics(measured: Any) -> None:
    asked = {
        "Namespace": "Shop",
        "MetricName": "Thrust",
        "Dimensions": DIMENSIONS,
        "StartTime": NOON - timedelta(minutes=16),
        "EndTime": NOON,
        "Period": 480,
    }
    answer = measured.get_metric_statistics(**asked, Statistics=["Sum", "Average"])
    assert answer["Label"] == "Thrust"
    first, second = answer["Datapoints"]
    assert NOON - first["Timestamp"] == timedelta(minutes=16)
    assert (first["Sum"], first["Average"]) == (16, 4)
    assert (second["Sum"], second["Unit"]) == (20, "None")
    extended = measured.get_metric_statistics(**asked, ExtendedStatistics=["p50", "tm90"])["Datapoints"]
    assert [point["ExtendedStatistics"]["p50"] for point in extended] == [2.5, 20]
    for statistics in ({}, {"Statistics": ["Sum"], "ExtendedStatistics": ["p50"]}):
        with pytest.raises(ClientError, match=r"InvalidParameterCombination.*either Statistics or ExtendedStatistics"):
            measured.get_metric_statistics(**asked, **statistics)
    with pytest.raises(ClientError, match=r"StartTime must be less than the parameter EndTime"):
        measured.get_metric_statistics(**{**asked, "StartTime": NOON}, Statistics=["Sum"])
    with pytest.raises(ClientError, match=r"InvalidParameterCombination.*up to 1,500 datapoints.*limit of 1,440"):
        measured.get_metric_statistics(
            **{**asked, "Period": 60, "StartTime": NOON - timedelta(hours=25)}, Statistics=["Sum"]
        )
    with pytest.raises(ClientError, match=r"\(InvalidParameterValue\).*Period must be 1, 5, 10"):
        measured.get_metric_statistics(**{**asked, "Period": 90}, Statistics=["Sum"])
    with pytest.raises(ClientError, match=r"\(InvalidParameterValue\).*p101 for parameter ExtendedStatistics.member.2"):
        measured.get_metric_statistics(**asked, ExtendedStatistics=["p99", "p101"])
    assert measured.get_metric_statistics(**asked, Statistics=["Sum"], Unit="Bytes")["Datapoints"] == []
    put(measured, NOON - timedelta(minutes=5), 7, Unit="Bytes")
    both = measured.get_metric_statistics(**asked, Statistics=["Sum"])["Datapoints"]
    assert [(point["Sum"], point["Unit"]) for point in both] == [(16, "None"), (20, "None"), (7, "Bytes")]
    assert ask(measured, {**query(), "MetricStat": {**query()["MetricStat"], "Unit": "Bytes"}}) == {"m1": [7]}
    assert ask(measured, query())["m1"][0] == 27


def test_list_metrics_names_each_metric_once(measured: Any) -> None:
    put(measured, NOON, 1, name="Fuel")
    listed = measured.list_metrics(Namespace="Shop")["Metrics"]
    assert [metric["MetricName"] for metric in listed] == ["Fuel", "Thrust"]
    assert listed[0]["Dimensions"] == sorted(DIMENSIONS, key=lambda pair: pair["Name"])
    assert len(measured.list_metrics(Dimensions=[{"Name": "Bench"}])["Metrics"]) == 2
    assert measured.list_metrics(Dimensions=[{"Name": "Bench", "Value": "B"}])["Metrics"] == []
    assert len(measured.list_metrics(MetricName="Fuel", RecentlyActive="PT3H")["Metrics"]) == 1
    assert measured.list_metrics(Namespace="AWS/SageMaker")["Metrics"] == []
    assert measured.list_metrics(IncludeLinkedAccounts=True)["OwningAccounts"] == ["000000000000"] * 2
    assert measured.list_metrics(OwningAccount="111111111111")["Metrics"] == []


def test_a_metric_is_listed_for_two_weeks_and_is_recently_active_for_three_hours(measured: Any, region: Region) -> None:
    for forward, listed, active in ((timedelta(hours=4), 1, 0), (timedelta(days=14), 0, 0)):
        region.clock.forward_to(NOON + forward)
        assert len(measured.list_metrics()["Metrics"]) == listed
        assert len(measured.list_metrics(RecentlyActive="PT3H")["Metrics"]) == active


def test_metrics_are_listed_by_five_hundred(cloudwatch: Any) -> None:
    data = [{"MetricName": f"m{number:04}", "Value": 1} for number in range(1000)]
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=data)
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "m1000", "Value": 1}])
    pages = [page["Metrics"] for page in cloudwatch.get_paginator("list_metrics").paginate(Namespace="Shop")]
    assert [len(page) for page in pages] == [500, 500, 1]
    assert [metric["MetricName"] for page in pages for metric in page] == [f"m{number:04}" for number in range(1001)]
    with pytest.raises(ClientError, match=r"\(InvalidParameterValue\).*NextToken is invalid"):
        cloudwatch.list_metrics(NextToken="bm9uc2Vuc2U=")
