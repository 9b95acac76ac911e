"""A region for operations to be killed in, wiped between two of them; and a count of the kills, told at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import LiveSandbox
from tests.survival.wiping import wiped

_KILLS = pytest.StashKey[Counter[str]]()


@pytest.fixture
def region(sandbox: LiveSandbox) -> Iterator[LiveSandbox]:
    """The sandbox with its jobs and without anything else, before and after."""
    wiped(sandbox)
    yield sandbox
    wiped(sandbox)


@pytest.fixture
def kills(request: pytest.FixtureRequest) -> Counter[str]:
    """How often an operation was killed, by what it was about."""
    return request.config.stash.setdefault(_KILLS, Counter())


@pytest.fixture
def journals(tmp_path: Path) -> Iterator[Path]:
    """A folder for the journal of each operation."""
    return (tmp_path / f"journal-{number}" for number in range(10_000))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how often something was killed."""
    counted = config.stash.get(_KILLS, Counter())
    if counted:
        each = ", ".join(f"{name} {count}" for name, count in sorted(counted.items()))
        terminalreporter.write_line(f"operations killed: {counted.total()} ({each})")
