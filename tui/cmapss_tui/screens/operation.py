"""A plan being carried out: each step's state as it changes, and what AWS said where it failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Button

from cmapss_core.errors import ConsoleError
from cmapss_tui import formats, theme
from cmapss_tui.background import Background
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.widgets.age import Freshness, State
from cmapss_tui.widgets.form import Choices
from cmapss_tui.widgets.panel import Lines, at_both_ends
from cmapss_tui.widgets.plan_view import PENDING, ProgressView, StepProgress, cost_line, wrapped
from cmapss_tui.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from cmapss_core.aws import Aws
    from cmapss_core.plans.plan import Plan
    from cmapss_core.plans.runner import Outcome, StepEvent
    from cmapss_tui.app import ConsoleApp

KIND = "operation"
_ENDED: dict[str, tuple[str, str]] = {
    "done": ("● done", theme.GOOD),
    "failed": ("✕ failed", theme.BAD),
    "open": ("◐ not finished", theme.WARN),
    "interrupted": ("◐ interrupted", theme.WARN),
}


class RunningOperation(Background["StepEvent", "Outcome"]):
    """The run of one plan, which goes on whether or not its screen is shown."""

    def __init__(self, app: ConsoleApp, plan: Plan) -> None:
        super().__init__(app, KIND, plan.id, partial(_carry_out, app.aws, plan))
        self.plan = plan
        self.progress: dict[int, StepProgress] = {}
        self._console = app
        self._title = f"{plan.intention} {plan.target}"

    def start(self) -> None:
        """Begin; from now on leaving the console asks first."""
        self._console.operation_started(self.plan.id, self._title)
        super().start()

    def received(self, event: StepEvent) -> None:
        """Note how far the event's step is."""
        super().received(event)
        self.progress[event.n] = after(self.progress.get(event.n, PENDING), event)

    def ended(self) -> None:
        """Leaving the console asks no more."""
        self._console.operation_ended(self.plan.id)
        super().ended()

    @property
    def outcome(self) -> str:
        """How it ended, in a line."""
        return f"{_ENDED[self.status][0]}: {self._title}"

    @property
    def status(self) -> str:
        """How it ended; "failed" also where it could not begin."""
        return self.result.status if self.result is not None else "failed"


def after(progress: StepProgress, event: StepEvent) -> StepProgress:
    """How far a step is after an event; times are the region's."""
    if event.state == "started":
        return StepProgress("started", since=event.at)
    over = event.at if event.state in ("done", "skipped", "failed") else None
    return replace(progress, state=event.state, until=over, message=event.message, error=event.error)


def _carry_out(aws: Aws, plan: Plan, tell: Callable[[StepEvent], None], cancelled: Callable[[], bool]) -> Outcome:
    from cmapss_core.plans.journal import Journal, default_journal_directory
    from cmapss_core.plans.runner import run

    return run(aws, plan, Journal(default_journal_directory()), on_event=tell, cancelled=cancelled)


