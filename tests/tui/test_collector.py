"""What the garbage collector is spared: once for each connection and whenever there is much more, never garbage."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from textual.app import App
from textual.message_pump import MessagePump

from cmapss_core.jobs import PAGE, JobsSnapshot
from cmapss_tui.collector import DUE, PAUSE_SECONDS, collect_in_pauses, spare, spare_no_longer
from cmapss_tui.jobs import desk
from cmapss_tui.jobs.desk import JobDesk
from tests.tui.consoles import DeafAws, until
from tests.tui.jobs_made import jobs, snapshot


class Ring:
    """What only the collector frees."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def seen_again() -> Iterator[None]:
    """What a test spares is seen again after it."""
    yield
    gc.unfreeze()


class Reader:
    """Answers what the test says, in pages."""

    def __init__(self, _: Any, told: Any, counted: Any) -> None:
        self.answer: JobsSnapshot = snapshot(())
        self.pages = 1
        self.told, self.counted = told, counted

    def read(self) -> JobsSnapshot:
        for page in range(1, self.pages + 1):
            self.counted(min(page * PAGE, len(self.answer.jobs)), None)
        return self.answer


@pytest.fixture
def spared(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A number for each time that something was spared."""
    times: list[int] = []
    monkeypatch.setattr(desk, "JobsReader", Reader)
    monkeypatch.setattr(desk, "spare", lambda: times.append(len(times)))
    monkeypatch.setattr(desk, "post", lambda owner, message: None)
    return times


@pytest.mark.usefixtures("seen_again")
def test_what_is_garbage_by_then_is_freed_and_what_becomes_it_later_as_soon_as_it_is_spared_no_longer() -> None:
    spare()
    ring, kept = Ring(), Ring()
    left, stays = weakref.ref(ring), weakref.ref(kept)
    del ring
    spare()
    assert left() is None
    del kept
    gc.collect()
    assert stays() is not None
    spare_no_longer()
    gc.collect()
    assert stays() is None


def test_few_jobs_that_are_read_again_and_again_spare_once(spared: list[int]) -> None:
    read_by = JobDesk(MessagePump(), DeafAws())
    reader: Any = read_by._reader
    for count in (30, 30, 31, 45, PAGE, PAGE, 30):
        reader.answer = snapshot(jobs(count))
        read_by.read()
    assert len(spared) == 1


def test_many_jobs_spare_when_all_are_read_and_when_they_have_doubled(spared: list[int]) -> None:
    read_by = JobDesk(MessagePump(), DeafAws())
    reader: Any = read_by._reader
    reader.pages = 3
    times = []
    for count in (250, 250, 251, 499, 500, 501, 999, 1000):
        reader.answer = snapshot(jobs(count))
        read_by.read()
        times.append(len(spared))
    assert times == [2, 2, 2, 2, 3, 3, 3, 4]


@pytest.fixture
def thresholds() -> Iterator[None]:
    """What a test says of when to collect holds no longer after it."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("thresholds")
async def test_garbage_is_collected_when_no_key_has_come_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cmapss_tui.collector.PAUSE_SECONDS", 0.001)
    looked: list[float] = []
    pauses = [0.0]

    def pause() -> float:
        looked.append(pauses[0])
        return pauses[0]

    app: App[None] = App()
    async with app.run_test() as pilot:
        collect_in_pauses(app, pause)
        gc.collect()
        ring = Ring()
        left = weakref.ref(ring)
        del ring
        for _ in range(DUE):
            gc.collect(1)
        already = len(looked)
        await until(pilot, lambda: len(looked) > already + 2)
        kept = Ring()
        freed = weakref.ref(kept)
        for _ in range(DUE):
            gc.collect(1)  # it is old by now
        del kept
        assert freed() is not None
        assert left() is None
        pauses[0] = PAUSE_SECONDS
        await until(pilot, lambda: freed() is None)
