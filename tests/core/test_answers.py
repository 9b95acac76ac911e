"""Whatever comes instead of an answer of AWS is an error of ours that says so; a fault of ours stays one."""

from __future__ import annotations

import json
import pickle
import random
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmapss_core.alarm_history import read_alarm_states
from cmapss_core.answers import UNREADABLE, Answer
from cmapss_core.aws import Aws
from cmapss_core.belongings import (
    list_endpoint_configs,
    list_models,
    log_groups,
    named_alarms,
    named_targets,
    tags_by_key,
)
from cmapss_core.endpoints import Endpoint, EndpointsReader, Variant, read_endpoint
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.fleet import FleetReader
from cmapss_core.inference import invoke
from cmapss_core.job_description import read_training_job
from cmapss_core.jobs import describe_job, read_jobs
from cmapss_core.jobs_reader import JobsReader
from cmapss_core.logs import LogReader
from cmapss_core.metrics import read_metrics
from cmapss_core.permissions import Permission
from cmapss_core.plans.autoscale import ScaleRequest, plan_scale
from cmapss_core.plans.clean_up import CleanUpRequest, plan_clean_up
from cmapss_core.plans.deploy import DeployRequest, plan_deploy
from cmapss_core.plans.teardown import plan_delete
from cmapss_core.pricing import hourly_price
from cmapss_core.provenance import training_data
from cmapss_core.quotas import endpoint_quota, usage
from cmapss_core.scaling import Alarm, read_scaling
from cmapss_core.simulation import simulate
from cmapss_core.watch import read_watch
from tests.core.garbling import Body, GarbledAws, nearly

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
ENDPOINT = Endpoint(
    name="ep",
    arn="arn:aws:sagemaker:us-east-1:000000000000:endpoint/ep",
    status="InService",
    config="ep-config",
    created=NOW - timedelta(days=30),
    modified=NOW,
    variants=(
        Variant(
            name="AllTraffic",
            model="model",
            instance_type="ml.m5.xlarge",
            current_instances=1,
            desired_instances=1,
            weight=1.0,
        ),
    ),
)
ALARM = Alarm(
    name="alarm",
    side="high",
    state="OK",
    threshold=1.0,
    datapoints_to_alarm=3,
    evaluation_periods=3,
    period_seconds=60,
)
ROLE = "arn:aws:iam::000000000000:role/role"


def twice(make: Callable[[Aws], Any]) -> Callable[[Aws], Any]:
    """Reading again with what the first reading left behind."""

    def read(aws: Aws) -> Any:
        reader = make(aws)
        reader.read()
        return reader.read()

    return read


# Everything that reads: what an operator looks at, and what a plan is made of.
READERS: dict[str, Callable[[Aws], Any]] = {
    "identity": lambda aws: aws.identity(),
    "jobs": read_jobs,
    "jobs of a tuning job": lambda aws: read_jobs(aws, "tuning"),
    "jobs, again and again": twice(JobsReader),
    "job": lambda aws: describe_job(aws, "job"),
    "job's description": lambda aws: read_training_job(aws, "job"),
    "endpoint": lambda aws: read_endpoint(aws, "ep"),
    "endpoints": twice(EndpointsReader),
    "fleet": twice(FleetReader),
    "watch": lambda aws: read_watch(aws, "ep"),
    "scaling": lambda aws: read_scaling(aws, ENDPOINT),
    "metrics": lambda aws: read_metrics(aws, ENDPOINT),
    "alarm's states": lambda aws: read_alarm_states(aws, ALARM, NOW),
    "logs": twice(lambda aws: LogReader(aws, "/aws/sagemaker/Endpoints/ep")),
    "predictions": lambda aws: invoke(aws, "ep", ["1,2,3"], columns=3),
    "price": lambda aws: hourly_price(aws, "ml.m5.xlarge"),
    "quota": lambda aws: endpoint_quota(aws, "ml.m5.xlarge"),
    "usage": usage,
    "training data": lambda aws: training_data(aws, ENDPOINT),
    "simulation": lambda aws: simulate(aws, ROLE, [Permission("sagemaker:DeleteEndpoint", ENDPOINT.arn)]),
    "configs": lambda aws: list(list_endpoint_configs(aws)),
    "models": lambda aws: list(list_models(aws)),
    "targets": lambda aws: list(named_targets(aws)),
    "alarms": lambda aws: list(named_alarms(aws)),
    "log groups": lambda aws: list(log_groups(aws)),
    "tags": lambda aws: tags_by_key(aws, ENDPOINT.arn),
    "plan to deploy": lambda aws: plan_deploy(aws, DeployRequest(job="job")),
    "plan to scale": lambda aws: plan_scale(aws, ScaleRequest(endpoint="ep", min=1, max=3, target=10.0)),
    "plan to delete": lambda aws: plan_delete(aws, "ep"),
    "plan to clean up": lambda aws: plan_clean_up(aws, CleanUpRequest()),
}
# What stands where an answer should be, whatever was asked.
ANYTHING = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "an empty object": b"{}",
    "a number": b"1",
    "a web page": b"<html><body>Log in to this network</body></html>",
    "no text": b"<html>\xff\xfe</html>",
    "no text, in JSON": b'{"Endpoints": "\xff\xfe"}',
    "cut off": b'{"Endpoints": [{"EndpointName": "e',
    "another answer": b'{"message": null, "__type": ["x"], "Error": [], "NextToken": 5}',
}
GARBLED = GarbledAws()


