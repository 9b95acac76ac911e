"""The CloudWatch alarms that roll an update back: those that are there, those that a plan makes, the one to stop it.

AWS watches them with the execution role of the models, which needs cloudwatch:DescribeAlarms; one that is in ALARM
already when the roll-out begins ends it at once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cmapss_core.aws import UNANSWERED
from cmapss_core.belongings import ALARM_PREFIX
from cmapss_core.errors import ConsoleError, ErrorKind, invalid
from cmapss_core.plans.drafting import Draft
from cmapss_core.plans.plan import Check

MAX_ALARMS = 10  # of a DeploymentConfig
STOP_NAMESPACE, STOP_METRIC = "cmapss-console", "StopRollout"
READING = "cloudwatch:DescribeAlarms"

_GUARD = re.compile(r"(errors|latency)(?:=(.+))?")
_PERIOD = 60  # seconds: SageMaker publishes once a minute


@dataclass(frozen=True, slots=True)
class Guard:
    """What rolls a roll-out back: so many `errors` in a minute, or a mean model `latency` above so many milliseconds.

    Errors are InvocationModelErrors, all that the model did not answer with success: a model that finds fault with
    every request answers 400, which Invocation5XXErrors does not count.
    """

    measure: Literal["errors", "latency"]
    limit: float = 1.0

    def alarm(self, endpoint: str, variant: str, suffix: str, tags: Sequence[dict[str, str]]) -> dict[str, Any]:
        """What PutMetricAlarm takes for a variant: the metric of old and new fleet together, as its callers see it."""
        of: dict[str, Any] = (
            {
                "MetricName": "InvocationModelErrors",
                "Statistic": "Sum",
                "Threshold": self.limit - 1,
            }
            if self.measure == "errors"
            else {
                "MetricName": "ModelLatency",
                "Statistic": "Average",
                "Threshold": self.limit * 1_000,  # the metric is in microseconds
            }
        )
        return {
            "AlarmName": f"{ALARM_PREFIX}{endpoint}-{variant}-{self.measure}-{suffix}",
            "AlarmDescription": f"Rolls back the update of {endpoint} that began {suffix}",
            "Namespace": "AWS/SageMaker",
            "Dimensions": [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": variant}],
            "Period": _PERIOD,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            "Tags": list(tags),
            **of,
        }

    def __str__(self) -> str:
        if self.measure == "latency":
            return f"a mean model latency above {self.limit:g} ms"
        return f"{self.limit:g} or more errors in a minute"


def parse_guard(text: str) -> Guard:
    """A guard as a person writes it: errors, errors=5, or latency=200. Raises ConsoleError."""
    match = _GUARD.fullmatch(text.strip())
    if match is None:
        raise invalid(f"{text!r} is nothing to roll back on", "Give errors, errors=N or latency=MILLISECONDS.")
    measure: Literal["errors", "latency"] = "errors" if match[1] == "errors" else "latency"
    if match[2] is None:
        if measure == "latency":
            raise invalid("latency needs a limit", "Give the milliseconds above which to roll back: latency=200.")
        return Guard(measure)
    try:
        limit = float(match[2])
    except ValueError:
        limit = math.nan
    fits = limit >= 1 and limit.is_integer() if measure == "errors" else limit > 0
    if not (math.isfinite(limit) and fits):
        raise invalid(
            f"{match[2]!r} is no limit for {measure}",
            "Give a whole number, 1 or more." if measure == "errors" else "Give milliseconds above 0.",
        )
    return Guard(measure, limit)


def stop_alarm(endpoint: str, suffix: str, tags: Sequence[dict[str, str]]) -> dict[str, Any]:
    """What PutMetricAlarm takes for the alarm that stops a roll-out when its state is set, and never goes off itself.

    Nothing sends its metric; and as missing data are ignored, the state that is set stays until AWS has seen it.
    """
    return {
        "AlarmName": f"{ALARM_PREFIX}{endpoint}-stop-{suffix}",
        "AlarmDescription": f"Set to ALARM, it stops the update of {endpoint} that began {suffix}",
        "Namespace": STOP_NAMESPACE,
        "MetricName": STOP_METRIC,
        "Dimensions": [{"Name": "EndpointName", "Value": endpoint}],
        "Statistic": "Sum",
        "Period": _PERIOD,
        "EvaluationPeriods": 1,
        "Threshold": 0.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "ignore",
        "Tags": list(tags),
    }


def to_stop_with(endpoint: str, alarms: Iterable[str]) -> str | None:
    """The alarm of a roll-out to set to ALARM: the one that was made for that, else any; None where there is none."""
    names = list(alarms)
    made = (name for name in names if name.startswith(f"{ALARM_PREFIX}{endpoint}-stop-"))
    return next(made, names[0] if names else None)


def named_alarm_checks(draft: Draft, names: Sequence[str]) -> Iterator[Check]:
    """Whether these alarms are there and at rest, for AWS refuses absent ones. Raises ConsoleError."""
    if not names:
        return
    found = {
        alarm["AlarmName"]: alarm["StateValue"]
        for page in draft.aws.pages(
            "cloudwatch", "DescribeAlarms", AlarmNames=list(names), AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        for alarm in (*page.get("MetricAlarms", ()), *page.get("CompositeAlarms", ()))
    }
    for name in names:
        if name not in found:
            yield Check(
                False,
                f"there is no alarm {name!r}",
                "Name one that is there, or have one made: --rollback-on.",
                ErrorKind.NOT_FOUND,
            )
        elif found[name] == "ALARM":
            yield Check(
                False,
                f"alarm {name} is in ALARM: AWS would roll the update back at once",
                "See to its cause first, or choose another alarm.",
                ErrorKind.CONFLICT,
            )
        else:
            yield Check(True, f"alarm {name} is there, {found[name]}")


def reading_denied(draft: Draft, roles: Iterable[str]) -> tuple[str, ...] | None:
    """Which of these roles may not look at alarms; None where that cannot be known. Raises ConsoleError."""
    denied = []
    for role in sorted(set(roles)):
        try:
            answer = draft.aws.call("iam", "SimulatePrincipalPolicy", PolicySourceArn=role, ActionNames=[READING])
        except ConsoleError as error:
            if error.kind in UNANSWERED | {ErrorKind.NOT_FOUND, ErrorKind.INVALID}:
                return None
            raise
        if any(result["EvalDecision"] != "allowed" for result in answer["EvaluationResults"]):
            denied.append(role)
    return tuple(denied)
