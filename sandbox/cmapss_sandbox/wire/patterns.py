"""The regular expressions of the service models, written for Java, as Python compiles them."""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache

_ASCII_CLASSES = {
    "ASCII": "\\x00-\\x7f",
    "Alnum": "a-zA-Z0-9",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Print": "\\x20-\\x7e",
}
# Java reads a pair of surrogates in a class as the one code point that it stands for.
_SURROGATES = "\\uD800\\uDC00-\\uDBFF\\uDFFF"
_ASTRAL = "\\U00010000-\\U0010FFFF"


@cache
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """The pattern with its Unicode classes spelled out; to be used with fullmatch, as AWS does."""
    expression = pattern.replace(_SURROGATES, _ASTRAL).replace("\\z", "\\Z").replace("[\\w-_]", "[\\w\\-_]")
    # A counted `$` matches what one does.
    expression = re.sub(r"\$\{\d+,\d+\}", "$", expression)
    return re.compile(_spell_out_classes(expression))


def _spell_out_classes(expression: str) -> str:
    spelled, inside, position = [], False, 0
    for match in re.finditer(r"\\p\{(\w+)\}|\\.|[\[\]]", expression):
        spelled.append(expression[position : match.start()])
        position = match.end()
        token = match.group()
        if match.group(1):
            ranges = _class_ranges(match.group(1))
            spelled.append(ranges if inside else f"[{ranges}]")
            continue
        if token in "[]":
            inside = token == "["
        spelled.append(token)
    return "".join([*spelled, expression[position:]])


@cache
def _class_ranges(category: str) -> str:
    if category in _ASCII_CLASSES:
        return _ASCII_CLASSES[category]
    ranges: list[list[int]] = []
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code)).startswith(category):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)
