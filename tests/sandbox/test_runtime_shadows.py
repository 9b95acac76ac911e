"""Shadow variants: copies of requests, whose answers and failures nobody waits for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from cmapss_sandbox.region import Region
from cmapss_sandbox.services.serving import shadowing
from cmapss_sandbox.services.serving.container import Container
from cmapss_sandbox.services.serving.fleet import fleet_of
from cmapss_sandbox.services.serving.payloads import ContainerError
from cmapss_sandbox.services.serving.shadowing import ShadowQueue
from tests.sandbox.artefacts import production_variant
from tests.sandbox.boosters import artefact, as_csv, random_rows, serve
from tests.sandbox.conftest import Clients
from tests.sandbox.invoking import invoke, metric

BODY = as_csv(random_rows(1))
CAPTURE = {
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://captures/",
    "CaptureOptions": [{"CaptureMode": "Output"}],
    "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]},
}


@pytest.fixture
def shadowed(clients: Clients, region: Region) -> Callable[..., None]:
    """Puts an endpoint into service whose shadow, another model, is to get that share of the traffic."""

    def create(share: float, **config: Any) -> None:
        region.objects.put("models", "shadow/model.tar.gz", artefact(1))
        serve(clients("sagemaker"), region, "template", seeds=(1,))
        shadow = production_variant("template-1", VariantName="candidate", InitialVariantWeight=share)
        serve(clients("sagemaker"), region, ShadowProductionVariants=[shadow], **config)

    return create


def test_a_shadow_gets_its_share_of_the_requests_and_measures_them(
    clients: Clients, region: Region, shadowed: Callable[..., None]
) -> None:
    shadowed(0.5)
    expected = invoke(clients("sagemaker-runtime"), BODY, EndpointName="template")["Body"].read()
    answers = [invoke(clients("sagemaker-runtime"), BODY) for _ in range(6)]
    fleet_of(region).shadow_queue.join()
    region.advance(60)
    assert {answer["InvokedProductionVariant"] for answer in answers} == {"AllTraffic"}
    assert expected not in {answer["Body"].read() for answer in answers}
    assert metric(clients, region, "Invocations", "Sum")[-1] == 6
    assert metric(clients, region, "Invocations", "Sum", "candidate")[-1] == 3
    assert metric(clients, region, "ModelLatency", "SampleCount", "candidate")[-1] == 3


def test_what_a_shadow_answers_is_captured_apart(
    clients: Clients, region: Region, shadowed: Callable[..., None]
) -> None:
    region.objects.create_bucket("captures")
    shadowed(1.0, DataCaptureConfig=CAPTURE)
    invoke(clients("sagemaker-runtime"), BODY)
    fleet_of(region).shadow_queue.join()
    region.advance(120)
    records = {
        key.split("/")[1]: json.loads(region.objects.get("captures", key)) for key in region.objects.keys("captures")
    }
    assert records.keys() == {"AllTraffic", "candidate"}
    assert records["candidate"]["eventMetadata"]["invocationSource"] == "ShadowExperiment"
    assert "invocationSource" not in records["AllTraffic"]["eventMetadata"]
    answers = {record["captureData"]["endpointOutput"]["data"] for record in records.values()}
    assert len(answers) == 2


def test_a_failing_shadow_is_its_own_affair(
    clients: Clients, region: Region, shadowed: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shadowed(1.0)
    production = invoke(clients("sagemaker-runtime"), BODY)["Body"].read()
    fleet_of(region).shadow_queue.join()
    answer = Container.invoke

    def failing(container: Container, *arguments: Any) -> Any:
        found = answer(container, *arguments)
        if found.body != production:
            raise ContainerError(500, "the candidate is broken")
        return found

    monkeypatch.setattr(Container, "invoke", failing)
    assert invoke(clients("sagemaker-runtime"), BODY)["Body"].read() == production
    fleet_of(region).shadow_queue.join()
    region.advance(60)
    assert metric(clients, region, "InvocationModelErrors", "Sum")[-1] == 0
    assert metric(clients, region, "InvocationModelErrors", "Sum", "candidate")[-1] == 1
    [event] = clients("logs").filter_log_events(
        logGroupName="/aws/sagemaker/Endpoints/engines", filterPattern='"is broken"'
    )["events"]
    assert event["logStreamName"].startswith("candidate/i-")


def test_copies_that_nobody_gets_to_are_dropped_and_a_crash_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import threading

    monkeypatch.setattr(shadowing, "_LONGEST_QUEUE", 2)
    queue, begun, released, done = ShadowQueue(), threading.Event(), threading.Event(), []

    def slow() -> None:
        begun.set()
        assert released.wait(timeout=20)
        raise ZeroDivisionError

    assert queue.put(slow)
    assert begun.wait(timeout=20)
    assert [queue.put(lambda: done.append(1)) for _ in range(3)] == [True, True, False]
    released.set()
    queue.join()
    assert done == [1, 1]
    assert "A copy of a request for a shadow variant failed" in caplog.text
