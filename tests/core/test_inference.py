"""Rows are made right before they are sent, answers are counted, and only what helps is sent again."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmapss_core import inference
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.inference import invoke, normalise, predict
from tests.core.scripted import ScriptedAws

numbers = st.lists(st.floats(-1e6, 1e6).map(repr), min_size=1, max_size=30)


def serving(answer: Callable[[list[str]], str]) -> ScriptedAws:
    def invoked(Body: bytes, **_: Any) -> dict[str, Any]:
        return {"Body": io.BytesIO(answer(Body.decode().split("\n")).encode())}

    return ScriptedAws({"sagemaker-runtime:InvokeEndpoint": invoked})


def first_column(rows: list[str]) -> list[str]:
    return [row.split(",")[0] for row in rows]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "FIRST_PAUSE_SECONDS", 0.0)


@given(numbers, st.sampled_from([" ", "\t", ",", ";", ", ", "  "]), st.sampled_from(["", "  ", "\n", "  \r\n"]))
def test_any_separator_becomes_commas(values: list[str], separator: str, end: str) -> None:
    assert normalise(separator.join(values) + end) == ",".join(values)


def test_an_empty_value_stays_empty() -> None:
    assert normalise("1;;3; ") == "1,,3,"
    assert normalise(" 1, ,3\t") == "1,,3"


@given(
    st.lists(st.lists(st.floats(-1e6, 1e6).map(repr), min_size=3, max_size=3), min_size=1, max_size=20),
    st.sampled_from([" ", "\t", ",", ";", ", ", "  "]),
    st.sampled_from(["", "  ", "\n", "  \r\n"]),
)
@settings(max_examples=50)
def test_rows_are_sent_with_commas_whatever_separated_them(rows: list[list[str]], separator: str, end: str) -> None:
    sent: list[list[str]] = []

    def answer(lines: list[str]) -> str:
        sent.append(lines)
        return "\n".join(first_column(lines))

    lines = [separator.join(row) + end for row in rows]
    predictions = [float(row[0]) for row in rows]
    assert invoke(serving(answer), "ep", lines, columns=3) == predictions
    assert list(predict(serving(answer), "ep", lines, columns=3)) == [(0, predictions)]
    assert sent == [[",".join(row) for row in rows]] * 2


@pytest.mark.parametrize("row", ["1;;3", "1 2 3", "1,2 3", "1;2;3;"])
def test_separators_do_not_hide_a_wrong_number_of_columns(row: str) -> None:
    with pytest.raises(ConsoleError, match=r"row 1 has [34] columns, the model was trained on 2"):
        invoke(serving(lambda _: "1"), "ep", [row], columns=2)


@given(
    st.integers(1, 200),
    st.integers(1, 50),
    st.integers(1, 8),
    st.sampled_from([",".join, "\n".join, lambda values: "\n".join(values) + "\n"]),
)
@settings(max_examples=40, deadline=None)
def test_every_row_gets_its_prediction(rows: int, batch: int, threads: int, joined: Callable[[list[str]], str]) -> None:
    lines = [f"{place}.5,1,2" for place in range(rows)]
    aws = serving(lambda sent: joined(first_column(sent)))
    predictions = [0.0] * rows
    for start, values in predict(aws, "ep", lines, columns=3, rows_per_invocation=batch, concurrency=threads):
        predictions[start : start + len(values)] = values
    assert predictions == [place + 0.5 for place in range(rows)]
    assert len(aws.calls) == -(-rows // batch)


@given(st.integers(1, 40).filter(lambda columns: columns != 25), st.integers(0, 20))
@settings(max_examples=20)
def test_another_number_of_columns_is_refused_before_anything_is_sent(columns: int, before: int) -> None:
    good, bad = ",".join(["1"] * 25), ",".join(["1"] * columns)
    aws = serving(lambda sent: ",".join(first_column(sent)))
    with pytest.raises(ConsoleError, match=f"row {before + 1} has {columns} columns, the model was trained on 25"):
        list(predict(aws, "ep", [good] * before + [bad], rows_per_invocation=1))
    assert aws.calls == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [("1,2,3", "3 predictions for 2 rows"), ("", "0 predictions"), ("1,cat", "no number"), ("1,nan", "not finite")],
)
def test_an_answer_that_is_not_a_number_for_each_row_is_refused(answer: str, said: str) -> None:
    with pytest.raises(ConsoleError, match=said):
        invoke(serving(lambda _: answer), "ep", ["1,2", "3,4"], columns=2)


def failing(*errors: ConsoleError) -> ScriptedAws:
    coming = iter(errors)

    def invoked(**_: Any) -> dict[str, Any]:
        if (error := next(coming, None)) is not None:
            raise error
        return {"Body": io.BytesIO(b"1.0")}

    return ScriptedAws({"sagemaker-runtime:InvokeEndpoint": invoked})


PASSING = [
    ConsoleError(ErrorKind.THROTTLED, "Rate exceeded", code="ThrottlingException"),
    ConsoleError(ErrorKind.FAILED, "busy", code="ServiceUnavailable"),
    ConsoleError(ErrorKind.FAILED, "loading", code="ModelNotReadyException"),
    ConsoleError(ErrorKind.UNREACHABLE, "Connection was closed"),
    ConsoleError(ErrorKind.FAILED, "the model failed", code="ModelError", model_status=503),
]


@pytest.mark.parametrize("error", PASSING, ids=lambda error: error.code or error.kind)
def test_what_passes_is_sent_again(error: ConsoleError) -> None:
    assert invoke(failing(error, error), "ep", ["1"], columns=1) == [1.0]


def test_it_is_not_sent_again_for_ever() -> None:
    aws = failing(*[PASSING[0]] * 10)
    with pytest.raises(ConsoleError, match="Rate exceeded"):
        invoke(aws, "ep", ["1"], columns=1)
    assert len(aws.calls) == inference.MAX_ATTEMPTS


@pytest.mark.parametrize(
    "error",
    [
        ConsoleError(ErrorKind.FAILED, "bad rows", code="ModelError", model_status=415),
        ConsoleError(ErrorKind.DENIED, "no", code="AccessDeniedException"),
        ConsoleError(ErrorKind.NOT_FOUND, "Endpoint ep of account 0 not found.", code="ValidationError"),
    ],
    ids=lambda error: error.code,
)
def test_what_would_fail_again_is_not_sent_again(error: ConsoleError) -> None:
    aws = failing(error)
    with pytest.raises(ConsoleError) as caught:
        invoke(aws, "ep", ["1"], columns=1)
    assert caught.value is error
    assert len(aws.calls) == 1


def test_a_body_beyond_the_limit_is_refused() -> None:
    row = ",".join(["1.23456789"] * 25)
    with pytest.raises(ConsoleError, match="more than the 6,291,456"):
        invoke(serving(lambda _: ""), "ep", [row] * 25_000)


def test_the_first_failure_ends_the_rest() -> None:
    def answer(sent: list[str]) -> str:
        raise ConsoleError(ErrorKind.DENIED, "no")

    aws = serving(answer)
    with pytest.raises(ConsoleError, match="no"):
        list(predict(aws, "ep", ["1"] * 1000, columns=1, rows_per_invocation=1, concurrency=2))
    assert len(aws.calls) < 10
