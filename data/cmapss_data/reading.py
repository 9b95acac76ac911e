"""Reads the files of C-MAPSS as they are, and refuses, naming the line, whatever is not of their shape."""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cmapss_data.errors import DataError
from cmapss_data.files import COLUMNS, FILES, INTEGER_COLUMNS, FileFacts

REMEDY = (
    "Put an undamaged copy in its place: `cmapss-console data import` checks one, "
    "`cmapss-console data synthesize` makes a stand-in."
)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_CYCLES = re.compile(r"\d{1,9}", re.ASCII)
_DTYPES = {column: "int64" if column in INTEGER_COLUMNS else "float64" for column in COLUMNS}


@dataclass(frozen=True, slots=True)
class Rows:
    """One train or test file, row for row: the 25 features as written, comma-separated, and all 26 columns parsed."""

    features: list[str]
    frame: pd.DataFrame


def read_rows(path: Path) -> Rows:
    """Read a train or test file (26 columns, no header) and check its columns, types, cycles, rows and engines.

    Raises DataError, naming the first faulty line, what was found and what was expected.
    """
    facts = FILES[path.name]
    lines = _lines(path, facts)
    rows = [",".join(line.split()) for line in lines]
    _check_columns(facts, lines, rows)
    frame = _parse(facts, rows)
    _check_cycles(facts, frame)
    _check_counts(facts, frame)
    return Rows([row.partition(",")[2] for row in rows], frame)


def read_rul(path: Path) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Read an RUL file: for every test engine, in order, the cycles that were left at its last row.

    Raises DataError, naming the first faulty line, what was found and what was expected.
    """
    facts = FILES[path.name]
    lines = _lines(path, facts)
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        if len(fields) != 1:
            raise _fault(f"{facts.name}, line {number:,} has {len(fields)} columns, expected 1")
        if not _CYCLES.fullmatch(fields[0]):
            raise _fault(f"{facts.name}, line {number:,} says {_quoted(fields[0])}, expected a number of cycles")
    if len(lines) != facts.rows:
        raise _fault(f"{facts.name} has {len(lines):,} lines, expected {facts.rows:,}, one for each test engine")
    return np.array([int(line) for line in lines], dtype=np.int64)


def check(path: Path) -> None:
    """Read one of the twelve files for its shape only; raises DataError as the readers do."""
    if path.name.startswith("RUL"):
        read_rul(path)
    else:
        read_rows(path)


def _fault(problem: str) -> DataError:
    return DataError(problem, REMEDY)


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 24 else text[:23] + "…")


def _lines(path: Path, facts: FileFacts) -> list[str]:
    """The lines of a file, which has to be ASCII and to end with a finished line."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise _fault(f"{facts.name} is missing from {path.parent}") from None
    except OSError as error:
        raise _fault(f"{path} cannot be read: {error.strerror}") from None
    if not data.strip():
        raise _fault(f"{facts.name} is empty, expected {facts.rows:,} lines")
    # NUL ends a number in pandas' parser, so that what follows it would be lost unseen.
    strange = re.search(rb"[^\t\n\r\x20-\x7e]", data)
    if strange:
        number = data.count(b"\n", 0, strange.start()) + 1
        raise _fault(f"{facts.name}, line {number:,} holds the byte 0x{strange.group()[0]:02x}, expected numbers")
    lines = data.decode("ascii").split("\n")
    if lines.pop():
        raise _fault(
            f"{facts.name} is cut off: it ends in the middle of line {len(lines) + 1:,}, expected {facts.rows:,} lines"
        )
    return lines


def _check_columns(facts: FileFacts, lines: list[str], rows: list[str]) -> None:
    commas = len(COLUMNS) - 1
    for number, row in enumerate(rows, start=1):
        if row.count(",") != commas:
            fields = lines[number - 1].split()
            if len(fields) == len(COLUMNS):
                raise _bad_value(facts, number, next(at for at, text in enumerate(fields) if "," in text), fields)
            raise _fault(f"{facts.name}, line {number:,} has {len(fields)} columns, expected {len(COLUMNS)}")


def _parse(facts: FileFacts, rows: list[str]) -> pd.DataFrame:
    try:
        with np.errstate(invalid="ignore"):  # of an infinity in a column of whole numbers, before it is refused
            frame = pd.read_csv(
                io.StringIO("\n".join(rows)),
                header=None,
                names=list(COLUMNS),
                dtype=_DTYPES,
                na_filter=False,
                quoting=csv.QUOTE_NONE,
            )
    except (ValueError, OverflowError):  # pandas' ParserError is a ValueError
        raise _first_bad_value(facts, rows) from None
    if not np.isfinite(frame.to_numpy(dtype=np.float64)).all():
        raise _first_bad_value(facts, rows)
    return frame


def _first_bad_value(facts: FileFacts, rows: list[str]) -> DataError:
    """Name the value that pandas could not take, which it does not say itself."""
    for number, row in enumerate(rows, start=1):
        fields = row.split(",")
        for at, text in enumerate(fields):
            if not _is_number(text, whole=COLUMNS[at] in INTEGER_COLUMNS):
                return _bad_value(facts, number, at, fields)
    return _fault(f"{facts.name} holds a value that is no number")


def _is_number(text: str, *, whole: bool) -> bool:
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        return False
    return not whole or (float(text).is_integer() and abs(float(text)) < 2**63)


def _bad_value(facts: FileFacts, number: int, at: int, fields: list[str]) -> DataError:
    expected = "a whole number" if COLUMNS[at] in INTEGER_COLUMNS else "a number"
    return _fault(
        f"{facts.name}, line {number:,} has {_quoted(fields[at])} in column {COLUMNS[at]}, expected {expected}"
    )


def _check_cycles(facts: FileFacts, frame: pd.DataFrame) -> None:
    """Units count from 1 without a gap, and within a unit so do the cycles."""
    unit = frame["unit"].to_numpy()
    cycle = frame["cycle"].to_numpy()
    previous_unit = np.concatenate(([0], unit[:-1]))
    previous_cycle = np.concatenate(([0], cycle[:-1]))
    starts = unit == previous_unit + 1
    right = np.where(starts, cycle == 1, (unit == previous_unit) & (cycle == previous_cycle + 1))
    if right.all():
        return
    at = int(np.argmin(right))
    expected = f"unit {previous_unit[at] + 1} cycle 1"
    if at:
        expected = f"unit {previous_unit[at]} cycle {previous_cycle[at] + 1} or {expected}"
    raise _fault(f"{facts.name}, line {at + 1:,} is unit {unit[at]} cycle {cycle[at]}, expected {expected}")


def _check_counts(facts: FileFacts, frame: pd.DataFrame) -> None:
    last = frame.iloc[-1]
    rows, engines = len(frame), int(last["unit"])
    if (rows, engines) == (facts.rows, facts.engines):
        return
    found = f"{rows:,} lines and {engines} engines, expected {facts.rows:,} and {facts.engines}"
    if rows < facts.rows:
        end = f"unit {engines} cycle {int(last['cycle'])}"
        raise _fault(f"{facts.name} is cut off after line {rows:,} ({end}): {found}")
    raise _fault(f"{facts.name} has {found}")
