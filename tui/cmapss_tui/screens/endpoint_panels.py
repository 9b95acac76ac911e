"""From what is known of an endpoint to what its charts show: curves, steps, lanes and legends over one axis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from textual.content import Content

from cmapss_tui import formats, theme
from cmapss_tui.screens.endpoint_known import Known
from cmapss_tui.screens.endpoint_view import moment
from cmapss_tui.sheet import Sheet
from cmapss_tui.widgets import chart_lanes
from cmapss_tui.widgets.chart_lanes import Glyph, Lane, Mark
from cmapss_tui.widgets.chart_lines import Curve, Reference, series_style
from cmapss_tui.widgets.chart_scale import PRIMARY, REFERENCE, TimeAxis, TimePoints

if TYPE_CHECKING:
    from cmapss_core.scaling import Scaling, ScalingActivity
    from cmapss_tui.screens.endpoint_reading import SeenRollout

LATE = timedelta(minutes=3)  # of CloudWatch
CURVES = {
    "latency": {name: f"model_latency_{name}_ms" for name in ("p50", "p90", "p99")},
    "errors": {"4xx": "errors_4xx", "5xx": "errors_5xx", "mod": "errors_model"},
    "utilization": {"cpu": "cpu_utilization", "mem": "memory_utilization"},
}

OUT: Glyph = ("▲", theme.ACCENT)
IN: Glyph = ("▼", PRIMARY)
FAILED: Glyph = ("✕", theme.BAD)
NOT_SCALED: Glyph = ("–", theme.QUIET)
_UNDER_WAY: Glyph = ("╌", theme.ACCENT)
_BEGUN: Glyph = ("◐", theme.BUSY)
_STAGE_GLYPHS: dict[str, Glyph] = {"ActivatingTraffic": ("▒", theme.BUSY), "Baking": ("▓", theme.BUSY)}
_OTHER_STAGE: Glyph = ("░", theme.BUSY)
_ROLLED_OUT: Glyph = ("●", theme.GOOD)
_WIDE, _NARROW = Content("  "), Content(" ")


@dataclass(frozen=True, slots=True)
class Stage:
    """What the charts are drawn for: what is known, the axis, and the variant that is shown, None being all."""

    known: Known
    axis: TimeAxis
    variant: str | None = None

    @property
    def mixed(self) -> bool:
        """Whether figures of several variants come together."""
        return self.variant is None and len(self.known.variant_names) > 1

    def points(self, name: str) -> TimePoints:
        """A series of the shown variant, or of all together."""
        return self.known.points(name, self.variant)

    def value(self, points: TimePoints) -> str:
        """The value at the cursor, else the newest; one that is older than CloudWatch is late is not that of now."""
        axis = self.axis
        if axis.cursor is not None:
            pointed = axis.by_slot(points)[axis.cursor]
            return formats.NOTHING if pointed is None else formats.number(pointed, 3)
        late = max(LATE, axis.slot)
        newest = next((one for one in reversed(points) if one[0] < axis.end), None)
        if newest is None or newest[0] < min(axis.complete_until, axis.end) - late:
            return formats.NOTHING
        return formats.number(newest[1], 3)

    def of_all(self, how: str) -> Content:
        """How the variants come together, if there are several."""
        return Content.styled(f"  {how} of {len(self.known.variant_names)} variants" if self.mixed else "", theme.QUIET)


def target(stage: Stage) -> Reference | None:
    """The line that target tracking keeps to; none where the shown variants have several."""
    scaling = stage.known.scaling
    targets = {
        policy.target
        for policy in (scaling.policies if scaling else ())
        if policy.target and stage.variant in (None, policy.variant)
    }
    if len(targets) != 1:
        return None
    return Reference(targets.pop())


def bar_legend(stage: Stage, points: TimePoints, how: str, line: Reference | None = None) -> tuple[Content, ...]:
    """The newest value or that at the cursor, the line to compare with, and how variants come together."""
    value = Content(stage.value(points))
    if line is not None:
        value += Content.assemble(("  ┄ ", REFERENCE), f"target {formats.number(line.value, 4)}")
    return value + stage.of_all(how), value


def curves(stage: Stage, panel: str) -> list[Curve]:
    """The lines of a panel of several series."""
    return [Curve(label, stage.points(name)) for label, name in CURVES[panel].items()]


def curve_legend(stage: Stage, shown: Sequence[Curve]) -> tuple[Content, ...]:
    """Each line with its value, wide, narrow, and the first and last alone."""
    pieces = [
        Content.assemble((f"{curve.label} ", series_style(index)), stage.value(curve.points))
        for index, curve in enumerate(shown)
    ]
    how = stage.of_all("highest")
    return _WIDE.join(pieces) + how, _WIDE.join(pieces), _NARROW.join(pieces), _NARROW.join([pieces[0], pieces[-1]])


def error_legend(stage: Stage, shown: Sequence[Curve]) -> tuple[Content, ...]:
    """How many invocations failed within the window, or at the cursor."""
    axis = stage.axis
    if axis.cursor is not None:
        return curve_legend(stage, shown)
    metrics = stage.known.metrics
    minutes = metrics.period_seconds / 60 if metrics is not None else 1
    counts = {
        curve.label: sum(value for at, value in curve.points if axis.start <= at < axis.end) * minutes
        for curve in shown
    }
    if not any(counts.values()):
        return (Content.styled("no errors" if any(curve.points for curve in shown) else "", theme.QUIET),)
    words = "  ".join(f"{label} {formats.number(n, 4)}" for label, n in counts.items())
    return Content.styled(f"{words} in all", theme.BAD), Content.styled(words, theme.BAD)


def instances(stage: Stage, now: datetime) -> tuple[TimePoints, TimePoints, float]:
    """Current and desired instances as steps, as far as they are known, and how many there may be."""
    from cmapss_core.instance_counts import instance_history

    endpoint, scaling, axis = stage.known.endpoint, stage.known.scaling, stage.axis
    assert endpoint is not None  # it is called where both are known
    assert scaling is not None
    end = max(now, axis.start + timedelta(minutes=1))
    history = instance_history(endpoint, scaling, axis.start, end, stage.variant, stage.known.counts)
    bounds = {one.variant: one.max for one in scaling.targets}
    highest = sum(
        bounds.get(variant.name, variant.desired_instances)
        for variant in endpoint.variants
        if stage.variant in (None, variant.name)
    )
    return history.current, history.desired, float(highest)


@dataclass(frozen=True, slots=True)
class Steps:
    """What is drawn of the instances and in the lanes, wherever the cursor is."""

    current: TimePoints
    desired: TimePoints
    highest: float
    lanes: tuple[Lane, ...]


def steps(stage: Stage, now: datetime) -> Steps:
    """Instances and lanes of a stage whose endpoint and scaling are known."""
    return Steps(*instances(stage, now), tuple(lanes(stage, now)))


def instance_legend(stage: Stage, current: TimePoints, desired: TimePoints) -> tuple[Content, ...]:
    """What the two lines are, and their values at the cursor."""
    values = []
    for points in (current, desired):
        slot = stage.axis.cursor
        values.append("" if slot is None else f" {formats.number(stage.axis.at_slot_ends(points)[slot], 3)}")
    long, short = (
        Content.assemble(("━ ", PRIMARY), f"{have}{values[0]}{gap}", ("╌ ", REFERENCE), f"{want}{values[1]}")
        for have, want, gap in (("current", "desired", "  "), ("now", "want", " "))
    )
    return long + stage.of_all("sum"), long, short


def lanes(stage: Stage, now: datetime) -> list[Lane]:
    """The alarms' states, the scaling activities and the roll-outs that were seen within the window."""
    known, axis = stage.known, stage.axis
    made = list(_alarm_lanes(stage, now))
    if known.scaling is not None:
        made.append(chart_lanes.mark_lane("scaled", _activity_marks(stage, known.scaling, now), axis))
    if known.rollouts:
        marks = [mark for rollout in known.rollouts for mark in _rollout_marks(rollout, axis, now)]
        lane = chart_lanes.mark_lane("roll", marks, axis)
        made += [lane] if lane.cells else []
    return made


