"""The first screen: painted before anything is loaded, it tells what is being connected to, and what failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from cmapss_core.errors import ConsoleError
from cmapss_tui import theme
from cmapss_tui.keymap import first_key, keys_of
from cmapss_tui.widgets.hints import Hint, HintLine

if TYPE_CHECKING:
    from cmapss_tui.connecting import ConnectingApp

KEPT_LINES = 6
CONNECTING = "Connecting …"


class StartKeys(HintLine):
    """What can be done: nothing leads nowhere. Trying again, and the sandbox instead, are for what has failed."""

    failed = False

    def render(self) -> Content:
        """The keys, which can be clicked."""
        keys = [("r", "r", "try again"), ("s", "s", "the sandbox instead")] if self.failed else []
        for action, words in (("app.switch", "another profile or region"), ("app.quit", "quit")):
            keys.append((keys_of(action)[0], first_key(action), words))
        return self.line_of([_hint(key, shown, words) for key, shown, words in keys])


class StartScreen(Screen[None]):
    """What happens between the command and the first data, a line each, and the ways on after a failure."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "retry", "try again", show=False),
        Binding("s", "sandbox", "the sandbox instead", show=False),
    ]
    DEFAULT_CSS = """
    StartScreen { align: center middle; background: $background; }
    StartScreen > * { width: 80; max-width: 100%; height: auto; padding: 0 2; }
    StartScreen > StartKeys { height: 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = [CONNECTING]
        self._error: ConsoleError | None = None

    def compose(self) -> ComposeResult:
        yield Static(self._content())
        yield StartKeys()

    @property
    def console(self) -> ConnectingApp:
        """The application, as what it is."""
        return cast("ConnectingApp", self.app)

    def begin(self, where: str) -> None:
        """Say that something else is being connected to."""
        self._lines, self._error = [f"Connecting to {where} …"], None
        self._show()

    def progress(self, line: str) -> None:
        """Say what is being done now."""
        self._error = None
        self._lines = [*self._lines[-KEPT_LINES:], line]
        self._show()

    def failed(self, error: ConsoleError) -> None:
        """Say what failed, and the way out."""
        self._error = error
        self._show()

    def action_retry(self) -> None:
        """Connect again, once the last attempt has failed."""
        if self._error is not None:
            self._lines, self._error = [CONNECTING], None
            self._show()
            self.console.connect()

    def action_sandbox(self) -> None:
        """Use the sandbox, once something else has failed."""
        if self._error is not None:
            from cmapss_tui.switching import Destination

            self.console.switch(Destination(sandbox=True))

    def _show(self) -> None:
        self.query_one(Static).update(self._content())
        keys = self.query_one(StartKeys)
        keys.failed = self._error is not None
        keys.refresh()

    def _content(self) -> Content:
        *earlier, latest = self._lines
        parts: list[Content | str | tuple[str, str]] = [
            ("cmapss-console", "bold $primary"),
            ("\nRank, deploy, scale and validate SageMaker endpoints.\n\n", theme.QUIET),
        ]
        parts += [(f"● {line}\n", theme.QUIET) for line in earlier]
        if self._error is None:
            parts += [("◐ ", theme.BUSY), f"{latest}\n"]
        else:
            parts += [(f"● {latest}\n", theme.QUIET), ("✕ ", theme.BAD), (f"{self._error.line()}\n", theme.BAD)]
        return Content.assemble(*parts)


def _hint(key: str, shown: str, words: str) -> Hint:
    return key, Content.assemble((f"{shown} ", "bold $accent"), (words, theme.QUIET))
