"""A plan from a verb: shown, confirmed, carried out and told step by step; one document at the end."""

from __future__ import annotations

import os
import signal
import sys
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui.documents import plan_document
from cmapss_tui.exits import ExitCode
from cmapss_tui.formats import hourly_cost, monthly_cost
from cmapss_tui.output import Progress, is_terminal, narrate, render_table, write, write_json

if TYPE_CHECKING:
    from cmapss_core.aws import Aws
    from cmapss_core.plans.plan import Plan
    from cmapss_core.plans.runner import Outcome, StepEvent

_MARKS = {True: "✓", None: "!", False: "✕"}  # of a plan's checks


def add_plan_arguments(parser: ArgumentParser) -> None:
    """The flags that every verb with a plan takes."""
    parser.add_argument("--dry-run", action="store_true", help="show the plan and change nothing")
    parser.add_argument("--yes", action="store_true", help="carry the plan out without asking")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def carry_out(
    aws: Aws, plan: Plan, arguments: Namespace, *, wait: bool = True, later: str = "", type_name: bool = False
) -> ExitCode:
    """Show, confirm and run a plan as the flags of `arguments` say; the document or the name goes to stdout.

    Without `wait` the plan stops where there is only something to wait for; `later` is the command that does the
    rest then. `type_name`: on a terminal the target's name has to be typed. Raises ConsoleError: REFUSED without a
    yes, else what the plan failed with.
    """
    if arguments.dry_run:
        _write_plan(plan, arguments.json)
        return ExitCode.DONE
    _confirm(aws, plan, yes=arguments.yes, type_name=type_name)
    from cmapss_core.plans.journal import Journal, default_journal_directory
    from cmapss_core.plans.runner import run

    states: dict[int, str] = {}
    progress = Progress()

    def tell(event: StepEvent) -> None:
        states[event.n] = event.state
        if event.state in ("started", "waiting"):
            progress.say(_line(plan, event))
        else:
            progress.end()
            narrate(_line(plan, event))

    with interruptible() as interrupted:
        journal = Journal(default_journal_directory())
        outcome = run(aws, plan, journal, on_event=tell, cancelled=interrupted, wait=wait)
    progress.end()
    if arguments.json:
        write_json({**plan_document(plan, outcome.status, states), "left": list(outcome.left)})
    elif outcome.status in ("done", "open"):
        write(plan.target)
    return _ended(plan, outcome, states, later)


def _ended(plan: Plan, outcome: Outcome, states: Mapping[int, str], later: str) -> ExitCode:
    """Say what is not done, and why; the exit code where it is no error."""
    if outcome.status == "open":
        steps = ", ".join(step.title for step in plan.steps if states.get(step.n) not in ("done", "skipped"))
        narrate(f"Not waited for, so still to do: {steps}." + (f" When it is in service: {later}" if later else ""))
    if outcome.status == "interrupted":
        narrate(f"Interrupted. The journal says how far it came: {plan.id}.")
        return ExitCode.INTERRUPTED
    if outcome.left:
        narrate(f"Left in the region: {', '.join(outcome.left)}.")
    if outcome.error is not None:
        raise outcome.error
    return ExitCode.FAILED if outcome.status == "failed" else ExitCode.DONE


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Inside, the first Ctrl-C is told by the function that is yielded; only the second raises KeyboardInterrupt."""
    pressed = threading.Event()

    def note(_signal: int, _frame: object) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
        pressed.set()
        with suppress(OSError):  # past print(), which cannot be entered twice, and may just have been interrupted
            os.write(2, b"\nStopping in good order; Ctrl-C again stops at once.\n")

    before: Any = signal.getsignal(signal.SIGINT)
    # A process in the background of a script may have been told to ignore it, and only the main thread may ask.
    if before is signal.SIG_IGN or threading.current_thread() is not threading.main_thread():
        yield pressed.is_set
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _confirm(aws: Aws, plan: Plan, *, yes: bool, type_name: bool) -> None:
    if aws.target.read_only:
        raise ConsoleError(
            ErrorKind.REFUSED,
            f"--read-only: {plan.intention} {plan.target} is not carried out",
            remedy="Look at it with --dry-run, or leave --read-only out.",
        )
    if yes:
        for warning in plan.warnings:
            narrate(f"! {warning}")
        return
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        raise ConsoleError(
            ErrorKind.REFUSED,
            f"Nobody is here to confirm: {plan.intention} {plan.target}",
            remedy="Say --yes to carry it out, or --dry-run to see the plan.",
        )
    narrate(render_plan(plan, sys.stderr))
    wanted = plan.target if type_name else "y"
    question = f"Type {plan.target} to {plan.intention} it: " if type_name else f"{plan.intention.capitalize()}? [y/N] "
    narrate(question, end="")
    answer = sys.stdin.readline().strip()
    if answer != wanted and not (wanted == "y" and answer.lower() in ("y", "yes")):
        raise ConsoleError(ErrorKind.REFUSED, "Not confirmed", remedy="Nothing was changed.")


def render_plan(plan: Plan, stream: Any) -> str:
    """The plan as a person reads it: cost, steps, what to know."""
    before, after = plan.hourly_cost_usd_before, plan.hourly_cost_usd_after
    rows = [(step.n, step.title, step.detail, f"undo: {step.undo.title}" if step.undo else "") for step in plan.steps]
    return "\n".join(
        (
            f"{plan.intention.capitalize()} {plan.target}",
            f"{hourly_cost(before)} → {hourly_cost(after)} ({monthly_cost(after)})",
            render_table(("#", "step", "what", ""), rows, right=("#",), stream=stream),
            *(f"{_MARKS[check.ok]} {check.text}" for check in plan.checks),
        )
    )


def _write_plan(plan: Plan, as_json: bool) -> None:
    if as_json:
        write_json(plan_document(plan, "planned", {}))
    else:
        write(render_plan(plan, sys.stdout))


def _line(plan: Plan, event: StepEvent) -> str:
    step = next(step for step in plan.steps if step.n == event.n)
    # What a step is about; of one that only waits it says how long that tends to take, which ends with it.
    about = event.message if event.message != step.title and (step.call or event.state != "done") else ""
    return f"[{event.n}/{len(plan.steps)}] {step.title}: {event.state} {about}".rstrip()
