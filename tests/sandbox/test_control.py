"""Control calls: what they refuse, and whose requests are answered at all."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from typing import Any

import pytest
from botocore import xform_name
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.session import Session
from hypothesis import given
from hypothesis import strategies as st

from cmapss_sandbox.region import Region
from cmapss_sandbox.server import Server
from cmapss_sandbox.wire.models import service_model
from cmapss_sandbox.wire.requests import foreign
from tests.sandbox.conftest import NOON, Installation


class Door:
    """A server, and requests to it with any headers."""

    def __init__(self, server: Server) -> None:
        self.server = server

    @property
    def own(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)) as connection:
            connection.request(method, path, body, named)
            response = connection.getresponse()
            answer = response.read()
            is_json = "json" in str(response.getheader("Content-Type"))
            return response.status, json.loads(answer) if is_json and answer else answer

    def control(self, path: str, **asked: Any) -> tuple[int, Any]:
        return self.send("POST", f"/_sandbox/{path}", json.dumps(asked).encode())


@pytest.fixture
def door(server: Server) -> Door:
    return Door(server)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"advance_seconds": 31 * 86400 + 1}, "at most by 2678400"),
        ({"advance_seconds": 1e308}, "at most by 2678400"),
        ({"advance_seconds": 10**400}, "too large"),
        ({"advance_seconds": float("nan")}, "0 or more seconds"),
        ({"speed": float("inf")}, "above 0"),
        ({"speed": 1e12}, "above 0 and at most 1,000,000"),
        ({"speed": True}, "speed is a number, not True"),
        ({"speed": 5, "paused": 1}, "paused is true or false, not 1"),
        ({"speed": 5, "advance_seconds": -1}, "0 or more seconds"),
        ({"speed": -5, "paused": False}, "above 0"),
    ],
)
def test_a_clock_that_is_asked_for_nonsense_stays_as_it_is(
    door: Door, region: Region, asked: dict[str, Any], message: str
) -> None:
    status, refusal = door.control("clock", **asked)
    assert status == 400
    assert message in refusal["error"]
    assert (region.clock.now(), region.clock.speed, region.clock.paused) == (NOON, 1, True)


def test_the_clock_is_advanced_paused_and_set_to_a_speed(door: Door, region: Region) -> None:
    assert door.control("clock", speed=60, paused=False, advance_seconds=3600)[0] == 200
    assert (region.clock.speed, region.clock.paused) == (60, False)
    assert door.control("clock", paused=True)[1]["paused"] is True
    at = region.clock.now()
    told = door.control("clock", advance_seconds=60)[1]
    assert told["time"] == region.clock.now().isoformat()
    assert (region.clock.now() - at).total_seconds() == 60


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"null", b"[" * 30_000, b"\xff\xfe", b'{"speed": 1'])
def test_a_body_that_says_nothing_is_told_so(door: Door, body: bytes) -> None:
    status, refusal = door.send("POST", "/_sandbox/clock", body)
    assert (status, refusal["error"]) == (400, "The body is a JSON object that says what to do.")


def test_a_body_that_is_too_large_is_refused(door: Door) -> None:
    status, refusal = door.send("POST", "/_sandbox/clock", b'{"speed": ' + b" " * 70_000 + b"1}")
    assert status == 413
    assert "at most 65536 bytes" in refusal["error"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/_sandbox/clock"),
        ("GET", "/_sandbox/nothing"),
        ("POST", "/_sandbox/nothing"),
        ("POST", "/_sandbox"),
        ("DELETE", "/_sandbox/faults"),
        ("PUT", "/_sandbox/clock"),
        ("POST", "/_sandbox/clock/extra"),
    ],
)
def test_what_is_no_control_call_is_not_found(door: Door, method: str, path: str) -> None:
    status, refusal = door.send(method, path, b'{"speed": 5}')
    assert (status, refusal) == (404, {"error": f"There is no control call {method} {path}."})


def test_what_only_begins_like_a_control_call_is_none(door: Door) -> None:
    status, refusal = door.send("GET", "/_sandboxes")
    assert (status, refusal["__type"]) == (403, "MissingAuthenticationTokenException")


def test_no_page_of_another_site_reaches_a_control_call(door: Door, region: Region) -> None:
    asked = b'{"advance_seconds": 60}'
    for headers in (
        {"Origin": "https://evil.example", "Content_Type": "text/plain"},
        {"Origin": "null", "Content_Type": "text/plain"},
        {"Origin": f"http://localhost:{door.server.port}"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"},
        {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "navigate"},
        {"Host": "evil.example"},
        {"Host": f"evil.example:{door.server.port}", "Origin": f"http://evil.example:{door.server.port}"},
        {"Host": "127.0.0.1.evil.example"},
    ):
        status, refusal = door.send("POST", "/_sandbox/clock", asked, **headers)
        assert status == 403, headers
        assert refusal["error"].startswith("This sandbox answers")
    assert region.clock.now() == NOON
    assert (
        door.send("POST", "/_sandbox/clock", asked, Origin=f"http://{door.own}", Sec_Fetch_Site="same-origin")[0] == 200
    )


def test_no_page_of_another_site_reaches_aws_behind_the_port(door: Door) -> None:
    """A presigned request needs no header, so that a page could send one without asking."""
    url = f"{door.server.url}/?Action=DeleteAlarms&AlarmNames.member.1=a&Version=2010-08-01"
    request = AWSRequest("GET", url, {}, b"")
    SigV4QueryAuth(Credentials("key", "secret"), "monitoring", "us-east-1").add_auth(request)
    path = str(request.url).removeprefix(door.server.url)
    assert door.send("GET", path, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors")[0] == 403
    assert door.send("GET", path, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")[0] == 403
    assert door.send("POST", path, Origin="https://evil.example")[0] == 403
    assert door.send("GET", path, Host="evil.example")[0] == 403


def test_the_page_may_be_linked_to_and_the_sandbox_called_by_its_names(door: Door) -> None:
    port = door.server.port
    assert door.send("GET", "/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")[0] == 200
    assert door.send("GET", "/", Sec_Fetch_Site="none", Sec_Fetch_Mode="navigate")[0] == 200
    for host in (f"localhost:{port}", f"LOCALHOST:{port}", f"bucket.localhost:{port}", f"[::1]:{port}", "127.0.0.1"):
        assert door.send("GET", "/_sandbox", Host=host)[0] == 200, host


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40))
def test_whatever_is_no_name_of_this_machine_is_refused(host: str) -> None:
    environ: Any = {"HTTP_HOST": host, "REQUEST_METHOD": "GET", "PATH_INFO": "/"}
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    local = name.lower().rstrip(":") == "localhost" or name.lower().endswith(".localhost") or name.startswith("127.")
    assert local or "::1" in name or foreign(environ) is not None


def test_a_request_of_no_browser_needs_no_header(door: Door) -> None:
    environ: Any = {"REQUEST_METHOD": "POST", "PATH_INFO": "/_sandbox/clock"}
    assert foreign(environ) is None


def lacking(installation: Installation, service: str) -> str:
    """An operation that AWS has and the region has not, and that can be asked for without saying anything."""
    model = service_model(service)
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        if name not in installation.services[service].operations and not (shape and shape.required_members):
            return name
    pytest.skip(f"the region has every such operation of {service}")


@pytest.mark.parametrize("mode", ["standard", "legacy", "adaptive"])
@pytest.mark.parametrize("service", ["sagemaker", "logs", "cloudwatch", "service-quotas"])
def test_an_operation_that_is_not_there_is_asked_for_once(
    door: Door, installation: Installation, botocore_session: Session, mode: Any, service: str
) -> None:
    operation, region = lacking(installation, service), installation.region
    client = botocore_session.create_client(
        service,
        region_name=Region.name,
        endpoint_url=door.server.url,
        config=Config(retries={"mode": mode, "total_max_attempts": 4}),
    )
    with pytest.raises(ClientError, match="Unknown operation") as raised:
        getattr(client, xform_name(operation))()
    client.close()
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    [asked] = region.calls
    assert (asked.service, asked.operation, asked.access_key) == (service, operation, "sandbox")
