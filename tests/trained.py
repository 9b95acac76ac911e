"""A region whose jobs are trained, made once and kept until anything that it comes from is another."""

from __future__ import annotations

import hashlib
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path

import cmapss_data
import cmapss_sandbox
from cmapss_core.plans.running.locks import locked_folder
from tests.live import LiveSandbox, running, until

_JOBS = 2  # the stand-alone one, and that of the tuning job


@contextmanager
def trained(kept: Path, data: Path, state: Path) -> Iterator[LiveSandbox]:
    """A sandbox of its own in `state`, at real time on these data, with two trained jobs.

    It is a copy of the region that is kept in the folder `kept`, which all processes that run tests may share.
    """
    arguments = ("--data", str(data), "--tuning-jobs", str(_JOBS - 1), "--speed", "1")
    kept.mkdir(parents=True, exist_ok=True)
    with locked_folder(kept):
        region = kept / _origin(data)
        if not region.is_dir():
            for former in kept.iterdir():
                shutil.rmtree(former)
            _train(kept / "in training", arguments).rename(region)
        shutil.copytree(region, state, dirs_exist_ok=True)
    with running(state, *arguments) as live:
        assert len(_completed(live)) == _JOBS
        yield live


def _train(state: Path, arguments: tuple[str, ...]) -> Path:
    with running(state, *arguments) as live:
        until(lambda: len(_completed(live)) == _JOBS)
    return state


def _completed(live: LiveSandbox) -> list[str]:
    jobs = live.client("sagemaker").list_training_jobs(StatusEquals="Completed")["TrainingJobSummaries"]
    return [job["TrainingJobName"] for job in jobs]


def _origin(data: Path) -> str:
    """All that makes the region what it is; and the day, for one whose jobs are old is another."""
    digest = hashlib.sha256(data.read_bytes())
    for package in (cmapss_data, cmapss_sandbox):
        for path in sorted(Path(package.__path__[0]).rglob("*.py")):
            digest.update(path.read_bytes())
    installed = sorted(f"{library.name} {library.version}" for library in distributions())
    digest.update(" ".join((platform.python_version(), *installed, f"{datetime.now(UTC):%Y-%m-%d}")).encode())
    return digest.hexdigest()[:32]
