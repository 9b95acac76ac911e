"""Reading in the background: one at a time, never late, never in the way of leaving."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App
from textual.message import Message

from cmapss_core.call_meter import CallMeter, Reading
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui.polling import Poller, ReadFailed, SnapshotRead, post, retry_seconds, run_in_thread
from tests.tui.consoles import until

NEVER = 1e6
AT_ONCE = 0.001


class Answered(Message):
    def __init__(self, result: object) -> None:
        super().__init__()
        self.result = result


class Watch:
    """A clock of this machine that the test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Owner(App[None]):
    """Keeps what it hears."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Any] = []

    def on_snapshot_read(self, message: SnapshotRead) -> None:
        self.heard.append((message.poller, message.snapshot))

    def on_read_failed(self, message: ReadFailed) -> None:
        self.heard.append((message.poller, message.error))

    def on_answered(self, message: Answered) -> None:
        self.heard.append(message.result)


class Source:
    """Answers 1, 2, 3 …; a read waits for `gate` while that is closed."""

    def __init__(self) -> None:
        self.asked = 0
        self.gate = threading.Event()
        self.gate.set()
        self.reading = threading.Event()
        self.threads: list[threading.Thread] = []

    def read(self) -> int:
        self.asked += 1
        number = self.asked
        self.threads.append(threading.current_thread())
        self.reading.set()
        assert self.gate.wait(10)
        return number


def poller(owner: Owner, source: Source, seconds: float = NEVER) -> Poller[int]:
    return Poller(owner, "numbers", source.read, lambda _: seconds)


async def test_it_reads_at_once_and_again_after_the_interval() -> None:
    owner, source = Owner(), Source()
    async with owner.run_test() as pilot:
        poller(owner, source, AT_ONCE).start()
        await until(pilot, lambda: len(owner.heard) >= 3)
        assert owner.heard[:3] == [("numbers", 1), ("numbers", 2), ("numbers", 3)]


async def test_the_interval_follows_from_the_last_answer() -> None:
    owner, source = Owner(), Source()
    async with owner.run_test() as pilot:
        polling = Poller(owner, "numbers", source.read, lambda number: NEVER if number == 2 else AT_ONCE)
        polling.start()
        await until(pilot, lambda: len(owner.heard) == 2)
        assert polling.interval == NEVER


async def test_one_read_is_in_flight_at_most() -> None:
    owner, source = Owner(), Source()
    source.gate.clear()
    async with owner.run_test() as pilot:
        polling = poller(owner, source)
        polling.start()
        polling.request()
        polling.request()
        assert polling.in_flight
        source.gate.set()
        await until(pilot, lambda: owner.heard == [("numbers", 1)])
        await pilot.pause()
        assert source.asked == 1


async def test_a_late_answer_is_dropped_and_the_new_question_is_asked_then() -> None:
    owner, source = Owner(), Source()
    source.gate.clear()
    async with owner.run_test() as pilot:
        polling = poller(owner, source)
        polling.start()
        polling.restart()
        source.gate.set()
        await until(pilot, lambda: bool(owner.heard))
        await pilot.pause()
        assert owner.heard == [("numbers", 2)]


async def test_a_stopped_poller_says_nothing_more() -> None:
    owner, source = Owner(), Source()
    source.gate.clear()
    async with owner.run_test() as pilot:
        polling = poller(owner, source, AT_ONCE)
        polling.start()
        polling.stop()
        source.gate.set()
        await until(pilot, lambda: not polling.in_flight)
        polling.request()
        await pilot.pause()
        assert owner.heard == []
        assert source.asked == 1


async def test_a_pause_stops_the_timer_but_not_a_request() -> None:
    owner, source = Owner(), Source()
    async with owner.run_test() as pilot:
        polling = poller(owner, source, AT_ONCE)
        polling.start()
        polling.pause()
        await until(pilot, lambda: owner.heard == [("numbers", 1)])
        await pilot.pause(0.05)
        assert source.asked == 1
        polling.request()
        await until(pilot, lambda: owner.heard[1:] == [("numbers", 2)])
        polling.resume()
        await until(pilot, lambda: len(owner.heard) >= 4)


async def test_an_error_that_is_foreseen_arrives_as_it_is_and_reading_goes_on() -> None:
    owner = Owner()
    error = ConsoleError(ErrorKind.THROTTLED, "slow down")
    answers: Iterator[ConsoleError | int] = iter([error, 1])

    def read() -> int:
        answer = next(answers, 2)
        if isinstance(answer, ConsoleError):
            raise answer
        return answer

    async with owner.run_test() as pilot:
        Poller(owner, "numbers", read, lambda _: AT_ONCE).start()
        await until(pilot, lambda: len(owner.heard) >= 2)
        assert owner.heard[:2] == [("numbers", error), ("numbers", 1)]


async def test_an_error_that_nobody_foresaw_is_named_and_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path))
    monkeypatch.setattr("cmapss_tui.polling._REPORTS", {})
    owner = Owner()

    def read() -> int:
        raise KeyError("Endpoints")

    async with owner.run_test() as pilot:
        Poller(owner, "numbers", read, lambda _: AT_ONCE).start()
        await until(pilot, lambda: len(owner.heard) >= 3)
        _, error = owner.heard[0]
        assert error.kind is ErrorKind.FAILED
        assert "KeyError: 'Endpoints'" in error.line()
        reports = list(tmp_path.rglob("crash-*"))
        assert len(reports) == 1  # not one for each attempt
        assert str(reports[0]) in error.line()
        assert "KeyError" in caplog.text


async def test_leaving_does_not_wait_for_a_read_that_hangs() -> None:
    owner, source = Owner(), Source()
    source.gate.clear()
    async with owner.run_test():
        poller(owner, source).start()
        assert source.reading.wait(10)
    (thread,) = source.threads
    assert thread.is_alive()
    assert thread.daemon
    source.gate.set()  # its answer finds nobody, and that is no error
    thread.join(10)
    assert not thread.is_alive()


async def test_a_message_to_an_owner_that_has_gone_is_nobodys_error() -> None:
    owner = Owner()
    async with owner.run_test():
        pass
    post(owner, Answered(1))
    assert owner.heard == []


async def test_work_done_once_comes_back_as_a_message() -> None:
    owner = Owner()
    async with owner.run_test() as pilot:
        run_in_thread(owner, lambda: 6 * 7, Answered, Answered)
        await until(pilot, lambda: owner.heard == [42])


async def test_work_that_fails_comes_back_as_an_error() -> None:
    owner = Owner()
    error = ConsoleError(ErrorKind.DENIED, "no")

    def denied() -> int:
        raise error

    async with owner.run_test() as pilot:
        run_in_thread(owner, denied, Answered, Answered)
        run_in_thread(owner, lambda: 1 // 0, Answered, Answered)
        await until(pilot, lambda: len(owner.heard) == 2)
        assert error in owner.heard
        assert any("ZeroDivisionError" in heard.message for heard in owner.heard)


async def test_what_is_held_reads_nothing_and_goes_on_when_it_is_due() -> None:
    owner, source, watch = Owner(), Source(), Watch()
    async with owner.run_test() as pilot:
        polling = Poller(owner, "numbers", source.read, lambda _: 5.0, monotonic=watch)
        polling.start()
        await until(pilot, lambda: len(owner.heard) == 1)
        polling.hold()
        assert polling.seconds_to_next is None
        watch.now += 2
        polling.release()
        assert source.asked == 1  # it is two seconds old
        assert polling.seconds_to_next == pytest.approx(3.0)
        polling.hold()
        watch.now += 4
        polling.release()
        await until(pilot, lambda: len(owner.heard) == 2)


async def test_the_operator_s_pause_outlasts_a_look_elsewhere() -> None:
    owner, source, watch = Owner(), Source(), Watch()
    async with owner.run_test() as pilot:
        polling = Poller(owner, "numbers", source.read, lambda _: 5.0, monotonic=watch)
        polling.start()
        await until(pilot, lambda: len(owner.heard) == 1)
        polling.pause()
        polling.hold()
        watch.now += 60
        polling.release()
        await pilot.pause()
        assert source.asked == 1


class Allowance:
    """A pace that allows a reading when the test says so, and keeps what it was asked."""

    def __init__(self) -> None:
        self.meter = CallMeter()
        self.waits = 0.0
        self.asked_for: list[int] = []
        self.automatic: list[bool] = []

    def interval(self, own: float) -> float:
        return own

    def wait(self, calls: int) -> float:
        self.asked_for.append(calls)
        return self.waits

    def reading(self, *, automatic: bool) -> AbstractContextManager[Reading]:
        self.automatic.append(automatic)
        return self.meter.reading(automatic=automatic)


async def test_a_reading_that_is_due_waits_for_its_turn_and_one_that_is_asked_for_does_not() -> None:
    owner, pace = Owner(), Allowance()

    def read() -> int:
        for _ in range(4):
            pace.meter.count("sagemaker")
        return 1

    async with owner.run_test() as pilot:
        polling = Poller(owner, "numbers", read, lambda _: AT_ONCE, pace=pace)
        pace.waits = 0.001
        polling.start()
        await until(pilot, lambda: len(owner.heard) == 1)
        await until(pilot, lambda: polling.slowed and len(pace.asked_for) > 2)
        assert set(pace.asked_for) == {4}  # as many calls as the last reading took
        polling.request()
        await until(pilot, lambda: len(owner.heard) == 2)
        assert pace.automatic == [False, False]
        pace.waits = 0.0
        await until(pilot, lambda: len(owner.heard) >= 3)
        assert pace.automatic[2] is True
        assert not polling.slowed


intervals = st.floats(0.5, 600)


@given(intervals, st.integers(1, 50))
def test_what_is_away_is_looked_for_soon_and_throttling_slows_down(interval: float, failures: int) -> None:
    for kind in (ErrorKind.UNREACHABLE, ErrorKind.AUTH):
        wait = retry_seconds(ConsoleError(kind, "away"), interval, failures)
        assert min(interval, 5.0) <= wait <= max(5.0, min(interval, 15.0))
    throttled = retry_seconds(ConsoleError(ErrorKind.THROTTLED, "slower"), interval, failures)
    assert min(2 * interval, max(interval, 60.0)) <= throttled <= max(interval, 60.0)
    assert retry_seconds(ConsoleError(ErrorKind.DENIED, "no"), interval, failures) == interval
