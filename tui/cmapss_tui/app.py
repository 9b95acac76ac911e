"""The application: it connects in the background, keeps one stack of screens for each area, and owns what all share."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual.actions import ActionParseResult
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.command import Provider
from textual.dom import DOMNode
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen

from cmapss_core.errors import ConsoleError
from cmapss_tui import theme
from cmapss_tui.actions import bindings_for
from cmapss_tui.polling import post, run_in_thread
from cmapss_tui.screens.start import StartScreen
from cmapss_tui.widgets.too_small import TooSmall

if TYPE_CHECKING:
    from cmapss_core.aws import Aws, Identity
    from cmapss_tui.options import Options
    from cmapss_tui.screens.base import ConsoleScreen
    from cmapss_tui.widgets.top_bar import Place

S = TypeVar("S")
Connect = Callable[["Options", Callable[[str], None]], "Aws"]

START = "start"
SMALLEST = (80, 24)


class Progress(Message):
    """Something happened on the way to a connection."""

    def __init__(self, line: str) -> None:
        super().__init__()
        self.line = line


class Connected(Message):
    """There is a connection."""

    def __init__(self, aws: Aws) -> None:
        super().__init__()
        self.aws = aws


class ConnectFailed(Message):
    """There is none, and this is why."""

    def __init__(self, error: ConsoleError) -> None:
        super().__init__()
        self.error = error


class Identified(Message):
    """AWS said who is calling."""

    def __init__(self, identity: Identity) -> None:
        super().__init__()
        self.identity = identity


class NotIdentified(Message):
    """AWS did not say who is calling; the screens show the same error where it matters."""


class OpenOperations(Message):
    """So many operations in this place are open."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count


def _jobs() -> Screen[None]:
    from cmapss_tui.screens.jobs import JobsScreen

    return JobsScreen()


def _endpoints() -> Screen[None]:
    from cmapss_tui.screens.endpoints import EndpointsScreen

    return EndpointsScreen()


def _operations() -> Screen[None]:
    from cmapss_tui.screens.operations import OperationsScreen

    return OperationsScreen()


def _actions_provider() -> type[Provider]:
    from cmapss_tui.commands import ActionCommands

    return ActionCommands


def _count_open(account: str, region: str) -> int:
    from cmapss_tui.operations.journal import default_journal

    return sum(
        operation.status == "open" and (place.account, place.region) == (account, region)
        for operation in default_journal().operations()
        if (place := operation.place) is not None
    )


def _as_console_screen(node: DOMNode | None) -> ConsoleScreen | None:
    # Imported here, as the screens are: the first frame needs none of it.
    from cmapss_tui.screens.base import ConsoleScreen

    return node if isinstance(node, ConsoleScreen) else None


