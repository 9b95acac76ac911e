"""The sandbox as a child process, against stand-ins that behave as well, or as badly, as a child may."""

from __future__ import annotations

import json
import os
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui import sandbox_process
from cmapss_tui.sandbox_process import find_running, start, stop_all

StandIn = Callable[[str], None]
ADDRESS = {"endpoint_url": "http://127.0.0.1:1", "region": "us-east-1", "pid": 1, "speed": 60.0, "state": "state"}


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """Give `python -m cmapss_sandbox` another program to run, in the child only."""
    package = tmp_path / "stand-in" / "cmapss_sandbox"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    monkeypatch.setattr(sandbox_process, "OTHER_SECONDS", 0.0)

    def write(program: str) -> None:
        (package / "__main__.py").write_text(textwrap.dedent(program), encoding="utf-8")

    yield write
    stop_all()


class _Region(BaseHTTPRequestHandler):
    """What answers as a sandbox does."""

    def do_HEAD(self) -> None:
        self.send_response(200)
        for name, value in self.server.headers_to_send.items():  # type: ignore[attr-defined]  # set below
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def serve() -> Iterator[Callable[[dict[str, str]], str]]:
    servers: list[HTTPServer] = []

    def begin(headers: dict[str, str]) -> str:
        server = HTTPServer(("127.0.0.1", 0), _Region)
        server.headers_to_send = headers  # type: ignore[attr-defined]  # read above
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield begin
    for server in servers:
        server.shutdown()
        server.server_close()


def note(state: Path, **changes: object) -> None:
    state.mkdir(exist_ok=True)
    document = {**ADDRESS, "pid": os.getpid(), "state": str(state), **changes}
    (state / "sandbox.json").write_text(json.dumps(document), encoding="utf-8")


def test_a_sandbox_that_serves_is_found(tmp_path: Path, serve: Callable[[dict[str, str]], str]) -> None:
    url = serve({"X-Region-Speed": "60"})
    note(tmp_path / "state", endpoint_url=url)
    found = find_running(tmp_path / "state")
    assert found is not None
    assert (found.endpoint_url, found.region, found.pid, found.speed) == (url, "us-east-1", os.getpid(), 60.0)
    assert found.state == tmp_path / "state"


def test_another_program_on_the_port_is_not_taken_for_it(
    tmp_path: Path, serve: Callable[[dict[str, str]], str]
) -> None:
    note(tmp_path / "state", endpoint_url=serve({"Server": "something else"}))
    assert find_running(tmp_path / "state") is None


def test_a_process_that_has_gone_is_not_found(tmp_path: Path, serve: Callable[[dict[str, str]], str]) -> None:
    import subprocess

    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    note(tmp_path / "state", endpoint_url=serve({"X-Region-Speed": "60"}), pid=gone.pid)
    assert find_running(tmp_path / "state") is None


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        "null",
        '{"endpoint_url": "http://127.0.0.1:1"}',
        json.dumps({**ADDRESS, "pid": 2**80}),
        json.dumps({**ADDRESS, "endpoint_url": "http://127.0.0.1:x"}),
    ],
)
def test_a_note_that_cannot_be_read_finds_nothing(content: str, tmp_path: Path) -> None:
    (tmp_path / "sandbox.json").write_text(content, encoding="utf-8")
    assert find_running(tmp_path) is None


def test_a_port_that_does_not_answer_finds_nothing(tmp_path: Path) -> None:
    note(tmp_path / "state")
    assert find_running(tmp_path / "state") is None
    assert find_running(tmp_path / "nowhere") is None


def test_the_default_state_follows_the_console_s_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path))
    assert sandbox_process.default_state() == tmp_path / "sandbox"
    monkeypatch.delenv("CMAPSS_CONSOLE_HOME")
    assert sandbox_process.default_state().name == "sandbox"
    assert "cmapss-console" in str(sandbox_process.default_state())


def test_it_is_started_owned_on_its_state_and_ends_when_told(stand_in: StandIn, tmp_path: Path) -> None:
    stand_in(
        f"""
        import json, sys
        print(json.dumps({{**{ADDRESS!r}, "state": " ".join(sys.argv[1:])}}), flush=True)
        sys.stdin.read()
        sys.exit(7)
        """
    )
    sandbox = start(tmp_path / "state", arguments=["--speed", "600"])
    assert sandbox.owned
    assert str(sandbox.address.state) == f"--json --owned --state {tmp_path / 'state'} --speed 600"
    assert sandbox.wait(0) is None
    sandbox.stop()
    assert sandbox.wait(30) == 7


def test_a_full_pipe_does_not_stop_it(stand_in: StandIn) -> None:
    stand_in(
        f"""
        import json, sys
        for stream in (sys.stderr, sys.stdout):
            if stream is sys.stdout:
                print(json.dumps({ADDRESS!r}), flush=True)
            for _ in range(20_000):
                print("much to say", file=stream)
            stream.flush()
        sys.stdin.read()
        """
    )
    sandbox = start()
    sandbox.stop()
    assert sandbox.wait(30) == 0


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("import sys; sys.exit('the port 5000 is in use')", "the port 5000 is in use"),
        ("print('welcome', flush=True); import sys; sys.stdin.read()", "ended before it served"),
        ("print('{}', flush=True)", "ended before it served"),
        ("raise RuntimeError('broken')", "RuntimeError: broken"),
    ],
)
def test_one_that_does_not_serve_is_an_error_with_its_last_words(program: str, says: str, stand_in: StandIn) -> None:
    stand_in(program)
    with pytest.raises(ConsoleError, match=says) as caught:
        start()
    assert caught.value.kind is ErrorKind.FAILED
    assert "\n" not in caught.value.line()


def test_one_that_hangs_is_given_up_and_killed(stand_in: StandIn) -> None:
    stand_in("import sys; sys.stdin.read()")
    with pytest.raises(ConsoleError, match="does not serve within"):
        start(timeout=0.05)


def test_leaving_gives_up_a_start_that_is_under_way(stand_in: StandIn) -> None:
    stand_in("import sys; sys.stdin.read()")
    raised: list[BaseException] = []

    def begin() -> None:
        try:
            start()
        except ConsoleError as error:
            raised.append(error)

    thread = threading.Thread(target=begin)
    thread.start()
    while not sandbox_process._owned:
        thread.join(0.01)
    stop_all()
    thread.join(30)
    assert [type(error) for error in raised] == [ConsoleError]


def test_the_second_of_two_attaches_to_the_first(
    stand_in: StandIn, tmp_path: Path, serve: Callable[[dict[str, str]], str]
) -> None:
    url = serve({"X-Region-Speed": "60"})
    note(tmp_path / "state", endpoint_url=url)
    stand_in("import sys; sys.exit('the state folder is in use')")
    sandbox = start(tmp_path / "state")
    assert not sandbox.owned
    assert sandbox.address.endpoint_url == url
    sandbox.stop()
    assert find_running(tmp_path / "state") == sandbox.address


def test_without_the_extra_the_way_to_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_process, "find_spec", lambda name: None if name == "moto" else object())
    with pytest.raises(ConsoleError) as caught:
        start()
    assert caught.value.line() == (
        "The sandbox is not installed: moto is missing. Install it: pip install 'cmapss-console[sandbox]'"
    )
