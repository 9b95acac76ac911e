"""What the tests of the console share: no animation, and an AWS that says who is calling."""

from __future__ import annotations

import os

import pytest

from cmapss_core.aws import Aws, Identity

# Read by Textual when it is imported.
os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")


@pytest.fixture
def identified(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS says who is calling, where nothing else of it is reached."""
    caller = Identity("000000000000", "arn:aws:sts::000000000000:assumed-role/operator/me", "operator")
    monkeypatch.setattr(Aws, "identity", lambda _: caller)
