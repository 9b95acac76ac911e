"""Random legal and illegal calls to all services at once: no failure of the sandbox's own, no impossible status, and
nothing left of an endpoint that is gone.

`CMAPSS_CAMPAIGN=200` runs that many regions rather than the few of the short version.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from botocore.exceptions import ClientError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cmapss_sandbox.region import Region
from cmapss_sandbox.services import Service, install
from cmapss_sandbox.wire import models
from cmapss_sandbox.wire.dispatch import application
from tests.sandbox.artefacts import IMAGE, ROLE, definition, put_channels
from tests.sandbox.boosters import as_csv, random_rows
from tests.sandbox.conftest import NOON
from tests.sandbox.random_calls import MODELS, deployment_configs, names, production_variants, small, variants, wire
from tests.sandbox.shapes import values_of

# What an endpoint's status may become, as SageMaker's developer guide describes the statuses.
LEGAL = {
    None: {"Creating"},
    "Creating": {"InService", "Failed"},
    "InService": {"Updating", "SystemUpdating", "Deleting", "OutOfService"},
    "Updating": {"InService", "RollingBack", "Failed", "UpdateRollbackFailed", "OutOfService"},
    "SystemUpdating": {"InService", "OutOfService"},
    "RollingBack": {"InService", "UpdateRollbackFailed", "Failed"},
    "UpdateRollbackFailed": {"Updating", "Deleting", "SystemUpdating"},
    "OutOfService": {"InService", "Updating", "Deleting"},
    "Failed": {"Deleting"},
    "Deleting": {"gone"},
}
DIMENSION = "sagemaker:variant:DesiredInstanceCount"


def known_operations() -> list[tuple[str, str]]:
    """Every operation of every service that the sandbox has."""
    with TemporaryDirectory() as folder:
        region = Region(Path(folder), paused=True, now=NOON)
        services: dict[str, Service] = install(region)
        region.close()
    return sorted((service.name, operation) for service in services.values() for operation in service.operations)


class WholeRegion(RuleBasedStateMachine):
    """An operator, a stranger and time, all at one region."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.region = Region(Path(self.folder.name), paused=True, now=NOON, strict=True)
        self.services = install(self.region)
        wire().application = application(self.region, self.services)
        self.illegal: list[str] = []
        self._watch_statuses()

    def _watch_statuses(self) -> None:
        """See every status that is ever written, not only those that a call would show."""
        write, endpoints = self.region.store.write, self.region.table("endpoints")

        def watched(collection: str, key: str, record: Mapping[str, Any] | None) -> None:
            if collection == "endpoints":
                before = endpoints[key]["EndpointStatus"] if key in endpoints else None
                after = record["EndpointStatus"] if record is not None else "gone"
                if before != after and after not in LEGAL[before]:
                    self.illegal.append(f"{key}: {before} → {after}")
            write(collection, key, record)

        self.region.store.write = watched  # type: ignore[method-assign]

    def call(self, service: str, operation: str, **members: Any) -> dict[str, Any] | ClientError:
        return wire().call(service, operation, members)

    # The operator

    @initialize()
    def some_models(self) -> None:
        put_channels(self.region)
        for name, archive in MODELS.items():
            self.region.objects.put("models", f"{name}/model.tar.gz", archive)
            self.create_model(name, f"s3://models/{name}/model.tar.gz")
        for name in ("engines", "turbines"):
            self.call(
                "sagemaker",
                "CreateEndpointConfig",
                EndpointConfigName=name,
                ProductionVariants=[
                    {
                        "VariantName": "AllTraffic",
                        "ModelName": "good",
                        "InstanceType": "ml.m5.xlarge",
                        "InitialInstanceCount": 1,
                    }
                ],
            )
        self.create_endpoint("engines", "engines")
        self.pass_time(660)

    @rule(name=names, url=st.sampled_from(("s3://models/good/model.tar.gz", "s3://nowhere/model.tar.gz", "http://x")))
    def create_model(self, name: str, url: str) -> None:
        container = {"Image": IMAGE, "ModelDataUrl": url}
        self.call("sagemaker", "CreateModel", ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)

    @rule(name=names, variants=production_variants())
    def create_config(self, name: str, variants: list[dict[str, Any]]) -> None:
        self.call("sagemaker", "CreateEndpointConfig", EndpointConfigName=name, ProductionVariants=variants)

    @rule(name=names, config=names)
    def create_endpoint(self, name: str, config: str) -> None:
        self.call("sagemaker", "CreateEndpoint", EndpointName=name, EndpointConfigName=config)

    @rule(
        name=names,
        config=names,
        retain=st.booleans(),
        deployment=st.none() | deployment_configs(),
    )
    def update_endpoint(self, name: str, config: str, retain: bool, deployment: dict[str, Any] | None) -> None:
        members: dict[str, Any] = {"EndpointName": name, "EndpointConfigName": config}
        members |= {"RetainAllVariantProperties": retain}
        members |= {"DeploymentConfig": deployment} if deployment else {}
        self.call("sagemaker", "UpdateEndpoint", **members)

    @rule(name=names, variant=variants, count=st.none() | small, weight=st.none() | st.sampled_from((0.0, 1.0, -1.0)))
    def rescale(self, name: str, variant: str, count: int | None, weight: float | None) -> None:
        change: dict[str, Any] = {"VariantName": variant}
        change |= {} if count is None else {"DesiredInstanceCount": count}
        change |= {} if weight is None else {"DesiredWeight": weight}
        self.call(
            "sagemaker",
            "UpdateEndpointWeightsAndCapacities",
            EndpointName=name,
            DesiredWeightsAndCapacities=[change],
        )

    @rule(operation=st.sampled_from(("DeleteEndpoint", "DeleteEndpointConfig", "DeleteModel")), name=names)
    def delete(self, operation: str, name: str) -> None:
        self.call("sagemaker", operation, **{f"{operation.removeprefix('Delete')}Name": name})

    @rule(name=names, variant=variants, minimum=small, maximum=small, suspended=st.booleans())
    def register(self, name: str, variant: str, minimum: int, maximum: int, suspended: bool) -> None:
        self.call(
            "application-autoscaling",
            "RegisterScalableTarget",
            **self.scalable(name, variant),
            MinCapacity=minimum,
            MaxCapacity=maximum,
            SuspendedState={"DynamicScalingInSuspended": suspended},
        )

    @rule(name=names, variant=variants, value=st.sampled_from((10.0, 1.0, 0.0)), policy=st.sampled_from(("p", "q")))
    def track(self, name: str, variant: str, value: float, policy: str) -> None:
        metric = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
        self.call(
            "application-autoscaling",
            "PutScalingPolicy",
            **self.scalable(name, variant),
            PolicyName=policy,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={"TargetValue": value, "PredefinedMetricSpecification": metric},
        )

    @rule(name=names, variant=variants, policy=st.sampled_from(("p", "q", None)))
    def stop_scaling(self, name: str, variant: str, policy: str | None) -> None:
        if policy is None:
            self.call("application-autoscaling", "DeregisterScalableTarget", **self.scalable(name, variant))
        else:
            self.call(
                "application-autoscaling", "DeleteScalingPolicy", PolicyName=policy, **self.scalable(name, variant)
            )

    @rule(
        name=names,
        schedule=st.sampled_from(("rate(7 minutes)", "cron(0/5 * * * ? *)", "at(2026-01-05T12:30:00)", "soon")),
        minimum=small,
        maximum=small,
    )
    def schedule(self, name: str, schedule: str, minimum: int, maximum: int) -> None:
        self.call(
            "application-autoscaling",
            "PutScheduledAction",
            **self.scalable(name, "AllTraffic"),
            ScheduledActionName="shift",
            Schedule=schedule,
            ScalableTargetAction={"MinCapacity": minimum, "MaxCapacity": maximum},
        )

    @rule(state=st.sampled_from(("OK", "ALARM", "INSUFFICIENT_DATA", "WRONG")))
    def guard(self, state: str) -> None:
        self.call(
            "cloudwatch",
            "PutMetricAlarm",
            AlarmName="guard",
            Namespace="Engines",
            MetricName="Errors",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1.0,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="ignore",
        )
        self.call("cloudwatch", "SetAlarmState", AlarmName="guard", StateValue=state, StateReason="by hand")

    @rule(name=names, count=st.integers(1, 30), rows=st.integers(0, 3), wrong=st.booleans())
    def invoke(self, name: str, count: int, rows: int, wrong: bool) -> None:
        body = b"\xff\x00nonsense" if wrong else as_csv(random_rows(rows))
        for _ in range(count):
            self.call("sagemaker-runtime", "InvokeEndpoint", EndpointName=name, ContentType="text/csv", Body=body)

    @rule(name=st.sampled_from(("search", "bad_name!")), jobs=small, strategy=st.sampled_from(("Random", "Grid", "X")))
    def tune(self, name: str, jobs: int, strategy: str) -> None:
        self.call(
            "sagemaker",
            "CreateHyperParameterTuningJob",
            HyperParameterTuningJobName=name,
            HyperParameterTuningJobConfig={
                "Strategy": strategy,
                "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:rmse"},
                "ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": 1},
                "ParameterRanges": {
                    "ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.1", "MaxValue": "0.5"}]
                },
            },
            TrainingJobDefinition={"StaticHyperParameters": {"objective": "reg:squarederror"}, **definition()},
        )
        self.call("sagemaker", "StopHyperParameterTuningJob", HyperParameterTuningJobName=name)

    # The stranger

    @rule(data=st.data())
    def anything(self, data: st.DataObject) -> None:
        """Any operation with any members that its model's types allow, some of them names that exist."""
        service, operation = data.draw(st.sampled_from(OPERATIONS))
        model = models.operation_model(service, operation)
        assert model is not None
        shape = model.input_shape
        members = data.draw(values_of(shape, all_filled=False)) if shape is not None else {}
        for member in members:
            if member.endswith("Name") and isinstance(members[member], str):
                members[member] = data.draw(names | st.just(members[member]))
        self.call(service, operation, **members)

    @rule(data=st.data(), size=st.integers(1, 3), token=st.none() | st.text("abcXYZ019+/=", min_size=1, max_size=40))
    def list_pages(self, data: st.DataObject, size: int, token: str | None) -> None:
        """Any list, page by page: it ends, and a token of one's own making is refused."""
        operation, answer, name = data.draw(st.sampled_from(LISTS))
        if token is not None:
            assert isinstance(self.call("sagemaker", operation, NextToken=token), ClientError)
            return
        found: list[str] = []
        following: dict[str, Any] = {}
        for _ in range(50):
            page = self.call("sagemaker", operation, MaxResults=size, **following)
            assert isinstance(page, dict)
            found += [row[name] for row in page[answer]]
            if "NextToken" not in page:
                break
            following = {"NextToken": page["NextToken"]}
        else:
            raise AssertionError(f"{operation} has no last page")
        assert len(found) == len(set(found))

    # Time

    @rule(seconds=st.sampled_from((1, 30, 60, 180, 660, 1800, 7200)))
    def pass_time(self, seconds: int) -> None:
        self.region.advance(seconds)

    # What always holds

    @invariant()
    def no_failure_is_the_sandboxs_own(self) -> None:
        failures = [call for call in self.region.calls if call.status >= 500 or call.code == "InternalFailure"]
        assert not failures, failures
        self.region.calls.clear()

    @invariant()
    def every_status_was_reached_legally(self) -> None:
        assert not self.illegal, self.illegal

    @invariant()
    def what_serves_has_sane_counts(self) -> None:
        for record in self.region.table("endpoints").values():
            for variant in record.get("ProductionVariants", []):
                assert variant["CurrentInstanceCount"] >= 0, record
                assert variant["DesiredInstanceCount"] >= 0, record
                assert variant["CurrentWeight"] >= 0, record

    def teardown(self) -> None:
        try:
            self._leave_nothing()
        finally:
            self.region.close()
            self.folder.cleanup()

    def _leave_nothing(self) -> None:
        """Once everything has settled and is deleted, nothing of an endpoint is left."""
        self.region.advance(6 * 3600)
        for _ in range(3):
            for name in list(self.region.table("endpoints")):
                self.call("sagemaker", "DeleteEndpoint", EndpointName=name)
            self.region.advance(3600)
        assert dict(self.region.table("endpoints")) == {}
        targets = self.call("application-autoscaling", "DescribeScalableTargets", ServiceNamespace="sagemaker")
        policies = self.call("application-autoscaling", "DescribeScalingPolicies", ServiceNamespace="sagemaker")
        alarms = self.call("cloudwatch", "DescribeAlarms", AlarmNamePrefix="TargetTracking-")
        assert isinstance(targets, dict)
        assert isinstance(policies, dict)
        assert isinstance(alarms, dict)
        assert targets["ScalableTargets"] == policies["ScalingPolicies"] == alarms["MetricAlarms"] == []
        actions = self.call("application-autoscaling", "DescribeScheduledActions", ServiceNamespace="sagemaker")
        assert isinstance(actions, dict)
        assert actions["ScheduledActions"] == []
        about = [json.dumps(event["arguments"]) for event in self.region.table("timed_events").values()]
        assert not [arguments for arguments in about if "engines" in arguments.lower() or "turbines" in arguments]
        assert not [arn for arn in self.region.table("tags") if ":endpoint/" in arn]

    @staticmethod
    def scalable(name: str, variant: str) -> dict[str, Any]:
        resource = f"endpoint/{name}/variant/{variant}"
        return {"ServiceNamespace": "sagemaker", "ResourceId": resource, "ScalableDimension": DIMENSION}


OPERATIONS = known_operations()
LISTS = (
    ("ListEndpoints", "Endpoints", "EndpointName"),
    ("ListEndpointConfigs", "EndpointConfigs", "EndpointConfigName"),
    ("ListModels", "Models", "ModelName"),
    ("ListTrainingJobs", "TrainingJobSummaries", "TrainingJobName"),
)

TestWholeRegion = WholeRegion.TestCase
TestWholeRegion.settings = settings(
    max_examples=int(os.environ.get("CMAPSS_CAMPAIGN", "12")),
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
