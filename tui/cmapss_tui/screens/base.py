"""What every screen of the console is: a frame around a body, pollers that rest while it is hidden, and ages."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.timer import Timer
from textual.widgets import Static

from cmapss_core.errors import ConsoleError
from cmapss_core.snapshots import Snapshot
from cmapss_tui.actions import Action, Safety, bindings_for, find
from cmapss_tui.polling import Poller, ReadFailed, SnapshotRead
from cmapss_tui.remedies import line_in_console
from cmapss_tui.screens.take_away import TakeAwayScreen
from cmapss_tui.widgets.age import Freshness, freshness
from cmapss_tui.widgets.footer import KeyBar
from cmapss_tui.widgets.top_bar import AreaBar, TopBar

if TYPE_CHECKING:
    from cmapss_core.aws import Aws
    from cmapss_tui.app import ConsoleApp

S = TypeVar("S")


class ConsoleScreen(TakeAwayScreen):
    """A full screen. A subclass says its `AREA` (which tab is lit), the `SCOPES` of its actions and their bindings,
    composes `body`, and adds its pollers when it is mounted.

    It hears SnapshotRead (and ReadFailed) of its own pollers; the frame hears them too, for age and error line.
    """

    SCOPES: ClassVar[tuple[str, ...]] = ()
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for("screen")]
    DEFAULT_CSS = """
    ConsoleScreen { layout: vertical; background: $background; color: $foreground; }
    ConsoleScreen > #error-line {
        display: none; height: auto; max-height: 3; padding: 0 1; color: $error; background: $error 12%;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._top_bar, self._key_bar = TopBar(), KeyBar()
        self._error_line = Static(id="error-line", markup=False)
        self._pollers: dict[str, Poller[Snapshot]] = {}
        self._failures: dict[str, ConsoleError] = {}
        self._complete: dict[str, Snapshot] = {}
        self._paused = False
        self._hidden = False
        self._seconds: Timer | None = None

    @property
    def console(self) -> ConsoleApp:
        """The application, as what it is."""
        return cast("ConsoleApp", self.app)

    @property
    def aws(self) -> Aws:
        """The connection; there is one as soon as there are screens of this kind."""
        return self.console.aws

    @property
    def paused(self) -> bool:
        """Whether the operator stopped the reading."""
        return self._paused

    def compose(self) -> ComposeResult:
        """The frame, with the body in it."""
        yield self._top_bar
        yield AreaBar(self.AREA)
        yield self._error_line
        yield from self.body()
        yield self._key_bar

    def body(self) -> ComposeResult:
        """What lies between the frame's top and bottom."""
        raise NotImplementedError

    def again(self) -> Callable[[], ConsoleScreen] | None:
        """How to make this screen once more, for the history of places; None for an area's list and for a dialog."""
        return None

    def add_poller(self, name: str, read: Callable[[], S], interval: Callable[[S | None], float]) -> Poller[S]:
        """Start reading, for as long as this screen is visible. The first poller's age is the screen's age."""
        poller = Poller(self, name, read, self.console.interval(interval))
        self._pollers[name] = cast("Poller[Snapshot]", poller)
        # Not before everything is composed: the answer may come at once.
        self.call_after_refresh(poller.start)
        return poller

    def freshness_of(self, name: str) -> Freshness:
        """How old the last complete answer of a poller is; what a failed read leaves on the screen is that."""
        poller = self._pollers[name]
        return freshness(
            self._complete.get(name),
            self.aws.clock,
            poller.interval,
            paused=self._paused,
            error=self._failures.get(name),
        )

    def why_not(self, action: Action) -> str | None:
        """Why an action cannot be done now, in one sentence; None when it can."""
        if action.safety is not Safety.NONE and self.aws.target.read_only:
            return f"Read-only: {action.title} would change AWS. Start without --read-only to do it."
        return None

    def action_named(self, method: str) -> Action | None:
        """The action behind one of this screen's bindings."""
        return find(method, (*self.SCOPES, "screen"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Dim what cannot be done; pressing it says why."""
        if action == "back" and not self.can_go_back():
            return False
        known = self.action_named(action)
        return None if known is not None and self.why_not(known) is not None else True

    def on_mount(self) -> None:
        # By way of the queue: a timer's own callback may come while the screen is being taken down.
        self._seconds = self.set_interval(1.0, partial(self.call_later, self.tick), name="seconds of the frame")
        self.tick()

    def on_unmount(self) -> None:
        for poller in self._pollers.values():
            poller.stop()

    def on_screen_suspend(self) -> None:
        self._hidden = True
        if self._seconds is not None:  # the timer of a hidden screen makes Textual repaint the one in front
            self._seconds.pause()
        for poller in self._pollers.values():
            poller.pause()

    def on_screen_resume(self) -> None:
        self._hidden = False
        if self._seconds is not None:
            self._seconds.resume()
        if not self._paused:
            for poller in self._pollers.values():
                poller.resume()
        self.tick()

    def on_snapshot_read(self, message: SnapshotRead) -> None:
        error = message.snapshot.error
        if error is None:
            if self._failures.pop(message.poller, None) is not None:
                self.console.identify()  # what hindered the reading may have hindered that as well
            self._complete[message.poller] = message.snapshot
        else:
            self._failures[message.poller] = error
        self._show_errors()
        self.tick()

    def on_read_failed(self, message: ReadFailed) -> None:
        self._failures[message.poller] = message.error
        self._show_errors()
        self.tick()

    def tick(self) -> None:
        """Renew clock, ages and meter; each repaints only where its words changed."""
        if self._hidden:
            return
        self._top_bar.show_place(self.console.place)
        self._top_bar.tick(self.aws.clock.now())
        if self._pollers:
            self._top_bar.show_freshness(self.freshness_of(next(iter(self._pollers))))
        self._key_bar.show_calls(self.aws.meter.per_minute())

    def action_refresh(self) -> None:
        """Read everything now, paused or not."""
        for poller in self._pollers.values():
            poller.request()

    def action_pause(self) -> None:
        """Stop reading by itself, or go on."""
        self._paused = not self._paused
        for poller in self._pollers.values():
            if self._paused:
                poller.pause()
            else:
                poller.resume()
        self.tick()

    def action_back(self) -> None:
        """Leave for the screen below; the lowest stays."""
        if self.can_go_back():
            self.dismiss()

    def can_go_back(self) -> bool:
        """Whether there is a screen below this one."""
        return len(self.app.screen_stack) > 1

    def _show_errors(self) -> None:
        self._error_line.update(
            "\n".join(dict.fromkeys(f"✕ {line_in_console(error)}" for error in self._failures.values()))
        )
        self._error_line.display = bool(self._failures)
