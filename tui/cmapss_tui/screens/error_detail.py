"""One failed call: all that is known of it, what to do, and for a denied one the policy that would allow it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from cmapss_core.failed_calls import FailedCall
from cmapss_core.policy_statements import policy_text
from cmapss_tui import error_rows, formats, theme
from cmapss_tui.keymap import first_key
from cmapss_tui.remedies import in_console
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.screens.errors import copyable_of
from cmapss_tui.widgets.age import Freshness, State
from cmapss_tui.widgets.panel import Lines
from cmapss_tui.widgets.plan_view import wrapped
from cmapss_tui.widgets.top_bar import TopBar

LABEL_WIDTH = 14
NO_REQUEST_ID = "none: no answer of AWS came"
Fact = tuple[str, str]


class ErrorDetailScreen(ConsoleScreen):
    """Everything about one failed call."""

    AREA: ClassVar[str] = "errors"
    DEFAULT_CSS = """
    ErrorDetailScreen #error-name { height: 1; padding: 0 1; }
    ErrorDetailScreen VerticalScroll { height: 1fr; padding: 1 1 0 1; }
    ErrorDetailScreen .policy { margin: 1 0 0 0; }
    """

    def __init__(self, call: FailedCall) -> None:
        super().__init__()
        self._call = call

    def body(self) -> ComposeResult:
        """What failed; the facts; the policy."""
        yield Lines(id="error-name")
        with VerticalScroll():
            yield Lines(id="error-facts")
            yield Lines(id="error-policy", classes="policy")

    def on_mount(self) -> None:
        call = self._call
        name = Content.assemble((call.operation, "bold"), "  ", error_rows.kind(call))
        self.query_one("#error-name", Lines).write(lambda width: [name])
        self.query_one("#error-facts", Lines).write(lambda width: list(facts_written(call, width)))
        self.query_one("#error-policy", Lines).write(lambda width: list(_policy(call)))
        self.query_one(VerticalScroll).focus()

    def tick(self) -> None:
        """It is over and does not change."""
        super().tick()
        self.query_one(TopBar).show_freshness(Freshness(State.STOPPED, "as it was"))

    def again(self) -> Callable[[], ConsoleScreen]:
        """The same failure once more."""
        return partial(ErrorDetailScreen, self._call)

    def copyable(self) -> Mapping[str, str]:
        """Its request id, and what it says."""
        return copyable_of(self._call)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing here is read from AWS."""
        return False if action in ("pause", "refresh", "interval") else super().check_action(action, parameters)


def facts_of(call: FailedCall) -> Iterator[Fact]:
    """What is known of it, as labels and texts."""
    yield "message", call.message
    yield "what to do", in_console(call.remedy)
    yield from call.subject
    yield "request id", call.request_id or NO_REQUEST_ID
    code = call.code or formats.NOTHING
    yield "code", f"{code} (HTTP {call.http_status})" if call.http_status is not None else code
    if call.attempts is not None:
        yield "requests", f"{call.attempts}, retries included"
    if call.count == 1:
        yield "when", formats.moment(call.last)
    else:
        lasting = formats.duration((call.last - call.first).total_seconds())
        yield "times", f"{formats.count(call.count)} in a row within {lasting} of region time"
        yield "first", formats.moment(call.first)
        yield "last", formats.moment(call.last)


def facts_written(call: FailedCall, width: int) -> Iterator[Content]:
    """The facts at that width, a label before each."""
    for label, text in facts_of(call):
        lines = list(wrapped(text, max(10, width - LABEL_WIDTH))) or [""]
        for place, line in enumerate(lines):
            head = Content.styled((label if place == 0 else "").ljust(LABEL_WIDTH), theme.QUIET)
            yield head + Content(line)


def _policy(call: FailedCall) -> Iterator[Content]:
    if call.permissions:
        keys = f"{first_key('screen.copy_what')} copies it"
        yield Content.styled(f"The policy that would allow it ({keys}):", theme.QUIET)
        for line in policy_text(call.permissions).splitlines():
            yield Content(line)
