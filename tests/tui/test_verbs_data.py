"""data: three actions, one document, and one line for whatever is wrong with a file."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from cmapss_data import Fleet
from cmapss_data.fleet import FileInfo, FleetInfo
from cmapss_data.marker import DEFAULT_SEED
from cmapss_tui.cli import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A console that has no data yet."""
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def informs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fleets that say what they hold without reading it."""
    files = (FileInfo("train_FD001.txt", 20_631, 100, 3_500_000, True, None),)
    monkeypatch.setattr(Fleet, "info", lambda fleet: FleetInfo(fleet.origin, fleet.root, files))


@pytest.mark.usefixtures("informs")
def test_info_as_json(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr("cmapss_data.open_fleet", lambda: Fleet(home / "data" / "nasa", "nasa"))
    assert main(["data", "info", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "origin": "nasa",
        "root": str(home / "data" / "nasa"),
        "ok": True,
        "files": [
            {
                "name": "train_FD001.txt",
                "rows": 20_631,
                "engines": 100,
                "bytes": 3_500_000,
                "ok": True,
                "problem": None,
            }
        ],
    }


@pytest.mark.usefixtures("informs")
def test_info_for_a_person(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr("cmapss_data.open_fleet", lambda: Fleet(home, "synthetic"))
    assert main(["data", "info"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("synthetic data in ")
    assert out.splitlines()[-1].split() == ["train_FD001.txt", "20,631", "100", "3.5", "MB", "whole"]


@pytest.mark.usefixtures("informs")
def test_what_is_for_every_verb_stands_behind_the_action_too(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr("cmapss_data.open_fleet", lambda: Fleet(home, "synthetic"))
    assert main(["data", "info", "--profile", "p", "--region", "eu-west-1", "--read-only", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["origin"] == "synthetic"


@pytest.mark.usefixtures("informs")
@pytest.mark.parametrize(
    ("flags", "seed", "place"),
    [
        ([], DEFAULT_SEED, f"home/data/synthetic-seed-{DEFAULT_SEED}"),
        (["--seed", "7"], 7, "home/data/synthetic-seed-7"),
        (["--seed", "0", "--output", "fleet"], 0, "fleet"),
    ],
)
def test_synthesize_says_what_it_made_and_where(
    flags: list[str], seed: int, place: str, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    made: list[tuple[Path, int]] = []

    def synthesize(directory: Path, seed: int, **_: Any) -> Fleet:
        made.append((directory, seed))
        return Fleet(directory, "synthetic")

    monkeypatch.setattr("cmapss_data.synthesize.synthesize", synthesize)
    assert main(["data", "synthesize", "--json", *flags]) == 0
    wanted = home.parent / place if place.startswith("home") else Path(place)
    assert made == [(wanted, seed)]
    document = json.loads(capsys.readouterr().out)
    assert (document["origin"], document["root"]) == ("synthetic", str(wanted))


@pytest.mark.parametrize("source", ["nowhere.zip", "empty", "note.zip"])
def test_what_is_no_set_is_refused_in_one_line_and_nothing_is_kept(
    source: str, home: Path, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "empty").mkdir()
    with zipfile.ZipFile(tmp_path / "note.zip", "w") as archive:
        archive.writestr("note.txt", "no engines")
    assert main(["data", "import", str(tmp_path / source), "--json"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert source in said.err
    assert not [path for path in home.rglob("*") if path.is_file()]


def test_a_truncated_file_of_the_real_set_is_named(
    real_data: Path, home: Path, tmp_path: Path, capsys: Capture
) -> None:
    with zipfile.ZipFile(real_data) as archive:
        archive.extractall(tmp_path / "set")
    (damaged,) = (tmp_path / "set").rglob("test_FD002.txt")
    damaged.write_bytes(damaged.read_bytes()[:1_000_000])
    assert main(["data", "import", str(damaged.parent)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "test_FD002.txt" in said
    assert not [path for path in home.rglob("*") if path.is_file()]


def test_the_real_set_is_imported(real_data: Path, home: Path, capsys: Capture) -> None:
    assert main(["data", "import", str(real_data), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    rows = {file["name"]: file["rows"] for file in document["files"]}
    assert (document["origin"], document["ok"]) == ("nasa", True)
    assert sum(count for name, count in rows.items() if name.startswith("test_")) == 104_897
    assert Path(document["root"]).is_relative_to(home)
