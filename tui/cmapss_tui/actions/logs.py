"""What can be done with logs."""

from __future__ import annotations

from cmapss_tui.actions.action import Action

_GROUP = "Logs"

LOG_ACTIONS: tuple[Action, ...] = (
    Action("logs.find", ("slash",), "find", "Go to what you type; n and N go on to the next and back.", "logs", _GROUP),
    Action("logs.find_next", ("n",), "next", "The next line with what is looked for.", "logs", _GROUP, show=False),
    Action("logs.find_previous", ("N",), "previous", "The line before with it.", "logs", _GROUP, show=False),
    Action(
        "logs.filter",
        ("ampersand",),
        "filter",
        "Only the lines with these words: words, !word, level:error, stream:algo-2; all must hold.",
        "logs",
        _GROUP,
    ),
    Action("logs.follow", ("f",), "follow", "Go to the end, and stay there while lines are added.", "logs", _GROUP),
    Action("logs.since", ("s",), "since", "Begin further back or later: the next stretch of time.", "logs", _GROUP),
    Action("logs.older", ("o",), "older", "Read the lines before the first.", "logs", _GROUP),
    Action("logs.wrap", ("w",), "wrap", "Long lines go on below, or off to the right (← →).", "logs", _GROUP),
    Action("logs.times", ("T",), "times", "Time of day, date and time, or neither.", "logs", _GROUP),
)
