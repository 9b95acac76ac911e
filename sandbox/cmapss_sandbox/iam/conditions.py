"""The Condition element of a policy statement: operators, their qualifiers and what they make of absent keys."""

from __future__ import annotations

import ipaddress
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cmapss_sandbox.iam.matching import Context, arn_matches, matches, resolve

# Whether one value of the request compares with one value of the policy.
Comparison = Callable[[str, str, "Context | None"], bool]


class PolicyError(ValueError):
    """A policy document says something that is not in the policy language."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key; `values` are the policy's, any of which satisfies it."""

    key: str
    compare: Comparison
    negated: bool
    qualifier: str
    if_exists: bool
    values: tuple[str, ...]

    def holds(self, context: Context, *, variables: bool) -> bool:
        """Whether the request satisfies it; `variables` says whether ${…} is replaced in its values."""
        given = context.get(self.key)
        if given is None:
            return self.if_exists or self.qualifier == "ForAllValues" or (self.negated and not self.qualifier)
        known = context if variables else None
        found = [any(self.compare(value, wanted, known) for wanted in self.values) for value in given]
        if self.qualifier == "ForAllValues":
            return all(match is not self.negated for match in found)
        if self.qualifier == "ForAnyValue":
            return any(match is not self.negated for match in found)
        return any(found) is not self.negated


@dataclass(frozen=True, slots=True)
class NullCondition:
    """Whether a key is absent, as the Null operator asks."""

    key: str
    absent: bool

    def holds(self, context: Context, *, variables: bool) -> bool:
        """Whether the key is absent, or present, as it should be; a key without values is absent."""
        return (not context.get(self.key)) is self.absent


def parse_conditions(document: Any) -> tuple[Condition | NullCondition, ...]:
    """All conditions of a statement, which must all hold; raises PolicyError for what is no condition."""
    if document is None:
        return ()
    if not isinstance(document, Mapping) or not all(isinstance(keys, Mapping) for keys in document.values()):
        raise PolicyError("A Condition is an object of operators, each an object of keys.")
    return tuple(
        _condition(kind, key.lower(), _texts(values)) for kind, keys in document.items() for key, values in keys.items()
    )


def _condition(kind: str, key: str, values: tuple[str, ...]) -> Condition | NullCondition:
    qualifier, separator, rest = kind.rpartition(":")
    name = rest.removesuffix("IfExists")
    if name == "Null" and not separator:
        return NullCondition(key, values[:1] == ("true",))
    known = _OPERATORS.get(name)
    if known is None or qualifier not in ("", "ForAllValues", "ForAnyValue"):
        raise PolicyError(f"Invalid Condition type : {kind}.")
    compare, negated = known
    return Condition(key, compare, negated, qualifier, rest.endswith("IfExists"), values)


def _texts(values: Any) -> tuple[str, ...]:
    """A condition's values as text; JSON's booleans and numbers are written as AWS reads them."""
    listed: Sequence[Any] = values if isinstance(values, list) else [values]
    if not all(isinstance(value, str | int | float) for value in listed):
        raise PolicyError("The values of a condition are text, numbers or booleans.")
    return tuple(str(value).lower() if isinstance(value, bool) else str(value) for value in listed)


def _plain(compare: Callable[[str, str], bool]) -> Comparison:
    """A comparison of whole texts, with the variables of the policy's replaced."""

    def compared(value: str, wanted: str, context: Context | None) -> bool:
        resolved = wanted if context is None else resolve(wanted, context)
        return resolved is not None and compare(value, resolved)

    return compared


def _read_as(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Comparison:
    """A comparison of what two texts stand for; one that stands for nothing of the kind compares with none."""

    def compared(value: str, wanted: str) -> bool:
        try:
            return compare(read(value), read(wanted))
        except (ValueError, OverflowError):
            return False

    return _plain(compared)


def _moment(text: str) -> datetime:
    """An ISO 8601 time or seconds since 1970."""
    if text.replace(".", "", 1).isdecimal() and len(text) > len("2026"):
        return datetime.fromtimestamp(float(text), UTC)
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _in_network(value: str, wanted: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


_EQUALS = _plain(operator.eq)
_EQUALS_IGNORE_CASE = _plain(lambda value, wanted: value.lower() == wanted.lower())
_ADDRESS = _plain(_in_network)

# Each operator's comparison, and whether it is the opposite that must be so: for what has an order, then for all.
_ORDERINGS: dict[str, tuple[Callable[[Any, Any], bool], bool]] = {
    "Equals": (operator.eq, False),
    "NotEquals": (operator.eq, True),
    "LessThan": (operator.lt, False),
    "LessThanEquals": (operator.le, False),
    "GreaterThan": (operator.gt, False),
    "GreaterThanEquals": (operator.ge, False),
}
_OPERATORS: dict[str, tuple[Comparison, bool]] = {
    "StringEquals": (_EQUALS, False),
    "StringNotEquals": (_EQUALS, True),
    "StringEqualsIgnoreCase": (_EQUALS_IGNORE_CASE, False),
    "StringNotEqualsIgnoreCase": (_EQUALS_IGNORE_CASE, True),
    "StringLike": (lambda value, wanted, context: matches(wanted, value, context), False),
    "StringNotLike": (lambda value, wanted, context: matches(wanted, value, context), True),
    **{f"Numeric{name}": (_read_as(float, compare), negated) for name, (compare, negated) in _ORDERINGS.items()},
    **{f"Date{name}": (_read_as(_moment, compare), negated) for name, (compare, negated) in _ORDERINGS.items()},
    "Bool": (_EQUALS_IGNORE_CASE, False),
    "BinaryEquals": (_EQUALS, False),
    "IpAddress": (_ADDRESS, False),
    "NotIpAddress": (_ADDRESS, True),
    "ArnEquals": (lambda value, wanted, context: arn_matches(wanted, value, context), False),
    "ArnLike": (lambda value, wanted, context: arn_matches(wanted, value, context), False),
    "ArnNotEquals": (lambda value, wanted, context: arn_matches(wanted, value, context), True),
    "ArnNotLike": (lambda value, wanted, context: arn_matches(wanted, value, context), True),
}
