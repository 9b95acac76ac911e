"""`validate`: predict the C-MAPSS test set through an endpoint, and say how far off it is."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from cmapss_core.inference import CONCURRENCY, ROWS_PER_INVOCATION
from cmapss_tui.arguments import positive_integer, positive_number, word
from cmapss_tui.attainable import beside_the_objective
from cmapss_tui.connection import connect
from cmapss_tui.documents import evaluation_document
from cmapss_tui.exits import ExitCode
from cmapss_tui.fleets import fleet_for
from cmapss_tui.formats import count, duration, number
from cmapss_tui.interrupts import interruptible
from cmapss_tui.options import Options
from cmapss_tui.output import Progress, narrate, write_json, write_table

if TYPE_CHECKING:
    from cmapss_core.evaluation import Evaluation

SUBSETS = ("FD001", "FD002", "FD003", "FD004")


def add_arguments(parser: ArgumentParser) -> None:
    """Which endpoint, on which data, how sent, and how good it has to be."""
    parser.add_argument("endpoint", type=word, metavar="ENDPOINT", help="the endpoint's name")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="C-MAPSS files or their zip; by default those that the model was trained on",
    )
    parser.add_argument(
        "--subset",
        nargs="+",
        action="extend",
        type=str.upper,
        choices=SUBSETS,
        metavar="FD001",
        help=f"only these of {', '.join(SUBSETS)}",
    )
    parser.add_argument("--max-rmse", type=positive_number, metavar="X", help="exit with 4 where the RMSE is above")
    parser.add_argument(
        "--batch-rows",
        type=positive_integer,
        default=ROWS_PER_INVOCATION,
        metavar="N",
        help=f"rows an invocation ({ROWS_PER_INVOCATION})",
    )
    parser.add_argument(
        "--concurrency",
        type=positive_integer,
        default=CONCURRENCY,
        metavar="N",
        help=f"invocations at once ({CONCURRENCY})",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: Namespace, options: Options) -> int:
    """Validate, print the errors, and judge them. Raises ConsoleError, DataError."""
    from cmapss_core.evaluation import validate

    progress = Progress()
    with closing(connect(options, narrate)) as aws, interruptible() as interrupted:
        fleet = fleet_for(aws, arguments.endpoint, arguments.data, narrate)
        if fleet.origin == "synthetic":
            narrate("The data is synthetic.")
        evaluation = validate(
            aws,
            arguments.endpoint,
            fleet,
            arguments.subset,
            on_progress=lambda now: progress.say(_progress_line(now)),
            cancelled=interrupted,
            rows_per_invocation=arguments.batch_rows,
            concurrency=arguments.concurrency,
        )
    progress.end()
    if not evaluation.finished:
        # The error over some of the rows is no result: it would pass for one.
        narrate(f"Interrupted after {count(evaluation.rows)} of {count(evaluation.rows_total)} rows.")
        return ExitCode.INTERRUPTED
    if arguments.json:
        write_json(evaluation_document(evaluation))
    else:
        _write(evaluation)
    return _judge(evaluation, arguments.max_rmse)


def _judge(evaluation: Evaluation, max_rmse: float | None) -> ExitCode:
    if max_rmse is None or (evaluation.rmse is not None and evaluation.rmse <= max_rmse):
        return ExitCode.DONE
    narrate(f"The gate failed: RMSE {number(evaluation.rmse)} is above {max_rmse:g}.")
    return ExitCode.GATE


def _progress_line(evaluation: Evaluation) -> str:
    return f"{count(evaluation.rows)} of {count(evaluation.rows_total)} rows, RMSE {number(evaluation.rmse)}"


def _write(evaluation: Evaluation) -> None:
    rows: list[tuple[object, ...]] = [
        (name, count(score.rows), number(score.rmse), number(score.mae)) for name, score in evaluation.subsets.items()
    ]
    rows.append(("all", count(evaluation.rows), number(evaluation.rmse), number(evaluation.mae)))
    write_table(("subset", "rows", "RMSE", "MAE"), rows, right=("rows", "RMSE", "MAE"))
    narrate(
        f"NASA score {number(evaluation.nasa_score)}, {count(evaluation.invocations)} invocations in "
        f"{duration(evaluation.seconds)}, {evaluation.data} data."
    )
    narrate(beside_the_objective(evaluation))
