"""The steps that plans are made of: models, endpoint configs and endpoints, made and deleted, each with its proof.

Making is undone by deleting, deleting by making again from the description that was read before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.belongings import LOG_GROUP_PREFIX, tags_by_key, variants_of
from cmapss_core.plans.plan import Call, Proof, Step

Parameters = Mapping[str, Any]

SERVICE = "sagemaker"
CREATION_PATIENCE_SECONDS = 3_600  # as long as boto3's own waiter; a wait for capacity alone lasts half an hour
CHANGE_PATIENCE_SECONDS = 3_600
# Of a roll-out that somebody else began: it may be given eight hours (MaximumExecutionTimeoutInSeconds).
ROLLOUT_PATIENCE_SECONDS = 32_400
DELETION_PATIENCE_SECONDS = 5_400  # what is in progress has to end first
USUAL_CREATION_SECONDS = 600
USUAL_DELETION_SECONDS = 60
ENDED = ("InService", "Failed", "OutOfService", "UpdateRollbackFailed")
_RESERVED_TAGS = "aws:"  # of AWS's own services: they are listed, and nobody else can set them


def tags_of(aws: Aws, arn: str) -> list[dict[str, str]]:
    """The tags of a resource of SageMaker's as far as they can be set again. Raises ConsoleError."""
    tags = tags_by_key(aws, arn).items()
    return [{"Key": key, "Value": value} for key, value in tags if not key.lower().startswith(_RESERVED_TAGS)]


def model_parameters(aws: Aws, name: str) -> dict[str, Any]:
    """What CreateModel would make this model of again, its tags included. Raises ConsoleError."""
    answer = aws.call(SERVICE, "DescribeModel", ModelName=name)
    return {**_without_empty(aws.accepted(SERVICE, "CreateModel", answer)), **_tagged(aws, answer["ModelArn"])}


def endpoint_config_parameters(aws: Aws, name: str) -> dict[str, Any]:
    """What CreateEndpointConfig would make this config of again, its tags included. Raises ConsoleError."""
    answer = aws.call(SERVICE, "DescribeEndpointConfig", EndpointConfigName=name)
    accepted = _without_empty(aws.accepted(SERVICE, "CreateEndpointConfig", answer))
    return {**accepted, **_tagged(aws, answer["EndpointConfigArn"])}


def create_model(parameters: Parameters) -> Step:
    """Make a model of CreateModel's parameters."""
    return Step(
        title="create model",
        detail=parameters["ModelName"],
        call=Call(SERVICE, "CreateModel", parameters),
        proof=_model_shows(parameters),
        undo=replace(
            _deletion("model", "DeleteModel", parameters["ModelName"], _model_shows(parameters)),
            spares=parameters["ModelName"],
        ),
    )


def delete_model(parameters: Parameters) -> Step:
    """Delete a model that these parameters of CreateModel make again."""
    name = parameters["ModelName"]
    step = _deletion("model", "DeleteModel", name, _model_shows(parameters))
    return _undone_by(step, "create model again", Call(SERVICE, "CreateModel", parameters), _model_shows(parameters))


def create_endpoint_config(parameters: Parameters) -> Step:
    """Make an endpoint config of CreateEndpointConfig's parameters."""
    return Step(
        title="create endpoint config",
        detail=f"{parameters['EndpointConfigName']}, {fleet(parameters)}",
        call=Call(SERVICE, "CreateEndpointConfig", parameters),
        proof=_config_shows(parameters),
        undo=_deletion(
            "endpoint config", "DeleteEndpointConfig", parameters["EndpointConfigName"], _config_shows(parameters)
        ),
    )


def delete_endpoint_config(parameters: Parameters) -> Step:
    """Delete an endpoint config that these parameters of CreateEndpointConfig make again."""
    name, proof = parameters["EndpointConfigName"], _config_shows(parameters)
    step = _deletion("endpoint config", "DeleteEndpointConfig", name, proof)
    return _undone_by(step, "create endpoint config again", Call(SERVICE, "CreateEndpointConfig", parameters), proof)


def create_endpoint(parameters: Parameters, sweep: Step | None = None) -> Step:
    """Make an endpoint of CreateEndpoint's parameters; whether it comes into service is waited for in another step.

    `sweep` takes away the log group that its containers make, once the endpoint is.
    """
    name, config = parameters["EndpointName"], parameters["EndpointConfigName"]
    return Step(
        title="create endpoint",
        detail=name,
        call=Call(SERVICE, "CreateEndpoint", parameters),
        proof=Proof(
            call=describe_endpoint(name),
            shows={"EndpointConfigName": (config,)},
            failed={"EndpointStatus": ("Failed",)},
            reason="FailureReason",
        ),
        undo=endpoint_deletion(name, {"EndpointConfigName": (config,)}),
        sweep=sweep,
        log_group=LOG_GROUP_PREFIX + name,
    )


def delete_endpoint(parameters: Parameters, coming: tuple[str, ...] = ()) -> Step:
    """Delete an endpoint that these parameters of CreateEndpoint make again, which takes as long as at first.

    `coming` are configs that a deployment under way may have given it by then.
    """
    name, config = parameters["EndpointName"], parameters["EndpointConfigName"]
    return _undone_by(
        endpoint_deletion(name, {"EndpointConfigName": (config, *coming)}),
        "create endpoint again",
        Call(SERVICE, "CreateEndpoint", parameters),
        in_service(name, config),
        usual_seconds=USUAL_CREATION_SECONDS,
    )


