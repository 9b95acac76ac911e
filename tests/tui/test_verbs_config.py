"""`config`: what is set and by whom, where the file is, what may stand in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cmapss_core.jobs import JobsSnapshot
from cmapss_tui.cli import main
from cmapss_tui.exits import ExitCode

PRESENT = """\
region = "eu-west-1"

[keymap]
"jobs.sort" = "f6"

[profiles.prod]
read_only = true
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path))
    return tmp_path / "config.toml"


def test_everything_is_shown_with_where_it_is_from(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(PRESENT, encoding="utf-8")
    monkeypatch.setenv("CMAPSS_REFRESH", "5")
    assert main(["config", "show", "--json", "--profile", "prod"]) == ExitCode.DONE
    said = capsys.readouterr()
    document = json.loads(said.out)
    assert (document["path"], document["exists"]) == (str(file), True)
    assert document["profiles"] == {"prod": {"read_only": True}}
    settings = {one.pop("name"): one for one in document["settings"]}
    assert settings["region"] == {"value": "eu-west-1", "source": "file", "where": str(file)}
    assert settings["read_only"] == {"value": True, "source": "profile", "where": "[profiles.prod]"}
    assert settings["refresh"] == {"value": 5.0, "source": "environment", "where": "CMAPSS_REFRESH"}
    assert settings["profile"] == {"value": "prod", "source": "flag", "where": "--profile"}
    assert settings["theme"] == {"value": None, "source": "default", "where": ""}
    assert settings["keymap"]["value"] == {"jobs.sort": "f6"}


@pytest.mark.parametrize("line", [["config"], ["config", "show"]])
def test_the_table_is_data_and_where_the_file_is_narration(
    line: list[str], file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(PRESENT, encoding="utf-8")
    assert main(line) == ExitCode.DONE
    said = capsys.readouterr()
    rows = [one.split() for one in said.out.splitlines()]
    assert ["region", "eu-west-1", "file"] in rows
    assert ["profiles.prod.read_only", "true", "file,", "with", "that", "profile"] in rows
    assert said.err == f"The file is {file}.\n"


@pytest.mark.parametrize("text", [None, "region = 'eu-west-1'", "a = ", "colour = 1"])
def test_the_path_is_told_whatever_is_in_the_file(
    text: str | None, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        file.write_text(text, encoding="utf-8")
    assert main(["config", "path"]) == ExitCode.DONE
    assert capsys.readouterr().out == f"{file}\n"
    assert main(["config", "path", "--json"]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out) == {"path": str(file), "exists": text is not None}


def test_the_path_is_the_one_that_is_named(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CMAPSS_CONFIG", "from-the-environment.toml")
    assert main(["config", "path"]) == ExitCode.DONE
    assert main(["config", "path", "--config", "by-flag.toml"]) == ExitCode.DONE
    assert capsys.readouterr().out.split() == ["from-the-environment.toml", "by-flag.toml"]


def test_the_schema_is_printed_whatever_is_in_the_file(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("a = ", encoding="utf-8")
    assert main(["config", "schema"]) == ExitCode.DONE
    assert "refresh" in json.loads(capsys.readouterr().out)["properties"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("refrsh = 1", "Did you mean refresh?"),
        ("theme = 'nowhere'", "config.toml). Try cmapss-dark"),
        ("theme = 'cmaps-light'", "Did you mean cmapss-light?"),
        ("[keymap]\n'jobs.sort' = 'D'", "D would be both jobs.sort and jobs.deploy"),
        ("[keymap]\n'endpoint.delete' = 'enter'", "endpoint.delete changes AWS"),
    ],
)
def test_a_wrong_file_is_2_and_one_line(text: str, says: str, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(text, encoding="utf-8")
    assert main(["config", "show"]) == ExitCode.USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert says in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("text", ["theme = 'nowhere'", "[keymap]\n'jobs.sort' = 'D'"])
def test_the_console_does_not_open_with_a_wrong_file(
    text: str, file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(text, encoding="utf-8")
    monkeypatch.setattr("cmapss_tui.cli._terminal_problem", lambda: None)
    assert main([]) == ExitCode.USAGE
    said = capsys.readouterr()
    assert str(file) in said.err
    assert said.err.count("\n") == 1


def test_the_console_s_own_flags_stand_before_the_verb(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--theme", "cmapss-light", "--calls-per-minute", "5", "config", "show", "--json"]) == ExitCode.DONE
    settings = {one["name"]: one["value"] for one in json.loads(capsys.readouterr().out)["settings"]}
    assert (settings["theme"], settings["calls_per_minute"]) == ("cmapss-light", 5)
    assert main(["--theme", "nowhere", "config"]) == ExitCode.USAGE
    assert "There is no theme nowhere (--theme)" in capsys.readouterr().err


UNFIT = (
    'theme = "cmapss-drak"\nendpoint_url = "http://127.0.0.1:1"\n[keymap]\n"jobs.sort" = "f66"\n"jobs.srot" = "f6"\n'
)


def test_what_the_console_would_refuse_a_verb_says_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "console.toml"
    path.write_text(UNFIT, encoding="utf-8")
    monkeypatch.setattr("cmapss_core.jobs.read_jobs", lambda *_: JobsSnapshot(as_of=datetime.now(UTC)))
    assert main(["jobs", "--json", "--config", str(path)]) == ExitCode.DONE
    said = capsys.readouterr()
    assert json.loads(said.out) == []
    assert main(["config", "show", "--config", str(path)]) == ExitCode.USAGE
    refused = capsys.readouterr()
    assert refused.out == ""
    for told in (said.err, refused.err):
        assert told.count("\n") == 1
        for wrong in ("cmapss-drak", "Did you mean cmapss-dark?", "f66", "jobs.srot", str(path)):
            assert wrong in told
    assert said.err.startswith("! ")
