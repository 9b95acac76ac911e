"""The rules of composite alarms: ALARM(x), OK(x), INSUFFICIENT_DATA(x), TRUE and FALSE with AND, OR and NOT."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from cmapss_sandbox.services.cloudwatch.alarm_state import State

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<state>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<plain>[^\s()"']+))\s*\)
        |(?P<word>AND|OR|NOT|TRUE|FALSE)\b
        |(?P<sign>[()])
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_ARN = re.compile(r"arn:aws[\w-]*:cloudwatch:[\w-]*:\d*:alarm:(.+)")
_DEEPEST = 100


@dataclass(frozen=True, slots=True)
class InState:
    """Whether an alarm is in a state."""

    state: str
    name: str


@dataclass(frozen=True, slots=True)
class Joined:
    """TRUE or FALSE with no parts, NOT with one, AND and OR with several."""

    word: str
    parts: tuple[Rule, ...] = ()


Rule = InState | Joined


def parse_rule(text: str) -> Rule:
    """The rule; raises ValueError, saying where, when the text is none."""
    tokens, position = [], 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"unexpected text at '{text[position:].strip()[:40]}'")
        tokens.append(_token(match))
        position = match.end()
    rule = _either(tokens, 0)
    if tokens:
        raise ValueError(f"unexpected {tokens[0]}")
    return rule


def names_in(rule: Rule) -> frozenset[str]:
    """The names of the alarms that the rule looks at."""
    if isinstance(rule, InState):
        return frozenset({rule.name})
    return frozenset().union(*(names_in(part) for part in rule.parts))


def holds(rule: Rule, state_of: Callable[[str], State | None]) -> bool:
    """Whether the rule is met; an alarm that is not there is in no state."""
    if isinstance(rule, InState):
        return state_of(rule.name) == rule.state
    met = (holds(part, state_of) for part in rule.parts)
    match rule.word:
        case "AND":
            return all(met)
        case "OR":
            return any(met)
        case "NOT":
            return not next(met)
    return rule.word == "TRUE"


_Token = InState | str


def _token(match: re.Match[str]) -> _Token:
    if match["state"] is None:
        return (match["word"] or match["sign"]).upper()
    name = match["double"] or match["single"] or match["plain"] or ""
    arn = _ARN.fullmatch(name)
    return InState(match["state"].upper(), arn[1] if arn else name)


def _either(tokens: list[_Token], depth: int) -> Rule:
    return _joined(tokens, "OR", lambda: _joined(tokens, "AND", lambda: _term(tokens, depth)))


def _joined(tokens: list[_Token], word: str, read: Callable[[], Rule]) -> Rule:
    parts = [read()]
    while tokens and tokens[0] == word:
        del tokens[0]
        parts.append(read())
    return parts[0] if len(parts) == 1 else Joined(word, tuple(parts))


def _term(tokens: list[_Token], depth: int) -> Rule:
    if depth > _DEEPEST:
        raise ValueError("it is nested too deeply")
    if not tokens:
        raise ValueError("it ends too early")
    token = tokens.pop(0)
    if isinstance(token, InState):
        return token
    if token in ("TRUE", "FALSE"):
        return Joined(token)
    if token == "NOT":
        return Joined("NOT", (_term(tokens, depth + 1),))
    if token != "(":
        raise ValueError(f"unexpected {token}")
    inner = _either(tokens, depth + 1)
    if not tokens or tokens.pop(0) != ")":
        raise ValueError("a parenthesis is not closed")
    return inner
