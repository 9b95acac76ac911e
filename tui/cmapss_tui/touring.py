"""The tour of one console: what it sees of it, whether it is shown, and that it comes by itself only once."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from textual.app import App

from cmapss_tui import background, formats
from cmapss_tui.background import Background
from cmapss_tui.connecting import as_console_screen
from cmapss_tui.keymap import first_key
from cmapss_tui.tour import STEPS, Observation, Pace, Place, Step, Tour, Work, WorkState, after, instruction
from cmapss_tui.whole_files import written_beside

if TYPE_CHECKING:
    from cmapss_core.evaluation import Evaluation
    from cmapss_core.plans.plan import Plan
    from cmapss_core.watch import Watch
    from cmapss_tui.screens.base import ConsoleScreen
    from cmapss_tui.widgets.tour_card import TourCard

# By name: whoever shows a screen need not load all others.
_PLACES = {
    "JobsScreen": Place.JOBS,
    "JobDetailScreen": Place.JOB,
    "DeployScreen": Place.DEPLOY_PLAN,
    "OperationScreen": Place.OPERATION,
    "EndpointsScreen": Place.ENDPOINTS,
    "EndpointScreen": Place.ENDPOINT,
    "TrafficScreen": Place.TRAFFIC,
    "ValidateScreen": Place.VALIDATE,
    "DeleteScreen": Place.DELETE_PLAN,
    "CleanUpScreen": Place.CLEAN_UP,
}
TOURING = "-touring"  # the class of a screen that shows the tour
COSTS = (
    "This is no sandbox: the steps of the tour create an endpoint that costs money until it is deleted. Nothing "
    "happens before you confirm it."
)
_GUIDES: WeakKeyDictionary[App[Any], Guide] = WeakKeyDictionary()


class Guide:
    """Leads through the tour: hidden until it is offered or asked for."""

    def __init__(self) -> None:
        self.tour = Tour()
        self.shown = False
        self.begun = False
        self.offered = False
        self._ended_on: type[ConsoleScreen] | None = None

    def see(self, screen: ConsoleScreen) -> None:
        """Look at what is there now."""
        self.tour = after(self.tour, observed(screen))
        if self.tour.step is not None:
            self._ended_on = None
        elif self._ended_on is None:
            self._ended_on = type(screen)
        elif self._ended_on is not type(screen):
            self.shown = False  # its last words have been read where it ended

    def say(self, screen: ConsoleScreen) -> str:
        """What to do now."""
        clock, target = screen.aws.clock, screen.aws.target
        pace = Pace(clock.speed, target.is_local)
        return instruction(self.tour, place_of(screen), first_key, pace)

    @property
    def steps(self) -> Iterator[tuple[Step, bool, bool]]:
        """Each step, whether it is done, and whether it is the one to do now."""
        return ((step, step in self.tour.done, step is self.tour.step) for step in STEPS)

    def begin(self) -> None:
        """From the first step."""
        self.tour = Tour()
        self.begun = self.shown = True


def guide_of(app: App[Any]) -> Guide:
    """The guide of a console."""
    return _GUIDES.setdefault(app, Guide())


def toggle(app: App[Any]) -> None:
    """Show the tour or hide it; one that is over begins again."""
    guide = guide_of(app)
    guide.offered = False
    screen = as_console_screen(app.screen)
    if guide.shown:
        guide.shown = False
        app.notify(f"{first_key('app.tour')} shows the tour again.")
    elif not guide.begun or guide.tour.step is None:
        guide.begin()
        if screen is not None and not screen.aws.target.is_local:
            app.notify(COSTS, severity="warning", timeout=15)
    else:
        guide.shown = True
    if screen is not None:
        screen.tick()


def show_tour(screen: ConsoleScreen, card: TourCard) -> None:
    """Show on a screen's card what is to be done now, if the tour is on."""
    guide = guide_of(screen.app)
    if guide.offered:
        _take_up_offer(screen, guide)
    if guide.begun:  # also while it is hidden: what happens then has happened
        guide.see(screen)
    screen.set_class(guide.shown, TOURING)
    if guide.shown:
        hides = any(active.binding.id == "app.tour" for active in screen.active_bindings.values())
        card.show(guide.steps, guide.say(screen), costs=not screen.aws.target.is_local, hides=hides)
    else:
        card.hide()


def offer(app: App[Any]) -> None:
    """Show the tour by itself, as soon as there turns out to be a sandbox, if it has never been shown before."""
    guide_of(app).offered = True


