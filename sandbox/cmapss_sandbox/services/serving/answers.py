"""Predictions as the container writes them, in the form that the request accepts."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from cmapss_sandbox.services.serving.payloads import ContainerError

if TYPE_CHECKING:
    import numpy

_CSV, _JSON = "text/csv", "application/json"
# Until 1.3 an answer was one line with commas between the values; later images end each value's line.
_FIRST_VERSION_OF_LINES = (1, 5)


def answers_in_lines(image: str) -> bool:
    """Whether an image of this tag (…:1.2-1, …:1.7-1) writes one value to a line; so does an unknown tag."""
    version = re.match(r"(\d+)\.(\d+)", image.rpartition(":")[2])
    return version is None or (int(version[1]), int(version[2])) >= _FIRST_VERSION_OF_LINES


def accepted_type(accept: str | None) -> str:
    """The media type to answer in, CSV by default; raises ContainerError 406 when there is none to offer."""
    wanted = (accept or "").partition(";")[0].strip().lower()
    if wanted in ("", "*/*", _CSV):
        return _CSV
    if wanted == _JSON:
        return _JSON
    raise ContainerError(
        406, f"Accept type {wanted} is not supported. Please use supported accept types: ['{_JSON}', '{_CSV}']."
    )


def encode(predictions: numpy.ndarray[Any, Any], media_type: str, *, in_lines: bool) -> tuple[bytes, str]:
    """The answer's body and content type; every number is written so that it reads back the same float32."""
    values: list[Any] = predictions.tolist()
    if media_type == _JSON:
        return json.dumps({"predictions": [{"score": value} for value in values]}).encode(), _JSON
    if not in_lines:
        text = ",".join(map(str, values))
    elif predictions.ndim > 1:
        text = "".join(f"{','.join(map(str, row))}\n" for row in values)
    else:
        text = "\n".join(map(str, values)) + "\n"
    return text.encode(), f"{_CSV}; charset=utf-8"
