"""Errors are those that scikit-learn computes, per subset and over all, and rounded up as whole cycles."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.evaluation import Evaluation, nasa_score, validate
from tests.core.scripted import NOW, ScriptedAws


@dataclass
class Rows:
    """Test rows of one subset: the prediction that the endpoint will give stands in their second column."""

    lines: list[str]
    rul: np.ndarray[Any, np.dtype[np.float64]]


@dataclass
class Engines:
    """A fleet of two subsets."""

    subsets: dict[str, Rows]
    origin: str = "synthetic"
    asked: list[str] = field(default_factory=list)

    def test_rows(self, subset: str) -> Rows:
        self.asked.append(subset)
        return self.subsets[subset]


def rows(pairs: list[tuple[float, float]]) -> Rows:
    lines = [",".join([str(place + 1), repr(predicted), *["0"] * 23]) for place, (_, predicted) in enumerate(pairs)]
    return Rows(lines, np.array([true for true, _ in pairs]))


def serving(status: str = "InService") -> ScriptedAws:
    def invoked(Body: bytes, **_: Any) -> dict[str, Any]:
        answer = ",".join(line.split(",")[1] for line in Body.decode().split("\n"))
        return {"Body": io.BytesIO(answer.encode())}

    endpoint = {
        "EndpointName": "ep",
        "EndpointArn": "arn",
        "EndpointStatus": status,
        "CreationTime": NOW,
        "LastModifiedTime": NOW,
    }
    return ScriptedAws({"sagemaker:DescribeEndpoint": endpoint, "sagemaker-runtime:InvokeEndpoint": invoked})


pairs = st.lists(st.tuples(st.floats(0, 400).map(round).map(float), st.floats(-50, 450)), min_size=1, max_size=60)


@given(pairs, pairs, st.integers(1, 20))
@settings(max_examples=30, deadline=None)
def test_errors_are_those_of_scikit_learn(one: Any, two: Any, batch: int) -> None:
    fleet = Engines({"FD001": rows(one), "FD002": rows(two)})
    found = validate(serving(), "ep", fleet, ["FD001", "FD002"], rows_per_invocation=batch)  # type: ignore[arg-type]  # has its face
    for name, part in (("FD001", one), ("FD002", two)):
        true, predicted = [t for t, _ in part], np.ceil([p for _, p in part])
        assert found.subsets[name].rmse == pytest.approx(root_mean_squared_error(true, predicted), abs=1e-9)
        assert found.subsets[name].mae == pytest.approx(mean_absolute_error(true, predicted), abs=1e-9)
    true, predicted = [t for t, _ in one + two], np.ceil([p for _, p in one + two])
    assert found.rmse == pytest.approx(root_mean_squared_error(true, predicted), abs=1e-9)
    assert found.rows == found.rows_total == len(true)
    assert found.finished
    assert found.data == "synthetic"


def test_progress_is_told_and_it_can_be_cancelled() -> None:
    told: list[Evaluation] = []
    fleet = Engines({"FD001": rows([(10.0, 12.0)] * 40)})
    found = validate(
        serving(),
        "ep",
        fleet,  # type: ignore[arg-type]  # has its face
        ["FD001"],
        rows_per_invocation=10,
        concurrency=1,
        on_progress=told.append,
        cancelled=lambda: len(told) >= 2,
    )
    assert [evaluation.rows for evaluation in told] == [10, 20]
    assert not found.finished
    assert found.rmse == 2.0
    assert found.rows_total == 40


def test_an_endpoint_that_is_not_in_service_is_refused_before_files_are_read() -> None:
    fleet = Engines({})
    with pytest.raises(ConsoleError, match="ep is Creating") as caught:
        validate(serving("Creating"), "ep", fleet)  # type: ignore[arg-type]  # has its face
    assert caught.value.kind is ErrorKind.CONFLICT
    assert fleet.asked == []


def test_the_nasa_score_is_the_challenges() -> None:
    assert nasa_score(np.array([100.0]), np.array([100.0])) == 0.0
    assert nasa_score(np.array([100.0]), np.array([87.0])) == pytest.approx(np.e - 1)
    assert nasa_score(np.array([100.0]), np.array([110.0])) == pytest.approx(np.e - 1)
    assert nasa_score(np.array([300.0]), np.array([200.0])) == 0.0, "both are beyond the cap"


def test_the_score_is_over_the_last_row_of_each_engine() -> None:
    first = rows([(50.0, 0.0), (40.0, 40.0)])
    second = rows([(30.0, 0.0), (20.0, 30.0)])
    fleet = Engines({"FD001": Rows(first.lines + second.lines, np.concatenate([first.rul, second.rul]))})
    found = validate(serving(), "ep", fleet, ["FD001"])  # type: ignore[arg-type]  # has its face
    assert found.nasa_score == pytest.approx(np.e - 1)
