"""The door to AWS: what may pass, what an error becomes, and that opening it costs nothing."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from hypothesis import given, settings
from hypothesis import strategies as st

from cmapss_core.aws import ANSWER_LOST, SANDBOX_GONE, Aws, Target
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.permissions import READING_OPERATIONS
from cmapss_core.plans.drafting import plan_id
from cmapss_core.pricing import hourly_price
from tests.core.scripted import ScriptedAws

# A port on which nobody listens: 1 is reserved and needs privileges.
NOWHERE = Target(region="us-east-1", endpoint_url="http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("sagemaker", "DeleteEndpoint", {"EndpointName": "ep"}),
        ("sagemaker", "CreateModel", {"ModelName": "m", "ExecutionRoleArn": "arn:aws:iam::000000000000:role/r"}),
        ("application-autoscaling", "DeregisterScalableTarget", {
            "ServiceNamespace": "sagemaker",
            "ResourceId": "endpoint/ep/variant/v",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        }),
        ("s3", "DeleteObject", {"Bucket": "bucket", "Key": "key"}),
    ],
)  # fmt: skip
def test_a_change_outside_a_plan_never_leaves(service: str, operation: str, parameters: dict[str, str]) -> None:
    aws = Aws(NOWHERE)
    with pytest.raises(ConsoleError, match=f"{service}:{operation} changes AWS") as caught:
        aws.call(service, operation, **parameters)
    assert caught.value.kind is ErrorKind.REFUSED
    assert aws.meter.total == 0


def test_within_a_plan_it_leaves_and_only_in_that_thread() -> None:
    aws = Aws(NOWHERE)
    refused: list[ErrorKind] = []

    def elsewhere() -> None:
        try:
            aws.call("sagemaker", "DeleteEndpoint", EndpointName="ep")
        except ConsoleError as error:
            refused.append(error.kind)

    with aws.changing("plan"):
        other = threading.Thread(target=elsewhere)
        other.start()
        other.join()
        # It was let out, and found nobody.
        with pytest.raises(ConsoleError) as caught:
            aws.call("sagemaker", "DeleteEndpoint", EndpointName="ep")
    assert caught.value.kind is ErrorKind.UNREACHABLE
    assert refused == [ErrorKind.REFUSED]


# Every service that the console has a client of.
SERVICES = sorted({name.partition(":")[0] for name in READING_OPERATIONS})
LOADER = Loader()


def operations(service: str) -> Iterator[Any]:
    """The operations of a service as botocore's clients hand them to what listens to their calls."""
    model = ServiceModel(LOADER.load_service_model(service, "service-2"), service)
    return map(model.operation_model, model.operation_names)


def passes(aws: Aws, operation: Any) -> bool:
    try:
        aws._guard(operation)
    except ConsoleError as error:
        if error.kind is not ErrorKind.REFUSED:
            raise
        return False
    return True


@pytest.mark.parametrize("service", SERVICES)
def test_of_all_operations_only_those_that_are_listed_pass_outside_a_plan(service: str) -> None:
    aws = Aws(NOWHERE)
    passing = {f"{service}:{operation.name}" for operation in operations(service) if passes(aws, operation)}
    assert passing == {name for name in READING_OPERATIONS if name.startswith(f"{service}:")}
    with aws.changing("plan"):
        assert all(passes(aws, operation) for operation in operations(service))


@pytest.mark.parametrize("service", SERVICES)
def test_a_read_only_console_lets_nothing_else_pass_even_where_another_carries_out_a_plan(service: str) -> None:
    aws, other = Aws(Target(region="us-east-1", endpoint_url="http://127.0.0.1:1", read_only=True)), Aws(NOWHERE)
    with other.changing("plan"):
        passing = {f"{service}:{operation.name}" for operation in operations(service) if passes(aws, operation)}
    assert passing == {name for name in READING_OPERATIONS if name.startswith(f"{service}:")}


@settings(max_examples=15)
@given(st.sampled_from(sorted(set(LOADER.list_available_services("service-2")) - set(SERVICES) - {"ec2"})))
def test_of_services_that_the_console_has_no_use_for_nothing_passes(service: str) -> None:
    aws = Aws(NOWHERE)
    assert not any(passes(aws, operation) for operation in operations(service))


