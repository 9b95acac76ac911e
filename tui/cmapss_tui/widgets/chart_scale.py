"""The axes of the charts: a time axis of whole minutes to the half column, and a value axis with even numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cmapss_tui.theme import QUIET

Segment = tuple[str, str]
"""A run of text and the name of its style, as Textual's Content takes it."""
Line = tuple[Segment, ...]
TimePoints = Sequence[tuple[datetime, float]]

MUTED = QUIET
RULE = "$rule"
PRIMARY = "$primary"
REFERENCE = "$accent"
CURSOR = "$foreground"
SERIES_STYLES = ("$primary", "$secondary", "$accent")

LABEL_WIDTH = 6
GUTTER = LABEL_WIDTH + 1
MARGIN = 4  # on the right, for the names of lines

_NICE = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 10.0)
_DAY_MINUTES = 24 * 60
_TICK_MINUTES = (1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720, _DAY_MINUTES, 2 * _DAY_MINUTES, 7 * _DAY_MINUTES)
_TICK_COLUMNS = 9  # from one tick to the next, at least: a label and a gap
_SLOT_MINUTES = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 720, _DAY_MINUTES)
# How long CloudWatch keeps values of a minute, and of five; after that it has those of an hour.
_KEPT = ((timedelta(days=15), 1), (timedelta(days=63), 5))
_KEPT_LONGEST = 60
_MINUTE = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HUGEST = 1e250  # beyond what CloudWatch holds (2^360), and far enough from infinity to add up
_TINIEST = 1e-12


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """A window of time in slots of whole minutes over `width` columns, that several charts share.

    A slot is some halves of columns wide, at least one; where that comes out uneven, one more or less than the next.
    `end` is the end of the last slot; what lies after `complete_until` may still change in CloudWatch. `cursor` is the
    slot that is pointed at, `finest` the minutes of the shortest period that CloudWatch has of that time.
    """

    end: datetime
    slots: int
    minutes_per_slot: int
    width: int
    complete_until: datetime
    cursor: int | None = None
    finest: int = 1

    @classmethod
    def fit(
        cls, now: datetime, width: int, *, window: int = 60, incomplete: int = 2, until: datetime | None = None
    ) -> TimeAxis:
        """The window of so many minutes up to the minute of `now`, or up to `until`, on `width` columns.

        A slot is the fewest minutes that CloudWatch has values of, and for which there is half a column each; where
        that is no part of the window, it is a little longer. The last `incomplete` minutes before `now`, the running
        one among them, count as not complete.
        """
        minute_end = _minute(now) + _MINUTE
        last = minute_end if until is None else min(_minute(until), minute_end)
        width, window = max(width, 0), max(window, 1)
        finest = _finest(minute_end - last + window * _MINUTE)
        minutes_per_slot = _slot_minutes(width, window, finest)
        slot = minutes_per_slot * _MINUTE
        # On multiples of the slot, so that the same minutes stay together as time goes on.
        end = _EPOCH + -(-(last - _EPOCH) // slot) * slot
        return cls(
            end,
            min(-(-window // minutes_per_slot), 2 * width),
            minutes_per_slot,
            width,
            minute_end - incomplete * _MINUTE,
            finest=finest,
        )

    @property
    def slot(self) -> timedelta:
        """How long a slot lasts."""
        return self.minutes_per_slot * _MINUTE

    @property
    def start(self) -> datetime:
        """The start of the first slot."""
        return self.end - self.slots * self.slot

    @property
    def minutes(self) -> int:
        """How many minutes are shown."""
        return self.slots * self.minutes_per_slot

    @property
    def cursor_column(self) -> int | None:
        """The column in the middle of the slot that is pointed at."""
        if self.cursor is None or not 0 <= self.cursor < self.slots:
            return None
        halves = self.halves_of(self.cursor)
        return halves[(len(halves) - 1) // 2] // 2

    def halves_of(self, slot: int) -> range:
        """The halves of columns that a slot takes, counted from the left."""
        halves = 2 * self.width
        return range(slot * halves // self.slots, (slot + 1) * halves // self.slots)

    def columns_of(self, slot: int) -> range:
        """The columns in which a slot lies, those that it shares with its neighbours included."""
        return range(slot * self.width // self.slots, -(-(slot + 1) * self.width // self.slots))

    def slot_of(self, half: int) -> int:
        """The slot that takes this half of a column."""
        return ((half + 1) * self.slots - 1) // (2 * self.width)

    def time_of(self, slot: int) -> datetime:
        """When a slot starts."""
        return self.start + slot * self.slot

    def column_of(self, at: datetime) -> int | None:
        """The column in which a time lies; None outside the window."""
        if not self.width or not self.start <= at < self.end:
            return None
        return (at - self.start) * self.width // (self.end - self.start)

    def complete(self, column: int) -> bool:
        """Whether the slots of a column will not change any more."""
        return self.time_of(self.slot_of(2 * column + 1) + 1) <= self.complete_until

    def by_slot(self, points: TimePoints) -> list[float | None]:
        """One value a slot, None where there is none: the largest of its minutes, so that no peak is lost."""
        values: list[float | None] = [None] * self.slots
        start, length = self.start, self.slot
        for at, value in points:
            slot = (at - start) // length
            if 0 <= slot < self.slots and math.isfinite(value):
                known = values[slot]
                values[slot] = _clamp(value if known is None else max(known, value))
        return values

    def by_step(self, points: TimePoints) -> list[float | None]:
        """One value a column, each held from its time until the next: what was true when the column ended."""
        length = self.end - self.start
        return held(points, (self.start + length * (column + 1) / self.width for column in range(self.width)))

    def at_slot_ends(self, points: TimePoints) -> list[float | None]:
        """The same, one value a slot."""
        return held(points, (self.time_of(slot + 1) for slot in range(self.slots)))

    def ticks(self) -> list[tuple[int, str]]:
        """Columns and their HH:MM, on round minutes, far enough apart to be read; midnight is told by its date."""
        slot_ticks = [m for m in _TICK_MINUTES if m % self.minutes_per_slot == 0] or [self.minutes_per_slot]
        fits = (m for m in slot_ticks if m * self.width >= _TICK_COLUMNS * self.minutes)
        step = next(fits, slot_ticks[-1])
        times = ((slot, self.time_of(slot)) for slot in range(self.slots))
        return [
            (self.columns_of(slot)[0], f"{at:%m-%d}" if at.hour == at.minute == 0 else f"{at:%H:%M}")
            for slot, at in times
            if (at - _EPOCH) // _MINUTE % step == 0
        ]


def _minute(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def _finest(oldest: timedelta) -> int:
    """The minutes of the shortest period that CloudWatch has of so long ago."""
    return next((minutes for age, minutes in _KEPT if oldest < age), _KEPT_LONGEST)


def _slot_minutes(width: int, window: int, finest: int) -> int:
    """The fewest minutes of a slot with which the window fits into the width, a part of the window if possible."""
    periods = [minutes for minutes in _SLOT_MINUTES if minutes % finest == 0]
    fitting = [minutes for minutes in periods if -(-window // minutes) <= 2 * width]
    return next((minutes for minutes in fitting if window % minutes == 0), (fitting or periods[-1:])[0])


def held(points: TimePoints, ends: Iterable[datetime]) -> list[float | None]:
    """For each of these times, in order, the value of the last point before it; None before the first point, and from
    one on that is no number."""
    values: list[float | None] = []
    index, current = 0, None
    for end in ends:
        while index < len(points) and points[index][0] < end:
            value = points[index][1]
            current = _clamp(value) if math.isfinite(value) else None
            index += 1
        values.append(current)
    return values


@dataclass(frozen=True, slots=True)
class Scale:
    """A value axis over `rows` rows of cells, each worth `unit`: a row has the values that are nearest to its middle,
    and where it has a tick, the label is the value of its middle.

    `low` is the value of the axis line below the rows where it is `on_axis`, else that of the lowest row.
    """

    low: float
    unit: float
    rows: int
    rows_per_tick: int
    on_axis: bool = False

    @property
    def bottom(self) -> float:
        """The value at the bottom edge of the rows."""
        return self.low + (self.on_axis - 0.5) * self.unit

    @property
    def top(self) -> float:
        """The value at their top edge."""
        return self.bottom + self.rows * self.unit

    def holds(self, value: float) -> bool:
        """Whether a value lies within the rows, or on their axis."""
        return (self.low if self.on_axis else self.bottom) <= value <= self.top

    def position(self, value: float) -> float:
        """How many rows above the bottom edge a value lies, within the plot."""
        return min(max((value - self.bottom) / self.unit, 0.0), float(self.rows))

    def row(self, value: float) -> int:
        """The row, counted from the bottom, in which a value lies; -1 is the axis, where that has a value."""
        row = math.floor((value - self.bottom) / self.unit + 1e-9)
        return min(max(row, -1 if self.on_axis else 0), self.rows - 1)

    def label(self, row: int) -> str:
        """The label of a row, empty where it has no tick; row -1 is the axis."""
        steps = row + self.on_axis
        if steps < 0 or steps % self.rows_per_tick:
            return ""
        label = number(self.low + steps * self.unit)
        return label if len(label) <= LABEL_WIDTH else ""


def value_scale(values: Iterable[float], rows: int, *, from_zero: bool = True, on_axis: bool = False) -> Scale:
    """The tightest scale with even ticks that holds all values, and zero unless `from_zero` is False."""
    known = [_clamp(value) for value in values]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    # Differences finer than a float's own digits would give ticks that cannot be told apart.
    span = max(high - low, max(abs(low), abs(high)) * 1e-6)
    if span < _TINIEST:
        span = 1.0
    steps = max(rows - 1 + on_axis, 1)  # of a unit, from `low` to the middle of the top row
    if from_zero and span <= steps and all(float(value).is_integer() for value in known):  # counts, without halves
        return _even_scale(low, max(high, low + 1.0), math.ceil(span) * steps / (steps + 0.5), rows, steps, on_axis)
    ticks_every = (1,) if rows < 4 else (2,) if rows < 9 else (4, 3, 2)
    scales = [_even_scale(low, high, span, rows, per_tick, on_axis) for per_tick in ticks_every]
    return min(scales, key=lambda scale: scale.unit)


def _even_scale(low: float, high: float, span: float, rows: int, per_tick: int, on_axis: bool) -> Scale:
    room = rows - 0.5 + on_axis  # units from `low` to the top edge
    step = nice_ceiling(span * per_tick / room)
    bottom = math.floor(low / step + 1e-9) * step
    while bottom + step * room / per_tick < high - step * 1e-9:
        step = nice_ceiling(step * 1.01)
        bottom = math.floor(low / step + 1e-9) * step
    return Scale(bottom, step / per_tick, rows, per_tick, on_axis)


def nice_ceiling(value: float) -> float:
    """The smallest even number (1, 1.5, 2, 2.5, 3, 4, 5, 6 times a power of ten) not below a positive value."""
    power = 10.0 ** math.floor(math.log10(value))
    return next((nice * power for nice in _NICE if nice * power >= value * (1 - 1e-12)), 10 * power)


def number(value: float) -> str:
    """A number in few characters: 0, 2.5, 57.25, 1200, 12.5k, 3M, 1e18."""
    size = abs(value)
    if size < _TINIEST:
        return "0"
    if 1e-3 <= size < 9999.5:
        return f"{value:.4g}"
    if 9999.5 <= size < 999.5e12:
        for factor, suffix in ((1e3, "k"), (1e6, "M"), (1e9, "G"), (1e12, "T")):
            if size < 999.5 * factor:
                return f"{value / factor:.3g}{suffix}"
    mantissa, _, exponent = f"{value:.0e}".partition("e")
    return f"{mantissa}e{int(exponent)}"


def _clamp(value: float) -> float:
    return min(max(value, -_HUGEST), _HUGEST)
