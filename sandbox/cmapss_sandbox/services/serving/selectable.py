"""Selectable inference: what a model's environment asks to be told of each prediction, SAGEMAKER_INFERENCE_OUTPUT."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cmapss_sandbox.services.serving.answers import CSV, encode_named
from cmapss_sandbox.services.serving.payloads import ContainerError

_REGRESSION = ("reg:squarederror", "reg:logistic", "reg:gamma", "reg:tweedie")
_SCORES = ("predicted_label", "labels", "raw_score", "raw_scores")
_PROBABILITIES = (*_SCORES, "probability", "probabilities")
# What the container can tell of a prediction, by the objective that the model was trained for.
_KEYS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(_REGRESSION, ("predicted_score",)),
    "binary:logistic": _PROBABILITIES,
    "binary:logitraw": _SCORES,
    "binary:hinge": _SCORES,
    "multi:softmax": _SCORES,
    "multi:softprob": _PROBABILITIES,
}


def selected_keys(environment: Mapping[str, str]) -> tuple[str, ...] | None:
    """The keys that are asked for, None when predictions are to be answered as they are."""
    asked = environment.get("SAGEMAKER_INFERENCE_OUTPUT")
    return None if asked is None else tuple(asked.replace(" ", "").lower().split(","))


def select(
    predictions: Sequence[float | list[float]], keys: Sequence[str], objective: str, classes: int
) -> list[dict[str, Any]]:
    """The keys of each prediction; NaN for one that the objective does not know.

    Raises ContainerError 500 for an objective of which nothing can be selected.
    """
    if objective not in _KEYS:
        raise ContainerError(500, f"Objective `{objective}` unsupported for selectable inference predictions.")
    return [
        {key: _told(key, prediction, objective, classes) if key in _KEYS[objective] else math.nan for key in keys}
        for prediction in predictions
    ]


def encode_selected(selected: Sequence[Mapping[str, Any]], keys: Sequence[str], media_type: str) -> bytes:
    """The answer's body; in CSV the values are in the order of the keys, and a list is one quoted field."""
    if media_type == CSV:
        return "\n".join(",".join(_field(row[key]) for key in keys) for row in selected).encode()
    return encode_named(selected, media_type)


def _told(key: str, prediction: float | list[float], objective: str, classes: int) -> Any:
    if key == "predicted_score":
        return prediction
    if key == "labels":
        return list(range(classes)) if objective.startswith("multi:") else [0, 1]
    if isinstance(prediction, list):
        largest = max(prediction)
        told = {"predicted_label": prediction.index(largest), "probability": largest, "raw_score": largest}
        return told.get(key, prediction)
    if key == "predicted_label":
        threshold = {"binary:logistic": 0.5, "binary:logitraw": 0.0}.get(objective)
        return prediction if threshold is None else int(prediction > threshold)
    return prediction if key in ("probability", "raw_score") else [1.0 - prediction, prediction]


def _field(value: Any) -> str:
    return f'"{value}"' if isinstance(value, list) else str(value)
