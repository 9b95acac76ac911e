"""The next hyper-parameters of a tuning job, suggested by optuna from what its finished jobs have reached."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

_Trials = Sequence[tuple[Mapping[str, str], float]]


def suggestion(command: Mapping[str, Any]) -> dict[str, str]:
    """What a command to the worker that is a tuning job's next work asks for."""
    return suggest(
        command["strategy"],
        command["direction"],
        command["ranges"],
        command["trials"],
        command["seed"],
        parents=command["parents"],
        number=command["launched"],
    )


def suggest(
    strategy: str,
    direction: str,
    ranges: Mapping[str, Sequence[Mapping[str, Any]]],
    trials: _Trials,
    seed: str,
    *,
    parents: _Trials = (),
    number: int = 0,
) -> dict[str, str]:
    """The values to try next, as a job's hyper-parameters; the same arguments always suggest the same.

    `trials` are the hyper-parameters tried so far with the objective reached, `parents` those of the tuning jobs that
    this one starts warm from, of which only those within the ranges count. Bayesian is a tree-structured Parzen
    estimator; Grid takes the combination of that number; Hyperband draws at random, for it saves by stopping early.
    Auto scaling is logarithmic where a range spans two decades or more, else linear.
    """
    if strategy == "Grid":
        return grid(ranges)[number]
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    state = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4])
    sampler = (
        optuna.samplers.TPESampler(seed=state) if strategy == "Bayesian" else optuna.samplers.RandomSampler(seed=state)
    )
    study = optuna.create_study(direction="maximize" if direction == "Maximize" else "minimize", sampler=sampler)
    parameters = _parameters(ranges)
    distributions = {name: parameter.distribution for name, parameter in parameters.items()}
    within = [
        (tried, value)
        for tried, value in parents
        if all(name in tried and parameter.holds(tried[name]) for name, parameter in parameters.items())
    ]
    for tried, value in (*within, *trials):
        study.add_trial(
            optuna.trial.create_trial(
                params={name: parameter.inward(tried[name]) for name, parameter in parameters.items()},
                distributions=distributions,
                value=value,
            )
        )
    suggested = study.ask(fixed_distributions=distributions).params
    return {name: parameter.outward(suggested[name]) for name, parameter in parameters.items()}


def grid(ranges: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[dict[str, str]]:
    """Every combination of the categories, in the order in which the strategy Grid tries them."""
    categorical = ranges.get("CategoricalParameterRanges", [])
    names = [entry["Name"] for entry in categorical]
    return [
        dict(zip(names, values, strict=True))
        for values in itertools.product(*(entry["Values"] for entry in categorical))
    ]


class _Parameter:
    """A hyper-parameter and the distribution that optuna draws it from."""

    def __init__(self, distribution: Any) -> None:
        self.distribution = distribution

    def inward(self, text: str) -> Any:
        return text

    def outward(self, value: Any) -> str:
        return str(value)

    def holds(self, text: str) -> bool:
        """Whether a value that another tuning job tried is within the range."""
        return text in self.distribution.choices


class _Integer(_Parameter):
    def inward(self, text: str) -> int:
        return int(float(text))

    def holds(self, text: str) -> bool:
        return _is_within(text, self.distribution.low, self.distribution.high) and float(text).is_integer()


class _Continuous(_Parameter):
    def inward(self, text: str) -> float:
        return float(min(max(float(text), self.distribution.low), self.distribution.high))

    def outward(self, value: float) -> str:
        return repr(value)

    def holds(self, text: str) -> bool:
        return _is_within(text, self.distribution.low, self.distribution.high)


class _Reversed(_Parameter):
    """Drawn as its distance from 1, where the reverse logarithmic scale is a logarithmic one."""

    def inward(self, text: str) -> float:
        return float(min(max(1.0 - float(text), self.distribution.low), self.distribution.high))

    def outward(self, value: float) -> str:
        return repr(1.0 - value)

    def holds(self, text: str) -> bool:
        return _is_within(text, 1.0 - self.distribution.high, 1.0 - self.distribution.low)


def _is_within(text: str, low: float, high: float) -> bool:
    try:
        return low <= float(text) <= high
    except ValueError:
        return False


def _parameters(ranges: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, _Parameter]:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    parameters: dict[str, _Parameter] = {}
    for entry in ranges.get("IntegerParameterRanges", []):
        low, high = int(entry["MinValue"]), int(entry["MaxValue"])
        parameters[entry["Name"]] = _Integer(IntDistribution(low, high, log=_logarithmic(entry, low, high)))
    for entry in ranges.get("ContinuousParameterRanges", []):
        start, end = float(entry["MinValue"]), float(entry["MaxValue"])
        if entry.get("ScalingType") == "ReverseLogarithmic":
            parameters[entry["Name"]] = _Reversed(FloatDistribution(1.0 - end, 1.0 - start, log=True))
        else:
            distribution = FloatDistribution(start, end, log=_logarithmic(entry, start, end))
            parameters[entry["Name"]] = _Continuous(distribution)
    for entry in ranges.get("CategoricalParameterRanges", []):
        parameters[entry["Name"]] = _Parameter(CategoricalDistribution(list(entry["Values"])))
    return parameters


def _logarithmic(entry: Mapping[str, Any], low: float, high: float) -> bool:
    scaling = entry.get("ScalingType", "Auto")
    if scaling == "Auto":
        return low > 0 and math.log10(high / low) >= 2
    return bool(scaling == "Logarithmic")
