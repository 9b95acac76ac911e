"""The XGBoost container in algorithm mode: a payload in, predictions out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from cmapss_sandbox.services.serving.answers import CSV, accepted_type, answers_in_lines, content_type_of, encode
from cmapss_sandbox.services.serving.artefacts import load_boosters
from cmapss_sandbox.services.serving.payloads import ContainerError, SparseRows, parse
from cmapss_sandbox.services.serving.selectable import encode_selected, select, selected_keys

if TYPE_CHECKING:
    import numpy
    from xgboost import Booster

    from cmapss_sandbox.services.serving.payloads import Rows

    Predictions: TypeAlias = numpy.ndarray[Any, numpy.dtype[numpy.float32]]

# Objectives that predict a class: of several models the one that most of them predict, rather than the mean.
_VOTED = frozenset({"multi:softmax", "binary:hinge"})
# How many values of sparse rows are laid out at a time, however many rows there are.
_DENSE_VALUES = 4_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What the container answers when all is well."""

    body: bytes
    content_type: str
    status: int = 200


_NO_CONTENT = Answer(b"", "text/html; charset=utf-8", 204)


@dataclass(frozen=True, slots=True)
class Container:
    """A running container: its models, loaded once, and how its version and its environment have it answer."""

    boosters: tuple[Booster, ...]
    objective: str
    classes: int
    in_lines: bool
    default_accept: str
    selected: tuple[str, ...] | None

    def invoke(self, body: bytes, content_type: str | None, accept: str | None) -> Answer:
        """POST /invocations; may be called from several threads at once.

        Raises ContainerError 415 (payload), 400 (features), 406 (accept); an empty payload is answered
        with nothing (204).
        """
        if not body:
            return _NO_CONTENT
        predictions = self.predict(parse(body, content_type))
        media_type = accepted_type(accept, self.default_accept)
        if self.selected is None:
            content = encode(predictions, media_type, in_lines=self.in_lines)
        else:
            told = select(predictions.tolist(), self.selected, self.objective, self.classes)
            content = encode_selected(told, self.selected, media_type)
        return Answer(content, content_type_of(media_type))

    def predict(self, rows: Rows | SparseRows) -> Predictions:
        """One prediction (float32) a row, several where there are classes; of several models their mean or vote.

        Raises ContainerError 400 for more columns than the model has; fewer pass, the rest being missing.
        """
        import numpy

        try:
            predictions = [_predict(booster, rows) for booster in self.boosters]
        except ContainerError:
            raise
        except Exception as error:  # as broadly as the container, which takes the payload to be at fault
            raise _unfit(_reason(error)) from error
        if len(predictions) == 1:
            return predictions[0]
        if self.objective in _VOTED:
            candidates = numpy.unique(predictions)
            votes = (numpy.array(predictions) == candidates[:, None, None]).sum(axis=1)
            voted: Predictions = candidates[votes.argmax(axis=0)]
            return voted
        mean: Predictions = numpy.mean(predictions, axis=0)
        return mean


def start_container(archive: bytes, image: str, environment: Mapping[str, str] | None = None) -> Container:
    """The container with the models of an artefact; raises ContainerError 500 when they cannot be loaded.

    It has predicted once: what is imported and set up by the first request is no caller's latency.
    """
    environment = environment or {}
    boosters = load_boosters(archive, ensemble=environment.get("SAGEMAKER_INFERENCE_ENSEMBLE", "true") == "true")
    learner = json.loads(boosters[0].save_config())["learner"]
    container = Container(
        boosters,
        objective=learner["objective"]["name"],
        classes=int(learner["learner_model_param"].get("num_class", 0)),
        in_lines=answers_in_lines(image),
        default_accept=environment.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", CSV),
        selected=selected_keys(environment),
    )
    with suppress(ContainerError):
        container.invoke(b"0", "text/csv", None)
    return container


def _predict(booster: Booster, rows: Rows | SparseRows) -> Predictions:
    import numpy

    columns = booster.num_features()
    height, width = rows.shape
    if width > columns:
        raise _unfit(
            f"Check failed: learner_model_param_.num_feature >= p_fmat->Info().num_col_ ({columns} vs. {width}) : "
            "Number of columns does not match number of features in booster."
        )
    best = booster.attr("best_iteration")
    iterations = (0, 0) if best is None else (0, int(best) + 1)
    step = max(_DENSE_VALUES // max(columns, 1), 1) if isinstance(rows, SparseRows) else height
    # The container hands a DMatrix to XGBoost; predicting in place is the same, and faster.
    parts = [
        booster.inplace_predict(
            _dense(rows, start, min(start + step, height), columns), iteration_range=iterations, validate_features=False
        )
        for start in range(0, height, step)
    ]
    predictions: Predictions = parts[0] if len(parts) == 1 else numpy.concatenate(parts)
    return predictions


def _dense(rows: Rows | SparseRows, start: int, stop: int, columns: int) -> Rows:
    """Some rows with as many columns as the model has, those at the end missing where the payload has fewer."""
    import numpy

    if isinstance(rows, SparseRows):
        return rows.dense(start, stop, columns)
    if rows.shape[1] == columns:
        return rows
    return numpy.hstack([rows, numpy.full((len(rows), columns - rows.shape[1]), numpy.nan)])


def _unfit(reason: str) -> ContainerError:
    return ContainerError(400, f"Unable to evaluate payload provided: {reason}")


def _reason(error: Exception) -> str:
    """XGBoost's message without the time, the path in its sources and the stack trace."""
    first = str(error).partition("\n")[0]
    return re.sub(r"^\[[\d:]+\] \S+: ", "", first)
