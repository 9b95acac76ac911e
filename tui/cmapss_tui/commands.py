"""What the command palette finds: the actions of the screen, areas, and verbs with the names that were read last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from textual.fuzzy import FuzzySearch

from cmapss_tui.known import Named, Names, names_of
from cmapss_tui.screens.picker import Choice

PROGRAM = "cmapss-console"
MOST = 60  # lines that are shown
OF_EACH_VERB, WITHOUT_VERB = 40, 4  # names that are shown behind one
SHORTEST_NAME = 2  # letters that are looked for in names without a verb before them


@dataclass(frozen=True, slots=True)
class Verb:
    """Something done with a name: `names` are those that are known, and `free` verbs take others as well;
    `also` what is no name, such as "best".

    `do(name)` does it, `about` says what it is, `reason` why it cannot be done now.
    """

    word: str
    names: Callable[[], Names[Any]]
    do: Callable[[str], object]
    about: str = ""
    free: bool = False
    reason: str | None = None
    preview: Callable[[str], None] | None = None
    also: Sequence[Named] = ()


def search(entries: Sequence[Choice], verbs: Sequence[Verb], text: str) -> Sequence[Choice]:
    """What a line finds, best first: the verb lines that it is or may become, then entries; for one word the reverse.

    A name is found by words that are parts of it, whatever their order; a title fuzzily.
    """
    words = text.split()
    if words and words[0] == PROGRAM:
        words = words[1:]
    if not words:
        return entries[:MOST]
    line = " ".join(words)
    lines = list(islice(_lines(verbs, words), MOST))
    ranked = _ranked(entries, line.lower())
    if len(words) == 1 and not any(verb.word == words[0].lower() for verb in verbs):
        return [*ranked, *lines][:MOST]
    return [*lines, *ranked][:MOST]


def _lines(verbs: Sequence[Verb], words: Sequence[str]) -> Iterator[Choice]:
    """Verbs with names: those of the verb that is typed, or that is being typed, else of all."""
    typed, *rest = words
    meant = [verb for verb in verbs if verb.word == typed.lower()]
    meant = meant or [verb for verb in verbs if verb.word.startswith(typed.lower())]
    for verb in meant:
        found = [_line(verb, one.name, one.about) for one in islice(_named(verb, rest), OF_EACH_VERB)]
        yield from found
        name = " ".join(rest)
        if len(rest) == 1 and verb.free and all(choice.title != f"{verb.word} {name}" for choice in found):
            yield _line(verb, name, "a name that is not among those read last")
    if not meant and len("".join(words)) >= SHORTEST_NAME:
        for verb in verbs:
            yield from (_line(verb, one.name, one.about) for one in islice(_named(verb, words), WITHOUT_VERB))


def _named(verb: Verb, words: Sequence[str]) -> Iterator[Named]:
    """What the verb takes besides names, then the names that have all the words in them."""
    yield from names_of(verb.also).find(words)
    yield from verb.names().find(words)


def _line(verb: Verb, name: str, about: str) -> Choice:
    what = f"{verb.about} · {about}" if verb.about and about else verb.about or about
    preview = partial(verb.preview, name) if verb.preview is not None else None
    return Choice(f"{verb.word} {name}", partial(verb.do, name), help=what, reason=verb.reason, preview=preview)


def _ranked(entries: Sequence[Choice], line: str) -> list[Choice]:
    fuzzy = FuzzySearch()
    scored = [(_score(fuzzy, choice, line), choice) for choice in entries]
    scored.sort(key=lambda one: -one[0])
    return [choice for score, choice in scored if score > 0]


def _score(fuzzy: FuzzySearch, choice: Choice, line: str) -> float:
    """How well an entry fits: its title fuzzily, else the words of its help."""
    title, words = choice.title.lower(), f"{choice.title} {choice.help}".lower()
    if title.rpartition(": ")[2] == line:
        return float("inf")
    score, _ = fuzzy.match(line, title)
    return score or (0.1 if all(word in words for word in line.split()) else 0.0)
