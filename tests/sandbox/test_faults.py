"""Faults on demand, as unmodified clients meet them: each kind, for the requests that it is meant for and no others."""

from __future__ import annotations

import contextlib
import http.client
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from botocore.session import Session

from cmapss_sandbox.faults.fault import KINDS
from cmapss_sandbox.region import Region
from cmapss_sandbox.server import Server
from tests.sandbox.artefacts import make_endpoint
from tests.sandbox.conftest import Clients, Control
from tests.sandbox.enforced import refusal


@pytest.fixture
def impatient(server: Server, botocore_session: Session) -> Iterator[Any]:
    """A SageMaker client that waits a second for an answer, and tries once."""
    config = Config(read_timeout=1, retries={"total_max_attempts": 1, "mode": "standard"})
    client = botocore_session.create_client(
        "sagemaker", region_name=Region.name, endpoint_url=server.url, config=config
    )
    yield client
    client.close()


EVERY_SERVICE: dict[str, tuple[str, dict[str, Any]]] = {
    "sagemaker": ("list_endpoints", {}),
    "sagemaker-runtime": ("invoke_endpoint", {"EndpointName": "engines", "Body": b"1"}),
    "application-autoscaling": ("describe_scalable_targets", {"ServiceNamespace": "sagemaker"}),
    "cloudwatch": ("describe_alarms", {}),
    "logs": ("describe_log_groups", {}),
    "sts": ("get_caller_identity", {}),
    "pricing": ("get_products", {"ServiceCode": "AmazonSageMaker"}),
    "service-quotas": ("list_service_quotas", {"ServiceCode": "sagemaker"}),
}
SAID = {
    "throttling": {
        "": ("ThrottlingException", 400, "Rate exceeded"),
        "cloudwatch": ("Throttling", 400, "Rate exceeded"),
        "sts": ("Throttling", 400, "Rate exceeded"),
        "service-quotas": ("TooManyRequestsException", 400, "Rate exceeded"),
    },
    "internal-failure": {
        "": ("InternalFailure", 500, "unknown error, exception or failure"),
        "application-autoscaling": ("InternalServiceException", 500, "unknown error"),
        "cloudwatch": ("InternalServiceError", 500, "unknown error"),
        "pricing": ("InternalErrorException", 500, "unknown error"),
        "service-quotas": ("ServiceException", 500, "unknown error"),
    },
    "service-unavailable": {
        "": ("ServiceUnavailable", 503, "temporary failure"),
        "logs": ("ServiceUnavailableException", 503, "temporary failure"),
    },
    "expired-token": {
        "": ("ExpiredTokenException", 403, "The security token included in the request is expired"),
        "cloudwatch": ("ExpiredToken", 403, "The security token included in the request is expired"),
        "sts": ("ExpiredToken", 403, "The security token included in the request is expired"),
    },
    "access-denied": {
        "": ("AccessDeniedException", 400, "is not authorized to perform: "),
        "sagemaker-runtime": ("AccessDeniedException", 403, "sagemaker:InvokeEndpoint"),
        "cloudwatch": ("AccessDenied", 403, "cloudwatch:DescribeAlarms"),
        "sts": ("AccessDenied", 403, "sts:GetCallerIdentity"),
        "service-quotas": ("AccessDeniedException", 400, "servicequotas:ListServiceQuotas"),
    },
    "clock-skew": {
        "": ("InvalidSignatureException", 400, "- 5 min.)"),
        "sagemaker-runtime": ("InvalidSignatureException", 403, "- 5 min.)"),
        "cloudwatch": ("SignatureDoesNotMatch", 403, "- 15 min.)"),
        "sts": ("SignatureDoesNotMatch", 403, "- 15 min.)"),
    },
}


@pytest.mark.parametrize("kind", SAID)
def test_every_service_refuses_in_its_own_words(kind: str, clients: Clients, control: Control) -> None:
    assert control("faults", add={"kind": kind})[0] == 200
    for service, (call, members) in EVERY_SERVICE.items():
        code, status, part = SAID[kind].get(service, SAID[kind][""])
        said = refusal(getattr(clients(service), call), **members)
        assert said[:2] == (code, status), service
        assert part in said[2]


