"""Which state an alarm is in, from the data points of its evaluation range: a pure function."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
Treatment = Literal["missing", "ignore", "breaching", "notBreaching"]

# CloudWatch looks a little further back than the evaluation periods, so that a late data point can
# stand in for a missing one; its guide's examples show five for an alarm of three.
EXTRA_PERIODS = 2
_SHOWN_POINTS = 5  # a reason names all data points when they are fewer, else the newest of them
_DATA_POINTS = 20  # and its data no more than these, for which there is room


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a data point breaches: the test and its words in an alarm's state reason."""

    breaches: Callable[[float, float], bool]
    words: str


COMPARISONS: Mapping[str, Comparison] = {
    "GreaterThanThreshold": Comparison(operator.gt, "greater than"),
    "GreaterThanOrEqualToThreshold": Comparison(operator.ge, "greater than or equal to"),
    "LessThanThreshold": Comparison(operator.lt, "less than"),
    "LessThanOrEqualToThreshold": Comparison(operator.le, "less than or equal to"),
}


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """What an alarm waits for: `datapoints_to_alarm` of the last `evaluation_periods` points breaching."""

    comparison: str
    threshold: float
    evaluation_periods: int
    datapoints_to_alarm: int
    treat_missing_data: Treatment = "missing"
    counts: bool = True  # whether reasons say "out of the last", as for alarms that name their datapoints to alarm

    def breaches(self, value: float) -> bool:
        """Whether a data point is on the wrong side of the threshold."""
        return COMPARISONS[self.comparison].breaches(value, self.threshold)


def evaluate(rule: AlarmRule, recent: Sequence[float | None], present: State) -> State:
    """The state after the data points of the evaluation range, newest first, None where there is none.

    Of the points that exist the newest `evaluation_periods` count. Missing ones are filled in only when
    fewer exist, by the alarm's treatment of missing data. An alarm that treats them as missing also goes
    off early when every point there is breaches and the oldest is at least `datapoints_to_alarm` old:
    CloudWatch's guide calls that the premature alarm state.
    """
    known = [(age, value) for age, value in enumerate(recent, start=1) if value is not None]
    known = known[: rule.evaluation_periods]
    missing = rule.evaluation_periods - len(known)
    breaching = sum(rule.breaches(value) for _, value in known)
    if missing and rule.treat_missing_data == "breaching":
        return "ALARM" if breaching + missing >= rule.datapoints_to_alarm else "OK"
    if breaching >= rule.datapoints_to_alarm:
        return "ALARM"
    if not missing or rule.treat_missing_data == "notBreaching":
        return "OK"
    if breaching < len(known):
        return "OK"
    if rule.treat_missing_data == "ignore":
        return present
    if not known:
        return "INSUFFICIENT_DATA"
    return "ALARM" if known[-1][0] >= rule.datapoints_to_alarm else present


def state_reason(rule: AlarmRule, state: State, points: Sequence[tuple[datetime, float]]) -> str:
    """AWS's sentence on why the alarm changed to the state; the points newest first."""
    periods = rule.evaluation_periods
    if state == "INSUFFICIENT_DATA":
        return f"Insufficient Data: {_counted(periods)} {_were(periods)} unknown."
    wanted = state == "ALARM"
    evaluated = points[:periods]
    telling = [point for point in evaluated if rule.breaches(point[1]) == wanted]
    treated = {"breaching": "[Breaching]", "notBreaching": "[NonBreaching]"}.get(rule.treat_missing_data, "")
    if not telling:
        missing = f"{periods} missing {_noun(periods, 'datapoint')} {_were(periods)} treated as {treated}"
        return f"Threshold Crossed: no datapoints were received for {_counted(periods, 'period')} and {missing}."
    crossed = f"{'' if wanted else 'not '}{COMPARISONS[rule.comparison].words} the threshold ({rule.threshold})"
    counted = f"{len(telling)} out of the last {_counted(periods)}" if rule.counts else _counted(len(telling))
    shown = ", ".join(f"{value} ({time:%d/%m/%y %H:%M:%S})" for time, value in telling[:_SHOWN_POINTS])
    if len(telling) < _SHOWN_POINTS:
        sentence = f"{counted} [{shown}] {_were(len(telling))} {crossed}"
    else:
        which = f"which {'' if wanted else 'did not '}cross{'ed' if wanted else ''} the threshold"
        sentence = f"{counted} were {crossed}. The most recent datapoints {which}: [{shown}]"
    missing_count = periods - len(evaluated)
    if missing_count and treated == ("[Breaching]" if wanted else "[NonBreaching]"):
        noun = _noun(missing_count, "datapoint")
        sentence += f" and {missing_count} missing {noun} {_were(missing_count)} treated as {treated}"
    if not rule.counts:
        return f"Threshold Crossed: {sentence}."
    needed = rule.datapoints_to_alarm if wanted else periods - rule.datapoints_to_alarm + 1
    transition = "OK -> ALARM" if wanted else "ALARM -> OK"
    return f"Threshold Crossed: {sentence} (minimum {_counted(needed)} for {transition} transition)."


def state_reason_data(
    rule: AlarmRule,
    *,
    about: Mapping[str, str],
    period: int,
    now: datetime,
    points: Sequence[tuple[datetime, float]],
) -> str:
    """The same as a JSON document, in AWS's structure; the points newest first, `about` the statistic and unit."""
    evaluated = points[: rule.evaluation_periods]
    oldest_first = list(reversed(evaluated))
    document = {
        "version": "1.0",
        "queryDate": timestamp(now),
        **({"startDate": timestamp(oldest_first[0][0])} if oldest_first else {}),
        **about,
        "period": period,
        "recentDatapoints": [value for _, value in oldest_first[-_DATA_POINTS:]],
        "threshold": rule.threshold,
        "evaluatedDatapoints": [
            {"timestamp": timestamp(time), "value": value} for time, value in evaluated[:_DATA_POINTS]
        ],
    }
    return json.dumps(document, separators=(",", ":"))


def timestamp(moment: datetime) -> str:
    """A time as CloudWatch writes it inside its JSON documents."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def _counted(number: int, noun: str = "datapoint") -> str:
    return f"{number} {_noun(number, noun)}"


def _noun(number: int, noun: str) -> str:
    return noun if number == 1 else f"{noun}s"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"
