"""The steps of every kind of deployment, as pure functions of instance counts: nothing here knows of a region."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from cmapss_sandbox.services.sagemaker.deployments.pace import Pace
from cmapss_sandbox.services.sagemaker.deployments.policies import BlueGreen, Rolling, batch

# Instances by variant.
Counts = Mapping[str, int]
Gate = Literal["", "capacity", "containers"]
Actor = Literal["old", "new"]


@dataclass(frozen=True, slots=True)
class Step:
    """A stretch of a deployment during which nothing changes.

    `counts` has the instances that there are, `coming` those that are being made, and `shares` the part of the traffic
    (0 to 1, 1 in all), each for the old fleets in their order and then for the new one. `status` is what the
    variants of the acting fleets show. A gate has to be passed first; while a step is `guarded`, alarms and the
    deployment's time limit are heeded. What a step terminates is there until it ends.
    """

    status: str
    message: str
    seconds: float
    counts: tuple[Counts, ...]
    shares: tuple[float, ...]
    actor: Actor = "new"
    coming: tuple[Counts, ...] = ()
    gate: Gate = ""
    guarded: bool = False

    def as_json(self) -> dict[str, Any]:
        """The step as a record keeps it."""
        return asdict(self)

    def taken(self) -> tuple[Counts, ...]:
        """The instances of each fleet that run or are being made."""
        coming = self.coming or tuple({} for _ in self.counts)
        return tuple(
            {variant: count + more.get(variant, 0) for variant, count in running.items()}
            for running, more in zip(self.counts, coming, strict=True)
        )


def step_from_json(document: Mapping[str, Any]) -> Step:
    """The step that as_json() has written, tuples having become lists meanwhile or not."""
    listed = {member: tuple(document[member]) for member in ("counts", "shares", "coming")}
    return Step(**{**document, **listed})


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a deployment starts: the instances and the share of traffic of each old fleet, and what the new one gets.

    There are several old fleets only where an update and its roll-back have both failed.
    """

    old: tuple[Counts, ...]
    shares: tuple[float, ...]
    new: Counts

    def mixed(self, share: float) -> tuple[float, ...]:
        """The shares of all fleets when the new one has this much."""
        return (*(known * (1 - share) for known in self.shares), share)


def creation(new: Counts, pace: Pace) -> list[Step]:
    """A first fleet, which has all of the traffic once it is there."""
    return list(_made((_none(new),), (0.0,), (new,), pace))


def growth(counts: Counts, more: Counts, pace: Pace) -> list[Step]:
    """A fleet that gets more instances of some variants, or fewer or other weights, which needs no making."""
    if any(more.values()):
        return [replace(step, status="Updating") for step in _made((counts,), (1.0,), (more,), pace)]
    seconds = pace.provisioning + pace.starting
    return [Step("Updating", "Updating weights and capacity", seconds, (counts,), (1.0,))]


def blue_green(situation: Situation, policy: BlueGreen, pace: Pace) -> list[Step]:
    """A whole new fleet beside the old one, which gets the traffic step by step; then the old one goes."""
    old, new = situation.old, situation.new
    steps = list(_made((*old, _none(new)), situation.mixed(0.0), (*map(_none, old), new), pace, guarded=True))
    shares = policy.shares(new)
    for number, share in enumerate(shares, start=1):
        shifting = Step(
            "ActivatingTraffic",
            f"Shifting traffic to the new fleet: {_percent(share)}",
            pace.activating,
            (*old, new),
            situation.mixed(share),
            guarded=True,
        )
        last = number == len(shares)
        steps += [shifting, *_baking(shifting, policy.termination_wait if last else policy.wait_interval)]
    return [*steps, _terminated(situation, old, pace)]


