"""An error that nobody foresaw ends the console with one line, and its report holds no secret."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.tui.consoles import Console, Lobby, opened


class Broken(Lobby):
    """A screen with a fault."""

    def on_mount(self) -> None:
        raise ZeroDivisionError("AKIAABCDEFGHIJKLMNOP is divided by nothing")


async def fall(app: Console) -> None:
    """Open the console on it."""
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, Broken())


async def test_a_fault_is_one_line_and_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path))
    app = Console()
    with pytest.raises(ZeroDivisionError):
        await fall(app)
    [report] = (tmp_path / "crashes").iterdir()
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    text = report.read_text()
    assert "Traceback" in text
    assert "AKIA" not in text
    assert app.fault is not None
    assert app.fault.startswith("cmapss-console: unexpected ZeroDivisionError: [redacted] is divided by nothing.")
    assert app.fault.endswith(report.name)
    assert capsys.readouterr().err == "", "nothing is printed over the terminal"
    assert app.return_code == 1
