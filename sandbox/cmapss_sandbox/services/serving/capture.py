"""Data capture: requests and answers as JSON lines in S3, buffered and written once a region minute.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

from __future__ import annotations

import base64
import json
import threading
import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from cmapss_sandbox.objects import ObjectStore
from cmapss_sandbox.services.serving.accounting import Instance


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that was answered: what came in, what went out, with their content types."""

    request: bytes
    request_type: str
    answer: bytes
    answer_type: str


@dataclass(frozen=True, slots=True)
class CaptureFailure:
    """A file that could not be written, for the instance whose log should say so."""

    instance: Instance
    message: str


class CaptureBuffer:
    """Captured records by where they go; safe to call from every thread that answers an invocation."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self._lock = threading.Lock()
        self._records: defaultdict[tuple[str, Instance], list[tuple[datetime, str]]] = defaultdict(list)
        self._seen: defaultdict[str, int] = defaultdict(int)

    def samples(self, stream: str, config: Mapping[str, Any]) -> bool:
        """Whether the next request of a stream of them is of the percentage that is captured, evenly spread."""
        if not config.get("EnableCapture", True):
            return False
        percentage = config["InitialSamplingPercentage"]
        with self._lock:
            self._seen[stream] += 1
            seen = self._seen[stream]
        taken: int = seen * percentage // 100 - (seen - 1) * percentage // 100
        return taken > 0

    def add(self, destination: str, instance: Instance, at: datetime, record: Mapping[str, Any]) -> None:
        """Keep a record until the next write()."""
        line = json.dumps(record, separators=(",", ":"))
        with self._lock:
            self._records[destination, instance].append((at, line))

    def write(self) -> list[CaptureFailure]:
        """Write what has come together, one object for each instance; what cannot be written is told, and lost."""
        with self._lock:
            records, self._records = self._records, defaultdict(list)
        failures = []
        for (destination, instance), lines in records.items():
            url = urlsplit(destination)
            if url.netloc not in self._objects.buckets():
                message = f"Data capture could not be uploaded: the bucket {url.netloc} does not exist"
                failures.append(CaptureFailure(instance, message))
                continue
            folder = f"{url.path.strip('/')}/{instance.endpoint}/{instance.variant}".lstrip("/")
            body = "".join(f"{line}\n" for _, line in lines).encode()
            self._objects.put(url.netloc, f"{folder}/{_file(lines[0][0])}", body)
        return failures


def captured(
    exchange: Exchange,
    config: Mapping[str, Any],
    at: datetime,
    *,
    inference_id: str | None,
    custom_attributes: str | None,
    source: str | None = None,
) -> dict[str, Any]:
    """The record of an exchange as AWS writes it; `source` says where a copy for a shadow variant came from."""
    modes = {option["CaptureMode"] for option in config["CaptureOptions"]}
    data = {}
    if modes & {"Input", "InputAndOutput"}:
        data["endpointInput"] = _side("INPUT", exchange.request, exchange.request_type, config)
    if modes & {"Output", "InputAndOutput"}:
        data["endpointOutput"] = _side("OUTPUT", exchange.answer, exchange.answer_type, config)
    metadata = {
        "eventId": str(uuid.uuid4()),
        "customAttributes": None if custom_attributes is None else [custom_attributes],
        "inferenceId": inference_id,
        "invocationSource": source,
        "inferenceTime": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return {
        "captureData": data,
        "eventMetadata": {name: value for name, value in metadata.items() if value is not None},
        "eventVersion": "0",
    }


def _side(mode: str, body: bytes, content_type: str, config: Mapping[str, Any]) -> dict[str, str]:
    data, encoding = _encoded(body, content_type, config.get("CaptureContentTypeHeader", {}))
    return {"observedContentType": content_type, "mode": mode, "data": data, "encoding": encoding}


def _encoded(body: bytes, content_type: str, headers: Mapping[str, list[str]]) -> tuple[str, str]:
    """The data as text for the content types that the config names, in base64 for all others."""
    media_type = content_type.partition(";")[0].strip().lower()
    for encoding, member in (("CSV", "CsvContentTypes"), ("JSON", "JsonContentTypes")):
        if media_type in (listed.partition(";")[0].strip().lower() for listed in headers.get(member, [])):
            try:
                return body.decode(), encoding
            except UnicodeDecodeError:
                break
    return base64.b64encode(body).decode(), "BASE64"


def _file(at: datetime) -> str:
    moment = at.astimezone(UTC)
    return f"{moment:%Y/%m/%d/%H/%M-%S}-{moment.microsecond // 1000:03d}-{uuid.uuid4()}.jsonl"
