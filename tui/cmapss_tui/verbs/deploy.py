"""`deploy`: put models behind an endpoint, of training jobs or trained elsewhere, with automatic scaling."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from cmapss_core.errors import invalid
from cmapss_tui.apply import add_plan_arguments, carry_out
from cmapss_tui.arguments import flag, given, instances, not_negative_integer, positive_integer, rate, word
from cmapss_tui.connection import connect
from cmapss_tui.options import Options
from cmapss_tui.output import narrate

if TYPE_CHECKING:
    from cmapss_core.plans.deploy import DeployRequest

# What is handed on as it is; None leaves it to the request.
_CHOICES = (
    "job",
    "name",
    "instance_type",
    "instances",
    "min",
    "max",
    "target",
    "scale_in_cooldown",
    "scale_out_cooldown",
    "model",
    "model_data",
    "model_file",
    "image",
    "role",
    "bucket",
    "shadow",
    "capture",
    "capture_percent",
)
_MODELS = ("job", "model", "model_data", "model_file")


def add_arguments(parser: ArgumentParser) -> None:
    """What to deploy, on what, and how it scales."""
    parser.add_argument("job", nargs="?", type=word, metavar="JOB", help="a training job, or best (the default)")
    parser.add_argument("--name", help="the endpoint's name; made from the time by default")
    parser.add_argument("--instance-type", metavar="T", help="of each instance (ml.m5.xlarge)")
    parser.add_argument("--instances", type=instances, metavar="N", help="to begin with (--min, or 1)")
    _add_scaling(parser)
    _add_models(parser)
    _add_variants(parser)
    parser.add_argument("--wait", action="store_true", help="stay until the endpoint is in service and scales")
    add_plan_arguments(parser)


def run(arguments: Namespace, options: Options) -> int:
    """Plan the deployment, and carry it out if told so. Raises ConsoleError for whatever is wrong."""
    from cmapss_core.plans.deploy import plan_deploy

    request = _request(arguments)
    with closing(connect(options, narrate)) as aws:
        return carry_out(aws, plan_deploy(aws, request), arguments, wait=arguments.wait)


def _add_scaling(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("automatic scaling, of every variant")
    group.add_argument("--min", type=instances, metavar="N", help="instances at least (--instances)")
    group.add_argument("--max", type=instances, metavar="N", help="instances at most (5)")
    group.add_argument("--target", type=rate, metavar="X", help="invocations per instance and minute to keep to (10)")
    group.add_argument("--scale-in-cooldown", type=not_negative_integer, metavar="S", help="seconds (600)")
    group.add_argument("--scale-out-cooldown", type=not_negative_integer, metavar="S", help="seconds (30)")
    group.add_argument("--no-autoscaling", action="store_true", help="keep the number of instances as it is")


def _add_models(parser: ArgumentParser) -> None:
    group = parser.add_argument_group(
        "the model", "In place of JOB; image, role, network and environment are of every model that is made."
    )
    group.add_argument("--model", metavar="NAME", help="a model that is there already")
    group.add_argument("--model-data", metavar="URI", help="an artefact in S3, with --image and --role")
    group.add_argument(
        "--model-file", metavar="FILE", help="a model.tar.gz, uploaded to --bucket, with --image and --role"
    )
    group.add_argument("--bucket", metavar="B", help="where a --model-file is uploaded to")
    group.add_argument("--image", metavar="URI", help="the container's image in ECR (the training job's)")
    group.add_argument("--role", metavar="ARN", help="the execution role (the training job's)")
    group.add_argument(
        "--environment", action="append", metavar="KEY=VALUE", help="a variable of the container; repeatable"
    )
    group.add_argument("--subnet", action="append", metavar="ID", help="of the VPC (the training job's); repeatable")
    group.add_argument("--security-group", action="append", metavar="ID", help="of the VPC; repeatable")
    group.add_argument(
        "--network-isolation", action="store_true", help="let the container reach nothing (as the training job's)"
    )


def _add_variants(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("variants, and what is kept of their requests")
    group.add_argument(
        "--variant",
        action="append",
        metavar="KEY=VALUE,…",
        help="one of several, such as name=A,job=J,weight=0.9,instance-type=T,instances=N; or with model=, "
        "model-data=, model-file=, image=, role=; repeatable",
    )
    group.add_argument("--shadow", metavar="JOB", help="a training job whose model gets a copy of every request")
    group.add_argument("--capture", metavar="URI", help="where in S3 requests and answers are written to")
    group.add_argument(
        "--capture-percent", type=positive_integer, metavar="P", help="of the requests that are captured (20)"
    )
    group.add_argument(
        "--tag", action="append", metavar="KEY=VALUE", help="of all that is made, beside the console's own; repeatable"
    )


def _request(arguments: Namespace) -> DeployRequest:
    """What the line says. Raises ConsoleError for what contradicts itself."""
    from cmapss_core.plans.deploy import DeployRequest
    from cmapss_core.plans.models.variants import parse_variant

    _refuse_two_models(arguments)
    if arguments.capture_percent is not None and arguments.capture is None:
        raise invalid("--capture-percent without --capture", "Say where to: --capture s3://bucket/prefix.")
    return DeployRequest(
        **given(arguments, _CHOICES),
        autoscaling=not arguments.no_autoscaling,
        environment=tuple(_pairs("environment", arguments.environment)),
        subnets=tuple(arguments.subnet or ()),
        security_groups=tuple(arguments.security_group or ()),
        network_isolation=arguments.network_isolation,
        tags=tuple(_pairs("tag", arguments.tag)),
        variants=tuple(parse_variant(text) for text in arguments.variant or ()),
    )


def _refuse_two_models(arguments: Namespace) -> None:
    named = ["JOB" if name == "job" else flag(name) for name in (*_MODELS, "variant") if getattr(arguments, name)]
    if len(named) > 1:
        raise invalid(
            f"{' and '.join(named)} exclude each other", "Give one of them; several models take several --variant."
        )


def _pairs(name: str, texts: Iterable[str] | None) -> Iterator[tuple[str, str]]:
    """KEY=VALUE, each. What has no = may be a secret that lost its key: it is not told."""
    for text in texts or ():
        key, equals, value = text.partition("=")
        if not equals:
            raise invalid(f"{flag(name)} without =", f"Write {flag(name)} KEY=VALUE.")
        yield key, value
