"""sandbox status, clock, faults, quotas and capacity: told to a sandbox that runs, found as every verb finds it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from cmapss_sandbox.faults.fault import KINDS
from cmapss_sandbox.region import Region
from cmapss_sandbox.server import Server
from cmapss_sandbox.services import install
from cmapss_sandbox.wire.dispatch import application
from cmapss_tui.cli import main
from cmapss_tui.exits import ExitCode
from cmapss_tui.verbs.sandbox_actions import FAULT_KINDS

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)

Capture = pytest.CaptureFixture[str]
Announce = Callable[[Path], None]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Region, str]]:
    """A region that serves in this process, and its address."""
    region = Region(tmp_path_factory.mktemp("state"), paused=True, now=NOON)
    server = Server(application(region, install(region)))
    server.start()
    yield region, server.url
    server.stop()
    region.close()


@pytest.fixture
def region(served: tuple[Region, str]) -> Iterator[Region]:
    """The region, without what a test before has told it."""
    region, _ = served
    yield region
    region.controls["faults"](region, {"clear": True})
    region.set_paused(True)


@pytest.fixture
def announce(served: tuple[Region, str]) -> Announce:
    """Say in a state folder that the region serves it."""
    _, url = served
    address = {"endpoint_url": url, "region": "us-east-1", "pid": os.getpid(), "speed": 60, "state": "state"}

    def write(state: Path) -> None:
        state.mkdir(parents=True)
        (state / "sandbox.json").write_text(json.dumps(address))

    return write


@pytest.fixture
def running(region: Region, announce: Announce, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Region:
    """The region, as the sandbox of the console's own state folder."""
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path / "home"))
    announce(tmp_path / "home" / "sandbox")
    return region


def answer(capsys: Capture, line: str) -> Any:
    """The document that a line prints."""
    assert main([*line.split(), "--json"]) == ExitCode.DONE
    return json.loads(capsys.readouterr().out)


def test_status_for_a_script_and_for_a_person(running: Region, capsys: Capture) -> None:
    document = answer(capsys, "sandbox status")
    assert (document["region"], document["paused"], document["faults"]) == ("us-east-1", True, [])
    assert datetime.fromisoformat(document["time"]) == running.now()
    assert main(["sandbox", "status"]) == ExitCode.DONE
    out = capsys.readouterr().out
    assert "paused" in out
    assert str(running.state) in out


def test_the_clock_is_told_advanced_and_set(running: Region, capsys: Capture) -> None:
    before = running.now()
    assert answer(capsys, "sandbox clock").keys() == {"time", "speed", "paused"}
    told = answer(capsys, "sandbox clock --advance 10m")
    assert (running.now() - before).total_seconds() == 600
    assert datetime.fromisoformat(told["time"]) == running.now()
    assert answer(capsys, "sandbox clock --speed 120 --resume")["paused"] is False
    assert running.clock.rate == 120
    assert answer(capsys, "sandbox clock --pause")["paused"] is True
    assert main(["sandbox", "clock", "--speed", "1"]) == ExitCode.DONE
    assert capsys.readouterr().out.endswith("Z, paused\n")
    assert main(["sandbox", "clock", "--resume"]) == ExitCode.DONE
    assert capsys.readouterr().out.endswith("Z, 1 times as fast as here\n")


def test_faults_are_added_listed_and_cleared(running: Region, capsys: Capture) -> None:
    [added] = answer(capsys, "sandbox faults add throttling sagemaker:Create* --share 0.5 --count 3 --seed 7")
    assert added | {"id": 0} == {
        "id": 0,
        "kind": "throttling",
        "operation": "sagemaker:Create*",
        "share": 0.5,
        "remaining": 3,
        "hits": 0,
        "seed": 7,
    }
    [slow] = answer(capsys, "sandbox faults add slow --milliseconds 20")
    [skew] = answer(capsys, "sandbox faults add clock-skew s3:* --seconds -600")
    assert (slow["operation"], slow["milliseconds"], skew["seconds"]) == ("*", 20, -600)
    assert answer(capsys, "sandbox faults") == answer(capsys, "sandbox faults list") == [added, slow, skew]
    assert main(["sandbox", "faults"]) == ExitCode.DONE
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["id", "kind", "operation", "share", "struck", "still", "to", "strike", "by", "seed"]
    assert lines[1].split()[1:6] == ["throttling", "sagemaker:Create*", "0.5", "0", "3"]
    assert answer(capsys, f"sandbox faults clear {slow['id']} {skew['id']}") == [added]
    assert answer(capsys, "sandbox faults clear") == []
    assert main(["sandbox", "faults"]) == ExitCode.DONE
    assert capsys.readouterr().err == "No faults are set.\n"


def test_every_kind_of_fault_can_be_added(running: Region, capsys: Capture) -> None:
    assert set(FAULT_KINDS) == set(KINDS)
    for kind in KINDS:
        own = " --milliseconds 5" if kind == "slow" else ""
        assert answer(capsys, f"sandbox faults add {kind} sagemaker:*{own}")[0]["kind"] == kind
    assert [fault["kind"] for fault in answer(capsys, "sandbox faults list")] == list(KINDS)


