"""The XGBoost container in algorithm mode: a payload in, predictions out."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from cmapss_sandbox.services.serving.answers import accepted_type, answers_in_lines, encode
from cmapss_sandbox.services.serving.artefacts import load_boosters
from cmapss_sandbox.services.serving.payloads import ContainerError, SparseRows, parse

if TYPE_CHECKING:
    import numpy
    from xgboost import Booster

    from cmapss_sandbox.services.serving.payloads import Rows

    Predictions: TypeAlias = numpy.ndarray[Any, numpy.dtype[numpy.float32]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the container answers when all is well."""

    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Container:
    """A running container: its models, loaded once, and how its version writes predictions."""

    boosters: tuple[Booster, ...]
    in_lines: bool

    def invoke(self, body: bytes, content_type: str | None, accept: str | None) -> Answer:
        """POST /invocations; may be called from several threads at once.

        Raises ContainerError 415 (payload), 400 (features), 406 (accept); an empty payload is answered
        with nothing (204).
        """
        if not body:
            return Answer(b"", "text/csv; charset=utf-8")
        rows = parse(body, content_type)
        predictions = self.predict(rows)
        return Answer(*encode(predictions, accepted_type(accept), in_lines=self.in_lines))

    def predict(self, rows: Rows | SparseRows) -> Predictions:
        """One prediction (float32) a row, the mean where there are several models.

        Raises ContainerError 400 for more columns than the model has; fewer pass, the rest being missing.
        """
        import numpy
        from xgboost.core import XGBoostError

        try:
            predictions = [_predict(booster, rows) for booster in self.boosters]
        except XGBoostError as error:
            raise _unfit(_reason(error)) from error
        return predictions[0] if len(predictions) == 1 else numpy.mean(predictions, axis=0)


def start_container(archive: bytes, image: str) -> Container:
    """The container with the models of an artefact; raises ContainerError 500 when they cannot be loaded.

    It has predicted once: what is imported and set up by the first request is no caller's latency.
    """
    container = Container(load_boosters(archive), answers_in_lines(image))
    with suppress(ContainerError):
        container.invoke(b"0", "text/csv", None)
    return container


def _predict(booster: Booster, rows: Rows | SparseRows) -> Predictions:
    best = booster.attr("best_iteration")
    iterations = (0, 0) if best is None else (0, int(best) + 1)
    features = _with_columns(rows, booster.num_features())
    predictions: Predictions = booster.inplace_predict(features, iteration_range=iterations, validate_features=False)
    return predictions


def _with_columns(rows: Rows | SparseRows, columns: int) -> Rows:
    """The rows with as many columns as the model has, those at the end missing where the payload has fewer.

    The container hands a DMatrix to XGBoost, which checks just this; predicting in place is faster.
    """
    import numpy

    height, width = rows.shape
    if width > columns:
        raise _unfit(
            f"Check failed: learner_model_param_.num_feature >= p_fmat->Info().num_col_ ({columns} vs. {width}) : "
            "Number of columns does not match number of features in booster."
        )
    dense = rows.dense() if isinstance(rows, SparseRows) else rows
    if width == columns:
        return dense
    return numpy.hstack([dense, numpy.full((height, columns - width), numpy.nan)])


def _unfit(reason: str) -> ContainerError:
    return ContainerError(400, f"Unable to evaluate payload provided: {reason}")


def _reason(error: Exception) -> str:
    """XGBoost's message without the time, the path in its sources and the stack trace."""
    first = str(error).partition("\n")[0]
    return re.sub(r"^\[[\d:]+\] \S+: ", "", first)
