"""The endpoints of the region: status, age, instances, cost; from here one goes to each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from cmapss_core.endpoints import STATUS_GLYPHS, Endpoint, EndpointsReader, EndpointsSnapshot
from cmapss_tui import formats, theme
from cmapss_tui.actions import Action, bindings_for
from cmapss_tui.filters import Value, matches
from cmapss_tui.polling import SnapshotRead
from cmapss_tui.screens.endpoint_reading import FAST_REGION_SECONDS, FASTEST_SECONDS, SLOW_REGION_SECONDS
from cmapss_tui.screens.filtered import FilteredScreen
from cmapss_tui.widgets.filter_bar import FilterBar
from cmapss_tui.widgets.table import Cell, Column, VirtualTable

SLOWEST_SECONDS, RESTING_SECONDS = 60.0, 5.0
NONE_YET = "No endpoints here. Press 1, put the cursor on a job, and D deploys it."
NONE_LEFT = "No endpoint satisfies the filter."
EXAMPLE = "words   !word   status:inservice   instances>1"

COLUMNS = (
    Column("name", "endpoint", elide="middle"),
    Column("status", "status", 17),
    Column("age", "age", 6, "right"),
    Column("instances", "instances", 9, "right"),
    Column("type", "type", 13, "left", 92),
    Column("cost", "cost", 8, "right"),
    Column("variants", "variants", 8, "right", 108),
    Column("config", "config", None, "left", 150, elide="middle"),
)


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """An endpoint as the list shows it, with its age in words."""

    endpoint: Endpoint
    age: str

    @property
    def instance_types(self) -> str:
        """What it runs on."""
        return ", ".join(sorted({v.instance_type for v in self.endpoint.variants if v.instance_type}))


_ORDERS: dict[str, Callable[[EndpointRow], tuple[float, str]]] = {
    "age": lambda row: (-row.endpoint.created.timestamp(), row.endpoint.name),
    "name": lambda row: (0, row.endpoint.name),
    "status": lambda row: (0, row.endpoint.status),
    "instances": lambda row: (-row.endpoint.current_instances, row.endpoint.name),
    "cost": lambda row: (-(row.endpoint.hourly_cost_usd or 0), row.endpoint.name),
}
_FIELDS = ("name", "status", "type", "instances", "cost", "config", "variants")


class EndpointsScreen(FilteredScreen):
    """The list of endpoints."""

    AREA: ClassVar[str] = "endpoints"
    SCOPES: ClassVar[tuple[str, ...]] = ("endpoints",)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for("endpoints")]
    DEFAULT_CSS = """
    EndpointsScreen #endpoints-title { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._endpoints: tuple[Endpoint, ...] | None = None
        self._rows: list[EndpointRow] = []
        self._order, self._reversed = next(iter(_ORDERS)), False

    def body(self) -> ComposeResult:
        """Title, filter, list."""
        yield Static(id="endpoints-title")
        yield FilterBar(EXAMPLE)
        yield VirtualTable(
            COLUMNS, cell, lambda row: row.endpoint.name, empty="Reading the endpoints …", id="endpoints"
        )

    @property
    def table(self) -> VirtualTable[EndpointRow]:
        """The list."""
        return self.query_one(VirtualTable)

    def on_mount(self) -> None:
        self.table.focus()
        reader = EndpointsReader(self.aws)
        self.add_poller("endpoints", reader.read, self._interval)

    def on_snapshot_read(self, message: SnapshotRead) -> None:
        snapshot: EndpointsSnapshot = message.snapshot
        if snapshot.error is None or snapshot.endpoints:
            self._endpoints = snapshot.endpoints
            self.show_rows()
        elif self._endpoints is None:
            self.table.show((), empty="The endpoints could not be read.")

    def tick(self) -> None:
        """Ages go on between readings."""
        super().tick()
        if self.is_mounted and self.is_current:
            self.show_rows()

    def filter_fields(self) -> Collection[str]:
        """What the columns show."""
        return _FIELDS

    def why_not(self, action: Action) -> str | None:
        """Without endpoints there is nothing to open."""
        if action.id == "endpoints.open" and self.is_mounted and self.table.cursor_row is None:
            return "There is no endpoint to open."
        return super().why_not(action)

    async def action_open(self) -> None:
        """Watch the endpoint under the cursor."""
        from cmapss_tui.screens.endpoint import EndpointScreen

        row = self.table.cursor_row
        if row is not None:
            await self.app.push_screen(EndpointScreen(row.endpoint.name))

    async def action_clean_up(self) -> None:
        """Look for what was left behind."""
        from cmapss_tui.screens.clean_up import CleanUpScreen

        await self.app.push_screen(CleanUpScreen())

    def action_sort(self) -> None:
        """Sort by the next column."""
        orders = list(_ORDERS)
        self._order = orders[(orders.index(self._order) + 1) % len(orders)]
        self.table.show_order(self._order, self._reversed)
        self.show_rows()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self._reversed = not self._reversed
        self.table.show_order(self._order, self._reversed)
        self.show_rows()

    def _interval(self, snapshot: EndpointsSnapshot | None) -> float:
        speed = self.aws.clock.speed
        if snapshot is None or any(endpoint.in_progress for endpoint in snapshot.endpoints):
            return max(FASTEST_SECONDS, FAST_REGION_SECONDS / speed)
        return min(max(RESTING_SECONDS, SLOW_REGION_SECONDS / speed), SLOWEST_SECONDS)

    def show_rows(self) -> None:
        """Show the rows that satisfy the terms."""
        if self._endpoints is None:
            return
        all_rows = rows_of(self._endpoints, self.aws.clock.now())
        rows = [row for row in all_rows if matches(self.terms, words(row), partial(field, row))]
        rows.sort(key=_ORDERS[self._order], reverse=self._reversed)
        if rows == self._rows and self.table.rows:
            return
        self._rows = rows
        with self.app.batch_update():
            self.query_one("#endpoints-title", Static).update(title(self._endpoints), layout=False)
            self.query_one(FilterBar).show_note(f"{len(rows)} of {len(all_rows)}")
            self.table.show_order(self._order, self._reversed)
            self.table.show(rows, empty=NONE_LEFT if self.terms else NONE_YET)
        self.refresh_bindings()


