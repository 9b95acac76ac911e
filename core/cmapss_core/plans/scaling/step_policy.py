"""Step policies: adjustments by how far a metric is beyond a threshold, and the alarm with that threshold."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cmapss_core.belongings import ALARM_PREFIX
from cmapss_core.errors import invalid
from cmapss_core.plans.plan import Call
from cmapss_core.plans.scaling.policy_alarms import carries_out, policy_arn
from cmapss_core.plans.scaling.steps import Parameters, VariantScaling, describe_policy, identity
from cmapss_core.scaling import DEFAULT_COOLDOWN

STEP_POLICY_NAME = "Invocations-StepPolicy"
DEFAULT_MINUTES = 3

_STEP = re.compile(r"(?P<low>[-+]?[\d.]+)?:(?P<high>[-+]?[\d.]+)?=(?P<sign>[-+]?)(?P<size>\d+)(?P<percent>%?)")
_LOWER, _UPPER = "MetricIntervalLowerBound", "MetricIntervalUpperBound"
_ALARM_NAME_LENGTH = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAdjustments:
    """Steps that AWS takes together: one range without gaps on one side of the threshold, counted in one way."""

    adjustment_type: str
    steps: tuple[Mapping[str, Any], ...]
    above: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPolicyRequest:
    """A step policy that is asked for; None keeps what is set. The threshold is in invocations per instance and
    minute, and is exceeded for so many `minutes` before the first step is taken; the cooldown is in seconds."""

    name: str = STEP_POLICY_NAME
    adjustments: StepAdjustments | None = None
    threshold: float | None = None
    minutes: int | None = None
    cooldown: int | None = None


def parse_steps(texts: Sequence[str]) -> StepAdjustments:
    """Read steps such as "0:10=+1", "10:=+50%" or ":0=1", whose bounds count from the threshold.

    Raises ConsoleError that names what AWS would refuse: gaps, overlaps, two sides or two ways of counting.
    """
    read = sorted((_step(text) for text in texts), key=lambda step: step[0])
    types = {adjustment_type for _, _, adjustment_type, _ in read}
    if len(types) > 1:
        raise invalid("the steps count in different ways", "Use +N or -N, +N% or -N%, or plain N, for all of them.")
    for (_, high, *_), (low, *_) in pairwise(read):
        if high != low:
            raise invalid(
                f"the steps {'overlap' if high > low else 'have a gap'} between {min(low, high):g} and "
                f"{max(low, high):g}",
                "Let each begin where the one before ends, as in --step 0:10=+1 --step 10:=+2.",
            )
    lowest, highest = read[0][0], read[-1][1]
    if lowest < 0 < highest:
        raise invalid("the steps are on both sides of the threshold", "Make two policies, one for each side.")
    if (highest > 0 and highest < math.inf) or (lowest < 0 and lowest > -math.inf):
        raise invalid("the outermost step has an end", "Leave its outer bound out, as in --step 10:=+2.")
    return StepAdjustments(
        adjustment_type=types.pop(),
        steps=tuple(
            {
                **({_LOWER: low} if math.isfinite(low) else {}),
                **({_UPPER: high} if math.isfinite(high) else {}),
                "ScalingAdjustment": adjustment,
            }
            for low, high, _, adjustment in read
        ),
        above=highest > 0,
    )


def with_step_policy(
    scaling: VariantScaling, request: StepPolicyRequest, tags: Sequence[Parameters]
) -> tuple[Parameters, Parameters]:
    """The policy and its alarm as asked, over what there is of them; `tags` are for an alarm that is made.

    Raises ConsoleError for what is missing.
    """
    of = {**identity(scaling.endpoint, scaling.variant), "PolicyName": request.name}
    known = next((policy for policy in scaling.policies if policy["PolicyName"] == request.name), None)
    if known is not None and known["PolicyType"] != "StepScaling":
        raise invalid(f"policy {request.name} is no step policy", "Choose another --step-policy name.")
    if known is None and request.adjustments is None:
        raise invalid(f"step policy {request.name} has no steps", "Give them: --step 0:10=+1 --step 10:=+2.")
    policy = {
        **(known or {**of, "PolicyType": "StepScaling"}),
        "StepScalingPolicyConfiguration": _configuration(known, request),
    }
    return policy, _alarm(scaling, request, describe_policy(of), tags)


def _configuration(known: Parameters | None, request: StepPolicyRequest) -> dict[str, Any]:
    before = dict(known["StepScalingPolicyConfiguration"]) if known else {"MetricAggregationType": "Average"}
    if request.adjustments is not None:
        before |= {
            "AdjustmentType": request.adjustments.adjustment_type,
            "StepAdjustments": list(request.adjustments.steps),
        }
        if request.adjustments.adjustment_type != "PercentChangeInCapacity":
            before.pop("MinAdjustmentMagnitude", None)
    if request.cooldown is not None or known is None:
        before["Cooldown"] = request.cooldown if request.cooldown is not None else DEFAULT_COOLDOWN
    return before


def _alarm(
    scaling: VariantScaling, request: StepPolicyRequest, describe: Call, tags: Sequence[Parameters]
) -> Parameters:
    """The policy's alarm: the one that it has, else a new one."""
    known = [alarm for alarm in scaling.alarms if carries_out(alarm, describe)]
    if len(known) > 1:
        raise invalid(
            f"policy {request.name} has {len(known)} alarms, and which is meant is unclear",
            "Change them where they were made, or remove the policy first.",
        )
    if not known and request.threshold is None:
        raise invalid(
            f"step policy {request.name} has no alarm",
            "Give its threshold in invocations per instance and minute: --threshold 20.",
        )
    before = dict(known[0]) if known else _new_alarm(scaling, request.name, describe, tags)
    if request.adjustments is not None:
        before["ComparisonOperator"] = f"{'Greater' if request.adjustments.above else 'Less'}ThanOrEqualToThreshold"
    if request.threshold is not None:
        before["Threshold"] = request.threshold
    if request.minutes is not None:
        before["EvaluationPeriods"] = request.minutes
        before.pop("DatapointsToAlarm", None)
    return before


