"""The line in which a list is narrowed down as one types."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.suggester import Suggester
from textual.widgets import Input

from cmapss_core.errors import ConsoleError
from cmapss_tui.filters import completions
from cmapss_tui.widgets.prompt_bar import PromptBar

PROMPT = "/"
EXAMPLE = "word !word status:failed rmse<46 took>5m /a.b/ x | y"
REMEMBERED = 50

Fields = Callable[[], Collection[str]]


class FieldSuggester(Suggester):
    """Suggests, behind the cursor, the first field that begins as the last word does."""

    def __init__(self, fields: Fields) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._fields = fields

    async def get_suggestion(self, value: str) -> str | None:
        """The text with its last word completed; None where no field begins so."""
        return next(iter(completions(value, self._fields())), None)


class FilterBar(PromptBar):
    """Enter goes back to the list, Escape clears it.

    Tab goes through the fields that begin as the last word does. Up and down go through what was filtered by before;
    down from the newest goes back to the list.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "clear", show=True, priority=True),
        Binding("enter", "leave", "to the list", show=True, priority=True),
        Binding("tab", "complete(1)", "field", show=True, priority=True),
        Binding("shift+tab", "complete(-1)", "field before", show=False, priority=True),
        Binding("up", "older", "earlier filter", show=False, priority=True),
        Binding("down", "newer", "later filter", show=False, priority=True),
    ]
    DEFAULT_CSS = "FilterBar.-invalid > .prompt-note { color: $error; }"

    def __init__(self, example: str = EXAMPLE, fields: Fields = tuple) -> None:
        self._fields = fields
        suggester = FieldSuggester(self._known_fields)
        super().__init__(PROMPT, Input(placeholder=example, compact=True, select_on_focus=False, suggester=suggester))
        self._history: list[str] = []
        self._place = 0  # in the history; its length stands for what is being typed
        self._typed = ""
        self._cycle: tuple[str, ...] = ()
        self._wrong: str | None = None  # the text that an error was said of

    @property
    def history(self) -> tuple[str, ...]:
        """What was filtered by before, the newest last."""
        return tuple(self._history)

    def offer(self, fields: Fields) -> None:
        """Complete the names of these fields."""
        self._fields = fields

    def open(self) -> None:
        """Show the line and type in it."""
        self._place, self._typed = len(self._history), self.text
        super().open()

    def show_note(self, note: str | ConsoleError) -> None:
        """Say how many rows are left, or what is wrong with the text: that stays until the text is another one."""
        invalid = isinstance(note, ConsoleError)
        if not invalid and self._wrong == self.text:  # an answer to what was typed before
            return
        self._wrong = self.text if invalid else None
        self.set_class(invalid, "-invalid")
        super().show_note(f"✕ {note.message}" if isinstance(note, ConsoleError) else note)

    def clear(self) -> None:
        """Empty the line and hide it; the history keeps what it said."""
        self._remember()
        super().clear()

    def action_leave(self) -> None:
        """Keep the filter and go back."""
        self._remember()
        super().action_leave()

    def action_complete(self, step: int) -> None:
        """Make the last word the next field that begins as it did."""
        if self.text in self._cycle:
            place = (self._cycle.index(self.text) + step) % len(self._cycle)
        else:
            self._cycle = completions(self.text, self._known_fields())
            place = 0 if step > 0 else -1
        if self._cycle:
            self._write(self._cycle[place])

    def action_older(self) -> None:
        """What was filtered by before this."""
        if self._place > 0:
            if self._place == len(self._history):
                self._typed = self.text
            self._place -= 1
            self._write(self._history[self._place])

    def action_newer(self) -> None:
        """What was filtered by after this; from the newest on, the list."""
        if self._place >= len(self._history):
            self.action_leave()
            return
        self._place += 1
        self._write(self._typed if self._place == len(self._history) else self._history[self._place])

    def _known_fields(self) -> Collection[str]:
        return self._fields()

    def _write(self, text: str) -> None:
        self._input.value = text
        self._input.cursor_position = len(text)

    def _remember(self) -> None:
        text = self.text.strip()
        if text:
            self._history = [*(one for one in self._history if one != text), text][-REMEMBERED:]
        self._place = len(self._history)
