"""What CreateTrainingJob refuses, and what it fills in."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from cmapss_sandbox.region import Region
from tests.sandbox.artefacts import ROLE, channel, put_channels, training_request
from tests.sandbox.conftest import Clients
from tests.sandbox.roles import limit

_FILE_SYSTEM = {
    "FileSystemId": "fs-0123456789abcdef0",
    "FileSystemAccessMode": "ro",
    "FileSystemType": "EFS",
    "DirectoryPath": "/data",
}


@pytest.fixture
def sagemaker(clients: Clients, region: Region) -> Any:
    put_channels(region)
    return clients("sagemaker")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"AlgorithmSpecification": {"TrainingInputMode": "File"}}, "needs a TrainingImage or an AlgorithmName"),
        (
            {"AlgorithmSpecification": {"TrainingInputMode": "File", "AlgorithmName": "mine"}},
            "Could not find algorithm arn:aws:sagemaker:us-east-1:000000000000:algorithm/mine",
        ),
        ({"ResourceConfig": {"InstanceCount": 1, "VolumeSizeInGB": 1}}, "needs an InstanceType"),
        ({"ResourceConfig": {"InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 1}}, "InstanceCount must be at least 1"),
        ({"ResourceConfig": {"InstanceType": "ml.big", "InstanceCount": 1}}, "enum value set"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 2_419_201}}, "at most 2419200, which is 28 days"),
        ({"EnableManagedSpotTraining": True}, "Invalid MaxWaitTimeInSeconds. It must be present"),
        (
            {"StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 90}},
            "only for managed spot training",
        ),
        ({"InputDataConfig": [channel("train"), channel("train")]}, "the channel train more than once"),
        ({"InputDataConfig": [{"ChannelName": "train", "DataSource": {}}]}, "needs one data source"),
        (
            {"InputDataConfig": [channel("train", S3Uri="s3://data/nothing/")]},
            'No S3 objects found under S3 URL "s3://data/nothing/" given in input data source',
        ),
        ({"InputDataConfig": [channel("train", S3Uri="s3://nowhere/")]}, '"s3:ListBucket" permissions on bucket "now'),
        ({"TrainingJobName": "bad_name"}, "regular expression pattern"),
        ({"TrainingJobName": "n" * 64}, "length less than or equal to 63"),
        ({"RoleArn": "somebody-of-this-account"}, "regular expression pattern"),
        ({"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}, "Duplicate tag keys"),
    ],
)
def test_wrong_requests_are_refused_and_leave_nothing(sagemaker: Any, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError) as raised:
        sagemaker.create_training_job(**{**training_request("wrong"), **change})
    assert raised.value.response["Error"]["Code"] == "ValidationException"
    assert message in raised.value.response["Error"]["Message"]
    assert sagemaker.list_training_jobs()["TrainingJobSummaries"] == []


def test_what_is_asked_for_is_described_again_and_the_rest_is_filled_in(sagemaker: Any, region: Region) -> None:
    request = {
        **training_request("whole"),
        "EnableManagedSpotTraining": True,
        "EnableNetworkIsolation": True,
        "EnableInterContainerTrafficEncryption": True,
        "StoppingCondition": {"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 1200},
        "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
        "CheckpointConfig": {"S3Uri": "s3://models/checkpoints"},
        "RetryStrategy": {"MaximumRetryAttempts": 3},
        "Environment": {"LOG_LEVEL": "debug"},
        "ExperimentConfig": {"ExperimentName": "engines"},
        "DebugHookConfig": {"S3OutputPath": "s3://models/debug"},
    }
    arn = sagemaker.create_training_job(**request, Tags=[{"Key": "owner", "Value": "me"}])["TrainingJobArn"]
    job = sagemaker.describe_training_job(TrainingJobName="whole")
    for member in request.keys() - {"AlgorithmSpecification", "InputDataConfig", "OutputDataConfig"}:
        assert job[member] == request[member]
    assert job["OutputDataConfig"] == {"KmsKeyId": "", "S3OutputPath": "s3://models/output"}
    train = job["InputDataConfig"][0]
    assert (train["CompressionType"], train["RecordWrapperType"]) == ("None", "None")
    assert train["DataSource"]["S3DataSource"]["S3DataDistributionType"] == "FullyReplicated"
    assert job["CreationTime"] == job["LastModifiedTime"] == region.now()
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("InProgress", "Starting")
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == "s3://models/output/whole/output/model.tar.gz"
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "owner", "Value": "me"}]
    assert "Tags" not in job


def test_a_channel_of_another_source_and_no_channel_at_all_are_begun(sagemaker: Any) -> None:
    channels = [{"ChannelName": "train", "DataSource": {"FileSystemDataSource": _FILE_SYSTEM}}]
    sagemaker.create_training_job(**{**training_request("files"), "InputDataConfig": channels})
    request = training_request("none")
    del request["InputDataConfig"], request["StoppingCondition"]
    sagemaker.create_training_job(**request)
    job = sagemaker.describe_training_job(TrainingJobName="none")
    assert job["InputDataConfig"] == []
    assert job["StoppingCondition"] == {"MaxRuntimeInSeconds": 86400}


def test_a_role_that_may_not_list_the_data_or_not_be_assumed_is_refused(sagemaker: Any, region: Region) -> None:
    limit(region, assumed=False)
    with pytest.raises(ClientError, match=f"Could not assume role {ROLE}. Please ensure that the role exists"):
        sagemaker.create_training_job(**training_request("stranger"))
    limit(region, "s3:GetObject")
    with pytest.raises(ClientError, match=r'No S3 objects found .* has "s3:ListBucket" permissions on bucket "data"'):
        sagemaker.create_training_job(**training_request("blind"))
