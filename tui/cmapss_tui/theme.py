"""The console's own colours: a set for each theme, given by role, and what each status looks like in them."""

from __future__ import annotations

import os
from dataclasses import dataclass

from textual.theme import BUILTIN_THEMES, Theme


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Palette:
    """Colours by role. Whatever is written is legible on every ground: at least 4.5 to 1 by WCAG 2.1, rules 3 to 1.

    Grounds are `background`, `surface`, `panel`, the rows of the cursor, and the tints of production, of a trouble and
    of its end. `quiet` is for what is read second, `rule` for lines and scroll bars.
    """

    foreground: str
    quiet: str
    primary: str
    secondary: str
    accent: str
    warning: str
    error: str
    success: str
    rule: str
    background: str
    surface: str
    panel: str
    cursor: str
    cursor_blurred: str
    production: str
    error_tint: str
    success_tint: str

    @property
    def inks(self) -> dict[str, str]:
        """What is written with."""
        names = ("foreground", "quiet", "primary", "secondary", "accent", "warning", "error", "success")
        return {name: getattr(self, name) for name in names}

    @property
    def grounds(self) -> dict[str, str]:
        """What is written on."""
        names = ("background", "surface", "panel", "cursor", "cursor_blurred")
        return {name: getattr(self, name) for name in (*names, "production", "error_tint", "success_tint")}


DARK_PALETTE = Palette(
    foreground="#d5dde3",
    quiet="#93a2ad",
    primary="#6cb2d6",
    secondary="#8f9fd1",
    accent="#e2a95c",
    warning="#e6bd55",
    error="#f0807e",
    success="#86c28b",
    rule="#5a6d7c",
    background="#0f151a",
    surface="#141c23",
    panel="#1d2830",
    cursor="#24394a",
    cursor_blurred="#1d2830",
    production="#4a1f26",
    error_tint="#3a1d22",
    success_tint="#16302a",
)
LIGHT_PALETTE = Palette(
    foreground="#1e2930",
    quiet="#55636c",
    primary="#1c6590",
    secondary="#4a5aa0",
    accent="#8f5200",
    warning="#7d5d00",
    error="#b3261e",
    success="#1f6f3a",
    rule="#7a8a92",
    background="#f8f8f5",
    surface="#f1f2ee",
    panel="#e4e8e6",
    cursor="#cfe1ec",
    cursor_blurred="#e4e8e6",
    production="#f6dcda",
    error_tint="#fbe3e0",
    success_tint="#dfeee0",
)
# Good is blue and bad is orange, and no two states are of the same lightness as well: chosen so that under complete
# protanopia, deuteranopia and tritanopia any two stay apart.
COLOUR_BLIND_PALETTE = Palette(
    foreground="#e2e8ec",
    quiet="#a3abb1",
    primary="#c37ff7",
    secondary="#4fb59a",
    accent="#f7b6e4",
    warning="#f7d02c",
    error="#f08850",
    success="#a1ccfd",
    rule="#5a6d7c",
    background="#0f151a",
    surface="#141c23",
    panel="#1d2830",
    cursor="#203443",
    cursor_blurred="#1d2830",
    production="#40220f",
    error_tint="#33200f",
    success_tint="#12304a",
)
HIGH_CONTRAST_PALETTE = Palette(
    foreground="#ffffff",
    quiet="#c8d2d9",
    primary="#7fd4ff",
    secondary="#c3c8ff",
    accent="#ffc56e",
    warning="#ffe066",
    error="#ffb0ad",
    success="#96eba0",
    rule="#9aa6ae",
    background="#000000",
    surface="#0b0e11",
    panel="#161c21",
    cursor="#17364d",
    cursor_blurred="#161c21",
    production="#4d0f14",
    error_tint="#3d0c10",
    success_tint="#0f3318",
)


def _theme(name: str, palette: Palette, *, dark: bool = True) -> Theme:
    one = palette
    return Theme(
        name=name,
        primary=one.primary,
        secondary=one.secondary,
        accent=one.accent,
        warning=one.warning,
        error=one.error,
        success=one.success,
        foreground=one.foreground,
        background=one.background,
        surface=one.surface,
        panel=one.panel,
        dark=dark,
        variables={
            "quiet": one.quiet,
            "rule": one.rule,
            "cursor": one.cursor,
            "cursor-blurred": one.cursor_blurred,
            "production": one.production,
            "error-tint": one.error_tint,
            "success-tint": one.success_tint,
            "text-muted": one.quiet,
            "text-disabled": one.quiet,
            "border-blurred": one.rule,
            "scrollbar": one.rule,
            "scrollbar-hover": one.quiet,
            "scrollbar-active": one.quiet,
            "scrollbar-background": one.background,
            "scrollbar-background-hover": one.background,
            "scrollbar-background-active": one.background,
            "scrollbar-corner-color": one.background,
            "block-cursor-background": one.cursor,
            "block-cursor-foreground": one.foreground,
            "block-cursor-text-style": "bold",
            "block-cursor-blurred-background": one.cursor_blurred,
            "block-cursor-blurred-foreground": one.foreground,
            "block-hover-background": one.panel,
            "input-selection-background": f"{one.primary} 35%",
            "footer-key-foreground": one.accent,
        },
    )


