"""How long the stretches of a deployment take, in region seconds: what AWS's own endpoints show, give or take."""

from __future__ import annotations

from dataclasses import dataclass

from cmapss_sandbox.services.sagemaker.resources import derived

# From and to, between which a name decides, so that what takes how long is repeatable.
_CREATING = (540.0, 660.0)
_UPDATING = (480.0, 600.0)
_RESCALING = (180.0, 240.0)
_REWEIGHTING = (30.0, 60.0)
_DELETING = (30.0, 60.0)

_STARTING = 90.0
_ACTIVATING = 30.0
_TERMINATING = 60.0

ROLLING_BACK = 60.0
SYSTEM_UPDATING = 600.0
# What is short of capacity stays as it is for about half an hour, and tries again meanwhile.
CAPACITY_WAIT = 1800.0
CAPACITY_RETRY = 300.0
# With the time until there are instances, a container that crashes again and again fails after about 24 minutes.
CRASH_LOOP = 900.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Region seconds until a fleet's instances are there, its containers answer, its traffic is on, and it is gone."""

    provisioning: float
    starting: float = _STARTING
    activating: float = _ACTIVATING
    terminating: float = _TERMINATING


def creation_pace(endpoint: str) -> Pace:
    """How fast an endpoint is created: in 9 to 11 minutes."""
    return Pace(derived(endpoint, "creating", *_CREATING) - _STARTING)


def update_pace(config: str) -> Pace:
    """How fast a config is deployed: in 8 to 10 minutes when all traffic shifts at once."""
    return Pace(derived(config, "deploying", *_UPDATING) - _STARTING - _ACTIVATING - _TERMINATING)


def rescaling_pace(seconds: float) -> Pace:
    """How fast instances are added when that takes so many seconds in all."""
    starting = min(_STARTING, seconds / 2)
    return Pace(seconds - starting, starting)


def rescaling_seconds(endpoint: str, *, instances: bool) -> float:
    """How long a change of instance counts takes, or one of weights alone."""
    return derived(endpoint, "rescaling", *(_RESCALING if instances else _REWEIGHTING))


def deletion_seconds(endpoint: str) -> float:
    """How long an endpoint is Deleting."""
    return derived(endpoint, "deleting", *_DELETING)
