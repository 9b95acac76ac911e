"""What is said beside the plan in its dialog: above it what stands in its way, below what to know before a yes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cmapss_tui import theme
from cmapss_tui.keymap import first_key
from cmapss_tui.narration import check_words
from cmapss_tui.operations.journal import default_journal

if TYPE_CHECKING:
    from cmapss_core.plans.plan import Plan
    from cmapss_core.plans.running.operations import Operation

READ_ONLY = "Read-only: this plan cannot be carried out. Settings tell who says so."
NOTICED = 2  # checks that forbid a plan and are said above it; more of them stay with the plan


def notices(plan: Plan, begun: Sequence[Operation], name: str) -> Iterator[tuple[str, str]]:
    """What to know before saying yes: texts and their styles.

    `name` is what is typed where the plan's target is protected.
    """
    for operation in begun:
        if operation.status == "open":
            yield (
                f"⚠ {operation.id} was begun here and has not ended: resume it or roll it back, in "
                f"{first_key('app.operations')} Operations.",
                theme.WARN,
            )
    if plan.protected:
        yield f"⚠ {name} is protected: {plan.protected}. Type its name to go on.", theme.WARN


def stopping(plan: Plan, begun: Sequence[Operation], read_only: bool) -> list[str]:
    """Why a plan cannot be carried out now."""
    reasons = [READ_ONLY] if read_only else []
    reasons += [f"{one.id} is under way here: wait until it ends." for one in begun if one.status == "running"]
    return reasons + [check_words(check) for check in plan.forbidding[:NOTICED]]


def without_notices(plan: Plan) -> Plan:
    """The plan without what is said beside it."""
    noticed = plan.forbidding[:NOTICED]
    return replace(plan, protected=None, checks=tuple(check for check in plan.checks if check not in noticed))


def begun_on(plan: Plan) -> list[Operation]:
    """What has been begun on the same target in the same place and has not ended."""
    return [
        one
        for one in default_journal().operations()
        if one.target == plan.target and one.place in (None, plan.place) and one.status in ("open", "running")
    ]