def lane_legend(stage: Stage, shown: Sequence[Lane]) -> tuple[Content, ...]:
    """What the glyphs mean; at the cursor, what was the case."""
    axis = stage.axis
    if axis.cursor is not None:
        columns = axis.columns_of(axis.cursor)
        long, short = [], []
        for lane in shown:
            there = [(glyph, style) for at, glyph, style in lane.cells if at in columns]
            if there:
                glyph, style = there[-1]
                long.append(
                    Content.assemble(
                        f"{lane.label} ", (f"{glyph} {_meaning(glyph).removeprefix(f'{lane.label} ')}", style)
                    )
                )
                short.append(Content.assemble(f"{lane.label} ", (glyph, style)))
        return _WIDE.join(long), _WIDE.join(short)
    if "alarm_states" in stage.known.failures:
        return _history_refused(stage.known, long=True), _history_refused(stage.known, long=False)
    drawn = {glyph for lane in shown for _, glyph, _ in lane.cells}
    glyphs = [(glyph, meaning) for glyph, meaning in _MEANINGS if glyph[0] in drawn]
    return tuple(Content.assemble(*chart_lanes.legend(glyphs[:count])) for count in range(len(glyphs), -1, -1))


def sheet(stage: Stage, now: datetime) -> Sheet | None:
    """The metrics of the window as rows, one for each slot that has begun; counts are per minute."""
    metrics, axis = stage.known.metrics, stage.axis
    if metrics is None:
        return None
    names = [*metrics.series]
    columns = [axis.by_slot(stage.points(name)) for name in names]
    if stage.known.endpoint is not None and stage.known.scaling is not None:
        current, desired, _ = instances(stage, now)
        for name, points in (("current_instances", current), ("desired_instances", desired)):
            names.append(name)
            columns.append(axis.at_slot_ends(points))
    begun = [slot for slot in range(axis.slots) if axis.time_of(slot) <= now]
    rows = [(axis.time_of(slot), *(column[slot] for column in columns)) for slot in begun]
    return Sheet("metrics", ("time", *names), rows)


