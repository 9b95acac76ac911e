"""The five steps of a first journey: which one it is, what to do now, and what has happened already.

Nothing here knows a screen: what is seen goes in, words come out. It never goes back: what was reached stays so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

WorkState = Literal["running", "done", "failed"]
KeyOf = Callable[[str], str]  # an action's id to the key that is written for it

DEPLOY, DELETE, TRAFFIC, VALIDATE = "deploy", "delete", "traffic", "validate"
USUAL_MINUTES = (9, 11)  # from CreateEndpoint to InService
SCALE_OUT_MINUTES = 8  # three above the target, and five until the instances serve


class Step(StrEnum):
    """The steps, in their order."""

    RANK = "rank"
    DEPLOY = "deploy"
    SCALE = "scale"
    VALIDATE = "validate"
    DELETE = "delete"


STEPS = tuple(Step)


class Place(StrEnum):
    """Where the operator is, as far as the tour tells places apart."""

    JOBS = "jobs"
    JOB = "job"
    DEPLOY_PLAN = "deploy plan"
    OPERATION = "operation"
    ENDPOINTS = "endpoints"
    ENDPOINT = "endpoint"
    TRAFFIC = "traffic"
    VALIDATE = "validate"
    DELETE_PLAN = "delete plan"
    CLEAN_UP = "clean up"
    PLANNING = "planning"  # a plan that is not there yet
    BESIDE = "beside"  # above the list of jobs or of endpoints, on a screen that the tour does not lead to
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Work:
    """Something that the console carries out, or has: an operation by its intention, traffic, a validation.

    `scales`: whether it sets automatic scaling up; None where it says nothing of that.
    """

    kind: str
    subject: str
    state: WorkState
    said: str = ""
    scales: bool | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """What can be seen at one moment.

    `instances` counts those that serve, by endpoint, and `scales` is whether it is scaled automatically. `ranked`:
    whether a job has a place already, None where that cannot be seen. `nothing_left`: the clean-up has looked, and
    found nothing.
    """

    place: Place
    works: Collection[Work] = ()
    instances: Mapping[str, int] = field(default_factory=dict)
    ranked: bool | None = None
    nothing_left: bool = False
    scales: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tour:
    """How far the journey is. `first_instances` is how many served before the traffic began, `scales` whether the
    endpoint is scaled automatically."""

    done: frozenset[Step] = frozenset()
    ranked: bool = True
    endpoint: str | None = None
    deployment: WorkState | None = None
    traffic: WorkState | None = None
    validation: WorkState | None = None
    deletion: WorkState | None = None
    first_instances: int | None = None
    scales: bool = True
    result: str = ""

    @property
    def step(self) -> Step | None:
        """The first step that is not done; None when all are."""
        return next((step for step in STEPS if step not in self.done), None)


@dataclass(frozen=True, slots=True)
class Pace:
    """What time means there: how fast the region's runs, and whether a sandbox is its reason."""

    speed: float = 1.0
    sandbox: bool = True

    def in_minutes(self, least: float, most: float | None = None) -> str:
        """So many minutes of the region, and what that is at this machine."""
        usual = f"{least:g}–{most:g} minutes" if most is not None else f"{least:g} minutes"
        if self.speed == 1:
            return usual
        seconds = (most or least) * 60 / self.speed
        return f"{usual}; in this sandbox about {seconds:.0f} seconds"


def after(tour: Tour, seen: Observation) -> Tour:
    """The tour when this has been seen."""
    tour = _looked(tour, seen.place)
    if seen.ranked is not None:
        tour = replace(tour, ranked=seen.ranked)
    for work in seen.works:
        tour = _worked(tour, work)
    tour = replace(tour, scales=seen.scales.get(tour.endpoint or "", tour.scales))
    tour = _scaled(tour, seen.instances)
    if tour.deletion == "done" and seen.nothing_left:
        tour = _with(tour, Step.DELETE)
    return tour


def instruction(tour: Tour, place: Place, key: KeyOf, pace: Pace) -> str:
    """What to do now, or what is waited for, in the keys that are really in force."""
    step = tour.step
    if step is None:
        return (
            f"That was the journey: ranked, deployed, scaled, validated{tour.result and f' ({tour.result})'}, deleted. "
            f"{key('app.help')} explains any screen, {key('app.commands')} finds everything."
        )
    if place is Place.PLANNING:
        return "The plan comes when everything is read; that changes nothing. What stands in its way is said there."
    return _INSTRUCTIONS[step](tour, place, key, pace)


