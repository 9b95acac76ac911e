"""Log groups, streams and events through unmodified clients."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmapss_sandbox.region import Region
from cmapss_sandbox.services import logs as log_service
from tests.sandbox.awscli import run_aws
from tests.sandbox.conftest import NOON

NOON_MS = int(NOON.timestamp() * 1000)
GROUP, STREAM = "/shop/bench", "engine/1"
STREAM_OF_GROUP = {"logGroupName": GROUP, "logStreamName": STREAM}


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
    [brief] = written.describe_log_groups(logGroupNamePattern="bench")["logGroups"]
    assert brief == {name: group[name] for name in ("logGroupName", "arn", "creationTime")}
    assert written.describe_log_groups(logGroupNamePattern="BENCH")["logGroups"] == []
    assert written.describe_log_groups(logGroupIdentifiers=[GROUP, "/none"])["logGroups"] == [group]
    with pytest.raises(ClientError, match="are mutually exclusive parameters"):
        written.describe_log_groups(logGroupNamePattern="bench", logGroupNamePrefix="/shop")
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


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(1, 12), st.booleans())
def test_reading_on_in_either_direction_has_every_event_once(written: Any, size: int, from_head: bool) -> None:
    found: list[int] = []
    answer = written.get_log_events(**STREAM_OF_GROUP, limit=size, startFromHead=from_head)
    token_member = "nextForwardToken" if from_head else "nextBackwardToken"
    token = None
    while answer[token_member] != token:
        found = [*found, *messages(answer)] if from_head else [*messages(answer), *found]
        token = answer[token_member]
        answer = written.get_log_events(**STREAM_OF_GROUP, limit=size, nextToken=token, startFromHead=from_head)
    assert found == list(range(10))
    pages = written.get_paginator("filter_log_events").paginate(logGroupName=GROUP, PaginationConfig={"PageSize": size})
    assert [number for page in pages for number in messages(page)] == list(range(10))


def test_events_are_filtered_over_streams(logs: Any, region: Region) -> None:
    log_service.append(region, GROUP, "one", ["GET ok", "POST failed hard", "ping"])
    region.advance(1)
    log_service.append(region, GROUP, "two", ["POST ok", "GET failed"])

    def found(pattern: str = "", **members: Any) -> list[str]:
        answer = logs.filter_log_events(logGroupName=GROUP, filterPattern=pattern, **members)
        return [event["message"] for event in answer["events"]]

    assert found("failed") == ["POST failed hard", "GET failed"]
    assert found(logStreamNames=["two"]) == ["POST ok", "GET failed"]
    assert found(logStreamNamePrefix="o") == ["GET ok", "POST failed hard", "ping"]
    assert found(startTime=NOON_MS + 1000) == ["POST ok", "GET failed"]
    assert found(endTime=NOON_MS + 999) == found(logStreamNamePrefix="o")
    assert len(found(endTime=NOON_MS + 1000)) == 5, "the end is included"
    assert found(startTime=NOON_MS, startFromHead=False) == found()[::-1]
    assert len({event["eventId"] for event in logs.filter_log_events(logGroupName=GROUP)["events"]}) == 5
    with pytest.raises(ClientError, match="startTime on or after 2024"):
        found(startFromHead=False)
    with pytest.raises(ClientError, match="cannot be given together"):
        found(logStreamNames=["two"], logStreamNamePrefix="t")
    page = logs.filter_log_events(logGroupName=GROUP, limit=2)
    with pytest.raises(ClientError, match="The specified nextToken is invalid"):
        logs.filter_log_events(logGroupName=GROUP, limit=2, nextToken=page["nextToken"][:-4] + "AAAA")


def test_events_out_of_order_too_old_too_new_or_expired(written: Any) -> None:
    backwards = [{"timestamp": NOON_MS + milliseconds, "message": "x"} for milliseconds in (1, 0)]
    with pytest.raises(ClientError, match="must be in chronological order"):
        written.put_log_events(**STREAM_OF_GROUP, logEvents=backwards)
    times = [NOON - timedelta(days=15), NOON, NOON + timedelta(hours=3)]
    events = [{"timestamp": int(time.timestamp() * 1000), "message": "event 99"} for time in times]
    answer = written.put_log_events(**STREAM_OF_GROUP, logEvents=events)
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2}
    assert messages(written.get_log_events(**STREAM_OF_GROUP)).count(99) == 1
    span = [NOON_MS - 25 * 3_600_000, NOON_MS]
    with pytest.raises(ClientError, match="cannot span more than 24 hours"):
        written.put_log_events(**STREAM_OF_GROUP, logEvents=[{"timestamp": at, "message": "x"} for at in span])
    written.put_retention_policy(logGroupName=GROUP, retentionInDays=1)
    answer = written.put_log_events(**STREAM_OF_GROUP, logEvents=[{"timestamp": at, "message": "x"} for at in span])
    assert answer["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}


def test_what_is_too_large_is_refused_and_pages_hold_a_megabyte(written: Any) -> None:
    def put(*sizes: int) -> None:
        events = [{"timestamp": NOON_MS + 20_000, "message": "x" * size} for size in sizes]
        written.put_log_events(**STREAM_OF_GROUP, logEvents=events)

    with pytest.raises(ClientError, match="Log event too large: 1048577 bytes exceeds limit of 1048576"):
        put(1_048_576 - 25)
    with pytest.raises(ClientError, match="Upload too large: 1048652 bytes exceeds limit of 1048576"):
        put(600_000, 448_600)
    put(600_000, 448_000)
    put(600_000)
    newest = written.get_log_events(**STREAM_OF_GROUP)
    assert [len(event["message"]) for event in newest["events"]] == [448_000, 600_000]
    pages = written.get_paginator("filter_log_events").paginate(logGroupName=GROUP)
    assert [len(page["events"]) for page in pages] == [12, 1]


def test_what_is_older_than_the_retention_is_gone(written: Any, region: Region) -> None:
    with pytest.raises(ClientError, match=r"Value '2' at 'retentionInDays' failed to satisfy constraint"):
        written.put_retention_policy(logGroupName=GROUP, retentionInDays=2)
    written.put_retention_policy(logGroupName=GROUP, retentionInDays=1)
    [group] = written.describe_log_groups()["logGroups"]
    assert group["retentionInDays"] == 1
    region.clock.forward_to(NOON + timedelta(days=1, seconds=5))
    assert messages(written.get_log_events(**STREAM_OF_GROUP)) == [5, 6, 7, 8, 9]
    assert messages(written.filter_log_events(logGroupName=GROUP)) == [5, 6, 7, 8, 9]
    [stream] = written.describe_log_streams(logGroupName=GROUP)["logStreams"]
    assert stream["firstEventTimestamp"] == NOON_MS + 5000
    [group] = written.describe_log_groups()["logGroups"]
    assert group["storedBytes"] == 5 * (len("event 0") + 26)
    written.delete_retention_policy(logGroupName=GROUP)
    region.clock.forward_to(NOON + timedelta(days=9))
    assert len(messages(written.get_log_events(**STREAM_OF_GROUP))) == 5
    assert "retentionInDays" not in written.describe_log_groups()["logGroups"][0]


def test_tags_of_a_group_by_its_name_and_by_its_arn(logs: Any) -> None:
    logs.create_log_group(logGroupName=GROUP, tags={"team": "fleet"})
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:/shop/bench"
    logs.tag_resource(resourceArn=arn, tags={"stage": "test"})
    logs.tag_log_group(logGroupName=GROUP, tags={"team": "bench"})
    expected = {"team": "bench", "stage": "test"}
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == expected
    assert logs.list_tags_log_group(logGroupName=GROUP)["tags"] == expected
    logs.untag_resource(resourceArn=arn, tagKeys=["team"])
    logs.untag_log_group(logGroupName=GROUP, tags=["none"])
    assert logs.list_tags_log_group(logGroupName=GROUP)["tags"] == {"stage": "test"}
    with pytest.raises(ClientError, match=r"\(TooManyTagsException\)"):
        logs.tag_resource(resourceArn=arn, tags={f"k{number}": "v" for number in range(50)})
    with pytest.raises(ClientError, match=r"\(ResourceNotFoundException\)"):
        logs.list_tags_for_resource(resourceArn=f"{arn}2")


def test_a_group_is_meant_by_its_name_or_its_arn(written: Any) -> None:
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:/shop/bench"
    for identifier in (GROUP, arn):
        assert len(written.describe_log_streams(logGroupIdentifier=identifier)["logStreams"]) == 1
        assert len(written.filter_log_events(logGroupIdentifier=identifier)["events"]) == 10
    with pytest.raises(ClientError, match="failed to satisfy constraint"):  # as AWS asks, without the :* of a listing
        written.describe_log_streams(logGroupIdentifier=f"{arn}:*")
    for members in ({}, {"logGroupName": GROUP, "logGroupIdentifier": GROUP}):
        with pytest.raises(ClientError, match="Exactly one of logGroupName and logGroupIdentifier"):
            written.filter_log_events(**members)


def test_a_protected_group_is_not_deleted(logs: Any) -> None:
    logs.create_log_group(logGroupName=GROUP, deletionProtectionEnabled=True)
    with pytest.raises(ClientError, match=r"\(ValidationException\).*deletion protection"):
        logs.delete_log_group(logGroupName=GROUP)
    logs.put_log_group_deletion_protection(logGroupIdentifier=GROUP, deletionProtectionEnabled=False)
    logs.delete_log_group(logGroupName=GROUP)
    assert logs.describe_log_groups()["logGroups"] == []


def test_groups_are_described_by_fifty(logs: Any) -> None:
    for number in range(51):
        logs.create_log_group(logGroupName=f"/many/{number:02}")
    pages = [page["logGroups"] for page in logs.get_paginator("describe_log_groups").paginate()]
    assert [len(page) for page in pages] == [50, 1]
    with pytest.raises(ClientError, match="The specified nextToken is invalid"):
        logs.describe_log_groups(nextToken="bm9uc2Vuc2U=")


def test_queries_are_an_operation_that_this_region_does_not_know(written: Any) -> None:
    with pytest.raises(ClientError, match=r"\(UnknownOperationException\)"):
        written.start_query(logGroupName=GROUP, startTime=0, endTime=1, queryString="fields @message")


def test_the_command_line_reads_the_same(written: Any) -> None:
    told = run_aws(written.meta.endpoint_url, "logs", "filter-log-events", log_group_name=GROUP, page_size="3")
    assert messages(told) == list(range(10))


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
