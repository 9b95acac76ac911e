"""Plan the end of an endpoint, in the order that always works, so that nothing of it stays behind."""

from __future__ import annotations

from collections.abc import Iterator

from cmapss_core.aws import Aws
from cmapss_core.endpoints import Endpoint, describe_config, read_endpoint
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.drafting import drafting
from cmapss_core.plans.plan import Check, Plan, Step
from cmapss_core.plans.scaling_steps import read_variant_scaling, removal_steps
from cmapss_core.plans.steps import (
    delete_endpoint,
    delete_endpoint_config,
    delete_model,
    endpoint_config_parameters,
    model_parameters,
    tags_of,
    wait_for_running_changes,
)


def plan_delete(aws: Aws, name: str, keep_model: bool = False) -> Plan:
    """Plan the deletion of an endpoint with its scaling, config and models; reads only. Raises ConsoleError.

    Config and models are read before anything goes: afterwards nobody knows which they were. A model that
    another endpoint config uses is kept, and the plan says so.
    """
    with drafting(aws, "delete") as draft:
        endpoint = read_endpoint(aws, name)
        if endpoint.status == "Deleting":
            raise ConsoleError(ErrorKind.CONFLICT, f"{name} is being deleted already", remedy="Wait until it is gone.")
        models = sorted({variant.model for variant in endpoint.variants if variant.model})
        shared = _used_elsewhere(aws, models, endpoint.config) if models and not keep_model else {}
        going = [] if keep_model else [model for model in models if model not in shared]
        checks = [Check(None, f"model {model} stays: {config} uses it too") for model, config in shared.items()]
        if keep_model:
            checks += [Check(None, f"model {model} stays, as asked") for model in models]
        if endpoint.status == "InService":
            checks.append(Check(None, "requests to it will fail from then on"))
        return draft.plan(
            target=endpoint.name,
            steps=_steps(aws, endpoint, going),
            checks=checks,
            before=endpoint.hourly_cost_usd,
            after=0.0,
            endpoint_arn=endpoint.arn,
        )


def _steps(aws: Aws, endpoint: Endpoint, models: list[str]) -> Iterator[Step]:
    for variant in endpoint.variants:
        scaling = read_variant_scaling(aws, endpoint.name, variant.name)
        if scaling is not None:
            yield from removal_steps(scaling)
    if endpoint.in_progress or endpoint.variants:
        # AWS refuses to delete what it is still changing, and auto scaling may have begun a change meanwhile.
        yield wait_for_running_changes(endpoint.name, endpoint.status)
    tags = tags_of(aws, endpoint.arn)
    yield delete_endpoint(
        {
            "EndpointName": endpoint.name,
            "EndpointConfigName": endpoint.config,
            **({"Tags": tags} if tags else {}),
        }
    )
    if endpoint.config is not None:
        yield delete_endpoint_config(endpoint_config_parameters(aws, endpoint.config))
    for model in models:
        yield delete_model(model_parameters(aws, model))


def _used_elsewhere(aws: Aws, models: list[str], config: str | None) -> dict[str, str]:
    """Which of these models another endpoint config names, and which one that is."""
    used: dict[str, str] = {}
    for page in aws.pages("sagemaker", "ListEndpointConfigs", MaxResults=100):
        for row in page["EndpointConfigs"]:
            other = row["EndpointConfigName"]
            if other == config:
                continue
            try:
                variants = describe_config(aws, other).get("ProductionVariants", [])
            except ConsoleError as error:
                if error.kind is ErrorKind.NOT_FOUND:  # deleted between the two calls
                    continue
                raise
            for variant in variants:
                if variant.get("ModelName") in models:
                    used.setdefault(variant["ModelName"], other)
    return used
