"""Every setting as a line that can be read: its name, its value, who set it, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cmapss_tui.options import Options, Source, sources

NOTHING = "–"
# In the order in which somebody looks for them: where, how carefully, how often, how it looks.
ORDER = (
    "sandbox",
    "profile",
    "region",
    "regions",
    "endpoint_url",
    "read_only",
    "protected",
    "production",
    "refresh",
    "calls_per_minute",
    "theme",
    "tour",
    "export_directory",
    "keymap",
)


@dataclass(frozen=True, slots=True)
class SettingLine:
    """A setting: its value as it is in force, and who says so."""

    name: str
    value: Any
    source: Source

    @property
    def text(self) -> str:
        """The value as it is read."""
        return value_text(self.value)


def setting_lines(options: Options) -> list[SettingLine]:
    """All settings, in order; the keymap's and the profiles' parts are for their own lines."""
    said = sources(options)
    return [SettingLine(name, getattr(options, name), said[name]) for name in ORDER]


def value_text(value: Any) -> str:
    """A value as it is read: words for yes and no, commas in lists."""
    match value:
        case None:
            return NOTHING
        case bool():
            return str(value).lower()
        case float():
            return str(int(value)) if value.is_integer() else str(value)
        case tuple() | list():
            return ", ".join(value) or NOTHING
        case Mapping():
            return ", ".join(f"{name} = {text}" for name, text in value.items()) or NOTHING
        case _:
            return str(value)