def test_access_denied_is_awss_sentence(clients: Clients, control: Control) -> None:
    control("faults", add={"kind": "access-denied"})
    user = "arn:aws:sts::000000000000:assumed-role/operator/sandbox"
    arn = "arn:aws:sagemaker:us-east-1:000000000000:endpoint"
    config = {"EndpointConfigName": "c"}
    for call, members, action, resource in (
        ("delete_endpoint", {"EndpointName": "E"}, "sagemaker:DeleteEndpoint", f" on resource: {arn}/e"),
        ("describe_endpoint_config", config, "sagemaker:DescribeEndpointConfig", f" on resource: {arn}-config/c"),
        ("list_endpoints", {}, "sagemaker:ListEndpoints", ""),
    ):
        assert refusal(getattr(clients("sagemaker"), call), **members)[2] == (
            f"User: {user} is not authorized to perform: {action}{resource} "
            f"because no identity-based policy allows the {action} action"
        )


def test_a_clock_that_is_off_is_told_with_both_times(clients: Clients, control: Control) -> None:
    stamp = r"(\d{8}T\d{6}Z)"
    control("faults", add={"kind": "clock-skew", "seconds": 1200})
    late = refusal(clients("sagemaker").list_endpoints)[2]
    match = re.fullmatch(rf"Signature expired: {stamp} is now earlier than {stamp} \({stamp} - 5 min\.\)", late)
    assert match is not None
    signed, limit, now = (datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) for text in match.groups())
    assert now - limit == timedelta(minutes=5)
    assert timedelta(seconds=1200) <= now - signed <= timedelta(seconds=1230)
    control("faults", clear=True)
    control("faults", add={"kind": "clock-skew", "seconds": -1200})
    early = refusal(clients("sagemaker").list_endpoints)[2]
    assert re.fullmatch(
        rf"Signature not yet current: {stamp} is still later than {stamp} \({stamp} \+ 5 min\.\)", early
    )


def test_a_clock_that_is_off_by_little_is_accepted(clients: Clients, control: Control) -> None:
    control("faults", add={"kind": "clock-skew", "seconds": 240})
    assert clients("sagemaker").list_endpoints()["Endpoints"] == []
    control("faults", add={"kind": "clock-skew", "seconds": 600})
    assert refusal(clients("sagemaker").list_endpoints)[0] == "InvalidSignatureException"
    assert clients("sts").get_caller_identity()["Account"] == Region.account


def test_what_is_refused_is_not_carried_out(clients: Clients, control: Control, region: Region) -> None:
    control("faults", add={"kind": "throttling", "operation": "sagemaker:CreateEndpoint", "count": 1})
    assert refusal(make_endpoint, sagemaker=clients("sagemaker"), region=region)[0] == "ThrottlingException"
    assert not region.table("endpoints")
    clients("sagemaker").create_endpoint(EndpointName="engines", EndpointConfigName="engines")
    assert list(region.table("endpoints")) == ["engines"]


def test_a_connection_dropped_before_leaves_nothing_and_one_dropped_after_leaves_all(
    clients: Clients, control: Control, region: Region
) -> None:
    sagemaker = clients("sagemaker")
    control("faults", add={"kind": "dropped-before", "operation": "sagemaker:CreateEndpoint", "count": 1})
    with pytest.raises(ConnectionClosedError):
        make_endpoint(sagemaker, region)
    assert not region.table("endpoints")
    control("faults", add={"kind": "dropped-after", "operation": "sagemaker:CreateEndpoint", "count": 1})
    with pytest.raises(ConnectionClosedError):
        sagemaker.create_endpoint(EndpointName="engines", EndpointConfigName="engines")
    # The client that tries again is told of what it did.
    with pytest.raises(ClientError, match="Cannot create already existing endpoint"):
        sagemaker.create_endpoint(EndpointName="engines", EndpointConfigName="engines")
    dropped = [call for call in region.calls if call.status == 0]
    assert [(call.operation, call.code) for call in dropped] == [("CreateEndpoint", "ConnectionDropped")] * 2