def rolling(situation: Situation, policy: Rolling, pace: Pace) -> list[Step]:
    """Batch by batch: new instances, their traffic, a time to bake, and as many of the old ones gone."""
    sizes = {variant: batch(policy.batch_size, total) for variant, total in situation.new.items()}
    batches = max(math.ceil(total / sizes[variant]) for variant, total in situation.new.items())
    total = sum(situation.new.values())
    old, new, share = situation.old, _none(situation.new), 0.0
    steps: list[Step] = []
    for number in range(1, batches + 1):
        grown = {variant: min(count, number * sizes[variant]) for variant, count in situation.new.items()}
        coming = (*map(_none, old), _less(grown, new))
        steps += _made((*old, new), situation.mixed(share), coming, pace, guarded=True)
        new, share = grown, sum(grown.values()) / total
        shifting = Step(
            "ActivatingTraffic",
            f"Shifting traffic to batch {number} of {batches}: {_percent(share)}",
            pace.activating,
            (*old, new),
            situation.mixed(share),
            guarded=True,
        )
        steps += [shifting, *_baking(shifting, policy.wait_interval)]
        if number < batches:
            message = f"Terminating instances of the old fleet that batch {number} of {batches} replaces"
            steps.append(Step("Deleting", message, pace.terminating, (*old, new), situation.mixed(share), "old"))
            left = 1 - number / batches
            old = tuple(
                {variant: math.ceil(count * left) for variant, count in fleet.items()} for fleet in situation.old
            )
    return [*steps, _terminated(situation, old, pace)]


def roll_back(situation: Situation, reached: Step, size: Mapping[str, Any], pace: Pace) -> list[Step]:
    """From a step back to where the deployment started; no step when traffic and old fleets are untouched.

    The old fleets' lost instances come back in batches of this CapacitySize.
    """
    *old, new = reached.counts
    share = reached.shares[-1]
    lost = [_less(whole, left) for whole, left in zip(situation.old, old, strict=True)]
    sizes = [{variant: batch(size, count) for variant, count in fleet.items()} for fleet in situation.old]
    missing = [
        math.ceil(count / size[variant])
        for fleet, size in zip(lost, sizes, strict=True)
        for variant, count in fleet.items()
        if count > 0
    ]
    if not missing and share == 0:
        return []
    batches = max(missing, default=1)
    steps: list[Step] = []
    for number in range(1, batches + 1):
        grown: list[Counts] = [
            {variant: min(count, left[variant] + number * size[variant]) for variant, count in whole.items()}
            for whole, left, size in zip(situation.old, reached.counts, sizes, strict=False)
        ]
        coming = [_less(after, before) for after, before in zip(grown, old, strict=True)]
        if missing:
            shares = situation.mixed(share)
            steps += [replace(step, actor="old") for step in _made((*old, new), shares, (*coming, _none(new)), pace)]
        old = grown
        left_over = 1 - number / batches
        share = reached.shares[-1] * left_over
        shares = situation.mixed(share)
        message = f"Shifting traffic back to the old fleet: {_percent(1 - share)}"
        steps.append(Step("ActivatingTraffic", message, pace.activating, (*old, new), shares, "old"))
        message = "Terminating instances of the new fleet"
        steps.append(Step("Deleting", message, pace.terminating, (*old, new), shares, "new"))
        new = {variant: math.ceil(count * left_over) for variant, count in reached.counts[-1].items()}
    return steps


def _made(
    counts: tuple[Counts, ...],
    shares: tuple[float, ...],
    coming: tuple[Counts, ...],
    pace: Pace,
    *,
    guarded: bool = False,
) -> Iterator[Step]:
    """Instances that are made and then start their containers; they run when that is over."""
    provisioning = Step(
        "Creating",
        "Provisioning instances",
        pace.provisioning,
        counts,
        shares,
        coming=coming,
        gate="capacity",
        guarded=guarded,
    )
    yield provisioning
    yield replace(provisioning, message="Starting containers", seconds=pace.starting, gate="containers")


def _baking(shifted: Step, seconds: float) -> list[Step]:
    message = "Monitoring the alarms of the automatic rollback configuration"
    return [replace(shifted, status="Baking", message=message, seconds=seconds)] if seconds else []


def _terminated(situation: Situation, old: tuple[Counts, ...], pace: Pace) -> Step:
    """The last step, in which what is left of the old fleets goes: there is no way back from here."""
    counts = (*old, situation.new)
    return Step("Deleting", "Terminating the old fleet", pace.terminating, counts, situation.mixed(1.0), "old")


def _none(counts: Counts) -> Counts:
    return dict.fromkeys(counts, 0)


def _less(counts: Counts, others: Counts) -> Counts:
    return {variant: count - others[variant] for variant, count in counts.items()}


def _percent(share: float) -> str:
    return f"{share:.0%}"
