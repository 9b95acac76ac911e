"""Load at a steady pace: as much as is asked for, for as long, and no longer where that is too much."""

from __future__ import annotations

import io
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.traffic import THREADS, TrafficReport, send_traffic
from tests.core.scripted import NOW, ScriptedAws

ROW = ",".join("1" * 25)


def serving(step_seconds: float) -> ScriptedAws:
    """An endpoint that answers at once; its time passes by so much whenever anybody looks at the clock."""
    endpoint = {
        "EndpointName": "ep",
        "EndpointArn": "arn:aws:sagemaker:us-east-1:000000000000:endpoint/ep",
        "EndpointStatus": "InService",
        "CreationTime": NOW,
        "LastModifiedTime": NOW,
    }

    def invoke(**_: Any) -> dict[str, Any]:
        return {"Body": io.BytesIO(b"100.0")}

    answers = {"sagemaker:DescribeEndpoint": endpoint, "sagemaker-runtime:InvokeEndpoint": invoke}
    return ScriptedAws(answers, step_seconds=step_seconds)


def test_a_rate_that_cannot_be_kept_ends_when_it_was_to() -> None:
    answered, told = threading.Semaphore(0), list[TrafficReport]()
    aws = serving(0.5)

    def slowly(**_: Any) -> dict[str, Any]:
        answered.acquire()
        return {"Body": io.BytesIO(b"100.0")}

    def tell(report: TrafficReport) -> None:
        told.append(report)
        answered.release()

    aws.answers["sagemaker-runtime:InvokeEndpoint"] = slowly
    report = send_traffic(aws, "ep", [ROW], 1e9, 4.0, on_progress=tell)
    assert report.finished
    assert (report.planned, report.failed) == (66_666_667, 0)
    # What is in flight at the tick after is waited for, and nothing else.
    in_time = next(place for place, one in enumerate(told) if one.elapsed_seconds >= 4.0)
    assert 0 < report.sent <= told[in_time + 1].sent + THREADS


@settings(max_examples=8, deadline=None)
@given(rate=st.integers(1, 600), seconds=st.sampled_from([1.0, 2.5, 6.0]))
def test_a_rate_that_can_be_kept_is_sent_to_the_last(rate: int, seconds: float) -> None:
    report = send_traffic(serving(0.4), "ep", [ROW], rate, seconds)
    assert (report.sent, report.failed) == (report.planned, 0)
    assert report.elapsed_seconds >= seconds


@pytest.mark.parametrize(("rate", "seconds"), [(1e308, 1e10), (float("inf"), 1.0), (float("nan"), 1.0), (0.0, 1.0)])
def test_what_is_no_load_is_refused(rate: float, seconds: float) -> None:
    with pytest.raises(ConsoleError, match="is no load") as caught:
        send_traffic(serving(0.4), "ep", [ROW], rate, seconds)
    assert caught.value.kind is ErrorKind.INVALID
