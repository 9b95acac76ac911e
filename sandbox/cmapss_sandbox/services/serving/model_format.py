"""Whether a file is whole enough to be given to XGBoost, which does not come back from reading some that are not."""

from __future__ import annotations

import json

# Bytes after each marker of UBJSON, https://ubjson.org; XGBoost writes models in it, and in JSON.
_SIZES = {**dict.fromkeys(b"TFZN", 0), **dict.fromkeys(b"iUC", 1), ord("I"): 2, **dict.fromkeys(b"ld", 4)}
_SIZES |= dict.fromkeys(b"LD", 8)
_OBJECT, _OBJECT_END, _ARRAY, _ARRAY_END, _STRING, _TYPE, _COUNT, _INT64 = b"{}[]S$#L"
_DEEPEST = 100


def check_format(content: bytes) -> None:
    """Raise ValueError for what begins as a model in UBJSON or JSON and is none to its end."""
    if not content:
        raise ValueError("the file is empty")
    if content[:2] == b"{L":
        end = _after(content, 0, 0)
        if end < len(content):
            raise ValueError(f"its UBJSON ends at byte {end} of {len(content)}")
    elif content[:1] == b"{":
        try:
            json.loads(content)
        except RecursionError:
            raise ValueError("its JSON is nested too deeply") from None


def _after(content: bytes, at: int, depth: int) -> int:
    """Where the value ends that begins there."""
    marker = _byte(content, at)
    if depth > _DEEPEST:
        raise ValueError("its UBJSON is nested too deeply")
    if marker in _SIZES:
        return _skipped(content, at + 1, _SIZES[marker])
    if marker == _STRING:
        return _after_text(content, at + 1)
    if marker == _OBJECT:
        at += 1
        while _byte(content, at) != _OBJECT_END:
            at = _after(content, _after_text(content, at), depth + 1)
        return at + 1
    if marker == _ARRAY:
        return _after_array(content, at + 1, depth)
    raise _broken(at)


def _after_array(content: bytes, at: int, depth: int) -> int:
    kind = None
    if _byte(content, at) == _TYPE:
        kind, at = _byte(content, at + 1), at + 2
        if kind not in _SIZES or _byte(content, at) != _COUNT:
            raise _broken(at)
    if _byte(content, at) == _COUNT:
        count, at = _length(content, at + 1)
        if kind is not None:
            return _skipped(content, at, count * _SIZES[kind])
        for _ in range(count):
            at = _after(content, at, depth + 1)
        return at
    while _byte(content, at) != _ARRAY_END:
        at = _after(content, at, depth + 1)
    return at + 1


def _after_text(content: bytes, at: int) -> int:
    length, at = _length(content, at)
    return _skipped(content, at, length)


def _length(content: bytes, at: int) -> tuple[int, int]:
    if _byte(content, at) != _INT64:
        raise _broken(at)
    end = _skipped(content, at + 1, 8)
    length = int.from_bytes(content[at + 1 : end], "big", signed=True)
    if length < 0:
        raise _broken(at)
    return length, end


def _byte(content: bytes, at: int) -> int:
    if at >= len(content):
        raise _broken(at)
    return content[at]


def _skipped(content: bytes, at: int, size: int) -> int:
    if at + size > len(content):
        raise _broken(at)
    return at + size


def _broken(at: int) -> ValueError:
    return ValueError(f"its UBJSON is broken at byte {at}")
