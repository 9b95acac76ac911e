"""The command line itself: what it takes, how it refuses, and that it starts without loading what it does not need."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.jobs import JobsSnapshot
from cmapss_tui import __version__
from cmapss_tui.cli import VERBS, build_parser, main
from cmapss_tui.exits import ExitCode

REPOSITORY = Path(__file__).resolve().parents[2]
HERE = ("--endpoint-url", "http://127.0.0.1:1")  # a connection that is made and never used
HEAVY = ("boto3", "botocore", "textual", "rich", "pandas", "numpy", "jmespath", "msgspec", "tomlkit")


def read_jobs_that(monkeypatch: pytest.MonkeyPatch, act: Any) -> None:
    monkeypatch.setattr("cmapss_core.jobs.read_jobs", lambda *_: act())


def raising(error: BaseException) -> Any:
    def act() -> None:
        raise error

    return act


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("jobz", "jobz"),
        ("jobs --status Finished", "Finished"),
        ("jobs --top 0", "'0' is not a whole number of at least 1"),
        ("jobs --top many", "many"),
        ("jobs --top 99999999999", "at most 2147483647"),
        ("jobs extra", "extra"),
        ("jobs --tuning", "--tuning"),
        ("deploy a b", "b"),
        ("deploy --instances 0", "--instances"),
        ("deploy --target 0", "--target"),
        ("deploy --target nan", "--target"),
        ("deploy --scale-in-cooldown -1", "--scale-in-cooldown"),
        ("watch", "ENDPOINT"),
        ("watch ep --interval 0", "--interval"),
        ("scale", "ENDPOINT"),
        ("scale ep --max 1.5", "--max"),
        ("scale ep --min 2147483647", "at most 10000"),
        ("scale ep --target 1e308", "at most 600000"),
        ("scale ep --step-policy --threshold 1e308", "at most 600000"),
        ("deploy --instances 10001", "at most 10000"),
        ("deploy --target 1e308", "at most 600000"),
        ("update ep --instances 10001", "at most 10000"),
        ("sandbox quotas ml.m5.xlarge=1e23", "1e23"),
        ("sandbox quotas ml.m5.xlarge=100000000000000000000000", "at most 2147483647"),
        ("scale ep", "nothing to set"),
        ("scale ep --off --min 1", "--off"),
        ("validate ep --subset FD005", "FD005"),
        ("validate ep --max-rmse -3", "--max-rmse"),
        ("traffic ep --duration 9x", "9x"),
        ("traffic ep --duration 0s", "0s"),
        ("traffic ep --duration 99999999999999h", "at most 30 days"),
        ("traffic ep --rate inf", "--rate"),
        ("traffic ep --rate 1e9", "--rate"),
        ("data", "ACTION"),
        ("data import", "PATH"),
        ("data frobnicate", "frobnicate"),
        ("data synthesize --seed -1", "--seed"),
        ("sandbox --port 70000", "70000"),
        ("sandbox --speed 0", "--speed"),
        ("jobs --refresh 0", "--refresh"),
        ("jobs --refresh 1e300", "--refresh"),
        ("watch ep --interval 1e300", "--interval"),
        ("jobs --refresh", "--refresh"),
        ("jobs --endpoint-url nowhere", "nowhere"),
        ("jobs --endpoint-url http://127.0.0.1:port", "port"),
        ("jobs --sandbox --profile p", "--profile"),
        ("jobs --sandbox --endpoint-url http://127.0.0.1:1", "--endpoint-url"),
        ("jobs --config missing.toml", "missing.toml"),
    ],
)
def test_a_wrong_line_is_refused_in_one_line_that_names_it(
    line: str, names: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line.split()) == ExitCode.USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith("cmapss-console: ")
    assert names in said.err


@pytest.mark.parametrize(
    ("line", "names"),
    [
        (["watch", ""], "ENDPOINT"),
        (["delete", " "], "ENDPOINT"),
        (["deploy", ""], "JOB"),
        (["jobs", "--tuning-job", ""], "--tuning-job"),
        (["jobs", "--metric", ""], "--metric"),
        (["jobs", "--profile", ""], "--profile"),
        (["--region", "", "jobs"], "--region"),
        (["operations", "show", ""], "ID"),
    ],
)
def test_a_variable_of_a_script_that_is_empty_is_told(
    line: list[str], names: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line) == ExitCode.USAGE
    assert capsys.readouterr().err.startswith(f"cmapss-console: argument {names}: it is empty. ")


@pytest.mark.parametrize(
    ("flags", "values"),
    [
        (["--profile", "p"], {"profile": "p"}),
        (["--region", "eu-west-1"], {"region": "eu-west-1"}),
        (["--endpoint-url", "http://h:1"], {"endpoint_url": "http://h:1"}),
        (["--read-only"], {"read_only": True}),
        (["--sandbox"], {"sandbox": True}),
        (["--refresh", "2.5"], {"refresh": 2.5}),
        (["--config", "f.toml"], {"config": Path("f.toml")}),
    ],
)
def test_global_options_stand_before_or_after_the_verb(flags: list[str], values: dict[str, object]) -> None:
    before = build_parser().parse_args([*flags, "jobs", "--top", "3"])
    after = build_parser().parse_args(["jobs", "--top", "3", *flags])
    assert vars(before) == vars(after)
    assert values.items() <= vars(before).items()


def test_what_stands_after_the_verb_goes_before_what_stands_before_it() -> None:
    assert build_parser().parse_args(["--region", "a", "jobs", "--region", "b"]).region == "b"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_and_json(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [[verb, "--help"]]
    if verb == "data":
        lines = [[verb, action, "--help"] for action in ("import", "synthesize", "info")]
    for line in lines:
        assert main(line) == ExitCode.DONE
        assert "--json" in capsys.readouterr().out


def test_the_version_is_the_project_s(capsys: pytest.CaptureFixture[str]) -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == __version__
    assert main(["--version"]) == ExitCode.DONE
    assert capsys.readouterr().out == f"cmapss-console {__version__}\n"


@pytest.mark.parametrize("line", [["--help"], ["--version"], ["deploy", "--help"], ["watch", "--bad"], []])
def test_nothing_heavy_is_loaded_to_answer_for_itself(line: list[str]) -> None:
    script = (
        "import json, sys\n"
        "from cmapss_tui.cli import main\n"
        f"main({line!r})\n"
        f"print('loaded', json.dumps([name for name in {HEAVY!r} if name in sys.modules]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
    )
    assert done.stdout.splitlines()[-1] == "loaded []"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ErrorKind.AUTH, 5),
        (ErrorKind.DENIED, 5),
        (ErrorKind.NOT_FOUND, 3),
        (ErrorKind.INVALID, 2),
        (ErrorKind.REFUSED, 6),
        (ErrorKind.CONFLICT, 1),
        (ErrorKind.QUOTA, 1),
        (ErrorKind.THROTTLED, 1),
        (ErrorKind.UNREACHABLE, 1),
        (ErrorKind.FAILED, 1),
    ],
)
def test_an_error_is_one_line_and_its_kind_s_exit_code(
    kind: ErrorKind, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = ConsoleError(kind, "the thing\nis so", remedy="Do this.", operation="sagemaker:Search", request_id="r-1")
    read_jobs_that(monkeypatch, lambda: JobsSnapshot(as_of=datetime.now(UTC), error=error))
    assert main(["jobs", "--json", *HERE]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "cmapss-console: sagemaker:Search: the thing is so. (request r-1) Do this.\n"


def test_every_kind_of_error_has_an_exit_code_in_the_test_above() -> None:
    table = next(
        mark
        for mark in test_an_error_is_one_line_and_its_kind_s_exit_code.pytestmark  # type: ignore[attr-defined]  # pytest's
        if mark.name == "parametrize"
    )
    assert {kind for kind, _ in table.args[1]} == set(ErrorKind)


def test_an_interrupt_is_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    read_jobs_that(monkeypatch, raising(KeyboardInterrupt()))
    assert main(["jobs", *HERE]) == 130
    assert capsys.readouterr().err == "Interrupted.\n"


def test_what_nobody_expected_is_one_line_and_a_report_without_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path))
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-session-token-of-some-length")
    read_jobs_that(
        monkeypatch, raising(RuntimeError(f"keys AKIAIOSFODNN7EXAMPLE {secret} a-session-token-of-some-length"))
    )
    assert main(["jobs", *HERE]) == ExitCode.FAILED
    said = capsys.readouterr()
    (report,) = (tmp_path / "crashes").iterdir()
    text = report.read_text(encoding="utf-8")
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "RuntimeError" in said.err
    assert str(report) in said.err
    assert "Traceback" in text
    for hidden in ("AKIAIOSFODNN7EXAMPLE", secret, "a-session-token-of-some-length"):
        assert hidden not in text + said.err
    if os.name == "posix":
        assert report.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read_jobs_that(monkeypatch, raising(PermissionError(13, "Permission denied", "journal")))
    assert main(["jobs", *HERE]) == ExitCode.FAILED
    assert capsys.readouterr().err == "cmapss-console: journal: Permission denied.\n"


@pytest.mark.skipif(os.name != "posix", reason="pipes break differently there")
def test_a_reader_that_goes_away_gets_no_traceback() -> None:
    script = (
        "import sys\n"
        "from cmapss_tui import cli, output\n"
        "cli._run = lambda arguments: output.write('x' * 1_000_000)\n"
        "sys.exit(cli.main(['jobs']))\n"
    )
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.close()
    assert child.stderr is not None
    assert child.stderr.read() == b""
    assert child.wait() == ExitCode.FAILED
    child.stderr.close()


def test_without_a_terminal_the_console_names_the_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "jobs, deploy" in said


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_a_small_terminal_is_refused_in_one_line() -> None:
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 60, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    with subprocess.Popen(
        [sys.executable, "-m", "cmapss_tui", "--endpoint-url", "http://127.0.0.1:1"],
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        env=environment,
    ) as child:
        said = child.communicate(timeout=60)[1].decode()
    os.close(ours)
    os.close(theirs)
    assert child.returncode == ExitCode.USAGE
    assert said.count("\n") == 1
    assert "80×24" in said
    assert "60×20" in said


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("refresh = ", "TOML"),
        ("colour = 'blue'", "colour"),
        ("refresh = 'often'", "refresh"),
        ("read_only = 1", "read_only"),
        ("refresh = true", "refresh"),
        ("sandbox = true\nprofile = 'p'", "sandbox and profile exclude"),
        ("protected = 'prod-*'", "protected"),
        ("protected = ['prod-*', 3]", "3"),
        ("protected = [' ']", "a list of patterns"),
        ("endpoint_url = 'nowhere'", "console.toml"),
    ],
)
def test_a_wrong_configuration_is_refused_and_named(
    content: str, names: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "console.toml"
    path.write_text(content, encoding="utf-8")
    assert main(["jobs", "--config", str(path)]) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert names in said
    assert said.count("\n") == 1


def test_a_configuration_fills_in_what_the_line_leaves_open(tmp_path: Path) -> None:
    from cmapss_tui.options import options_from

    path = tmp_path / "console.toml"
    path.write_text("region = 'eu-west-1'\nrefresh = 3\nendpoint_url = 'http://127.0.0.1:2'\n", encoding="utf-8")
    given = Namespace(config=path, region="us-west-2", sandbox=True)
    options = options_from(given, starts_sandbox=False)
    assert (options.region, options.refresh, options.sandbox, options.endpoint_url) == ("us-west-2", 3, True, None)
    assert json.dumps(options.read_only) == "false"


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's here")
def test_the_first_interrupt_is_told_and_the_second_ends(capfd: pytest.CaptureFixture[str]) -> None:
    from cmapss_tui.interrupts import interruptible

    before = signal.getsignal(signal.SIGINT)
    with interruptible() as interrupted:
        assert not interrupted()
        signal.raise_signal(signal.SIGINT)
        assert interrupted()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    assert "Ctrl-C again" in capfd.readouterr().err
