"""What a running sandbox is told and asked: its status, its clock, its faults, its quotas and its capacity."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui.arguments import (
    duration,
    not_negative_integer,
    positive_integer,
    positive_number,
    share,
    signed_seconds,
)
from cmapss_tui.cli import Parser, global_options
from cmapss_tui.exits import ExitCode
from cmapss_tui.formats import moment
from cmapss_tui.options import Options
from cmapss_tui.output import narrate, write, write_json, write_table
from cmapss_tui.sandbox_control import act, locate, status

# What a sandbox knows, in its own words; it checks them too.
FAULT_KINDS: Mapping[str, str] = {
    "throttling": "too many requests",
    "internal-failure": "status 500",
    "service-unavailable": "status 503",
    "expired-token": "a session whose time is over",
    "access-denied": "no policy allows it",
    "clock-skew": "the client's clock is off",
    "slow": "the call acts, its answer comes late",
    "dropped-before": "the connection closes before the call acts",
    "dropped-after": "the call acts, its answer is lost",
    "unreadable": "the call acts, something else is answered",
}
_UNLIMITED = "unlimited"
_DEFAULT = "default"
_FAULT_OPTIONS = ("share", "count", "seed", "milliseconds", "seconds")


def add_actions(parser: ArgumentParser) -> None:
    """Each is for a sandbox that runs; without one of them, the sandbox is started."""
    which = _which()
    actions = parser.add_subparsers(
        dest="action",
        metavar="[ACTION]",
        title="actions",
        description="for a sandbox that runs; without one, it is started",
        parser_class=Parser,
    )
    actions.add_parser("status", parents=[which], help="how it is: its time, its speed, its data, its faults")
    clock = actions.add_parser("clock", parents=[which], help="its time: advance, pause, speed")
    clock.add_argument("--advance", type=duration, metavar="D", help="let region time pass at once: 90s, 10m, 24h")
    clock.add_argument("--speed", type=positive_number, metavar="X", dest="clock_speed", help="region seconds a second")
    paused = clock.add_mutually_exclusive_group()
    paused.add_argument("--pause", action="store_true", help="let time stand still")
    paused.add_argument("--resume", action="store_true", help="let time run again")
    _add_faults(actions.add_parser("faults", parents=[which], help="what goes wrong on demand"), which)
    quotas = actions.add_parser("quotas", parents=[which], help="instances that the account may have")
    quotas.add_argument(
        "changes", nargs="*", type=_quota, metavar="TYPE=N", help=f"such as ml.m5.xlarge=4, or ml.m5.xlarge={_DEFAULT}"
    )
    capacity = actions.add_parser("capacity", parents=[which], help="instances that the region has left")
    capacity.add_argument(
        "changes", nargs="*", type=_left, metavar="TYPE=N", help=f"such as ml.m5.xlarge=0, or ml.m5.xlarge={_UNLIMITED}"
    )


def run_action(arguments: Namespace, options: Options) -> int:
    """Ask or tell the sandbox that is meant. Raises ConsoleError where none runs, or it refuses."""
    endpoint_url = locate(options, arguments.state)
    asked = _asked(arguments)
    if asked is None:
        told = status(endpoint_url)
    elif options.read_only:
        raise ConsoleError(
            ErrorKind.REFUSED,
            f"sandbox {arguments.action} would change the sandbox, and --read-only is given",
            remedy="Leave --read-only out if it is meant.",
        )
    else:
        told = act(endpoint_url, arguments.action, asked)
    document = _document(arguments, told)
    if arguments.json:
        write_json(document)
    else:
        _TABLES[arguments.action](endpoint_url, document)
    return ExitCode.DONE


def _which() -> Parser:
    """What every action takes; suppressed defaults, so that what stands before the action holds."""
    which = Parser(add_help=False, argument_default=SUPPRESS, parents=[global_options()])
    which.add_argument("--state", type=Path, metavar="DIR", help="the sandbox on this state folder")
    which.add_argument("--json", action="store_true", help="print one JSON document")
    return which


def _add_faults(parser: ArgumentParser, which: Parser) -> None:
    actions = parser.add_subparsers(dest="faults_action", metavar="[list | add | clear]", parser_class=Parser)
    actions.add_parser("list", parents=[which], help="the faults that are set, and what they have struck")
    add = actions.add_parser(
        "add",
        parents=[which],
        help="set a fault",
        epilog="Kinds: " + "; ".join(f"{kind}: {what}" for kind, what in FAULT_KINDS.items()) + ".",
    )
    add.add_argument("kind", choices=FAULT_KINDS, metavar="KIND", help=", ".join(FAULT_KINDS))
    add.add_argument(
        "operation",
        nargs="?",
        default="*",
        metavar="SERVICE:OPERATION",
        help="which calls: sagemaker:CreateEndpoint, sagemaker:Describe*, s3:*, or * for all (*)",
    )
    add.add_argument("--share", type=share, metavar="S", help="the part of the calls that it strikes, 0 to 1 (1)")
    add.add_argument("--count", type=positive_integer, metavar="N", help="how many calls it strikes at most")
    add.add_argument("--seed", type=not_negative_integer, metavar="N", help="the same calls again for the same number")
    add.add_argument("--milliseconds", type=positive_number, metavar="N", help="how late a slow answer is")
    add.add_argument("--seconds", type=signed_seconds, metavar="N", help="how far a client's clock is behind (3600)")
    clear = actions.add_parser("clear", parents=[which], help="remove faults, all of them unless some are named")
    clear.add_argument("ids", nargs="*", type=positive_integer, metavar="ID", help="the numbers of the faults")


def _asked(arguments: Namespace) -> dict[str, Any] | None:
    """What is to be changed, as the control call wants it; None where something is only read."""
    match arguments.action:
        case "clock":
            changes: dict[str, Any] = {"advance_seconds": arguments.advance, "speed": arguments.clock_speed}
            if arguments.pause or arguments.resume:
                changes["paused"] = arguments.pause
            return {name: value for name, value in changes.items() if value is not None} or None
        case "faults" if arguments.faults_action == "add":
            given = {name: value for name in _FAULT_OPTIONS if (value := getattr(arguments, name)) is not None}
            return {"add": {"kind": arguments.kind, "operation": arguments.operation, **given}}
        case "faults" if arguments.faults_action == "clear":
            return {"clear": arguments.ids or True}
        case "quotas" | "capacity":
            return dict(arguments.changes) or None
        case _:
            return None


def _document(arguments: Namespace, told: dict[str, Any]) -> Any:
    """The part of what the sandbox tells that the action is about."""
    told = {**told, "time": datetime.fromisoformat(told["time"])}
    if arguments.action == "status":
        return told
    if arguments.action == "clock":
        return {name: told[name] for name in ("time", "speed", "paused")}
    if arguments.action == "faults" and arguments.faults_action == "add":
        return told["added"]
    return told.get(arguments.action, {})


def _write_status(endpoint_url: str, told: Mapping[str, Any]) -> None:
    seeds = told.get("seeds") or {}
    write_table(
        ("sandbox", endpoint_url),
        [
            ("region", told["region"]),
            ("time", moment(told["time"])),
            ("speed", _pace(told)),
            ("state", told["state"]),
            ("data", seeds.get("data") or seeds.get("problem")),
            ("completed training jobs", told["completed_training_jobs"]),
            ("IAM", "decides about every call" if told.get("iam") else "not enforced"),
            ("faults", len(told.get("faults", []))),
            ("changed quotas", _listed(told.get("quotas", {}))),
            ("limited capacity", _listed(told.get("capacity", {}))),
        ],
    )


def _write_clock(_: str, document: Mapping[str, Any]) -> None:
    write(f"{moment(document['time'])}, {_pace(document)}")


def _write_faults(_: str, document: Sequence[Mapping[str, Any]]) -> None:
    if not document:
        narrate("No faults are set.")
        return
    write_table(
        ("id", "kind", "operation", "share", "struck", "still to strike", "by", "seed"),
        [
            (
                fault["id"],
                fault["kind"],
                fault["operation"],
                f"{fault['share']:g}",
                fault["hits"],
                fault["remaining"],
                _measure(fault),
                fault["seed"],
            )
            for fault in document
        ],
        right=("id", "share", "struck", "still to strike", "seed"),
    )


def _write_counts(_: str, document: Mapping[str, float]) -> None:
    if not document:
        narrate("All instance types are as they are by default.")
        return
    write_table(
        ("instance type", "instances"), [(name, f"{count:g}") for name, count in document.items()], right=("instances",)
    )


_TABLES: Mapping[str, Any] = {
    "status": _write_status,
    "clock": _write_clock,
    "faults": _write_faults,
    "quotas": _write_counts,
    "capacity": _write_counts,
}


def _pace(clock: Mapping[str, Any]) -> str:
    return "paused" if clock["paused"] else f"{clock['speed']:g} times as fast as here"


def _listed(counts: Mapping[str, float]) -> str | None:
    return ", ".join(f"{name} {count:g}" for name, count in counts.items()) or None


def _measure(fault: Mapping[str, Any]) -> str | None:
    if "milliseconds" in fault:
        return f"{fault['milliseconds']:g} ms"
    return f"{fault['seconds']:g} s" if "seconds" in fault else None


def _quota(text: str) -> tuple[str, int | None]:
    return _assignment(text, _DEFAULT)


def _left(text: str) -> tuple[str, int | None]:
    return _assignment(text, _UNLIMITED)


def _assignment(text: str, none: str) -> tuple[str, int | None]:
    name, separator, count = text.partition("=")
    if not name or not separator or not (count == none or count.isdecimal()):
        raise ArgumentTypeError(f"{text!r} is not TYPE=N, such as ml.m5.xlarge=4 or ml.m5.xlarge={none}")
    return name, None if count == none else not_negative_integer(count)
