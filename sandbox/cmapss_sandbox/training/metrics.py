"""The metrics of SageMaker's built-in XGBoost: their names, which way they are better, and those it adds to XGBoost's.

Names and directions are those of the algorithm mode of AWS's XGBoost container.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

MINIMISED = (
    "aft-nloglik",
    "cox-nloglik",
    "error",
    "gamma-deviance",
    "gamma-nloglik",
    "interval-regression-accuracy",
    "logloss",
    "mae",
    "mape",
    "merror",
    "mlogloss",
    "mphe",
    "mse",
    "poisson-nloglik",
    "rmse",
    "rmsle",
    "tweedie-nloglik",
)
MAXIMISED = (
    "accuracy",
    "auc",
    "aucpr",
    "balanced_accuracy",
    "f1",
    "f1_binary",
    "f1_macro",
    "map",
    "ndcg",
    "precision",
    "precision_macro",
    "precision_micro",
    "r2",
    "recall",
    "recall_macro",
    "recall_micro",
)
OBJECTIVES = frozenset(f"validation:{name}" for name in (*MINIMISED, *MAXIMISED))
"""What a tuning job may optimise."""

_OF_THE_TRAINING_CHANNEL = ("rmse", "mae", "mse", "logloss", "error", "auc", "accuracy")
_NUMBER = r"([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)"


def metric_definitions() -> list[dict[str, str]]:
    """What DescribeTrainingJob shows of a job of this algorithm, at most 40 as the API has it."""
    names = [("validation", name) for name in sorted((*MINIMISED, *MAXIMISED))]
    names += [("train", name) for name in _OF_THE_TRAINING_CHANNEL]
    return [
        {"Name": f"{channel}:{name}", "Regex": rf".*\[[0-9]+\].*#011{channel}-{name}:{_NUMBER}.*"}
        for channel, name in names
    ]


def added_metrics(names: tuple[str, ...]) -> Callable[[Any, Any], list[tuple[str, float]]] | None:
    """What computes those of the metrics that XGBoost itself has not, for xgboost.train; None when it has them all."""
    wanted = {name: _ADDED[name] for name in names if name in _ADDED}
    if not wanted:
        return None

    def evaluate(predicted: Any, matrix: Any) -> list[tuple[str, float]]:
        labels = matrix.get_label()
        return [(name, float(metric(labels, predicted))) for name, metric in wanted.items()]

    return evaluate


def is_added(name: str) -> bool:
    """Whether the container computes a metric, and not XGBoost."""
    return name in _ADDED


def _mean_squared_error(labels: Any, predicted: Any) -> Any:
    return ((labels - predicted) ** 2).mean()


def _r2(labels: Any, predicted: Any) -> Any:
    variance = ((labels - labels.mean()) ** 2).sum()
    return 1.0 - ((labels - predicted) ** 2).sum() / variance if variance else 0.0


def _classes(predicted: Any) -> Any:
    """The class of each row: the likeliest of several, or whether the probability is above one half."""
    return predicted.argmax(axis=1) if predicted.ndim > 1 else (predicted > 0.5).astype(int)


def _accuracy(labels: Any, predicted: Any) -> Any:
    return (labels == _classes(predicted)).mean()


def _per_class(labels: Any, predicted: Any) -> list[tuple[float, float, float]]:
    """For each class that occurs: precision, recall, F1."""
    import numpy as np

    found = _classes(predicted)
    scores = []
    for kind in np.union1d(labels, found):
        hits = float(((labels == kind) & (found == kind)).sum())
        precision = hits / max(float((found == kind).sum()), 1.0)
        recall = hits / max(float((labels == kind).sum()), 1.0)
        scores.append((precision, recall, 2 * precision * recall / (precision + recall) if hits else 0.0))
    return scores


def _macro(at: int) -> Callable[[Any, Any], Any]:
    def metric(labels: Any, predicted: Any) -> float:
        scores = _per_class(labels, predicted)
        return sum(score[at] for score in scores) / len(scores)

    return metric


def _of_the_positive(at: int) -> Callable[[Any, Any], Any]:
    """The score of the class 1 among two, which is the last of them."""
    return lambda labels, predicted: _per_class(labels, predicted)[-1][at]


_PRECISION, _RECALL, _F1 = range(3)
_ADDED: Mapping[str, Callable[[Any, Any], Any]] = {
    "mse": _mean_squared_error,
    "r2": _r2,
    "accuracy": _accuracy,
    "balanced_accuracy": _macro(_RECALL),
    "f1": _macro(_F1),
    "f1_macro": _macro(_F1),
    "f1_binary": _of_the_positive(_F1),
    "precision": _of_the_positive(_PRECISION),
    "precision_macro": _macro(_PRECISION),
    "precision_micro": _accuracy,
    "recall": _of_the_positive(_RECALL),
    "recall_macro": _macro(_RECALL),
    "recall_micro": _accuracy,
}
