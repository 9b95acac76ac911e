"""Send an endpoint invocations at a steady rate, to see it scale: what to expect, and what was really sent."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from cmapss_tui import formats, theme
from cmapss_tui.arguments import duration, positive_number
from cmapss_tui.hearing import HearingWork
from cmapss_tui.polling import SnapshotRead
from cmapss_tui.remedies import line_in_console
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.screens.working import WorkScreen
from cmapss_tui.sheet import Sheet
from cmapss_tui.widgets.chart_lines import Reference
from cmapss_tui.widgets.chart_scale import TimeAxis
from cmapss_tui.widgets.charts import BarChart
from cmapss_tui.widgets.form import Field
from cmapss_tui.widgets.panel import Lines, bar
from cmapss_tui.widgets.plan_view import paragraph

if TYPE_CHECKING:
    from cmapss_core.aws import Aws
    from cmapss_core.endpoints import Endpoint
    from cmapss_core.scaling import Scaling
    from cmapss_core.traffic import TrafficReport
    from cmapss_core.watch import Watch

KIND = "traffic"
DEFAULT_RATE, DEFAULT_DURATION = "120", "9m"
READING_SECONDS = 15.0  # that reading the data may take
AGAIN_SECONDS = 10.0  # until how the endpoint scales is asked again, where it could not be read
SHORTEST_WINDOW = 5  # minutes of the chart
# Three minutes above the target raise the alarm, the metrics being a minute or two late; instances take minutes more.
ALARM_MINUTES, ARRIVAL_MINUTES = 3, 5


class Traffic(HearingWork["TrafficReport", "TrafficReport"]):
    """Load on one endpoint, with what was answered in each region minute."""

    def __init__(self, app: App[Any], aws: Aws, endpoint: str, rate: float, seconds: float) -> None:
        super().__init__(app, KIND, endpoint, partial(_send, aws, endpoint, rate, seconds))
        self.rate = rate
        self.seconds = seconds
        self._sent: dict[datetime, float] = {}

    @property
    def by_minute(self) -> Sequence[tuple[datetime, float]]:
        """Invocations that were answered, minute by minute of the region's time."""
        return tuple(sorted(self._sent.items()))

    def is_answer(self, event: TrafficReport) -> bool:
        """Whether as many are answered as were to be sent by then, or more than before."""
        before = self.latest
        answered = event.sent + event.failed
        due = min(1 + int(event.elapsed_seconds * self.rate / 60), math.ceil(self.seconds * self.rate / 60))
        return answered >= due or before is None or answered > before.sent + before.failed

    @property
    def pause(self) -> float:
        """Before the first invocation the data is read, which is on this machine."""
        return READING_SECONDS if self.latest is None else 0.0

    def received(self, event: TrafficReport) -> None:
        """Count what came since the last report to the minute in which it was told."""
        before = self.latest.sent if self.latest is not None else 0
        super().received(event)
        minute = (event.started + timedelta(seconds=event.elapsed_seconds)).replace(second=0, microsecond=0)
        self._sent[minute] = self._sent.get(minute, 0) + event.sent - before


class TrafficScreen(WorkScreen):
    """Rate and duration, start and stop; leaving the screen leaves the traffic on."""

    KIND = KIND
    START = "Start"
    COSTS = True
    DEFAULT_CSS = """
    TrafficScreen #expected { margin: 1 0; }
    TrafficScreen #sent-by-minute { height: 1fr; max-height: 14; margin: 1 0 0 0; }
    """

    def __init__(self, endpoint: str, *, known: Endpoint | None = None, scaling: Scaling | None = None) -> None:
        super().__init__(endpoint)
        self._known = known
        self._scaling = scaling

    def on_mount(self) -> None:
        if self._known is None or self._scaling is None:
            self.add_poller("scaling", partial(_read, self.aws, self.endpoint_name), lambda _: AGAIN_SECONDS)

    def on_snapshot_read(self, message: SnapshotRead) -> None:
        """It is read once: what is expected of a load is told of the instances that it began with."""
        reading: Watch = message.snapshot
        self._known, self._scaling = reading.endpoint, reading.scaling
        for poller in self._pollers.values():
            poller.stop()
        self._asked()

    def again(self) -> Callable[[], ConsoleScreen]:
        """The same screen once more."""
        return partial(TrafficScreen, self.endpoint_name, known=self._known, scaling=self._scaling)

    def sheet(self) -> Sheet | None:
        """What was answered, minute by minute."""
        traffic = self.work
        return Sheet("traffic", ("time", "invocations"), traffic.by_minute) if isinstance(traffic, Traffic) else None

    def heading(self) -> str:
        """Which endpoint."""
        return f"Traffic to {self.endpoint_name}"

    def content(self) -> ComposeResult:
        """Fields, what to expect of them, counters, chart."""
        with Vertical(id="work"):
            yield Field("rate", "rate", DEFAULT_RATE, hint="invocations of 100 rows a minute")
            yield Field("duration", "duration", DEFAULT_DURATION, hint="of the region's time: 90s, 9m, 1h")
            yield Lines(id="expected")
            yield Lines(id="counters")
            yield BarChart(id="sent-by-minute")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._asked()

    def on_input_submitted(self) -> None:
        """On to what follows: it costs, so that it is started by its button alone."""
        self.focus_next()

    def on_resize(self) -> None:
        self.call_after_refresh(self.show_work)

    def make_work(self) -> Traffic | None:
        """Load as the fields say; None where one of them is wrong."""
        asked = self._asked()
        return None if asked is None else Traffic(self.app, self.aws, self.endpoint_name, *asked)

    def show_work(self) -> None:
        """Counters and the chart of what was answered."""
        self._asked()
        traffic = self.work
        if not isinstance(traffic, Traffic):
            return
        self.query_one("#counters", Lines).write(lambda width: counter_lines(traffic, width))
        chart = self.query_one(BarChart)
        window = max(SHORTEST_WINDOW, math.ceil(traffic.seconds / 60) + 1)
        axis = TimeAxis.fit(self.aws.clock.now(), chart.plot_width, window=window, incomplete=1)
        chart.show(axis, traffic.by_minute, Reference(traffic.rate, f"asked {formats.number(traffic.rate, 4)}"))

    def _asked(self) -> tuple[float, float] | None:
        rate = self.query_one("#field-rate", Field).parsed(positive_number)
        seconds = self.query_one("#field-duration", Field).parsed(duration)
        if rate is None or seconds is None:
            return None
        text = expectation(rate, seconds, self._known, self._scaling)
        self.query_one("#expected", Lines).write(lambda width: paragraph(text, width, theme.QUIET))
        return rate, seconds


