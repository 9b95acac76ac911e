"""Clients that load a region until it is killed, and a ledger of what they were told, to be compared afterwards."""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from tests.sandbox.scaling import instances_of, put_policy

NAMESPACE = "Killed"
BUCKET = "killed"
CONFIGS = ("small", "large")
ENDPOINTS = tuple(f"e-{number}" for number in range(5))
SERVICES = ("sagemaker", "application-autoscaling", "cloudwatch", "iam", "s3")

Key = tuple[str, str]
Clients = Mapping[str, Any]
Actor = Callable[[Clients, "Ledger", random.Random], None]


@dataclass(slots=True)
class Ledger:
    """For everything that was made: what it may be now, which is more than one thing only while a call is in doubt.

    Each key belongs to one client at a time. `failures` are answers that no region may give; `told` is the latest
    region time in any answer.
    """

    possible: dict[Key, set[Hashable]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)
    answers: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def now(self, key: Key) -> set[Hashable]:
        """What the thing may be; None is nothing."""
        return self.possible.get(key, {None})

    @contextmanager
    def attempt(self, **becomes: Mapping[str, Hashable]) -> Iterator[None]:
        """Call inside, where success makes of things of a kind, by name, what is given."""
        wanted = {(kind, name): value for kind, names in becomes.items() for name, value in names.items()}
        before = {key: self.now(key) for key in wanted}
        self.possible |= {key: before[key] | {value} for key, value in wanted.items()}
        try:
            yield
        except ClientError as error:
            self.possible |= before
            if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
                self.failures.append(str(error))
        else:
            self.possible |= {key: {value} for key, value in wanted.items()}

    def hear(self, http_response: Any, **_: Any) -> None:
        """Take the time of an answer; an event handler of botocore's."""
        self.told.append(parsedate_to_datetime(http_response.headers["Date"]))
        self.answers.release()


def act_until_killed(actor: Actor, clients: Clients, ledger: Ledger, seed: int) -> None:
    """Let an actor act again and again until nobody answers.

    The kill may cut an answer short; a region that goes on answering has no such excuse.
    """
    random_, cut_short = random.Random(seed), ""
    try:
        while not cut_short:
            try:
                actor(clients, ledger, random_)
            except ResponseParserError as error:
                cut_short = f"An answer of {actor.__name__} cannot be read: {error}"
        clients["sagemaker"].list_endpoints()
        ledger.failures.append(cut_short)
    except BotoCoreError:
        # So that whoever counts answers is not kept waiting.
        ledger.answers.release(1000)


def change_endpoint(clients: Clients, ledger: Ledger, random_: random.Random) -> None:
    """Create, rescale, update, scale automatically or delete one of a few endpoints, as its status allows."""
    name, sagemaker, scaling = random_.choice(ENDPOINTS), clients["sagemaker"], clients["application-autoscaling"]
    try:
        answer = sagemaker.describe_endpoint(EndpointName=name)
    except ClientError:
        with ledger.attempt(endpoint={name: "there"}):
            sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=random_.choice(CONFIGS))
        return
    if "EndpointStatus" not in answer:
        raise ResponseParserError(f"DescribeEndpoint answered {answer}")
    if answer.get("EndpointStatus") not in ("InService", "Failed"):
        return
    match random_.randrange(6):
        case 0 | 1:
            with ledger.attempt(endpoint={name: None}, target={name: None}, policy={name: None}):
                sagemaker.delete_endpoint(EndpointName=name)
        case 2:
            with ledger.attempt(target={name: "there"}):
                scaling.register_scalable_target(**instances_of(name), MinCapacity=1, MaxCapacity=random_.randint(1, 3))
        case 3:
            with ledger.attempt(policy={name: "there"}):
                put_policy(scaling, name, endpoint=name)
        case 4:
            with ledger.attempt():
                sagemaker.update_endpoint_weights_and_capacities(
                    EndpointName=name,
                    DesiredWeightsAndCapacities=[
                        {"VariantName": "AllTraffic", "DesiredInstanceCount": random_.randint(1, 2)}
                    ],
                )
        case _:
            with ledger.attempt():
                sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=random_.choice(CONFIGS))


def change_model(clients: Clients, ledger: Ledger, random_: random.Random) -> None:
    """Create, tag or delete a model."""
    name, sagemaker = f"m-{random_.randrange(20)}", clients["sagemaker"]
    arn = f"arn:aws:sagemaker:us-east-1:000000000000:model/{name}"
    match random_.randrange(3):
        case 0:
            with ledger.attempt(model={name: "there"}):
                sagemaker.create_model(ModelName=name, **MODEL)
        case 1:
            value = str(random_.random())
            with ledger.attempt(tag={name: value}):
                sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "killed", "Value": value}])
        case _:
            with ledger.attempt(model={name: None}, tag={name: None}):
                sagemaker.delete_model(ModelName=name)


def put_metric(clients: Clients, ledger: Ledger, random_: random.Random) -> None:
    """Send one value of a metric that nobody else sends."""
    name = f"metric-{random_.getrandbits(64):016x}"
    with ledger.attempt(metric={name: 1}):
        clients["cloudwatch"].put_metric_data(Namespace=NAMESPACE, MetricData=[{"MetricName": name, "Value": 1.0}])


def change_object(clients: Clients, ledger: Ledger, random_: random.Random) -> None:
    """Write, overwrite or delete an object, some of them large enough to be written in parts."""
    key = f"{random_.choice('abc')}/{random_.randrange(10)}/object"
    if random_.random() < 0.3:
        with ledger.attempt(object={key: None}):
            clients["s3"].delete_object(Bucket=BUCKET, Key=key)
        return
    body = random_.randbytes(random_.choice((10, 10_000, 1_000_000)))
    with ledger.attempt(object={key: hashlib.sha256(body).hexdigest()}):
        clients["s3"].put_object(Bucket=BUCKET, Key=key, Body=body)


def change_user(clients: Clients, ledger: Ledger, random_: random.Random) -> None:
    """Create or delete a user, of which the account knows when it comes back."""
    name = f"u-{random_.randrange(10)}"
    if random_.random() < 0.4:
        with ledger.attempt(user={name: None}):
            clients["iam"].delete_user(UserName=name)
        return
    with ledger.attempt(user={name: "there"}):
        clients["iam"].create_user(UserName=name)


MODEL = {
    "ExecutionRoleArn": "arn:aws:iam::000000000000:role/cmapss-sagemaker-execution",
    "PrimaryContainer": {
        "Image": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1",
        "ModelDataUrl": "s3://models/model.tar.gz",
    },
}
ACTORS: tuple[Actor, ...] = (change_endpoint, change_model, put_metric, change_object, change_user)
