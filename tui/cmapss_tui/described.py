"""What AWS says of a thing, as a document in JSON or YAML: an answer of the API, or what several say together."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.content import Content, Span

from cmapss_core.snapshots import Snapshot
from cmapss_tui import theme
from cmapss_tui.printable import lines_of

if TYPE_CHECKING:
    from cmapss_core.aws import Aws

FORMATS = ("JSON", "YAML")
_LEFT_OUT = frozenset({"ResponseMetadata", "NextToken"})
_NAMESPACE = "sagemaker"  # of Application Auto Scaling
# A key, and what may stand after it; of a line that both formats write.
_KEY = re.compile(r'\s*(?:- )*("(?:[^"\\]|\\.)*"|[\w./$-]+)(?=:(?:\s|$))')
_VALUE = re.compile(
    r'(?P<text>"(?:[^"\\]|\\.)*"|\'[^\']*\')|(?P<number>-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?=,?$)'
    r"|(?P<word>true|false|null)(?=,?$)"
)
_STYLES = {"text": theme.GOOD, "number": theme.ACCENT, "word": theme.WARN}


@dataclass(frozen=True, slots=True)
class Document:
    """Something to be described: what it is called, and how it is read (in a thread; raises ConsoleError)."""

    label: str
    read: Callable[[Aws], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Described(Snapshot):
    """A document as it was at `as_of`, in lines of each format. It may hold secrets: none of it is in its repr."""

    label: str
    answer: Mapping[str, Any] = field(repr=False)
    lines: Mapping[str, Sequence[str]] = field(repr=False)


def describe(aws: Aws, document: Document) -> Described:
    """Read a document, and write it in each format. Raises ConsoleError."""
    answer = plain(document.read(aws))
    return Described(
        as_of=aws.clock.now(),
        label=document.label,
        answer=answer,
        lines={name: [line for row in text(answer, name).splitlines() for line in lines_of(row)] for name in FORMATS},
    )


def answer_of(service: str, operation: str, parameters: Mapping[str, object]) -> Callable[[Aws], Mapping[str, Any]]:
    """How the answer to one call is read."""
    return lambda aws: aws.call(service, operation, **parameters)


def endpoint_documents(name: str) -> tuple[Document, ...]:
    """What belongs to an endpoint: its config, models, scaling and the alarms of that."""
    return (
        Document("config", partial(_config, name)),
        Document("models", partial(_models, name)),
        Document("scalable targets", partial(_targets, name)),
        Document("scaling policies", partial(_policies, name)),
        Document("alarms", partial(_alarms, name)),
    )


def plain(value: Any) -> Any:
    """The same as JSON has it: times in ISO 8601, and nothing of the reply's own."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items() if key not in _LEFT_OUT}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if value is None or isinstance(value, str | int | float):
        return value
    return str(value)


def text(answer: Mapping[str, Any], format: str) -> str:
    """A document in "JSON" or "YAML"."""
    if format == "YAML":
        import yaml

        return str(yaml.safe_dump(answer, sort_keys=False, allow_unicode=True, width=float("inf")))
    return json.dumps(answer, indent=2, ensure_ascii=False)


def coloured(line: str) -> Content:
    """A line of either format with its key and value in the theme's colours."""
    spans = []
    start = 0
    if key := _KEY.match(line):
        spans.append(Span(*key.span(1), theme.BUSY))
        start = key.end() + 1
    rest = len(line) - len(line[start:].lstrip(" -"))
    if start == 0 or rest > start:
        value = _VALUE.match(line, max(start, rest))
        if value is None and line[rest:] not in ("", "{", "}", "[", "]", "},", "],", "{}", "[]", "{},", "[],"):
            spans.append(Span(rest, len(line), theme.GOOD))
        elif value is not None:
            spans.append(Span(*value.span(), _STYLES[str(value.lastgroup)]))
    return Content(line, spans)


def leaves(value: Any, path: str = "") -> Iterable[tuple[str, str | int | float | bool | None]]:
    """Each value of a document with its path, as `ProductionVariants[0].ModelName`."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{place}]")
    else:
        yield path, value


def _config(name: str, aws: Aws) -> Mapping[str, Any]:
    endpoint = aws.call("sagemaker", "DescribeEndpoint", EndpointName=name)
    return aws.call("sagemaker", "DescribeEndpointConfig", EndpointConfigName=endpoint["EndpointConfigName"])


def _models(name: str, aws: Aws) -> Mapping[str, Any]:
    config = _config(name, aws)
    variants = (*config.get("ProductionVariants", ()), *config.get("ShadowProductionVariants", ()))
    models = dict.fromkeys(variant["ModelName"] for variant in variants if "ModelName" in variant)
    return {"Models": [aws.call("sagemaker", "DescribeModel", ModelName=model) for model in models]}


def _variants(name: str, aws: Aws) -> list[str]:
    endpoint = aws.call("sagemaker", "DescribeEndpoint", EndpointName=name)
    return [f"endpoint/{name}/variant/{variant['VariantName']}" for variant in endpoint.get("ProductionVariants", ())]


def _targets(name: str, aws: Aws) -> Mapping[str, Any]:
    return aws.call(
        "application-autoscaling",
        "DescribeScalableTargets",
        ServiceNamespace=_NAMESPACE,
        ResourceIds=_variants(name, aws),
    )


def _policies(name: str, aws: Aws) -> Mapping[str, Any]:
    found: list[Any] = []
    for variant in _variants(name, aws):
        pages = aws.pages(
            "application-autoscaling", "DescribeScalingPolicies", ServiceNamespace=_NAMESPACE, ResourceId=variant
        )
        found += (policy for page in pages for policy in page["ScalingPolicies"])
    return {"ScalingPolicies": found}


def _alarms(name: str, aws: Aws) -> Mapping[str, Any]:
    policies = _policies(name, aws)["ScalingPolicies"]
    names = [alarm["AlarmName"] for policy in policies for alarm in policy.get("Alarms", ())]
    endpoint = aws.call("sagemaker", "DescribeEndpoint", EndpointName=name)
    guards = endpoint.get("LastDeploymentConfig", {}).get("AutoRollbackConfiguration", {}).get("Alarms", ())
    names = list(dict.fromkeys([*names, *(alarm["AlarmName"] for alarm in guards)]))
    if not names:
        return {"MetricAlarms": []}
    answer = aws.call(
        "cloudwatch", "DescribeAlarms", AlarmNames=names[:100], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    return {kind: alarms for kind, alarms in answer.items() if alarms or kind == "MetricAlarms"}
