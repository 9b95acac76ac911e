"""The hyper-parameters of SageMaker's built-in XGBoost: what they may be, and what XGBoost makes of them.

Names, ranges and messages are those of the algorithm mode of AWS's XGBoost container.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cmapss_sandbox.training.metrics import MAXIMISED, MINIMISED, is_added


class CustomerError(Exception):
    """What the customer has to put right; it becomes the job's FailureReason."""


@dataclass(frozen=True, slots=True)
class Interval:
    """The numbers between two bounds, each of which belongs to them or not; None is no bound."""

    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False

    def __contains__(self, value: float) -> bool:
        above = self.low is None or value > self.low or (value == self.low and not self.low_open)
        below = self.high is None or value < self.high or (value == self.high and not self.high_open)
        return above and below

    def __str__(self) -> str:
        low = "(-inf" if self.low is None else f"{'(' if self.low_open else '['}{self.low:g}"
        high = "+inf)" if self.high is None else f"{self.high:g}{')' if self.high_open else ']'}"
        return f"{low}, {high}"


@dataclass(frozen=True, slots=True)
class Training:
    """What XGBoost is asked to do: its parameters, rounds, metrics to evaluate, patience.

    `added_metrics` are those that the container computes, not XGBoost.
    """

    parameters: dict[str, Any]
    rounds: int
    metrics: tuple[str, ...]
    added_metrics: tuple[str, ...]
    early_stopping_rounds: int | None


_Kind = tuple[Callable[[str], Any], Interval | tuple[str, ...] | None]

_COUNT = (int, Interval(1))
_FROM_ZERO = (float, Interval(0))
_SHARE = (float, Interval(0, 1))
_FRACTION = (float, Interval(0, 1, low_open=True))

_KINDS: Mapping[str, _Kind] = {
    "num_round": _COUNT,
    "early_stopping_rounds": _COUNT,
    "nthread": _COUNT,
    "num_parallel_tree": _COUNT,
    "max_depth": (int, Interval(0)),
    "max_leaves": (int, Interval(0)),
    "max_bin": (int, Interval(0)),
    "num_class": (int, Interval(2)),
    "verbosity": (int, Interval(0, 3)),
    "one_drop": (int, Interval(0, 1)),
    "refresh_leaf": (int, Interval(0, 1)),
    "seed": (int, Interval(-(2**31), 2**31 - 1, low_open=True, high_open=True)),
    "eta": _SHARE,
    "gamma": _FROM_ZERO,
    "min_child_weight": _FROM_ZERO,
    "max_delta_step": _FROM_ZERO,
    "lambda": _FROM_ZERO,
    "alpha": _FROM_ZERO,
    "base_score": _FROM_ZERO,
    "subsample": _FRACTION,
    "colsample_bytree": _FRACTION,
    "colsample_bylevel": _FRACTION,
    "colsample_bynode": _FRACTION,
    "rate_drop": _SHARE,
    "skip_drop": _SHARE,
    "scale_pos_weight": (float, Interval(0, low_open=True)),
    "tweedie_variance_power": (float, Interval(1, 2, low_open=True, high_open=True)),
    "booster": (str, ("gbtree", "gblinear", "dart")),
    "tree_method": (str, ("auto", "exact", "approx", "hist")),
    "grow_policy": (str, ("depthwise", "lossguide")),
    "sample_type": (str, ("uniform", "weighted")),
    "normalize_type": (str, ("tree", "forest")),
    "save_model_on_termination": (str, ("true", "false")),
    "objective": (
        str,
        (
            "binary:logistic",
            "binary:logitraw",
            "binary:hinge",
            "count:poisson",
            "multi:softmax",
            "multi:softprob",
            "rank:pairwise",
            "rank:ndcg",
            "rank:map",
            "reg:linear",
            "reg:squarederror",
            "reg:logistic",
            "reg:gamma",
            "reg:pseudohubererror",
            "reg:squaredlogerror",
            "reg:tweedie",
            "survival:cox",
        ),
    ),
    "monotone_constraints": (str, None),
    "interaction_constraints": (str, None),
    "eval_metric": (str, None),
    "_tuning_objective_metric": (str, None),
}
TUNABLE: Mapping[str, type[int] | type[float]] = {
    name: float if kind is float else int
    for name, (kind, _) in _KINDS.items()
    if name
    in {
        "num_round",
        "eta",
        "gamma",
        "max_depth",
        "min_child_weight",
        "max_delta_step",
        "subsample",
        "colsample_bytree",
        "colsample_bylevel",
        "colsample_bynode",
        "lambda",
        "alpha",
    }
}
"""What a tuning job may search, and of which kind it is."""
_WITH_THRESHOLD = ("error", "ndcg", "map")  # as error@0.7
# They rule the container, not the booster; the sandbox trains on one thread whatever nthread says.
_OF_THE_CONTAINER = frozenset(
    {
        "num_round",
        "early_stopping_rounds",
        "nthread",
        "verbosity",
        "save_model_on_termination",
        "eval_metric",
        "_tuning_objective_metric",
    }
)


def parse(given: Mapping[str, str]) -> Training:
    """What the hyper-parameters of a job ask for; raises CustomerError, in the container's words, if they are wrong."""
    if "sagemaker_program" in given:
        raise CustomerError("The sandbox trains in algorithm mode only, it runs no sagemaker_program")
    if "num_round" not in given:
        raise CustomerError("Missing required hyperparameter: num_round")
    parsed = {name: _parse(name, text) for name, text in given.items()}
    objective = parsed.get("objective")
    if objective in ("multi:softmax", "multi:softprob") and "num_class" not in parsed:
        raise CustomerError("Require input for parameter 'num_class' for multi-classification")
    metrics = [name.strip() for name in parsed.get("eval_metric", "").split(",") if name.strip()]
    unknown = [name for name in metrics if not _is_metric(name)]
    if unknown:
        raise CustomerError(f"Hyperparameter eval_metric: value {metrics} not in range {[*MAXIMISED, *MINIMISED]}")
    tuned = parsed.get("_tuning_objective_metric", "").rpartition(":")[2]
    if _is_metric(tuned) and tuned not in metrics:
        metrics.append(tuned)
    parameters = {name: value for name, value in parsed.items() if name not in _OF_THE_CONTAINER}
    if objective == "reg:linear":
        parameters["objective"] = "reg:squarederror"
    return Training(
        parameters,
        parsed["num_round"],
        tuple(name for name in metrics if not is_added(name)),
        tuple(name for name in metrics if is_added(name)),
        parsed.get("early_stopping_rounds"),
    )


def _is_metric(name: str) -> bool:
    plain, at, threshold = name.partition("@")
    if at:
        return plain in _WITH_THRESHOLD and threshold.replace(".", "", 1).isdecimal()
    return plain in MAXIMISED or plain in MINIMISED


def _parse(name: str, text: str) -> Any:
    if name not in _KINDS:
        raise CustomerError(f"Extraneous hyperparameter found: {name}")
    convert, allowed = _KINDS[name]
    try:
        value = convert(text)
    except ValueError:
        raise CustomerError(f"Hyperparameter {name}: could not parse value") from None
    if allowed is not None and value not in allowed:
        shown = list(allowed) if isinstance(allowed, tuple) else allowed
        raise CustomerError(f"Hyperparameter {name}: {value} is not in {shown}")
    return value
