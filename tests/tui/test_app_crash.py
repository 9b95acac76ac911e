"""An error that nobody foresaw ends the console with a report without secrets, and a dialog that leads on."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.failed_calls import FailedCalls
from cmapss_core.permissions import Scope
from cmapss_tui import trail
from cmapss_tui.crash import Fault, UnderWay, describe
from cmapss_tui.crash_dialog import CrashApp
from cmapss_tui.polling import unexpected
from cmapss_tui.take_away import clipboard
from tests.tui.consoles import NOW, Console, Lobby, opened, until

KEY = "AKIAABCDEFGHIJKLMNOP"


class Broken(Lobby):
    """A screen with a fault."""

    def on_mount(self) -> None:
        raise ZeroDivisionError(f"{KEY} is divided by nothing")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Reports go into a folder of the test, and tell of nothing before it."""
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path))
    monkeypatch.setattr(clipboard, "has_display", lambda environment, platform: False)
    trail.forget()
    yield tmp_path
    trail.forget()


async def fall(app: Console) -> None:
    """Open the console on it, after a look around."""
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Lobby))
        app.operation_started("deploy-1", "deploy cmapss")
        await pilot.press("2")
        await until(pilot, lambda: app.current_mode == "endpoints")
        await opened(pilot, Broken())


async def test_a_fault_is_one_line_and_a_report(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = Console()
    with pytest.raises(ZeroDivisionError):
        await fall(app)
    [report] = (home / "crashes").iterdir()
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    text = report.read_text()
    assert "Traceback" in text
    assert KEY not in text
    assert app.fault is not None
    assert app.fault.line.startswith("unexpected ZeroDivisionError: [redacted] is divided by nothing.")
    assert app.fault.line.endswith(report.name)
    assert app.fault.under_way == (UnderWay("deploy-1", "deploy cmapss"),)
    assert capsys.readouterr().err == "", "nothing is printed over the terminal"
    assert app.return_code == 1


async def test_the_report_tells_what_led_to_it(home: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        await fall(Console())
    [report] = (home / "crashes").iterdir()
    text = report.read_text()
    for told in ("textual ", "boto3 ", "Python 3", "terminal 120×36", "theme cmapss-dark", "app.endpoints  on Lobby"):
        assert told in text, told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--environment", "LEVEL=blue sky", "--wait"], "--environment LEVEL=[redacted] --wait"),
        (["--environment=LEVEL=blue sky", "best"], "--environment=LEVEL=[redacted] best"),
        (["--environment", "blue sky"], "--environment [redacted]"),
        (["--tag", "team=blue sky"], "--tag team=blue sky"),
    ],
)
def test_the_line_is_told_without_a_container_s_variables(
    given: list[str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["cmapss-console", "deploy", *given])
    assert f"arguments: deploy {told}\n" in describe(ValueError("x"))


def test_the_calls_that_failed_are_told_by_their_request_ids(home: Path) -> None:
    calls = FailedCalls()
    error = ConsoleError(ErrorKind.THROTTLED, f"slow down, {KEY}", code="ThrottlingException", request_id="req-77")
    calls.note("sagemaker", "DescribeEndpoint", {}, error, NOW, Scope(account="123456789012"))
    trail.note_connection(calls)
    fault = Fault.of(ValueError("x"))
    assert fault.report is not None
    text = fault.report.read_text()
    assert "sagemaker:DescribeEndpoint  throttled  ThrottlingException  request req-77" in text
    assert KEY not in text


def test_what_fails_in_a_thread_is_reported_as_well(home: Path) -> None:
    error = unexpected(RuntimeError(f"nobody foresaw {KEY} in a thread"))
    [report] = (home / "crashes").iterdir()
    assert str(report) in error.remedy
    assert KEY not in error.message + report.read_text()


def test_the_memory_of_actions_is_bounded() -> None:
    app = Console()
    for _ in range(3 * trail.KEPT_ACTIONS):
        trail.note_action(app, "refresh", ("screen",))
    trail.note_action(app, "insert_text('secret')", ("screen", "app"))
    told = "\n".join(trail.lines())
    assert told.count("screen.refresh") == trail.KEPT_ACTIONS
    assert "secret" not in told


def fault(home: Path) -> Fault:
    """One with a report, while something was under way."""
    report = home / "report.txt"
    report.write_text("cmapss-console 1\nTraceback of old\n" + "line\n" * 80 + "the end\n")
    return Fault("ZeroDivisionError: by nothing", report, (UnderWay("deploy-2026", "deploy cmapss-x"),))


def painted(app: CrashApp) -> str:
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips(app.size))


