"""Faults on demand, as unmodified clients meet them: each kind, for the requests that it is meant for and no others."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from botocore.session import Session
from hypothesis import given, settings
from hypothesis import strategies as st

from cmapss_sandbox.faults.fault import KINDS, read_fault
from cmapss_sandbox.faults.selection import selects
from cmapss_sandbox.faults.standing import Faults
from cmapss_sandbox.region import Region
from cmapss_sandbox.server import Server
from cmapss_sandbox.wire.dispatch import application
from tests.sandbox.artefacts import make_endpoint
from tests.sandbox.conftest import Clients, Installation

Ask = Callable[..., Any]


@pytest.fixture
def server(installation: Installation) -> Iterator[Server]:
    server = Server(application(installation.region, installation.services))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def ask(server: Server) -> Ask:
    """Makes the control call `faults`; the answer's status and its document."""

    def asked(**what: Any) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request("POST", "/_sandbox/faults", json.dumps(what))
        response = connection.getresponse()
        document = json.loads(response.read())
        connection.close()
        return response.status, document

    return asked


@pytest.fixture
def impatient(server: Server, botocore_session: Session) -> Iterator[Any]:
    """A SageMaker client that waits a second for an answer, and tries once."""
    config = Config(read_timeout=1, retries={"total_max_attempts": 1, "mode": "standard"})
    client = botocore_session.create_client(
        "sagemaker", region_name=Region.name, endpoint_url=server.url, config=config
    )
    yield client
    client.close()


def refused(call: Callable[..., Any], **members: Any) -> tuple[str, int, str]:
    """The code, the status and the message that a call is refused with."""
    with pytest.raises(ClientError) as raised:
        call(**members)
    error, response = raised.value.response["Error"], raised.value.response["ResponseMetadata"]
    return error["Code"], response["HTTPStatusCode"], error.get("Message", "")


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
def test_every_service_refuses_in_its_own_words(kind: str, clients: Clients, ask: Ask) -> None:
    assert ask(add={"kind": kind})[0] == 200
    for service, (call, members) in EVERY_SERVICE.items():
        code, status, part = SAID[kind].get(service, SAID[kind][""])
        said = refused(getattr(clients(service), call), **members)
        assert said[:2] == (code, status), service
        assert part in said[2]


def test_access_denied_is_awss_sentence(clients: Clients, ask: Ask) -> None:
    ask(add={"kind": "access-denied"})
    user = "arn:aws:sts::000000000000:assumed-role/operator/sandbox"
    arn = "arn:aws:sagemaker:us-east-1:000000000000:endpoint"
    config = {"EndpointConfigName": "c"}
    for call, members, action, resource in (
        ("delete_endpoint", {"EndpointName": "E"}, "sagemaker:DeleteEndpoint", f" on resource: {arn}/e"),
        ("describe_endpoint_config", config, "sagemaker:DescribeEndpointConfig", f" on resource: {arn}-config/c"),
        ("list_endpoints", {}, "sagemaker:ListEndpoints", ""),
    ):
        assert refused(getattr(clients("sagemaker"), call), **members)[2] == (
            f"User: {user} is not authorized to perform: {action}{resource} "
            f"because no identity-based policy allows the {action} action"
        )


def test_a_clock_that_is_off_is_told_with_both_times(clients: Clients, ask: Ask) -> None:
    stamp = r"(\d{8}T\d{6}Z)"
    ask(add={"kind": "clock-skew", "seconds": 1200})
    late = refused(clients("sagemaker").list_endpoints)[2]
    match = re.fullmatch(rf"Signature expired: {stamp} is now earlier than {stamp} \({stamp} - 5 min\.\)", late)
    assert match is not None
    signed, limit, now = (datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) for text in match.groups())
    assert now - limit == timedelta(minutes=5)
    assert timedelta(seconds=1200) <= now - signed <= timedelta(seconds=1230)
    ask(clear=True)
    ask(add={"kind": "clock-skew", "seconds": -1200})
    early = refused(clients("sagemaker").list_endpoints)[2]
    assert re.fullmatch(
        rf"Signature not yet current: {stamp} is still later than {stamp} \({stamp} \+ 5 min\.\)", early
    )


