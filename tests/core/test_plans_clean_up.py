"""Clean-up finds what no endpoint needs and who nobody calls, removes what it may, and says why the rest stays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cmapss_core.aws import Aws, Target
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.plans.clean_up import CleanUp, CleanUpRequest, plan_clean_up, survey
from cmapss_core.plans.deploy import DeployRequest, plan_deploy
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.runner import run
from cmapss_core.plans.teardown import plan_delete
from tests.core.notebook import TAGS, Carry, Notebook, carrying, undoing
from tests.core.scripted import NOW, ScriptedAws
from tests.live import LiveSandbox
from tests.sweeping import sweep

NOW_ON = CleanUpRequest(older_than_days=0)
ALL = CleanUpRequest(older_than_days=0, everything=True)


pytestmark = pytest.mark.usefixtures("unpaused")


@pytest.fixture
def carry(sandbox: LiveSandbox, aws: Aws, journal: Journal) -> Carry:
    return carrying(sandbox, aws, journal.directory)


@pytest.fixture
def notebook(sandbox: LiveSandbox, aws: Aws, carry: Carry, tmp_path: Path) -> Iterator[Notebook]:
    """A notebook; what is left of it in the end is what cleaning everything up leaves, which is nothing."""
    yield Notebook(sandbox)
    carry(plan_clean_up(aws, ALL, Journal(tmp_path / "another")))
    assert sweep(sandbox) == {}


def stays(found: CleanUp) -> dict[str, str]:
    """Why each finding stays that does, by name."""
    return {one.name: one.kept_because for one in found.findings if one.kept_because is not None}


def goes(found: CleanUp) -> set[str]:
    return {one.name for one in found.findings if one.goes}


def left_over(notebook: Notebook, name: str, tags: list[dict[str, str]]) -> None:
    """A config with its model, and a model alone, that no endpoint needs."""
    notebook.config(name, notebook.model(f"{name}-model", tags=tags), tags=tags)
    notebook.model(f"{name}-alone", tags=tags)


def test_a_clean_region_has_nothing_to_clean_up(aws: Aws, journal: Journal) -> None:
    found = survey(aws, CleanUpRequest(), journal)
    assert (found.findings, found.plan.steps) == ((), ())
    assert (found.plan.target, found.plan.hourly_cost_usd_before, found.plan.hourly_cost_usd_after) == (
        "us-east-1",
        0.0,
        0.0,
    )


def test_what_is_ours_and_needed_by_nobody_goes_and_comes_back(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, journal: Journal, notebook: Notebook
) -> None:
    left_over(notebook, "ours", TAGS)
    left_over(notebook, "others", [])
    notebook.endpoint("served", notebook.config("served", notebook.model("served-model", tags=TAGS), tags=TAGS))
    notebook.invoke("served")
    notebook.alarm("cmapss-console-gone-A-errors", "gone")
    notebook.alarm("of-somebody-on-gone", "gone")
    notebook.alarm("cmapss-console-served-A-errors", "served")
    logs = sandbox.client("logs")
    for group in ("cmapss-XGBoostEndpoint-gone", "gone"):
        logs.create_log_group(logGroupName=f"/aws/sagemaker/Endpoints/{group}")
    before = sweep(sandbox)

    found = survey(aws, NOW_ON, journal)
    assert goes(found) == {
        "ours",
        "ours-model",
        "ours-alone",
        "cmapss-console-gone-A-errors",
        "/aws/sagemaker/Endpoints/cmapss-XGBoostEndpoint-gone",
    }
    assert set(stays(found)) == {
        "others",
        "others-alone",
        "of-somebody-on-gone",
        "/aws/sagemaker/Endpoints/gone",
    }
    assert set(stays(found).values()) == {"the console did not make it (--all)"}
    assert found.plan.warnings == (
        "for good, whatever is undone: 1 log group",
        "1 endpoint config, 1 model, 1 alarm, 1 log group stay: the console did not make it (--all)",
    )
    assert carry(found.plan).status == "done"
    assert carry(undoing(found.plan)).status == "done"
    before["log groups"].remove("/aws/sagemaker/Endpoints/cmapss-XGBoostEndpoint-gone")
    assert sweep(sandbox) == before

    everything = survey(aws, ALL, journal)
    assert stays(everything) == {}
    assert carry(everything.plan).status == "done"
    left = sweep(sandbox)
    assert left.pop("endpoints") == ["served"]
    assert {name for names in left.values() for name in names} == {
        "served",
        "served-model",
        "cmapss-console-served-A-errors",
        "/aws/sagemaker/Endpoints/served",
    }
    carry(plan_delete(aws, "served"))


def test_what_is_young_may_belong_to_a_deployment_that_is_running(
    sandbox: LiveSandbox, aws: Aws, journal: Journal, notebook: Notebook
) -> None:
    left_over(notebook, "young", TAGS)
    found = survey(aws, CleanUpRequest(), journal)
    assert found.plan.steps == ()
    assert set(stays(found).values()) == {"it is younger than an hour (--older-than)"}
    sandbox.advance(minutes=61)
    assert goes(survey(aws, CleanUpRequest(), journal)) == {"young", "young-model", "young-alone"}
    assert goes(survey(aws, CleanUpRequest(older_than_days=2), journal)) == set()


def test_what_an_unfinished_operation_names_stays_until_it_is_finished(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, journal: Journal, notebook: Notebook
) -> None:
    plan = plan_deploy(aws, DeployRequest(name="half-made", autoscaling=False))
    assert run(aws, plan, journal, wait=False).status == "open"
    sandbox.advance(minutes=30)
    notebook.sagemaker.delete_endpoint(EndpointName="half-made")
    sandbox.advance(minutes=5)
    found = survey(aws, ALL, journal)
    assert found.plan.steps == ()
    unfinished = {f"{plan.id} can still be resumed or rolled back"}
    assert set(stays(found).values()) == unfinished
    # Another version of the console may have begun it: then its plan cannot be read, and its tag tells what it made.
    file = journal.directory / f"{plan.id}.jsonl"
    ours = file.read_text()
    file.write_text(ours.replace('"format": 2', '"format": 3', 1))
    assert set(stays(survey(aws, ALL, journal)).values()) == unfinished
    file.write_text(ours)
    assert {one.kind for one in found.findings} == {"endpoint config", "log group"}, "and the config needs the model"
    elsewhere = survey(aws, NOW_ON, Journal(journal.directory / "of-another-machine"))
    assert {one.kind for one in elsewhere.findings if one.goes} == {"endpoint config", "model"}


def test_protected_names_and_tags_are_left_alone(sandbox: LiveSandbox, journal: Journal, notebook: Notebook) -> None:
    left_over(notebook, "prod-ours", TAGS)
    notebook.model("precious", tags=[*TAGS, {"Key": "protected", "Value": "yes"}])
    notebook.alarm("cmapss-console-prod-gone-A-errors", "prod-gone")
    aws = Aws(Target(endpoint_url=sandbox.endpoint_url, protected=("prod-*",)))
    found = survey(aws, ALL, journal)
    assert found.plan.steps == ()
    assert stays(found)["precious"] == "it is protected: it has the tag protected=yes"
    assert stays(found)["cmapss-console-prod-gone-A-errors"] == "it is protected: its name matches prod-*"
    notebook.sagemaker.delete_model(ModelName="precious")


def test_endpoints_that_nobody_calls_are_told_with_their_cost_and_go_when_asked(
    sandbox: LiveSandbox, aws: Aws, carry: Carry, journal: Journal, notebook: Notebook
) -> None:
    for name in ("idle", "busy"):
        config = notebook.config(name, notebook.model(f"{name}-model", tags=TAGS), tags=TAGS)
        notebook.endpoint(name, config, tags=TAGS)
    left_over(notebook, "older", TAGS)
    notebook.scale("idle")
    notebook.alarm("cmapss-console-idle-A-errors", "idle")
    sandbox.advance(minutes=24 * 60)
    notebook.invoke("busy")
    sandbox.advance(minutes=5)

    assert "endpoint" not in {one.kind for one in survey(aws, CleanUpRequest(), journal).findings}, "not for 14 days"
    found = survey(aws, CleanUpRequest(idle_days=1), journal)
    [endpoint] = [one for one in found.findings if one.kind == "endpoint"]
    assert (endpoint.name, endpoint.hourly_cost_usd, endpoint.goes) == ("idle", 0.23, True)
    assert endpoint.why == "nobody has called it for 1 day"
    assert (found.plan.hourly_cost_usd_before, found.plan.hourly_cost_usd_after) == (0.23, 0.0)
    assert goes(found) == {
        "idle",
        "idle-model",
        "cmapss-console-idle-A-errors",
        "/aws/sagemaker/Endpoints/idle",
        "older",
        "older-model",
        "older-alone",
    }
    assert carry(found.plan).status == "done"
    left = sweep(sandbox)
    assert (left["endpoints"], left["models"], set(left)) == (
        ["busy"],
        ["busy-model"],
        {"endpoints", "endpoint configs", "models", "log groups"},
    )
    carry(plan_delete(aws, "busy"))


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (CleanUpRequest(idle_days=0), "idle for 0 days"),
        (CleanUpRequest(idle_days=456), "idle for 456 days"),
        (CleanUpRequest(older_than_days=-1), "-1 days is no age"),
        (CleanUpRequest(older_than_days=float("nan")), "nan days is no age"),
    ],
)
def test_days_that_cannot_be_are_refused_before_anything_is_asked(
    request_: CleanUpRequest, said: str, journal: Journal
) -> None:
    aws = ScriptedAws({})
    with pytest.raises(ConsoleError, match=said) as caught:
        plan_clean_up(aws, request_, journal)
    assert caught.value.kind is ErrorKind.INVALID
    assert aws.calls == []


OLD = NOW - timedelta(days=100)


def described(name: str, **members: Any) -> dict[str, Any]:
    variant = {"VariantName": "A", "CurrentInstanceCount": 2, "DesiredInstanceCount": 2}
    return {
        "EndpointName": name,
        "EndpointArn": f"arn:{name}",
        "EndpointStatus": "InService",
        "EndpointConfigName": "c",
        "CreationTime": OLD,
        "LastModifiedTime": OLD,
        "ProductionVariants": [variant],
        **members,
    }


def region(*endpoints: dict[str, Any], **config: Any) -> ScriptedAws:
    """Endpoints of one config; nobody has called any of them."""
    by_name = {endpoint["EndpointName"]: endpoint for endpoint in endpoints}
    variant = {"VariantName": "A", "ModelName": "m", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
    the_config = {"EndpointConfigName": "c", "EndpointConfigArn": "arn:c", "ProductionVariants": [variant], **config}
    listed = {"EndpointConfigName": "c", "EndpointConfigArn": "arn:c", "CreationTime": OLD}
    return ScriptedAws(
        {
            "sagemaker:ListEndpoints": {"Endpoints": list(endpoints)},
            "sagemaker:DescribeEndpoint": lambda EndpointName: by_name[EndpointName],
            "sagemaker:ListEndpointConfigs": {"EndpointConfigs": [listed]},
            "sagemaker:DescribeEndpointConfig": the_config,
            "sagemaker:ListModels": {"Models": [{"ModelName": "m", "ModelArn": "arn:m", "CreationTime": OLD}]},
            "sagemaker:DescribeModel": {"ModelName": "m", "ModelArn": "arn:m", "PrimaryContainer": {"Image": "i"}},
            "application-autoscaling:DescribeScalableTargets": {"ScalableTargets": []},
            "cloudwatch:DescribeAlarms": {"MetricAlarms": []},
            "cloudwatch:GetMetricData": lambda MetricDataQueries, **_: {
                "MetricDataResults": [
                    {"Id": query["Id"], "Timestamps": [], "Values": [], "StatusCode": "Complete"}
                    for query in MetricDataQueries
                ]
            },
            "logs:DescribeLogGroups": {"logGroups": []},
            "pricing:GetProducts": {"PriceList": []},
        }
    )


def test_five_hundred_variants_are_asked_for_at_once(journal: Journal) -> None:
    aws = region(*(described(f"e{number}") for number in range(1_100)))
    found = survey(aws, CleanUpRequest(idle_days=30, everything=True), journal)
    asked = [parameters for name, parameters in aws.calls if name == "cloudwatch:GetMetricData"]
    assert [len(parameters["MetricDataQueries"]) for parameters in asked] == [500, 500, 100]
    assert all(parameters["EndTime"] - parameters["StartTime"] == timedelta(days=30) for parameters in asked)
    assert len([one for one in found.findings if one.kind == "endpoint" and one.goes]) == 1_100
    assert [one.kind for one in found.findings[-2:]] == ["endpoint config", "model"], "what they shared goes with them"
    assert found.plan.hourly_cost_usd_before is None, "a price that is unknown is not made up"


@pytest.mark.parametrize(
    ("endpoint", "config", "why"),
    [
        ({}, {"AsyncInferenceConfig": {"OutputConfig": {}}}, "asynchronous"),
        ({}, {"ProductionVariants": [{"VariantName": "A", "InstanceType": "ml.m5.xlarge"}]}, "inference components"),
    ],
)
def test_what_cannot_be_counted_or_deleted_stays(
    endpoint: dict[str, Any], config: dict[str, Any], why: str, journal: Journal
) -> None:
    found = survey(region(described("e", **endpoint), **config), CleanUpRequest(idle_days=14, everything=True), journal)
    [finding] = [one for one in found.findings if one.kind == "endpoint"]
    assert finding.kept_because is not None
    assert why in finding.kept_because


@pytest.mark.parametrize(
    "endpoint",
    [{"CreationTime": NOW - timedelta(days=13)}, {"EndpointStatus": "Updating"}],
    ids=["younger than that", "somebody changes it"],
)
def test_an_endpoint_of_which_that_cannot_be_said_is_not_idle(endpoint: dict[str, Any], journal: Journal) -> None:
    found = survey(region(described("e", **endpoint)), CleanUpRequest(idle_days=14, everything=True), journal)
    assert found.findings == ()


def test_an_endpoint_whose_calls_cloudwatch_cannot_tell_is_not_idle(journal: Journal) -> None:
    aws = region(described("e"))
    failed = {"Id": "v0", "Timestamps": [], "Values": [], "StatusCode": "InternalError"}
    aws.answers["cloudwatch:GetMetricData"] = {"MetricDataResults": [failed]}
    assert survey(aws, CleanUpRequest(idle_days=14, everything=True), journal).findings == ()


def test_where_an_endpoint_s_config_is_gone_no_model_is_known_to_be_unused(journal: Journal) -> None:
    aws = region(described("e", CreationTime=NOW, EndpointConfigName="lost"))
    found = survey(aws, ALL, journal)
    assert goes(found) == {"c", "m"}, "of its config it is known which models it named"
    aws.answers["sagemaker:ListEndpointConfigs"] = {"EndpointConfigs": []}
    found = survey(aws, ALL, journal)
    assert stays(found) == {"m": "the endpoint config of e is gone, and nobody knows which models it named"}


def test_scalable_targets_of_endpoints_that_are_gone_go_for_good(journal: Journal) -> None:
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/cmapss-XGBoostEndpoint-gone/variant/A",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "MinCapacity": 1,
        "MaxCapacity": 4,
        "CreationTime": OLD,
    }
    tracking = "TargetTracking-endpoint/{}/variant/A-AlarmHigh-0"
    alarms = [
        {"AlarmName": tracking.format(name), "AlarmConfigurationUpdatedTimestamp": OLD, "ComparisonOperator": "G"}
        for name in ("cmapss-XGBoostEndpoint-gone", "cmapss-XGBoostEndpoint-before")
    ]
    aws = region()
    aws.answers |= {
        "application-autoscaling:DescribeScalableTargets": {"ScalableTargets": [target]},
        "application-autoscaling:DescribeScalingPolicies": {"ScalingPolicies": []},
        "application-autoscaling:DescribeScheduledActions": {"ScheduledActions": []},
        "cloudwatch:DescribeAlarms": {"MetricAlarms": alarms},
    }
    found = survey(aws, CleanUpRequest(), journal)
    assert goes(found) == {
        "cmapss-XGBoostEndpoint-gone/A",
        tracking.format("cmapss-XGBoostEndpoint-before"),
    }, "a policy's alarms go with it"
    [step] = [step for step in found.plan.steps if step.title == "deregister scalable target"]
    assert step.undo is None, "there is nothing to register it for"


def test_log_groups_have_their_age_from_milliseconds(journal: Journal) -> None:
    aws = region()
    made = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    name = "/aws/sagemaker/Endpoints/cmapss-XGBoostEndpoint-gone"
    group = {"logGroupName": name, "creationTime": int(made.timestamp() * 1000), "storedBytes": 12_300_000}
    aws.answers["logs:DescribeLogGroups"] = {"logGroups": [group]}
    found = survey(aws, CleanUpRequest(), journal)
    assert [(one.since, one.goes) for one in found.findings if one.kind == "log group"] == [(made, True)]
    assert found.plan.steps[-1].detail == f"{name}, 12.3 MB, for good"