SECRETS = (
    KEY,
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "IQoJb3JpZ2luX2VjEJr" + "Ab1+" * 30,
    "5d1f" * 16,
    "hunter2-of-the-proxy",
    "ghp_" + "Zx8" * 12,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJvcGVyYXRvciJ9.c2lnbmVkLWJ5LXRoZS1pc3N1ZXI",
)


def leaking() -> BaseException:
    """An error whose message, notes, locals and chain hold every one of them."""
    key, secret, token, signature, password, github, web = SECRETS
    header = {"Authorization": f"AWS4-HMAC-SHA256 Credential={key}/20261122, Signature={signature}"}
    url = f"https://b.s3.amazonaws.com/m.tar.gz?X-Amz-Security-Token={token}&X-Amz-Signature={signature}"
    try:
        try:
            raise OSError(f"GET {url} with {header} by way of http://me:{password}@proxy:3128")
        except OSError as first:
            raise KeyError({"aws_secret_access_key": secret, "SessionToken": token}) from first
    except KeyError:
        try:
            raise RuntimeError(f"signed by {secret} for {github}\nAuthorization: Bearer {web}")
        except RuntimeError as error:
            error.add_note(f"AWS_SESSION_TOKEN={token}")
            return error


@pytest.mark.parametrize("key", ["o", "c"])
async def test_of_all_the_secrets_of_a_chain_none_is_kept_or_shown(home: Path, key: str) -> None:
    fault = Fault.of(leaking())
    assert fault.report is not None
    assert stat.S_IMODE(fault.report.stat().st_mode) == 0o600
    kept = fault.report.read_text()
    for frame in ("OSError", "KeyError", "RuntimeError", "https://b.s3.amazonaws.com/m.tar.gz?"):
        assert frame in kept
    app = CrashApp(fault)
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.press(key)
        await pilot.pause()
        shown = painted(app) + app.clipboard
    for secret in SECRETS:
        assert secret not in kept + shown + fault.line
        assert secret[8:24] not in kept + shown + fault.line


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_dialog_says_what_happened_and_what_is_kept(home: Path, size: tuple[int, int]) -> None:
    app = CrashApp(fault(home))
    async with app.run_test(size=size) as pilot:
        text = painted(app)
        for said in (
            "fault of the console, not of yours",
            "✕ ZeroDivisionError: by nothing",
            "⚠ deploy cmapss-x was under way",
            "cmapss-console operations resume deploy-2026",
            "o show the report   c copy the report   r start again   q quit",
        ):
            assert said in text, said
        await pilot.press("o")
        await until(pilot, lambda: "Traceback of old" in painted(app))
        await pilot.press("end")
        await until(pilot, lambda: "the end" in painted(app))
        await pilot.press("o")
        await until(pilot, lambda: "Traceback of old" not in painted(app))
        await pilot.press("c")
        await until(pilot, lambda: app.clipboard.startswith("cmapss-console 1"))
        await pilot.press("q")
    assert app.return_value is False


async def test_r_starts_again(home: Path) -> None:
    app = CrashApp(fault(home))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("r")
    assert app.return_value is True


async def test_without_a_report_the_dialog_shows_the_line(home: Path) -> None:
    app = CrashApp(Fault("ValueError", None), "no-such-theme")
    async with app.run_test(size=(80, 24)) as pilot:
        assert "No report of it could be kept" in painted(app)
        await pilot.press("enter")
        await until(pilot, lambda: "unexpected ValueError. No report" in painted(app))
