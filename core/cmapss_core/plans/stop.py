"""Plan the stop of a roll-out under way.

AWS has no call for that. What it does have are alarms that roll a deployment back: setting one to ALARM stops it, and
the former fleet gets its traffic back.
"""

from __future__ import annotations

from collections.abc import Iterator

from cmapss_core.aws import Aws
from cmapss_core.belongings import LOG_GROUP_PREFIX
from cmapss_core.endpoints import Endpoint, read_endpoint
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.drafting import drafting
from cmapss_core.plans.plan import OWNER_TAG, STOP, Call, Check, Plan, Proof, Step
from cmapss_core.plans.steps import SERVICE, describe_endpoint, tags_of
from cmapss_core.plans.updating.alarms import to_stop_with
from cmapss_core.plans.updating.steps import PROGRESS
from cmapss_core.rollout import Rollout

STOP_PATIENCE_SECONDS = 3_600
USUAL_STOP_SECONDS = 240


def plan_stop_rollout(aws: Aws, name: str) -> Plan:
    """Plan to stop what an endpoint is being updated to; reads only. Raises ConsoleError where it cannot be stopped.

    It is carried out beside the operation that the roll-out belongs to, which has the endpoint in hand.
    """
    with drafting(aws, STOP) as draft:
        endpoint = read_endpoint(aws, name)
        rollout = _rollout(endpoint)
        alarm = to_stop_with(endpoint.name, rollout.alarms)
        if alarm is None:
            raise ConsoleError(
                ErrorKind.CONFLICT,
                f"no alarm rolls back what {name} is being updated to, and AWS has no other way to stop it",
                remedy="Wait until it has ended, then " + _way_back(aws, rollout),
            )
        return draft.plan(
            target=endpoint.name,
            steps=[_stop(endpoint, rollout, alarm)],
            checks=_checks(rollout, alarm),
            before=endpoint.hourly_cost_usd,
            after=endpoint.hourly_cost_usd,
            notes=(f"{rollout.strategy}, {rollout.stage or endpoint.status}",),
            endpoint_arn=endpoint.arn,
        )


def _rollout(endpoint: Endpoint) -> Rollout:
    rollout = endpoint.rollout
    if rollout is None or rollout.former_config is None:
        raise ConsoleError(
            ErrorKind.CONFLICT,
            f"{endpoint.name} is {endpoint.status}, and no roll-out is under way",
            remedy="There is nothing to stop.",
        )
    return rollout


def _stop(endpoint: Endpoint, rollout: Rollout, alarm: str) -> Step:
    over = "past the roll-out, which has ended"
    ended = f"EndpointStatus == 'InService' && EndpointConfigName == '{rollout.config}' && '{over}' || EndpointStatus"
    return Step(
        title="set alarm",
        detail=f"{alarm} to ALARM: back to {rollout.former_config}",
        call=Call(
            "cloudwatch",
            "SetAlarmState",
            {"AlarmName": alarm, "StateValue": "ALARM", "StateReason": "The operator stops the roll-out"},
        ),
        proof=Proof(
            call=describe_endpoint(endpoint.name),
            shows={"EndpointStatus": ("InService",), "EndpointConfigName": (rollout.former_config,)},
            failed={ended: (over, "Failed", "UpdateRollbackFailed", "Deleting")},
            must_exist=True,
            reason="FailureReason",
            progress=PROGRESS,
            patience_seconds=STOP_PATIENCE_SECONDS,
        ),
        usual_seconds=USUAL_STOP_SECONDS,
        log_group=LOG_GROUP_PREFIX + endpoint.name,
    )


def _checks(rollout: Rollout, alarm: str) -> Iterator[Check]:
    yield Check(True, f"alarm {alarm} rolls it back")
    if rollout.stage == "Deleting":
        yield Check(None, "the former fleet is being taken down already: it may be too late to go back")
    if rollout.alarms and "-stop-" not in alarm:
        yield Check(None, f"{alarm} goes back to its own state when it is evaluated next: it may be missed")


def _way_back(aws: Aws, rollout: Rollout) -> str:
    """How to take it back afterwards: as the operation that made the config, where the console did."""
    arn = aws.call(SERVICE, "DescribeEndpointConfig", EndpointConfigName=rollout.config)["EndpointConfigArn"]
    plan = next((tag["Value"] for tag in tags_of(aws, arn) if tag["Key"] == OWNER_TAG), None)
    if plan is None:
        return "update it again."
    return f"roll that back: cmapss-console operations rollback {plan}."
