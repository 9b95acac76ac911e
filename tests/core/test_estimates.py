"""How long a step takes is learnt from the last runs that the journal has."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cmapss_core.plans.journal import Journal
from cmapss_core.plans.plan import Plan, Step
from cmapss_core.plans.running.estimates import seconds_left, usual, usual_to_undo
from cmapss_core.plans.running.history import ENDED, RESUMED, event_line
from cmapss_core.plans.running.operations import StepEvent, StepState
from tests.core.scripted import NOW
from tests.core.unreliable import making, plan_of, waiting


def taking(name: str, usual_seconds: float | None = None) -> Plan:
    wait: Step = replace(waiting(name, "ours"), usual_seconds=usual_seconds)
    return plan_of(making(name, "ours"), wait)


def ran(journal: Journal, number: int, plan: Plan, *told: tuple[int, StepState, float], again: bool = False) -> None:
    """An operation that has told this, at these seconds after it began."""
    log, _ = journal.begin(replace(plan, id=f"change-{number:04}"), NOW)
    for n, state, seconds in told:
        at = NOW + timedelta(seconds=seconds)
        log.write(state, at, **event_line(StepEvent(plan_id="any", n=n, state=state, message="", at=at)))
        if again and state == "started":
            log.write(RESUMED, at)
            log.write(state, at, **event_line(StepEvent(plan_id="any", n=n, state=state, message="", at=at)))
    log.write(ENDED, NOW, status="done")
    log.close()


def waited(journal: Journal, number: int, seconds: float, *, again: bool = False) -> None:
    ran(journal, number, taking(f"thing-{number}"), (2, "started", 0), (2, "done", seconds), again=again)


def test_without_earlier_runs_it_takes_what_the_plan_says(journal: Journal) -> None:
    assert usual(journal, taking("a", 600.0)) == {2: 600.0}
    assert usual(journal, taking("a")) == {}


def test_it_takes_the_median_of_the_last_runs_whatever_they_were_about(journal: Journal) -> None:
    for number, seconds in enumerate((60.0, 90.0, 3_000.0)):
        waited(journal, number, seconds)
    assert usual(journal, taking("other", 600.0)) == {2: 90.0}


def test_what_was_so_already_or_was_taken_up_again_teaches_nothing(journal: Journal) -> None:
    waited(journal, 0, 60.0)
    waited(journal, 1, 90_000.0, again=True)
    ran(journal, 2, taking("a"), (1, "started", 0), (1, "skipped", 1), (2, "started", 1), (2, "failed", 7_000))
    assert usual(journal, taking("other", 600.0)) == {2: 60.0}


def test_a_wait_that_a_later_run_began_teaches_nothing_but_what_that_run_did_before_it_does(journal: Journal) -> None:
    waited(journal, 0, 600.0)
    for number in (1, 2, 3):  # nobody waited, and by the time that it was taken up again it was ready
        log, _ = journal.begin(replace(taking("a"), id=f"change-{number:04}"), NOW)
        lines: list[tuple[int, StepState, float]] = [
            (1, "started", 0),
            (1, "done", 5),
            (2, "started", 500),
            (2, "done", 501),
        ]
        for n, state, seconds in lines:
            at = NOW + timedelta(seconds=seconds)
            if (n, state) == (2, "started"):
                log.write(RESUMED, at)
            log.write(state, at, **event_line(StepEvent(plan_id="any", n=n, state=state, message="", at=at)))
        log.write(ENDED, NOW, status="done")
        log.close()
    assert usual(journal, taking("other")) == {1: 5.0, 2: 600.0}


def test_undoing_is_learnt_of_itself(journal: Journal) -> None:
    ran(
        journal,
        0,
        taking("a"),
        (1, "started", 0),
        (1, "acting", 1),
        (1, "done", 5),
        (1, "undoing", 10),
        (1, "undone", 50),
    )
    plan = taking("b", 600.0)
    assert usual_to_undo(journal, plan) == {1: 40.0}
    assert usual(journal, plan) == {1: 5.0, 2: 600.0}


def test_another_intention_is_another_matter(journal: Journal) -> None:
    waited(journal, 0, 60.0)
    assert usual(journal, replace(taking("a", 600.0), intention="scale")) == {2: 600.0}


def test_only_the_last_operations_are_read(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(40):
        waited(journal, number, 60.0)
    read: list[Path] = []
    bytes_of = Path.read_bytes

    def reading(path: Path) -> bytes:
        read.append(path)
        return bytes_of(path)

    monkeypatch.setattr(Path, "read_bytes", reading)
    assert usual(journal, taking("other")) == {2: 60.0}
    assert len(read) <= 30


def test_what_is_left_of_a_plan_is_what_its_other_steps_take(journal: Journal) -> None:
    plan = taking("a", 600.0)
    known = {1: 5.0, 2: 600.0}
    assert seconds_left(plan, known, {}) == 605.0
    assert seconds_left(plan, known, {1: "done", 2: "waiting"}) == 600.0
    assert seconds_left(plan, {}, {}) is None
    assert seconds_left(plan, known, {1: "skipped", 2: "done"}) is None