def test_a_clock_that_is_off_by_little_is_accepted(clients: Clients, ask: Ask) -> None:
    ask(add={"kind": "clock-skew", "seconds": 240})
    assert clients("sagemaker").list_endpoints()["Endpoints"] == []
    ask(add={"kind": "clock-skew", "seconds": 600})
    assert refused(clients("sagemaker").list_endpoints)[0] == "InvalidSignatureException"
    assert clients("sts").get_caller_identity()["Account"] == Region.account


def test_what_is_refused_is_not_carried_out(clients: Clients, ask: Ask, region: Region) -> None:
    ask(add={"kind": "throttling", "operation": "sagemaker:CreateEndpoint", "count": 1})
    assert refused(make_endpoint, sagemaker=clients("sagemaker"), region=region)[0] == "ThrottlingException"
    assert not region.table("endpoints")
    clients("sagemaker").create_endpoint(EndpointName="engines", EndpointConfigName="engines")
    assert list(region.table("endpoints")) == ["engines"]


def test_a_connection_dropped_before_leaves_nothing_and_one_dropped_after_leaves_all(
    clients: Clients, ask: Ask, region: Region
) -> None:
    sagemaker = clients("sagemaker")
    ask(add={"kind": "dropped-before", "operation": "sagemaker:CreateEndpoint", "count": 1})
    with pytest.raises(ConnectionClosedError):
        make_endpoint(sagemaker, region)
    assert not region.table("endpoints")
    ask(add={"kind": "dropped-after", "operation": "sagemaker:CreateEndpoint", "count": 1})
    with pytest.raises(ConnectionClosedError):
        sagemaker.create_endpoint(EndpointName="engines", EndpointConfigName="engines")
    # The client that tries again is told of what it did.
    with pytest.raises(ClientError, match="Cannot create already existing endpoint"):
        sagemaker.create_endpoint(EndpointName="engines", EndpointConfigName="engines")
    dropped = [call for call in region.calls if call.status == 0]
    assert [(call.operation, call.code) for call in dropped] == [("CreateEndpoint", "ConnectionDropped")] * 2


def test_the_answer_to_a_call_that_is_refused_is_lost_as_well(clients: Clients, ask: Ask) -> None:
    ask(add={"kind": "dropped-after", "operation": "sagemaker:DescribeEndpoint", "count": 1})
    with pytest.raises(ConnectionClosedError):
        clients("sagemaker").describe_endpoint(EndpointName="nobody")
    assert refused(clients("sagemaker").describe_endpoint, EndpointName="nobody")[0] == "ValidationException"


def test_a_slow_answer_comes_after_the_call_was_carried_out(impatient: Any, ask: Ask, region: Region) -> None:
    ask(add={"kind": "slow", "operation": "sagemaker:CreateEndpointConfig", "milliseconds": 60_000})
    with pytest.raises(ReadTimeoutError):
        make_endpoint(impatient, region)
    assert list(region.table("endpoint_configs")) == ["engines"]
    ask(clear=True)


def test_what_waits_for_a_slow_answer_goes_on_when_the_fault_is_cleared(
    clients: Clients, ask: Ask, region: Region
) -> None:
    """As many requests as there are threads are slow, and still there is one to clear the fault."""
    ask(add={"kind": "slow", "operation": "sagemaker:ListEndpoints", "milliseconds": 300_000})
    sagemaker, answers = clients("sagemaker"), []
    waiting = [threading.Thread(target=lambda: answers.append(sagemaker.list_endpoints())) for _ in range(18)]
    started = time.monotonic()
    for thread in waiting:
        thread.start()
    while ask(clear=[])[1]["faults"][0]["hits"] < 10:
        assert time.monotonic() - started < 30
    ask(clear=True)
    for thread in waiting:
        thread.join(30)
    assert len(answers) == 18
    assert time.monotonic() - started < 60


