"""What an endpoint's screen asks AWS for: nothing twice that cannot have changed, and no part stops another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from cmapss_core import alarm_history, pricing
from cmapss_core import metrics as core_metrics
from cmapss_core import watch as core_watch
from cmapss_core.alarm_history import AlarmStates
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.metrics import Metrics
from cmapss_core.scaling import Alarm
from cmapss_core.watch import Watch
from cmapss_tui.screens.endpoint_reading import EndpointReader
from cmapss_tui.screens.endpoint_view import View
from tests.tui.consoles import ENDPOINT, MINUTE, NOW, DeafAws, metrics, scaling, watch

DAY = View(window=24 * 60, width=50)


class Asked:
    """What was asked of AWS, call by call."""

    def __init__(self, aws: DeafAws) -> None:
        self.aws = aws
        self.minutes: list[int | None] = []
        self.between: list[tuple[datetime, datetime, int]] = []
        self.histories: list[tuple[str, datetime]] = []
        self.watch: Callable[[], Watch] = watch
        self.denied = False

    def read_watch(self, aws: Any, name: str, minutes: int, known: Metrics | None = None) -> Watch:
        self.minutes.append(None if known is not None else minutes)
        return replace(self.watch(), as_of=self.aws.still.at)

    def read_between(self, aws: Any, endpoint: Any, start: datetime, end: datetime, period: int = 60) -> Metrics:
        self.between.append((start, end, period))
        return metrics()

    def read_states(self, aws: Any, alarm: Alarm, start: datetime) -> AlarmStates:
        self.histories.append((alarm.name, start))
        if self.denied:
            raise ConsoleError(ErrorKind.DENIED, "not allowed", operation="cloudwatch:DescribeAlarmHistory")
        return AlarmStates(alarm.name, ((start, alarm.state),))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    given = Asked(DeafAws())
    monkeypatch.setattr(core_watch, "read_watch", given.read_watch)
    monkeypatch.setattr(core_metrics, "read_metrics_between", given.read_between)
    monkeypatch.setattr(alarm_history, "read_alarm_states", given.read_states)
    monkeypatch.setattr(pricing, "hourly_cost", lambda aws, counts: 1.15)
    return given


def test_an_hour_is_one_question_and_asked_once_a_minute(asked: Asked) -> None:
    reader = EndpointReader(asked.aws, ENDPOINT)
    for _ in range(3):
        assert reader.read(View(width=50)).metrics is not None
    asked.aws.still.at += MINUTE
    reader.read(View(width=50))
    assert asked.minutes == [60, None, None, 60]
    assert asked.between == []


def test_what_is_drawn_by_longer_periods_is_a_question_of_its_own(asked: Asked) -> None:
    reader = EndpointReader(asked.aws, ENDPOINT)
    reader.read(DAY)
    reader.read(DAY)
    axis = DAY.axis(NOW)
    assert asked.minutes == [30, None], "what explains is known by the minute"
    assert asked.between == [(axis.start, NOW.replace(second=0), axis.minutes_per_slot * 60)]


def test_three_hours_are_asked_for_by_the_minute_so_that_a_bar_of_two_keeps_its_peak(asked: Asked) -> None:
    view = View(window=180, width=46)
    assert view.axis(NOW).minutes_per_slot == 2
    EndpointReader(asked.aws, ENDPOINT).read(view)
    assert asked.minutes == [180]
    assert asked.between == []
    long_ago = replace(view, until=NOW - timedelta(days=20))
    EndpointReader(asked.aws, ENDPOINT).read(long_ago)
    axis = long_ago.axis(NOW)
    assert asked.between == [(axis.start, axis.end, 5 * 60)], "so long ago CloudWatch has one in five minutes"


def test_the_past_is_asked_for_once(asked: Asked) -> None:
    reader = EndpointReader(asked.aws, ENDPOINT)
    past = View(width=50, until=NOW - timedelta(hours=3))
    for _ in range(3):
        assert reader.read(past).metrics is not None
        asked.aws.still.at += MINUTE
    assert len(asked.between) == 1
    reader.read(past.panned(back=True, now=NOW, born=NOW - timedelta(days=9)))
    assert len(asked.between) == 2


def test_a_refresh_asks_for_everything(asked: Asked) -> None:
    reader = EndpointReader(asked.aws, ENDPOINT)
    reader.read(DAY)
    reader.forget()
    reader.read(DAY)
    assert asked.minutes == [30, 30]
    assert len(asked.between) == 2
    assert len(asked.histories) == 4


def test_the_history_of_an_alarm_is_asked_for_when_its_state_has_changed_or_more_of_it_is_shown(asked: Asked) -> None:
    reader = EndpointReader(asked.aws, ENDPOINT)
    reader.read(View(width=50))
    reader.read(View(width=50))
    assert len(asked.histories) == 2, "one for each alarm"
    known = scaling()
    changed = replace(known, alarms=(replace(known.alarms[0], state="OK"), *known.alarms[1:]))
    asked.watch = lambda: watch(scaling=changed)
    reading = reader.read(View(width=50))
    assert [name for name, _ in asked.histories[2:]] == [known.alarms[0].name]
    assert reading.alarm_states is not None
    assert [one.name for one in reading.alarm_states] == [alarm.name for alarm in known.alarms]
    reader.read(DAY)
    assert len(asked.histories) == 5


def test_a_history_that_is_denied_stops_nothing_else_and_is_not_asked_for_again_at_once(asked: Asked) -> None:
    reader = EndpointReader(asked.aws, ENDPOINT)
    asked.denied = True
    for _ in range(3):
        reading = reader.read(View(width=50))
        assert reading.error is None, "the screen's error line is for what it cannot do without"
        assert reading.alarm_states is None
        assert reading.failures["alarm_states"].kind is ErrorKind.DENIED
        assert reading.metrics is not None
    assert len(asked.histories) == 1
    asked.aws.still.at += 11 * MINUTE
    asked.denied = False
    assert reader.read(View(width=50)).alarm_states is not None


def test_charts_that_cannot_be_read_are_said_to_be_while_the_rest_is_there(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def throttled(*_: Any) -> Metrics:
        raise ConsoleError(ErrorKind.THROTTLED, "Rate exceeded", operation="cloudwatch:GetMetricData")

    monkeypatch.setattr(core_metrics, "read_metrics_between", throttled)
    reading = EndpointReader(asked.aws, ENDPOINT).read(DAY)
    assert reading.metrics is None
    assert reading.failures["metrics"].kind is ErrorKind.THROTTLED
    assert reading.error is not None
    assert reading.watch.explanation


def test_counts_that_were_read_stay_known_when_they_are_others(asked: Asked) -> None:
    seen = watch().endpoint
    assert seen is not None

    def with_count(count: int, modified: datetime) -> Watch:
        variants = (replace(seen.variants[0], current_instances=count, desired_instances=count),)
        return replace(watch(), endpoint=replace(seen, variants=variants, modified=modified))

    asked.watch = lambda: with_count(2, NOW - 12 * MINUTE)
    EndpointReader(asked.aws, ENDPOINT).read(View())
    asked.aws.still.at += 30 * MINUTE
    asked.watch = lambda: with_count(1, NOW + 25 * MINUTE)
    known = EndpointReader(asked.aws, ENDPOINT).read(View()).counts
    assert [(one.start, one.end, one.current) for one in known] == [
        (NOW - 12 * MINUTE, NOW, 2),
        (NOW + 25 * MINUTE, NOW + 30 * MINUTE, 1),
    ], "also to another screen of the same endpoint"
