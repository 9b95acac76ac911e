"""What belongs to which endpoint, and what is left of endpoints that are gone. Everything in here only reads.

AWS itself keeps no such record: a config does not know its endpoints, nor a model its configs, and alarms and log
groups go by names alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

from cmapss_core.answers import understood
from cmapss_core.aws import Aws
from cmapss_core.endpoints import IN_PROGRESS
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.plan import OWNER_TAG
from cmapss_core.scaling import DIMENSION, NAMESPACE

Value = TypeVar("Value")

ALARM_PREFIX = f"{OWNER_TAG}-"
LOG_GROUP_PREFIX = "/aws/sagemaker/Endpoints/"
UPLOADS = f"{OWNER_TAG}/"

_RESOURCE = re.compile(r"endpoint/([^/]+)/variant/([^/]+)")
_TRACKING_ALARM = re.compile(r"TargetTracking-endpoint/([^/]+)/variant/[^/]+-Alarm(High|Low)-.+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What a listing of SageMaker's tells of one endpoint, endpoint config or model."""

    name: str
    arn: str
    created: datetime
    modified: datetime | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTarget:
    """A scalable target: the instances of a variant."""

    endpoint: str
    variant: str
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedAlarm:
    """An alarm about an endpoint. `console`: the console made it for a roll-out; `tracking`: a policy of target
    tracking did. `changed` is when it was last put."""

    name: str
    endpoint: str
    changed: datetime
    console: bool = False
    tracking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LogGroup:
    """An endpoint's log group, whether it can be deleted, and how much it holds in bytes."""

    name: str
    endpoint: str
    created: datetime
    size: int = 0
    protected: bool = False


def list_endpoints(aws: Aws) -> Iterator[Listed]:
    """Every endpoint of the region. Raises ConsoleError."""
    return _listed(aws, "ListEndpoints", "Endpoints", "Endpoint")


def list_endpoint_configs(aws: Aws, **narrowing: Any) -> Iterator[Listed]:
    """Every endpoint config of the region, the newest first. Raises ConsoleError."""
    return _listed(aws, "ListEndpointConfigs", "EndpointConfigs", "EndpointConfig", **narrowing)


def list_models(aws: Aws, **narrowing: Any) -> Iterator[Listed]:
    """Every model of the region, the newest first. Raises ConsoleError."""
    return _listed(aws, "ListModels", "Models", "Model", **narrowing)


def configs_of(aws: Aws, endpoint: Listed) -> tuple[str, ...]:
    """The configs that an endpoint needs: the one it serves, and the one that a running deployment takes it to.

    Asked for once for each state of an endpoint that has come to rest. Raises ConsoleError.
    """
    if endpoint.status in IN_PROGRESS:
        return _configs_of(aws, endpoint.name)
    key = ("configs of endpoint", endpoint.name, endpoint.modified, endpoint.status)
    return aws.remember(key, lambda: _configs_of(aws, endpoint.name))


def configs_in_use(aws: Aws, passing_over: Collection[str] = ()) -> dict[str, str]:
    """The endpoint config of each endpoint but those passed over, with the endpoint's name. Raises ConsoleError."""
    return {
        config: endpoint.name
        for endpoint in list_endpoints(aws)
        if endpoint.name not in passing_over
        for config in configs_of(aws, endpoint)
    }


