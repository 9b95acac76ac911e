"""A table as a document: CSV or JSON, with every row that its screen's filter lets through, seen or not."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from datetime import datetime
from io import StringIO

from cmapss_tui.output import timestamp, to_json
from cmapss_tui.sheet import Sheet, Value

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def to_csv(sheet: Sheet) -> str:
    """The sheet as RFC 4180 has it: names first, what is missing is empty, and nothing is altered.

    Times are ISO 8601 in UTC; True and False are written as JSON writes them.
    """
    document = StringIO(newline="")
    writer = csv.writer(document)  # its line ends are CR LF, and so it quotes either wherever it stands in a text
    writer.writerow(sheet.columns)
    writer.writerows([csv_cell(value) for value in row] for row in sheet.rows)
    return document.getvalue()


def csv_cell(value: Value) -> str:
    """A value as text."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return timestamp(value)
        case _:
            return str(value)


def to_json_rows(sheet: Sheet) -> str:
    """The sheet as one JSON document: a list with an object for each row; what is missing, or is no number, is null."""
    rows = [dict(zip(sheet.columns, to_json(list(row)), strict=True)) for row in sheet.rows]
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def formulas(rows: Sequence[Sequence[Value]]) -> int:
    """How many texts a spreadsheet would take for formulas, if it were told to open the CSV as it is."""
    return sum(isinstance(value, str) and value.startswith(FORMULA_STARTS) for row in rows for value in row)
