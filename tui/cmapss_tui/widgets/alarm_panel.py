"""The alarms that scale an endpoint: which state they are in, and how near they are to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from cmapss_tui import formats, theme
from cmapss_tui.widgets.panel import Lines, columns

if TYPE_CHECKING:
    from cmapss_core.metrics import Metrics, Points
    from cmapss_core.scaling import Alarm, Scaling, ScalingPolicy

NO_ALARMS = "none: no scaling policy is set"

_LOOKS: dict[str, tuple[str, str]] = {
    "OK": ("●", theme.GOOD),
    "ALARM": ("▲", theme.WARN),
    "INSUFFICIENT_DATA": ("○", theme.QUIET),
}
_CHARTED = (None, "InvocationsPerInstance")  # metrics of alarms whose points are known; None is target tracking's own
_MINUTE = 60
_LONGEST_LABEL = 24


class AlarmPanel(Lines):
    """A line for each alarm."""

    def show(self, scaling: Scaling, metrics: Metrics | None, shown: str | None = None) -> None:
        """Show what scales an endpoint, or one variant of it, with the metrics by the minute that its alarms watch."""
        policies = [policy for policy in scaling.policies if shown in (None, policy.variant)]
        several = shown is None and len({target.variant for target in scaling.targets}) > 1
        rows = []
        for alarm in sorted(scaling.alarms, key=lambda alarm: (alarm.side, alarm.name)):
            policy = next((policy for policy in policies if alarm.name in policy.alarm_names), None)
            if policy is None and shown is not None:
                continue
            variant = policy.variant if policy is not None else None
            points = metrics.points("invocations_per_instance", variant) if metrics is not None else ()
            rows.append((alarm, label(alarm, policy, several=several), points))
        if not rows:
            self.write(lambda width: [Content.styled(NO_ALARMS, theme.QUIET)])
            return
        widths = max(len(name) for _, name, _ in rows), max(len(alarm.state) for alarm, _, _ in rows)
        self.write(lambda width: [alarm_line(alarm, name, points, width, *widths) for alarm, name, points in rows])


def label(alarm: Alarm, policy: ScalingPolicy | None, *, several: bool = False) -> str:
    """What an alarm is called: AlarmHigh and AlarmLow in target tracking, else its policy, and the side where that
    has several; of which variant."""
    name = f"Alarm{alarm.side.capitalize()}"
    if policy is not None and policy.target is None:
        name = f"{policy.name} {alarm.side}" if len(policy.alarm_names) > 1 else policy.name
    if several and policy is not None:
        name = f"{policy.variant} {name}"
    return formats.middle_elided(name, _LONGEST_LABEL)


def alarm_line(alarm: Alarm, name: str, points: Points, width: int, names: int, states: int) -> Content:
    """Name and state in so many columns, how many datapoints lie beyond the threshold, and since when."""
    glyph, style = _LOOKS.get(alarm.state, ("?", ""))
    side = "above" if alarm.side == "high" else "below"
    needed = alarm.evaluation_periods
    known = alarm.metric in _CHARTED and alarm.period_seconds == _MINUTE
    counted = f"{breaching(alarm, points)} of {needed} " if known else f"{needed} × {alarm.period_seconds} s "
    counted += f"{side} {formats.number(alarm.threshold, 4)}"
    cells: list[Content | str] = [name, Content.styled(f"{glyph} {alarm.state}", style), counted]
    widths = [names, 2 + states, len(counted)]
    since = f"since {alarm.updated:%H:%M}" if alarm.updated is not None else ""
    if since and sum(widths) + 6 + len(since) <= width:
        cells.append(Content.styled(since, theme.QUIET))
        widths.append(len(since))
    return columns(cells, widths)


def breaching(alarm: Alarm, points: Points) -> int:
    """How many of the newest minutes that the alarm looks at lie beyond its threshold."""
    newest = [value for _, value in points[-alarm.evaluation_periods :]]
    beyond = (value > alarm.threshold if alarm.side == "high" else value < alarm.threshold for value in newest)
    return sum(beyond)
