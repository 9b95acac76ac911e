"""The page at /: the region at a glance, for a person with a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cmapss_sandbox import control
from cmapss_sandbox.calls import Call
from cmapss_sandbox.markup import document, link, paragraph, table
from cmapss_sandbox.region import Region
from cmapss_sandbox.store import Record
from cmapss_sandbox.wire.replies import Reply

_SHOWN = 20
_STILL = "still"
# What is only counted has no more to say of itself.
_COUNTED = {"log_groups": "Log groups", "log_streams": "Log streams", "metrics": "Metrics"}
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    # Nothing is loaded, nothing is run and nobody frames it, whatever a name might hold.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class _Glance:
    """All that the page shows, at one moment; records are never changed in place, so they can be read later."""

    told: Mapping[str, Any]
    totals: Mapping[str, int]
    newest: Mapping[str, Sequence[Record]]
    children: Mapping[str, Sequence[Record]]
    calls: Sequence[Call]


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of resource whose newest are shown, by the name of its table; each has rows of a cell for every column."""

    name: str
    noun: str
    columns: tuple[str, ...]
    rows: Callable[[_Glance, Record], Iterable[Sequence[Any]]]


def page(region: Region, query: str = "") -> Reply:
    """The page, which loads itself again every few seconds unless it is asked for at /?still."""
    refreshes = query != _STILL
    with region.lock:
        region.settle()
        glance = _glance(region)
    sections = [*_sections(glance), _refreshing(refreshes)]
    body = document(f"cmapss sandbox · {region.name}", sections, refreshes=refreshes)
    return Reply(200, dict(_HEADERS), body)


def _glance(region: Region) -> _Glance:
    """What there is to show, read with the lock held; the more there is, the smaller the part that is looked at."""
    tables = {name: region.table(name) for name in (*(kind.name for kind in _KINDS), "scaling_policies")}
    newest = {name: [records[key] for key in list(records)[-_SHOWN:][::-1]] for name, records in tables.items()}
    tuning_jobs: dict[str, list[Record]] = {job["HyperParameterTuningJobName"]: [] for job in newest["tuning_jobs"]}
    for job in tables["training_jobs"].values():
        if job.get("_tuning_job") in tuning_jobs:
            tuning_jobs[job["_tuning_job"]].append(job)
    return _Glance(
        told=control.status(region),
        totals={name: len(region.table(name)) for name in (*tables, *_COUNTED)},
        newest=newest,
        children=tuning_jobs,
        calls=list(region.calls)[-_SHOWN:][::-1],
    )


def _sections(glance: _Glance) -> Iterator[str]:
    yield from _state(glance.told)
    faults = glance.told.get("faults", [])
    yield table(
        "Faults on demand",
        "set until they are cleared",
        ("number", "kind", "operation", "share", "requests struck", "still to strike", "by"),
        [
            (
                fault["id"],
                fault["kind"],
                fault["operation"],
                f"{fault['share']:.0%}",
                fault["hits"],
                "any number" if fault["remaining"] is None else fault["remaining"],
                _measure(fault),
            )
            for fault in faults
        ],
    )
    for kind in _KINDS:
        total = glance.totals[kind.name]
        caption = f"{total}, of which the newest {_SHOWN} are shown" if total > _SHOWN else f"{total} in all"
        rows = [row for record in glance.newest[kind.name] for row in kind.rows(glance, record)]
        yield table(kind.noun, caption, kind.columns, rows)
    counts = [(noun, glance.totals[name]) for name, noun in _COUNTED.items()]
    yield table("Also", "only counted here", ("kind", "number"), counts)
    yield table(
        "Last calls",
        "the latest first, in the region's time",
        ("time", "service", "operation", "access key", "status", "code", "ms", "request id"),
        [
            (
                call.at,
                call.service,
                call.operation,
                call.access_key,
                call.status or "no answer",
                call.code,
                f"{call.milliseconds:.1f}",
                call.request_id,
            )
            for call in glance.calls
        ],
    )


def _state(told: Mapping[str, Any]) -> Iterator[str]:
    pace = "paused" if told["paused"] else f"{told['speed']:g} times as fast as here"
    time = told["time"][:19].replace("T", " ")
    yield paragraph(f"It is {time} UTC in the region, {pace}. Its state is in {told['state']}.")
    seeds, training = told.get("seeds"), told.get("training")
    if seeds is not None:
        yield paragraph(f"Data: {seeds['data'] or seeds['problem'] or 'in preparation'}.")
    if training is not None:
        figures = ", ".join(f"{name} {value:.3f}" for name, value in training["metrics"].items())
        yield paragraph(
            f"Training {training['training_job']}, round {training['round']} of {training['rounds']}: {figures}."
        )
    if told.get("iam"):
        yield paragraph("IAM decides about every call.")
    for name, noun in (("quotas", "Quotas that were changed"), ("capacity", "Instances that are left")):
        if told.get(name):
            yield paragraph(f"{noun}: {', '.join(f'{key} {value:g}' for key, value in told[name].items())}.")


def _refreshing(refreshes: bool) -> str:
    if refreshes:
        return link(f"/?{_STILL}", "This page loads itself again every few seconds; keep it still.")
    return link("/", "This page stands still; let it load itself again every few seconds.")


