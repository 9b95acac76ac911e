"""What a call may need: actions on resources under condition keys, and how those keys are made of a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cmapss_sandbox.iam.matching import Context

Members = Mapping[str, Any]

EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Need:
    """An action on a resource that must be allowed, and the condition keys (in lower case) of the request for it."""

    action: str
    resource: str = EVERYTHING
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Needs:
    """What one call needs: `own` are refused in IAM's words, the others in those of the service that asks for them.

    `registering` are what Application Auto Scaling makes sure of before it scales on somebody's behalf, `deregistering`
    what DeleteEndpoint does with scalable targets.
    """

    own: tuple[Need, ...]
    registering: tuple[Need, ...] = ()
    deregistering: tuple[Need, ...] = ()


def present(pairs: Iterable[tuple[str, Any]]) -> Context:
    """Condition keys of those values that are there: text, numbers, booleans or lists of texts."""
    return dict(_present(pairs))


def tag_context(tags: Iterable[Mapping[str, str]]) -> Context:
    """aws:RequestTag/… and aws:TagKeys of the tags that a request brings; nothing when it brings none."""
    listed = [(tag.get("Key", ""), tag.get("Value", "")) for tag in tags]
    if not listed:
        return {}
    keys = {"aws:tagkeys": tuple(key for key, _ in listed)}
    return {**keys, **{f"aws:requesttag/{key}".lower(): (value,) for key, value in listed}}


def resource_tags(service: str, tags: Mapping[str, str]) -> Context:
    """aws:ResourceTag/… and the service's own name for the same."""
    return {
        f"{prefix}:resourcetag/{key}".lower(): (value,) for key, value in tags.items() for prefix in ("aws", service)
    }


def _present(pairs: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for key, value in pairs:
        if isinstance(value, bool):
            yield key.lower(), (str(value).lower(),)
        elif isinstance(value, list | tuple):
            if value:
                yield key.lower(), tuple(str(item) for item in value)
        elif value is not None:
            yield key.lower(), (str(value),)
