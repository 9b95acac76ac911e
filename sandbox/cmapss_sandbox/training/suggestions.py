"""The next hyper-parameters of a tuning job, suggested by optuna from what its finished jobs have reached."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any


def suggest(
    strategy: str,
    direction: str,
    ranges: Mapping[str, Sequence[Mapping[str, Any]]],
    trials: Sequence[tuple[Mapping[str, str], float]],
    seed: str,
) -> dict[str, str]:
    """The values to try next, as a job's hyper-parameters; the same arguments always suggest the same.

    `trials` are the hyper-parameters tried so far with the objective reached. Bayesian is a tree-structured Parzen
    estimator. Auto scaling is logarithmic where a range spans two decades or more, else linear.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4])
    sampler = (
        optuna.samplers.TPESampler(seed=number)
        if strategy == "Bayesian"
        else optuna.samplers.RandomSampler(seed=number)
    )
    study = optuna.create_study(direction="maximize" if direction == "Maximize" else "minimize", sampler=sampler)
    parameters = _parameters(ranges)
    distributions = {name: parameter.distribution for name, parameter in parameters.items()}
    for tried, value in trials:
        study.add_trial(
            optuna.trial.create_trial(
                params={name: parameter.inward(tried[name]) for name, parameter in parameters.items()},
                distributions=distributions,
                value=value,
            )
        )
    suggested = study.ask(fixed_distributions=distributions).params
    return {name: parameter.outward(suggested[name]) for name, parameter in parameters.items()}


class _Parameter:
    """A hyper-parameter and the distribution that optuna draws it from."""

    def __init__(self, distribution: Any) -> None:
        self.distribution = distribution

    def inward(self, text: str) -> Any:
        return text

    def outward(self, value: Any) -> str:
        return str(value)


class _Integer(_Parameter):
    def inward(self, text: str) -> int:
        return int(text)


class _Continuous(_Parameter):
    def inward(self, text: str) -> float:
        return float(min(max(float(text), self.distribution.low), self.distribution.high))

    def outward(self, value: float) -> str:
        return repr(value)


class _Reversed(_Parameter):
    """Drawn as its distance from 1, where the reverse logarithmic scale is a logarithmic one."""

    def inward(self, text: str) -> float:
        return float(min(max(1.0 - float(text), self.distribution.low), self.distribution.high))

    def outward(self, value: float) -> str:
        return repr(1.0 - value)


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
