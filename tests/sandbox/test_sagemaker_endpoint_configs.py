"""Endpoint configs: variants, shadows, data capture, and what is refused before anything starts."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from cmapss_sandbox.region import Region
from cmapss_sandbox.wire import models
from tests.sandbox.artefacts import IMAGE, ROLE, make_endpoint, production_variant
from tests.sandbox.conftest import Clients

CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 25,
    "DestinationS3Uri": "s3://captured/engines",
    "KmsKeyId": "alias/engines",
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]},
}


@pytest.fixture
def sagemaker(clients: Clients) -> Any:
    """A client of a region that has one model."""
    client = clients("sagemaker")
    client.create_model(ModelName="engines", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE})
    return client


def variants(count: int, **members: Any) -> list[dict[str, Any]]:
    return [production_variant("engines", **{"VariantName": f"v{number}", **members}) for number in range(count)]


def create(sagemaker: Any, name: str = "engines", **members: Any) -> Any:
    return sagemaker.create_endpoint_config(
        **{"EndpointConfigName": name, "ProductionVariants": variants(1), **members}
    )


def message_of(sagemaker: Any, **members: Any) -> str:
    with pytest.raises(ClientError) as raised:
        create(sagemaker, **members)
    error = raised.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert sagemaker.list_endpoint_configs()["EndpointConfigs"] == []
    return error["Message"]


def test_a_config_is_described_as_it_was_created(sagemaker: Any, region: Region) -> None:
    extras: dict[str, Any] = {
        "DataCaptureConfig": CAPTURE,
        "KmsKeyId": "alias/volumes",
        "MetricsConfig": {"EnableEnhancedMetrics": True, "MetricPublishFrequencyInSeconds": 10},
        "ExecutionRoleArn": ROLE,
        "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
        "EnableNetworkIsolation": True,
    }
    variant = production_variant(
        "engines",
        InitialVariantWeight=0.5,
        VolumeSizeInGB=30,
        ModelDataDownloadTimeoutInSeconds=600,
        ContainerStartupHealthCheckTimeoutInSeconds=600,
        RoutingConfig={"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"},
        ManagedInstanceScaling={"Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": 3},
    )
    arn = create(sagemaker, ProductionVariants=[variant], **extras)["EndpointConfigArn"]
    assert arn == "arn:aws:sagemaker:us-east-1:000000000000:endpoint-config/engines"
    described = sagemaker.describe_endpoint_config(EndpointConfigName="engines")
    assert described["ProductionVariants"] == [variant]
    assert {name: described[name] for name in extras} == extras
    assert (described["EndpointConfigArn"], described["CreationTime"]) == (arn, region.now())
    create(sagemaker, "plain")
    described = sagemaker.describe_endpoint_config(EndpointConfigName="plain")
    assert described["ProductionVariants"] == [{**variants(1)[0], "InitialVariantWeight": 1.0}]
    assert described["EnableNetworkIsolation"] is False


def test_ten_variants_and_one_shadow(sagemaker: Any) -> None:
    create(sagemaker, "ten", ProductionVariants=variants(10))
    assert len(sagemaker.describe_endpoint_config(EndpointConfigName="ten")["ProductionVariants"]) == 10
    [shadow] = variants(1, VariantName="shadow", InitialVariantWeight=0.25)
    create(sagemaker, "shadowed", ShadowProductionVariants=[shadow])
    described = sagemaker.describe_endpoint_config(EndpointConfigName="shadowed")
    assert described["ShadowProductionVariants"] == [shadow]


def test_every_instance_type_of_the_model_is_taken(sagemaker: Any) -> None:
    for number, instance_type in enumerate(("ml.m6i.large", "ml.g5.xlarge", "ml.c6i.xlarge", "ml.m7i.large")):
        create(sagemaker, f"config-{number}", ProductionVariants=variants(1, InstanceType=instance_type))
    types = models.service_model("sagemaker").shape_for("ProductionVariantInstanceType").metadata["enum"]
    assert {"ml.m5.xlarge", "ml.t2.medium", "ml.c7g.large"} <= set(types)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            {"ProductionVariants": variants(11)},
            "at 'productionVariants' failed to satisfy constraint: Member must have length less than or equal to 10",
        ),
        ({"ProductionVariants": variants(1) * 2}, "Variant names must be unique"),
        ({"ProductionVariants": variants(1, ModelName="nobody")}, 'Could not find model "arn:aws:sagemaker:'),
        (
            {"ProductionVariants": variants(1, InstanceType="ml.m5.tiny")},
            "Value 'ml.m5.tiny' at 'productionVariants.1.member.instanceType' failed to satisfy constraint: "
            "Member must satisfy enum value set: [",
        ),
        ({"ProductionVariants": variants(1, InitialVariantWeight=float("inf"))}, "must be a finite number"),
        ({"ProductionVariants": variants(1, VariantName="a_b")}, "at 'productionVariants.1.member.variantName' failed"),
        ({"ShadowProductionVariants": variants(2)}, "exactly one production variant and one shadow variant"),
        (
            {"ProductionVariants": variants(2), "ShadowProductionVariants": variants(1, VariantName="shadow")},
            "exactly one production variant and one shadow variant",
        ),
        ({"ShadowProductionVariants": variants(1)}, "Variant names must be unique"),
        (
            {"DataCaptureConfig": {**CAPTURE, "InitialSamplingPercentage": 101}},
            "at 'dataCaptureConfig.initialSamplingPercentage' failed to satisfy constraint",
        ),
        (
            {"DataCaptureConfig": {**CAPTURE, "DestinationS3Uri": "captured"}},
            "at 'dataCaptureConfig.destinationS3Uri' failed to satisfy constraint",
        ),
        (
            {"DataCaptureConfig": {**CAPTURE, "CaptureOptions": [{"CaptureMode": "Input"}] * 2}},
            "must not name a CaptureMode twice",
        ),
        (
            {"MetricsConfig": {"MetricPublishFrequencyInSeconds": 15}},
            "Value '15' at 'metricsConfig.metricPublishFrequencyInSeconds' failed to satisfy constraint",
        ),
        (
            {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://captured/"}}},
            "AsyncInferenceConfig is not supported",
        ),
        ({"ExplainerConfig": {}}, "ExplainerConfig is not supported"),
    ],
)
def test_what_could_not_be_served_as_it_was_told_is_refused(
    sagemaker: Any, members: dict[str, Any], message: str
) -> None:
    assert message in message_of(sagemaker, **members)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"InstanceType": None}, "InstanceType is required for the production variant v0."),
        ({"InitialInstanceCount": None}, "InitialInstanceCount is required for the production variant v0."),
        ({"ModelName": None}, "ModelName is required for the production variant v0."),
        (
            {"InstanceType": None, "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}},
            "ServerlessConfig of the production variant v0 is not supported",
        ),
        (
            {"InstanceType": None, "InstancePools": [{"InstanceType": "ml.m5.large", "Priority": 1}]},
            "InstancePools of the production variant v0 is not supported",
        ),
    ],
)
def test_a_variant_runs_a_model_on_instances(sagemaker: Any, changes: dict[str, Any], message: str) -> None:
    [variant] = variants(1)
    variant = {name: value for name, value in {**variant, **changes}.items() if value is not None}
    assert message in message_of(sagemaker, ProductionVariants=[variant])


def test_a_config_in_use_may_be_deleted_and_its_endpoint_goes_on(clients: Clients, region: Region) -> None:
    sagemaker = clients("sagemaker")
    make_endpoint(sagemaker, region)
    region.advance(700)
    sagemaker.delete_endpoint_config(EndpointConfigName="engines")
    sagemaker.delete_model(ModelName="engines")
    with pytest.raises(ClientError, match=r'Could not find endpoint configuration "arn:.*:endpoint-config/engines"'):
        sagemaker.describe_endpoint_config(EndpointConfigName="engines")
    described = sagemaker.describe_endpoint(EndpointName="engines")
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", "engines")


def test_names_are_unique_in_whatever_case(sagemaker: Any) -> None:
    create(sagemaker, "Engines")
    with pytest.raises(ClientError, match="Cannot create already existing endpoint configuration"):
        create(sagemaker, "ENGINES")