def endpoint_deletion(name: str, unchanged: Mapping[str, tuple[Any, ...]]) -> Step:
    """Delete an endpoint once it may be deleted, and wait until it is gone."""
    return Step(
        title="delete endpoint",
        detail=name,
        call=Call(SERVICE, "DeleteEndpoint", {"EndpointName": name}),
        proof=Proof(
            call=describe_endpoint(name), gone=True, unchanged=unchanged, patience_seconds=DELETION_PATIENCE_SECONDS
        ),
        usual_seconds=USUAL_DELETION_SECONDS,
    )


def wait_until_in_service(name: str, config: str, detail: str = "usually 9–11 minutes") -> Step:
    """Wait until the endpoint serves with that config; nothing is changed, so nothing is to be undone."""
    return Step(
        title="wait until in service",
        detail=detail,
        call=None,
        proof=in_service(name, config),
        usual_seconds=USUAL_CREATION_SECONDS,
        log_group=LOG_GROUP_PREFIX + name,
    )


def wait_for_running_changes(name: str, status: str) -> Step:
    """Wait until whatever changes the endpoint has ended: AWS neither deletes nor changes it before."""
    return Step(
        title="wait for running changes",
        detail=f"now {status}",
        call=None,
        proof=Proof(
            call=describe_endpoint(name),
            shows={"EndpointStatus": ENDED},
            or_gone=True,
            patience_seconds=ROLLOUT_PATIENCE_SECONDS,
        ),
    )


def wait_until_gone(name: str) -> Step:
    """Wait until an endpoint is gone that somebody deletes already."""
    return Step(
        title="wait until the endpoint is gone",
        detail="it is being deleted already",
        call=None,
        proof=Proof(call=describe_endpoint(name), gone=True, patience_seconds=DELETION_PATIENCE_SECONDS),
        usual_seconds=USUAL_DELETION_SECONDS,
    )


def in_service(name: str, config: str) -> Proof:
    """That the endpoint serves with that config and nobody has given it another."""
    return Proof(
        call=describe_endpoint(name),
        shows={"EndpointStatus": ("InService",)},
        failed={"EndpointStatus": ("Failed", "OutOfService", "Deleting")},
        unchanged={"EndpointConfigName": (config,)},
        reason="FailureReason",
        must_exist=True,
        patience_seconds=CREATION_PATIENCE_SECONDS,
    )


def describe_endpoint(name: str) -> Call:
    """How an endpoint is read back."""
    return Call(SERVICE, "DescribeEndpoint", {"EndpointName": name})


def fleet(parameters: Parameters) -> str:
    """What an endpoint config asks for, such as "3 × ml.m5.xlarge", variant by variant."""
    shadows = parameters.get("ShadowProductionVariants", ())
    asked = [
        f"{_instances(variant)} as shadow" if variant in shadows else _instances(variant)
        for variant in variants_of(parameters)
    ]
    return ", ".join([*asked, *(["asynchronous"] if parameters.get("AsyncInferenceConfig") else [])])


def _instances(variant: Parameters) -> str:
    if serverless := variant.get("ServerlessConfig"):
        return f"serverless with {serverless['MemorySizeInMB']} MB, {serverless['MaxConcurrency']} at once"
    pools = [pool["InstanceType"] for pool in variant.get("InstancePools", ())]
    types = variant.get("InstanceType") or " or ".join(pools) or "instances"
    count = variant.get("InitialInstanceCount")
    return types if count is None else f"{count} × {types}"


def _tagged(aws: Aws, arn: str) -> dict[str, Any]:
    tags = tags_of(aws, arn)
    return {"Tags": tags} if tags else {}


def _without_empty(parameters: Parameters) -> dict[str, Any]:
    """Without what a description may show as empty: a model with one container has no list of several."""
    return {name: value for name, value in parameters.items() if value not in ({}, [])}


def _model_shows(parameters: Parameters) -> Proof:
    shows: dict[str, tuple[Any, ...]] = {}
    for member in ("Image", "ModelDataUrl", "ModelPackageName"):
        if member in (container := parameters.get("PrimaryContainer", {})):
            shows[f"PrimaryContainer.{member}"] = (container[member],)
        if several := [container[member] for container in parameters.get("Containers", ()) if member in container]:
            shows[f"Containers[].{member}"] = (several,)
    return Proof(call=Call(SERVICE, "DescribeModel", {"ModelName": parameters["ModelName"]}), shows=shows)


def _config_shows(parameters: Parameters) -> Proof:
    members = ("VariantName", "ModelName", "InstanceType", "InitialInstanceCount")
    return Proof(
        call=Call(SERVICE, "DescribeEndpointConfig", {"EndpointConfigName": parameters["EndpointConfigName"]}),
        shows={
            f"{kind}[].[{', '.join(members)}]": ([[variant.get(member) for member in members] for variant in asked],)
            for kind in ("ProductionVariants", "ShadowProductionVariants")
            if (asked := parameters.get(kind))
        },
    )


def _deletion(kind: str, operation: str, name: str, shown: Proof) -> Step:
    return Step(
        title=f"delete {kind}",
        detail=name,
        call=Call(SERVICE, operation, shown.call.parameters),
        proof=Proof(call=shown.call, gone=True, unchanged=shown.shows),
    )


def _undone_by(step: Step, title: str, call: Call, proof: Proof, usual_seconds: float | None = None) -> Step:
    undo = Step(title=title, detail=step.detail, call=call, proof=proof, usual_seconds=usual_seconds)
    return replace(step, undo=undo)
