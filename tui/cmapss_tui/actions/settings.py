"""What can be done in the area of settings."""

from __future__ import annotations

from cmapss_tui.actions.action import Action

SETTING_ACTIONS: tuple[Action, ...] = (
    Action(
        "settings.edit",
        ("enter",),
        "change",
        "Change the setting, or the action's keys; what is either on or off is turned.",
        "settings",
        "Settings",
        verb="config",
    ),
    Action(
        "settings.default",
        ("backspace",),
        "default",
        "Take the setting out of the file: it is as it would be without.",
        "settings",
        "Settings",
    ),
    Action(
        "settings.filter",
        ("slash",),
        "filter",
        "Words, !word, part:keys, set_by:file; all must hold.",
        "settings",
        "Settings",
    ),
)
