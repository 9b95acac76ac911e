"""The line in which one says what to look for in a text, or which of its lines to show."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static


class FindBar(Horizontal):
    """Hidden until asked for, and while it is empty and left. Enter goes back to the text, Escape clears it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "clear", show=True, priority=True),
        Binding("enter", "leave", "to the text", show=True, priority=True),
        Binding("down", "leave", "to the text", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    FindBar { height: 1; display: none; padding: 0 1; background: $surface; }
    FindBar.-shown { display: block; }
    FindBar > .find-prompt { width: auto; color: $accent; text-style: bold; }
    FindBar > Input { width: 1fr; height: 1; border: none; padding: 0; background: $surface; }
    FindBar > .find-note { width: auto; max-width: 60%; color: $quiet; padding: 0 0 0 2; text-wrap: nowrap; }
    """

    class Changed(Message):
        """The text is another one now."""

        def __init__(self, bar: FindBar, text: str) -> None:
            super().__init__()
            self.bar = bar
            self.text = text

        @property
        def control(self) -> FindBar:
            """The line."""
            return self.bar

    class Left(Message):
        """The operator wants to go on in the text."""

    def __init__(self, prompt: str, example: str, *, id: str) -> None:
        super().__init__(id=id)
        self._prompt = prompt
        self._input = Input(placeholder=example, compact=True, select_on_focus=False)
        self._note = Static("", classes="find-note", markup=False)

    def compose(self) -> ComposeResult:
        """The prompt, what is typed, what came of it."""
        yield Static(f"{self._prompt} ", classes="find-prompt", markup=False)
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

    def show_note(self, note: str) -> None:
        """Say what came of it."""
        self._note.update(note)

    def clear(self) -> None:
        """Empty the line and hide it."""
        self._input.value = ""
        self.remove_class("-shown")

    def action_clear(self) -> None:
        """Look for nothing, and go back."""
        self.clear()
        self.post_message(self.Left())

    def action_leave(self) -> None:
        """Go back, with what was found."""
        self.set_class(bool(self.text), "-shown")
        self.post_message(self.Left())

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value:
            self.add_class("-shown")
        self.post_message(self.Changed(self, event.value))
