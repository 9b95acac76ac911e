"""How well an endpoint predicts: RMSE, MAE and the NASA score over the C-MAPSS test rows, per subset."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cmapss_core.aws import Aws
from cmapss_core.endpoints import read_endpoint
from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.inference import CONCURRENCY, ROWS_PER_INVOCATION, predict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cmapss_data import Fleet

RUL_CAP = 125.0  # the field's cap: before it, an engine's sensors show nothing yet


@dataclass(frozen=True, slots=True)
class SubsetScore:
    """Errors in cycles over the rows of one subset that are predicted so far."""

    rows: int
    rmse: float | None
    mae: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A validation, finished or as far as it is. `seconds` are ours; errors are in cycles.

    `nasa_score` is over the last row of each engine with both RULs capped at 125; None until it is finished.
    """

    endpoint: str
    rows: int
    rows_total: int
    invocations: int
    seconds: float
    rmse: float | None
    mae: float | None
    nasa_score: float | None
    subsets: Mapping[str, SubsetScore]
    data: str
    finished: bool


@dataclass(slots=True)
class _Tally:
    """Sums over the predicted rows of a subset."""

    total: int
    rows: int = 0
    squares: float = 0.0
    absolutes: float = 0.0

    def add(self, errors: NDArray[np.float64]) -> None:
        self.rows += len(errors)
        self.squares += float(errors @ errors)
        self.absolutes += float(abs(errors).sum())

    def score(self) -> SubsetScore:
        if not self.rows:
            return SubsetScore(0, None, None)
        return SubsetScore(self.rows, math.sqrt(self.squares / self.rows), self.absolutes / self.rows)


@dataclass(slots=True)
class _Progress:
    endpoint: str
    data: str
    tallies: dict[str, _Tally]
    began: float = field(default_factory=time.monotonic)
    invocations: int = 0

    def evaluation(self, *, finished: bool = False, nasa_score: float | None = None) -> Evaluation:
        overall = _Tally(sum(tally.total for tally in self.tallies.values()))
        for tally in self.tallies.values():
            overall.rows += tally.rows
            overall.squares += tally.squares
            overall.absolutes += tally.absolutes
        score = overall.score()
        return Evaluation(
            endpoint=self.endpoint,
            rows=overall.rows,
            rows_total=overall.total,
            invocations=self.invocations,
            seconds=time.monotonic() - self.began,
            rmse=score.rmse,
            mae=score.mae,
            nasa_score=nasa_score,
            subsets={name: tally.score() for name, tally in self.tallies.items()},
            data=self.data,
            finished=finished,
        )


def validate(
    aws: Aws,
    endpoint: str,
    fleet: Fleet,
    subsets: Sequence[str] | None = None,
    *,
    on_progress: Callable[[Evaluation], None] = lambda evaluation: None,
    cancelled: Callable[[], bool] = lambda: False,
    rows_per_invocation: int = ROWS_PER_INVOCATION,
    concurrency: int = CONCURRENCY,
) -> Evaluation:
    """Predict every test row of `subsets` (all four by default), rounded up to whole cycles, and compare.

    Cancelled, it returns what it has, unfinished. Raises ConsoleError: for an endpoint that is not in service
    before anything is read, and for the first invocation that fails; DataError for a damaged file.
    """
    import numpy as np

    from cmapss_data import SUBSETS

    serving = read_endpoint(aws, endpoint)
    if serving.status in ("Creating", "Failed", "Deleting", "OutOfService"):
        raise ConsoleError(
            ErrorKind.CONFLICT,
            f"{endpoint} is {serving.status}",
            remedy="It can be validated when it is InService.",
        )
    chosen = list(dict.fromkeys(subsets or SUBSETS))
    tests = {name: fleet.test_rows(name) for name in chosen}
    progress = _Progress(endpoint, fleet.origin, {name: _Tally(len(test.lines)) for name, test in tests.items()})
    score = 0.0
    for name, test in tests.items():
        predictions = np.empty(len(test.lines))
        answers = predict(aws, endpoint, test.lines, rows_per_invocation=rows_per_invocation, concurrency=concurrency)
        for start, values in answers:
            part = np.ceil(np.asarray(values))
            predictions[start : start + len(part)] = part
            progress.tallies[name].add(part - test.rul[start : start + len(part)])
            progress.invocations += 1
            on_progress(progress.evaluation())
            if cancelled():
                return progress.evaluation()
        last = _last_rows(test.lines)
        score += nasa_score(test.rul[last], predictions[last])
    finished = progress.evaluation(finished=True, nasa_score=score)
    on_progress(finished)
    return finished


def nasa_score(true: Any, predicted: Any) -> float:
    """The score of the PHM08 challenge over engines, both RULs capped at 125 cycles.

    Sum of exp(-d/13) - 1 for d < 0 (too early) and exp(d/10) - 1 else (too late), d = predicted - true
    (Saxena et al., 2008): to promise too much life is worse.
    """
    import numpy as np

    difference = np.clip(predicted, 0, RUL_CAP) - np.clip(true, 0, RUL_CAP)
    return float(np.sum(np.expm1(np.where(difference < 0, -difference / 13, difference / 10))))


def _last_rows(lines: Sequence[str]) -> list[int]:
    """The places of each engine's last row: the next begins again with cycle 1."""
    return [place for place in range(len(lines)) if place + 1 == len(lines) or lines[place + 1].startswith("1,")]
