"""Who calls, through an unmodified client."""

from __future__ import annotations

from tests.sandbox.conftest import Clients


def test_whoever_calls_is_the_operator(clients: Clients) -> None:
    identity = clients("sts").get_caller_identity()
    assert identity["Account"] == "000000000000"
    assert identity["Arn"] == "arn:aws:sts::000000000000:assumed-role/operator/sandbox"
    assert identity["UserId"].endswith(":sandbox")
