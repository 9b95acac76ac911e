"""boto3's own waiters come to their end, and its own paginators give every item once, whatever the page's size."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import WaiterError
from botocore.loaders import Loader

from cmapss_sandbox.region import Region
from cmapss_sandbox.training.trainer import Trainer
from cmapss_sandbox.wire import models
from tests.sandbox.artefacts import (
    IMAGE,
    ROLE,
    definition,
    make_endpoint,
    production_variant,
    put_channels,
    training_request,
)
from tests.sandbox.boosters import serve
from tests.sandbox.conftest import Clients, Installation
from tests.sandbox.scaling import instances_of, put_policy

QUOTA = "L-2F737F8D"
GROUP = "/aws/sagemaker/Endpoints/engines"
# What a paginator's operation cannot be called without.
REQUIRED: dict[tuple[str, str], dict[str, Any]] = {
    ("sagemaker", "ListTags"): {"ResourceArn": "arn:aws:sagemaker:us-east-1:000000000000:endpoint/engines"},
    ("sagemaker", "ListTrainingJobsForHyperParameterTuningJob"): {"HyperParameterTuningJobName": "search"},
    ("sagemaker", "Search"): {"Resource": "TrainingJob"},
    ("application-autoscaling", "DescribeScalableTargets"): {"ServiceNamespace": "sagemaker"},
    ("application-autoscaling", "DescribeScalingActivities"): {"ServiceNamespace": "sagemaker"},
    ("application-autoscaling", "DescribeScalingPolicies"): {"ServiceNamespace": "sagemaker"},
    ("application-autoscaling", "DescribeScheduledActions"): {"ServiceNamespace": "sagemaker"},
    ("logs", "DescribeLogStreams"): {"logGroupName": GROUP},
    ("logs", "FilterLogEvents"): {"logGroupName": GROUP},
    ("pricing", "GetProducts"): {"ServiceCode": "AmazonSageMaker"},
    ("pricing", "GetAttributeValues"): {"ServiceCode": "AmazonSageMaker", "AttributeName": "instanceName"},
    ("service-quotas", "ListServiceQuotas"): {"ServiceCode": "sagemaker"},
    ("service-quotas", "ListAWSDefaultServiceQuotas"): {"ServiceCode": "sagemaker"},
    ("service-quotas", "ListRequestedServiceQuotaChangeHistoryByQuota"): {
        "ServiceCode": "sagemaker",
        "QuotaCode": QUOTA,
    },
}


# What there are fewer of than three.
FEWER = {"DescribeServices": 1, "ListServices": 1, "ListRequestedServiceQuotaChangeHistoryByQuota": 1}


@pytest.fixture
def quick(region: Region) -> Region:
    """The region with its clock running, an hour in a second, as waiters look at the clock of this machine."""
    region.set_speed(3600)
    region.set_paused(False)
    return region


def wait(client: Any, waiter: str, **members: Any) -> None:
    client.get_waiter(waiter).wait(**members, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def test_the_waiters_for_endpoints_see_them_in_service_and_deleted(clients: Clients, quick: Region) -> None:
    sagemaker = clients("sagemaker")
    serve(sagemaker, quick)
    sagemaker.create_endpoint(EndpointName="waited-for", EndpointConfigName="engines")
    wait(sagemaker, "endpoint_in_service", EndpointName="waited-for")
    sagemaker.delete_endpoint(EndpointName="waited-for")
    wait(sagemaker, "endpoint_deleted", EndpointName="waited-for")


def test_the_waiter_for_endpoints_gives_up_on_one_that_failed(clients: Clients, quick: Region) -> None:
    sagemaker = clients("sagemaker")
    make_endpoint(sagemaker, quick)
    quick.objects.delete("models", "small/model.tar.gz")
    with pytest.raises(WaiterError, match="terminal failure state"):
        wait(sagemaker, "endpoint_in_service", EndpointName="engines")


def test_the_waiter_for_training_jobs_sees_them_completed_and_stopped(
    clients: Clients, region: Region, trainer: Trainer
) -> None:
    sagemaker = clients("sagemaker")
    put_channels(region)
    sagemaker.create_training_job(**training_request("short"))
    sagemaker.create_training_job(**training_request("long", num_round="100000"))
    sagemaker.stop_training_job(TrainingJobName="long")
    for name in ("short", "long"):
        wait(sagemaker, "training_job_completed_or_stopped", TrainingJobName=name)
    assert sagemaker.describe_training_job(TrainingJobName="long")["TrainingJobStatus"] == "Stopped"


def _populate(clients: Clients, region: Region) -> None:
    """Three of everything that is listed."""
    sagemaker, scaling = clients("sagemaker"), clients("application-autoscaling")
    serve(sagemaker, region)
    for name in ("second", "third"):
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[production_variant("engines-0")])
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        sagemaker.create_model(
            ModelName=name,
            ExecutionRoleArn=ROLE,
            PrimaryContainer={"Image": IMAGE, "ModelDataUrl": "s3://models/engines-0/model.tar.gz"},
        )
    tags = [{"Key": f"key{number}", "Value": "value"} for number in range(3)]
    sagemaker.add_tags(ResourceArn=REQUIRED["sagemaker", "ListTags"]["ResourceArn"], Tags=tags)
    region.advance(900)
    put_channels(region)
    for number in range(3):
        sagemaker.create_training_job(**training_request(f"job-{number}"))
    for name, jobs in {"search": 3, "search-2": 1, "search-3": 1}.items():
        sagemaker.create_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=name,
            HyperParameterTuningJobConfig={
                "Strategy": "Random",
                "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:rmse"},
                "ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": 1},
                "ParameterRanges": {
                    "ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.1", "MaxValue": "0.5"}]
                },
            },
            TrainingJobDefinition={
                "StaticHyperParameters": {"objective": "reg:squarederror", "num_round": "2"},
                **definition(),
            },
        )
    for name in ("engines", "second", "third"):
        resource = instances_of(name)
        scaling.register_scalable_target(**resource, MinCapacity=2, MaxCapacity=2)
        put_policy(scaling, endpoint=name)
        scaling.put_scheduled_action(
            **resource,
            ScheduledActionName="night",
            Schedule="cron(0 22 * * ? *)",
            ScalableTargetAction={"MinCapacity": 1, "MaxCapacity": 1},
        )
    region.advance(1200)
    cloudwatch, logs = clients("cloudwatch"), clients("logs")
    for number in range(3):
        cloudwatch.put_metric_data(
            Namespace="Engines",
            MetricData=[
                {"MetricName": f"Load{number}", "Value": 1.0, "Timestamp": region.now() - timedelta(minutes=5)}
            ],
        )
        cloudwatch.put_dashboard(DashboardName=f"dashboard-{number}", DashboardBody='{"widgets": []}')
        logs.create_log_group(logGroupName=f"group-{number}")
        logs.create_log_stream(logGroupName=GROUP, logStreamName=f"stream-{number}")
        logs.put_log_events(
            logGroupName=GROUP,
            logStreamName=f"stream-{number}",
            logEvents=[{"timestamp": int(region.now().timestamp() * 1000), "message": "told"}],
        )
        cloudwatch.put_metric_alarm(
            AlarmName=f"alarm-{number}",
            Namespace="Engines",
            MetricName=f"Load{number}",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0.0,
            ComparisonOperator="GreaterThanThreshold",
        )
    quotas = clients("service-quotas")
    listed = quotas.list_service_quotas(ServiceCode="sagemaker", MaxResults=3)["Quotas"]
    for code in {QUOTA, *(quota["QuotaCode"] for quota in listed)}:
        quotas.request_service_quota_increase(ServiceCode="sagemaker", QuotaCode=code, DesiredValue=100)
    region.advance(300)


def _paginated(installation: Installation) -> list[tuple[str, str, dict[str, Any]]]:
    """Every operation of the region for which botocore has a paginator, and the paginator's model."""
    loader = Loader()
    return [
        (name, operation, model)
        for name, service in installation.services.items()
        if name in loader.list_available_services("paginators-1")
        for operation, model in loader.load_service_model(name, "paginators-1")["pagination"].items()
        if operation in service.operations
    ]