def _rank(tour: Tour, place: Place, key: KeyOf, pace: Pace) -> str:
    if place is not Place.JOBS:
        return f"{key('app.jobs')} shows the training jobs, best first."
    if not tour.ranked:
        return (
            "These are training jobs; they really train, and none has completed yet: a moment. Each reports an error, "
            "by which they are ranked."
        )
    return (
        "These are training jobs, best first: each trained a model, and the objective is its error. "
        f"{key('table.first')} goes to the best, {key('jobs.open')} shows what made it."
    )


def _deploy(tour: Tour, place: Place, key: KeyOf, pace: Pace) -> str:
    plans_anew = tour.deployment == "failed" and place in (Place.DEPLOY_PLAN, Place.JOBS, Place.JOB)
    if not plans_anew and (said := _deploying(tour, key, pace)) is not None:
        return said
    if place is Place.DEPLOY_PLAN:
        return f"The plan: every call, what undoes it, what it costs. Nothing has happened yet. {_press('Deploy')}"
    if place in (Place.JOBS, Place.JOB):
        deploy = key("jobs.deploy" if place is Place.JOBS else "job.deploy")
        return f"{deploy} plans how its model gets into production. It only shows the plan; you confirm it, or not."
    return f"{key('app.jobs')} goes to the jobs; {key('jobs.deploy')} on the best one plans its deployment."


def _deploying(tour: Tour, key: KeyOf, pace: Pace) -> str | None:
    """How the deployment goes, while it is not there."""
    if tour.deployment == "running":
        return (
            f"AWS starts the instance: usually {pace.in_minutes(*USUAL_MINUTES)}. Each step is checked by reading it "
            "back. You may leave: it goes on."
        )
    if tour.deployment == "failed":
        return f"It did not get through. {key('app.operations')} has it: open it to see why, and to resume or undo it."
    return None


def _scale(tour: Tour, place: Place, key: KeyOf, pace: Pace) -> str:
    if (said := _deploying(tour, key, pace)) is not None:
        return said
    if not tour.scales and place in (Place.TRAFFIC, Place.ENDPOINT, Place.OPERATION):
        return _unscaled(tour, place, key)
    if place is Place.TRAFFIC:
        if tour.traffic == "running":
            return f"It is on, also without this screen. {key('screen.back')} goes back to the endpoint, to watch it."
        return f"12 times as many invocations as the target of one instance. {_press('Start')}"
    if place is Place.ENDPOINT:
        if tour.traffic == "running":
            return (
                f"Watch: three minutes above the target raise the alarm, then instances come: usually "
                f"{pace.in_minutes(SCALE_OUT_MINUTES)}. Why says what happens."
            )
        return (
            f"{key('endpoint.traffic')} sends it traffic, more than one instance should get. It then scales out: this "
            "screen shows when, and why."
        )
    if place is Place.OPERATION:
        return f"It is in service, and scales by itself. {_press('Open the endpoint')}"
    return _to_the_endpoint(place, key)


def _unscaled(tour: Tour, place: Place, key: KeyOf) -> str:
    """The same where automatic scaling is off."""
    if place is Place.OPERATION:
        return f"It is in service; nothing scales it yet. {_press('Open the endpoint')}"
    if place is Place.TRAFFIC:
        if tour.traffic == "running":
            return f"It is on, but nothing scales the endpoint. {key('screen.back')} goes back, to set that up."
        return f"Nothing scales it: load alone adds no instances. {key('screen.back')} goes back, to set that up."
    load = "The traffic is on, but nothing" if tour.traffic == "running" else "Nothing"
    return f"{load} scales it: {key('endpoint.scale')} plans automatic scaling, which then adds instances by load."


def _validate(tour: Tour, place: Place, key: KeyOf, _: Pace) -> str:
    if tour.validation == "running":
        return "Each of the 104,897 rows is predicted, and compared with the truth: the RMSE is how far off, in cycles."
    if place is Place.VALIDATE:
        return f"104,897 test rows go to the endpoint. {_press('Start')}"
    if place is Place.ENDPOINT:
        return f"It has scaled out. Does it predict well? {key('endpoint.validate')} measures it."
    if place is Place.TRAFFIC:
        return f"It has scaled out. {key('screen.back')} goes back to the endpoint."
    return _to_the_endpoint(place, key)