def told_or_refused(read: Callable[[Aws], Any], aws: Aws) -> Any:
    """What is read, or the error of ours that came instead; any other fails the test."""
    try:
        return read(aws)
    except ConsoleError as error:
        return error


@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_answer_is_an_error_of_ours(reader: str) -> None:
    for what, status in product(ANYTHING.values(), (200, 400)):
        told_or_refused(READERS[reader], GARBLED.answering(partial(always, what), status=status))


@pytest.mark.parametrize("reader", READERS)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), share=st.sampled_from([0.0, 0.01, 0.05, 0.3]), cut=st.booleans())
def test_an_answer_of_nearly_the_right_shape_is_read_or_an_error_of_ours(
    reader: str, seed: int, share: float, cut: bool
) -> None:
    chance = random.Random(seed)
    body = nearly(chance, share)
    told_or_refused(READERS[reader], GARBLED.answering(broken(body, chance) if cut else body, seed=seed))


def always(body: bytes, _: object) -> bytes:
    return body


def broken(body: Body, chance: random.Random) -> Body:
    """The same, cut off or with a few other bytes in it."""

    def written(model: Any) -> bytes:
        whole = bytearray(body(model))
        if whole and chance.random() < 0.5:
            return bytes(whole[: chance.randrange(len(whole))])
        for _ in range(len(whole) // 100):
            whole[chance.randrange(len(whole))] = chance.randrange(256)
        return bytes(whole)

    return written


def test_what_an_answer_lacks_is_said_with_its_operation_and_request() -> None:
    with pytest.raises(ConsoleError, match=f"{UNREADABLE}: it lacks EndpointName") as caught:
        read_endpoint(GARBLED.answering(partial(always, b"{}")), "ep")
    error = caught.value
    assert (error.kind, error.operation, error.request_id) == (
        ErrorKind.UNREACHABLE,
        "sagemaker:DescribeEndpoint",
        "r-1",
    )
    assert error.temporary


def test_the_web_page_that_answers_a_change_does_not_pass_for_its_success() -> None:
    aws = GARBLED.answering(partial(always, ANYTHING["a web page"]))
    with aws.changing("plan"), pytest.raises(ConsoleError, match="a web page") as caught:
        aws.call("sagemaker", "DeleteEndpoint", EndpointName="ep")
    assert caught.value.ambiguous


def test_a_member_that_the_operation_does_not_have_is_a_fault_of_ours() -> None:
    answer = GARBLED.answering(partial(always, b"{}")).call("sagemaker", "ListEndpoints")
    with pytest.raises(KeyError, match="Endpointss"):
        answer["Endpointss"]
    assert "Endpoints" not in answer
    assert answer.get("Endpoints") is None


def test_a_copy_of_an_answer_is_as_good_as_a_dict() -> None:
    answer = Answer(a=Answer(b=1))
    assert deepcopy(answer) == pickle.loads(pickle.dumps(answer)) == {"a": {"b": 1}}
    assert json.dumps(answer) == '{"a": {"b": 1}}'
    with pytest.raises(KeyError):
        answer["c"]
