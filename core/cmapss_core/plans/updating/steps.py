"""The steps that give a running endpoint another config, or its variants other counts and weights, and the way back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cmapss_core.belongings import LOG_GROUP_PREFIX
from cmapss_core.plans.expressions import literal, of_variant
from cmapss_core.plans.plan import Call, Proof, Step
from cmapss_core.plans.steps import CHANGE_PATIENCE_SECONDS, SERVICE, describe_endpoint

USUAL_ROLLOUT_SECONDS = 540
USUAL_SCALING_SECONDS = 210
USUAL_WEIGHTS_SECONDS = 45
# A weight is a single-precision number to AWS: what it shows is not exactly what it was given.
_PRECISION = 1e-6

# The stage of a roll-out with AWS's words on it: of the fleet that comes, else of the one that goes.
PROGRESS = (
    "[PendingDeploymentSummary.ProductionVariants, ProductionVariants][][].VariantStatus[]"
    ".join(' · ', not_null([Status, StatusMessage][?@ != null])) | [0]"
)
# Statuses in which nothing more comes of a change.
_GIVEN_UP = ("Failed", "OutOfService", "UpdateRollbackFailed", "Deleting")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """An endpoint before an update: its config, and why its last change failed, if that is still shown."""

    endpoint: str
    config: str
    failure_reason: str | None = None


def update_endpoint(
    rest: Rest,
    config: str,
    deployment: Mapping[str, Any],
    excluded: Sequence[str],
    detail: str,
    deployment_back: Mapping[str, Any] | None = None,
) -> Step:
    """Ask for another config; how the roll-out goes is for the next step to see.

    Counts and weights that the endpoint has by now are kept, but for what is `excluded`: DesiredInstanceCount,
    DesiredWeight, DataCaptureConfig. Undone, the former config serves again, rolled out as `deployment_back` says, or
    all at once.
    """

    def call(to: str, how: Mapping[str, Any] | None) -> Call:
        parameters: dict[str, Any] = {
            "EndpointName": rest.endpoint,
            "EndpointConfigName": to,
            "RetainAllVariantProperties": True,
        }
        if excluded:
            parameters["ExcludeRetainedVariantProperties"] = [{"VariantPropertyType": kind} for kind in excluded]
        return Call(SERVICE, "UpdateEndpoint", {**parameters, **({"DeploymentConfig": how} if how else {})})

    # A roll-out that was rolled back at once was accepted all the same: the wait tells why it failed.
    accepted = f"PendingDeploymentSummary.EndpointConfigName == {literal(config)}"
    in_place = f"EndpointConfigName == {literal(config)}"
    return Step(
        title="update endpoint",
        detail=detail,
        call=call(config, deployment),
        proof=Proof(
            call=describe_endpoint(rest.endpoint),
            shows={f"{accepted} || {in_place} || {_newly_failed(rest)}": (True,)},
            unchanged={"EndpointConfigName": (rest.config, config)},
            must_exist=True,
            patience_seconds=CHANGE_PATIENCE_SECONDS,
        ),
        undo=Step(
            title="update endpoint back",
            detail=rest.config,
            call=call(rest.config, deployment_back),
            proof=Proof(
                call=describe_endpoint(rest.endpoint),
                shows={"EndpointStatus": ("InService",), "EndpointConfigName": (rest.config,)},
                failed={"EndpointStatus": _GIVEN_UP},
                unchanged={"EndpointConfigName": (rest.config, config)},
                must_exist=True,
                reason="FailureReason",
                progress=PROGRESS,
                # The roll-out that is to be undone may have to end first.
                patience_seconds=2 * CHANGE_PATIENCE_SECONDS,
            ),
            usual_seconds=USUAL_ROLLOUT_SECONDS,
            log_group=LOG_GROUP_PREFIX + rest.endpoint,
        ),
    )


def wait_for_rollout(rest: Rest, config: str, waiting_seconds: int, detail: str) -> Step:
    """Wait until the endpoint serves with its new config; fails when it serves with the former one again."""
    # What became of it, for the error to tell: "engines is rolled back to its former config", or "… is Failed".
    rolled_back = "rolled back to its former config"
    ended = (
        f"EndpointStatus == 'InService' && EndpointConfigName == {literal(rest.config)} && '{rolled_back}' "
        "|| EndpointStatus"
    )
    return Step(
        title="wait for the roll-out",
        detail=detail,
        call=None,
        proof=Proof(
            call=describe_endpoint(rest.endpoint),
            shows={"EndpointStatus": ("InService",), "EndpointConfigName": (config,)},
            failed={ended: (rolled_back, *_GIVEN_UP)},
            unchanged={
                "EndpointConfigName": (rest.config, config),
                "PendingDeploymentSummary.EndpointConfigName": (rest.config, config),
            },
            must_exist=True,
            reason="FailureReason",
            progress=PROGRESS,
            patience_seconds=CHANGE_PATIENCE_SECONDS + 2 * waiting_seconds,
        ),
        usual_seconds=USUAL_ROLLOUT_SECONDS + waiting_seconds,
        log_group=LOG_GROUP_PREFIX + rest.endpoint,
    )


def wait_for_scaling(endpoint: str, config: str, status: str) -> Step:
    """Wait until a change of instance counts has ended: AWS updates no endpoint before."""
    return Step(
        title="wait for running changes",
        detail=f"now {status}, by automatic scaling or by hand",
        call=None,
        proof=Proof(
            call=describe_endpoint(endpoint),
            shows={"EndpointStatus": ("InService", "UpdateRollbackFailed")},
            failed={"EndpointStatus": ("Failed", "OutOfService", "Deleting")},
            unchanged={"EndpointConfigName": (config,), "PendingDeploymentSummary.EndpointConfigName": ()},
            must_exist=True,
            reason="FailureReason",
            progress=PROGRESS,
            patience_seconds=CHANGE_PATIENCE_SECONDS,
        ),
        usual_seconds=USUAL_SCALING_SECONDS,
    )


def set_weights(rest: Rest, weights: Mapping[str, float], before: Mapping[str, float]) -> Iterator[Step]:
    """Share the traffic out anew, which takes no new config, and wait until it is so."""
    detail = ", ".join(f"{name} {before[name]:g} → {weight:g}" for name, weight in weights.items())
    yield _set("set weights", detail, rest, "DesiredWeight", weights, before)
    yield _arrive(rest, "wait for the weights", "CurrentWeight", weights, USUAL_WEIGHTS_SECONDS)


def set_instance_count(rest: Rest, variant: str, count: int, before: int) -> Iterator[Step]:
    """Ask for another number of instances of one variant, as AWS wants it, and wait until they are there."""
    yield _set(
        "set instance count",
        f"{before} → {count} instances of {variant}",
        rest,
        "DesiredInstanceCount",
        {variant: count},
        {variant: before},
    )
    yield _arrive(rest, "wait for the instances", "CurrentInstanceCount", {variant: count}, USUAL_SCALING_SECONDS)


def _set(
    title: str, detail: str, rest: Rest, member: str, wanted: Mapping[str, float], before: Mapping[str, float]
) -> Step:
    shown = {_is(member, variant, value): (True,) for variant, value in wanted.items()}
    # What somebody else, or automatic scaling, has set since is not taken back.
    ours = {
        f"{_is(member, variant, value)} || {_is(member, variant, before[variant])}": (True,)
        for variant, value in wanted.items()
    }
    back = {_is(member, variant, before[variant]): (True,) for variant in wanted}
    return Step(
        title=title,
        detail=detail,
        call=_call(rest.endpoint, member, wanted),
        proof=Proof(
            call=describe_endpoint(rest.endpoint),
            shows=shown,
            must_exist=True,
            patience_seconds=CHANGE_PATIENCE_SECONDS,
        ),
        undo=Step(
            title="set as before",
            detail=", ".join(f"{variant} {before[variant]:g}" for variant in wanted),
            call=_call(rest.endpoint, member, {variant: before[variant] for variant in wanted}),
            proof=Proof(
                call=describe_endpoint(rest.endpoint),
                shows={**back, "EndpointStatus": ("InService", "UpdateRollbackFailed")},
                unchanged=ours,
                must_exist=True,
                patience_seconds=2 * CHANGE_PATIENCE_SECONDS,
            ),
            usual_seconds=USUAL_SCALING_SECONDS,
        ),
    )


def _arrive(rest: Rest, title: str, member: str, wanted: Mapping[str, float], usual_seconds: float) -> Step:
    rolled_back = "as it was before"
    ended = f"EndpointStatus == 'InService' && ({_newly_failed(rest)}) && '{rolled_back}' || EndpointStatus"
    return Step(
        title=title,
        detail=f"usually {max(1, round(usual_seconds / 60))} minutes" if usual_seconds > 60 else "usually a minute",
        call=None,
        proof=Proof(
            call=describe_endpoint(rest.endpoint),
            shows={
                **{_is(member, variant, value): (True,) for variant, value in wanted.items()},
                "EndpointStatus": ("InService",),
            },
            failed={ended: (rolled_back, *_GIVEN_UP)},
            must_exist=True,
            reason="FailureReason",
            progress=PROGRESS,
            patience_seconds=CHANGE_PATIENCE_SECONDS,
        ),
        usual_seconds=usual_seconds,
    )


def _call(endpoint: str, member: str, wanted: Mapping[str, float]) -> Call:
    entries = [{"VariantName": variant, member: value} for variant, value in wanted.items()]
    return Call(
        SERVICE,
        "UpdateEndpointWeightsAndCapacities",
        {"EndpointName": endpoint, "DesiredWeightsAndCapacities": entries},
    )


def _is(member: str, variant: str, value: float) -> str:
    """That a variant has this count or weight, as JMESPath."""
    shown = of_variant(variant, member)
    if isinstance(value, int):
        return f"{shown} == `{value}`"
    least, most = sorted((value * (1 - _PRECISION), value * (1 + _PRECISION)))
    return f"{shown} >= `{least!r}` && {shown} <= `{most!r}`"


def _newly_failed(rest: Rest) -> str:
    """That the endpoint's last change failed, after it was last looked at, as JMESPath."""
    return f"FailureReason != null && FailureReason != {literal(rest.failure_reason)}"
