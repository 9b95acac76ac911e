"""Scheduled actions through unmodified clients: they move a target's bounds at their time, and capacity with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cmapss_sandbox.region import Region
from tests.sandbox.conftest import NOON
from tests.sandbox.refusals import refused
from tests.sandbox.scaling import VARIANT, activities, counts, register, restarted

IN_SERVICE = NOON + timedelta(minutes=11)


@pytest.fixture
def autoscaling(autoscaling: Any, engines: str) -> Any:
    """The client, once the variant is registered with 1 to 5 instances."""
    register(autoscaling, 1, 5)
    return autoscaling


def put(autoscaling: Any, schedule: str, name: str = "action", **members: Any) -> None:
    action = {"ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": 8}, **members}
    autoscaling.put_scheduled_action(**VARIANT, ScheduledActionName=name, Schedule=schedule, **action)


def described(autoscaling: Any, **members: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = autoscaling.describe_scheduled_actions(ServiceNamespace="sagemaker", **members)[
        "ScheduledActions"
    ]
    return found


def bounds(autoscaling: Any) -> tuple[int, int]:
    [target] = autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    return target["MinCapacity"], target["MaxCapacity"]


def ran(autoscaling: Any) -> list[datetime]:
    """When actions have been triggered, oldest first."""
    found = [activity for activity in activities(autoscaling) if "was triggered" in activity["Cause"]]
    return [activity["StartTime"].astimezone(UTC) for activity in reversed(found)]


def test_an_action_changes_bounds_and_capacity_and_says_so_as_aws_does(
    region: Region, autoscaling: Any, sagemaker: Any
) -> None:
    put(autoscaling, "at(2026-01-05T12:20:00)", "morning")
    region.advance(8 * 60 + 59)
    assert (bounds(autoscaling), counts(sagemaker)) == ((1, 5), ("InService", 1, 1))
    region.advance(1)
    assert (bounds(autoscaling), counts(sagemaker)) == ((2, 8), ("Updating", 1, 2))
    moved, changed = activities(autoscaling)
    assert changed["Description"] == "Setting min capacity to 2 and max capacity to 8"
    assert changed["Cause"] == "scheduled action name morning was triggered"
    assert changed["StatusCode"] == "Successful"
    assert changed["StatusMessage"] == "Successfully set min capacity to 2 and max capacity to 8"
    assert changed["StartTime"] == NOON + timedelta(minutes=20)
    assert moved["Description"] == "Setting desired instance count to 2."
    assert moved["Cause"] == "minimum capacity was set to 2"
    assert moved["StatusCode"] == "InProgress"
    region.advance(240)
    assert counts(sagemaker) == ("InService", 2, 2)
    region.advance(3600)
    assert len(ran(autoscaling)) == 1, "once is once"
    [action] = described(autoscaling)
    assert action["ScheduledActionARN"].endswith(
        ":resource/sagemaker/endpoint/engines/variant/AllTraffic:scheduledActionName/morning"
    )


def test_one_bound_alone_is_changed_alone(region: Region, autoscaling: Any, sagemaker: Any) -> None:
    put(autoscaling, "at(2026-01-05T12:20:00)", "down", ScalableTargetAction={"MaxCapacity": 3})
    region.advance(600)
    assert bounds(autoscaling) == (1, 3)
    assert activities(autoscaling)[0]["Description"] == "Setting max capacity to 3"


def test_an_action_whose_bound_does_not_go_with_the_other_fails(
    region: Region, autoscaling: Any, sagemaker: Any
) -> None:
    put(autoscaling, "at(2026-01-05T12:20:00)", "up", ScalableTargetAction={"MinCapacity": 6})
    region.advance(600)
    assert bounds(autoscaling) == (1, 5)
    [activity] = activities(autoscaling)
    assert activity["StatusCode"] == "Failed"
    assert activity["StatusMessage"] == (
        "Failed to set min capacity to 6. Reason: Maximum capacity cannot be less than minimum capacity"
    )


def test_rates_count_from_when_the_action_was_put_or_from_its_start(region: Region, autoscaling: Any) -> None:
    put(autoscaling, "rate(30 minutes)")
    region.advance(3600)
    assert ran(autoscaling) == [IN_SERVICE + timedelta(minutes=30), IN_SERVICE + timedelta(minutes=60)]
    start, end = NOON + timedelta(hours=2), NOON + timedelta(hours=4)
    put(autoscaling, "rate(1 hour)", StartTime=start, EndTime=end)
    region.advance(6 * 3600)
    assert ran(autoscaling)[2:] == [start, start + timedelta(hours=1), end]


def test_a_recurring_action_runs_at_its_start_and_then_by_its_wall_clock(region: Region, autoscaling: Any) -> None:
    start = NOON + timedelta(minutes=45)
    put(autoscaling, "cron(0 18 ? * MON-FRI *)", Timezone="Europe/Berlin", StartTime=start)
    region.advance(30 * 3600)
    evenings = [datetime(2026, 1, day, 17, tzinfo=UTC) for day in (5, 6)]
    assert ran(autoscaling) == [start, *evenings]


def test_a_time_of_day_follows_daylight_saving(region: Region, autoscaling: Any) -> None:
    put(autoscaling, "at(2026-07-01T09:00:00)", "summer", Timezone="America/New_York")
    put(autoscaling, "at(2026-01-06T09:00)", "winter", Timezone="America/New_York")
    region.advance(26 * 3600)
    assert ran(autoscaling) == [datetime(2026, 1, 6, 14, tzinfo=UTC)]
    [due] = [
        event["due"]
        for event in region.table("timed_events").values()
        if event["name"] == "autoscaling.scheduled_action_due"
    ]
    assert due == datetime(2026, 7, 1, 13, tzinfo=UTC)


def test_what_has_passed_never_runs(region: Region, autoscaling: Any) -> None:
    put(autoscaling, "at(2026-01-05T12:00:00)", "past")
    put(autoscaling, "cron(0 0 1 1 ? 2020)", "long-past")
    put(autoscaling, "at(2026-01-05T13:00:00)", "too-late", EndTime=NOON + timedelta(minutes=30))
    put(autoscaling, "at(2026-01-05T13:00:00)", "too-early", StartTime=NOON + timedelta(hours=2))
    region.advance(3 * 3600)
    assert ran(autoscaling) == []
    assert len(described(autoscaling)) == 4


def test_suspended_actions_are_left_out_and_not_made_up_for(region: Region, autoscaling: Any) -> None:
    put(autoscaling, "rate(1 hour)")
    autoscaling.register_scalable_target(**VARIANT, SuspendedState={"ScheduledScalingSuspended": True})
    region.advance(2 * 3600 + 60)
    autoscaling.register_scalable_target(**VARIANT, SuspendedState={"ScheduledScalingSuspended": False})
    assert ran(autoscaling) == []
    region.advance(3600)
    assert ran(autoscaling) == [IN_SERVICE + timedelta(hours=3)]


def test_an_update_keeps_what_it_does_not_name_but_for_start_and_end(region: Region, autoscaling: Any) -> None:
    start, end = NOON + timedelta(hours=1), NOON + timedelta(days=1)
    put(autoscaling, "cron(0 8 * * ? *)", Timezone="Asia/Tokyo", StartTime=start, EndTime=end)
    [first] = described(autoscaling)
    assert (first["StartTime"], first["EndTime"], first["Timezone"]) == (start, end, "Asia/Tokyo")
    region.advance(60)
    autoscaling.put_scheduled_action(
        **VARIANT, ScheduledActionName="action", ScalableTargetAction={"MinCapacity": 1, "MaxCapacity": 2}
    )
    [second] = described(autoscaling)
    assert second == {
        **{member: value for member, value in first.items() if member not in ("StartTime", "EndTime")},
        "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 2},
    }
    region.advance(12 * 3600)
    assert ran(autoscaling) == [datetime(2026, 1, 5, 23, tzinfo=UTC)], "the start is forgotten, the zone is not"


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"Schedule": "0 8 * * ? *"}, "Invalid schedule expression. Details: Schedule expressions must have"),
        ({"Schedule": "cron(0 8 * * *)"}, "Invalid CRON expression"),
        ({"Schedule": "rate(5 seconds)"}, "Invalid schedule expression"),
        ({"Schedule": "rate(0 minutes)"}, "Invalid schedule frequency"),
        ({"Schedule": "at(2026-02-30T00:00:00)"}, "Invalid schedule at DateTime expression"),
        ({"Schedule": "at(2026-02-01T00:00:00Z)"}, "Invalid schedule at DateTime expression"),
        ({"Schedule": "at(0001-01-01T00:00:00)", "Timezone": "Asia/Tokyo"}, "Invalid schedule at DateTime expression"),
        ({"Timezone": "JST"}, "Invalid schedule timezone: JST"),
        ({"Timezone": "../UTC"}, "Invalid schedule timezone: ../UTC"),
        ({"ScalableTargetAction": {}}, "At least one of minimum capacity and maximum capacity should be provided"),
        ({"ScalableTargetAction": None}, "ScalableTargetAction must be set"),
        ({"Schedule": None}, "Schedule must be set"),
        (
            {"ScalableTargetAction": {"MinCapacity": 3, "MaxCapacity": 2}},
            "Maximum capacity cannot be less than minimum capacity",
        ),
        ({"ScalableTargetAction": {"MaxCapacity": -1}}, "Maximum capacity cannot be less than 0"),
        ({"StartTime": NOON, "EndTime": NOON}, "StartTime must be before EndTime"),
        ({"ScheduledActionName": "a/b"}, "failed to satisfy constraint"),
    ],
)
def test_actions_that_do_not_hold_together(autoscaling: Any, members: dict[str, Any], message: str) -> None:
    request = {
        "ScheduledActionName": "action",
        "Schedule": "cron(0 8 * * ? *)",
        "ScalableTargetAction": {"MinCapacity": 2},
        **members,
    }
    with refused(message):
        autoscaling.put_scheduled_action(
            **VARIANT, **{member: value for member, value in request.items() if value is not None}
        )
    assert described(autoscaling) == []


def test_actions_are_found_by_name_and_in_pages_and_go_with_their_target(region: Region, autoscaling: Any) -> None:
    for number in range(53):
        put(autoscaling, f"cron({number} 13 * * ? *)", f"action-{number}")
    assert len(described(autoscaling)) == 50
    paginator = autoscaling.get_paginator("describe_scheduled_actions")
    names = [
        action["ScheduledActionName"]
        for page in paginator.paginate(ServiceNamespace="sagemaker", ResourceId=VARIANT["ResourceId"])
        for action in page["ScheduledActions"]
    ]
    assert names == [f"action-{number}" for number in range(53)]
    [named] = described(autoscaling, ScheduledActionNames=["action-5", "nobody"])
    assert named["ScheduledActionName"] == "action-5"
    assert described(autoscaling, ResourceId="endpoint/engines/variant/Other") == []
    autoscaling.delete_scheduled_action(**VARIANT, ScheduledActionName="action-5")
    with refused("No scheduled action found for service namespace: sagemaker", "ObjectNotFoundException"):
        autoscaling.delete_scheduled_action(**VARIANT, ScheduledActionName="action-5")
    autoscaling.deregister_scalable_target(**VARIANT)
    assert described(autoscaling) == []
    with refused("No scalable target registered for service namespace: sagemaker", "ObjectNotFoundException"):
        put(autoscaling, "rate(1 hour)")
    region.advance(2 * 3600)
    assert ran(autoscaling) == []


def test_a_target_has_at_most_two_hundred_actions(region: Region, autoscaling: Any) -> None:
    put(autoscaling, "rate(1 hour)", "one")
    table = region.table("scheduled_actions")
    [(key, action)] = table.items()
    with region.transaction():
        for number in range(199):
            name = f"more-{number}"
            table[f"{VARIANT['ResourceId']} {name}"] = {**action, "ScheduledActionName": name, "_event": None}
    with refused("200 scheduled actions", "LimitExceededException"):
        put(autoscaling, "rate(1 hour)", "one-too-many")
    put(autoscaling, "rate(2 hours)", "one")
    assert table[key]["Schedule"] == "rate(2 hours)"


def test_actions_are_kept_over_a_restart(region: Region, autoscaling: Any, tmp_path: Path) -> None:
    put(autoscaling, "rate(1 hour)")
    put(autoscaling, "at(2026-01-05T12:30:00)", "once", ScalableTargetAction={"MaxCapacity": 4})
    again = restarted(tmp_path, NOON)
    again.advance(20 * 60)
    [target] = again.table("scalable_targets").values()
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 4)
    again.advance(45 * 60)
    [target] = again.table("scalable_targets").values()
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 8)
    again.close()


def test_a_region_that_was_off_for_long_does_not_make_up_for_every_run(
    region: Region, autoscaling: Any, tmp_path: Path
) -> None:
    put(autoscaling, "rate(1 minute)")
    again = restarted(tmp_path, NOON + timedelta(days=30))
    again.settle()
    runs = [activity for activity in again.table("scaling_activities").values() if "triggered" in activity["Cause"]]
    assert 0 < len(runs) <= 3 * 60 + 2
    again.close()
