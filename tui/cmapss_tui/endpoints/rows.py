"""What the list of endpoints shows of an endpoint: columns, cells, fields to filter by, orders, and it as data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from textual.content import Content

from cmapss_core.endpoints import STATUS_GLYPHS, Endpoint
from cmapss_core.fleet import Bounds, FleetSnapshot
from cmapss_core.fleet_load import WINDOW_MINUTES, Load
from cmapss_tui import formats, theme
from cmapss_tui.filters import Value
from cmapss_tui.sheet import Sheet
from cmapss_tui.widgets.chart_lines import sparkline
from cmapss_tui.widgets.table import Cell, Column

UNKNOWN, NOT_YET = "?", "…"
PROTECTED = "◆"
MEDIUM, WIDE = 110, 160  # columns of the screen from which there is room for more of each
ORDERS = (
    "age",
    "name",
    "status",
    "instances",
    "bounds",
    "load",
    "rate",
    "latency",
    "errors",
    "cost",
    "type",
    "variants",
    "config",
)
FIELDS = (
    "age",
    "bounds",
    "config",
    "cost",
    "created",
    "desired",
    "errors",
    "errors_4xx",
    "errors_5xx",
    "idle",
    "idle_for",
    "instances",
    "invocations",
    "latency",
    "maximum",
    "minimum",
    "model",
    "name",
    "protected",
    "status",
    "type",
    "variants",
)
_FROM_THE_SMALLEST = frozenset({"age", "name", "status", "type", "config"})
_LOAD_WIDTHS = {0: 11, MEDIUM: 15, WIDE: WINDOW_MINUTES}


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """An endpoint with what the list says of it. `idle_seconds` is None where somebody calls it, or it is not known.

    `changes` are the marks of the columns that have changed lately, `unread` the parts that could not be read.
    """

    endpoint: Endpoint
    age: str
    load: Load | None = None
    bounds: Bounds | None = None
    idle_seconds: float | None = None
    described: bool = True
    protected: bool = False
    changes: Mapping[str, str] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()

    @property
    def instance_types(self) -> str:
        """What it runs on."""
        return ", ".join(sorted({one.instance_type for one in self.endpoint.variants if one.instance_type}))

    @property
    def idle(self) -> str:
        """For how long nobody has called it, in words; empty where somebody does."""
        return "" if self.idle_seconds is None else f"▲ idle {formats.age(self.idle_seconds)}"

    @property
    def errors(self) -> int | None:
        """Refused and failed invocations in the last half hour."""
        return None if self.load is None else self.load.errors_4xx + self.load.errors_5xx


def columns(width: int) -> tuple[Column, ...]:
    """The columns for a screen of that width; optional ones are left out where there is no room, the last first."""
    wide, medium = width >= WIDE, width >= MEDIUM
    return (
        Column("name", "endpoint", None, elide="middle", minimum=42 if wide else 20 if medium else 16, frozen=True),
        Column("status", "status", 22 if wide else 13),
        Column("instances", "instances" if medium else "inst", 10 if medium else 7, "right"),
        Column("bounds", "bounds", 7, "right", optional=True),
        Column("load", f"load of {load_width(width)} min" if medium else "load", load_width(width)),
        Column("rate", "per min" if medium else "/min", 8 if medium else 6, "right"),
        Column("latency", "p99 ms", 7, "right", optional=True),
        Column("errors", "4xx/5xx", 8, "right", optional=True),
        Column("cost", "cost", 8, "right"),
        Column("age", "age", 6, "right", optional=True),
        Column("type", "type", 13, optional=True),
        Column("variants", "variants", 9, "right", optional=True),
        Column("config", "config", None, elide="middle", minimum=24, optional=True),
    )


def load_width(width: int) -> int:
    """How many minutes of load there is room for on a screen of that width."""
    return max(cells for start, cells in _LOAD_WIDTHS.items() if width >= start)


def rows_of(
    snapshot: FleetSnapshot,
    now: datetime,
    changes: Callable[[str], Mapping[str, str]] = lambda name: {},
    is_protected: Callable[[Endpoint], bool] = lambda endpoint: False,
) -> list[EndpointRow]:
    """The rows, `now` being the region's time."""
    unread = frozenset(snapshot.failures)
    return [
        EndpointRow(
            endpoint=one,
            age=formats.age((now - one.created).total_seconds()),
            load=(load := snapshot.loads.get(one.name)),
            bounds=snapshot.bounds.get(one.name),
            idle_seconds=_seconds_idle(load, now),
            described=one.name not in snapshot.undescribed,
            protected=is_protected(one),
            changes=changes(one.name),
            unread=unread,
        )
        for one in snapshot.endpoints
    ]


