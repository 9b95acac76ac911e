"""Which training jobs of a tuning job are stopped early: the median rule and successive halving."""

from __future__ import annotations

import json
import statistics
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_sandbox.training.early_stopping import halving_thresholds, median_thresholds
from cmapss_sandbox.training.worker import Worker
from tests.sandbox.artefacts import csv_rows

CURVES = st.lists(st.lists(st.floats(-100, 100), min_size=1, max_size=12), max_size=12)


def test_the_median_is_of_running_averages_and_needs_three_jobs() -> None:
    assert median_thresholds([[9, 7, 5], [4, 4, 4]]) == {}
    thresholds = median_thresholds([[9, 7, 5], [4, 4, 4], [6, 2]])
    assert thresholds == {1: 6, 2: 4}


@given(curves=CURVES)
def test_half_of_the_earlier_jobs_would_go_on(curves: list[list[float]]) -> None:
    for round_, threshold in median_thresholds(curves).items():
        averages = [sum(curve[:round_]) / round_ for curve in curves if len(curve) >= round_]
        assert len(averages) >= 3
        assert threshold == pytest.approx(statistics.median(averages))


def test_a_third_goes_on_from_each_rung() -> None:
    curves = [[value] * 30 for value in (5.0, 3.0, 1.0, 4.0, 2.0)]
    assert halving_thresholds(curves[:1], 1, 27, lower_is_better=True) == {}
    assert halving_thresholds(curves, 1, 27, lower_is_better=True) == {1: 2.0, 3: 2.0, 9: 2.0}
    assert halving_thresholds(curves, 2, 27, lower_is_better=False) == {2: 4.0, 6: 4.0, 18: 4.0}
    assert halving_thresholds(curves, 27, 27, lower_is_better=True) == {}


@given(curves=CURVES, least=st.integers(1, 4), lower=st.booleans())
def test_who_passes_a_rung_is_among_the_best_third(curves: list[list[float]], least: int, lower: bool) -> None:
    for rung, threshold in halving_thresholds(curves, least, 12, lower_is_better=lower).items():
        reached = [curve[rung - 1] for curve in curves if len(curve) >= rung]
        better = sum(value < threshold if lower else value > threshold for value in reached)
        assert better < (len(reached) + 1) // 3


def trained(tmp_path: Path, **objective: Any) -> dict[str, Any]:
    """What the training process answers on a job of 20 rounds."""
    for name, rows in (("train", 200), ("validation", 50)):
        (tmp_path / name).write_bytes(csv_rows(rows, rows))
    output = StringIO()
    channels = {name: {"files": [str(tmp_path / name)], "content_type": "csv"} for name in ("train", "validation")}
    command = {
        "number": 1,
        "command": "train",
        "hyperparameters": {"num_round": "20", "_tuning_objective_metric": "validation:rmse"},
        "channels": channels,
        "artefact": str(tmp_path / "model.tar.gz"),
        "objective": {
            "metric": "validation:rmse",
            "lower_is_better": True,
            "thresholds": {},
            "most_rounds": None,
            **objective,
        },
    }
    Worker(output).run(json.loads(json.dumps(command)))
    done: dict[str, Any] = json.loads(output.getvalue().splitlines()[-1])["done"]
    return done


def test_a_job_that_falls_behind_stops_after_that_round_and_keeps_its_model(tmp_path: Path) -> None:
    whole = trained(tmp_path)
    assert (whole["rounds"], whole["stopped"], len(whole["curve"])) == (20, None, 20)
    assert whole["curve"][-1] == whole["metrics"]["validation:rmse"]
    behind = trained(tmp_path, thresholds={4: whole["curve"][3] + 1, 7: whole["curve"][6] - 1e-6})
    assert (behind["rounds"], behind["stopped"]) == (7, "early")
    assert behind["curve"] == whole["curve"][:7]
    assert (tmp_path / "model.tar.gz").stat().st_size
    ahead = trained(tmp_path, thresholds={4: 0.0}, lower_is_better=False)
    assert ahead["stopped"] is None
    bounded = trained(tmp_path, most_rounds=9, thresholds={9: 0.0})
    assert (bounded["rounds"], bounded["stopped"]) == (9, None), "nobody falls behind in the last round"
