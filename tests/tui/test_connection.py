"""Which AWS is meant: every rule of the order in which flags, environment, credentials and sandboxes count."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from threading import Event

import pytest

from cmapss_core import credentials as core_credentials
from cmapss_core.aws import Target
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui import connection, sandbox_process
from cmapss_tui.cli import main
from cmapss_tui.connection import connect, resolve_target
from cmapss_tui.exits import ExitCode
from cmapss_tui.options import Options, options_from
from cmapss_tui.sandbox_process import SandboxAddress, SandboxProcess

RUNNING = SandboxAddress("http://127.0.0.1:4100", "us-east-1", 1, 60.0, Path("state"))
STARTED = SandboxAddress("http://127.0.0.1:4200", "us-east-1", 2, 60.0, Path("state"))


@pytest.fixture
def no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_process, "find_running", lambda: None)
    monkeypatch.setattr(sandbox_process, "start", lambda: pytest.fail("a sandbox was started"))


@pytest.fixture
def running(no_sandbox: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_process, "find_running", lambda: RUNNING)


@pytest.fixture
def startable(no_sandbox: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_process, "start", lambda: SandboxProcess(STARTED))


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


@pytest.fixture
def profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    path = tmp_path / "config"
    path.write_text(
        "[profile operator]\nregion = eu-central-1\naws_access_key_id = A\naws_secret_access_key = B\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    return "operator"


@pytest.mark.usefixtures("no_sandbox")
def test_an_endpoint_url_is_taken_without_asking_further() -> None:
    options = Options(endpoint_url="http://127.0.0.1:9", region="eu-west-1", read_only=True)
    assert resolve_target(options) == Target(None, "eu-west-1", "http://127.0.0.1:9", True)


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("sandbox", [False, True])
def test_what_a_configuration_protects_is_protected_wherever_it_is(sandbox: bool, tmp_path: Path) -> None:
    path = tmp_path / "console.toml"
    path.write_text('protected = ["prod-*", " engines "]', encoding="utf-8")
    options = options_from(Namespace(config=path, **({"sandbox": True} if sandbox else {})), starts_sandbox=False)
    assert resolve_target(options).protected == ("prod-*", "engines")


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("sandbox", [False, True])
def test_the_region_that_is_usual_elsewhere_does_not_keep_one_from_the_sandbox(sandbox: bool, tmp_path: Path) -> None:
    path = tmp_path / "console.toml"
    path.write_text('region = "eu-west-1"', encoding="utf-8")
    options = options_from(Namespace(config=path, **({"sandbox": True} if sandbox else {})), starts_sandbox=False)
    assert resolve_target(options).region == RUNNING.region


@pytest.mark.usefixtures("no_sandbox")
def test_the_environment_s_endpoint_url_counts_too_and_the_flag_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:8")
    assert resolve_target(Options()).endpoint_url == "http://127.0.0.1:8"
    assert resolve_target(Options(endpoint_url="http://127.0.0.1:9")).endpoint_url == "http://127.0.0.1:9"


@pytest.mark.usefixtures("running")
def test_sandbox_uses_the_one_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:8")
    assert resolve_target(Options(sandbox=True)) == Target(None, "us-east-1", RUNNING.endpoint_url)


@pytest.mark.usefixtures("startable")
def test_sandbox_starts_one_where_none_runs_and_says_so() -> None:
    said: list[str] = []
    assert resolve_target(Options(sandbox=True, starts_sandbox=False), said.append).endpoint_url == STARTED.endpoint_url
    assert "Starting" in said[0]
    assert STARTED.endpoint_url in said[-1]


@pytest.mark.usefixtures("running", "credentials")
def test_credentials_mean_aws() -> None:
    assert resolve_target(Options(region="us-west-2")) == Target(None, "us-west-2", None)


@pytest.mark.usefixtures("no_sandbox")
def test_a_profile_means_aws(profile: str) -> None:
    aws = connect(Options(profile=profile))
    assert (aws.target, aws.region) == (Target("operator", None, None), "eu-central-1")


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("from_environment", [False, True])
def test_an_unknown_profile_is_named_with_the_known_ones(
    from_environment: bool, profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if from_environment:
        monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(ConsoleError, match="'nobody'") as caught:
        resolve_target(Options(profile=None if from_environment else "nobody"))
    assert caught.value.kind is ErrorKind.AUTH
    assert profile in caught.value.remedy


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("starts_sandbox", [False, True])
def test_without_credentials_the_sandbox_that_runs_is_used_and_said(starts_sandbox: bool) -> None:
    said: list[str] = []
    target = resolve_target(Options(starts_sandbox=starts_sandbox), said.append)
    assert target.endpoint_url == RUNNING.endpoint_url
    assert RUNNING.endpoint_url in said[0]


@pytest.mark.usefixtures("startable")
def test_without_credentials_the_console_starts_a_sandbox() -> None:
    assert resolve_target(Options()).endpoint_url == STARTED.endpoint_url


@pytest.mark.usefixtures("startable")
def test_without_credentials_a_verb_says_how_to_get_some() -> None:
    with pytest.raises(ConsoleError, match="No AWS credentials") as caught:
        resolve_target(Options(starts_sandbox=False))
    assert caught.value.kind is ErrorKind.AUTH
    for way in ("aws sso login", "--profile", "cmapss-console sandbox"):
        assert way in caught.value.remedy


@pytest.mark.usefixtures("running")
def test_the_sandbox_has_one_region() -> None:
    assert resolve_target(Options(sandbox=True, region="us-east-1")).region == "us-east-1"
    with pytest.raises(ConsoleError, match="eu-west-1") as caught:
        resolve_target(Options(sandbox=True, region="eu-west-1"))
    assert caught.value.kind is ErrorKind.INVALID


@pytest.mark.usefixtures("no_sandbox", "credentials")
def test_no_region_is_said_at_once_with_the_flag() -> None:
    with pytest.raises(ConsoleError, match="No region") as caught:
        connect(Options())
    assert "--region" in caught.value.remedy


@pytest.mark.usefixtures("no_sandbox")
@pytest.mark.parametrize(
    ("line", "code", "names"),
    [
        ("endpoints", ExitCode.CREDENTIALS, "cmapss-console sandbox"),
        ("endpoints --profile nobody", ExitCode.CREDENTIALS, "'nobody'"),
        ("--profile nobody deploy --yes", ExitCode.CREDENTIALS, "'nobody'"),
        ("delete ep --yes --profile nobody --json", ExitCode.CREDENTIALS, "'nobody'"),
    ],
)
def test_verbs_without_credentials_end_with_5_and_one_line(
    line: str, code: ExitCode, names: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line.split()) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert names in said.err


@pytest.mark.usefixtures("no_sandbox", "profile")
def test_who_keeps_the_credentials_waiting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    told, lines = Event(), list[str]()

    def narrate(line: str) -> None:
        lines.append(line)
        told.set()

    monkeypatch.setattr(connection, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(core_credentials, "credentials_found", lambda _: told.wait(30))
    resolve_target(Options(profile="operator"), narrate)
    assert lines == ["Still waiting for the credentials of profile operator …"]


@pytest.mark.usefixtures("running")
def test_a_configuration_that_is_wrong_is_no_reason_for_the_sandbox(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "config"
    path.write_text("[default]\nrole_arn = arn:aws:iam::111111111111:role/x\nsource_profile = nowhere\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    with pytest.raises(ConsoleError, match="nowhere") as caught:
        resolve_target(Options())
    assert caught.value.kind is ErrorKind.AUTH
