"""Updates of a running endpoint on a sandbox: what it has scaled out to is kept, and what scales it comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cmapss_core.aws import Aws, Target
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans import runner
from cmapss_core.plans.autoscale import ScaleRequest, plan_scale
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.models.sources import ModelSource
from cmapss_core.plans.runner import run
from cmapss_core.plans.scaling.steps import identity, read_variant_scaling
from cmapss_core.plans.update import plan_update
from cmapss_core.plans.updating.requests import CaptureChange, UpdateRequest, VariantChange
from cmapss_core.plans.updating.strategies import RolloutRequest, Size
from tests.core.updating import NAME, SOMEBODY_ELSES, TYPE, VARIANT, Updating, change, titles
from tests.live import LiveSandbox
from tests.sweeping import sweep


@pytest.fixture
def updating(sandbox: LiveSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Updating]:
    """Whatever a test did, deleting the endpoint afterwards leaves nothing at all in the region."""
    monkeypatch.setattr(runner, "MAX_POLL_SECONDS", 0.0)
    world = Updating(sandbox, Aws(Target(endpoint_url=sandbox.endpoint_url)), Journal(tmp_path))
    yield world
    world.delete()
    assert sweep(sandbox) == {}


def test_a_new_model_on_an_endpoint_that_scaled_to_5_keeps_5_and_can_be_taken_back(updating: Updating) -> None:
    before = updating.deploy(min=2, max=6)
    updating.suspend_scale_in()  # nobody calls: it would go back to two by itself
    updating.scale_to(5)
    scaling = read_variant_scaling(updating.aws, NAME, VARIANT)
    plan = plan_update(updating.aws, updating.new_model())
    assert "deregister scalable target" not in titles(plan), "a model changes beneath what scales it"
    assert plan.forbidding == (), "with room for 8 instances it is rolling"
    assert updating.carry(plan).status == "done"
    endpoint = updating.endpoint
    [variant] = endpoint.variants
    assert (variant.current_instances, variant.desired_instances) == (5, 5)
    assert variant.model != before.variants[0].model
    assert read_variant_scaling(updating.aws, NAME, VARIANT) == scaling
    left = sweep(updating.sandbox)
    assert left["endpoint configs"] == [endpoint.config], "the former config is gone"
    assert left["models"] == [variant.model], "and so is the former model"
    assert not [alarm for alarm in left["alarms"] if alarm.startswith("cmapss-console")]

    assert updating.back(plan).status == "rolled_back"
    again = updating.endpoint
    assert (again.config, again.variants[0].model) == (before.config, before.variants[0].model)
    assert again.current_instances == 5
    assert sweep(updating.sandbox)["models"] == [before.variants[0].model]


def test_another_instance_type_keeps_the_count_and_all_that_scales_it(updating: Updating) -> None:
    updating.deploy(min=2, max=6, target=25.0)
    updating.sandbox.client("application-autoscaling").put_scheduled_action(
        **identity(NAME, VARIANT),
        ScheduledActionName="morning",
        Schedule="cron(0 6 * * ? *)",
        ScalableTargetAction={"MinCapacity": 3},
    )
    updating.suspend_scale_in()
    updating.scale_to(3)
    scaling = read_variant_scaling(updating.aws, NAME, VARIANT)
    assert scaling is not None
    plan = plan_update(updating.aws, change(instance_type="ml.c5.large"))
    assert updating.carry(plan).status == "done"
    [variant] = updating.endpoint.variants
    assert (variant.instance_type, variant.current_instances) == ("ml.c5.large", 3)
    assert read_variant_scaling(updating.aws, NAME, VARIANT) == scaling

    assert updating.back(plan).status == "rolled_back"
    [variant] = updating.endpoint.variants
    assert (variant.instance_type, variant.current_instances) == (TYPE, 3)
    assert read_variant_scaling(updating.aws, NAME, VARIANT) == scaling


def test_whoever_scales_it_again_is_in_the_way_back_of_an_instance_type_and_the_refusal_says_what_to_do(
    updating: Updating,
) -> None:
    updating.deploy(autoscaling=False)
    plan = plan_update(updating.aws, change(instance_type="ml.c5.large"))
    assert updating.carry(plan).status == "done"
    updating.sandbox.client("application-autoscaling").register_scalable_target(
        **identity(NAME, VARIANT), MinCapacity=1, MaxCapacity=8
    )
    refused = updating.back(plan)
    assert refused.status == "open", "it can be gone on with"
    assert refused.error is not None
    assert "is a scalable target" in refused.error.message
    assert f"cmapss-console scale {NAME} --variant {VARIANT} --off" in refused.error.remedy
    assert updating.endpoint.variants[0].instance_type == "ml.c5.large"

    ending = plan_scale(updating.aws, ScaleRequest(endpoint=NAME, variant=VARIANT, off=True))
    assert updating.carry(ending).status == "done"
    assert updating.back(plan).status == "rolled_back"
    assert updating.endpoint.variants[0].instance_type == TYPE


def test_a_count_alone_takes_no_new_config(updating: Updating) -> None:
    before = updating.deploy(autoscaling=False)
    plan = plan_update(updating.aws, change(instances=3))
    assert titles(plan) == ["set instance count", "wait for the instances"]
    assert (plan.hourly_cost_usd_before, plan.hourly_cost_usd_after) == (0.23, 0.69)
    assert updating.carry(plan).status == "done"
    endpoint = updating.endpoint
    assert (endpoint.current_instances, endpoint.config) == (3, before.config)
    assert updating.back(plan).status == "rolled_back"
    assert updating.endpoint.current_instances == 1


@pytest.mark.parametrize("scaled_out", [False, True])
def test_a_count_that_is_asked_for_with_a_type_is_taken_and_given_back(scaled_out: bool, updating: Updating) -> None:
    updating.deploy(instances=2, autoscaling=False)
    if scaled_out:
        updating.scale_to(3)
    plan = plan_update(updating.aws, change(instance_type="ml.c5.large", instances=1))
    assert updating.carry(plan).status == "done"
    [variant] = updating.endpoint.variants
    assert (variant.instance_type, variant.current_instances) == ("ml.c5.large", 1)
    assert updating.back(plan).status == "rolled_back"
    [variant] = updating.endpoint.variants
    assert (variant.instance_type, variant.current_instances) == (TYPE, 3 if scaled_out else 2)


def test_variants_come_go_and_share_the_traffic(updating: Updating) -> None:
    updating.deploy(min=1, max=2)
    added = VariantChange(name="Second", source=ModelSource(job=updating.second_job), weight=0.25)
    adding = plan_update(updating.aws, UpdateRequest(endpoint=NAME, variants=(added,)))
    assert updating.carry(adding).status == "done"
    assert {v.name: v.weight for v in updating.endpoint.variants} == {VARIANT: 1.0, "Second": 0.25}

    weights = (VariantChange(name=VARIANT, weight=0.9), VariantChange(name="Second", weight=0.1))
    sharing = plan_update(updating.aws, UpdateRequest(endpoint=NAME, variants=weights))
    assert titles(sharing) == ["set weights", "wait for the weights"]
    assert updating.carry(sharing).status == "done"
    assert {v.name: v.weight for v in updating.endpoint.variants} == {VARIANT: 0.9, "Second": 0.1}
    with pytest.raises(ConsoleError, match="is so already"):
        plan_update(updating.aws, UpdateRequest(endpoint=NAME, variants=weights))

    scaling = read_variant_scaling(updating.aws, NAME, VARIANT)
    removing = plan_update(updating.aws, UpdateRequest(endpoint=NAME, remove=(VARIANT,)))
    assert "deregister scalable target" in titles(removing), "AWS removes no variant that is scaled"
    assert updating.carry(removing).status == "done"
    assert [v.name for v in updating.endpoint.variants] == ["Second"]
    assert read_variant_scaling(updating.aws, NAME, VARIANT) is None
    assert updating.back(removing).status == "rolled_back"
    assert {v.name for v in updating.endpoint.variants} == {VARIANT, "Second"}
    assert read_variant_scaling(updating.aws, NAME, VARIANT) == scaling


def test_the_new_config_is_a_copy_with_the_changes(updating: Updating) -> None:
    bucket = "captured-requests"
    updating.sandbox.client("s3").create_bucket(Bucket=bucket)
    updating.deploy(autoscaling=False, shadow=updating.second_job, tags=(("team", "engines"),))
    on = CaptureChange(enabled=True, destination=f"s3://{bucket}/here", percent=50)
    plan = plan_update(updating.aws, UpdateRequest(endpoint=NAME, capture=on))
    assert "put alarm" not in titles(plan), "the models are the same"
    assert updating.carry(plan).status == "done"
    sagemaker = updating.sandbox.client("sagemaker")
    endpoint = updating.endpoint
    config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint.config)
    assert config["DataCaptureConfig"]["EnableCapture"] is True
    assert config["ShadowProductionVariants"][0]["VariantName"] == "Shadow"
    tags = sagemaker.list_tags(ResourceArn=config["EndpointConfigArn"])["Tags"]
    assert {"Key": "team", "Value": "engines"} in tags
    assert {"Key": "cmapss-console", "Value": plan.id} in tags

    off = plan_update(updating.aws, UpdateRequest(endpoint=NAME, capture=CaptureChange(enabled=False)))
    assert updating.carry(off).status == "done"
    [config_name] = sweep(updating.sandbox)["endpoint configs"]
    config = sagemaker.describe_endpoint_config(EndpointConfigName=config_name)
    assert (config["DataCaptureConfig"]["EnableCapture"], config["DataCaptureConfig"]["DestinationS3Uri"]) == (
        False,
        f"s3://{bucket}/here",
    )
    updating.sandbox.client("s3").delete_bucket(Bucket=bucket)


def test_what_somebody_else_made_or_is_to_be_kept_stays(updating: Updating) -> None:
    before = updating.deploy(autoscaling=False)
    theirs = updating.model_of_somebody_else()
    other = UpdateRequest(endpoint=NAME, variants=(VariantChange(source=ModelSource(model=theirs)),), keep_former=True)
    plan = plan_update(updating.aws, other)
    assert any("stays: as asked" in note for note in plan.notes)
    assert updating.carry(plan).status == "done"
    assert before.config in sweep(updating.sandbox)["endpoint configs"]
    # Nobody's any more, once the endpoint that it was kept for serves yet another one.
    plan = plan_update(updating.aws, updating.new_model())
    assert f"model {theirs} stays: the console did not make it" in plan.notes
    assert updating.carry(plan).status == "done"
    assert SOMEBODY_ELSES in sweep(updating.sandbox)["models"]


def test_while_instances_come_an_update_waits_for_them(updating: Updating) -> None:
    updating.deploy(autoscaling=False)
    updating.sandbox.client("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName=NAME, DesiredWeightsAndCapacities=[{"VariantName": VARIANT, "DesiredInstanceCount": 2}]
    )
    plan = plan_update(updating.aws, updating.new_model())
    assert titles(plan)[0] == "wait for running changes"
    assert updating.carry(plan).status == "done"
    assert updating.endpoint.current_instances == 2


def test_one_update_at_a_time(updating: Updating) -> None:
    updating.deploy(autoscaling=False)
    plan = plan_update(updating.aws, updating.new_model())
    assert run(updating.aws, plan, updating.journal, wait=False).status == "open"
    with pytest.raises(ConsoleError, match="Updating to cmapss-XGBoostEndpointConfig") as caught:
        plan_update(updating.aws, change(instances=2))
    assert caught.value.kind is ErrorKind.CONFLICT
    assert "--stop" in caught.value.remedy
    assert updating.back(plan).status == "rolled_back", "what goes on is waited out, and taken back"


REFUSED = [
    (change(source=ModelSource(job="best")), "is so already"),
    (change(instances=1), "is so already"),
    (change(name="Third", instances=2), "has no variant Third"),
    (change(name="Third", instance_type="ml.c5.large"), "without a model none can be added"),
    (UpdateRequest(endpoint=NAME, remove=("Third",)), "no variant Third to remove"),
    (UpdateRequest(endpoint=NAME, remove=(VARIANT,)), "no variant would be left"),
    (change(weight=0.0), "no variant would have a weight above 0"),
    (change(instance_type="ml.t2.medium"), "burstable"),
    (UpdateRequest(endpoint=NAME, capture=CaptureChange(enabled=True)), "where captured data go"),
    (UpdateRequest(endpoint=NAME, capture=CaptureChange(enabled=False)), "nothing is captured"),
]


def test_what_cannot_be_is_told_before_anything_is_done(updating: Updating) -> None:
    updating.deploy(min=1, max=2)
    before = sweep(updating.sandbox)
    for request, said in REFUSED:
        with pytest.raises(ConsoleError, match=said):
            plan_update(updating.aws, request)
    beyond = plan_update(updating.aws, change(instances=3))
    assert any("3 instances will not stay" in warning for warning in beyond.warnings)
    asked = RolloutRequest(strategy="rolling", batch_size=Size(50, percent=True))
    with_strategy = UpdateRequest(endpoint=NAME, variants=(VariantChange(instances=2),), rollout=asked)
    assert "update endpoint" in titles(plan_update(updating.aws, with_strategy)), "a strategy takes a config"
    assert sweep(updating.sandbox) == before


def test_a_failed_endpoint_is_only_deleted(updating: Updating) -> None:
    updating.deploy(autoscaling=False)
    updating.sandbox.client("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName=NAME, DesiredWeightsAndCapacities=[{"VariantName": VARIANT, "DesiredInstanceCount": 2}]
    )
    updating.sandbox.control("/endpoints", fail=NAME)
    with pytest.raises(ConsoleError, match="updates it no more") as caught:
        plan_update(updating.aws, change(instances=2))
    assert "delete engines" in caught.value.remedy
