"""InvokeEndpoint through unmodified clients: predictions, refusals, and what they leave in CloudWatch."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy
import pytest
from botocore.exceptions import ClientError

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.serving import fleet
from cmapss_sandbox.services.serving.container import Container
from cmapss_sandbox.services.serving.fleet import fleet_of
from tests.sandbox.artefacts import make_endpoint
from tests.sandbox.boosters import artefact, as_csv, random_rows, serve, trained
from tests.sandbox.conftest import Clients
from tests.sandbox.invoking import invoke, metric


def held(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> tuple[threading.Event, threading.Event]:
    """Have the calls of a function set the first event, and wait for the second before they are carried out."""
    begun, released = threading.Event(), threading.Event()
    carry_out = getattr(owner, name)

    def wait(*arguments: Any) -> Any:
        begun.set()
        assert released.wait(timeout=20)
        return carry_out(*arguments)

    monkeypatch.setattr(owner, name, wait)
    return begun, released


def test_an_endpoint_answers_with_what_its_model_predicts(clients: Clients, region: Region, runtime: Any) -> None:
    import xgboost

    serve(clients("sagemaker"), region)
    rows = random_rows(100)
    answer = invoke(runtime, as_csv(rows), Accept="text/csv")
    assert answer["ContentType"] == "text/csv; charset=utf-8"
    assert answer["InvokedProductionVariant"] == "AllTraffic"
    values = numpy.array(answer["Body"].read().split(), dtype=numpy.float32)
    numpy.testing.assert_array_equal(values, trained().predict(xgboost.DMatrix(numpy.array(rows))))


def test_without_a_content_type_a_payload_is_libsvm(clients: Clients, region: Region, runtime: Any) -> None:
    serve(clients("sagemaker"), region)
    body = " ".join(f"{index}:{value}" for index, value in enumerate(random_rows(1)[0])).encode()
    answer = runtime.invoke_endpoint(EndpointName="engines", Body=body)
    assert answer["Body"].read() == invoke(runtime, as_csv(random_rows(1)))["Body"].read()


@pytest.mark.parametrize("name", ["absent", "creating", "Engines"])
def test_an_endpoint_that_does_not_serve_is_not_found(
    clients: Clients, region: Region, runtime: Any, name: str
) -> None:
    serve(clients("sagemaker"), region)
    make_endpoint(clients("sagemaker"), region, "creating")
    message = rf"\(ValidationError\).*: Endpoint {name} of account 000000000000 not found\.$"
    with pytest.raises(ClientError, match=message):
        invoke(runtime, b"1", EndpointName=name)


def test_a_refusal_of_the_container_is_a_model_error(clients: Clients, region: Region, runtime: Any) -> None:
    serve(clients("sagemaker"), region)
    with pytest.raises(ClientError) as refusal:
        invoke(runtime, b"1,2\n3")
    answer: dict[str, Any] = {**refusal.value.response}
    assert answer["Error"]["Code"] == "ModelError"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert answer["OriginalStatusCode"] == 415
    assert answer["OriginalMessage"].startswith("Loading csv data failed with Exception")
    assert answer["Error"]["Message"].startswith('Received client error (415) from primary with message "Loading csv')
    group = "/aws/sagemaker/Endpoints/engines"
    assert answer["LogStreamArn"] == f"arn:aws:logs:us-east-1:000000000000:log-group:{group}"
    [event] = clients("logs").filter_log_events(logGroupName=group, filterPattern='"Loading csv"')["events"]
    assert event["message"] == answer["OriginalMessage"]
    assert event["logStreamName"].startswith("AllTraffic/i-")


def test_a_payload_above_six_mebibytes_is_refused(clients: Clients, region: Region, runtime: Any) -> None:
    serve(clients("sagemaker"), region)
    with pytest.raises(ClientError, match=r"\(413\).*HTTP content length exceeded 6291456 bytes\.$") as refusal:
        invoke(runtime, b"1" * 6_291_457)
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_traffic_is_split_by_weight_and_the_target_variant_overrules_it(
    clients: Clients, region: Region, runtime: Any
) -> None:
    serve(clients("sagemaker"), region, seeds=(0, 1))
    clients("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName="engines", DesiredWeightsAndCapacities=[{"VariantName": "v0", "DesiredWeight": 3}]
    )
    region.advance(60)
    body = as_csv(random_rows(1))
    invoked = [invoke(runtime, body)["InvokedProductionVariant"] for _ in range(8)]
    assert invoked == ["v0", "v0", "v1", "v0"] * 2
    answers = {name: invoke(runtime, body, TargetVariant=name) for name in ("v0", "v1")}
    assert {name: answer["InvokedProductionVariant"] for name, answer in answers.items()} == {"v0": "v0", "v1": "v1"}
    assert answers["v0"]["Body"].read() != answers["v1"]["Body"].read()
    with pytest.raises(ClientError, match=r"ValidationError.*Variant v2 of endpoint engines not found"):
        invoke(runtime, body, TargetVariant="v2")
    region.advance(60)
    assert metric(clients, region, "Invocations", "Sum", "v0")[-1] == 7
    assert metric(clients, region, "Invocations", "Sum", "v1")[-1] == 3


def test_a_slow_prediction_keeps_nobody_else_waiting(
    clients: Clients, region: Region, runtime: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(clients("sagemaker"), region)
    begun, released = held(monkeypatch, Container, "invoke")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(invoke, runtime, as_csv(random_rows(1)))
        assert begun.wait(timeout=20)
        assert clients("sagemaker").describe_endpoint(EndpointName="engines")["EndpointStatus"] == "InService"
        region.advance(60)
        assert not answer.done()
        released.set()
        assert answer.result()["InvokedProductionVariant"] == "AllTraffic"


def test_concurrent_invocations_are_all_right_and_all_counted(clients: Clients, region: Region, runtime: Any) -> None:
    serve(clients("sagemaker"), region)
    rows = random_rows(64)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda row: invoke(runtime, as_csv([row]))["Body"].read(), rows))
    assert b"".join(answers) == invoke(runtime, as_csv(rows))["Body"].read()
    region.advance(60)
    assert metric(clients, region, "Invocations", "Sum")[-1] == 65


def test_another_model_answers_once_the_update_is_done(clients: Clients, region: Region, runtime: Any) -> None:
    sagemaker = clients("sagemaker")
    serve(sagemaker, region)
    body = as_csv(random_rows(1))
    before = invoke(runtime, body)["Body"].read()
    # The same key holds another artefact: what serves already does not care, what is deployed anew does.
    region.objects.put("models", "engines-0/model.tar.gz", artefact(1))
    assert invoke(runtime, body)["Body"].read() == before
    sagemaker.create_endpoint_config(
        EndpointConfigName="second",
        ProductionVariants=sagemaker.describe_endpoint_config(EndpointConfigName="engines")["ProductionVariants"],
    )
    sagemaker.update_endpoint(EndpointName="engines", EndpointConfigName="second")
    assert invoke(runtime, body)["Body"].read() == before
    region.advance(11 * 60)
    assert invoke(runtime, body)["Body"].read() != before


def test_every_instance_has_its_log_stream(clients: Clients, region: Region) -> None:
    sagemaker, group = clients("sagemaker"), "/aws/sagemaker/Endpoints/engines"
    make_endpoint(sagemaker, region)
    assert clients("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"] == []
    region.advance(11 * 60)
    assert len(clients("logs").describe_log_streams(logGroupName=group)["logStreams"]) == 1
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="engines", DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 3}]
    )
    region.advance(5 * 60)
    streams = clients("logs").describe_log_streams(logGroupName=group)["logStreams"]
    assert len({stream["logStreamName"] for stream in streams}) == 3


def test_instances_take_turns_and_are_counted(clients: Clients, region: Region, runtime: Any) -> None:
    serve(clients("sagemaker"), region)
    clients("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName="engines", DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 3}]
    )
    region.advance(10 * 60)
    for _ in range(7):
        invoke(runtime, as_csv(random_rows(1)))
    for _ in range(3):
        with pytest.raises(ClientError):
            invoke(runtime, b"a,b")
    counted = region.reports()["invocations_by_instance"]["engines"]["AllTraffic"]
    assert sorted(counted.values()) == [3, 3, 4]
    events = clients("logs").filter_log_events(
        logGroupName="/aws/sagemaker/Endpoints/engines", filterPattern='"Loading csv"'
    )["events"]
    assert {event["logStreamName"] for event in events} == {f"AllTraffic/{instance}" for instance in counted}
    clients("sagemaker").delete_endpoint(EndpointName="engines")
    assert region.reports()["invocations_by_instance"] == {}


def test_a_model_that_loads_keeps_no_other_endpoint_waiting(
    clients: Clients, region: Region, runtime: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(clients("sagemaker"), region)
    serve(clients("sagemaker"), region, "slow")
    body = as_csv(random_rows(1))
    # Once it has answered, nothing loads its model in the background any more.
    expected = invoke(runtime, body, EndpointName="slow")["Body"].read()
    fleet_of(region).forget("slow")
    begun, released = held(monkeypatch, fleet, "start_container")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(invoke, runtime, body, EndpointName="slow")
        assert begun.wait(timeout=20)
        assert invoke(runtime, body)["Body"].read() == expected
        assert not answer.done()
        released.set()
        assert answer.result()["Body"].read() == expected


def test_the_fleet_of_a_region_is_one(region: Region) -> None:
    assert fleet_of(region) is fleet_of(region)
