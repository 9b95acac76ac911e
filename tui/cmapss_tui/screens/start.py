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

if TYPE_CHECKING:
    from cmapss_tui.app import ConsoleApp

KEPT_LINES = 6


class StartScreen(Screen[None]):
    """What happens between the command and the first data, a line each; `r` tries again after a failure."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("r", "retry", "try again", show=False)]
    DEFAULT_CSS = """
    StartScreen { align: center middle; background: $background; }
    StartScreen > Static { width: 76; max-width: 100%; height: auto; padding: 0 2; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = ["Connecting …"]
        self._error: ConsoleError | None = None

    def compose(self) -> ComposeResult:
        yield Static(self._content())

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
            self._lines, self._error = ["Connecting …"], None
            self._show()
            cast("ConsoleApp", self.app).connect()

    def _show(self) -> None:
        self.query_one(Static).update(self._content())

    def _content(self) -> Content:
        *earlier, latest = self._lines
        parts: list[Content | str | tuple[str, str]] = [
            ("cmapss-console", "bold $primary"),
            ("\nRank, deploy, scale and validate SageMaker endpoints.\n\n", theme.QUIET),
        ]
        parts += [(f"● {line}\n", theme.QUIET) for line in earlier]
        if self._error is None:
            parts += [("◐ ", theme.BUSY), f"{latest}\n\n", ("q ", "bold $accent"), ("quit", theme.QUIET)]
        else:
            parts += [
                (f"● {latest}\n", theme.QUIET),
                ("✕ ", theme.BAD),
                (f"{self._error.line()}\n\n", theme.BAD),
                ("r ", "bold $accent"),
                ("try again   ", theme.QUIET),
                ("q ", "bold $accent"),
                ("quit", theme.QUIET),
            ]
        return Content.assemble(*parts)
