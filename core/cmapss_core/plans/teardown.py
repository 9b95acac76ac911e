"""Plan the end of an endpoint, in the order that always works, so that nothing of it stays behind."""

from __future__ import annotations

from collections.abc import Iterator

from cmapss_core.aws import Aws
from cmapss_core.endpoints import Endpoint, describe_config, read_endpoint
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.autoscale import removal_steps
from cmapss_core.plans.plan import Call, Check, Plan, Proof, Step, numbered, plan_id
from cmapss_core.scaling import read_policies, read_targets, resource_id

CHANGE_PATIENCE_SECONDS = 3_600
DELETION_PATIENCE_SECONDS = 1_800
USUAL_DELETION_SECONDS = 60


def plan_delete(aws: Aws, name: str, keep_model: bool = False) -> Plan:
    """Plan the deletion of an endpoint with its scaling, config and models; reads only. Raises ConsoleError.

    Config and models are read before anything goes: afterwards nobody knows which they were. A model that
    another endpoint config uses is kept, and the plan says so.
    """
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
    return Plan(
        id=plan_id(aws, "delete"),
        intention="delete",
        target=endpoint.name,
        steps=numbered(_steps(aws, endpoint, going)),
        checks=tuple(checks),
        hourly_cost_usd_before=endpoint.hourly_cost_usd,
        hourly_cost_usd_after=0.0,
    )


def _steps(aws: Aws, endpoint: Endpoint, models: list[str]) -> Iterator[Step]:
    read = Call("sagemaker", "DescribeEndpoint", {"EndpointName": endpoint.name})
    for variant in endpoint.variants:
        resource = resource_id(endpoint.name, variant.name)
        if read_targets(aws, [resource]):
            yield from removal_steps(endpoint.name, variant.name, read_policies(aws, resource))
    if endpoint.in_progress or endpoint.variants:
        # AWS refuses to delete what it is still changing, and auto scaling may have begun a change meanwhile.
        yield Step(
            title="wait for running changes",
            detail=f"now {endpoint.status}",
            call=None,
            proof=Proof(
                call=read,
                shows={"EndpointStatus": ("InService", "Failed", "OutOfService", "UpdateRollbackFailed")},
                or_gone=True,
                patience_seconds=CHANGE_PATIENCE_SECONDS,
            ),
        )
    yield Step(
        title="delete endpoint",
        detail=endpoint.name,
        call=Call("sagemaker", "DeleteEndpoint", {"EndpointName": endpoint.name}),
        proof=Proof(call=read, gone=True, patience_seconds=DELETION_PATIENCE_SECONDS),
        usual_seconds=USUAL_DELETION_SECONDS,
    )
    if endpoint.config is not None:
        parameters = {"EndpointConfigName": endpoint.config}
        yield Step(
            title="delete endpoint config",
            detail=endpoint.config,
            call=Call("sagemaker", "DeleteEndpointConfig", parameters),
            proof=Proof(call=Call("sagemaker", "DescribeEndpointConfig", parameters), gone=True),
        )
    for model in models:
        yield Step(
            title="delete model",
            detail=model,
            call=Call("sagemaker", "DeleteModel", {"ModelName": model}),
            proof=Proof(call=Call("sagemaker", "DescribeModel", {"ModelName": model}), gone=True),
        )


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
