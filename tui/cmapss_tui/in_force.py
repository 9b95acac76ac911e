"""What is in force for a setting where the connection, AWS's own configuration or the console itself decides it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cmapss_tui.cadence import cadence_of
from cmapss_tui.options import DEFAULT_PROFILE, Options, Origin
from cmapss_tui.place import SANDBOX
from cmapss_tui.settings import NOTHING, SettingLine, value_text

if TYPE_CHECKING:
    from cmapss_core.aws import Aws
    from cmapss_tui.app import ConsoleApp

NONE = "none"
OWN_ADDRESS, OWN_PACE = "AWS's own", "automatic"
NO_CREDENTIALS, AT_THE_START, AWS_PROFILE = "no credentials", "at the start", "AWS's profile"
_PROFILES, _REGIONS, _ADDRESSES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"), ("AWS_DEFAULT_REGION",), ("AWS_ENDPOINT_URL",)


@dataclass(frozen=True, slots=True)
class InForce:
    """A setting's value as it holds now, and who says so."""

    value: str
    set_by: str


def in_force(console: ConsoleApp, line: SettingLine) -> InForce:
    """What holds for the setting of that line, whether it was set or not."""
    aws, options = console.aws, console.options
    as_set = InForce(line.text, str(line.source))
    match line.name:
        case "sandbox":
            return _sandbox(aws, options, as_set)
        case "profile":
            return InForce(NONE, SANDBOX) if _on_sandbox(aws, options) else _profile(aws, options, as_set)
        case "region":
            return _region(aws, options, as_set)
        case "endpoint_url":
            return _endpoint_url(aws, options, as_set)
        case "refresh":
            return _refresh(cadence_of(console).refresh, options, as_set)
        case "theme" if console.theme != options.theme:
            return InForce(console.theme, "NO_COLOR" if console.no_color else _first(("TEXTUAL_THEME",), as_set.set_by))
        case "export_directory" if options.export_directory is None:
            return InForce(_here(), as_set.set_by)
        case _ if line.text == NOTHING:
            return InForce(NONE, as_set.set_by)
        case _:
            return as_set


def set_besides(console: ConsoleApp, line: SettingLine) -> str | None:
    """What is set while something else is in force, and when it would hold; None where what is set is in force."""
    now = in_force(console, line)
    if line.source.origin is Origin.DEFAULT or now.set_by == str(line.source):
        return None
    when = "where there is no sandbox" if now.set_by in (SANDBOX, NO_CREDENTIALS) else "from the next start"
    return f"{line.text} is set ({line.source}), and holds {when}."


def _sandbox(aws: Aws, options: Options, as_set: InForce) -> InForce:
    on_it = _on_sandbox(aws, options)
    if on_it == options.sandbox:
        return as_set
    opened = on_it and as_set.set_by == Origin.DEFAULT
    return InForce(value_text(on_it), NO_CREDENTIALS if opened else AT_THE_START)


def _profile(aws: Aws, options: Options, as_set: InForce) -> InForce:
    if aws.target.profile == options.profile is not None:
        return as_set
    if aws.target.profile is not None:
        return InForce(aws.target.profile, AT_THE_START)
    named = next(filter(None, map(os.environ.get, _PROFILES)), None)
    return InForce(named or DEFAULT_PROFILE, _first(_PROFILES, Origin.DEFAULT))


def _region(aws: Aws, options: Options, as_set: InForce) -> InForce:
    if aws.region == options.region:
        return as_set
    if _on_sandbox(aws, options):
        return InForce(aws.region, SANDBOX)
    return InForce(aws.region, AT_THE_START if aws.target.region is not None else _first(_REGIONS, AWS_PROFILE))


def _endpoint_url(aws: Aws, options: Options, as_set: InForce) -> InForce:
    url = aws.target.endpoint_url
    if url == options.endpoint_url:
        return as_set if url is not None else InForce(OWN_ADDRESS, as_set.set_by)
    if url is None:
        return InForce(OWN_ADDRESS, AT_THE_START)
    if _on_sandbox(aws, options):
        return InForce(url, SANDBOX)
    return InForce(url, _first(_ADDRESSES, AT_THE_START))


def _refresh(seconds: float | None, options: Options, as_set: InForce) -> InForce:
    text = OWN_PACE if seconds is None else value_text(seconds)
    return InForce(text, as_set.set_by if seconds == options.refresh else Origin.CHOSEN)


def _here() -> str:
    try:
        return str(Path.cwd())
    except OSError:  # somebody has taken it away
        return NONE


def _on_sandbox(aws: Aws, options: Options) -> bool:
    """Whether the console found or opened a sandbox, rather than being given an address on this machine."""
    given = (options.endpoint_url, *map(os.environ.get, _ADDRESSES))
    return aws.target.is_local and (options.sandbox or aws.target.endpoint_url not in given)


def _first(variables: tuple[str, ...], otherwise: str) -> str:
    """The first of the variables that says something."""
    return next((name for name in variables if os.environ.get(name)), otherwise)
