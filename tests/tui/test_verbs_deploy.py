"""What a line says of models, variants and their surroundings becomes the request; what contradicts itself is 2."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cmapss_core.plans.deploy import DeployRequest
from cmapss_core.plans.models.variants import VariantRequest
from cmapss_core.plans.plan import Call, Plan, Proof, Step, numbered
from cmapss_tui.cli import main

HERE = ("--endpoint-url", "http://127.0.0.1:1")
SECRET = "do-not-tell"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-1"
ROLE = "arn:aws:iam::000000000000:role/execution"

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[DeployRequest]:
    """What plan_deploy was asked for; it answers with a model whose container has the request's environment."""
    asked: list[DeployRequest] = []

    def plan_deploy(_aws: object, request: DeployRequest) -> Plan:
        asked.append(request)
        container: dict[str, Any] = {"Image": IMAGE, "Environment": dict(request.environment)}
        step = Step(
            title="create model",
            call=Call("sagemaker", "CreateModel", {"ModelName": "m", "PrimaryContainer": container}),
            proof=Proof(call=Call("sagemaker", "DescribeModel", {"ModelName": "m"})),
        )
        return Plan(id="deploy-1", intention="deploy", target="engines", steps=numbered([step]))

    monkeypatch.setattr("cmapss_core.plans.deploy.plan_deploy", plan_deploy)
    return asked


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        (["--model", "theirs"], DeployRequest(model="theirs")),
        (
            ["--model-data", "s3://b/m.tar.gz", "--image", IMAGE, "--role", ROLE],
            DeployRequest(model_data="s3://b/m.tar.gz", image=IMAGE, role=ROLE),
        ),
        (
            ["--model-file", "m.tar.gz", "--bucket", "models", "--image", IMAGE, "--role", ROLE],
            DeployRequest(model_file="m.tar.gz", bucket="models", image=IMAGE, role=ROLE),
        ),
        (
            ["job-7", "--environment", "A=1", "--environment", "B=x=y", "--environment", "C="],
            DeployRequest(job="job-7", environment=(("A", "1"), ("B", "x=y"), ("C", ""))),
        ),
        (
            ["--subnet", "subnet-1", "--subnet", "subnet-2", "--security-group", "sg-1", "--network-isolation"],
            DeployRequest(subnets=("subnet-1", "subnet-2"), security_groups=("sg-1",), network_isolation=True),
        ),
        (
            ["--tag", "team=engines", "--tag", "protected="],
            DeployRequest(tags=(("team", "engines"), ("protected", ""))),
        ),
        (
            ["--variant", "name=A,job=a,weight=0.9", "--variant", "name=B,model=m,instances=2"],
            DeployRequest(
                variants=(
                    VariantRequest(name="A", job="a", weight=0.9),
                    VariantRequest(name="B", model="m", instances=2),
                )
            ),
        ),
        (["job-7", "--shadow", "best"], DeployRequest(job="job-7", shadow="best")),
        (["--capture", "s3://b/p"], DeployRequest(capture="s3://b/p", capture_percent=20)),
        (["--capture", "s3://b/p", "--capture-percent", "5"], DeployRequest(capture="s3://b/p", capture_percent=5)),
    ],
)
def test_the_line_becomes_the_request(line: list[str], request_: DeployRequest, planned: list[DeployRequest]) -> None:
    assert main(["deploy", *line, "--dry-run", *HERE]) == 0
    assert planned == [request_]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["job-7", "--model", "m"], "JOB and --model exclude each other"),
        (["best", "--model-data", "s3://b/m.tar.gz"], "JOB and --model-data exclude each other"),
        (["--model", "m", "--model-file", "m.tar.gz"], "--model and --model-file exclude each other"),
        (["job-7", "--variant", "name=A,job=a"], "JOB and --variant exclude each other"),
        (["--variant", "A"], "'A' says nothing of a variant"),
        (["--capture-percent", "5"], "--capture-percent without --capture"),
        (["--capture", "s3://b/p", "--capture-percent", "half"], "'half' is not a whole number"),
        (["--environment", SECRET], "--environment without ="),
        (["--environment", f"1A={SECRET}"], "'1A' is no name of an environment variable"),
        (["--environment", f"A={SECRET}", "--environment", f"A={SECRET}"], "A is given 2 times"),
        (["--tag", "team"], "--tag without ="),
        (["--tag", "aws:team=a"], "begins with aws:"),
        (["--subnet", "subnet-1"], "a VPC without a security group"),
        (["--model-file", "m.tar.gz", "--image", IMAGE, "--role", ROLE], "the bucket for the model file is missing"),
        (["--model-data", "s3://b/m.tar.gz", "--image", IMAGE], "the role of a model that was trained elsewhere"),
        (["--bucket", "models"], "nothing is uploaded to the bucket models"),
        (["--bucket", "s3://models"], "is no bucket's name"),
        (["--role", "execution"], "'execution' is no role's ARN"),
        (["--instance-type", "m5.xlarge"], "'m5.xlarge' is no instance type"),
    ],
)
def test_what_cannot_be_is_one_line_and_2_before_aws_is_asked(line: list[str], said: str, capsys: Capture) -> None:
    assert main(["deploy", *line, "--yes", *HERE]) == 2  # nothing listens there: asking would be 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert said in err
    assert SECRET not in err


@pytest.mark.parametrize("shape", [["--json"], []])
@pytest.mark.usefixtures("planned")
def test_a_dry_run_shows_names_of_environment_variables_and_no_value(shape: list[str], capsys: Capture) -> None:
    assert main(["deploy", "--environment", f"TOKEN={SECRET}", "--dry-run", *shape, *HERE]) == 0
    said = capsys.readouterr()
    assert SECRET not in said.out + said.err
    if shape:
        [step] = json.loads(said.out)["steps"]
        assert step["parameters"]["PrimaryContainer"]["Environment"].keys() == {"TOKEN"}


@pytest.mark.usefixtures("identified")
def test_a_file_that_is_no_model_is_2_and_names_the_file(tmp_path: Any, capsys: Capture) -> None:
    path = tmp_path / "model.tar.gz"
    path.write_bytes(b"PK")
    line = ["--model-file", str(path), "--bucket", "models", "--image", IMAGE, "--role", ROLE]
    assert main(["deploy", *line, "--dry-run", *HERE]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert f"{path} is no tar archive packed with gzip" in err
