"""Whatever is asked of an endpoint, in whatever order, and whatever goes wrong meanwhile: what always holds."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.region import Region, RequestContext
from cmapss_sandbox.services import install
from cmapss_sandbox.services.sagemaker.serving import serving
from tests.sandbox.artefacts import IMAGE, ROLE, production_variant
from tests.sandbox.boosters import artefact
from tests.sandbox.conftest import NOON
from tests.sandbox.endpoints import ALARM, M5, blue_green, rolling, with_alarms

CONTEXT = RequestContext("", "", "sandbox", Region.name, {}, "request")
CONFIGS = ("one", "two", "three")
KEYS = ("good", "other")

# Section 2.1 of AWS's life of an endpoint; None is an endpoint that is not there.
LEGAL: Mapping[str | None, frozenset[str | None]] = {
    None: frozenset({"Creating"}),
    "Creating": frozenset({"InService", "Failed"}),
    "InService": frozenset({"Updating", "SystemUpdating", "OutOfService", "Deleting"}),
    "Updating": frozenset({"InService", "RollingBack", "UpdateRollbackFailed", "Failed"}),
    "RollingBack": frozenset({"InService", "UpdateRollbackFailed", "Failed"}),
    "SystemUpdating": frozenset({"InService"}),
    "UpdateRollbackFailed": frozenset({"Updating", "Deleting"}),
    "OutOfService": frozenset({"InService", "Deleting"}),
    "Failed": frozenset({"Deleting"}),
    "Deleting": frozenset({None}),
}
IN_PROGRESS = frozenset({"Creating", "Updating", "RollingBack", "SystemUpdating", "Deleting"})
SERVING = frozenset({"InService", "Updating", "RollingBack", "SystemUpdating", "UpdateRollbackFailed"})
ALLOWED_STAGES = frozenset({"Creating", "Updating", "Deleting", "ActivatingTraffic", "Baking"})

# Region minutes that pass after a call: none, some of a deployment, or all of it.
minutes = st.sampled_from([0, 6, 9, 12, 18, 30, 180])
policies = st.sampled_from(
    [
        None,
        blue_green("ALL_AT_ONCE", termination=300),
        blue_green("CANARY", wait=120, CanarySize="30%"),
        blue_green("LINEAR", wait=60, LinearStepSize="40%", MaximumExecutionTimeoutInSeconds=900),
        rolling("50%", wait=60),
        rolling("20%", back="30%"),
        rolling("50%", wait=300, MaximumExecutionTimeoutInSeconds=1200),
        rolling(1),
    ]
)


class Endpoint(RuleBasedStateMachine):
    """One endpoint under random calls, alarms, shortages and losses; time passes event by event."""

    @initialize(mixed=st.booleans())
    def start(self, mixed: bool) -> None:
        """An endpoint in service, or one whose update and its roll-back have both failed."""
        self.folder = TemporaryDirectory()
        self.open()
        self.status: str | None = None
        self.served = False
        self.deploying = False
        call, region = self.call, self.region
        for key in KEYS:
            region.objects.put("models", f"{key}/model.tar.gz", artefact())
            container = {"Image": IMAGE, "ModelDataUrl": f"s3://models/{key}/model.tar.gz"}
            call("CreateModel", ModelName=key, ExecutionRoleArn=ROLE, PrimaryContainer=container)
        first = production_variant("good", InitialInstanceCount=3, InitialVariantWeight=1.0)
        second = production_variant("other", InitialInstanceCount=2, InitialVariantWeight=2.0)
        pair = [
            {**first, "InitialInstanceCount": 1},
            {**second, "VariantName": "second", "InstanceType": "ml.c5.large"},
        ]
        for name, variants in zip(CONFIGS, ([first], [second], pair), strict=True):
            call("CreateEndpointConfig", EndpointConfigName=name, ProductionVariants=variants)
        call("PutMetricAlarm", service="cloudwatch", AlarmName="errors", TreatMissingData="ignore", **ALARM)
        region.controls["quotas"](region, {M5: 9})
        self.change("CreateEndpoint", "Creating", EndpointConfigName="one")
        self.wait(11)
        if mixed:
            self.update("two", rolling("50%", wait=300), alarmed=True, retain=False, then=18)
            for key in KEYS:
                self.loss(key, None, 0)
            self.alarm(30)
            assert self.status == "UpdateRollbackFailed"
            self.mend()

    def open(self) -> None:
        self.region = Region(Path(self.folder.name), paused=True, now=NOON, strict=True)
        self.services = install(self.region)

    def call(self, operation: str, *, service: str = "sagemaker", **members: Any) -> Any:
        with self.region.transaction():
            return self.services[service].operations[operation](self.region, members, CONTEXT)

    def change(self, operation: str, becomes: str, **members: Any) -> None:
        """Ask for a change of the endpoint: it is made when that is legal, and else nothing is changed at all."""
        before = self.region.table("endpoints").get("engines")
        refused = None
        try:
            self.call(operation, EndpointName="engines", **members)
        except AwsError as error:
            refused = error.code
        if refused is not None:
            assert refused in ("ValidationException", "ResourceLimitExceeded")
            assert self.region.table("endpoints").get("engines") == before
            return
        assert self.status not in IN_PROGRESS
        assert before is None or "FailureReason" not in self.region.table("endpoints")["engines"]
        assert self.region.table("endpoints")["engines"]["EndpointStatus"] == becomes
        self.deploying = operation in ("CreateEndpoint", "UpdateEndpoint")
        self.look()

    @rule(config=st.sampled_from(CONFIGS), then=minutes)
    def create(self, config: str, then: int) -> None:
        self.change("CreateEndpoint", "Creating", EndpointConfigName=config)
        self.wait(then)

    @rule(config=st.sampled_from(CONFIGS), policy=policies, alarmed=st.booleans(), retain=st.booleans(), then=minutes)
    def update(self, config: str, policy: dict[str, Any] | None, alarmed: bool, retain: bool, then: int) -> None:
        asked = with_alarms(policy or {}, "errors") if alarmed else policy
        members: dict[str, Any] = {} if asked is None else {"DeploymentConfig": asked}
        members["RetainAllVariantProperties"] = retain
        self.change("UpdateEndpoint", "Updating", EndpointConfigName=config, **members)
        self.wait(then)

    @rule(
        variant=st.sampled_from(["AllTraffic", "second"]), count=st.integers(0, 5), weight=st.floats(0, 2), then=minutes
    )
    def rescale(self, variant: str, count: int, weight: float, then: int) -> None:
        change = {"VariantName": variant, "DesiredInstanceCount": count, "DesiredWeight": weight}
        self.change("UpdateEndpointWeightsAndCapacities", "Updating", DesiredWeightsAndCapacities=[change])
        self.wait(then)

    @rule(then=minutes)
    def delete(self, then: int) -> None:
        self.change("DeleteEndpoint", "Deleting")
        self.wait(then)

    @rule(act=st.sampled_from(["system_update", "out_of_service", "in_service", "fail"]), then=minutes)
    def control(self, act: str, then: int) -> None:
        with suppress(ValueError):
            self.region.controls["endpoints"](self.region, {act: "engines"})
            self.deploying = False
        self.look()
        self.wait(then)

    @rule(then=minutes)
    def alarm(self, then: int) -> None:
        self.alarm_is("ALARM")
        self.wait(then)
        self.alarm_is("OK")

    @rule(left=st.sampled_from([0, 1, 2]), then=minutes)
    def shortage(self, left: int, then: int) -> None:
        self.region.controls["capacity"](self.region, {M5: left})
        self.wait(then)

    @rule(key=st.sampled_from(KEYS), body=st.sampled_from([None, b"garbage"]), then=minutes)
    def loss(self, key: str, body: bytes | None, then: int) -> None:
        if body is None:
            self.region.objects.delete("models", f"{key}/model.tar.gz")
        else:
            self.region.objects.put("models", f"{key}/model.tar.gz", body)
        self.wait(then)

    @rule()
    def mend(self) -> None:
        for key in KEYS:
            self.region.objects.put("models", f"{key}/model.tar.gz", artefact())
        self.region.controls["capacity"](self.region, {M5: None})

    @rule()
    def restart(self) -> None:
        self.region.close()
        self.open()

    def alarm_is(self, state: str) -> None:
        self.call("SetAlarmState", service="cloudwatch", AlarmName="errors", StateValue=state, StateReason="chance")

    def wait(self, minutes: int) -> None:
        until = self.region.now() + timedelta(minutes=minutes)
        while self.region.run_next_event(until):
            self.look()
        self.region.clock.forward_to(until)

    def look(self) -> None:
        """See that the endpoint has come where it is in a legal way."""
        record = self.region.table("endpoints").get("engines")
        now = None if record is None else record["EndpointStatus"]
        if now != self.status:
            assert now in LEGAL[self.status], f"{self.status} became {now}"
        self.status = now
        self.served = now in SERVING if now in (None, "InService", "Failed") else self.served

    @invariant()
    def what_is_shown_is_possible(self) -> None:
        self.look()
        record = self.region.table("endpoints").get("engines")
        ends = [event for event in self.region.table("timed_events").values() if "endpoint" in event["name"]]
        assert len(ends) == (self.status in IN_PROGRESS)
        if record is None:
            assert self.region.table("tags").get("engines") is None
            return
        in_deployment = self.status in ("Creating", "Updating", "RollingBack") and self.deploying
        assert ("PendingDeploymentSummary" in record) == in_deployment
        assert ("ProductionVariants" in record) == (
            self.status not in ("Creating", "Failed")
        ) or self.status == "Deleting"
        assert (self.status in ("Failed", "UpdateRollbackFailed")) <= ("FailureReason" in record)
        pending = record.get("PendingDeploymentSummary", {}).get("ProductionVariants", [])
        for variant in (*record.get("ProductionVariants", []), *pending):
            assert variant["CurrentInstanceCount"] >= 0
            assert variant["DesiredInstanceCount"] >= 1
            assert {status["Status"] for status in variant.get("VariantStatus", [])} <= ALLOWED_STAGES
        if self.status in ("InService", "UpdateRollbackFailed"):
            assert all("VariantStatus" not in variant for variant in record["ProductionVariants"])
        if self.status == "InService":
            for variant in record["ProductionVariants"]:
                assert variant["CurrentInstanceCount"] == variant["DesiredInstanceCount"]

    @invariant()
    def what_has_served_goes_on_serving(self) -> None:
        if self.status not in SERVING:
            with pytest.raises(AwsError, match="not found"):
                serving(self.region, "engines")
            return
        assert self.served
        variants = serving(self.region, "engines").variants
        assert sum(variant.current_instances for variant in variants) > 0
        assert all(variant.current_instances > 0 for variant in variants if variant.weight > 0)
        if len({variant.config for variant in variants}) > 1:
            assert sum(variant.weight for variant in variants) == pytest.approx(1)

    def teardown(self) -> None:
        if hasattr(self, "region"):
            self.region.close()
            self.folder.cleanup()


TestEndpoint = Endpoint.TestCase
TestEndpoint.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)
