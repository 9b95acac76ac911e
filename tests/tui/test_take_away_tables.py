"""A table that was exported is the table: CSV and JSON are read back to the same values."""

from __future__ import annotations

import csv
import json
import math
from datetime import UTC, datetime, timedelta, timezone
from io import StringIO

from hypothesis import given
from hypothesis import strategies as st

from cmapss_tui.output import timestamp
from cmapss_tui.sheet import Sheet, Value
from cmapss_tui.take_away.tables import csv_cell, formulas, to_csv, to_json_rows

TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)
TIMES = st.datetimes(
    datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5))])
).map(lambda moment: moment.replace(microsecond=0))
VALUES: st.SearchStrategy[Value] = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**60), 2**60), st.floats(allow_nan=False), TEXTS, TIMES
)
COLUMNS = ("name", "objective_value", "created")


@st.composite
def sheets(draw: st.DrawFn) -> Sheet:
    """Any table of three columns."""
    return Sheet("jobs", COLUMNS, draw(st.lists(st.tuples(VALUES, VALUES, VALUES), max_size=8)))


@given(sheets())
def test_csv_is_read_back_cell_by_cell(sheet: Sheet) -> None:
    columns, *rows = csv.reader(StringIO(to_csv(sheet), newline=""))
    assert tuple(columns) == COLUMNS
    assert rows == [[csv_cell(value) for value in row] for row in sheet.rows]


@given(st.lists(st.tuples(TEXTS, st.integers(), st.floats(allow_nan=False)), max_size=8))
def test_csv_loses_nothing_of_texts_and_numbers(rows: list[tuple[str, int, float]]) -> None:
    _, *read = csv.reader(StringIO(to_csv(Sheet("jobs", COLUMNS, rows)), newline=""))
    assert [(text, int(whole), float(real)) for text, whole, real in read] == rows


@given(sheets())
def test_json_is_read_back_row_by_row(sheet: Sheet) -> None:
    read = json.loads(to_json_rows(sheet))
    assert [list(row) for row in read] == [list(COLUMNS)] * len(sheet.rows)
    for got, row in zip(read, sheet.rows, strict=True):
        for value, wanted in zip(got.values(), row, strict=True):
            if isinstance(wanted, datetime):
                assert datetime.fromisoformat(value) == wanted
                assert value.endswith("Z")
            elif isinstance(wanted, float) and not math.isfinite(wanted):
                assert value is None
            else:
                assert value == wanted
                assert type(value) is type(wanted)


def test_times_are_utc_in_both() -> None:
    moment = datetime(2026, 11, 22, 11, 41, 7, tzinfo=timezone(timedelta(hours=-5)))
    sheet = Sheet("jobs", ("created",), [(moment,)])
    assert to_csv(sheet) == "created\r\n2026-11-22T16:41:07Z\r\n"
    assert json.loads(to_json_rows(sheet)) == [{"created": "2026-11-22T16:41:07Z"}]
    assert timestamp(moment) == "2026-11-22T16:41:07Z"


def test_what_a_spreadsheet_would_compute_is_counted_and_left_as_it_is() -> None:
    rows = [("=1+1", -4), ("-name", None), ("plain", 1.5)]
    assert formulas(rows) == 2  # a negative number is a number
    assert "=1+1,-4\r\n" in to_csv(Sheet("jobs", ("name", "value"), rows))
