"""The alarms of target tracking: which state they are in, and how near they are to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from cmapss_tui import formats, theme
from cmapss_tui.widgets.panel import Lines, columns

if TYPE_CHECKING:
    from cmapss_core.metrics import Points
    from cmapss_core.scaling import Alarm

NO_ALARMS = "none: no target-tracking policy is set"

_LOOKS: dict[str, tuple[str, str]] = {
    "OK": ("●", theme.GOOD),
    "ALARM": ("▲", theme.WARN),
    "INSUFFICIENT_DATA": ("○", theme.QUIET),
}


class AlarmPanel(Lines):
    """A line for each alarm."""

    def show(self, alarms: Sequence[Alarm], points: Points) -> None:
        """Show these alarms, with the metric they watch: invocations per instance and minute."""
        if not alarms:
            self.write(lambda width: [Content.styled(NO_ALARMS, theme.QUIET)])
        else:
            ordered = sorted(alarms, key=lambda alarm: alarm.side)
            states = max(len(alarm.state) for alarm in ordered)
            self.write(lambda width: [alarm_line(alarm, points, width, states) for alarm in ordered])


def alarm_line(alarm: Alarm, points: Points, width: int, states: int) -> Content:
    """Name, state in `states` columns, how many datapoints lie beyond the threshold, and since when."""
    glyph, style = _LOOKS.get(alarm.state, ("?", ""))
    side = "above" if alarm.side == "high" else "below"
    counted = f"{breaching(alarm, points)} of {alarm.evaluation_periods} {side} {formats.number(alarm.threshold, 4)}"
    cells: list[Content | str] = [
        f"Alarm{alarm.side.capitalize()}",
        Content.styled(f"{glyph} {alarm.state}", style),
        counted,
    ]
    widths = [len("AlarmHigh"), 2 + states, len(counted)]
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
