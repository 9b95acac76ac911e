"""What a person or a test may ask of the sandbox itself: its state, its clock, its latency."""

from __future__ import annotations

import json
from typing import Any

from cmapss_sandbox.region import Region
from cmapss_sandbox.wire.replies import Reply


def answer(region: Region, method: str, path: str, body: bytes) -> Reply:
    """The reply to a control call under /_sandbox."""
    if method == "GET" and path.rstrip("/") == "/_sandbox":
        return _json(200, status(region))
    act = {"/_sandbox/clock": _clock, "/_sandbox/latency": _latency}.get(path)
    if method != "POST" or act is None:
        return _json(404, {"error": f"There is no control call {method} {path}."})
    try:
        asked = json.loads(body or b"{}")
        if not isinstance(asked, dict) or not asked:
            raise ValueError("The body is a JSON object that says what to do.")
        act(region, asked)
    except (ValueError, TypeError) as error:
        return _json(400, {"error": str(error)})
    return _json(200, status(region))


def status(region: Region) -> dict[str, Any]:
    """The region as one JSON document."""
    return {
        "region": region.name,
        "time": region.clock.now().isoformat(),
        "speed": region.clock.speed,
        "paused": region.clock.paused,
        "invoke_latency_milliseconds": region.invoke_latency_seconds * 1000,
    }


def page(region: Region) -> Reply:
    """The page at / for a person with a browser."""
    return Reply(200, {"Content-Type": "text/html; charset=utf-8"}, json.dumps(status(region)).encode())


def _clock(region: Region, asked: dict[str, Any]) -> None:
    unknown = asked.keys() - {"advance_seconds", "speed", "paused"}
    if unknown:
        raise ValueError(f"The clock knows advance_seconds, speed and paused, not {', '.join(sorted(unknown))}.")
    if "paused" in asked:
        region.set_paused(bool(asked["paused"]))
    if "speed" in asked:
        region.set_speed(float(asked["speed"]))
    if "advance_seconds" in asked:
        region.advance(float(asked["advance_seconds"]))


def _latency(region: Region, asked: dict[str, Any]) -> None:
    milliseconds = float(asked.get("milliseconds", -1))
    if not 0 <= milliseconds < 60_000:
        raise ValueError('The latency is a number of milliseconds from 0 to 60,000: {"milliseconds": 20}.')
    region.invoke_latency_seconds = milliseconds / 1000


def _json(status_code: int, document: dict[str, Any]) -> Reply:
    return Reply(status_code, {"Content-Type": "application/json"}, json.dumps(document).encode())
