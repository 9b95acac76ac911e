"""One case for each kind of plan: what has to be there before it, and the plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from cmapss_core.aws import Aws
from cmapss_core.jobs import read_jobs
from cmapss_core.plans.autoscale import ScaleRequest, plan_scale
from cmapss_core.plans.clean_up import CleanUpRequest, plan_clean_up
from cmapss_core.plans.deploy import DeployRequest, plan_deploy
from cmapss_core.plans.models.sources import ModelSource
from cmapss_core.plans.plan import Plan
from cmapss_core.plans.teardown import plan_delete
from cmapss_core.plans.update import plan_update
from cmapss_core.plans.updating.requests import UpdateRequest, VariantChange
from tests.live import LiveSandbox
from tests.survival.dying import Planner

ENDPOINT = "survivor"


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of plan. `endpoint`: one is deployed before. `prepare` does what else the plan needs to find."""

    name: str
    plan: Planner
    endpoint: bool = True
    prepare: Callable[[LiveSandbox], None] = lambda sandbox: None


def deployment(aws: Aws) -> Plan:
    """The deployment that most cases begin with, and that is a case itself."""
    return plan_deploy(aws, DeployRequest(name=ENDPOINT, min=1, max=4, target=20.0))


def other_model(aws: Aws) -> Plan:
    """The second best model on another instance type: a new config, and its scaling set up again."""
    second = read_jobs(aws).jobs[1].job.name
    change = VariantChange(source=ModelSource(job=second), instance_type="ml.m5.2xlarge")
    return plan_update(aws, UpdateRequest(endpoint=ENDPOINT, variants=(change,)))


def _left_overs(sandbox: LiveSandbox) -> None:
    """A config and a model of ours that belong to no endpoint, and the log group of one that is gone."""
    sagemaker, tags = sandbox.client("sagemaker"), [{"Key": "cmapss-console", "Value": "deploy-before"}]
    endpoint = sagemaker.describe_endpoint(EndpointName=ENDPOINT)
    config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    model = sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
    sagemaker.create_model(
        ModelName="left-model",
        ExecutionRoleArn=model["ExecutionRoleArn"],
        PrimaryContainer={member: model["PrimaryContainer"][member] for member in ("Image", "ModelDataUrl")},
        Tags=tags,
    )
    variant = {**config["ProductionVariants"][0], "ModelName": "left-model"}
    sagemaker.create_endpoint_config(EndpointConfigName="left-config", ProductionVariants=[variant], Tags=tags)


CASES = (
    Case("deploy", deployment, endpoint=False),
    Case(
        "scale", partial(plan_scale, request=ScaleRequest(endpoint=ENDPOINT, max=5, target=30.0, scale_in_cooldown=60))
    ),
    Case("update", other_model),
    Case("delete", partial(plan_delete, name=ENDPOINT)),
    Case("clean-up", partial(plan_clean_up, request=CleanUpRequest(older_than_days=0)), prepare=_left_overs),
)