def cell(row: EndpointRow, column: str, load_cells: int = WINDOW_MINUTES) -> Cell:
    """What a column says of an endpoint; `load_cells` is the width of the column with its load."""
    endpoint, mark = row.endpoint, row.changes.get(column, "")
    if column == "name":
        return endpoint.name
    if column == "status":
        glyph = STATUS_GLYPHS.get(endpoint.status, UNKNOWN)
        status = Content.styled(f"{glyph} {endpoint.status}", theme.status_style(endpoint.status))
        return status + Content.styled(f" {mark}" if mark else "", theme.ACCENT)
    if column == "age":
        return row.age
    if column == "load":
        return _load(row, load_cells)
    if column in ("rate", "latency", "errors"):
        return _marked(mark, _of_load(row, column))
    if not row.described and column != "bounds":
        return Content.styled(UNKNOWN if "details" in row.unread else NOT_YET, theme.QUIET)
    return _marked(mark, _of_details(row, column))


def words(row: EndpointRow) -> str:
    """What a plain word of a filter is looked for in, in lower case."""
    endpoint = row.endpoint
    return f"{endpoint.name} {endpoint.status} {row.instance_types} {endpoint.config or ''} {row.idle}".lower()


def value(row: EndpointRow, name: str, now: datetime) -> Value:
    """What a filter's field is for an endpoint."""
    endpoint, load = row.endpoint, row.load
    fewest, most = row.bounds or (None, None)
    values: Mapping[str, Value] = {
        "age": (now - endpoint.created).total_seconds(),
        "bounds": "" if row.bounds is None else f"{fewest}–{most}",
        "config": endpoint.config,
        "cost": endpoint.hourly_cost_usd if row.described else None,
        "created": endpoint.created,
        "desired": endpoint.desired_instances,
        "errors": row.errors,
        "errors_4xx": load.errors_4xx if load else None,
        "errors_5xx": load.errors_5xx if load else None,
        "idle": "no" if row.idle_seconds is None else "yes",
        "idle_for": row.idle_seconds,
        "instances": endpoint.current_instances,
        "invocations": load.invocations_per_minute if load else None,
        "latency": load.model_latency_p99_ms if load else None,
        "maximum": most,
        "minimum": fewest,
        "model": " ".join(sorted({one.model for one in endpoint.variants if one.model})),
        "name": endpoint.name,
        "protected": "yes" if row.protected else "no",
        "status": endpoint.status,
        "type": row.instance_types,
        "variants": len(endpoint.variants),
    }
    return values[name]


def ordered(rows: Iterable[EndpointRow], by: str, *, turned: bool) -> list[EndpointRow]:
    """The rows in the order of a column: words from A, numbers from the largest, the newest first, or all of that
    turned round; those without a value come last either way."""
    by_name = sorted(rows, key=lambda row: row.endpoint.name, reverse=turned)
    valued = [(found, row) for row in by_name if (found := _rank(row, by)) is not None]
    valued.sort(key=lambda pair: pair[0], reverse=turned)
    return [row for _, row in valued] + [row for row in by_name if _rank(row, by) is None]


def descending(by: str, *, turned: bool) -> bool:
    """Whether that order is from the largest to the smallest of what the column shows."""
    return turned is (by in _FROM_THE_SMALLEST)


