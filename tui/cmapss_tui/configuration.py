"""What the configuration file and the environment may say: names, types and bounds, checked one setting at a time."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, ValidationError, convert, json
from msgspec.inspect import DictType, Metadata, StructType, VarTupleType, type_info

from cmapss_core.errors import ConsoleError, invalid
from cmapss_tui.arguments import LONGEST_PAUSE
from cmapss_tui.options import Layers, Options, variable
from cmapss_tui.whole_files import text_of

MOST_CALLS = 6_000  # a minute
SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"

Word = Annotated[str, Meta(pattern=r"^\S+$")]
Words = Annotated[str, Meta(pattern=r"\S")]


def _setting(meaning: str, takes: str, **bounds: Any) -> Meta:
    return Meta(description=meaning, extra={"takes": takes}, **bounds)


Sandbox = Annotated[bool, _setting("Use the sandbox on this machine, started if need be.", "true or false")]
Profile = Annotated[Words, _setting("A profile of the AWS configuration.", "the name of a profile")]
Region = Annotated[Word, _setting("The AWS region.", 'a region such as "us-east-1"')]
Regions = Annotated[
    tuple[Word, ...],
    _setting("Regions that the console offers to switch to first.", 'a list such as ["us-east-1"]'),
]
EndpointUrl = Annotated[
    Word,
    _setting("The address of a sandbox, or of whatever speaks for AWS.", 'a URL such as "http://127.0.0.1:5000"'),
]
ReadOnly = Annotated[bool, _setting("Refuse everything that would change AWS.", "true or false")]
Protected = Annotated[
    tuple[Words, ...],
    _setting(
        "Endpoints whose name has to be typed before anything of theirs is changed.",
        'a list of patterns of names such as ["prod-*"]',
    ),
]
Production = Annotated[
    tuple[Words, ...],
    _setting(
        "Profiles and accounts that are production: the console marks them.",
        'a list of patterns such as ["prod-*", "123456789012"]',
    ),
]
IsProduction = Annotated[bool, _setting("Whether this profile is production.", "true or false")]
Refresh = Annotated[
    float,
    _setting(
        "Seconds between two readings; unset, each screen has its own pace.",
        f"a number of seconds above 0, at most {LONGEST_PAUSE:g}",
        gt=0,
        le=LONGEST_PAUSE,
    ),
]
CallsPerMinute = Annotated[
    int,
    _setting(
        "The budget of calls to AWS that the console makes by itself, in a minute.",
        f"a whole number from 1 to {MOST_CALLS}",
        ge=1,
        le=MOST_CALLS,
    ),
]
Theme = Annotated[Word, _setting("The console's colours; unset, those that it comes with.", "the name of a theme")]
Tour = Annotated[bool, _setting("Lead through the console when it opens a sandbox.", "true or false")]
ExportDirectory = Annotated[
    Words, _setting("Where exports go; unset, where the console was started.", "a directory; ~ is the home")
]
Keymap = Annotated[
    dict[str, Words],
    _setting("Other keys for actions, by the actions' ids.", 'keys by action, such as "endpoint.delete" = "X"'),
]


class _Settings(Struct, forbid_unknown_fields=True, kw_only=True):
    """What can be said of one profile as well as of all."""

    region: Region | UnsetType = UNSET
    regions: Regions | UnsetType = UNSET
    endpoint_url: EndpointUrl | UnsetType = UNSET
    read_only: ReadOnly | UnsetType = UNSET
    protected: Protected | UnsetType = UNSET
    refresh: Refresh | UnsetType = UNSET
    calls_per_minute: CallsPerMinute | UnsetType = UNSET


class ProfileConfiguration(_Settings):
    """What holds while one profile is in use."""

    production: IsProduction | UnsetType = UNSET


Profiles = Annotated[
    dict[str, ProfileConfiguration],
    _setting("What holds while a profile is in use, by its name.", "a table for each profile"),
]


class Configuration(_Settings):
    """The configuration file of cmapss-console."""

    sandbox: Sandbox | UnsetType = UNSET
    profile: Profile | UnsetType = UNSET
    production: Production | UnsetType = UNSET
    theme: Theme | UnsetType = UNSET
    tour: Tour | UnsetType = UNSET
    export_directory: ExportDirectory | UnsetType = UNSET
    keymap: Keymap | UnsetType = UNSET
    profiles: Profiles | UnsetType = UNSET


def read_config(path: Path, layers: Layers) -> Layers:
    """The layers with what a TOML file says. Raises ConsoleError(INVALID) naming the file and what is wrong in it."""
    try:
        text = text_of(path)
    except OSError as error:
        raise invalid(
            f"The configuration {path} cannot be read ({error.strerror})", "Name a file: --config FILE."
        ) from error
    except UnicodeDecodeError as error:
        raise invalid(f"The configuration {path} is not UTF-8", "Correct the file.") from error
    return parse_config(text, replace(layers, path=path))


def parse_config(text: str, layers: Layers) -> Layers:
    """The layers with what the text of their file says. Raises ConsoleError(INVALID)."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise invalid(f"The configuration {layers.path} is not TOML ({error})", "Correct the file.") from error
    start = f"The configuration {layers.path} sets "
    parts = document.pop("profiles", {})
    if not isinstance(parts, dict):
        raise _wrong(f"{start}profiles to {parts!r}", Configuration, "profiles")
    file = {name: _checked(Configuration, name, value, start, "") for name, value in document.items()}
    profiles: dict[str, Mapping[str, Any]] = {}
    for profile, part in parts.items():
        if not isinstance(part, dict):
            raise _wrong(f"{start}profiles.{profile} to {part!r}", Configuration, "profiles")
        profiles[profile] = {
            name: _checked(ProfileConfiguration, name, value, start, f"profiles.{profile}.")
            for name, value in part.items()
        }
    return replace(layers, file=file, profiles=profiles)