def rows_of(endpoints: Iterable[Endpoint], now: datetime) -> list[EndpointRow]:
    """The rows, `now` being the region's time."""
    return [EndpointRow(one, formats.age((now - one.created).total_seconds())) for one in endpoints]


def cell(row: EndpointRow, column: str) -> Cell:
    """What a column says of an endpoint."""
    endpoint = row.endpoint
    have, want = endpoint.current_instances, endpoint.desired_instances
    match column:
        case "name":
            return endpoint.name
        case "status":
            glyph = STATUS_GLYPHS.get(endpoint.status, "?")
            return Content.styled(f"{glyph} {endpoint.status}", theme.status_style(endpoint.status))
        case "age":
            return row.age
        case "instances":
            return str(have) if have == want else Content.assemble(f"{have} → ", (str(want), theme.ACCENT))
        case "type":
            return row.instance_types or formats.NOTHING
        case "cost":
            return (
                formats.NOTHING if endpoint.hourly_cost_usd is None else formats.hourly_cost(endpoint.hourly_cost_usd)
            )
        case "variants":
            return str(len(endpoint.variants))
        case _:
            return endpoint.config or formats.NOTHING


def words(row: EndpointRow) -> str:
    """What a plain word of a filter is looked for in, in lower case."""
    return f"{row.endpoint.name} {row.endpoint.status} {row.instance_types} {row.endpoint.config}".lower()


def field(row: EndpointRow, name: str) -> Value:
    """What a filter's field is for an endpoint."""
    endpoint = row.endpoint
    values: dict[str, Value] = {
        "name": endpoint.name,
        "status": endpoint.status,
        "type": row.instance_types,
        "instances": endpoint.current_instances,
        "cost": endpoint.hourly_cost_usd,
        "config": endpoint.config,
        "variants": len(endpoint.variants),
    }
    return values[name]


def title(endpoints: Sequence[Endpoint]) -> Content:
    """How many there are, and what they cost together."""
    head = Content.styled("Endpoints", "bold")
    if not endpoints:
        return head
    costs = [endpoint.hourly_cost_usd for endpoint in endpoints if endpoint.hourly_cost_usd is not None]
    unknown = len(endpoints) - len(costs)
    total = formats.hourly_cost(sum(costs)) if costs else formats.hourly_cost(None)
    more = f" and {unknown} of unknown cost" if unknown and costs else ""
    return Content.assemble(head, f"  {len(endpoints)}", (f"  {total}{more}", theme.QUIET))