def test_every_paginator_gives_every_item_once(installation: Installation, clients: Clients, trainer: Trainer) -> None:
    region = installation.region
    _populate(clients, region)
    assert trainer.wait_until_idle(60)
    paginated = _paginated(installation)
    assert {"ListEndpoints", "DescribeScalingActivities", "GetMetricData", "FilterLogEvents", "GetProducts"} <= {
        operation for _, operation, _ in paginated
    }
    for service, operation, model in paginated:
        members = dict(REQUIRED.get((service, operation), {}))
        if operation == "GetMetricData":  # whose pages share a metric's values among them
            continue
        whole = _items(clients(service), operation, model, members, {})
        smallest_pages = _items(clients(service), operation, model, members, _smallest_pages(service, operation, model))
        assert smallest_pages == whole, operation
        assert len(whole) >= FEWER.get(operation, 3), operation
        assert len(whole) == len(set(whole)), operation


def test_the_pages_of_metric_data_hold_every_value_once(clients: Clients, region: Region) -> None:
    cloudwatch = clients("cloudwatch")
    for minute in range(3):
        for number in range(3):
            value = float(10 * number + minute)
            cloudwatch.put_metric_data(
                Namespace="Engines",
                MetricData=[{"MetricName": f"Load{number}", "Value": value, "Timestamp": region.now()}],
            )
        region.advance(60)
    found: dict[str, list[float]] = {}
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        **_metric_query(region), PaginationConfig={"PageSize": 1}
    )
    for page in pages:
        for result in page["MetricDataResults"]:
            found.setdefault(result["Id"], []).extend(result["Values"])
    assert found == {f"m{number}": [10.0 * number + minute for minute in (2, 1, 0)] for number in range(3)}


def _smallest_pages(service: str, operation: str, model: dict[str, Any]) -> dict[str, int]:
    """Pages of one item, or of as few as the operation lets one ask for."""
    if "limit_key" not in model:
        return {}
    operation_model = models.operation_model(service, operation)
    assert operation_model is not None
    assert operation_model.input_shape is not None
    limit = operation_model.input_shape.members[model["limit_key"]]
    return {"PageSize": max(1, limit.metadata.get("min", 1))}


def _items(
    client: Any, operation: str, model: dict[str, Any], members: dict[str, Any], pages: dict[str, int]
) -> list[str]:
    method = next(python for python, name in client.meta.method_to_api_mapping.items() if name == operation)
    paginator = client.get_paginator(method).paginate(**members, PaginationConfig=pages)
    keys = model["result_key"] if isinstance(model["result_key"], list) else [model["result_key"]]
    items = [item for page in paginator for key in keys for item in page.get(key, [])]
    return [json.dumps(item, default=str, sort_keys=True) for item in items]


def _metric_query(region: Region) -> dict[str, Any]:
    return {
        "MetricDataQueries": [
            {
                "Id": f"m{number}",
                "MetricStat": {
                    "Metric": {"Namespace": "Engines", "MetricName": f"Load{number}"},
                    "Period": 60,
                    "Stat": "Sum",
                },
            }
            for number in range(3)
        ],
        "StartTime": region.now() - timedelta(hours=1),
        "EndTime": region.now(),
    }
