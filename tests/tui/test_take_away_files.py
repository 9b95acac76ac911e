"""Files are written whole, for their owner alone, and never over another without being told to."""

from __future__ import annotations

import os
import stat
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui.take_away.files import ExistsError, default_name, default_path, path_of, write_file

NOW = datetime(2026, 11, 22, 16, 41, 7, tzinfo=UTC)


def test_a_file_is_its_owner_s_alone_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "jobs.csv"
    assert write_file(path, "a\r\nb", overwrite=False) == path
    assert path.read_bytes() == b"a\r\nb"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["jobs.csv"]


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_what_is_there_stays_until_it_is_to_be_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "jobs.csv"
    write_file(path, "first", overwrite=False)
    with pytest.raises(ExistsError, match="exists"):
        write_file(path, "second", overwrite=False)
    assert path.read_text() == "first"
    write_file(path, "third", overwrite=True)
    assert path.read_text() == "third"
    assert os.listdir(tmp_path) == ["jobs.csv"]


def test_a_file_that_appears_in_the_meantime_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "jobs.csv"
    make = os.fsync

    def somebody_else(descriptor: int) -> None:
        make(descriptor)
        path.write_text("theirs")

    monkeypatch.setattr(os, "fsync", somebody_else)
    with pytest.raises(ExistsError):
        write_file(path, "ours", overwrite=False)
    assert path.read_text() == "theirs"
    assert os.listdir(tmp_path) == ["jobs.csv"]


def refuse(*_: object) -> None:
    raise PermissionError(1, "Operation not permitted")


def test_what_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConsoleError) as raised:
        write_file(tmp_path / "nowhere" / "jobs.csv", "x", overwrite=False)
    assert raised.value.kind is ErrorKind.FAILED
    assert "no such file or directory" in raised.value.line()
    assert "\n" not in raised.value.line()


def test_the_name_says_what_and_when_in_the_region() -> None:
    assert default_name("jobs", NOW, "csv") == "cmapss-jobs-2026-11-22-16-41-07.csv"
    assert default_path(Path("~/out"), "x.csv") == Path.home() / "out" / "x.csv"
    assert default_path(None, "x.csv") == Path.cwd() / "x.csv"


@pytest.mark.parametrize("text", ["", "  ", "a\0b", "~nobody-of-that-name/x"])
def test_what_names_no_file_is_refused(text: str) -> None:
    with pytest.raises(ConsoleError) as raised:
        path_of(text)
    assert raised.value.kind is ErrorKind.INVALID


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConsoleError, match="is a directory"):
        path_of(str(tmp_path))
    assert path_of("~/x.csv") == Path.home() / "x.csv"


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_any_text_is_written_as_it_is(text: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = write_file(Path(directory) / "x", text, overwrite=False)
        assert path.read_bytes().decode("utf-8") == text
