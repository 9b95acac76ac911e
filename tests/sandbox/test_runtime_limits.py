"""What can be set of an endpoint: how slow it or its model is, and how many invocations it takes a second."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cmapss_sandbox import control
from cmapss_sandbox.region import Region
from tests.sandbox.boosters import as_csv, random_rows, serve
from tests.sandbox.conftest import Clients
from tests.sandbox.invoking import invoke, metric

BODY = as_csv(random_rows(1))


@pytest.fixture
def runtime(clients: Clients, region: Region) -> Any:
    serve(clients("sagemaker"), region, seeds=(0, 1))
    return clients("sagemaker-runtime")


def asked(region: Region, name: str, **members: Any) -> tuple[int, dict[str, Any]]:
    """The status and the document that a control call answers."""
    reply = control.answer(region, "POST", f"/_sandbox/{name}", json.dumps(members).encode())
    return reply.status, json.loads(reply.body)


def seconds(runtime: Any, **members: Any) -> float:
    started = time.perf_counter()
    invoke(runtime, BODY, **members)
    return time.perf_counter() - started


def test_a_slow_variant_slows_nothing_else(clients: Clients, region: Region, runtime: Any) -> None:
    invoke(runtime, BODY, TargetVariant="v0")
    region.advance(60)
    status, told = asked(region, "latency", milliseconds=300, endpoint="engines", variant="v1")
    assert status == 200
    assert told["invocation_limits"]["latencies"] == [
        {"endpoint": "engines", "variant": "v1", "milliseconds": 300, "model_milliseconds": 0}
    ]
    assert seconds(runtime, TargetVariant="v1") >= 0.3
    invoke(runtime, BODY, TargetVariant="v0")
    region.advance(60)
    assert metric(clients, region, "OverheadLatency", "Minimum", "v1")[-1] >= 300_000
    assert metric(clients, region, "ModelLatency", "Maximum", "v1")[-1] < 300_000
    assert metric(clients, region, "OverheadLatency", "Maximum", "v0")[-1] < 300_000
    asked(region, "latency", milliseconds=0, endpoint="engines", variant="v1")
    assert asked(region, "invocation_rate", endpoint="engines", per_second=None)[1]["invocation_limits"] == {
        "latencies": [],
        "invocations_per_second": {},
    }


def test_a_slow_model_is_the_models_latency(clients: Clients, region: Region, runtime: Any) -> None:
    assert asked(region, "latency", model_milliseconds=50, endpoint="engines")[0] == 200
    invoke(runtime, BODY, TargetVariant="v0")
    region.advance(60)
    assert metric(clients, region, "ModelLatency", "Minimum", "v0")[-1] >= 50_000


def test_more_invocations_than_an_endpoint_takes_are_throttled(clients: Clients, region: Region, runtime: Any) -> None:
    serve(clients("sagemaker"), region, "other")
    assert asked(region, "invocation_rate", endpoint="engines", per_second=3)[0] == 200
    for _ in range(3):
        invoke(runtime, BODY)
    with pytest.raises(ClientError, match=r"\(ThrottlingException\).*Rate exceeded") as refusal:
        invoke(runtime, BODY)
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    invoke(runtime, BODY, EndpointName="other")
    region.advance(1)
    invoke(runtime, BODY)
    asked(region, "invocation_rate", endpoint="engines", per_second=None)
    for _ in range(5):
        invoke(runtime, BODY)


@pytest.mark.parametrize(
    ("name", "members", "said"),
    [
        ("latency", {"milliseconds": -1, "endpoint": "engines"}, "from 0 to 60000"),
        ("latency", {"milliseconds": "20", "endpoint": "engines"}, "is a number"),
        ("latency", {"milliseconds": 20, "variant": "v0"}, "The latency is set with"),
        ("latency", {"endpoint": "engines"}, "The latency is set with"),
        ("invocation_rate", {"endpoint": "engines"}, "The rate is set with"),
        ("invocation_rate", {"endpoint": "engines", "per_second": -1}, "The rate is set with"),
        ("invocation_rate", {"endpoint": "engines", "per_second": True}, "The rate is set with"),
    ],
)
def test_what_cannot_be_set_is_one_line(region: Region, name: str, members: dict[str, Any], said: str) -> None:
    status, told = asked(region, name, **members)
    assert status == 400
    assert said in told["error"]
    assert "\n" not in told["error"]
