"""What the area of settings lists: every setting, every action's keys, and how this console is and runs."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cmapss_core.plans.journal import default_journal_directory
from cmapss_tui import __version__, keymap, theme
from cmapss_tui.actions import ACTIONS
from cmapss_tui.console_settings import holds_at_once, outdone_by, theme_names
from cmapss_tui.filters import Value
from cmapss_tui.in_force import in_force, set_besides
from cmapss_tui.options import Options, Origin, layers_behind, sources
from cmapss_tui.settings import setting_lines, value_text

if TYPE_CHECKING:
    from cmapss_tui.app import ConsoleApp


class Part(StrEnum):
    """What a row belongs to."""

    SETTINGS = "settings"
    PROFILES = "profiles"
    KEYS = "keys"
    ABOUT = "about"


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A setting as it is in force, an action with its keys, or a fact; `set_by` is who says so."""

    part: Part
    name: str
    value: str
    set_by: str
    about: str

    @property
    def key(self) -> str:
        """What names the row for good."""
        return f"{self.part}/{self.name}"

    @property
    def words(self) -> str:
        """All of its text in lower case."""
        return f"{self.part} {self.name} {self.value} {self.set_by} {self.about}".lower()

    def field(self, name: str) -> Value:
        """One of the fields that a filter can name."""
        return str(getattr(self, name))


FIELDS = ("part", "name", "value", "set_by", "about")


def rows_of(console: ConsoleApp) -> list[SettingRow]:
    """Every row, in order."""
    return [*_settings(console), *_profiles(console), *_keys(console), *_facts(console)]


def notes_in_force(console: ConsoleApp, name: str) -> list[tuple[str, str]]:
    """What is to be known of a setting in the list, each with its style."""
    line = next(line for line in setting_lines(console.options) if line.name == name)
    besides = set_besides(console, line)
    return [*([(besides, theme.WARN)] if besides is not None else []), *notes_on(console.options, name)]


def notes_on(options: Options, name: str) -> list[tuple[str, str]]:
    """What is to be known before one sets a setting, each with its style."""
    from cmapss_tui.configuration import takes

    when = "at once" if holds_at_once(name) else "from the next start"
    notes = [(f"It takes {takes(name)}, and holds {when}.", theme.QUIET)]
    if (outdone := outdone_by(options, name)) is not None:
        notes.append((f"⚠ {outdone} says what it is: the file's value holds where that is gone.", theme.WARN))
    return notes


def _settings(console: ConsoleApp) -> Iterator[SettingRow]:
    from cmapss_tui.configuration import meaning

    for line in setting_lines(console.options):
        if line.name != "keymap":  # it is the rows of keys
            now = in_force(console, line)
            yield SettingRow(Part.SETTINGS, line.name, now.value, now.set_by, meaning(line.name))


def _profiles(console: ConsoleApp) -> Iterator[SettingRow]:
    for profile, part in layers_behind(console.options).profiles.items():
        for name, value in part.items():
            about = f"What {name} is while the profile {profile} is in use."
            yield SettingRow(Part.PROFILES, f"{profile}.{name}", value_text(value), str(Origin.FILE), about)


def _keys(console: ConsoleApp) -> Iterator[SettingRow]:
    source = sources(console.options)["keymap"]
    for action in ACTIONS:
        set_by = source if action.id in console.options.keymap else Origin.DEFAULT
        yield SettingRow(Part.KEYS, action.id, keymap.shown_keys(action), str(set_by), action.help)


def _facts(console: ConsoleApp) -> Iterator[SettingRow]:
    path = layers_behind(console.options).path
    journal = default_journal_directory()
    size = console.size
    facts = (
        ("version", __version__, f"Python {platform.python_version()} on {platform.platform(terse=True)}."),
        ("configuration", str(path), "What is set here is written to it." if path.exists() else "It is not there yet."),
        ("journal", str(journal), "What was begun, step by step: it lets operations be resumed and rolled back."),
        ("crash reports", str(journal.parent / "crashes"), "What nobody expected, without secrets."),
        ("themes", ", ".join(theme_names()), "What the setting theme takes."),
        ("terminal", os.environ.get("TERM", "unknown"), "As the variable TERM calls it."),
        ("colours", _colours(console), "NO_COLOR takes them away; nothing is said by colour alone."),
        (
            "clipboard",
            "by OSC 52",
            "And this machine's own, where it has one; tmux hands it on where set-clipboard is on.",
        ),
        ("size", f"{size.width} × {size.height}", "Columns and lines; 80 × 24 is the least."),
    )
    for name, value, about in facts:
        yield SettingRow(Part.ABOUT, name, value, "", about)


def _colours(console: ConsoleApp) -> str:
    if "NO_COLOR" in os.environ:
        return "none"
    return {"truecolor": "16 million", "256": "256", "standard": "16"}.get(console.console.color_system or "", "none")
