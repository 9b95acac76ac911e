"""What the screens of long work share: one piece of work for each endpoint, which goes on when the screen is left."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.widgets import Button, Static

from cmapss_tui import background
from cmapss_tui.hearing import HearingWork
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.widgets.age import OLD, Freshness, State, at_work
from cmapss_tui.widgets.form import Choices
from cmapss_tui.widgets.top_bar import TopBar


class WorkScreen(ConsoleScreen):
    """Start, stop and watch the work of one kind on one endpoint; the last result stays as long as the console."""

    KIND: ClassVar[str] = ""
    START: ClassVar[str] = "Start"
    COSTS: ClassVar[bool] = False  # what does is not begun by the key that happens to come first
    AREA = "endpoints"
    DEFAULT_CSS = """
    WorkScreen #work-heading {
        height: 1; padding: 0 1; background: $surface; text-style: bold; text-wrap: nowrap; text-overflow: ellipsis;
    }
    WorkScreen #work { height: 1fr; padding: 1 1 0 1; }
    WorkScreen.-old #work { text-style: dim; }
    """

    def __init__(self, endpoint: str) -> None:
        super().__init__()
        self.endpoint_name = endpoint
        self.work: HearingWork[Any, Any] | None = None

    def heading(self) -> str:
        """What is done, and with which endpoint."""
        raise NotImplementedError

    def content(self) -> ComposeResult:
        """What lies between heading and choices; in a container with the id "work"."""
        raise NotImplementedError

    def make_work(self) -> HearingWork[Any, Any] | None:
        """New work as the screen says; None where it cannot be started so."""
        raise NotImplementedError

    def show_work(self) -> None:
        """Show how far the work is, or that there is none yet."""
        raise NotImplementedError

    def body(self) -> ComposeResult:
        """Heading, content, choices."""
        yield Static(self.heading(), id="work-heading", markup=False)
        yield from self.content()
        yield Choices(
            Button(self.START, id="start", compact=True),
            Button("Stop", id="stop", compact=True, disabled=True),
            Button("Back", id="back", compact=True),
        )

    def on_mount(self) -> None:
        found = background.find(self.app, self.KIND, self.endpoint_name)
        self._watch(found if isinstance(found, HearingWork) else None)
        self.query_one("#back" if self._at_work or self.COSTS else "#start", Button).focus()
        self._show()

    def on_unmount(self) -> None:
        if self.work is not None:
            self.work.ignore(self._show)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        match event.button.id:
            case "start":
                self._start()
            case "stop" if self.work is not None:
                self.work.cancel()
                self._show()
            case "back":
                self.dismiss()

    def tick(self) -> None:
        """The state of the work, in place of a reading's age."""
        super().tick()
        if self.is_mounted and self.is_current:
            value = self._freshness()
            self.query_one(TopBar).show_freshness(value)
            self.set_class(value.old, OLD)

    @property
    def unanswered(self) -> float:
        """For how long the work waits for an answer."""
        return 0.0 if self.work is None else self.work.unanswered(self.aws.meter.silence)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing here reads by itself."""
        return False if action in ("pause", "refresh") else super().check_action(action, parameters)

    @property
    def _at_work(self) -> bool:
        return self.work is not None and self.work.running

    def _start(self) -> None:
        work = None if self._at_work else self.make_work()
        if work is None:
            return
        if self.work is not None:
            self.work.ignore(self._show)
        self._watch(work)
        work.start()
        self._show()
        self.query_one("#stop", Button).focus()

    def _watch(self, work: HearingWork[Any, Any] | None) -> None:
        self.work = work
        if work is not None:
            work.listen(self._show)

    def _show(self) -> None:
        if not self.is_running:  # told in the moment of leaving
            return
        start, stop = self.query_one("#start", Button), self.query_one("#stop", Button)
        stopping = self.work is not None and self.work.cancelling
        with self.app.batch_update():
            if not self._at_work and stop.has_focus:
                start.disabled = False
                (self.query_one("#back", Button) if self.COSTS else start).focus()
            start.disabled, stop.disabled = self._at_work, not self._at_work or stopping
            stop.label = "Stopping …" if stopping else "Stop"
            stop.refresh(layout=True)
            self.show_work()
        self.tick()

    def _freshness(self) -> Freshness:
        if self.work is None:
            return Freshness(State.WAITING, "not started")
        if self.work.running:
            return at_work("running", self.work.seconds_since_heard, self.unanswered)
        if self.work.error is not None:
            return Freshness(State.FAILED, self.work.error.kind)
        last = self.work.result or self.work.latest
        if last is not None and getattr(last, "error", None) is not None:
            return Freshness(State.FAILED, "failed")
        done = last is not None and last.finished
        return Freshness(State.LIVE, "done") if done else Freshness(State.STOPPED, "stopped")
