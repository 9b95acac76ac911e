"""A plan prints the IAM actions that it takes: exactly these are asked for, and none is missing unnoticed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cmapss_core.aws import Aws, Target
from cmapss_core.errors import ConsoleError
from cmapss_core.permissions import LINKED_ROLE
from cmapss_core.plans import runner
from cmapss_core.plans.autoscale import ScaleRequest, plan_scale
from cmapss_core.plans.clean_up import CleanUpRequest, plan_clean_up
from cmapss_core.plans.deploy import DeployRequest, plan_deploy
from cmapss_core.plans.high_availability import HighAvailabilityRequest, plan_high_availability
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.plan import OWNER_TAG, Plan
from cmapss_core.plans.runner import Outcome, StepEvent, roll_back, run
from cmapss_core.plans.scaling.scheduling import ScheduleRequest
from cmapss_core.plans.scaling.step_policy import StepPolicyRequest, parse_steps
from cmapss_core.plans.teardown import plan_delete
from cmapss_core.plans.update import plan_update
from cmapss_core.plans.updating.requests import UpdateRequest, VariantChange
from tests.sandbox.artefacts import ARTEFACT, IMAGE, ROLE, production_variant
from tests.sandbox.boosters import artefact
from tests.sandbox.conftest import NOON
from tests.sandbox.enforced import Enforced, allow, document, enforced_region
from tests.sweeping import sweep

NAME = "engines"
LEAST = "least"
MODEL_FILE = "packed.tar.gz"
SIMULATING = "iam:SimulatePrincipalPolicy"
LINKING = "iam:CreateServiceLinkedRole"

# What a test may leave that made it itself.
LEFT = (("endpoint configs", "delete_endpoint_config", "EndpointConfigName"), ("models", "delete_model", "ModelName"))

Planner = Callable[[Aws], Plan]


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of plan. `deployed`: an endpoint that scales has to be there before; `prepare` does what else it takes."""

    name: str
    plan: Planner
    deployed: bool = True
    prepare: Callable[[World], None] = lambda world: None


def deployment(aws: Aws) -> Plan:
    request = DeployRequest(
        name=NAME, model_data=ARTEFACT, image=IMAGE, role=ROLE, min=2, max=4, tags=(("team", "line"),)
    )
    return plan_deploy(aws, request)


def left_overs(world: World) -> None:
    """A model and a config that the console made and no endpoint has, and the log group of one that is gone."""
    sagemaker, tags = world.client("sagemaker"), [{"Key": OWNER_TAG, "Value": "deploy-before"}]
    container = {"Image": IMAGE, "ModelDataUrl": ARTEFACT}
    sagemaker.create_model(ModelName="left", ExecutionRoleArn=ROLE, PrimaryContainer=container, Tags=tags)
    variants = [production_variant("left")]
    sagemaker.create_endpoint_config(EndpointConfigName="left", ProductionVariants=variants, Tags=tags)
    world.client("logs").create_log_group(logGroupName="/aws/sagemaker/Endpoints/cmapss-XGBoostEndpoint-left")


def packed_model(world: World) -> None:
    (world.folder / MODEL_FILE).write_bytes(artefact())


def uploading(aws: Aws) -> Plan:
    return plan_deploy(
        aws,
        DeployRequest(
            name=NAME,
            model_file=MODEL_FILE,
            bucket="models",
            image=IMAGE,
            role=ROLE,
            autoscaling=False,
            capture="s3://models/captured",
        ),
    )


def by_steps(aws: Aws) -> Plan:
    request = ScaleRequest(
        endpoint=NAME,
        max=5,
        step_policy=StepPolicyRequest(adjustments=parse_steps(["0:=+1"]), threshold=50.0),
        schedules=(ScheduleRequest(name="night", schedule="cron(0 22 * * ? *)", min=1, max=2),),
    )
    return plan_scale(aws, request)


def available(aws: Aws) -> Plan:
    return plan_high_availability(aws, HighAvailabilityRequest(endpoint=NAME))


def updating(**change: Any) -> Planner:
    request = UpdateRequest(endpoint=NAME, variants=(VariantChange(**change),))
    return lambda aws: plan_update(aws, request)


CASES = {
    case.name: case
    for case in (
        Case("deploy", deployment, deployed=False),
        Case("scale", lambda aws: plan_scale(aws, ScaleRequest(endpoint=NAME, min=1, max=5, target=30.0))),
        Case("deploy a file", uploading, False, packed_model),
        Case("scale by steps", by_steps),
        Case("high availability", available),
        Case("update", updating(instance_type="ml.m5.2xlarge")),
        Case("rescale", updating(instances=3)),
        Case("delete", lambda aws: plan_delete(aws, NAME)),
        Case("clean-up", lambda aws: plan_clean_up(aws, CleanUpRequest(older_than_days=0)), False, left_overs),
    )
}