def _endpoint_rows(_: _Glance, endpoint: Record) -> Iterable[Sequence[Any]]:
    """A row for each variant that serves, or one without."""
    pending = endpoint.get("PendingDeploymentSummary", {})
    under_way = {variant["VariantName"]: variant for variant in pending.get("ProductionVariants", [])}
    whole = (endpoint["EndpointName"], endpoint["EndpointStatus"], endpoint["EndpointConfigName"])
    variants = endpoint.get("ProductionVariants") or [{"VariantName": name} for name in under_way] or [{}]
    for variant in variants:
        name = variant.get("VariantName")
        yield (
            *whole,
            name,
            _change(variant, "CurrentWeight", "DesiredWeight"),
            _change(variant, "CurrentInstanceCount", "DesiredInstanceCount"),
            endpoint.get("FailureReason") or _under_way(pending, under_way.get(str(name), variant)),
            endpoint["LastModifiedTime"],
        )


def _under_way(pending: Mapping[str, Any], variant: Mapping[str, Any]) -> str:
    steps = [
        f"{status['Status']} {status.get('StatusMessage', '')}".strip() for status in variant.get("VariantStatus", [])
    ]
    config = pending.get("EndpointConfigName")
    return ", ".join([f"to {config}", *steps] if config else steps)


def _change(variant: Mapping[str, Any], current: str, desired: str) -> str:
    now, wanted = variant.get(current), variant.get(desired)
    if now is None or wanted is None or now == wanted:
        return "" if now is None else f"{now:g}"
    return f"{now:g} → {wanted:g}"


def _scalable_target_rows(glance: _Glance, target: Record) -> Iterable[Sequence[Any]]:
    policies = [
        policy["PolicyName"]
        for policy in glance.newest["scaling_policies"]
        if policy["ResourceId"] == target["ResourceId"]
    ]
    yield (
        target["ResourceId"],
        f"{target['MinCapacity']} to {target['MaxCapacity']}",
        ", ".join(policies),
        ", ".join(name for name, suspended in target.get("SuspendedState", {}).items() if suspended),
    )


def _scheduled_action_rows(_: _Glance, action: Record) -> Iterable[Sequence[Any]]:
    yield (
        action["ScheduledActionName"],
        action["ResourceId"],
        f"{action['Schedule']} {action.get('Timezone', '')}",
        ", ".join(f"{name} {value}" for name, value in action.get("ScalableTargetAction", {}).items()),
    )


def _alarm_rows(_: _Glance, alarm: Record) -> Iterable[Sequence[Any]]:
    yield alarm["AlarmName"], alarm["StateValue"], alarm.get("StateUpdatedTimestamp"), alarm.get("StateReason")


def _tuning_job_rows(glance: _Glance, job: Record) -> Iterable[Sequence[Any]]:
    children = glance.children[job["HyperParameterTuningJobName"]]
    config = job["HyperParameterTuningJobConfig"]
    objective = config.get("HyperParameterTuningJobObjective", {})
    completed = [_metrics(child) for child in children if child["TrainingJobStatus"] == "Completed"]
    values = [metrics[objective["MetricName"]] for metrics in completed if objective.get("MetricName") in metrics]
    best = max if objective.get("Type") == "Maximize" else min
    most = config.get("ResourceLimits", {}).get("MaxNumberOfTrainingJobs")
    yield (
        job["HyperParameterTuningJobName"],
        job["HyperParameterTuningJobStatus"],
        len(children) if most is None else f"{len(children)} of {most}",
        len(completed),
        f"{objective['MetricName']} {best(values):.4f}" if values else None,
    )


def _training_job_rows(_: _Glance, job: Record) -> Iterable[Sequence[Any]]:
    yield (
        job["TrainingJobName"],
        f"{job['TrainingJobStatus']} · {job['SecondaryStatus']}",
        ", ".join(f"{name} {value:.4f}" for name, value in _metrics(job).items()),
        job["CreationTime"],
    )


def _model_rows(_: _Glance, model: Record) -> Iterable[Sequence[Any]]:
    yield model["ModelName"], model["CreationTime"]


def _endpoint_config_rows(_: _Glance, config: Record) -> Iterable[Sequence[Any]]:
    variants = ", ".join(variant["VariantName"] for variant in config["ProductionVariants"])
    yield config["EndpointConfigName"], variants, config["CreationTime"]


def _metrics(job: Record) -> dict[str, float]:
    return {entry["MetricName"]: entry["Value"] for entry in job.get("FinalMetricDataList", [])}


def _measure(fault: Mapping[str, Any]) -> str:
    if "milliseconds" in fault:
        return f"{fault['milliseconds']:g} ms"
    return f"{fault['seconds']:g} s" if "seconds" in fault else ""


_KINDS = (
    _Kind(
        "endpoints",
        "Endpoints",
        ("endpoint", "status", "config", "variant", "weight", "instances", "under way", "since"),
        _endpoint_rows,
    ),
    _Kind(
        "scalable_targets", "Scalable targets", ("resource", "capacity", "policies", "suspended"), _scalable_target_rows
    ),
    _Kind("scheduled_actions", "Scheduled actions", ("action", "resource", "schedule", "sets"), _scheduled_action_rows),
    _Kind("alarms", "Alarms", ("alarm", "state", "since", "reason"), _alarm_rows),
    _Kind(
        "tuning_jobs", "Tuning jobs", ("tuning job", "status", "training jobs", "completed", "best"), _tuning_job_rows
    ),
    _Kind("training_jobs", "Training jobs", ("training job", "status", "metrics", "created"), _training_job_rows),
    _Kind("models", "Models", ("model", "created"), _model_rows),
    _Kind("endpoint_configs", "Endpoint configs", ("config", "variants", "created"), _endpoint_config_rows),
)
