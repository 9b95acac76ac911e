"""Payloads, artefacts and predictions of the XGBoost container, held against XGBoost and the csv module."""

from __future__ import annotations

import csv
import io
import json
import pickle
import re
import tarfile
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_sandbox.services.serving import artefacts
from cmapss_sandbox.services.serving.answers import accepted_type, answers_in_lines, encode
from cmapss_sandbox.services.serving.artefacts import load_boosters, model_files
from cmapss_sandbox.services.serving.container import Container, start_container
from cmapss_sandbox.services.serving.payloads import ContainerError, SparseRows, parse, parse_csv, sniff_delimiter
from tests.sandbox.artefacts import tarball
from tests.sandbox.boosters import FEATURES, artefact, as_csv, random_rows, trained

NEW, OLD = "sagemaker-xgboost:1.7-1", "sagemaker-xgboost:1.2-1"

numbers = st.one_of(
    st.floats(-1e6, 1e6).map(str),
    st.integers(-99, 9999).map(str),
    st.sampled_from(["", "nan", "1e-5", "+3", " 7 ", ".5"]),
)
tables = st.lists(st.lists(numbers, min_size=1, max_size=5), min_size=1, max_size=5)


@pytest.fixture(scope="module")
def container() -> Container:
    return start_container(artefact(), NEW)


def answered(status: int, message: str = "") -> Any:
    return pytest.raises(ContainerError, check=lambda error: error.status == status and message in error.message)


def as_the_container_reads_it(text: str) -> Any:
    """What its source does with a CSV payload: sniff, split, empty to nan, one rectangular array of floats."""
    delimiter = csv.Sniffer().sniff(text.split("\n")[0][:512]).delimiter
    delimiter = "," if delimiter.isalnum() else delimiter
    fields = [["nan" if field == "" else field for field in line.split(delimiter)] for line in text.split("\n")]
    return numpy.array(fields).astype(float)


@given(st.lists(numbers, min_size=1, max_size=60), st.sampled_from([",", ";", "\t", " ", "|", ":"]))
def test_the_delimiter_is_the_one_that_the_csv_sniffer_sees(fields: list[str], delimiter: str) -> None:
    line = delimiter.join(fields)
    try:
        sniffed = csv.Sniffer().sniff(line[:512]).delimiter
    except csv.Error:
        with pytest.raises(csv.Error):
            sniff_delimiter(line)
        return
    assert sniff_delimiter(line) == ("," if sniffed.isalnum() else sniffed)


@given(tables, st.sampled_from([",", ";", "\t", " "]), st.sampled_from(["", "\n\n", "\n \n"]))
def test_a_payload_is_read_or_refused_as_the_container_does(table: list[list[str]], delimiter: str, gap: str) -> None:
    lines = [delimiter.join(row) for row in table]
    text = (lines[0] + gap + "\n".join(lines[1:]) if gap else "\n".join(lines)).strip()
    try:
        expected = as_the_container_reads_it(text)
    except (ValueError, csv.Error):
        with answered(415):
            parse(text.encode(), "text/csv")
        return
    numpy.testing.assert_array_equal(parse_csv(text), expected)


def test_the_raw_lines_of_the_files_are_refused_because_of_their_trailing_blanks() -> None:
    line = " ".join(["1.5"] * 25) + "  "
    with answered(415, "Loading csv data failed with Exception"):
        parse("\n".join([line] * 3).encode(), "text/csv")
    assert parse(line.encode(), "text/csv").shape == (1, 25)


@pytest.mark.parametrize("body", [b"1,2\n3", b"a,b", b"\xff,1", b"   ", b"1,inf", b"1,1e300", b"1,2\n\n3,4"])
def test_what_is_no_csv_is_415(body: bytes) -> None:
    with answered(415):
        parse(body, "text/csv")


@pytest.mark.parametrize(
    "content_type",
    ["text/csv", "Text/CSV", "csv", "text/csv; label_size=1", "text/csv;label_size = 1", "text/csv;charset=x"],
)
def test_content_types_of_csv(content_type: str) -> None:
    assert parse(b"1,2", content_type).shape == (1, 2)


