"""What goes to stdout can always be read back: JSON of any values, tables that are aligned and never cut."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui.arguments import duration
from cmapss_tui.cli import main
from cmapss_tui.exits import ExitCode
from cmapss_tui.output import Progress, narrate, render_table, timestamp, to_json, write_json

HERE = ("--endpoint-url", "http://127.0.0.1:1")  # a connection that is made and never used
TIMES = st.datetimes(
    min_value=datetime(2000, 1, 1),
    max_value=datetime(2100, 1, 1),
    timezones=st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours))),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | TIMES,
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
)
WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)


def raising(error: BaseException) -> Any:
    def act() -> None:
        raise error

    return act


@given(VALUES)
def test_any_document_is_valid_json_and_comes_back_the_same(value: Any) -> None:
    document = to_json(value)
    assert json.loads(json.dumps(document, allow_nan=False)) == document


@given(st.floats())
def test_a_number_is_itself_or_null(value: float) -> None:
    assert to_json(value) == (value if math.isfinite(value) else None)


@given(TIMES)
def test_a_time_is_utc_to_the_second(moment: datetime) -> None:
    text = timestamp(moment)
    assert text.endswith("Z")
    assert datetime.fromisoformat(text) == moment.astimezone(UTC).replace(microsecond=0)


def test_what_has_no_place_in_json_is_refused_rather_than_written_somehow() -> None:
    with pytest.raises(TypeError, match="object has no place"):
        to_json({"a": [object()]})


@given(st.floats(min_value=0.1, max_value=720), st.sampled_from([("s", 1), ("m", 60), ("h", 3600), ("", 1)]))
def test_a_duration_is_its_number_times_its_unit(number: float, unit: tuple[str, int]) -> None:
    assert duration(f"{number:.1f}{unit[0]}") == pytest.approx(float(f"{number:.1f}") * unit[1])


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=8))
def test_a_table_keeps_every_cell_whole_and_its_columns_aligned(rows: list[tuple[str, str]]) -> None:
    header, *lines = render_table(("first", "second"), rows, right=(), stream=StringIO()).splitlines()
    begin = header.index("second")
    assert [(line[:begin].rstrip(), line[begin:]) for line in lines] == rows


def test_a_table_has_no_colour_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" not in render_table(("first",), [("a",)], right=(), stream=StringIO())


def test_progress_in_a_log_waits_and_on_a_terminal_rewrites(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Progress().say("1 of 3")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    progress = Progress()
    progress.say("2 of 3")
    progress.end()
    assert capsys.readouterr().err == "\r2 of 3\x1b[K\r\x1b[K"


def test_narration_never_takes_the_place_of_data(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    narrate("for nobody")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("line", "act", "code", "message"),
    [
        (["jobs", "--top", "0"], None, ExitCode.USAGE, "whole number"),
        (["jobz"], None, ExitCode.USAGE, "jobz"),
        (["jobs", "--config", "missing.toml"], None, ExitCode.USAGE, "missing.toml"),
        (["data", "import", "nowhere"], None, ExitCode.USAGE, "nowhere"),
        (["jobs", *HERE], raising(KeyboardInterrupt()), ExitCode.INTERRUPTED, "Interrupted."),
        (["jobs", *HERE], raising(PermissionError(13, "Denied", "journal")), ExitCode.FAILED, "journal: Denied"),
        (["jobs", *HERE], raising(RuntimeError("odd")), ExitCode.FAILED, "unexpected RuntimeError: odd"),
    ],
)
def test_whatever_ends_a_line_with_json_is_one_line_of_narration_and_no_data(
    line: list[str],
    act: Any,
    code: ExitCode,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path))
    if act is not None:
        monkeypatch.setattr("cmapss_core.jobs.read_jobs", lambda *_: act())
    assert main([*line, "--json"]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert message in said.err
    assert said.err.count("\n") == 1


def test_data_that_was_written_before_an_error_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def act() -> None:
        write_json(["so far"])
        raise ConsoleError(ErrorKind.NOT_FOUND, "gone")

    monkeypatch.setattr("cmapss_core.jobs.read_jobs", lambda *_: act())
    for _ in range(2):
        assert main(["jobs", "--json", *HERE]) == ExitCode.NOT_FOUND
        assert json.loads(capsys.readouterr().out) == ["so far"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize(
    "line",
    [
        ["jobs", "--json"],
        ["config", "show"],
        ["config", "schema"],
        ["--version"],
        ["--help"],
        ["jobs", "--help"],
        ["jobs", "--top", "0", "--json"],
    ],
)
def test_a_disk_that_is_full_is_one_line(line: list[str], tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from cmapss_tui import cli\n"
        "from cmapss_core import jobs\n"
        "jobs.read_jobs = lambda *_: jobs.JobsSnapshot(as_of=None)\n"
        f"sys.exit(cli.main({[*line, *HERE]!r}))\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    environment["CMAPSS_CONSOLE_HOME"] = str(tmp_path)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", script], stdout=full, stderr=subprocess.PIPE, text=True, env=environment
        )
        told_nobody = subprocess.run(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=full, text=True, env=environment
        )
    usage = "0" in line
    assert done.returncode == (ExitCode.USAGE if usage else ExitCode.FAILED)
    assert done.stderr.count("\n") == 1
    assert ("Standard output cannot be written (No space left on device)" in done.stderr) is not usage
    assert told_nobody.returncode == (ExitCode.USAGE if usage else ExitCode.DONE)
    assert not (tmp_path / "crashes").exists()
