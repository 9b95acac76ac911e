"""What invocations and idle minutes leave in CloudWatch, per variant, per config and of the instances themselves."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.sagemaker.serving import serving
from cmapss_sandbox.services.serving.container import Container
from tests.sandbox.artefacts import make_endpoint
from tests.sandbox.boosters import as_csv, random_rows, serve
from tests.sandbox.conftest import Clients
from tests.sandbox.invoking import invoke, metric

INSTANCES = "/aws/sagemaker/Endpoints"


def test_invocations_leave_their_metrics_at_the_end_of_the_minute(
    clients: Clients, region: Region, runtime: Any
) -> None:
    serve(clients("sagemaker"), region)
    clients("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName="engines", DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 3}]
    )
    region.advance(5 * 60)
    for _ in range(6):
        invoke(runtime, as_csv(random_rows(10)))
    for body in (b"1,2\n3", as_csv([[1.0] * 26])):
        with pytest.raises(ClientError):
            invoke(runtime, body)
    assert metric(clients, region, "Invocations", "Sum")[-1] == 0, "the minute is not over"
    region.advance(60)
    assert metric(clients, region, "Invocations", "Sum")[-2:] == [0, 8]
    assert metric(clients, region, "InvocationsPerInstance", "Sum")[-1] == pytest.approx(8 / 3)
    assert metric(clients, region, "Invocation4XXErrors", "Sum")[-1] == 2
    assert metric(clients, region, "Invocation4XXErrors", "Average")[-1] == 0.25
    assert metric(clients, region, "Invocation5XXErrors", "Sum")[-1] == 0
    assert metric(clients, region, "InvocationModelErrors", "Sum")[-1] == 2
    [latency] = metric(clients, region, "ModelLatency", "p99")
    assert 50 < latency < 5_000_000, "real microseconds, and none in an idle minute"
    assert metric(clients, region, "ModelLatency", "SampleCount") == [8]
    assert metric(clients, region, "Invocations", "SampleCount")[-2:] == [1, 8]


def test_a_variant_in_service_measures_zeros_until_it_is_deleted(clients: Clients, region: Region) -> None:
    sagemaker = clients("sagemaker")
    make_endpoint(sagemaker, region)
    region.advance(5 * 60)
    assert metric(clients, region, "Invocations", "Sum") == []
    region.advance(10 * 60)
    served = metric(clients, region, "Invocations", "Sum")
    assert served == [0.0] * len(served)
    assert 4 <= len(served) <= 6
    sagemaker.delete_endpoint(EndpointName="engines")
    region.advance(5 * 60)
    assert metric(clients, region, "Invocations", "Sum") == served


def test_injected_latency_is_overhead_and_not_the_models(clients: Clients, region: Region, runtime: Any) -> None:
    serve(clients("sagemaker"), region)
    invoke(runtime, as_csv(random_rows(1)))
    region.advance(60)
    region.invoke_latency_seconds = 0.02
    invoke(runtime, as_csv(random_rows(1)))
    region.advance(60)
    assert metric(clients, region, "OverheadLatency", "Minimum")[-1] >= 20_000
    assert metric(clients, region, "ModelLatency", "Maximum")[-1] < 20_000


def test_concurrent_requests_are_measured_every_ten_seconds(
    clients: Clients, region: Region, runtime: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(clients("sagemaker"), region)
    region.advance(-region.now().timestamp() % 60)
    invoke(runtime, as_csv(random_rows(1)))
    region.advance(20)
    together, predict = threading.Barrier(3, timeout=20), Container.invoke

    def waiting(*arguments: Any) -> Any:
        together.wait()
        return predict(*arguments)

    monkeypatch.setattr(Container, "invoke", waiting)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda row: invoke(runtime, as_csv([row])), random_rows(3)))
    region.advance(40)
    assert metric(clients, region, "ConcurrentRequestsPerModel", "Maximum", period=10)[-6:] == [1, 0, 3, 0, 0, 0]
    assert metric(clients, region, "ConcurrentRequestsPerModel", "SampleCount")[-2:] == [6, 6]


def test_instances_measure_how_busy_and_how_full_they_are(clients: Clients, region: Region, runtime: Any) -> None:
    serve(clients("sagemaker"), region)
    region.advance(60)
    invoke(runtime, as_csv(random_rows(1)))
    region.advance(60)
    busy = metric(clients, region, "ModelLatency", "Sum")[-1] / 60e6 * 100
    utilization = metric(clients, region, "CPUUtilization", "Average", namespace=INSTANCES)
    assert utilization[-2] == 0
    assert utilization[-1] == pytest.approx(busy)
    memory = metric(clients, region, "MemoryUtilization", "Average", namespace=INSTANCES)
    assert len(set(memory)) == 1
    assert 3 < memory[0] < 5, "four workers with XGBoost in 16 GiB"
    [disk] = set(metric(clients, region, "DiskUtilization", "Average", namespace=INSTANCES))
    assert 0 < disk < 1


def test_configs_are_measured_apart_when_a_deployment_has_had_guardrails(
    clients: Clients, region: Region, runtime: Any
) -> None:
    sagemaker, body = clients("sagemaker"), as_csv(random_rows(1))
    serve(sagemaker, region)
    invoke(runtime, body)
    region.advance(60)
    assert metric(clients, region, "Invocations", "Sum", config="engines") == []
    sagemaker.create_endpoint_config(
        EndpointConfigName="second",
        ProductionVariants=sagemaker.describe_endpoint_config(EndpointConfigName="engines")["ProductionVariants"],
    )
    half = {"Type": "CAPACITY_PERCENT", "Value": 50}
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="engines", DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 2}]
    )
    region.advance(5 * 60)
    sagemaker.update_endpoint(
        EndpointName="engines",
        EndpointConfigName="second",
        RetainAllVariantProperties=True,
        DeploymentConfig={
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": {
                    "Type": "CANARY",
                    "CanarySize": half,
                    "WaitIntervalInSeconds": 600,
                }
            }
        },
    )
    while len(serving(region, "engines").variants) < 2:
        region.advance(60)
    for _ in range(4):
        invoke(runtime, body)
    region.advance(60)
    assert metric(clients, region, "Invocations", "Sum")[-1] == 4
    apart = [metric(clients, region, "Invocations", "Sum", config=config)[-1] for config in ("engines", "second")]
    assert sum(apart) == 4
    assert min(apart) >= 1
    region.advance(20 * 60)
    assert metric(clients, region, "Invocations", "Sum", config="second")[-1] == 0, "and ever since"
