"""Failed calls are kept with all that helps, and with nothing that is secret."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from cmapss_core.errors import ConsoleError, ErrorKind, from_client_error
from cmapss_core.failed_calls import KEPT, KEPT_ANSWERS, FailedCall, FailedCalls
from cmapss_core.permissions import Scope, permissions_for
from cmapss_core.policy_statements import policy_document
from tests.core.scripted import NOW, Answer, ScriptedAws, not_found

THROTTLED = ConsoleError(ErrorKind.THROTTLED, "Rate exceeded", code="ThrottlingException", request_id="r-1")
DENIED = ConsoleError(ErrorKind.DENIED, "User: me is not authorized to perform: sagemaker:CreateModel on resource: m")


def failing(answers: dict[str, Answer]) -> ScriptedAws:
    return ScriptedAws(answers)


def call(aws: ScriptedAws, operation: str, **parameters: Any) -> None:
    with suppress(ConsoleError):
        aws.call("sagemaker", operation, **parameters)


def test_a_failure_is_kept_with_what_was_asked_about_and_what_came_back() -> None:
    aws = failing({"sagemaker:DescribeEndpoint": THROTTLED})
    call(aws, "DescribeEndpoint", EndpointName="engines")
    [failed] = aws.failed_calls.all()
    assert (failed.operation, failed.subject) == ("sagemaker:DescribeEndpoint", (("EndpointName", "engines"),))
    assert (failed.kind, failed.code, failed.request_id) == (ErrorKind.THROTTLED, "ThrottlingException", "r-1")
    assert (failed.message, failed.remedy) == (THROTTLED.message, THROTTLED.remedy)
    assert (failed.count, failed.first, failed.last) == (1, NOW, NOW)


def test_the_same_failure_in_a_row_is_counted_and_a_success_ends_the_row() -> None:
    answers: dict[str, Answer] = {"sagemaker:DescribeEndpoint": THROTTLED, "sagemaker:ListEndpoints": THROTTLED}
    aws = failing(answers)
    for _ in range(3):
        call(aws, "DescribeEndpoint", EndpointName="a")
        call(aws, "ListEndpoints")
    call(aws, "DescribeEndpoint", EndpointName="b")
    assert [(one.about, one.count) for one in aws.failed_calls.all()] == [("b", 1), ("", 3), ("a", 3)]
    aws.answers["sagemaker:DescribeEndpoint"] = {}
    call(aws, "DescribeEndpoint", EndpointName="a")
    aws.answers["sagemaker:DescribeEndpoint"] = THROTTLED
    call(aws, "DescribeEndpoint", EndpointName="a")
    assert [(one.about, one.count) for one in aws.failed_calls.all()] == [("a", 1), ("b", 1), ("", 3), ("a", 3)]


def test_the_same_call_failing_otherwise_is_another_failure() -> None:
    aws = failing({"sagemaker:ListEndpoints": THROTTLED})
    call(aws, "ListEndpoints")
    aws.answers["sagemaker:ListEndpoints"] = ConsoleError(ErrorKind.UNREACHABLE, "no network")
    call(aws, "ListEndpoints")
    assert [one.kind for one in aws.failed_calls.all()] == [ErrorKind.UNREACHABLE, ErrorKind.THROTTLED]


def test_a_question_whose_answer_is_that_it_is_not_there_is_kept_apart() -> None:
    aws = failing({"sagemaker:DescribeEndpoint": not_found(), "sagemaker:DeleteEndpoint": not_found()})
    call(aws, "DescribeEndpoint", EndpointName="engines")
    with aws.changing("plan"):
        call(aws, "DeleteEndpoint", EndpointName="engines")
    assert [one.operation for one in aws.failed_calls.all()] == ["sagemaker:DeleteEndpoint"]
    [answer] = aws.failed_calls.answers()
    assert answer.answered


def test_what_the_console_refuses_by_itself_was_never_a_call() -> None:
    aws = failing({"sagemaker:DeleteEndpoint": ConsoleError(ErrorKind.REFUSED, "no plan is being carried out")})
    call(aws, "DeleteEndpoint", EndpointName="engines")
    assert aws.failed_calls.all() == ()


def test_nothing_secret_is_kept_even_where_the_refusal_repeats_it() -> None:
    secret, body = "hunter2-hunter2", b"0.1,0.2,0.3"
    said = f"Value '{secret}' at 'environment' failed; the body was 0.1,0.2,0.3"
    aws = failing({
        "sagemaker:CreateModel": ConsoleError(ErrorKind.INVALID, said),
        "sagemaker-runtime:InvokeEndpoint": ConsoleError(ErrorKind.FAILED, said),
    })  # fmt: skip
    with suppress(ConsoleError):
        aws.call("sagemaker-runtime", "InvokeEndpoint", EndpointName="engines", Body=body)
    with aws.changing("plan"):
        call(aws, "CreateModel", ModelName="m", PrimaryContainer={"Environment": {"TOKEN": secret}})
    created, invoked = aws.failed_calls.all()
    assert secret not in str(created)
    assert "0.1,0.2,0.3" not in str(invoked)
    assert created.message == "Value '[not kept]' at 'environment' failed; the body was 0.1,0.2,0.3"


def test_a_refusal_for_want_of_permission_has_the_policy_that_would_allow_it() -> None:
    aws = failing({"sagemaker:CreateModel": DENIED})
    aws.identity()
    role = "arn:aws:iam::000000000000:role/engines"
    with aws.changing("plan"):
        call(aws, "CreateModel", ModelName="M", ExecutionRoleArn=role)
    [failed] = aws.failed_calls.all()
    assert policy_document(failed.permissions) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sagemaker:CreateModel",
                "Resource": "arn:aws:sagemaker:us-east-1:000000000000:model/m",
            }
        ],
    }


def test_a_policy_for_passing_a_role_says_to_whom() -> None:
    needed = permissions_for("sagemaker", "CreateModel", {"ModelName": "m", "ExecutionRoleArn": "arn:role"})
    passing = next(one for one in policy_document(needed)["Statement"] if one["Action"] == "iam:PassRole")
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    assert json.dumps(policy_document(needed))


@pytest.mark.parametrize("retries", [0, 3])
def test_how_many_requests_it_took_is_kept_where_aws_answered(retries: int) -> None:
    answer = {
        "Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"},
        "ResponseMetadata": {"RetryAttempts": retries, "HTTPStatusCode": 400, "RequestId": "r"},
    }

    def refused(**_: Any) -> dict[str, Any]:
        raised = ClientError(answer, "ListEndpoints")  # type: ignore[arg-type]  # as much of it as matters
        raise from_client_error(raised, "sagemaker:ListEndpoints") from raised

    aws = failing({"sagemaker:ListEndpoints": refused})
    call(aws, "ListEndpoints")
    [failed] = aws.failed_calls.all()
    assert (failed.attempts, failed.http_status, failed.request_id) == (retries + 1, 400, "r")


def test_what_has_come_since_somebody_looked_is_counted() -> None:
    aws = failing({"sagemaker:ListEndpoints": THROTTLED, "sagemaker:ListModels": THROTTLED})
    call(aws, "ListEndpoints")
    call(aws, "ListModels")
    log = aws.failed_calls
    assert log.unseen == 2
    log.mark_seen()
    assert log.unseen == 0
    call(aws, "ListModels")  # once more
    assert log.unseen == 1
    version = log.version
    log.clear()
    assert (log.unseen, log.all()) == (0, ())
    assert log.version != version


def test_after_the_connection_is_closed_nothing_is_an_error() -> None:
    aws = failing({"sagemaker:ListEndpoints": THROTTLED})
    aws.close()
    call(aws, "ListEndpoints")
    assert aws.failed_calls.all() == ()


def noted(log: FailedCalls, name: str, kind: ErrorKind) -> None:
    log.note("sagemaker", "DescribeModel", {"ModelName": name}, ConsoleError(kind, "no"), NOW, Scope())


def test_they_are_bounded_and_answers_push_no_failure_out() -> None:
    log = FailedCalls()
    noted(log, "first", ErrorKind.FAILED)
    for n in range(KEPT_ANSWERS + 50):
        noted(log, f"m{n}", ErrorKind.NOT_FOUND)
    assert [one.about for one in log.all()] == ["first"]
    assert len(log.answers()) == KEPT_ANSWERS
    for n in range(KEPT + 50):
        noted(log, f"m{n}", ErrorKind.FAILED)
    kept = log.all()
    assert len(kept) == KEPT
    assert kept[0].about == f"m{KEPT + 49}"


kinds = st.sampled_from([ErrorKind.FAILED, ErrorKind.THROTTLED, ErrorKind.NOT_FOUND])
steps = st.lists(st.tuples(st.sampled_from("ab"), st.one_of(st.none(), kinds)), max_size=60)


@given(steps)
def test_every_failure_is_in_exactly_one_row_and_the_newest_is_first(taken: list[tuple[str, ErrorKind | None]]) -> None:
    log = FailedCalls()
    for name, kind in taken:
        if kind is None:
            log.succeeded("sagemaker", "DescribeModel", {"ModelName": name})
        else:
            noted(log, name, kind)
    rows: tuple[FailedCall, ...] = (*log.all(), *log.answers())
    assert sum(row.count for row in rows) == sum(kind is not None for _, kind in taken)
    assert len({row.number for row in rows}) == len(rows)
    assert [row.event for row in log.all()] == sorted((row.event for row in log.all()), reverse=True)
