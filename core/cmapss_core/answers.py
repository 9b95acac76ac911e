"""An answer as its operation's model says it is: what lacks a part, or is something else, cannot be read.

A proxy or the login page of a network answers as well, and what it says may be cut off or be no answer of AWS at all.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Container, Mapping
from datetime import MAXYEAR, MINYEAR, datetime
from typing import Any, TypeVar

from cmapss_core.errors import ConsoleError, ErrorKind

Value = TypeVar("Value")

UNREADABLE = "AWS's answer cannot be read"
LOOK_IN_BETWEEN = "Ask again; where it stays so, see what is in between: a proxy, or the login page of a network."

_MOST = 2**63  # no number of AWS's has more bits
_SHOWN = 80  # characters of what is wrong
_AT_THE_TOP = "ResponseMetadata"
_DECODED = "policyDocumentType"  # IAM's texts that botocore makes into what they say
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class Origin:
    """Which call answered, so that what is wrong with the answer can be said later."""

    __slots__ = ("operation", "request_id")

    def __init__(self, operation: str, answer: Mapping[str, Any]) -> None:
        self.operation = operation
        self.request_id = answer.get(_AT_THE_TOP, {}).get("RequestId")

    def unreadable(self, what: str) -> ConsoleError:
        """The error of such an answer: nothing is known, as where none came."""
        return unreadable(what, self.operation, self.request_id)


class Answer(dict[str, Any]):
    """A structure of an answer. Reading a member that AWS left out is AWS's failure, and raises ConsoleError; one that
    the operation does not have at all is ours, and raises KeyError."""

    __slots__ = ("_members", "_origin")
    _members: Container[str]
    _origin: Origin

    def __missing__(self, member: str) -> Any:
        if member in getattr(self, "_members", ()):
            raise self._origin.unreadable(f"it lacks {member}")
        raise KeyError(member)


def unreadable(what: str, operation: str | None, request_id: str | None = None) -> ConsoleError:
    """The error of an answer that is no answer: the call may have been carried out, and may be made again."""
    return ConsoleError(
        ErrorKind.UNREACHABLE,
        f"{UNREADABLE}: {what if len(what) <= _SHOWN else what[: _SHOWN - 1] + '…'}",
        remedy=LOOK_IN_BETWEEN,
        operation=operation,
        request_id=request_id,
    )


def checked(answer: Mapping[str, Any], shape: Any, operation: str) -> dict[str, Any]:
    """The answer with every value as botocore's output shape has it. Raises ConsoleError where one is not."""
    origin = Origin(operation, answer)
    if shape is None:
        return dict(answer)
    try:
        found = _structure(answer, shape, origin)
    except _UnsoundError as error:
        raise origin.unreadable(f"{error.path or 'it'} is no {error.kind}") from error
    found[_AT_THE_TOP] = answer.get(_AT_THE_TOP, {})
    return found


def understood(answer: Mapping[str, Any], read: Callable[[], Value]) -> Value:
    """What `read` makes of text within the answer that no model describes, such as a number or JSON.

    Raises ConsoleError where it can make nothing of it: only for functions that do nothing but that.
    """
    try:
        return read()
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        what = f"{type(error).__name__} in what it says"
        origin = getattr(answer, "_origin", None)
        raise (unreadable(what, None) if origin is None else origin.unreadable(what)) from error


class _UnsoundError(Exception):
    """Something else than the model says, and where: the way there is only written down on the way back."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind, self.path = kind, ""

    def within(self, name: str) -> _UnsoundError:
        self.path = f"{name}.{self.path}" if self.path else name
        return self


def _sound(value: Any, shape: Any, origin: Origin) -> Any:
    kind = shape.type_name
    if read := _READERS.get(kind):
        found = read(value)
        if found is None and shape.name != _DECODED:
            raise _UnsoundError(kind)
        return value if found is None else found
    if kind == "structure":
        return value if shape.is_document_type else _structure(value, shape, origin)
    if kind == "list":
        if not isinstance(value, list):
            raise _UnsoundError(kind)
        return [_sound(one, shape.member, origin) for one in value]
    if kind == "map":
        if not isinstance(value, Mapping):
            raise _UnsoundError(kind)
        return {_sound(key, shape.key, origin): _sound(one, shape.value, origin) for key, one in value.items()}
    return value  # bytes, or a stream of them


def _structure(value: Any, shape: Any, origin: Origin) -> Answer:
    if not isinstance(value, Mapping):
        raise _UnsoundError("structure")
    members = shape.members
    found = Answer()
    for name, one in value.items():
        if one is not None and name in members:
            try:
                found[name] = _sound(one, members[name], origin)
            except _UnsoundError as error:
                raise error.within(name) from None
    found._members, found._origin = members, origin
    return found


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: Any) -> int | None:
    if isinstance(value, float):
        value = int(value) if value.is_integer() else None
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _MOST else None


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        return _NOT_FINITE.get(value)
    return value if isinstance(value, float) or _whole(value) is not None else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _moment(value: Any) -> datetime | None:
    """A time that has a zone, and is one in every zone."""
    sound = isinstance(value, datetime) and value.tzinfo is not None and MINYEAR < value.year < MAXYEAR
    return value if sound else None


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "string": _text,
    "character": _text,
    "integer": _whole,
    "long": _whole,
    "float": _number,
    "double": _number,
    "boolean": _flag,
    "timestamp": _moment,
}


def require_object(body: Any) -> None:
    """Raises ValueError where a body of JSON protocols is something else than an object; nothing is one as well."""
    if isinstance(body, bytes) and body.strip() and not isinstance(json.loads(body), dict):
        raise ValueError("it is no object")
