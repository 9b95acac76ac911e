"""Put a model into production: the plan is the dialog, and follows what is typed above it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult

from cmapss_core.errors import ConsoleError
from cmapss_tui.arguments import positive_integer, positive_number
from cmapss_tui.screens.known_jobs import JobsKnown, ask_jobs
from cmapss_tui.screens.planning import PlanScreen
from cmapss_tui.screens.values import (
    bucket_name,
    endpoint_name,
    file_of_a_model,
    image_uri,
    instance_type,
    maybe,
    model_data_uri,
    percentage,
    role_arn,
    s3_destination,
    several,
    training_job,
)
from cmapss_tui.widgets.form import Field, Fold

if TYPE_CHECKING:
    from cmapss_core.plans.deploy import DeployRequest
    from cmapss_core.plans.plan import Plan

BEST = "best"
BOUNDS = ("minimum", "maximum", "target")
FROM_JOB, FROM_S3, FROM_FILE = "job", "s3", "file"
# Which fields belong to which source of the model.
SOURCES: dict[str, tuple[str, ...]] = {
    FROM_JOB: (),
    FROM_S3: ("model-data", "image", "role"),
    FROM_FILE: ("model-file", "bucket", "image", "role"),
}
ELSEWHERE = ("model-data", "model-file", "bucket", "image", "role")
CAPTURE = ("capture-to", "capture-percent")


class DeployScreen(PlanScreen):
    """The deployment of a job by name, or of "best"; or of a model that was trained elsewhere."""

    AREA = "jobs"
    ACTION = "jobs.deploy"
    CONFIRM = "Deploy"
    FLAGS: ClassVar[Mapping[str, str]] = {
        "--no-autoscaling": "autoscaling off",
        "--min": "minimum",
        "--max": "maximum",
        "--subnet": "subnets",
        "--security-group": "security groups",
    }

    def __init__(self, job: str = BEST) -> None:
        super().__init__()
        self._job = job
        self._jobs_asked = False

    def heading(self) -> str:
        """Which model; the best job is known once there is a plan."""
        if self.is_mounted and self.field("source").value != FROM_JOB:
            return "Deploy a model that was trained elsewhere"
        if self._job != BEST:
            return f"Deploy {self._job}"
        notes = self.plan.notes if self.plan is not None else ()
        chosen = next((note for note in notes if note.startswith("training job ")), "")
        return f"Deploy the best job: {chosen.removeprefix('training job ')}" if chosen else "Deploy the best job"

    def form(self) -> ComposeResult:
        """What may be chosen; behind the fold what few need."""
        yield Field("endpoint name", "name", hint="letters, digits, hyphens", placeholder="cmapss-XGBoostEndpoint-…")
        yield Field("instance type", "instance-type", "ml.m5.xlarge")
        yield Field("instances", "instances", "1", hint="to start with")
        yield Field("autoscaling", "autoscaling", True, hint="follow the load")
        yield Field("minimum", "minimum", "1", hint="3 survive the loss of two zones")
        yield Field("maximum", "maximum", "5", hint="instances")
        yield Field("target", "target", "10", hint="invocations per instance and minute")
        job = "the best job" if self._job == BEST else "this job"
        sources = {FROM_JOB: job, FROM_S3: "S3", FROM_FILE: "a file here"}
        yield Fold(
            "more: a model trained elsewhere, data capture, shadow, network",
            Field("model from", "source", FROM_JOB, choices=sources),
            Field("artefact", "model-data", placeholder="s3://bucket/…/model.tar.gz", hint="in S3"),
            Field("file", "model-file", placeholder="path of a model.tar.gz", hint="is uploaded"),
            Field("bucket", "bucket", placeholder="name of a bucket", hint="to upload to"),
            Field("image", "image", placeholder="ACCOUNT.dkr.ecr.REGION.amazonaws.com/…", hint="that serves it"),
            Field("role", "role", placeholder="arn:aws:iam::ACCOUNT:role/…", hint="that SageMaker takes on"),
            Field("data capture", "capture", False, hint="keep requests and answers in S3"),
            Field("capture to", "capture-to", placeholder="s3://bucket/prefix"),
            Field("capture percent", "capture-percent", "20", hint="of the requests"),
            Field("shadow job", "shadow", placeholder="a training job", hint="gets a copy of every request"),
            Field("network isolation", "isolated", False, hint="containers reach nothing, not even S3"),
            Field("subnets", "subnets", placeholder="subnet-… subnet-…", hint="of a VPC, in two zones or more"),
            Field("security groups", "groups", placeholder="sg-… sg-…", hint="of that VPC"),
        )

    def on_mount(self) -> None:
        self._enable_fields()

    def on_jobs_known(self, message: JobsKnown) -> None:
        self.field("shadow").suggest(message.names)

    def changed(self, field: str | None) -> None:
        """What does not matter as things are cannot be typed into, or is not there."""
        if field == "shadow" and not self._jobs_asked:
            self._jobs_asked = True
            ask_jobs(self, self.aws)
        self._enable_fields()
        super().changed(field)

    def planner(self) -> Callable[[], Plan] | None:
        """Plan what the fields say."""
        from cmapss_core.plans.deploy import plan_deploy

        request = self._request()
        return None if request is None else partial(plan_deploy, self.aws, request)

    def _enable_fields(self) -> None:
        scaled, captured = self.field("autoscaling").checked, self.field("capture").checked
        for key in BOUNDS:
            self.field(key).count(scaled)
        for key in CAPTURE:
            self.field(key).count(captured)
        wanted = SOURCES[self.field("source").value]
        for key in ELSEWHERE:
            self.field(key).display = key in wanted

    def _request(self) -> DeployRequest | None:
        # All of them, before any of them ends it: each field says what is wrong with its own value.
        request = self._sourced()
        for further in (self._named, self._scaled, self._captured, self._networked):
            request = further(request)
        return request

    def _sourced(self) -> DeployRequest | None:
        from cmapss_core.plans.deploy import DeployRequest

        source = self.field("source").value
        if source == FROM_JOB:
            return DeployRequest(job=self._job)
        image, role = self.field("image").parsed(image_uri), self.field("role").parsed(role_arn)
        if source == FROM_S3:
            data = self.field("model-data").parsed(model_data_uri)
            missing = data is None or image is None or role is None
            return None if missing else DeployRequest(model_data=data, image=image, role=role)
        file, bucket = self.field("model-file").parsed(file_of_a_model), self.field("bucket").parsed(bucket_name)
        missing = file is None or bucket is None or image is None or role is None
        return None if missing else DeployRequest(model_file=file, bucket=bucket, image=image, role=role)

    def _named(self, request: DeployRequest | None) -> DeployRequest | None:
        name = self.field("name").parsed(maybe(endpoint_name))
        kind = self.field("instance-type").parsed(instance_type)
        instances = self.field("instances").parsed(positive_integer)
        if request is None or name is None or kind is None or instances is None:
            return None
        return replace(request, name=next(iter(name), None), instance_type=kind, instances=instances)

    def _scaled(self, request: DeployRequest | None) -> DeployRequest | None:
        from cmapss_core.plans.scaling.request import check_bounds

        if not self.field("autoscaling").checked:
            return request and replace(request, autoscaling=False)
        low = self.field("minimum").parsed(positive_integer)
        high = self.field("maximum").parsed(positive_integer)
        target = self.field("target").parsed(positive_number)
        if low is None or high is None or target is None:
            return None
        try:
            check_bounds(low, high)
        except ConsoleError as error:
            self.field("minimum").show_problem(error.message)
            return None
        if request is not None and request.instances is not None and request.instances > high:
            self.field("instances").show_problem(f"is above the maximum of {high}")
            return None
        return request and replace(request, min=low, max=high, target=target)

    def _captured(self, request: DeployRequest | None) -> DeployRequest | None:
        if not self.field("capture").checked:
            return request
        to = self.field("capture-to").parsed(s3_destination)
        percent = self.field("capture-percent").parsed(percentage)
        if request is None or to is None or percent is None:
            return None
        return replace(request, capture=to, capture_percent=percent)

    def _networked(self, request: DeployRequest | None) -> DeployRequest | None:
        from cmapss_core.plans.limits import check_vpc

        subnets, groups = several(self.field("subnets").value), several(self.field("groups").value)
        try:
            check_vpc(subnets, groups)
        except ConsoleError as error:
            self.field("subnets").show_problem(error.message)
            return None
        self.field("subnets").show_problem(None)
        shadow = self.field("shadow").parsed(maybe(training_job))
        if request is None or shadow is None:
            return None
        return replace(
            request,
            shadow=next(iter(shadow), None),
            network_isolation=self.field("isolated").checked,
            subnets=subnets,
            security_groups=groups,
        )
