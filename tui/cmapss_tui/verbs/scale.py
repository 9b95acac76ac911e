"""`scale`: what scales an endpoint's variant automatically, or how many instances it has."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction, Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from cmapss_core.errors import invalid
from cmapss_tui.apply import add_plan_arguments, carry_out
from cmapss_tui.arguments import flag, given, instances, not_negative_integer, positive_integer, rate, word
from cmapss_tui.connection import connect
from cmapss_tui.options import Options
from cmapss_tui.output import narrate

if TYPE_CHECKING:
    from cmapss_core.aws import Aws
    from cmapss_core.plans.plan import Plan
    from cmapss_core.plans.scaling.scheduling import ScheduleRequest
    from cmapss_core.plans.scaling.step_policy import StepPolicyRequest

# What is handed on as it is; None leaves it to the request.
_CHOICES = (
    "min",
    "max",
    "target",
    "scale_in_cooldown",
    "scale_out_cooldown",
    "policy",
    "scale_in",
    "high_resolution",
)
_STEP_CHOICES = {"threshold": "threshold", "alarm_minutes": "minutes", "step_cooldown": "cooldown"}
_SCHEDULE_CHOICES = {"schedule_min": "min", "schedule_max": "max", "timezone": "timezone"}
_WAYS = ("in", "out", "scheduled")


def add_arguments(parser: ArgumentParser) -> None:
    """Which endpoint, and what to set; what is left out stays as it is."""
    parser.add_argument("endpoint", type=word, metavar="ENDPOINT", help="the endpoint's name")
    parser.add_argument("--variant", metavar="V", help="which production variant, where there are several")
    parser.add_argument("--min", type=instances, metavar="N", help="instances at least")
    parser.add_argument("--max", type=instances, metavar="N", help="instances at most")
    parser.add_argument("--off", action="store_true", help="end the automatic scaling; the instances stay")
    _add_tracking(parser)
    _add_steps(parser)
    _add_schedule(parser)
    _add_suspension(parser)
    _add_instances(parser)
    add_plan_arguments(parser)


def run(arguments: Namespace, options: Options) -> int:
    """Plan the change, and carry it out if told so. Raises ConsoleError for whatever is wrong."""
    planner = _planner(arguments)
    with closing(connect(options, narrate)) as aws:
        return carry_out(aws, planner(aws), arguments)


def _add_tracking(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("target tracking")
    group.add_argument(
        "--target",
        type=rate,
        metavar="X",
        help="invocations per instance and minute to keep to; concurrent requests with --high-resolution",
    )
    group.add_argument("--scale-in-cooldown", type=not_negative_integer, metavar="S", help="seconds (600 at first)")
    group.add_argument("--scale-out-cooldown", type=not_negative_integer, metavar="S", help="seconds (30 at first)")
    group.add_argument(
        "--scale-in", action=BooleanOptionalAction, help="whether the policy may take instances away (at first it may)"
    )
    group.add_argument(
        "--high-resolution",
        action=BooleanOptionalAction,
        help="keep to concurrent requests, published every ten seconds, instead of invocations",
    )
    group.add_argument("--policy", metavar="NAME", help="which policy, where there are several")


def _add_steps(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("step policy, with an alarm of its own")
    group.add_argument(
        "--step-policy", nargs="?", const="", metavar="NAME", help="set one up or change it (Invocations-StepPolicy)"
    )
    group.add_argument(
        "--step",
        action="append",
        metavar="LOW:HIGH=ADJUSTMENT",
        help="by how much beyond the threshold, and what is done: 0:10=+1, 10:=+50%%, 0:=4; repeatable",
    )
    group.add_argument(
        "--threshold", type=rate, metavar="X", help="of the alarm, in invocations per instance and minute"
    )
    group.add_argument(
        "--alarm-minutes", type=positive_integer, metavar="N", help="beyond it before a step is taken (3)"
    )
    group.add_argument("--step-cooldown", type=not_negative_integer, metavar="S", help="seconds (300)")
    group.add_argument(
        "--remove-policy", action="append", metavar="NAME", help="take a policy away, with its alarms; repeatable"
    )


def _add_schedule(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("scheduled bounds")
    group.add_argument(
        "--schedule",
        action="append",
        metavar="NAME=WHEN",
        help="set the bounds at(2026-12-24T18:00:00), rate(1 day) or cron(0 6 ? * MON-FRI *); repeatable",
    )
    group.add_argument("--schedule-min", type=instances, metavar="N", help="instances at least from then on")
    group.add_argument("--schedule-max", type=instances, metavar="N", help="instances at most from then on")
    group.add_argument("--timezone", metavar="Z", help="of the schedule, such as Europe/Berlin (UTC)")
    group.add_argument("--unschedule", action="append", metavar="NAME", help="take a scheduled action away; repeatable")


def _add_suspension(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("suspension").add_mutually_exclusive_group()
    group.add_argument(
        "--suspend", action="append", choices=(*_WAYS, "all"), help="stop scaling in, out or by schedule; repeatable"
    )
    group.add_argument("--resume-scaling", action="store_true", help="let everything scale again")


def _add_instances(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("how many instances, three or more to survive the loss of two zones")
    group.add_argument(
        "--instances", type=instances, metavar="N", help="that many; scaled automatically, at least that many"
    )
    group.add_argument(
        "--by",
        choices=("auto", "capacities", "config"),
        help="change the running fleet, or make a new config (auto: what the endpoint's state allows)",
    )


def _planner(arguments: Namespace) -> Callable[[Aws], Plan]:
    """What plans what the line says. Raises ConsoleError for what contradicts itself."""
    settings = dict(_settings(arguments))
    if arguments.instances is not None:
        from cmapss_core.plans.high_availability import HighAvailabilityRequest, plan_high_availability

        if settings or arguments.off:
            raise invalid(
                "--instances excludes every other setting but --variant and --by",
                "Where the endpoint is scaled automatically it raises the minimum: set the rest with another scale.",
            )
        wanted = HighAvailabilityRequest(
            endpoint=arguments.endpoint,
            instances=arguments.instances,
            variant=arguments.variant,
            by=arguments.by or "auto",
        )
        return lambda aws: plan_high_availability(aws, wanted)
    if arguments.by is not None:
        raise invalid("--by without --instances", "Say how many: --instances 3.")
    if bool(settings) == arguments.off:
        raise invalid(
            "--off excludes every setting" if arguments.off else "There is nothing to set",
            f"Say what: scale {arguments.endpoint} --min 1 --max 5 --target 10, or --off alone.",
        )
    from cmapss_core.plans.autoscale import ScaleRequest, plan_scale

    request = ScaleRequest(endpoint=arguments.endpoint, variant=arguments.variant, off=arguments.off, **settings)
    return lambda aws: plan_scale(aws, request)


def _settings(arguments: Namespace) -> Iterator[tuple[str, Any]]:
    """What is asked for, by the names of ScaleRequest; nothing for what is not."""
    yield from given(arguments, _CHOICES).items()
    if schedules := tuple(_schedules(arguments)):
        yield "schedules", schedules
    if arguments.unschedule:
        yield "unschedule", tuple(arguments.unschedule)
    if step_policy := _step_policy(arguments):
        yield "step_policy", step_policy
    if arguments.remove_policy:
        yield "remove_policies", tuple(arguments.remove_policy)
    if arguments.suspend:
        asked = set(_WAYS if "all" in arguments.suspend else arguments.suspend)
        yield "suspend", tuple(way for way in _WAYS if way in asked)
    if arguments.resume_scaling:
        yield "resume", True


def _schedules(arguments: Namespace) -> Iterator[ScheduleRequest]:
    from cmapss_core.plans.scaling.scheduling import ScheduleRequest

    common = _renamed(arguments, _SCHEDULE_CHOICES)
    if common and not arguments.schedule:
        raise invalid(f"{_flags(arguments, _SCHEDULE_CHOICES)} without --schedule", "Say when: --schedule NAME=WHEN.")
    for text in arguments.schedule or ():
        name, equals, when = text.partition("=")
        if not equals:
            raise invalid(f"--schedule {text!r} has no =", "Write NAME=WHEN, as in night=cron(0 22 * * ? *).")
        yield ScheduleRequest(name=name, schedule=when, **common)


def _step_policy(arguments: Namespace) -> StepPolicyRequest | None:
    from cmapss_core.plans.scaling.step_policy import StepPolicyRequest, parse_steps

    chosen = _renamed(arguments, _STEP_CHOICES)
    if arguments.step_policy is None:
        if chosen or arguments.step:
            flags = "--step" if arguments.step else _flags(arguments, _STEP_CHOICES)
            raise invalid(f"{flags} without --step-policy", "Say --step-policy as well.")
        return None
    if arguments.step_policy:
        chosen["name"] = arguments.step_policy
    if arguments.step:
        chosen["adjustments"] = parse_steps(arguments.step)
    return StepPolicyRequest(**chosen)


def _renamed(arguments: Namespace, names: Mapping[str, str]) -> dict[str, Any]:
    """The options that were given, by what the request calls them."""
    return {names[name]: value for name, value in given(arguments, names).items()}


def _flags(arguments: Namespace, names: Mapping[str, str]) -> str:
    return " and ".join(flag(name) for name in given(arguments, names))
