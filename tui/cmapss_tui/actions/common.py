"""What works on every screen that is not a dialog, and what works everywhere."""

from __future__ import annotations

from cmapss_tui.actions.action import Action

COMMON_ACTIONS: tuple[Action, ...] = (
    Action("screen.refresh", ("r",), "refresh", "Read AWS again now.", "screen", "This screen"),
    Action("screen.pause", ("p",), "pause", "Stop or go on reading AWS by itself.", "screen", "This screen"),
    Action("screen.back", ("escape",), "back", "Back to where you came from.", "screen", "This screen"),
    Action("app.help", ("question_mark",), "help", "What every key here does.", "app", "Console", call="help"),
    Action(
        "app.commands",
        ("ctrl+p",),
        "commands",
        "Find any action by its name.",
        "app",
        "Console",
        call="command_palette",
    ),
    Action("app.quit", ("q",), "quit", "Leave the console.", "app", "Console"),
)
