"""A table as data: what an export of a list holds, free of widths and colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

Value = str | int | float | bool | datetime | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows of values under column names that are the API's nouns in snake_case, as the verbs' JSON has them.

    `name` says what the rows are, in one word for a file's name, such as "jobs". Times are datetimes with a zone,
    durations seconds, money USD.
    """

    name: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Value]]
