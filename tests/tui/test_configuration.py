"""The configuration file: what may stand in it, and how what may not is told; how one value of it is changed."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui.cli import main
from cmapss_tui.configuration import (
    Configuration,
    ProfileConfiguration,
    meaning,
    parse_config,
    read_config,
    schema,
    takes,
)
from cmapss_tui.configuration_file import edited, with_keys, with_setting
from cmapss_tui.exits import ExitCode
from cmapss_tui.options import CONFIG_VARIABLE, SETTINGS, Layers, Options, Origin, merged, sources
from cmapss_tui.settings import ORDER
from cmapss_tui.whole_files import LARGEST

FILE = Path("config.toml")
EXAMPLE = """\
# My console.
region = "eu-west-1"  # the nearest
protected = ["prod-*"]

# Keys of my own.
[keymap]
"jobs.sort" = "f6"  # as in the other tool

[profiles.prod]
read_only = true
"""


def parsed(text: str) -> Layers:
    return parse_config(text, Layers(FILE))


def test_settings_options_and_the_file_have_the_same_names() -> None:
    assert set(SETTINGS) | {"profiles"} == set(Configuration.__struct_fields__)
    assert set(SETTINGS) == set(ORDER)
    for name in SETTINGS:
        assert meaning(name).endswith(".")
        assert takes(name)


def test_a_file_is_read() -> None:
    layers = parsed(EXAMPLE)
    assert layers.file == {"region": "eu-west-1", "protected": ("prod-*",), "keymap": {"jobs.sort": "f6"}}
    assert layers.profiles == {"prod": {"read_only": True}}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("refrsh = 1", "sets refrsh, which does not exist. Did you mean refresh?"),
        ("kezmap = {}", "Did you mean keymap?"),
        ("zzz = 1", "sets zzz, which does not exist. Known: "),
        ("[profiles.prod]\ntheme = 'x'", "sets profiles.prod.theme, which does not exist"),
        ("[profiles.prod]\nread_onyl = true", "Did you mean read_only?"),
        ("[profiles.prod]\nproduction = ['a']", "profiles.prod.production to ['a']. It takes true or false."),
        ("profiles = 3", "It takes a table for each profile."),
        ("[profiles]\nprod = 3", "profiles.prod to 3. It takes a table for each profile."),
        ("read_only = 'yes'", "sets read_only to 'yes'. It takes true or false."),
        ("read_only = 1", "sets read_only to 1. It takes true or false."),
        ("refresh = true", "sets refresh to true. It takes a number of seconds above 0"),
        ("refresh = 0", "sets refresh to 0."),
        ("refresh = nan", "sets refresh to nan."),
        ("refresh = inf", "sets refresh to inf."),
        ("calls_per_minute = 2.5", "It takes a whole number from 1 to 6000."),
        ("calls_per_minute = 0", "calls_per_minute to 0."),
        ("region = 'us east'", 'It takes a region such as "us-east-1".'),
        ("regions = 'us-east-1'", "It takes a list"),
        ("[keymap]\n'jobs.sort' = 3", "It takes keys by action"),
        ("[keymap]\n'jobs.sort' = ' '", "It takes keys by action"),
        ("region = 2026-11-22", "region to "),
        ("a = ", "is not TOML"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_with_the_file_and_the_key(text: str, says: str) -> None:
    with pytest.raises(ConsoleError) as caught:
        parsed(text)
    assert caught.value.kind is ErrorKind.INVALID
    line = caught.value.line()
    assert "config.toml" in line
    assert says in line
    assert "\n" not in line


def test_the_schema_describes_every_setting() -> None:
    document = schema()
    assert json.loads(json.dumps(document)) == document
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert document["type"] == "object"
    assert document["additionalProperties"] is False
    assert set(document["properties"]) == set(Configuration.__struct_fields__)
    assert all(one["description"] for one in document["properties"].values())
    assert document["properties"]["calls_per_minute"] == {
        "description": meaning("calls_per_minute"),
        "type": "integer",
        "minimum": 1,
        "maximum": 6000,
        "default": 20,
    }
    profile = document["$defs"]["ProfileConfiguration"]
    assert document["properties"]["profiles"]["additionalProperties"] == {"$ref": "#/$defs/ProfileConfiguration"}
    assert set(profile["properties"]) == set(ProfileConfiguration.__struct_fields__)
    assert profile["properties"]["production"]["type"] == "boolean"


def test_a_value_is_changed_and_the_rest_stays_as_it_is() -> None:
    text = edited(EXAMPLE, (), "refresh", 5.0)
    assert text == EXAMPLE.replace('["prod-*"]\n', '["prod-*"]\nrefresh = 5\n')
    text = edited(text, (), "region", "us-west-2")
    assert 'region = "us-west-2"  # the nearest\n' in text
    text = edited(text, ("keymap",), "endpoint.delete", "f9")
    assert '"jobs.sort" = "f6"  # as in the other tool\n"endpoint.delete" = "f9"\n' in text
    assert edited(edited(text, ("keymap",), "endpoint.delete", None), (), "refresh", None) == EXAMPLE.replace(
        "eu-west-1", "us-west-2"
    )


@pytest.mark.parametrize(
    "text", ["", "# only this\n", "[profiles.prod]\nread_only = true\n", "# top\n[keymap]\n", EXAMPLE]
)
def test_a_value_that_is_added_is_found_at_the_top_level(text: str) -> None:
    before = tomllib.loads(text)
    assert tomllib.loads(edited(text, (), "theme", "cmapss-light")) == {**before, "theme": "cmapss-light"}
    assert tomllib.loads(edited(text, (), "theme", None)) == before


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "region": st.sampled_from(["us-east-1", "eu-west-1"]),
    "refresh": st.floats(0.5, 100.0),
    "read_only": st.booleans(),
    "protected": st.lists(st.text("ab*- '\"#\\", min_size=1).filter(str.strip).map(str.strip), max_size=3).map(tuple),
    "calls_per_minute": st.integers(1, 6000),
}
CHANGE = st.one_of([st.tuples(st.just(name), values | st.none()) for name, values in VALUES.items()])


@settings(max_examples=40)
@given(st.lists(CHANGE, max_size=8))
def test_any_changes_are_read_back_as_they_were_made(changes: list[tuple[str, Any]]) -> None:
    text, expected = EXAMPLE, dict(parsed(EXAMPLE).file)
    for name, value in changes:
        text = edited(text, (), name, value)
        expected.pop(name, None)
        if value is not None:
            expected[name] = value
    after = parsed(text)
    assert after.file == expected
    assert after.profiles == parsed(EXAMPLE).profiles
    for comment in ("# My console.", "# Keys of my own.", "# as in the other tool"):
        assert comment in text


def at(path: Path, text: str | None = None) -> Options:
    if text is not None:
        path.write_text(text, encoding="utf-8")
    return merged(Layers(path) if text is None else parse_config(text, Layers(path)))


def test_a_setting_is_written_where_no_file_and_no_folder_was(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "config.toml"
    options = with_setting(at(path), "refresh", 5.0)
    assert options.refresh == 5.0
    assert sources(options)["refresh"].origin is Origin.FILE
    assert path.read_text(encoding="utf-8") == "refresh = 5\n"
    assert [one.name for one in path.parent.iterdir()] == ["config.toml"]
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
    assert with_setting(options, "refresh", None).refresh is None


def test_what_somebody_else_wrote_since_is_taken_up(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    options = at(path, EXAMPLE)
    path.write_text(EXAMPLE.replace("eu-west-1", "us-west-2"), encoding="utf-8")
    assert with_keys(options, "jobs.sort", None).region == "us-west-2"
    assert "[keymap]" not in path.read_text(encoding="utf-8")


@pytest.mark.skipif(os.name != "posix", reason="links are made otherwise there")
def test_a_link_goes_on_leading_to_the_file(tmp_path: Path) -> None:
    kept = tmp_path / "kept.toml"
    path = tmp_path / "config.toml"
    path.symlink_to(kept)
    kept.write_text(EXAMPLE, encoding="utf-8")
    with_setting(at(path, EXAMPLE), "refresh", 2.0)
    assert path.is_symlink()
    assert "refresh = 2\n" in kept.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("theme", "nowhere", "There is no theme nowhere"),
        ("endpoint_url", "nowhere", "'nowhere'"),
        ("refresh", -1.0, "refresh"),
    ],
)
def test_a_file_that_would_be_wrong_is_not_written(tmp_path: Path, name: str, value: Any, says: str) -> None:
    path = tmp_path / "config.toml"
    with pytest.raises(ConsoleError, match=says) as caught:
        with_setting(at(path, EXAMPLE), name, value)
    assert caught.value.kind is ErrorKind.INVALID
    assert path.read_text(encoding="utf-8") == EXAMPLE


def test_a_clash_of_keys_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    with pytest.raises(ConsoleError, match=r"D would be both jobs\.filter and jobs\.deploy"):
        with_keys(at(path, EXAMPLE), "jobs.filter", "D")
    assert path.read_text(encoding="utf-8") == EXAMPLE


def test_a_place_that_cannot_be_written_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    options = at(path, EXAMPLE)
    in_the_way = tmp_path / "file"
    in_the_way.write_text("", encoding="utf-8")
    with pytest.raises(ConsoleError, match="cannot be") as caught:
        with_setting(at(in_the_way / "config.toml"), "refresh", 2.0)
    assert caught.value.kind is ErrorKind.FAILED
    assert options.region == "eu-west-1"
    assert path.read_text(encoding="utf-8") == EXAMPLE


def test_a_file_that_is_no_toml_any_more_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    options = at(path, EXAMPLE)
    path.write_text("a = ", encoding="utf-8")
    with pytest.raises(ConsoleError, match="not TOML"):
        with_setting(options, "refresh", 2.0)
    assert path.read_text(encoding="utf-8") == "a = "


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices are POSIX's")
@pytest.mark.parametrize(
    "what", ["pipe", "directory", "endless", "large", "latin", "missing", "below a file", "~nobody-here/f"]
)
@pytest.mark.parametrize("named", ["--config", "CMAPSS_CONFIG"])
def test_only_a_file_that_people_write_is_a_configuration(
    what: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.toml"
    match what:
        case "pipe":
            os.mkfifo(path)
        case "directory":
            path.mkdir()
        case "endless":
            path = Path("/dev/zero")
        case "large":
            path.write_text("#" * (LARGEST + 1), encoding="utf-8")
        case "latin":
            path.write_bytes(b'theme = "\xe9"')
        case "below a file":
            path.write_text("", encoding="utf-8")
            path /= "config.toml"
        case _ if what[0] == "~":
            path = Path(what)
    if named == CONFIG_VARIABLE:
        monkeypatch.setenv(named, str(path))
    for verb in (["jobs"], ["config", "show"]):
        assert main([*verb, *(["--config", str(path)] if named == "--config" else [])]) == ExitCode.USAGE
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith(f"cmapss-console: The configuration {path} ")
        assert said.err.count("\n") == 1


def test_a_directory_of_somebody_without_a_home_is_refused() -> None:
    with pytest.raises(ConsoleError, match="export_directory"):
        parsed('export_directory = "~nobody-here/exports"')


def test_line_ends_of_another_system_are_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b'\xef\xbb\xbfregion = "eu-west-1"\r\ntour = false\r\n')
    assert read_config(path, Layers(path)).file == {"region": "eu-west-1", "tour": False}
