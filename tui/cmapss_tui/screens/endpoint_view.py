"""Which stretch of time an endpoint's screen shows: windows, zoom and pan, as plain arithmetic on times."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cmapss_tui import formats
from cmapss_tui.keymap import first_key
from cmapss_tui.widgets.chart_scale import TimeAxis

HOUR, DAY = 60, 24 * 60
# In minutes: what one key goes through, and all that zooming does.
WINDOWS = (15, HOUR, 3 * HOUR, 12 * HOUR, DAY, 7 * DAY)
ZOOMS = (5, 10, 15, 30, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class View:
    """The `window` minutes up to `until`, or up to now where that is None, on `width` columns."""

    window: int = HOUR
    until: datetime | None = None
    width: int = HOUR

    def axis(self, now: datetime) -> TimeAxis:
        """The axis of the charts at that time."""
        return TimeAxis.fit(now, self.width, window=self.window, until=self.until)

    def cycled(self) -> View:
        """The next longer of the windows, and the shortest after the longest."""
        return replace(self, window=next((each for each in WINDOWS if each > self.window), WINDOWS[0]))

    def zoomed(self, *, inward: bool, now: datetime, around: datetime | None = None) -> View:
        """The next shorter or longer stretch, with `around` in its middle where that is given and not too new."""
        if inward:
            window = next((each for each in reversed(ZOOMS) if each < self.window), ZOOMS[0])
        else:
            window = next((each for each in ZOOMS if each > self.window), ZOOMS[-1])
        if around is None:
            return replace(self, window=window)
        return replace(self, window=window, until=_past(around + window / 2 * _MINUTE, now))

    def panned(self, *, back: bool, now: datetime, born: datetime) -> View:
        """Half a window back, not further than to the first window of what was born then; or forth, until now."""
        half = self.window // 2 * _MINUTE
        until = (self.until or now) + (-half if back else half)
        return replace(self, until=_past(max(until, born + 2 * half) if back else until, now))

    def at_present(self) -> View:
        """The same window up to now."""
        return replace(self, until=None)


def words(
    axis: TimeAxis, until: datetime | None, *, paused: bool = False, period_seconds: float = 60.0
) -> tuple[str, str]:
    """What is shown, and what a bar of it stands for; what is paused is not of now for long.

    Of several values of CloudWatch, one for each `period_seconds`, a bar is the highest.
    """
    span = f"{moment(axis.start, axis)}–{moment(axis.end, axis)}"
    length = minutes_in_words(axis.minutes)
    now = first_key("endpoint.present")
    present = "paused" if paused else "until now"
    upto = present if until is None else f"until {moment(axis.end, axis)}, press {now} for now"
    slot = "a bar a minute"
    if axis.minutes_per_slot > 1:
        mean = period_seconds >= axis.minutes_per_slot * 60
        which = "mean" if mean else "highest minute" if period_seconds <= 60 else "highest value"
        slot = f"a bar is {minutes_in_words(axis.minutes_per_slot)}, {which}"
    return f"{span}  {length} {upto}", slot


def moment(at: datetime, axis: TimeAxis) -> str:
    """A time on an axis; with its date where that is not all of one day."""
    return f"{at:%H:%M}" if axis.start.date() == axis.end.date() else f"{at:%m-%d %H:%M}"


def minutes_in_words(minutes: int) -> str:
    """A length of time: 47m, 3h, 1d02h."""
    return formats.duration(minutes * 60).replace("h00m", "h").replace("m00s", "m").replace("d00h", "d")


def _past(until: datetime, now: datetime) -> datetime | None:
    """A time before this minute, at a whole minute; None is now."""
    until = until.replace(second=0, microsecond=0)
    return until if until < now.replace(second=0, microsecond=0) else None
