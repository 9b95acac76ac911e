"""One training job of SageMaker's built-in XGBoost: from channels and hyper-parameters to metrics and an artefact."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmapss_sandbox.training.channels import Channels
from cmapss_sandbox.training.hyperparameters import CustomerError, parse

# What XGBoost says when the data or the parameters are at fault, not the algorithm; after the container's own list.
_CUSTOMER_FAULTS = (
    "label must be in",
    "Label must be in",
    "label should be",
    "is expected to be",
    "feature_names mismatch",
    "Number of columns",
    "Invalid Parameter",
    "Check failed",
    "Unknown metric",
    "base_score must be",
    "num_class",
)

# How it trains on this machine. Keeping fewer histograms changes no tree: at depth 60 it takes 0.5 GB instead of 3,
# and is faster.
_HERE = {"nthread": 1, "verbosity": 0, "max_cached_hist_node": 512}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a training ended: the last value of each metric, the rounds trained, and whether it was stopped."""

    metrics: dict[str, float]
    rounds: int
    stopped: bool


def train(
    hyperparameters: Mapping[str, str],
    channels: Mapping[str, Mapping[str, Any]],
    artefact: Path,
    cache: Channels,
    *,
    on_phase: Callable[[str], None],
    on_round: Callable[[int, int, dict[str, float]], None],
    stop_asked: Callable[[], bool],
) -> Outcome:
    """Train, evaluate after every round, and write model.tar.gz; raises CustomerError for the customer's faults."""
    on_phase("Downloading")
    training = parse(hyperparameters)
    for name in channels.keys() - {"train", "validation"}:
        raise CustomerError(f"Extraneous channel found: {name}")
    if "train" not in channels:
        raise CustomerError("Missing required channel: train")
    import xgboost as xgb

    matrices = {name: cache.matrix(name, channels[name]) for name in ("train", "validation") if name in channels}
    on_phase("Training")
    metrics: dict[str, float] = {}
    watch = _watch(training.rounds, metrics, on_round, stop_asked)
    try:
        booster = xgb.train(
            {**_HERE, **training.parameters, **({"eval_metric": list(training.metrics)} if training.metrics else {})},
            matrices["train"],
            num_boost_round=training.rounds,
            evals=[(matrix, name) for name, matrix in matrices.items()],
            early_stopping_rounds=training.early_stopping_rounds,
            verbose_eval=False,
            callbacks=[watch],
        )
    except (xgb.core.XGBoostError, ValueError) as error:
        message = str(error)
        if any(fault in message for fault in _CUSTOMER_FAULTS):
            raise CustomerError(_first_line(message)) from error
        raise
    on_phase("Uploading")
    _write_artefact(bytes(booster.save_raw("ubj")), artefact)
    return Outcome(metrics, booster.num_boosted_rounds(), stop_asked())


def _watch(
    rounds: int,
    metrics: dict[str, float],
    on_round: Callable[[int, int, dict[str, float]], None],
    stop_asked: Callable[[], bool],
) -> Any:
    import xgboost as xgb

    class Watch(xgb.callback.TrainingCallback):
        """Reports every round, and ends the training when it is asked to."""

        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            for channel, logged in evals_log.items():
                for metric, values in logged.items():
                    metrics[f"{channel}:{metric}"] = float(values[-1])
            on_round(epoch + 1, rounds, metrics)
            return stop_asked()

    return Watch()


def _write_artefact(booster: bytes, path: Path) -> None:
    """The tarball of a job: one file and no times, so that the same training gives the same bytes."""
    member = tarfile.TarInfo("xgboost-model")
    member.size = len(booster)
    member.mode = 0o644
    with (
        path.open("wb") as file,
        gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0, compresslevel=1) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        archive.addfile(member, io.BytesIO(booster))


def _first_line(message: str) -> str:
    lines = [line.strip() for line in message.splitlines() if line.strip() and not line.startswith("Stack trace")]
    return lines[0] if lines else message
