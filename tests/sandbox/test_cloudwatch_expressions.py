from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_sandbox.services.cloudwatch.expressions import MetricSeries, evaluate, names, parse

SERIES = {
    "m1": MetricSeries(60, {0: 10.0, 60: 20.0, 180: 40.0}),
    "m2": MetricSeries(60, {0: 2.0, 60: 0.0, 120: 5.0, 180: 8.0}),
}


def points(text: str, start: int = 0, end: int = 240) -> dict[int, float]:
    return dict(evaluate(parse(text), SERIES, start, end).points)


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
        ("m1 / PERIOD(m1)", {0: 10 / 60, 60: 20 / 60, 180: 40 / 60}),
        ("CEIL(m1 / 3)", {0: 4, 60: 7, 180: 14}),
        ("m2 / MAX(m2)", {0: 0.25, 60: 0, 120: 0.625, 180: 1}),
        ("SUM([m1, m2])", {0: 12, 60: 20, 120: 5, 180: 48}),
        ("MAX([m1, m2])", {0: 10, 60: 20, 120: 5, 180: 40}),
    ],
)
def test_metric_math(text: str, expected: dict[int, float]) -> None:
    assert points(text) == pytest.approx(expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "m1 +",
        "__import__('os').system('true')",
        "m1.points",
        "m1[0]",
        "[m1, m2]",
        "lambda: m1",
        "m1 if m2 else m1",
        "m1 // 2",
        "True + m1",
        "'a'",
        "NOPE(m1)",
        "FILL(m1)",
        "SUM([])",
        "SUM(m1, m2)",
        "CEIL(m1, x=1)",
        "m1 := 3",
        "-" * 2000 + "m1",
    ],
)
def test_whatever_is_not_metric_math_is_refused_without_being_run(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse(text)


@pytest.mark.parametrize("text", ["1 + 2", "1 / 0", "SUM([m1, 3])", "CEIL(2.5)", "FILL(3, 0)", "MAX(3)"])
def test_an_expression_without_a_time_series_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        points(text)


def test_an_overflow_leaves_the_point_out() -> None:
    assert points("m1 * 1e308 * 1e308") == {}


def test_names_are_the_ids_that_an_expression_needs() -> None:
    assert names(parse("FILL(m1, REPEAT) / SUM([e1, m2])")) == {"m1", "e1", "m2"}


@given(st.text(alphabet="m1+-*/^() ,.[]FILSUM0e", max_size=40))
def test_no_text_makes_the_parser_fail_otherwise(text: str) -> None:
    try:
        tree = parse(text)
    except ValueError:
        return
    if names(tree) <= SERIES.keys():
        try:
            result = evaluate(tree, SERIES, 0, 240)
        except ValueError:
            return
        assert all(isinstance(value, float) for value in result.points.values())
