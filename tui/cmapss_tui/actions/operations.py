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
        "operations.filter",
        ("slash",),
        "filter",
        "Words, !word, status:open, intention:deploy; all must hold.",
        "operations",
        "Operations",
    ),
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
)
