"""Deployments of every kind do in a region what their plans say, from the model's source to the last request."""

from __future__ import annotations

import io
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cmapss_core.aws import Aws, Target
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.jobs import read_jobs
from cmapss_core.plans import runner
from cmapss_core.plans.deploy import DeployRequest, plan_deploy
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.models.variants import VariantRequest, parse_variant
from cmapss_core.plans.plan import Plan
from cmapss_core.plans.runner import Outcome, StepEvent, roll_back, run
from cmapss_core.plans.teardown import plan_delete
from tests.live import LiveSandbox
from tests.survival.wiping import wiped
from tests.sweeping import sweep

BUCKET = "deployed-models"
ROWS = b"\n".join([b",".join([b"1"] * 24)] * 2)
SECRET = "do-not-tell"
LOGS = {"log groups"}  # what an endpoint's containers said outlives it

Carry = Callable[[Plan], Outcome]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "MAX_POLL_SECONDS", 0.0)


@pytest.fixture(autouse=True)
def _clean(request: pytest.FixtureRequest) -> Iterator[None]:
    """What one test leaves behind is not in the way of the next."""
    yield
    if "sandbox" in request.fixturenames:
        sandbox = request.getfixturevalue("sandbox")
        if sweep(sandbox).keys() - LOGS:
            wiped(sandbox)


@pytest.fixture
def aws(sandbox: LiveSandbox) -> Aws:
    return Aws(Target(endpoint_url=sandbox.endpoint_url))


@pytest.fixture
def passing(sandbox: LiveSandbox) -> Callable[[StepEvent], None]:
    """Whenever the runner waits, or undoes something, minutes pass in the region."""

    def pass_time(event: StepEvent) -> None:
        if event.state in ("waiting", "undoing"):
            sandbox.advance(minutes=4)

    return pass_time


@pytest.fixture
def carry(aws: Aws, tmp_path: Path, passing: Callable[[StepEvent], None]) -> Carry:
    return lambda plan: run(aws, plan, Journal(tmp_path / "journal"), on_event=passing)


@pytest.fixture
def jobs(aws: Aws) -> tuple[str, str]:
    """The best job and the next."""
    best, second, *_ = read_jobs(aws).jobs
    return best.job.name, second.job.name


@pytest.fixture
def bucket(sandbox: LiveSandbox) -> Iterator[str]:
    """A bucket that is empty before and after."""
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    yield BUCKET
    for entry in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        s3.delete_object(Bucket=BUCKET, Key=entry["Key"])
    s3.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def gone(sandbox: LiveSandbox, aws: Aws, carry: Carry) -> Callable[..., None]:
    """Delete endpoints; nothing is left of them."""

    def delete(*names: str) -> None:
        for name in names:
            assert carry(plan_delete(aws, name)).status == "done"
        assert sweep(sandbox).keys() <= LOGS

    return delete


def elsewhere(aws: Aws, job: str) -> dict[str, Any]:
    """What a model that was trained elsewhere is given by: the job's own artefact, image and role."""
    described = aws.call("sagemaker", "DescribeTrainingJob", TrainingJobName=job)
    return {
        "model_data": described["ModelArtifacts"]["S3ModelArtifacts"],
        "image": described["AlgorithmSpecification"]["TrainingImage"],
        "role": described["RoleArn"],
    }


def model_file(sandbox: LiveSandbox, folder: Path, given: dict[str, Any]) -> dict[str, Any]:
    """The same, as a file on this machine."""
    place, _, key = given.pop("model_data").removeprefix("s3://").partition("/")
    path = folder / "model.tar.gz"
    path.write_bytes(sandbox.client("s3").get_object(Bucket=place, Key=key)["Body"].read())
    return {**given, "model_file": str(path), "bucket": BUCKET}


def answers(sandbox: LiveSandbox, endpoint: str, count: int = 1, **members: str) -> Counter[str]:
    """How many of so many requests each variant answered."""
    runtime = sandbox.client("sagemaker-runtime")
    return Counter(
        runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Body=ROWS, **members)[
            "InvokedProductionVariant"
        ]
        for _ in range(count)
    )


