"""`deploy`: put a training job's model behind an endpoint, with automatic scaling."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from contextlib import closing
from typing import TYPE_CHECKING

from cmapss_tui.apply import add_plan_arguments, carry_out
from cmapss_tui.arguments import not_negative_integer, positive_integer, positive_number
from cmapss_tui.connection import connect
from cmapss_tui.options import Options
from cmapss_tui.output import narrate

if TYPE_CHECKING:
    from cmapss_core.plans.autoscale import Tracking

_CHOICES = ("name", "instance_type", "instances", "min", "max", "target", "scale_in_cooldown", "scale_out_cooldown")


def add_arguments(parser: ArgumentParser) -> None:
    """What to deploy, on what, and how it scales."""
    parser.add_argument("job", nargs="?", default="best", metavar="JOB", help="a training job, or best (the default)")
    parser.add_argument("--name", help="the endpoint's name; made from the time by default")
    parser.add_argument("--instance-type", metavar="T", help="of each instance (ml.m5.xlarge)")
    parser.add_argument("--instances", type=positive_integer, metavar="N", help="to begin with (--min, or 1)")
    parser.add_argument("--min", type=positive_integer, metavar="N", help="instances at least (--instances)")
    parser.add_argument("--max", type=positive_integer, metavar="N", help="instances at most (5)")
    parser.add_argument(
        "--target", type=positive_number, metavar="X", help="invocations per instance and minute to keep to (10)"
    )
    parser.add_argument("--scale-in-cooldown", type=not_negative_integer, metavar="S", help="seconds (600)")
    parser.add_argument("--scale-out-cooldown", type=not_negative_integer, metavar="S", help="seconds (30)")
    parser.add_argument("--no-autoscaling", action="store_true", help="keep the number of instances as it is")
    parser.add_argument("--wait", action="store_true", help="stay until the endpoint is in service and scales")
    add_plan_arguments(parser)


def run(arguments: Namespace, options: Options) -> int:
    """Plan the deployment, and carry it out if told so. Raises ConsoleError for whatever is wrong."""
    from cmapss_core.plans.deploy import DeployRequest, plan_deploy

    chosen = {name: value for name in _CHOICES if (value := getattr(arguments, name)) is not None}
    request = DeployRequest(job=arguments.job, autoscaling=not arguments.no_autoscaling, **chosen)
    with closing(connect(options, narrate)) as aws:
        plan = plan_deploy(aws, request)
        later = _later(plan.target, request.tracking())
        return carry_out(aws, plan, arguments, wait=arguments.wait, later=later)


def _later(endpoint: str, tracking: Tracking | None) -> str:
    """The command that sets up the scaling of an endpoint that was not waited for."""
    if tracking is None:
        return ""
    return (
        f"cmapss-console scale {endpoint} --min {tracking.min} --max {tracking.max} --target {tracking.target:g} "
        f"--scale-in-cooldown {tracking.scale_in_cooldown} --scale-out-cooldown {tracking.scale_out_cooldown}"
    )
