"""`jobs`: training jobs of tuning jobs and standing alone, best first."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from contextlib import closing

from cmapss_tui.arguments import positive_integer, word
from cmapss_tui.connection import connect
from cmapss_tui.documents import job_document
from cmapss_tui.exits import ExitCode
from cmapss_tui.formats import duration, moment, objective
from cmapss_tui.options import Options
from cmapss_tui.output import narrate, write_json, write_table

STATUSES = ("Completed", "InProgress", "Failed", "Stopping", "Stopped")
_BY_LOWER = {status.lower(): status for status in STATUSES}


def add_arguments(parser: ArgumentParser) -> None:
    """Which jobs, by which metric, and how many."""
    parser.add_argument("--tuning-job", metavar="N", type=word, help="only the jobs of this tuning job")
    parser.add_argument(
        "--metric",
        metavar="M",
        type=word,
        help="rank by this metric, such as validation:rmse; by default by the one that most of them have",
    )
    parser.add_argument(
        "--status",
        metavar="S",
        type=lambda text: _BY_LOWER.get(text.lower(), text),
        choices=STATUSES,
        help=f"only jobs in this status: {', '.join(STATUSES)}",
    )
    parser.add_argument("--top", metavar="K", type=positive_integer, help="only the first K")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: Namespace, options: Options) -> int:
    """Print the jobs. Raises ConsoleError where they cannot be read."""
    from cmapss_core.jobs import read_jobs

    with closing(connect(options, narrate)) as aws:
        snapshot = read_jobs(aws, arguments.tuning_job, arguments.metric)
    if snapshot.error is not None:
        raise snapshot.error
    ranked = [one for one in snapshot.jobs if arguments.status in (None, one.job.status)][: arguments.top]
    if arguments.json:
        write_json([job_document(one) for one in ranked])
        return ExitCode.DONE
    if not ranked:
        narrate("No training job matches." if snapshot.jobs else "There is no training job in this region.")
        return ExitCode.DONE
    write_table(
        ("#", snapshot.metric or "objective", "job", "status", "took", "created"),
        [
            (
                one.rank,
                objective(one.job.objective_value),
                one.job.name,
                one.job.status,
                duration(one.job.duration_seconds),
                moment(one.job.created),
            )
            for one in ranked
        ],
        right=("#", snapshot.metric or "objective", "took"),
    )
    return ExitCode.DONE
