"""`delete`: an endpoint and everything that belongs to it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from contextlib import closing

from cmapss_tui.apply import add_plan_arguments, carry_out
from cmapss_tui.arguments import word
from cmapss_tui.connection import connect
from cmapss_tui.options import Options
from cmapss_tui.output import narrate


def add_arguments(parser: ArgumentParser) -> None:
    """Which endpoint, and what of it stays or goes besides."""
    parser.add_argument("endpoint", type=word, metavar="ENDPOINT", help="the endpoint's name")
    parser.add_argument("--keep-model", action="store_true", help="leave every model, and what was uploaded for it")
    parser.add_argument("--keep-logs", action="store_true", help="leave its log group, which nothing brings back")
    parser.add_argument(
        "--all",
        action="store_true",
        dest="everything",
        help="also models that the console deployed and did not make",
    )
    add_plan_arguments(parser)


def run(arguments: Namespace, options: Options) -> int:
    """Plan the removal, and carry it out if told so. Raises ConsoleError for whatever is wrong."""
    from cmapss_core.plans.teardown import plan_delete

    with closing(connect(options, narrate)) as aws:
        plan = plan_delete(
            aws,
            arguments.endpoint,
            arguments.keep_model,
            keep_logs=arguments.keep_logs,
            everything=arguments.everything,
        )
        return carry_out(aws, plan, arguments, type_name=True)
