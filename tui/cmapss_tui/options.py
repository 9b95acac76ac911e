"""Where to connect to and how: what the file, the environment and the command line say, the later over the earlier."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cmapss_core.errors import invalid
from cmapss_tui.arguments import flag

HOME_VARIABLE = "CMAPSS_CONSOLE_HOME"
CONFIG_VARIABLE = "CMAPSS_CONFIG"
DEFAULT_PROFILE = "default"  # what AWS's own configuration calls the credentials that no profile names
_PREFIX = "CMAPSS_"
_ADDRESSES = ("profile", "endpoint_url")  # each says by itself which AWS is meant, as `sandbox` does
_PLACE = (*_ADDRESSES, "sandbox", "region")  # what goes with it: the sandbox has a region of its own


class Origin(StrEnum):
    """Who says what a setting is."""

    DEFAULT = "default"
    FILE = "file"
    PROFILE = "profile"
    ENVIRONMENT = "environment"
    FLAG = "flag"
    CHOSEN = "chosen here"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a setting's value is from: `where` is the file, its part, the variable, or the flag by its name."""

    origin: Origin
    where: str = ""

    def __str__(self) -> str:
        return self.origin if self.origin is Origin.FILE else self.where or self.origin


@dataclass(frozen=True, slots=True)
class Layers:
    """What each place says, by the names of settings; `path` is the configuration file's, be it there or not.

    `profiles` is the file's part on each profile, which holds while that profile is in use; `chosen` what the
    operator has chosen since, until the console ends.
    """

    path: Path
    file: Mapping[str, Any] = field(default_factory=dict)
    profiles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    flags: Mapping[str, Any] = field(default_factory=dict)
    chosen: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Options:
    """What holds for the console and every verb alike. `refresh` is in seconds; None leaves it to the screen.

    `protected` are patterns of endpoints' names that have to be typed before anything of theirs is changed,
    `production` patterns of the profiles and accounts that are production, `regions` those that the console offers to
    switch to first. `calls_per_minute` is the budget of readings that the console makes by itself. `keymap` gives
    actions other keys, by their ids. `export_directory` takes what is exported; None is the one it was started in.
    `starts_sandbox`: without credentials the console starts a sandbox; a verb in a script only uses one that runs.
    `layers` is what all this was made from.
    """

    sandbox: bool = False
    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    read_only: bool = False
    refresh: float | None = None
    protected: tuple[str, ...] = ()
    production: tuple[str, ...] = ("prod", "prod-*", "*-prod", "*production*")
    regions: tuple[str, ...] = ()
    calls_per_minute: int = 20
    theme: str | None = None
    keymap: Mapping[str, str] = field(default_factory=dict)
    export_directory: Path | None = None
    tour: bool = True
    config: Path | None = None
    starts_sandbox: bool = True
    layers: Layers | None = field(default=None, compare=False, repr=False)


_NOT_SETTINGS = ("config", "starts_sandbox", "layers")
SETTINGS: tuple[str, ...] = tuple(one.name for one in fields(Options) if one.name not in _NOT_SETTINGS)


def options_from(arguments: Namespace, *, starts_sandbox: bool) -> Options:
    """The options of a command line; what it leaves open, the environment says, then the configuration file.

    Raises ConsoleError(INVALID) naming what is wrong, and where.
    """
    layers, config = layers_of(arguments)
    return merged(layers, config=config, starts_sandbox=starts_sandbox)


def layers_of(arguments: Namespace) -> tuple[Layers, Path | None]:
    """What file, environment and command line say, and which file was asked for. Raises ConsoleError(INVALID)."""
    flags = {name: value for name in SETTINGS if (value := getattr(arguments, name, None)) is not None}
    variables = {name: text for name in SETTINGS if (text := os.environ.get(variable(name)))}
    chosen = config_asked_for(arguments)
    path = chosen or default_config_path()
    layers = Layers(path, flags=flags)
    # What checks them is loaded where there is something to check.
    if chosen is not None or path.exists():
        from cmapss_tui.configuration import read_config

        layers = read_config(path, layers)
    if variables:
        from cmapss_tui.configuration import read_environment

        layers = replace(layers, environment=read_environment(variables))
    return layers, chosen


def config_asked_for(arguments: Namespace) -> Path | None:
    """The configuration file that a flag or the environment names; None leaves it to where it usually is."""
    given: Path | None = getattr(arguments, "config", None)
    named = os.environ.get(CONFIG_VARIABLE)
    # Where ~NAME is nobody's home, it stays as it is, and is told as a file that is not there.
    return given or (Path(os.path.expanduser(named)) if named else None)


def default_config_path() -> Path:
    """Where the configuration is looked for: in the console's home, or the user's configuration folder."""
    if home := os.environ.get(HOME_VARIABLE):
        return Path(home) / "config.toml"
    from platformdirs import user_config_path

    return user_config_path("cmapss-console") / "config.toml"


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return _PREFIX + name.upper()


def merged(layers: Layers, *, config: Path | None = None, starts_sandbox: bool = True) -> Options:
    """The options that the layers amount to. Raises ConsoleError(INVALID)."""
    said = _said(layers)
    values = {name: value for name, (value, _) in said.items()}
    if isinstance(values.get("production"), bool):  # what a profile says of itself
        values["production"] = ("*",) if values["production"] else ()
    options = Options(**values, config=config, starts_sandbox=starts_sandbox, layers=layers)
    if options.endpoint_url is not None:
        _check_url(options.endpoint_url, said["endpoint_url"][1])
    return options


