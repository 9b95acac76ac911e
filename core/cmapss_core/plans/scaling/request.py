"""What can be asked of an endpoint's scaling, with its defaults, checked before AWS is asked."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cmapss_core.errors import invalid
from cmapss_core.plans.scaling.scheduling import ScheduleRequest
from cmapss_core.plans.scaling.step_policy import StepPolicyRequest
from cmapss_core.plans.scaling.steps import VariantScaling, identity
from cmapss_core.scaling import CONCURRENT_REQUESTS, INVOCATIONS_PER_INSTANCE, METRIC_UNITS, Suspension

POLICY_NAME = "Invocations-ScalingPolicy"

# What the first set-up of an endpoint gets where nothing else is said: target in invocations per instance a minute.
DEFAULT_MAX = 5
DEFAULT_TARGET = 10.0
DEFAULT_SCALE_IN_COOLDOWN = 600
DEFAULT_SCALE_OUT_COOLDOWN = 30
# In concurrent requests per model, the unit of the high-resolution metric: the value of AWS's own examples.
DEFAULT_CONCURRENCY = 5.0
DEFAULT_TARGETS = {INVOCATIONS_PER_INSTANCE: DEFAULT_TARGET, CONCURRENT_REQUESTS: DEFAULT_CONCURRENCY}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleRequest:
    """What is asked for; None keeps what is set, or takes the default where nothing is. Cooldowns in seconds.

    `variant` and `policy` may be left out where there is only one. `scale_in` False: target tracking never scales in.
    `high_resolution` tracks concurrent requests, published every ten seconds, instead of invocations.
    """

    endpoint: str
    min: int | None = None
    max: int | None = None
    target: float | None = None
    scale_in_cooldown: int | None = None
    scale_out_cooldown: int | None = None
    off: bool = False
    variant: str | None = None
    policy: str | None = None
    scale_in: bool | None = None
    high_resolution: bool | None = None
    suspend: tuple[Suspension, ...] = ()
    resume: bool = False
    schedules: tuple[ScheduleRequest, ...] = ()
    unschedule: tuple[str, ...] = ()
    step_policy: StepPolicyRequest | None = None
    remove_policies: tuple[str, ...] = ()

    @property
    def tracks(self) -> bool:
        """Whether anything is asked of target tracking itself."""
        asked = (self.target, self.scale_in_cooldown, self.scale_out_cooldown, self.scale_in, self.high_resolution)
        return self.policy is not None or any(value is not None for value in asked)

    @property
    def sets_up(self) -> bool:
        """Whether it makes sense for a variant that nothing scales yet."""
        return self.tracks or (self.min, self.max) != (None, None) or bool(self.schedules or self.step_policy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    """Bounds and target tracking, checked: 1 ≤ min ≤ max, target above zero, cooldowns not negative."""

    min: int
    max: int
    target: float
    scale_in_cooldown: int
    scale_out_cooldown: int
    scale_in: bool = True
    metric: str = INVOCATIONS_PER_INSTANCE

    def __post_init__(self) -> None:
        check_bounds(self.min, self.max)
        check_tracking(self.target, self.scale_in_cooldown, self.scale_out_cooldown, METRIC_UNITS[self.metric])

    def scaling(self, endpoint: str, variant: str, policy: str = POLICY_NAME) -> VariantScaling:
        """The scalable target and the policy of a variant."""
        of = identity(endpoint, variant)
        return VariantScaling(
            endpoint=endpoint,
            variant=variant,
            target={**of, "MinCapacity": self.min, "MaxCapacity": self.max},
            policies=(
                {
                    **of,
                    "PolicyName": policy,
                    "PolicyType": "TargetTrackingScaling",
                    "TargetTrackingScalingPolicyConfiguration": {
                        "TargetValue": self.target,
                        "PredefinedMetricSpecification": {"PredefinedMetricType": self.metric},
                        "ScaleInCooldown": self.scale_in_cooldown,
                        "ScaleOutCooldown": self.scale_out_cooldown,
                        **({} if self.scale_in else {"DisableScaleIn": True}),
                    },
                },
            ),
        )


def check_bounds(low: int, high: int) -> None:
    """Raises ConsoleError unless 1 ≤ min ≤ max."""
    if low < 1:
        raise invalid(f"min {low} is below 1", "A real-time variant keeps at least one instance.")
    if low > high:
        raise invalid(f"min {low} is above max {high}", "Lower --min or raise --max.")


def check_tracking(target: float, scale_in_cooldown: float, scale_out_cooldown: float, unit: str) -> None:
    """Raises ConsoleError for a target that is not above zero or a cooldown below it."""
    if not (math.isfinite(target) and target > 0):
        raise invalid(f"target {target:g} is not above 0", f"It counts {unit}.")
    if min(scale_in_cooldown, scale_out_cooldown) < 0:
        raise invalid("a cooldown is negative", "Cooldowns are seconds, 0 or more.")
