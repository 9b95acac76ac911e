"""What the dialogs that change AWS share: a form, the plan that follows from it, and the choice to carry it out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Key
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Button, Input, OptionList, Select, Static

from cmapss_core.errors import ConsoleError
from cmapss_tui import formats, theme
from cmapss_tui.actions import Safety, by_id
from cmapss_tui.described import coloured
from cmapss_tui.documents import plan_document
from cmapss_tui.output import to_json
from cmapss_tui.plan_notices import begun_on, notices, stopping, without_notices
from cmapss_tui.polling import run_in_thread
from cmapss_tui.remedies import in_console, line_in_console
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.widgets.age import Freshness, State
from cmapss_tui.widgets.form import Choices, Field, Fold, OnOff, say_of_name, values_of
from cmapss_tui.widgets.panel import Lines, Scrolled, at_both_ends
from cmapss_tui.widgets.plan_view import PlanView, cost_line, wrapped
from cmapss_tui.widgets.top_bar import TopBar, production_mark

if TYPE_CHECKING:
    from cmapss_core.plans.plan import Plan
    from cmapss_core.plans.running.operations import Operation

WRONG = "Correct the field above: then the plan is shown."


class Planned(Message, bubble=False):
    """A plan has come back, with what has been begun on the same target and not ended."""

    def __init__(self, generation: int, planned: tuple[Plan, Sequence[Operation]]) -> None:
        super().__init__()
        self.generation = generation
        self.plan, self.begun = planned


class NotPlanned(Message, bubble=False):
    """There can be no such plan, and this is why."""

    def __init__(self, generation: int, error: ConsoleError) -> None:
        super().__init__()
        self.generation = generation
        self.error = error


class PlanScreen(ConsoleScreen):
    """A dialog that is a plan. A subclass has the form, makes the plan, and says which action it is of.

    That action's safety says whether the name has to be typed; for what is protected it has to be in every dialog.
    """

    ACTION: ClassVar[str] = ""
    CONFIRM: ClassVar[str] = "Carry out"
    NOTHING_TO_DO: ClassVar[str] = "Everything is so already: there is nothing to carry out."
    NOTHING_DONE: ClassVar[str] = "Nothing was changed."
    TYPED: ClassVar[tuple[str, str]] = ("type its name", "the endpoint's name, as above")
    FLAGS: ClassVar[Mapping[str, str]] = {}  # what the form calls flags that are not the keys of its fields
    SETTLE_SECONDS: ClassVar[float] = 0.25  # a plan is several calls: not one for each letter
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-normal")]
    CSS_PATH = Path(__file__).with_name("planning.tcss")  # Textual would look beside the subclass

    HOLDS = True

    def __init__(self) -> None:
        super().__init__()
        self.plan: Plan | None = None
        self._begun: Sequence[Operation] = ()
        self._planned_at: datetime | None = None
        self._generation = 0
        self._settle: Timer | None = None
        self._first_values: dict[str, str | bool] = {}
        self._values: dict[str, str | bool] = {}
        self._refused: dict[Field, str] = {}  # what could not be planned with, by the field that it stands in

    def form(self) -> ComposeResult:
        """The fields, if there is anything to choose."""
        yield from ()

    def findings(self) -> ComposeResult:
        """What else is to be seen above the plan, which `show_plan` fills."""
        yield from ()

    def heading(self) -> str:
        """What the dialog is about."""
        raise NotImplementedError

    def planner(self) -> Callable[[], Plan] | None:
        """What makes the plan, in a thread; None where a field is wrong, which the field then says."""
        raise NotImplementedError

    def without_plan(self) -> str:
        """What to say where the fields make no plan."""
        return WRONG

    def safety(self, plan: Plan | None) -> Safety:
        """What stands between this plan and AWS; without one, what does so at least."""
        return Safety.TYPE_NAME if plan is not None and plan.protected else by_id(self.ACTION).safety

    def name_to_type(self) -> str | None:
        """What has to be typed where something has to be; None before it is known."""
        return self.plan.target if self.plan is not None else None

    def body(self) -> ComposeResult:
        """Heading and cost, form, what stands in the plan's way, the plan, what to know before a yes, choices."""
        dangerous = by_id(self.ACTION).safety is Safety.TYPE_NAME
        label, placeholder = self.TYPED
        yield Lines(id="plan-head")
        with VerticalScroll(id="plan-form", can_focus=False):
            yield from self.form()
        yield from self.findings()
        yield Lines(id="plan-stops")
        with Scrolled(id="plan-scroll"):
            yield PlanView(id="plan")
            yield Static(id="plan-calls", markup=False)
        yield Lines(id="plan-notices")
        yield Field(label, "typed", placeholder=placeholder)
        yield Choices(
            Button("Cancel", id="cancel", compact=True),
            Button(self.CONFIRM, id="confirm", compact=True, disabled=True, classes="-danger" if dangerous else ""),
            Button("Show calls (JSON)", id="calls", compact=True, disabled=True),
        )

    def on_mount(self) -> None:
        self.query_one("#cancel", Button).focus()
        self._values = self._first_values = values_of(self)
        self._show_head()
        self._enable()
        self._make_plan()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._note_change(event.input.id)

    def on_select_changed(self, event: Select.Changed) -> None:
        self._note_change(event.select.id)

    def on_on_off_changed(self, message: OnOff.Changed) -> None:
        self._note_change(message.switch.id)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """On to what follows; after the name that is the button it was typed for, and without it there is no way on."""
        typed, wanted = self.field("typed"), self.name_to_type()
        if event.input.id != "typed":
            self.focus_next()
        elif self._ready():
            self.query_one(Choices).enter(self.query_one("#confirm", Button))
        elif typed.value != wanted:
            typed.show_problem("is not the name" if typed.value else "is needed")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        match event.button.id:
            case "cancel":
                self.action_back()
            case "confirm":
                self._carry_out()
            case "calls":
                self._toggle_calls()

    def on_planned(self, message: Planned) -> None:
        if message.generation != self._generation:
            return
        self.plan, self._begun, self._planned_at = message.plan, message.begun, self.aws.clock.now()
        with self.app.batch_update():
            self._show_head()
            self.show_plan(message.plan)
            self._enable()
        self.tick()

    def show_plan(self, plan: Plan) -> None:
        """Show a plan that has come back."""
        view, said = self.query_one(PlanView), self._worded(plan)
        view.remove_class("-outdated")
        if plan.steps:
            view.show(without_notices(said))
        else:
            view.show_text(" ".join((self.NOTHING_TO_DO, *said.notes)), theme.GOOD)
        self.query_one("#plan-calls", Static).update(
            Content("\n").join(list(map(coloured, _document(plan).splitlines())))
        )

    def on_not_planned(self, message: NotPlanned) -> None:
        if message.generation != self._generation:
            return
        error = message.error
        wrong = self._field_of(error)
        if wrong is None:
            self._show_reason(f"✕ {self.worded(line_in_console(error))}", theme.BAD)
            return
        wrong.show_problem(self.worded(error.message))
        self._refused[wrong] = wrong.value
        self._show_reason(WRONG, theme.QUIET)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Where a name is asked for, what it is made of goes there; so the footer promises nothing else of it."""
        return self._asks_name() and character is not None and (character.isalnum() or character == "-")

    def on_key(self, event: Key) -> None:
        """Cancel has the focus at first, and all else is a choice: the typing finds its field."""
        character = event.character
        typing = isinstance(self.focused, Input | OptionList)
        if character and not typing and self.check_consume_key(event.key, character):
            event.stop()
            typed = self.query_one("#typed", Input)
            typed.focus()
            typed.insert_text_at_cursor(character)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing here reads by itself, so nothing is to be paused; where a name is asked for, letters are its."""
        if action == "pause" or (action == "refresh" and self._asks_name()):
            return False
        return super().check_action(action, parameters)

    def changed(self, field: str | None) -> None:
        """A field has another value: plan anew once the typing rests. Another name only changes who may confirm."""
        if field == "typed":
            self._enable()
            return
        self._generation += 1
        self.plan = None
        self.query_one(PlanView).add_class("-outdated")
        self._enable()
        if self._settle is not None:
            self._settle.stop()
        for refused, value in list(self._refused.items()):
            if refused.value != value:
                del self._refused[refused]
                refused.show_problem(None)
        if self.planner() is None:
            self._show_reason(self.without_plan(), theme.QUIET)
        else:
            self._settle = self.set_timer(self.SETTLE_SECONDS, self._make_plan)

    @staticmethod
    def variant_field(names: Sequence[str], hint: str = "") -> Iterator[Field]:
        """The field for which production variant it is about, where there are several."""
        if len(names) > 1:
            yield Field("variant", "variant", names[0], choices={name: name for name in names}, hint=hint)

    @property
    def variant(self) -> str | None:
        """The variant that is chosen; None where there is no choice."""
        return next((field.value for field in self.query("#field-variant").results(Field)), None)

    def field(self, key: str) -> Field:
        """A field of the form."""
        return self.query_one(f"#field-{key}", Field)

    def worded(self, text: str) -> str:
        """A text of a plan in the words of this dialog: its fields in the place of flags."""
        labels = {**{f"--{field.key}": field.label for field in self.query(Field)}, **self.FLAGS}
        return in_console(text, labels)

    def copyable(self) -> Mapping[str, str]:
        """What the plan is about, and its calls as --dry-run prints them."""
        return {} if self.plan is None else {"target": self.plan.target, "plan (JSON)": _document(self.plan)}

    def tick(self) -> None:
        """The plan's age, in place of a reading's."""
        super().tick()
        if self.is_mounted and self.is_current:
            self.query_one(TopBar).show_freshness(self._freshness())

    def action_refresh(self) -> None:
        """Plan anew."""
        self.changed(None)

    def action_back(self) -> None:
        """Leave; where something was typed or chosen, it is told that nothing came of it."""
        if self.is_active and self._values != self._first_values and self.can_go_back():
            self.app.notify(self.NOTHING_DONE)
        super().action_back()

    def _note_change(self, field: str | None) -> None:
        # A field also reports the value that it starts with, which has been planned for already.
        values = values_of(self)
        if values != self._values:
            self._values = values
            self.changed(field)

    def _make_plan(self) -> None:
        planner = self.planner()
        if planner is None:
            self._show_reason(self.without_plan(), theme.QUIET)
            return
        self._generation += 1
        if self._planned_at is None:
            self._show_reason("◐ planning: reading what there is, changing nothing …", theme.BUSY)
        generation = self._generation

        def plan_and_look() -> tuple[Plan, Sequence[Operation]]:
            plan = planner()
            return plan, begun_on(plan)

        run_in_thread(self, plan_and_look, partial(Planned, generation), partial(NotPlanned, generation))

    def _field_of(self, error: ConsoleError) -> Field | None:
        """The field whose value the error names; what was not typed is nobody's to correct."""
        typed = (field for field in self.query(Field) if field.is_text and field.value)
        return next((field for field in typed if repr(field.value) in error.message), None)

    def _show_reason(self, text: str, style: str) -> None:
        for fold in self.query(Fold):
            fold.open_where_wrong()
        self._planned_at = None
        self._show_head()
        view = self.query_one(PlanView)
        view.remove_class("-outdated")
        view.show_text(text, style)
        self._enable()
        self.tick()

    def _show_head(self) -> None:
        heading, plan = production_mark(self.app) + Content.styled(self.heading(), "bold"), self.plan
        cost = cost_line(plan) if plan is not None else Content("")
        self.query_one("#plan-head", Lines).write(lambda width: at_both_ends(heading, cost, width))

    def _worded(self, plan: Plan) -> Plan:
        checks = (
            replace(check, text=self.worded(check.text), remedy=self.worded(check.remedy)) for check in plan.checks
        )
        return replace(plan, checks=tuple(checks), notes=tuple(map(self.worded, plan.notes)))

    def _asks_name(self) -> bool:
        return self.is_mounted and self.query_one("#field-typed").display

    def _ready(self) -> bool:
        plan, typed = self.plan, self.field("typed").value
        if plan is None or not plan.steps or stopping(plan, self._begun, self.aws.target.read_only):
            return False
        return self.safety(plan) is not Safety.TYPE_NAME or typed == self.name_to_type()

    def _enable(self) -> None:
        """Ask for the name where it is needed, say what stands in the way, and open or close the choices."""
        field, plan, wanted = self.field("typed"), self.plan, self.name_to_type()
        if plan is not None or not field.display:  # not hidden while it is planned anew: the typing goes on
            field.display = self.safety(plan) is Safety.TYPE_NAME
        say_of_name(field, wanted if self._ready() or wanted != field.value else None, self.CONFIRM)
        stops: list[tuple[str, str]] = []
        notes: list[tuple[str, str]] = []
        if plan is not None:
            said = self._worded(plan)
            stops += ((f"✕ {one}", theme.BAD) for one in stopping(said, self._begun, self.aws.target.read_only))
            notes += notices(said, self._begun, wanted or "")
        self.query_one("#plan-stops", Lines).write(partial(_written, stops))
        self.query_one("#plan-notices", Lines).write(partial(_written, notes))
        self.query_one("#confirm", Button).disabled = not self._ready()
        self.query_one("#calls", Button).disabled = plan is None
        self.refresh_bindings()

    def _carry_out(self) -> None:
        """Go on to the operation, once; a key that has left the dialog before this came is what counts."""
        if self.plan is None or not self._ready() or not self.is_active:
            return
        from cmapss_tui.screens.operation import OperationScreen

        self.query_one("#confirm", Button).disabled = True
        # Not awaited: this screen cannot wait for its own removal.
        self.app.switch_screen(OperationScreen(self.plan))

    def _toggle_calls(self) -> None:
        calls, view = self.query_one("#plan-calls", Static), self.query_one(PlanView)
        calls.display, view.display = view.display, calls.display
        button = self.query_one("#calls", Button)
        button.label = "Show steps" if calls.display else "Show calls (JSON)"
        button.refresh(layout=True)
        if calls.display:
            self.call_after_refresh(self.query_one("#plan-scroll").focus)

    def _freshness(self) -> Freshness:
        if self._planned_at is None:
            return Freshness(State.WAITING, "no plan yet")
        if self.plan is None:
            return Freshness(State.WAITING, "planning anew …")
        seconds = (self.aws.clock.now() - self._planned_at).total_seconds() / self.aws.clock.speed
        return Freshness(State.LIVE, f"planned {formats.age(seconds)} ago", seconds)


def _written(texts: Sequence[tuple[str, str]], width: int) -> list[Content]:
    return [Content.styled(row, style) for text, style in texts for row in wrapped(text, width)]


def _document(plan: Plan) -> str:
    """The plan's calls as --dry-run prints them."""
    import json

    return json.dumps(to_json(plan_document(plan, "planned", {})), indent=2, ensure_ascii=False)
