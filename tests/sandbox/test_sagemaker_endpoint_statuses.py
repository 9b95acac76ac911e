"""Every status of an endpoint, what is refused meanwhile, and what DescribeEndpoint tells of its variants."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cmapss_sandbox.errors import AwsError, validation_exception
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services import install
from cmapss_sandbox.services.sagemaker.serving import serving
from tests.sandbox.artefacts import IMAGE, ROLE, production_variant
from tests.sandbox.conftest import NOON
from tests.sandbox.endpoints import Hosting, blue_green, rolling
from tests.sandbox.refusals import refused

AT_ALL = "AllTraffic"


def rescale(hosting: Hosting, *changes: dict[str, Any]) -> None:
    hosting.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="engines", DesiredWeightsAndCapacities=list(changes)
    )


def control(hosting: Hosting, **asked: Any) -> None:
    hosting.region.controls["endpoints"](hosting.region, asked)


def assert_nothing_may_be_changed(hosting: Hosting) -> None:
    arn = hosting.described()["EndpointArn"]
    for change in (
        lambda: hosting.update("blue"),
        lambda: rescale(hosting, {"VariantName": AT_ALL, "DesiredWeight": 2.0}),
        lambda: hosting.sagemaker.delete_endpoint(EndpointName="engines"),
    ):
        with refused(f'Cannot update in-progress endpoint "{arn}".'):
            change()


def test_nothing_is_changed_while_something_is_under_way(hosting: Hosting) -> None:
    config = hosting.config("blue", count=2)
    hosting.sagemaker.create_endpoint(EndpointName="engines", EndpointConfigName=config)
    assert_nothing_may_be_changed(hosting)
    hosting.until("InService")
    hosting.update("blue", rolling("50%", wait=60))
    for stage in ("Creating", "ActivatingTraffic", "Baking", "Deleting"):
        hosting.until(stage)
        assert hosting.status() == "Updating"
        assert_nothing_may_be_changed(hosting)
    hosting.until("InService")
    rescale(hosting, {"VariantName": AT_ALL, "DesiredInstanceCount": 3})
    assert hosting.status() == "Updating"
    assert_nothing_may_be_changed(hosting)
    hosting.until("InService")
    hosting.sagemaker.delete_endpoint(EndpointName="engines")
    assert hosting.status() == "Deleting"
    assert_nothing_may_be_changed(hosting)


def test_maintenance_lets_invocations_through_and_no_change(hosting: Hosting) -> None:
    hosting.endpoint()
    before = hosting.described()
    control(hosting, system_update="engines")
    assert hosting.status() == "SystemUpdating"
    assert hosting.shares() == {"blue": 1.0}
    assert "PendingDeploymentSummary" not in hosting.described()
    assert_nothing_may_be_changed(hosting)
    with pytest.raises(ValueError, match="in-progress endpoint"):
        control(hosting, system_update="engines")
    hosting.until("InService")
    changing = {"LastModifiedTime", "ResponseMetadata"}
    after = hosting.described()
    assert {member: after[member] for member in after.keys() - changing} == {
        member: before[member] for member in before.keys() - changing
    }


def test_an_endpoint_out_of_service_answers_nobody_until_it_is_back_or_deleted(hosting: Hosting) -> None:
    hosting.endpoint()
    control(hosting, out_of_service="engines")
    assert hosting.status() == "OutOfService"
    with pytest.raises(AwsError, match="Endpoint engines of account 000000000000 not found"):
        serving(hosting.region, "engines")
    with refused("in status OutOfService"):
        hosting.update("blue")
    control(hosting, in_service="engines")
    assert (hosting.status(), hosting.shares()) == ("InService", {"blue": 1.0})
    control(hosting, out_of_service="engines")
    hosting.sagemaker.delete_endpoint(EndpointName="engines")


def test_an_update_can_be_made_to_fail_for_good(hosting: Hosting) -> None:
    hosting.endpoint()
    with pytest.raises(ValueError, match="engines fails while it is Creating, Updating, RollingBack, not InService"):
        control(hosting, fail="engines")
    hosting.update(hosting.config("green"))
    control(hosting, fail="engines")
    endpoint = hosting.described()
    assert endpoint["EndpointStatus"] == "Failed"
    assert endpoint["FailureReason"].startswith("Request to service failed.")
    assert endpoint.keys().isdisjoint({"PendingDeploymentSummary", "ProductionVariants"})
    hosting.region.advance(3600)
    assert hosting.status() == "Failed"
    hosting.sagemaker.delete_endpoint(EndpointName="engines")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"system_update": "nobody"}, "Could not find endpoint"),
        ({"in_service": "engines"}, "in status InService"),
        ({"system_update": 1}, "An endpoint is changed with"),
        ({"delete": "engines"}, "An endpoint is changed with"),
        ({"system_update": "engines", "in_service": "engines"}, "An endpoint is changed with"),
    ],
)
def test_a_control_call_that_makes_no_sense_is_refused_in_one_line(
    hosting: Hosting, asked: dict[str, Any], message: str
) -> None:
    hosting.endpoint()
    with pytest.raises(ValueError, match=message) as raised:
        control(hosting, **asked)
    assert "\n" not in str(raised.value)
    assert hosting.status() == "InService"


def test_a_deletion_that_is_refused_changes_nothing(hosting: Hosting) -> None:
    def refuse(region: Region, *, name: str) -> None:
        raise validation_exception(f"{name} has a scalable target")

    hosting.endpoint()
    hosting.region.subscribe("endpoint_deleted", refuse)
    with refused("engines has a scalable target"):
        hosting.sagemaker.delete_endpoint(EndpointName="engines")
    assert (hosting.status(), hosting.shares()) == ("InService", {"blue": 1.0})


def test_weights_and_counts_of_several_variants_change_together(hosting: Hosting) -> None:
    model = hosting.model("first")
    hosting.endpoint(config=hosting.config("blue", *(production_variant(model, VariantName=name) for name in "abc")))
    rescale(
        hosting,
        {"VariantName": "a", "DesiredWeight": 3.0, "DesiredInstanceCount": 2},
        {"VariantName": "b", "DesiredWeight": 0.0},
    )
    described = hosting.described()["ProductionVariants"]
    assert [(v["CurrentWeight"], v["DesiredWeight"]) for v in described] == [(1.0, 3.0), (1.0, 0.0), (1.0, 1.0)]
    assert [(v["CurrentInstanceCount"], v["DesiredInstanceCount"]) for v in described] == [(1, 2), (1, 1), (1, 1)]
    assert [variant.weight for variant in serving(hosting.region, "engines").variants] == [1.0, 1.0, 1.0]
    hosting.until("InService")
    assert [variant.weight for variant in serving(hosting.region, "engines").variants] == [3.0, 0.0, 1.0]
    assert [variant.current_instances for variant in serving(hosting.region, "engines").variants] == [2, 1, 1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([{"VariantName": AT_ALL, "DesiredInstanceCount": 0}], "must be at least 1"),
        ([{"VariantName": "x", "DesiredWeight": 1.0}], 'The variant name(s) "x" is/are not present within endpoint'),
        ([{"VariantName": AT_ALL, "DesiredWeight": 1.0}] * 2, "is given more than once"),
        ([{"VariantName": AT_ALL, "DesiredWeight": float("inf")}], "must be a finite number"),
        (
            [{"VariantName": AT_ALL, "ServerlessUpdateConfig": {"MaxConcurrency": 5}}],
            "ServerlessUpdateConfig cannot be specified for the variant AllTraffic",
        ),
    ],
)
def test_changes_of_capacity_that_make_no_sense_are_refused(
    hosting: Hosting, changes: list[dict[str, Any]], message: str
) -> None:
    hosting.endpoint()
    with refused(message):
        rescale(hosting, *changes)
    assert hosting.status() == "InService"


@pytest.mark.parametrize(
    ("excluded", "expected"),
    [
        (None, (1, 1.0)),
        ([], (3, 2.0)),
        (["DesiredInstanceCount"], (1, 2.0)),
        (["DesiredWeight"], (3, 1.0)),
        (["DesiredInstanceCount", "DesiredWeight", "DataCaptureConfig"], (1, 1.0)),
    ],
)
def test_variant_properties_are_retained_by_name_unless_excluded(
    hosting: Hosting, excluded: list[str] | None, expected: tuple[int, float]
) -> None:
    hosting.endpoint()
    rescale(hosting, {"VariantName": AT_ALL, "DesiredInstanceCount": 3, "DesiredWeight": 2.0})
    hosting.until("InService")
    model = hosting.model("second")
    added = production_variant(model, VariantName="added", InitialVariantWeight=5.0)
    options: dict[str, Any] = {}
    if excluded is not None:
        kinds = [{"VariantPropertyType": kind} for kind in excluded]
        options = {"RetainAllVariantProperties": True, "ExcludeRetainedVariantProperties": kinds}
    hosting.update(hosting.config("green", production_variant(model), added), **options)
    pending = hosting.described()["PendingDeploymentSummary"]["ProductionVariants"]
    hosting.until("InService")
    variants = hosting.described()["ProductionVariants"]
    for shown in (pending, variants):
        found = [(variant["DesiredInstanceCount"], variant["DesiredWeight"]) for variant in shown]
        assert found == [expected, (1, 5.0)]
    assert [(variant["CurrentInstanceCount"], variant["CurrentWeight"]) for variant in variants] == found


def test_a_shadow_is_described_and_gets_its_part_as_a_copy(hosting: Hosting) -> None:
    model = hosting.model("first")
    shadow = production_variant(model, VariantName="shadow", InitialVariantWeight=0.5, InitialInstanceCount=2)
    config = hosting.config(
        "blue", production_variant(model, InitialVariantWeight=2.0), ShadowProductionVariants=[shadow]
    )
    hosting.sagemaker.create_endpoint(EndpointName="engines", EndpointConfigName=config)
    [pending] = hosting.described()["PendingDeploymentSummary"]["ShadowProductionVariants"]
    assert (pending["VariantName"], pending["DesiredInstanceCount"]) == ("shadow", 2)
    hosting.until("InService")
    [described] = hosting.described()["ShadowProductionVariants"]
    assert (described["VariantName"], described["CurrentInstanceCount"]) == ("shadow", 2)
    now = serving(hosting.region, "engines")
    assert [(variant.variant, variant.weight) for variant in now.variants] == [(AT_ALL, 2.0)]
    assert [(variant.variant, variant.weight) for variant in now.shadows] == [("shadow", 0.25)]
    rescale(hosting, {"VariantName": "shadow", "DesiredWeight": 9.0, "DesiredInstanceCount": 1})
    hosting.until("InService")
    [copied] = serving(hosting.region, "engines").shadows
    assert (copied.weight, copied.current_instances) == (1.0, 1)


def test_what_is_captured_is_described_only_where_something_is(hosting: Hosting) -> None:
    hosting.endpoint()
    assert hosting.described().keys().isdisjoint({"DataCaptureConfig", "ShadowProductionVariants", "MetricsConfig"})
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 25,
        "DestinationS3Uri": "s3://models/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    hosting.update(hosting.config("green", production_variant("blue-model"), DataCaptureConfig=capture))
    hosting.until("InService")
    assert hosting.described()["DataCaptureConfig"] == {
        "EnableCapture": True,
        "CaptureStatus": "Started",
        "CurrentSamplingPercentage": 25,
        "DestinationS3Uri": "s3://models/captured",
        "KmsKeyId": "",
    }
    captured = serving(hosting.region, "engines").data_capture
    assert captured is not None
    assert captured["CaptureOptions"] == [{"CaptureMode": "Input"}]
    # What has been deployed goes on being what it was when its config is gone.
    hosting.sagemaker.delete_endpoint_config(EndpointConfigName="green")
    assert serving(hosting.region, "engines").data_capture == captured
    hosting.update("blue")
    hosting.until("InService")
    assert "DataCaptureConfig" not in hosting.described()


def test_every_container_and_the_routing_of_a_variant_are_described(hosting: Hosting) -> None:
    hosting.model("first")
    digest = "sha256:" + "5" * 64
    containers = [
        {"Image": f"{IMAGE.partition(':')[0]}@{digest}", "ModelDataUrl": "s3://models/first/model.tar.gz"},
        {"Image": IMAGE, "ModelDataUrl": "s3://models/first/model.tar.gz"},
    ]
    hosting.sagemaker.create_model(ModelName="both", ExecutionRoleArn=ROLE, Containers=containers)
    routing = {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"}
    hosting.endpoint(config=hosting.config("blue", production_variant("both", RoutingConfig=routing)))
    [variant] = hosting.described()["ProductionVariants"]
    images = variant["DeployedImages"]
    assert [image["SpecifiedImage"] for image in images] == [container["Image"] for container in containers]
    assert images[0]["ResolvedImage"] == containers[0]["Image"]
    assert images[1]["ResolvedImage"].startswith(f"{IMAGE.partition(':')[0]}@sha256:")
    assert variant["RoutingConfig"] == routing
    assert serving(hosting.region, "engines").variants[0].image == containers[0]["Image"]


def test_a_deployment_goes_on_where_a_killed_region_left_it(tmp_path: Path) -> None:
    context = RequestContext("sagemaker", "", "sandbox", Region.name, {}, "request")

    def started() -> tuple[Region, Hosting]:
        region = Region(tmp_path / "state", paused=True, now=NOON, strict=True)
        operations = install(region)["sagemaker"].operations

        class Direct:
            """A client that calls the handlers of a region which nobody closes, as a kill would leave it."""

            def __getattr__(self, name: str) -> Any:
                def call(**members: Any) -> Any:
                    operation = operations["".join(word.capitalize() for word in name.split("_"))]
                    with region.transaction():
                        return operation(region, members, context)

                return call

        return region, Hosting(region, Direct())

    region, hosting = started()
    hosting.endpoint(count=2)
    hosting.update(hosting.config("green", count=2), blue_green("CANARY", CanarySize=1))
    hosting.until("Baking")
    before = hosting.described()
    region.store.close()
    region, hosting = started()
    assert hosting.described() == before
    assert hosting.shares() == {"blue": 0.5, "green": 0.5}
    hosting.until("InService")
    assert hosting.shares() == {"green": 1.0}
    region.close()
