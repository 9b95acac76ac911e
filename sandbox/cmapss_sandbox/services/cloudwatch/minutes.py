"""What happens when a region minute is over: its metrics are written, then alarms look, then whoever waits acts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from weakref import WeakKeyDictionary

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.cloudwatch.alarm_evaluation import (
    evaluate_alarms,
    has_alarms,
    longest_evaluation_range,
    waits_for_region,
    waits_for_seconds,
)
from cmapss_sandbox.services.cloudwatch.durable import Published, forget_old, metrics_of, save
from cmapss_sandbox.services.cloudwatch.statistics import Bucket
from cmapss_sandbox.services.cloudwatch.store import MINUTE, MetricKey, Steady
from cmapss_sandbox.services.serving.emission import emissions, idle_emissions

MINUTE_OVER = "cloudwatch_minute"
METRICS_DUE = "cloudwatch_metrics"
ALARMS_DUE = "cloudwatch_alarms"
FINE_ALARMS_DUE = "cloudwatch_fine_alarms"
ALARMS_EVALUATED = "alarms_evaluated"

_FINE_SECONDS = 10  # how often alarms with periods of less than a minute look
_WITHIN_MINUTE = range(MINUTE - _FINE_SECONDS, 0, -_FINE_SECONDS)  # seconds before its end
# A region that was switched off does not live through all the minutes that it missed: once nothing has changed for
# so long, it goes on at the next thing that happens, and looks at its alarms once an hour while they still may change.
_CALM = timedelta(hours=1)
_CALM_STEP = timedelta(hours=1)
_BEHIND = timedelta(minutes=2)

# When something last changed, for each region; a region that has just been started counts from its first minute.
_RESTLESS: WeakKeyDictionary[Region, datetime] = WeakKeyDictionary()


def install(region: Region) -> None:
    """Let every minute of the region end in this module."""
    region.on(MINUTE_OVER, end_minute)
    region.on(METRICS_DUE, measure)
    region.on(ALARMS_DUE, look_at_alarms)
    region.on(FINE_ALARMS_DUE, look_at_fine_alarms)
    if not any(event["name"] == MINUTE_OVER for event in region.table("timed_events").values()):
        region.schedule(_after(region.now()), MINUTE_OVER)


def end_minute(region: Region) -> None:
    """The event at the end of a minute: its metrics are up next, then the alarms."""
    now = region.now()
    # Each is an event of its own, so that the minutes go on, and what was measured is kept, whatever fails in one.
    following = region.schedule(_after(now), MINUTE_OVER)
    region.schedule(now, METRICS_DUE)
    region.schedule(now, ALARMS_DUE, following=following)


def measure(region: Region) -> None:
    """The event after that: what the minute came to is written."""
    write_metrics(region, int(region.now().timestamp()) // MINUTE - 1)


def look_at_alarms(region: Region, following: str) -> None:
    """The event after that; "alarms_evaluated" is notified once alarms are up to date."""
    now = region.now()
    over = int(now.timestamp()) // MINUTE * MINUTE
    within = _WITHIN_MINUTE if has_alarms(region, waits_for_region) else ()
    changed = [evaluate_alarms(region, over - seconds, waits_for_region) for seconds in within]
    if evaluate_alarms(region, over) or any(changed):
        _RESTLESS[region] = now
    region.notify(ALARMS_EVALUATED)
    end = _after(now)
    if region.clock.now() - now >= _BEHIND and now - _RESTLESS.setdefault(region, now) >= _CALM:
        region.cancel(following)
        end = _end_of_calm(region, now)
        region.schedule(end, MINUTE_OVER)
        put_idle(region, int(now.timestamp()) // MINUTE, int(end.timestamp()) // MINUTE - 1)
        forget_old(region, int(end.timestamp()) // MINUTE)
        save(region)
    if has_alarms(region, waits_for_seconds):
        for seconds in _WITHIN_MINUTE:
            region.schedule(end - timedelta(seconds=seconds), FINE_ALARMS_DUE)


def look_at_fine_alarms(region: Region) -> None:
    """The event between two minutes, while there are alarms that do not wait for a whole one."""
    now = region.now()
    if evaluate_alarms(region, int(now.timestamp()) // _FINE_SECONDS * _FINE_SECONDS, waits_for_seconds):
        _RESTLESS[region] = now


def write_metrics(region: Region, minute: int) -> None:
    """Store what the minute's invocations left, and that every variant in service that had none was idle."""
    store = metrics_of(region)
    for emission in emissions(region, minute + 1):
        _RESTLESS[region] = region.now()
        key = MetricKey(emission.namespace, emission.name, emission.dimensions)
        Published(key, emission.start, emission.seconds, Bucket.of(emission.counts), emission.unit).put(store)
    put_idle(region, minute, minute + 1)
    save(region)
    if minute % 60 == 0:
        forget_old(region, minute)


def put_idle(region: Region, first: int, end: int) -> None:
    """Let every variant in service measure nothing in the minutes from first to before end but what it counted."""
    idle = (
        (MetricKey(one.namespace, one.name, one.dimensions), one.unit, Steady(one.value, one.every))
        for one in idle_emissions(region)
    )
    metrics_of(region).put_steady(idle, first, end)


def _end_of_calm(region: Region, now: datetime) -> datetime:
    """The end of the next minute that is worth living through, when nothing has changed for long."""
    until, event = region.clock.now(), region.events.next()
    if now - _RESTLESS[region] < longest_evaluation_range(region):
        until = min(until, now + _CALM_STEP)
    if event is not None and event.due <= until:
        _RESTLESS[region] = event.due
        until = event.due + timedelta(seconds=MINUTE, microseconds=-1)
    return max(_after(until - timedelta(seconds=MINUTE)), _after(now))


def _after(moment: datetime) -> datetime:
    return datetime.fromtimestamp((int(moment.timestamp()) // MINUTE + 1) * MINUTE, UTC)