def expectation(rate: float, seconds: float, endpoint: Endpoint | None, scaling: Scaling | None) -> str:
    """What this load will do to the number of instances, in one sentence."""
    policy = next((p for p in (scaling.policies if scaling else ()) if p.target is not None), None)
    target = next((t for t in (scaling.targets if scaling else ()) if policy and t.variant == policy.variant), None)
    if endpoint is None or scaling is None:
        return "How the endpoint scales is not known yet."
    if policy is None or target is None or policy.target is None:
        return "No scaling policy is set: the number of instances will stay as it is."
    now = max(endpoint.current_instances, 1)
    each = rate / now
    noun = "instance" if now == 1 else "instances"
    share = each / policy.target
    load = f"target {policy.target:g}: {rate:g} per minute on {now} {noun} is "
    wanted = max(target.min, min(target.max, math.ceil(rate / policy.target)))
    if share <= 1:
        return f"{load}{formats.number(share, 2)} of the target; nothing will be added."
    load += f"{formats.number(share, 3)} times the target"
    if wanted <= now:
        return f"{load}; {now} is the maximum, so nothing will be added."
    if seconds < ALARM_MINUTES * 60:
        return f"{load}, but the alarm needs {ALARM_MINUTES} minutes of it: send longer to see it scale."
    return f"{load}; expect {wanted} instances in about {ALARM_MINUTES + ARRIVAL_MINUTES} minutes."


def counter_lines(traffic: Traffic, width: int) -> list[Content]:
    """Progress, counts, the actual rate, and what went wrong."""
    report: TrafficReport | None = traffic.result or traffic.latest
    lines = []
    if report is None:
        lines.append(Content.styled("◐ reading the data …" if traffic.running else "", theme.BUSY))
    else:
        finished = report.finished and not traffic.running
        style = theme.BUSY if traffic.running else theme.GOOD if finished else theme.WARN
        word = "◐ sending" if traffic.running else "● done" if finished else "○ stopped"
        lines.append(bar(report.elapsed_seconds / traffic.seconds, width, style))
        lines.append(
            Content.assemble(
                (word, style),
                f"  {formats.count(report.sent)} answered",
                (f"  {formats.count(report.failed)} failed", theme.BAD if report.failed else theme.QUIET),
                f"  {formats.number(report.rate_per_minute, 4)} per minute",
                (f"  {formats.duration(report.elapsed_seconds)} of {formats.duration(traffic.seconds)}", theme.QUIET),
            )
        )
    error = traffic.error or (report.error if report is not None else None)
    if error is not None:
        lines += paragraph(f"✕ {line_in_console(error)}", width, theme.BAD)
    return lines


def _read(aws: Aws, name: str) -> Watch:
    """The endpoint and what scales it. Raises ConsoleError."""
    from cmapss_core.endpoints import read_endpoint
    from cmapss_core.scaling import read_scaling
    from cmapss_core.watch import Watch

    endpoint = read_endpoint(aws, name)
    return Watch(as_of=aws.clock.now(), endpoint=endpoint, scaling=read_scaling(aws, endpoint))


def _send(
    aws: Aws,
    endpoint: str,
    rate: float,
    seconds: float,
    tell: Callable[[TrafficReport], None],
    cancelled: Callable[[], bool],
) -> TrafficReport:
    from cmapss_core.traffic import send_traffic
    from cmapss_data import SUBSETS, open_fleet

    fleet = open_fleet()
    rows = list(chain.from_iterable(fleet.test_rows(subset).lines for subset in SUBSETS))
    return send_traffic(aws, endpoint, rows, rate, seconds, on_progress=tell, cancelled=cancelled)
