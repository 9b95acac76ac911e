"""What can be done with operations: in their list, and with one of them."""

from __future__ import annotations

from cmapss_tui.actions.action import Action, Safety

OPERATION_ACTIONS: tuple[Action, ...] = (
    Action(
        "operations.open",
        ("enter",),
        "open",
        "The operation under the cursor: its steps, and the way on or back.",
        "operations",
        "Operations",
        verb="operations",
    ),
    Action(
        "operations.resume",
        ("R",),
        "resume",
        "Go on with the operation under the cursor where it stopped: asks first.",
        "operations",
        "Operations",
        safety=Safety.CONFIRM,
        verb="operations",
    ),
    Action(
        "operations.rollback",
        ("B",),
        "roll back",
        "Undo what the operation under the cursor did, newest first: asks first.",
        "operations",
        "Operations",
        safety=Safety.CONFIRM,
        verb="operations",
    ),
    Action(
        "operations.filter",
        ("slash",),
        "filter",
        "Words, !word, status:open, intention:deploy; all must hold.",
        "operations",
        "Operations",
    ),
    Action("operations.sort", ("s",), "sort", "Sort by the next column.", "operations", "Operations"),
    Action(
        "operations.order", ("o",), "order", "Choose the column to sort by.", "operations", "Operations", show=False
    ),
    Action("operations.reverse", ("S",), "reverse", "Turn the order round.", "operations", "Operations", show=False),
    Action(
        "operation.resume",
        ("R",),
        "resume",
        "Go on where it stopped: asks first.",
        "operation",
        "Operation",
        safety=Safety.CONFIRM,
        verb="operations",
    ),
    Action(
        "operation.rollback",
        ("B",),
        "roll back",
        "Undo what it did, newest first: asks first.",
        "operation",
        "Operation",
        safety=Safety.CONFIRM,
        verb="operations",
    ),
    Action(
        "operation.stop",
        ("S",),
        "stop",
        "Stop after the call under way; it stays open, to be resumed or rolled back.",
        "operation",
        "Operation",
    ),
    Action(
        "operation.events",
        ("l",),
        "events",
        "What happened, call by call, with the request ids of those that failed.",
        "operation",
        "Operation",
    ),
    Action(
        "operation.describe",
        ("d",),
        "describe",
        "What AWS says of the endpoint that it is about, as JSON or YAML.",
        "operation",
        "Operation",
    ),
    Action("events.find", ("slash",), "find", "Go to what you type; n and N go on.", "events", "Events"),
    Action("events.find_next", ("n",), "next", "The next line with it.", "events", "Events", show=False),
    Action("events.find_previous", ("N",), "previous", "The line before with it.", "events", "Events", show=False),
    Action("events.wrap", ("w",), "wrap", "Long lines go on below, or off to the right (← →).", "events", "Events"),
)
