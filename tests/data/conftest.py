"""Fleets that the tests of the data layer share, each made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmapss_data import Fleet
from cmapss_data.importing import import_fleet
from cmapss_data.synthesize import synthesize


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """The synthetic fleet of the default seed; tests copy what they damage."""
    return synthesize(tmp_path_factory.mktemp("synthetic") / "fleet")


@pytest.fixture(scope="session")
def real(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """The real set, imported; skipped where it is not beside the repository."""
    return import_fleet(real_data, tmp_path_factory.mktemp("real"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data home."""
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path / "console"))
    return tmp_path / "console" / "data"
