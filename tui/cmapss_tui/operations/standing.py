"""How an operation stands, in words: what it costs by now, what AWS said, what it left, and what can be done."""

from __future__ import annotations

from textual.content import Content

from cmapss_tui import formats, theme
from cmapss_tui.keymap import first_key
from cmapss_tui.operations.states import OperationState, status_content
from cmapss_tui.remedies import line_in_console
from cmapss_tui.widgets.age import NOTHING_READ, Freshness, State, at_work
from cmapss_tui.widgets.plan_view import cost_line, paragraph, wrapped


def cost_of(state: OperationState) -> Content:
    """What is to run an hour by the plan; where all of it is undone, that is what ran before."""
    if state.status == "rolled_back":
        return Content.assemble(
            (formats.hourly_cost(state.plan.hourly_cost_usd_before), "bold"), (" as before", theme.QUIET)
        )
    return cost_line(state.plan)


def freshness_of_operation(
    state: OperationState | None, heard: float | None = None, unanswered: float = 0.0
) -> Freshness:
    """What stands in the corner, with the age of what was heard last.

    In seconds of this machine: `heard` ago, None where that is not known, and `unanswered` an answer is waited for.
    """
    if state is None:
        return NOTHING_READ
    if state.status == "running":
        return at_work(_going_on(state), heard, unanswered)
    looks = {"done": State.LIVE, "rolled_back": State.LIVE, "failed": State.FAILED}
    return Freshness(looks.get(state.status, State.PAUSED), state.status.replace("_", " "))


def _going_on(state: OperationState) -> str:
    return "rolling back" if state.rolling_back else f"running {state.steps_done}/{len(state.plan.steps)} steps"


def ending(state: OperationState, width: int) -> list[Content]:
    """How it stands, what AWS and the containers said, what it left, and what can be done."""
    if state.status == "running":
        where = "It goes on when you leave" if state.here else "Another console or a verb carries it out"
        return [Content.styled(f"{where}; the journal keeps where it stands.", theme.QUIET)]
    lines = [status_content(state.status, bold=True)]
    error = state.error
    told = any(progress.error is not None for progress in state.progress.values())
    if error is not None and not told and state.status not in ("done", "rolled_back"):
        lines += paragraph(line_in_console(error), width, theme.BAD)
    if state.log_lines:
        lines.append(Content.styled("The last log lines:", theme.QUIET))
        lines += [Content(f"  {line}") for log_line in state.log_lines for line in wrapped(log_line, width - 2)]
    if state.left:
        lines += paragraph(f"Left in the region: {'; '.join(state.left)}.", width, theme.WARN)
    if state.status == "interrupted":
        lines.append(Content.styled("What AWS has been asked for goes on there.", theme.QUIET))
    ways = []
    if state.can_be_resumed:
        ways.append(f"{first_key('operation.resume')} goes on where it stopped")
    if state.can_be_rolled_back:
        ways.append(f"{first_key('operation.rollback')} undoes {'the rest' if state.rolling_back else 'what it did'}")
    if state.can_be_rolled_back and (lost := [step.title for step in state.for_good]):
        ways.append(f"but nothing undoes: {', '.join(dict.fromkeys(lost))}")
    if ways:
        lines.append(Content.styled(f"{', '.join(ways)}.", theme.QUIET))
    if state.status == "done":
        cost = state.plan.hourly_cost_usd_after
        then = f"{formats.hourly_cost(cost)}, {formats.monthly_cost(cost)}."
        lines.append(Content.styled(f"{'Now' if state.here else 'By the plan, then'} {then}", theme.QUIET))
    if state.absence:
        lines += paragraph(f"○ {state.absence}", width, theme.WARN)
    return lines
