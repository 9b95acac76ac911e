"""Search expressions: which metrics `{Namespace,Dimension} MetricName="x" OR word` means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from cmapss_sandbox.services.cloudwatch.store import MetricKey

MAXIMUM_FOUND = 500

_TOKEN = re.compile(r'\s*(?:([\w./:#@-]+)\s*=\s*)?("[^"]*"|[()=]|[^\s()="]+)')
_SCHEMA = re.compile(r"\s*\{([^}]*)\}\s*(.*)", re.DOTALL)

Matcher = Callable[[MetricKey], bool]


def find(text: str, metrics: Iterable[MetricKey]) -> list[MetricKey]:
    """The metrics that the search expression finds, in order of name; raises ValueError when it is none."""
    match = _SCHEMA.fullmatch(text)
    terms = match[2] if match else text
    of_schema = _schema(match[1]) if match else lambda _: True
    matches = _Parser(terms).read() if terms.strip() else lambda _: True
    found = [key for key in metrics if of_schema(key) and matches(key)]
    return sorted(found, key=MetricKey.order)[:MAXIMUM_FOUND]


def _schema(text: str) -> Matcher:
    namespace, *names = (part.strip().strip('"') for part in text.split(","))
    wanted = sorted(names)
    return lambda key: key.namespace == namespace and sorted(name for name, _ in key.dimensions) == wanted


class _Parser:
    """Reads terms joined by OR, AND (which may be left out) and NOT, of which the last binds the strongest."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))

    def read(self) -> Matcher:
        found = self._either()
        if self._tokens:
            raise ValueError(f"Syntax error in search expression at '{self._tokens[0][1]}'")
        return found

    def _either(self) -> Matcher:
        found = [self._all()]
        while self._next("OR"):
            found.append(self._all())
        return lambda key: any(matches(key) for matches in found)

    def _all(self) -> Matcher:
        found = [self._term()]
        while self._next("AND") or (self._tokens and self._tokens[0] not in ((None, "OR"), (None, ")"))):
            found.append(self._term())
        return lambda key: all(matches(key) for matches in found)

    def _term(self) -> Matcher:
        if self._next("NOT"):
            inner = self._term()
            return lambda key: not inner(key)
        if self._next("("):
            found = self._either()
            if not self._next(")"):
                raise ValueError("Syntax error in search expression: a parenthesis is not closed")
            return found
        if not self._tokens:
            raise ValueError("Syntax error in search expression: a term is missing")
        name, value = self._tokens.pop(0)
        if value in (")", "=", "AND", "OR"):
            raise ValueError(f"Syntax error in search expression at '{value}'")
        return _matcher(name, value)

    def _next(self, word: str) -> bool:
        if self._tokens and self._tokens[0] == (None, word):
            del self._tokens[0]
            return True
        return False


def _tokens(text: str) -> Iterator[tuple[str | None, str]]:
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"Syntax error in search expression at '{text[position:].strip()}'")
        yield match[1], match[2]
        position = match.end()


def _matcher(name: str | None, value: str) -> Matcher:
    """A quoted value is met exactly, another as a part of what is there, whatever its case."""
    exact, wanted = value.startswith('"'), value.strip('"')

    def matches(key: MetricKey) -> bool:
        found = _properties(key, name)
        return any(wanted == text if exact else wanted.lower() in text.lower() for text in found)

    return matches


def _properties(key: MetricKey, name: str | None) -> list[str]:
    if name == "Namespace":
        return [key.namespace]
    if name == "MetricName":
        return [key.name]
    if name is None:
        return [key.namespace, key.name, *(text for pair in key.dimensions for text in pair)]
    return [value for dimension, value in key.dimensions if dimension == name]
