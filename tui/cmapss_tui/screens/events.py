"""What happened in an operation, event by event: the call of each step, and the request ids that AWS gave."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import BindingType
from textual.content import Content

from cmapss_core.snapshots import Snapshot
from cmapss_tui import formats, theme
from cmapss_tui.actions import bindings_for
from cmapss_tui.operations.journal import default_journal
from cmapss_tui.polling import SnapshotRead
from cmapss_tui.printable import lines_of
from cmapss_tui.screens.text import TextScreen
from cmapss_tui.sheet import Sheet
from cmapss_tui.widgets.panel import Lines, at_both_ends
from cmapss_tui.widgets.text_view import TextView

if TYPE_CHECKING:
    from cmapss_core.aws import Aws
    from cmapss_core.plans.running.operations import OperationRecord, StepEvent

RUNNING_SECONDS, RESTING_SECONDS = 1.0, 5.0
MARGIN = 10  # the time of day, a space
STATE_WIDTH = 7


@dataclass(frozen=True, slots=True)
class EventLine:
    """A line of what is said of an event; `first`: it begins with it."""

    event: StepEvent
    text: str
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsSnapshot(Snapshot):
    """The operation as the journal has it, and what happened in it in lines."""

    record: OperationRecord
    lines: Sequence[EventLine]


class EventsScreen(TextScreen):
    """Follows the journal of one operation."""

    SCOPES: ClassVar[tuple[str, ...]] = ("events",)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for("events")]

    def __init__(self, operation: str) -> None:
        super().__init__()
        self._operation = operation
        self._snapshot: EventsSnapshot | None = None

    def new_view(self) -> TextView[object]:
        """The events, the last in sight."""
        view: TextView[EventLine] = TextView(
            lambda line: line.text, body=_body, margin=_margin, follows=True, empty="Reading the journal …"
        )
        return cast("TextView[object]", view)

    def on_mount(self) -> None:
        self.view().set_margin_width(MARGIN)
        self.add_poller("journal", partial(_read, self.aws, self._operation), _interval, of_aws=False)

    def on_snapshot_read(self, message: SnapshotRead) -> None:
        self._snapshot = message.snapshot
        self.view().show(message.snapshot.lines, empty="Nothing has happened yet.")
        self.show_head()

    def show_head(self) -> None:
        """Which operation, and how many events."""
        title = Content.styled(f"Events of {self._operation}", "bold")
        count = "" if self._snapshot is None else f"{formats.count(len(self._snapshot.record.events))} events"
        tail = Content.styled(count, theme.QUIET)
        self.query_one("#text-head", Lines).write(lambda width: at_both_ends(title, tail, width))

    def again(self) -> Callable[[], EventsScreen]:
        """The same operation's."""
        return partial(EventsScreen, self._operation)

    def copyable(self) -> Mapping[str, str]:
        """The line under the cursor, its request id, and all lines."""
        view = cast("TextView[EventLine]", self.view())
        line = view.cursor_line
        if line is None:
            return {}
        request = line.event.error.request_id if line.event.error is not None else None
        return {
            "line": line.text,
            **({"request id": request} if request else {}),
            "all lines": "\n".join(f"{formats.moment(one.event.at)} {one.text}" for one in view.lines),
        }

    def sheet(self) -> Sheet | None:
        """Each event with its call and what AWS said."""
        if self._snapshot is None:
            return None
        record = self._snapshot.record
        rows = [
            (
                event.at,
                event.n,
                event.state,
                _call(record, event),
                event.message,
                event.error.code if event.error else None,
                event.error.request_id if event.error else None,
            )
            for event in record.events
        ]
        return Sheet("events", ("at", "n", "state", "call", "message", "code", "request_id"), rows)


def _read(aws: Aws, operation: str) -> EventsSnapshot:
    record = default_journal().read(operation)
    lines = [line for event in record.events for line in _lines(record, event)]
    return EventsSnapshot(as_of=aws.clock.now(), source="journal", record=record, lines=lines)


def _lines(record: OperationRecord, event: StepEvent) -> Iterator[EventLine]:
    titles = {step.n: step.title for step in record.plan.steps}
    title = titles.get(event.n, "")
    width = max(map(len, titles.values()), default=0)
    call = _call(record, event) if event.state in ("acting", "undoing", "failed") else None
    message = event.message if event.message != title else ""
    words = f"{event.n:>2} {title:<{width}}  {event.state:<{STATE_WIDTH}}  {'  '.join(filter(None, (call, message)))}"
    for place, text in enumerate(lines_of(words.rstrip())):
        yield EventLine(event, text, place == 0)
    if event.error is not None:
        for text in lines_of(event.error.line()):
            yield EventLine(event, f"   {text}", False)


def _call(record: OperationRecord, event: StepEvent) -> str | None:
    step = next((step for step in record.plan.steps if step.n == event.n), None)
    if step is not None and event.state in ("undoing", "undone", "kept"):
        step = step.undo
    return f"{step.call.service}:{step.call.operation}" if step is not None and step.call is not None else None


def _margin(line: EventLine) -> Content:
    return Content.styled(formats.time_of_day(line.event.at) if line.first else "", theme.QUIET)


def _body(line: EventLine) -> Content:
    if line.event.state == "failed":
        return Content.styled(line.text, theme.BAD)
    return Content.styled(line.text, theme.WARN if line.event.error is not None else "")


def _interval(snapshot: EventsSnapshot | None) -> float:
    running = snapshot is None or snapshot.record.operation.status == "running"
    return RUNNING_SECONDS if running else RESTING_SECONDS
