"""Models: what CreateModel keeps, and what it refuses before there is anything to serve."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from cmapss_sandbox.iam.authorization import Authority
from cmapss_sandbox.region import Region
from tests.sandbox.artefacts import ARTEFACT, IMAGE, ROLE, tarball
from tests.sandbox.conftest import Clients

VPC = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1", "subnet-2"]}


@pytest.fixture
def sagemaker(clients: Clients, region: Region) -> Any:
    """A client of a region that has one artefact."""
    region.objects.put("models", "small/model.tar.gz", tarball(model=b"weights"))
    return clients("sagemaker")


def create(sagemaker: Any, name: str = "engines", **members: Any) -> Any:
    asked = {"ModelName": name, "ExecutionRoleArn": ROLE, "PrimaryContainer": {"Image": IMAGE}}
    return sagemaker.create_model(**{key: value for key, value in {**asked, **members}.items() if value is not None})


def message_of(sagemaker: Any, **members: Any) -> str:
    with pytest.raises(ClientError) as raised:
        create(sagemaker, **members)
    error = raised.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert sagemaker.list_models()["Models"] == []
    return error["Message"]


def test_a_model_is_described_as_it_was_created(sagemaker: Any, region: Region) -> None:
    container = {"Image": IMAGE, "ModelDataUrl": ARTEFACT, "Environment": {"A": "1"}, "ContainerHostname": "first"}
    arn = create(sagemaker, PrimaryContainer=container, VpcConfig=VPC, EnableNetworkIsolation=True)["ModelArn"]
    assert arn == "arn:aws:sagemaker:us-east-1:000000000000:model/engines"
    described = sagemaker.describe_model(ModelName="engines")
    assert described["PrimaryContainer"] == container
    assert (described["VpcConfig"], described["EnableNetworkIsolation"]) == (VPC, True)
    assert (described["ExecutionRoleArn"], described["ModelArn"]) == (ROLE, arn)
    assert described["CreationTime"] == region.now()
    create(sagemaker, "plain")
    assert sagemaker.describe_model(ModelName="plain")["EnableNetworkIsolation"] is False


def test_a_pipeline_keeps_its_containers_in_order(sagemaker: Any) -> None:
    containers = [{"Image": IMAGE, "ContainerHostname": f"step-{number}"} for number in range(15)]
    create(sagemaker, PrimaryContainer=None, Containers=containers, InferenceExecutionConfig={"Mode": "Direct"})
    described = sagemaker.describe_model(ModelName="engines")
    assert described["Containers"] == containers
    assert described["InferenceExecutionConfig"] == {"Mode": "Direct"}
    assert "PrimaryContainer" not in described


def test_a_packed_artefact_may_be_given_as_a_data_source(sagemaker: Any) -> None:
    source = {"S3Uri": ARTEFACT, "S3DataType": "S3Object", "CompressionType": "Gzip"}
    create(sagemaker, PrimaryContainer={"Image": IMAGE, "ModelDataSource": {"S3DataSource": source}})
    described = sagemaker.describe_model(ModelName="engines")["PrimaryContainer"]
    assert described["ModelDataSource"] == {"S3DataSource": source}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"PrimaryContainer": None}, "Specify either PrimaryContainer or Containers"),
        ({"Containers": [{"Image": IMAGE}]}, "Specify either PrimaryContainer or Containers"),
        ({"PrimaryContainer": None, "Containers": []}, "Specify either PrimaryContainer or Containers"),
        (
            {"PrimaryContainer": None, "Containers": [{"Image": IMAGE}] * 16},
            "at 'containers' failed to satisfy constraint: Member must have length less than or equal to 15",
        ),
        (
            {"PrimaryContainer": None, "Containers": [{"Image": IMAGE, "ContainerHostname": "a"}] * 2},
            "ContainerHostname must be unique",
        ),
        ({"PrimaryContainer": {}}, "Image is required"),
        ({"PrimaryContainer": {"ModelPackageName": "packed"}}, "Could not find model package packed."),
        (
            {"PrimaryContainer": {"Image": "engines:latest"}},
            'Using non-ECR image "engines:latest" without Vpc repository access mode is not supported.',
        ),
        (
            {"PrimaryContainer": {"Image": "registry/a:1", "ImageConfig": {"RepositoryAccessMode": "Vpc"}}},
            "VpcConfig is required for an image with Vpc repository access mode.",
        ),
        (
            {"PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": "s3://models/lost/model.tar.gz"}},
            "Could not find model data at s3://models/lost/model.tar.gz.",
        ),
        (
            {"PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": "s3://models/small/"}},
            'Invalid model data URL "s3://models/small/": it must end with the suffix .tar.gz.',
        ),
        (
            {"PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": "ftp://models/model.tar.gz"}},
            "at 'primaryContainer.modelDataUrl' failed to satisfy constraint: Member must satisfy regular expression",
        ),
        (
            {"PrimaryContainer": {"Image": IMAGE, "Mode": "MultiModel", "ModelDataUrl": "s3://models/small/"}},
            "This sandbox serves containers with a single model",
        ),
        (
            {"PrimaryContainer": {"Image": IMAGE, "Environment": {f"K{n}": "v" for n in range(101)}}},
            "at 'primaryContainer.environment' failed to satisfy constraint: Member must have length less than or "
            "equal to 100",
        ),
        (
            {"PrimaryContainer": {"Image": IMAGE, "Environment": {"K": "v" * 1025}}},
            "at 'primaryContainer.environment' failed to satisfy constraint: Map value must satisfy constraint: "
            "[Member must have length less than or equal to 1024",
        ),
        (
            {"PrimaryContainer": {"Image": IMAGE, "Environment": {f"K{n}": "v" * 1024 for n in range(32)}}},
            "must not exceed 32768 bytes; these have 32854.",
        ),
        ({"VpcConfig": {**VPC, "Subnets": ["subnet"] * 17}}, "at 'vpcConfig.subnets' failed to satisfy constraint"),
        ({"ExecutionRoleArn": "arn:aws:iam::1:role/x"}, "at 'executionRoleArn' failed to satisfy constraint"),
        ({"ModelName": "a_b"}, "at 'modelName' failed to satisfy constraint"),
    ],
)
def test_a_model_that_could_not_be_served_is_refused(sagemaker: Any, members: dict[str, Any], message: str) -> None:
    assert message in message_of(sagemaker, **members)


@pytest.mark.parametrize(
    "source",
    [
        {"S3Uri": "s3://models/small/", "S3DataType": "S3Prefix", "CompressionType": "None"},
        {"S3Uri": ARTEFACT, "S3DataType": "S3Object", "CompressionType": "None"},
    ],
)
def test_a_model_that_is_not_packed_is_refused(sagemaker: Any, source: dict[str, str]) -> None:
    container = {"Image": IMAGE, "ModelDataSource": {"S3DataSource": source}}
    assert "This sandbox serves packed models" in message_of(sagemaker, PrimaryContainer=container)
    both = {**container, "ModelDataUrl": ARTEFACT}
    assert "Specify either ModelDataUrl or ModelDataSource" in message_of(sagemaker, PrimaryContainer=both)


def test_an_artefact_in_a_bucket_of_another_account_is_not_looked_at(sagemaker: Any) -> None:
    create(sagemaker, PrimaryContainer={"Image": IMAGE, "ModelDataUrl": "s3://theirs/model.tar.gz"})
    assert sagemaker.describe_model(ModelName="engines")["PrimaryContainer"]["ModelDataUrl"]


def test_a_role_that_can_not_be_taken_on_or_not_read_is_refused_where_iam_has_a_say(
    sagemaker: Any, region: Region
) -> None:
    stranger = "arn:aws:iam::000000000000:role/stranger"
    create(sagemaker, "before", ExecutionRoleArn=stranger)
    region.objects.put("cmapss-models", "model.tar.gz", b"weights")
    region.authority = Authority(region)
    with pytest.raises(ClientError, match=rf"Could not assume role {stranger}\. Please ensure that the role exists"):
        create(sagemaker, ExecutionRoleArn=stranger)
    with pytest.raises(
        ClientError, match=rf'Could not access model data at {ARTEFACT}\. Please ensure that the role "'
    ):
        create(sagemaker, PrimaryContainer={"Image": IMAGE, "ModelDataUrl": ARTEFACT})
    create(sagemaker, PrimaryContainer={"Image": IMAGE, "ModelDataUrl": "s3://cmapss-models/model.tar.gz"})


def test_names_are_unique_in_whatever_case_and_kept_as_given(sagemaker: Any) -> None:
    create(sagemaker, "Engines")
    for name in ("Engines", "ENGINES", "engines"):
        with pytest.raises(ClientError, match=r'Cannot create already existing model "arn:aws:sagemaker:.*/engines"'):
            create(sagemaker, name)
    assert [row["ModelName"] for row in sagemaker.list_models()["Models"]] == ["Engines"]
    with pytest.raises(ClientError, match=r'Could not find model "arn:aws:sagemaker:.*:model/engines"'):
        sagemaker.describe_model(ModelName="engines")


def test_what_is_deleted_is_gone_with_its_tags(sagemaker: Any) -> None:
    arn = create(sagemaker, Tags=[{"Key": "team", "Value": "engines"}])["ModelArn"]
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "engines"}]
    sagemaker.delete_model(ModelName="engines")
    for call, asked in (("describe_model", {"ModelName": "engines"}), ("list_tags", {"ResourceArn": arn})):
        with pytest.raises(ClientError, match="Could not find model"):
            getattr(sagemaker, call)(**asked)
    create(sagemaker)
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == []
