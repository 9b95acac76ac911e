"""What can be done in the area of errors."""

from __future__ import annotations

from cmapss_tui.actions.action import Action


def _in_errors(name: str, key: str, title: str, help: str, *, show: bool = True) -> Action:
    return Action(f"errors.{name}", (key,), title, help, "errors", "Errors", show=show)


ERROR_ACTIONS: tuple[Action, ...] = (
    _in_errors("open", "enter", "open", "Everything about the failure under the cursor, and what to do."),
    _in_errors("filter", "slash", "filter", "Words, !word, kind:denied, operation:sagemaker; all must hold."),
    _in_errors("sort", "s", "sort", "Sort by the next column."),
    _in_errors("reverse", "S", "reverse", "Turn the order round.", show=False),
    _in_errors("answers", "a", "not found", "Show also look-ups that found nothing: what was asked for is not there."),
    _in_errors("clear", "c", "clear", "Empty the list; nothing changes in AWS."),
)
