"""Settings that only the console has a use for, theme and keymap: whether they fit, and how they come into force."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from cmapss_core.errors import ConsoleError, invalid
from cmapss_tui import keymap
from cmapss_tui.options import Options, Origin, sources

if TYPE_CHECKING:
    from cmapss_tui.app import ConsoleApp

# What a connection was made for; another value holds for the next one.
AT_CONNECTION = ("sandbox", "profile", "region", "endpoint_url")


def theme_names() -> tuple[str, ...]:
    """The themes that there are: the console's own, whose contrast is known. Textual's give its colours other roles."""
    from cmapss_tui.theme import THEMES

    return tuple(theme.name for theme in THEMES)


def refuse_what_does_not_fit(options: Options) -> None:
    """Raises ConsoleError(INVALID) where there is no such theme, or where the keymap is not one; it has all of it."""
    if (problem := what_does_not_fit(options)) is not None:
        raise problem


def what_does_not_fit(options: Options) -> ConsoleError | None:
    """What is wrong with theme and keymap, in one error."""
    found = []
    if options.theme is not None and (problem := theme_problem(options.theme)) is not None:
        found.append(problem.told_as(f"{problem.message} ({sources(options)['theme'].where})", problem.remedy))
    if wrong := keymap.problems(options.keymap):
        where = f"{options.layers.path}: " if options.layers is not None else ""
        found.append(invalid(f"{where}[keymap] {' '.join(wrong)}", "Correct the file."))
    if not found:
        return None
    *before, last = found
    return last.told_as(" ".join((*(one.line() for one in before), last.message)), last.remedy)


def theme_problem(name: str) -> ConsoleError | None:
    """Why a theme cannot be had, if it cannot."""
    from difflib import get_close_matches

    known = theme_names()
    if name in known:
        return None
    alike = get_close_matches(name, known, n=1, cutoff=0.6)
    way_out = f"Did you mean {alike[0]}?" if alike else f"Try {known[0]}; Settings has all of them."
    return invalid(f"There is no theme {name}", way_out)


def take(console: ConsoleApp, options: Options) -> None:
    """Put other settings in force at once, as far as the connection that there is allows."""
    from cmapss_tui.widgets.hints import HintLine

    before, console.options = console.options, options
    if options.keymap != before.keymap:
        keymap.use(console, options.keymap)
        for line in console.screen.query(HintLine):  # those of other screens are written when they come back
            line.refresh()
    console.theme = options.theme or console.usual_theme
    with suppress(RuntimeError):  # not connected yet
        aws = console.aws
        aws.target = replace(aws.target, protected=options.protected, read_only=options.read_only)


def holds_at_once(name: str) -> bool:
    """Whether another value of a setting is in force as soon as it is set."""
    return name not in AT_CONNECTION


def outdone_by(options: Options, name: str) -> str | None:
    """Who says what this setting is in spite of the file, if somebody does: a variable, a flag, a profile's part."""
    source = sources(options)[name]
    return None if source.origin in (Origin.DEFAULT, Origin.FILE) else str(source)
