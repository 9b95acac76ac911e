"""What every test shares: no credentials, no configuration and no state of the person who runs them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import botocore.loaders
import botocore.session
import pytest
from hypothesis import settings

from tests.live import LiveSandbox
from tests.trained import trained

# Timing says nothing on a shared machine; and a build is not to fail by chance on what it did not change.
settings.register_profile("development", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "development")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "cmapss" / "CMAPSSData.zip"


@pytest.fixture(scope="session", autouse=True)
def _nobodys_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep tests off the machine's AWS configuration, its metadata service, and the user's own folders."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what is in its background without it
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "CMAPSS_"))]:
            patch.delenv(name)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("AWS_CONFIG_FILE", str(home / "aws-config"))
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(home / "aws-credentials"))
        patch.setenv("CMAPSS_CONSOLE_HOME", str(home / "console"))
        # The models of services are read once for all tests, and not once for each that makes clients.
        patch.setattr(botocore.session, "create_loader", cache(botocore.loaders.create_loader))
        yield


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The real C-MAPSS zip; tests that need it are skipped where it is not beside the repository."""
    if not SHARED_DATA.is_file():
        pytest.skip("the real C-MAPSS files are not beside this repository (../shared/cmapss)")
    return SHARED_DATA


@pytest.fixture(scope="session")
def sandbox(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory, real_data: Path
) -> Iterator[LiveSandbox]:
    """A sandbox at real time on the real data, with two trained jobs; tests move its clock with `advance`."""
    cache: pytest.Cache | None = getattr(pytestconfig, "cache", None)
    kept = cache.mkdir("trained-region") if cache else tmp_path_factory.mktemp("trained-region")
    with trained(kept, real_data, tmp_path_factory.mktemp("sandbox")) as live:
        yield live


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how often operations were killed in the middle, whichever process the tests ran in."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, ())]
    kills = sum(name == "killed" for report in reports if report.when == "call" for name, _ in report.user_properties)
    if kills:
        terminalreporter.write_line(f"operations killed: {kills}")
