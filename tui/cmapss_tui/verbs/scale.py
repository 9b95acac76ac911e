"""`scale`: an endpoint's bounds and its target, or the end of its automatic scaling."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from contextlib import closing

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui.apply import add_plan_arguments, carry_out
from cmapss_tui.arguments import not_negative_integer, positive_integer, positive_number
from cmapss_tui.connection import connect
from cmapss_tui.options import Options
from cmapss_tui.output import narrate

_SETTINGS = ("min", "max", "target", "scale_in_cooldown", "scale_out_cooldown")


def add_arguments(parser: ArgumentParser) -> None:
    """Which endpoint, and what to set; what is left out stays as it is."""
    parser.add_argument("endpoint", metavar="ENDPOINT")
    parser.add_argument("--min", type=positive_integer, metavar="N", help="instances at least")
    parser.add_argument("--max", type=positive_integer, metavar="N", help="instances at most")
    parser.add_argument(
        "--target", type=positive_number, metavar="X", help="invocations per instance and minute to keep to"
    )
    parser.add_argument("--scale-in-cooldown", type=not_negative_integer, metavar="S", help="seconds (600 at first)")
    parser.add_argument("--scale-out-cooldown", type=not_negative_integer, metavar="S", help="seconds (30 at first)")
    parser.add_argument("--off", action="store_true", help="end the automatic scaling; the instances stay")
    add_plan_arguments(parser)


def run(arguments: Namespace, options: Options) -> int:
    """Plan the change, and carry it out if told so. Raises ConsoleError for whatever is wrong."""
    settings = {name: value for name in _SETTINGS if (value := getattr(arguments, name)) is not None}
    if bool(settings) == arguments.off:
        raise ConsoleError(
            ErrorKind.INVALID,
            "--off excludes every setting" if arguments.off else "There is nothing to set",
            remedy=f"Say what: scale {arguments.endpoint} --min 1 --max 5 --target 10, or --off alone.",
        )
    from cmapss_core.plans.autoscale import ScaleRequest, plan_scale

    request = ScaleRequest(endpoint=arguments.endpoint, off=arguments.off, **settings)
    with closing(connect(options, narrate)) as aws:
        return carry_out(aws, plan_scale(aws, request), arguments)
