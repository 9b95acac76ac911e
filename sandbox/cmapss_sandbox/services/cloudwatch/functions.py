"""The functions of metric math by name."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cmapss_sandbox.services.cloudwatch.series import MetricSeries, Operand, Points, Result, combine, finite

MAXIMUM_POINTS = 100_800  # in one answer of GetMetricData
_DEFAULT_PERIOD = 300  # of a series made of a number, in a request that names no period


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression may look at: series by the id of their query, the time asked for, and the metrics there are.

    `search` answers SEARCH(text, statistic, period); the period that the query itself names may be None.
    """

    series: Mapping[str, Result]
    metrics: Sequence[tuple[str, MetricSeries]]
    start: int
    end: int
    period: int | None
    origin: int
    search: Callable[[str, str, int], list[MetricSeries]]

    def times(self, period: int) -> range:
        """When each period of the time asked for begins; raises ValueError when they are too many."""
        times = range(self.start - (self.start - self.origin) % period, self.end, period)
        if len(times) > MAXIMUM_POINTS:
            raise ValueError(f"The expression would make more than {MAXIMUM_POINTS} data points")
        return times


Arguments = list[Operand | str]


@dataclass(frozen=True, slots=True)
class Function:
    """A function: what it does, how many arguments it takes at least and at most, and which words are among them."""

    call: Callable[[Scope, Arguments], Operand]
    arguments: tuple[int, int] = (1, 1)
    words: frozenset[str] = frozenset()
    texts: bool = False


_Aggregate = Callable[[Sequence[float]], float]

_ACROSS: Mapping[str, _Aggregate] = {
    "SUM": math.fsum,
    "AVG": statistics.fmean,
    "MIN": min,
    "MAX": max,
    "STDDEV": statistics.pstdev,
    "DATAPOINT_COUNT": len,
}
_ELEMENTWISE: Mapping[str, Callable[[float], float]] = {
    "ABS": abs,
    "CEIL": math.ceil,
    "FLOOR": math.floor,
    "LOG": math.log,
    "LOG10": math.log10,
}
_CALENDAR: Mapping[str, Callable[[datetime], float]] = {
    "MINUTE": lambda time: time.minute,
    "HOUR": lambda time: time.hour,
    "DAY": lambda time: time.isoweekday(),
    "DATE": lambda time: time.day,
    "MONTH": lambda time: time.month,
    "YEAR": lambda time: time.year,
    "EPOCH": lambda time: time.timestamp(),
}


def _across(function: _Aggregate) -> Callable[[Scope, Arguments], Operand]:
    """Of one metric the sum, average… of its points; of an array of metrics that of each moment."""

    def call(_: Scope, arguments: Arguments) -> Operand:
        subject = _series_or_array(arguments[0])
        if isinstance(subject, MetricSeries):
            return float(function(list(subject.points.values()) or [0.0]))
        times = sorted(set().union(*(series.points for series in subject)))
        points = {
            time: float(function([series.points[time] for series in subject if time in series.points]))
            for time in times
        }
        return MetricSeries(max((series.period for series in subject), default=_DEFAULT_PERIOD), points)

    return call


def _each(function: Callable[[MetricSeries], Points]) -> Callable[[Scope, Arguments], Operand]:
    """A function from the points of a series to others, for each series of an array."""

    def call(_: Scope, arguments: Arguments) -> Operand:
        subject = _series_or_array(arguments[0])
        if isinstance(subject, MetricSeries):
            return subject.with_points(function(subject))
        return [series.with_points(function(series)) for series in subject]

    return call


def _elementwise(function: Callable[[float], float]) -> Callable[[Scope, Arguments], Operand]:
    return lambda _, arguments: combine(function, _operand(arguments[0]))


def _calendar(read: Callable[[datetime], float]) -> Callable[[Scope, Arguments], Operand]:
    def call(scope: Scope, arguments: Arguments) -> Operand:
        series = _series(arguments[0])
        times = scope.times(series.period)
        return series.with_points({time: float(read(datetime.fromtimestamp(time, UTC))) for time in times})

    return call


