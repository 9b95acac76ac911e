"""What a call needs: the actions that the caller must be allowed, on which resources, under which condition keys.

After the Service Authorization Reference. An operation is an action of its own name on the resources that its request
names; the tables have what differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cmapss_sandbox.iam.matching import Context
from cmapss_sandbox.region import Region

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


# From the region, the operation and its members to its needs.
Rule = Callable[[Region, str, Members], Needs]


def needs(region: Region, service: str, operation: str, members: Members) -> Needs:
    """What a call needs; one that lacks the name of its resource is asked about all, and refused for that later."""
    from cmapss_sandbox.iam import periphery_actions, sagemaker_actions, service_actions

    rules: dict[str, Rule] = {
        "sagemaker": sagemaker_actions.sagemaker,
        "sagemaker-runtime": sagemaker_actions.runtime,
        "application-autoscaling": service_actions.autoscaling,
        "cloudwatch": service_actions.cloudwatch,
        "logs": service_actions.logs,
        "sts": service_actions.sts,
        "pricing": service_actions.pricing,
        "service-quotas": service_actions.quotas,
        "s3": periphery_actions.s3,
        "iam": periphery_actions.iam,
        "ec2": periphery_actions.ec2,
    }
    return rules[service](region, operation, members)


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