DARK = _theme("cmapss-dark", DARK_PALETTE)
LIGHT = _theme("cmapss-light", LIGHT_PALETTE, dark=False)
COLOUR_BLIND = _theme("cmapss-colour-blind", COLOUR_BLIND_PALETTE)
HIGH_CONTRAST = _theme("cmapss-high-contrast", HIGH_CONTRAST_PALETTE)
PALETTES = {
    DARK.name: DARK_PALETTE,
    LIGHT.name: LIGHT_PALETTE,
    COLOUR_BLIND.name: COLOUR_BLIND_PALETTE,
    HIGH_CONTRAST.name: HIGH_CONTRAST_PALETTE,
}

_TERMINAL = "ansi_default"
# The terminal's own sixteen colours, on its own ground, light or dark. What is read second is in its plain colour: grey
# is the ground itself in some terminals. What stands out by its ground elsewhere is reversed here (see later.tcss), and
# that is what NO_COLOR leaves.
ANSI = Theme(
    name="cmapss-ansi",
    ansi=True,
    primary="ansi_cyan",
    secondary="ansi_blue",
    accent="ansi_magenta",
    warning="ansi_yellow",
    error="ansi_red",
    success="ansi_green",
    foreground=_TERMINAL,
    background=_TERMINAL,
    surface=_TERMINAL,
    panel=_TERMINAL,
    dark=True,
    variables={
        **dict.fromkeys(DARK.variables, _TERMINAL),
        "surface": _TERMINAL,
        "panel": _TERMINAL,
        "boost": _TERMINAL,
        "ansi-background": _TERMINAL,
        "ansi-foreground": _TERMINAL,
        "rule": "ansi_bright_black",
        "border": "ansi_cyan",
        "border-blurred": "ansi_bright_black",
        "scrollbar": "ansi_bright_black",
        "scrollbar-hover": "ansi_cyan",
        "scrollbar-active": "ansi_cyan",
        "block-cursor-text-style": "bold reverse",
        "block-cursor-blurred-text-style": "bold",
        "button-focus-text-style": "bold reverse",
        "input-selection-background": "ansi_cyan",
        "input-selection-foreground": "ansi_black",
        "screen-selection-background": "ansi_cyan",
        "screen-selection-foreground": "ansi_black",
        "footer-key-foreground": "ansi_magenta",
    },
)

THEMES = (DARK, LIGHT, COLOUR_BLIND, HIGH_CONTRAST, ANSI)


def ansi_color(chosen: str | None) -> bool | None:
    """What Textual's App is to be told of ANSI colours when it is made: True for a theme of the terminal's own colours,
    and where the environment wants no colour at all (NO_COLOR); None where the theme decides."""
    known = {**BUILTIN_THEMES, ANSI.name: ANSI}
    name = chosen or os.environ.get("TEXTUAL_THEME") or DARK.name
    return True if "NO_COLOR" in os.environ or (name in known and known[name].ansi) else None


def variables_for(theme: Theme) -> dict[str, str]:
    """Our own variables for a theme that does not have them."""
    return dict((ANSI if theme.ansi else DARK if theme.dark else LIGHT).variables)


GOOD = "$success"
BUSY = "$primary"
WARN = "$warning"
BAD = "$error"
QUIET = "$quiet"
ACCENT = "$accent"

# Training jobs' and tuning jobs' status; endpoints' glyphs are core's.
JOB_GLYPHS: dict[str, str] = {
    "Completed": "●",
    "InProgress": "◐",
    "Stopping": "◌",
    "Stopped": "○",
    "Failed": "✕",
    "Deleting": "◌",
    "DeleteFailed": "✕",
}

_STATUS_STYLES: dict[str, str] = {
    "Completed": GOOD,
    "InService": GOOD,
    "InProgress": BUSY,
    "Creating": BUSY,
    "Updating": BUSY,
    "SystemUpdating": BUSY,
    "RollingBack": WARN,
    "Stopping": WARN,
    "Deleting": WARN,
    "Stopped": QUIET,
    "OutOfService": BAD,
    "Failed": BAD,
    "DeleteFailed": BAD,
    "UpdateRollbackFailed": BAD,
}


def status_style(status: str) -> str:
    """The style of a status of a job or an endpoint; a status that AWS adds tomorrow is written plainly."""
    return _STATUS_STYLES.get(status, "")
