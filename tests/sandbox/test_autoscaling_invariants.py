"""Whatever the load, the bounds and the cooldowns: what target tracking must never do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cmapss_sandbox.region import Region
from cmapss_sandbox.services import Service
from cmapss_sandbox.services.serving.accounting import Invocation, VariantMinute
from cmapss_sandbox.services.serving.fleet import fleet_of
from tests.sandbox.scaling import TRACKING, VARIANT, call, serving_region


@contextmanager
def scaled(minimum: int, maximum: int, **configuration: Any) -> Iterator[tuple[Region, Service]]:
    """A region whose endpoint "engines" is scaled by a policy."""
    with TemporaryDirectory() as folder:
        region, services = serving_region(Path(folder))
        autoscaling = services["application-autoscaling"]
        call(region, autoscaling, "RegisterScalableTarget", **VARIANT, MinCapacity=minimum, MaxCapacity=maximum)
        call(
            region,
            autoscaling,
            "PutScalingPolicy",
            **VARIANT,
            PolicyName="policy",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={**TRACKING, **configuration},
        )
        region.advance(240)
        yield region, autoscaling
        region.close()


@settings(max_examples=15, deadline=None)
@given(
    bounds=st.tuples(st.integers(1, 6), st.integers(0, 8)).map(lambda pair: (pair[0], pair[0] + pair[1])),
    cooldowns=st.tuples(st.sampled_from([0, 60, 600]), st.sampled_from([0, 30, 900])),
    load=st.lists(st.tuples(st.integers(0, 150), st.integers(1, 25)), min_size=1, max_size=6),
)
def test_capacity_keeps_to_its_bounds_and_cooldowns_to_their_time(
    bounds: tuple[int, int], cooldowns: tuple[int, int], load: list[tuple[int, int]]
) -> None:
    minimum, maximum = bounds
    with scaled(minimum, maximum, ScaleInCooldown=cooldowns[0], ScaleOutCooldown=cooldowns[1]) as (region, autoscaling):
        for invocations, minutes in load:
            for _ in range(minutes):
                [variant] = region.table("endpoints")["engines"]["ProductionVariants"]
                assert minimum <= variant["CurrentInstanceCount"] <= maximum
                assert minimum <= variant["DesiredInstanceCount"] <= maximum
                where = VariantMinute(int(region.now().timestamp()) // 60, "engines", "AllTraffic")
                for _ in range(invocations):
                    fleet_of(region).meter.record(where, Invocation(200, variant["CurrentInstanceCount"], 400, 100))
                region.advance(60)
        everything = call(region, autoscaling, "DescribeScalingActivities", ServiceNamespace="sagemaker", MaxResults=50)
        check(everything["ScalingActivities"][::-1], timedelta(seconds=cooldowns[0]))


def check(activities: list[dict[str, Any]], scale_in_cooldown: timedelta) -> None:
    """One at a time, each to another count, and no scale-in while the last one cools down."""
    count, last_scale_in_ended = 1, None
    for earlier, activity in zip([None, *activities], activities, strict=False):
        wanted = int(activity["Description"].rstrip(".").rpartition(" ")[2])
        assert activity["StatusCode"] in ("Successful", "InProgress")
        assert wanted != count
        assert earlier is None or activity["StartTime"] >= earlier["EndTime"]
        if wanted < count:
            assert count - wanted == max(1, count // 10)
            if last_scale_in_ended is not None:
                assert activity["StartTime"] >= last_scale_in_ended + scale_in_cooldown
            last_scale_in_ended = activity.get("EndTime")
        else:
            last_scale_in_ended = None
        count = wanted
