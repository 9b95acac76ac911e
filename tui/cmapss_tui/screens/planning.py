"""What the dialogs that change AWS share: a form, the plan that follows from it, and the choice to carry it out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Button, Input, Static

from cmapss_core.errors import ConsoleError
from cmapss_tui import formats, theme
from cmapss_tui.polling import run_in_thread
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.widgets.age import Freshness, State
from cmapss_tui.widgets.form import Choices, OnOff, values_of
from cmapss_tui.widgets.panel import Lines, at_both_ends
from cmapss_tui.widgets.plan_view import PlanView, cost_line
from cmapss_tui.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from cmapss_core.plans.plan import Plan

READ_ONLY = "Read-only: this plan cannot be carried out. Start without --read-only to do it."


class Planned(Message, bubble=False):
    """A plan has come back."""

    def __init__(self, generation: int, plan: Plan) -> None:
        super().__init__()
        self.generation = generation
        self.plan = plan


class NotPlanned(Message, bubble=False):
    """There can be no such plan, and this is why."""

    def __init__(self, generation: int, error: ConsoleError) -> None:
        super().__init__()
        self.generation = generation
        self.error = error


class PlanScreen(ConsoleScreen):
    """A dialog that is a plan. A subclass has the form, makes the plan, and says when it may be carried out."""

    CONFIRM: ClassVar[str] = "Carry out"
    DANGEROUS: ClassVar[bool] = False
    SETTLE_SECONDS: ClassVar[float] = 0.25  # a plan is several calls: not one for each letter
    CSS_PATH = "planning.tcss"

    def __init__(self) -> None:
        super().__init__()
        self.plan: Plan | None = None
        self._planned_at: datetime | None = None
        self._generation = 0
        self._settle: Timer | None = None
        self._values: dict[str, str | bool] = {}

    def form(self) -> ComposeResult:
        """The fields."""
        raise NotImplementedError

    def heading(self) -> str:
        """What the dialog is about."""
        raise NotImplementedError

    def planner(self) -> Callable[[], Plan] | None:
        """What makes the plan, in a thread; None where a field is wrong, which the field then says."""
        raise NotImplementedError

    def may_confirm(self) -> bool:
        """Whether, given a plan, everything else is there too."""
        return True

    def body(self) -> ComposeResult:
        """Heading and cost, form, plan, choices."""
        yield Lines(id="plan-head")
        with Vertical(id="plan-form"):
            yield from self.form()
        with VerticalScroll(id="plan-scroll"):
            yield PlanView(id="plan")
            yield Static(id="plan-calls", markup=False)
        yield Choices(
            Button("Cancel", id="cancel", compact=True),
            Button(
                self.CONFIRM, id="confirm", compact=True, disabled=True, classes="-danger" if self.DANGEROUS else ""
            ),
            Button("Show calls (JSON)", id="calls", compact=True, disabled=True),
        )

    def on_mount(self) -> None:
        self.query_one("#cancel", Button).focus()
        self._values = values_of(self)
        self._show_head()
        self._make_plan()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._note_change(event.input.id)

    def on_on_off_changed(self, message: OnOff.Changed) -> None:
        self._note_change(message.switch.id)

    def on_input_submitted(self) -> None:
        self.focus_next()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        match event.button.id:
            case "cancel":
                self.dismiss()
            case "confirm" if self.plan is not None and self._ready():
                from cmapss_tui.screens.operation import OperationScreen

                # Not awaited: this screen cannot wait for its own removal.
                self.app.switch_screen(OperationScreen(self.plan))
            case "calls":
                self._toggle_calls()

    def on_planned(self, message: Planned) -> None:
        if message.generation != self._generation:
            return
        self.plan, self._planned_at = message.plan, self.aws.clock.now()
        with self.app.batch_update():
            self._show_head()
            view = self.query_one(PlanView)
            view.remove_class("-outdated")
            view.show(message.plan, READ_ONLY if self.aws.target.read_only else "")
            self.query_one("#plan-calls", Static).update(_document(message.plan))
            self._enable()
        self.tick()

    def on_not_planned(self, message: NotPlanned) -> None:
        if message.generation == self._generation:
            self._show_reason(f"✕ {message.error.line()}", theme.BAD)

    def changed(self, field: str | None) -> None:
        """A field has another value: plan anew once the typing rests."""
        self._generation += 1
        self.plan = None
        self.query_one(PlanView).add_class("-outdated")
        self._enable()
        if self._settle is not None:
            self._settle.stop()
        if self.planner() is None:
            self._show_reason("Correct the field above: then the plan is shown.", theme.QUIET)
        else:
            self._settle = self.set_timer(self.SETTLE_SECONDS, self._make_plan)

    def tick(self) -> None:
        """The plan's age, in place of a reading's."""
        super().tick()
        if self.is_mounted and self.is_current:
            self.query_one(TopBar).show_freshness(self._freshness())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing here reads by itself, so there is nothing to pause."""
        return False if action == "pause" else super().check_action(action, parameters)

    def action_refresh(self) -> None:
        """Plan anew."""
        self.changed(None)

    def _note_change(self, field: str | None) -> None:
        # A field also reports the value that it starts with, which has been planned for already.
        values = values_of(self)
        if values != self._values:
            self._values = values
            self.changed(field)

    def _make_plan(self) -> None:
        planner = self.planner()
        if planner is None:
            return
        self._generation += 1
        if self._planned_at is None:
            self._show_reason("◐ planning: reading what there is, changing nothing …", theme.BUSY)
        generation = self._generation
        run_in_thread(self, planner, partial(Planned, generation), partial(NotPlanned, generation))

    def _show_reason(self, text: str, style: str) -> None:
        self._planned_at = None
        self._show_head()
        view = self.query_one(PlanView)
        view.remove_class("-outdated")
        view.show_text(text, style)
        self._enable()
        self.tick()

    def _show_head(self) -> None:
        heading, plan = Content.styled(self.heading(), "bold"), self.plan
        cost = cost_line(plan) if plan is not None else Content("")
        self.query_one("#plan-head", Lines).write(lambda width: at_both_ends(heading, cost, width))

    def _ready(self) -> bool:
        return self.plan is not None and self._allowed(self.plan) and self.may_confirm()

    def _allowed(self, plan: Plan) -> bool:
        return not self.aws.target.read_only and all(check.ok is not False for check in plan.checks)

    def _enable(self) -> None:
        self.query_one("#confirm", Button).disabled = not self._ready()
        self.query_one("#calls", Button).disabled = self.plan is None

    def _toggle_calls(self) -> None:
        calls, view = self.query_one("#plan-calls", Static), self.query_one(PlanView)
        calls.display, view.display = view.display, calls.display
        button = self.query_one("#calls", Button)
        button.label = "Show steps" if calls.display else "Show calls (JSON)"
        button.refresh(layout=True)
        if calls.display:
            self.query_one("#plan-scroll").focus()

    def _freshness(self) -> Freshness:
        if self._planned_at is None:
            return Freshness(State.WAITING, "no plan yet")
        if self.plan is None:
            return Freshness(State.WAITING, "planning anew …")
        seconds = (self.aws.clock.now() - self._planned_at).total_seconds() / self.aws.clock.speed
        return Freshness(State.LIVE, f"planned {formats.age(seconds)} ago", seconds)


def _document(plan: Plan) -> Any:
    """The plan's calls as --dry-run prints them, coloured."""
    import json

    from textual.highlight import highlight

    return highlight(json.dumps(plan.document(), indent=2, default=str, ensure_ascii=False), language="json")
