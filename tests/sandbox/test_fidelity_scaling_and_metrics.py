"""The other services where stand-ins for them are known to differ: one test for each difference.

The list is what moto 5.2.1 does otherwise than AWS (runtime, scaling, metrics, stacks, quotas and prices).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session

from cmapss_sandbox.region import Region
from cmapss_sandbox.server import Server
from tests.sandbox.boosters import as_csv, random_rows
from tests.sandbox.conftest import Clients
from tests.sandbox.refusals import refused
from tests.sandbox.scaling import TRACKING, VARIANT, put_policy, register

DIMENSIONS = [{"Name": "EndpointName", "Value": "engines"}, {"Name": "VariantName", "Value": "AllTraffic"}]


def track(autoscaling: Any) -> dict[str, Any]:
    """A target-tracking policy on a registered target."""
    register(autoscaling)
    answer: dict[str, Any] = put_policy(autoscaling)
    return answer


def load(region: Region, runtime: Any, *, minutes: int, per_minute: int) -> None:
    """Invocations at that rate for so many region minutes."""
    body = as_csv(random_rows(1))
    for _ in range(minutes):
        for _ in range(per_minute):
            runtime.invoke_endpoint(EndpointName="engines", ContentType="text/csv", Body=body)
        region.advance(60)


def put(cloudwatch: Any, region: Region, *values: float, name: str = "Load", dimensions: Any = DIMENSIONS) -> datetime:
    """One value a minute in a namespace of our own, the last of them now; returns when the first was."""
    start = region.now() - timedelta(minutes=len(values))
    cloudwatch.put_metric_data(
        Namespace="Engines",
        MetricData=[
            {"MetricName": name, "Dimensions": dimensions, "Timestamp": start + timedelta(minutes=n), "Value": value}
            for n, value in enumerate(values)
        ],
    )
    return start


def query(cloudwatch: Any, region: Region, *queries: dict[str, Any], **members: Any) -> dict[str, list[float]]:
    """The values of each query over the last hour, by its id."""
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=list(queries),
        StartTime=region.now() - timedelta(hours=1),
        EndTime=region.now() + timedelta(minutes=1),
        **members,
    )
    return {result["Id"]: result["Values"] for result in answer["MetricDataResults"]}


def stat(id_: str, name: str, statistic: str, *, namespace: str = "Engines", dimensions: Any = DIMENSIONS) -> Any:
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions}
    return {"Id": id_, "MetricStat": {"Metric": metric, "Period": 60, "Stat": statistic}}


def test_an_invocation_predicts_is_counted_and_needs_an_endpoint(
    region: Region, runtime: Any, cloudwatch: Any, engines: str
) -> None:
    with refused("Endpoint nobody of account 000000000000 not found.", "ValidationError"):
        runtime.invoke_endpoint(EndpointName="nobody", Body=b"1,2")
    with pytest.raises(ClientError, match="HTTP content length exceeded 6291456 bytes"):
        runtime.invoke_endpoint(EndpointName=engines, Body=b"1," * 3_500_000)
    with pytest.raises(ClientError) as failed:
        runtime.invoke_endpoint(EndpointName=engines, ContentType="image/png", Body=b"not a row")
    response: dict[str, Any] = {**failed.value.response}
    assert (response["Error"]["Code"], response["OriginalStatusCode"]) == ("ModelError", 415)
    body = as_csv(random_rows(3))
    answers = [
        runtime.invoke_endpoint(EndpointName=engines, ContentType="text/csv", Body=part)["Body"].read()
        for part in (body, as_csv(random_rows(3, seed=2)))
    ]
    assert answers[0] != answers[1]
    assert len(answers[0].split()) == 3
    region.advance(120)
    counted = query(cloudwatch, region, stat("n", "Invocations", "Sum", namespace="AWS/SageMaker"))
    assert sum(counted["n"]) == 3


def test_a_scalable_target_needs_a_variant_and_sane_bounds_and_moves_capacity_into_them(
    region: Region, sagemaker: Any, autoscaling: Any, engines: str
) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        autoscaling.register_scalable_target(
            **{**VARIANT, "ResourceId": "endpoint/nobody/variant/AllTraffic"}, MinCapacity=1, MaxCapacity=2
        )
    with pytest.raises(ClientError, match="ValidationException"):
        register(autoscaling, 6, 5)
    register(autoscaling, 3, 5)
    region.advance(600)
    [variant] = sagemaker.describe_endpoint(EndpointName=engines)["ProductionVariants"]
    assert variant["CurrentInstanceCount"] == 3
    [target] = autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint" in target["RoleARN"]
    assert target["SuspendedState"]["DynamicScalingInSuspended"] is False


def test_a_policy_needs_a_target_and_brings_its_two_alarms(autoscaling: Any, cloudwatch: Any, engines: str) -> None:
    with refused("No scalable target registered for service namespace: sagemaker", "ObjectNotFoundException"):
        autoscaling.put_scaling_policy(
            **VARIANT,
            PolicyName="early",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=TRACKING,
        )
    alarms = track(autoscaling)["Alarms"]
    assert len(alarms) == 2
    described = cloudwatch.describe_alarms(AlarmNames=[alarm["AlarmName"] for alarm in alarms])["MetricAlarms"]
    assert sorted(alarm["Threshold"] for alarm in described) == [9.0, 10.0]
    assert sorted(alarm["EvaluationPeriods"] for alarm in described) == [3, 15]
    with pytest.raises(ClientError, match="ValidationException"):
        autoscaling.put_scaling_policy(
            **VARIANT,
            PolicyName="wrong",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                **TRACKING,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "Nonsense"},
            },
        )


def test_deregistering_takes_policies_and_alarms_along(autoscaling: Any, cloudwatch: Any, engines: str) -> None:
    track(autoscaling)
    autoscaling.deregister_scalable_target(**VARIANT)
    assert autoscaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"] == []
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []
    with refused("No scalable target", "ObjectNotFoundException"):
        autoscaling.deregister_scalable_target(**VARIANT)


def test_deleting_an_endpoint_deregisters_its_targets(
    sagemaker: Any, region: Region, autoscaling: Any, engines: str
) -> None:
    track(autoscaling)
    sagemaker.delete_endpoint(EndpointName=engines)
    region.advance(120)
    assert autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []
    assert autoscaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"] == []


def test_load_scales_out_and_leaves_an_activity(
    region: Region, sagemaker: Any, runtime: Any, autoscaling: Any, engines: str
) -> None:
    track(autoscaling)
    load(region, runtime, minutes=5, per_minute=40)
    region.advance(600)
    [variant] = sagemaker.describe_endpoint(EndpointName=engines)["ProductionVariants"]
    assert variant["CurrentInstanceCount"] == 4
    [activity] = autoscaling.describe_scaling_activities(ServiceNamespace="sagemaker")["ScalingActivities"]
    assert activity["StatusCode"] == "Successful"
    assert activity["Description"] == "Setting desired instance count to 4."
    assert "in state ALARM triggered policy Invocations-ScalingPolicy" in activity["Cause"]


def test_policies_are_of_one_resource_exactly_and_targets_come_in_pages_that_end(
    region: Region, sagemaker: Any, autoscaling: Any, engines: str
) -> None:
    # The name of one is the beginning of the other's.
    sagemaker.create_endpoint(EndpointName="engines-2", EndpointConfigName="engines")
    region.advance(900)
    longer = {**VARIANT, "ResourceId": "endpoint/engines-2/variant/AllTraffic"}
    track(autoscaling)
    autoscaling.register_scalable_target(**longer, MinCapacity=1, MaxCapacity=2)
    found = autoscaling.describe_scaling_policies(ServiceNamespace="sagemaker", ResourceId=longer["ResourceId"])
    assert found["ScalingPolicies"] == []
    pages = autoscaling.get_paginator("describe_scalable_targets").paginate(
        ServiceNamespace="sagemaker", PaginationConfig={"PageSize": 1}
    )
    assert sorted(target["ResourceId"] for page in pages for target in page["ScalableTargets"]) == [
        longer["ResourceId"],
        VARIANT["ResourceId"],
    ]


@pytest.mark.parametrize(
    "dimension",
    ["sagemaker:variant:DesiredProvisionedConcurrency", "sagemaker:inference-component:DesiredCopyCount"],
)
def test_todays_scalable_dimensions_are_known(autoscaling: Any, dimension: str) -> None:
    found = autoscaling.describe_scalable_targets(
        ServiceNamespace="sagemaker", ResourceIds=[VARIANT["ResourceId"]], ScalableDimension=dimension
    )
    assert found["ScalableTargets"] == []


def test_an_alarm_begins_without_data_and_is_evaluated_every_minute(cloudwatch: Any, region: Region) -> None:
    cloudwatch.put_metric_alarm(
        AlarmName="busy",
        Namespace="Engines",
        MetricName="Load",
        Dimensions=DIMENSIONS,
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=5.0,
        ComparisonOperator="GreaterThanThreshold",
    )

    def state() -> str:
        [alarm] = cloudwatch.describe_alarms(AlarmNames=["busy"])["MetricAlarms"]
        return str(alarm["StateValue"])

    assert state() == "INSUFFICIENT_DATA"
    for value, expected in ((9.0, "ALARM"), (1.0, "OK")):
        put(cloudwatch, region, value)
        region.advance(60)
        put(cloudwatch, region, value)
        region.advance(60)
        assert state() == expected
    history = cloudwatch.describe_alarm_history(AlarmName="busy", HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert history[0]["HistorySummary"] == "Alarm updated from ALARM to OK"


def test_metric_data_is_newest_first_with_percentiles_math_and_limits(cloudwatch: Any, region: Region) -> None:
    put(cloudwatch, region, 1.0, 2.0, 3.0, 4.0)
    found = query(
        cloudwatch,
        region,
        stat("m1", "Load", "Sum"),
        stat("p", "Load", "p50"),
        {"Id": "twice", "Expression": "m1 * 2"},
        {"Id": "filled", "Expression": "FILL(m1, 0)"},
        stat("elsewhere", "Load", "Sum", namespace="WRONG"),
        stat("turned", "Load", "Sum", dimensions=DIMENSIONS[::-1]),
    )
    assert found["m1"] == [4.0, 3.0, 2.0, 1.0]
    assert found["p"] == found["m1"] == found["turned"]
    assert found["twice"] == [8.0, 6.0, 4.0, 2.0]
    assert set(found["filled"]) >= {1.0, 2.0, 3.0, 4.0}
    assert found["elsewhere"] == []
    oldest_first = query(cloudwatch, region, stat("m1", "Load", "Sum"), ScanBy="TimestampAscending")
    assert oldest_first["m1"] == found["m1"][::-1]
    with pytest.raises(ClientError, match="ValidationError"):
        query(cloudwatch, region, *(stat(f"q{n}", "Load", "Sum") for n in range(501)))
    with pytest.raises(ClientError, match="ValidationError"):
        query(cloudwatch, region, stat("Wrong", "Load", "Sum"))


def test_the_namespaces_of_aws_are_not_for_callers(cloudwatch: Any) -> None:
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        cloudwatch.put_metric_data(Namespace="AWS/SageMaker", MetricData=[{"MetricName": "Invocations", "Value": 1.0}])


def test_metrics_are_listed_once_each(cloudwatch: Any, region: Region) -> None:
    put(cloudwatch, region, *[1.0] * 20)
    put(cloudwatch, region, *[1.0] * 20, name="Other")
    listed = cloudwatch.list_metrics(Namespace="Engines")["Metrics"]
    assert sorted(metric["MetricName"] for metric in listed) == ["Load", "Other"]


@pytest.mark.parametrize("mode", ["legacy", "standard"])
def test_a_stack_is_refused_once_rather_than_said_to_be_complete(
    region: Region, server: Server, botocore_session: Session, mode: Any
) -> None:
    stacks: Any = botocore_session.create_client(
        "cloudformation",
        region_name=Region.name,
        endpoint_url=server.url,
        config=Config(retries={"mode": mode}),
    )
    template = json.dumps({"Resources": {"Thing": {"Type": "AWS::Nope::Thing"}}})
    with pytest.raises(ClientError, match="This region has no service cloudformation"):
        stacks.create_stack(StackName="ground", TemplateBody=template)
    assert len(region.calls) == 1
    stacks.close()


def test_quotas_prices_and_the_log_groups_of_endpoints_are_there(
    clients: Clients, region: Region, sagemaker: Any, engines: str
) -> None:
    pages = clients("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker")
    names = {quota["QuotaName"] for page in pages for quota in page["Quotas"]}
    assert "ml.m5.xlarge for endpoint usage" in names
    filters = {
        "productFamily": "ML Instance",
        "regionCode": "us-east-1",
        "instanceName": "ml.m5.xlarge",
        "platoinstancetype": "Hosting",
    }
    [product] = clients("pricing").get_products(
        ServiceCode="AmazonSageMaker",
        Filters=[{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in filters.items()],
    )["PriceList"]
    [term] = json.loads(product)["terms"]["OnDemand"].values()
    [price] = term["priceDimensions"].values()
    assert float(price["pricePerUnit"]["USD"]) > 0
    [group] = clients("logs").describe_log_groups(logGroupNamePrefix="/aws/sagemaker/Endpoints/")["logGroups"]
    assert group["logGroupName"] == f"/aws/sagemaker/Endpoints/{engines}"
    assert datetime.fromtimestamp(group["creationTime"] / 1000, UTC) <= region.now()
