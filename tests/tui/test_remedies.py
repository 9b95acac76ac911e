"""Errors advise keys in the console, and commands in a script."""

from __future__ import annotations

import pytest

from cmapss_core.errors import REMEDIES, ConsoleError, ErrorKind
from cmapss_tui.remedies import in_console, line_in_console


@pytest.mark.parametrize(
    ("remedy", "shown"),
    [
        ("List them: cmapss-console endpoints.", "List them: press 2."),
        ("List them: cmapss-console jobs", "List them: press 1"),
        ("Go on with that: cmapss-console operations rollback deploy-1-a", "Go on with that: press 3"),
        ("cmapss-console operations lists them.", "Press 3."),
        ("See it with `cmapss-console endpoints`, and plan again.", "See it with press 2, and plan again."),
        (
            "Delete it: cmapss-console delete engines-2. Then deploy.",
            "Delete it: press X in the list of endpoints. Then deploy.",
        ),
        ("Wait; cmapss-console watch engines", "Wait; press ⏎ in the list of endpoints"),
        ("Start one: cmapss-console sandbox", "Start one: cmapss-console sandbox"),
        ("Choose another name.", "Choose another name."),
    ],
)
def test_a_command_with_a_key_is_that_key(remedy: str, shown: str) -> None:
    assert line_in_console(ConsoleError(ErrorKind.INVALID, "It is so", remedy=remedy)) == f"It is so. {shown}"


def test_in_a_dialog_a_flag_is_its_field() -> None:
    fields = {"--keep-logs": "keep logs", "--keep": "keep"}
    assert in_console("its logs go for good (--keep-logs keeps them)", fields) == (
        "its logs go for good (“keep logs” keeps them)"
    )
    assert in_console("Use another --profile.", fields) == "Use another profile (P)."
    assert in_console("Log in: aws sso login --profile test", fields) == "Log in: aws sso login --profile test"
    assert in_console("Log in: aws configure --profile test", fields) == "Log in: aws configure --profile test"
    assert in_console("Stop it: cmapss-console delete engines --keep-logs.", fields) == (
        "Stop it: press X in the list of endpoints."
    )


@pytest.mark.parametrize(
    ("remedy", "shown"),
    [
        ("Start again with new ones, or --profile.", "Start again with new ones, or another profile (P)."),
        ("Name the other --profile or --region.", "Name the other profile (P)."),
        (REMEDIES[ErrorKind.UNREACHABLE], "Check the network, the region and endpoint_url in Settings (5)."),
    ],
)
def test_another_place_is_gone_to_by_a_key(remedy: str, shown: str) -> None:
    assert in_console(remedy) == shown


def test_where_the_reason_stands_nobody_is_sent_to_look_for_it() -> None:
    assert line_in_console(ConsoleError(ErrorKind.FAILED, "No capacity", request_id="0f5d")) == (
        "No capacity. (request 0f5d)"
    )


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("x is not one of them. " + "many, " * 100, "x is not one of them …."),
        ("many " * 100, "many " * 48 + "…."),
        ("It is so. And so.", "It is so. And so."),
    ],
)
def test_a_long_message_of_aws_is_told_by_its_beginning(message: str, said: str) -> None:
    line = line_in_console(ConsoleError(ErrorKind.FAILED, message))
    assert line == said
