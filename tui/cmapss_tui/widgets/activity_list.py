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
_CAUSE_WIDTH, _TOOK_WIDTH, _VARIANT_WIDTH = 9, 14, 10
MOST = 8  # activities that a large screen has room for
_ROOMY = 70  # columns from which a third of what is more goes to the cause
_WITH_CAUSE = 62  # columns from which there is room for the cause
_TRACKING_ALARM = re.compile(r"TargetTracking-\S*-(?P<side>Alarm(?:High|Low))-")
_ANY_ALARM = re.compile(r"alarm (?P<name>\S+) in state")
_BOUND = re.compile(r"(?:minimum|maximum) capacity was set to \d+")


class ActivityList(Lines):
    """As many activities as there is room for."""

    def show(self, activities: Sequence[ScalingActivity], now: datetime) -> None:
        """Show these, `now` being the region's time; those of several variants say of which they are."""
        several = len({activity.variant for activity in activities}) > 1
        shown = activities[:MOST]
        dated = any(activity.started.date() != now.date() for activity in shown)
        if not activities:
            self.write(lambda width: [Content.styled(NONE_YET, theme.QUIET)])
        else:
            self.write(lambda width: [activity_line(one, now, width, several=several, dated=dated) for one in shown])


def activity_line(
    activity: ScalingActivity, now: datetime, width: int, *, several: bool = False, dated: bool = False
) -> Content:
    """When, what, why, and how long it took or has been going on; of which variant, if there are several, and on
    which day, if not all are of today."""
    when = f"{activity.started:%m-%d %H:%M}" if dated else f"{activity.started:%H:%M:%S}"
    glyph, style = _LOOKS.get(activity.status, ("?", ""))
    if activity.not_scaled_reason is not None:
        glyph, style = _NOT_SCALED
    cells: list[Content | str] = [
        Content.styled(when, theme.QUIET),
        Content.styled(glyph, style),
    ]
    widths = [len(when), 1]
    if several:
        cells.append(formats.middle_elided(activity.variant, _VARIANT_WIDTH))
        widths.append(_VARIANT_WIDTH)
    if width >= _WITH_CAUSE + (_VARIANT_WIDTH if several else 0):
        cause_width = _CAUSE_WIDTH + max(0, (width - _ROOMY) // 3)
        cells.append(Content.styled(formats.middle_elided(_why(activity), cause_width), theme.QUIET))
        widths.append(cause_width)
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
    if found := _TRACKING_ALARM.search(activity.cause):
        return found.group("side")
    if found := _ANY_ALARM.search(activity.cause):
        return found.group("name")
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