def described_model(sandbox: LiveSandbox, plan: Plan) -> dict[str, Any]:
    """The first model that a plan makes, as AWS describes it."""
    [name, *_] = [s.call.parameters["ModelName"] for s in plan.steps if s.call and s.call.operation == "CreateModel"]
    found: dict[str, Any] = sandbox.client("sagemaker").describe_model(ModelName=name)
    return found


def test_an_artefact_in_s3_is_served_under_a_model_of_its_own(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, jobs: tuple[str, str], gone: Callable[..., None]
) -> None:
    given = elsewhere(aws, jobs[1])
    plan = plan_deploy(
        aws,
        DeployRequest(
            name="from-s3",
            autoscaling=False,
            environment=(("LOG_LEVEL", SECRET),),
            tags=(("team", "engines"),),
            **given,
        ),
    )
    assert carry(plan).status == "done"
    assert answers(sandbox, "from-s3") == {"AllTraffic": 1}
    model = described_model(sandbox, plan)
    assert model["PrimaryContainer"]["Environment"] == {"LOG_LEVEL": SECRET}
    tags = sandbox.client("sagemaker").list_tags(ResourceArn=model["ModelArn"])["Tags"]
    assert {(tag["Key"], tag["Value"]) for tag in tags} == {("team", "engines"), ("cmapss-console", plan.id)}
    gone("from-s3")


def test_secrets_of_the_environment_are_in_no_journal(
    aws: Aws, carry: Carry, tmp_path: Path, gone: Callable[..., None]
) -> None:
    carry(plan_deploy(aws, DeployRequest(name="secretive", autoscaling=False, environment=(("TOKEN", SECRET),))))
    [journal] = (tmp_path / "journal").glob("*.jsonl")
    assert "CreateModel" in journal.read_text()
    assert SECRET not in journal.read_text()
    gone("secretive")


def test_a_file_is_uploaded_served_and_taken_back(
    sandbox: LiveSandbox,
    aws: Aws,
    carry: Carry,
    tmp_path: Path,
    jobs: tuple[str, str],
    bucket: str,
    passing: Callable[[StepEvent], None],
) -> None:
    given = model_file(sandbox, tmp_path, elsewhere(aws, jobs[0]))
    with aws.recording() as recording:
        plan = plan_deploy(aws, DeployRequest(name="from-file", **given))
        assert carry(plan).status == "done"
    assert recording.actions.keys() == {*plan.iam_actions, *plan.optional_iam_actions}
    assert {"s3:PutObject", "s3:GetObject", "iam:PassRole"} <= set(plan.iam_actions)
    assert answers(sandbox, "from-file") == {"AllTraffic": 1}
    [entry] = sandbox.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert f"s3://{bucket}/{entry['Key']}" == described_model(sandbox, plan)["PrimaryContainer"]["ModelDataUrl"]
    assert entry["Size"] == Path(given["model_file"]).stat().st_size

    again = plan_deploy(aws, DeployRequest(name="from-file-too", **given))
    assert entry["Key"] not in str(again.document()), "taken back, the first takes nothing away from the second"

    outcome = roll_back(aws, plan.id, Journal(tmp_path / "journal"), on_event=passing)
    assert outcome.status == "rolled_back"
    assert sweep(sandbox).keys() <= LOGS


