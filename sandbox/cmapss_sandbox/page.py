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
# What is shown of each kind is its newest; what is only counted has no more to say of itself.
_LISTED = (
    "endpoints",
    "scalable_targets",
    "scaling_policies",
    "scheduled_actions",
    "alarms",
    "tuning_jobs",
    "training_jobs",
    "models",
    "endpoint_configs",
)
_COUNTED = {"log_groups": "Log groups", "log_streams": "Log streams", "metrics": "Metrics"}
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    # Nothing is loaded, nothing is run and nobody frames it, whatever a name might hold.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
# From a record to its rows, each of a cell for every column.
_Rows = Callable[[Record], Iterable[Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class _Glance:
    """All that the page shows, at one moment; records are never changed in place, so they can be read later."""

    told: Mapping[str, Any]
    totals: Mapping[str, int]
    newest: Mapping[str, Sequence[Record]]
    children: Mapping[str, Sequence[Record]]
    calls: Sequence[Call]


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
    tables = {name: region.table(name) for name in _LISTED}
    newest = {name: [records[key] for key in list(records)[-_SHOWN:][::-1]] for name, records in tables.items()}
    tuning_jobs: dict[str, list[Record]] = {job["HyperParameterTuningJobName"]: [] for job in newest["tuning_jobs"]}
    for job in tables["training_jobs"].values():
        if job.get("_tuning_job") in tuning_jobs:
            tuning_jobs[job["_tuning_job"]].append(job)
    return _Glance(
        told=control.status(region),
        totals={name: len(region.table(name)) for name in (*_LISTED, *_COUNTED)},
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
    yield _listed(
        glance,
        "endpoints",
        "Endpoints",
        ("endpoint", "status", "config", "variant", "weight", "instances", "under way", "since"),
        _endpoint_rows,
    )
    yield _listed(
        glance,
        "scalable_targets",
        "Scalable targets",
        ("resource", "capacity", "policies", "suspended"),
        lambda target: [
            (
                target["ResourceId"],
                f"{target['MinCapacity']} to {target['MaxCapacity']}",
                ", ".join(
                    policy["PolicyName"]
                    for policy in glance.newest["scaling_policies"]
                    if policy["ResourceId"] == target["ResourceId"]
                ),
                ", ".join(name for name, suspended in target.get("SuspendedState", {}).items() if suspended),
            )
        ],
    )
    yield _listed(
        glance,
        "scheduled_actions",
        "Scheduled actions",
        ("action", "resource", "schedule", "sets"),
        lambda action: [
            (
                action["ScheduledActionName"],
                action["ResourceId"],
                f"{action['Schedule']} {action.get('Timezone', '')}",
                ", ".join(f"{name} {value}" for name, value in action.get("ScalableTargetAction", {}).items()),
            )
        ],
    )
    yield _listed(
        glance,
        "alarms",
        "Alarms",
        ("alarm", "state", "since", "reason"),
        lambda alarm: [
            (alarm["AlarmName"], alarm["StateValue"], alarm.get("StateUpdatedTimestamp"), alarm.get("StateReason"))
        ],
    )
    yield _listed(
        glance,
        "tuning_jobs",
        "Tuning jobs",
        ("tuning job", "status", "training jobs", "completed", "best"),
        lambda job: [_tuning_job_row(job, glance.children[job["HyperParameterTuningJobName"]])],
    )
    yield _listed(
        glance,
        "training_jobs",
        "Training jobs",
        ("training job", "status", "metrics", "created"),
        lambda job: [
            (
                job["TrainingJobName"],
                f"{job['TrainingJobStatus']} · {job['SecondaryStatus']}",
                ", ".join(f"{name} {value:.4f}" for name, value in _metrics(job).items()),
                job["CreationTime"],
            )
        ],
    )
    yield _listed(
        glance,
        "models",
        "Models",
        ("model", "created"),
        lambda model: [(model["ModelName"], model["CreationTime"])],
    )
    yield _listed(
        glance,
        "endpoint_configs",
        "Endpoint configs",
        ("config", "variants", "created"),
        lambda config: [
            (
                config["EndpointConfigName"],
                ", ".join(variant["VariantName"] for variant in config["ProductionVariants"]),
                config["CreationTime"],
            )
        ],
    )
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


def _listed(glance: _Glance, name: str, noun: str, columns: Sequence[str], rows: _Rows) -> str:
    """The newest of a kind as a table; `rows` makes the rows of one of them."""
    total = glance.totals[name]
    caption = f"{total}, of which the newest {_SHOWN} are shown" if total > _SHOWN else f"{total} in all"
    return table(noun, caption, columns, [row for record in glance.newest[name] for row in rows(record)])


def _endpoint_rows(endpoint: Record) -> Iterable[Sequence[Any]]:
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


def _tuning_job_row(job: Record, children: Sequence[Record]) -> Sequence[Any]:
    config = job["HyperParameterTuningJobConfig"]
    objective = config.get("HyperParameterTuningJobObjective", {})
    completed = [_metrics(child) for child in children if child["TrainingJobStatus"] == "Completed"]
    values = [metrics[objective["MetricName"]] for metrics in completed if objective.get("MetricName") in metrics]
    best = max if objective.get("Type") == "Maximize" else min
    most = config.get("ResourceLimits", {}).get("MaxNumberOfTrainingJobs")
    return (
        job["HyperParameterTuningJobName"],
        job["HyperParameterTuningJobStatus"],
        len(children) if most is None else f"{len(children)} of {most}",
        len(completed),
        f"{objective['MetricName']} {best(values):.4f}" if values else None,
    )


def _metrics(job: Record) -> dict[str, float]:
    return {entry["MetricName"]: entry["Value"] for entry in job.get("FinalMetricDataList", [])}


def _measure(fault: Mapping[str, Any]) -> str:
    if "milliseconds" in fault:
        return f"{fault['milliseconds']:g} ms"
    return f"{fault['seconds']:g} s" if "seconds" in fault else ""
