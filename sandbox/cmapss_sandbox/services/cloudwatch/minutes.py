"""What happens when a region minute is over: its metrics are written, then alarms look, then whoever waits acts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.region import Region
from cmapss_sandbox.services.cloudwatch.alarm_evaluation import evaluate_alarms
from cmapss_sandbox.services.cloudwatch.durable import forget_old, metrics_of, save
from cmapss_sandbox.services.cloudwatch.statistics import ZERO, Bucket
from cmapss_sandbox.services.cloudwatch.store import MINUTE, MetricKey
from cmapss_sandbox.services.serving.accounting import COUNTS, NAMESPACE, UNITS, VariantMinute
from cmapss_sandbox.services.serving.fleet import fleet_of

MINUTE_OVER = "cloudwatch_minute"
ALARMS_EVALUATED = "alarms_evaluated"

# A region that was switched off for longer does not live through all the minutes that it missed.
_CAUGHT_UP = timedelta(hours=3)


def install(region: Region) -> None:
    """Let every minute of the region end in this module."""
    region.on(MINUTE_OVER, end_minute)
    if not any(event["name"] == MINUTE_OVER for event in region.table("timed_events").values()):
        _schedule_after(region, region.now())


def end_minute(region: Region) -> None:
    """The event at the end of a minute; "alarms_evaluated" is notified once alarms are up to date."""
    now = region.now()
    _schedule_after(region, max(now, region.clock.now() - _CAUGHT_UP))
    end = int(now.timestamp()) // MINUTE * MINUTE
    write_metrics(region, end // MINUTE - 1)
    evaluate_alarms(region, end)
    region.notify(ALARMS_EVALUATED)


def write_metrics(region: Region, minute: int) -> None:
    """Store what the minute's invocations left, and zeros for every variant in service that had none."""
    store = metrics_of(region)
    counted = fleet_of(region).meter.take_before(minute + 1)
    for where, metrics in counted.items():
        for name, counts in metrics.items():
            store.put(_key(where, name), where.minute, Bucket.of(counts), UNITS[name])
    for where in _in_service(region, minute):
        if where not in counted:
            for name in COUNTS:
                store.put(_key(where, name), minute, ZERO, UNITS[name])
    save(region)
    if minute % 60 == 0:
        forget_old(region, minute)


def _in_service(region: Region, minute: int) -> list[VariantMinute]:
    from cmapss_sandbox.services.sagemaker.serving import serving_variants

    found = []
    for endpoint in region.table("endpoints"):
        try:
            variants = serving_variants(region, endpoint)
        except AwsError:
            continue  # it does not serve, so it measures nothing
        found += [VariantMinute(minute, endpoint, variant.variant) for variant in variants]
    return found


def _key(where: VariantMinute, name: str) -> MetricKey:
    dimensions = frozenset({("EndpointName", where.endpoint), ("VariantName", where.variant)})
    return MetricKey(NAMESPACE, name, dimensions)


def _schedule_after(region: Region, moment: datetime) -> None:
    following = (int(moment.timestamp()) // MINUTE + 1) * MINUTE
    region.schedule(datetime.fromtimestamp(following, UTC), MINUTE_OVER)
