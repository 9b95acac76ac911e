"""`kill -9` at any moment: a region that starts again has all that it said it had, and nothing by halves.

Three kills in the suite; CMAPSS_KILLS=100 makes it a campaign, and CMAPSS_KILLS_SEED another one.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Hashable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.config import Config
from botocore.session import Session

from cmapss_sandbox.objects import ObjectStore
from cmapss_sandbox.store import Store
from tests.sandbox.artefacts import production_variant
from tests.sandbox.boosters import artefact
from tests.sandbox.killed_load import (
    ACTORS,
    BUCKET,
    CONFIGS,
    MODEL,
    NAMESPACE,
    SERVICES,
    Clients,
    Key,
    Ledger,
    act_until_killed,
)

KILLS = int(os.environ.get("CMAPSS_KILLS", "3"))
SEED = int(os.environ.get("CMAPSS_KILLS_SEED", "1"))

_SPEED = 600
_PATIENCE = 60
_STABLE = {"InService", "Failed", "OutOfService", "UpdateRollbackFailed"}
_QUERIES_IN_A_CALL = 500


@dataclass(frozen=True, slots=True)
class Running:
    """A region in a process of its own, and clients to it."""

    process: subprocess.Popen[str]
    url: str
    clients: Clients

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        assert self.process.wait(_PATIENCE) == -signal.SIGKILL

    def control(self, path: str, **asked: Any) -> dict[str, Any]:
        with closing(http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=_PATIENCE)) as connection:
            connection.request("POST" if asked else "GET", f"/_sandbox{path}", json.dumps(asked) if asked else None)
            told: dict[str, Any] = json.loads(connection.getresponse().read())
            return told


def begin(state: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.sandbox.killed_region", str(state), str(_SPEED)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )


def kill_while_it_starts(state: Path, seconds: float) -> None:
    with begin(state) as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()


@contextmanager
def running(state: Path, ledger: Ledger, session: Session) -> Iterator[Running]:
    with begin(state) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url, "it did not start"
            clients = {service: _client(session, service, url, ledger) for service in SERVICES}
            yield Running(process, url, clients)
            for client in clients.values():
                client.close()
        finally:
            process.kill()


def _client(session: Session, service: str, url: str, ledger: Ledger) -> Any:
    config = Config(retries={"total_max_attempts": 1, "mode": "standard"}, s3={"addressing_style": "path"})
    client = session.create_client(service, region_name="us-east-1", endpoint_url=url, config=config)
    client.meta.events.register("before-parse", lambda response_dict, **_: ledger.hear(_Heard(response_dict)))
    return client


@dataclass(frozen=True, slots=True)
class _Heard:
    response: dict[str, Any]

    @property
    def headers(self) -> Any:
        return self.response["headers"]


def load(region: Running, ledger: Ledger, answers: int, seed: int) -> None:
    """Have all actors act at once, and kill the region after so many answers."""
    actors = [threading.Thread(target=act_until_killed, args=(actor, region.clients, ledger, seed)) for actor in ACTORS]
    ledger.answers = threading.Semaphore(0)
    for actor in actors:
        actor.start()
    for _ in range(answers):
        assert ledger.answers.acquire(timeout=_PATIENCE)
    region.kill()
    for actor in actors:
        actor.join(_PATIENCE)


def found(region: Running, keys: set[Key]) -> dict[Key, Hashable]:
    """What there is of all that was ever made, by kind and name."""
    clients = region.clients
    there: dict[Key, Hashable] = {}
    for kind, service, call, member in (
        ("endpoint", "sagemaker", "list_endpoints", "Endpoints"),
        ("model", "sagemaker", "list_models", "Models"),
        ("user", "iam", "list_users", "Users"),
        ("target", "application-autoscaling", "describe_scalable_targets", "ScalableTargets"),
        ("policy", "application-autoscaling", "describe_scaling_policies", "ScalingPolicies"),
    ):
        scope = {"ServiceNamespace": "sagemaker"} if kind in ("target", "policy") else {}
        for page in clients[service].get_paginator(call).paginate(**scope):
            there |= {(kind, _named(item)): "there" for item in page[member]}
    for kind, name in keys:
        if kind == "tag" and ("model", name) in there:
            arn = f"arn:aws:sagemaker:us-east-1:000000000000:model/{name}"
            for tag in clients["sagemaker"].list_tags(ResourceArn=arn)["Tags"]:
                there[(kind, name)] = tag["Value"]
        if kind == "object":
            there |= _object(clients["s3"], name)
    return there | _samples(region, [name for kind, name in keys if kind == "metric"])


def _named(item: dict[str, Any]) -> str:
    names = (item.get(member) for member in ("EndpointName", "ModelName", "UserName"))
    return next((str(name) for name in names if name), None) or _endpoint_of(item)


def _endpoint_of(scaled: dict[str, Any]) -> str:
    return str(scaled["ResourceId"].split("/")[1])


def _object(s3: Any, key: str) -> dict[Key, Hashable]:
    try:
        body = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return {}
    return {("object", key): hashlib.sha256(body).hexdigest()}


def _samples(region: Running, names: list[str]) -> dict[Key, Hashable]:
    """How many values each metric has."""
    end = region.control("")["time"]
    counts: dict[Key, Hashable] = {}
    for first in range(0, len(names), _QUERIES_IN_A_CALL):
        asked = names[first : first + _QUERIES_IN_A_CALL]
        queries = [
            {
                "Id": f"m{number}",
                "MetricStat": {
                    "Metric": {"Namespace": NAMESPACE, "MetricName": name},
                    "Period": 86400,
                    "Stat": "SampleCount",
                },
            }
            for number, name in enumerate(asked)
        ]
        for page in (
            region.clients["cloudwatch"]
            .get_paginator("get_metric_data")
            .paginate(MetricDataQueries=queries, StartTime="2000-01-01T00:00:00Z", EndTime=end)
        ):
            for result in page["MetricDataResults"]:
                if result["Values"]:
                    counts[("metric", asked[int(result["Id"][1:])])] = sum(result["Values"])
    return counts


def check_tables(state: Path) -> None:
    """What the file of a killed region holds, before anybody has repaired anything."""
    with closing(sqlite3.connect(state / "region.sqlite")) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with closing(Store(state / "region.sqlite")) as store:
        endpoints, events = store.table("endpoints"), store.table("timed_events").values()
        assert sum(event["name"] == "cloudwatch_minute" for event in events) == 1
        waited_for = {str(value) for event in events for value in event["arguments"].values()}
        for name, endpoint in endpoints.items():
            assert endpoint["EndpointStatus"] in _STABLE or name in waited_for, f"{name} changes and nothing ends that"
            assert endpoint["EndpointConfigName"] in store.table("endpoint_configs")


def check_settled(region: Running) -> None:
    """Whatever was under way comes to its end by timed events; what scales is there, and has its alarms."""
    sagemaker, scaling = region.clients["sagemaker"], region.clients["application-autoscaling"]
    for _ in range(20):
        statuses = {e["EndpointName"]: e["EndpointStatus"] for e in sagemaker.list_endpoints()["Endpoints"]}
        if set(statuses.values()) <= _STABLE:
            break
        region.control("/clock", advance_seconds=600)
    assert set(statuses.values()) <= _STABLE
    targets = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    policies = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert {_endpoint_of(target) for target in targets} <= statuses.keys()
    assert {_endpoint_of(policy) for policy in policies} <= {_endpoint_of(target) for target in targets}
    alarms = {alarm["AlarmName"] for alarm in region.clients["cloudwatch"].describe_alarms()["MetricAlarms"]}
    assert {alarm["AlarmName"] for policy in policies for alarm in policy["Alarms"]} == alarms


def check_ledger(region: Running, ledger: Ledger) -> None:
    """Everything is what it was last said to be, or what a call in doubt would have made of it."""
    there = found(region, set(ledger.possible))
    kinds = {kind for kind, _ in ledger.possible}
    wrong = {
        key: (there.get(key), ledger.now(key))
        for key in {*ledger.possible, *(key for key in there if key[0] in kinds)}
        if there.get(key) not in ledger.now(key)
    }
    assert wrong == {}
    ledger.possible = {key: {there.get(key)} for key in ledger.possible}


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is killed like that there")
def test_a_region_that_is_killed_at_any_moment_continues(tmp_path: Path, botocore_session: Session) -> None:
    random_, ledger, state = random.Random(SEED), Ledger(), tmp_path / "state"
    ObjectStore(state / "objects").put("models", "model.tar.gz", artefact())
    kill_while_it_starts(state, random_.uniform(0.2, 1.5))
    with running(state, ledger, botocore_session) as region:
        sagemaker = region.clients["sagemaker"]
        region.clients["s3"].create_bucket(Bucket=BUCKET)
        sagemaker.create_model(ModelName="model", **MODEL)
        for count, config in enumerate(CONFIGS, 1):
            variant = production_variant("model", InitialInstanceCount=count)
            sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=[variant])
        ledger.possible[("model", "model")] = {"there"}
        load(region, ledger, random_.randint(50, 150), random_.getrandbits(32))
    for number in range(KILLS):
        check_tables(state)
        if number % 5 == 4:
            kill_while_it_starts(state, random_.uniform(0.2, 1.5))
            check_tables(state)
        last_told = max(ledger.told)
        ledger.told.clear()
        with running(state, ledger, botocore_session) as region:
            region.clients["sagemaker"].list_models()
            assert last_told <= ledger.told[0]
            check_settled(region)
            check_ledger(region, ledger)
            assert ledger.failures == []
            assert http_page(region.url) == 200
            if number < KILLS - 1:
                load(region, ledger, random_.randint(1, 150), random_.getrandbits(32))


def http_page(url: str) -> int:
    with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=_PATIENCE)) as connection:
        connection.request("GET", "/")
        return connection.getresponse().status
