"""Log events as lines that can be shown, found and filtered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import chain

from cmapss_core.errors import ConsoleError
from cmapss_core.logs import LogEvent, LogReader, LogSnapshot
from cmapss_core.snapshots import Snapshot
from cmapss_tui.filters import Filter, Term, Value, matches, parse
from cmapss_tui.printable import lines_of

FIELDS = ("level", "stream")
ERROR, WARNING = "error", "warning"
_LEVELS = (
    (
        ERROR,
        re.compile(
            r"\b(?:ERROR|CRITICAL|FATAL|SEVERE|Traceback|\w*(?:Error|Exception))\b"
            r'|"(?:level|severity)": ?"(?:error|critical|fatal)"',
        ),
    ),
    (WARNING, re.compile(r'\b(?:WARN|WARNING|\w+Warning)\b|"(?:level|severity)": ?"warn(?:ing)?"')),
)


@dataclass(frozen=True, slots=True, eq=False)
class LogLine:
    """A line of an event. `words` is what is searched, in lower case; `level` is "error", "warning" or empty.

    `first`: the event begins with it.
    """

    event: LogEvent
    text: str
    words: str
    level: str
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLines(Snapshot):
    """What a reading found, as lines; `streams` are the names of theirs, `labels` these without what all share."""

    lines: Sequence[LogLine] = ()
    labels: dict[str, str]
    events: int = 0
    missing: bool = False
    older: bool = False
    full: bool = False
    new: int = 0


class LogLinesReader:
    """Reads events and makes lines of them, in the thread that reads; a line is made once."""

    def __init__(self, reader: LogReader) -> None:
        self._reader = reader
        self._made: dict[str, tuple[LogLine, ...]] = {}
        self._snapshot: LogSnapshot | None = None
        self._lines: tuple[LogLine, ...] = ()
        self._labels: dict[str, str] = {}

    def read(self) -> LogLines:
        """What there is now. Raises ConsoleError."""
        snapshot = self._reader.read()
        new = 0
        if self._snapshot is None or snapshot.events is not self._snapshot.events:
            made = {event.id: self._made.get(event.id) or lines_of_event(event) for event in snapshot.events}
            new = len(made.keys() - self._made.keys())
            self._made = made
            self._lines = tuple(line for lines in made.values() for line in lines)
            self._labels = labels(event.stream for event in snapshot.events)
        self._snapshot = snapshot
        return LogLines(
            as_of=snapshot.as_of,
            source=snapshot.source,
            lines=self._lines,
            labels=self._labels,
            events=len(snapshot.events),
            missing=snapshot.missing,
            older=snapshot.older,
            full=snapshot.full,
            new=new,
        )


def lines_of_event(event: LogEvent) -> tuple[LogLine, ...]:
    """The lines of an event, of which each has the event's level."""
    level = next((name for name, pattern in _LEVELS if pattern.search(event.message)), "")
    return tuple(
        LogLine(event, text, text.lower(), level, place == 0) for place, text in enumerate(lines_of(event.message))
    )


def labels(streams: Iterable[str]) -> dict[str, str]:
    """What tells the streams apart: the ends of their names where all of them are of one host or variant."""
    names = sorted(set(streams))
    of_one = len({name.rpartition("/")[0] for name in names}) == 1
    return {name: name.rpartition("/")[2] if of_one else name for name in names}


def filter_of(text: str) -> Filter:
    """The conditions of a filter; what is none in the lists' language is looked for word by word, as it stands."""
    try:
        return parse(text, FIELDS)
    except ConsoleError:  # logs are full of signs that mean something in a filter, such as rmse:44.9
        words = text.lower().split()
        return (tuple(Term(False, None, "", word) for word in words),)


def filtered(lines: Sequence[LogLine], filter_: Filter) -> Sequence[LogLine]:
    """The lines that satisfy every condition of one of the alternatives."""
    if len(filter_) > 1:
        return [line for line in lines if matches(filter_, line.words, partial(field, line))]
    for term in chain.from_iterable(filter_):
        if term.field is None and term.expression is None:  # the usual, over 20,000 lines at each key
            text, negated = term.text, term.negated
            lines = [line for line in lines if (text in line.words) is not negated]
        else:
            lines = [line for line in lines if term.holds(line.words, partial(field, line))]
    return lines


def field(line: LogLine, name: str) -> Value:
    """What a filter's field is for a line."""
    return line.level if name == "level" else line.event.stream


def since_words(since: timedelta | None) -> str:
    """How far back the first look goes, in words."""
    if since is None:
        return "the newest"
    hours = since.total_seconds() / 3600
    if hours < 1:
        return f"last {hours * 60:.0f} min"
    return f"last {hours:.0f} h" if hours <= 24 else f"last {hours / 24:.0f} d"
