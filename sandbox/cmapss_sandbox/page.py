"""The page at /: the region at a glance, for a person with a browser."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from cmapss_sandbox import control
from cmapss_sandbox.region import Region
from cmapss_sandbox.services.sagemaker.training_records import final_metric
from cmapss_sandbox.services.sagemaker.tuning_jobs import described
from cmapss_sandbox.wire.replies import Reply

_NEWEST = 20
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}"
    "h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #d0d7de}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}code{background:#f0f2f4;padding:0 .25rem}"
)


def page(region: Region) -> Reply:
    """The page, which loads itself again every few seconds."""
    with region.lock:
        region.settle()
        body = "".join(_sections(region))
    document = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5">'
        f"<title>cmapss sandbox</title><style>{_STYLE}</style></head><body>{body}</body></html>"
    )
    return Reply(200, {"Content-Type": "text/html; charset=utf-8"}, document.encode())


def _sections(region: Region) -> Iterable[str]:
    told = control.status(region)
    now = region.clock.now()
    pace = "paused" if told["paused"] else f"{told['speed']:g} times as fast as here"
    yield f"<h1>cmapss sandbox · {region.name}</h1>"
    yield f"<p>{now:%Y-%m-%d %H:%M:%S} UTC in the region, {pace}. State: <code>{escape(told['state'])}</code></p>"
    yield from _training(told)
    endpoints = region.table("endpoints").values()
    yield _table(
        "Endpoints",
        ("name", "status", "instances", "config", "since"),
        [
            (
                endpoint["EndpointName"],
                endpoint["EndpointStatus"],
                _instances(endpoint),
                endpoint["EndpointConfigName"],
                f"{endpoint['LastModifiedTime']:%H:%M:%S}",
            )
            for endpoint in endpoints
        ],
    )
    yield _table(
        "Tuning jobs",
        ("name", "status", "completed", "of", "best"),
        [
            (
                job["HyperParameterTuningJobName"],
                job["HyperParameterTuningJobStatus"],
                job["TrainingJobStatusCounters"]["Completed"],
                job["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxNumberOfTrainingJobs"],
                _best(job),
            )
            for job in described(region, region.table("tuning_jobs").values())
        ],
    )
    jobs = sorted(region.table("training_jobs").values(), key=lambda job: job["CreationTime"], reverse=True)
    yield _table(
        f"Training jobs ({len(jobs)}, newest {_NEWEST})",
        ("name", "status", "validation:rmse", "created"),
        [
            (
                job["TrainingJobName"],
                f"{job['TrainingJobStatus']} · {job['SecondaryStatus']}",
                _figure(final_metric(job, "validation:rmse")),
                f"{job['CreationTime']:%H:%M:%S}",
            )
            for job in jobs[:_NEWEST]
        ],
    )
    counts = (
        (name, len(region.table(table))) for name, table in (("models", "models"), ("configs", "endpoint_configs"))
    )
    yield _table("Other resources", ("kind", "number"), list(counts))


def _training(told: dict[str, Any]) -> Iterable[str]:
    seeds, training = told.get("seeds"), told.get("training")
    if seeds is not None:
        yield f"<p>Data: {escape(seeds['data'] or seeds['problem'] or 'in preparation')}.</p>"
    if training is not None:
        figures = ", ".join(f"{name} {value:.3f}" for name, value in training["metrics"].items())
        yield (
            f"<p>Training <code>{escape(training['training_job'])}</code>, "
            f"round {training['round']} of {training['rounds']}: {escape(figures)}.</p>"
        )


def _instances(endpoint: dict[str, Any]) -> str:
    return ", ".join(
        f"{variant['VariantName']} {variant['CurrentInstanceCount']}/{variant['DesiredInstanceCount']}"
        for variant in endpoint.get("ProductionVariants", [])
    )


def _best(job: dict[str, Any]) -> str:
    if "BestTrainingJob" not in job:
        return ""
    return _figure(job["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"])


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    if not rows:
        return f"<h2>{escape(title)}</h2><p>None.</p>"
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return f"<h2>{escape(title)}</h2><table><tr>{head}</tr>{body}</table>"