class OperationScreen(ConsoleScreen):
    """Starts the plan when it is shown; leaving it stops nothing."""

    DEFAULT_CSS = """
    OperationScreen #operation-head { padding: 0 1; background: $surface; }
    OperationScreen #operation-scroll { height: 1fr; padding: 1 1 0 1; }
    OperationScreen #operation-end { margin: 1 0 0 0; }
    """
    INTENTION_AREAS: ClassVar[dict[str, str]] = {"deploy": "jobs"}

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan
        self.AREA = self.INTENTION_AREAS.get(plan.intention, "endpoints")  # type: ignore[misc]  # one screen, two areas
        self._operation: RunningOperation | None = None

    @property
    def operation(self) -> RunningOperation:
        """The run. There is one as soon as the screen is mounted."""
        assert self._operation is not None
        return self._operation

    def body(self) -> ComposeResult:
        """Heading, steps, how it ended, what next."""
        yield Lines(id="operation-head")
        with VerticalScroll(id="operation-scroll", can_focus=False):
            yield ProgressView(id="steps")
            yield Lines(id="operation-end")
        yield Choices(
            Button("Leave it running", id="leave", compact=True),
            Button(self._next_label(), id="next", compact=True, disabled=True),
        )

    def on_mount(self) -> None:
        self._operation = RunningOperation(self.console, self.plan)
        self._operation.listen(self._show)
        self._operation.start()
        self.query_one("#leave", Button).focus()
        heading = Content.styled(f"{self.plan.intention.capitalize()} {self.plan.target}", "bold")
        cost = cost_line(self.plan)
        self.query_one("#operation-head", Lines).write(lambda width: at_both_ends(heading, cost, width))
        self._show()

    def on_unmount(self) -> None:
        self.operation.ignore(self._show)

    async def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "leave":
            self.dismiss()
        elif self.plan.intention == "delete":
            # The app does it: this screen cannot wait for its own removal.
            self.app.call_later(_leave_for_the_list, self.app)
        else:
            from cmapss_tui.screens.endpoint import open_endpoint

            app, target = self.app, self.plan.target
            self.dismiss()
            await open_endpoint(app, target)

    def tick(self) -> None:
        """Time goes on while a step waits."""
        super().tick()
        if self.is_mounted and self.is_current and self._operation is not None:
            self.query_one(TopBar).show_freshness(self._freshness())
            self._show_steps()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing here reads by itself: the steps tell how far they are."""
        return False if action in ("pause", "refresh") else super().check_action(action, parameters)

    def _show(self) -> None:
        if not self.is_running:  # told in the moment of leaving
            return
        with self.app.batch_update():
            self._show_steps()
            self._show_end()
        self.tick()

    def _show_steps(self) -> None:
        self.query_one(ProgressView).show(self.plan, self.operation.progress, self.aws.clock.now())

    def _show_end(self) -> None:
        operation = self.operation
        if operation.running:
            text = Content.styled("It goes on when you leave; the journal keeps where it stands.", theme.QUIET)
            self.query_one("#operation-end", Lines).write(lambda width: [text])
            return
        self.query_one("#operation-end", Lines).write(lambda width: _end(operation, width))
        following, leave = self.query_one("#next", Button), self.query_one("#leave", Button)
        leave.label = "Back"
        leave.refresh(layout=True)  # the label is shorter now
        if following.disabled and operation.status == "done":
            following.disabled = False
            following.focus()

    def _next_label(self) -> str:
        return "Back to the endpoints" if self.plan.intention == "delete" else "Open the endpoint"

    def _freshness(self) -> Freshness:
        if self.operation.running:
            done = sum(progress.state in ("done", "skipped") for progress in self.operation.progress.values())
            return Freshness(State.LIVE, f"running, {done} of {len(self.plan.steps)} steps done")
        state = State.LIVE if self.operation.status == "done" else State.FAILED
        return Freshness(state, self.operation.status)


async def _leave_for_the_list(app: App[None]) -> None:
    """Down to the bottom: the endpoint's own screen, if it is below, shows something that is gone."""
    while len(app.screen_stack) > 1:
        await app.pop_screen()


def _end(operation: RunningOperation, width: int) -> list[Content]:
    """How it ended, what it left behind, and where the journal is."""
    word, style = _ENDED[operation.status]
    lines = [Content.styled(word, f"bold {style}")]
    outcome = operation.result
    told = any(progress.error is not None for progress in operation.progress.values())
    error: ConsoleError | None = operation.error or (outcome.error if outcome is not None else None)
    if error is not None and not told:
        lines += [Content.styled(line, style) for line in wrapped(error.line(), width)]
    if outcome is not None and outcome.left:
        text = f"Left in the region: {', '.join(outcome.left)}."
        lines += [Content.styled(line, theme.WARN) for line in wrapped(text, width)]
    if operation.status == "done":
        cost = operation.plan.hourly_cost_usd_after
        lines.append(Content.styled(f"Now {formats.hourly_cost(cost)}, {formats.monthly_cost(cost)}.", theme.QUIET))
    return lines
