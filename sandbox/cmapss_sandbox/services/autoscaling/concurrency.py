"""One update of a scalable target at a time: who comes while another is under way is asked to try again."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.region import Guard, Region, RequestContext

_UPDATES = frozenset(
    {
        "DeleteScalingPolicy",
        "DeleteScheduledAction",
        "DeregisterScalableTarget",
        "PutScalingPolicy",
        "PutScheduledAction",
        "RegisterScalableTarget",
    }
)


def one_update_at_a_time(service: str) -> Guard:
    """A guard that refuses an update of a target which already has a pending one (ConcurrentUpdateException).

    Only requests that really overlap are refused: whoever waits for each answer never sees it.
    """
    lock, pending = threading.Lock(), set[tuple[Any, ...]]()

    @contextmanager
    def guard(_: Region, context: RequestContext, members: Mapping[str, Any]) -> Iterator[None]:
        if context.service != service or context.operation not in _UPDATES:
            yield
            return
        target = tuple(members.get(member) for member in ("ServiceNamespace", "ResourceId", "ScalableDimension"))
        with lock:
            if target in pending:
                raise AwsError(
                    "ConcurrentUpdateException",
                    "You already have a pending update to an Application Auto Scaling resource.",
                )
            pending.add(target)
        try:
            yield
        finally:
            with lock:
                pending.discard(target)

    return guard
