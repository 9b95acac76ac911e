"""How many instances an endpoint has had over time, as far as anything tells: CloudWatch has no metric for it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cmapss_core.endpoints import Endpoint, Variant
from cmapss_core.metrics import Points
from cmapss_core.scaling import MAX_ACTIVITIES, Scaling, ScalingActivity

UNKNOWN = math.nan
_UNSETTLED = frozenset({"Creating", "Deleting", "Failed", "OutOfService"})  # statuses that tell of no count
_TOGETHER = timedelta(minutes=2)  # between what is told of one moment and the next
_MOMENT = timedelta(seconds=1)
_MOST = 500  # counts that are kept of an endpoint


@dataclass(frozen=True, slots=True)
class KnownCount:
    """That a variant had so many instances, or was asked for so many, from `start` to `end`; None: nothing is told.

    `moved`: until then it was another number.
    """

    variant: str
    start: datetime
    end: datetime
    current: int | None
    desired: int | None
    moved: bool = False


@dataclass(frozen=True, slots=True)
class InstanceHistory:
    """Instance counts over time as steps: each value holds from its time until the next; UNKNOWN is a value."""

    current: Points
    desired: Points


def counts_told(endpoint: Endpoint, as_of: datetime) -> Iterator[KnownCount]:
    """What one reading of an endpoint says: in service, its counts are as they have been since it was modified."""
    if endpoint.status in _UNSETTLED:
        return
    since = min(max(endpoint.modified, endpoint.created), as_of)
    for variant in endpoint.variants:
        current, desired = variant.current_instances, variant.desired_instances
        if endpoint.status == "InService" and current == desired:
            yield KnownCount(variant.name, since, as_of, current, desired)
        else:
            yield KnownCount(variant.name, as_of, as_of, current, desired)


def with_counts(known: tuple[KnownCount, ...], told: Iterable[KnownCount]) -> tuple[KnownCount, ...]:
    """What is known after one more reading: a count that has not changed since the last is one that lasts longer."""
    counts = list(known)
    for new in told:
        place = next((at for at in reversed(range(len(counts))) if counts[at].variant == new.variant), None)
        last = None if place is None else counts[place]
        same = last is not None and (last.current, last.desired) == (new.current, new.desired)
        if last is not None and place is not None and same and new.start <= last.end + _TOGETHER:
            counts[place] = replace(last, end=max(last.end, new.end))
        else:
            counts.append(new)
    return tuple(counts[-_MOST:])


def instance_history(
    endpoint: Endpoint,
    scaling: Scaling,
    start: datetime,
    end: datetime,
    variant: str | None = None,
    known: Sequence[KnownCount] = (),
) -> InstanceHistory:
    """How many instances ran and were asked for between two times.

    Scaling activities tell it: one asks for its count when it starts, and has it when it ends. So do `known`, the
    counts that were read or asked for from here, and of the present `endpoint` itself. Between two of them a count
    holds where the later one bears it out; else it is UNKNOWN. Several variants are added up.
    """
    chosen = [one for one in endpoint.variants if variant in (None, one.name)]
    histories = [_of_variant(one, endpoint, scaling, end, known) for one in chosen]
    return InstanceHistory(
        current=_between(_added([history.current for history in histories]), start, end),
        desired=_between(_added([history.desired for history in histories]), start, end),
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """A count that held from `start` to `end`; `moved`: before, it was another."""

    start: datetime
    end: datetime
    count: int
    moved: bool = False


def _of_variant(
    variant: Variant, endpoint: Endpoint, scaling: Scaling, now: datetime, known: Sequence[KnownCount]
) -> InstanceHistory:
    born = endpoint.created
    own = [activity for activity in scaling.activities if activity.variant == variant.name]
    told = [
        replace(one, start=max(one.start, born)) for one in known if one.variant == variant.name and one.end >= born
    ]
    told += [one for one in counts_told(endpoint, max(now, born)) if one.variant == variant.name]
    # What was before the oldest of as many activities as are read is not known.
    since = min(activity.started for activity in own) if len(own) >= MAX_ACTIVITIES else born
    done = [activity for activity in own if activity.ended is not None and activity.status == "Successful"]
    current = [_Said(a.ended, a.ended, count, True) for a in done if a.ended and (count := a.desired_instances)]
    current += [_Said(_arrived(one, done), one.end, one.current, one.moved) for one in told if one.current is not None]
    desired = [
        _Said(a.started, a.started, count, True)
        for a in own
        if a.status != "Failed" and (count := a.desired_instances) is not None
    ]
    desired += [_Said(one.start, one.end, one.desired, one.moved) for one in told if one.desired is not None]
    return InstanceHistory(current=_steps(current, born, since), desired=_steps(desired, born, since))


def _arrived(one: KnownCount, done: Sequence[ScalingActivity]) -> datetime:
    """Since when a count has been there: an activity that brought it says it more exactly than the endpoint."""
    ended = (a.ended for a in done if a.desired_instances == one.current and a.started <= one.start and a.ended)
    return min(max([one.start, *(at for at in ended if at <= one.end)]), one.end)


def _steps(said: list[_Said], born: datetime, since: datetime) -> Points:
    """What is said, in the order of time, and UNKNOWN between what does not fit together."""
    points: list[tuple[datetime, float]] = []
    last: _Said | None = None
    for one in sorted(said, key=lambda one: (one.start, not one.moved)):
        if last is None and one.start > born:
            points.append((born, UNKNOWN))
        elif last is not None and one.start > last.end + _TOGETHER:
            fits = (last.count != one.count) is one.moved
            if not fits or last.end < since:
                points.append((last.end + _MOMENT, UNKNOWN))
        points.append((one.start, float(one.count)))
        last = one if last is None or one.end >= last.end else replace(one, end=last.end)
    return tuple(points)


def _between(points: Points, start: datetime, end: datetime) -> Points:
    """The steps of a window: what held at its start, and what changed within it."""
    before = next(((start, value) for at, value in reversed(points) if at <= start), None)
    inside = [(at, value) for at, value in points if start < at < end]
    steps = ([before] if before is not None else []) + inside
    return tuple(step for place, step in enumerate(steps) if place == 0 or not _alike(step[1], steps[place - 1][1]))


def _alike(one: float, other: float) -> bool:
    """Whether a step from one to the other is none."""
    return one == other or (math.isnan(one) and math.isnan(other))


def _added(lines: list[Points]) -> Points:
    """The sum of what each line of steps says at every time at which one of them changes; UNKNOWN where one is."""
    if len(lines) == 1:
        return lines[0]
    times = sorted({at for line in lines for at, _ in line})
    return tuple((at, sum(next((n for t, n in reversed(line) if t <= at), 0.0) for line in lines)) for at in times)
