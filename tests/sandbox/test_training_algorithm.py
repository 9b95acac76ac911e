"""The training process's parts: what hyper-parameters and channels may be, what is suggested, what it answers."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmapss_sandbox.training.channels import Channels
from cmapss_sandbox.training.hyperparameters import CustomerError, parse
from cmapss_sandbox.training.suggestions import suggest
from cmapss_sandbox.training.worker import Worker
from tests.sandbox.artefacts import csv_rows

RANGES: dict[str, list[dict[str, Any]]] = {
    "ContinuousParameterRanges": [
        {"Name": "eta", "MinValue": "0", "MaxValue": "1", "ScalingType": "Linear"},
        {"Name": "lambda", "MinValue": "0.0001", "MaxValue": "5", "ScalingType": "Logarithmic"},
        {"Name": "alpha", "MinValue": "0.0001", "MaxValue": "2"},
        {"Name": "momentum", "MinValue": "0.9", "MaxValue": "0.999", "ScalingType": "ReverseLogarithmic"},
    ],
    "IntegerParameterRanges": [
        {"Name": "max_depth", "MinValue": "1", "MaxValue": "100", "ScalingType": "Logarithmic"},
    ],
    "CategoricalParameterRanges": [{"Name": "booster", "Values": ["gbtree", "dart"]}],
}


def test_hyperparameters_become_xgboosts_own() -> None:
    training = parse(
        {
            "num_round": "120",
            "eta": "0.2",
            "max_depth": "5",
            "objective": "reg:linear",
            "early_stopping_rounds": "10",
            "nthread": "64",
            "eval_metric": "rmse, mae",
            "_tuning_objective_metric": "validation:mae",
        }
    )
    assert training.parameters == {"eta": 0.2, "max_depth": 5, "objective": "reg:squarederror"}
    assert (training.rounds, training.early_stopping_rounds, training.metrics) == (120, 10, ("rmse", "mae"))


@pytest.mark.parametrize(
    ("hyperparameters", "reason"),
    [
        ({"num_round": "0"}, "Hyperparameter num_round: 0 is not in [1, +inf)"),
        ({"subsample": "0"}, "Hyperparameter subsample: 0.0 is not in (0, 1]"),
        ({"eta": "nan"}, "Hyperparameter eta: nan is not in [0, 1]"),
        ({"max_depth": "deep"}, "Hyperparameter max_depth: could not parse value"),
        ({"learning_rate": "0.1"}, "Extraneous hyperparameter found: learning_rate"),
        ({"objective": "multi:softmax"}, "Require input for parameter 'num_class'"),
        ({"objective": "reg:guess"}, "Hyperparameter objective: reg:guess is not in"),
        ({"sagemaker_program": "train.py"}, "algorithm mode only"),
    ],
)
def test_wrong_hyperparameters_are_refused_in_the_containers_words(
    hyperparameters: dict[str, str], reason: str
) -> None:
    with pytest.raises(CustomerError) as raised:
        parse({"num_round": "1", **hyperparameters})
    assert reason in str(raised.value)


def test_the_number_of_rounds_is_required() -> None:
    with pytest.raises(CustomerError, match="Missing required hyperparameter: num_round"):
        parse({"eta": "0.1"})


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"rul,a,b\n1,2,3\n", "text/csv", "without a header"),
        (b"1,2,3\n1,2,3,4,5\n", "text/csv", "The train channel is not CSV"),
        (b"", "text/csv", "No data in train channel"),
        (b"1\n2\n", "text/csv", "no features"),
        (b"1,2\n", "text/libsvm", "trains on text/csv"),
        (b"1,2\n", None, "trains on text/csv"),
    ],
)
def test_wrong_channels_are_refused(tmp_path: Path, body: bytes, content_type: str | None, reason: str) -> None:
    path = tmp_path / "train.csv"
    path.write_bytes(body)
    with pytest.raises(CustomerError, match=reason):
        Channels().matrix("train", {"files": [str(path)], "source": "s3://d/", "content_type": content_type})


def test_a_channel_is_read_once_until_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_bytes(csv_rows(10, 1))
    channel = {"files": [str(path)], "source": "s3://d/", "content_type": "text/csv; label_size=1"}
    channels = Channels()
    first = channels.matrix("train", channel)
    assert channels.matrix("train", channel) is first
    path.write_bytes(csv_rows(11, 1))
    assert channels.matrix("train", channel).num_row() == 11


@settings(max_examples=15, deadline=None)
@given(strategy=st.sampled_from(["Bayesian", "Random"]), seed=st.text(max_size=8), count=st.integers(0, 12))
def test_suggestions_are_within_their_ranges_and_repeatable(strategy: str, seed: str, count: int) -> None:
    trials: list[tuple[dict[str, str], float]] = []
    for number in range(count):
        tried = suggest("Random", "Minimize", RANGES, [], f"{seed}{number}")
        trials.append((tried, float(tried["eta"])))
    suggested = suggest(strategy, "Minimize", RANGES, trials, seed)
    assert suggested == suggest(strategy, "Minimize", RANGES, trials, seed)
    numbers = [*RANGES["ContinuousParameterRanges"], *RANGES["IntegerParameterRanges"]]
    for entry in numbers:
        low, high = float(entry["MinValue"]), float(entry["MaxValue"])
        assert low - 1e-9 <= float(suggested[entry["Name"]]) <= high + 1e-9
    assert int(suggested["max_depth"]) >= 1
    assert suggested["booster"] in ("gbtree", "dart")


def test_a_bayesian_tuning_job_comes_closer_than_a_random_one() -> None:
    ranges = {"ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0", "MaxValue": "1"}]}

    def misses(strategy: str) -> float:
        trials: list[tuple[dict[str, str], float]] = []
        for number in range(40):
            tried = suggest(strategy, "Minimize", ranges, trials, f"job:{number}")
            trials.append((tried, abs(float(tried["eta"]) - 0.3)))
        return sum(value for _, value in trials[20:])

    assert misses("Bayesian") < misses("Random") / 2


def test_whatever_a_command_brings_is_one_line_with_its_number() -> None:
    output = io.StringIO()
    worker = Worker(output)
    worker.run({"number": 7, "command": "train", "hyperparameters": {}, "channels": {}, "artefact": "nowhere"})
    worker.run({"number": 8, "command": "suggest", "strategy": "Random"})
    answers = [json.loads(line) for line in output.getvalue().splitlines()]
    assert answers[0] == {"number": 7, "phase": "Downloading"}
    assert answers[1] == {"number": 7, "failed": "ClientError: Missing required hyperparameter: num_round"}
    assert answers[2] == {"number": 8, "failed": "AlgorithmError: KeyError: 'direction'"}