def _alarm_lanes(stage: Stage, now: datetime) -> Iterator[Lane]:
    scaling, states = stage.known.scaling, stage.known.alarm_states
    if scaling is None or not scaling.alarms:
        return
    names = {
        name for policy in scaling.policies if stage.variant in (None, policy.variant) for name in policy.alarm_names
    }
    for side, looks in (("high", chart_lanes.STATES["ALARM"]), ("low", chart_lanes.LOW_ALARM)):
        chosen = {alarm.name for alarm in scaling.alarms if alarm.side == side and alarm.name in names}
        if chosen:
            histories = [one.steps for one in states or () if one.name in chosen]
            yield chart_lanes.state_lane(side, histories, stage.axis, now, looks)


def _activity_marks(stage: Stage, scaling: Scaling, now: datetime) -> Iterator[Mark]:
    from cmapss_core.scaling_scene import went_in

    endpoint = stage.known.endpoint
    for variant in endpoint.variants if endpoint is not None else ():
        if stage.variant not in (None, variant.name):
            continue
        own = [activity for activity in scaling.activities if activity.variant == variant.name]
        for activity in own:
            glyph, rank = _looks(activity, inward=went_in(activity, own, variant))
            trail = None if activity.not_scaled_reason is not None else _UNDER_WAY
            yield Mark(activity.started, glyph, activity.ended or now, trail, rank)


def _looks(activity: ScalingActivity, *, inward: bool) -> tuple[Glyph, int]:
    if activity.not_scaled_reason is not None:
        return NOT_SCALED, 0
    if activity.status in ("Failed", "Unfulfilled"):
        return FAILED, 3
    return (IN, 1) if inward else (OUT, 2)


def _rollout_marks(rollout: SeenRollout, axis: TimeAxis, now: datetime) -> Iterator[Mark]:
    end = rollout.ended or now
    stages = rollout.stages or ((rollout.started, ""),)
    for place, (at, stage) in enumerate(stages):
        following = stages[place + 1][0] if place + 1 < len(stages) else end
        glyph = _STAGE_GLYPHS.get(stage, _OTHER_STAGE) if stage else _UNDER_WAY
        begun = rollout.started if place == 0 else at
        yield Mark(begun, glyph, following, glyph, 0)
    yield Mark(rollout.started, _BEGUN, rank=1)
    if rollout.ended is not None:
        glyph, word = (FAILED, "taken back") if rollout.taken_back else (_ROLLED_OUT, "rolled out")
        span = f"{moment(rollout.started, axis)}–{moment(rollout.ended, axis)}"
        yield Mark(rollout.ended, glyph, rank=2, words=(f"{word} {span}", word))


def _history_refused(known: Known, *, long: bool) -> Content:
    error = known.failures["alarm_states"]
    remedy = ": allow cloudwatch:DescribeAlarmHistory" if error.kind == "denied" else ""
    return Content.styled(f"alarms' past {error.kind}{remedy if long else ''}", theme.WARN)


_MEANINGS: tuple[tuple[Glyph, str], ...] = (
    (chart_lanes.STATES["ALARM"], "ALARM"),
    (chart_lanes.LOW_ALARM, "low ALARM"),
    (chart_lanes.STATES["OK"], "OK"),
    (OUT, "out"),
    (IN, "in"),
    (FAILED, "failed"),
    (chart_lanes.STATES["INSUFFICIENT_DATA"], "no data"),
    (NOT_SCALED, "not scaled"),
    (_OTHER_STAGE, "creating"),
    (_STAGE_GLYPHS["ActivatingTraffic"], "shifting"),
    (_STAGE_GLYPHS["Baking"], "baking"),
    (_ROLLED_OUT, "rolled out"),
)


def _meaning(character: str) -> str:
    words = {**{glyph: meaning for (glyph, _), meaning in reversed(_MEANINGS)}, "╌": "under way", "◐": "begun"}
    return words.get(character, "")