def sheet(rows: Sequence[EndpointRow]) -> Sheet:
    """The list as data, under the names that the verb's JSON has."""
    return Sheet(
        "endpoints",
        (
            "name",
            "status",
            "config",
            "created",
            "failure_reason",
            "instance_type",
            "current_instances",
            "desired_instances",
            "min",
            "max",
            "invocations_per_minute",
            "model_latency_p99_ms",
            "errors_4xx",
            "errors_5xx",
            "idle_since",
            "hourly_cost_usd",
        ),
        [
            (
                row.endpoint.name,
                row.endpoint.status,
                row.endpoint.config,
                row.endpoint.created,
                row.endpoint.failure_reason,
                row.instance_types or None,
                row.endpoint.current_instances,
                row.endpoint.desired_instances,
                *(row.bounds or (None, None)),
                row.load.invocations_per_minute if row.load else None,
                row.load.model_latency_p99_ms if row.load else None,
                row.load.errors_4xx if row.load else None,
                row.load.errors_5xx if row.load else None,
                row.load.idle_since if row.load else None,
                row.endpoint.hourly_cost_usd,
            )
            for row in rows
        ],
    )


def _seconds_idle(load: Load | None, now: datetime) -> float | None:
    """In whole minutes, so that a row does not change with every second."""
    return None if load is None or load.idle_since is None else (now - load.idle_since) // timedelta(minutes=1) * 60.0


def _load(row: EndpointRow, cells: int) -> Content:
    stale = theme.QUIET if "load" in row.unread else ""
    if row.idle:
        return Content.styled(row.idle, stale or theme.WARN)
    if row.load is None:
        return _missing(row, "load")
    if not any(one is not None for one in row.load.invocations):
        return Content.styled(NOT_YET, theme.QUIET)
    return Content.assemble(*((text, stale or style) for text, style in sparkline(row.load.invocations, cells)))


def _of_load(row: EndpointRow, column: str) -> Content:
    load, stale = row.load, theme.QUIET if "load" in row.unread else ""
    if load is None:
        return _missing(row, "load")
    if column == "rate":
        return Content.styled(formats.count(round(load.invocations_per_minute)), stale)
    if column == "latency":
        return Content.styled(formats.number(load.model_latency_p99_ms, 3), stale)
    style = theme.BAD if load.errors_5xx else theme.WARN if load.errors_4xx else theme.QUIET
    return Content.styled(f"{formats.count(load.errors_4xx)}/{formats.count(load.errors_5xx)}", stale or style)


def _of_details(row: EndpointRow, column: str) -> Content:
    endpoint = row.endpoint
    if column == "instances":
        have, want = endpoint.current_instances, endpoint.desired_instances
        return Content(str(have)) if have == want else Content.assemble(f"{have} → ", (str(want), theme.ACCENT))
    if column == "bounds":
        if row.bounds is None:
            return _missing(row, "bounds")
        fewest, most = row.bounds
        return Content.styled(f"{fewest}–{most}", theme.QUIET if "bounds" in row.unread else "")
    if column == "cost":
        cost = endpoint.hourly_cost_usd
        return Content(formats.NOTHING if cost is None else formats.hourly_cost(cost))
    if column == "type":
        return Content(row.instance_types or formats.NOTHING)
    if column == "variants":
        return Content(str(len(endpoint.variants)))
    return Content(endpoint.config or formats.NOTHING)


def _missing(row: EndpointRow, part: str) -> Content:
    """What stands where there is nothing: a reading failed, or it has nothing to say."""
    return Content.styled(UNKNOWN if part in row.unread else formats.NOTHING, theme.QUIET)


def _marked(mark: str, content: Content) -> Content:
    return Content.assemble((mark, theme.ACCENT), content) if mark else content


def _rank(row: EndpointRow, by: str) -> tuple[float, str] | None:
    """Something to compare, the smallest first; None where the row has no such value."""
    endpoint, load = row.endpoint, row.load
    words: Mapping[str, str | None] = {
        "name": endpoint.name,
        "status": endpoint.status,
        "type": row.instance_types,
        "config": endpoint.config,
    }
    if by in words:
        return (0.0, text) if (text := words[by]) else None
    numbers: Mapping[str, float | None] = {
        "age": endpoint.created.timestamp(),
        "instances": endpoint.current_instances,
        "bounds": row.bounds[1] if row.bounds else None,
        "load": sum(one or 0.0 for one in load.invocations) if load else None,
        "rate": load.invocations_per_minute if load else None,
        "latency": load.model_latency_p99_ms if load else None,
        "errors": row.errors,
        "cost": endpoint.hourly_cost_usd if row.described else None,
        "variants": len(endpoint.variants),
    }
    number = numbers[by]
    return None if number is None else (-number, "")
