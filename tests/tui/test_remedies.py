"""Errors advise keys in the console, and commands in a script."""

from __future__ import annotations

import pytest

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui.remedies import line_in_console


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
            "Delete it: press X on the endpoint. Then deploy.",
        ),
        ("Wait; cmapss-console watch engines", "Wait; press ⏎ in the list of endpoints"),
        ("Start one: cmapss-console sandbox", "Start one: cmapss-console sandbox"),
        ("Choose another name.", "Choose another name."),
    ],
)
def test_a_command_with_a_key_is_that_key(remedy: str, shown: str) -> None:
    assert line_in_console(ConsoleError(ErrorKind.INVALID, "It is so", remedy=remedy)) == f"It is so. {shown}"