def read_environment(texts: Mapping[str, str]) -> dict[str, Any]:
    """What variables say, by the names of their settings; a list has commas. Raises ConsoleError(INVALID)."""
    return {name: parse_setting(name, text, f"{variable(name)} is {text!r}") for name, text in texts.items()}


def parse_setting(name: str, text: str, wrong: str) -> Any:
    """A setting's value from text, as the environment and a form have it. Raises ConsoleError(INVALID): `wrong`."""
    kind = _described(Configuration, name).type
    if isinstance(kind, DictType):
        raise invalid(f"{wrong}, and {name} is taken from the file alone", "Use the configuration file.")
    parts = [part.strip() for part in text.split(",")]
    value: Any = [part for part in parts if part] if isinstance(kind, VarTupleType) else text.strip()
    return _converted(Configuration, name, value, wrong, strict=False)


def takes(name: str) -> str:
    """What a setting takes, in words."""
    return _takes(Configuration, name)


def meaning(name: str) -> str:
    """What a setting means, in one sentence."""
    return str((_described(Configuration, name).extra_json_schema or {})["description"])


def schema() -> dict[str, Any]:
    """The JSON Schema of the configuration file, with what holds by default."""
    document = json.schema(Configuration)
    definitions = document["$defs"]
    root = definitions.pop(Configuration.__name__)
    for name, described in root["properties"].items():
        default = getattr(Options(), name, None)
        if default is not None and default != {}:
            described["default"] = list(default) if isinstance(default, tuple) else default
    return {"$schema": SCHEMA_DIALECT, **root, "title": "cmapss-console configuration", "$defs": definitions}


def nearest(name: str, known: Collection[str]) -> str:
    """The way out of an unknown name: the known one that it looks like, else all of them."""
    alike = get_close_matches(name, known, n=1, cutoff=0.7)
    return f"Did you mean {alike[0]}?" if alike else f"Known: {', '.join(known)}."


def _checked(of: type[_Settings], name: str, value: Any, start: str, before: str) -> Any:
    known = of.__struct_fields__
    if name not in known:
        raise invalid(f"{start}{before}{name}, which does not exist", nearest(name, known))
    return _converted(of, name, value, f"{start}{before}{name} to {_as_toml(value)}", strict=True)


def _converted(of: type[_Settings], name: str, value: Any, wrong: str, *, strict: bool) -> Any:
    try:
        converted = getattr(convert({name: value}, of, strict=strict), name)
    except ValidationError as error:
        raise _wrong(wrong, of, name) from error
    match converted:
        case tuple():
            return tuple(one.strip() for one in converted)
        case str() if name == "export_directory":
            try:
                return Path(converted).expanduser()
            except RuntimeError as error:  # of somebody who has no home here
                raise _wrong(wrong, of, name) from error
        case _:
            return converted


def _wrong(wrong: str, of: type[_Settings], name: str) -> ConsoleError:
    return invalid(wrong, f"It takes {_takes(of, name)}.")


def _takes(of: type[_Settings], name: str) -> str:
    return str((_described(of, name).extra or {})["takes"])


def _as_toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _described(of: type[_Settings], name: str) -> Metadata:
    return _fields(of)[name]


@cache
def _fields(of: type[_Settings]) -> dict[str, Metadata]:
    kind = type_info(of)  # it looks through all that there is, which takes longer than a key may
    assert isinstance(kind, StructType)
    return {field.name: field.type for field in kind.fields if isinstance(field.type, Metadata)}
