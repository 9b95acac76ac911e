"""The filter language of the lists: words, "quoted words", /regular expressions/, and fields compared with a value.

    filter      = terms ("|" terms)*            one of the alternatives has to hold
    terms       = term+                         separated by spaces; all have to hold
    term        = "!"? ( text | field ":" text | field comparison value )
    text        = word | "words" | /expression/
    comparison  = < <= > >= = !=
    value       = number | duration (90s 5m 1h30m) | day (2026-11-22) | moment (2026-11-22T16:04) | word | "words"

Case does not matter. What a row does not have satisfies no comparison but `!=`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cmapss_core.errors import ConsoleError, ErrorKind

Value = str | float | datetime | None
# What a row answers when it is asked for a field.
Field = Callable[[str], Value]

OR = "|"
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
# A quotation or an expression may have spaces in it; an expression ends at a slash that a space or nothing follows.
_TOKEN = re.compile(r"""(?:[^\s"/]|(?<=[^\s:!])/|"[^"]*"|/(?:\\.|[^\\/]|/(?!\s|$))*/(?=\s|$)|["/])+""")
# Metric names have colons in them (validation:rmse), so a comparison is looked for before field:text is.
_COMPARISON = re.compile(r"""(?P<field>[^<>=!"/]+)(?P<operator><=|>=|!=|<|>|=)(?P<value>.*)""", re.DOTALL)
_DURATION = re.compile(r"(?:(?P<days>\d+)d)?(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?(?:(?P<seconds>\d+)s)?")
_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[t ](\d\d):(\d\d)(?::(\d\d))?z?)?")
_DAY_LIKE = re.compile(r"\d{4}-")
# A repetition of what repeats can take for ever to find that it does not match.
_NESTED_REPETITION = re.compile(r"[*+}][^()]*\)\s*[*+{]")
_CLOSE_ENOUGH = 0.6


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time that a day or a minute is: from `start`, before `end`."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Term:
    """One condition. Without a field, `text` or `expression` is looked for anywhere in the row."""

    negated: bool
    field: str | None
    operator: str
    text: str
    number: float | None = None
    span: Span | None = None
    expression: re.Pattern[str] | None = None

    def holds(self, words: str, field: Field) -> bool:
        """Whether a row satisfies it: `words` is all of its text in lower case."""
        if self.field is None:
            return self._found_in(words) is not self.negated
        return self.accepts(field(self.field))

    def accepts(self, value: Value) -> bool:
        """Whether the field's value satisfies it."""
        return self._accepts(value) is not self.negated

    def _accepts(self, value: Value) -> bool:
        if value is None:
            return False
        if isinstance(value, datetime):
            return self._accepts_moment(value)
        if self.operator == ":":
            return self._found_in(str(value).lower())
        number = _number(value)
        if number is None or self.number is None:
            return self.operator == "=" and str(value).lower() == self.text
        return _COMPARISONS[self.operator](number, self.number)

    def _accepts_moment(self, value: datetime) -> bool:
        """A day is compared as the whole that it is: `>` is after its end, and `=` any time in it."""
        if self.operator == ":":
            return self._found_in(value.isoformat().lower())
        if self.span is None:
            return False
        match self.operator:
            case "<":
                return value < self.span.start
            case "<=":
                return value < self.span.end
            case ">":
                return value >= self.span.end
            case ">=":
                return value >= self.span.start
        return self.span.start <= value < self.span.end

    def _found_in(self, text: str) -> bool:
        return self.text in text if self.expression is None else self.expression.search(text) is not None


# Alternatives, each of them terms that all have to hold; without any, every row satisfies it.
Filter = tuple[tuple[Term, ...], ...]


def parse(text: str, fields: Collection[str]) -> Filter:
    """The alternatives of a filter. Raises ConsoleError (invalid) that names the word that is wrong.

    `fields` are the names that may stand before an operator; case does not matter anywhere.
    """
    known = {field.lower() for field in fields}
    alternatives: list[list[Term]] = [[]]
    for word in _TOKEN.findall(text):
        if word == OR:
            alternatives.append([])
        else:
            alternatives[-1].append(_term(word, known))
    if len(alternatives) > 1 and not all(alternatives):
        raise _invalid(f"{OR} stands between two conditions", f"For example: status:failed {OR} status:stopped")
    return tuple(tuple(terms) for terms in alternatives if terms)


def matches(terms: Filter, words: str, field: Field) -> bool:
    """Whether a row satisfies every condition of one of the alternatives."""
    return not terms or any(all(term.holds(words, field) for term in alternative) for alternative in terms)


def terms_of(terms: Filter) -> Iterator[Term]:
    """Every condition of a filter."""
    return (term for alternative in terms for term in alternative)


def completions(text: str, fields: Collection[str]) -> tuple[str, ...]:
    """The text with its last word made into the name of a field, once for each field that begins so."""
    head, word = text[: len(text) - len(last := text.rsplit(" ", 1)[-1])], last.lstrip("!")
    if not word or not re.fullmatch(r"[^<>=!\"/]+", word):
        return ()
    head += last[: len(last) - len(word)]
    return tuple(head + field for field in sorted(fields) if field.lower().startswith(word.lower()) and field != word)


def _term(word: str, known: Collection[str]) -> Term:
    if word == "!":
        raise _invalid("!: a condition has to follow", "For example: !status:failed")
    if "/" not in word and '"' not in word and word.endswith(OR):
        raise _invalid(f"{word}: a space and another condition have to follow", f"For example: failed {OR} stopped")
    negated = word.startswith("!") and len(word) > 1 and word[1] != "="
    body = word[1:] if negated else word
    if found := _COMPARISON.fullmatch(body):
        name, comparison, value = found.groups()
        field, text = _known(name, known, word), _unquoted(value, word).lower()
        number, span = _amount(text), _span(text)
        if comparison == "=" and text.startswith("="):
            said = text.lstrip("=") or "completed"
            raise _invalid(f"{word}: = is written once; {name}:{said} finds text", f"For example: {name}:{said}")
        if number is None and span is None and _DAY_LIKE.match(text) and comparison not in ("=", "!="):
            raise _invalid(f"{word}: a day such as 2026-11-22 has to follow {comparison}", "Days are year-month-day.")
        if not text or (comparison not in ("=", "!=") and number is None and span is None):
            wanted = "value" if comparison in ("=", "!=") else "number"
            raise _invalid(
                f"{word}: a {wanted} has to follow {comparison}",
                f"For example: {name}{comparison}46, took>5m, created>2026-11-22",
            )
        # A value that is not there differs from every other one.
        unequal = comparison == "!="
        return Term(negated is not unequal, field, "=" if unequal else comparison, text, number, span)
    before_text = re.split(r'["/]', body, maxsplit=1)[0]
    names = [before_text[:place] for place, sign in enumerate(before_text) if sign == ":" and place]
    if names:
        name = next((name for name in reversed(names) if name.lower() in known), names[0])
        return _text_term(negated, _known(name, known, word), ":", body[len(name) + 1 :], word)
    return _text_term(negated, None, "", body, word)


def _text_term(negated: bool, field: str | None, sign: str, value: str, word: str) -> Term:
    if value.startswith("/"):
        return Term(negated, field, sign, value, expression=_expression(value, word))
    return Term(negated, field, sign, _unquoted(value, word).lower())


def _expression(value: str, word: str) -> re.Pattern[str]:
    body = value[1:-1] if len(value) > 1 and value.endswith("/") else ""
    if not body:
        raise _invalid(f"{word}: an expression ends with a slash", 'For example: /-0[1-5]\\d-/, or "/" for the sign')
    if _NESTED_REPETITION.search(body):
        raise _invalid(f"{word}: a repetition of a repetition could take for ever", "Leave one of the two out.")
    try:
        return re.compile(body, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise _invalid(f"{word}: {error}", 'Quote what is to be found as it stands: "…"') from None


def _unquoted(value: str, word: str) -> str:
    if value.count('"') % 2:
        raise _invalid(f"{word}: a quotation mark is missing", 'For example: "two words"')
    return value.replace('"', "")


def _known(name: str, known: Collection[str], word: str) -> str:
    field = name.lower()
    if field not in known:
        import difflib  # for those who mistype only

        close = difflib.get_close_matches(field, known, n=1, cutoff=_CLOSE_ENOUGH)
        meant = f": {close[0]}?" if close else ""
        raise _invalid(f"{word}: there is no field {name!r}{meant}", f"Fields: {', '.join(sorted(known))}")
    return field


def _amount(text: str) -> float | None:
    """A number, or the seconds of a duration."""
    number = _number(text)
    if number is None and text and (found := _DURATION.fullmatch(text)):
        given = {unit: int(count) for unit, count in found.groupdict().items() if count}
        try:
            return timedelta(**given).total_seconds()
        except OverflowError:
            return None
    return number


def _span(text: str) -> Span | None:
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    given = [int(part) for part in found.groups() if part is not None]
    try:
        start = datetime(*given, tzinfo=UTC)  # type: ignore[misc,arg-type]  # three, five or six whole numbers
        length = {3: timedelta(days=1), 5: timedelta(minutes=1), 6: timedelta(seconds=1)}[len(given)]
        return Span(start, start + length)
    except (ValueError, OverflowError):
        return None


def _number(value: str | float) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _invalid(message: str, remedy: str) -> ConsoleError:
    return ConsoleError(ErrorKind.INVALID, message, remedy=remedy)