@pytest.mark.parametrize(
    "content_type",
    [
        "text/csv; label_size=2",
        "text/csv; label_size=1=1",
        "text/csv; label_size=1; label_size=2",
        "label_size=1; text/csv",
        "application/json",
        "xcsv",
    ],
)
def test_content_types_that_are_refused(content_type: str) -> None:
    with answered(415, "is not an accepted"):
        parse(b"1,2", content_type)


def test_parquet_is_for_training_only() -> None:
    with answered(415, "Content-type application/x-parquet is not supported."):
        parse(b"PAR1", "application/x-parquet")


@pytest.mark.parametrize("content_type", [None, "text/libsvm", "text/x-libsvm", "text/libsvm ;charset=utf8"])
def test_libsvm_is_what_no_content_type_means(content_type: str | None) -> None:
    rows = parse(b"17.5 0:1.5 3:2\n\n0:1 0:2 2:0 label", content_type)
    assert isinstance(rows, SparseRows)
    expected = [[1.5, numpy.nan, numpy.nan, 2], [numpy.nan] * 4, [3, numpy.nan, 0, numpy.nan]]
    numpy.testing.assert_array_equal(rows.dense(0, 3, 4), expected)
    numpy.testing.assert_array_equal(rows.dense(2, 3, 4), expected[2:])


@pytest.mark.parametrize(
    "body", [b"1,2,3", b"0:x", b"-1:3", b"qid:3", b"\xff", b"0:inf", b"0:1e300", b"99999999999999999999:1"]
)
def test_what_is_no_libsvm_is_415(body: bytes) -> None:
    with answered(415, "Loading libsvm data failed"):
        parse(body, "text/libsvm")


def test_predictions_are_those_of_xgboost_however_the_rows_are_batched(container: Container) -> None:
    import xgboost

    rows = random_rows(230)
    expected = trained().predict(xgboost.DMatrix(numpy.array(rows)))
    for size in (1, 7, 100, 230):
        answers = [
            container.invoke(as_csv(rows[start : start + size]), "text/csv", None).body
            for start in range(0, len(rows), size)
        ]
        values = numpy.array(b"".join(answers).split(), dtype=numpy.float32)
        numpy.testing.assert_array_equal(values, expected)


def test_both_ways_of_writing_the_same_predictions() -> None:
    rows = as_csv(random_rows(5))
    new, old = (start_container(artefact(), image).invoke(rows, "text/csv", "text/csv") for image in (NEW, OLD))
    assert new.content_type == old.content_type == "text/csv; charset=utf-8"
    assert new.body.count(b"\n") == 5
    assert old.body.count(b"\n") == 0
    assert new.body.decode().split() == old.body.decode().split(",")
    as_json = start_container(artefact(), NEW).invoke(rows, "text/csv", "application/json")
    scores = [prediction["score"] for prediction in json.loads(as_json.body)["predictions"]]
    assert (as_json.content_type, [str(score) for score in scores]) == ("application/json", new.body.decode().split())


@pytest.mark.parametrize(
    ("tag", "in_lines"),
    [("1.0-1-cpu-py3", False), ("1.2-2", False), ("1.3-1", False), ("1.5-1", True), ("3.0-5", True)],
)
def test_the_image_decides_how_predictions_are_written(tag: str, in_lines: bool) -> None:
    assert answers_in_lines(f"registry/sagemaker-xgboost:{tag}") is in_lines


def test_several_values_to_a_row_stay_in_their_line() -> None:
    probabilities = numpy.array([[0.25, 0.75], [0.5, 0.5]], dtype=numpy.float32)
    assert encode(probabilities, "text/csv", in_lines=True) == b"0.25,0.75\n0.5,0.5\n"


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1))
def test_every_prediction_reads_back_the_same_float32(values: list[float]) -> None:
    predictions = numpy.array(values, dtype=numpy.float32)
    for in_lines in (True, False):
        text = encode(predictions, "text/csv", in_lines=in_lines).decode()
        back = numpy.array(re.split(r"[,\s]+", text.strip()), dtype=numpy.float32)
        assert back.tobytes() == predictions.tobytes()


