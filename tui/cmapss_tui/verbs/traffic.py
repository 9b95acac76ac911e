"""`traffic`: invocations of an endpoint at a steady rate, in the region's time."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from contextlib import closing
from itertools import chain
from pathlib import Path

from cmapss_tui.arguments import duration, positive_integer, rate, word
from cmapss_tui.connection import connect
from cmapss_tui.documents import traffic_document
from cmapss_tui.exits import ExitCode
from cmapss_tui.formats import count
from cmapss_tui.formats import duration as span
from cmapss_tui.interrupts import interruptible
from cmapss_tui.options import Options
from cmapss_tui.output import Progress, narrate, write, write_json

DEFAULT_RATE = 120.0
DEFAULT_DURATION_SECONDS = 540.0


def add_arguments(parser: ArgumentParser) -> None:
    """Which endpoint, how many invocations a minute, for how long."""
    parser.add_argument("endpoint", type=word, metavar="ENDPOINT", help="the endpoint's name")
    parser.add_argument("--rate", type=rate, default=DEFAULT_RATE, metavar="R", help="invocations a minute (120)")
    parser.add_argument(
        "--duration",
        type=duration,
        default=DEFAULT_DURATION_SECONDS,
        metavar="D",
        help="of the region's time, such as 90s, 9m, 1h (9m)",
    )
    parser.add_argument(
        "--rows-per-invocation", type=positive_integer, default=100, metavar="N", help="rows in each (100)"
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="C-MAPSS files or their zip; the imported ones by default"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: Namespace, options: Options) -> int:
    """Send, and print what was sent. Raises ConsoleError, DataError."""
    from cmapss_core.endpoints import read_endpoint
    from cmapss_core.traffic import send_traffic
    from cmapss_data import SUBSETS, open_fleet

    progress = Progress()
    with closing(connect(options, narrate)) as aws:
        read_endpoint(aws, arguments.endpoint)  # the rows take seconds: whether it exists is known before
        fleet = open_fleet(arguments.data)
        rows = list(chain.from_iterable(fleet.test_rows(subset).lines for subset in SUBSETS))
        with interruptible() as interrupted:
            report = send_traffic(
                aws,
                arguments.endpoint,
                rows,
                arguments.rate,
                arguments.duration,
                rows_per_invocation=arguments.rows_per_invocation,
                on_progress=lambda now: progress.say(
                    f"{count(now.sent)} invocations sent, {count(now.failed)} failed, "
                    f"{span(now.elapsed_seconds)} of {span(arguments.duration)}"
                ),
                cancelled=interrupted,
            )
    progress.end()
    if arguments.json:
        write_json(traffic_document(report))
    else:
        write(f"{count(report.sent)} invocations sent in {span(report.elapsed_seconds)}, {count(report.failed)} failed")
    if report.finished and report.planned is not None and report.sent + report.failed < report.planned:
        narrate(f"The rate could not be kept: {count(report.planned)} invocations were due.")
    if not report.finished:
        narrate("Interrupted.")
        return ExitCode.INTERRUPTED
    return ExitCode.DONE if report.sent else ExitCode.FAILED
