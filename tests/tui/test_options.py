"""Defaults, file, profile, environment, command line, and what is chosen inside: the later over the earlier."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.errors import ConsoleError
from cmapss_tui.options import (
    SETTINGS,
    Layers,
    Options,
    Origin,
    chosen,
    default_config_path,
    merged,
    options_for_profile,
    options_from,
    out_of_read_only,
    sources,
    variable,
)

ADDRESSES = ("profile", "endpoint_url")
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "sandbox": st.booleans(),
    "profile": st.sampled_from(["prod", "dev"]),
    "region": st.sampled_from(["us-east-1", "eu-west-1", "us-west-2"]),
    "endpoint_url": st.sampled_from(["http://127.0.0.1:1", "http://127.0.0.1:2"]),
    "read_only": st.booleans(),
    "refresh": st.sampled_from([1.0, 2.0, 5.0]),
    "protected": st.sampled_from([(), ("prod-*",), ("engines",)]),
    "calls_per_minute": st.integers(1, 100),
    "theme": st.sampled_from(["cmapss-dark", "cmapss-light"]),
    "tour": st.booleans(),
}


def two_places(values: Mapping[str, Any]) -> bool:
    return bool(values.get("sandbox")) and any(values.get(name) for name in ADDRESSES)


LAYER = st.fixed_dictionaries({}, optional=VALUES).filter(lambda values: not two_places(values))


@pytest.fixture(autouse=True)
def _no_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)


def layers(**parts: Any) -> Layers:
    return Layers(Path("config.toml"), **parts)


@given(file=LAYER, environment=LAYER, flags=LAYER)
def test_what_is_said_last_holds(file: dict[str, Any], environment: dict[str, Any], flags: dict[str, Any]) -> None:
    options = merged(layers(file=file, environment=environment, flags=flags))
    said = sources(options)
    by_origin = {Origin.FILE: file, Origin.ENVIRONMENT: environment, Origin.FLAG: flags}
    for name in SETTINGS:
        origin = said[name].origin
        value = getattr(options, name)
        if origin is Origin.DEFAULT:
            assert value == getattr(Options(), name)
        else:
            assert value == by_origin[origin][name]
        if name not in ("sandbox", "region", *ADDRESSES):  # these go together: see below
            last = next((one for one in (flags, environment, file) if name in one), None)
            assert value == (getattr(Options(), name) if last is None else last[name])


@given(file=LAYER, environment=LAYER, flags=LAYER)
def test_the_last_who_says_which_aws_decides_between_sandbox_and_addresses(
    file: dict[str, Any], environment: dict[str, Any], flags: dict[str, Any]
) -> None:
    options = merged(layers(file=file, environment=environment, flags=flags))
    assert not two_places({name: getattr(options, name) for name in SETTINGS})
    regions = []
    for layer in (flags, environment, file):
        regions.append(layer.get("region"))
        if layer.get("sandbox"):
            assert options.sandbox
            # It has a region of its own: what was said beneath is of another place.
            assert options.region == next(filter(None, regions), None)
            return
        if any(name in layer for name in ADDRESSES):
            assert not options.sandbox
            return


@given(file=LAYER, part=st.fixed_dictionaries({}, optional={"region": VALUES["region"], "refresh": VALUES["refresh"]}))
def test_a_profile_s_part_is_over_the_file_and_under_the_rest(file: dict[str, Any], part: dict[str, Any]) -> None:
    given = layers(file={**file, "sandbox": False}, profiles={"prod": part}, flags={"profile": "prod"})
    options = merged(given)
    for name in ("region", "refresh"):
        assert getattr(options, name) == part.get(name, file.get(name))
    above = merged(replace(given, environment={"region": "us-gov-west-1"}, flags={"profile": "prod", "refresh": 9.0}))
    assert (above.region, above.refresh) == ("us-gov-west-1", 9.0)
    assert sources(above)["refresh"].where == "--refresh"


@pytest.mark.parametrize(
    ("layer", "names"),
    [
        ({"flags": {"sandbox": True, "profile": "p"}}, "--sandbox and --profile"),
        (
            {"environment": {"sandbox": True, "endpoint_url": "http://h"}},
            "CMAPSS_SANDBOX and CMAPSS_ENDPOINT_URL exclude",
        ),
        ({"file": {"sandbox": True, "profile": "p"}}, "config.toml: sandbox and profile"),
    ],
)
def test_one_place_cannot_say_both(layer: dict[str, Any], names: str) -> None:
    with pytest.raises(ConsoleError, match=names):
        merged(layers(**layer))


PARTS: Mapping[str, Mapping[str, Any]] = {
    "prod": {"read_only": True, "production": True, "region": "eu-west-1"},
    "dev": {"production": False, "read_only": False},
    "default": {"refresh": 30.0},
}


@pytest.mark.parametrize(
    ("flags", "profile", "expected"),
    [
        ({}, "prod", {"read_only": True, "production": ("*",), "region": "eu-west-1", "refresh": None}),
        ({}, "dev", {"read_only": False, "production": (), "region": "us-east-1"}),
        ({"read_only": True}, "dev", {"read_only": True}),
        ({}, None, {"refresh": 30.0, "production": Options().production}),
        ({"sandbox": True}, "prod", {"sandbox": False, "profile": "prod", "read_only": True}),
        ({"endpoint_url": "http://127.0.0.1:1", "region": "us-west-2"}, "prod", {"endpoint_url": None}),
        ({"region": "us-west-2"}, "prod", {"region": "eu-west-1"}),
    ],
)
def test_another_profile_comes_with_its_part_and_leaves_the_former_place(
    flags: dict[str, Any], profile: str | None, expected: dict[str, Any]
) -> None:
    options = merged(layers(file={"region": "us-east-1"}, profiles=PARTS, flags=flags))
    after = options_for_profile(options, profile)
    assert after.profile == profile
    assert {name: getattr(after, name) for name in expected} == expected


def test_the_way_from_profile_to_profile_and_back_leaves_nothing_behind() -> None:
    options = merged(layers(file={"region": "us-east-1", "protected": ("a",)}, profiles=PARTS))
    there = options_for_profile(options, "prod")
    assert options_for_profile(options_for_profile(there, "dev"), "prod") == there
    assert options_for_profile(there, "other") == replace(options, profile="other", refresh=None)


def test_the_profile_of_aws_s_own_variable_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "prod")
    given = layers(profiles=PARTS)
    assert merged(given).read_only
    assert sources(merged(given))["read_only"].where == "[profiles.prod]"
    assert not merged(replace(given, flags={"sandbox": True})).read_only


def test_what_is_chosen_inside_is_over_everything() -> None:
    options = merged(layers(environment={"refresh": 1.0}, flags={"profile": "prod", "refresh": 2.0}))
    after = chosen(options, refresh=7.0, sandbox=True, region=None)
    assert (after.refresh, after.sandbox, after.profile) == (7.0, True, None)
    assert sources(after)["refresh"].origin is Origin.CHOSEN
    back = chosen(after, profile="dev")
    assert (back.sandbox, back.profile, back.refresh) == (False, "dev", 7.0)


@pytest.mark.parametrize(
    ("layer", "way"),
    [
        ({"flags": {"read_only": True}}, "Start without --read-only"),
        ({"environment": {"read_only": True}}, "CMAPSS_READ_ONLY says so"),
        ({"profiles": PARTS, "flags": {"profile": "prod"}}, "[profiles.prod] says so"),
        ({"file": {"read_only": True}}, "Settings can turn it off"),
    ],
)
def test_the_way_out_of_read_only_is_where_it_was_said(layer: dict[str, Any], way: str) -> None:
    options = merged(layers(**layer))
    assert options.read_only
    assert way in out_of_read_only(options)


def test_options_made_by_hand_keep_what_they_say() -> None:
    options = Options(refresh=4.0, protected=("a",), sandbox=True)
    assert options_for_profile(options, "dev") == replace(options, sandbox=False, profile="dev")


@pytest.mark.parametrize("name", ["sandbox", "read_only", "tour"])
def test_a_variable_says_yes_or_no(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for text, value in (("1", True), ("true", True), ("0", False), ("False", False)):
        monkeypatch.setenv(variable(name), text)
        assert getattr(options_from(Namespace(), starts_sandbox=False), name) is value
    monkeypatch.setenv(variable(name), "")
    assert getattr(options_from(Namespace(), starts_sandbox=False), name) == getattr(Options(), name)


def test_variables_are_lists_and_numbers_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMAPSS_PROTECTED", "prod-*, engines")
    monkeypatch.setenv("CMAPSS_REFRESH", "2.5")
    monkeypatch.setenv("CMAPSS_EXPORT_DIRECTORY", "~/exports")
    options = options_from(Namespace(refresh=9.0), starts_sandbox=False)
    assert options.protected == ("prod-*", "engines")
    assert options.refresh == 9.0
    assert options.export_directory == Path.home() / "exports"


def test_the_usual_file_is_read_where_it_is_and_another_where_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path))
    assert options_from(Namespace(), starts_sandbox=False).refresh is None
    default_config_path().write_text("refresh = 3", encoding="utf-8")
    assert options_from(Namespace(), starts_sandbox=False).refresh == 3
    other = tmp_path / "other.toml"
    monkeypatch.setenv("CMAPSS_CONFIG", str(other))
    with pytest.raises(ConsoleError, match="cannot be read"):
        options_from(Namespace(), starts_sandbox=False)
    other.write_text("refresh = 4", encoding="utf-8")
    assert options_from(Namespace(), starts_sandbox=False).refresh == 4
    assert options_from(Namespace(config=default_config_path()), starts_sandbox=False).refresh == 3


def test_without_the_console_s_home_the_file_is_in_the_user_s_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CMAPSS_CONSOLE_HOME")
    assert default_config_path().parts[-2:] == ("cmapss-console", "config.toml")
