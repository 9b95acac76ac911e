"""What the tests of the console share: no animation, and an AWS that says who is calling."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cmapss_core import pricing
from cmapss_core import watch as core_watch
from cmapss_core.aws import Aws, Identity

if TYPE_CHECKING:
    from tests.tui.runners import Runner
    from tests.tui.watched import Readings

# Read by Textual when it is imported.
os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")


@pytest.fixture
def identified(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS says who is calling, where nothing else of it is reached."""
    caller = Identity("000000000000", "arn:aws:sts::000000000000:assumed-role/operator/me", "operator")
    monkeypatch.setattr(Aws, "identity", lambda _: caller)


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> Readings:
    """What the screen of an endpoint reads, and what its instances cost."""
    from tests.tui.watched import Readings  # Textual is imported by it

    given = Readings()
    monkeypatch.setattr(core_watch, "read_watch", given.read)
    monkeypatch.setattr(pricing, "hourly_cost", lambda aws, counts: sum(count * 0.23 for _, count in counts))
    return given


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runner:
    """Operations whose events the test says."""
    from tests.tui.runners import installed  # Textual is imported by it

    return installed(monkeypatch, tmp_path)
