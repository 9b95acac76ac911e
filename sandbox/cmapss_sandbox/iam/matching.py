"""How policies compare: wildcards, policy variables and ARNs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

# What is known of a request, by condition key in lower case; a key that is absent has no entry.
Context = Mapping[str, tuple[str, ...]]

_TOKENS = re.compile(r"(\$\{[^}]*\}|[*?])")
_VARIABLE = re.compile(r"\$\{\s*([^,}]+?)\s*(?:,\s*'([^']*)'\s*)?\}")
# How a policy writes these characters where it does not mean the wildcard.
_LITERALS = ("*", "?", "$")
_ARN_PARTS = 6


def matches(pattern: str, value: str, context: Context | None = None, *, ignore_case: bool = False) -> bool:
    """Whether a value matches a pattern of * and ?, its variables replaced by what the context has.

    Without a context, variables are plain text. A variable that the context lacks and that has no default matches
    nothing, and the value of a variable never acts as a pattern itself.
    """
    expression = _expression(pattern) if context is None or "${" not in pattern else _resolved(pattern, context)
    if expression is None:
        return False
    return _compiled(expression, ignore_case).fullmatch(value) is not None


def arn_matches(pattern: str, value: str, context: Context | None = None) -> bool:
    """Whether an ARN matches a pattern, each of its six parts by itself."""
    patterns, values = pattern.split(":", _ARN_PARTS - 1), value.split(":", _ARN_PARTS - 1)
    return len(patterns) == len(values) and all(
        matches(part, given, context) for part, given in zip(patterns, values, strict=True)
    )


def resolve(text: str, context: Context) -> str | None:
    """A text with its variables replaced, None when one of them has no value."""
    found = [_value(part, context) if part.startswith("${") else part for part in _TOKENS.split(text)]
    return None if None in found else "".join(part for part in found if part is not None)


@lru_cache(4096)
def _expression(pattern: str) -> str:
    return "".join(_wildcard(part) for part in _TOKENS.split(pattern))


def _resolved(pattern: str, context: Context) -> str | None:
    parts = []
    for part in _TOKENS.split(pattern):
        if not part.startswith("${"):
            parts.append(_wildcard(part))
            continue
        value = _value(part, context)
        if value is None:
            return None
        parts.append(re.escape(value))
    return "".join(parts)


def _wildcard(part: str) -> str:
    return ".*" if part == "*" else "." if part == "?" else re.escape(part)


def _value(token: str, context: Context) -> str | None:
    match = _VARIABLE.fullmatch(token)
    if match is None:
        return None
    name, default = match.groups()
    if name in _LITERALS:
        return str(name)
    values = context.get(name.lower(), ())
    # A key with several values cannot stand for one.
    return values[0] if len(values) == 1 else default


@lru_cache(4096)
def _compiled(expression: str, ignore_case: bool) -> re.Pattern[str]:
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if ignore_case else 0))
