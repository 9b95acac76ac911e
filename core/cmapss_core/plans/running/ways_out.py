"""What stands in the way of a call that AWS refuses, where its own words leave open what to do about it."""

from __future__ import annotations

from cmapss_core.aws import Aws
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.plan import Call
from cmapss_core.plans.steps import describe_endpoint
from cmapss_core.scaling import read_targets, resource_id

_REFUSALS = (ErrorKind.INVALID, ErrorKind.CONFLICT)


def with_way_out(aws: Aws, call: Call, error: ConsoleError) -> ConsoleError:
    """The refusal with the way out of it, where it is known; else as it is.

    An endpoint gets no other instance types, and loses no variant, while these are scalable targets. A plan takes that
    away for as long as it takes; who registers them again meanwhile is in its way, and decides what becomes of it.
    """
    of_scaling = error.code is not None and "scal" in error.message.lower()
    if call.name != "sagemaker:UpdateEndpoint" or not of_scaling or error.kind not in _REFUSALS:
        return error
    endpoint = call.parameters["EndpointName"]
    try:
        scaled = _scaled_variants(aws, endpoint)
    except ConsoleError:
        return error
    if not scaled:
        return error
    ways = "; ".join(f"cmapss-console scale {endpoint} --variant {variant} --off" for variant in scaled)
    return error.told_as(
        error.message,
        f"Somebody scales {', '.join(scaled)} again. End that, then go on with this: {ways}. "
        "What it was can be set up again afterwards.",
    )


def _scaled_variants(aws: Aws, endpoint: str) -> list[str]:
    shown = describe_endpoint(endpoint)
    variants = aws.call(shown.service, shown.operation, **shown.parameters).get("ProductionVariants", ())
    resources = [resource_id(endpoint, variant["VariantName"]) for variant in variants]
    return [target.variant for target in read_targets(aws, resources)] if resources else []
