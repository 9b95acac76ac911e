"""The faults that are set, and how they happen to requests."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from cmapss_sandbox.control import NotThereError
from cmapss_sandbox.errors import AwsError, ConnectionDroppedError, UnreadableAnswerError
from cmapss_sandbox.faults import refusals
from cmapss_sandbox.faults.fault import DROPPED_AFTER, DROPPED_BEFORE, UNREADABLE, Fault, read_fault
from cmapss_sandbox.faults.selection import selects
from cmapss_sandbox.region import Region, RequestContext

_MOST_FAULTS = 100
# What comes with status 200 in an answer's place: of a captive portal, and of what was cut off or never meant for us.
_UNREADABLE = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b'{"Endpoints": [{"EndpointName": "eng',
    b'{"Message": "\xff\xfe"}',
    b"<!doctype html><title>Sign in to the network</title>",
)


@dataclass(slots=True)
class Standing:
    """A fault with what has come of it; what waits because of it goes on when it is over."""

    fault: Fault
    draws: random.Random
    hits: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def remaining(self) -> int | None:
        """How many requests it still strikes; None for any number."""
        return None if self.fault.count is None else self.fault.count - self.hits


class Faults:
    """The faults that are set; each draws by its own seed, so that the same requests are struck again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._standing: dict[int, Standing] = {}
        self._last_id = 0

    def told(self) -> list[dict[str, Any]]:
        """Every fault as JSON, with how many requests it has struck."""
        with self._lock:
            return [_told(standing) for standing in self._standing.values()]

    def add(self, asked: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Set faults, all of them or none; raises ValueError."""
        with self._lock:
            if len(self._standing) + len(asked) > _MOST_FAULTS:
                raise ValueError(f"There are at most {_MOST_FAULTS} faults at a time: clear some.")
            faults = [read_fault(self._last_id + number, members) for number, members in enumerate(asked, 1)]
            added = [Standing(fault, random.Random(fault.seed)) for fault in faults]
            self._last_id += len(added)
            self._standing |= {standing.fault.id: standing for standing in added}
            return [_told(standing) for standing in added]

    def clear(self, ids: Sequence[int] | None = None) -> None:
        """Remove faults, every one for None; raises NotThereError."""
        with self._lock:
            absent = [str(id_) for id_ in ids or () if id_ not in self._standing]
            if absent:
                raise NotThereError(f"There is no fault {', '.join(absent)}.")
            for id_ in list(self._standing) if ids is None else ids:
                standing = self._standing.pop(id_, None)
                if standing is not None:
                    standing.over.set()

    def strike(self, service: str, operation: str) -> list[Standing]:
        """The faults that strike a request to this operation."""
        if not self._standing:  # looked at without the lock, for most regions have none
            return []
        with self._lock:
            struck = [standing for standing in self._standing.values() if _strikes(standing, service, operation)]
            for standing in struck:
                standing.hits += 1
            return struck

    @contextmanager
    def guard(self, region: Region, context: RequestContext, members: Mapping[str, Any]) -> Iterator[None]:
        """Let the faults that strike a request happen to it.

        It is refused or loses its connection before it is carried out; it is slow, and its answer is lost or another,
        afterwards.
        """
        struck = self.strike(context.service, context.operation)
        kinds = {standing.fault.kind for standing in struck}
        try:
            if DROPPED_BEFORE in kinds:
                raise ConnectionDroppedError
            for standing in struck:
                refusal = _refusal(standing.fault, region, context, members)
                if refusal is not None:
                    raise refusal
            yield
        except AwsError:
            if DROPPED_AFTER in kinds:
                raise ConnectionDroppedError from None
            raise
        else:
            if DROPPED_AFTER in kinds:
                raise ConnectionDroppedError
            for standing in struck:
                if standing.fault.kind == UNREADABLE:
                    raise UnreadableAnswerError(standing.draws.choice(_UNREADABLE))
        finally:
            for standing in struck:
                if standing.fault.milliseconds is not None:
                    standing.over.wait(standing.fault.milliseconds / 1000)


def _strikes(standing: Standing, service: str, operation: str) -> bool:
    fault = standing.fault
    if standing.remaining == 0 or not selects(fault.operation, service, operation):
        return False
    return standing.draws.random() < fault.share


def _refusal(fault: Fault, region: Region, context: RequestContext, members: Mapping[str, Any]) -> AwsError | None:
    if fault.seconds is not None:
        return refusals.skew_refusal(context, timedelta(seconds=fault.seconds))
    return refusals.refusal(fault.kind, region, context, members) if fault.kind in refusals.KINDS else None


def _told(standing: Standing) -> dict[str, Any]:
    fault = standing.fault
    own = {"milliseconds": fault.milliseconds, "seconds": fault.seconds}
    return {
        "id": fault.id,
        "kind": fault.kind,
        "operation": fault.operation,
        "share": fault.share,
        "remaining": standing.remaining,
        "hits": standing.hits,
        "seed": fault.seed,
        **{name: value for name, value in own.items() if value is not None},
    }
