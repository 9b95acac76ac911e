"""Where to connect to and how: what the command line and a configuration file say, checked."""

from __future__ import annotations

import tomllib
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cmapss_core.errors import invalid
from cmapss_tui.arguments import flag


@dataclass(frozen=True, slots=True)
class Options:
    """What holds for the console and every verb alike. `refresh` is in seconds; None leaves it to the screen.

    `protected` are patterns of endpoints' names that have to be typed before anything of theirs is changed,
    `production` patterns of the profiles and accounts that are production, `regions` those that the console offers to
    switch to first. `calls_per_minute` is the budget of readings that the console makes by itself. `keymap` gives
    actions other keys, by their ids. `export_directory` takes what is exported; None is the one it was started in.
    `starts_sandbox`: without credentials the console starts a sandbox; a verb in a script only uses one that runs.
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


_ADDRESSES = ("profile", "endpoint_url")  # each says by itself which AWS is meant, as --sandbox does
# What a configuration file may set, and as which type.
_CONFIGURABLE: Mapping[str, tuple[type, ...]] = {
    "sandbox": (bool,),
    "profile": (str,),
    "region": (str,),
    "endpoint_url": (str,),
    "read_only": (bool,),
    "refresh": (int, float),
    "protected": (list,),
}


def options_from(arguments: Namespace, *, starts_sandbox: bool) -> Options:
    """The options of a command line; what it leaves open, its --config file may say. Raises ConsoleError(INVALID)."""
    given = {one.name: value for one in fields(Options) if (value := getattr(arguments, one.name, None)) is not None}
    configured = read_config(given["config"]) if "config" in given else {}
    if "sandbox" in given:
        configured = {name: value for name, value in configured.items() if name not in _ADDRESSES}
    elif any(name in given for name in _ADDRESSES):
        configured.pop("sandbox", None)
    options = Options(**{**configured, **given, "starts_sandbox": starts_sandbox})
    _check(options)
    return options


def read_config(path: Path) -> dict[str, Any]:
    """The options that a TOML file sets. Raises ConsoleError(INVALID) naming the file and what is wrong in it."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise invalid(
            f"The configuration {path} cannot be read ({error.strerror})", "Name a file: --config FILE."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise invalid(f"The configuration {path} is not TOML ({error})", "Correct the file.") from error
    for name, value in document.items():
        types = _CONFIGURABLE.get(name)
        if types is None:
            raise invalid(
                f"The configuration {path} sets {name!r}, which does not exist", f"Known: {', '.join(_CONFIGURABLE)}."
            )
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise invalid(f"The configuration {path} sets {name} to {value!r}", f"It takes a {types[-1].__name__}.")
    if "protected" in document:
        document["protected"] = _patterns(path, document["protected"])
    return document


def _patterns(path: Path, found: list[Any]) -> tuple[str, ...]:
    wrong = [one for one in found if not (isinstance(one, str) and one.strip())]
    if wrong:
        raise invalid(
            f"The configuration {path} protects {wrong[0]!r}, which is no pattern of names",
            'It takes a list such as ["prod-*"].',
        )
    return tuple(one.strip() for one in found)


def _check(options: Options) -> None:
    if options.sandbox:
        clash = next((name for name in _ADDRESSES if getattr(options, name)), None)
        if clash is not None:
            raise invalid(f"--sandbox and {flag(clash)} exclude each other", "Give one of them.")
    if options.endpoint_url is not None:
        _check_url(options.endpoint_url)
    if options.refresh is not None and not 0 < options.refresh < float("inf"):
        raise invalid(f"--refresh {options.refresh:g} is not a number of seconds above 0", "Try --refresh 5.")


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise invalid(f"The endpoint URL {url!r} is not one", "It looks like http://127.0.0.1:5000.")
