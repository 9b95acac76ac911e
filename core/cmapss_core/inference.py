"""Ask an endpoint for predictions: rows in, as many numbers out, sent again only where that helps."""

from __future__ import annotations

import math
import random
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cmapss_core.answers import understood
from cmapss_core.aws import Aws
from cmapss_core.botocore_errors import from_botocore_error
from cmapss_core.daemons import spread
from cmapss_core.errors import ConsoleError, ErrorKind

FEATURE_COLUMNS = 25  # cycle, three operational settings, 21 sensors: what the models are trained on
MAX_BODY_BYTES = 6_291_456  # of a real-time endpoint's request
ROWS_PER_INVOCATION = 2_000  # some 300 kB: the way there and back counts little, and progress is still seen
CONCURRENCY = 4
MAX_ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.2

_SEPARATOR = re.compile(r"\s*[,;]\s*|\s+")
_BETWEEN_PREDICTIONS = re.compile(r"[\s,]+")
# Codes after which the same rows may be sent again: throttled, not ready, or an error inside AWS.
_PASSING = frozenset(
    {
        "InternalDependencyException",
        "InternalFailure",
        "ModelNotReadyException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "ThrottlingException",
    }
)


def normalise(row: str) -> str:
    """A row with commas between its values, whatever separated them, and no blanks around it.

    Each comma or semicolon stands between two values, so an empty one stays empty; blanks may be any number.
    """
    return _SEPARATOR.sub(",", row.strip())


def invoke(aws: Aws, endpoint: str, rows: Sequence[str], columns: int = FEATURE_COLUMNS) -> list[float]:
    """One invocation: a prediction for each row of `columns` values, in order; they are sent with commas between.

    Raises ConsoleError: for a row with another number of columns, before anything is sent, since the XGBoost
    container takes missing columns in silence; and for an answer that is not one number for each row.
    """
    return _invoke(aws, endpoint, _comma_separated(rows, columns))


def _invoke(aws: Aws, endpoint: str, rows: Sequence[str]) -> list[float]:
    body = "\n".join(rows).encode()
    if len(body) > MAX_BODY_BYTES:
        raise ConsoleError(
            ErrorKind.INVALID,
            f"{len(rows)} rows are {len(body):,} bytes, more than the {MAX_BODY_BYTES:,} of one request",
            remedy="Send fewer rows at a time.",
        )
    return _parse(_send(aws, endpoint, body), len(rows))


def predict(
    aws: Aws,
    endpoint: str,
    rows: Sequence[str],
    *,
    columns: int = FEATURE_COLUMNS,
    rows_per_invocation: int = ROWS_PER_INVOCATION,
    concurrency: int = CONCURRENCY,
) -> Iterator[tuple[int, list[float]]]:
    """Predict all rows, several invocations at once: yields (first row's place, predictions) as they come.

    Raises ConsoleError: every row is checked before the first is sent.
    """
    ready = _comma_separated(rows, columns)
    starts = range(0, len(ready), rows_per_invocation)

    def work(start: int) -> list[float]:
        return _invoke(aws, endpoint, ready[start : start + rows_per_invocation])

    for place, predictions in spread(work, starts, min(concurrency, max(1, len(starts)))):
        yield starts[place], predictions


def _comma_separated(rows: Sequence[str], columns: int) -> list[str]:
    """The rows as the container reads them; one that has its commas and no blanks is left as it is."""
    if not rows:
        raise ConsoleError(ErrorKind.INVALID, "there are no rows to predict", remedy="Send at least one.")
    commas = columns - 1
    ready = [row if row.count(",") == commas and row.split(None, 1) == [row] else normalise(row) for row in rows]
    for place, row in enumerate(ready):
        if row.count(",") != commas:
            found = row.count(",") + 1 if row else 0
            raise ConsoleError(
                ErrorKind.INVALID,
                f"row {place + 1} has {found} columns, the model was trained on {columns}",
                remedy="Give it the cycle, three settings and 21 sensors, without the engine's number.",
            )
    return ready


def _send(aws: Aws, endpoint: str, body: bytes) -> str:
    pause = threading.Event()
    for attempt in range(1, MAX_ATTEMPTS + 1):
        try:
            answer = aws.call(
                "sagemaker-runtime",
                "InvokeEndpoint",
                EndpointName=endpoint,
                ContentType="text/csv",
                Accept="text/csv",
                Body=body,
            )
            return _text(answer)
        except ConsoleError as error:
            if attempt == MAX_ATTEMPTS or not _passing(error):
                raise
        # Apart by chance, so that many invocations that were refused together do not come back together.
        pause.wait(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))
    raise AssertionError("the last attempt returns or raises")


def _text(answer: Mapping[str, Any]) -> str:
    """The body, which is read only now. Raises ConsoleError where it ends too early, or is no text."""
    from botocore.exceptions import BotoCoreError

    try:
        body: bytes = answer["Body"].read()
    except BotoCoreError as error:
        raise from_botocore_error(error, "sagemaker-runtime:InvokeEndpoint") from error
    return understood(answer, body.decode)


def _passing(error: ConsoleError) -> bool:
    """Whether the same rows may succeed in a moment. A model's own 4xx is about our input, and stays."""
    if error.code == "ModelError":
        return error.model_status is not None and error.model_status >= 500
    return error.code in _PASSING or error.kind is ErrorKind.UNREACHABLE


def _parse(text: str, expected: int) -> list[float]:
    """Numbers from either of the container's CSV answers: one line with commas, or a line for each row."""
    values = [value for value in _BETWEEN_PREDICTIONS.split(text.strip()) if value]
    if len(values) != expected:
        raise ConsoleError(
            ErrorKind.FAILED,
            f"the endpoint answered {len(values)} predictions for {expected} rows",
            remedy="Its container does not answer one number a row: is it the XGBoost container?",
        )
    try:
        predictions = [float(value) for value in values]
    except ValueError as error:
        raise ConsoleError(
            ErrorKind.FAILED,
            f"the endpoint answered something that is no number: {str(error)[:80]}",
            remedy="Is it a regression model behind the XGBoost container?",
        ) from error
    if not all(map(math.isfinite, predictions)):
        raise ConsoleError(ErrorKind.FAILED, "the endpoint answered a prediction that is not finite")
    return predictions
