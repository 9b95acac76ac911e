"""`watch`: one endpoint: its instances, what scales them and why, its metrics and scaling activities."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, NoReturn

from cmapss_core.errors import ErrorKind
from cmapss_tui.arguments import pause, word
from cmapss_tui.connection import connect
from cmapss_tui.documents import watch_document
from cmapss_tui.exits import ExitCode
from cmapss_tui.formats import duration, hourly_cost, moment, number, time_of_day
from cmapss_tui.options import Options
from cmapss_tui.output import narrate, render_table, write, write_json

if TYPE_CHECKING:
    from cmapss_core.aws import Aws
    from cmapss_core.endpoints import Endpoint
    from cmapss_core.rollout import Rollout
    from cmapss_core.scaling import ScalableTarget, ScalingPolicy
    from cmapss_core.watch import Watch

INTERVAL_SECONDS = 10.0
SHOWN_ACTIVITIES = 5
# What may be over at the next reading.
PASSING = frozenset({ErrorKind.THROTTLED, ErrorKind.UNREACHABLE})


def add_arguments(parser: ArgumentParser) -> None:
    """Which endpoint, and for how long."""
    parser.add_argument("endpoint", type=word, metavar="ENDPOINT", help="the endpoint's name")
    parser.add_argument("--once", action="store_true", help="print it once instead of until Ctrl-C")
    parser.add_argument(
        "--interval", type=pause, metavar="S", help=f"seconds between two readings ({INTERVAL_SECONDS:g})"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document and end")


def run(arguments: Namespace, options: Options) -> int:
    """Print the endpoint, once or again and again. Raises ConsoleError where it cannot be read."""
    with closing(connect(options, narrate)) as aws:
        if arguments.json or arguments.once:
            return _once(aws, arguments.endpoint, arguments.json)
        _repeat(aws, arguments.endpoint, arguments.interval or options.refresh or INTERVAL_SECONDS)


def _once(aws: Aws, name: str, as_json: bool) -> ExitCode:
    from cmapss_core.watch import read_watch

    watch = read_watch(aws, name)
    if watch.endpoint is not None:
        if as_json:
            write_json(watch_document(watch.endpoint, watch))
        else:
            write(render_watch(watch.endpoint, watch))
    if watch.error is not None:
        raise watch.error
    return ExitCode.DONE


def _repeat(aws: Aws, name: str, interval: float) -> NoReturn:
    """A block for each reading. What passes by itself is told and waited out; Ctrl-C ends it."""
    from cmapss_core.watch import read_watch

    while True:
        watch = read_watch(aws, name)
        if watch.endpoint is not None:
            write(render_watch(watch.endpoint, watch) + "\n")
        if watch.error is not None:
            if watch.error.kind not in PASSING:
                raise watch.error
            narrate(watch.error.line())
        time.sleep(interval)


def render_watch(endpoint: Endpoint, watch: Watch) -> str:
    """One reading as a person reads it: state, roll-out, why, variants, what scales them, the latest minute, alarms,
    activities."""
    from cmapss_core.endpoints import STATUS_GLYPHS

    status = f"{STATUS_GLYPHS.get(endpoint.status, '?')} {endpoint.status}"
    blocks = [
        f"{endpoint.name}   {status}   {hourly_cost(endpoint.hourly_cost_usd)}   {moment(watch.as_of)}",
        *([f"Reason: {endpoint.failure_reason}"] if endpoint.failure_reason else []),
        *([_rollout(endpoint.rollout)] if endpoint.rollout else []),
        *([watch.explanation] if watch.explanation else []),
        _variants(endpoint, watch),
        *_policies(watch),
        *_scheduled_actions(watch),
        *_latest_minute(watch),
        *_alarms(watch),
        *_activities(watch),
    ]
    return "\n".join(blocks)


def _variants(endpoint: Endpoint, watch: Watch) -> str:
    bounds = {target.variant: _bounds(target) for target in (watch.scaling.targets if watch.scaling else ())}
    return render_table(
        ("variant", "model", "type", "now", "want", "min–max", "weight"),
        [
            (
                variant.name,
                variant.model,
                variant.instance_type,
                variant.current_instances,
                variant.desired_instances,
                bounds.get(variant.name),
                number(variant.weight),
            )
            for variant in endpoint.variants
        ],
        right=("now", "want", "weight"),
        stream=sys.stdout,
    )


def _bounds(target: ScalableTarget) -> str:
    from cmapss_core.scaling import SUSPENSION_NAMES

    suspended = " and ".join(SUSPENSION_NAMES[way] for way in target.suspended)
    return f"{target.min}–{target.max}" + (f", {suspended} suspended" if suspended else "")


def _rollout(rollout: Rollout) -> str:
    """What takes over from what, how, how far it is, and what rolls it back."""
    instances = f"{rollout.current_instances} of {rollout.desired_instances} instances"
    alarms = f"; rolled back by {', '.join(rollout.alarms)}" if rollout.alarms else ""
    return f"Roll-out of {rollout.config}: {rollout.strategy}; {rollout.stage or 'under way'}, {instances}{alarms}"


def _policies(watch: Watch) -> Iterator[str]:
    if watch.scaling is not None and watch.scaling.policies:
        yield render_table(
            ("policy", "variant", "what", "cooldown in", "out"),
            [
                (
                    policy.name,
                    policy.variant,
                    _terms(policy),
                    "never" if policy.disable_scale_in else f"{policy.scale_in_cooldown} s",
                    f"{policy.scale_out_cooldown} s",
                )
                for policy in watch.scaling.policies
            ],
            right=("cooldown in", "out"),
            stream=sys.stdout,
        )


def _terms(policy: ScalingPolicy) -> str:
    from cmapss_core.scaling import METRIC_UNITS

    if policy.target is None:
        steps = "1 step" if len(policy.steps) == 1 else f"{len(policy.steps)} steps"
        return f"{steps}, {policy.adjustment_type}"
    return f"{number(policy.target)} {METRIC_UNITS.get(policy.metric or '', policy.metric or '')}"


def _scheduled_actions(watch: Watch) -> Iterator[str]:
    if watch.scaling is not None and watch.scaling.scheduled_actions:
        yield render_table(
            ("scheduled action", "variant", "schedule", "zone", "min", "max", "next"),
            [
                (
                    action.name,
                    action.variant,
                    action.schedule,
                    action.timezone or "UTC",
                    action.min,
                    action.max,
                    moment(action.next_due(watch.as_of)),
                )
                for action in watch.scaling.scheduled_actions
            ],
            right=("min", "max"),
            stream=sys.stdout,
        )


def _latest_minute(watch: Watch) -> Iterator[str]:
    if watch.metrics is None:
        return
    values = {name: series.points[-1] for name, series in watch.metrics.series.items() if series.points}
    if not values:
        yield "No metrics yet."
        return
    yield render_table(
        ("metric", "latest", "unit", "minute"),
        [
            (name, number(value, 4), watch.metrics.series[name].unit, time_of_day(at))
            for name, (at, value) in values.items()
        ],
        right=("latest",),
        stream=sys.stdout,
    )


def _alarms(watch: Watch) -> Iterator[str]:
    if watch.scaling is not None and watch.scaling.alarms:
        yield render_table(
            ("alarm", "state", "when"),
            [
                (
                    f"Alarm{alarm.side.capitalize()}",
                    alarm.state,
                    f"{alarm.datapoints_to_alarm} of {alarm.evaluation_periods} minutes "
                    f"{'above' if alarm.side == 'high' else 'below'} {number(alarm.threshold)}",
                )
                for alarm in watch.scaling.alarms
            ],
            right=(),
            stream=sys.stdout,
        )


def _activities(watch: Watch) -> Iterator[str]:
    if watch.scaling is not None and watch.scaling.activities:
        yield render_table(
            ("started", "took", "status", "activity"),
            [
                (
                    moment(activity.started),
                    duration((activity.ended - activity.started).total_seconds() if activity.ended else None),
                    activity.status if activity.not_scaled_reason is None else "NotScaled",
                    activity.not_scaled_reason or activity.description,
                )
                for activity in watch.scaling.activities[:SHOWN_ACTIVITIES]
            ],
            right=("took",),
            stream=sys.stdout,
        )
