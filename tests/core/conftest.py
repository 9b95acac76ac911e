"""What the tests of plans share."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmapss_core.plans.journal import Journal


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """The journal of this test alone."""
    return Journal(tmp_path / "journal")
