"""What an operator sees after an unforeseen error: what happened, what is kept, and the way on.

It is an application of its own, which needs nothing of the one that has ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalGroup, VerticalScroll
from textual.content import Content
from textual.driver import Driver
from textual.widgets import Static

from cmapss_tui import theme
from cmapss_tui.crash import Fault
from cmapss_tui.driving import tolerant
from cmapss_tui.keymap import first_key
from cmapss_tui.take_away.clipboard import copy

KEYS = (("o", "show the report"), ("c", "copy the report"), ("r", "start again"), ("q", "quit"))


class CrashApp(App[bool]):
    """Answers True where the console is to be started again."""

    TITLE = "cmapss-console"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o,enter", "report", "show the report"),
        Binding("c,y", "copy", "copy the report"),
        Binding("r", "again", "start again"),
        Binding("q,escape,ctrl+q,ctrl+c", "leave", "quit", priority=True),
    ]
    CSS = """
    Screen { align: center middle; background: $background; }
    VerticalGroup {
        width: 92; max-width: 100%; max-height: 100%; background: $surface; border: round $error;
        border-title-color: $error; padding: 1 2 0 2;
    }
    VerticalScroll { display: none; height: 1fr; margin: 1 0 0 0; border-top: solid $rule; scrollbar-size-vertical: 1; }
    .-report VerticalGroup { width: 100%; height: 100%; }
    .-report VerticalScroll { display: block; }
    #keys { margin: 1 0 0 0; }
    """

    def __init__(self, fault: Fault, chosen_theme: str | None = None) -> None:
        super().__init__()
        for one in theme.THEMES:
            self.register_theme(one)
        wanted = chosen_theme if chosen_theme in self.available_themes else theme.DARK.name
        self.set_reactive(App.theme, wanted)
        self._fault = fault
        self._report: str | None = None
        self.failed = False

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own variables, for the themes that come with Textual."""
        return dict(theme.DARK.variables)

    def compose(self) -> ComposeResult:
        """What happened, the report when it is asked for, the keys."""
        with VerticalGroup() as box:
            box.border_title = "The console has met an error that it does not know"
            yield Static(Content("\n").join(list(said(self._fault))))
            with VerticalScroll():
                yield Static(id="report", markup=False)
            yield Static(
                Content("   ").join([Content.assemble((key, "bold $accent"), f" {does}") for key, does in KEYS]),
                id="keys",
            )

    def action_report(self) -> None:
        """Show the report, or put it away."""
        shown = not self.screen.has_class("-report")
        self.screen.set_class(shown, "-report")
        if shown:
            self.query_one("#report", Static).update(self._read())
            self.query_one(VerticalScroll).focus()

    def action_copy(self) -> None:
        """Copy the report."""
        copy(self, "report", self._read())

    def action_again(self) -> None:
        """Start the console again."""
        self.exit(True)

    def action_leave(self) -> None:
        """Leave it at that."""
        self.exit(False)

    def leave(self, code: int) -> None:
        """Leave it at that, with this exit code."""
        self.exit(False, return_code=code)

    def get_driver_class(self) -> type[Driver]:
        """The console's own, where there is one for this platform."""
        return tolerant(super().get_driver_class())

    def _read(self) -> str:
        if self._report is None:
            self._report = _text_of(self._fault.report) or self._fault.line
        return self._report

    def _fatal_error(self) -> None:
        # Whatever is wrong with this one as well is not worth a traceback over the terminal.
        self.failed = True
        self._close_messages_no_wait()


def said(fault: Fault) -> Iterator[Content]:
    """What happened in plain words, line by line."""
    yield Content("It had to stop. This is a fault of the console, not of yours, and nothing more is changed by it.")
    yield Content("")
    yield Content.styled(f"✕ {fault.what}", theme.BAD)
    yield Content("")
    if fault.report is None:
        yield Content("No report of it could be kept.")
    else:
        yield Content("A report without keys, tokens, payloads and account ids is in")
        yield Content.styled(str(fault.report), theme.QUIET)
    for one in fault.under_way:
        yield Content("")
        yield Content.styled(f"⚠ {one.title} was under way.", theme.WARN)
        operations = first_key("app.operations")
        yield Content(f"The journal keeps how far it is. Go on with it in {operations} Operations after r, or with")
        yield Content.styled(f"cmapss-console operations resume {one.operation}", theme.QUIET)


def _text_of(report: Path | None) -> str | None:
    try:
        return report.read_text(encoding="utf-8", errors="replace") if report is not None else None
    except OSError:
        return None
