"""The alarms that carry out step policies: clients make them, unlike those of target tracking.

Their actions name a policy by the ARN that it gets when it is put, so a plan has a reference in the ARN's place; and
a policy that is put again gets its alarms back with its new ARN.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.plans.expressions import literal
from cmapss_core.plans.plan import Call, Proof, Step
from cmapss_core.plans.references import REFERENCE, is_reference, reference
from cmapss_core.plans.undoing import undone_by

Parameters = Mapping[str, Any]

SERVICE = "cloudwatch"
_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
_SHOWN = ("MetricName", "Namespace", "Statistic", "Period", "EvaluationPeriods", "Threshold", "ComparisonOperator")


def policy_arn(describe: Call) -> dict[str, Any]:
    """What stands in an alarm's actions for the ARN of the one policy that this call describes."""
    return reference(describe, "ScalingPolicies[0].PolicyARN")


def read_policy_alarms(aws: Aws, policies: Mapping[str, Call], names: Sequence[str]) -> tuple[Parameters, ...]:
    """What PutMetricAlarm makes these alarms of again; `policies` has the call that describes one, by its ARN."""
    if not names:
        return ()
    return tuple(
        _referring(aws.accepted(SERVICE, "PutMetricAlarm", alarm), policies)
        for page in aws.pages(SERVICE, "DescribeAlarms", AlarmNames=list(names), MaxRecords=100)
        for alarm in page["MetricAlarms"]
    )


def put_alarm(alarm: Parameters, before: Parameters | None = None) -> Step:
    """Put the alarm that carries out a step policy, or change it."""
    undo = _put(before) if before else _delete(alarm)
    return undone_by(_put(alarm), undo, "as before" if before else "delete alarm")


def remove_alarm(alarm: Parameters) -> Step:
    """Take a policy's alarm away; of one that does more than carry it out, only that action."""
    others = {member: [action for action in actions if not is_reference(action)] for member, actions in _of(alarm)}
    rest = {**alarm, **others}
    if any(actions for _, actions in _of(rest)):
        return undone_by(_put(rest), _put(alarm), "put its action back")
    return undone_by(_delete(alarm), _put(alarm), "put again")


def carries_out(alarm: Parameters, describe: Call) -> bool:
    """Whether the policy that this call describes is among the alarm's actions."""
    return any(policy_arn(describe) in actions for _, actions in _of(alarm))


def _put(alarm: Parameters) -> Step:
    return Step(
        title="put alarm",
        detail=f"{alarm['AlarmName']}: {_terms(alarm)}",
        call=Call(SERVICE, "PutMetricAlarm", alarm),
        proof=Proof(call=_describe(alarm), shows={f"MetricAlarms[0].{path}": good for path, good in _shows(alarm)}),
    )


def _delete(alarm: Parameters) -> Step:
    name = alarm["AlarmName"]
    return Step(
        title="delete alarm",
        detail=name,
        call=Call(SERVICE, "DeleteAlarms", {"AlarmNames": [name]}),
        proof=Proof(call=_describe(alarm), shows={"length(MetricAlarms)": (0,)}),
    )


def _shows(alarm: Parameters) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for member in _SHOWN:
        if member in alarm:
            yield member, (alarm[member],)
    for member, actions in _of(alarm):
        others = [action for action in actions if not is_reference(action)]
        if len(others) == len(actions):
            yield member, (others,)
        for source in (action[REFERENCE]["parameters"] for action in actions if is_reference(action)):
            # The ARN itself is not known before; it ends with whose policy it is, and a deleted policy's is taken out.
            policy = f"{source['ResourceId']}:policyName/{source['PolicyNames'][0]}"
            yield f"{member}[?ends_with(@, {literal(policy)})] | not_null(@, `[]`) | length(@)", (1,)


def _referring(alarm: Parameters, policies: Mapping[str, Call]) -> Parameters:
    """The parameters with references for the policies' ARNs, and without what is empty."""
    actions = {
        member: [policy_arn(policies[action]) if action in policies else action for action in alarm[member]]
        for member in _ACTIONS
        if alarm.get(member)
    }
    return {**{name: value for name, value in alarm.items() if value != []}, **actions}


def _of(alarm: Parameters) -> list[tuple[str, list[Any]]]:
    return [(member, list(alarm[member])) for member in _ACTIONS if member in alarm]


def _terms(alarm: Parameters) -> str:
    side = {"G": "above", "L": "below"}.get(str(alarm.get("ComparisonOperator", ""))[:1], "beside")
    threshold = f" {alarm['Threshold']:g}" if "Threshold" in alarm else ""
    return f"{alarm.get('MetricName', 'metrics')} {side}{threshold}"


def _describe(alarm: Parameters) -> Call:
    return Call(SERVICE, "DescribeAlarms", {"AlarmNames": [alarm["AlarmName"]]})
