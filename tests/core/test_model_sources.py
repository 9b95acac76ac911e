"""Models come from jobs, from elsewhere or are there already; what AWS would refuse is refused before it is asked."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.drafting import Draft, drafting
from cmapss_core.plans.limits import check_environment, check_tags
from cmapss_core.plans.models.sources import ModelSource, PreparedModel, prepare_model
from tests.core.scripted import Answer, ScriptedAws, not_found

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-1"
ROLE = "arn:aws:iam::000000000000:role/execution"
ARTEFACT = "s3://models/job-7/output/model.tar.gz"
SECRET = "do-not-tell"  # a value that must never be shown

JOB: Mapping[str, Any] = {
    "TrainingJobName": "job-7",
    "TrainingJobArn": "arn:aws:sagemaker:us-east-1:000000000000:training-job/job-7",
    "TrainingJobStatus": "Completed",
    "CreationTime": datetime(2026, 11, 22, 16, tzinfo=UTC),
    "ModelArtifacts": {"S3ModelArtifacts": ARTEFACT},
    "AlgorithmSpecification": {"TrainingImage": IMAGE},
    "RoleArn": ROLE,
    "HyperParameters": {"max_depth": "5"},
    "FinalMetricDataList": [{"MetricName": "validation:rmse", "Value": 44.98}],
}
VPC = {"Subnets": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
TRUST = {
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}]
}


def region(**answers: Answer) -> ScriptedAws:
    """A region with the job, its artefact and its role, and no model; members are named as service_Operation."""
    usual: dict[str, Answer] = {
        "sagemaker:DescribeTrainingJob": dict(JOB),
        "sagemaker:DescribeModel": not_found(),
        "s3:HeadObject": {"ContentLength": 1_000_000},
        "s3:HeadBucket": {"BucketRegion": "us-east-1"},
        "iam:GetRole": {"Role": {"Arn": ROLE, "AssumeRolePolicyDocument": TRUST}},
    }
    return ScriptedAws({**usual, **{name.replace("_", ":"): answer for name, answer in answers.items()}})


def prepared(source: ModelSource, aws: ScriptedAws | None = None) -> tuple[Draft, PreparedModel]:
    with drafting(aws or region(), "deploy") as draft:
        return draft, prepare_model(draft, source)


def created(model: PreparedModel) -> Mapping[str, Any]:
    """The parameters of the one step that makes the model."""
    [step] = [step for step in model.steps if step.call and step.call.operation == "CreateModel"]
    assert step.call is not None
    return step.call.parameters


def models(**described: Any) -> Callable[..., Any]:
    """DescribeModel of a region that has one model, job-7-model, of that description."""
    model = {
        "ModelName": "job-7-model",
        "ExecutionRoleArn": ROLE,
        "PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": ARTEFACT, "Mode": "SingleModel", "Environment": {}},
        "EnableNetworkIsolation": False,
        **described,
    }

    def describe(ModelName: str) -> dict[str, Any]:
        if ModelName != "job-7-model":
            raise not_found()
        return model

    return describe


def test_a_job_s_model_is_made_of_its_artefact_image_and_role() -> None:
    draft, model = prepared(ModelSource(job="job-7"))
    assert created(model) == {
        "ModelName": "job-7-model",
        "ExecutionRoleArn": ROLE,
        "PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": ARTEFACT},
        "Tags": [{"Key": "cmapss-console", "Value": draft.id}],
    }
    assert (model.name, model.role_arn, model.subnets) == ("job-7-model", ROLE, ())
    assert model.notes == ("training job job-7", "validation:rmse 44.9800")
    assert "artefact found (1.0 MB)" in [check.text for check in model.checks if check.ok]


def test_vpc_and_isolation_are_the_training_jobs_where_nothing_is_said() -> None:
    trained = region(sagemaker_DescribeTrainingJob={**JOB, "VpcConfig": VPC, "EnableNetworkIsolation": True})
    _, model = prepared(ModelSource(job="job-7"), trained)
    assert (created(model)["VpcConfig"], created(model)["EnableNetworkIsolation"]) == (VPC, True)
    assert model.subnets == ("subnet-1", "subnet-2")
    assert {"in the training job's VPC", "isolated from the network, as its training was"} <= set(model.notes)

    _, own = prepared(ModelSource(job="job-7", subnets=("subnet-9",), security_groups=("sg-9",)), trained)
    assert created(own)["VpcConfig"] == {"Subnets": ["subnet-9"], "SecurityGroupIds": ["sg-9"]}
    assert "in the training job's VPC" not in own.notes


def test_what_is_said_of_a_job_s_model_goes_before_the_job_s_own() -> None:
    role, image = ROLE.replace("execution", "other"), IMAGE.replace("1.2-1", "1.7-1")
    source = ModelSource(
        job="job-7",
        role=role,
        image=image,
        environment=(("LOG_LEVEL", SECRET),),
        network_isolation=True,
        tags=(("team", "engines"),),
    )
    draft, model = prepared(source)
    made = created(model)
    assert (made["ExecutionRoleArn"], made["PrimaryContainer"]["Image"]) == (role, image)
    assert made["PrimaryContainer"]["Environment"] == {"LOG_LEVEL": SECRET}
    assert made["EnableNetworkIsolation"] is True
    assert made["Tags"] == draft.tags([("team", "engines")])
    assert SECRET not in repr(source)


def test_a_model_trained_elsewhere_is_named_by_what_it_is_made_of() -> None:
    source = ModelSource(model_data=ARTEFACT, image=IMAGE, role=ROLE)
    _, one = prepared(source)
    _, again = prepared(source)
    _, other = prepared(replace(source, model_data=ARTEFACT.replace("job-7", "job-8")))
    assert one.name == again.name != other.name
    assert created(one)["PrimaryContainer"] == {"Image": IMAGE, "ModelDataUrl": ARTEFACT}


def test_a_file_is_uploaded_before_its_model_is_made(tmp_path: Path) -> None:
    path = tmp_path / "model.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in ("xgboost-model-0", "xgboost-model-1"):
            entry = tarfile.TarInfo(name)
            entry.size = 4
            archive.addfile(entry, io.BytesIO(b"tree"))
    _, model = prepared(ModelSource(model_file=str(path), bucket="models", image=IMAGE, role=ROLE))
    upload, create = model.steps
    assert upload.call is not None
    assert (upload.call.name, upload.call.file) == ("s3:PutObject", str(path))
    assert create.call is not None
    key = upload.call.parameters["Key"]
    assert create.call.parameters["PrimaryContainer"]["ModelDataUrl"] == f"s3://models/{key}"
    assert any(check.ok is None and "averages" in check.text for check in model.checks)


def test_an_existing_model_takes_no_step_and_brings_its_own_role_and_subnets() -> None:
    aws = region(sagemaker_DescribeModel=models(VpcConfig=VPC))
    _, model = prepared(ModelSource(model="job-7-model"), aws)
    assert (model.name, model.steps, model.role_arn) == ("job-7-model", (), ROLE)
    assert model.subnets == ("subnet-1", "subnet-2")
    assert "sagemaker:DescribeTrainingJob" not in aws.called


def test_an_existing_model_of_several_containers_has_each_looked_at() -> None:
    containers = [{"Image": IMAGE, "ModelDataUrl": f"s3://models/{name}/model.tar.gz"} for name in "ab"]
    aws = region(sagemaker_DescribeModel=models(PrimaryContainer={}, Containers=containers))
    prepared(ModelSource(model="job-7-model"), aws)
    heads = [parameters["Key"] for name, parameters in aws.calls if name == "s3:HeadObject"]
    assert heads == ["a/model.tar.gz", "b/model.tar.gz"]


def test_a_model_with_the_same_content_is_used_as_it_is() -> None:
    _, model = prepared(ModelSource(job="job-7"), region(sagemaker_DescribeModel=models()))
    assert (model.name, model.steps) == ("job-7-model", ())
    assert any(check.ok and "used as it is" in check.text for check in model.checks)


@pytest.mark.parametrize(
    ("described", "said"),
    [
        ({"ExecutionRoleArn": ROLE + "-other"}, "another role"),
        ({"EnableNetworkIsolation": True}, "another network isolation"),
        ({"VpcConfig": VPC}, "another subnets, another security groups"),
        ({"PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": ARTEFACT + "x"}}, "another artefact"),
        ({"PrimaryContainer": {"Image": IMAGE + "x", "ModelDataUrl": ARTEFACT}}, "another image"),
        (
            {"PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": ARTEFACT, "Environment": {"KEY": SECRET}}},
            "another environment",
        ),
        ({"PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": ARTEFACT, "Mode": "MultiModel"}}, "another mode"),
        ({"PrimaryContainer": {}, "Containers": [{"Image": IMAGE}]}, "another artefact"),
    ],
)
def test_under_a_name_that_another_model_has_a_fresh_one_is_made(described: dict[str, Any], said: str) -> None:
    draft, model = prepared(ModelSource(job="job-7"), region(sagemaker_DescribeModel=models(**described)))
    assert model.name == f"job-7-{draft.id.removeprefix('deploy-')}-model"
    assert created(model)["ModelName"] == model.name
    [warning] = [check.text for check in model.checks if check.ok is None]
    assert said in warning
    assert SECRET not in warning


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"TrainingJobStatus": "InProgress"}, "is InProgress, not Completed"),
        ({"HyperParameters": {"sagemaker_program": "train.py"}}, r"ran a script of its own \(train\.py\)"),
        ({"ModelArtifacts": {}}, "has no model artefact, no image or no role"),
        ({"AlgorithmSpecification": {}}, "has no model artefact, no image or no role"),
    ],
)
def test_a_job_that_cannot_be_served_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ConsoleError, match=said) as caught:
        prepared(ModelSource(job="job-7"), region(sagemaker_DescribeTrainingJob={**JOB, **changed}))
    assert caught.value.kind is ErrorKind.INVALID


def test_what_is_not_there_is_named() -> None:
    for source, said in (
        (ModelSource(model="nobody"), "there is no model 'nobody' in us-east-1"),
        (ModelSource(job="nobody"), "There is no training job 'nobody'"),
    ):
        with pytest.raises(ConsoleError, match=said) as caught:
            prepared(source, region(sagemaker_DescribeTrainingJob=not_found()))
        assert caught.value.kind is ErrorKind.NOT_FOUND


ELSEWHERE: Mapping[str, Any] = {"model_data": ARTEFACT, "image": IMAGE, "role": ROLE}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "no model at all"),
        ({"job": "a", "model": "b"}, "job and model: a variant serves one model"),
        ({"model": "bad_name"}, "model name 'bad_name' has '_' in it"),
        ({"model": "m", "image": IMAGE}, "the existing model m has its own image"),
        ({"model": "m", "environment": (("A", SECRET),)}, "the existing model m has its own environment"),
        ({"model": "m", "network_isolation": True}, "the existing model m has its own network isolation"),
        ({"model_data": ARTEFACT, "role": ROLE}, "the image of a model that was trained elsewhere is missing"),
        ({"model_data": ARTEFACT, "image": IMAGE}, "the role of a model that was trained elsewhere is missing"),
        ({"model_file": "m.tar.gz", "image": IMAGE, "role": ROLE}, "the bucket for the model file is missing"),
        ({**ELSEWHERE, "model_data": "https://models/m.tar.gz"}, "is no S3 URI"),
        ({**ELSEWHERE, "model_data": "s3://models/folder/"}, "is no model artefact"),
        ({**ELSEWHERE, "model_data": f"s3://models/{'a' * 1024}.tar.gz"}, "characters of at most 1024"),
        ({**ELSEWHERE, "image": "two words"}, "'two words' is no image"),
        ({**ELSEWHERE, "image": "a" * 256}, "the image has 256 characters of at most 255"),
        ({**ELSEWHERE, "role": "execution"}, "'execution' is no role's ARN"),
        ({"job": "a", "bucket": "s3://models"}, "'s3://models' is no bucket's name"),
        ({"job": "a", "subnets": ("subnet-1",)}, "a VPC without a security group"),
        ({"job": "a", "security_groups": ("sg-1",)}, "a VPC without a subnet"),
        ({"job": "a", "subnets": ("s_1",), "security_groups": ("sg-1",)}, "'s_1' is no id of a subnet"),
        ({"job": "a", "subnets": ("s-1", "s-1"), "security_groups": ("sg-1",)}, "the subnet s-1 is given 2 times"),
        (
            {"job": "a", "subnets": tuple(f"s-{n}" for n in range(17)), "security_groups": ("sg-1",)},
            "17 subnets are more than 16",
        ),
        (
            {"job": "a", "subnets": ("s-1",), "security_groups": tuple(f"sg-{n}" for n in range(6))},
            "6 security groups are more than 5",
        ),
    ],
)
def test_what_aws_would_refuse_is_refused_in_one_line(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConsoleError) as caught:
        ModelSource(**given)
    assert caught.value.kind is ErrorKind.INVALID
    assert said in caught.value.message
    assert SECRET not in caught.value.line()


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ((("1A", SECRET),), "'1A' is no name"),
        ((("A-B", SECRET),), "'A-B' is no name"),
        ((("", SECRET),), "'' is no name"),
        ((("A", SECRET), ("A", SECRET)), "the environment variable A is given 2 times"),
        ((("A", SECRET * 100),), "the value of the environment variable A has 1100 bytes of at most 1024"),
        ((("A", "é" * 513),), "has 1026 bytes of at most 1024"),
        ((("A" * 1025, SECRET),), "has 1025 bytes of at most 1024"),
        (tuple((f"A{n}", SECRET) for n in range(101)), "101 environment variables are more than 100"),
        (tuple((f"A{n:02}", SECRET * 93) for n in range(33)), "have 33858 bytes of at most 32768 together"),
    ],
)
def test_an_environment_that_aws_would_refuse_is_told_without_its_values(
    variables: tuple[tuple[str, str], ...], said: str
) -> None:
    with pytest.raises(ConsoleError) as caught:
        check_environment(variables)
    assert said in caught.value.message
    assert SECRET not in caught.value.line()


def test_as_much_environment_as_aws_takes_is_taken() -> None:
    check_environment(tuple((f"A{n:02}", "v" * 324) for n in range(100)))


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ((("", "a"),), "the tag key '' has 0 characters"),
        ((("k" * 129, "a"),), "has 129 characters"),
        ((("k", "a" * 257),), "the value of the tag k has 257 characters of at most 256"),
        ((("k", "a;b"),), "the tag k=a;b has ';' in it"),
        ((("k!", "a"),), "has '!' in it"),
        ((("AWS:k", "a"),), "begins with aws:"),
        ((("cmapss-console", "a"),), "is the console's own"),
        ((("k", "a"), ("k", "b")), "the tag k is given 2 times"),
        (tuple((f"k{n}", "a") for n in range(50)), "50 tags are more than 49"),
    ],
)
def test_tags_that_aws_would_refuse_are_told(tags: tuple[tuple[str, str], ...], said: str) -> None:
    with pytest.raises(ConsoleError) as caught:
        check_tags(tags)
    assert said in caught.value.message


letters = st.characters(categories=["L", "N", "Z"], include_characters="_.:/=+-@")


@given(st.text(letters, min_size=1, max_size=128), st.text(letters, max_size=256))
def test_tags_in_any_script_are_taken(key: str, value: str) -> None:
    if key != "cmapss-console" and not key.lower().startswith("aws:"):
        check_tags(((key, value),))
