"""What a person or a test may ask of the sandbox itself: how it is, its clock, and to wait for jobs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cmapss_sandbox.region import Control, Region
from cmapss_sandbox.wire.replies import Reply

PATH = "/_sandbox"

_LARGEST_BODY = 64 * 1024
_LONGEST_ADVANCE = 31 * 24 * 3600
_LONGEST_WAIT = 600


class NotThereError(ValueError):
    """What a control call is about does not exist."""


def answer(region: Region, method: str, path: str, body: bytes) -> Reply:
    """The reply to a control call under /_sandbox."""
    if method in ("GET", "HEAD") and path.rstrip("/") == PATH:
        return _json(200, status(region))
    act = ({**_CONTROLS, **region.controls}).get(path.removeprefix(f"{PATH}/"))
    if method != "POST" or act is None:
        return refusal(404, f"There is no control call {method} {path}.")
    if len(body) > _LARGEST_BODY:
        return refusal(413, f"The body of a control call has at most {_LARGEST_BODY} bytes, not {len(body)}.")
    try:
        told = act(region, _asked(body))
    except NotThereError as error:
        return refusal(404, str(error))
    except (ValueError, TypeError, OverflowError) as error:
        return refusal(400, str(error))
    return _json(200, {**status(region), **(told or {})})


def refusal(status_code: int, why: str) -> Reply:
    """The reply to what is not done."""
    return _json(status_code, {"error": why})


def status(region: Region) -> dict[str, Any]:
    """The region as one JSON document: its time, its speed, and what its parts tell of themselves."""
    with region.lock:
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
    refuse_unknown("The clock", asked, ("advance_seconds", "speed", "paused"))
    numbers = {name: number(name, asked[name]) for name in ("advance_seconds", "speed") if name in asked}
    seconds, paused = numbers.get("advance_seconds"), asked.get("paused")
    if seconds is not None and not 0 <= seconds <= _LONGEST_ADVANCE:
        raise ValueError(f"Time is advanced by 0 or more seconds, at most by {_LONGEST_ADVANCE}, not {seconds:g}.")
    if paused is not None and not isinstance(paused, bool):
        raise ValueError(f"paused is true or false, not {paused!r:.100}.")
    if "speed" in numbers:
        region.set_speed(numbers["speed"])
    if paused is not None:
        region.set_paused(paused)
    if seconds is not None:
        region.advance(seconds)


def _wait(region: Region, asked: dict[str, Any]) -> None:
    """Answer as soon as so many training jobs have completed, so that nobody has to ask again and again."""
    if asked.keys() != {"completed_training_jobs", "seconds"}:
        raise ValueError('It is waited with {"completed_training_jobs": 1, "seconds": 30}.')
    wanted = number("completed_training_jobs", asked["completed_training_jobs"])
    seconds = number("seconds", asked["seconds"], 0, _LONGEST_WAIT)
    region.wait_until(lambda: completed_training_jobs(region) >= wanted, seconds)


def completed_training_jobs(region: Region) -> int:
    """How many training jobs have completed in the region so far."""
    with region.lock:
        jobs = region.table("training_jobs").values()
        return sum(job["TrainingJobStatus"] == "Completed" for job in jobs)


_CONTROLS: Mapping[str, Control] = {"clock": _clock, "wait": _wait}


def refuse_unknown(what: str, asked: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Raise ValueError when something is asked that nobody knows."""
    unknown = sorted(asked.keys() - set(known))
    if unknown:
        raise ValueError(f"{what} knows {', '.join(known)}, not {', '.join(unknown)}.")


def number(name: str, value: Any, least: float | None = None, most: float | None = None) -> float:
    """A number, and one within its limits where it has any; raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} is a number, not {value!r:.100}.")
    if least is not None and most is not None and not least <= value <= most:
        raise ValueError(f"{name} is from {least:g} to {most:g}, not {value!r:.100}.")
    return float(value)


def whole_number(name: str, value: Any, least: int, most: int) -> int:
    """A whole number within its limits; raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{name} is a whole number from {least} to {most}, not {value!r:.100}.")
    return value


def _asked(body: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict) or not asked:
        raise ValueError("The body is a JSON object that says what to do.")
    return asked


def _json(status_code: int, document: dict[str, Any]) -> Reply:
    return Reply(status_code, {"Content-Type": "application/json"}, json.dumps(document).encode())
