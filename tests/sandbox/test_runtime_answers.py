"""What the container answers: formats by Accept and by the model's environment, ensembles, classes, selected keys."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_sandbox.services.serving.container import Answer, Container, start_container
from cmapss_sandbox.services.serving.payloads import ContainerError
from cmapss_sandbox.services.serving.recordio import write_record
from tests.sandbox.boosters import FEATURES, artefact, artefact_of, as_csv, classifier, random_rows, trained

IMAGE = "sagemaker-xgboost:1.7-1"
ROWS = random_rows(7)
MATRIX = numpy.array(ROWS)

missing = st.one_of(st.none(), st.floats(-5, 5, width=32))
tables = st.integers(1, FEATURES).flatmap(
    lambda width: st.lists(st.lists(missing, min_size=width, max_size=width), min_size=1, max_size=5)
)


@pytest.fixture(scope="module")
def container() -> Container:
    return start_container(artefact(), IMAGE)


def serving(*boosters: Any, **environment: str) -> Container:
    return start_container(artefact_of(*boosters), IMAGE, environment)


def answered(container: Container, accept: str | None = None) -> Answer:
    return container.invoke(as_csv(ROWS), "text/csv", accept)


def predicted(booster: Any) -> Any:
    import xgboost

    return booster.predict(xgboost.DMatrix(MATRIX))


def csv_of(table: list[list[float | None]]) -> bytes:
    # A lone empty field would be an empty payload, so what is missing is said.
    return "\n".join(",".join("nan" if value is None else repr(value) for value in row) for row in table).encode()


def libsvm_of(table: list[list[float | None]]) -> bytes:
    lines = (
        "0 " + " ".join(f"{column}:{value!r}" for column, value in enumerate(row) if value is not None) for row in table
    )
    return "\n".join(lines).encode()


@given(tables)
def test_csv_and_libsvm_predict_what_xgboost_does_of_the_same_matrix(
    container: Container, table: list[list[float | None]]
) -> None:
    import xgboost

    matrix = numpy.array([[numpy.nan if value is None else value for value in row] for row in table])
    expected = trained().predict(xgboost.DMatrix(matrix), validate_features=False)
    if matrix.shape[1] > 1:
        body = container.invoke(csv_of(table), "text/csv", None).body
        numpy.testing.assert_array_equal(numpy.array(body.split(), dtype=numpy.float32), expected)
    given_rows = numpy.flatnonzero(~numpy.isnan(matrix).all(axis=1))
    if given_rows.size:
        # The last rows are not seen when nothing of them is given.
        body = container.invoke(libsvm_of(table), "text/x-libsvm", None).body
        numpy.testing.assert_array_equal(numpy.array(body.split(), dtype=numpy.float32), expected[: given_rows[-1] + 1])


def test_rows_without_number_are_predicted_a_part_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from cmapss_sandbox.services.serving import container as module

    rows = b"\n".join(b" ".join(f"{column}:{value}".encode() for column, value in enumerate(row)) for row in ROWS)
    container = start_container(artefact(), IMAGE)
    whole = container.invoke(rows, "text/libsvm", None)
    monkeypatch.setattr(module, "_DENSE_VALUES", 2 * FEATURES)
    assert container.invoke(rows, "text/libsvm", None) == whole


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, "text/csv; charset=utf-8"),
        ("*/*", "text/csv; charset=utf-8"),
        ("application/json; verbose=True", "application/json"),
        ("Application/JSONLines", "application/jsonlines"),
        ("application/x-recordio-protobuf", "application/x-recordio-protobuf"),
    ],
)
def test_the_same_scores_in_every_format(container: Container, accept: str | None, content_type: str) -> None:
    answer = answered(container, accept)
    assert answer.content_type == content_type
    scores = [float(score) for score in predicted(trained())]
    expected = {
        "text/csv; charset=utf-8": "".join(f"{score}\n" for score in scores).encode(),
        "application/json": json.dumps({"predictions": [{"score": score} for score in scores]}).encode(),
        "application/jsonlines": "".join(json.dumps({"score": score}) + "\n" for score in scores).encode(),
        "application/x-recordio-protobuf": b"".join(write_record({"score": [score]}) for score in scores),
    }
    assert answer.body == expected[content_type]


def test_the_models_environment_names_the_default_format() -> None:
    container = serving(trained(), SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT="application/jsonlines")
    assert answered(container).content_type == answered(container, "*/*").content_type == "application/jsonlines"
    assert answered(container, "text/csv").content_type == "text/csv; charset=utf-8"
    wrong = serving(trained(), SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT="image/png")
    with pytest.raises(ContainerError, match="Accept type image/png is not supported") as refusal:
        answered(wrong)
    assert refusal.value.status == 406


def test_an_empty_payload_has_no_content(container: Container) -> None:
    answer = container.invoke(b"", None, "image/png")
    assert (answer.status, answer.body) == (204, b"")


def test_without_ensemble_only_the_first_model_answers() -> None:
    both = serving(trained(0), trained(1))
    alone = serving(trained(0), trained(1), SAGEMAKER_INFERENCE_ENSEMBLE="false")
    numpy.testing.assert_array_equal(alone.predict(MATRIX), predicted(trained(0)))
    numpy.testing.assert_array_equal(both.predict(MATRIX), (predicted(trained(0)) + predicted(trained(1))) / 2)


@pytest.mark.parametrize("objective", ["multi:softmax", "binary:hinge"])
def test_models_that_predict_classes_vote(objective: str) -> None:
    boosters = [classifier(objective, seed) for seed in (0, 1, 2)]
    each = [predicted(booster) for booster in boosters]
    expected = [max(sorted(set(votes)), key=votes.count) for votes in zip(*(list(one) for one in each), strict=True)]
    numpy.testing.assert_array_equal(serving(*boosters).predict(MATRIX), expected)
    assert any(len(set(votes)) > 1 for votes in zip(*(list(one) for one in each), strict=True))


def test_probabilities_of_classes_are_a_line_each() -> None:
    booster = classifier("multi:softprob")
    expected = predicted(booster)
    lines = answered(serving(booster)).body.decode().splitlines()
    numpy.testing.assert_array_equal(numpy.array([line.split(",") for line in lines], dtype=numpy.float32), expected)
    scores = [row["score"] for row in json.loads(answered(serving(booster), "application/json").body)["predictions"]]
    assert scores == expected.tolist()
    old = start_container(artefact_of(booster), "sagemaker-xgboost:1.2-1")
    assert answered(old).body.decode() == ",".join(map(str, expected.tolist()))


def selected(container: Container) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(answered(container, "application/json").body)["predictions"]
    return rows


def test_a_regression_tells_its_score_and_nan_for_what_it_does_not_know() -> None:
    told = selected(serving(trained(), SAGEMAKER_INFERENCE_OUTPUT="predicted_score, labels"))
    assert [row["predicted_score"] for row in told] == predicted(trained()).tolist()
    assert all(math.isnan(row["labels"]) for row in told)


def test_a_binary_classifier_tells_label_and_probabilities() -> None:
    keys = "predicted_label,labels,probability,probabilities,raw_score,raw_scores"
    booster = classifier("binary:logistic")
    for row, probability in zip(
        selected(serving(booster, SAGEMAKER_INFERENCE_OUTPUT=keys)), predicted(booster).tolist(), strict=True
    ):
        assert row == {
            "predicted_label": int(probability > 0.5),
            "labels": [0, 1],
            "probability": probability,
            "probabilities": [1 - probability, probability],
            "raw_score": probability,
            "raw_scores": [1 - probability, probability],
        }


def test_a_margin_is_no_probability_and_its_label_is_its_sign() -> None:
    booster = classifier("binary:logitraw")
    told = selected(serving(booster, SAGEMAKER_INFERENCE_OUTPUT="predicted_label,probability"))
    assert [row["predicted_label"] for row in told] == [int(margin > 0) for margin in predicted(booster)]
    assert all(math.isnan(row["probability"]) for row in told)


def test_one_of_several_classes_is_the_likeliest() -> None:
    booster = classifier("multi:softprob")
    keys = "predicted_label,labels,probability,probabilities"
    for row, probabilities in zip(
        selected(serving(booster, SAGEMAKER_INFERENCE_OUTPUT=keys)), predicted(booster).tolist(), strict=True
    ):
        assert row == {
            "predicted_label": probabilities.index(max(probabilities)),
            "labels": [0, 1, 2],
            "probability": max(probabilities),
            "probabilities": probabilities,
        }


def test_selected_keys_in_the_other_formats() -> None:
    booster = classifier("multi:softprob")
    container = serving(booster, SAGEMAKER_INFERENCE_OUTPUT="predicted_label,probabilities")
    told = selected(container)
    assert answered(container).body.decode() == "\n".join(
        f'{row["predicted_label"]},"{row["probabilities"]}"' for row in told
    )
    lines = answered(container, "application/jsonlines").body.decode().splitlines()
    assert [json.loads(line) for line in lines] == told
    records = answered(container, "application/x-recordio-protobuf").body
    assert records.startswith(
        write_record({"predicted_label": [told[0]["predicted_label"]], "probabilities": told[0]["probabilities"]})
    )
    assert struct.unpack_from("<I", records)[0] == 0xCED7230A


def test_an_objective_of_which_nothing_can_be_selected_is_500() -> None:
    import xgboost

    counts = xgboost.train({"objective": "count:poisson"}, xgboost.DMatrix(MATRIX, numpy.arange(7)), 2)
    with pytest.raises(ContainerError, match="Objective `count:poisson` unsupported") as refusal:
        answered(serving(counts, SAGEMAKER_INFERENCE_OUTPUT="predicted_score"))
    assert refusal.value.status == 500
