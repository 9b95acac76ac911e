"""A profile whose role is given for an MFA code: asked for at a terminal that is free, refused at one that is not."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import botocore.credentials
import pytest

from cmapss_core import questions
from cmapss_core.aws import Aws, Target
from cmapss_core.credentials import credentials_found
from cmapss_core.errors import ConsoleError, ErrorKind

CONFIG = """
[profile base]
aws_access_key_id = A
aws_secret_access_key = B
[profile operator]
role_arn = arn:aws:iam::111111111111:role/operator
mfa_serial = arn:aws:iam::111111111111:mfa/me
source_profile = base
"""


@pytest.fixture(autouse=True)
def profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(CONFIG, encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setattr(questions, "_TAKEN", Event())


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked, in place of answering it."""
    prompts: list[str] = []

    def prompt(text: str) -> str:
        prompts.append(text)
        raise EOFError

    class Asking(botocore.credentials.AssumeRoleProvider):
        def __init__(self, *arguments: object, **options: object) -> None:
            super().__init__(*arguments, **options, prompter=prompt)

    monkeypatch.setattr(botocore.credentials, "AssumeRoleProvider", Asking)
    return prompts


def test_a_verb_asks_for_the_code(asked: list[str]) -> None:
    assert credentials_found("operator")
    assert asked == [], "only when it is needed"
    with pytest.raises(ConsoleError, match="nobody is here to answer"):
        Aws(Target(profile="operator", region="us-east-1")).identity()
    assert asked == ["Enter MFA code for arn:aws:iam::111111111111:mfa/me: "]


def test_the_console_says_that_it_cannot_ask(asked: list[str]) -> None:
    questions.ask_nobody()
    assert credentials_found("operator")
    with pytest.raises(ConsoleError, match="profile operator: it needs an MFA code, which cannot be typed") as caught:
        Aws(Target(profile="operator", region="us-east-1")).identity()
    assert asked == []
    assert caught.value.kind is ErrorKind.AUTH
    assert "aws configure export-credentials --profile operator" in caught.value.remedy
