"""One operation: each step's state as it changes, what AWS said where it failed, and the way on or back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Button

from cmapss_tui.actions import Action, bindings_for
from cmapss_tui.narration import intention_words
from cmapss_tui.operations.reader import OperationReader, OperationSnapshot
from cmapss_tui.operations.running import RunningOperation, begin, find_operation, resume, roll_back
from cmapss_tui.operations.standing import cost_of, ending, freshness_of_operation
from cmapss_tui.operations.states import OperationState, state_of_running
from cmapss_tui.polling import SnapshotRead
from cmapss_tui.screens.anywhere import AnywhereScreen
from cmapss_tui.screens.confirm import ConfirmScreen
from cmapss_tui.sheet import Sheet
from cmapss_tui.widgets.age import OLD, Freshness
from cmapss_tui.widgets.form import Choices
from cmapss_tui.widgets.panel import Lines, at_both_ends
from cmapss_tui.widgets.plan_view import PENDING, ProgressView, StepProgress
from cmapss_tui.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from cmapss_core.plans.plan import Plan, Step
    from cmapss_tui.app import ConsoleApp

RUNNING_SECONDS, RESTING_SECONDS, ASKING_SECONDS = 1.0, 5.0, 0.1
STAYS = "What was there before, or has changed since, stays as it is."
TakeUp = Callable[["ConsoleApp", "Plan", Mapping[int, StepProgress]], RunningOperation]


class OperationScreen(AnywhereScreen):
    """Carries out a plan, or shows the operation of that id; leaving it stops nothing.

    What another process carries out is followed by way of the journal, and so is what is over. `ask` is "resume" or
    "rollback" where that is to be asked as soon as it is known how the operation stands.
    """

    SCOPES: ClassVar[tuple[str, ...]] = ("operation",)
    # The buttons have the focus, and no use for these keys.
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_for("operation"),
        Binding("up", "scroll_steps(-1)", "up", show=False),
        Binding("down", "scroll_steps(1)", "down", show=False),
        Binding("pageup", "scroll_steps(-10)", "page up", show=False),
        Binding("pagedown", "scroll_steps(10)", "page down", show=False),
    ]
    DEFAULT_CSS = """
    OperationScreen #operation-head { padding: 0 1; background: $surface; }
    OperationScreen #operation-scroll { height: 1fr; padding: 1 1 0 1; }
    OperationScreen.-old #steps { text-style: dim; }
    OperationScreen #operation-end { margin: 1 0 0 0; }
    """

    def __init__(self, subject: Plan | str, *, ask: str | None = None) -> None:
        super().__init__()
        self._subject = subject
        self._ask = ask
        self._run: RunningOperation | None = None
        self._state: OperationState | None = None

    @property
    def operation(self) -> RunningOperation:
        """The run of it in this console. Raises RuntimeError where there is none."""
        if self._run is None:
            raise RuntimeError("this console does not carry it out")
        return self._run

    def body(self) -> ComposeResult:
        """Heading, steps, how it stands, what next."""
        yield Lines(id="operation-head")
        with VerticalScroll(id="operation-scroll", can_focus=False):
            yield ProgressView(id="steps")
            yield Lines(id="operation-end")
        yield Choices(
            Button("Back", id="leave", compact=True),
            Button("Stop", id="stop", compact=True),
            Button("Resume", id="resume", compact=True),
            Button("Roll back", id="rollback", compact=True),
            Button("Open the endpoint", id="next", compact=True, disabled=True),
        )

    def on_mount(self) -> None:
        self.query_one("#leave", Button).focus()
        self._show_buttons()
        if not isinstance(self._subject, str):
            self._watch(begin(self.console, self._subject))
        elif (running := find_operation(self.app, self._subject)) is not None and running.running:
            self._watch(running)
        else:
            self.add_poller("journal", OperationReader(self.aws, self._subject).read, _interval, of_aws=False)

    def on_unmount(self) -> None:
        if self._run is not None:
            self._run.ignore(self._show)

    def on_snapshot_read(self, message: SnapshotRead) -> None:
        if self._run is None:
            self._state = message.snapshot.state
            self._show()
            ask, self._ask = self._ask, None
            if ask is not None:
                self.call_later(self.run_action, ask)

    async def on_button_pressed(self, event: Button.Pressed) -> None:
        match event.button.id:
            case "leave":
                self.dismiss()
            case "next":
                await self._go_on()
            case _:
                await self.run_action(str(event.button.id))

    def tick(self) -> None:
        """Time goes on while a step waits."""
        super().tick()
        if self.is_mounted and self.is_current:
            value = self._freshness()
            self.query_one(TopBar).show_freshness(value)
            self.set_class(value.old, OLD)
            self._show_steps()

    @property
    def unanswered(self) -> float:
        """For how long the run in this console waits for an answer; what another process waits for, it alone knows."""
        return 0.0 if self._run is None else self._run.unanswered(self.aws.meter.silence)

    def _freshness(self) -> Freshness:
        if self._run is not None:
            return freshness_of_operation(self._state, self._run.seconds_since_heard, self.unanswered)
        of_journal = next((self.freshness_of(name).seconds for name in self._pollers), None)
        return freshness_of_operation(self._state, of_journal)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing here is read from AWS: the steps tell how far they are."""
        return False if action in ("pause", "refresh") else super().check_action(action, parameters)

    def why_not(self, action: Action) -> str | None:
        """What is over cannot be stopped, and what runs cannot be taken up."""
        state = self._state
        if action.id.startswith("operation.") and state is not None:
            stands = f"The operation is {state.status.replace('_', ' ')}"
            if action.id == "operation.stop":
                return None if state.can_be_stopped else f"{stands}: there is nothing that this console could stop."
            if action.id == "operation.resume" and not state.can_be_resumed:
                if state.can_be_rolled_back and state.rolling_back:
                    return "Some of it is undone already: it can only be rolled back further."
                return f"{stands}: there is nothing to resume."
            if action.id == "operation.rollback" and not state.can_be_rolled_back:
                return state.absence or f"{stands}: there is nothing to roll back."
        if action.id == "operation.describe" and state is not None:
            if not _is_of_an_endpoint(state.plan):
                return "It is about no single endpoint."
            if state.absence:
                return state.absence
        if action.id in ("operation.describe", "operation.events") and state is None:
            return "Nothing is known of it yet."
        return super().why_not(action)

    def again(self) -> Callable[[], OperationScreen]:
        """The same operation, by its id."""
        return partial(OperationScreen, self._operation_id)

    def copyable(self) -> Mapping[str, str]:
        """The id, what it is about, and the commands that show it and take it up."""
        state = self._state
        if state is None:
            return {"id": self._operation_id}
        verbs = [
            *(["resume"] if state.can_be_resumed else []),
            *(["rollback"] if state.can_be_rolled_back else []),
            "show",
        ]
        return {
            "id": self._operation_id,
            "target": state.plan.target,
            **{f"command: {verb}": f"cmapss-console operations {verb} {self._operation_id}" for verb in verbs},
            **({"error": state.error.line()} if state.error is not None else {}),
        }

    def sheet(self) -> Sheet | None:
        """The steps and how far each is."""
        state = self._state
        if state is None:
            return None
        rows = [
            (step.n, step.title, step.detail, one.state, one.since, one.until)
            for step in state.plan.steps
            for one in (state.progress.get(step.n, PENDING),)
        ]
        return Sheet("steps", ("n", "title", "detail", "status", "started", "ended"), rows)

    def action_back(self) -> None:
        """Leave for the screen below; where its endpoint is gone, for the list of endpoints."""
        if self._is_gone and self.is_active:
            self.app.call_later(_leave_for_the_list, self.app)
        else:
            super().action_back()

    @property
    def _is_gone(self) -> bool:
        """Whether what the screens below are about has been deleted by it."""
        state = self._state
        deleting = self._run is not None and state is not None and not _leaves_an_endpoint(state)
        return deleting and state is not None and state.status == "done"

    async def action_events(self) -> None:
        """What happened, call by call."""
        from cmapss_tui.screens.events import EventsScreen

        await self.app.push_screen(EventsScreen(self._operation_id))

    async def action_describe(self) -> None:
        """What AWS says of the endpoint."""
        from cmapss_tui.screens.describe import describe_endpoint

        await self.app.push_screen(describe_endpoint(self._known().plan.target))

    def action_scroll_steps(self, lines: int) -> None:
        """Bring what is above or below into sight."""
        self.query_one("#operation-scroll", VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_stop(self) -> None:
        """Stop after the call that is under way; it can be taken up again."""
        self.operation.cancel()
        self._show()

    async def action_resume(self) -> None:
        """Go on where it stopped, once that is confirmed."""
        state = self._known()
        steps = ", ".join(step.title for step in state.to_do)
        await self._confirm("Resume", f"Goes on with: {steps or 'nothing, all is done'}.", resume)

    async def action_rollback(self) -> None:
        """Undo what it did, newest first, once that is confirmed."""
        state = self._known()
        steps = ", ".join(f"{step.undo.title} {step.undo.detail}" for step in state.to_undo if step.undo is not None)
        what = f"Undoes, in this order: {steps or 'nothing, for nothing was done'}."
        await self._confirm("Roll back", what, roll_back)

    async def _confirm(self, doing: str, what: str, take_up: TakeUp) -> None:
        state = self._known()
        plan = state.plan
        protected = f"{plan.target} is protected: {plan.protected}." if plan.protected else ""
        # What is done serves by now: taking it back is as grave as deleting it.
        deletes = take_up is roll_back and _deletes_an_endpoint(state.to_undo)
        by_name = plan.protected is not None or state.status == "done" or deletes
        question = ConfirmScreen(
            f"{doing}: {plan.intention} {plan.target}",
            [line for line in (state.absence, what, STAYS, protected) if line],
            doing,
            name=plan.target if by_name else None,
        )

        def answered(yes: bool | None) -> None:
            if yes and self._known().can_be_rolled_back:
                self._watch(take_up(self.console, plan, state.progress))

        await self.app.push_screen(question, answered)

    @property
    def _operation_id(self) -> str:
        return self._subject if isinstance(self._subject, str) else self._subject.id

    def _known(self) -> OperationState:
        if self._state is None:
            raise RuntimeError("nothing is known of the operation yet")
        return self._state

    def _watch(self, running: RunningOperation) -> None:
        if self._run is not None:
            self._run.ignore(self._show)
        self._run = running
        for poller in self._pollers.values():
            poller.stop()
        running.listen(self._show)
        self._show()
        self.query_one("#leave", Button).focus()

    async def _go_on(self) -> None:
        plan = self._known().plan
        if _leaves_an_endpoint(self._known()):
            from cmapss_tui.screens.endpoint import open_endpoint

            app = self.app
            self.dismiss()
            await open_endpoint(app, plan.target)
        else:
            # The app does it: this screen cannot wait for its own removal.
            self.app.call_later(_leave_for_the_list, self.app)

    def _show(self) -> None:
        if not self.is_running:  # told in the moment of leaving
            return
        if self._run is not None:
            self._state = state_of_running(self._run)
        with self.app.batch_update():
            self._show_head()
            self._show_steps()
            self._show_end()
            self._show_buttons()
        self.refresh_bindings()
        self.tick()

    def _show_head(self) -> None:
        state = self._known()
        heading = Content.styled(f"{intention_words(state.plan)} {state.plan.target}", "bold")
        cost = cost_of(state)
        self.query_one("#operation-head", Lines).write(lambda width: at_both_ends(heading, cost, width))

    def _show_steps(self) -> None:
        if self._state is not None:
            clock = self.aws.clock
            now = clock.now() if clock.heard else self._state.last_told or clock.now()
            self.query_one(ProgressView).show(self._state.plan, self._state.progress, now)

    def _show_end(self) -> None:
        state = self._known()
        self.query_one("#operation-end", Lines).write(lambda width: ending(state, width))

    def _show_buttons(self) -> None:
        state = self._state
        stopping = self._run is not None and self._run.cancelling
        done = state is not None and state.status == "done"
        leave, stop, following = (self.query_one(f"#{name}", Button) for name in ("leave", "stop", "next"))
        read_only = self.aws.target.read_only
        gone = self._is_gone
        _put(leave, "Leave it running" if state is not None and state.can_be_stopped else "Back", shown=not gone)
        _put(stop, "Stopping …" if stopping else "Stop", shown=state is not None and state.can_be_stopped)
        stop.disabled = stopping
        for name, possible in (
            ("resume", state is not None and state.can_be_resumed),
            ("rollback", state is not None and state.can_be_rolled_back),
        ):
            button = self.query_one(f"#{name}", Button)
            button.display = possible
            button.disabled = read_only or not possible
        label = "Open the endpoint" if state is not None and _leaves_an_endpoint(state) else "Back to the endpoints"
        _put(following, label, shown=done)
        if following.disabled is done:
            following.disabled = not done
            (following if done else leave).focus()
        elif self.focused is None:
            leave.focus()


def _put(button: Button, label: str, *, shown: bool) -> None:
    button.display = shown
    if str(button.label) != label:
        button.label = label
        button.refresh(layout=True)


def _leaves_an_endpoint(state: OperationState) -> bool:
    return not state.gone and state.plan.intention not in ("delete", "clean-up")


def _deletes_an_endpoint(steps: Iterable[Step]) -> bool:
    """Whether undoing these steps takes an endpoint away."""
    calls = (undo.call for step in steps for undo in step.way_back)
    return any(call is not None and call.operation == "DeleteEndpoint" for call in calls)


def _is_of_an_endpoint(plan: Plan) -> bool:
    return plan.intention != "clean-up"


def _interval(snapshot: OperationSnapshot | None) -> float:
    if snapshot is not None and not snapshot.asked:
        return ASKING_SECONDS
    return RUNNING_SECONDS if snapshot is None or snapshot.state.status == "running" else RESTING_SECONDS


async def _leave_for_the_list(app: App[None]) -> None:
    """Down to the bottom: the endpoint's own screen, if it is below, shows something that is gone."""
    while len(app.screen_stack) > 1:
        await app.pop_screen()
