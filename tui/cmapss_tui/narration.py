"""A plan in words: before it is carried out, while it is, and when it has ended otherwise than meant."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from cmapss_tui.formats import duration, hourly_cost, money, monthly_cost
from cmapss_tui.output import Progress, narrate, render_table

if TYPE_CHECKING:
    from cmapss_core.plans.plan import Check, Plan, Step
    from cmapss_core.plans.running.operations import StepEvent

NOTHING_TO_DO = "Everything is so already: there is nothing to carry out."
_MARKS = {True: "✓", None: "!", False: "✕"}  # of a plan's checks
_ORDER = {False: 0, None: 1, True: 2}
_PASSING = frozenset({"started", "acting", "waiting", "undoing"})
_UNDOING = frozenset({"undoing", "undone", "kept"})
_ACTIONS_WIDTH = 118


class Narrator:
    """Tells a run on stderr, step by step, and keeps how far each step is."""

    def __init__(self, plan: Plan) -> None:
        self.states: dict[int, str] = {}
        self._plan = plan
        self._steps = {step.n: step for step in plan.steps}
        self._progress = Progress()

    def tell(self, event: StepEvent) -> None:
        """A line: rewritten while the step goes on, kept once it is over."""
        self.states[event.n] = event.state
        if event.state in _PASSING:
            self._progress.say(self._line(event))
        else:
            self._progress.end()
            narrate(self._line(event))

    def end(self) -> None:
        """Leave the line to what comes after."""
        self._progress.end()

    def _line(self, event: StepEvent) -> str:
        step = self._steps[event.n]
        undo = step.undo if event.state in _UNDOING else None
        title = undo.title if undo is not None else step.title
        # What a step is about; of one that only waits it says how long that tends to take, which ends with it.
        about = event.message if event.message != title and (step.call or event.state != "done") else ""
        going_on = event.state in _PASSING and event.seconds_left
        left = f"about {duration(event.seconds_left)} left" if going_on else ""
        return f"[{event.n}/{len(self._steps)}] {title}: {', '.join(filter(None, (event.state, about, left)))}"


def render_plan(plan: Plan, stream: Any, *, actions: bool = False) -> str:
    """The plan as a person reads it: cost, steps, what to know, and the IAM actions where they are asked for."""
    before, after = plan.hourly_cost_usd_before, plan.hourly_cost_usd_after
    return "\n".join(
        (
            f"{intention_words(plan)} {plan.target}",
            f"{hourly_cost(before)} → {hourly_cost(after)} ({monthly_cost(after)}){range_words(plan)}",
            render_steps(plan.steps, stream) if plan.steps else NOTHING_TO_DO,
            *([f"! protected: {plan.protected}"] if plan.protected else []),
            *(check_line(check) for check in sorted_checks(plan)),
            *(f"· {note}" for note in plan.notes),
            *(_action_lines(plan) if actions else ()),
        )
    )


def intention_words(plan: Plan) -> str:
    """What a plan is meant to do, as a heading begins."""
    return plan.intention.replace("-", " ").capitalize()


def range_words(plan: Plan) -> str:
    """Between which costs automatic scaling moves it afterwards; nothing where it moves none."""
    if plan.hourly_cost_usd_range is None or len(set(plan.hourly_cost_usd_range)) == 1:
        return ""
    least, most = map(money, plan.hourly_cost_usd_range)
    return f", scaling {least} to {most}/h"


def render_steps(steps: Iterable[Step], stream: Any) -> str:
    """The steps as a table, with what undoes each."""
    rows = [(step.n, step.title, step.detail, undo_words(step)) for step in steps]
    return render_table(("#", "step", "what", ""), rows, right=("#",), stream=stream)


def sorted_checks(plan: Plan) -> list[Check]:
    """What pre-flight found: what forbids it first, then what is worth knowing, then what is in order."""
    return sorted(plan.checks, key=lambda check: _ORDER[check.ok])


def check_words(check: Check) -> str:
    """What pre-flight found, with the way out where it forbids the plan."""
    way_out = f". {check.remedy}" if check.ok is False and check.remedy else ""
    return f"{check.text}{way_out}"


def check_line(check: Check) -> str:
    """The same behind its mark."""
    return f"{_MARKS[check.ok]} {check_words(check)}"


def undo_words(step: Step) -> str:
    """What undoes a step; nothing where nothing does."""
    return f"undo: {step.undo.title}" if step.undo else ""


def _action_lines(plan: Plan) -> Iterator[str]:
    for label, actions in (
        ("IAM actions", plan.iam_actions),
        ("IAM actions to undo it", plan.undo_iam_actions),
        ("IAM actions it does without", plan.optional_iam_actions),
    ):
        if actions:
            text = f"{label}: {', '.join(actions)}"
            yield textwrap.fill(
                text, _ACTIONS_WIDTH, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False
            )