class World:
    """A region where IAM decides, its operator, and a user who may do what a test lets them do."""

    def __init__(self, enforced: Enforced, folder: Path) -> None:
        self.enforced = enforced
        self.folder = folder
        self.journal = Journal(folder / "journal")
        self.operator = Aws(Target(endpoint_url=enforced.url))
        self._clients: dict[str, Any] = {}
        self._operators: dict[str, Any] = {}
        self.user_arn = f"arn:aws:iam::{enforced.region.account}:user/{LEAST}"

    def client(self, service: str) -> Any:
        """The operator's client of a service."""
        if service not in self._operators:
            self._operators[service] = self.enforced.client(service)
        return self._operators[service]

    def user(self) -> Aws:
        """A connection of the user that remembers nothing; its clients take long to make, and are always the same."""
        aws = Aws(Target(profile=LEAST, endpoint_url=self.enforced.url))
        aws._clients = self._clients
        return aws

    def may(self, *actions: str) -> None:
        """Let the user do this and no more."""
        self.enforced.allow_user(LEAST, allow(*actions))
        assert self.enforced.region.authority is not None
        self.enforced.region.authority.asked.pop(self.user_arn, None)

    def asked(self) -> set[str]:
        """What IAM has been asked about for the user since then."""
        assert self.enforced.region.authority is not None
        return set(self.enforced.region.authority.asked[self.user_arn])

    def run(self, aws: Aws, plan: Plan) -> Outcome:
        return run(aws, plan, self.journal, on_event=self._passing)

    def roll_back(self, aws: Aws, plan: Plan) -> Outcome:
        """Take back what a plan did; what auto scaling began meanwhile comes to its end."""
        outcome = roll_back(aws, plan.id, self.journal, on_event=self._passing)
        self.enforced.region.advance(900)
        return outcome

    def state(self) -> dict[str, Any]:
        """All that is in the region but for what instances logged, and how it is scaled."""
        scaling = self.client("application-autoscaling")
        found = sweep(self)
        found.pop("log groups", None)
        return {
            **found,
            "alarms": [name.partition("/AllTraffic-Alarm")[2][:4] for name in found.get("alarms", ())],
            "bounds": [
                (target["ResourceId"], target["MinCapacity"], target["MaxCapacity"])
                for target in scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
            ],
            "targets": [
                policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]
                for policy in scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
            ],
        }

    def begin(self, case: Case) -> None:
        """What the case needs to find, and no linked role unless scaling has been set up."""
        iam = self.client("iam")
        if LINKED_ROLE in [role["RoleName"] for role in iam.list_roles()["Roles"]]:
            iam.delete_service_linked_role(RoleName=LINKED_ROLE)
        case.prepare(self)
        if case.deployed:
            assert self.run(self.operator, deployment(self.operator)).status == "done"

    def clear(self) -> None:
        """Nothing of ours stays; what an endpoint logged that was taken back is no longer of use."""
        if NAME in self.enforced.region.table("endpoints"):
            assert self.run(self.operator, plan_delete(self.operator, NAME)).status == "done"
        for kind, operation, member in LEFT:
            for name in sweep(self).get(kind, ()):
                getattr(self.client("sagemaker"), operation)(**{member: name})
        left = sweep(self)
        for group in left.pop("log groups", ()):
            self.client("logs").delete_log_group(logGroupName=group)
        assert left == {}

    def _passing(self, event: StepEvent) -> None:
        if event.state in ("waiting", "undoing"):
            self.enforced.region.advance(60)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("least-privilege")
    with enforced_region(folder / "state", NOON) as enforced, pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "MIN_POLL_SECONDS", 0.0)
        patch.setattr(runner, "MAX_POLL_SECONDS", 0.0)
        enforced.region.objects.put("models", "small/model.tar.gz", artefact())
        enforced.client("iam").put_role_policy(
            RoleName="cmapss-sagemaker-execution",
            PolicyName="artefact",
            PolicyDocument=document(allow("s3:GetObject", "s3:ListBucket")),
        )
        access_key, secret, _ = enforced.user(LEAST)
        credentials = folder / "credentials"
        credentials.write_text(f"[{LEAST}]\naws_access_key_id={access_key}\naws_secret_access_key={secret}\n")
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
        patch.chdir(folder)
        yield World(enforced, folder)


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, world: World) -> Iterator[Case]:
    found = CASES[request.param]
    world.begin(found)
    yield found
    world.clear()


