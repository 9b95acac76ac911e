"""One endpoint on one screen: its state, why it scales or does not, and its metrics over one shared axis of time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Grid, Vertical, VerticalScroll
from textual.content import Content

from cmapss_tui import background, theme
from cmapss_tui.actions import Action, bindings_for
from cmapss_tui.keymap import first_key
from cmapss_tui.polling import SnapshotRead
from cmapss_tui.remedies import line_in_console
from cmapss_tui.screens import endpoint_panels as panels
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.screens.endpoint_gone import PerishableEndpoint
from cmapss_tui.screens.endpoint_headline import GONE, headline, laid_out, sending_now, told_apart, view_line
from cmapss_tui.screens.endpoint_known import AT_ANY_STATUS, refused_because
from cmapss_tui.screens.endpoint_panels import Stage
from cmapss_tui.screens.endpoint_reading import (
    SLOW_REGION_SECONDS,
    EndpointReader,
    EndpointReading,
    reading_interval,
)
from cmapss_tui.screens.endpoint_view import View
from cmapss_tui.sheet import Sheet
from cmapss_tui.widgets.activity_list import ActivityList
from cmapss_tui.widgets.age import NOTHING_READ, OLD, Freshness
from cmapss_tui.widgets.alarm_panel import AlarmPanel
from cmapss_tui.widgets.charts import BarChart, LaneChart, LineChart, StepChart, TimeChart
from cmapss_tui.widgets.panel import Lines, Panel
from cmapss_tui.widgets.plan_view import wrapped
from cmapss_tui.widgets.rollout_panel import RolloutPanel, tells
from cmapss_tui.widgets.variant_table import VariantTable, cooldowns

# What each panel shows, by the field of Known that its age is that of.
PANELS = {
    "why-text": "explanation",
    "rollout": "endpoint",
    "per-instance": "metrics",
    "instances": "scaling",
    "lanes": "scaling",
    "invocations": "metrics",
    "latency": "metrics",
    "activities": "scaling",
    "errors": "metrics",
    "utilization": "metrics",
    "alarms": "scaling",
    "variants": "endpoint",
}
LIVE = ("why-text", "activities", "alarms", "variants")  # of now, whatever stretch of time the charts show


async def open_endpoint(app: App[Any], name: str) -> None:
    """Go to an endpoint's screen, in the endpoints' area."""
    await app.switch_mode("endpoints")
    await app.push_screen(EndpointScreen(name))


class EndpointScreen(PerishableEndpoint):
    """The scaling theatre."""

    AREA = "endpoints"
    SCOPES = ("endpoint",)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for("endpoint")]
    CSS_PATH = "endpoint.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-normal"), (50, "-tall")]

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._view = View()
        self._variant: str | None = None
        self._cursor: datetime | None = None
        self._stage: Stage | None = None
        self._steps: tuple[Stage, panels.Steps] | None = None
        self._reader: EndpointReader | None = None

    def body(self) -> ComposeResult:
        """Two columns over one axis of time where there is room, else one that scrolls, the most telling first."""
        yield Lines(id="headline")
        with VerticalScroll(id="theatre"):
            yield Panel("Roll-out", RolloutPanel(id="rollout"), id="rollout-panel")
            yield Panel("Why", Lines(id="why-text"), id="why")
            yield Lines(id="view")
            with Grid(id="stage"):
                with Vertical(id="story"):
                    yield Panel("per instance/min", BarChart(id="per-instance"), classes="chart")
                    yield Panel("instances", StepChart(id="instances"), classes="chart")
                    yield Panel("alarms, scaling", LaneChart(id="lanes"))
                with Vertical(id="load"):
                    yield Panel("invocations/min", BarChart(id="invocations"), classes="chart")
                    yield Panel("latency ms", LineChart(id="latency"), classes="chart")
                    yield Panel("Activities", ActivityList(id="activities"))
            with Grid(id="more"):
                yield Panel("errors/min", LineChart(id="errors"))
                yield Panel("CPU, memory %", LineChart(id="utilization"))
            with Grid(id="details"):
                yield Panel("Variants", VariantTable(id="variants"))
                yield Panel("Alarms", AlarmPanel(id="alarms"))

    def on_mount(self) -> None:
        self.query_one("#theatre").focus()
        self._show()
        # The first reading asks for as many minutes as the charts turn out to be wide.
        self.call_after_refresh(self._start_reading)

    def on_unmount(self) -> None:
        if (traffic := background.find(self.app, "traffic", self.endpoint_name)) is not None:
            traffic.ignore(self._show_headline)

    def on_snapshot_read(self, message: SnapshotRead) -> None:
        reading: EndpointReading = message.snapshot
        self.known = self.known.with_reading(reading)
        self._show()
        self.rest_while_gone()
        if reading.view != self._view and self._poller is not None and not self.gone:
            self._poller.request()  # asked before the view was changed

    def on_time_chart_resized(self, message: TimeChart.Resized) -> None:
        message.stop()
        if self._width() != self._view.width:
            self._changed_view()

    def on_screen_resume(self) -> None:
        if (traffic := background.find(self.app, "traffic", self.endpoint_name)) is not None:
            traffic.ignore(self._show_headline)
            traffic.listen(self._show_headline)
        self._show_headline()

    def on_time_chart_pointed(self, message: TimeChart.Pointed) -> None:
        message.stop()
        axis = self._stage.axis if self._stage is not None else None
        self._point(None if axis is None or message.slot is None else axis.time_of(message.slot))

    def tick(self) -> None:
        """Ages and cooldowns go on between readings."""
        super().tick()
        if self.is_mounted and self.is_current:
            self._show_ages()
            self._show_why()
            self._show_variants()
            self._show_rollout()
            self._show_headline()

    def why_not(self, action: Action) -> str | None:
        """What this endpoint's status does not allow."""
        if action.scope == "endpoint" and action.method not in AT_ANY_STATUS:
            endpoint = self.known.endpoint
            if self.gone:
                return f"{self.endpoint_name} does not exist any more."
            if endpoint is not None and (reason := refused_because(endpoint, action.method)) is not None:
                return reason
            if endpoint is None and action.method in ("update", "stop_rollout"):
                return f"{self.endpoint_name} has not been read yet."
        if action.id == "endpoint.variant" and len(self.known.variant_names) < 2:
            return f"{self.endpoint_name} has one production variant."
        return super().why_not(action)

    def again(self) -> Callable[[], ConsoleScreen]:
        """The same endpoint once more."""
        return partial(EndpointScreen, self.endpoint_name)

    def sheet(self) -> Sheet | None:
        """The metrics of the window."""
        return panels.sheet(self._stage, self.aws.clock.now()) if self._stage is not None else None

    def action_refresh(self) -> None:
        """Read everything anew, also what is known for this minute."""
        if self._reader is not None:
            self._reader.forget()
        super().action_refresh()

    def action_pause(self) -> None:
        """Let the charts stand still, or go on."""
        super().action_pause()
        self._show_charts()

    def action_window(self) -> None:
        """Show the next longer window, or the shortest."""
        self._look(self._view.cycled())

    def action_zoom_in(self) -> None:
        """Show less, more closely."""
        self._look(self._view.zoomed(inward=True, now=self.aws.clock.now(), around=self._cursor))

    def action_zoom_out(self) -> None:
        """Show more."""
        self._look(self._view.zoomed(inward=False, now=self.aws.clock.now()))

    def action_pan_back(self) -> None:
        """Show what was before."""
        born = self.known.endpoint.created if self.known.endpoint is not None else self.aws.clock.now()
        self._look(self._view.panned(back=True, now=self.aws.clock.now(), born=born))

    def action_pan_forth(self) -> None:
        """Show what came after."""
        now = self.aws.clock.now()
        self._look(self._view.panned(back=False, now=now, born=now))

    def action_present(self) -> None:
        """Go back to now."""
        self._cursor = None
        self._look(self._view.at_present())

    def action_point_left(self) -> None:
        """Point at the slot before; at first at the newest complete one."""
        self._step(-1)

    def action_point_right(self) -> None:
        """Point at the slot after; past the last at none."""
        self._step(1)

    def action_variant(self) -> None:
        """Show the next production variant alone, or all together."""
        choices = [None, *self.known.variant_names]
        place = choices.index(self._variant) if self._variant in choices else 0
        self._variant = choices[(place + 1) % len(choices)]
        self._show()

    def _start_reading(self) -> None:
        self._fit()
        clock = self.aws.clock
        self._reader = reader = EndpointReader(self.aws, self.endpoint_name)
        self._poller = self.add_poller(
            "watch", lambda: reader.read(self._view), lambda reading: reading_interval(reading, clock.speed)
        )

    def _look(self, view: View) -> None:
        """Show another stretch of time: at once what is known of it, then what is read."""
        if view != self._view:
            self._view = view
            self._changed_view()
        else:
            self._show_charts()

    def _changed_view(self) -> None:
        before = self._poller.snapshot.view if self._poller is not None and self._poller.snapshot else None
        self._show()
        if self._poller is not None and self._view != before:
            self._poller.request()

    def _step(self, by: int) -> None:
        if self._stage is None:
            return
        axis = self._stage.axis
        newest = (axis.complete_until - axis.start) // axis.slot - 1
        slot = min(newest, axis.slots - 1) if axis.cursor is None else axis.cursor + by
        self._point(axis.time_of(slot) if 0 <= slot < axis.slots else None if by > 0 else self._cursor)

    def _point(self, at: datetime | None) -> None:
        if at != self._cursor:
            self._cursor = at
            self._show_charts()

    def _width(self) -> int:
        return min(chart.plot_width for chart in self.query(TimeChart))

    def _fit(self) -> None:
        """One axis for all charts: as wide as the narrowest of them."""
        self._view = replace(self._view, width=self._width())
        if self._variant not in (None, *self.known.variant_names):
            self._variant = None
        as_of = self.known.as_of.get("metrics") or self.known.as_of.get("endpoint")
        axis = self._view.axis(as_of or self.aws.clock.now())
        slot = None if self._cursor is None else (self._cursor - axis.start) // axis.slot
        if slot is not None and 0 <= slot < axis.slots:
            axis = replace(axis, cursor=slot)
        self._stage = Stage(self.known, axis, self._variant)

    def _show(self) -> None:
        with self.app.batch_update():
            self._show_headline()
            self._show_why()
            self._show_rollout()
            self._show_charts()
            self._show_lists()
            self._show_variants()
            self._show_ages()
        self.refresh_bindings()

    def _show_charts(self) -> None:
        self._fit()
        if (stage := self._stage) is None:
            return
        with self.app.batch_update():
            self.query_one("#view", Lines).write(
                lambda width: [view_line(stage, self._view.until, width, paused=self.paused)]
            )
            if stage.known.metrics is not None:
                self._show_metrics(stage)
            if stage.known.endpoint is not None and stage.known.scaling is not None:
                self._show_steps(stage)

    def _show_metrics(self, stage: Stage) -> None:
        axis = stage.axis
        for name, series, how in (
            ("invocations", "invocations", "sum"),
            ("per-instance", "invocations_per_instance", "highest"),
        ):
            points = stage.points(series)
            reference = panels.target(stage) if name == "per-instance" else None
            self.query_one(f"#{name}", BarChart).show(axis, points, reference)
            self._panel(name).show_legend(*panels.bar_legend(stage, points, how, reference))
        for name in panels.CURVES:
            shown = panels.curves(stage, name)
            self.query_one(f"#{name}", LineChart).show(axis, shown)
            legend = panels.error_legend if name == "errors" else panels.curve_legend
            self._panel(name).show_legend(*legend(stage, shown))

    def _show_steps(self, stage: Stage) -> None:
        below = replace(stage, axis=replace(stage.axis, cursor=None))
        if self._steps is None or self._steps[0] != below:
            self._steps = (below, panels.steps(below, self.known.as_of["scaling"]))
        drawn = self._steps[1]
        self.query_one("#instances", StepChart).show(stage.axis, drawn.current, drawn.desired, drawn.highest)
        self._panel("instances").show_legend(*panels.instance_legend(stage, drawn.current, drawn.desired))
        self.query_one("#lanes", LaneChart).show(stage.axis, drawn.lanes)
        # As high as the lanes beside it, so that the charts above end in one row.
        self.query_one(ActivityList).styles.height = len(drawn.lanes) + 1
        self._panel("lanes").show_legend(*panels.lane_legend(stage, drawn.lanes))

    def _show_headline(self) -> None:
        traffic = background.find(self.app, "traffic", self.endpoint_name)
        sending = traffic.latest if traffic is not None and traffic.running else None
        age = self._freshness_of_panel("endpoint")
        pieces = [*([GONE] if self.gone else headline(self.known, self.aws.clock.now(), age)), *sending_now(sending)]
        line = self.query_one("#headline", Lines)
        line.set_class(age.old, OLD)
        line.write(lambda width: laid_out(self.endpoint_name, pieces, width))

    def _show_why(self) -> None:
        text, endpoint = self.known.explained(self.aws.clock.now()), self.known.endpoint
        error = self.known.failures.get("endpoint")
        if self.gone:
            text = (
                f"There is no endpoint {self.endpoint_name} any more. {first_key('screen.back')} goes back to the list."
            )
        elif endpoint is None and error is not None:
            text = line_in_console(error)
        elif not text:
            text = "reading …" if endpoint is None else "not known: scaling or metrics could not be read"
        self.query_one("#why-text", Lines).write(lambda width: [Content(line) for line in wrapped(text, width)])

    def _show_rollout(self) -> None:
        endpoint, now = self.known.endpoint, self.aws.clock.now()
        panel, last = self._panel("rollout"), self.known.last_rollout(now)
        panel.display = endpoint is not None and not self.gone and tells(endpoint, last)
        if endpoint is not None and panel.display:
            self.query_one(RolloutPanel).show(endpoint, last, now)

    def _show_lists(self) -> None:
        scaling, variant = self.known.scaling, self._variant
        if scaling is None:
            return
        activities = [one for one in scaling.activities if variant in (None, one.variant)]
        self.query_one(ActivityList).show(activities, self.aws.clock.now())
        self.query_one(AlarmPanel).show(scaling, self.known.recent, variant)

    def _show_variants(self) -> None:
        endpoint, now = self.known.endpoint, self.aws.clock.now()
        past = Content.styled("of now" if self._view.until is not None else "", theme.ACCENT)
        for name in LIVE[1:]:
            self._panel(name).show_legend(past)
        if endpoint is None:
            return
        self.query_one(VariantTable).show(endpoint, self.known.scaling, now)
        left = cooldowns(endpoint, self.known.scaling, now)
        several = len(left) > 1
        pieces = [Content.styled(f"{name} " if several else "", theme.QUIET) + words for name, words in left.items()]
        cooldown = Content.styled("cooldown " if pieces else "", theme.QUIET) + Content("   ").join(pieces)
        self._panel("why-text").show_legend(past + Content("  " if past.plain else "") + cooldown, past)

    def _show_ages(self) -> None:
        if self._poller is None:
            return
        of_screen = self.freshness_of(self._poller.name)
        for name, part in PANELS.items():
            self._panel(name).show_age(told_apart(self._freshness_of_panel(part), of_screen))

    def _freshness_of_panel(self, part: str) -> Freshness:
        """How old a part is, by the name of the field of Known."""
        known, poller = self.known, self._poller
        if poller is None:
            return NOTHING_READ
        interval = SLOW_REGION_SECONDS / self.aws.clock.speed if part == "metrics" else 0.0
        return self.freshness_of_part(poller.name, known.as_of.get(part), known.failures.get(part), interval)

    def _panel(self, name: str) -> Panel:
        panel = self.query_one(f"#{name}").parent
        assert isinstance(panel, Panel)  # each of the named widgets is the content of one
        return panel
