"""What the models say of types, constraints and patterns, and how it is said when a request does not fit."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from botocore.model import OperationModel

from cmapss_sandbox.errors import AwsError
from cmapss_sandbox.wire import models, parse, serialise, unpack
from cmapss_sandbox.wire.patterns import compile_pattern
from cmapss_sandbox.wire.validate import constraint_violations
from tests.sandbox.conftest import NOON


def operation_of(service: str, name: str) -> OperationModel:
    operation = models.operation_model(service, name)
    assert operation is not None
    return operation


def test_every_pattern_of_every_model_can_be_checked() -> None:
    for service in models.PREFERRED_PROTOCOLS:
        model = models.service_model(service)
        for name in model.shape_names:
            pattern = model.shape_for(name).metadata.get("pattern")
            if pattern is not None:
                compile_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "passes", "fails"),
    [
        (r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", "a-b", "a_b"),
        (r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", "Größe 1/2", "a#b"),
        (r"\A\S[\p{Print}]*\z", "visible", " hidden"),
        (r"[\w-_]*", "a-_b", "a b"),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", "😀\t", "\x00"),
        (r"([\p{L}\p{Z}\p{N}_.:\/=+\-@]*)${1,256}", "tag", "#"),
    ],
)
def test_patterns_written_for_java_mean_what_they_mean_there(pattern: str, passes: str, fails: str) -> None:
    assert compile_pattern(pattern).fullmatch(passes)
    assert not compile_pattern(pattern).fullmatch(fails)


@pytest.mark.parametrize(
    ("operation", "members", "message"),
    [
        ("DescribeEndpoint", {}, "Value null at 'endpointName' failed to satisfy constraint: Member must not be null"),
        (
            "ListEndpoints",
            {"StatusEquals": "Asleep"},
            "Member must satisfy enum value set: [OutOfService, Creating, Updating,",
        ),
        (
            "CreateModel",
            {"ModelName": "m", "VpcConfig": {"SecurityGroupIds": ["sg_1"], "Subnets": ["s"]}},
            "Value '[sg_1]' at 'vpcConfig.securityGroupIds' failed to satisfy constraint: Member must satisfy "
            "constraint: [Member must have length less than or equal to 32, Member must have length greater than or "
            "equal to 0, Member must satisfy regular expression pattern: [-0-9a-zA-Z]+]",
        ),
        (
            "CreateModel",
            {"ModelName": "m", "PrimaryContainer": {"Environment": {"1": "x"}}},
            "Map keys must satisfy constraint: [Member must have length",
        ),
    ],
)
def test_constraints_of_every_kind_are_worded_as_aws_does(operation: str, members: Any, message: str) -> None:
    model = models.operation_model("sagemaker", operation)
    assert model is not None
    assert model.input_shape is not None
    assert message in str(constraint_violations(model.input_shape, members))


@pytest.mark.parametrize(
    ("operation", "members", "message"),
    [
        ("ListEndpoints", {"MaxResults": "9"}, "STRING_VALUE can not be converted to an Integer"),
        ("ListEndpoints", {"MaxResults": False}, "FALSE_VALUE can not be converted to an Integer"),
        ("ListEndpoints", {"MaxResults": 1e400}, "NUMBER_VALUE can not be converted to an Integer"),
        ("ListEndpoints", {"CreationTimeAfter": "soon"}, "STRING_VALUE can not be converted to a Date"),
        ("ListEndpoints", {"CreationTimeAfter": 1e300}, "NUMBER_VALUE can not be converted to a Date"),
        ("CreateModel", {"EnableNetworkIsolation": 1}, "NUMBER_VALUE can not be converted to a Boolean"),
        ("CreateModel", {"Containers": "a"}, "Expected list or null"),
        ("CreateModel", {"Containers": {}}, "Start of structure or map found where not expected."),
        ("CreateModel", {"VpcConfig": "a"}, "Expected null"),
        ("CreateModel", {"PrimaryContainer": {"Environment": 5}}, "Expected map or null"),
        ("CreateModel", {"PrimaryContainer": {"Environment": []}}, "Start of list found where not expected"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_in_awss_words(operation: str, members: Any, message: str) -> None:
    with pytest.raises(AwsError) as raised:
        parse.parse_json(
            operation_of("sagemaker", operation), json.dumps(members).replace("Infinity", "1e400").encode()
        )
    assert (raised.value.code, raised.value.message) == ("SerializationException", message)


def test_what_aws_reads_leniently_is_read_so() -> None:
    body = b'{"MaxResults": 7.9, "NameContains": null, "Colour": "red", "CreationTimeAfter": "2026-01-05T12:00:00Z"}'
    members = parse.parse_json(operation_of("sagemaker", "ListEndpoints"), body)
    assert members == {"MaxResults": 7, "CreationTimeAfter": NOON}
    tags = parse.parse_json(operation_of("sagemaker", "DeleteTags"), b'{"TagKeys": ["a", null, "b"]}')
    assert tags == {"TagKeys": ["a", "b"]}


@pytest.mark.parametrize(
    "moment",
    [
        NOON.timestamp(),
        str(int(NOON.timestamp())),
        "2026-01-05T12:00:00Z",
        "2026-01-05T14:00:00.000+02:00",
        "Mon, 05 Jan 2026 12:00:00 GMT",
        "20260105T120000Z",
    ],
)
def test_times_are_read_in_every_form_that_clients_send(moment: Any) -> None:
    members = parse.parse_json(
        operation_of("sagemaker", "ListEndpoints"), json.dumps({"CreationTimeAfter": moment}).encode()
    )
    assert members == {"CreationTimeAfter": NOON}


def test_a_form_whose_names_make_no_sense_is_no_failure() -> None:
    operation = operation_of("cloudwatch", "PutMetricData")
    for name in ("MetricData.member", "MetricData.member.x.Value", "MetricData.member.1", "MetricData", "MetricData.."):
        members = parse.parse_query(operation, {"Namespace": "shop", name: "1"})
        assert members["Namespace"] == "shop"
    with pytest.raises(AwsError, match="Start of structure or map found where not expected"):
        parse.parse_query(operation, {"Namespace.a": "1"})
    for text in ("one", "1_0", "1.5"):
        with pytest.raises(AwsError, match="STRING_VALUE can not be converted to an Integer"):
            parse.parse_query(operation, {"MetricData.member.1.StorageResolution": text})


def test_a_small_body_does_not_become_a_large_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "_LONGEST", 1000)
    assert unpack.gunzip(gzip.compress(b" " * 999)) == b" " * 999
    for body in (gzip.compress(b" " * 100_000), gzip.compress(b" " * 600) * 2):
        with pytest.raises(AwsError, match="is longer than 1000 bytes when unpacked"):
            unpack.gunzip(body)


def test_of_a_union_there_is_one_member_asked_and_one_answered() -> None:
    asked, answered = operation_of("cloudwatch", "PutMetricAlarm"), operation_of("cloudwatch", "DescribeAlarms")
    assert asked.input_shape is not None
    wrong = str(constraint_violations(asked.input_shape, {"AlarmName": "a", "EvaluationCriteria": {}}))
    assert "at 'evaluationCriteria' failed to satisfy constraint: Member must have exactly one of [" in wrong
    with pytest.raises(serialise.WrongAnswerError, match="has exactly one of"):
        serialise.json_body(answered, {"MetricAlarms": [{"EvaluationCriteria": {}}]})
