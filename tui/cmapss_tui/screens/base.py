"""What every screen of the console is: a frame around a body, pollers that rest while it is hidden, and ages."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.events import Key
from textual.timer import Timer

from cmapss_tui import theme
from cmapss_tui.actions import Action, Safety, bindings_for, find
from cmapss_tui.cadence import cadence_of
from cmapss_tui.keymap import first_key
from cmapss_tui.options import out_of_read_only
from cmapss_tui.screens.polled import PolledScreen
from cmapss_tui.touring import show_tour
from cmapss_tui.troubles import explanation, headline
from cmapss_tui.widgets.age import OLD
from cmapss_tui.widgets.banner import Banner, BannerLines
from cmapss_tui.widgets.footer import Calls, KeyBar
from cmapss_tui.widgets.top_bar import AreaBar, TopBar
from cmapss_tui.widgets.tour_card import TourCard


class ConsoleScreen(PolledScreen):
    """A full screen. A subclass says its `AREA` (which tab is lit), the `SCOPES` of its actions and their bindings,
    composes `body`, and adds its pollers when it is mounted.

    It hears SnapshotRead (and ReadFailed) of its own pollers; the frame hears them too, for age and banner.
    """

    SCOPES: ClassVar[tuple[str, ...]] = ()
    HOLDS: ClassVar[bool] = False  # whether something is being decided here, which the area's number does not leave
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for("screen")]
    DEFAULT_CSS = """
    ConsoleScreen { layout: vertical; background: $background; color: $foreground; }
    ConsoleScreen.-old VirtualTable { text-style: dim; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._top_bar, self._area_bar, self._key_bar = TopBar(), AreaBar(self.AREA), KeyBar()
        self._banner, self._tour_card = BannerLines(), TourCard()
        self._seconds: Timer | None = None

    def compose(self) -> ComposeResult:
        """The frame, with the body in it."""
        self._area_bar = AreaBar(self.AREA)  # which one that is, some know only now
        yield self._top_bar
        yield self._area_bar
        yield self._banner
        yield from self.body()
        yield self._tour_card
        yield self._key_bar

    def body(self) -> ComposeResult:
        """What lies between the frame's top and bottom."""
        raise NotImplementedError

    def again(self) -> Callable[[], ConsoleScreen] | None:
        """How to make this screen once more, for the history of places; None for an area's list and for a dialog."""
        return None

    def why_not(self, action: Action) -> str | None:
        """Why an action cannot be done now, in one sentence; None when it can."""
        if action.safety is not Safety.NONE and self.aws.target.read_only:
            return f"Read-only: {action.title} would change AWS. {out_of_read_only(self.console.options)}"
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
        self._seconds = self.set_interval(1.0, partial(self.call_later, self._second), name="seconds of the frame")
        self.tick()

    def on_screen_suspend(self) -> None:
        self._rest_unseen()

    def on_screen_resume(self) -> None:
        if self._seconds is not None:
            self._seconds.resume()

    @property
    def in_sight(self) -> bool:
        """Whether it is in front, or only dialogs are before it."""
        stack = self.app.screen_stack
        return self in stack and all(screen.is_modal for screen in stack[stack.index(self) + 1 :])

    def read_again(self) -> None:
        """Show at once what has changed."""
        self._show_troubles()
        self.tick()

    def recovered(self, seconds: float) -> None:
        """Say that all is well again, where nothing else is the matter."""
        if not self._failures:
            self._banner.back(seconds)

    def tick(self) -> None:
        """Renew clock, ages and meter; each repaints only where its words changed."""
        if not self.in_sight:
            return
        self._top_bar.show_place(self.console.place)
        self._top_bar.tick(self.aws.clock.now())
        if self._pollers:
            value = self.freshness_of(next(iter(self._pollers)))
            self._top_bar.show_freshness(value)
            self.set_class(value.old, OLD)
        self._area_bar.show_marks(self._marks())
        show_tour(self, self._tour_card)
        cadence, meter = cadence_of(self.console), self.aws.meter
        cost = meter.cost_per_day_usd
        self._key_bar.show_calls(Calls(meter.per_minute(), cadence.budget, cost, cadence.words, cadence.away))

    def on_key(self, event: Key) -> None:
        """Say of a letter that does nothing on a list that it does nothing; one that is being typed says itself."""
        from cmapss_tui.widgets.prompt_bar import PromptBar
        from cmapss_tui.widgets.table import VirtualTable

        letter = event.character or ""
        if not letter.isalpha() or not isinstance(self.focused, VirtualTable) or event.key in self.active_bindings:
            return
        if not any(bar.awaited for bar in self.query(PromptBar)):
            self._key_bar.say(f"{letter}: no action here, {first_key('app.help')} shows the keys")

    async def action_area(self, name: str) -> None:
        """Go to an area, to where it was left; within it, to its list."""
        if name != self.app.current_mode:
            await self.console.action_area(name)
        else:
            # Not awaited: this screen cannot wait for its own removal.
            self.app.call_later(self.console.travels.to_list, name)

    def action_back(self) -> None:
        """Leave for the screen below; the lowest stays."""
        if self.can_go_back():
            self.dismiss()

    def can_go_back(self) -> bool:
        """Whether there is a screen below this one."""
        return len(self.app.screen_stack) > 1

    def _marks(self) -> dict[str, Content]:
        """What waits in other areas: failures that nobody has looked at, and operations that are open."""
        counts = {
            "app.errors": ("✕", self.aws.failed_calls.unseen, theme.BAD),
            "app.operations": ("◐", self.console.open_operations, theme.WARN),
        }
        return {area: Content.styled(f"{glyph}{n}", style) for area, (glyph, n, style) in counts.items() if n}

    def _second(self) -> None:
        if self._rest_unseen():
            return
        self._banner.tick()
        self._show_troubles()
        self.tick()

    def _rest_unseen(self) -> bool:
        """The timer of a hidden screen makes Textual repaint the one in front; below a dialog time is seen to go on."""
        unseen = not self.in_sight
        if unseen and self._seconds is not None:
            self._seconds.pause()
        return unseen

    def _show_troubles(self) -> None:
        troubles = self.troubles()
        if not troubles:
            self._banner.hide()
            return
        gravest = troubles[0]
        self._banner.say(
            Banner(
                headline(gravest, sandbox=self.aws.target.is_local),
                explanation(gravest.error),
                gravest.seconds,
                self.seconds_to_next_try(gravest),
                len(troubles) - 1,
                first_key("screen.refresh"),
                first_key("app.errors"),
            )
        )
