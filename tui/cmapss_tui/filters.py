"""The filter language of the lists: words, !word, field:text and field<number, separated by spaces; all must hold."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from cmapss_core.errors import ConsoleError, ErrorKind

Value = str | float | None
# What a row answers when it is asked for a field.
Field = Callable[[str], Value]

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
# Metric names have colons in them (validation:rmse), so a comparison is looked for before field:text is.
_COMPARISON = re.compile(r"(?P<field>[^<>=]+)(?P<operator><=|>=|<|>|=)(?P<value>.*)")
_TEXT = re.compile(r"(?P<field>[^:]+):(?P<value>.*)")


@dataclass(frozen=True, slots=True)
class Term:
    """One condition. Without a field, `text` is looked for anywhere in the row."""

    negated: bool
    field: str | None
    operator: str
    text: str
    number: float | None = None

    def holds(self, words: str, field: Field) -> bool:
        """Whether a row satisfies it: `words` is all of its text in lower case."""
        return self._holds(words, field) is not self.negated

    def _holds(self, words: str, field: Field) -> bool:
        if self.field is None:
            return self.text in words
        value = field(self.field)
        if value is None:
            return False
        if self.operator == ":":
            return self.text in str(value).lower()
        number = _number(value)
        if number is None or self.number is None:
            return self.operator == "=" and str(value).lower() == self.text
        return _COMPARISONS[self.operator](number, self.number)


def parse(text: str, fields: Collection[str]) -> tuple[Term, ...]:
    """The conditions of a filter. Raises ConsoleError (invalid) that names the word that is wrong.

    `fields` are the names that may stand before an operator; case does not matter anywhere.
    """
    return tuple(_term(word, fields) for word in text.lower().split())


def matches(terms: tuple[Term, ...], words: str, field: Field) -> bool:
    """Whether a row satisfies every condition."""
    return all(term.holds(words, field) for term in terms)


def _term(word: str, fields: Collection[str]) -> Term:
    negated = word.startswith("!") and len(word) > 1
    body = word[1:] if negated else word
    if found := _COMPARISON.fullmatch(body):
        name, comparison, value = found.groups()
        number = _number(value)
        if number is None and (comparison != "=" or not value):
            raise _invalid(f"{word}: a number has to follow {comparison}", f"For example: {name}{comparison}46")
        return Term(negated, _known(name, fields, word), comparison, value, number)
    if found := _TEXT.fullmatch(body):
        name, value = found.groups()
        return Term(negated, _known(name, fields, word), ":", value)
    return Term(negated, None, "", body)


def _known(name: str, fields: Collection[str], word: str) -> str:
    if name not in {field.lower() for field in fields}:
        raise _invalid(f"{word}: there is no field {name!r}", f"Fields: {', '.join(sorted(fields))}")
    return name


def _number(value: str | float) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _invalid(message: str, remedy: str) -> ConsoleError:
    return ConsoleError(ErrorKind.INVALID, message, remedy=remedy)
