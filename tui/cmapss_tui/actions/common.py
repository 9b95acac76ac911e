"""What works on every screen that is not a dialog, and what works everywhere."""

from __future__ import annotations

from cmapss_tui.actions.action import Action

COMMON_ACTIONS: tuple[Action, ...] = (
    Action("screen.refresh", ("r",), "refresh", "Read AWS again now.", "screen", "This screen"),
    Action("screen.pause", ("p",), "pause", "Stop or go on reading AWS by itself.", "screen", "This screen"),
    Action(
        "screen.interval",
        ("i",),
        "interval",
        "Refresh automatically, or every 2 s, 5 s, 15 s, minute or 5 minutes.",
        "screen",
        "This screen",
        show=False,
    ),
    Action("screen.back", ("escape",), "back", "Back to where you came from.", "screen", "This screen"),
    Action(
        "app.help",
        ("question_mark", "f1"),
        "help",
        "What is shown here and what every key does; F1 also where one types.",
        "app",
        "Console",
        call="help",
    ),
    Action(
        "app.commands",
        ("ctrl+p", "colon"),
        "commands",
        "Find anything by its name: actions, areas, deploy JOB, open ENDPOINT, region NAME, theme NAME.",
        "app",
        "Console",
        call="command_palette",
    ),
    Action("app.quit", ("q",), "quit", "Leave the console.", "app", "Console"),
    Action(
        "app.tour",
        ("t",),
        "tour",
        "Five steps through everything: shows them, or hides them.",
        "app",
        "Console",
        show=False,
    ),
    Action(
        "app.suspend_process",
        ("ctrl+z",),
        "suspend",
        "Back to the shell for a while; fg comes back, and what is old by then is read at once.",
        "app",
        "Console",
        show=False,
    ),
    # Last: where the footer is narrow, these are left to the help.
    Action("screen.copy", ("y",), "copy", "Copy the name of what this is about.", "screen", "Take away"),
    Action(
        "screen.copy_what",
        ("Y",),
        "copy …",
        "Choose what to copy: name, ARN, and more.",
        "screen",
        "Take away",
        show=False,
    ),
    Action(
        "screen.export",
        ("e",),
        "export",
        "Write the table as CSV or JSON, or this screen as SVG or text, to a file.",
        "screen",
        "Take away",
    ),
)
