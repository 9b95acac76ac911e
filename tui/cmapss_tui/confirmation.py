"""What stands between a plan and AWS: read-only, checks that forbid it, and the yes or the name of an operator."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui.narration import check_line
from cmapss_tui.output import is_terminal, narrate

if TYPE_CHECKING:
    from cmapss_core.plans.plan import Plan


def add_confirmation_arguments(parser: ArgumentParser) -> None:
    """How a plan is confirmed without being asked."""
    parser.add_argument("--yes", action="store_true", help="carry it out without asking; of no avail where protected")
    parser.add_argument("--confirm", metavar="NAME", help="the same for the endpoint of this name, protected or not")


def refuse_read_only(read_only: bool, doing: str, target: str) -> None:
    """Raise ConsoleError(REFUSED) where nothing may be changed."""
    if read_only:
        raise ConsoleError(
            ErrorKind.REFUSED,
            f"--read-only: {doing} {target} is not carried out",
            remedy="Look at it with --dry-run, or leave --read-only out.",
        )


def refuse_forbidden(plan: Plan) -> None:
    """Raise the first of the plan's checks that forbid it, as an error of its kind; the others are told."""
    if not plan.forbidding:
        return
    first, *others = plan.forbidding
    for check in others:
        narrate(check_line(check))
    raise ConsoleError(first.kind, first.text, remedy=first.remedy)


def confirm(
    plan: Plan, arguments: Namespace, *, doing: str, shown: str, warnings: Iterable[str] = (), type_name: bool = False
) -> None:
    """Have it confirmed to do `doing` to the plan's target: by a flag, or at a terminal, where `shown` is shown first.

    Who says it by a flag is told the warnings. A protected target takes its name, typed or after --confirm;
    `type_name` makes a terminal ask for it anyway. Raises ConsoleError(REFUSED) where it is not confirmed.
    """
    if arguments.confirm is not None and arguments.confirm != plan.target:
        raise ConsoleError(
            ErrorKind.REFUSED,
            f"--confirm {arguments.confirm} is not the name of what this is about, {plan.target}",
            remedy="Nothing was changed.",
        )
    if arguments.confirm is not None or (arguments.yes and plan.protected is None):
        for warning in warnings:
            narrate(f"! {warning}")
        return
    if not somebody_is_here():
        raise _nobody_here(plan, doing)
    narrate(shown)
    by_name = type_name or plan.protected is not None
    narrate(f"Type {plan.target} to {doing} it: " if by_name else f"{doing.capitalize()}? [y/N] ", end="")
    answer = sys.stdin.readline().strip()
    if not (answer == plan.target if by_name else answer.lower() in ("y", "yes")):
        raise ConsoleError(ErrorKind.REFUSED, "Not confirmed", remedy="Nothing was changed.")


def agreed(question: str) -> bool:
    """Ask at a terminal, where a mere Enter is a yes. A reader who has gone agrees to nothing."""
    narrate(f"{question} [Y/n] ", end="")
    answer = sys.stdin.readline()
    return bool(answer) and answer.strip().lower() in ("", "y", "yes")


def somebody_is_here() -> bool:
    """Whether a question would be seen and could be answered."""
    return is_terminal(sys.stdin) and is_terminal(sys.stderr)


def _nobody_here(plan: Plan, doing: str) -> ConsoleError:
    if plan.protected is not None:
        return ConsoleError(
            ErrorKind.REFUSED,
            f"{plan.target} is protected, for {plan.protected}: nobody is here to type its name",
            remedy=f"Say --confirm {plan.target} to {doing} it, or --dry-run to see the plan.",
        )
    return ConsoleError(
        ErrorKind.REFUSED,
        f"Nobody is here to confirm: {doing} {plan.target}",
        remedy="Say --yes to carry it out, or --dry-run to see the plan.",
    )
