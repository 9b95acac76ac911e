"""The parts of an endpoint's screen, as text: alarms, activities, variants, cooldowns, and when to read again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.content import Content

from cmapss_core.alarm_history import AlarmStates
from cmapss_core.endpoints import Endpoint
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.explanation import explain
from cmapss_core.metrics import Points
from cmapss_core.rollout import Rollout
from cmapss_core.scaling import Scaling, ScheduledAction
from cmapss_core.watch import Watch
from cmapss_tui.screens.endpoint_known import Known
from cmapss_tui.screens.endpoint_panels import Stage, lane_legend, lanes
from cmapss_tui.screens.endpoint_reading import EndpointReading, moving, reading_interval, with_rollout
from cmapss_tui.widgets.activity_list import activity_line
from cmapss_tui.widgets.alarm_panel import alarm_line, breaching, label
from cmapss_tui.widgets.chart_scale import TimeAxis
from cmapss_tui.widgets.panel import at_both_ends, bar, columns
from cmapss_tui.widgets.rollout_panel import rolled_back_because, rollout_lines, tells
from cmapss_tui.widgets.variant_table import cooldowns, schedule_lines, variant_lines
from tests.tui.consoles import CANARY, ENDPOINT, MINUTE, NOW, activity, alarm, endpoint, metrics, scaling, watch


def points(*values: float) -> Points:
    """The newest minutes, oldest first."""
    return tuple((NOW - ago * MINUTE, value) for ago, value in zip(range(len(values), 0, -1), values, strict=True))


def test_an_alarm_counts_the_minutes_beyond_its_threshold() -> None:
    high = alarm("high", "OK", 10, 3)
    low = alarm("low", "OK", 9, 15)
    assert breaching(high, points(50, 50, 5, 12, 10.1)) == 2
    assert breaching(low, points(*[1] * 20, 9, 8.9)) == 14
    assert breaching(high, ()) == 0


@pytest.mark.parametrize(
    ("state", "shown"), [("ALARM", "▲ ALARM"), ("OK", "● OK"), ("INSUFFICIENT_DATA", "○ INSUFFICIENT_DATA")]
)
def test_an_alarm_says_its_state_in_a_glyph_and_a_word(state: str, shown: str) -> None:
    line = alarm_line(alarm("high", state, 10, 3), "AlarmHigh", points(1, 40, 40), 60, 9, len(state)).plain
    assert line.startswith("AlarmHigh")
    assert shown in line
    assert "2 of 3 above 10" in line


def test_an_alarm_of_a_metric_that_is_not_charted_counts_nothing() -> None:
    busy = replace(alarm("high", "OK", 5, 3), metric="ConcurrentRequestsPerModel", period_seconds=10)
    assert "3 × 10 s above 5" in alarm_line(busy, "AlarmHigh", points(40, 40, 40), 60, 9, 2).plain


def test_an_alarm_is_called_by_its_policy_and_its_variant() -> None:
    tracking = scaling().policies[0]
    stepping = replace(tracking, name="Invocations-StepPolicy", target=None)
    high = alarm("high", "OK", 10, 3)
    assert label(high, tracking) == "AlarmHigh"
    assert label(high, replace(stepping, alarm_names=(high.name,))) == "Invocations-StepPolicy"
    assert label(high, tracking, several=True) == "AllTraffic AlarmHigh"
    assert label(high, None, several=True) == "AlarmHigh"
    both = [label(alarm(side, "OK", 10, 3), stepping) for side in ("high", "low")]
    assert both == ["Invocations…pPolicy high", "Invocations…epPolicy low"]


@pytest.mark.parametrize(
    ("status", "ended", "says"),
    [
        ("Successful", timedelta(minutes=1), "took 2m00s"),
        ("InProgress", None, "running 3m00s"),
        ("Pending", None, "running 3m00s"),
        ("Failed", timedelta(minutes=1), "failed 2m00s"),
    ],
)
def test_an_activity_says_what_why_and_how_long(status: str, ended: timedelta | None, says: str) -> None:
    line = activity_line(activity(3 * MINUTE, ended, 5, status), NOW, 80).plain
    assert line.startswith("16:38:07")
    assert "desired instance count 5" in line
    assert "AlarmHigh" in line
    assert line.rstrip().endswith(says)


def test_an_activity_that_scaled_nothing_says_why() -> None:
    nothing = activity(MINUTE, MINUTE, 5, "Failed", reason="AlreadyAtMaxCapacity")
    line = activity_line(nothing, NOW, 64).plain
    assert "AlarmHigh  not scaled: already at max capacity" in line


def test_a_bound_that_was_set_is_its_own_cause() -> None:
    raised = replace(activity(MINUTE, None, 3, "InProgress"), cause="minimum capacity was set to 3")
    assert "min now 3" in activity_line(raised, NOW, 80).plain


@pytest.mark.parametrize("width", [76, 118, 198])  # of a terminal of 80 columns and more
def test_every_line_keeps_to_its_width(width: int) -> None:
    running = activity(MINUTE, None, 5, "InProgress")
    lines = [
        activity_line(running, NOW, width),
        activity_line(running, NOW, width // 2),
        *variant_lines(endpoint(), scaling(), NOW, width),
    ]
    assert [line.cell_length for line in lines if line.cell_length > width] == []
    assert lines[1].cell_length <= width // 2


def test_variants_show_counts_bounds_and_what_is_left_of_the_cooldowns() -> None:
    just_out = scaling(activities=[activity(3 * MINUTE, timedelta(seconds=10), 5, "Successful")])
    header, row = (line.plain for line in variant_lines(endpoint(), just_out, NOW, 118))
    assert header.split() == ["variant", "model", "type", "now", "want", "min–max", "weight", "cooldown"]
    assert row.split()[-4:] == ["out", "20s", "in", "–"]
    assert "1–5" in row


def test_a_cooldown_counts_down_from_the_end_of_an_activity_in_its_direction() -> None:
    just_in = scaling(activities=[activity(3 * MINUTE, timedelta(seconds=10), 3, "Successful", side="Low")])
    assert cooldowns(endpoint(), just_in, NOW)["AllTraffic"].plain == "out –  in 9m50s"
    assert cooldowns(endpoint(), just_in, NOW + MINUTE)["AllTraffic"].plain == "out –  in 8m50s"
    assert cooldowns(endpoint(), just_in, NOW + 11 * MINUTE)["AllTraffic"].plain == "out –  in –"
    never = scaling(activities=[])
    assert cooldowns(endpoint(), never, NOW)["AllTraffic"].plain == "out –  in –"
    held = replace(never, policies=(replace(never.policies[0], disable_scale_in=True),))
    assert cooldowns(endpoint(), held, NOW)["AllTraffic"].plain == "out –  in never"


def test_what_is_to_come_by_schedule_is_counted_down() -> None:
    nightly = ScheduledAction(
        name="night", variant="AllTraffic", schedule="rate(1 hour)", timezone=None, min=1, max=2, put=NOW - 50 * MINUTE
    )
    known = replace(scaling(), scheduled_actions=(nightly,))
    assert [line.plain for line in schedule_lines(known, NOW, 118)] == [
        "by schedule night sets 1–2 at 11-22 16:51, in 10m00s"
    ]
    assert list(schedule_lines(None, NOW, 118)) == []


@pytest.mark.parametrize(
    ("ways", "says"), [(("in", "out"), "suspended in, out"), (("in", "out", "scheduled"), "suspended")]
)
def test_what_is_suspended_is_said_instead_of_cooldowns(ways: Any, says: str) -> None:
    known = scaling()
    known = replace(known, targets=(replace(known.targets[0], suspended=ways),))
    row = list(variant_lines(endpoint(), known, NOW, 118))[1].plain
    assert row.rstrip().endswith(says)


def test_each_variant_has_a_line_of_its_own() -> None:
    alone = endpoint()
    other = replace(alone.variants[0], name="Challenger", weight=0.1, current_instances=1, desired_instances=1)
    lines = [
        line.plain for line in variant_lines(replace(alone, variants=(*alone.variants, other)), scaling(), NOW, 118)
    ]
    assert [line.split()[0] for line in lines] == ["variant", "AllTraffic", "Challenger"]
    assert "1–5" in lines[1]
    assert "1–5" not in lines[2]


def test_an_endpoint_without_scaling_has_no_cooldown() -> None:
    row = list(variant_lines(endpoint(), Scaling(), NOW, 118))[1].plain
    assert row.rstrip().endswith("–")


@given(
    st.lists(st.tuples(st.text(max_size=12), st.integers(0, 20)), min_size=1, max_size=6), st.sets(st.integers(0, 5))
)
def test_columns_are_as_wide_as_asked(cells: list[tuple[str, int]], right: set[int]) -> None:
    line = columns([Content(text) for text, _ in cells], [width for _, width in cells], right)
    assert line.cell_length == sum(width for _, width in cells) + 2 * (len(cells) - 1)


@given(st.floats(-2, 3), st.integers(0, 60))
def test_a_bar_is_as_wide_as_asked(share: float, width: int) -> None:
    assert cell_len(bar(share, width, "").plain) == width


def test_what_is_done_and_the_rest_of_a_bar_are_told_apart_without_colour() -> None:
    assert bar(0.25, 12, "").plain == "━━━╌╌╌╌╌╌╌╌╌"
    assert bar(0, 4, "").plain == "╌╌╌╌"
    assert bar(1, 4, "").plain == "━━━━"


def test_every_bar_of_an_alarm_is_in_the_legend_as_it_is_drawn() -> None:
    seen = watch()
    assert seen.scaling is not None
    states = tuple(
        AlarmStates(one.name, ((NOW - 50 * MINUTE, "ALARM"), (NOW - 20 * MINUTE, "OK"))) for one in seen.scaling.alarms
    )
    known = Known(watch=seen, endpoint=seen.endpoint, scaling=seen.scaling, alarm_states=states)
    stage = Stage(known, TimeAxis.fit(NOW, 60, window=60))
    drawn = lanes(stage, NOW)
    legend = lane_legend(stage, drawn)[0]
    told = {legend.plain[span.start]: span.style for span in legend.spans}
    for lane in drawn:
        for _, glyph, style in lane.cells:
            if glyph != "╌":  # which goes on from what is told
                assert told[glyph] == style, lane.label
    assert "█ ALARM" in legend.plain
    assert "▄ low ALARM" in legend.plain
    pointed = Stage(known, replace(stage.axis, cursor=20))
    assert "high █ ALARM  low ▄ ALARM" in lane_legend(pointed, drawn)[0].plain


def test_the_sentence_and_the_cooldowns_agree_between_readings() -> None:
    seen, moves = endpoint(current=3, desired=3), [activity(8 * MINUTE, 5 * MINUTE, 3, "Successful", side="Low")]
    given, idle = scaling(activities=moves), metrics(busy=0)
    told = explain(seen, given, idle, NOW)
    known = Known(endpoint=seen, scaling=given, recent=idle, explanation=told)
    for at, held in ((NOW, True), (NOW + 4 * MINUTE, True), (NOW + 6 * MINUTE, False)):
        left = cooldowns(seen, given, at)["AllTraffic"].plain
        assert ("cooldown until 16:46" in known.explained(at)) is held
        assert left.endswith("in –") is not held
    assert replace(known, explanation="Steady.").explained(NOW + 6 * MINUTE) == "Steady."


def test_two_ends_take_two_lines_where_one_is_too_narrow() -> None:
    left, right = Content("Delete cmapss"), Content("$1.15/h")
    assert [line.plain for line in at_both_ends(left, right, 30)] == ["Delete cmapss" + " " * 10 + "$1.15/h"]
    assert [line.plain for line in at_both_ends(left, right, 20)] == ["Delete cmapss", "$1.15/h"]


def test_a_part_that_fails_keeps_what_it_had() -> None:
    first = Known().with_reading(reading_of(watch()))
    throttled = ConsoleError(ErrorKind.THROTTLED, "Rate exceeded")
    later = watch(as_of=NOW + MINUTE, scaling=None, metrics=None, explanation="", error=throttled)
    second = first.with_reading(reading_of(later))
    assert second.as_of["endpoint"] == NOW + MINUTE
    for part in ("scaling", "metrics", "explanation"):
        assert getattr(second, part) == getattr(first, part)
        assert second.as_of[part] == NOW
        assert second.failures[part] is throttled
    assert "endpoint" not in second.failures
    assert second.with_reading(reading_of(watch())).failures == {}


def reading_of(seen: Watch) -> EndpointReading:
    return EndpointReading(
        as_of=seen.as_of,
        watch=seen,
        metrics=seen.metrics,
        metrics_as_of=seen.as_of if seen.metrics else None,
        alarm_states=(),
        error=seen.error,
        hourly_cost_usd_desired=1.15,
    )


def reading(**changes: object) -> EndpointReading:
    return EndpointReading(as_of=NOW, watch=watch(**changes))


STILL = {"endpoint": endpoint(current=3, desired=3), "scaling": scaling(activities=[])}


@pytest.mark.parametrize(
    ("seen", "is_moving"),
    [
        (reading(**STILL), False),
        (reading(**{**STILL, "endpoint": endpoint(current=3, desired=5)}), True),
        (reading(**{**STILL, "endpoint": endpoint(status="Creating", current=3, desired=3)}), True),
        (reading(**{**STILL, "scaling": scaling()}), True),
        (reading(endpoint=None), False),
    ],
)
def test_what_moves_is_read_often(seen: EndpointReading, is_moving: bool) -> None:
    assert moving(seen.watch) is is_moving
    assert reading_interval(seen, 1.0) == (15.0 if is_moving else 60.0)
    assert reading_interval(seen, 60.0) == (1.0 if is_moving else 2.0)


@given(st.floats(0.01, 10_000))
def test_intervals_stay_within_their_bounds(speed: float) -> None:
    assert reading_interval(None, speed) >= 1.0
    assert 2.0 <= reading_interval(reading(**STILL), speed) <= 60.0


def test_the_metrics_of_these_tests_are_a_minute_apart() -> None:
    series = metrics().points("invocations")
    assert {later[0] - earlier[0] for earlier, later in pairwise(series)} == {MINUTE}


def test_a_rollout_is_remembered_from_its_stages_to_its_end() -> None:
    before = replace(endpoint(), config="config-of-before")
    under_way = replace(before, rollout=CANARY)
    shifting = replace(CANARY, variants=(replace(CANARY.variants[0], stage="ActivatingTraffic", since=NOW),))
    seen = with_rollout((), before, NOW)
    assert seen == ()
    seen = with_rollout(with_rollout(seen, under_way, NOW), replace(before, rollout=shifting), NOW + MINUTE)
    assert [(one.started, one.ended, [stage for _, stage in one.stages]) for one in seen] == [
        (CANARY.started, None, ["Baking", "ActivatingTraffic"])
    ]
    done = with_rollout(seen, replace(before, config="config-that-comes"), NOW + 2 * MINUTE)
    assert (done[0].ended, done[0].taken_back) == (NOW + 2 * MINUTE, False)
    assert with_rollout(seen, before, NOW + 2 * MINUTE)[0].taken_back
    again = with_rollout(done, replace(before, rollout=replace(CANARY, config="another")), NOW + 3 * MINUTE)
    assert [one.config for one in again] == ["config-that-comes", "another"]


def told(one: Endpoint, ended: Rollout | None = None, width: int = 118) -> str:
    """What the panel of roll-outs says of an endpoint."""
    return "\n".join(line.plain.rstrip() for line in rollout_lines(one, ended, NOW, width))


@pytest.mark.parametrize("width", [74, 118, 198])
def test_a_rollout_says_how_it_goes_how_far_it_is_and_what_takes_it_back(width: int) -> None:
    under_way = replace(endpoint(status="Updating", current=3), rollout=CANARY)
    assert tells(under_way, None)
    text = told(under_way, width=width)
    assert "◐ canary of 1 instance, 300 s for 6m00s" in text
    assert "config-of-before → config-that-comes" in text.replace("\n", " ")
    assert "baking 2m00s" in text
    assert "rolls back on engines-5xx" in text
    assert max(map(len, text.splitlines())) <= width
    if width > 100:
        assert "old 3 × ml.m5.xlarge → new 1 of 3 × ml.c5.xlarge" in text
        assert "Monitoring the alarms" in text


@pytest.mark.parametrize("names", [(), (f"cmapss-console-{ENDPOINT}-stop-2026",)])
def test_a_rollout_that_no_alarm_watches_says_so(names: tuple[str, ...]) -> None:
    assert "⚠ no alarm would roll it back" in told(replace(endpoint(), rollout=replace(CANARY, alarms=names)))


def test_what_a_rollout_does_not_change_is_not_repeated() -> None:
    same = replace(CANARY, variants=(replace(CANARY.variants[0], instance_type="ml.m5.xlarge"),))
    text = told(replace(endpoint(), rollout=replace(same, alarms=(f"cmapss-console-{ENDPOINT}-AllTraffic-errors",))))
    assert "old 3 → new 1 of 3 " in text
    assert text.endswith("rolls back on AllTraffic-errors")


def test_the_making_of_an_endpoint_replaces_nothing() -> None:
    made = replace(CANARY, former_config=None, alarms=())
    text = told(replace(endpoint(status="Creating", current=0), rollout=made))
    assert "old" not in text
    assert "→" not in text
    assert "alarm" not in text.replace("Monitoring the alarms", "")


def test_a_rollout_that_goes_back_says_to_what() -> None:
    back = replace(endpoint(status="RollingBack"), rollout=CANARY)
    assert "◐ rolling back to config-of-before" in told(back)


def test_how_the_last_rollout_ended_is_told() -> None:
    assert not tells(endpoint(), None)
    assert told(replace(endpoint(), config="config-that-comes"), CANARY) == "● config-that-comes is rolled out"
    elsewhere = told(replace(endpoint(), config="config-of-before"), CANARY)
    assert elsewhere == "⚠ config-that-comes is not in service: config-of-before is"
    reason = "The deployment was rolled back: the CloudWatch alarm(s) engines-5xx went into the ALARM state."
    assert tells(endpoint(reason=reason), None)
    assert told(endpoint(reason=reason), CANARY, 160) == f"✕ the last change was taken back: {reason}"
    mixed = endpoint(status="UpdateRollbackFailed", reason="no capacity")
    assert told(mixed) == "✕ the last change could not be taken back: no capacity"
    assert rolled_back_because(endpoint(status="Failed", reason="no capacity")) is None


def test_a_rollout_is_remembered_when_it_is_over_and_the_making_of_an_endpoint_is_not() -> None:
    def seen(rollout: Rollout | None) -> EndpointReading:
        return EndpointReading(as_of=NOW, watch=watch(endpoint=replace(endpoint(), rollout=rollout)))

    assert Known().with_reading(seen(CANARY)).with_reading(seen(None)).rollout == CANARY
    assert Known().with_reading(seen(replace(CANARY, former_config=None))).rollout is None