@pytest.mark.parametrize(
    ("accept", "media_type"), [(None, "text/csv"), ("*/*", "text/csv"), ("Text/CSV; q=1", "text/csv")]
)
def test_csv_is_the_default_answer(accept: str | None, media_type: str) -> None:
    assert accepted_type(accept) == media_type


def test_an_answer_that_cannot_be_given_is_406_after_the_prediction(container: Container) -> None:
    with answered(406, "Accept type image/png is not supported"):
        container.invoke(as_csv(random_rows(1)), "text/csv", "image/png")
    with answered(415):
        container.invoke(b"x,y", "text/csv", "image/png")


def test_too_many_columns_are_400_and_too_few_are_missing(container: Container) -> None:
    import xgboost

    row = random_rows(1)[0]
    with answered(400, f"({FEATURES} vs. {FEATURES + 1}) : Number of columns does not match"):
        container.invoke(as_csv([[*row, 1.0]]), "text/csv", None)
    with answered(400, f"({FEATURES} vs. {10**9 + 1})"):
        container.invoke(f"{10**9}:1".encode(), "text/libsvm", None)
    short = numpy.array([row[:20]])
    expected = trained().predict(xgboost.DMatrix(short), validate_features=False)
    assert float(container.invoke(as_csv([row[:20]]), "text/csv", None).body) == expected[0]
    sparse = " ".join(f"{index}:{value}" for index, value in enumerate(row[:20]))
    assert float(container.invoke(sparse.encode(), "text/libsvm", None).body) == expected[0]


def test_an_empty_payload_gets_an_empty_answer(container: Container) -> None:
    assert container.invoke(b"", "text/csv", None).body == b""


def test_several_models_are_averaged() -> None:
    import xgboost

    rows = random_rows(4)
    body = start_container(artefact(0, 1), NEW).invoke(as_csv(rows), "text/csv", None).body
    matrix = xgboost.DMatrix(numpy.array(rows))
    expected = numpy.mean([trained(seed).predict(matrix) for seed in (0, 1)], axis=0)
    numpy.testing.assert_array_equal(numpy.array(body.split(), dtype=numpy.float32), expected)


def test_a_model_that_stopped_early_predicts_with_its_best_iteration() -> None:
    import xgboost

    rows = numpy.array(random_rows(3))
    stopped = trained().copy()
    stopped.set_attr(best_iteration="4")
    container = start_container(tarball(xgboost_model=bytes(stopped.save_raw("ubj"))), NEW)
    expected = trained().predict(xgboost.DMatrix(rows), iteration_range=(0, 5))
    numpy.testing.assert_array_equal(container.predict(rows), expected)


def test_only_plain_files_at_the_root_of_an_archive_are_taken_for_models() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name in ("./xgboost-model", ".hidden", "code/inference.py", "../escaped"):
            member = tarfile.TarInfo(name)
            member.size = 1
            archive.addfile(member, io.BytesIO(b"x"))
        for name, kind in (("link", tarfile.SYMTYPE), ("device", tarfile.CHRTYPE), ("folder", tarfile.DIRTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
    assert model_files(buffer.getvalue()) == {"xgboost-model": b"x"}


class Explosive:
    """What runs when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("a pickle was loaded",)


@pytest.mark.parametrize(
    "archive",
    [
        b"not an archive",
        tarball(),
        tarball(xgboost_model=b"no model"),
        tarball(xgboost_model=pickle.dumps(Explosive())),
        artefact()[:2000],
    ],
    ids=["no archive", "empty", "garbage", "a pickle", "cut off"],
)
def test_an_artefact_that_holds_no_model_is_500(archive: bytes) -> None:
    with answered(500, "Unable to load model"):
        load_boosters(archive)


def test_an_archive_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artefacts, "MAXIMUM_BYTES", 1000)
    with pytest.raises(ValueError, match="more than 100 files or 1000 bytes"):
        model_files(tarball(xgboost_model=bytes(1001)))
    with pytest.raises(ValueError, match="more than 100 files"):
        model_files(tarball(**{f"model_{number}": b"" for number in range(101)}))
