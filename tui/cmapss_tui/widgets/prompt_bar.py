"""A line to type in that is hidden until it is asked for: what filters and searches have in common."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Key
from textual.message import Message
from textual.widgets import Input, Static


class PromptBar(Horizontal):
    """Hidden until asked for, and while it is empty and left. A subclass says which keys leave and clear it."""

    DEFAULT_CSS = """
    PromptBar { height: 1; display: none; padding: 0 1; background: $surface; }
    PromptBar.-shown { display: block; }
    PromptBar > .prompt { width: auto; color: $accent; text-style: bold; }
    PromptBar > Input { width: 1fr; height: 1; border: none; padding: 0; background: $surface; }
    PromptBar > .prompt-note { width: auto; max-width: 60%; color: $quiet; padding: 0 0 0 2; text-wrap: nowrap; }
    """

    class Changed(Message):
        """The text is another one now."""

        def __init__(self, bar: PromptBar, text: str) -> None:
            super().__init__()
            self.bar = bar
            self.text = text

        @property
        def control(self) -> PromptBar:
            """The line."""
            return self.bar

    class Left(Message):
        """The operator wants to go on in what lies below."""

    def __init__(self, prompt: str, line: Input, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._prompt = prompt
        self._input = line
        self._note = Static("", classes="prompt-note", markup=False)
        self.awaited = False  # it was opened, and does not have the focus yet

    def compose(self) -> ComposeResult:
        """The prompt, what is typed, what came of it."""
        yield Static(f"{self._prompt} ", classes="prompt", markup=False)
        yield self._input
        yield self._note

    @property
    def text(self) -> str:
        """What is typed."""
        return self._input.value

    def open(self) -> None:
        """Show the line and type in it."""
        self.add_class("-shown")
        self.awaited = not self._input.has_focus
        self._input.focus()

    def on_descendant_focus(self) -> None:
        self.awaited = False

    def take(self, event: Key) -> None:
        """A key that came before the line had the focus, and was meant for it."""
        event.stop()
        event.prevent_default()
        if event.character is not None and event.is_printable:
            self._input.insert_text_at_cursor(event.character)
        elif event.key == "backspace":
            self._input.action_delete_left()
        elif event.key == "enter":
            self.action_leave()
        elif event.key == "escape":
            self.action_clear()

    def show_note(self, note: str) -> None:
        """Say what came of it."""
        self._note.update(note)

    def clear(self) -> None:
        """Empty the line and hide it."""
        self._input.value = ""
        self.remove_class("-shown")

    def action_clear(self) -> None:
        """Take back what is typed, and go back."""
        self.clear()
        self.post_message(self.Left())

    def action_leave(self) -> None:
        """Keep what is typed, and go back."""
        self.set_class(bool(self.text), "-shown")
        self.post_message(self.Left())

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value:  # also where Enter came in front of what was pasted: what holds is in sight
            self.add_class("-shown")
        self.post_message(self.Changed(self, event.value))
