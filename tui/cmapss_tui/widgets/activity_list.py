"""What Application Auto Scaling did with an endpoint, newest first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from textual.content import Content

from cmapss_tui import formats, theme
from cmapss_tui.widgets.panel import Lines, columns

if TYPE_CHECKING:
    from cmapss_core.scaling import ScalingActivity

NONE_YET = "none yet: nothing has changed the number of instances"

_LOOKS: dict[str, tuple[str, str]] = {
    "Pending": ("○", theme.BUSY),
    "InProgress": ("◐", theme.BUSY),
    "Successful": ("●", theme.GOOD),
    "Overridden": ("◌", theme.QUIET),
    "Unfulfilled": ("✕", theme.BAD),
    "Failed": ("✕", theme.BAD),
}
_NOT_SCALED = ("–", theme.QUIET)
_CAUSE_WIDTH, _TOOK_WIDTH = 9, 14
_WITH_CAUSE = 62  # columns from which there is room for the cause
_ALARM = re.compile(r"Alarm(?:High|Low)")
_BOUND = re.compile(r"(?:minimum|maximum) capacity was set to \d+")


class ActivityList(Lines):
    """As many activities as there is room for."""

    def show(self, activities: Sequence[ScalingActivity], now: datetime) -> None:
        """Show these, `now` being the region's time."""
        if not activities:
            self.write(lambda width: [Content.styled(NONE_YET, theme.QUIET)])
        else:
            self.write(lambda width: [activity_line(activity, now, width) for activity in activities])


def activity_line(activity: ScalingActivity, now: datetime, width: int) -> Content:
    """When, what, why, and how long it took or has been going on."""
    glyph, style = _LOOKS.get(activity.status, ("?", ""))
    if activity.not_scaled_reason is not None:
        glyph, style = _NOT_SCALED
    cells: list[Content | str] = [
        Content.styled(f"{activity.started:%H:%M:%S}", theme.QUIET),
        Content.styled(glyph, style),
    ]
    widths = [8, 1]
    if width >= _WITH_CAUSE:
        cells.append(Content.styled(_why(activity), theme.QUIET))
        widths.append(_CAUSE_WIDTH)
    took = _took(activity, now, style)
    ends = [_TOOK_WIDTH] if took else []
    what_width = max(0, width - sum(widths) - sum(ends) - 2 * (len(widths) + len(ends)))
    return columns([*cells, _what(activity), *([took] if took else [])], [*widths, what_width, *ends])


def _what(activity: ScalingActivity) -> str:
    if activity.not_scaled_reason is not None:
        return f"not scaled: {_words(activity.not_scaled_reason)}"
    if activity.status in ("Failed", "Unfulfilled") and activity.message:
        return activity.message
    if activity.desired_instances is not None:
        return f"desired instance count {activity.desired_instances}"
    text = activity.description.rstrip(".")
    return text[:1].lower() + text[1:]


def _why(activity: ScalingActivity) -> str:
    if found := _ALARM.search(activity.cause):
        return found.group()
    if found := _BOUND.search(activity.cause):
        return found.group().replace("imum capacity was set to", " now")
    return activity.cause


def _took(activity: ScalingActivity, now: datetime, style: str) -> Content | str:
    ended = activity.ended or now
    span = formats.duration((ended - activity.started).total_seconds())
    if activity.status == "Successful":
        return f"took {span}"
    if activity.not_scaled_reason is not None:
        return ""
    words = "running" if activity.running else _words(activity.status)
    return Content.styled(f"{words} {span}", style)


def _words(name: str) -> str:
    """AlreadyAtMaxCapacity as words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
