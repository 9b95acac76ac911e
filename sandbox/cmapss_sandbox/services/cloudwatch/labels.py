"""Labels of series: a default, or the caller's text with ${…} filled in."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from cmapss_sandbox.errors import validation_error
from cmapss_sandbox.region import Region
from cmapss_sandbox.services.cloudwatch.queries import MetricStat, Query
from cmapss_sandbox.services.cloudwatch.series import MetricSeries

_DYNAMIC = re.compile(r"\$\{\s*(?:PROP\(\s*['\"]([^'\"]+)['\"]\s*\)|([A-Z_]+))\s*\}")
_OFFSET = re.compile(r"([+-])([01]\d|2[0-3])([0-5]\d)")
_NOTHING = "--"  # where there is no such value


@dataclass(frozen=True, slots=True)
class Labelling:
    """What labels depend on besides their series: the region, its time, and the zone in which times are told."""

    region: Region
    now: int
    zone: tzinfo


def zone_of(text: str | None) -> tzinfo:
    """The time zone of LabelOptions, such as +0130; raises ValidationError when it is none."""
    if text is None:
        return UTC
    match = _OFFSET.fullmatch(text)
    if match is None:
        raise validation_error(f"The value {text} for parameter LabelOptions.Timezone is invalid.")
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(offset if match[1] == "+" else -offset)


def label_of(labelling: Labelling, query: Query, series: MetricSeries, *, in_array: bool) -> str:
    """The label of a query's series, or of one in its array; raises ValidationError for a ${…} that there is not."""
    default = series.label if (in_array and series.label) or isinstance(query.asks, MetricStat) else query.id
    if query.label is None:
        return default
    if "${" in query.label:
        return _DYNAMIC.sub(lambda match: _filled(labelling, series, default, match[1], match[2]), query.label)
    return f"{query.label} {series.label}".strip() if in_array else query.label


def _filled(labelling: Labelling, series: MetricSeries, default: str, prop: str | None, name: str | None) -> str:
    if prop is not None:
        return _property(labelling.region, series, prop)
    values = {"LABEL": default, "DATAPOINT_COUNT": str(len(series.points)), **_told(labelling, series)}
    if name not in values:
        raise validation_error(f"The label has an unknown dynamic value: {name}.")
    return values[name]


def _told(labelling: Labelling, series: MetricSeries) -> dict[str, str]:
    """What the points of a series have to tell by the name of each dynamic value."""
    told = {}
    times, values = list(series.points), list(series.points.values())
    at: dict[str, int | None] = dict.fromkeys(("FIRST", "LAST", "MIN", "MAX"))
    if times:
        lowest, highest = (times[values.index(value)] for value in (min(values), max(values)))
        at = {"FIRST": times[0], "LAST": times[-1], "MIN": lowest, "MAX": highest}
    total = math.fsum(values)
    told["SUM"] = _number(total) if times else _NOTHING
    told["AVG"] = _number(total / len(times)) if times else _NOTHING
    for name, time in at.items():
        told[name] = _NOTHING if time is None else _number(series.points[time])
        told[f"{name}_TIME"] = _NOTHING if time is None else _time(time, labelling.zone)
        told[f"{name}_TIME_RELATIVE"] = _NOTHING if time is None else _duration(labelling.now - time)
    for first, last in (("FIRST", "LAST"), ("MIN", "MAX")):
        value_range = time_range = _NOTHING
        one, other = at[first], at[last]
        if one is not None and other is not None:
            value_range, time_range = _number(series.points[other] - series.points[one]), _duration(other - one)
        told |= {f"{first}_{last}_RANGE": value_range, f"{first}_{last}_TIME_RANGE": time_range}
    return told


def _property(region: Region, series: MetricSeries, name: str) -> str:
    known = {
        "AccountId": region.account,
        "AccountLabel": region.account,
        "Region": region.name,
        "Period": str(series.period),
        "Stat": series.statistic,
    }
    if series.key is not None:
        known |= {"Namespace": series.key.namespace, "MetricName": series.key.name}
        known |= {f"Dim.{dimension}": value for dimension, value in series.key.dimensions}
    return known.get(name) or _NOTHING


def _number(value: float) -> str:
    return f"{value:.15g}"


def _time(time: int, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(time, zone):%Y-%m-%d %H:%M %Z}"


def _duration(seconds: int) -> str:
    minutes, rest = divmod(abs(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{number}{unit}" for number, unit in ((hours, "h"), (minutes, "m"), (rest, "s")) if number]
    return " ".join(parts) or "0s"
