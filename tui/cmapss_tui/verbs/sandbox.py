"""`sandbox`: an AWS region on this machine, until it is stopped; with an action, what one that runs is to do."""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui.arguments import not_negative_integer, port, positive_number
from cmapss_tui.options import Options
from cmapss_tui.sandbox_process import COMMAND, require_sandbox
from cmapss_tui.verbs.sandbox_actions import add_actions, run_action

# Everything that is passed on, as the attribute of the parsed arguments.
_PASSED_ON = ("port", "speed", "data", "state", "tuning_jobs")
_PASSED_ON_SWITCHES = ("enforce_iam", "json")
_START_FLAGS = ("port", "speed", "data", "tuning_jobs", "enforce_iam")


def add_arguments(parser: ArgumentParser) -> None:
    """Where it serves, how fast its time goes, what it trains on and where it keeps its state."""
    parser.add_argument("--port", type=port, metavar="N", help="0 takes a free one (0)")
    parser.add_argument("--speed", type=positive_number, metavar="X", help="region seconds in a second (60)")
    parser.add_argument("--data", type=Path, metavar="DIR", help="C-MAPSS files or their zip to train on")
    parser.add_argument(
        "--state", type=Path, metavar="DIR", help="where it keeps what it has; the console's by default"
    )
    parser.add_argument(
        "--tuning-jobs", type=not_negative_integer, metavar="N", help="training jobs of the first tuning job (50)"
    )
    parser.add_argument(
        "--enforce-iam", action="store_true", help="allow calls by the policies of whose keys sign them"
    )
    parser.add_argument("--json", action="store_true", help="print its address as one line of JSON")
    add_actions(parser)


def run(arguments: Namespace, options: Options) -> int:
    """Become the sandbox, or have the one that runs do something. Raises ConsoleError, also where none is installed."""
    if arguments.action is not None:
        _refuse_start_flags(arguments)
        return run_action(arguments, options)
    require_sandbox()
    command = [*COMMAND, *passed_on(arguments)]
    if sys.platform == "win32":  # there, exec leaves the shell behind
        return subprocess.run(command, check=False).returncode
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(command[0], command)


def _refuse_start_flags(arguments: Namespace) -> None:
    """What is for starting a sandbox says nothing to one that runs; its state folder and --json do."""
    given = [name for name in _START_FLAGS if getattr(arguments, name) not in (None, False)]
    if given:
        raise ConsoleError(
            ErrorKind.INVALID,
            f"--{given[0].replace('_', '-')} before {arguments.action} is for starting a sandbox",
            remedy=f"See cmapss-console sandbox {arguments.action} --help",
        )


def passed_on(arguments: Namespace) -> list[str]:
    """The sandbox's own flags, as they were given."""
    flags = [
        f"--{name.replace('_', '-')}={value}" for name in _PASSED_ON if (value := getattr(arguments, name)) is not None
    ]
    switches = [f"--{name.replace('_', '-')}" for name in _PASSED_ON_SWITCHES if getattr(arguments, name)]
    return [*flags, *switches]
