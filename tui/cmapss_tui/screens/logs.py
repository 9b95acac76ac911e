"""The logs of a training job or an endpoint: the newest lines first, and then each as it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from cmapss_core.belongings import LOG_GROUP_PREFIX
from cmapss_core.errors import ErrorKind
from cmapss_core.logs import KEPT, LogReader
from cmapss_tui import formats, theme
from cmapss_tui.actions import Action, bindings_for
from cmapss_tui.log_lines import (
    ERROR,
    WARNING,
    LogLine,
    LogLines,
    LogLinesReader,
    filter_of,
    filtered,
    since_words,
)
from cmapss_tui.polling import Poller, ReadFailed, SnapshotRead
from cmapss_tui.screens.text import TextScreen
from cmapss_tui.sheet import Sheet
from cmapss_tui.widgets.find_bar import FindBar
from cmapss_tui.widgets.panel import Lines, at_both_ends
from cmapss_tui.widgets.text_view import TextView

BUSY_SECONDS, QUIET_SECONDS = 2.0, 10.0  # of this machine, between readings: while lines come, and else
# None: so many of the newest, however old they are. What has ended long ago has logs as well.
SINCE = (None, *(timedelta(minutes=minutes) for minutes in (15, 60, 6 * 60, 24 * 60, 7 * 24 * 60)))
TIMES = {"time": 10, "moment": 21, "none": 0}  # columns, with a space
LABEL_WIDTH = 22
_LEVELS = {ERROR: ("✕", theme.BAD), WARNING: ("▲", theme.WARN)}
FILTER_EXAMPLE = "words   !word   level:error   stream:algo-2"
READING = "Reading the log …"


class LogsScreen(TextScreen):
    """The events of a log group, or of those of its streams whose names begin with `stream_prefix`."""

    SCOPES: ClassVar[tuple[str, ...]] = ("logs",)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for("logs")]

    def __init__(self, title: str, log_group: str, stream_prefix: str | None = None) -> None:
        super().__init__()
        self._title = title
        self._log_group = log_group
        self._stream_prefix = stream_prefix
        self._since: timedelta | None = None
        self._reader: LogReader | None = None
        self._poller: Poller[LogLines] | None = None
        self._snapshot: LogLines | None = None
        self._times = "time"
        self._looks_back = False

    def new_view(self) -> TextView[object]:
        """The lines, of which the newest are in sight."""
        view: TextView[LogLine] = TextView(
            lambda line: line.text,
            body=_body,
            words=lambda line: line.words,
            margin=self._margin,
            follows=True,
            empty=READING,
        )
        return cast("TextView[object]", view)

    def bars(self) -> ComposeResult:
        """What to look for, and which lines to show."""
        yield from super().bars()
        yield FindBar("only", FILTER_EXAMPLE, id="only")

    def on_mount(self) -> None:
        self._begin()
        self._poller = self.add_poller("logs", lambda: self._read(), _interval)

    def on_snapshot_read(self, message: SnapshotRead) -> None:
        snapshot: LogLines = message.snapshot
        self._looks_back = False
        before, self._snapshot = self._snapshot, snapshot
        if before is None or before.lines is not snapshot.lines or snapshot.missing:
            with self.app.batch_update():
                self._lay_out()
                self._show_lines()
        self.show_head()
        self.refresh_bindings()

    def on_read_failed(self, message: ReadFailed) -> None:
        self._looks_back = False
        if self._snapshot is None:
            denied = message.error.kind is ErrorKind.DENIED
            self.view().show((), empty=f"✕ {'You may not read it' if denied else 'It could not be read'}: see above.")

    def on_prompt_bar_changed(self, message: FindBar.Changed) -> None:
        if message.bar.id == "only":
            self._show_lines()

    def on_text_view_at_top(self) -> None:
        if self._snapshot is not None and self._snapshot.older:
            self.action_older()

    def again(self) -> Callable[[], LogsScreen]:
        """The same logs, from the end."""
        return partial(LogsScreen, self._title, self._log_group, self._stream_prefix)

    def copyable(self) -> Mapping[str, str]:
        """The line under the cursor, what is in sight, and all that the filter leaves."""
        view = cast("TextView[LogLine]", self.view())
        line = view.cursor_line
        if line is None:
            return {}
        return {
            "line": line.text,
            "lines in sight": _text(view.in_sight),
            f"all {len(view.lines):,} lines": _text(view.lines),
        }

    def sheet(self) -> Sheet:
        """Time, stream and message of each line that the filter leaves."""
        lines = cast("TextView[LogLine]", self.view()).lines
        return Sheet(
            "logs",
            ("timestamp", "log_stream", "level", "message"),
            [(line.event.at, line.event.stream, line.level or None, line.text) for line in lines],
        )

    def show_head(self) -> None:
        """Whose logs, how many lines of them since when, and whether the end is followed."""
        view, snapshot = self.view(), self._snapshot
        follows = (
            Content.styled("● at the end", theme.GOOD)
            if view.following
            else Content.styled("‖ stopped; f: to the end", theme.ACCENT)
        )
        words = [since_words(self._since)]
        if snapshot is not None:
            shown, all_ = len(view.lines), len(snapshot.lines)
            words.insert(0, f"{shown:,} of {all_:,} lines" if shown != all_ else f"{all_:,} lines")
            if snapshot.full:
                words.append("no more are kept")
            elif self._looks_back:
                words.append("reading older …")
            elif snapshot.older:
                words.append("o: older")
        tail = Content.assemble((" · ".join(words), theme.QUIET), "  ", follows)
        self.query_one("#text-head", Lines).write(lambda width: _head(self._title, tail, width))

    def why_not(self, action: Action) -> str | None:
        """Older lines are read while there may be any."""
        snapshot = self._snapshot
        if action.id == "logs.older" and snapshot is not None and not snapshot.older:
            return f"{KEPT:,} events are the most that are kept." if snapshot.full else "There is nothing older."
        return super().why_not(action)

    def action_filter(self) -> None:
        """Show only some of the lines."""
        self.query_one("#only", FindBar).open()

    def action_follow(self) -> None:
        """Go to the end and stay there."""
        self.view().follow()

    def action_older(self) -> None:
        """Read what was before the first line."""
        if self._reader is not None and self._poller is not None and not self._looks_back:
            self._looks_back = True
            self._reader.want_older()
            self._poller.request()
            self.show_head()

    def action_since(self) -> None:
        """Begin further back, round to the newest lines alone."""
        self._since = SINCE[(SINCE.index(self._since) + 1) % len(SINCE)]
        self._begin()
        self._snapshot = None
        view = self.view()
        view.show((), empty=READING)
        view.follow()
        if self._poller is not None:
            self._poller.restart()
        self.show_head()

    def action_times(self) -> None:
        """Time of day, date and time, or neither."""
        ways = list(TIMES)
        self._times = ways[(ways.index(self._times) + 1) % len(ways)]
        self._lay_out()

    def _begin(self) -> None:
        self._reader = LogReader(self.aws, self._log_group, self._stream_prefix, since=self._since)
        self._read = LogLinesReader(self._reader).read

    def _show_lines(self) -> None:
        snapshot = self._snapshot
        if snapshot is None:
            return
        bar = self.query_one("#only", FindBar)
        conditions = filter_of(bar.text)
        lines = filtered(snapshot.lines, conditions)
        bar.show_note(f"{len(lines):,} of {len(snapshot.lines):,}" if conditions else "")
        self.view().show(lines, empty=self._why_empty(snapshot, bool(conditions)))
        self.show_head()

    def _why_empty(self, snapshot: LogLines, narrowed: bool) -> str:
        if narrowed and snapshot.lines:
            return "No line satisfies the filter."
        if snapshot.missing:
            return f"There is no log group {self._log_group} yet: it is made when the first container writes."
        if self._since is not None:
            return f"Nothing was written in the {since_words(self._since)}; s looks further back."
        return "Nothing was written yet; what a container writes is here within seconds."

    def _lay_out(self) -> None:
        labels = self._snapshot.labels if self._snapshot is not None else {}
        self._labels = {stream: formats.middle_elided(label, LABEL_WIDTH) for stream, label in labels.items()}
        self._label_width = max(map(len, self._labels.values())) + 1 if len(labels) > 1 else 0
        self.view().set_margin_width(2 + TIMES[self._times] + self._label_width)

    def _margin(self, line: LogLine) -> Content:
        glyph, style = _LEVELS.get(line.level, (" ", ""))
        if not line.first:
            return Content("")
        when = ""
        if self._times != "none":
            at = line.event.at
            when = formats.time_of_day(at) if self._times == "time" else formats.moment(at)
        label = self._labels.get(line.event.stream, "") if self._label_width else ""
        return Content.assemble(
            (f"{glyph} ", style),
            (when.ljust(TIMES[self._times]), theme.QUIET),
            (label, theme.BUSY),
        )


def logs_of_endpoint(name: str) -> LogsScreen:
    """What the containers of an endpoint wrote."""
    return LogsScreen(f"Logs of {name}", LOG_GROUP_PREFIX + name)


def _body(line: LogLine) -> Content:
    _, style = _LEVELS.get(line.level, ("", ""))
    return Content.styled(line.text, style)


def _text(lines: Iterable[LogLine]) -> str:
    return "\n".join(line.text for line in lines)


def _head(title: str, tail: Content, width: int) -> list[Content]:
    name = formats.middle_elided(title, max(16, width - tail.cell_length - 2, 0 if width >= 100 else width))
    return at_both_ends(Content.styled(name, "bold"), tail, width)


def _interval(snapshot: LogLines | None) -> float:
    return BUSY_SECONDS if snapshot is None or snapshot.new else QUIET_SECONDS
