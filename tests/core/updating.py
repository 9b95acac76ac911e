"""An endpoint on a sandbox that tests update: whenever something is waited for, a minute passes in the region."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cmapss_core.aws import Aws
from cmapss_core.endpoints import Endpoint, read_endpoint
from cmapss_core.jobs import read_jobs
from cmapss_core.plans.deploy import DeployRequest, plan_deploy
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.models.sources import ModelSource
from cmapss_core.plans.plan import Plan
from cmapss_core.plans.runner import roll_back, run
from cmapss_core.plans.running.operations import Outcome, StepEvent
from cmapss_core.plans.scaling.steps import identity
from cmapss_core.plans.teardown import plan_delete
from cmapss_core.plans.updating.requests import UpdateRequest, VariantChange
from tests.live import LiveSandbox

NAME = "engines"
VARIANT = "AllTraffic"
TYPE = "ml.m5.xlarge"
SOMEBODY_ELSES = "somebody-elses"


def change(**wanted: Any) -> UpdateRequest:
    """An update of the only variant."""
    return UpdateRequest(endpoint=NAME, variants=(VariantChange(**wanted),))


def titles(plan: Plan) -> list[str]:
    return [step.title for step in plan.steps]


@dataclass(frozen=True, slots=True)
class Updating:
    """A sandbox with an endpoint, and what tests do with both."""

    sandbox: LiveSandbox
    aws: Aws
    journal: Journal

    @property
    def endpoint(self) -> Endpoint:
        return read_endpoint(self.aws, NAME)

    @property
    def second_job(self) -> str:
        """The training job whose model is not served by default."""
        return next(ranked.job.name for ranked in read_jobs(self.aws).jobs if ranked.rank == 2)

    def carry(self, plan: Plan, *, meanwhile: Callable[[StepEvent], None] = lambda event: None) -> Outcome:
        """Carry a plan out; `meanwhile` hears of all that happens."""
        return run(self.aws, plan, self.journal, on_event=self._passing(meanwhile))

    def back(self, plan: Plan) -> Outcome:
        """Take back a plan that was carried out, or as much of it as was."""
        return roll_back(self.aws, plan.id, self.journal, on_event=self._passing())

    def deploy(self, **wanted: Any) -> Endpoint:
        assert self.carry(plan_deploy(self.aws, DeployRequest(name=NAME, **wanted))).status == "done"
        return self.endpoint

    def delete(self) -> None:
        """Delete the endpoint, and what others made for it."""
        assert self.carry(plan_delete(self.aws, NAME)).status == "done"
        sagemaker = self.sandbox.client("sagemaker")
        for model in sagemaker.list_models(NameContains=SOMEBODY_ELSES)["Models"]:
            sagemaker.delete_model(ModelName=model["ModelName"])

    def scale_to(self, count: int, *, minutes: float = 5) -> None:
        """As automatic scaling does it, whatever the config says."""
        self.sandbox.client("sagemaker").update_endpoint_weights_and_capacities(
            EndpointName=NAME, DesiredWeightsAndCapacities=[{"VariantName": VARIANT, "DesiredInstanceCount": count}]
        )
        self.sandbox.advance(minutes=minutes)

    def suspend_scale_in(self) -> None:
        self.sandbox.client("application-autoscaling").register_scalable_target(
            **identity(NAME, VARIANT), SuspendedState={"DynamicScalingInSuspended": True}
        )

    def new_model(self, **others: Any) -> UpdateRequest:
        """An update to the second job's model."""
        source = ModelSource(job=self.second_job)
        return UpdateRequest(endpoint=NAME, variants=(VariantChange(source=source),), **others)

    def model_of_somebody_else(self, artefact: bytes | None = None) -> str:
        """A model without the console's tag, of another artefact than the one that is served, or of the same."""
        sagemaker = self.sandbox.client("sagemaker")
        described = sagemaker.describe_model(ModelName=self.endpoint.variants[0].model)
        container = described["PrimaryContainer"]
        if artefact is not None:
            bucket, _, key = container["ModelDataUrl"].removeprefix("s3://").partition("/")
            key = key.replace("model.tar.gz", "other/model.tar.gz")
            self.sandbox.client("s3").put_object(Bucket=bucket, Key=key, Body=artefact)
            container = {**container, "ModelDataUrl": f"s3://{bucket}/{key}"}
        sagemaker.create_model(
            ModelName=SOMEBODY_ELSES,
            ExecutionRoleArn=described["ExecutionRoleArn"],
            PrimaryContainer=container,
        )
        return SOMEBODY_ELSES

    def _passing(self, hear: Callable[[StepEvent], None] = lambda event: None) -> Callable[[StepEvent], None]:
        def passing(event: StepEvent) -> None:
            hear(event)
            if event.state in ("waiting", "undoing"):
                self.sandbox.advance(minutes=1)

        return passing


def model_of_two_features() -> bytes:
    """A model that comes up, and finds fault with every request that has more than two columns."""
    import numpy
    import xgboost

    rows = numpy.arange(40.0).reshape(20, 2)
    booster = xgboost.train({"max_depth": 2, "nthread": 1}, xgboost.DMatrix(rows, rows[:, 0]), 2)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        body = bytes(booster.save_raw("ubj"))
        entry = tarfile.TarInfo("xgboost-model")
        entry.size = len(body)
        archive.addfile(entry, io.BytesIO(body))
    return packed.getvalue()