def sandbox_words(speed: float) -> str:
    """What a sandbox is, for who has never seen one."""
    fast = f", time runs {speed:g} times as fast" if speed != 1 else ""
    return (
        "An AWS region on this machine: nothing here costs money. Jobs really train, endpoints really predict"
        f"{fast}. {first_key('app.help')} is the help."
    )


def state_file() -> Path:
    """What tells that the tour has been shown, next to the journal."""
    from cmapss_core.plans.journal import default_journal_directory

    return default_journal_directory().parent / "tour.json"


def note_shown(file: Path) -> None:
    """Remember that it has been shown; where that cannot be kept, it comes again."""
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with written_beside(file, json.dumps({"shown": True}) + "\n") as written:
            os.replace(written, file)


def _take_up_offer(screen: ConsoleScreen, guide: Guide) -> None:
    """Show it by itself: on a sandbox, and the first time on this machine."""
    guide.offered = False
    file = state_file()
    if screen.aws.target.is_local and not file.exists():
        guide.begin()
        note_shown(file)
        screen.app.notify(sandbox_words(screen.aws.clock.speed), title="A sandbox", timeout=8)


def place_of(screen: ConsoleScreen) -> Place:
    """Where the operator is."""
    elsewhere = Place.BESIDE if screen.AREA in ("jobs", "endpoints") else Place.ELSEWHERE
    place = _PLACES.get(type(screen).__name__, elsewhere)
    if place in (Place.DEPLOY_PLAN, Place.DELETE_PLAN):
        from cmapss_tui.screens.planning import PlanScreen

        return Place.PLANNING if isinstance(screen, PlanScreen) and screen.plan is None else place
    return place


def observed(screen: ConsoleScreen) -> Observation:
    """What the screen in front and the works of its console tell."""
    place = place_of(screen)
    watches = _watches(screen) if place is Place.ENDPOINT else ()
    return Observation(
        place,
        [seen for work in background.all_of(screen.app) if (seen := _seen(work)) is not None],
        {watch.endpoint.name: watch.endpoint.current_instances for watch in watches if watch.endpoint is not None},
        ranked=_ranked(screen) if place is Place.JOBS else None,
        nothing_left=place is Place.CLEAN_UP and _nothing_left(screen),
        scales={
            watch.endpoint.name: bool(watch.scaling.targets)
            for watch in watches
            if watch.endpoint is not None and watch.scaling is not None
        },
    )


def _seen(work: Background[Any, Any]) -> Work | None:
    if work.kind == "operation":
        from cmapss_tui.operations.running import RunningOperation

        if not isinstance(work, RunningOperation):
            return None
        state: WorkState = "done" if work.status == "done" else "running" if work.running else "failed"
        return Work(work.plan.intention, work.plan.target, state, scales=_scales(work.plan))
    state = "running" if work.running else "failed" if work.error is not None else "done"
    if work.kind == "validate":
        evaluation: Evaluation | None = work.result
        if state == "done" and (evaluation is None or not evaluation.finished or evaluation.rmse is None):
            return Work(work.kind, work.subject, "failed")
        return Work(work.kind, work.subject, state, _measured(evaluation))
    return Work(work.kind, work.subject, state)


def _measured(evaluation: Evaluation | None) -> str:
    if evaluation is None or evaluation.rmse is None:
        return ""
    return f"RMSE {evaluation.rmse:.2f} over {formats.count(evaluation.rows)} rows"


def _watches(screen: ConsoleScreen) -> Sequence[Watch]:
    from cmapss_tui.screens.endpoint import EndpointScreen
    from cmapss_tui.screens.endpoint_reading import EndpointReading

    if not isinstance(screen, EndpointScreen):
        return ()
    return [snapshot.watch for snapshot in screen.snapshots if isinstance(snapshot, EndpointReading)]


def _scales(plan: Plan) -> bool:
    """Whether it sets automatic scaling up."""
    return any(call.operation == "RegisterScalableTarget" for step in plan.steps for call in step.calls)


def _ranked(screen: ConsoleScreen) -> bool:
    from cmapss_tui.jobs.list import JobList

    lists = (one for one in screen.snapshots if isinstance(one, JobList))
    return any(row.rank is not None for one in lists for row in one.scope.rows)


def _nothing_left(screen: ConsoleScreen) -> bool:
    from cmapss_tui.screens.planning import PlanScreen

    return isinstance(screen, PlanScreen) and screen.plan is not None and not screen.plan.steps
