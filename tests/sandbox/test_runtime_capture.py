"""Data capture: what endpoints write to S3 of the requests that they answer."""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cmapss_sandbox.region import Region
from tests.sandbox.boosters import as_csv, random_rows, serve
from tests.sandbox.conftest import Clients
from tests.sandbox.invoking import invoke

CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://captures/of/engines",
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]},
}
BODY = as_csv(random_rows(2))


@pytest.fixture
def runtime(clients: Clients, region: Region) -> Any:
    region.objects.create_bucket("captures")
    return clients("sagemaker-runtime")


def captured(region: Region) -> list[dict[str, Any]]:
    """Everything in the bucket, in order."""
    lines = []
    for key in sorted(region.objects.keys("captures")):
        lines += region.objects.get("captures", key).decode().splitlines()
    return [json.loads(line) for line in lines]


def test_request_and_answer_are_a_line_of_a_file_named_by_the_regions_time(
    clients: Clients, region: Region, runtime: Any
) -> None:
    serve(clients("sagemaker"), region, DataCaptureConfig=CAPTURE)
    at = region.now()
    members = {"InferenceId": "batch-7", "CustomAttributes": "trace=1", "Accept": "application/json"}
    answer = invoke(runtime, BODY, **members)["Body"].read()
    assert captured(region) == [], "a request does not wait for S3"
    region.advance(120)
    listed = clients("s3").list_objects_v2(Bucket="captures", Prefix="of/engines/engines/AllTraffic/")["Contents"]
    [key] = [entry["Key"] for entry in listed]
    pattern = rf"of/engines/engines/AllTraffic/{at:%Y/%m/%d/%H}/{at:%M-%S}-\d{{3}}-[0-9a-f-]{{36}}\.jsonl"
    assert re.fullmatch(pattern, key)
    body = clients("s3").get_object(Bucket="captures", Key=key)["Body"].read()
    assert body.endswith(b"\n")
    [record] = captured(region)
    assert record["captureData"] == {
        "endpointInput": {
            "observedContentType": "text/csv",
            "mode": "INPUT",
            "data": BODY.decode(),
            "encoding": "CSV",
        },
        "endpointOutput": {
            "observedContentType": "application/json",
            "mode": "OUTPUT",
            "data": answer.decode(),
            "encoding": "JSON",
        },
    }
    assert record["eventVersion"] == "0"
    assert re.fullmatch(r"[0-9a-f-]{36}", record["eventMetadata"].pop("eventId"))
    assert datetime.fromisoformat(record["eventMetadata"].pop("inferenceTime")) == at.replace(microsecond=0)
    assert record["eventMetadata"] == {"inferenceId": "batch-7", "customAttributes": ["trace=1"]}


def test_what_no_header_is_named_for_is_in_base64(clients: Clients, region: Region, runtime: Any) -> None:
    plain = {name: value for name, value in CAPTURE.items() if name != "CaptureContentTypeHeader"}
    serve(clients("sagemaker"), region, DataCaptureConfig=plain)
    answer = invoke(runtime, BODY)["Body"].read()
    runtime.invoke_endpoint(EndpointName="engines", Body=b"0:1")
    region.advance(120)
    first, second = (record["captureData"] for record in captured(region))
    for side, body in (("endpointInput", BODY), ("endpointOutput", answer)):
        assert first[side]["encoding"] == "BASE64"
        assert base64.b64decode(first[side]["data"]) == body
    assert second["endpointInput"]["observedContentType"] == "application/octet-stream"


def test_one_side_alone_is_captured_when_only_that_is_asked_for(clients: Clients, region: Region, runtime: Any) -> None:
    serve(clients("sagemaker"), region, DataCaptureConfig={**CAPTURE, "CaptureOptions": [{"CaptureMode": "Output"}]})
    invoke(runtime, BODY)
    region.advance(120)
    [record] = captured(region)
    assert record["captureData"].keys() == {"endpointOutput"}
    assert record["captureData"]["endpointOutput"]["observedContentType"] == "text/csv; charset=utf-8"
    assert record["captureData"]["endpointOutput"]["encoding"] == "CSV"


@pytest.mark.parametrize(("percentage", "expected"), [(0, 0), (30, 6), (100, 20)])
def test_a_percentage_of_the_requests_is_captured(
    clients: Clients, region: Region, runtime: Any, percentage: int, expected: int
) -> None:
    serve(clients("sagemaker"), region, DataCaptureConfig={**CAPTURE, "InitialSamplingPercentage": percentage})
    for _ in range(20):
        invoke(runtime, b"1,2")
    region.advance(120)
    assert len(captured(region)) == expected


def test_nothing_is_captured_of_refusals_or_when_it_is_switched_off(
    clients: Clients, region: Region, runtime: Any
) -> None:
    serve(clients("sagemaker"), region, "off", DataCaptureConfig={**CAPTURE, "EnableCapture": False})
    serve(clients("sagemaker"), region, DataCaptureConfig=CAPTURE)
    invoke(runtime, BODY, EndpointName="off")
    with pytest.raises(ClientError):
        invoke(runtime, b"a,b")
    region.advance(120)
    assert captured(region) == []


def test_every_instance_writes_files_of_its_own(clients: Clients, region: Region, runtime: Any) -> None:
    serve(clients("sagemaker"), region, DataCaptureConfig=CAPTURE)
    clients("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName="engines", DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 2}]
    )
    region.advance(600)
    for _ in range(4):
        invoke(runtime, BODY)
    region.advance(120)
    assert len(list(region.objects.keys("captures"))) == 2
    assert len(captured(region)) == 4


def test_a_bucket_that_is_not_there_is_a_line_in_the_log(clients: Clients, region: Region, runtime: Any) -> None:
    serve(clients("sagemaker"), region, DataCaptureConfig={**CAPTURE, "DestinationS3Uri": "s3://absent/x"})
    assert invoke(runtime, BODY)["Body"].read()
    region.advance(120)
    assert "absent" not in region.objects.buckets()
    [event] = clients("logs").filter_log_events(
        logGroupName="/aws/sagemaker/Endpoints/engines", filterPattern='"Data capture"'
    )["events"]
    assert event["message"] == "Data capture could not be uploaded: the bucket absent does not exist"
    assert event["logStreamName"].endswith("/data-log")
