"""What belongs to which endpoint is told from names, dimensions and tags alone, and read as seldom as can be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.belongings import (
    NamedAlarm,
    configs_in_use,
    list_models,
    log_groups,
    models_of,
    named_alarms,
    tags_by_key,
    uploads_of,
    users_of_artefacts,
    users_of_models,
)
from cmapss_core.errors import ConsoleError, ErrorKind
from tests.core.scripted import NOW, ScriptedAws, not_found

NAMES = st.from_regex(r"[a-z0-9](-?[a-z0-9]){0,8}", fullmatch=True)


def of_endpoint(name: str) -> list[dict[str, str]]:
    return [{"Name": "EndpointName", "Value": name}, {"Name": "VariantName", "Value": "A"}]


def alarms_of(*alarms: dict[str, Any]) -> list[NamedAlarm]:
    changed = {"AlarmConfigurationUpdatedTimestamp": NOW}
    aws = ScriptedAws({"cloudwatch:DescribeAlarms": {"MetricAlarms": [{**alarm, **changed} for alarm in alarms]}})
    return list(named_alarms(aws))


@given(one=NAMES, rest=NAMES)
def test_an_alarm_is_of_the_endpoint_in_its_dimension_whatever_name_begins_alike(one: str, rest: str) -> None:
    """The alarms of "a" begin as those of "a-b" do."""
    longer = f"{one}-{rest}"
    [found] = alarms_of({"AlarmName": f"cmapss-console-{longer}-A-errors", "Dimensions": of_endpoint(longer)})
    assert (found.endpoint, found.console) == (longer, True)
    [other] = alarms_of({"AlarmName": f"cmapss-console-{one}-A-errors", "Dimensions": of_endpoint(longer)})
    assert (other.endpoint, other.console) == (longer, f"{one}-A-errors".startswith(f"{longer}-"))


def test_alarms_are_told_from_expressions_and_the_names_of_target_tracking_too() -> None:
    metric = {"Dimensions": of_endpoint("engines")}
    math = {"AlarmName": "a", "Metrics": [{"Id": "m", "MetricStat": {"Metric": metric}}, {"Id": "e"}]}
    tracking = {"AlarmName": "TargetTracking-endpoint/engines/variant/A-AlarmLow-0", "Dimensions": []}
    found = alarms_of(math, tracking)
    assert [(one.endpoint, one.tracking) for one in found] == [("engines", False), ("engines", True)]


def test_an_alarm_about_no_endpoint_or_several_is_nobody_s() -> None:
    several = [{"Id": n, "MetricStat": {"Metric": {"Dimensions": of_endpoint(n)}}} for n in ("one", "two")]
    assert alarms_of({"AlarmName": "a", "Dimensions": []}, {"AlarmName": "b", "Metrics": several}) == []


def test_an_endpoint_at_rest_is_asked_for_its_config_once_and_one_that_changes_each_time() -> None:
    rows = {
        name: {
            "EndpointName": name,
            "EndpointArn": f"arn:{name}",
            "EndpointStatus": status,
            "CreationTime": NOW,
            "LastModifiedTime": NOW,
        }
        for name, status in (("resting", "InService"), ("changing", "Updating"))
    }
    pending = {"PendingDeploymentSummary": {"EndpointConfigName": "green"}}
    aws = ScriptedAws(
        {
            "sagemaker:ListEndpoints": {"Endpoints": list(rows.values())},
            "sagemaker:DescribeEndpoint": lambda EndpointName: {
                "EndpointConfigName": EndpointName,
                **(pending if EndpointName == "changing" else {}),
            },
        }
    )
    used = {"resting": "resting", "changing": "changing", "green": "changing"}
    assert configs_in_use(aws) == used
    assert configs_in_use(aws) == used
    asked = [parameters["EndpointName"] for name, parameters in aws.calls if name == "sagemaker:DescribeEndpoint"]
    assert asked == ["resting", "changing", "changing"]
    rows["resting"]["LastModifiedTime"] = NOW + timedelta(seconds=1)
    assert configs_in_use(aws, passing_over=["changing"]) == {"resting": "resting"}
    assert aws.called.count("sagemaker:DescribeEndpoint") == 4, "it has been changed since"


@pytest.mark.parametrize("described", [not_found("Could not find endpoint"), {}])
def test_what_is_deleted_between_two_calls_uses_nothing(described: Any) -> None:
    row = {"EndpointName": "e", "EndpointArn": "arn:e", "EndpointStatus": "Deleting", "CreationTime": NOW}
    aws = ScriptedAws({"sagemaker:ListEndpoints": {"Endpoints": [row]}, "sagemaker:DescribeEndpoint": described})
    assert configs_in_use(aws) == {}


def test_configs_that_are_made_again_under_a_name_are_asked_for_again() -> None:
    row = {"EndpointConfigName": "c", "EndpointConfigArn": "arn:c", "CreationTime": NOW}
    models = ["m"]
    aws = ScriptedAws(
        {
            "sagemaker:ListEndpointConfigs": {"EndpointConfigs": [row]},
            "sagemaker:DescribeEndpointConfig": lambda **_: {"ProductionVariants": [{"ModelName": models[0]}]},
        }
    )
    assert users_of_models(aws, ["m", "n"], passing_over=[]) == {"m": "c"}
    models[0] = "n"
    assert users_of_models(aws, ["m", "n"], passing_over=[]) == {"m": "c"}, "a config does not change"
    row["CreationTime"] = NOW + timedelta(seconds=1)
    assert users_of_models(aws, ["m", "n"], passing_over=[]) == {"n": "c"}
    assert users_of_models(aws, ["n"], passing_over=["c"]) == {}


def test_without_anything_to_look_for_nothing_is_asked() -> None:
    aws = ScriptedAws({})
    assert users_of_models(aws, [], passing_over=[]) == users_of_artefacts(aws, [], passing_over=[]) == {}
    assert aws.calls == []


def test_the_models_of_a_config_are_named_once_shadows_too() -> None:
    config = {
        "ProductionVariants": [{"ModelName": "m"}, {"ModelName": "n"}, {"ModelName": "m"}, {}],
        "ShadowProductionVariants": [{"ModelName": "s"}],
    }
    assert models_of(config) == ("m", "n", "s")


def test_uploads_are_what_lies_in_the_console_s_own_folder() -> None:
    source = {"S3DataSource": {"S3Uri": "s3://b/cmapss-console/models/2/model.tar.gz"}}
    model = {
        "Containers": [
            {"ModelDataUrl": "s3://b/cmapss-console/models/1/model.tar.gz"},
            {"ModelDataSource": source},
            {"ModelDataUrl": "s3://b/jobs/cmapss-console/model.tar.gz"},
            {"Image": "i"},
        ]
    }
    assert uploads_of(model) == (
        "s3://b/cmapss-console/models/1/model.tar.gz",
        "s3://b/cmapss-console/models/2/model.tar.gz",
    )


def test_a_log_group_is_of_the_endpoint_of_exactly_its_name() -> None:
    groups = [
        {"logGroupName": f"/aws/sagemaker/Endpoints/{name}", "creationTime": 1_000} for name in ("engines", "engines-2")
    ]
    aws = ScriptedAws({"logs:DescribeLogGroups": {"logGroups": groups}})
    assert [group.endpoint for group in log_groups(aws, "engines")] == ["engines"]
    assert [group.endpoint for group in log_groups(aws)] == ["engines", "engines-2"]


def test_every_page_is_read() -> None:
    def page(NextToken: str = "0", **_: Any) -> dict[str, Any]:
        model = {"ModelName": f"m{NextToken}", "ModelArn": f"arn:m{NextToken}", "CreationTime": NOW}
        following = {"NextToken": str(int(NextToken) + 1)} if int(NextToken) < 3 else {}
        return {"Models": [model], **following}

    assert [model.name for model in list_models(ScriptedAws({"sagemaker:ListModels": page}))] == [
        "m0",
        "m1",
        "m2",
        "m3",
    ]


def test_the_tags_of_what_is_gone_are_none_and_other_failures_are_told() -> None:
    assert tags_by_key(ScriptedAws({"sagemaker:ListTags": not_found()}), "arn") == {}
    denied = ConsoleError(ErrorKind.DENIED, "not authorized")
    with pytest.raises(ConsoleError, match="not authorized"):
        tags_by_key(ScriptedAws({"sagemaker:ListTags": denied}), "arn")
