"""Training jobs made by hand, as many as a test wants, and a console that shows them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from textual.pilot import Pilot
from textual.screen import Screen

from cmapss_core.aws import Target
from cmapss_core.errors import ConsoleError
from cmapss_core.jobs import JobsSnapshot, TrainingJob, TuningJob, rank
from cmapss_tui.app import START
from cmapss_tui.options import Options
from cmapss_tui.screens.jobs import JobsScreen
from cmapss_tui.screens.start import StartScreen
from tests.tui.consoles import NOW, Console, DeafAws, Lobby, until

TUNING_JOB = "hyper-cmapss-2026-11-22-16-04"
METRIC = "validation:rmse"
STARTED = NOW - timedelta(hours=1)
NEVER = 1e6  # seconds between two readings: a test asks when it wants one


def training_job(number: int, value: float | None = None, status: str = "Completed", **changes: Any) -> TrainingJob:
    """One job of the tuning job, made in the order of its number."""
    name = f"{TUNING_JOB}-{number:03d}-{number * 2654435761 % 2**32:08x}"
    completed = status == "Completed"
    given: dict[str, Any] = {
        "name": name,
        "status": status,
        "secondary_status": "Training" if status == "InProgress" else status,
        "created": STARTED + timedelta(seconds=number),
        "duration_seconds": 60.0 + number if completed else None,
        "objective_metric": METRIC,
        "objective_value": value if completed else None,
        "objective_type": "Minimize",
        "tuning_job": TUNING_JOB,
        "artifact": f"s3://bucket/{name}/output/model.tar.gz" if completed else None,
        "image": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-1",
        "instance_type": "ml.m5.2xlarge",
        "role_arn": "arn:aws:iam::000000000000:role/execution",
        "hyperparameters": {"max_depth": str(number % 60 + 1), "eta": f"{number % 100 / 100}", "lambda": "1.5"},
        "metrics": {METRIC: value} if completed and value is not None else {},
    }
    return TrainingJob(**{**given, **changes})


def jobs(count: int, seed: int = 1) -> list[TrainingJob]:
    """So many completed jobs, with the same values for the same seed."""
    values = random.Random(seed)
    return [training_job(number, 45.0 + abs(values.gauss(0.0, 6.0))) for number in range(1, count + 1)]


def snapshot(
    made: Sequence[TrainingJob],
    *,
    as_of: datetime = NOW,
    best: str | None = None,
    error: ConsoleError | None = None,
) -> JobsSnapshot:
    """These jobs as a reading of AWS; `best` is what AWS calls the best, our own best by default."""
    ranked = rank(made, METRIC)
    first = ranked[0].job.name if ranked and ranked[0].rank else None
    running = sum(job.status == "InProgress" for job in made)
    tuning = TuningJob(
        name=TUNING_JOB,
        arn=f"arn:aws:sagemaker:us-east-1:000000000000:hyper-parameter-tuning-job/{TUNING_JOB}",
        status="InProgress" if running else "Completed",
        objective_metric=METRIC,
        objective_type="Minimize",
        best_training_job=best or first,
        created=STARTED,
        completed=len(made) - running,
        in_progress=running,
        failed=0,
        stopped=0,
        max_jobs=len(made),
    )
    return JobsSnapshot(
        as_of=as_of, source="Search", jobs=ranked, tuning_jobs=(tuning,), metric=METRIC, calls=1, error=error
    )


class JobsAws(DeafAws):
    """A connection whose jobs are what `answer` says."""

    def __init__(self, answer: JobsSnapshot, *, read_only: bool = False) -> None:
        super().__init__(Target(region="us-east-1", endpoint_url="http://127.0.0.1:9", read_only=read_only))
        self.answer = answer
        self.parts: list[JobsSnapshot] = []  # what is told before the answer
        self.tell: Callable[[JobsSnapshot], None] = lambda _: None
        self.reads = 0
        self.forgotten = 0

    def read(self) -> JobsSnapshot:
        """As JobsReader does."""
        self.reads += 1
        for part in self.parts:
            self.tell(part)
        return self.answer


class MadeReader:
    """In place of JobsReader: reads what the test's connection answers."""

    def __init__(
        self,
        aws: JobsAws,
        told: Callable[[JobsSnapshot], None],
        counted: Callable[[int, int | None], None],
    ) -> None:
        self._aws = aws
        aws.tell = told

    def read(self) -> JobsSnapshot:
        return self._aws.read()

    def forget(self) -> None:
        self._aws.forgotten += 1


class JobsConsole(Console):
    """A console that shows them; it reads once, and then when it is asked to."""

    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        START: StartScreen,
        "jobs": JobsScreen,
        "endpoints": Lobby,
    }

    def __init__(self, aws: JobsAws, *, refresh: float = NEVER) -> None:
        super().__init__(aws, Options(refresh=refresh))
        self.jobs_aws = aws


async def shown(pilot: Pilot[None]) -> JobsScreen:
    """The screen of jobs, once the first reading is on it."""
    app = pilot.app
    assert isinstance(app, JobsConsole)
    await until(pilot, lambda: isinstance(app.screen, JobsScreen) and app.screen.is_mounted)
    screen = app.screen
    assert isinstance(screen, JobsScreen)
    await until(pilot, lambda: bool(screen.freshness_of("jobs").seconds is not None or app.jobs_aws.answer.error))
    await pilot.pause()
    return screen


async def read_again(pilot: Pilot[None], answer: JobsSnapshot) -> None:
    """Let the next reading answer this, and wait until it has been applied."""
    app = pilot.app
    assert isinstance(app, JobsConsole)
    aws = app.jobs_aws
    aws.answer, before = answer, aws.reads
    await pilot.press("r")
    await until(pilot, lambda: aws.reads > before)
    await pilot.pause()
    await pilot.pause()