def test_every_operation_that_may_pass_is_one_that_botocore_knows() -> None:
    known = {f"{service}:{operation.name}" for service in SERVICES for operation in operations(service)}
    assert known >= READING_OPERATIONS


def test_nothing_that_reads_by_name_is_a_change() -> None:
    harmless = ("Describe", "List", "Get", "Head", "Search", "Simulate", "Filter", "Invoke")
    assert all(name.split(":")[1].startswith(harmless) for name in READING_OPERATIONS)


def test_read_only_refuses_a_plan() -> None:
    aws = Aws(Target(region="us-east-1", endpoint_url="http://127.0.0.1:1", read_only=True))
    with pytest.raises(ConsoleError, match="read-only"), aws.changing("plan"):
        pass


def test_a_profile_that_does_not_exist_is_an_error_of_credentials() -> None:
    with pytest.raises(ConsoleError, match="nobody") as caught:
        Aws(Target(profile="nobody")).call("sts", "GetCallerIdentity")
    assert caught.value.kind is ErrorKind.AUTH


def test_a_sandbox_needs_neither_the_profile_nor_the_credentials_of_an_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "gone")
    aws = Aws(NOWHERE)
    assert aws.region == "us-east-1"
    with pytest.raises(ConsoleError) as caught:
        aws.call("sts", "GetCallerIdentity")
    assert caught.value.kind is ErrorKind.UNREACHABLE, "it was sent"


def test_an_answer_that_is_lost_is_told_from_a_sandbox_that_is_gone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        hanging_up = threading.Thread(target=_hang_up, args=(listening,), daemon=True)
        hanging_up.start()
        aws = Aws(Target(region="us-east-1", endpoint_url=f"http://127.0.0.1:{listening.getsockname()[1]}"))
        with pytest.raises(ConsoleError) as lost:
            aws.call("sts", "GetCallerIdentity")
    assert (lost.value.kind, lost.value.remedy) == (ErrorKind.UNREACHABLE, ANSWER_LOST)
    with pytest.raises(ConsoleError) as gone:
        Aws(NOWHERE).call("sts", "GetCallerIdentity")
    assert (gone.value.kind, gone.value.remedy) == (ErrorKind.UNREACHABLE, SANDBOX_GONE)


def _hang_up(listening: socket.socket) -> None:
    """Take every request and answer none, until nobody listens any more."""
    with suppress(OSError):
        while True:
            connection, _ = listening.accept()
            connection.recv(65536)
            connection.close()


def test_a_region_that_comes_back_is_found_by_the_next_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)  # between the attempts at one call
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = listening.getsockname()
    aws = Aws(Target(region="us-east-1", endpoint_url=f"http://127.0.0.1:{address[1]}"))
    with pytest.raises(ConsoleError) as gone:
        aws.call("sagemaker", "ListEndpoints")
    assert gone.value.kind is ErrorKind.UNREACHABLE
    with socket.create_server(address) as listening:
        threading.Thread(target=_answer_once, args=(listening,), daemon=True).start()
        assert aws.call("sagemaker", "ListEndpoints")["Endpoints"] == []
    [failed] = aws.failed_calls.all()
    assert (failed.kind, failed.count) == (ErrorKind.UNREACHABLE, 1)


def _answer_once(listening: socket.socket) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.recv(65536)
        body = b'{"Endpoints": []}'
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def test_a_name_that_nobody_knows_is_a_network_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    monkeypatch.setattr(socket, "getaddrinfo", _unknown)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "A")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "B")
    aws = Aws(Target(region="us-east-1"))
    with pytest.raises(ConsoleError) as failed:
        aws.call("sagemaker", "ListEndpoints")
    assert failed.value.kind is ErrorKind.UNREACHABLE


def _unknown(*_: Any, **__: Any) -> Any:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def test_a_region_that_nobody_names_is_asked_for() -> None:
    with pytest.raises(ConsoleError, match="No region") as caught:
        _ = Aws(Target()).region
    assert "--region" in caught.value.remedy


def test_a_parameter_that_botocore_refuses_is_invalid_input() -> None:
    with pytest.raises(ConsoleError, match="EndpointName") as caught:
        Aws(NOWHERE).call("sagemaker", "DescribeEndpoint")
    assert caught.value.kind is ErrorKind.INVALID


def test_a_closed_connection_calls_nobody() -> None:
    aws = Aws(NOWHERE)
    aws.close()
    with pytest.raises(ConsoleError, match="closed"):
        aws.call("sagemaker", "ListEndpoints")