def test_the_actions_that_a_plan_prints_are_those_that_it_takes(world: World, case: Case) -> None:
    expected = case.plan(world.operator)
    world.may(*expected.iam_actions, *expected.optional_iam_actions)
    aws = world.user()
    plan = case.plan(aws)
    assert not [check for check in plan.checks if check.ok is False]
    assert (plan.iam_actions, plan.optional_iam_actions) == (expected.iam_actions, expected.optional_iam_actions)
    assert world.run(aws, plan).status == "done"
    printed = {*plan.iam_actions, *plan.optional_iam_actions}
    if case.deployed:
        printed -= {LINKING}  # the account has the role by now
    assert world.asked() == printed


def test_the_actions_that_take_a_plan_back_are_those_that_it_prints_for_that(world: World, case: Case) -> None:
    before = world.state()
    plan = case.plan(world.operator)
    assert world.run(world.operator, plan).status == "done"
    world.may(*plan.iam_actions, *plan.undo_iam_actions, LINKING)
    outcome = world.roll_back(world.user(), plan)
    assert outcome.status == "rolled_back"
    assert world.state() == before
    assert world.asked() - {LINKING} <= {*plan.iam_actions, *plan.undo_iam_actions}
    assert world.asked() >= set(plan.undo_iam_actions)


def attempted(planner: Planner, aws: Aws) -> tuple[Plan | None, Sequence[str]]:
    """The plan, or why there is none."""
    try:
        return planner(aws), ()
    except ConsoleError as error:
        return None, [f"{error.kind}: {error.line()}"]


def actions_to_undo(plan: Plan) -> set[str]:
    """All that undoing the steps takes, whether or not doing them takes it as well."""
    return {action for step in plan.steps if step.undo is not None for action in step.undo.iam_actions}


def test_without_any_one_action_nothing_is_begun_or_all_is_undone(world: World, case: Case) -> None:
    """With IAM's word beforehand, and where that is not to be had, by trying.

    Then it may be that what was done cannot be undone either, for the same reason: that is told too, and is done once
    it is permitted.
    """
    before, expected = world.state(), case.plan(world.operator)
    everything = {*expected.iam_actions, *expected.undo_iam_actions, *expected.optional_iam_actions}
    tried = []
    for missing in expected.iam_actions:
        world.may(*everything - {missing})
        plan, why = attempted(case.plan, world.user())
        if plan is not None:
            tried.append(missing)
            # A bucket's own policy may allow what the caller's do not: that forbids nothing.
            found = plan.warnings if missing.startswith("s3:") else [check.text for check in plan.forbidding]
            why = [text for text in found if missing in text]
            assert missing.startswith("s3:") or len(why) == len(found)
        assert why, missing
        assert all(missing in text for text in why)
    assert world.state() == before

    for missing in tried:
        world.may(*everything - {missing, SIMULATING})
        aws = world.user()
        plan = case.plan(aws)
        assert plan.forbidding == ()
        outcome = world.run(aws, plan)
        assert outcome.status == "failed", missing
        assert outcome.error is not None
        assert missing in outcome.error.line()
        undone = world.roll_back(aws, plan)
        if missing in actions_to_undo(plan) and undone.status == "open":
            assert undone.error is not None
            assert missing in undone.error.line()
            world.may(*everything)
            undone = world.roll_back(aws, plan)
        assert undone.status == "rolled_back", missing
        assert world.state() == before, missing
    assert tried


def test_without_an_optional_action_it_works_and_says_which_is_missing(world: World, case: Case) -> None:
    expected = case.plan(world.operator)
    everything = {*expected.iam_actions, *expected.undo_iam_actions, *expected.optional_iam_actions}
    for missing in expected.optional_iam_actions:
        world.may(*everything - {missing})
        plan = case.plan(world.user())
        said = [check for check in plan.checks if missing in check.text]
        # Only a deployment may look whether the account has the role that scaling is done with: it has none yet.
        forbids = missing == LINKING and not case.deployed
        assert [check.ok for check in said] == [False if forbids else None], missing
        assert plan.forbidding == tuple(said if forbids else ())
    world.may(*expected.iam_actions, *({LINKING} & set(expected.optional_iam_actions)))
    aws = world.user()
    assert world.run(aws, case.plan(aws)).status == "done"