def _delete(tour: Tour, place: Place, key: KeyOf, pace: Pace) -> str:
    measured = f"{tour.result}. " if tour.result else ""
    if tour.deletion == "running":
        return f"It is taken down in the right order: usually {pace.in_minutes(2)}."
    if tour.deletion == "done":
        if place is Place.CLEAN_UP:
            return "This looks for what is left behind, and costs. Remove what it finds, if it finds anything."
        clean_up = key("endpoints.clean_up")
        if place is Place.ENDPOINTS:
            return f"Is anything left? {clean_up} looks for it."
        if place is Place.OPERATION:
            return f"{_press('Back to the endpoints')} Is anything left? {clean_up} there looks."
        way = "app.endpoints" if place in (Place.JOBS, Place.JOB, Place.ELSEWHERE) else "screen.back"
        return f"Is anything left? {key(way)} goes to the list of endpoints, {clean_up} there looks."
    if tour.deletion == "failed":
        return f"It did not get through. {key('app.operations')} has it: open it to see why, and to resume it."
    if place is Place.DELETE_PLAN:
        return (
            "What cannot be undone wants the name typed, as the heading has it: ⏎ then goes to Delete, and another ⏎ "
            "presses it."
        )
    if place is Place.ENDPOINT:
        return f"{measured}It costs money as long as it is there: {key('endpoint.delete')} plans its deletion."
    if place in (Place.VALIDATE, Place.TRAFFIC):
        return f"{measured}{key('screen.back')} goes back to the endpoint."
    return measured + _to_the_endpoint(place, key)


def _press(button: str) -> str:
    """How to press a button, wherever in its row the focus is."""
    return f"← → go to {button}, ⏎ presses it."


def _to_the_endpoint(place: Place, key: KeyOf) -> str:
    if place is Place.ENDPOINTS:
        return f"{key('endpoints.open')} opens the endpoint under the cursor."
    if place is Place.BESIDE:
        return f"{key('screen.back')} goes back."
    return f"{key('app.endpoints')} goes to the endpoints, {key('endpoints.open')} opens yours."


_INSTRUCTIONS: Mapping[Step, Callable[[Tour, Place, KeyOf, Pace], str]] = {
    Step.RANK: _rank,
    Step.DEPLOY: _deploy,
    Step.SCALE: _scale,
    Step.VALIDATE: _validate,
    Step.DELETE: _delete,
}


def _with(tour: Tour, *steps: Step) -> Tour:
    return replace(tour, done=tour.done | set(steps))


def _looked(tour: Tour, place: Place) -> Tour:
    return _with(tour, Step.RANK) if place in (Place.JOB, Place.DEPLOY_PLAN) else tour


def _worked(tour: Tour, work: Work) -> Tour:
    if work.kind == DEPLOY:
        if work.subject != tour.endpoint and (work.state == "failed" or tour.deployment == "done"):
            return tour  # of another journey, or of an attempt that is over
        scales = tour.scales if work.scales is None or work.subject == tour.endpoint else work.scales
        tour = replace(tour, endpoint=work.subject, deployment=work.state, scales=scales)
        steps = {"failed": (), "running": (Step.RANK,), "done": (Step.RANK, Step.DEPLOY)}[work.state]
        return _with(tour, *steps)
    if work.subject != tour.endpoint:
        return tour
    if work.kind == TRAFFIC:
        return replace(tour, traffic=work.state)
    if work.kind == VALIDATE:
        tour = replace(tour, validation=work.state, result=work.said or tour.result)
        return _with(tour, Step.VALIDATE) if work.state == "done" else tour
    if work.kind == DELETE:
        tour = replace(tour, deletion=work.state)
        # Who has deleted it needs none of what comes before any more.
        return _with(tour, Step.SCALE, Step.VALIDATE) if work.state == "done" else tour
    return tour


def _scaled(tour: Tour, instances: Mapping[str, int]) -> Tour:
    count = instances.get(tour.endpoint or "")
    if count is None:
        return tour
    if tour.traffic is None or tour.first_instances is None:
        return replace(tour, first_instances=count)
    return _with(tour, Step.SCALE) if count > tour.first_instances else tour
