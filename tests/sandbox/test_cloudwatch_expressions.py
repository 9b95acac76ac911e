"""Metric math, function by function and as random trees against a plain reading of them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_sandbox.services.cloudwatch.expressions import evaluate, parse
from cmapss_sandbox.services.cloudwatch.functions import Scope
from cmapss_sandbox.services.cloudwatch.series import MetricSeries, Result

SERIES = {
    "m1": MetricSeries(60, {0: 10.0, 60: 20.0, 180: 40.0}, "first"),
    "m2": MetricSeries(60, {0: 2.0, 60: 0.0, 120: 5.0, 180: 8.0}, "second"),
    "empty": MetricSeries(60, {}, "none"),
    "in": MetricSeries(60, {0: -1.5}, "in"),
}


def result(text: str, end: int = 240) -> Result:
    scope = Scope(SERIES, list(SERIES.items()), 0, end, None, 0, lambda *_: [SERIES["m1"]])
    return evaluate(parse(text), scope)


def points(text: str, end: int = 240) -> dict[int, float]:
    found = result(text, end)
    assert isinstance(found, MetricSeries)
    return dict(found.points)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("m1", {0: 10, 60: 20, 180: 40}),
        ("m1 + 1", {0: 11, 60: 21, 180: 41}),
        ("-(m1 - m2) * 2", {0: -16, 60: -40, 180: -64}),
        ("m1 / m2", {0: 5, 180: 5}),
        ("m2 ^ 2", {0: 4, 60: 0, 120: 25, 180: 64}),
        ("100 * m1 / (m1 + m2)", {0: 1000 / 12, 60: 100, 180: 4000 / 48}),
        ("FILL(m1, 0)", {0: 10, 60: 20, 120: 0, 180: 40}),
        ("FILL(m1, m2)", {0: 10, 60: 20, 120: 5, 180: 40}),
        ("FILL(m1, REPEAT)", {0: 10, 60: 20, 120: 20, 180: 40}),
        ("FILL(m1, LINEAR)", {0: 10, 60: 20, 120: 30, 180: 40}),
        ("FILL(m1, 0) + m2", {0: 12, 60: 20, 120: 5, 180: 48}),
        ("FILL(empty, 7)", {0: 7, 60: 7, 120: 7, 180: 7}),
        ("m1 / PERIOD(m1)", {0: 10 / 60, 60: 20 / 60, 180: 40 / 60}),
        ("CEIL(m1 / 3)", {0: 4, 60: 7, 180: 14}),
        ("FLOOR(m1 / 3) + ABS(in)", {0: 4.5}),
        ("LOG10(m2 * 0 + 100) + LOG(1)", {0: 2, 60: 2, 120: 2, 180: 2}),
        ("LOG(m2)", {0: math.log(2), 120: math.log(5), 180: math.log(8)}),
        ("m2 / MAX(m2)", {0: 0.25, 60: 0, 120: 0.625, 180: 1}),
        ("m2 - AVG(m2) + MIN(m2) + SUM(m2)", {0: 13.25, 60: 11.25, 120: 16.25, 180: 19.25}),
        ("m2 * 0 + STDDEV(m1)", dict.fromkeys((0, 60, 120, 180), 12.472191289246471)),
        ("SUM([m1, m2])", {0: 12, 60: 20, 120: 5, 180: 48}),
        ("MAX([m1, m2])", {0: 10, 60: 20, 120: 5, 180: 40}),
        ("SUM(METRICS())", {0: 10.5, 60: 20, 120: 5, 180: 48}),
        ('SUM(METRICS("m")) / METRIC_COUNT(METRICS("m"))', {0: 4, 60: 20 / 3, 120: 5 / 3, 180: 16}),
        ("AVG(METRICS('second'))", {0: 2, 60: 0, 120: 5, 180: 8}),
        ("DATAPOINT_COUNT([m1, m2])", {0: 2, 60: 2, 120: 1, 180: 2}),
        ("m1 * 0 + DATAPOINT_COUNT(m1)", {0: 3, 60: 3, 180: 3}),
        ("m2 > 4", {0: 0, 60: 0, 120: 1, 180: 1}),
        ("m2 >= 2 && m2 <= 5", {0: 1, 60: 0, 120: 1, 180: 0}),
        ("m2 == 0 OR m2 != 2 AND m2 < 6", {0: 0, 60: 1, 120: 1, 180: 0}),
        ("m2 < 1 || m2 > 7", {0: 0, 60: 1, 120: 0, 180: 1}),
        ("IF(m2 > 2, m1, 0)", {0: 0, 60: 0, 180: 40}),
        ("IF(m2 > 2, 1, m1)", {0: 10, 60: 20, 120: 1, 180: 1}),
        ("IF(m2, m2)", {0: 2, 120: 5, 180: 8}),
        ("IF(AVG(m1) > 20, m1, m2)", {0: 10, 60: 20, 180: 40}),
        ("DIFF(m1)", {60: 10, 180: 20}),
        ("DIFF_TIME(m1)", {60: 60, 180: 120}),
        ("RATE(m1)", {60: 10 / 60, 180: 20 / 120}),
        ("RUNNING_SUM(m2)", {0: 2, 60: 2, 120: 7, 180: 15}),
        ("FIRST([m1, m2])", {0: 10, 60: 20, 180: 40}),
        ("LAST([m1, m2]) - SLICE([m1, m2], 1)", {0: 0, 60: 0, 120: 0, 180: 0}),
        ("SUM(SLICE([m1, m2, m2], 1, 3))", {0: 4, 60: 0, 120: 10, 180: 16}),
        ("FIRST(SORT([m2, m1], MAX, DESC))", {0: 10, 60: 20, 180: 40}),
        ("SUM(SORT([m1, m2], AVG, ASC, 1))", {0: 2, 60: 0, 120: 5, 180: 8}),
        ("TIME_SERIES(5) + MIN(m2)", {0: 5, 60: 5, 120: 5, 180: 5}),
        ("MINUTE(m1)", {0: 0, 60: 1, 120: 2, 180: 3}),
        ("EPOCH(m1) / 60 + HOUR(m1)", {0: 0, 60: 1, 120: 2, 180: 3}),
        ("YEAR(m1) * 10000 + MONTH(m1) * 100 + DATE(m1)", dict.fromkeys((0, 60, 120, 180), 19700101)),
        ("DAY(m1)", dict.fromkeys((0, 60, 120, 180), 4)),
        ("in * 2", {0: -3}),
        ("SUM(SEARCH('{x} y', 'Sum', 60))", {0: 10, 60: 20, 180: 40}),
        ("m1 * 1e1 + .5", {0: 100.5, 60: 200.5, 180: 400.5}),
    ],
)
def test_metric_math(text: str, expected: dict[int, float]) -> None:
    assert points(text) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("METRICS()", ["first", "second", "none", "in"]),
        ("REMOVE_EMPTY(METRICS()) * 2", ["first", "second", "in"]),
        ("FILL([m1, empty], 0)", ["first", "none"]),
        ("RATE([m1, m2])", ["first", "second"]),
        ("SORT([m1, m2, in], SUM, ASC)", ["in", "second", "first"]),
        ("SLICE([m1, m2, in], 1, 9)", ["second", "in"]),
    ],
)
def test_arrays_of_series(text: str, labels: list[str]) -> None:
    found = result(text)
    assert isinstance(found, list)
    assert [series.label for series in found] == labels


@pytest.mark.parametrize(
    "text",
    [
        "",
        "m1 +",
        "__import__('os').system('true')",
        "m1.points",
        "m1[0]",
        "[]",
        "lambda: m1",
        "m1 if m2 else m1",
        "m1 // 2",
        "m1 ** 2",
        "True + m1",
        "'a'",
        "'a",
        "NOPE(m1)",
        "ANOMALY_DETECTION_BAND(m1, 2)",
        "FILL(m1)",
        "FILL(m1, ZERO)",
        "SUM([])",
        "SUM(m1, m2)",
        "CEIL(m1, x=1)",
        "m1 := 3",
        "m1 & m2",
        "SELECT AVG(a) FROM b",
        "-" * 2000 + "m1",
        "(" * 1000 + "m1" + ")" * 1000,
    ],
)
def test_whatever_is_not_metric_math_is_refused_without_being_run(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "1 + 2",
        "1 / 0",
        "SUM([m1, 3])",
        "CEIL(2.5)",
        "FILL(3, 0)",
        "MAX(3)",
        "[m1, m2] + [m1]",
        "IF([m1], m1)",
        "RATE(3)",
        "SLICE([m1], 3)",
        "SLICE([m1], m1)",
        "SORT([m1], 3, ASC)",
        "TIME_SERIES(m1)",
        "METRICS(m1)",
        "SEARCH('x', 'Sum')",
        "PERIOD([m1])",
        "METRIC_COUNT(3)",
    ],
)
def test_an_expression_without_a_time_series_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        result(text)


def test_an_overflow_leaves_the_point_out() -> None:
    assert points("m1 * 1e308 * 1e308") == {}


def test_what_would_be_too_many_points_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 100800 data points"):
        points("FILL(m1, 0)", end=60 * 200_000)


def test_names_are_the_ids_that_an_expression_needs() -> None:
    expression = parse("FILL(m1, REPEAT) / SUM([e1, in])")
    assert (set(expression.names), set(expression.functions)) == ({"m1", "e1", "in"}, {"FILL", "SUM"})


@given(st.text(alphabet="m1+-*/^() ,.[]<>=&|'\"FILSUMANDOR0e", max_size=40))
def test_no_text_makes_the_parser_fail_otherwise(text: str) -> None:
    try:
        expression = parse(text)
        if expression.names <= SERIES.keys():
            found = result(text)
            series = found if isinstance(found, list) else [found]
            assert all(isinstance(value, float) for one in series for value in one.points.values())
    except ValueError:
        return


Reading = dict[int, float] | float
_OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "<": operator.lt,
    ">=": operator.ge,
}


def _number(function: Callable[[float, float], float], one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return None
    try:
        return float(function(one, other))
    except ArithmeticError:
        return None


def _pointwise(function: Callable[[float, float], float], one: Reading, other: Reading) -> Reading | None:
    """What AWS's guide says of two operands: a point where both have one and the result is a number."""
    if isinstance(one, float) and isinstance(other, float):
        return _number(function, one, other)
    times = sorted({time for operand in (one, other) if isinstance(operand, dict) for time in operand})
    values = {
        time: _number(
            function, *(operand.get(time) if isinstance(operand, dict) else operand for operand in (one, other))
        )
        for time in times
    }
    return {time: value for time, value in values.items() if value is not None}


Tree = tuple[str, Reading | None]

leaves: st.SearchStrategy[Tree] = st.one_of(
    st.sampled_from([(name, dict(SERIES[name].points)) for name in ("m1", "m2", "in")]),
    st.integers(0, 9).map(lambda number: (str(number), float(number))),
)


def _branch(children: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    def join(parts: tuple[Tree, str, Tree]) -> Tree:
        (one, first), sign, (other, second) = parts
        value = None if first is None or second is None else _pointwise(_OPERATORS[sign], first, second)
        return f"({one} {sign} {other})", value

    return st.tuples(children, st.sampled_from(sorted(_OPERATORS)), children).map(join)


@given(st.recursive(leaves, _branch, max_leaves=12))
def test_random_expressions_are_what_their_parts_make(tree: Tree) -> None:
    text, expected = tree
    if not isinstance(expected, dict):  # a plain number, or one that divides by zero, is no series
        with pytest.raises(ValueError, match=r"does not yield|divides by zero"):
            points(text)
        return
    assert points(text) == pytest.approx(expected)
