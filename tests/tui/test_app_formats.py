"""How figures are written, and that what is written fits."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_tui import formats


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0, "0s"),
        (41, "41s"),
        (59.6, "1m00s"),
        (92, "1m32s"),
        (3600, "1h00m"),
        (7500, "2h05m"),
        (273600, "3d04h"),
    ],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert formats.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (-3, "0s"), (47.9, "47s"), (119, "1m"), (120, "2m"), (3780, "1h03m"), (187200, "2d04h")],
)
def test_ages(seconds: float | None, text: str) -> None:
    assert formats.age(seconds) == text


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        (None, "unknown $/h"),
        (0.0, "$0.00/h"),
        (0.69, "$0.69/h"),
        (0.0012, "$0.0012/h"),
        (1234.5, "$1,234/h"),
        (-0.5, "-$0.50/h"),
    ],
)
def test_hourly_costs_are_never_invented(usd: float | None, text: str) -> None:
    assert formats.hourly_cost(usd) == text


def test_a_month_has_730_hours() -> None:
    assert formats.monthly_cost(0.69) == "$504 a month"
    assert formats.monthly_cost(None) == "unknown"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (44.9812, "44.9812"),
        (45.0, "45.0000"),
        (0.5, "0.50000"),
        (0.0, "0.00000"),
        (1e-7, "1e-7"),
    ],
)
def test_objectives_line_up(value: float | None, text: str) -> None:
    assert formats.objective(value) == text


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("0.067912345", "0.0679"),
        ("45.55", "45.5"),
        ("8", "8"),
        ("8.0", "8"),
        ("0.00047", "0.00047"),
        ("0.0004", "0.0004"),
        ("0.00004", "4e-5"),
        ("gbtree", "gbtree"),
        ("nan", "nan"),
    ],
)
def test_hyper_parameters_lose_digits_but_not_words(written: str, text: str) -> None:
    assert formats.parameter(written) == text


@given(st.floats(min_value=1e-9, max_value=1e5))
def test_a_shortened_hyper_parameter_is_short_and_near(value: float) -> None:
    text = formats.parameter(repr(value))
    assert len(text) <= 7
    assert float(text) == pytest.approx(value, rel=0.06)


@given(st.text(alphabet="abc-123", max_size=60), st.integers(min_value=0, max_value=60))
def test_an_elided_name_fits_and_keeps_both_ends(name: str, width: int) -> None:
    text = formats.middle_elided(name, width)
    assert len(text) <= max(width, 0)
    if len(name) <= width:
        assert text == name
    elif width >= 3:
        assert text[0] == name[0]
        assert text[-1] == name[-1]
        assert formats.ELLIPSIS in text


@pytest.mark.parametrize(("size", "text"), [(None, "–"), (999, "999 B"), (1_000_000, "1.0 MB"), (2.5e12, "2.5 TB")])
def test_sizes(size: float | None, text: str) -> None:
    assert formats.data_size(size) == text


def test_moments_are_in_utc() -> None:
    when = datetime(2026, 11, 22, 16, 41, 7, tzinfo=UTC)
    assert formats.moment(when) == "2026-11-22 16:41:07Z"
    assert formats.time_of_day(when) == "16:41:07Z"
    assert formats.moment(None) == "–"


def test_counts_have_their_thousands_apart() -> None:
    assert formats.count(104897) == "104,897"
