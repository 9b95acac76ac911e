"""What botocore writes is read as it was meant, and what is written is read by botocore as it was meant."""

from __future__ import annotations

import io
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.model import OperationModel, Shape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.services import autoscaling, cloudwatch, logs, pricing, quotas, runtime, sagemaker, sts
from cmapss_sandbox.wire import models, parse, serialise, validate
from tests.sandbox.shapes import values_of

OPERATIONS = [
    (service.SERVICE, name)
    for service in (sagemaker, runtime, cloudwatch, autoscaling, logs, sts, pricing, quotas)
    for name in service.OPERATIONS
]
JSON_OPERATIONS = [(service, name) for service, name in OPERATIONS if models.PREFERRED_PROTOCOLS[service] == "json"]
QUERY_OPERATIONS = [
    ("sts", "GetCallerIdentity"),
    ("sts", "AssumeRole"),
    ("cloudwatch", "GetMetricData"),
    ("cloudwatch", "PutMetricData"),
    ("cloudwatch", "PutMetricAlarm"),
    ("cloudwatch", "DescribeAlarms"),
]
REST_OPERATIONS = [("sagemaker-runtime", "InvokeEndpoint"), ("sagemaker-runtime", "InvokeEndpointAsync")]

relaxed = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# There are many of them, so a few requests and a few answers of each.
brief = settings(relaxed, max_examples=8)


def model_of(service: str, operation: str) -> OperationModel:
    model = models.operation_model(service, operation)
    assert model is not None
    return model


def required(service: str, operation: str) -> list[str]:
    """The members that every answer of an operation has."""
    shape = model_of(service, operation).output_shape
    return [] if shape is None else list(shape.required_members)


def some_of(data: st.DataObject, shape: Shape | None, *, all_filled: bool = False) -> dict[str, Any]:
    """Random members of a structure, none of no structure."""
    return {} if shape is None else data.draw(values_of(shape, all_filled=all_filled))


@pytest.mark.parametrize(("service", "name"), JSON_OPERATIONS)
@brief
@given(data=st.data())
def test_json_requests(service: str, name: str, data: st.DataObject) -> None:
    operation = model_of(service, name)
    members = some_of(data, operation.input_shape)
    request = create_serializer("json", include_validation=False).serialize_to_request(members, operation)
    assert request["headers"]["X-Amz-Target"].rpartition(".")[2] == name
    assert parse.parse_json(operation, request["body"]) == members


@pytest.mark.parametrize(("service", "name"), QUERY_OPERATIONS)
@relaxed
@given(data=st.data())
def test_query_requests(service: str, name: str, data: st.DataObject) -> None:
    operation = model_of(service, name)
    members = some_of(data, operation.input_shape, all_filled=True)
    request = create_serializer("query", include_validation=False).serialize_to_request(members, operation)
    form = dict(pair for pair in request["body"].items() if pair[0] not in ("Action", "Version"))
    read = parse.parse_query(operation, {key: str(value) for key, value in form.items()})
    assert read == members
    assert urlencode(request["body"])


@pytest.mark.parametrize(("service", "name"), REST_OPERATIONS)
@relaxed
@given(data=st.data())
def test_rest_json_requests(service: str, name: str, data: st.DataObject) -> None:
    operation = model_of(service, name)
    members = some_of(data, operation.input_shape)
    request = create_serializer("rest-json", include_validation=False).serialize_to_request(members, operation)
    matched = models.match_uri(service, request["method"], request["url_path"])
    assert matched is not None
    found, labels = matched
    assert found == name
    headers = {key.lower(): value for key, value in request["headers"].items()}
    query = urlencode(request["query_string"])
    read = parse.parse_rest_json(operation, labels, query, headers, request["body"] or b"")
    assert {key: value for key, value in read.items() if value != b""} == {
        key: value for key, value in members.items() if value != b""
    }


@pytest.mark.parametrize(("service", "name"), JSON_OPERATIONS)
@brief
@given(data=st.data())
def test_json_answers(service: str, name: str, data: st.DataObject) -> None:
    operation = model_of(service, name)
    if operation.output_shape is None:
        assert serialise.json_body(operation, {}) == b""
        return
    answer = some_of(data, operation.output_shape)
    assert read_back("json", operation, {}, serialise.json_body(operation, answer)) == answer


@pytest.mark.parametrize(("service", "name"), QUERY_OPERATIONS)
@relaxed
@given(data=st.data())
def test_query_answers(service: str, name: str, data: st.DataObject) -> None:
    operation = model_of(service, name)
    answer = some_of(data, operation.output_shape, all_filled=True)
    body = serialise.query_body(operation, answer, "an-id")
    assert read_back("query", operation, {}, body) == answer


@relaxed
@given(data=st.data())
def test_rest_json_answers(data: st.DataObject) -> None:
    operation = model_of("sagemaker-runtime", "InvokeEndpoint")
    answer = some_of(data, operation.output_shape)
    headers, body = serialise.rest_json_reply(operation, answer)
    # A payload that may be large is left unread.
    read = read_back("rest-json", operation, Headers(headers), io.BytesIO(body))
    assert {**read, "Body": read["Body"].read()} == {"Body": b"", **answer}


@pytest.mark.parametrize(
    ("service", "name"), [(service, name) for service, name in JSON_OPERATIONS if required(service, name)]
)
@brief
@given(data=st.data())
def test_an_answer_without_what_is_required_is_refused(service: str, name: str, data: st.DataObject) -> None:
    operation = model_of(service, name)
    answer = some_of(data, operation.output_shape)
    missing = data.draw(st.sampled_from(required(service, name)))
    for wrong in ({**answer, missing: None}, {key: value for key, value in answer.items() if key != missing}):
        with pytest.raises(serialise.WrongAnswerError, match=f"lacks the required {missing}"):
            serialise.json_body(operation, wrong)


DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)


@pytest.mark.parametrize(("service", "name"), JSON_OPERATIONS)
@brief
@given(data=st.data())
def test_whatever_is_sent_is_read_or_refused(service: str, name: str, data: st.DataObject) -> None:
    operation = model_of(service, name)
    shape = operation.input_shape
    names = st.sampled_from(sorted(shape.members)) if shape is not None and shape.members else st.text(max_size=2)
    document = data.draw(st.dictionaries(names, DOCUMENTS, max_size=4) | DOCUMENTS)
    members: dict[str, Any] = {}
    refused = None
    try:
        members = parse.parse_json(operation, json.dumps(document).encode())
    except AwsError as error:
        refused = error.code
    assert refused in (None, "SerializationException")
    wrong = None if shape is None else validate.constraint_violations(shape, members)
    assert wrong is None or "failed to satisfy constraint: " in wrong


class Headers(dict[str, str]):
    """Headers as an HTTP client gives them, whose names have no case."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__({key.lower(): value for key, value in headers.items()})

    def __getitem__(self, key: str) -> str:
        return super().__getitem__(key.lower())

    def __contains__(self, key: object) -> bool:
        return super().__contains__(str(key).lower())

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key.lower(), default)


def read_back(protocol: str, operation: OperationModel, headers: dict[str, str], body: bytes | io.BytesIO) -> Any:
    """What botocore's own parser makes of a body."""
    response = {"status_code": 200, "headers": headers, "body": body}
    shape: Any = operation.output_shape
    read: dict[str, Any] = create_parser(protocol).parse(response, shape)
    del read["ResponseMetadata"]
    return read
