"""Keys that are refused are looked for anew: a login in another terminal is enough, and only then."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import EndpointConnectionError

from cmapss_core import credential_process
from cmapss_core.aws import Aws, Target
from cmapss_core.botocore_errors import from_botocore_error
from cmapss_core.credentials import END_OF_FAULTS, credentials_found, known_profiles, way_back
from cmapss_core.errors import REMEDIES, ConsoleError, ErrorKind
from tests.core.scripted import ScriptedAws

_KEY = re.compile(r"Credential=(\w+)/")


class Gate(BaseHTTPRequestHandler):
    """An AWS that lets in who has the key of the moment: `accounts` has the account of each key that is good."""

    accounts: dict[str, str]
    asked: list[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        found = _KEY.search(self.headers["Authorization"])
        assert found is not None
        key = found[1]
        self.asked.append(key)
        account = self.accounts.get(key)
        if account is None:
            self._answer(403, {"__type": "ExpiredTokenException", "message": "The security token is expired"})
        elif "GetCallerIdentity" in body:
            who = f"<Arn>arn:aws:iam::{account}:user/me</Arn><UserId>u</UserId><Account>{account}</Account>"
            result = f"<GetCallerIdentityResult>{who}</GetCallerIdentityResult>"
            self._answer(200, f"<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>")
        else:
            self._answer(200, {"Endpoints": []})

    def _answer(self, status: int, document: Any) -> None:
        text = document if isinstance(document, str) else json.dumps(document)
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_request(self, *_: Any) -> None:
        """Say nothing on stderr."""


@pytest.fixture
def gate() -> Iterator[tuple[str, type[Gate]]]:
    class Ours(Gate):
        accounts: dict[str, str] = {}  # noqa: RUF012  # of this test's own class
        asked: list[str] = []  # noqa: RUF012

    with ThreadingHTTPServer(("127.0.0.1", 0), Ours) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", Ours
        server.shutdown()


@pytest.fixture
def credentials_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    path = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    return path


def give(path: Path, key: str) -> None:
    path.write_text(f"[operator]\naws_access_key_id = {key}\naws_secret_access_key = s\n", encoding="utf-8")


def test_new_keys_in_the_file_are_used_by_the_next_call_and_the_clients_stay(
    gate: tuple[str, type[Gate]], credentials_file: Path
) -> None:
    url, region = gate
    region.accounts["FRESH"] = "111111111111"
    give(credentials_file, "EXPIRED")
    aws = Aws(Target(profile="operator", region="us-east-1", endpoint_url=url))
    for _ in range(2):
        with pytest.raises(ConsoleError) as refused:
            aws.call("sagemaker", "ListEndpoints")
        assert refused.value.kind is ErrorKind.AUTH
        assert refused.value.remedy == "Give profile operator new keys: aws configure --profile operator"
    client = aws.client("sagemaker")
    give(credentials_file, "FRESH")
    assert aws.call("sagemaker", "ListEndpoints")["Endpoints"] == []
    assert aws.client("sagemaker") is client
    assert region.asked == ["EXPIRED", "EXPIRED", "FRESH"]


def test_while_they_are_accepted_nothing_is_looked_for(
    gate: tuple[str, type[Gate]], credentials_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, region = gate
    region.accounts |= {"FIRST": "111111111111", "SECOND": "111111111111"}
    give(credentials_file, "FIRST")
    aws = Aws(Target(profile="operator", region="us-east-1", endpoint_url=url))
    aws.call("sagemaker", "ListEndpoints")
    give(credentials_file, "SECOND")
    monkeypatch.setattr(botocore.session.Session, "get_credentials", lambda _: pytest.fail("looked for again"))
    aws.call("sagemaker", "ListEndpoints")
    assert region.asked == ["FIRST", "FIRST"]


def test_keys_that_appear_where_there_were_none_are_found(gate: tuple[str, type[Gate]], credentials_file: Path) -> None:
    url, region = gate
    region.accounts["FRESH"] = "111111111111"
    credentials_file.write_text("[operator]\nregion = us-east-1\n", encoding="utf-8")
    aws = Aws(Target(profile="operator", region="us-east-1", endpoint_url=url))
    with pytest.raises(ConsoleError, match="credentials") as refused:
        aws.call("sagemaker", "ListEndpoints")
    assert refused.value.kind is ErrorKind.AUTH
    give(credentials_file, "FRESH")
    aws.call("sagemaker", "ListEndpoints")


def test_what_was_known_of_other_credentials_is_asked_again_and_no_other_account_is_changed(
    gate: tuple[str, type[Gate]], credentials_file: Path
) -> None:
    url, region = gate
    region.accounts["FIRST"] = "111111111111"
    give(credentials_file, "FIRST")
    aws = Aws(Target(profile="operator", region="us-east-1", endpoint_url=url))
    assert aws.identity().account == "111111111111"
    region.accounts.clear()
    with pytest.raises(ConsoleError):
        aws.call("sagemaker", "ListEndpoints")
    region.accounts["OTHER"] = "222222222222"
    give(credentials_file, "OTHER")
    aws.call("sagemaker", "ListEndpoints")
    assert aws.identity().account == "222222222222"
    before = len(region.asked)
    with aws.changing("plan"), pytest.raises(ConsoleError, match=r"222222222222 now, .* for 111111111111") as refused:
        aws.call("sagemaker", "DeleteEndpoint", EndpointName="engines")
    assert refused.value.kind is ErrorKind.REFUSED
    assert len(region.asked) == before


CONFIG = """
[profile sso]
sso_session = company
sso_account_id = 111111111111
sso_role_name = operator
[profile "old sso"]
sso_start_url = https://example.awsapps.com/start
[sso-session company]
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-1
[profile role]
role_arn = arn:aws:iam::111111111111:role/operator
source_profile = sso
[profile round]
source_profile = about
[profile about]
source_profile = round
[profile process]
credential_process = /usr/bin/true
[profile keys]
aws_access_key_id = A
aws_secret_access_key = B
"""


@pytest.mark.parametrize(
    ("profile", "remedy"),
    [
        ("sso", "Log in: aws sso login --profile sso"),
        ("old sso", "Log in: aws sso login --profile 'old sso'"),
        ("role", "Log in: aws sso login --profile sso"),
        ("keys", "Give profile keys new keys: aws configure --profile keys"),
        ("process", "Log in to what the credential_process of profile process asks."),
        ("round", REMEDIES[ErrorKind.AUTH]),
        ("nobody", REMEDIES[ErrorKind.AUTH]),
    ],
)
def test_the_way_back_is_the_command_for_the_profile(
    profile: str, remedy: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(CONFIG, encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert way_back(profile) == remedy
    monkeypatch.setenv("AWS_PROFILE", profile)
    assert way_back(None) == remedy


def test_keys_of_the_environment_are_no_file_that_one_could_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "A")
    assert "start again with new ones" in way_back(None)


def test_a_sandbox_that_refuses_was_told_to(gate: tuple[str, type[Gate]]) -> None:
    url, _ = gate
    with pytest.raises(ConsoleError) as refused:
        Aws(Target(region="us-east-1", endpoint_url=url)).call("sagemaker", "ListEndpoints")
    assert (refused.value.kind, refused.value.remedy) == (ErrorKind.AUTH, END_OF_FAULTS)


def test_reading_goes_on_whoever_is_calling() -> None:
    aws = ScriptedAws({"sagemaker:ListEndpoints": {"Endpoints": []}})
    aws._changes = 1
    assert aws.call("sagemaker", "ListEndpoints") == {"Endpoints": []}
    assert aws.called == ["sagemaker:ListEndpoints"]


def test_a_process_for_credentials_that_cannot_be_run_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.write_text("[profile helped]\nregion = us-east-1\ncredential_process = /nowhere/helper --now\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    assert credentials_found("helped"), "there are some: why they cannot be had is said by the first call"
    with pytest.raises(ConsoleError) as caught:
        Aws(Target(profile="helped")).identity()
    assert caught.value.kind is ErrorKind.AUTH
    assert "/nowhere/helper" in caught.value.message


BROKEN = """
[profile gone]
role_arn = arn:aws:iam::111111111111:role/operator
source_profile = nowhere
[profile lost]
sso_session = missing
sso_account_id = 111111111111
sso_role_name = operator
[profile round]
role_arn = arn:aws:iam::111111111111:role/operator
source_profile = about
[profile about]
role_arn = arn:aws:iam::111111111111:role/operator
source_profile = round
[profile half]
aws_access_key_id = A
[profile talks]
credential_process = echo hello
[profile lists]
credential_process = echo []
[profile fails]
credential_process = sh -c "echo no vault >&2; exit 3"
[profile open]
credential_process = sh -c "open
[profile over]
credential_process = printf '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"B","Expiration":"2020-01-01T00:00:00Z"}'
[profile token]
role_arn = arn:aws:iam::111111111111:role/operator
web_identity_token_file = /nowhere/token
"""


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(BROKEN, encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("profile", "names"),
    [("gone", "nowhere"), ("lost", "missing"), ("round", "about"), ("half", "aws_secret_access_key")],
)
@pytest.mark.usefixtures("broken")
def test_a_profile_that_leads_nowhere_is_no_profile_without_credentials(profile: str, names: str) -> None:
    with pytest.raises(ConsoleError, match=names) as caught:
        credentials_found(profile)
    assert caught.value.kind is ErrorKind.AUTH
    assert "another --profile" in caught.value.line()


@pytest.mark.skipif(os.name != "posix", reason="the processes are a POSIX shell's")
@pytest.mark.parametrize(
    ("profile", "names"),
    [
        ("talks", "profile talks: what its credential_process printed is no JSON document"),
        ("lists", "profile lists"),
        ("fails", "no vault"),
        ("open", "profile open: No closing quotation"),
        ("over", "profile over: .* expired"),
        ("token", "profile token: /nowhere/token: No such file"),
    ],
)
@pytest.mark.usefixtures("broken")
def test_whatever_keeps_credentials_from_being_had_is_said_by_the_first_call(profile: str, names: str) -> None:
    assert credentials_found(profile)
    with pytest.raises(ConsoleError, match=names) as caught:
        Aws(Target(profile=profile, region="us-east-1")).identity()
    assert caught.value.kind is ErrorKind.AUTH


@pytest.mark.skipif(os.name != "posix", reason="the process is POSIX's")
def test_a_process_for_credentials_that_does_not_answer_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = tmp_path / "pid"
    (tmp_path / "config").write_text(
        f"[profile waits]\ncredential_process = sh -c 'echo $$ > {started}; exec sleep 600'\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setattr(credential_process, "PROCESS_SECONDS", 0.5)
    with pytest.raises(ConsoleError, match=r"credential_process sh has not answered for 0\.5 s") as caught:
        credentials_found("waits")
    assert caught.value.kind is ErrorKind.AUTH
    assert "profile waits" in caught.value.remedy
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)


@pytest.mark.parametrize("content", [b"[default\nregion = us-east-1\n", b"[default\xff]\n"])
def test_a_configuration_of_aws_that_cannot_be_read_is_named(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_bytes(content)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    for ask in (credentials_found, known_profiles):
        with pytest.raises(ConsoleError, match=re.escape(str(config))) as caught:
            ask()
        assert (caught.value.kind, caught.value.remedy) == (ErrorKind.AUTH, "Correct the file.")


@pytest.mark.parametrize(
    ("region", "remedy"),
    [
        ("us-eest-1", "No region us-eest-1 is known here: did you mean us-west-1 or us-east-1?"),
        ("mars-1", "No region mars-1 is known here: name another --region."),
        ("eu-west-1", REMEDIES[ErrorKind.UNREACHABLE]),
    ],
)
@pytest.mark.parametrize("host", ["api.sagemaker.{}", "bucket.s3.{}"])
def test_of_a_region_that_nobody_knows_the_ones_that_are_alike_are_told(host: str, region: str, remedy: str) -> None:
    error = EndpointConnectionError(endpoint_url=f"https://{host.format(region)}.amazonaws.com/")
    assert from_botocore_error(error, None).remedy == remedy