def test_faults_are_listed_and_removed(ask: Ask, server: Server) -> None:
    _, document = ask(
        add=[
            {"kind": "throttling", "operation": "sagemaker:Describe*", "share": 0.25, "count": 3, "seed": 7},
            {"kind": "slow", "milliseconds": 20},
            {"kind": "clock-skew", "operation": "*:Describe*"},
        ]
    )
    assert document["added"] == document["faults"]
    throttling, slow, skew = document["faults"]
    assert throttling == {
        "id": 1,
        "kind": "throttling",
        "operation": "sagemaker:Describe*",
        "share": 0.25,
        "remaining": 3,
        "hits": 0,
        "seed": 7,
    }
    assert (slow["milliseconds"], slow["share"], slow["remaining"], slow["operation"]) == (20, 1, None, "*")
    assert skew["seconds"] == 3600
    assert [fault["id"] for fault in ask(clear=[2])[1]["faults"]] == [1, 3]
    status, refusal = ask(clear=[1, 2])
    assert (status, refusal["error"]) == (404, "There is no fault 2.")
    assert ask(clear=True)[1]["faults"] == []
    assert ask(add={"kind": "throttling"})[1]["added"][0]["id"] == 4


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"add": {"kind": "earthquake"}}, "kind is one of throttling, internal-failure,"),
        ({"add": {}}, "kind is one of"),
        ({"add": [1]}, "A fault is added with"),
        ({"add": "throttling"}, "A fault is added with"),
        ({"add": {"kind": "throttling", "share": 1.5}}, "share is from 0 to 1, not 1.5"),
        ({"add": {"kind": "throttling", "share": "all"}}, "share is a number, not 'all'"),
        ({"add": {"kind": "throttling", "count": 0}}, "count is a whole number from 1 to"),
        ({"add": {"kind": "throttling", "count": True}}, "count is a whole number"),
        ({"add": {"kind": "throttling", "seed": -1}}, "seed is a whole number from 0"),
        (
            {"add": {"kind": "throttling", "milliseconds": 5}},
            "throttling knows kind, operation, share, count, seed, not",
        ),
        ({"add": {"kind": "slow"}}, "needs its milliseconds"),
        ({"add": {"kind": "slow", "milliseconds": 10**400}}, "milliseconds is from 1 to 300000"),
        ({"add": {"kind": "throttling", "operation": "CreateEndpoint"}}, "An operation is SERVICE:OPERATION"),
        ({"add": {"kind": "throttling", "operation": "lambda:Invoke"}}, "There is no service 'lambda'"),
        ({"add": {"kind": "throttling", "operation": "sagemaker:MakeEndpoint"}}, "has no operation 'MakeEndpoint'."),
        (
            {"add": {"kind": "throttling", "operation": "sagemaker:InvokeEndpoint"}},
            "sagemaker has no operation 'InvokeEndpoint'. It is sagemaker-runtime:InvokeEndpoint.",
        ),
        ({"add": {"kind": "throttling", "operation": 5}}, "operation is text"),
        ({"clear": "everything"}, "Faults are cleared with"),
        ({"clear": [True]}, "Faults are cleared with"),
        ({"add": {"kind": "throttling"}, "clear": True}, "not both"),
        ({"set": []}, "faults knows add, clear, not set."),
        ({"add": [{"kind": "throttling"}] * 101}, "at most 100 faults"),
    ],
)
def test_wrong_faults_say_what_is_right_and_set_none(ask: Ask, asked: dict[str, Any], message: str) -> None:
    status, document = ask(**asked)
    assert status == 400
    assert message in document["error"]
    assert ask(clear=[])[1]["faults"] == []


