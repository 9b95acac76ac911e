"""What can be done with what AWS says of a thing."""

from __future__ import annotations

from cmapss_tui.actions.action import Action

_GROUP = "Description"

DESCRIBE_ACTIONS: tuple[Action, ...] = (
    Action("describe.find", ("slash",), "find", "Go to what you type; n and N go on.", "describe", _GROUP),
    Action("describe.find_next", ("n",), "next", "The next line with it.", "describe", _GROUP, show=False),
    Action("describe.find_previous", ("N",), "previous", "The line before with it.", "describe", _GROUP, show=False),
    Action("describe.format", ("f",), "JSON/YAML", "The same in the other format.", "describe", _GROUP),
    Action("describe.next", ("tab",), "next document", "What belongs to it: the next.", "describe", _GROUP),
    Action(
        "describe.previous",
        ("shift+tab",),
        "previous document",
        "What belongs to it: the one before.",
        "describe",
        _GROUP,
        show=False,
    ),
    Action("describe.wrap", ("w",), "wrap", "Long lines go on below, or off to the right (← →).", "describe", _GROUP),
)
