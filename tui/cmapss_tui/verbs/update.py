"""`update`: another model, other instances, variants or weights for a running endpoint; or the stop of its roll-out."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction, Namespace
from contextlib import closing
from typing import TYPE_CHECKING, Any

from cmapss_core.errors import invalid
from cmapss_tui.apply import add_plan_arguments, carry_out
from cmapss_tui.arguments import flag, given, instances, not_negative_integer, positive_integer, word
from cmapss_tui.connection import connect
from cmapss_tui.options import Options
from cmapss_tui.output import narrate

if TYPE_CHECKING:
    from cmapss_core.plans.updating.requests import CaptureChange, UpdateRequest, VariantChange

_MODELS = ("job", "model", "model_data", "model_file")
_SETTINGS = ("image", "role", "bucket")  # of every model that is made
_SIZES = ("canary_size", "step_size", "batch_size", "rollback_batch_size")
_ROLLOUT = ("strategy", "wait_interval", "bake", "timeout")
_LISTS = ("variant", "remove_variant", "weight", "alarm", "rollback_on")
_FLAGS = ("no_capture", "keep_former", "keep_alarms")
_CHANGES = (
    *_MODELS,
    *_SETTINGS,
    "instance_type",
    "instances",
    "capture",
    "capture_percent",
    *_SIZES,
    *_ROLLOUT,
    *_LISTS,
    *_FLAGS,
)


def add_arguments(parser: ArgumentParser) -> None:
    """What to change, and how it is rolled out."""
    parser.add_argument("endpoint", type=word, metavar="ENDPOINT", help="the endpoint's name")
    parser.add_argument("--stop", action="store_true", help="stop the roll-out: the former fleet serves again")
    _add_changes(parser)
    _add_rollout(parser)
    parser.add_argument(
        "--wait",
        action=BooleanOptionalAction,
        default=True,
        help="stay until the roll-out has ended and its scaling is back (the default)",
    )
    add_plan_arguments(parser)


def run(arguments: Namespace, options: Options) -> int:
    """Plan the update, and carry it out if told so. Raises ConsoleError for whatever is wrong."""
    if arguments.stop:
        return _stop(arguments, options)
    from cmapss_core.plans.update import plan_update

    request = _request(arguments)
    with closing(connect(options, narrate)) as aws:
        return carry_out(aws, plan_update(aws, request), arguments, wait=arguments.wait)


def _stop(arguments: Namespace, options: Options) -> int:
    from cmapss_core.plans.stop import plan_stop_rollout

    changes = [flag(name) for name in _CHANGES if getattr(arguments, name) not in (None, False)]
    if changes:
        raise invalid(f"--stop beside {', '.join(changes)}", "First stop what goes on, then update anew.")
    with closing(connect(options, narrate)) as aws:
        plan = plan_stop_rollout(aws, arguments.endpoint)
        return carry_out(aws, plan, arguments)


def _add_changes(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("what to change", "Of the endpoint's only variant; of several, with --variant.")
    group.add_argument("--job", metavar="JOB", help="serve the model of a training job, or of the best")
    group.add_argument("--model", metavar="NAME", help="serve a model that is there already")
    group.add_argument("--model-data", metavar="URI", help="serve an artefact in S3, with --image and --role")
    group.add_argument(
        "--model-file", metavar="FILE", help="serve a model.tar.gz, uploaded to --bucket, with --image and --role"
    )
    group.add_argument("--image", metavar="URI", help="the container's image in ECR (the training job's)")
    group.add_argument("--role", metavar="ARN", help="the execution role (the training job's)")
    group.add_argument("--bucket", metavar="B", help="where a --model-file is uploaded to")
    group.add_argument("--instance-type", metavar="T", help="of each instance; the count and the scaling are kept")
    group.add_argument("--instances", type=instances, metavar="N", help="as many; else as many as there are")
    group.add_argument(
        "--variant",
        action="append",
        metavar="KEY=VALUE,…",
        help="one of several, or one to add, such as name=A,job=J,weight=0.9,instance-type=T,instances=N; repeatable",
    )
    group.add_argument("--remove-variant", action="append", metavar="NAME", help="repeatable")
    group.add_argument(
        "--weight", action="append", metavar="NAME=W", help="a variant's share of the requests; repeatable"
    )
    group.add_argument("--capture", metavar="URI", help="where in S3 requests and answers are written to from now on")
    group.add_argument("--capture-percent", type=positive_integer, metavar="P", help="of the requests (20)")
    group.add_argument("--no-capture", action="store_true", help="write no more of them")


def _add_rollout(parser: ArgumentParser) -> None:
    group = parser.add_argument_group(
        "how it is rolled out",
        "A new model has a canary of one instance for five minutes, rolled back on errors; one that serves on a single "
        "instance takes over at once, with the former one ready for as long. All else goes all at once.",
    )
    group.add_argument("--strategy", choices=("all-at-once", "canary", "linear", "rolling"), help="rather than that")
    group.add_argument("--canary-size", metavar="N|P%", help="instances, or percent up to 50%% (1)")
    group.add_argument("--step-size", metavar="N|P%", help="of a linear step, 10%% to 50%%")
    group.add_argument("--batch-size", metavar="N|P%", help="of a rolling batch, 5%% to 50%%")
    group.add_argument("--rollback-batch-size", metavar="N|P%", help="of a rolling batch on the way back (100%%)")
    group.add_argument("--wait-interval", type=not_negative_integer, metavar="S", help="seconds after each step (300)")
    group.add_argument(
        "--bake", type=not_negative_integer, metavar="S", help="seconds that the former fleet stays when all is shifted"
    )
    group.add_argument("--timeout", type=positive_integer, metavar="S", help="seconds after which it is rolled back")
    group.add_argument("--alarm", action="append", metavar="NAME", help="an alarm to roll back on; repeatable")
    group.add_argument(
        "--rollback-on",
        action="append",
        metavar="WHAT",
        help="errors[=N] in a minute, or latency=MILLISECONDS: alarms are made for that; repeatable",
    )
    group.add_argument("--keep-former", action="store_true", help="leave the former config and model")
    group.add_argument("--keep-alarms", action="store_true", help="leave the alarms that are made")


def _request(arguments: Namespace) -> UpdateRequest:
    """What the line says. Raises ConsoleError for what contradicts itself."""
    from cmapss_core.plans.updating.alarms import parse_guard
    from cmapss_core.plans.updating.requests import UpdateRequest, parse_variant_change, parse_weight, with_weights
    from cmapss_core.plans.updating.strategies import RolloutRequest, parse_size

    settings = given(arguments, _SETTINGS)
    changes = [*_only_variant(arguments, settings)]
    changes += [parse_variant_change(text, **settings) for text in arguments.variant or ()]
    if settings and not any(change.source for change in changes):
        raise invalid(f"--{next(iter(settings))} without a model to make", "Name its --job, --model-data or -file.")
    sizes: dict[str, Any] = {name: parse_size(value) for name, value in given(arguments, _SIZES).items()}
    guards = arguments.rollback_on
    return UpdateRequest(
        endpoint=arguments.endpoint,
        variants=with_weights(changes, [parse_weight(text) for text in arguments.weight or ()]),
        remove=tuple(arguments.remove_variant or ()),
        capture=_capture(arguments),
        rollout=RolloutRequest(**{name: getattr(arguments, name) for name in _ROLLOUT}, **sizes),
        alarms=tuple(arguments.alarm or ()),
        guards=None if guards is None else tuple(parse_guard(text) for text in guards),
        keep_former=arguments.keep_former,
        keep_alarms=arguments.keep_alarms,
    )


def _only_variant(arguments: Namespace, settings: dict[str, Any]) -> list[VariantChange]:
    """What the line says without naming a variant."""
    from cmapss_core.plans.models.sources import ModelSource
    from cmapss_core.plans.updating.requests import VariantChange

    models = given(arguments, _MODELS)
    if not models and arguments.instance_type is None and arguments.instances is None:
        return []
    source = ModelSource(**models, **settings) if models else None
    return [VariantChange(source=source, instance_type=arguments.instance_type, instances=arguments.instances)]


def _capture(arguments: Namespace) -> CaptureChange | None:
    from cmapss_core.plans.updating.requests import CaptureChange

    asked: dict[str, Any] = {"destination": arguments.capture, "percent": arguments.capture_percent}
    if not any(value is not None for value in asked.values()):
        return CaptureChange(enabled=False) if arguments.no_capture else None
    if arguments.no_capture:
        raise invalid("--capture and --no-capture exclude each other", "Give one of them.")
    return CaptureChange(enabled=True, **asked)
