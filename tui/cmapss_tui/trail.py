"""What led to a fault: the last actions of this process, and the calls that failed in it; never what was typed."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.app import App

from cmapss_tui.actions import ACTIONS

if TYPE_CHECKING:
    from cmapss_core.failed_calls import FailedCalls

KEPT_ACTIONS, TOLD_FAILURES = 100, 20


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """An action, the screen it was done on, and when, in seconds of this machine."""

    action: str
    screen: str
    at: float


# A process has one console at a time, and what fails in any of its threads is to be told with this.
_done: deque[Done] = deque(maxlen=KEPT_ACTIONS)
_looks: dict[str, str] = {}
_failed_calls: list[FailedCalls] = []


def note_action(app: App[Any], action: str, scopes: tuple[str, ...]) -> None:
    """Remember an action of the table, by its id; what else keys do, such as typing, is nobody's business."""
    known = next((one for one in ACTIONS if one.scope in scopes and one.textual_action == action), None)
    _looks.update(terminal=f"{app.size.width}×{app.size.height}", theme=app.theme)
    if known is not None:
        stack = app.screen_stack
        _done.append(Done(known.id, type(stack[-1]).__name__ if stack else "no screen", time.monotonic()))


def note_connection(failed_calls: FailedCalls) -> None:
    """Remember where the calls that fail are kept from now on."""
    _failed_calls[:] = [failed_calls]


def lines() -> Iterator[str]:
    """All of it, for a report."""
    yield ", ".join(f"{name} {value}" for name, value in _looks.items()) or "no terminal yet"
    now = time.monotonic()
    yield from ("", f"last actions ({len(_done)}):")
    for done in tuple(_done):
        yield f"  {now - done.at:8.1f} s before  {done.action}  on {done.screen}"
    failures = [failure for calls in _failed_calls for failure in calls.all()][:TOLD_FAILURES]
    yield from ("", f"last calls that failed ({len(failures)}):")
    for failure in failures:
        yield (
            f"  {failure.last:%H:%M:%SZ}  {failure.operation}  {failure.kind}  {failure.code or ''}  "
            f"request {failure.request_id or '–'}  ×{failure.count}"
        )


def forget() -> None:
    """Begin anew."""
    _done.clear()
    _looks.clear()
    _failed_calls.clear()