def test_what_cannot_change_is_asked_once_and_a_failure_again() -> None:
    aws = ScriptedAws({})
    answers: Iterator[ConsoleError | int] = iter([ConsoleError(ErrorKind.THROTTLED, "later"), 5])

    def ask() -> int:
        answer = next(answers)
        if isinstance(answer, ConsoleError):
            raise answer
        return answer

    with pytest.raises(ConsoleError, match="later"):
        aws.remember("key", ask)
    assert aws.remember("key", ask) == 5
    assert aws.remember("key", ask) == 5


def test_recordings_nest_and_have_what_was_remembered_before() -> None:
    aws = ScriptedAws({"sagemaker:ListEndpoints": {}, "sagemaker:ListModels": {}})
    aws.identity()
    aws.remember("endpoints", lambda: aws.call("sagemaker", "ListEndpoints"))
    with aws.recording() as outer:
        with aws.recording() as inner:
            aws.remember("endpoints", lambda: aws.call("sagemaker", "ListEndpoints"))
        aws.call("sagemaker", "ListModels")
        aws.identity()
    aws.call("sagemaker", "ListTags", ResourceArn="arn")
    assert list(inner.actions) == ["sagemaker:ListEndpoints"]
    assert list(outer.actions) == ["sagemaker:ListEndpoints", "sagemaker:ListModels"]
    assert aws.called.count("sagemaker:ListEndpoints") == 1


def test_a_recording_is_of_its_own_thread() -> None:
    aws = ScriptedAws({"sagemaker:ListEndpoints": {}})
    with aws.recording() as recording:
        other = threading.Thread(target=aws.call, args=("sagemaker", "ListEndpoints"))
        other.start()
        other.join()
    assert recording.actions == {}


def test_a_recording_tells_what_was_denied_from_what_was_not_answered() -> None:
    aws = ScriptedAws({
        "sagemaker:ListEndpoints": ConsoleError(ErrorKind.DENIED, "no"),
        "sagemaker:ListModels": ConsoleError(ErrorKind.THROTTLED, "Rate exceeded"),
        "sagemaker:DescribeModel": ConsoleError(ErrorKind.NOT_FOUND, "gone"),
        "sagemaker:CreateModel": ConsoleError(ErrorKind.DENIED, "no"),
    })  # fmt: skip
    calls: dict[str, dict[str, str]] = {
        "ListEndpoints": {},
        "ListModels": {},
        "DescribeModel": {"ModelName": "m"},
        "CreateModel": {"ModelName": "m", "ExecutionRoleArn": "arn"},
    }
    with aws.recording() as outer, aws.recording():
        for operation, parameters in calls.items():
            with suppress(ConsoleError):
                aws.call("sagemaker", operation, **parameters)
    assert list(outer.denied) == ["sagemaker:ListEndpoints", "sagemaker:CreateModel"]
    assert outer.unanswered == {"sagemaker:ListModels": "Rate exceeded"}
    assert list(outer.actions) == [f"sagemaker:{operation}" for operation in calls] + ["iam:PassRole"]


def test_what_was_denied_and_remembered_as_unknown_is_told_again() -> None:
    aws = ScriptedAws({"pricing:GetProducts": ConsoleError(ErrorKind.DENIED, "no")})
    for _ in range(2):
        with aws.recording() as recording:
            assert hourly_price(aws, "ml.m5.xlarge") is None
        assert list(recording.denied) == ["pricing:GetProducts"]
    assert aws.called == ["pricing:GetProducts"]


def test_plan_ids_are_different_and_fit_for_file_names() -> None:
    aws = ScriptedAws({})
    ids = {plan_id(aws, "deploy") for _ in range(50)}
    assert len(ids) > 1
    assert all(set(one) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for one in ids)


def test_importing_the_core_loads_no_terminal_and_no_boto3() -> None:
    code = (
        "import sys, cmapss_core.aws, cmapss_core.watch, cmapss_core.jobs, cmapss_core.evaluation, "
        "cmapss_core.traffic, cmapss_core.plans.deploy, cmapss_core.plans.teardown, cmapss_core.plans.runner\n"
        "heavy = {'textual', 'rich', 'boto3', 'botocore', 'pandas', 'numpy', 'sklearn'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