def models_of(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The models that a described config names, those of shadow variants included, each once."""
    return tuple(
        dict.fromkeys(variant["ModelName"] for variant in variants_of(config) if variant.get("ModelName") is not None)
    )


def variants_of(config: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The variants of a described config, endpoint or deployment under way, shadow variants last."""
    return (*config.get("ProductionVariants", ()), *config.get("ShadowProductionVariants", ()))


def described_config(aws: Aws, config: Listed) -> Mapping[str, Any]:
    """A listed config, asked for once: configs are immutable. Empty where it was deleted meanwhile."""
    key = ("endpoint config", config.name, config.created)
    return aws.remember(
        key,
        lambda: (
            unless_gone(lambda: aws.call("sagemaker", "DescribeEndpointConfig", EndpointConfigName=config.name)) or {}
        ),
    )


def described_model(aws: Aws, model: Listed) -> Mapping[str, Any]:
    """A listed model, asked for once: models are immutable. Empty where it was deleted meanwhile."""
    key = ("model", model.name, model.created)
    return aws.remember(
        key, lambda: unless_gone(lambda: aws.call("sagemaker", "DescribeModel", ModelName=model.name)) or {}
    )


def users_of_models(aws: Aws, models: Collection[str], passing_over: Collection[str]) -> dict[str, str]:
    """Which of these models an endpoint config names that is not passed over, with the config's name.

    Stops as soon as each is found once. Raises ConsoleError.
    """
    used: dict[str, str] = {}
    for config in list_endpoint_configs(aws) if models else ():
        if config.name in passing_over:
            continue
        for model in models_of(described_config(aws, config)):
            if model in models:
                used.setdefault(model, config.name)
        if len(used) == len(models):
            break
    return used


def uploads_of(model: Mapping[str, Any]) -> tuple[str, ...]:
    """The artefacts of a described model that lie where the console uploads to, as S3 URIs."""
    containers = [model.get("PrimaryContainer", {}), *model.get("Containers", ())]
    return tuple(
        uri for container in containers if (uri := artefact_of(container)) and _key_of(uri).startswith(UPLOADS)
    )


def artefact_of(container: Mapping[str, Any]) -> str | None:
    """Where a container's artefact is, however its model says so."""
    source = container.get("ModelDataSource", {}).get("S3DataSource", {})
    uri: str | None = container.get("ModelDataUrl") or source.get("S3Uri")
    return uri


def users_of_artefacts(aws: Aws, artefacts: Collection[str], passing_over: Collection[str]) -> dict[str, str]:
    """Which of these artefacts a model serves that is not passed over, with the model's name. Raises ConsoleError."""
    used: dict[str, str] = {}
    for model in list_models(aws) if artefacts else ():
        if model.name in passing_over:
            continue
        for uri in uploads_of(described_model(aws, model)):
            if uri in artefacts:
                used.setdefault(uri, model.name)
        if len(used) == len(artefacts):
            break
    return used


def tags_by_key(aws: Aws, arn: str) -> dict[str, str]:
    """The tags of a resource of SageMaker's; none where it was deleted meanwhile. Raises ConsoleError."""
    pages = aws.pages("sagemaker", "ListTags", ResourceArn=arn, MaxResults=100)
    return unless_gone(lambda: {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}) or {}


def is_ours(parameters: Mapping[str, Any]) -> bool:
    """Whether the console made what these parameters make again."""
    return any(tag["Key"] == OWNER_TAG for tag in parameters.get("Tags", ()))


def unless_gone(ask: Callable[[], Value]) -> Value | None:
    """What is asked for, None where that is not there, or not any more. Raises ConsoleError."""
    try:
        return ask()
    except ConsoleError as error:
        if error.kind is ErrorKind.NOT_FOUND:
            return None
        raise


def named_targets(aws: Aws) -> Iterator[NamedTarget]:
    """The scalable targets of the region's variants. Raises ConsoleError."""
    for page in aws.pages("application-autoscaling", "DescribeScalableTargets", ServiceNamespace=NAMESPACE):
        for target in page["ScalableTargets"]:
            variant = _RESOURCE.fullmatch(target["ResourceId"])
            if variant is not None and target["ScalableDimension"] == DIMENSION:
                yield NamedTarget(endpoint=variant[1], variant=variant[2], created=target["CreationTime"])


def named_alarms(aws: Aws, prefix: str | None = None) -> Iterator[NamedAlarm]:
    """The alarms whose names or dimensions say which endpoint they are about. Raises ConsoleError."""
    narrowing = {} if prefix is None else {"AlarmNamePrefix": prefix}
    for page in aws.pages("cloudwatch", "DescribeAlarms", MaxRecords=100, AlarmTypes=["MetricAlarm"], **narrowing):
        for alarm in page["MetricAlarms"]:
            name = alarm["AlarmName"]
            tracking = _TRACKING_ALARM.fullmatch(name)
            endpoint = tracking[1] if tracking else _endpoint_watched(alarm)
            if endpoint is not None:
                yield NamedAlarm(
                    name=name,
                    endpoint=endpoint,
                    changed=alarm["AlarmConfigurationUpdatedTimestamp"],
                    # An endpoint's name may be the beginning of another's: the dimension tells them apart.
                    console=name.startswith(f"{ALARM_PREFIX}{endpoint}-"),
                    tracking=tracking is not None,
                )


def log_groups(aws: Aws, endpoint: str = "") -> Iterator[LogGroup]:
    """The log groups of endpoints, or of the one that is named. Raises ConsoleError."""
    for page in aws.pages(
        "logs", "DescribeLogGroups", token="nextToken", logGroupNamePrefix=LOG_GROUP_PREFIX + endpoint
    ):
        for group in page["logGroups"]:
            name = group["logGroupName"].removeprefix(LOG_GROUP_PREFIX)
            if endpoint in ("", name):
                yield LogGroup(
                    name=group["logGroupName"],
                    endpoint=name,
                    created=understood(group, partial(datetime.fromtimestamp, group["creationTime"] / 1000, UTC)),
                    size=group.get("storedBytes", 0),
                    protected=group.get("deletionProtectionEnabled", False),
                )


def _listed(aws: Aws, operation: str, member: str, kind: str, **narrowing: Any) -> Iterator[Listed]:
    for page in aws.pages("sagemaker", operation, MaxResults=100, **narrowing):
        for row in page[member]:
            yield Listed(
                name=row[f"{kind}Name"],
                arn=row[f"{kind}Arn"],
                created=row["CreationTime"],
                modified=row.get("LastModifiedTime"),
                status=row.get(f"{kind}Status"),
            )


def _configs_of(aws: Aws, name: str) -> tuple[str, ...]:
    answer = unless_gone(lambda: aws.call("sagemaker", "DescribeEndpoint", EndpointName=name)) or {}
    pending = answer.get("PendingDeploymentSummary", {})
    return tuple(
        dict.fromkeys(of["EndpointConfigName"] for of in (answer, pending) if of.get("EndpointConfigName") is not None)
    )


def _endpoint_watched(alarm: Mapping[str, Any]) -> str | None:
    """The endpoint that the metrics of an alarm are about; None where there is none, or more than one."""
    metrics = [alarm, *(query.get("MetricStat", {}).get("Metric", {}) for query in alarm.get("Metrics", ()))]
    watched = {
        dimension["Value"]
        for metric in metrics
        for dimension in metric.get("Dimensions", ())
        if dimension["Name"] == "EndpointName"
    }
    return watched.pop() if len(watched) == 1 else None


def _key_of(uri: str) -> str:
    return urlsplit(uri).path.lstrip("/")
