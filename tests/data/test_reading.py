"""What the readers accept, and how they name what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmapss_data import COLUMNS, DataError, Fleet
from cmapss_data.files import FILES, INTEGER_COLUMNS
from cmapss_data.reading import check, read_rows, read_rul
from tests.data.damaging import change_line

NAME = "test_FD001.txt"
ROWS = FILES[NAME].rows
Edit = Callable[[bytes], bytes]
Damaged = Callable[[Edit], str]

some_damages = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
line_numbers = st.integers(1, ROWS)
columns = st.integers(0, len(COLUMNS) - 1)


def problem(path: Path) -> str:
    """What is said of a file that has to be refused."""
    with pytest.raises(DataError) as caught:
        check(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value) == f"{caught.value.problem}. {caught.value.remedy}"
    return caught.value.problem


@pytest.fixture
def written(synthetic: Fleet, tmp_path: Path) -> Callable[[Edit], Path]:
    """Writes an edited copy of a sound file."""

    def write(edit: Edit) -> Path:
        path = tmp_path / NAME
        path.write_bytes(edit((synthetic.root / NAME).read_bytes()))
        return path

    return write


@pytest.fixture
def damaged(written: Callable[[Edit], Path]) -> Damaged:
    """Writes an edited copy of a sound file, and returns what is said of it."""
    return lambda edit: problem(written(edit))


def change_field(number: int, column: int, *texts: bytes) -> Edit:
    """Put other fields, none or several, in the place of one."""

    def edit(line: bytes) -> bytes:
        fields = line.split()
        fields[column : column + 1] = texts
        return b" ".join(fields) + b"  "

    return change_line(number, edit)


def test_rows_are_taken_verbatim_and_parsed(synthetic: Fleet) -> None:
    path = synthetic.root / NAME
    rows = read_rows(path)
    fields = [line.split() for line in path.read_text().splitlines()]
    assert rows.features == [",".join(line[1:]) for line in fields]
    assert tuple(rows.frame.columns) == COLUMNS
    np.testing.assert_allclose(rows.frame.to_numpy(dtype=float), np.array(fields, dtype=float), rtol=1e-15)
    assert {column for column in COLUMNS if rows.frame[column].dtype == np.int64} == INTEGER_COLUMNS


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b" \n"])
def test_blanks_and_carriage_returns_at_line_ends_do_not_matter(
    synthetic: Fleet, written: Callable[[Edit], Path], end: bytes
) -> None:
    path = written(lambda data: data.replace(b"  \n", end))
    assert read_rows(path).features == read_rows(synthetic.root / NAME).features


@some_damages
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_truncated_file_is_refused_with_the_place(damaged: Damaged, share: float) -> None:
    kept = b""

    def edit(data: bytes) -> bytes:
        nonlocal kept
        kept = data[: int(share * len(data))]
        return kept

    said = damaged(edit)
    lines = kept.count(b"\n")
    if not kept:
        assert said == f"{NAME} is empty, expected 13,096 lines"
    elif kept.endswith(b"\n"):
        assert said.startswith(f"{NAME} is cut off after line {lines:,} (unit ")
    else:
        assert said == f"{NAME} is cut off: it ends in the middle of line {lines + 1:,}, expected 13,096 lines"


def test_a_file_cut_off_between_lines_says_what_it_has(damaged: Damaged) -> None:
    said = damaged(lambda data: b"".join(data.splitlines(keepends=True)[:31]))
    assert said.startswith(f"{NAME} is cut off after line 31 (unit 1 cycle 31): 31 lines and 1 engines, ")
    assert said.endswith("expected 13,096 and 100")


@some_damages
@given(number=line_numbers, column=columns, texts=st.sampled_from([(), (b"1", b"1")]))
def test_a_wrong_number_of_columns_is_named(
    damaged: Damaged, number: int, column: int, texts: tuple[bytes, ...]
) -> None:
    said = damaged(change_field(number, column, *texts))
    assert said == f"{NAME}, line {number:,} has {25 + len(texts)} columns, expected 26"


def test_25_columns_throughout_are_named_at_the_first_line(damaged: Damaged) -> None:
    said = damaged(lambda data: b"".join(b" ".join(line.split()[:25]) + b"  \n" for line in data.splitlines()))
    assert said == f"{NAME}, line 1 has 25 columns, expected 26"


@some_damages
@given(
    number=line_numbers,
    column=columns,
    text=st.sampled_from(["1x", "x", "nan", "inf", "-inf", "1e999", '"1"', "1_0", "0x1", "--1", "1,5", ","]),
)
def test_what_is_no_number_is_named_with_line_and_column(damaged: Damaged, number: int, column: int, text: str) -> None:
    name = COLUMNS[column]
    expected = "a whole number" if name in INTEGER_COLUMNS else "a number"
    said = damaged(change_field(number, column, text.encode()))
    assert said == f"{NAME}, line {number:,} has {text!r} in column {name}, expected {expected}"


@pytest.mark.parametrize("column", sorted(INTEGER_COLUMNS))
@pytest.mark.parametrize("text", ["7.5", "1e99"])
def test_whole_numbers_are_whole(damaged: Damaged, column: str, text: str) -> None:
    said = damaged(change_field(7, COLUMNS.index(column), text.encode()))
    assert said == f"{NAME}, line 7 has '{text}' in column {column}, expected a whole number"


@some_damages
@given(number=st.integers(1, ROWS - 1))
def test_a_hole_in_the_cycles_is_named(damaged: Damaged, number: int) -> None:
    after = b""

    def edit(data: bytes) -> bytes:
        nonlocal after
        lines = data.splitlines(keepends=True)
        after = lines[number]
        return b"".join(lines[: number - 1] + lines[number:])

    said = damaged(edit)
    unit, cycle = after.decode().split()[:2]
    if cycle == "1":  # the row before was its engine's last one: only the count tells
        assert "13,095 lines and 100 engines" in said
    else:
        assert said.startswith(f"{NAME}, line {number:,} is unit {unit} cycle {cycle}, expected unit ")


@some_damages
@given(number=line_numbers)
def test_a_repeated_row_is_named(damaged: Damaged, number: int) -> None:
    said = damaged(lambda data: change_line(number, lambda line: line + b"\n" + line)(data))
    assert said.startswith(f"{NAME}, line {number + 1:,} is unit ")


def test_a_missing_engine_is_named_where_the_next_one_starts(damaged: Damaged) -> None:
    said = damaged(lambda data: b"".join(line for line in data.splitlines(keepends=True) if not line.startswith(b"1 ")))
    assert said == f"{NAME}, line 1 is unit 2 cycle 1, expected unit 1 cycle 1"


@pytest.mark.parametrize("byte", [b"\0", b"\xff", b"\x1a"])
def test_bytes_that_are_no_text_are_named(damaged: Damaged, byte: bytes) -> None:
    said = damaged(change_line(99, lambda line: line[:40] + byte + line[41:]))
    assert said == f"{NAME}, line 99 holds the byte 0x{byte.hex()}, expected numbers"


def test_more_engines_than_c_mapss_has_are_refused(damaged: Damaged) -> None:
    said = damaged(lambda data: data + b"101 1 " + data.split(b"\n")[0].split(b" ", 2)[2] + b"\n")
    assert said == f"{NAME} has 13,097 lines and 101 engines, expected 13,096 and 100"


def test_a_missing_file_and_a_directory_are_named(tmp_path: Path) -> None:
    assert problem(tmp_path / NAME) == f"{NAME} is missing from {tmp_path}"
    (tmp_path / NAME).mkdir()
    assert problem(tmp_path / NAME).startswith(f"{tmp_path / NAME} cannot be read: ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "RUL_FD001.txt is empty, expected 100 lines"),
        ("7 \n" * 99, "RUL_FD001.txt has 99 lines, expected 100, one for each test engine"),
        ("7 \n" * 101, "RUL_FD001.txt has 101 lines, expected 100, one for each test engine"),
        ("7 \n" * 3 + "7 8 \n" + "7 \n" * 96, "RUL_FD001.txt, line 4 has 2 columns, expected 1"),
        ("7 \n\n" + "7 \n" * 98, "RUL_FD001.txt, line 2 has 0 columns, expected 1"),
        ("7 \n" * 99 + "7.5\n", "RUL_FD001.txt, line 100 says '7.5', expected a number of cycles"),
        ("-7 \n" * 100, "RUL_FD001.txt, line 1 says '-7', expected a number of cycles"),
        ("7 \n" * 99 + "7", "RUL_FD001.txt is cut off: it ends in the middle of line 100, expected 100 lines"),
    ],
)
def test_a_damaged_rul_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "RUL_FD001.txt"
    path.write_text(text)
    assert problem(path) == said


@some_damages
@given(st.lists(st.integers(0, 999), min_size=100, max_size=100))
def test_rul_files_round_trip(tmp_path: Path, cycles: list[int]) -> None:
    path = tmp_path / "RUL_FD001.txt"
    path.write_text("".join(f"{number} \n" for number in cycles))
    assert read_rul(path).tolist() == cycles
