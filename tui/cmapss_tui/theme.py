"""The console's own colours, one dark and one light set, and what each status looks like in them."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="cmapss-dark",
    primary="#6cb2d6",
    secondary="#8f9fd1",
    accent="#e2a95c",
    warning="#e6bd55",
    error="#ee7a78",
    success="#86c28b",
    foreground="#d5dde3",
    background="#0f151a",
    surface="#141c23",
    panel="#1d2830",
    dark=True,
    variables={
        "quiet": "#8796a1",
        "rule": "#2c3a44",
        "scrollbar": "#2c3a44",
        "scrollbar-hover": "#8796a1",
        "scrollbar-active": "#8796a1",
        "scrollbar-background": "#0f151a",
        "scrollbar-background-hover": "#0f151a",
        "scrollbar-background-active": "#0f151a",
        "scrollbar-corner-color": "#0f151a",
        "cursor": "#24394a",
        "cursor-blurred": "#1d2830",
        "block-cursor-background": "#24394a",
        "block-cursor-foreground": "#eef3f6",
        "block-cursor-text-style": "none",
        "input-selection-background": "#6cb2d6 30%",
        "footer-key-foreground": "#e2a95c",
    },
)

LIGHT = Theme(
    name="cmapss-light",
    primary="#1c6590",
    secondary="#4a5aa0",
    accent="#8f5200",
    warning="#7d5d00",
    error="#b3261e",
    success="#1f6f3a",
    foreground="#1e2930",
    background="#f8f8f5",
    surface="#f1f2ee",
    panel="#e4e8e6",
    dark=False,
    variables={
        "quiet": "#55636c",
        "rule": "#c6cecf",
        "scrollbar": "#c6cecf",
        "scrollbar-hover": "#55636c",
        "scrollbar-active": "#55636c",
        "scrollbar-background": "#f8f8f5",
        "scrollbar-background-hover": "#f8f8f5",
        "scrollbar-background-active": "#f8f8f5",
        "scrollbar-corner-color": "#f8f8f5",
        "cursor": "#cfe1ec",
        "cursor-blurred": "#e4e8e6",
        "block-cursor-background": "#cfe1ec",
        "block-cursor-foreground": "#10202a",
        "block-cursor-text-style": "none",
        "input-selection-background": "#1c6590 25%",
        "footer-key-foreground": "#8f5200",
    },
)

THEMES = (DARK, LIGHT)

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