def test_quotas_and_capacity_are_told_and_changed(running: Region, capsys: Capture) -> None:
    assert answer(capsys, "sandbox quotas ml.m5.xlarge=2 ml.c5.xlarge=0") == {"ml.m5.xlarge": 2, "ml.c5.xlarge": 0}
    assert answer(capsys, "sandbox quotas ml.c5.xlarge=default") == {"ml.m5.xlarge": 2}
    assert answer(capsys, "sandbox quotas") == {"ml.m5.xlarge": 2}
    assert main(["sandbox", "quotas", "ml.m5.xlarge=default"]) == ExitCode.DONE
    assert capsys.readouterr().err == "All instance types are as they are by default.\n"
    assert answer(capsys, "sandbox capacity ml.m5.xlarge=0") == {"ml.m5.xlarge": 0}
    assert main(["sandbox", "capacity", "--sandbox", "--refresh", "5"]) == ExitCode.DONE
    assert capsys.readouterr().out.split() == ["instance", "type", "instances", "ml.m5.xlarge", "0"]
    assert answer(capsys, "sandbox capacity ml.m5.xlarge=unlimited") == {}


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("sandbox faults clear 4711", ExitCode.NOT_FOUND, "There is no fault 4711."),
        ("sandbox faults add throttling lambda:*", ExitCode.USAGE, "There is no service 'lambda'"),
        ("sandbox faults add slow", ExitCode.USAGE, "needs its milliseconds"),
        ("sandbox faults add throttling --seconds 5", ExitCode.USAGE, "throttling knows kind, operation, share"),
        ("sandbox faults add earthquake", ExitCode.USAGE, "invalid choice: 'earthquake'"),
        ("sandbox faults add throttling --share 2", ExitCode.USAGE, "'2' is not a share from 0 to 1"),
        ("sandbox faults add clock-skew --seconds nan", ExitCode.USAGE, "'nan' is not a number of seconds"),
        ("sandbox faults dance", ExitCode.USAGE, "invalid choice: 'dance'"),
        ("sandbox clock --advance soon", ExitCode.USAGE, "'soon' is not a duration"),
        ("sandbox clock --advance 800h", ExitCode.USAGE, "at most 30 days"),
        ("sandbox clock --pause --resume", ExitCode.USAGE, "not allowed with argument --pause"),
        ("sandbox quotas ml.m5.xlarge", ExitCode.USAGE, "'ml.m5.xlarge' is not TYPE=N"),
        ("sandbox quotas ml.m5.xlarge=-1", ExitCode.USAGE, "is not TYPE=N"),
        ("sandbox capacity ml.m5.xlarge=default", ExitCode.USAGE, "ml.m5.xlarge=unlimited"),
        ("sandbox nonsense", ExitCode.USAGE, "invalid choice: 'nonsense'"),
        ("sandbox --speed 5 clock", ExitCode.USAGE, "--speed before clock is for starting a sandbox"),
        ("sandbox --enforce-iam status", ExitCode.USAGE, "--enforce-iam before status is for starting"),
        ("--read-only sandbox faults clear", ExitCode.REFUSED, "--read-only is given"),
        ("sandbox clock --pause --read-only", ExitCode.REFUSED, "--read-only is given"),
    ],
)
def test_what_is_wrong_is_one_line_and_its_code(line: str, code: ExitCode, said: str, capsys: Capture) -> None:
    assert main(line.split()) == code
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert err.startswith("cmapss-console: ")


def test_reading_is_allowed_when_read_only(running: Region) -> None:
    assert main(["--read-only", "sandbox", "faults"]) == ExitCode.DONE
    assert main(["sandbox", "--read-only", "clock"]) == ExitCode.DONE


def test_the_sandbox_is_named_by_address_environment_or_state(
    region: Region,
    served: tuple[Region, str],
    announce: Announce,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path / "nothing-runs-here"))
    _, url = served
    assert main(["sandbox", "status"]) == ExitCode.NOT_FOUND
    assert capsys.readouterr().err == "cmapss-console: No sandbox is running. Start one: cmapss-console sandbox\n"
    assert answer(capsys, f"sandbox status --endpoint-url {url}")["state"] == str(region.state)
    assert answer(capsys, f"--endpoint-url {url} sandbox faults") == []
    announce(tmp_path / "elsewhere")
    assert answer(capsys, f"sandbox status --state {tmp_path / 'elsewhere'}")["state"] == str(region.state)
    assert answer(capsys, f"sandbox --state {tmp_path / 'elsewhere'} faults list") == []
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    assert answer(capsys, "sandbox clock")["paused"] is True
    assert main(["--sandbox", "sandbox", "clock"]) == ExitCode.NOT_FOUND
    assert main(["sandbox", "clock", "--state", str(tmp_path / "third")]) == ExitCode.NOT_FOUND


def test_where_nothing_answers_it_is_said(capsys: Capture) -> None:
    assert main(["sandbox", "status", "--endpoint-url", "http://127.0.0.1:9"]) == ExitCode.FAILED
    assert capsys.readouterr().err.startswith("cmapss-console: Nothing answers at http://127.0.0.1:9.")


def test_what_answers_but_is_no_sandbox_is_left_alone(capsys: Capture) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Other)
    Thread(target=server.handle_request, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    assert main(["sandbox", "status", "--endpoint-url", url]) == ExitCode.NOT_FOUND
    server.server_close()
    assert f"What answers at {url} is no sandbox" in capsys.readouterr().err
