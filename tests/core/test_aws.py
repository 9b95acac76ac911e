"""The door to AWS: what may pass, what an error becomes, and that opening it costs nothing."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from contextlib import suppress

import pytest

from cmapss_core.aws import ANSWER_LOST, SANDBOX_GONE, Aws, Target
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.permissions import READING_OPERATIONS
from cmapss_core.plans.drafting import plan_id
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
    answers = iter([ConsoleError(ErrorKind.THROTTLED, "later"), 5])

    def ask() -> int:
        answer = next(answers)
        if isinstance(answer, ConsoleError):
            raise answer
        return answer

    with pytest.raises(ConsoleError, match="later"):
        aws.remember("key", ask)
    assert aws.remember("key", ask) == 5
    assert aws.remember("key", ask) == 5


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
