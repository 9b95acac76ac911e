"""The line in which a list is narrowed down as one types."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from cmapss_core.errors import ConsoleError

PROMPT = "/ "
EXAMPLE = "words   !word   status:completed   rmse<46"


class FilterBar(Horizontal):
    """Hidden until asked for, and while it is empty and left. Enter goes back to the list, Escape clears it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "clear", show=True, priority=True),
        Binding("enter", "leave", "to the list", show=True, priority=True),
        Binding("down", "leave", "to the list", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    FilterBar { height: 1; display: none; padding: 0 1; background: $surface; }
    FilterBar.-shown { display: block; }
    FilterBar > .filter-prompt { width: 2; color: $accent; text-style: bold; }
    FilterBar > Input { width: 1fr; height: 1; border: none; padding: 0; background: $surface; }
    FilterBar > .filter-note { width: auto; max-width: 60%; color: $quiet; padding: 0 0 0 2; text-wrap: nowrap; }
    FilterBar.-invalid > .filter-note { color: $error; }
    """

    class Changed(Message):
        """The text is another one now."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """The operator wants to go on in the list."""

    def __init__(self, example: str = EXAMPLE) -> None:
        super().__init__()
        self._input = Input(placeholder=example, compact=True, select_on_focus=False)
        self._note = Static("", classes="filter-note", markup=False)

    def compose(self) -> ComposeResult:
        yield Static(PROMPT, classes="filter-prompt", markup=False)
        yield self._input
        yield self._note

    @property
    def text(self) -> str:
        """What is typed."""
        return self._input.value

    def open(self) -> None:
        """Show the line and type in it."""
        self.add_class("-shown")
        self._input.focus()

    def show_note(self, note: str | ConsoleError) -> None:
        """Say how many rows are left, or what is wrong with the text."""
        invalid = isinstance(note, ConsoleError)
        self.set_class(invalid, "-invalid")
        self._note.update(f"✕ {note.message}" if isinstance(note, ConsoleError) else note)

    def clear(self) -> None:
        """Empty the line and hide it."""
        self._input.value = ""
        self.remove_class("-shown")

    def action_clear(self) -> None:
        """Take the filter away and go back."""
        self.clear()
        self.post_message(self.Left())

    def action_leave(self) -> None:
        """Keep the filter and go back."""
        self.set_class(bool(self.text), "-shown")
        self.post_message(self.Left())

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value:  # also where Enter came in front of what was pasted: a filter that holds is in sight
            self.add_class("-shown")
        self.post_message(self.Changed(event.value))
