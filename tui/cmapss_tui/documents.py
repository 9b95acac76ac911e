"""What `--json` prints: the core's values under the API's own nouns, in the order in which they are documented."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cmapss_core.endpoints import Endpoint
    from cmapss_core.errors import ConsoleError
    from cmapss_core.evaluation import Evaluation
    from cmapss_core.plans.plan import Plan
    from cmapss_core.plans.running.operations import Operation, OperationRecord
    from cmapss_core.ranking import RankedJob
    from cmapss_core.rollout import Rollout
    from cmapss_core.scaling import ScalableTarget, Scaling
    from cmapss_core.traffic import TrafficReport
    from cmapss_core.watch import Watch

Document = dict[str, Any]
_HIDDEN = "(hidden)"


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
    """An endpoint with what scales it. Nulls and empty lists stand for what could not be read or is not there.

    `scaling` is of the first variant that is scaled, with its target tracking if it has any; all of it follows.
    """
    scaling = watch.scaling
    target = scaling.targets[0] if scaling and scaling.targets else None
    policies = [one for one in (scaling.policies if scaling else ()) if target and one.variant == target.variant]
    policy = next((one for one in policies if one.target is not None), policies[0] if policies else None)
    return {
        **endpoint_document(endpoint),
        "rollout": _rollout_document(endpoint.rollout) if endpoint.rollout else None,
        "scaling": {
            "min": target.min if target else None,
            "max": target.max if target else None,
            "target": policy.target if policy else None,
            "policy": policy.name if policy else None,
            "explanation": watch.explanation,
        },
        "scalable_targets": [_target_document(one, scaling) for one in (scaling.targets if scaling else ())],
        "scheduled_actions": [
            {
                "name": action.name,
                "variant": action.variant,
                "schedule": action.schedule,
                "timezone": action.timezone,
                "min": action.min,
                "max": action.max,
                "next": action.next_due(watch.as_of),
            }
            for action in (scaling.scheduled_actions if scaling else ())
        ],
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


def _rollout_document(rollout: Rollout) -> Document:
    return {
        "config": rollout.config,
        "former_config": rollout.former_config,
        "strategy": rollout.strategy,
        "stage": rollout.stage,
        "started": rollout.started,
        "current_instances": rollout.current_instances,
        "desired_instances": rollout.desired_instances,
        "alarms": list(rollout.alarms),
    }


def _target_document(target: ScalableTarget, scaling: Scaling | None) -> Document:
    return {
        "variant": target.variant,
        "min": target.min,
        "max": target.max,
        "suspended": list(target.suspended),
        "policies": [
            {
                "name": policy.name,
                "metric": policy.metric,
                "target": policy.target,
                "steps": [
                    {"lower": step.lower, "upper": step.upper, "adjustment": step.adjustment} for step in policy.steps
                ],
                "adjustment_type": policy.adjustment_type,
                "scale_in_cooldown": policy.scale_in_cooldown,
                "scale_out_cooldown": policy.scale_out_cooldown,
                "disable_scale_in": policy.disable_scale_in,
            }
            for policy in (scaling.policies if scaling else ())
            if policy.variant == target.variant
        ],
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
    """A plan and how far it is: "planned" or what the runner says; and so for each step.

    The target of a clean-up is a region, that of every other plan also stands as its endpoint. Values of environment
    variables are left out: they may be secrets.
    """
    document = _concealed(plan.document())
    steps = [{**step, "status": step_states.get(step["n"], "planned")} for step in document.pop("steps")]
    return {
        "plan_id": document.pop("plan_id"),
        "intention": document.pop("intention"),
        "target": document.pop("target"),
        **({} if plan.intention == "clean-up" else {"endpoint": plan.target}),
        "status": status,
        "steps": steps,
        **document,
    }


def operation_document(operation: Operation) -> Document:
    """A plan that was begun; the place is null where the journal does not have it."""
    return {
        "id": operation.id,
        "intention": operation.intention,
        "target": operation.target,
        "status": operation.status,
        "started": operation.started,
        "ended": operation.ended,
        "account": operation.place.account if operation.place else None,
        "region": operation.place.region if operation.place else None,
    }


def record_document(record: OperationRecord) -> Document:
    """All that is known of an operation: its plan and how far it is, what happened, and what it made that is there."""
    return {
        **operation_document(record.operation),
        "plan": plan_document(record.plan, record.operation.status, record.states),
        "events": [
            {
                "n": event.n,
                "state": event.state,
                "message": event.message,
                "at": event.at,
                "error": error_document(event.error),
            }
            for event in record.events
        ],
        "left": list(record.left),
    }


def error_document(error: ConsoleError | None) -> Document | None:
    """What went wrong, with AWS's request id; null where nothing did."""
    if error is None:
        return None
    return {
        "kind": str(error.kind),
        "message": error.message,
        "remedy": error.remedy,
        "operation": error.operation,
        "request_id": error.request_id,
    }


def _concealed(value: Any) -> Any:
    """The same document with the names of environment variables, and not their values."""
    if isinstance(value, Mapping):
        return {
            key: dict.fromkeys(inner, _HIDDEN)
            if key == "Environment" and isinstance(inner, Mapping)
            else _concealed(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_concealed(inner) for inner in value]
    return value
