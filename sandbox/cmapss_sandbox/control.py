"""What a person or a test may ask of the sandbox itself: how it is, its clock, its latency, and to wait for jobs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cmapss_sandbox.region import Control, Region
from cmapss_sandbox.wire.replies import Reply

_LONGEST_LATENCY = 60_000
_LONGEST_WAIT = 600


def answer(region: Region, method: str, path: str, body: bytes) -> Reply:
    """The reply to a control call under /_sandbox."""
    if method == "GET" and path.rstrip("/") == "/_sandbox":
        return _json(200, status(region))
    act = ({**_CONTROLS, **region.controls}).get(path.removeprefix("/_sandbox/"))
    if method != "POST" or act is None:
        return _json(404, {"error": f"There is no control call {method} {path}."})
    try:
        told = act(region, _asked(body))
    except (ValueError, TypeError) as error:
        return _json(400, {"error": str(error)})
    return _json(200, {**status(region), **(told or {})})


def status(region: Region) -> dict[str, Any]:
    """The region as one JSON document: its time, its speed, and what its parts tell of themselves."""
    return {
        "region": region.name,
        "account": region.account,
        "time": region.clock.now().isoformat(),
        "speed": region.clock.speed,
        "paused": region.clock.paused,
        "invoke_latency_milliseconds": region.invoke_latency_seconds * 1000,
        "state": str(region.state),
        "completed_training_jobs": completed_training_jobs(region),
        **region.reports(),
    }


def _clock(region: Region, asked: dict[str, Any]) -> None:
    unknown = asked.keys() - {"advance_seconds", "speed", "paused"}
    if unknown:
        raise ValueError(f"The clock knows advance_seconds, speed and paused, not {', '.join(sorted(unknown))}.")
    paused = asked.get("paused")
    if paused is not None and not isinstance(paused, bool):
        raise ValueError(f"paused is true or false, not {paused!r}.")
    if "speed" in asked:
        region.set_speed(_number("speed", asked["speed"]))
    if paused is not None:
        region.set_paused(paused)
    if "advance_seconds" in asked:
        region.advance(_number("advance_seconds", asked["advance_seconds"]))


def _latency(region: Region, asked: dict[str, Any]) -> None:
    if asked.keys() != {"milliseconds"}:
        raise ValueError('The latency is set with {"milliseconds": 20}.')
    milliseconds = _number("milliseconds", asked["milliseconds"])
    if not 0 <= milliseconds <= _LONGEST_LATENCY:
        raise ValueError(f"milliseconds is from 0 to {_LONGEST_LATENCY}, not {milliseconds:g}.")
    region.invoke_latency_seconds = milliseconds / 1000


def _wait(region: Region, asked: dict[str, Any]) -> None:
    """Answer as soon as so many training jobs have completed, so that nobody has to ask again and again."""
    if asked.keys() != {"completed_training_jobs", "seconds"}:
        raise ValueError('It is waited with {"completed_training_jobs": 1, "seconds": 30}.')
    wanted, seconds = (_number(name, asked[name]) for name in ("completed_training_jobs", "seconds"))
    if not 0 <= seconds <= _LONGEST_WAIT:
        raise ValueError(f"seconds is from 0 to {_LONGEST_WAIT}, not {seconds:g}.")
    region.wait_until(lambda: completed_training_jobs(region) >= wanted, seconds)


def completed_training_jobs(region: Region) -> int:
    """How many training jobs have completed in the region so far."""
    jobs = region.table("training_jobs").values()
    return sum(job["TrainingJobStatus"] == "Completed" for job in jobs)


_CONTROLS: Mapping[str, Control] = {"clock": _clock, "latency": _latency, "wait": _wait}


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} is a number, not {value!r}.")
    return float(value)


def _asked(body: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(body)
    except ValueError:
        asked = None
    if not isinstance(asked, dict) or not asked:
        raise ValueError("The body is a JSON object that says what to do.")
    return asked


def _json(status_code: int, document: dict[str, Any]) -> Reply:
    return Reply(status_code, {"Content-Type": "application/json"}, json.dumps(document).encode())
