"""`clean-up`: what deployments left behind, and endpoints that nobody calls."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from contextlib import closing
from typing import IO, TYPE_CHECKING

from cmapss_tui.apply import add_plan_arguments, carry_out
from cmapss_tui.arguments import positive_integer
from cmapss_tui.connection import connect
from cmapss_tui.documents import Document, plan_document
from cmapss_tui.exits import ExitCode
from cmapss_tui.formats import hourly_cost, moment, monthly_cost
from cmapss_tui.options import Options
from cmapss_tui.output import narrate, render_table, write, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        if findings and not (arguments.json and arguments.dry_run):
            tell, stream = (write, sys.stdout) if arguments.dry_run else (narrate, sys.stderr)
            tell(_table(findings, stream))
        documents = {"findings": [_finding_document(finding) for finding in findings]}
        if not plan.steps:
            narrate("Nothing to clean up.")
            if arguments.json:
                write_json({**plan_document(plan, "done", {}), **documents})
            return ExitCode.DONE
        grave = any(finding.kind == "endpoint" and finding.goes for finding in findings)
        return carry_out(aws, plan, arguments, type_name=grave, found=documents)


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
