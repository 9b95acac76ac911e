"""One endpoint on one screen: its state, why it scales or does not, and its metrics over one shared axis of time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Grid, VerticalScroll
from textual.content import Content

from cmapss_core.errors import ErrorKind
from cmapss_core.snapshots import Snapshot
from cmapss_tui import background, formats, theme
from cmapss_tui.actions import Action, bindings_for
from cmapss_tui.polling import Poller, SnapshotRead
from cmapss_tui.remedies import line_in_console
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.screens.endpoint_headline import GONE, headline, laid_out, sending_now
from cmapss_tui.screens.endpoint_reading import (
    FASTEST_SECONDS,
    EndpointReading,
    Known,
    read_reading,
    reading_interval,
    refused_because,
)
from cmapss_tui.widgets.activity_list import ActivityList
from cmapss_tui.widgets.age import freshness
from cmapss_tui.widgets.alarm_panel import AlarmPanel
from cmapss_tui.widgets.chart_lines import Curve, Reference, series_style
from cmapss_tui.widgets.chart_scale import PRIMARY, REFERENCE, TimeAxis, TimePoints
from cmapss_tui.widgets.charts import BarChart, LineChart, StepChart, TimeChart
from cmapss_tui.widgets.panel import Lines, Panel
from cmapss_tui.widgets.plan_view import wrapped
from cmapss_tui.widgets.rollout_panel import RolloutPanel, tells
from cmapss_tui.widgets.variant_table import VariantTable

if TYPE_CHECKING:
    from cmapss_core.metrics import Metrics

WINDOWS = (60, 180, 30)
LATENCIES = ("p50", "p90", "p99")
LATE = timedelta(minutes=3)


async def open_endpoint(app: App[Any], name: str) -> None:
    """Go to an endpoint's screen, in the endpoints' area."""
    await app.switch_mode("endpoints")
    await app.push_screen(EndpointScreen(name))


class EndpointScreen(ConsoleScreen):
    """The scaling theatre."""

    AREA = "endpoints"
    SCOPES = ("endpoint",)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for("endpoint")]
    CSS_PATH = "endpoint.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-normal"), (50, "-tall")]

    def __init__(self, name: str) -> None:
        super().__init__()
        self.endpoint_name = name
        self._known = Known()
        self._axis: TimeAxis | None = None
        self._window = WINDOWS[0]
        self._minutes = WINDOWS[0]
        self._poller: Poller[EndpointReading] | None = None

    def body(self) -> ComposeResult:
        """Everything in one column that scrolls, the most telling first."""
        yield Lines(id="headline")
        with VerticalScroll(id="theatre"):
            yield Panel("Roll-out", RolloutPanel(id="rollout"), id="rollout-panel")
            yield Panel("Why", Lines(id="why-text"), id="why")
            with Grid(id="charts"):
                yield Panel("invocations/min", BarChart(id="invocations"))
                yield Panel("per instance/min", BarChart(id="per-instance"))
                yield Panel("instances", StepChart(id="instances"))
                yield Panel("latency ms", LineChart(id="latency"))
            with Grid(id="details"):
                yield Panel("Activities", ActivityList(id="activities"))
                yield Panel("Alarms", AlarmPanel(id="alarms"))
            yield Panel("Variants", VariantTable(id="variants"))

    def on_mount(self) -> None:
        self.query_one("#theatre").focus()
        self._show()
        # The first reading asks for as many minutes as the charts turn out to be wide.
        self.call_after_refresh(self._start_reading)

    def on_unmount(self) -> None:
        if (traffic := background.find(self.app, "traffic", self.endpoint_name)) is not None:
            traffic.ignore(self._show_headline)

    def on_snapshot_read(self, message: SnapshotRead) -> None:
        self._known = self._known.with_reading(message.snapshot)
        self._show()

    def on_resize(self) -> None:
        self.call_after_refresh(self._resized)

    def on_screen_resume(self) -> None:
        if (traffic := background.find(self.app, "traffic", self.endpoint_name)) is not None:
            traffic.ignore(self._show_headline)
            traffic.listen(self._show_headline)
        self._show_headline()

    def tick(self) -> None:
        """Ages and cooldowns go on between readings."""
        super().tick()
        if self.is_mounted and self.is_current:
            self._show_ages()
            self._show_variants()
            self._show_rollout()
            self._show_headline()

    def why_not(self, action: Action) -> str | None:
        """What this endpoint's status does not allow."""
        if action.scope == "endpoint" and action.method != "window":
            endpoint = self._known.endpoint
            if self._gone:
                return f"{self.endpoint_name} does not exist any more."
            if endpoint is not None and (reason := refused_because(endpoint, action.method)) is not None:
                return reason
            if endpoint is None and action.method in ("update", "stop_rollout"):
                return f"{self.endpoint_name} has not been read yet."
        return super().why_not(action)

    def action_window(self) -> None:
        """Show another stretch of time, as long as a column can stand for whole minutes of it."""
        self._window = WINDOWS[(WINDOWS.index(self._window) + 1) % len(WINDOWS)]
        self._resized()

    def action_validate(self) -> None:
        """Measure how well it predicts."""
        from cmapss_tui.screens.validate import ValidateScreen

        self.app.push_screen(ValidateScreen(self.endpoint_name))

    def action_traffic(self) -> None:
        """Send it load."""
        from cmapss_tui.screens.traffic import TrafficScreen

        self.app.push_screen(TrafficScreen(self.endpoint_name, self._known.endpoint, self._known.scaling))

    def action_scale(self) -> None:
        """Change its automatic scaling."""
        from cmapss_tui.screens.scale import ScaleScreen

        self.app.push_screen(ScaleScreen(self.endpoint_name, self._known.scaling, self._variants))

    def action_update(self) -> None:
        """Change what it serves, or on what."""
        from cmapss_tui.screens.update import UpdateScreen

        if self._known.endpoint is not None:
            self.app.push_screen(UpdateScreen(self._known.endpoint))

    def action_stop_rollout(self) -> None:
        """Give the old fleet its traffic back."""
        from cmapss_tui.screens.stop_rollout import StopRolloutScreen

        self.app.push_screen(StopRolloutScreen(self.endpoint_name))

    def action_high_availability(self) -> None:
        """Give it three instances or more."""
        from cmapss_tui.screens.high_availability import HighAvailabilityScreen

        self.app.push_screen(HighAvailabilityScreen(self.endpoint_name, self._variants))

    def action_delete(self) -> None:
        """Delete it, after its name has been typed."""
        from cmapss_tui.screens.delete import DeleteScreen

        self.app.push_screen(DeleteScreen(self.endpoint_name))

    @property
    def _variants(self) -> list[str]:
        return [variant.name for variant in self._known.endpoint.variants] if self._known.endpoint is not None else []

    @property
    def _gone(self) -> bool:
        """Whether the newest reading found no such endpoint; what is known of it is then history."""
        last = self._poller.snapshot if self._poller is not None else None
        error = last.error if last is not None and last.watch.endpoint is None else None
        return error is not None and error.kind is ErrorKind.NOT_FOUND

    def _start_reading(self) -> None:
        self._fit_axis()
        aws, name = self.aws, self.endpoint_name
        self._poller = self.add_poller(
            "watch",
            lambda: read_reading(aws, name, self._minutes),
            lambda reading: reading_interval(reading, aws.clock.speed),
        )

    def _resized(self) -> None:
        before = self._minutes
        self._show()
        if self._poller is not None and self._minutes > before:
            self._poller.request()

    def _fit_axis(self) -> None:
        """One axis for all charts: as wide as the narrowest of them."""
        width = min(chart.plot_width for chart in self.query(TimeChart))
        as_of = self._known.metrics_as_of or self._known.endpoint_as_of
        self._axis = TimeAxis.fit(as_of or self.aws.clock.now(), width, window=self._window)
        self._minutes = max(self._axis.minutes, 1)

    def _show(self) -> None:
        with self.app.batch_update():
            self._fit_axis()
            self._show_headline()
            self._show_why()
            self._show_rollout()
            self._show_metrics()
            self._show_instances()
            self._show_scaling()
            self._show_variants()
            self._show_ages()
        self.refresh_bindings()

    def _show_headline(self) -> None:
        traffic = background.find(self.app, "traffic", self.endpoint_name)
        sending = traffic.latest if traffic is not None and traffic.running else None
        known = [GONE] if self._gone else headline(self._known, self.aws.clock.now())
        pieces = [*known, *sending_now(sending)]
        name = Content.styled(self.endpoint_name, "bold")
        self.query_one("#headline", Lines).write(lambda width: laid_out(name, pieces, width))

    def _show_why(self) -> None:
        text = self._known.explanation
        endpoint = self._known.endpoint
        poller = self._poller
        error = poller.snapshot.error if poller is not None and poller.snapshot is not None else None
        if self._gone:
            text = "There is no such endpoint (any more): esc goes back."
        elif endpoint is None and error is not None:
            text = line_in_console(error)
        elif not text:
            text = "reading …" if endpoint is None else "not known: scaling or metrics could not be read"
        self.query_one("#why-text", Lines).write(lambda width: [Content(line) for line in wrapped(text, width)])

    def _show_rollout(self) -> None:
        endpoint = self._known.endpoint
        panel = self._panel("rollout")
        panel.display = endpoint is not None and not self._gone and tells(endpoint, self._known.rollout)
        if endpoint is not None and panel.display:
            self.query_one(RolloutPanel).show(endpoint, self._known.rollout, self.aws.clock.now())

    def _show_metrics(self) -> None:
        axis, metrics, scaling = self._axis, self._known.metrics, self._known.scaling
        if axis is None or metrics is None:
            return
        invocations = metrics.points("invocations")
        self.query_one("#invocations", BarChart).show(axis, invocations)
        latest = Content(_last(invocations, axis))
        errors = _errors(metrics, axis)
        self._panel("invocations").show_legend(latest + Content("  ") + errors, latest)
        per_instance = metrics.points("invocations_per_instance")
        target = next((policy.target for policy in (scaling.policies if scaling else ()) if policy.target), None)
        reference = Reference(target, f"target {formats.number(target, 4)}") if target is not None else None
        self.query_one("#per-instance", BarChart).show(axis, per_instance, reference)
        self._panel("per-instance").show_legend(Content(_last(per_instance, axis)))
        latencies = [Curve(name, metrics.points(f"model_latency_{name}_ms")) for name in LATENCIES]
        self.query_one("#latency", LineChart).show(axis, latencies)
        legend = [
            Content.assemble((f"{c.label} ", series_style(i)), _last(c.points, axis)) for i, c in enumerate(latencies)
        ]
        wide, narrow = Content("  "), Content(" ")
        self._panel("latency").show_legend(wide.join(legend), narrow.join(legend), narrow.join([legend[0], legend[-1]]))

    def _show_instances(self) -> None:
        from cmapss_core.scaling import instance_history

        axis, endpoint, scaling = self._axis, self._known.endpoint, self._known.scaling
        if axis is None or endpoint is None or scaling is None:
            return
        now = self._known.scaling_as_of or axis.end
        history = instance_history(endpoint, scaling, axis.start, max(now, axis.start + timedelta(minutes=1)))
        highest = max((target.max for target in scaling.targets), default=endpoint.desired_instances)
        self.query_one("#instances", StepChart).show(axis, history.current, history.desired, highest)
        legend = Content.assemble(("━ ", PRIMARY), "current  ", ("╌ ", REFERENCE), "desired")
        self._panel("instances").show_legend(
            legend, Content.assemble(("━ ", PRIMARY), "now ", ("╌ ", REFERENCE), "want")
        )

    def _show_scaling(self) -> None:
        scaling, metrics = self._known.scaling, self._known.metrics
        if scaling is None:
            return
        self.query_one(ActivityList).show(scaling.activities, self.aws.clock.now())
        self.query_one(AlarmPanel).show(scaling, metrics)

    def _show_variants(self) -> None:
        if self._known.endpoint is not None:
            self.query_one(VariantTable).show(self._known.endpoint, self._known.scaling, self.aws.clock.now())

    def _show_ages(self) -> None:
        known = self._known
        dated = {
            "why-text": known.explained_as_of,
            "rollout": known.endpoint_as_of,
            "invocations": known.metrics_as_of,
            "per-instance": known.metrics_as_of,
            "instances": known.scaling_as_of,
            "latency": known.metrics_as_of,
            "activities": known.scaling_as_of,
            "alarms": known.scaling_as_of,
            "variants": known.endpoint_as_of,
        }
        for name, as_of in dated.items():
            self._show_age(name, as_of)

    def _show_age(self, name: str, as_of: datetime | None) -> None:
        poller = self._poller
        last = poller.snapshot if poller is not None else None
        failed = last.error if last is not None and (as_of is None or as_of < last.as_of) else None
        part = Snapshot(as_of=as_of) if as_of is not None else None
        interval = poller.interval if poller is not None else FASTEST_SECONDS
        value = freshness(part, self.aws.clock, interval, paused=self.paused, error=failed)
        self._panel(name).show_age(value)

    def _panel(self, name: str) -> Panel:
        panel = self.query_one(f"#{name}").parent
        assert isinstance(panel, Panel)  # each of the named widgets is the content of one
        return panel


def _last(points: TimePoints, axis: TimeAxis) -> str:
    """The newest value; one that is older than CloudWatch is late is not the state of now."""
    if not points or points[-1][0] < axis.complete_until - LATE:
        return formats.NOTHING
    return formats.number(points[-1][1], 3)


def _errors(metrics: Metrics, axis: TimeAxis) -> Content:
    """How many invocations failed within the window."""
    counts = {
        code: sum(value for at, value in metrics.points(f"errors_{code}") if at >= axis.start)
        for code in ("4xx", "5xx")
    }
    if not any(counts.values()):
        return Content.styled("no errors", theme.QUIET)
    return Content.styled("  ".join(f"{code} {formats.number(n, 4)}" for code, n in counts.items()), theme.BAD)
