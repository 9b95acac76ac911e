"""A sandbox process in the development environment, and sessions of the SDK in this one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live import LiveSandbox, running, until

SANDBOX_PYTHON = "CMAPSS_SANDBOX_PYTHON"
_SPEED = "60"


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSandbox]:
    """A region sixty times as fast as this machine, with a completed job and a tuning job of two."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("CMAPSS_CONSOLE_HOME", str(home / "console"))
        patch.setenv("AWS_ACCESS_KEY_ID", "notebook")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "notebook")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("XDG_CONFIG_HOME", str(home))
        patch.setenv("SAGEMAKER_SUPPRESS_V2_WARNING", "1")
        arguments = ("--tuning-jobs", "2", "--speed", _SPEED)
        with running(tmp_path_factory.mktemp("state"), *arguments, python=os.environ[SANDBOX_PYTHON]) as live:
            patch.setenv("AWS_ENDPOINT_URL", live.endpoint_url)
            sagemaker = live.client("sagemaker")
            until(lambda: len(sagemaker.list_training_jobs(StatusEquals="Completed")["TrainingJobSummaries"]) == 3)
            yield live


@pytest.fixture(scope="session")
def session(sandbox: LiveSandbox) -> Any:
    """The SDK's session, found through the environment like anybody's."""
    import sagemaker

    return sagemaker.Session(default_bucket="cmapss-notebook")


@pytest.fixture(scope="session")
def role(sandbox: LiveSandbox) -> str:
    """The ARN of the execution role that a new region has."""
    [role] = sandbox.client("iam").list_roles()["Roles"]
    arn: str = role["Arn"]
    return arn


@pytest.fixture
def rows(tmp_path: Path) -> list[list[float]]:
    """A hundred rows of 25 features, none of them anything special."""
    return [[float((row * 7 + column * 13) % 97) for column in range(25)] for row in range(100)]
