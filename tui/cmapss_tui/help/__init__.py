"""The help: what is in focus, what the screen is for, what every key does, and topics that are the same everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalGroup, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input

from cmapss_tui import theme
from cmapss_tui.help.pages import HERE, Entry, Page, Section, found, pages
from cmapss_tui.screens.dialog import Dialog
from cmapss_tui.widgets.hints import HintLine
from cmapss_tui.widgets.panel import Lines
from cmapss_tui.widgets.plan_view import wrapped

LABEL_WIDTH, TITLE_WIDTH, VERB_WIDTH = 8, 14, 11
HEADING, KEY = f"bold {theme.BUSY}", f"bold {theme.ACCENT}"
MOST_OF_WIDTH = 3  # a name takes a third of the line at most
PLACEHOLDER = "words, in any page of the help"


class PageBar(HintLine):
    """The pages, by number; the one that is shown stands out."""

    DEFAULT_CSS = "PageBar { color: $quiet; padding: 0; }"

    def __init__(self, titles: Sequence[str]) -> None:
        super().__init__()
        self._titles = titles
        self._current: int | None = 0

    def show(self, current: int | None) -> None:
        """Which of them is shown; None where a search goes over all."""
        self._current = current
        self.refresh()

    def render(self) -> Content:
        """Numbers and titles."""
        return self.line_of([self._hint(number, title) for number, title in enumerate(self._titles)], gap=2)

    def _hint(self, number: int, title: str) -> tuple[str, Content]:
        style = "bold underline $foreground" if number == self._current else ""
        return str(number + 1), Content.assemble((f"{number + 1} ", theme.ACCENT), (title, style))


class HelpScreen(Dialog[None]):
    """A dialog over the screen that it explains."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "close", "close", show=False),
        Binding("slash", "search", "search", show=False),
        Binding("left", "turn(-1)", "page before", show=False),
        Binding("right", "turn(1)", "next page", show=False),
        *(Binding(str(number), f"open({number - 1})", "page", show=False) for number in range(1, 10)),
        Binding("j", "scroll_lines(1)", "down", show=False),
        Binding("k", "scroll_lines(-1)", "up", show=False),
        Binding("g", "scroll_home", "first line", show=False),
        Binding("G", "scroll_end", "last line", show=False),
    ]
    DEFAULT_CSS = """
    HelpScreen > VerticalGroup { width: 104; height: 92%; max-height: 92%; border-subtitle-color: $quiet; }
    HelpScreen VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; background: $surface; margin: 1 0 0 0; }
    HelpScreen Input { display: none; height: 1; border: none; padding: 0; background: $panel; margin: 1 0 0 0; }
    HelpScreen.-searching Input { display: block; }
    """

    def __init__(self, explained: Screen[Any], page: str = HERE) -> None:
        super().__init__()
        self._pages: tuple[Page, ...] = pages(explained)
        self._current = next((place for place, one in enumerate(self._pages) if one.key == page), 0)
        self._bar = PageBar([one.title for one in self._pages])
        self._lines = Lines()
        self._input = Input(placeholder=PLACEHOLDER, compact=True)

    def compose(self) -> ComposeResult:
        """Pages, search, text."""
        with VerticalGroup() as box:
            box.border_title = "Help"
            box.border_subtitle = "← → page   ↑ ↓ scroll   / search   esc leaves"
            yield self._bar
            yield self._input
            with VerticalScroll():
                yield self._lines

    def on_mount(self) -> None:
        self._show()
        self.query_one(VerticalScroll).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one(VerticalScroll).focus()

    def action_search(self) -> None:
        """Look for words in every page."""
        self.add_class("-searching")
        self._input.focus()

    def action_close(self) -> None:
        """Take the search away, or leave."""
        if self.has_class("-searching"):
            self.remove_class("-searching")
            self._input.value = ""
            self.query_one(VerticalScroll).focus()
            self._show()
        else:
            self.dismiss()

    def action_turn(self, steps: int) -> None:
        """The page before or the next one."""
        self.action_open((self._current + steps) % len(self._pages))

    def action_open(self, place: int) -> None:
        """The page of that number."""
        if place < len(self._pages):
            self._current = place
            self._show()

    def action_scroll_lines(self, lines: int) -> None:
        """Further down or up."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_scroll_home(self) -> None:
        """To the first line."""
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def action_scroll_end(self) -> None:
        """To the last line."""
        self.query_one(VerticalScroll).scroll_end(animate=False)

    def _show(self) -> None:
        text = self._input.value.strip()
        sections = found(self._pages, text) if text else self._pages[self._current].sections
        self._bar.show(None if text else self._current)
        self._lines.write(
            lambda width: list(written(sections, width)) or [Content.styled("Nothing has it.", theme.QUIET)]
        )
        self.action_scroll_home()


def written(sections: Sequence[Section], width: int) -> Iterator[Content]:
    """The sections as lines of that width."""
    titles = max((len(entry.title) for section in sections for entry in section.entries), default=0)
    title_width = max(titles, TITLE_WIDTH)
    for place, section in enumerate(sections):
        if place:
            yield Content("")
        yield Content.styled(section.heading, HEADING)
        longest = max((len(entry.label) for entry in section.entries), default=0)
        label_width = min(max(longest + 2, LABEL_WIDTH), width // MOST_OF_WIDTH)
        for entry in section.entries:
            yield from _entry(entry, label_width, title_width, width)


def _entry(entry: Entry, label_width: int, title_width: int, width: int) -> Iterator[Content]:
    if not entry.label:
        yield from (Content(f"  {line}") for line in wrapped(entry.text, width - 2))
        return
    head = Content.styled(f"  {entry.label:<{label_width}}", KEY)
    if entry.title:
        head += Content.assemble(f"{entry.title:<{title_width}} ", (f"{entry.verb:<{VERB_WIDTH}}", theme.BUSY))
    if head.cell_length > label_width + 2 and not entry.title:  # a long name has a line of its own
        yield head
        head = Content("")
    indent = head.cell_length or label_width + 2
    for place, line in enumerate(wrapped(entry.text, width - indent)):
        yield (head if place == 0 and head else Content(" " * indent)) + Content.styled(line, theme.QUIET)
