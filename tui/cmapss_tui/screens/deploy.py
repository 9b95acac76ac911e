"""Put a training job's model into production: the plan is the dialog, and follows what is typed above it."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from cmapss_core.errors import ConsoleError
from cmapss_tui.arguments import positive_integer, positive_number
from cmapss_tui.screens.planning import PlanScreen
from cmapss_tui.widgets.form import Field

if TYPE_CHECKING:
    from cmapss_core.plans.deploy import DeployRequest
    from cmapss_core.plans.plan import Plan

BEST = "best"
BOUNDS = ("minimum", "maximum", "target")


class DeployScreen(PlanScreen):
    """The deployment of a job by name, or of "best"."""

    AREA = "jobs"
    ACTION = "jobs.deploy"
    CONFIRM = "Deploy"

    def __init__(self, job: str = BEST) -> None:
        super().__init__()
        self._job = job

    def heading(self) -> str:
        """Which job; the best one is known once there is a plan."""
        if self._job != BEST:
            return f"Deploy {self._job}"
        chosen = next(iter(self.plan.notes), "") if self.plan is not None else ""
        return f"Deploy the best job: {chosen.removeprefix('training job ')}" if chosen else "Deploy the best job"

    def form(self) -> ComposeResult:
        """What may be chosen."""
        yield Field(
            "endpoint name",
            "name",
            hint="letters, digits, hyphens",
            placeholder="cmapss-XGBoostEndpoint-…",
        )
        yield Field("instance type", "instance-type", "ml.m5.xlarge")
        yield Field("instances", "instances", "1", hint="to start with")
        yield Field("autoscaling", "autoscaling", True, hint="follow the load")
        yield Field("minimum", "minimum", "1", hint="instances; 3 survive the loss of two zones")
        yield Field("maximum", "maximum", "5", hint="instances")
        yield Field("target", "target", "10", hint="invocations per instance and minute")

    def changed(self, field: str | None) -> None:
        """Bounds count only while the endpoint is scaled."""
        for name in BOUNDS:
            self.query_one(f"#{name}").disabled = not self.field("autoscaling").checked
        super().changed(field)

    def planner(self) -> Callable[[], Plan] | None:
        """Plan what the fields say."""
        from cmapss_core.plans.deploy import plan_deploy

        request = self._request()
        return None if request is None else partial(plan_deploy, self.aws, request)

    def _request(self) -> DeployRequest | None:
        from cmapss_core.plans.deploy import DeployRequest

        # All of them, before any of them ends it: each field says what is wrong with its own value.
        given = self.field("name").parsed(_name)
        instance_type = self.field("instance-type").parsed(_instance_type)
        instances = self.field("instances").parsed(positive_integer)
        request = self._scaled(DeployRequest(job=self._job))
        if given is None or instance_type is None or instances is None or request is None:
            return None
        return replace(request, name=given or None, instance_type=instance_type, instances=instances)

    def _scaled(self, request: DeployRequest) -> DeployRequest | None:
        if not self.field("autoscaling").checked:
            for bound in BOUNDS:
                self.field(bound).show_problem(None)
            return replace(request, autoscaling=False)
        low = self.field("minimum").parsed(positive_integer)
        high = self.field("maximum").parsed(positive_integer)
        target = self.field("target").parsed(positive_number)
        if low is None or high is None or target is None:
            return None
        scaled = replace(request, min=low, max=high, target=target)
        try:
            scaled.tracking()
        except ConsoleError as error:
            self.field("minimum").show_problem(error.message)
            return None
        return scaled


def _name(text: str) -> str:
    """The name, or nothing for one that is made up from the time; the field shows it, so the reason need not."""
    from cmapss_core.plans.names import check_name

    try:
        return check_name("endpoint", text) if text else ""
    except ConsoleError as error:
        raise ArgumentTypeError(error.message.removeprefix(f"endpoint name {text!r} ")) from error


def _instance_type(text: str) -> str:
    if not re.fullmatch(r"ml\.[a-z0-9-]+\.[a-z0-9-]+", text):
        raise ArgumentTypeError(f"{text!r} is no instance type such as ml.m5.xlarge")
    return text
