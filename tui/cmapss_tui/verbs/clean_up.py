"""`clean-up`: what deployments left behind, and endpoints that nobody calls."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from contextlib import closing
from typing import IO, TYPE_CHECKING

from cmapss_tui.apply import add_plan_arguments, carry_out
from cmapss_tui.arguments import positive_integer
from cmapss_tui.confirmation import refuse_forbidden
from cmapss_tui.connection import connect
from cmapss_tui.documents import Document, plan_document
from cmapss_tui.exits import ExitCode
from cmapss_tui.formats import hourly_cost, moment, monthly_cost
from cmapss_tui.options import Options
from cmapss_tui.output import narrate, render_table, write, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmapss_core.plans.clean_up import CleanUp
    from cmapss_core.plans.removing.leftovers import Finding

_DEFAULT_IDLE_DAYS = 14


def add_arguments(parser: ArgumentParser) -> None:
    """How much of what is found goes."""
    parser.add_argument("--all", action="store_true", dest="everything", help="also what the console did not make")
    parser.add_argument(
        "--idle",
        nargs="?",
        const=_DEFAULT_IDLE_DAYS,
        type=positive_integer,
        metavar="DAYS",
        help=f"also endpoints that nobody has called for so many days ({_DEFAULT_IDLE_DAYS})",
    )
    parser.add_argument(
        "--older-than",
        type=float,
        metavar="DAYS",
        help="spare what is younger (an hour); it may belong to a deployment that is running",
    )
    add_plan_arguments(parser)


def run(arguments: Namespace, options: Options) -> int:
    """Tell what is left over, and remove it if told so. Raises ConsoleError for whatever is wrong."""
    from cmapss_core.plans.clean_up import CleanUpRequest, survey

    with closing(connect(options, narrate)) as aws:
        found = survey(
            aws,
            CleanUpRequest(
                everything=arguments.everything, idle_days=arguments.idle, older_than_days=arguments.older_than
            ),
        )
        plan, findings = found.plan, found.findings
        if arguments.json and (arguments.dry_run or not plan.steps):
            _write_document(found)
        elif findings and arguments.dry_run:
            write(_table(findings, sys.stdout))
        elif findings:
            narrate(_table(findings, sys.stderr))
        if not plan.steps:
            narrate("Nothing to clean up.")
            return ExitCode.DONE
        if arguments.json and arguments.dry_run:
            refuse_forbidden(plan)
            return ExitCode.DONE
        return carry_out(aws, plan, arguments, type_name=any(one.kind == "endpoint" for one in findings if one.goes))


def _write_document(found: CleanUp) -> None:
    status = "planned" if found.plan.steps else "done"
    findings = [_finding_document(finding) for finding in found.findings]
    write_json({**plan_document(found.plan, status, {}), "findings": findings})


def _finding_document(finding: Finding) -> Document:
    return {
        "kind": finding.kind,
        "name": finding.name,
        "why": finding.why,
        "since": finding.since,
        "ours": finding.ours,
        "hourly_cost_usd": finding.hourly_cost_usd,
        "removed": finding.goes,
        "kept_because": finding.kept_because,
    }


def _table(findings: Sequence[Finding], stream: IO[str]) -> str:
    return render_table(
        ("kind", "name", "since", "cost", "a month", "left because", "removed"),
        [
            (
                one.kind,
                one.name,
                moment(one.since),
                hourly_cost(one.hourly_cost_usd) if one.kind == "endpoint" else None,
                monthly_cost(one.hourly_cost_usd) if one.kind == "endpoint" else None,
                one.why,
                "yes" if one.goes else f"no: {one.kept_because}",
            )
            for one in findings
        ],
        right=("cost", "a month"),
        stream=stream,
    )
