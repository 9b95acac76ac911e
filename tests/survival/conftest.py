"""A region for operations to be killed in, wiped between two of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.live import LiveSandbox
from tests.survival.wiping import wiped


@pytest.fixture
def region(sandbox: LiveSandbox) -> Iterator[LiveSandbox]:
    """The sandbox with its jobs and without anything else, before and after."""
    wiped(sandbox)
    yield sandbox
    wiped(sandbox)


@pytest.fixture
def killed(record_property: Callable[[str, object], None]) -> Callable[[], None]:
    """To be called for each kill: they are counted, and told at the end of the run."""
    return lambda: record_property("killed", 1)


@pytest.fixture
def journals(tmp_path: Path) -> Iterator[Path]:
    """A folder for the journal of each operation."""
    return (tmp_path / f"journal-{number}" for number in range(10_000))