def _new_alarm(scaling: VariantScaling, policy: str, describe: Call, tags: Sequence[Parameters]) -> dict[str, Any]:
    return {
        "AlarmName": f"{ALARM_PREFIX}{scaling.endpoint}-{scaling.variant}-{policy}"[:_ALARM_NAME_LENGTH],
        "AlarmDescription": f"Carries out the step policy {policy} of {scaling.endpoint}, variant {scaling.variant}.",
        "ActionsEnabled": True,
        "AlarmActions": [policy_arn(describe)],
        "Namespace": "AWS/SageMaker",
        "MetricName": "InvocationsPerInstance",
        "Dimensions": [
            {"Name": "EndpointName", "Value": scaling.endpoint},
            {"Name": "VariantName", "Value": scaling.variant},
        ],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": DEFAULT_MINUTES,
        "Tags": list(tags),
    }


def _step(text: str) -> tuple[float, float, str, int]:
    """Lower and upper bound, how it counts, and by how much."""
    match = _STEP.fullmatch(text.replace(" ", ""))
    try:
        if match is None or (match["low"] is None and match["high"] is None):
            raise ValueError
        low = float(match["low"]) if match["low"] else -math.inf
        high = float(match["high"]) if match["high"] else math.inf
        if low >= high:
            raise ValueError
    except ValueError:
        raise invalid(
            f"{text!r} is no step",
            "Such as 0:10=+1 (from the threshold to 10 above it, one instance more) or 10:=+50%.",
        ) from None
    counted = "ChangeInCapacity" if match["sign"] else "ExactCapacity"
    kind = "PercentChangeInCapacity" if match["percent"] else counted
    return low, high, kind, int(match["sign"] + match["size"])
