"""The endpoints of the region at a glance: status, instances, load, errors, cost; from here one goes to each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize

from cmapss_core.endpoints import Endpoint
from cmapss_core.fleet import FleetReader, FleetSnapshot
from cmapss_core.plans.protection import protected_because
from cmapss_tui.actions import Action, bindings_for
from cmapss_tui.endpoints import rows as endpoint_rows
from cmapss_tui.endpoints.changes import Changes
from cmapss_tui.endpoints.rows import EndpointRow
from cmapss_tui.endpoints.totals import title
from cmapss_tui.filters import matches
from cmapss_tui.keymap import first_key
from cmapss_tui.polling import Poller, SnapshotRead
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.screens.endpoint_known import refused_because
from cmapss_tui.screens.endpoint_reading import FAST_REGION_SECONDS, FASTEST_SECONDS, SLOW_REGION_SECONDS
from cmapss_tui.screens.sorted import SortedScreen
from cmapss_tui.sheet import Sheet
from cmapss_tui.widgets.filter_bar import FilterBar
from cmapss_tui.widgets.panel import Lines
from cmapss_tui.widgets.table import Cell, Column, VirtualTable

SLOWEST_SECONDS, RESTING_SECONDS = 60.0, 5.0
NONE_LEFT = "No endpoint satisfies the filter."
EXAMPLE = "word !word status:failed errors>0 idle:yes cost>1 age<2h  tab: fields"
_DIALOGS = frozenset(
    f"endpoints.{name}" for name in ("update", "scale", "delete", "high_availability", "traffic", "validate")
)
_OF_ONE = _DIALOGS | {"endpoints.open", "endpoints.logs", "endpoints.describe"}


class EndpointsScreen(SortedScreen):
    """The list of endpoints, with totals above it."""

    AREA: ClassVar[str] = "endpoints"
    SCOPES: ClassVar[tuple[str, ...]] = ("endpoints",)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for("endpoints")]
    DEFAULT_CSS = """
    EndpointsScreen #endpoints-title { height: auto; max-height: 6; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.table: VirtualTable[EndpointRow] = VirtualTable(
            endpoint_rows.columns(0),
            self._cell,
            lambda row: row.endpoint.name,
            mark=lambda row: endpoint_rows.PROTECTED if row.protected else "",
            empty="Reading the endpoints …",
            id="endpoints",
        )
        self._title = Lines(id="endpoints-title")
        self._filter = FilterBar(EXAMPLE)
        self._reader: FleetReader | None = None
        self._poller: Poller[FleetSnapshot] | None = None
        self._snapshot: FleetSnapshot | None = None
        self._rows: list[EndpointRow] = []
        self._changes = Changes()
        self._load_cells = endpoint_rows.load_width(0)
        self._order, self._turned = endpoint_rows.ORDERS[0], False

    def body(self) -> ComposeResult:
        """Totals, filter, list."""
        yield self._title
        yield self._filter
        yield self.table

    def on_mount(self) -> None:
        self.table.focus()
        self._reader = FleetReader(self.aws, self.console.options.calls_per_minute)
        self._poller = self.add_poller("endpoints", self._reader.read, self._interval)

    def on_screen_resume(self) -> None:
        self._ask_anew()

    def on_resize(self, event: Resize) -> None:
        self._load_cells = endpoint_rows.load_width(event.size.width)
        self.table.show_columns(endpoint_rows.columns(event.size.width))
        self.table.forget_lines()

    def on_snapshot_read(self, message: SnapshotRead) -> None:
        snapshot: FleetSnapshot = message.snapshot
        if snapshot.error is None:
            self._snapshot = snapshot
            self._changes.note(snapshot)
            self._title.write(title(snapshot))
            self.show_rows()
            if snapshot.catching_up and self._poller is not None and self.is_current and not self.paused:
                self._poller.request()  # whatever the interval: the rest of it is still to come
        elif self._snapshot is None:
            self.table.show((), empty="The endpoints could not be read.")

    def tick(self) -> None:
        """Ages go on between readings, and marks of changes pass."""
        super().tick()
        if self.is_mounted and self.is_current:
            self.show_rows()

    def copyable(self) -> Mapping[str, str]:
        """Names and ARNs of the marked endpoints, or of the one under the cursor."""
        rows = self.table.marked or ((self.table.cursor_row,) if self.table.cursor_row else ())
        if not rows:
            return {}
        found = {
            "name": "\n".join(row.endpoint.name for row in rows),
            "ARN": "\n".join(row.endpoint.arn for row in rows),
        }
        configs = [row.endpoint.config for row in rows if row.endpoint.config]
        return {**found, "endpoint config": "\n".join(configs)} if configs else found

    def sheet(self) -> Sheet:
        """The rows as they are filtered and sorted."""
        return endpoint_rows.sheet(self._rows)

    def filter_fields(self) -> Collection[str]:
        """What the columns show, and more."""
        return endpoint_rows.FIELDS

    def why_not(self, action: Action) -> str | None:
        """Without endpoints there is nothing to open, and what an endpoint's status does not allow."""
        row = self.table.cursor_row
        if action.id in _OF_ONE and self.is_mounted and row is None:
            return "There is no endpoint under the cursor."
        if action.id in _DIALOGS and row is not None and (why := refused_because(row.endpoint, action.method)):
            return why
        if action.id == "endpoints.update" and row is not None and self._is_undescribed(row.endpoint):
            return f"{row.endpoint.name} has not been read yet."
        return super().why_not(action)

    async def action_open(self) -> None:
        """Watch the endpoint under the cursor."""
        from cmapss_tui.screens.endpoint import EndpointScreen

        row = self.table.cursor_row
        if row is not None:
            await self.app.push_screen(EndpointScreen(row.endpoint.name))

    async def action_logs(self) -> None:
        """Read what its containers write."""
        from cmapss_tui.screens.logs import logs_of_endpoint

        row = self.table.cursor_row
        if row is not None:
            await self.app.push_screen(logs_of_endpoint(row.endpoint.name))

    async def action_describe(self) -> None:
        """Read what AWS says of it."""
        from cmapss_tui.screens.describe import describe_endpoint

        row = self.table.cursor_row
        if row is not None:
            await self.app.push_screen(describe_endpoint(row.endpoint.name))

    async def action_update(self) -> None:
        """Change what the endpoint under the cursor serves, or on what."""
        from cmapss_tui.screens.update import UpdateScreen

        await self._decide(UpdateScreen)

    async def action_scale(self) -> None:
        """Change its automatic scaling, once its page has read what that is."""
        from cmapss_tui.screens.endpoint import EndpointScreen

        row = self.table.cursor_row
        if row is not None:
            await self.console.travels.do_there(self.AREA, partial(EndpointScreen, row.endpoint.name), "scale")

    async def action_delete(self) -> None:
        """Delete it, after its name has been typed."""
        from cmapss_tui.screens.delete import DeleteScreen

        await self._decide(lambda endpoint: DeleteScreen(endpoint.name))

    async def action_high_availability(self) -> None:
        """Give it three instances or more."""
        from cmapss_tui.screens.high_availability import HighAvailabilityScreen

        await self._decide(
            lambda endpoint: HighAvailabilityScreen(endpoint.name, [one.name for one in endpoint.variants])
        )

    async def action_traffic(self) -> None:
        """Send it load."""
        from cmapss_tui.screens.traffic import TrafficScreen

        await self._decide(lambda endpoint: TrafficScreen(endpoint.name, known=endpoint))

    async def action_validate(self) -> None:
        """Measure how well it predicts."""
        from cmapss_tui.screens.validate import ValidateScreen

        await self._decide(lambda endpoint: ValidateScreen(endpoint.name))

    async def action_clean_up(self) -> None:
        """Look for what was left behind."""
        from cmapss_tui.screens.clean_up import CleanUpScreen

        await self.app.push_screen(CleanUpScreen())

    def action_refresh(self) -> None:
        """Read everything now, also what is not due yet."""
        self._ask_anew()
        super().action_refresh()

    @property
    def sorting(self) -> tuple[str, bool]:
        """As the operator has chosen."""
        return self._order, self._turned

    def columns(self) -> Sequence[Column]:
        """All of them."""
        return endpoint_rows.columns(self.size.width)

    def orders(self) -> Sequence[str]:
        """The columns that are in sight."""
        return [one for one in endpoint_rows.ORDERS if one == self._order or self.table.shows(one)]

    def sort(self, by: str, *, turned: bool) -> None:
        """Sort the rows that there are."""
        self._order, self._turned = by, turned
        self.table.show_order(by, endpoint_rows.descending(by, turned=turned))
        self.show_rows()

    def show_rows(self) -> None:
        """Show the rows that satisfy the terms."""
        if self._snapshot is None:
            return
        now = self.aws.clock.now()
        changes = partial(self._changes.of, now=now, speed=self.aws.clock.speed)
        all_rows = endpoint_rows.rows_of(self._snapshot, now, changes, self._is_protected)
        rows = [
            row
            for row in all_rows
            if matches(self.terms, endpoint_rows.words(row), partial(endpoint_rows.value, row, now=now))
        ]
        rows = endpoint_rows.ordered(rows, self._order, turned=self._turned)
        if rows == self._rows and self.table.rows:
            return
        self._rows = rows
        with self.app.batch_update():
            self._filter.show_note(f"{len(rows)} of {len(all_rows)}")
            self.table.show_order(self._order, endpoint_rows.descending(self._order, turned=self._turned))
            self.table.show(rows, empty=NONE_LEFT if self.terms else none_yet())
        self.refresh_bindings()

    async def _decide(self, dialog: Callable[[Endpoint], ConsoleScreen]) -> None:
        """Open a dialog about the endpoint under the cursor; what is typed next is meant for that."""
        row = self.table.cursor_row
        if row is not None:
            await self.app.push_screen(dialog(row.endpoint))

    def _cell(self, row: EndpointRow, column: str) -> Cell:
        return endpoint_rows.cell(row, column, self._load_cells)

    def _is_undescribed(self, endpoint: Endpoint) -> bool:
        return self._snapshot is not None and endpoint.name in self._snapshot.undescribed

    def _is_protected(self, endpoint: Endpoint) -> bool:
        return protected_because(self.aws, endpoint.name, None) is not None

    def _ask_anew(self) -> None:
        if self._reader is not None:
            self._reader.ask_anew()

    def _interval(self, snapshot: FleetSnapshot | None) -> float:
        speed = self.aws.clock.speed
        if snapshot is None or snapshot.catching_up or snapshot.changing:
            return max(FASTEST_SECONDS, FAST_REGION_SECONDS / speed)
        return min(max(RESTING_SECONDS, SLOW_REGION_SECONDS / speed), SLOWEST_SECONDS)


def none_yet() -> str:
    """What an empty list says, with the keys there are."""
    jobs, deploy = first_key("app.jobs"), first_key("jobs.deploy")
    return f"No endpoints here. Press {jobs}, put the cursor on a job, and {deploy} deploys it."
