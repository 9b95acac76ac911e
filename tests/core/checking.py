"""What checks find on a scripted AWS, as the plan that they are of has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.drafting import Draft, drafting
from cmapss_core.plans.plan import Check
from tests.core.scripted import ScriptedAws

XLARGE = "ml.m5.xlarge"
DENIED = ConsoleError(ErrorKind.DENIED, "User: x is not authorized to perform that")

Checks = Callable[[Draft], Iterable[Check]]


def found(aws: ScriptedAws, checks: Checks) -> list[Check]:
    """What the checks find, and what the plan that they are of has to say besides."""
    with drafting(aws, "deploy") as draft:
        checked = tuple(checks(draft))
        return list(draft.plan(target="engines", steps=(), checks=checked).checks)


def said(checks: list[Check]) -> list[tuple[bool | None, str]]:
    """Whether each is good, and its words."""
    return [(check.ok, check.text) for check in checks]
