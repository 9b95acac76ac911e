"""The order in which hyper-parameters are named, and how they are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cmapss_tui import formats

# What tuning found to matter comes first; the rest follows by name.
_FIRST = ("max_depth", "eta", "min_child_weight", "subsample", "gamma", "alpha", "lambda", "num_round")


def parameter_names(names: Iterable[str]) -> list[str]:
    """Names in the order in which they matter, without those with an underscore in front.

    Those are SageMaker's own, such as `_tuning_objective_metric`.
    """
    own = [name for name in names if not name.startswith("_")]
    return sorted(own, key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name))


def parameters(hyperparameters: Mapping[str, str], digits: int | None = 3) -> list[tuple[str, str]]:
    """Hyper-parameters in the order in which they matter, shortened unless `digits` is None."""
    return [
        (name, hyperparameters[name] if digits is None else formats.parameter(hyperparameters[name], digits))
        for name in parameter_names(hyperparameters)
    ]
