"""Log groups, streams and events through unmodified clients."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cmapss_sandbox.region import Region
from cmapss_sandbox.services import logs as log_service
from tests.sandbox.conftest import NOON, Clients

NOON_MS = int(NOON.timestamp() * 1000)
GROUP, STREAM = "/shop/bench", "engine/1"
STREAM_OF_GROUP = {"logGroupName": GROUP, "logStreamName": STREAM}


@pytest.fixture
def logs(clients: Clients) -> Any:
    return clients("logs")


@pytest.fixture
def written(logs: Any) -> Any:
    """A stream with the events 0 to 9, a second apart."""
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(**STREAM_OF_GROUP)
    events = [{"timestamp": NOON_MS + number * 1000, "message": f"event {number}"} for number in range(10)]
    logs.put_log_events(**STREAM_OF_GROUP, logEvents=events)
    return logs


def messages(answer: dict[str, Any]) -> list[int]:
    return [int(event["message"].removeprefix("event ")) for event in answer["events"]]


def test_groups_and_streams_are_made_once_and_described(written: Any) -> None:
    with pytest.raises(ClientError, match=r"\(ResourceAlreadyExistsException\)"):
        written.create_log_group(logGroupName=GROUP)
    with pytest.raises(ClientError, match=r"\(ResourceAlreadyExistsException\)"):
        written.create_log_stream(**STREAM_OF_GROUP)
    [group] = written.describe_log_groups(logGroupNamePrefix="/shop")["logGroups"]
    assert group["arn"] == "arn:aws:logs:us-east-1:000000000000:log-group:/shop/bench:*"
    assert (group["creationTime"], group["storedBytes"]) == (NOON_MS, 10 * (len("event 0") + 26))
    [stream] = written.describe_log_streams(logGroupName=GROUP)["logStreams"]
    assert stream["arn"] == "arn:aws:logs:us-east-1:000000000000:log-group:/shop/bench:log-stream:engine/1"
    assert (stream["firstEventTimestamp"], stream["lastEventTimestamp"]) == (NOON_MS, NOON_MS + 9000)
    assert written.describe_log_groups(logGroupNamePattern="BENCH")["logGroups"] == [group]
    assert written.describe_log_groups(logGroupNamePrefix="/other")["logGroups"] == []


def test_streams_by_name_or_by_last_event(written: Any, region: Region) -> None:
    for name, seconds in (("b", 100), ("a", 200)):
        written.create_log_stream(logGroupName=GROUP, logStreamName=name)
        events = [{"timestamp": NOON_MS + seconds * 1000, "message": "x"}]
        written.put_log_events(logGroupName=GROUP, logStreamName=name, logEvents=events)

    def names(**members: Any) -> list[str]:
        answer = written.describe_log_streams(logGroupName=GROUP, **members)
        return [stream["logStreamName"] for stream in answer["logStreams"]]

    assert names() == ["a", "b", STREAM]
    assert names(orderBy="LastEventTime", descending=True) == ["a", "b", STREAM]
    assert names(orderBy="LastEventTime") == [STREAM, "b", "a"]
    assert names(logStreamNamePrefix="eng") == [STREAM]
    with pytest.raises(ClientError, match=r"\(InvalidParameterException\)"):
        names(orderBy="LastEventTime", logStreamNamePrefix="eng")
    pages = written.get_paginator("describe_log_streams").paginate(logGroupName=GROUP, PaginationConfig={"PageSize": 2})
    assert [len(page["logStreams"]) for page in pages] == [2, 1]


def test_the_newest_events_come_first_and_tokens_lead_both_ways(written: Any) -> None:
    newest = written.get_log_events(**STREAM_OF_GROUP, limit=4)
    assert messages(newest) == [6, 7, 8, 9]
    older = written.get_log_events(**STREAM_OF_GROUP, limit=4, nextToken=newest["nextBackwardToken"])
    assert messages(older) == [2, 3, 4, 5]
    again = written.get_log_events(**STREAM_OF_GROUP, limit=4, nextToken=older["nextForwardToken"])
    assert messages(again) == [6, 7, 8, 9]
    end = written.get_log_events(**STREAM_OF_GROUP, nextToken=again["nextForwardToken"])
    assert (end["events"], end["nextForwardToken"]) == ([], again["nextForwardToken"])
    written.put_log_events(**STREAM_OF_GROUP, logEvents=[{"timestamp": NOON_MS + 10_000, "message": "event 10"}])
    assert messages(written.get_log_events(**STREAM_OF_GROUP, nextToken=end["nextForwardToken"])) == [10]
    head = written.get_log_events(**STREAM_OF_GROUP, limit=2, startFromHead=True)
    assert messages(head) == [0, 1]
    between = written.get_log_events(**STREAM_OF_GROUP, startTime=NOON_MS + 3000, endTime=NOON_MS + 5000)
    assert messages(between) == [3, 4]
    with pytest.raises(ClientError, match="The specified nextToken is invalid"):
        written.get_log_events(**STREAM_OF_GROUP, nextToken="f/1")


def test_events_are_filtered_over_streams_by_terms(logs: Any, region: Region) -> None:
    log_service.append(region, GROUP, "one", ["GET ok", "POST failed hard", "ping"])
    region.advance(1)
    log_service.append(region, GROUP, "two", ["POST ok", "GET failed"])

    def found(pattern: str, **members: Any) -> list[str]:
        answer = logs.filter_log_events(logGroupName=GROUP, filterPattern=pattern, **members)
        return [event["message"] for event in answer["events"]]

    assert found("failed") == ["POST failed hard", "GET failed"]
    assert found("POST failed") == ["POST failed hard"]
    assert found('"failed hard"') == ["POST failed hard"]
    assert found("POST -failed") == ["POST ok"]
    assert found("?ping ?ok") == ["GET ok", "ping", "POST ok"]
    assert found("", logStreamNames=["two"]) == ["POST ok", "GET failed"]
    assert found("", logStreamNamePrefix="o") == ["GET ok", "POST failed hard", "ping"]
    assert found("", startTime=NOON_MS + 1000) == ["POST ok", "GET failed"]
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP, PaginationConfig={"PageSize": 2})
    assert [len(page["events"]) for page in pages] == [2, 2, 1]
    for pattern in ("{ $.status = 404 }", '"unclosed'):
        with pytest.raises(ClientError, match=r"\(InvalidParameterException\)"):
            found(pattern)


def test_events_out_of_order_too_old_or_too_new(written: Any) -> None:
    backwards = [{"timestamp": NOON_MS + milliseconds, "message": "x"} for milliseconds in (1, 0)]
    with pytest.raises(ClientError, match="must be in chronological order"):
        written.put_log_events(**STREAM_OF_GROUP, logEvents=backwards)
    times = [NOON - timedelta(days=15), NOON, NOON + timedelta(hours=3)]
    events = [{"timestamp": int(time.timestamp() * 1000), "message": "event 99"} for time in times]
    answer = written.put_log_events(**STREAM_OF_GROUP, logEvents=events)
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2}
    assert messages(written.get_log_events(**STREAM_OF_GROUP)).count(99) == 1


def test_what_is_deleted_is_gone(written: Any, region: Region) -> None:
    written.delete_log_stream(**STREAM_OF_GROUP)
    with pytest.raises(ClientError, match="The specified log stream does not exist"):
        written.get_log_events(**STREAM_OF_GROUP)
    log_service.append(region, GROUP, STREAM, ["event 1"])
    written.delete_log_group(logGroupName=GROUP)
    for call in (written.describe_log_streams, written.delete_log_group, written.filter_log_events):
        with pytest.raises(ClientError, match=r"\(ResourceNotFoundException\).*The specified log group does not exist"):
            call(logGroupName=GROUP)
    log_service.append(region, GROUP, STREAM, ["event 2"])
    assert messages(written.get_log_events(**STREAM_OF_GROUP)) == [2]
