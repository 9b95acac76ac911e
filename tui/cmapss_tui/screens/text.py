"""A long text on a screen: what logs and descriptions have in common."""

from __future__ import annotations

from textual.app import ComposeResult

from cmapss_tui.actions import Action
from cmapss_tui.screens.anywhere import AnywhereScreen
from cmapss_tui.widgets.find_bar import FindBar
from cmapss_tui.widgets.panel import Lines
from cmapss_tui.widgets.text_view import TextView

EXAMPLE = "words, as they stand there"


class TextScreen(AnywhereScreen):
    """A heading, a text, and the line in which one looks for something in it.

    A subclass makes the text's view and writes the heading.
    """

    DEFAULT_CSS = """
    TextScreen #text-head { padding: 0 1; background: $surface; }
    """

    def view(self) -> TextView[object]:
        """The text."""
        return self.query_one(TextView)

    def show_head(self) -> None:
        """Say what is shown, and how."""
        raise NotImplementedError

    def new_view(self) -> TextView[object]:
        """The text's view, empty yet."""
        raise NotImplementedError

    def body(self) -> ComposeResult:
        """Heading, lines to type in, text."""
        yield Lines(id="text-head")
        yield from self.bars()
        yield self.new_view()

    def bars(self) -> ComposeResult:
        """The lines to type in."""
        yield FindBar("find", EXAMPLE, id="find")

    def on_mount(self) -> None:
        self.view().focus()
        self.show_head()

    def on_prompt_bar_changed(self, message: FindBar.Changed) -> None:
        if message.bar.id == "find":
            self.view().find(message.text)
            self._note_found()
        self.refresh_bindings()

    def on_prompt_bar_left(self) -> None:
        self.view().focus()

    def on_text_view_moved(self) -> None:
        self._note_found()
        self.show_head()

    def why_not(self, action: Action) -> str | None:
        """There is a next only of what is looked for."""
        if action.method in ("find_next", "find_previous") and self.is_mounted:
            found = self.view().found
            if found is None:
                return "Nothing is looked for: / finds."
            if not found[1]:
                return "Nothing of that is here."
        return super().why_not(action)

    def can_go_back(self) -> bool:
        """What is looked for goes first."""
        return self._typed() is not None or super().can_go_back()

    def action_back(self) -> None:
        """Look for nothing any more, or leave."""
        bar = self._typed()
        if bar is not None:
            bar.clear()
        else:
            super().action_back()

    def action_find(self) -> None:
        """Go to what is typed."""
        self.query_one("#find", FindBar).open()

    def action_find_next(self) -> None:
        """The next line with it."""
        self.view().find_next(1)

    def action_find_previous(self) -> None:
        """The line before with it."""
        self.view().find_next(-1)

    def action_wrap(self) -> None:
        """Long lines go on below, or to the right."""
        view = self.view()
        view.set_wrap(not view.wraps)

    def _typed(self) -> FindBar | None:
        return next((bar for bar in self.query(FindBar) if bar.text), None) if self.is_mounted else None

    def _note_found(self) -> None:
        found = self.view().found
        words = "" if found is None else "nothing" if not found[1] else f"{found[0] or '–'} of {found[1]:,}"
        self.query_one("#find", FindBar).show_note(words)