def test_the_answer_to_a_call_that_is_refused_is_lost_as_well(clients: Clients, control: Control) -> None:
    control("faults", add={"kind": "dropped-after", "operation": "sagemaker:DescribeEndpoint", "count": 1})
    with pytest.raises(ConnectionClosedError):
        clients("sagemaker").describe_endpoint(EndpointName="nobody")
    assert refusal(clients("sagemaker").describe_endpoint, EndpointName="nobody")[0] == "ValidationException"


def test_something_else_is_answered_after_the_call_was_carried_out(
    control: Control, server: Server, clients: Clients, region: Region
) -> None:
    control("faults", add={"kind": "unreadable", "operation": "sagemaker:CreateEndpointConfig", "count": 1})
    with contextlib.suppress(Exception):  # what a client makes of it is its own affair
        make_endpoint(clients("sagemaker"), region)
    assert list(region.table("endpoint_configs")) == ["engines"]
    assert [call.code for call in region.calls if call.operation == "CreateEndpointConfig"] == ["Unreadable"]

    control("faults", add={"kind": "unreadable", "operation": "sagemaker:ListEndpoints"})
    credential = "AWS4-HMAC-SHA256 Credential=sandbox/20260105/us-east-1/sagemaker/aws4_request, "
    headers = {
        "Authorization": f"{credential}SignedHeaders=host, Signature=x",
        "X-Amz-Target": "SageMaker.ListEndpoints",
        "Content-Type": "application/x-amz-json-1.1",
    }
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    bodies = set()
    for _ in range(60):
        connection.request("POST", "/", b"{}", headers)
        reply = connection.getresponse()
        assert reply.status == 200
        bodies.add(reply.read())
    connection.close()
    assert {b"", b"null", b"[]", b"{}"} < bodies
    assert any(body.startswith(b"<") for body in bodies)


def test_a_slow_answer_comes_after_the_call_was_carried_out(impatient: Any, control: Control, region: Region) -> None:
    control("faults", add={"kind": "slow", "operation": "sagemaker:CreateEndpointConfig", "milliseconds": 60_000})
    with pytest.raises(ReadTimeoutError):
        make_endpoint(impatient, region)
    assert list(region.table("endpoint_configs")) == ["engines"]
    control("faults", clear=True)


def test_what_waits_for_a_slow_answer_goes_on_when_the_fault_is_cleared(
    clients: Clients, control: Control, region: Region
) -> None:
    """As many requests as there are threads are slow, and still there is one to clear the fault."""
    control("faults", add={"kind": "slow", "operation": "sagemaker:ListEndpoints", "milliseconds": 300_000})
    sagemaker, answers = clients("sagemaker"), []
    waiting = [threading.Thread(target=lambda: answers.append(sagemaker.list_endpoints())) for _ in range(18)]
    started = time.monotonic()
    for thread in waiting:
        thread.start()
    while control("faults", clear=[])[1]["faults"][0]["hits"] < 10:
        assert time.monotonic() - started < 30
    control("faults", clear=True)
    for thread in waiting:
        thread.join(30)
    assert len(answers) == 18
    assert time.monotonic() - started < 60


def test_control_calls_and_the_page_are_never_struck(control: Control, server: Server) -> None:
    control("faults", add=[{"kind": kind, **({"milliseconds": 300_000} if kind == "slow" else {})} for kind in KINDS])
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", "/")
    assert connection.getresponse().status == 200
    connection.close()
    assert control("faults", clear=True)[0] == 200


def test_retries_of_a_client_get_through_a_share_of_faults(
    control: Control, server: Server, botocore_session: Session, region: Region
) -> None:
    control("faults", add={"kind": "throttling", "operation": "sagemaker:ListEndpoints", "count": 2})
    config = Config(retries={"total_max_attempts": 3, "mode": "standard"})
    client: Any = botocore_session.create_client(
        "sagemaker", region_name=Region.name, endpoint_url=server.url, config=config
    )
    answer = client.list_endpoints()
    client.close()
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    assert [call.status for call in region.calls] == [400, 400, 200]
