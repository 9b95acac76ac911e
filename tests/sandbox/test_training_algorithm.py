"""The training process's parts: what hyper-parameters and channels may be, what is suggested, what it answers."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmapss_sandbox.training.channels import Channels
from cmapss_sandbox.training.hyperparameters import CustomerError, parse
from cmapss_sandbox.training.metrics import added_metrics
from cmapss_sandbox.training.suggestions import grid, suggest
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
    assert training.added_metrics == ()
    assert parse({"num_round": "1", "eval_metric": "rmse,r2,error@0.7"}).added_metrics == ("r2",)


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
        ({"eval_metric": "rmse,beauty"}, "Hyperparameter eval_metric: value ['rmse', 'beauty'] not in range"),
        ({"eval_metric": "rmse@0.5"}, "Hyperparameter eval_metric"),
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
        (b"1,2,3\n1,2,3,4,5\n", "text/csv", "Failed to load csv data"),
        (b"", "text/csv", "No data in train channel path /opt/ml/input/data/train"),
        (b"1\n2\n", "text/csv", "no features"),
        (b"1,2\n", "text/csv; label_size=2", "label_size must be equal to 1"),
        (b"1,2\n", "text/libsvm", "is not 'LIBSVM' format"),
        (b"1,2\n", None, "First line '1,2.*' of file 'train.csv' is not 'LIBSVM' format"),
        (b"", "libsvm", "No data in train channel"),
        (b"1,2\n", "image/png", "image/png is not an accepted ContentType: csv"),
        (b"1,2\n", "application/x-parquet", "The sandbox trains on csv, text/csv, libsvm"),
    ],
)
def test_wrong_channels_are_refused(tmp_path: Path, body: bytes, content_type: str | None, reason: str) -> None:
    path = tmp_path / "train.csv"
    path.write_bytes(body)
    with pytest.raises(CustomerError, match=reason):
        Channels().matrix("train", {"files": [str(path)], "content_type": content_type})


def test_a_channel_may_be_separated_otherwise_and_be_libsvm(tmp_path: Path) -> None:
    rows = {
        "text/csv": b"1,10,20\n2,30,\n3,,40\n",
        "csv": b"1;10;20\n2;30;\n3;;40\n",
        "text/csv; label_size=1": b"1\t10\t20\n2\t30\t\n3\t\t40\n",
        "text/libsvm": b"1 0:10 1:20\n2 0:30\n3 1:40\n",
        "text/x-libsvm": gzip.compress(b"1 0:10 1:20\n2 0:30\n\n3 1:40\n"),
    }
    for content_type, body in rows.items():
        path = tmp_path / "train"
        path.write_bytes(body)
        (tmp_path / "_SUCCESS").write_bytes(b"not data")
        files = [str(tmp_path / "_SUCCESS"), str(path)]
        matrix = Channels().matrix("train", {"files": files, "content_type": content_type})
        assert matrix.get_label().tolist() == [1, 2, 3]
        assert matrix.get_data().toarray().tolist() == [[10, 20], [30, 0], [0, 40]]


def test_a_channel_is_read_once_until_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_bytes(csv_rows(10, 1))
    channel = {"files": [str(path)], "content_type": "text/csv; label_size=1"}
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


def test_a_grid_takes_every_combination_once() -> None:
    ranges = {
        "CategoricalParameterRanges": [
            {"Name": "max_depth", "Values": ["2", "4"]},
            {"Name": "eta", "Values": ["0.1", "0.2", "0.3"]},
        ]
    }
    tried = [suggest("Grid", "Minimize", ranges, [], "", number=number) for number in range(6)]
    assert len({tuple(values.items()) for values in tried}) == 6
    assert tried == grid(ranges)


def test_a_warm_start_learns_from_what_lies_within_the_ranges() -> None:
    ranges = {"ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0", "MaxValue": "1"}]}
    etas = [n / 30 for n in range(30)]
    parents = [({"eta": str(eta), "num_round": "9"}, abs(eta - 0.3)) for eta in etas]
    outside = [({"eta": "7"}, -100.0), ({"num_round": "9"}, -100.0)]

    def miss(parents: list[tuple[dict[str, str], float]]) -> float:
        suggested = (suggest("Bayesian", "Minimize", ranges, [], f"job:{n}", parents=parents) for n in range(10))
        return sum(abs(float(values["eta"]) - 0.3) for values in suggested)

    assert miss([*parents, *outside]) == miss(parents) < miss([]) / 2


def test_the_containers_own_metrics_are_computed() -> None:
    import numpy as np
    from sklearn import metrics

    labels = np.array([0, 1, 1, 0, 1, 1, 0, 0])
    likely = np.array([0.2, 0.9, 0.4, 0.6, 0.8, 0.7, 0.1, 0.3])
    found = (likely > 0.5).astype(int)
    names = ("mse", "r2", "accuracy", "balanced_accuracy", "f1_macro", "f1_binary", "precision", "recall_macro")
    evaluate = added_metrics(names)
    assert evaluate is not None
    assert dict(evaluate(likely, _Labelled(labels))) == pytest.approx(
        {
            "mse": metrics.mean_squared_error(labels, likely),
            "r2": metrics.r2_score(labels, likely),
            "accuracy": metrics.accuracy_score(labels, found),
            "balanced_accuracy": metrics.balanced_accuracy_score(labels, found),
            "f1_macro": metrics.f1_score(labels, found, average="macro"),
            "f1_binary": metrics.f1_score(labels, found),
            "precision": metrics.precision_score(labels, found),
            "recall_macro": metrics.recall_score(labels, found, average="macro"),
        }
    )
    several = np.eye(3)[[0, 1, 2, 2]]
    of_three = added_metrics(("accuracy", "f1"))
    assert of_three is not None
    labels = np.array([0, 1, 2, 1])
    assert dict(of_three(several, _Labelled(labels))) == pytest.approx(
        {"accuracy": 0.75, "f1": metrics.f1_score(labels, [0, 1, 2, 2], average="macro")}
    )
    assert added_metrics(("rmse",)) is None


class _Labelled:
    """As much of a DMatrix as a metric asks for."""

    def __init__(self, labels: Any) -> None:
        self._labels = labels

    def get_label(self) -> Any:
        return self._labels


def test_whatever_a_command_brings_is_one_line_with_its_number() -> None:
    output = io.StringIO()
    worker = Worker(output)
    worker.run({"number": 7, "command": "train", "hyperparameters": {}, "channels": {}, "artefact": "nowhere"})
    worker.run({"number": 8, "command": "suggest", "strategy": "Random"})
    answers = [json.loads(line) for line in output.getvalue().splitlines()]
    told = [answer for answer in answers if "log" not in answer]
    assert told == [
        {"number": 7, "phase": "Downloading"},
        {"number": 7, "phase": "Training"},
        {"number": 7, "failed": "ClientError: Missing required hyperparameter: num_round"},
        {"number": 8, "failed": "AlgorithmError: KeyError: 'direction'"},
    ]
