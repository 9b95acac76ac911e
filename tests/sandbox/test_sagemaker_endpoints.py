"""Models, endpoint configs and endpoints over their whole lives, through unmodified clients."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.region import Region
from cmapss_sandbox.services.sagemaker.endpoints import set_desired_instance_count
from cmapss_sandbox.services.sagemaker.serving import serving
from tests.sandbox.artefacts import ARTEFACT, IMAGE, ROLE, make_endpoint, production_variant
from tests.sandbox.refusals import refused


def variant_of(sagemaker: Any, name: str = "engines") -> dict[str, Any]:
    variant: dict[str, Any] = sagemaker.describe_endpoint(EndpointName=name)["ProductionVariants"][0]
    return variant


def test_an_endpoint_is_created_in_nine_to_eleven_minutes_and_then_serves(region: Region, sagemaker: Any) -> None:
    arn = make_endpoint(sagemaker, region, "Engines-A")
    assert arn == "arn:aws:sagemaker:us-east-1:000000000000:endpoint/engines-a"
    creating = sagemaker.describe_endpoint(EndpointName="Engines-A")
    assert creating["EndpointStatus"] == "Creating"
    assert "ProductionVariants" not in creating
    assert creating["PendingDeploymentSummary"]["ProductionVariants"][0]["CurrentInstanceCount"] == 0
    with pytest.raises(AwsError, match="Endpoint Engines-A of account 000000000000 not found"):
        serving(region, "Engines-A")

    region.advance(9 * 60 - 1)
    assert sagemaker.describe_endpoint(EndpointName="Engines-A")["EndpointStatus"] == "Creating"
    region.advance(2 * 60 + 2)
    endpoint = sagemaker.describe_endpoint(EndpointName="Engines-A")
    assert endpoint["EndpointStatus"] == "InService"
    assert endpoint["LastModifiedTime"] > creating["LastModifiedTime"] == endpoint["CreationTime"]
    assert "PendingDeploymentSummary" not in endpoint
    [variant] = endpoint["ProductionVariants"]
    assert variant["DeployedImages"][0]["SpecifiedImage"] == IMAGE
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (1, 1)
    assert (variant["CurrentWeight"], variant["DesiredWeight"]) == (1.0, 1.0)
    [answering] = serving(region, "Engines-A").variants
    assert (answering.variant, answering.model, answering.model_data_url) == ("AllTraffic", "Engines-A", ARTEFACT)


def test_how_long_creating_takes_depends_on_the_name_alone(region: Region, sagemaker: Any) -> None:
    def lasted() -> timedelta:
        region.advance(11 * 60)
        endpoint = sagemaker.describe_endpoint(EndpointName="engines")
        sagemaker.delete_endpoint(EndpointName="engines")
        region.advance(60)
        passed: timedelta = endpoint["LastModifiedTime"] - endpoint["CreationTime"]
        return passed

    make_endpoint(sagemaker, region)
    first = lasted()
    region.advance(777)
    sagemaker.create_endpoint(EndpointName="engines", EndpointConfigName="engines")
    assert lasted() == first
    assert timedelta(minutes=9) <= first <= timedelta(minutes=11)


def test_what_is_under_way_cannot_be_deleted_updated_or_rescaled(region: Region, sagemaker: Any) -> None:
    arn = make_endpoint(sagemaker, region)
    in_progress = f'Cannot update in-progress endpoint "{arn}"'
    with refused(in_progress):
        sagemaker.delete_endpoint(EndpointName="engines")
    with refused(in_progress):
        sagemaker.update_endpoint(EndpointName="engines", EndpointConfigName="engines")
    with pytest.raises(AwsError, match="Cannot update in-progress endpoint"):
        set_desired_instance_count(region, "engines", "AllTraffic", 3, seconds=200)
    region.advance(660)
    sagemaker.delete_endpoint(EndpointName="engines")
    with refused(in_progress):
        sagemaker.delete_endpoint(EndpointName="engines")


def test_deleting_takes_a_moment_and_leaves_config_and_model(region: Region, sagemaker: Any) -> None:
    told: list[str] = []
    region.subscribe("endpoint_deleted", lambda _, name: told.append(name))
    make_endpoint(sagemaker, region)
    region.advance(660)
    sagemaker.delete_endpoint(EndpointName="engines")
    assert told == ["engines"]
    assert sagemaker.describe_endpoint(EndpointName="engines")["EndpointStatus"] == "Deleting"
    with refused("Cannot create already existing endpoint"):
        sagemaker.create_endpoint(EndpointName="engines", EndpointConfigName="engines")
    region.advance(60)
    with refused('Could not find endpoint "arn:aws:sagemaker:us-east-1:000000000000:endpoint/engines".'):
        sagemaker.describe_endpoint(EndpointName="engines")
    sagemaker.delete_endpoint_config(EndpointConfigName="engines")
    sagemaker.delete_model(ModelName="engines")


def test_absent_and_duplicate_resources_are_refused_in_awss_words(region: Region, sagemaker: Any) -> None:
    with refused("Could not find endpoint"):
        sagemaker.delete_endpoint(EndpointName="nobody")
    with refused("Could not find endpoint configuration"):
        sagemaker.create_endpoint(EndpointName="a", EndpointConfigName="nobody")
    with refused("Could not find endpoint configuration"):
        sagemaker.delete_endpoint_config(EndpointConfigName="nobody")
    with refused("Could not find model"):
        sagemaker.delete_model(ModelName="nobody")
    with refused('Could not find model "arn:aws:sagemaker:us-east-1:000000000000:model/nobody".'):
        sagemaker.create_endpoint_config(EndpointConfigName="a", ProductionVariants=[production_variant("nobody")])
    make_endpoint(sagemaker, region)
    with refused("Cannot create already existing endpoint "):
        sagemaker.create_endpoint(EndpointName="ENGINES", EndpointConfigName="engines")
    with refused("Cannot create already existing endpoint configuration"):
        sagemaker.create_endpoint_config(
            EndpointConfigName="engines", ProductionVariants=[production_variant("engines")]
        )
    with refused("Cannot create already existing model"):
        sagemaker.create_model(ModelName="engines", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE})


def test_instances_that_are_asked_for_arrive_later(region: Region, sagemaker: Any) -> None:
    make_endpoint(sagemaker, region)
    region.advance(660)
    set_desired_instance_count(region, "engines", "AllTraffic", 4, seconds=200)
    region.advance(199)
    assert sagemaker.describe_endpoint(EndpointName="engines")["EndpointStatus"] == "Updating"
    assert (variant_of(sagemaker)["CurrentInstanceCount"], variant_of(sagemaker)["DesiredInstanceCount"]) == (1, 4)
    assert serving(region, "engines").variants[0].current_instances == 1
    region.advance(1)
    assert sagemaker.describe_endpoint(EndpointName="engines")["EndpointStatus"] == "InService"
    assert variant_of(sagemaker)["CurrentInstanceCount"] == 4


def test_changing_the_count_keeps_the_weight_and_the_other_way_round(region: Region, sagemaker: Any) -> None:
    make_endpoint(sagemaker, region, InitialVariantWeight=0.5)
    region.advance(660)
    for change in ({"DesiredInstanceCount": 3}, {"DesiredWeight": 2.0}):
        sagemaker.update_endpoint_weights_and_capacities(
            EndpointName="engines", DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", **change}]
        )
        region.advance(240)
    assert (variant_of(sagemaker)["CurrentInstanceCount"], variant_of(sagemaker)["CurrentWeight"]) == (3, 2.0)
    with refused("not present within endpoint"):
        sagemaker.update_endpoint_weights_and_capacities(
            EndpointName="engines", DesiredWeightsAndCapacities=[{"VariantName": "Other", "DesiredWeight": 1.0}]
        )


def test_lists_default_to_ten_and_filter_after_the_page_is_cut(region: Region, sagemaker: Any) -> None:
    for number in range(12):
        sagemaker.create_model(
            ModelName=f"model-{number:02d}", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE}
        )
        region.advance(1)
    first = sagemaker.list_models()
    assert [row["ModelName"] for row in first["Models"]] == [f"model-{number:02d}" for number in range(11, 1, -1)]
    rest = sagemaker.list_models(NextToken=first["NextToken"])
    assert [row["ModelName"] for row in rest["Models"]] == ["model-01", "model-00"]
    assert "NextToken" not in rest
    filtered = sagemaker.list_models(NameContains="model-00", SortBy="CreationTime")
    assert filtered["Models"] == []
    assert filtered["NextToken"]
    pages = sagemaker.get_paginator("list_models").paginate(SortBy="Name", SortOrder="Ascending", MaxResults=5)
    assert [row["ModelName"] for page in pages for row in page["Models"]] == [f"model-{n:02d}" for n in range(12)]
    with refused("Invalid pagination token"):
        sagemaker.list_models(NextToken="AAAA" + first["NextToken"][4:])


def test_an_item_that_comes_between_two_pages_shifts_nothing(region: Region, sagemaker: Any) -> None:
    for number in range(4):
        sagemaker.create_model(ModelName=f"m{number}", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE})
        region.advance(1)
    first = sagemaker.list_models(MaxResults=2)
    sagemaker.create_model(ModelName="newest", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE})
    second = sagemaker.list_models(MaxResults=2, NextToken=first["NextToken"])
    assert [row["ModelName"] for row in first["Models"] + second["Models"]] == ["m3", "m2", "m1", "m0"]


def test_tags_are_replaced_by_key_and_go_with_their_resource(region: Region, sagemaker: Any) -> None:
    arn = make_endpoint(sagemaker, region)
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "1"}])
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}])
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["b", "absent"])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "2"}]
    region.advance(660)
    sagemaker.delete_endpoint(EndpointName="engines")
    region.advance(60)
    with refused("Could not find endpoint"):
        sagemaker.list_tags(ResourceArn=arn)


def test_wrong_names_types_and_limits_are_refused_in_awss_words(sagemaker: Any) -> None:
    with refused(
        "1 validation error detected: Value 'bad_name!' at 'endpointName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
    ):
        sagemaker.describe_endpoint(EndpointName="bad_name!")
    with refused("Value 'ml.nope' at 'productionVariants.1.member.instanceType' failed to satisfy constraint"):
        sagemaker.create_endpoint_config(
            EndpointConfigName="a", ProductionVariants=[production_variant("m", InstanceType="ml.nope")]
        )
    with refused("2 validation errors detected"):
        sagemaker.list_models(SortBy="Weight", MaxResults=101)