def test_a_file_that_changes_after_the_plan_is_not_served(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, tmp_path: Path, jobs: tuple[str, str], bucket: str
) -> None:
    given = model_file(sandbox, tmp_path, elsewhere(aws, jobs[0]))
    plan = plan_deploy(aws, DeployRequest(name="swapped", autoscaling=False, **given))
    with tarfile.open(given["model_file"], "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("xgboost-model"), io.BytesIO())
    assert carry(plan).status == "failed"
    assert sandbox.client("sagemaker").list_models()["Models"] == []
    assert bucket


def test_an_existing_model_is_used_as_it_is_and_never_undone(
    sandbox: LiveSandbox, aws: Aws, tmp_path: Path, jobs: tuple[str, str], passing: Callable[[StepEvent], None]
) -> None:
    given = elsewhere(aws, jobs[0])
    sagemaker = sandbox.client("sagemaker")
    sagemaker.create_model(
        ModelName="theirs",
        ExecutionRoleArn=given["role"],
        PrimaryContainer={"Image": given["image"], "ModelDataUrl": given["model_data"]},
    )
    plan = plan_deploy(aws, DeployRequest(name="of-theirs", model="theirs", autoscaling=False))
    journal = Journal(tmp_path / "journal")
    assert run(aws, plan, journal, on_event=passing).status == "done"
    assert answers(sandbox, "of-theirs") == {"AllTraffic": 1}
    outcome = roll_back(aws, plan.id, journal, on_event=passing)
    assert outcome.status == "rolled_back"
    assert sweep(sandbox)["models"] == ["theirs"]
    sagemaker.delete_model(ModelName="theirs")


def test_requests_are_split_by_weight_and_every_variant_scales(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, jobs: tuple[str, str], gone: Callable[..., None]
) -> None:
    best, second = jobs
    plan = plan_deploy(
        aws,
        DeployRequest(
            name="split",
            max=4,
            variants=(
                parse_variant(f"name=Champion,job={best},weight=0.75,instances=2"),
                parse_variant(f"name=Challenger,job={second},weight=0.25,instance-type=ml.c5.large"),
            ),
        ),
    )
    assert plan.hourly_cost_usd_after == pytest.approx(2 * 0.23 + 0.102)
    assert carry(plan).status == "done"
    counts = answers(sandbox, "split", 200)
    assert counts.keys() == {"Champion", "Challenger"}
    assert 0.65 < counts["Champion"] / 200 < 0.85
    assert answers(sandbox, "split", TargetVariant="Challenger") == {"Challenger": 1}

    described = sandbox.client("sagemaker").describe_endpoint(EndpointName="split")["ProductionVariants"]
    assert {v["VariantName"]: v["CurrentInstanceCount"] for v in described} == {"Champion": 2, "Challenger": 1}
    scaling = sandbox.client("application-autoscaling")
    targets = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    bounds = {t["ResourceId"].rpartition("/")[2]: (t["MinCapacity"], t["MaxCapacity"]) for t in targets}
    assert bounds == {"Champion": (2, 4), "Challenger": (1, 4)}
    gone("split")


def test_two_variants_of_one_job_share_its_model(aws: Aws, jobs: tuple[str, str]) -> None:
    variants = tuple(VariantRequest(name=name, job=jobs[0]) for name in ("A", "B"))
    plan = plan_deploy(aws, DeployRequest(variants=variants))
    assert [step.title for step in plan.steps].count("create model") == 1
    assert [step.title for step in plan.steps].count("put scaling policy") == 2


def test_a_shadow_answers_copies_and_nobody_hears_it(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, jobs: tuple[str, str], gone: Callable[..., None]
) -> None:
    best, second = jobs
    plan = plan_deploy(aws, DeployRequest(job=best, name="shadowed", shadow=second, autoscaling=False))
    assert carry(plan).status == "done"
    assert answers(sandbox, "shadowed", 5) == {"AllTraffic": 5}
    described = sandbox.client("sagemaker").describe_endpoint(EndpointName="shadowed")
    assert [v["VariantName"] for v in described["ShadowProductionVariants"]] == ["Shadow"]
    assert plan.hourly_cost_usd_after == 0.46, "the shadow's instance costs as much"
    assert any("copy of every request" in note for note in plan.notes)
    gone("shadowed")


def test_requests_and_answers_are_captured_where_it_was_said(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, bucket: str, gone: Callable[..., None]
) -> None:
    plan = plan_deploy(
        aws,
        DeployRequest(name="captured", autoscaling=False, capture=f"s3://{bucket}/requests", capture_percent=100),
    )
    assert f"100 % of the requests are captured in s3://{bucket}/requests" in plan.notes
    assert carry(plan).status == "done"
    answers(sandbox, "captured", 3)
    sandbox.advance(minutes=2)
    s3 = sandbox.client("s3")
    [entry] = s3.list_objects_v2(Bucket=bucket, Prefix="requests/captured/AllTraffic/")["Contents"]
    lines = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read().decode().splitlines()
    assert len(lines) == 3
    assert '"encoding":"CSV"' in lines[0].replace(": ", ":")
    gone("captured")


def test_a_model_lives_in_the_vpc_that_is_said_and_reaches_nothing_else(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, gone: Callable[..., None]
) -> None:
    ec2 = sandbox.client("ec2")
    subnets = sorted(ec2.describe_subnets()["Subnets"], key=lambda subnet: subnet["AvailabilityZone"])[:2]
    [group, *_] = ec2.describe_security_groups()["SecurityGroups"]
    ids = tuple(subnet["SubnetId"] for subnet in subnets)
    plan = plan_deploy(
        aws,
        DeployRequest(
            name="walled", subnets=ids, security_groups=(group["GroupId"],), network_isolation=True, autoscaling=False
        ),
    )
    assert any(subnets[0]["AvailabilityZone"] in check.text for check in plan.checks if check.ok)
    assert carry(plan).status == "done"
    model = described_model(sandbox, plan)
    assert model["EnableNetworkIsolation"] is True
    assert set(model["VpcConfig"]["Subnets"]) == set(ids)
    assert answers(sandbox, "walled") == {"AllTraffic": 1}

    plain = plan_deploy(aws, DeployRequest(name="unwalled"))
    assert any("another subnets" in check.text for check in plain.checks if check.ok is None)
    [created] = [s.call.parameters for s in plain.steps if s.call and s.call.operation == "CreateModel"]
    assert created["ModelName"] != model["ModelName"], "the other content has a model of its own"
    gone("walled")


def test_a_name_is_taken_in_whatever_case(sandbox: LiveSandbox, aws: Aws, tmp_path: Path) -> None:
    plan = plan_deploy(aws, DeployRequest(name="Engines", autoscaling=False))
    assert run(aws, plan, Journal(tmp_path), wait=False).status == "open"
    before = sweep(sandbox)
    with pytest.raises(ConsoleError, match="there is an endpoint 'Engines' already, Creating") as caught:
        plan_deploy(aws, DeployRequest(name="engines"))
    assert caught.value.kind is ErrorKind.CONFLICT
    assert sweep(sandbox) == before


def test_two_deployments_of_one_second_have_names_of_their_own(sandbox: LiveSandbox, aws: Aws, tmp_path: Path) -> None:
    request = DeployRequest(autoscaling=False)
    sandbox.control("/clock", paused=True)
    try:
        first = plan_deploy(aws, request)
        assert run(aws, first, Journal(tmp_path), wait=False).status == "open"
        second = plan_deploy(aws, request)
        assert second.target == f"{first.target}-{second.id.rpartition('-')[2]}"
        assert run(aws, second, Journal(tmp_path), wait=False).status == "open"
    finally:
        sandbox.control("/clock", paused=False)
    assert {name: len(found) for name, found in sweep(sandbox).items()} == {
        "endpoints": 2,
        "endpoint configs": 2,
        "models": 1,
    }


def test_variants_are_told_apart_and_what_the_quota_keeps_from_full_load_is_said(
    aws: Aws, jobs: tuple[str, str]
) -> None:
    variants = tuple(VariantRequest(name=name, job=job) for name, job in zip("AB", jobs, strict=True))
    plan = plan_deploy(aws, DeployRequest(variants=variants, max=5))
    warnings = plan.warnings
    assert plan.hourly_cost_usd_range == pytest.approx((2 * 0.23, 10 * 0.23))
    assert "at full load 10 × ml.m5.xlarge run, and the quota is 8" in warnings
    for name in "AB":
        assert f"{name}: one instance does not survive the loss of its availability zone" in warnings
    details = [step.detail for step in plan.steps if step.title == "register scalable target"]
    assert details == ["A: 1 to 5 instances", "B: 1 to 5 instances"]
    assert "A: 50% of the requests" in plan.notes


def test_fewer_instances_than_it_starts_with_are_said_to_be_possible(aws: Aws) -> None:
    plan = plan_deploy(aws, DeployRequest(instances=2, min=1))
    assert "2 run at first; scaling may let it go down to 1" in plan.warnings


def test_a_quota_that_is_too_small_forbids_it_before_anything_is_made(sandbox: LiveSandbox, aws: Aws) -> None:
    plan = plan_deploy(aws, DeployRequest(name="many", instances=500, max=500))
    [check] = plan.forbidding
    assert (check.kind, "ml.m5.xlarge for endpoint usage" in check.text) == (ErrorKind.QUOTA, True)
