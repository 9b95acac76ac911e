"""The reader of logs: the tail first, then what is added, and what was before when it is asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_core import logs
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.logs import LogReader, LogSnapshot
from tests.core.log_groups import GROUP, LogGroupAws


def messages(snapshot: LogSnapshot) -> list[str]:
    return [event.message for event in snapshot.events]


def test_the_tail_is_read_first_and_then_followed() -> None:
    aws = LogGroupAws(page_size=100)
    for n in range(2_500):
        aws.write(f"line {n}", ago=timedelta(days=3, seconds=-n))
    reader = LogReader(aws, GROUP)
    first = reader.read()
    assert messages(first) == [f"line {n}" for n in range(1_500, 2_500)]
    assert first.older
    aws.write("new")
    assert messages(reader.read())[-2:] == ["line 2499", "new"]
    again = reader.read()
    assert again.events is reader.read().events
    assert len(aws.asked) == 19 + 1 + 1 + 1  # ten pages and those between them, and one for each further look


def test_what_was_before_comes_when_it_is_wanted_until_there_is_no_more() -> None:
    aws = LogGroupAws(page_size=700)
    for n in range(2_300):
        aws.write(f"line {n}", ago=timedelta(seconds=2_300 - n))
    reader = LogReader(aws, GROUP)
    assert len(reader.read().events) == 1_000
    reader.want_older()
    assert len(reader.read().events) == 2_000
    reader.want_older()
    whole = reader.read()
    assert messages(whole) == [f"line {n}" for n in range(2_300)]
    assert not whole.older


def test_no_more_are_kept_than_that_and_those_are_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "KEPT", 50)
    monkeypatch.setattr(logs, "TAIL", 30)
    aws = LogGroupAws()
    aws.write(*(f"line {n}" for n in range(40)))
    reader = LogReader(aws, GROUP)
    reader.read()
    aws.write(*(f"line {n}" for n in range(40, 75)))
    full = reader.read()
    assert messages(full) == [f"line {n}" for n in range(25, 75)]
    assert full.full
    assert not full.older  # there are, but no more are kept


def test_after_more_than_can_be_kept_nothing_is_missing_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "KEPT", 50)
    monkeypatch.setattr(logs, "TAIL", 30)
    aws = LogGroupAws(page_size=20)
    aws.write("first")
    reader = LogReader(aws, GROUP)
    reader.read()
    aws.write(*(f"line {n}" for n in range(500)))
    assert messages(reader.read()) == [f"line {n}" for n in range(450, 500)]


def test_what_arrives_late_is_put_where_it_belongs() -> None:
    aws = LogGroupAws()
    aws.write("second")
    reader = LogReader(aws, GROUP)
    reader.read()
    aws.write("first", ago=timedelta(seconds=50), stream="AllTraffic/i-2")
    assert messages(reader.read()) == ["first", "second"]


def test_a_window_of_time_leaves_out_what_was_before() -> None:
    aws = LogGroupAws()
    aws.write("old", ago=timedelta(hours=2))
    aws.write("new", ago=timedelta(minutes=10))
    reader = LogReader(aws, GROUP, since=timedelta(hours=1))
    read = reader.read()
    assert (messages(read), read.older) == (["new"], True)
    reader.want_older()
    assert messages(reader.read()) == ["old", "new"]


def test_only_the_streams_that_are_asked_for() -> None:
    aws = LogGroupAws()
    aws.write("mine", stream="job-1/algo-1")
    aws.write("other", stream="job-10/algo-1")
    assert messages(LogReader(aws, GROUP, "job-1/").read()) == ["mine"]


def test_without_a_group_there_is_nothing_yet_and_it_comes_when_it_is_made() -> None:
    aws = LogGroupAws()
    aws.written = None
    reader = LogReader(aws, GROUP)
    assert reader.read().missing
    aws.write("hello")
    found = reader.read()
    assert (messages(found), found.missing) == (["hello"], False)


def test_who_may_not_read_it_is_told_what_to_ask_for() -> None:
    aws = LogGroupAws()
    aws.failure = ConsoleError(ErrorKind.DENIED, "not authorized", operation="logs:FilterLogEvents")
    with pytest.raises(ConsoleError) as denied:
        LogReader(aws, GROUP).read()
    assert denied.value.remedy == f"Ask for logs:FilterLogEvents on the log group {GROUP}."


def test_a_search_that_finds_nothing_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "PAGES", 3)
    aws = LogGroupAws(page_size=1)
    aws.write("a", "b", "c")
    read = LogReader(aws, GROUP).read()
    assert (messages(read), read.older, len(aws.asked)) == (["b", "c"], True, 3)


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 4)), max_size=30), st.integers(1, 7))
def test_however_it_is_written_each_event_is_there_once_in_order(writes: list[tuple[int, int]], size: int) -> None:
    aws = LogGroupAws(page_size=size)
    reader = LogReader(aws, GROUP)
    snapshot = reader.read()
    for seconds, count in writes:
        aws.noon.at += timedelta(seconds=seconds)
        aws.write(*["x"] * count)
        snapshot = reader.read()
    assert [event.id for event in snapshot.events] == [event["eventId"] for event in aws.written or ()]