def _differences(series: MetricSeries, make: Callable[[float, int], float]) -> Points:
    points = series.points
    return {
        later: value
        for earlier, later in itertools.pairwise(sorted(points))
        if (value := finite(make, points[later] - points[earlier], later - earlier)) is not None
    }


def _running_sum(series: MetricSeries) -> Points:
    return dict(zip(series.points, itertools.accumulate(series.points.values()), strict=True))


def _fill(scope: Scope, arguments: Arguments) -> Operand:
    subject, filler = _series_or_array(arguments[0]), arguments[1]
    if isinstance(subject, list):
        return [_filled(scope, series, filler) for series in subject]
    return _filled(scope, subject, filler)


def _filled(scope: Scope, subject: MetricSeries, filler: Operand | str) -> MetricSeries:
    times = scope.times(subject.period)
    if filler == "REPEAT":
        return subject.with_points(_repeated(subject.points, times))
    if filler == "LINEAR":
        return subject.with_points(_interpolated(subject.points, times))
    if isinstance(filler, MetricSeries):
        return subject.with_points(dict(sorted({**filler.points, **subject.points}.items())))
    if not isinstance(filler, float):
        raise ValueError("FILL fills with a number, a time series, REPEAT or LINEAR")
    return subject.with_points(dict(sorted({**dict.fromkeys(times, filler), **subject.points}.items())))


def _repeated(points: Points, times: range) -> Points:
    filled: dict[int, float] = {}
    last: float | None = None
    for time in times:
        last = points.get(time, last)
        if last is not None:
            filled[time] = last
    return filled


def _interpolated(points: Points, times: range) -> Points:
    known = sorted(points)
    filled = dict(points)
    for before, after in itertools.pairwise(known):
        slope = (points[after] - points[before]) / (after - before)
        for time in range(before + times.step, after, times.step):
            filled[time] = points[before] + slope * (time - before)
    return dict(sorted(filled.items()))


def _if(_: Scope, arguments: Arguments) -> Operand:
    condition, chosen = _operand(arguments[0]), [_operand(argument) for argument in arguments[1:]]
    if isinstance(condition, float):
        if condition or len(chosen) > 1:
            return chosen[0] if condition else chosen[1]
        return MetricSeries(_DEFAULT_PERIOD, {})
    if isinstance(condition, list) or any(isinstance(operand, list) for operand in chosen):
        raise ValueError("IF takes time series and numbers, not arrays")
    points = {}
    for time, value in condition.points.items():
        operand = chosen[0] if value else chosen[1] if len(chosen) > 1 else None
        found = operand.points.get(time) if isinstance(operand, MetricSeries) else operand
        if isinstance(found, float):
            points[time] = found
    return condition.with_points(points)


def _metrics(scope: Scope, arguments: Arguments) -> Operand:
    wanted = arguments[0] if arguments else ""
    if not isinstance(wanted, str):
        raise ValueError("METRICS takes a text")
    return [series for name, series in scope.metrics if wanted in name or wanted in series.label]


def _search(scope: Scope, arguments: Arguments) -> Operand:
    text, statistic = arguments[0], arguments[1]
    period = arguments[2] if len(arguments) > 2 else scope.period
    if not isinstance(text, str) or not isinstance(statistic, str):
        raise ValueError("SEARCH takes a text, a statistic and a period")
    if not isinstance(period, int | float):
        raise ValueError("SEARCH needs a period, its own or that of its query")
    return scope.search(text, statistic, int(period))


def _slice(_: Scope, arguments: Arguments) -> Operand:
    array, bounds = _array(arguments[0]), [_whole(argument) for argument in arguments[1:]]
    if len(bounds) == 2:
        return array[bounds[0] : bounds[1]]
    if bounds[0] >= len(array):
        raise ValueError(f"SLICE asks for time series {bounds[0]} of {len(array)}")
    return array[bounds[0]]


