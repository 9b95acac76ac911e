"""What `--json` prints: the core's values under the API's own nouns, in the order in which they are documented."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cmapss_core.endpoints import Endpoint
    from cmapss_core.evaluation import Evaluation
    from cmapss_core.plans.plan import Plan
    from cmapss_core.ranking import RankedJob
    from cmapss_core.traffic import TrafficReport
    from cmapss_core.watch import Watch

Document = dict[str, Any]


def job_document(ranked: RankedJob) -> Document:
    """One training job; `rank` is null where it has no place."""
    job = ranked.job
    return {
        "rank": ranked.rank,
        "name": job.name,
        "status": job.status,
        "objective_metric": job.objective_metric,
        "objective_value": job.objective_value,
        "objective_type": job.objective_type,
        "tuning_job": job.tuning_job,
        "created": job.created,
        "duration_seconds": job.duration_seconds,
        "model_artifact": job.model_artifact,
        "data": job.data,
    }


def endpoint_document(endpoint: Endpoint) -> Document:
    """One endpoint with its production variants; the cost is null where it is unknown."""
    return {
        "name": endpoint.name,
        "status": endpoint.status,
        "config": endpoint.config,
        "created": endpoint.created,
        "failure_reason": endpoint.failure_reason,
        "variants": [
            {
                "name": variant.name,
                "model": variant.model,
                "instance_type": variant.instance_type,
                "current_instances": variant.current_instances,
                "desired_instances": variant.desired_instances,
                "weight": variant.weight,
            }
            for variant in endpoint.variants
        ],
        "hourly_cost_usd": endpoint.hourly_cost_usd,
    }


def watch_document(endpoint: Endpoint, watch: Watch) -> Document:
    """An endpoint with what scales it. Nulls and empty lists stand for what could not be read or is not there."""
    scaling = watch.scaling
    target = scaling.targets[0] if scaling and scaling.targets else None
    policy = next(
        (policy for policy in (scaling.policies if scaling else ()) if target and policy.variant == target.variant),
        None,
    )
    return {
        **endpoint_document(endpoint),
        "scaling": {
            "min": target.min if target else None,
            "max": target.max if target else None,
            "target": policy.target if policy else None,
            "policy": policy.name if policy else None,
            "explanation": watch.explanation,
        },
        "alarms": [
            {
                "name": alarm.name,
                "side": alarm.side,
                "state": alarm.state,
                "threshold": alarm.threshold,
                "datapoints_to_alarm": alarm.datapoints_to_alarm,
                "evaluation_periods": alarm.evaluation_periods,
                "updated": alarm.updated,
            }
            for alarm in (scaling.alarms if scaling else ())
        ],
        "activities": [
            {
                "id": activity.id,
                "variant": activity.variant,
                "started": activity.started,
                "ended": activity.ended,
                "status": activity.status,
                "description": activity.description,
                "cause": activity.cause,
                "message": activity.message,
                "not_scaled_reason": activity.not_scaled_reason,
            }
            for activity in (scaling.activities if scaling else ())
        ],
        "metrics": {
            name: [[time, value] for time, value in series.points]
            for name, series in (watch.metrics.series if watch.metrics else {}).items()
        },
        "as_of": watch.as_of,
    }


def evaluation_document(evaluation: Evaluation) -> Document:
    """A finished validation."""
    return {
        "endpoint": evaluation.endpoint,
        "rows": evaluation.rows,
        "invocations": evaluation.invocations,
        "seconds": evaluation.seconds,
        "rmse": evaluation.rmse,
        "mae": evaluation.mae,
        "nasa_score": evaluation.nasa_score,
        "subsets": {
            name: {"rows": score.rows, "rmse": score.rmse, "mae": score.mae}
            for name, score in evaluation.subsets.items()
        },
        "data": evaluation.data,
    }


def traffic_document(report: TrafficReport) -> Document:
    """What was sent, in the region's time."""
    return {
        "endpoint": report.endpoint,
        "sent": report.sent,
        "failed": report.failed,
        "rate_per_minute": report.rate_per_minute,
        "duration_seconds": report.elapsed_seconds,
        "started": report.started,
        "ended": report.started + timedelta(seconds=report.elapsed_seconds),
    }


def plan_document(plan: Plan, status: str, step_states: Mapping[int, str]) -> Document:
    """A plan and how far it is: "planned", "done", "open", "failed" or "interrupted"; and so for each step."""
    document = plan.document()
    steps = [{**step, "status": step_states.get(step["n"], "planned")} for step in document.pop("steps")]
    return {
        "plan_id": document.pop("plan_id"),
        "intention": document.pop("intention"),
        "endpoint": plan.target,
        "status": status,
        "steps": steps,
        **document,
    }