def sources(options: Options) -> dict[str, Source]:
    """Where each setting's value is from."""
    said = _said(layers_behind(options))
    return {name: said[name][1] if name in said else Source(Origin.DEFAULT) for name in SETTINGS}


def insists(options: Options, name: str) -> bool:
    """Whether a setting was asked for now, by flag or in the console, rather than set once for all."""
    return sources(options)[name].origin in (Origin.FLAG, Origin.CHOSEN)


def out_of_read_only(options: Options) -> str:
    """The way out of read-only, which depends on who says it."""
    match sources(options)["read_only"]:
        case Source(Origin.FLAG):
            return "Start without --read-only to do it."
        case Source(Origin.ENVIRONMENT | Origin.PROFILE, where):
            return f"{where} says so."
        case _:
            return "Settings can turn it off."


def chosen(options: Options, **values: Any) -> Options:
    """The options with what the operator has chosen in the console, over everything else, until it ends.

    Raises ConsoleError(INVALID).
    """
    layers = layers_behind(options)
    outdone = _ADDRESSES if values.get("sandbox") else ("sandbox",) if set(values) & {*_ADDRESSES} else ()
    earlier = {name: value for name, value in layers.chosen.items() if name not in outdone}
    return merged(
        replace(layers, chosen={**earlier, **values}), config=options.config, starts_sandbox=options.starts_sandbox
    )


def options_for_profile(options: Options, profile: str | None) -> Options:
    """What holds once another profile is in use: with its part of the file, and without the place that is left.

    None is AWS's default credentials. A flag such as --read-only goes on holding. Raises ConsoleError(INVALID).
    """
    layers = layers_behind(options)
    layers = replace(layers, flags=_without_place(layers.flags), chosen=_without_place(layers.chosen))
    values: dict[str, Any] = {"profile": profile}
    if "endpoint_url" not in layers.profiles.get(profile or DEFAULT_PROFILE, {}):
        values["endpoint_url"] = None
    return chosen(replace(options, layers=layers), **values)


def layers_behind(options: Options) -> Layers:
    """What the options were made from; where they were made by hand, that counts as flags."""
    return options.layers or Layers(default_config_path(), flags=_differing(options))


def _without_place(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in _PLACE}


def _differing(options: Options) -> dict[str, Any]:
    """What options that were made by hand say."""
    return {name: value for name in SETTINGS if (value := getattr(options, name)) != getattr(_DEFAULTS, name)}


def _said(layers: Layers) -> dict[str, tuple[Any, Source]]:
    """What is said of each setting by the last that says anything, and who that is."""
    said = _over(_without_profile(layers))
    in_use = _profile_in_use({name: value for name, (value, _) in said.items()})
    if in_use is None or in_use not in layers.profiles:
        return said
    part = layers.profiles[in_use], Origin.PROFILE, "[profiles." + in_use + "]"
    file, *above = _without_profile(layers)
    return _over(iter((file, part, *above)))


_Layer = tuple[Mapping[str, Any], Origin, str]


def _without_profile(layers: Layers) -> Iterator[_Layer]:
    yield layers.file, Origin.FILE, str(layers.path)
    yield layers.environment, Origin.ENVIRONMENT, ""
    yield layers.flags, Origin.FLAG, ""
    yield layers.chosen, Origin.CHOSEN, ""


def _over(layers: Iterator[_Layer]) -> dict[str, tuple[Any, Source]]:
    said: dict[str, tuple[Any, Source]] = {}
    for values, origin, where in layers:
        _refuse_two_places(values, origin, where)
        if values.get("sandbox"):
            said = {name: one for name, one in said.items() if name not in _PLACE}
        elif any(name in values for name in _ADDRESSES):
            said.pop("sandbox", None)
        said |= {name: (value, Source(origin, _written(name, origin, where))) for name, value in values.items()}
    return said


def _written(name: str, origin: Origin, where: str) -> str:
    """A setting as one writes it there."""
    match origin:
        case Origin.ENVIRONMENT:
            return variable(name)
        case Origin.FLAG:
            return flag(name)
        case _:
            return where


def _refuse_two_places(values: Mapping[str, Any], origin: Origin, where: str) -> None:
    clash = next((name for name in _ADDRESSES if values.get(name)), None)
    if values.get("sandbox") and clash is not None:
        in_file = origin is Origin.FILE
        one, other = (name if in_file else _written(name, origin, where) or name for name in ("sandbox", clash))
        start = f"The configuration {where}: " if in_file else ""
        raise invalid(f"{start}{one} and {other} exclude each other", "Give one of them.")


def _profile_in_use(values: Mapping[str, Any]) -> str | None:
    if values.get("sandbox"):
        return None
    if "profile" in values:
        return values["profile"] or DEFAULT_PROFILE
    named = os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE")
    return named or (None if values.get("endpoint_url") else DEFAULT_PROFILE)


def _check_url(url: str, source: Source) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise invalid(f"The endpoint URL {url!r} ({source.where}) is not one", "It looks like http://127.0.0.1:5000.")


_DEFAULTS = Options()