class ConsoleApp(App[None]):
    """The console. `connect` is called in a thread with the options and a function that takes lines of progress."""

    TITLE = "cmapss-console"
    CSS_PATH = Path(__file__).with_name("app.tcss")
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        START: StartScreen,
        "jobs": _jobs,
        "endpoints": _endpoints,
        "operations": _operations,
    }
    DEFAULT_MODE = START
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for("app")]
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {*App.COMMANDS, _actions_provider}

    def __init__(self, options: Options, connect: Connect) -> None:
        super().__init__()
        for one in theme.THEMES:
            self.register_theme(one)
        if "TEXTUAL_THEME" not in os.environ:
            self.set_reactive(App.theme, theme.DARK.name)
        self.options = options
        self._connect = connect
        self._aws: Aws | None = None
        self._identity: Identity | None = None
        self._running_operations: dict[str, str] = {}
        self._quit_asked = False
        self.fault: str | None = None  # what ended the console, where nobody foresaw it: to be said once it is gone

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own variables, for the themes that come with Textual."""
        return dict(theme.DARK.variables)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Textual's own commands, without those that the table of actions has."""
        return (command for command in super().get_system_commands(screen) if command.title in {"Theme", "Screenshot"})

    @property
    def aws(self) -> Aws:
        """The connection. Raises RuntimeError before there is one: no screen that needs it is shown earlier."""
        if self._aws is None:
            raise RuntimeError("there is no connection yet")
        return self._aws

    @property
    def place(self) -> Place:
        """Whose AWS this is, as far as it is known."""
        from cmapss_tui.widgets.top_bar import Place

        target = self.aws.target
        identity = self._identity
        return Place(
            name="sandbox" if target.is_local else target.profile or os.environ.get("AWS_PROFILE") or "default",
            region=self.aws.region,
            account=identity.account if identity else "",
            role=identity.role if identity else "",
            speed=self.aws.clock.speed,
            read_only=target.read_only,
        )

    def interval(self, chosen: Callable[[S | None], float]) -> Callable[[S | None], float]:
        """A poller's interval: the operator's --refresh if there is one, else the screen's own."""
        refresh = self.options.refresh
        return chosen if refresh is None else lambda _: refresh

    def on_mount(self) -> None:
        self.screen_change_signal.subscribe(self, self._screen_changed)

    def on_ready(self) -> None:
        """Connect when the first frame has been painted: imports in another thread would hold it up."""
        self.connect()

    def connect(self) -> None:
        """Connect in the background; lines of progress and the result come back as messages."""
        run_in_thread(
            self,
            lambda: self._connect(self.options, lambda line: post(self, Progress(line))),
            Connected,
            ConnectFailed,
        )

    def on_progress(self, message: Progress) -> None:
        if isinstance(self.screen, StartScreen):
            self.screen.progress(message.line)

    def on_connect_failed(self, message: ConnectFailed) -> None:
        if isinstance(self.screen, StartScreen):
            self.screen.failed(message.error)

    async def on_connected(self, message: Connected) -> None:
        self._aws = message.aws
        self.identify()
        await self.switch_mode("jobs")

    def identify(self) -> None:
        """Ask in the background who is calling, where that is not known yet."""
        if self._identity is None:
            run_in_thread(self, self.aws.identity, Identified, lambda _: NotIdentified())

    def on_identified(self, message: Identified) -> None:
        self._identity = message.identity
        count = partial(_count_open, message.identity.account, self.aws.region)
        run_in_thread(self, count, OpenOperations, lambda _: OpenOperations(0))
        if (screen := _as_console_screen(self.screen)) is not None:
            screen.tick()

    def on_open_operations(self, message: OpenOperations) -> None:
        if message.count:
            are = "operation is" if message.count == 1 else "operations are"
            self.notify(f"{message.count} {are} open: press 3 to resume or roll back.", severity="warning")

    async def action_area(self, name: str) -> None:
        """Go to an area, to where it was left."""
        if self._aws is not None:
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
        """Do an action; where it is dimmed, say why instead."""
        screen = _as_console_screen(default_namespace) if self._aws is not None else None
        if screen is not None and isinstance(action, str):
            known = screen.action_named(action.partition("(")[0])
            reason = screen.why_not(known) if known else None
            if reason is not None:
                self.notify(reason, severity="warning", markup=False)
                return True
        return await super().run_action(action, default_namespace, namespaces)

    def action_command_palette(self) -> None:
        """Find any action by its name."""
        from cmapss_tui.commands import Commands

        if not Commands.is_open(cast("App[object]", self)):
            self.push_screen(Commands(id="--command-palette"))

    def operation_started(self, operation: str, title: str) -> None:
        """Note that a change of AWS is under way, so that leaving asks first."""
        self._running_operations[operation] = title

    def operation_ended(self, operation: str) -> None:
        """Note that it is over."""
        self._running_operations.pop(operation, None)

    async def action_quit(self) -> None:
        """Leave at once; while a change is under way, only when asked twice."""
        if self._running_operations and not self._quit_asked:
            self._quit_asked = True
            titles = ", ".join(self._running_operations.values())
            self.notify(
                f"{titles} is under way, and the journal keeps where it stands. Press q again to leave.",
                severity="warning",
                markup=False,
            )
            self.set_timer(self.NOTIFICATION_TIMEOUT, self._forget_quit)
            return
        if self._aws is not None:
            self._aws.close()
        # The interpreter's last collection would walk all that boto3 has loaded: half a second, for nothing.
        gc.freeze()
        self.exit()

    def _forget_quit(self) -> None:
        self._quit_asked = False

    async def on_resize(self, event: Resize) -> None:
        await TooSmall.cover(self.screen, event.size, SMALLEST)

    def _screen_changed(self, _: Screen[Any]) -> None:
        # Later: a screen that has just come may still be composing, and sets its focus when it has.
        self.call_later(self._cover_screen)

    async def _cover_screen(self) -> None:
        await TooSmall.cover(self.screen, self.size, SMALLEST)

    def _fatal_error(self) -> None:
        # Textual's own would print a traceback with the values of all variables in it, and this is its only hook.
        from cmapss_tui.crash import last_words

        self.fault = f"{self.TITLE}: {last_words(self._exception or RuntimeError('unknown'))}"
        self._close_messages_no_wait()
