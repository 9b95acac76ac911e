"""validate and traffic: the gate, the documents, and what is left of them when they are interrupted."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.evaluation import Evaluation, SubsetScore
from cmapss_core.traffic import TrafficReport
from cmapss_data import DataError
from cmapss_tui.cli import main

HERE = ("--endpoint-url", "http://127.0.0.1:1")
NOW = datetime(2026, 11, 22, 16, 41, 7, tzinfo=UTC)

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch

EVALUATION = Evaluation(
    endpoint="engines",
    rows=104_897,
    rows_total=104_897,
    invocations=106,
    seconds=1.5,
    rmse=57.257,
    mae=41.5,
    nasa_score=12_345.6,
    subsets={"FD001": SubsetScore(13_096, 48.6, 35.1)},
    data="synthetic",
    finished=True,
)
REPORT = TrafficReport(
    endpoint="engines",
    sent=1_079,
    failed=1,
    rate_per_minute=119.9,
    started=NOW,
    elapsed_seconds=540.0,
    finished=True,
)


@dataclass
class _Rows:
    lines: list[str]


@dataclass
class _Fleet:
    origin: str = "synthetic"
    root: Path = Path("fleets")

    def test_rows(self, subset: str) -> _Rows:
        return _Rows([f"{subset} row {n}" for n in range(2)])


def finds(monkeypatch: Patch, trained_on: str | None) -> None:
    """Let there be the endpoint, with a model that was trained on this."""
    monkeypatch.setattr("cmapss_core.endpoints.read_endpoint", lambda *_: None)
    monkeypatch.setattr("cmapss_core.provenance.training_data", lambda *_: trained_on)


@pytest.fixture
def opened(monkeypatch: Patch) -> list[Path | None]:
    """The places from which a fleet was opened."""
    places: list[Path | None] = []

    def open_fleet(path: Path | None = None) -> _Fleet:
        places.append(path)
        return _Fleet()

    def own_fleet(origin: str | None = None) -> _Fleet:
        places.append(None)
        if origin == "nasa":
            raise DataError(
                "the real C-MAPSS set is not on this machine", "Import it: cmapss-console data import PATH."
            )
        return _Fleet()

    monkeypatch.setattr("cmapss_data.open_fleet", open_fleet)
    monkeypatch.setattr("cmapss_data.own_fleet", own_fleet)
    finds(monkeypatch, "synthetic")
    return places


@pytest.fixture
def validates(opened: list[Path | None], monkeypatch: Patch) -> Callable[[Evaluation], list[dict[str, Any]]]:
    """Let validation end so; returns what it was asked for."""

    def install(evaluation: Evaluation) -> list[dict[str, Any]]:
        asked: list[dict[str, Any]] = []

        def validate(
            _aws: object, endpoint: str, fleet: object, subsets: object, *, on_progress: Any, cancelled: Any, **how: Any
        ) -> Evaluation:
            asked.append({"endpoint": endpoint, "subsets": subsets, **how})
            on_progress(replace(evaluation, rows=500, finished=False))
            if not evaluation.finished:
                signal.raise_signal(signal.SIGINT)
                assert cancelled()
            return evaluation

        monkeypatch.setattr("cmapss_core.evaluation.validate", validate)
        return asked

    return install


Validates = Callable[[Evaluation], list[dict[str, Any]]]


def test_validate_as_json(validates: Validates, capsys: Capture) -> None:
    asked = validates(EVALUATION)
    assert main(["validate", "engines", "--json", *HERE]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == {
        "endpoint": "engines",
        "rows": 104_897,
        "invocations": 106,
        "seconds": 1.5,
        "rmse": 57.257,
        "mae": 41.5,
        "nasa_score": 12_345.6,
        "subsets": {"FD001": {"rows": 13_096, "rmse": 48.6, "mae": 35.1}},
        "data": "synthetic",
    }
    assert "synthetic" in said.err
    assert asked == [{"endpoint": "engines", "subsets": None, "rows_per_invocation": 2000, "concurrency": 4}]


def test_validate_sends_as_it_is_told(validates: Validates, opened: list[Path | None]) -> None:
    asked = validates(EVALUATION)
    line = "validate engines --subset FD001 fd003 --batch-rows 100 --concurrency 2 --data files"
    assert main([*line.split(), *HERE]) == 0
    assert asked[0] == {
        "endpoint": "engines",
        "subsets": ["FD001", "FD003"],
        "rows_per_invocation": 100,
        "concurrency": 2,
    }
    assert opened == [Path("files")]


@pytest.mark.parametrize(
    ("rmse", "limit", "code"),
    [(57.257, "57.257", 0), (57.257, "57.8", 0), (57.257, "57.25", 4), (float("nan"), "57.8", 4), (None, "57.8", 4)],
)
def test_the_gate_judges_after_the_document_is_printed(
    rmse: float | None, limit: str, code: int, validates: Validates, capsys: Capture
) -> None:
    validates(replace(EVALUATION, rmse=rmse))
    assert main(["validate", "engines", "--json", "--max-rmse", limit, *HERE]) == code
    said = capsys.readouterr()
    assert json.loads(said.out)["rmse"] == (rmse if rmse == rmse else None)
    assert ("The gate failed" in said.err) == (code == 4)


def test_validate_for_a_person(validates: Validates, capsys: Capture) -> None:
    validates(EVALUATION)
    assert main(["validate", "engines", *HERE]) == 0
    said = capsys.readouterr()
    assert [line.split() for line in said.out.splitlines()] == [
        ["subset", "rows", "RMSE", "MAE"],
        ["FD001", "13,096", "48.6", "35.1"],
        ["all", "104,897", "57.257", "41.5"],
    ]
    assert "A job's objective is of other engines" in said.err


def test_an_interrupted_validation_prints_no_error_that_could_pass_for_one(
    validates: Validates, capsys: Capture
) -> None:
    validates(replace(EVALUATION, rows=500, finished=False))
    assert main(["validate", "engines", "--json", *HERE]) == 130
    said = capsys.readouterr()
    assert said.out == ""
    assert "500 of 104,897 rows" in said.err


@pytest.fixture
def sends(opened: list[Path | None], monkeypatch: Patch) -> Callable[[TrafficReport], list[dict[str, Any]]]:
    def install(report: TrafficReport) -> list[dict[str, Any]]:
        asked: list[dict[str, Any]] = []

        def send(
            _aws: object,
            endpoint: str,
            rows: list[str],
            rate: float,
            duration: float,
            *,
            rows_per_invocation: int,
            on_progress: Any,
            cancelled: Any,
        ) -> TrafficReport:
            asked.append({"rows": len(rows), "rate": rate, "duration": duration, "size": rows_per_invocation})
            on_progress(report)
            return report

        monkeypatch.setattr("cmapss_core.traffic.send_traffic", send)
        return asked

    return install


Sends = Callable[[TrafficReport], list[dict[str, Any]]]


def test_traffic_as_json(sends: Sends, capsys: Capture) -> None:
    asked = sends(REPORT)
    assert main(["traffic", "engines", "--json", *HERE]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "endpoint": "engines",
        "sent": 1_079,
        "failed": 1,
        "rate_per_minute": 119.9,
        "duration_seconds": 540.0,
        "started": "2026-11-22T16:41:07Z",
        "ended": "2026-11-22T16:50:07Z",
    }
    assert asked == [{"rows": 8, "rate": 120.0, "duration": 540.0, "size": 100}]


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90.0), ("9m", 540.0), ("1h", 3600.0), ("1.5m", 90.0), ("45", 45.0)]
)
def test_durations_have_units(text: str, seconds: float, sends: Sends) -> None:
    asked = sends(REPORT)
    assert main(["traffic", "engines", "--duration", text, "--rate", "30", *HERE]) == 0
    assert (asked[0]["duration"], asked[0]["rate"]) == (seconds, 30.0)


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (replace(REPORT, sent=0, failed=1_080), 1),
        (replace(REPORT, finished=False), 130),
    ],
)
def test_traffic_tells_what_was_sent_however_it_ended(
    report: TrafficReport, code: int, sends: Sends, capsys: Capture
) -> None:
    sends(report)
    assert main(["traffic", "engines", "--json", *HERE]) == code
    assert json.loads(capsys.readouterr().out)["sent"] == report.sent


def test_a_model_is_not_judged_by_engines_that_it_does_not_know(
    validates: Validates, monkeypatch: Patch, capsys: Capture
) -> None:
    asked = validates(EVALUATION)
    finds(monkeypatch, "nasa")
    assert main(["validate", "engines", "--json", *HERE]) == 2
    said = capsys.readouterr()
    assert (said.out, asked) == ("", [])
    assert "the real C-MAPSS set is not on this machine" in said.err
    assert "data import" in said.err


def test_data_that_is_named_is_used_and_the_difference_told(
    validates: Validates, monkeypatch: Patch, capsys: Capture
) -> None:
    validates(EVALUATION)
    finds(monkeypatch, "nasa")
    assert main(["validate", "engines", "--json", "--data", "fleets", *HERE]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["data"] == "synthetic"
    assert "trained on nasa data" in said.err


@pytest.mark.parametrize("trained_on", [None, "synthetic"])
def test_what_fits_or_is_unknown_is_validated(trained_on: str | None, validates: Validates, monkeypatch: Patch) -> None:
    validates(EVALUATION)
    finds(monkeypatch, trained_on)
    assert main(["validate", "engines", *HERE]) == 0


@pytest.mark.parametrize("verb", ["validate", "traffic"])
def test_an_endpoint_that_is_not_there_is_3_before_data_is_read(
    verb: str, opened: list[Path | None], monkeypatch: Patch, capsys: Capture
) -> None:
    def find(*_: object) -> None:
        raise ConsoleError(ErrorKind.NOT_FOUND, "There is no endpoint 'nobody'")

    monkeypatch.setattr("cmapss_core.endpoints.read_endpoint", find)
    assert main([verb, "nobody", "--json", *HERE]) == 3
    said = capsys.readouterr()
    assert (said.out, opened) == ("", [])
    assert said.err.count("\n") == 1
    assert "There is no endpoint 'nobody'" in said.err
