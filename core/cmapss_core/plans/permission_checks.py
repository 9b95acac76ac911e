"""Whether IAM lets the caller do what a plan needs, asked before anything is done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cmapss_core.aws import Aws
from cmapss_core.plans.plan import Check, Step


def permission_checks(aws: Aws, steps: Iterable[Step]) -> Iterator[Check]:
    """What the caller may not do of these steps; nothing where all is permitted."""
    yield from ()
