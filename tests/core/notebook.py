"""What a notebook does in a region with plain boto3, for the console to find; and plans carried out in no time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.plan import Plan, numbered
from cmapss_core.plans.runner import Outcome, StepEvent, run
from tests.live import LiveSandbox

Carry = Callable[[Plan], Outcome]
TAGS = [{"Key": "cmapss-console", "Value": "deploy-2026-01-01-00-00-00-0000"}]
ROW = ",".join(["1"] * 24)


class Notebook:
    """Makes models, configs and endpoints of the region's best job; with `tags` they pass for the console's."""

    def __init__(self, sandbox: LiveSandbox) -> None:
        self.sandbox = sandbox
        self.sagemaker = sandbox.client("sagemaker")

    @cached_property
    def job(self) -> dict[str, Any]:
        """A training job that has completed."""
        [first, *_] = self.sagemaker.list_training_jobs(StatusEquals="Completed")["TrainingJobSummaries"]
        found: dict[str, Any] = self.sagemaker.describe_training_job(TrainingJobName=first["TrainingJobName"])
        return found

    def model(self, name: str, artefact: str | None = None, *, tags: Sequence[dict[str, str]] = ()) -> str:
        """A model of the job's artefact, or of another one."""
        self.sagemaker.create_model(
            ModelName=name,
            ExecutionRoleArn=self.job["RoleArn"],
            PrimaryContainer={
                "Image": self.job["AlgorithmSpecification"]["TrainingImage"],
                "ModelDataUrl": artefact or self.job["ModelArtifacts"]["S3ModelArtifacts"],
            },
            Tags=list(tags),
        )
        return name

    def config(
        self, name: str, *models: str, tags: Sequence[dict[str, str]] = (), shadow: str | None = None, **members: Any
    ) -> str:
        """A config with one variant for each model, A, B and so on, and a shadow of another model."""
        if shadow is not None:
            members["ShadowProductionVariants"] = [_variant("Shadow", shadow)]
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[_variant(letter, model) for letter, model in zip("ABCDEF", models, strict=False)],
            Tags=list(tags),
            **members,
        )
        return name

    def endpoint(self, name: str, config: str, *, tags: Sequence[dict[str, str]] = (), wait: bool = True) -> str:
        """An endpoint of that config, in service unless it is not waited for."""
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config, Tags=list(tags))
        if wait:
            self.sandbox.advance(minutes=12)
            assert self.status(name) == "InService"
        return name

    def status(self, name: str) -> str:
        """An endpoint's status."""
        return str(self.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"])

    def scale(self, endpoint: str, variant: str = "A", policy: str = "Invocations-ScalingPolicy") -> None:
        """Scale a variant by target tracking, and on a schedule."""
        scaling = self.sandbox.client("application-autoscaling")
        of = {
            "ServiceNamespace": "sagemaker",
            "ResourceId": f"endpoint/{endpoint}/variant/{variant}",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        }
        scaling.register_scalable_target(**of, MinCapacity=1, MaxCapacity=4)
        scaling.put_scaling_policy(
            **of,
            PolicyName=policy,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 10.0,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
            },
        )
        scaling.put_scheduled_action(
            **of,
            ScheduledActionName="nights",
            Schedule="cron(0 22 * * ? *)",
            ScalableTargetAction={"MinCapacity": 1, "MaxCapacity": 2},
        )

    def alarm(self, name: str, endpoint: str) -> str:
        """An alarm on the errors of an endpoint, such as rolls a deployment back."""
        self.sandbox.client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            Namespace="AWS/SageMaker",
            MetricName="Invocation5XXErrors",
            Dimensions=[{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": "A"}],
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1.0,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
        )
        return name

    def invoke(self, endpoint: str) -> None:
        """Have an endpoint predict one row."""
        self.sandbox.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=endpoint, ContentType="text/csv", Body=ROW
        )


def carrying(sandbox: LiveSandbox, aws: Aws, folder: Path) -> Carry:
    """Carries a plan out; whenever it waits, a minute passes in the region."""
    return lambda plan: run(aws, plan, Journal(folder), on_event=passing(sandbox))


def passing(sandbox: LiveSandbox) -> Callable[[StepEvent], None]:
    """Lets a minute pass in the region whenever something is waited for."""

    def pass_time(event: StepEvent) -> None:
        if event.state in ("waiting", "undoing"):
            sandbox.advance(minutes=1)

    return pass_time


def undoing(plan: Plan) -> Plan:
    """The plan that takes back what this one did, newest first, with the undo of each step as a step."""
    undos = [step.undo for step in reversed(plan.steps) if step.undo is not None]
    return replace(plan, id=f"{plan.id}-undone", steps=numbered(undos))


def _variant(name: str, model: str) -> dict[str, Any]:
    return {"VariantName": name, "ModelName": model, "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
