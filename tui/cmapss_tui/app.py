"""The application: one stack of screens for each area, ways to go about between them, and what all of them share."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.actions import ActionParseResult
from textual.app import App, ScreenError
from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.driver import Driver
from textual.errors import NoWidget
from textual.events import Event, InputEvent, Key, MouseEvent, Paste, Resize
from textual.screen import Screen

from cmapss_tui import keymap, theme
from cmapss_tui.actions import bindings_for
from cmapss_tui.cadence import heed
from cmapss_tui.connecting import START, Connect, ConnectingApp, as_console_screen
from cmapss_tui.driving import tolerant
from cmapss_tui.key_order import KeyOrder
from cmapss_tui.keymap import key_display
from cmapss_tui.screens.start import StartScreen
from cmapss_tui.style_sheets import KeptStylesheet
from cmapss_tui.widgets.too_small import TooSmall

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.notifications import SeverityLevel

    from cmapss_tui.crash import Fault
    from cmapss_tui.options import Options

__all__ = ["START", "ConsoleApp"]

SMALLEST = (80, 24)
ALWAYS_LEAVES = "ctrl+q"  # Textual's own, which no keymap takes away
SEVERITY_GLYPHS = {"information": "●", "warning": "▲", "error": "✕"}
LEAST_SECONDS, CHARACTERS_A_SECOND = 3.0, 25.0  # for which a notice that warns of nothing is there
# How long a thread that reads AWS may go on before the screen's has its turn: Python's own 5 ms add up to stalls of
# twice the length while an answer is parsed.
TURN_SECONDS = 0.001
# What styles no start screen is read behind the first frame.
LATER_CSS = Path(__file__).with_name("later.tcss")


def _jobs() -> Screen[None]:
    from cmapss_tui.screens.jobs import JobsScreen

    return JobsScreen()


def _endpoints() -> Screen[None]:
    from cmapss_tui.screens.endpoints import EndpointsScreen

    return EndpointsScreen()


def _operations() -> Screen[None]:
    from cmapss_tui.screens.operations import OperationsScreen

    return OperationsScreen()


def _errors() -> Screen[None]:
    from cmapss_tui.screens.errors import ErrorsScreen

    return ErrorsScreen()


def _settings() -> Screen[None]:
    from cmapss_tui.screens.settings import SettingsScreen

    return SettingsScreen()


class ConsoleApp(ConnectingApp):
    """The console. `connect` is called in a thread with the options and a function that takes lines of progress."""

    TITLE = "cmapss-console"
    CSS_PATH = Path(__file__).with_name("app.tcss")
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        START: StartScreen,
        "jobs": _jobs,
        "endpoints": _endpoints,
        "operations": _operations,
        "errors": _errors,
        "settings": _settings,
    }
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for("app")]
    ENABLE_COMMAND_PALETTE = False  # Textual's: ours is an action like all others

    def __init__(self, options: Options, connect: Connect) -> None:
        super().__init__(options, connect)
        self.stylesheet = KeptStylesheet(variables=self.stylesheet._variables)
        for one in theme.THEMES:
            self.register_theme(one)
        self.usual_theme = os.environ.get("TEXTUAL_THEME") or theme.DARK.name
        # Without colour, what else stands out by its ground is reversed: as on a terminal with sixteen colours.
        self.set_reactive(App.theme, theme.ANSI.name if self.no_color else options.theme or self.usual_theme)
        keymap.use(self, options.keymap)
        self._key_order = KeyOrder(self, self._handle_input)
        self._quit_asked = False
        self.greeting: Callable[[], None] | None = None  # what is done once the first frame has been painted
        self.fault: Fault | None = None  # what ended the console, where nobody foresaw it: to be said once it is gone

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own variables, for the themes that come with Textual."""
        return theme.variables_for(self.current_theme)

    def on_mount(self) -> None:
        if not self.no_color:
            self.ansi_color = None  # from now on it is the theme that says
        self.screen_change_signal.subscribe(self, self._screen_changed)

    def on_ready(self) -> None:
        """Connect when the first frame has been painted: imports in another thread would hold it up."""
        sys.setswitchinterval(TURN_SECONDS)
        self.connect()
        self.stylesheet.read(LATER_CSS)
        self.refresh_css(animate=False)
        if self.greeting is not None:
            self.greeting()

    async def on_event(self, event: Event) -> None:
        """Every event passes here: it is how the console knows that somebody is there."""
        heed(self, event)
        if not isinstance(event, Key | Paste):
            await self._handle_input(event)
        elif not event.is_forwarded:
            await self._key_order.take(event)
        else:
            await self._handle_input(event)
            self._key_order.back()

    async def _handle_input(self, event: Event) -> None:
        """Of what is typed and clicked, nothing is done once the console is left, nor on what is gone already."""
        if isinstance(event, InputEvent) and (self._exit or (isinstance(event, MouseEvent) and self._missed(event))):
            return
        await super().on_event(event)

    def _missed(self, event: MouseEvent) -> bool:
        """Whether the mouse is at a widget that has been removed since the last layout, which Textual trips over."""
        try:
            widget, _ = self.get_widget_at(event.x, event.y)
        except (NoWidget, ScreenError):
            return False
        return not widget.is_attached

    def push_screen(self, *arguments: Any, **options: Any) -> Any:
        """Push a screen, unless the console is being left: nothing would be composed on it any more."""
        return AwaitComplete() if self._exit else super().push_screen(*arguments, **options)

    def on_key(self, event: Key) -> None:
        """Keys that were meant for a dialog or a line that their forerunner opened come here: they go there."""
        from textual.widgets import Input

        from cmapss_tui.screens.picker import Picker
        from cmapss_tui.widgets.prompt_bar import PromptBar

        opened = next((bar for bar in self.screen.query(PromptBar) if bar.awaited), None)
        if opened is not None:
            opened.take(event)
        elif event.character is None or not event.is_printable:
            return
        elif isinstance(self.screen, Picker):
            event.stop()
            self.screen.type_ahead(event.character)
        elif isinstance(self.focused, Input):  # which lets none of those pass that come to itself
            event.stop()
            event.prevent_default()
            self.focused.insert_text_at_cursor(event.character)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Say something for a while, with a glyph of how grave it is: nothing is said by colour alone."""
        text = f"{SEVERITY_GLYPHS[severity]} {message}"
        if timeout is None and severity == "information":
            timeout = max(LEAST_SECONDS, len(text) / CHARACTERS_A_SECOND)
        super().notify(text, title=title, severity=severity, timeout=timeout, markup=markup)

    async def action_area(self, name: str) -> None:
        """Go to an area, to where it was left."""
        if self.connected:
            await self.switch_mode(name)

    async def action_help(self) -> None:
        """Show what every key does on this screen."""
        from cmapss_tui.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            await self.push_screen(HelpScreen(self.screen))

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Do an action, unless the console is being left; where it is dimmed, say why instead."""
        if self._exit:
            return True
        screen = as_console_screen(default_namespace) if self.connected else None
        if screen is not None and isinstance(action, str):
            known = screen.action_named(action.partition("(")[0])
            reason = screen.why_not(known) if known else None
            if reason is not None:
                self.notify(reason, severity="warning", markup=False)
                return True
        if isinstance(action, str):
            from cmapss_tui import trail

            trail.note_action(self, action, ("app",) if screen is None else (*screen.SCOPES, "screen", "app"))
        return await super().run_action(action, default_namespace, namespaces)

    async def action_neighbour(self, steps: int) -> None:
        """Go to the area beside this one."""
        areas = [mode for mode in self.MODES if mode != START]
        if self.current_mode in areas:
            await self.action_area(areas[(areas.index(self.current_mode) + steps) % len(areas)])

    def action_go(self, steps: int) -> None:
        """Go back in the history of places, or forward again."""
        if not self.travels.go(steps):
            self.notify("There is no place before this one." if steps < 0 else "There is no place after this one.")

    def action_jump(self) -> None:
        """Show a letter at each widget that can have the focus."""
        from cmapss_tui.jump import targets
        from cmapss_tui.widgets.jump_overlay import JumpOverlay

        screen = self.screen
        if not isinstance(screen, JumpOverlay) and not screen.query(TooSmall):
            self.push_screen(JumpOverlay(targets(screen)), lambda chosen: screen.set_focus(chosen) if chosen else None)

    def action_command_palette(self) -> None:
        """Find anything by its name."""
        from cmapss_tui.palette import open_palette

        if self.connected:
            open_palette(self)

    def action_switch(self) -> None:
        """Choose another profile or region, or the sandbox."""
        from cmapss_tui.palette import open_switch

        if (reason := self.why_not_switch()) is not None:
            self.notify(reason, severity="warning", markup=False)
        else:
            open_switch(self)

    def action_tour(self) -> None:
        """Show the tour, or hide it."""
        from cmapss_tui.touring import toggle

        if self.connected:
            toggle(self)

    async def action_quit(self) -> None:
        """Leave at once; while a change is under way, only when asked twice."""
        if self._running_operations and not self._quit_asked:
            self._quit_asked = True
            titles, key = ", ".join(self._running_operations.values()), self._key_to_leave()
            text = f"{titles} is under way, and the journal keeps where it stands. Press {key} again to leave."
            self.notify(text, severity="warning", markup=False)
            self.set_timer(self.NOTIFICATION_TIMEOUT, self._forget_quit)
            return
        self.leave()

    def leave(self, code: int = 0) -> None:
        """Leave at once, with this exit code; what is under way is in the journal."""
        if self._aws is not None:
            self._aws.close()
        # The interpreter's last collection would walk all that boto3 has loaded: half a second, for nothing.
        gc.freeze()
        self.exit(return_code=code)

    def action_help_quit(self) -> None:
        """Ctrl-C with nothing selected is mostly meant to leave: say what does."""
        self.notify(f"^c copies what is selected; {self._key_to_leave()} leaves the console.", markup=False)

    def _key_to_leave(self) -> str:
        """The operator's own, where that is not typed instead."""
        active = self.active_bindings
        keys = (key for key in keymap.keys_of("app.quit") if key in active and "quit" in active[key].binding.action)
        return key_display(next(keys, ALWAYS_LEAVES))

    def _forget_quit(self) -> None:
        self._quit_asked = False

    async def on_resize(self, event: Resize) -> None:
        await TooSmall.cover(self.screen, event.size, SMALLEST)

    def _screen_changed(self, _: Screen[Any]) -> None:
        # Later: a screen that has just come may still be composing, and sets its focus when it has.
        self.call_later(self._cover_screen)

    async def _cover_screen(self) -> None:
        if self.screens_gone:
            return
        if self.connected:
            self.travels.note()
        await TooSmall.cover(self.screen, self.size, SMALLEST)

    def get_driver_class(self) -> type[Driver]:
        """The console's own, where there is one for this platform."""
        return tolerant(super().get_driver_class())

    def panic(self, *renderables: RenderableType) -> None:
        """End with a report of what Textual would print: an error that it paints, or what another driver met."""
        self._return_code = 1
        if self._exception is None:
            self._exception = RuntimeError("; ".join(type(one).__name__ for one in renderables))
        self._fatal_error()

    def _handle_exception(self, error: Exception) -> None:
        # Nothing is composed any more once an application has exited: a screen that was opening misses its widgets.
        if self._exit and isinstance(error, NoMatches):
            self._close_messages_no_wait()
        else:
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        # Textual's own would print a traceback with the values of all variables in it, and this is its only hook.
        from cmapss_tui.crash import Fault, UnderWay

        under_way = tuple(UnderWay(operation, title) for operation, title in self._running_operations.items())
        self.fault = Fault.of(self._exception or RuntimeError("unknown"), under_way)
        self._close_messages_no_wait()
