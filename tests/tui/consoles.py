"""A console without AWS: a clock that stands still, snapshots made by hand, and an app that opens any screen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

import cmapss_tui
from cmapss_core.aws import Aws, Target
from cmapss_core.clock import RegionClock
from cmapss_core.endpoints import Endpoint, Variant
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.evaluation import Evaluation, SubsetScore
from cmapss_core.metrics import Metrics, Series
from cmapss_core.plans.plan import Call, Check, Plan, Proof, Step
from cmapss_core.plans.running.operations import StepEvent, StepState
from cmapss_core.rollout import Rollout, VariantRollout
from cmapss_core.scaling import Alarm, ScalableTarget, Scaling, ScalingActivity, ScalingPolicy
from cmapss_core.traffic import TrafficReport
from cmapss_core.watch import Watch
from cmapss_tui.app import START, ConsoleApp
from cmapss_tui.options import Options
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.screens.start import StartScreen

NOW = datetime(2026, 11, 22, 16, 41, 7, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ENDPOINT = "cmapss-XGBoostEndpoint-2026-11-22-16-33-42"
VARIANT = "AllTraffic"
ALARM_PREFIX = f"TargetTracking-endpoint/{ENDPOINT}/variant/{VARIANT}-"


class StillClock(RegionClock):
    """A region clock that only the test moves."""

    def __init__(self, speed: float = 60.0) -> None:
        super().__init__()
        self.at = NOW
        self._speed = speed
        self._heard = True

    def now(self) -> datetime:
        return self.at


class DeafAws(Aws):
    """A connection that reaches nothing."""

    def __init__(self, target: Target | None = None) -> None:
        super().__init__(target or Target(region="us-east-1", endpoint_url="http://127.0.0.1:9"))
        self.still = StillClock()
        self.clock = self.still

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        raise ConsoleError(ErrorKind.UNREACHABLE, "nothing answers in a test", operation=f"{service}:{operation}")


class Lobby(ConsoleScreen):
    """The bottom of the stack."""

    def body(self) -> ComposeResult:
        yield Static("lobby")


class Console(ConsoleApp):
    """A console that opens in the lobby."""

    # Textual looks for a style sheet beside the subclass.
    CSS_PATH = Path(cmapss_tui.__file__).with_name("app.tcss")
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        START: StartScreen,
        "jobs": Lobby,
        "endpoints": Lobby,
        "operations": Lobby,
    }

    def __init__(self, aws: Aws | None = None, options: Options | None = None) -> None:
        self.given = aws or DeafAws()
        super().__init__(options or Options(), lambda options, narrate: self.given)


async def until(pilot: Pilot[Any], holds: Callable[[], bool], tries: int = 200) -> None:
    """Let the app run until something holds; it fails where that does not come true."""
    for _ in range(tries):
        if holds():
            return
        await pilot.pause(0.005)
    assert holds()


async def opened(pilot: Pilot[None], screen: Screen[Any]) -> None:
    """Open a screen on top of the lobby."""
    await until(pilot, lambda: isinstance(pilot.app.screen, Lobby))
    await pilot.app.push_screen(screen)
    await pilot.pause()


async def focused(pilot: Pilot[Any], selector: str) -> Widget:
    """Put the focus on a widget, and wait until it has it: keys go to where the focus is."""
    widget: Widget = pilot.app.screen.query_one(selector)
    widget.focus()
    await until(pilot, lambda: widget.has_focus)
    return widget


def screen_text(app: ConsoleApp) -> str:
    """What is painted, as text."""
    width, height = app.size
    lines = app.screen._compositor.render_strips(app.size)
    assert len(lines) <= height
    return "\n".join("".join(segment.text for segment in strip)[:width].rstrip() for strip in lines)


def endpoint(
    *, status: str = "InService", current: int = 3, desired: int = 5, reason: str | None = None, name: str = ENDPOINT
) -> Endpoint:
    return Endpoint(
        name=name,
        arn=f"arn:aws:sagemaker:us-east-1:000000000000:endpoint/{name.lower()}",
        status=status,
        config="cmapss-XGBoostEndpointConfig-2026-11-22-16-33-42",
        created=NOW - 45 * MINUTE,
        modified=NOW - 12 * MINUTE,
        failure_reason=reason,
        variants=(
            Variant(
                name=VARIANT,
                model="hyper-cmapss-2026-11-22-16-04-037-efc6d79a-model",
                instance_type="ml.m5.xlarge",
                current_instances=current,
                desired_instances=desired,
                weight=1.0,
                initial_instances=1,
            ),
        ),
        hourly_cost_usd=round(current * 0.23, 2),
    )


def scaling(*, activities: Iterable[ScalingActivity] | None = None, target: float = 10.0) -> Scaling:
    moves = (
        activity(3 * MINUTE, None, 5, "InProgress"),
        activity(21 * MINUTE, 17 * MINUTE, 3, "Successful"),
    )
    return Scaling(
        targets=(ScalableTarget(variant=VARIANT, min=1, max=5),),
        policies=(
            ScalingPolicy(
                name="Invocations-ScalingPolicy",
                variant=VARIANT,
                target=target,
                metric="SageMakerVariantInvocationsPerInstance",
                scale_in_cooldown=600,
                scale_out_cooldown=30,
                alarm_names=(f"{ALARM_PREFIX}AlarmHigh-1", f"{ALARM_PREFIX}AlarmLow-1"),
            ),
        ),
        alarms=(alarm("high", "ALARM", target, 3), alarm("low", "OK", target * 0.9, 15)),
        activities=moves if activities is None else tuple(activities),
    )


CANARY = Rollout(
    former_config="config-of-before",
    config="config-that-comes",
    started=NOW - 6 * MINUTE,
    variants=(
        VariantRollout(
            name="AllTraffic",
            stage="Baking",
            message="Monitoring the alarms",
            since=NOW - 2 * MINUTE,
            instance_type="ml.c5.xlarge",
            current_instances=1,
            desired_instances=3,
        ),
    ),
    strategy="canary of 1 instance, 300 s",
    alarms=("engines-5xx",),
)


def alarm(side: str, state: str, threshold: float, periods: int) -> Alarm:
    return Alarm(
        name=f"{ALARM_PREFIX}Alarm{side.capitalize()}-1",
        side="high" if side == "high" else "low",
        state=state,
        threshold=threshold,
        datapoints_to_alarm=periods,
        evaluation_periods=periods,
        period_seconds=60,
        updated=NOW - 4 * MINUTE,
    )


def activity(
    began: timedelta, ended: timedelta | None, count: int, status: str, *, reason: str | None = None, side: str = "High"
) -> ScalingActivity:
    return ScalingActivity(
        id=f"activity-{began}",
        variant=VARIANT,
        started=NOW - began,
        ended=None if ended is None else NOW - ended,
        status=status,
        description=f"Setting desired instance count to {count}.",
        cause=f"monitor alarm {ALARM_PREFIX}Alarm{side}-1 in state ALARM triggered policy Invocations-ScalingPolicy",
        not_scaled_reason=reason,
    )


def metrics(minutes: int = 45, busy: int = 25) -> Metrics:
    """Load of 120 a minute for the last `busy` minutes, on one instance and then on three."""
    end = NOW.replace(second=0)
    times = [end - ago * MINUTE for ago in range(minutes, 0, -1)]
    load = [120.0 if (end - at) <= busy * MINUTE else 0.0 for at in times]
    shared = [value / (1 if end - at > 17 * MINUTE else 3) for at, value in zip(times, load, strict=True)]
    wave = [0.15 * ((place * 7) % 5) for place in range(minutes)]
    loaded = [(at, more) for at, value, more in zip(times, load, wave, strict=True) if value]
    series = {
        "invocations": [*zip(times, load, strict=True)],
        "invocations_per_instance": [*zip(times, shared, strict=True)],
        "model_latency_p50_ms": [(at, 1.4 + more / 4) for at, more in loaded],
        "model_latency_p90_ms": [(at, 1.9 + more / 2) for at, more in loaded],
        "model_latency_p99_ms": [(at, 3.6 + more) for at, more in loaded],
        "errors_4xx": [(at, 0.0) for at in times],
        "errors_5xx": [(at, 0.0) for at in times],
    }
    return Metrics(times[0], end, 60, {name: Series(name, "", tuple(points)) for name, points in series.items()})


def watch(**changes: Any) -> Watch:
    """One reading with everything in it; `changes` replace parts of it."""
    given: dict[str, Any] = {
        "as_of": NOW,
        "endpoint": endpoint(),
        "scaling": scaling(),
        "metrics": metrics(),
        "explanation": (
            "Scaling out to 5: 40 invocations per instance a minute, target 10, above it for 3 of 3 minutes. "
            "2 instances are arriving (3m00s so far)."
        ),
    }
    return Watch(**{**given, **changes})


def deploy_plan(*, checks: tuple[Check, ...] | None = None, name: str = ENDPOINT, instances: int = 1) -> Plan:
    """The plan of a deployment, as long as a real one."""
    job = "hyper-cmapss-2026-11-22-16-04-037-efc6d79a"
    config = "cmapss-XGBoostEndpointConfig-2026-11-22-16-33-42"
    read = Proof(call=Call("sagemaker", "DescribeEndpoint", {"EndpointName": name}))
    steps = (
        ("create model", f"{job}-model", "CreateModel", "delete model"),
        ("create endpoint config", f"{config}, {instances} × ml.m5.xlarge", "CreateEndpointConfig", "delete config"),
        ("create endpoint", name, "CreateEndpoint", "delete endpoint"),
        ("wait until in service", "usually 9–11 minutes", None, None),
        ("register scalable target", "1 to 5 instances", "RegisterScalableTarget", "deregister"),
        ("put scaling policy", "10 per instance and minute", "PutScalingPolicy", "delete policy"),
    )
    return Plan(
        id="deploy-2026-11-22-16-41-07-aaaa",
        intention="deploy",
        target=name,
        steps=tuple(
            Step(
                n=n,
                title=title,
                detail=detail,
                call=Call("sagemaker", operation, {"Name": detail}) if operation else None,
                proof=read,
                undo=Step(title=undo, detail=detail, call=Call("sagemaker", "Undo", {"Name": detail}), proof=read)
                if undo
                else None,
                usual_seconds=None if operation else 600.0,
            )
            for n, (title, detail, operation, undo) in enumerate(steps, start=1)
        ),
        checks=checks
        if checks is not None
        else (
            Check(True, "artefact found (1.0 MB)"),
            Check(True, "its names are not taken yet"),
            Check(None, "at full load 5 instances run, $1.15/h"),
            Check(None, "one instance does not survive the loss of its availability zone"),
        ),
        hourly_cost_usd_before=0.0,
        hourly_cost_usd_after=round(instances * 0.23, 2),
        notes=(f"training job {job}", "validation:rmse 44.9812"),
    )


def delete_plan(name: str = ENDPOINT) -> Plan:
    """The plan of a deletion."""
    read = Proof(call=Call("sagemaker", "DescribeEndpoint", {"EndpointName": name}), gone=True)
    steps = (
        ("delete scaling policy", "Invocations-ScalingPolicy and its alarms", "DeleteScalingPolicy"),
        ("deregister scalable target", VARIANT, "DeregisterScalableTarget"),
        ("delete endpoint", name, "DeleteEndpoint"),
        ("delete endpoint config", "cmapss-XGBoostEndpointConfig-2026-11-22-16-33-42", "DeleteEndpointConfig"),
    )
    return Plan(
        id="delete-2026-11-22-16-41-07-bbbb",
        intention="delete",
        target=name,
        steps=tuple(
            Step(n=n, title=title, detail=detail, call=Call("sagemaker", operation), proof=read)
            for n, (title, detail, operation) in enumerate(steps, start=1)
        ),
        checks=(Check(None, "requests to it will fail from then on"),),
        hourly_cost_usd_before=0.69,
        hourly_cost_usd_after=0.0,
    )


def step_event(n: int, state: StepState, *, at: datetime = NOW, error: ConsoleError | None = None) -> StepEvent:
    """Something the runner says of a step."""
    return StepEvent(plan_id="any", n=n, state=state, message=f"step {n} {state}", at=at, error=error)


def evaluation(rows: int, *, data: str = "nasa", finished: bool = False) -> Evaluation:
    """A validation after so many rows."""
    return Evaluation(
        endpoint=ENDPOINT,
        rows=rows,
        rows_total=104_897,
        invocations=rows // 1000,
        seconds=6.5,
        rmse=57.2571 if rows else None,
        mae=41.03 if rows else None,
        nasa_score=12_345.6 if finished else None,
        subsets={
            "FD001": SubsetScore(min(rows, 13_096), 45.1, 33.2),
            "FD002": SubsetScore(max(0, min(rows - 13_096, 33_991)), 55.9, 41.1),
            "FD003": SubsetScore(0, None, None),
            "FD004": SubsetScore(0, None, None),
        },
        data=data,
        finished=finished,
    )


def traffic_report(sent: int, seconds: float, *, failed: int = 0, finished: bool = False) -> TrafficReport:
    """Load after so many region seconds."""
    return TrafficReport(
        endpoint=ENDPOINT,
        sent=sent,
        failed=failed,
        rate_per_minute=sent / seconds * 60,
        started=NOW - timedelta(seconds=seconds),
        elapsed_seconds=seconds,
        finished=finished,
    )