def test_of_several_faults_either_all_are_set_or_none(ask: Ask) -> None:
    assert ask(add=[{"kind": "throttling"}, {"kind": "slow"}])[0] == 400
    assert ask(clear=[])[1]["faults"] == []


def test_control_calls_and_the_page_are_never_struck(ask: Ask, server: Server) -> None:
    ask(add=[{"kind": kind, **({"milliseconds": 300_000} if kind == "slow" else {})} for kind in KINDS])
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", "/")
    assert connection.getresponse().status == 200
    connection.close()
    assert ask(clear=True)[0] == 200


def test_retries_of_a_client_get_through_a_share_of_faults(
    ask: Ask, server: Server, botocore_session: Session, region: Region
) -> None:
    ask(add={"kind": "throttling", "operation": "sagemaker:ListEndpoints", "count": 2})
    config = Config(retries={"total_max_attempts": 3, "mode": "standard"})
    client: Any = botocore_session.create_client(
        "sagemaker", region_name=Region.name, endpoint_url=server.url, config=config
    )
    answer = client.list_endpoints()
    client.close()
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    assert [call.status for call in region.calls] == [400, 400, 200]


_SHARES = st.floats(0, 1)
_SEEDS = st.integers(0, 2**32 - 1)


@given(_SHARES, _SEEDS, st.integers(1, 20) | st.none(), st.integers(1, 60))
def test_the_same_seed_strikes_the_same_requests(share: float, seed: int, count: int | None, requests: int) -> None:
    asked = {"kind": "throttling", "operation": "sagemaker:*", "share": share, "seed": seed, "count": count}

    def struck() -> list[bool]:
        faults = Faults()
        faults.add([asked])
        hits = []
        for number in range(requests):
            hits.append(bool(faults.strike("sagemaker", "ListEndpoints")))
            if number % 3 == 0:  # what it is not for makes no difference
                assert not faults.strike("sts", "GetCallerIdentity")
        assert faults.told()[0]["hits"] == sum(hits)
        return hits

    first = struck()
    assert first == struck()
    assert sum(first) <= (requests if count is None else count)
    assert share != 1 or sum(first) == min(requests, count or requests)
    assert share != 0 or not any(first)


@settings(max_examples=20)
@given(st.floats(0.05, 0.95), _SEEDS)
def test_a_share_is_about_that_share(share: float, seed: int) -> None:
    faults = Faults()
    faults.add([{"kind": "throttling", "share": share, "seed": seed}])
    hits = sum(bool(faults.strike("sagemaker", "ListEndpoints")) for _ in range(2000))
    assert abs(hits / 2000 - share) < 0.06


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(KINDS) | _JSON},
        optional=dict.fromkeys(("operation", "share", "count", "seed", "milliseconds", "seconds"), _JSON),
    )
)
def test_whatever_is_asked_is_a_fault_or_one_line(asked: dict[str, Any]) -> None:
    refusal = ""
    try:
        fault = read_fault(1, asked)
        assert 0 <= fault.share <= 1
        assert fault.kind in KINDS
    except ValueError as error:
        refusal = str(error)
    assert "\n" not in refusal
    assert len(refusal) < 1000


@pytest.mark.parametrize(
    ("selector", "service", "operation", "selected"),
    [
        ("*", "s3", "PutObject", True),
        ("sagemaker:*", "sagemaker", "CreateModel", True),
        ("sagemaker:*", "sagemaker-runtime", "InvokeEndpoint", False),
        ("sagemaker*:*", "sagemaker-runtime", "InvokeEndpoint", True),
        ("*:Describe*", "cloudwatch", "DescribeAlarms", True),
        ("sagemaker:Describe*", "sagemaker", "ListModels", False),
        ("sagemaker:createmodel", "sagemaker", "CreateModel", False),
    ],
)
def test_a_selector_means_operations_by_name_and_wildcard(
    selector: str, service: str, operation: str, selected: bool
) -> None:
    assert selects(selector, service, operation) is selected
