"""The region's clock and its timed events: no time passes here but what a test lets pass."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_sandbox.clock import RegionClock
from cmapss_sandbox.events import Ticker
from cmapss_sandbox.region import Region
from tests.sandbox.conftest import NOON


class Monotonic:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Region]:
    """A region without services, and so without recurring events."""
    region = Region(tmp_path / "state", paused=True, now=NOON, strict=True)
    yield region
    region.close()


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_the_clock_runs_at_its_speed_and_changes_it_without_a_jump() -> None:
    monotonic = Monotonic()
    clock = RegionClock(NOON, 60, monotonic=monotonic)
    monotonic.seconds += 10
    assert clock.now() == at(600)
    clock.set_speed(1)
    assert clock.now() == at(600)
    monotonic.seconds += 10
    assert clock.now() == at(610)
    clock.pause()
    monotonic.seconds += 100
    assert (clock.now(), clock.rate, clock.speed) == (at(610), 0.0, 1)
    assert clock.real_seconds_until(at(620)) is None
    clock.resume()
    monotonic.seconds += 1
    assert clock.now() == at(611)
    assert clock.real_seconds_until(at(621)) == 10
    assert clock.real_seconds_until(at(5)) == 0


@given(st.lists(st.tuples(st.sampled_from(["wait", "speed", "pause", "resume", "forward"]), st.floats(0.01, 1e4))))
def test_the_regions_time_never_runs_back(actions: list[tuple[str, float]]) -> None:
    monotonic = Monotonic()
    clock = RegionClock(NOON, 1, monotonic=monotonic)
    times = [clock.now()]
    for action, amount in actions:
        if action == "wait":
            monotonic.seconds += amount
        elif action == "speed":
            clock.set_speed(amount)
        elif action == "pause":
            clock.pause()
        elif action == "resume":
            clock.resume()
        else:
            clock.forward_to(at(amount))
        times.append(clock.now())
    assert all(before <= after for before, after in pairwise(times))


@pytest.mark.parametrize("speed", [0, -1, 1_000_001, float("inf"), float("nan")])
def test_a_speed_is_positive_and_one_at_which_the_years_do_not_run_out(speed: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        RegionClock(NOON, speed)


@given(st.lists(st.integers(0, 100), max_size=30), st.lists(st.integers(0, 40), min_size=1, max_size=6))
def test_events_run_in_order_each_at_its_own_time_however_time_is_advanced(
    tmp_path_factory: pytest.TempPathFactory, dues: list[int], steps: list[int]
) -> None:
    region = Region(tmp_path_factory.mktemp("region"), paused=True, now=NOON, strict=True)
    ran: list[tuple[datetime, int]] = []
    region.on("happens", lambda region, number: ran.append((region.now(), number)))
    for number, due in enumerate(dues):
        region.schedule(at(due), "happens", number=number)
    for step in steps:
        region.advance(step)
    end = sum(steps)
    expected = sorted((due, number) for number, due in enumerate(dues) if due <= end)
    assert ran == [(at(due), number) for due, number in expected]
    assert region.now() == at(end)
    region.close()


def test_an_event_may_schedule_the_next_and_may_be_cancelled(empty: Region) -> None:
    ran: list[datetime] = []

    def tick(region: Region) -> None:
        ran.append(region.now())
        region.schedule(region.now() + timedelta(seconds=60), "tick")

    empty.on("tick", tick)
    empty.on("never", lambda region: ran.clear())
    empty.schedule(at(60), "tick")
    empty.cancel(empty.schedule(at(90), "never"))
    empty.cancel("unknown")
    empty.advance(3600)
    assert ran == [at(60 * minute) for minute in range(1, 61)]


def test_an_event_that_fails_changes_nothing_and_does_not_come_back(tmp_path: Path) -> None:
    region = Region(tmp_path / "state", paused=True, now=NOON)
    table = region.table("things")

    def fail(region: Region) -> None:
        table["half"] = {"done": True}
        region.schedule(region.now(), "after")
        raise RuntimeError("halfway")

    ran: list[str] = []
    region.on("fails", fail)
    region.on("after", lambda region: ran.append("after"))
    region.on("next", lambda region: ran.append("next"))
    region.schedule(at(1), "fails")
    region.schedule(at(2), "next")
    region.advance(10)
    assert ran == ["next"]
    assert "half" not in table
    assert not region.table("timed_events")
    region.close()


def test_what_is_due_runs_before_anything_is_read(tmp_path: Path) -> None:
    region = Region(tmp_path / "state", speed=1000, now=NOON, strict=True)
    ran: list[datetime] = []
    region.on("happens", lambda region: ran.append(region.now()))
    region.schedule(NOON - timedelta(days=1), "happens")
    region.settle()
    assert ran == [NOON - timedelta(days=1)]
    region.close()


def test_the_ticker_sleeps_until_the_next_event_is_due(tmp_path: Path) -> None:
    region = Region(tmp_path / "state", speed=1000, now=NOON, strict=True)
    happened = threading.Event()
    region.on("happens", lambda region: happened.set())
    ticker = Ticker(region)
    ticker.start()
    region.schedule(region.now() + timedelta(hours=10), "happens")
    region.schedule(region.now() + timedelta(seconds=5), "happens")
    assert happened.wait(10)
    happened.clear()
    region.set_paused(True)
    region.schedule(region.now() + timedelta(seconds=1), "happens")
    region.set_speed(500_000)
    assert not happened.is_set()
    region.set_paused(False)
    assert happened.wait(10)
    ticker.stop()
    region.close()


def test_a_region_continues_at_the_later_of_its_own_time_and_this_machines(tmp_path: Path) -> None:
    region = Region(tmp_path / "state", paused=True, now=NOON)
    region.advance(3600)
    region.close()
    ahead = Region(tmp_path / "state", paused=True, now=NOON + timedelta(minutes=1))
    assert ahead.now() == at(3600)
    ahead.close()
    behind = Region(tmp_path / "state", paused=True, now=NOON + timedelta(days=1))
    assert behind.now() == at(86400)
    behind.close()
    assert Region(tmp_path / "other", now=datetime(2026, 1, 1, tzinfo=UTC)).now() < NOON


def killed_copy(region: Region, at: Path) -> Region:
    """A region that starts with the files of one that is killed at this moment."""
    shutil.copytree(region.state, at)
    return Region(at, paused=True, now=NOON)


def test_no_time_that_was_told_lies_ahead_of_a_region_that_was_killed(tmp_path: Path) -> None:
    region = Region(tmp_path / "state", speed=100_000, now=NOON, strict=True)
    for number in range(5):
        told = region.told_time()
        again = killed_copy(region, tmp_path / f"killed-{number}")
        assert told <= again.now()
        again.close()
    region.close()


def test_a_region_that_is_told_to_stop_goes_on_where_it_stopped(tmp_path: Path) -> None:
    region = Region(tmp_path / "state", speed=100_000, now=NOON, strict=True)
    region.told_time()
    region.set_paused(True)
    at = region.now()
    region.close()
    again = Region(tmp_path / "state", paused=True, now=NOON)
    assert again.now() == at
    again.close()


def test_telling_the_time_again_and_again_does_not_write_each_time(tmp_path: Path) -> None:
    region = Region(tmp_path / "state", speed=1, now=NOON, strict=True)
    region.told_time()
    first = region.table("region")["clock"]
    for _ in range(100):
        region.told_time()
    assert region.table("region")["clock"] == first
    region.close()
