"""Validating the C-MAPSS test set: ours beside the sequential loop of 100-row invocations that a notebook makes."""

from __future__ import annotations

import json
import math
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import numpy as np
from numpy.typing import NDArray

from benchmarks.measurement import Measurement
from cmapss_core.aws import Aws, Target
from cmapss_core.evaluation import validate
from cmapss_core.inference import predict
from cmapss_data import SUBSETS, Fleet, open_fleet
from cmapss_tui.sandbox_process import start

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "cmapss" / "CMAPSSData.zip"
ENDPOINT = "benchmark"
PEER_ROWS = 100
ROUNDS = 3
BARS = {0: 2.0, 20: 10.0}  # injected latency in ms: how many times faster we have to be
TOLERANCE = 1e-6  # of the RMSE, in cycles
TRAINING_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class _Peer:
    """The notebook's way: its rows, their true RUL, and a plain boto3 client."""

    runtime: Any
    rows: Sequence[str]
    rul: NDArray[np.float64]

    def predict(self) -> NDArray[np.float64]:
        """Send 100 rows at a time, one after another, and round up."""
        predictions: list[float] = []
        for begin in range(0, len(self.rows), PEER_ROWS):
            answer = self.runtime.invoke_endpoint(
                EndpointName=ENDPOINT, ContentType="text/csv", Body="\n".join(self.rows[begin : begin + PEER_ROWS])
            )
            text = answer["Body"].read().decode()
            predictions += [math.ceil(float(value)) for value in text.replace("\n", ",").split(",") if value]
        return np.array(predictions, dtype=np.float64)

    def rmse(self, predictions: NDArray[np.float64]) -> float:
        """In cycles."""
        return float(np.sqrt(np.mean((predictions - self.rul) ** 2)))


def measure() -> list[Measurement]:
    """Seconds for all rows, medians of interleaved rounds, with and without latency, all predictions equal."""
    fleet = open_fleet(REAL_DATA if REAL_DATA.is_file() else None)
    with _sandbox() as url:
        _deploy(url)
        return [_measure(url, fleet, milliseconds, bar) for milliseconds, bar in BARS.items()]


def _measure(url: str, fleet: Fleet, milliseconds: int, bar: float) -> Measurement:
    _control(url, "latency", {"milliseconds": milliseconds})
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(ROUNDS):
        # Each opens its connection, reads and labels the files, sends all rows, and computes the error.
        began = time.perf_counter()
        peer = _peer(url, fleet)
        rmse = peer.rmse(predictions := peer.predict())
        theirs.append(time.perf_counter() - began)
        began = time.perf_counter()
        aws = Aws(Target(endpoint_url=url))
        found = validate(aws, ENDPOINT, fleet).rmse
        ours.append(time.perf_counter() - began)
        if found is None or abs(found - rmse) > TOLERANCE:
            raise AssertionError(f"the RMSE is {found}, the sequential loop's is {rmse}")
    _require_equal(url, peer, predictions)
    mine, other = statistics.median(ours), statistics.median(theirs)
    name = f"validate {len(peer.rows):,} {fleet.origin} rows at {milliseconds} ms latency: times faster"
    return Measurement(name, mine, other, other / mine, bar, at_most=False, unit="s")


def _require_equal(url: str, peer: _Peer, expected: NDArray[np.float64]) -> None:
    """Our way of sending gives the same prediction for every single row."""
    found = np.empty(len(peer.rows))
    for begin, values in predict(Aws(Target(endpoint_url=url)), ENDPOINT, peer.rows):
        found[begin : begin + len(values)] = np.ceil(values)
    different = int(np.count_nonzero(found != expected))
    if different:
        raise AssertionError(f"{different} of {len(expected)} predictions differ from the sequential loop's")


@contextmanager
def _sandbox() -> Iterator[str]:
    data = ["--data", str(REAL_DATA)] if REAL_DATA.is_file() else []
    with tempfile.TemporaryDirectory(prefix="cmapss-benchmark-") as state:
        sandbox = start(Path(state), arguments=["--tuning-jobs", "0", *data])
        try:
            yield sandbox.address.endpoint_url
        finally:
            sandbox.stop()
            sandbox.wait(30)


def _deploy(url: str) -> None:
    """The first model that is trained, behind an endpoint of one instance."""
    sagemaker = _client("sagemaker", url)
    _control(url, "wait", {"completed_training_jobs": 1, "seconds": TRAINING_SECONDS})
    jobs = sagemaker.list_training_jobs(StatusEquals="Completed")["TrainingJobSummaries"]
    if not jobs:
        raise TimeoutError(f"the sandbox has not trained a model in {TRAINING_SECONDS:g} s")
    job = sagemaker.describe_training_job(TrainingJobName=jobs[-1]["TrainingJobName"])
    container = {
        "Image": job["AlgorithmSpecification"]["TrainingImage"],
        "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"],
    }
    sagemaker.create_model(ModelName=ENDPOINT, ExecutionRoleArn=job["RoleArn"], PrimaryContainer=container)
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": ENDPOINT,
        "InstanceType": "ml.m5.xlarge",
        "InitialInstanceCount": 1,
    }
    sagemaker.create_endpoint_config(EndpointConfigName=ENDPOINT, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=ENDPOINT)
    _control(url, "clock", {"advance_seconds": 900})
    status = sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointStatus"]
    if status != "InService":
        raise AssertionError(f"the endpoint is {status} after fifteen minutes")


def _peer(url: str, fleet: Fleet) -> _Peer:
    tests = [fleet.test_rows(subset) for subset in SUBSETS]
    rows = [row for test in tests for row in test.lines]
    return _Peer(_client("sagemaker-runtime", url), rows, np.concatenate([test.rul for test in tests]))


def _client(service: str, url: str) -> Any:
    session: Any = boto3.Session(aws_access_key_id="sandbox", aws_secret_access_key="sandbox")
    return session.client(service, region_name="us-east-1", endpoint_url=url)


def _control(url: str, call: str, document: dict[str, float]) -> None:
    request = Request(f"{url}/_sandbox/{call}", json.dumps(document).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=60 + TRAINING_SECONDS) as answer:
        answer.read()
