"""What the application is connected to: at the start, and anew when another profile or region is chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, cast

from textual.app import App
from textual.dom import DOMNode
from textual.screen import Screen

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui import theme
from cmapss_tui.messages import (
    Connected,
    ConnectFailed,
    Identified,
    NotIdentified,
    OpenOperations,
    PlacesNotRead,
    PlacesRead,
    Progress,
)
from cmapss_tui.screens.start import StartScreen

if TYPE_CHECKING:
    from cmapss_core.aws import Aws, Identity
    from cmapss_core.snapshots import Snapshot
    from cmapss_tui.app import ConsoleApp
    from cmapss_tui.known import Known
    from cmapss_tui.options import Options
    from cmapss_tui.place import Place
    from cmapss_tui.screens.base import ConsoleScreen
    from cmapss_tui.switching import Destination, Places
    from cmapss_tui.travels import Travels

Connect = Callable[["Options", Callable[[str], None]], "Aws"]

START, FIRST_AREA = "start", "jobs"
OPERATION = "operation"  # the works that are counted by themselves, since leaving the console asks first
# Without these there is no looking around: what else is refused says so where it matters.
HOPELESS = frozenset({ErrorKind.AUTH, ErrorKind.UNREACHABLE})


class ConnectingApp(App[None]):
    """An application with a connection. `connect` is called in a thread with the options and a function that takes
    lines of progress. One connection is left for another only once that has answered.

    What is imported inside its methods is what the first frame, which comes before any connection, does not need.
    """

    DEFAULT_MODE = START

    def __init__(self, options: Options, connect: Connect) -> None:
        super().__init__(ansi_color=theme.ansi_color(options.theme))
        self.options = options
        self.places: Places | None = None
        self._connect = connect
        self._wanted = options  # what the connection under way is to
        self._destination: Destination | None = None
        self._attempt = 0
        self._aws: Aws | None = None
        self._identity: Identity | None = None
        self._warmed = False  # whether what other screens need is loaded ahead already
        self.open_operations = 0  # that wait to be resumed or rolled back
        self._running_operations: dict[str, str] = {}

    # What follows here is imported where it is used first: the first frame needs none of it.

    @cached_property
    def known(self) -> Known:
        """What the areas have read last."""
        from cmapss_tui.known import Known

        return Known()

    @cached_property
    def travels(self) -> Travels:
        """Where one has been, and the ways there."""
        from cmapss_tui.travels import Travels

        return Travels(self)

    @property
    def aws(self) -> Aws:
        """The connection. Raises RuntimeError before there is one: no screen that needs it is shown earlier."""
        if self._aws is None:
            raise RuntimeError("there is no connection yet")
        return self._aws

    @property
    def connected(self) -> bool:
        """Whether there is a connection already."""
        return self._aws is not None

    @property
    def place(self) -> Place:
        """Whose AWS this is, as far as it is known."""
        from cmapss_tui.place import place_of

        return place_of(self.aws, self._identity, self.options)

    def connect(self, options: Options | None = None) -> None:
        """Connect in the background, to something else where there are `options`; what is there stays until then.

        Lines of progress and the result come back as messages; only the last attempt counts.
        """
        from cmapss_tui.polling import post, run_in_thread

        self._attempt += 1
        attempt, wanted = self._attempt, options or self._wanted
        self._wanted = wanted
        connect = self._connect if self._aws is None else partial(_connect_and_ask, self._connect)
        run_in_thread(
            self,
            lambda: connect(wanted, lambda line: post(self, Progress(line))),
            partial(Connected, attempt, wanted),
            partial(ConnectFailed, attempt),
        )

    def on_progress(self, message: Progress) -> None:
        if self._aws is None and not self.screens_gone:
            self._start_screen.progress(message.line)

    def on_connect_failed(self, message: ConnectFailed) -> None:
        if message.attempt != self._attempt or self.screens_gone:
            return
        if self._aws is None:
            self._start_screen.failed(message.error)
        else:
            self._wanted = self.options
            self._tell(message.error, f"Still at {self.place.name} in {self.aws.region}: ")

    async def on_connected(self, message: Connected) -> None:
        from cmapss_tui.trail import note_connection

        if self.screens_gone:
            message.aws.close()
            return
        refused = self.why_not_switch() if self._aws is not None else None
        if message.attempt != self._attempt or refused is not None:
            message.aws.close()
            if refused is not None:
                self._wanted = self.options
                self.notify(refused, severity="warning", markup=False)
            return
        area, options = self.current_mode, message.options
        if self._aws is not None:
            options = self._as_set_since(message.aws, options)
            await self._leave(self._aws)
        while len(self.screen_stack) > 1:  # dialogs over the start
            await self.pop_screen()
        self._aws, self.options = message.aws, options
        note_connection(message.aws.failed_calls)
        self.identify()
        await self.switch_mode(FIRST_AREA if area == START else area)

    def _as_set_since(self, aws: Aws, options: Options) -> Options:
        """The options of a new connection, with what was set while it was made: that holds there too."""
        from cmapss_tui.switching import options_at

        try:
            since = options_at(self.options, self._destination) if self._destination is not None else options
        except ConsoleError:
            return options
        if (since.read_only, since.protected) != (options.read_only, options.protected):
            aws.target = replace(aws.target, read_only=since.read_only, protected=since.protected)
        return since

    async def _leave(self, aws: Aws) -> None:
        """Drop all that belongs to a connection: its screens and their readings, its history, and what is known."""
        from cmapss_tui import background, troubles
        from cmapss_tui.collector import spare_no_longer

        await self.switch_mode(START)
        for mode, base in self.MODES.items():
            if mode != START:
                await self.remove_mode(mode)
                self.add_mode(mode, base)
        aws.close()
        self.clear_notifications()
        background.forget(self)
        troubles.forget(self)
        self.travels.forget()
        self.known.forget()
        self._identity = None
        self.open_operations = 0
        spare_no_longer()

    def identify(self) -> None:
        """Ask in the background who is calling, where that is not known yet."""
        from cmapss_tui.polling import run_in_thread

        aws = self.aws
        self._mark_production()
        if self._identity is None or not aws.remembers("identity"):  # other credentials may be of somebody else
            run_in_thread(self, aws.identity, partial(Identified, aws), lambda _: NotIdentified())

    def on_identified(self, message: Identified) -> None:
        if message.aws is not self._aws or self.screens_gone:
            return
        self._identity = message.identity
        self._mark_production()
        self._count_open_operations()
        if (screen := as_console_screen(self.screen)) is not None:
            screen.tick()

    def on_open_operations(self, message: OpenOperations) -> None:
        if message.aws is self._aws and not self.screens_gone:
            self.open_operations = message.count
            if (screen := as_console_screen(self.screen)) is not None:
                screen.tick()

    def _mark_production(self) -> None:
        from cmapss_tui.place import PRODUCTION_CLASS

        self.set_class(self.place.production, PRODUCTION_CLASS)

    def _count_open_operations(self) -> None:
        from cmapss_tui.polling import run_in_thread

        if self._identity is not None:
            count = partial(_count_open, self._identity.account, self.aws.region)
            run_in_thread(self, count, partial(OpenOperations, self._aws), lambda _: OpenOperations(None, 0))

    @property
    def screens_gone(self) -> bool:
        """Whether the screens have gone already: threads may still answer then."""
        return not self.screen_stack

    @property
    def _start_screen(self) -> StartScreen:
        screen = self.get_screen_stack(START)[0]
        assert isinstance(screen, StartScreen)
        return screen

    def why_not_switch(self) -> str | None:
        """Why this connection has to stay, in one sentence: what is under way would go on unseen, or be cut."""
        from cmapss_tui import background

        works = (f"{work.kind} {work.subject}" for work in background.running(self) if work.kind != OPERATION)
        busy = [*self._running_operations.values(), *works]
        return f"{', '.join(busy)} is under way here: let it end, or stop it." if busy else None

    def switch(self, destination: Destination) -> None:
        """Connect to another place; where that fails, this one stays. Says why where it cannot be tried."""
        from cmapss_tui.switching import options_at

        if (reason := self.why_not_switch()) is not None:
            self.notify(reason, severity="warning", markup=False)
            return
        try:
            options = options_at(self._wanted if self._aws is None else self.options, destination)
        except ConsoleError as error:
            self._tell(error)
            return
        if self._aws is None:
            self._start_screen.begin(destination.words)
        else:
            self._destination = destination
            self.notify(f"Connecting to {destination.words} …", markup=False)
        self.connect(options)

    def read_places(self) -> None:
        """Read in the background which profiles and regions there are; the screen in front is told."""
        from cmapss_tui.polling import run_in_thread
        from cmapss_tui.switching import read_places

        run_in_thread(self, read_places, PlacesRead, PlacesNotRead)

    def on_places_read(self, message: PlacesRead) -> None:
        from cmapss_tui.screens.picker import Picker

        self.places = message.places
        if not self.screens_gone and isinstance(self.screen, Picker):
            self.screen.search_again()

    def on_places_not_read(self, message: PlacesNotRead) -> None:
        from cmapss_tui.switching import Places

        self.on_places_read(PlacesRead(self.places or Places()))  # there is the sandbox still
        self._tell(message.error)

    def heard(self, screen: Screen[Any], snapshot: Snapshot | None = None) -> None:
        """A screen has read something, or could not: names of areas' lists are kept, what waited for it can be done."""
        if not self._warmed:
            from cmapss_tui.warming import warm_up

            self._warmed = True
            warm_up(cast("ConsoleApp", self))
        if snapshot is not None and screen in (stack[0] for stack in self._screen_stacks.values() if stack):
            self.known.note(snapshot)
        self.travels.heard(screen)

    def operation_started(self, operation: str, title: str) -> None:
        """Note that a change of AWS is under way, so that leaving asks first."""
        self._running_operations[operation] = title

    def operation_ended(self, operation: str) -> None:
        """Note that it is over."""
        self._running_operations.pop(operation, None)
        self._count_open_operations()

    def _tell(self, error: ConsoleError, before: str = "") -> None:
        from cmapss_tui.remedies import line_in_console

        self.notify(f"{before}{line_in_console(error)}", severity="error", markup=False, timeout=10)


def as_console_screen(node: DOMNode | None) -> ConsoleScreen | None:
    """A node where it is a screen of the console, and not a dialog over one or the start."""
    from cmapss_tui.screens.base import ConsoleScreen

    return node if isinstance(node, ConsoleScreen) else None


def _connect_and_ask(connect: Connect, options: Options, narrate: Callable[[str], None]) -> Aws:
    """A connection that AWS has answered. Raises ConsoleError where there is none, or nobody is known there."""
    aws = connect(options, narrate)
    try:
        aws.identity()
    except ConsoleError as error:
        if error.kind in HOPELESS:
            aws.close()
            raise
    return aws


def _count_open(account: str, region: str) -> int:
    from cmapss_tui.operations.journal import default_journal

    return sum(
        operation.status == "open" and (place.account, place.region) == (account, region)
        for operation in default_journal().operations()
        if (place := operation.place) is not None
    )
