"""The pages of the help as entries: what is here, from the screen and its widgets; and the topics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget

from cmapss_tui.actions import Action, help_for
from cmapss_tui.help.texts import BY_CLASS, BY_ID, FIELDS, SCREENS, About
from cmapss_tui.help.topics import TOPICS, Topic
from cmapss_tui.keymap import shown_keys
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.widgets.form import Field
from cmapss_tui.widgets.prompt_bar import PromptBar
from cmapss_tui.widgets.table import VirtualTable

HERE = "here"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the help: keys or a name, a title and a verb where it is an action, and the text."""

    label: str
    text: str
    title: str = ""
    verb: str = ""

    def has(self, words: Iterable[str]) -> bool:
        """Whether all of the words are in it, in lower case."""
        everything = f"{self.label} {self.title} {self.verb} {self.text}".lower()
        return all(word in everything for word in words)


@dataclass(frozen=True, slots=True)
class Section:
    """Entries under a heading."""

    heading: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the help."""

    key: str
    title: str
    sections: tuple[Section, ...]


def pages(explained: Screen[Any]) -> tuple[Page, ...]:
    """All pages, as they are for this screen now."""
    return (Page(HERE, "Here", tuple(_here(explained))), *map(_page, TOPICS))


def found(all_pages: Iterable[Page], text: str) -> tuple[Section, ...]:
    """What has all the words of `text`, from every page."""
    words = text.lower().split()
    sections = (
        Section(
            section.heading if page.key == HERE else f"{page.title}",
            tuple(entry for entry in section.entries if entry.has(words)),
        )
        for page in all_pages
        for section in page.sections
    )
    return tuple(section for section in sections if section.entries)


def about(widget: DOMNode) -> About | None:
    """What a widget is: what its class says itself, or what is known of its id, its field or its class."""
    own = next((kind.__dict__["HELP"] for kind in type(widget).__mro__ if kind.__dict__.get("HELP")), None)
    if own is not None:
        return About(_named(widget), own)
    if widget.id is not None and widget.id in BY_ID and not isinstance(widget, VirtualTable):
        return BY_ID[widget.id]
    if isinstance(widget, Field):
        return About(widget.label, FIELDS[widget.key]) if widget.key in FIELDS else None
    return next((BY_CLASS[kind.__name__] for kind in type(widget).__mro__ if kind.__name__ in BY_CLASS), None)


def focused_about(screen: Screen[Any]) -> About | None:
    """What has the focus, or the nearest thing around it that can be explained."""
    if screen.focused is None:
        return None
    around = list(screen.focused.ancestors_with_self)
    # What an input is for is said by what it stands in.
    fields = [node for node in around if isinstance(node, Field | PromptBar)]
    return next((said for node in (*fields, *around) if (said := about(node)) is not None), None)


def _here(screen: Screen[Any]) -> Iterator[Section]:
    focused = focused_about(screen)
    if focused is not None:
        yield Section(f"In focus: {focused.name}", (Entry("", focused.text),))
    purpose = next((SCREENS[kind.__name__] for kind in type(screen).__mro__ if kind.__name__ in SCREENS), None)
    if purpose is not None:
        yield Section("This screen", (Entry("", purpose),))
    scopes = screen.SCOPES if isinstance(screen, ConsoleScreen) else ()
    groups = help_for(scopes) if isinstance(screen, ConsoleScreen) else {}
    own = {group: actions for group, actions in groups.items() if actions[0].scope in scopes}
    for group, actions in own.items():
        yield Section(f"Keys: {group}", tuple(map(_action, actions)))
    seen = tuple(_seen(screen, focused))
    if seen:
        yield Section("What is to be seen here", seen)
    for group, actions in groups.items():
        if group not in own:
            yield Section(f"Everywhere: {group}", tuple(map(_action, actions)))


def _seen(screen: Screen[Any], focused: About | None) -> Iterator[Entry]:
    """The parts of a screen that are shown, each kind once."""
    told = {focused} if focused is not None else set()
    for widget in screen.query(Widget):
        if not _is_shown(widget):
            continue
        said = about(widget)
        if said is not None and said not in told:
            told.add(said)
            yield Entry(said.name, said.text)


def _is_shown(widget: Widget) -> bool:
    return all(node.display for node in widget.ancestors_with_self if isinstance(node, Widget))


def _action(action: Action) -> Entry:
    return Entry(shown_keys(action), action.help, action.title, action.verb or "")


def _page(topic: Topic) -> Page:
    entries = tuple(Entry(label, text) for label, text in topic.entries)
    return Page(topic.key, topic.title, (Section(topic.title, entries),))


def _named(widget: DOMNode) -> str:
    return widget.id or type(widget).__name__
