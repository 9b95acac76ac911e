"""Filter patterns: terms, phrases and regular expressions in text, and conditions on the properties of JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from cmapss_sandbox.services.logs.store import invalid

Matcher = Callable[[str], bool]

_TERM = re.compile(r'\s*([-?]?)(?:"((?:[^"\\]|\\.)*)"|%((?:[^%\\]|\\.)*)%|([^\s"%]+))')
_PLAIN = re.compile(r"\w+")
_JSON_TOKEN = re.compile(
    r"""\s*(?:
        (?P<path>\$(?:\.[\w-]+|\[\d+\]|\[["'][^"']+["']\])+)
        |(?P<sign>&&|\|\||!=|<=|>=|[=<>()])
        |(?P<text>"(?:[^"\\]|\\.)*")
        |(?P<word>[^\s()=<>!&|"]+)
    )""",
    re.VERBOSE,
)
_STEP = re.compile(r"""\.([\w-]+)|\[(\d+)\]|\[["']([^"']+)["']\]""")
_DEEPEST = 50
_ABSENT = object()


def matcher(pattern: str) -> Matcher:
    """The test of a filter pattern; raises InvalidParameterException when it is none, or one by columns."""
    text = pattern.strip()
    if text.startswith("["):
        raise invalid("This region does not filter by columns: give terms, or a JSON pattern such as { $.level = 40 }.")
    if text.startswith("{"):
        if not text.endswith("}"):
            raise invalid("Invalid filter pattern: a brace is not closed")
        return _JsonPattern(text[1:-1]).read()
    return _terms(text)


def _terms(text: str) -> Matcher:
    """All of the terms, none of the -terms, one of the ?terms."""
    tests: dict[str, list[Matcher]] = {"": [], "-": [], "?": []}
    position = 0
    while position < len(text):
        match = _TERM.match(text, position)
        if match is None:
            raise invalid("Invalid filter pattern: a quotation mark or a percent sign is not closed")
        tests[match[1]].append(_term(match))
        position = match.end()
    return lambda message: (
        all(test(message) for test in tests[""])
        and not any(test(message) for test in tests["-"])
        and (not tests["?"] or any(test(message) for test in tests["?"]))
    )


def _term(match: re.Match[str]) -> Matcher:
    _, phrase, expression, plain = match.groups()
    if expression is not None:
        compiled = _compiled(expression)
        return lambda message: compiled.search(message) is not None
    if phrase is None and not _PLAIN.fullmatch(plain):
        raise invalid(f"Invalid character(s) in term '{plain}'")
    wanted = plain if phrase is None else _unquoted(f'"{phrase}"')
    return lambda message: wanted in message


def _unquoted(text: str) -> str:
    """What stands between the quotation marks, where a backslash takes the next character as it is."""
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def _compiled(expression: str) -> re.Pattern[str]:
    try:
        return re.compile(expression)
    except re.error as error:
        raise invalid(f"Invalid filter pattern: {error}") from error


_Condition = Callable[[Any], bool]


class _JsonPattern:
    """Reads conditions such as $.status = 404 && $.path = "/a*", joined by && and ||, of which && is the stronger."""

    def __init__(self, text: str) -> None:
        self._tokens: list[re.Match[str]] = []
        position = 0
        while text[position:].strip():
            match = _JSON_TOKEN.match(text, position)
            if match is None:
                raise invalid(f"Invalid filter pattern: unexpected text at '{text[position:].strip()}'")
            self._tokens.append(match)
            position = match.end()

    def read(self) -> Matcher:
        condition = self._either(0)
        if self._tokens:
            raise self._unexpected()

        def matches(message: str) -> bool:
            try:
                document = json.loads(message)
            except (ValueError, RecursionError):
                return False
            return isinstance(document, dict | list) and condition(document)

        return matches

    def _either(self, depth: int) -> _Condition:
        parts = [self._all(depth)]
        while self._next("||"):
            parts.append(self._all(depth))
        return lambda document: any(part(document) for part in parts)

    def _all(self, depth: int) -> _Condition:
        parts = [self._condition(depth)]
        while self._next("&&"):
            parts.append(self._condition(depth))
        return lambda document: all(part(document) for part in parts)

    def _condition(self, depth: int) -> _Condition:
        if depth > _DEEPEST:
            raise invalid("Invalid filter pattern: it is nested too deeply")
        if self._next("("):
            inner = self._either(depth + 1)
            if not self._next(")"):
                raise invalid("Invalid filter pattern: a parenthesis is not closed")
            return inner
        if not self._tokens or self._tokens[0]["path"] is None:
            raise self._unexpected()
        steps = _steps(self._tokens.pop(0)["path"])
        test = self._test()
        return lambda document: test(_found(document, steps))

    def _test(self) -> _Condition:
        if not self._tokens:
            raise self._unexpected()
        token = self._tokens.pop(0)
        word = (token["word"] or "").upper()
        if word == "EXISTS":
            return lambda value: value is not _ABSENT
        if word == "NOT" and self._next("EXISTS"):
            return lambda value: value is _ABSENT
        if word == "IS" and self._tokens:
            meant = {"NULL": None, "TRUE": True, "FALSE": False}
            name = (self._tokens[0]["word"] or "").upper()
            if name in meant:
                del self._tokens[0]
                return lambda value: value is meant[name]
        sign = token["sign"]
        if sign not in ("=", "!=", "<", "<=", ">", ">=") or not self._tokens:
            raise invalid("Invalid filter pattern: a comparison is missing")
        return _comparison(sign, self._tokens.pop(0))

    def _next(self, text: str) -> bool:
        if self._tokens and self._tokens[0].group().strip().upper() == text:
            del self._tokens[0]
            return True
        return False

    def _unexpected(self) -> Exception:
        where = self._tokens[0].group().strip() if self._tokens else "the end"
        return invalid(f"Invalid filter pattern: unexpected {where}")


def _comparison(sign: str, token: re.Match[str]) -> _Condition:
    word = token["word"]
    if token["text"] is None and word is None:
        raise invalid(f"Invalid filter pattern: unexpected {token.group().strip()}")
    text = _unquoted(token["text"]) if word is None else word
    number = None if word is None else _number(word)
    if sign in ("=", "!="):
        return lambda value: value is not _ABSENT and _equals(value, text, number) == (sign == "=")
    if number is None:
        raise invalid(f"Invalid filter pattern: {sign} compares numbers, not '{text}'")
    bound = number

    def test(value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return {"<": value < bound, "<=": value <= bound, ">": value > bound, ">=": value >= bound}[sign]

    return test


def _equals(value: Any, text: str, number: float | None) -> bool:
    if isinstance(value, bool) or value is None or isinstance(value, dict | list):
        return False
    if isinstance(value, int | float):
        return number is not None and value == number
    return fnmatchcase(value, re.sub(r"([\[?])", r"[\1]", text))


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


def _steps(path: str) -> list[str | int]:
    return [int(index) if index else name or quoted for name, index, quoted in _STEP.findall(path)]


def _found(document: Any, steps: list[str | int]) -> Any:
    for step in steps:
        named = isinstance(step, str) and isinstance(document, dict) and step in document
        placed = isinstance(step, int) and isinstance(document, list) and step < len(document)
        if not named and not placed:
            return _ABSENT
        document = document[step]
    return document
