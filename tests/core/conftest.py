"""What the tests of plans share."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmapss_core.aws import Aws, Target
from cmapss_core.plans import runner
from cmapss_core.plans.journal import Journal
from tests.core.notebook import Carry, Notebook, carrying
from tests.live import LiveSandbox


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """The journal of this test alone."""
    return Journal(tmp_path / "journal")


@pytest.fixture
def unpaused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The runner does not pause: the test moves the region's clock whenever it waits."""
    monkeypatch.setattr(runner, "MAX_POLL_SECONDS", 0.0)


@pytest.fixture
def aws(sandbox: LiveSandbox) -> Aws:
    """The console's own connection to the sandbox."""
    return Aws(Target(endpoint_url=sandbox.endpoint_url))


@pytest.fixture
def carry(sandbox: LiveSandbox, aws: Aws, tmp_path: Path) -> Carry:
    """Carries a plan out; whenever it waits, time passes in the region."""
    return carrying(sandbox, aws, tmp_path)


@pytest.fixture
def notebook(sandbox: LiveSandbox) -> Notebook:
    """Somebody who works with plain boto3."""
    return Notebook(sandbox)
