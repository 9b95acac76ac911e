"""Predictions as the container writes them, in the form that the request accepts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cmapss_sandbox.services.serving.payloads import ContainerError
from cmapss_sandbox.services.serving.recordio import write_record

if TYPE_CHECKING:
    import numpy

CSV, JSON, JSON_LINES = "text/csv", "application/json", "application/jsonlines"
RECORDIO = "application/x-recordio-protobuf"
_SUPPORTED = [JSON, JSON_LINES, RECORDIO, CSV]
# Until 1.3 an answer was one line with commas between the values; later images end each value's line.
_FIRST_VERSION_OF_LINES = (1, 5)


def answers_in_lines(image: str) -> bool:
    """Whether an image of this tag (…:1.2-1, …:1.7-1) writes one value to a line; so does an unknown tag."""
    version = re.match(r"(\d+)\.(\d+)", image.rpartition(":")[2])
    return version is None or (int(version[1]), int(version[2])) >= _FIRST_VERSION_OF_LINES


def accepted_type(accept: str | None, default: str = CSV) -> str:
    """The media type to answer in; raises ContainerError 406 when there is none to offer."""
    wanted = (accept or "").partition(";")[0].strip().lower()
    if wanted in ("", "*/*"):
        wanted = default.strip().lower()
    if wanted not in _SUPPORTED:
        raise ContainerError(
            406, f"Accept type {wanted} is not supported. Please use supported accept types: {_SUPPORTED}."
        )
    return wanted


def content_type_of(media_type: str) -> str:
    """The Content-Type header of an answer: text says how it is encoded."""
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


def encode_named(rows: Sequence[Mapping[str, Any]], media_type: str) -> bytes:
    """The answer's body in any media type but CSV: of each prediction a row of values by name."""
    if media_type == JSON:
        return json.dumps({"predictions": rows}).encode()
    if media_type == JSON_LINES:
        return "".join(json.dumps(row) + "\n" for row in rows).encode()
    return b"".join(
        write_record({name: value if isinstance(value, list) else [value] for name, value in row.items()})
        for row in rows
    )


def encode(predictions: numpy.ndarray[Any, Any], media_type: str, *, in_lines: bool) -> bytes:
    """The answer's body; every number is written so that it reads back the same float32."""
    values: list[Any] = predictions.tolist()
    if media_type != CSV:
        return encode_named([{"score": value} for value in values], media_type)
    if not in_lines:
        return ",".join(map(str, values)).encode()
    if predictions.ndim > 1:
        return "".join(f"{','.join(map(str, row))}\n" for row in values).encode()
    return ("\n".join(map(str, values)) + "\n").encode()
