"""The tour as it is without a screen: what has been seen ticks its steps off, in any order, and none comes back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_tui.actions import by_id
from cmapss_tui.tour import (
    DELETE,
    DEPLOY,
    STEPS,
    TRAFFIC,
    VALIDATE,
    Observation,
    Pace,
    Place,
    Step,
    Tour,
    Work,
    WorkState,
    after,
    instruction,
)
from cmapss_tui.widgets.tour_card import MOST_LINES, card_lines

E = "cmapss-XGBoostEndpoint-2026-11-22-16-33-42"
SANDBOX = Pace(60.0, sandbox=True)
STATES: tuple[WorkState, ...] = ("running", "done", "failed")


def key(action: str) -> str:
    """The key as it is in the table; that raises where there is no such action."""
    return f"<{by_id(action).keys[0]}>"


def said(tour: Tour, place: Place, pace: Pace = SANDBOX) -> str:
    return instruction(tour, place, key, pace)


def seen(tour: Tour, *observations: Observation) -> Tour:
    for observation in observations:
        tour = after(tour, observation)
    return tour


def at(place: Place, *works: tuple[str, WorkState], instances: int | None = None) -> Observation:
    return Observation(
        place, [Work(kind, E, state) for kind, state in works], {} if instances is None else {E: instances}
    )


DEPLOYED = seen(Tour(), at(Place.OPERATION, (DEPLOY, "done")))
SCALED = seen(
    DEPLOYED,
    at(Place.ENDPOINT, (TRAFFIC, "running"), instances=1),
    at(Place.ENDPOINT, (TRAFFIC, "running"), instances=5),
)
VALIDATED = after(SCALED, Observation(Place.VALIDATE, [Work(VALIDATE, E, "done", "RMSE 57.26 over 104,897 rows")]))


def test_the_journey_ticks_one_step_off_after_the_other() -> None:
    tour = Tour()
    assert tour.step is Step.RANK
    tour = after(tour, at(Place.JOB))
    assert tour.step is Step.DEPLOY
    tour = after(tour, at(Place.OPERATION, (DEPLOY, "running")))
    assert (tour.step, tour.endpoint) == (Step.DEPLOY, E)
    assert "usually 9–11 minutes; in this sandbox about 11 seconds" in said(tour, Place.OPERATION)
    assert DEPLOYED.step is Step.SCALE
    assert SCALED.step is Step.VALIDATE
    assert VALIDATED.step is Step.DELETE
    assert said(VALIDATED, Place.ENDPOINT).startswith("RMSE 57.26 over 104,897 rows. It costs money")
    tour = after(VALIDATED, at(Place.OPERATION, (DELETE, "done")))
    assert tour.step is Step.DELETE
    tour = after(tour, Observation(Place.CLEAN_UP, nothing_left=False))
    assert tour.step is Step.DELETE
    tour = after(tour, Observation(Place.CLEAN_UP, nothing_left=True))
    assert tour.step is None
    assert "That was the journey" in said(tour, Place.CLEAN_UP)


def test_scaling_out_is_more_instances_than_when_the_traffic_began() -> None:
    tour = seen(DEPLOYED, at(Place.ENDPOINT, instances=1), at(Place.ENDPOINT, instances=3))
    assert tour.step is Step.SCALE, "without traffic it is somebody else's doing"
    tour = seen(tour, at(Place.ENDPOINT, (TRAFFIC, "running"), instances=3), at(Place.ENDPOINT, instances=3))
    assert tour.step is Step.SCALE
    assert after(tour, at(Place.ENDPOINT, instances=4)).step is Step.VALIDATE


def test_it_may_have_scaled_out_by_the_time_one_comes_back_to_look() -> None:
    tour = seen(DEPLOYED, at(Place.ENDPOINT, instances=1), at(Place.TRAFFIC, (TRAFFIC, "running")))
    assert after(tour, at(Place.ENDPOINT, (TRAFFIC, "done"), instances=5)).step is Step.VALIDATE


def test_what_nothing_scales_is_not_said_to_scale() -> None:
    deployed = after(Tour(), Observation(Place.OPERATION, [Work(DEPLOY, E, "done", scales=False)]))
    assert "nothing scales it yet" in said(deployed, Place.OPERATION)
    assert "<A> plans automatic scaling" in said(deployed, Place.ENDPOINT)
    loaded = after(deployed, at(Place.ENDPOINT, (TRAFFIC, "running"), instances=1))
    for tour in (deployed, loaded):
        for place in (Place.OPERATION, Place.ENDPOINT, Place.TRAFFIC):
            assert "othing scales" in said(tour, place)
            assert "scales by itself" not in said(tour, place)
            assert "alarm" not in said(tour, place)
    scaled = after(loaded, Observation(Place.ENDPOINT, scales={E: True}))
    assert "raise the alarm" in said(scaled, Place.ENDPOINT)
    off = after(DEPLOYED, Observation(Place.ENDPOINT, scales={E: False, "b": True}))
    assert "Nothing scales it" in said(off, Place.ENDPOINT)


def test_beside_the_list_the_way_to_the_jobs_is_told() -> None:
    looked = after(Tour(), at(Place.JOB))
    assert said(looked, Place.BESIDE) == "<1> goes to the jobs; <D> on the best one plans its deployment."


def test_other_endpoints_count_for_nothing() -> None:
    other = [Work(kind, "another", "done") for kind in (TRAFFIC, VALIDATE, DELETE)]
    assert after(DEPLOYED, Observation(Place.ENDPOINT, other, {"another": 9})) == DEPLOYED


def test_steps_may_be_done_in_another_order() -> None:
    tour = after(DEPLOYED, at(Place.VALIDATE, (VALIDATE, "done")))
    assert tour.step is Step.SCALE
    assert Step.VALIDATE in tour.done
    deleted = after(DEPLOYED, at(Place.OPERATION, (DELETE, "done")))
    assert deleted.step is Step.DELETE, "what was deleted can neither scale nor be measured"


def test_a_deployment_that_fails_is_said_and_another_takes_its_place() -> None:
    tour = after(Tour(), at(Place.OPERATION, (DEPLOY, "running")))
    tour = after(tour, at(Place.OPERATION, (DEPLOY, "failed")))
    assert "did not get through" in said(tour, Place.OPERATION)
    tour = after(tour, Observation(Place.OPERATION, [Work(DEPLOY, E, "failed"), Work(DEPLOY, "second", "done")]))
    assert tour.endpoint == "second"
    assert "did not get through" not in said(tour, Place.OPERATION)
    assert after(tour, Observation(Place.OPERATION, [Work(DEPLOY, E, "failed")])).endpoint == "second"


def test_before_the_first_job_is_ranked_there_is_nothing_to_choose() -> None:
    tour = after(Tour(), Observation(Place.JOBS, ranked=False))
    assert "none has completed yet" in said(tour, Place.JOBS)
    tour = after(tour, Observation(Place.JOBS, ranked=True))
    assert "<home> goes to the best" in said(tour, Place.JOBS)


def test_at_aws_no_seconds_are_promised() -> None:
    tour = after(Tour(), at(Place.OPERATION, (DEPLOY, "running")))
    text = said(tour, Place.OPERATION, Pace(1.0, sandbox=False))
    assert "usually 9–11 minutes." in text
    assert "sandbox" not in text


works = st.builds(
    Work,
    st.sampled_from([DEPLOY, DELETE, TRAFFIC, VALIDATE, "update"]),
    st.sampled_from([E, "b"]),
    st.sampled_from(STATES),
    scales=st.sampled_from([None, True, False]),
)
observations = st.builds(
    Observation,
    st.sampled_from(Place),
    st.lists(works, max_size=4),
    st.dictionaries(st.sampled_from([E, "b"]), st.integers(0, 5)),
    st.sampled_from([None, True, False]),
    st.booleans(),
    st.dictionaries(st.sampled_from([E, "b"]), st.booleans()),
)


@given(st.lists(observations, max_size=12))
def test_what_is_done_stays_done_and_there_is_always_something_to_say_that_fits(history: list[Observation]) -> None:
    tour = Tour()
    for observation in history:
        before, tour = tour, after(tour, observation)
        assert before.done <= tour.done
        assert after(tour, replace(observation, works=())).done >= tour.done
        text = said(tour, observation.place)
        assert text
        steps = [(step, step in tour.done, step is tour.step) for step in STEPS]
        head, *lines = card_lines(steps, text.replace("<", "").replace(">", ""), 78)
        assert head.cell_length <= 78
        assert " ".join(line.plain for line in lines) == text.replace("<", "").replace(">", ""), "nothing is cut"
        assert len(lines) <= MOST_LINES


def test_where_the_name_is_typed_enter_leads_to_the_button_and_only_another_one_presses_it() -> None:
    assert "⏎ then goes to Delete, and another ⏎ presses it" in said(VALIDATED, Place.DELETE_PLAN)


@pytest.mark.parametrize("costs", [False, True])
def test_the_card_promises_no_key_that_is_typed_instead(costs: bool) -> None:
    head, *_ = card_lines([(Step.RANK, False, True)], "Do this.", 78, costs=costs, hides=False)
    assert "hides" not in head.plain
    assert ("costs" in head.plain) is costs


@pytest.mark.parametrize("width", [78, 118, 198])
@pytest.mark.parametrize("costs", [False, True])
def test_the_card_is_one_line_of_steps_with_the_way_to_hide_it(width: int, costs: bool) -> None:
    steps = [(step, step is Step.RANK, step is Step.DEPLOY) for step in STEPS]
    head, *_ = card_lines(steps, "Do this.", width, costs=costs)
    assert head.cell_length == width
    assert head.plain.startswith("Tour  ● rank  ◐ deploy  ○ scale  ○ validate  ○ delete")
    assert head.plain.endswith("t hides")
    assert ("costs" in head.plain) is costs
