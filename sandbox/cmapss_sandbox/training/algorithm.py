"""One training job of SageMaker's built-in XGBoost: from channels and hyper-parameters to metrics and an artefact."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cmapss_sandbox.training.channels import Channels
from cmapss_sandbox.training.early_stopping import Thresholds
from cmapss_sandbox.training.hyperparameters import CustomerError, Training, parse
from cmapss_sandbox.training.metrics import MAXIMISED, added_metrics

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
class Objective:
    """What a tuning job follows in a training: a metric, the values it must not fall behind, the most rounds."""

    metric: str
    lower_is_better: bool
    thresholds: Thresholds
    most_rounds: int | None

    def falls_behind(self, round_: int, value: float) -> bool:
        """Whether a training with that value after that round, counted from 1, is to be stopped."""
        threshold = self.thresholds.get(round_)
        if threshold is None:
            return False
        return value > threshold if self.lower_is_better else value < threshold


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a training ended: the last value of each metric, the rounds trained, why it was stopped if it was.

    `curve` has the objective after every round; empty without one.
    """

    metrics: dict[str, float]
    rounds: int
    stopped: Literal["asked", "early"] | None
    curve: list[float]


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told how a training goes on, and may ask it to stop."""

    on_phase: Callable[[str], None]
    on_log: Callable[[str], None]
    on_round: Callable[[int, int, dict[str, float]], None]
    stop_asked: Callable[[], bool]


def train(
    hyperparameters: Mapping[str, str],
    channels: Mapping[str, Mapping[str, Any]],
    artefact: Path,
    cache: Channels,
    listener: Listener,
    objective: Objective | None = None,
) -> Outcome:
    """Train, evaluate after every round, and write model.tar.gz; raises CustomerError for the customer's faults."""
    listener.on_phase("Downloading")
    listener.on_phase("Training")
    listener.on_log("Imported framework sagemaker_xgboost_container.training")
    listener.on_log("No GPUs detected (normal if no gpus installed)")
    listener.on_log("Running XGBoost Sagemaker in algorithm mode")
    training = parse(hyperparameters)
    rounds = training.rounds
    if objective is not None and objective.most_rounds is not None:
        rounds = min(rounds, objective.most_rounds)
    for name in sorted(channels.keys() - {"train", "validation"}):
        raise CustomerError(f"Extraneous channel found: {name}")
    if "train" not in channels:
        raise CustomerError("Missing required channel: train")
    import xgboost as xgb

    matrices = {name: cache.matrix(name, channels[name]) for name in ("train", "validation") if name in channels}
    listener.on_log("Single node training.")
    for name, matrix in matrices.items():
        listener.on_log(f"{name.title()} matrix has {matrix.num_row()} rows and {matrix.num_col()} columns")
    watch = _Watch(rounds, listener, objective)
    try:
        booster = _boost(training, rounds, matrices, watch)
    except (xgb.core.XGBoostError, ValueError) as error:
        message = str(error)
        if any(fault in message for fault in _CUSTOMER_FAULTS):
            raise CustomerError(_first_line(message)) from error
        raise
    listener.on_phase("Uploading")
    _write_artefact(bytes(booster.save_raw("ubj")), artefact)
    return Outcome(watch.metrics, booster.num_boosted_rounds(), watch.stopped, watch.curve)


def _boost(training: Training, rounds: int, matrices: Mapping[str, Any], watch: _Watch) -> Any:
    import xgboost as xgb

    metrics = list(training.metrics)
    if not metrics and training.added_metrics:
        # As the container has it: the metrics asked for, not the objective's own besides.
        own: dict[str, Any] = {"disable_default_eval_metric": 1}
    else:
        own = {"eval_metric": metrics} if metrics else {}
    stops_by = [*training.metrics, *training.added_metrics][-1:]
    return xgb.train(
        {**_HERE, **training.parameters, **own},
        matrices["train"],
        num_boost_round=rounds,
        evals=[(matrix, name) for name, matrix in matrices.items()],
        custom_metric=added_metrics(training.added_metrics),
        maximize=stops_by[0] in MAXIMISED if stops_by else None,
        early_stopping_rounds=training.early_stopping_rounds,
        verbose_eval=False,
        callbacks=[watch.callback()],
    )


class _Watch:
    """Reports every round, and ends the training when it is asked to or has fallen behind."""

    def __init__(self, rounds: int, listener: Listener, objective: Objective | None) -> None:
        self.metrics: dict[str, float] = {}
        self.curve: list[float] = []
        self.stopped: Literal["asked", "early"] | None = None
        self._rounds, self._listener, self._objective = rounds, listener, objective

    def callback(self) -> Any:
        """What xgboost.train calls."""
        import xgboost as xgb

        watch = self

        class Callback(xgb.callback.TrainingCallback):
            def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
                return watch.after_round(epoch + 1, evals_log)

        return Callback()

    def after_round(self, round_: int, evaluated: Mapping[str, Mapping[str, list[float]]]) -> bool:
        """Whether to stop after that round, counted from 1."""
        for channel, logged in evaluated.items():
            for metric, values in logged.items():
                self.metrics[f"{channel}:{metric}"] = float(values[-1])
        self._listener.on_round(round_, self._rounds, self.metrics)
        if self._listener.stop_asked():
            self.stopped = "asked"
        elif self._objective is not None and self._objective.metric in self.metrics:
            value = self.metrics[self._objective.metric]
            self.curve.append(value)
            if round_ < self._rounds and self._objective.falls_behind(round_, value):
                self.stopped = "early"
        return self.stopped is not None


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
