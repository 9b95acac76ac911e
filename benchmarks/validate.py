"""Validating the C-MAPSS test set: ours beside the sequential loop of 100-row invocations that a notebook makes."""

from __future__ import annotations

import math
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.measurement import Measurement
from benchmarks.sandboxes import client, control, create_endpoints, create_model, serving, trained_job
from cmapss_core.aws import Aws, Target
from cmapss_core.evaluation import validate
from cmapss_core.inference import predict
from cmapss_data import SUBSETS, Fleet, open_fleet

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "cmapss" / "CMAPSSData.zip"
ENDPOINT = "benchmark"
PEER_ROWS = 100
ROUNDS = 3
BARS = {0: 2.0, 20: 10.0}  # injected latency in ms: how many times faster we have to be
TOLERANCE = 1e-6  # of the RMSE, in cycles


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
    data = ("--data", str(REAL_DATA)) if REAL_DATA.is_file() else ()
    with (
        tempfile.TemporaryDirectory(prefix="cmapss-benchmark-") as state,
        serving(Path(state), "--tuning-jobs", "0", *data) as url,
    ):
        create_model(url, ENDPOINT, trained_job(url))
        create_endpoints(url, ENDPOINT, [ENDPOINT])
        return [_measure(url, fleet, milliseconds, bar) for milliseconds, bar in BARS.items()]


def _measure(url: str, fleet: Fleet, milliseconds: int, bar: float) -> Measurement:
    control(url, "latency", {"milliseconds": milliseconds})
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


def _peer(url: str, fleet: Fleet) -> _Peer:
    tests = [fleet.test_rows(subset) for subset in SUBSETS]
    rows = [row for test in tests for row in test.lines]
    return _Peer(client("sagemaker-runtime", url), rows, np.concatenate([test.rul for test in tests]))