def _sort(_: Scope, arguments: Arguments) -> Operand:
    array, by, order = _array(arguments[0]), arguments[1], arguments[2]
    if not isinstance(by, str) or order not in ("ASC", "DESC"):
        raise ValueError("SORT takes an array, AVG, MAX, MIN, SUM or STDDEV, and ASC or DESC")
    ordered = sorted(
        array, key=lambda series: _ACROSS[by](list(series.points.values()) or [0.0]), reverse=order == "DESC"
    )
    return ordered[: _whole(arguments[3])] if len(arguments) > 3 else ordered


def _time_series(scope: Scope, arguments: Arguments) -> Operand:
    if not isinstance(arguments[0], float):
        raise ValueError("TIME_SERIES takes a number")
    known = [series.period for _, series in scope.metrics]
    period = scope.period or max(known, default=_DEFAULT_PERIOD)
    return MetricSeries(period, dict.fromkeys(scope.times(period), arguments[0]))


def _end_of(position: int) -> Callable[[Scope, Arguments], Operand]:
    def call(_: Scope, arguments: Arguments) -> Operand:
        array = _array(arguments[0])
        return array[position] if array else MetricSeries(_DEFAULT_PERIOD, {})

    return call


def _operand(argument: Operand | str) -> Operand:
    if isinstance(argument, str):
        raise ValueError(f"Unsupported operand '{argument}'")
    return argument


def _series(argument: Operand | str) -> MetricSeries:
    if not isinstance(argument, MetricSeries):
        raise ValueError("The function needs a time series")
    return argument


def _array(argument: Operand | str) -> list[MetricSeries]:
    if isinstance(argument, MetricSeries):
        return [argument]
    if not isinstance(argument, list):
        raise ValueError("The function needs an array of time series")
    return argument


def _series_or_array(argument: Operand | str) -> Result:
    if isinstance(argument, MetricSeries | list):
        return argument
    raise ValueError("The function needs a time series or an array of them")


def _whole(argument: Operand | str) -> int:
    if not isinstance(argument, float) or argument < 0 or not argument.is_integer():
        raise ValueError("The function needs a whole number from 0")
    return int(argument)


_FILLERS = frozenset({"REPEAT", "LINEAR"})
_ORDERS = frozenset({"AVG", "MAX", "MIN", "SUM", "STDDEV", "ASC", "DESC"})
WORDS = _FILLERS | _ORDERS
"""What stands in an expression for itself, where a function takes it."""

FUNCTIONS: Mapping[str, Function] = {
    **{name: Function(_across(function)) for name, function in _ACROSS.items()},
    **{name: Function(_elementwise(function)) for name, function in _ELEMENTWISE.items()},
    **{name: Function(_calendar(read)) for name, read in _CALENDAR.items()},
    "DIFF": Function(_each(lambda series: _differences(series, lambda value, _: value))),
    "DIFF_TIME": Function(_each(lambda series: _differences(series, lambda _, seconds: seconds))),
    "FILL": Function(_fill, (2, 2), _FILLERS),
    "FIRST": Function(_end_of(0)),
    "IF": Function(_if, (2, 3)),
    "LAST": Function(_end_of(-1)),
    "METRICS": Function(_metrics, (0, 1), texts=True),
    "METRIC_COUNT": Function(lambda _, arguments: float(len(_array(arguments[0])))),
    "PERIOD": Function(lambda _, arguments: float(_series(arguments[0]).period)),
    "RATE": Function(_each(lambda series: _differences(series, lambda value, seconds: value / seconds))),
    "REMOVE_EMPTY": Function(lambda _, arguments: [series for series in _array(arguments[0]) if series.points]),
    "RUNNING_SUM": Function(_each(_running_sum)),
    "SEARCH": Function(_search, (2, 3), texts=True),
    "SLICE": Function(_slice, (2, 3)),
    "SORT": Function(_sort, (3, 4), _ORDERS),
    "TIME_SERIES": Function(_time_series),
}
