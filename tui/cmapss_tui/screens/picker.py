"""A line to type in, and beneath it what it finds: the command palette, and whatever else is chosen by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.css.query import NoMatches
from textual.events import Click, Key
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from cmapss_tui import theme
from cmapss_tui.screens.dialog import Dialog
from cmapss_tui.widgets.panel import columns

NOTHING_FOUND = "Nothing has these words in it."
HINTS = "↑ ↓ move   ⏎ chooses   esc leaves"
TYPE = "type to narrow down"
HELP_FROM = 70  # columns from which the help stands beside the title


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can be chosen: what it is called, what it is, what stands at the edge, and what it does.

    `reason` says why it cannot be done now; choosing it is left to `run`, which tells. `preview` shows what it would
    be while the cursor is on it.
    """

    title: str
    run: Callable[[], object]
    help: str = ""
    hint: str = ""
    reason: str | None = None
    preview: Callable[[], None] | None = None


class _List(OptionList, can_focus=False):
    """The typing stays in the line above."""


class Picker(Dialog[Choice | None]):
    """Answers the choice under the cursor when Enter is pressed, or the one clicked; None where it is left.

    `search(text)` gives the choices, best first, on the event loop's thread: it has to be quick. `restore` undoes
    what a choice has previewed, `nothing` says why there are no choices.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False),
        Binding("up,ctrl+p", "list('cursor_up')", "up", show=False, priority=True),
        Binding("down,ctrl+n", "list('cursor_down')", "down", show=False, priority=True),
        Binding("pageup", "list('page_up')", "page up", show=False, priority=True),
        Binding("pagedown", "list('page_down')", "page down", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    Picker { align: center top; background: $background 60%; }
    Picker > Vertical {
        width: 104; max-width: 96%; height: auto; margin: 2 0 0 0;
        background: $surface; border: round $rule; border-title-color: $accent; border-subtitle-color: $quiet;
    }
    Picker Input { height: 1; border: none; padding: 0 1; background: $surface; }
    Picker OptionList { border: none; padding: 0; background: $surface; }
    Picker OptionList > .option-list--option { padding: 0 1; }
    Picker OptionList > .option-list--option-highlighted { background: $cursor; color: $foreground; text-style: bold; }
    Picker #picker-note { height: auto; max-height: 3; padding: 0 1; color: $quiet; border-top: solid $rule; }
    """

    def __init__(
        self,
        title: str,
        search: Callable[[str], Sequence[Choice]],
        *,
        placeholder: str = TYPE,
        subtitle: str = HINTS,
        restore: Callable[[], None] = lambda: None,
        nothing: Callable[[], str] = lambda: NOTHING_FOUND,
    ) -> None:
        super().__init__()
        self._heading, self._subheading = title, subtitle
        self._search = search
        self._restore = restore
        self._nothing = nothing
        self._previewing = False
        self._typed_ahead = ""
        self._placeholder = placeholder
        self._choices: Sequence[Choice] = ()
        self._text: str | None = None

    def compose(self) -> ComposeResult:
        """The line, the choices, and what the one under the cursor is."""
        with Vertical() as box:
            box.border_title, box.border_subtitle = self._heading, self._subheading
            yield Input(placeholder=self._placeholder, compact=True, select_on_focus=False)
            yield _List(compact=True)
            yield Static(id="picker-note", markup=False)

    def on_mount(self) -> None:
        line = self.query_one(Input)
        line.focus()
        line.insert_text_at_cursor(self._typed_ahead)

    def type_ahead(self, character: str) -> None:
        """Take what was typed before the line was there: no letter of a name may be lost before Enter comes."""
        if self.is_mounted:
            self.query_one(Input).insert_text_at_cursor(character)
        else:
            self._typed_ahead += character

    def on_key(self, event: Key) -> None:
        if event.character is not None and event.is_printable:
            event.stop()
            self.type_ahead(event.character)

    def on_resize(self) -> None:
        self.call_after_refresh(self.search_again)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._find(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The choice is of what is typed, even where the keys came faster than the list."""
        event.stop()
        if event.value != self._text:
            self._find(event.value)
        if (choice := self.chosen) is not None:
            self._answer(choice)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if (choice := self.chosen) is not None:
            self._show_note(choice)
            self._preview(choice)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """It was clicked."""
        event.stop()
        if event.option_index < len(self._choices):
            self._answer(self._choices[event.option_index])

    def on_click(self, event: Click) -> None:
        """A click beside the box leaves."""
        if event.widget is self:
            self.action_leave()

    @property
    def chosen(self) -> Choice | None:
        """The choice under the cursor."""
        place = self.query_one(OptionList).highlighted
        return self._choices[place] if place is not None and place < len(self._choices) else None

    def search_again(self) -> None:
        """Find the same anew, because there is more to be found, or another width to write in."""
        with suppress(NoMatches):  # it is being taken down
            self._find(self.query_one(Input).value)

    def action_list(self, action: str) -> None:
        """Move the cursor of the list."""
        choices = self.query_one(OptionList)
        with suppress(KeyError):  # a page is moved by lines, and there are none before the list is laid out
            getattr(choices, f"action_{action}")()

    def action_leave(self) -> None:
        """Choose nothing: what was previewed is as it was."""
        self._preview(None)
        self.dismiss(None)

    def _answer(self, choice: Choice) -> None:
        if choice.preview is None:
            self._preview(None)
        self.dismiss(choice)

    def _find(self, text: str) -> None:
        self._text = text
        self._choices = self._search(text)
        choices = self.query_one(OptionList)
        note = self.query_one("#picker-note", Static)
        with self.app.batch_update():
            edge = max((len(choice.hint) for choice in self._choices), default=0)
            choices.styles.height = min(len(self._choices), self.app.size.height // 2)
            choices.set_options(Option(self._line(choice, edge)) for choice in self._choices)
            note.display = not self._choices or any(not self._says_all(choice, edge) for choice in self._choices)
            if self._choices:
                choices.highlighted = 0
            else:
                note.update(self._nothing())

    def _preview(self, choice: Choice | None) -> None:
        if choice is not None and choice.preview is not None:
            self._previewing = True
            choice.preview()
        elif self._previewing:
            self._previewing = False
            self._restore()

    def _show_note(self, choice: Choice) -> None:
        note = f"✕ {choice.reason}" if choice.reason is not None else choice.help
        self.query_one("#picker-note", Static).update(note or choice.title)

    @property
    def _width(self) -> int:
        return max(20, self.query_one(OptionList).scrollable_content_region.width - 2)

    def _says_all(self, choice: Choice, edge: int) -> bool:
        """Whether the line of a choice has its help in full, so that it need not stand below as well."""
        about = self._line(choice, edge).plain
        return choice.reason is None and (not choice.help or choice.help in about)

    def _line(self, choice: Choice, edge: int) -> Content:
        width = self._width
        style = theme.QUIET if choice.reason is not None else ""
        title = Content.styled(choice.title, style)
        hint = Content.styled(choice.hint, theme.ACCENT if choice.reason is None else theme.QUIET)
        room = width - edge - 2
        if width < HELP_FROM or title.cell_length > room // 2:
            return columns((title, hint), (room, edge), {1})
        left = min(room // 2, 38)
        about = Content.styled(choice.reason or choice.help, theme.QUIET)
        return columns((title, about, hint), (left, room - left - 2, edge), {2})
