"""The wire: which service is meant, what is refused in which words, and what every reply carries."""

from __future__ import annotations

import gzip
import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.session import Session

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.server import Server
from cmapss_sandbox.services import Service
from cmapss_sandbox.wire import models
from cmapss_sandbox.wire.dispatch import application
from tests.sandbox.conftest import NOON, Installation

_TARGET = {"X-Amz-Target": "SageMaker.DescribeEndpoint", "Content-Type": "application/x-amz-json-1.1"}


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


class Wire:
    """A server with handlers of the test's own, and requests to it by hand."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self.operations: dict[str, dict[str, Any]] = {}
        self.server = Server(application(region, Services(self.operations)))
        self.server.start()

    def on(self, service: str, operation: str, handler: Any) -> None:
        self.operations.setdefault(service, {})[operation] = handler

    def send(
        self,
        service: str | None,
        method: str = "POST",
        path: str = "/",
        body: bytes = b"{}",
        headers: dict[str, str] | None = None,
    ) -> Reply:
        request = AWSRequest(method, self.server.url + path, headers or {}, body)
        if service is not None:
            SigV4Auth(Credentials("key", "secret"), service, "us-east-1").add_auth(request)
        return self.raw(method, path, body, dict(request.headers))

    def raw(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        reply = Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        connection.close()
        return reply


class Services(dict[str, Service]):
    """The services of a test, which may be given operations at any time."""

    def __init__(self, operations: dict[str, dict[str, Any]]) -> None:
        super().__init__()
        self._operations = operations

    def __contains__(self, name: object) -> bool:
        return name in self._operations

    def __getitem__(self, name: str) -> Service:
        return Service(name, self._operations[name])


@pytest.fixture
def wire(installation: Installation) -> Iterator[Wire]:
    wire = Wire(installation.region)
    yield wire
    wire.server.stop()


DESCRIBED = {
    "EndpointName": "a",
    "EndpointArn": "arn:aws:sagemaker:us-east-1:000000000000:endpoint/a",
    "EndpointStatus": "InService",
    "CreationTime": NOON,
    "LastModifiedTime": NOON,
}


def nothing(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    return {}


def test_botocore_still_chooses_the_protocols_that_the_wire_speaks(installation: Installation) -> None:
    assert models.PREFERRED_PROTOCOLS.keys() == installation.services.keys()
    session = Session()
    for service, protocol in models.PREFERRED_PROTOCOLS.items():
        assert session.get_service_model(service).resolved_protocol == protocol, service


def test_the_command_line_client_chooses_the_same_protocols() -> None:
    clidriver = pytest.importorskip("awscli.clidriver", reason="the AWS CLI is not installed")
    session = clidriver.create_clidriver().session
    for service, protocol in models.PREFERRED_PROTOCOLS.items():
        assert session.get_service_model(service).resolved_protocol == protocol, service


def test_every_service_is_told_by_the_name_it_signs_with() -> None:
    for service in models.PREFERRED_PROTOCOLS.keys() - {"sagemaker-runtime"}:
        signing_name = models.service_model(service).signing_name
        assert models.SIGNING_NAMES.get(signing_name, signing_name) == service


def test_every_handler_is_of_an_operation_of_its_service(installation: Installation) -> None:
    for service in installation.services.values():
        assert service.name in models.PREFERRED_PROTOCOLS
        assert service.operations.keys() <= set(models.service_model(service.name).operation_names)
        assert service.unlocked <= service.operations.keys()


def test_every_reply_carries_the_regions_time_speed_and_an_id(wire: Wire) -> None:
    wire.on("sagemaker", "DescribeEndpoint", nothing)
    wire.region.clock.set_speed(60)
    for reply in (
        wire.send("sagemaker", headers=_TARGET),
        wire.send(None),
        wire.send(None, "GET"),
        wire.send("nosuchservice"),
        wire.send("sts", body=b"Action=X", headers={"Content-Type": "application/x-www-form-urlencoded"}),
    ):
        assert parsedate_to_datetime(reply.headers["date"]) == NOON
        assert reply.headers["x-region-speed"] == "0"
        assert reply.headers["x-amzn-requestid"]
    wire.region.set_paused(False)
    assert wire.send(None, "GET").headers["x-region-speed"] == "60"


def test_all_that_is_wrong_is_told_at_once_in_awss_words(wire: Wire) -> None:
    wire.on("sagemaker", "CreateEndpointConfig", nothing)
    target = {**_TARGET, "X-Amz-Target": "SageMaker.CreateEndpointConfig"}
    variant = {"VariantName": "-", "InitialInstanceCount": 0}
    body = json.dumps({"EndpointConfigName": "a" * 64, "ProductionVariants": [variant]}).encode()
    reply = wire.send("sagemaker", body=body, headers=target)
    assert reply.status == 400
    assert reply.headers["x-amzn-errortype"] == "ValidationException"
    assert reply.document["__type"] == "ValidationException"
    message = reply.document["message"]
    assert message.startswith("4 validation errors detected: ")
    assert message.count("; Value ") == 3
    for part in (
        f"Value '{'a' * 64}' at 'endpointConfigName' failed to satisfy constraint: "
        "Member must have length less than or equal to 63",
        "Value '0' at 'productionVariants.1.member.initialInstanceCount' failed to satisfy constraint: "
        "Member must have value greater than or equal to 1",
        "Value '-' at 'productionVariants.1.member.variantName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: ",
    ):
        assert part in message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "The body is not a JSON document."),
        (b"", "The body is not a JSON document."),
        (b"\xff", "The body is not a JSON document."),
        (b'{"EndpointName": NaN}', "The body is not a JSON document."),
        (b'{"EndpointName": "\\ud800"}', "The body is not a JSON document."),
        (b'{"a": ' * 5000 + b"1" + b"}" * 5000, "The body nests deeper than 100 levels."),
        (b'{"a": ' * 200 + b"1" + b"}" * 200, "The body nests deeper than 100 levels."),
        (b"[]", "Start of list found where not expected"),
        (b'"name"', "Expected null"),
        (b'{"EndpointName": 5}', "NUMBER_VALUE can not be converted to a String"),
        (b'{"EndpointName": true}', "TRUE_VALUE can not be converted to a String"),
        (b'{"EndpointName": ["a"]}', "Start of list found where not expected"),
        (b'{"EndpointName": {}}', "Start of structure or map found where not expected."),
    ],
)
def test_what_cannot_be_read_is_a_serialization_exception(wire: Wire, body: bytes, message: str) -> None:
    wire.on("sagemaker", "DescribeEndpoint", nothing)
    reply = wire.send("sagemaker", body=body, headers=_TARGET)
    assert (reply.status, reply.document["__type"]) == (400, "SerializationException")
    assert reply.document["message"] == message


def test_gzipped_bodies_are_read_and_damaged_ones_refused(wire: Wire) -> None:
    names: list[str] = []

    def delete(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
        names.append(request["EndpointName"])
        return {}

    def sent(body: bytes, encoding: str = "gzip") -> Reply:
        headers = {**_TARGET, "X-Amz-Target": "SageMaker.DeleteEndpoint", "Content-Encoding": encoding}
        return wire.send("sagemaker", body=body, headers=headers)

    wire.on("sagemaker", "DeleteEndpoint", delete)
    packed = gzip.compress(b'{"EndpointName": "engines"}')
    in_two_parts = gzip.compress(b'{"EndpointName": ') + gzip.compress(b'"engines"}')
    assert [sent(packed).status, sent(in_two_parts).status, sent(packed, "GZIP").status] == [200, 200, 200]
    assert names == ["engines"] * 3
    for body in (packed[:-9], packed + b"more", b"plain", b""):
        assert sent(body).document["__type"] == "SerializationException"
    assert len(names) == 3


def test_an_unknown_operation_answers_once_and_is_not_retried(wire: Wire) -> None:
    wire.on("sagemaker", "DescribeEndpoint", nothing)
    session = Session()
    session.set_credentials("sandbox", "sandbox")
    client: Any = session.create_client(
        "sagemaker",
        region_name="us-east-1",
        endpoint_url=wire.server.url,
        config=Config(retries={"mode": "standard", "total_max_attempts": 3}),
    )
    with pytest.raises(ClientError, match="UnknownOperationException") as raised:
        client.list_apps()
    assert raised.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    client.close()


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {}),
        ("/", {"X-Amz-Target": ""}),
        ("/", {"X-Amz-Target": "DescribeAlarms."}),
        (
            "/service/GraniteServiceVersion20100801/operation/DescribeAlarms",
            {"Smithy-Protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"},
        ),
    ],
)
def test_what_names_no_operation_in_a_protocol_of_the_wire_is_refused(
    wire: Wire, path: str, headers: dict[str, str]
) -> None:
    wire.on("cloudwatch", "DescribeAlarms", nothing)
    reply = wire.send("monitoring", path=path, headers=headers)
    assert (reply.status, reply.document["__type"]) == (400, "UnknownOperationException")


def test_a_form_is_a_query_only_to_services_that_read_queries(wire: Wire) -> None:
    wire.on("sagemaker", "DescribeEndpoint", nothing)
    wire.on("sagemaker-runtime", "InvokeEndpoint", lambda region, request, context: {"Body": request["Body"]})
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = wire.send("sagemaker", body=b"Action=DescribeEndpoint", headers=form)
    assert (reply.status, reply.document["__type"]) == (400, "UnknownOperationException")
    invoked = wire.send("sagemaker", path="/endpoints/engines/invocations", body=b"1=2", headers=form)
    assert (invoked.status, invoked.body) == (200, b"1=2")


def test_errors_take_the_form_of_their_protocol(wire: Wire) -> None:
    def refuse(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
        raise AwsError("ModelError", "the model said <no>", 424, {"OriginalStatusCode": 415})

    wire.on("sts", "GetCallerIdentity", refuse)
    wire.on("cloudwatch", "DescribeAlarms", refuse)
    wire.on("sagemaker-runtime", "InvokeEndpoint", refuse)
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    for service, name in (("sts", "GetCallerIdentity"), ("monitoring", "DescribeAlarms")):
        reply = wire.send(service, body=f"Action={name}&Version=1".encode(), headers=form)
        assert reply.status == 424
        assert b"<Code>ModelError</Code><Message>the model said &lt;no&gt;</Message>" in reply.body
    json_reply = wire.send("monitoring", headers={"X-Amz-Target": "GraniteServiceVersion20100801.DescribeAlarms"})
    assert json_reply.headers["x-amzn-query-error"] == "ModelError;Sender"
    invoked = wire.send("sagemaker", path="/endpoints/engines/invocations", body=b"1,2")
    assert (invoked.status, invoked.headers["x-amzn-errortype"]) == (424, "ModelError")
    assert invoked.document["OriginalStatusCode"] == 415
    assert invoked.document["Message"] == "the model said <no>"


def test_an_answer_that_fits_its_shape_is_written(wire: Wire) -> None:
    wire.on("sagemaker", "DescribeEndpoint", lambda *_: dict(DESCRIBED))
    assert wire.send("sagemaker", body=b'{"EndpointName": "a"}', headers=_TARGET).status == 200


@pytest.mark.parametrize(
    "answer",
    [
        {"EndpointName": "a", "Colour": "red"},
        {"EndpointName": "a"},
        {"EndpointName": 5},
        {"EndpointStatus": b"x"},
        {**DESCRIBED, "EndpointStatus": "Asleep"},
        {**DESCRIBED, "ProductionVariants": [{"CurrentWeight": 1.0}]},
        {**DESCRIBED, "ProductionVariants": [None]},
    ],
)
def test_an_answer_that_does_not_fit_its_shape_is_a_failure_and_never_trimmed(
    wire: Wire, answer: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    wire.on("sagemaker", "DescribeEndpoint", lambda *_: answer)
    reply = wire.send("sagemaker", body=b'{"EndpointName": "a"}', headers=_TARGET)
    assert (reply.status, reply.document["__type"]) == (500, "InternalFailure")
    assert "Traceback" not in reply.document["message"]
    assert "WrongAnswerError" in caplog.text


def test_a_handler_that_fails_changes_nothing(wire: Wire) -> None:
    def fail(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
        region.table("things")["half"] = {}
        raise RuntimeError

    wire.on("sagemaker", "DescribeEndpoint", fail)
    assert wire.send("sagemaker", body=b'{"EndpointName": "a"}', headers=_TARGET).status == 500
    assert not wire.region.table("things")


def test_the_service_is_told_by_its_signature_in_header_or_query(wire: Wire) -> None:
    seen: list[RequestContext] = []

    def identify(region: Region, request: dict[str, Any], context: RequestContext) -> dict[str, Any]:
        seen.append(context)
        return {"Account": region.account, "Arn": "arn", "UserId": "user"}

    wire.on("sts", "GetCallerIdentity", identify)
    request = AWSRequest("POST", f"{wire.server.url}/?Action=GetCallerIdentity&Version=2011-06-15", {}, b"")
    SigV4QueryAuth(Credentials("presigned", "secret"), "sts", "eu-west-1").add_auth(request)
    url = urlsplit(str(request.url))
    assert wire.raw("POST", f"{url.path}?{url.query}", b"", {"X-Custom": "Yes"}).status == 200
    assert (seen[0].access_key, seen[0].region_name, seen[0].service) == ("presigned", "eu-west-1", "sts")
    assert seen[0].headers["x-custom"] == "Yes"


def test_without_a_signature_there_is_a_page_and_nothing_else(wire: Wire) -> None:
    page = wire.send(None, "GET")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"<h2>Endpoints</h2>" in page.body
    reply = wire.send(None, headers=_TARGET)
    assert (reply.status, reply.document["__type"]) == (403, "MissingAuthenticationTokenException")
    assert wire.send(None, "GET", "/elsewhere").status == 403


def test_the_clock_and_the_latency_are_set_by_control_calls(wire: Wire) -> None:
    def control(path: str, **asked: Any) -> Reply:
        return wire.send(None, "POST", f"/_sandbox/{path}", json.dumps(asked).encode())

    assert control("clock", advance_seconds=90).document["time"] == "2026-01-05T12:01:30+00:00"
    assert control("clock", speed=5).document["speed"] == 5
    assert control("clock", paused=False).document["paused"] is False
    assert control("latency", milliseconds=20).document["invoke_latency_milliseconds"] == 20
    assert wire.region.invoke_latency_seconds == 0.02
    told = wire.send(None, "GET", "/_sandbox").document
    assert (told["region"], told["speed"], told["paused"]) == ("us-east-1", 5, False)


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("clock", b'{"advance_seconds": -1}', "0 or more seconds"),
        ("clock", b'{"speed": 0}', "above 0"),
        ("clock", b'{"speed": "fast"}', "speed is a number, not 'fast'"),
        ("clock", b'{"paused": "yes"}', "paused is true or false"),
        ("clock", b'{"hurry": true}', "not hurry"),
        ("clock", b"{", "JSON object"),
        ("latency", b'{"milliseconds": -5}', "from 0 to 60000"),
        ("latency", b'{"seconds": 1}', "milliseconds"),
        ("wait", b'{"completed_training_jobs": 1}', "It is waited with"),
        ("wait", b'{"completed_training_jobs": 1, "seconds": 1e9}', "from 0 to 600"),
    ],
)
def test_wrong_control_calls_say_what_is_right(wire: Wire, path: str, body: bytes, message: str) -> None:
    before = wire.region.now()
    reply = wire.send(None, "POST", f"/_sandbox/{path}", body)
    assert reply.status == 400
    assert message in reply.document["error"]
    assert (wire.region.now(), wire.region.invoke_latency_seconds) == (before, 0.0)


def test_other_control_calls_are_not_found(wire: Wire) -> None:
    assert wire.send(None, "GET", "/_sandbox/clock").status == 404
    assert wire.send(None, "POST", "/_sandbox/nothing", b'{"a": 1}').status == 404


def test_a_server_whose_port_is_taken_says_so(wire: Wire) -> None:
    from cmapss_sandbox.errors import SandboxError

    with pytest.raises(SandboxError, match=f"Port {wire.server.port} cannot be used"):
        Server(lambda *_: [], wire.server.port)
