"""The area of errors: what failed, how often, with which request id, and what to do."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.pilot import Pilot

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.permissions import Scope
from cmapss_tui import error_rows
from cmapss_tui.screens.error_detail import ErrorDetailScreen
from cmapss_tui.screens.errors import ErrorsScreen
from tests.tui.consoles import MINUTE, NOW, Console, Lobby, screen_text, until

SCOPE = Scope("aws", "us-east-1", "000000000000")
ROLE = "arn:aws:iam::000000000000:role/engines"


class ErrorConsole(Console):
    """A console with the area of errors."""

    MODES: ClassVar[dict[str, Any]] = {**Console.MODES, "errors": ErrorsScreen}

    def fail(
        self,
        operation: str = "DescribeEndpoint",
        kind: ErrorKind = ErrorKind.THROTTLED,
        message: str = "Rate exceeded",
        *,
        minutes: int = 0,
        **parameters: Any,
    ) -> None:
        """Let a call fail."""
        error = ConsoleError(kind, message, code="Code", request_id=f"request-{operation}", http_status=400)
        log = self.given.failed_calls
        log.note("sagemaker", operation, parameters, error, NOW + minutes * MINUTE, SCOPE)


async def shown(pilot: Pilot[None], console: ErrorConsole) -> ErrorsScreen:
    """The area of errors."""
    await until(pilot, lambda: isinstance(console.screen, Lobby))
    await pilot.press("4")
    await until(pilot, lambda: isinstance(console.screen, ErrorsScreen) and console.screen.table.has_focus)
    assert isinstance(console.screen, ErrorsScreen)
    return console.screen


def listed(screen: ErrorsScreen) -> list[str]:
    return [row.operation.partition(":")[2] for row in screen.table.rows]


async def test_failures_are_listed_newest_first_and_come_by_themselves() -> None:
    console = ErrorConsole()
    console.fail(EndpointName="a")
    async with console.run_test(size=(120, 36)) as pilot:
        screen = await shown(pilot, console)
        console.fail("ListEndpoints", ErrorKind.DENIED, "not authorized")
        screen.tick()
        assert listed(screen) == ["ListEndpoints", "DescribeEndpoint"]
        await pilot.pause()
        text = screen_text(console)
        assert "Errors  2  1 denied, 1 throttled" in text
        assert "⊘ denied" in text
        assert "◔ throttled" in text


async def test_the_tab_says_how_many_nobody_has_seen() -> None:
    console = ErrorConsole()
    async with console.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: isinstance(console.screen, Lobby))
        console.fail("ListEndpoints")
        console.fail("ListModels")
        assert isinstance(console.screen, Lobby)
        console.screen.tick()
        await until(pilot, lambda: "4 Errors ✕2" in screen_text(console))
        await shown(pilot, console)
        await until(pilot, lambda: "✕2" not in screen_text(console))


async def test_they_are_filtered_sorted_and_cleared() -> None:
    console = ErrorConsole()
    console.fail("ListModels", minutes=1)
    for minute in range(3):
        console.fail(EndpointName="engines", minutes=minute)
    console.fail("ListEndpoints", ErrorKind.DENIED, "not authorized", minutes=3)
    async with console.run_test(size=(120, 36)) as pilot:
        screen = await shown(pilot, console)
        assert listed(screen) == ["ListEndpoints", "DescribeEndpoint", "ListModels"]
        await pilot.press("slash", *"kind:throttled", "enter")
        await until(pilot, lambda: listed(screen) == ["DescribeEndpoint", "ListModels"])
        await pilot.press("escape")
        await until(pilot, lambda: len(listed(screen)) == 3)
        await pilot.press("s", "s")
        await until(pilot, lambda: listed(screen) == ["DescribeEndpoint", "ListEndpoints", "ListModels"])
        await pilot.press("S")
        await until(pilot, lambda: listed(screen) == ["ListModels", "ListEndpoints", "DescribeEndpoint"])
        await pilot.press("c")
        await until(pilot, lambda: listed(screen) == [])
        await until(pilot, lambda: "No call has failed" in screen_text(console))


async def test_what_is_not_there_is_an_answer_and_hidden_until_asked_for() -> None:
    console = ErrorConsole()
    console.fail(kind=ErrorKind.NOT_FOUND, message="Could not find it", EndpointName="engines")
    async with console.run_test(size=(120, 36)) as pilot:
        screen = await shown(pilot, console)
        await until(pilot, lambda: "1 look-up that found nothing is hidden: a shows them" in screen_text(console))
        assert listed(screen) == []
        await pilot.press("a")
        await until(pilot, lambda: listed(screen) == ["DescribeEndpoint"])
        assert "○ not found" in screen_text(console)


async def test_a_failure_is_opened_with_all_that_is_known_of_it_and_the_policy_that_would_allow_it() -> None:
    console = ErrorConsole()
    for minute in (0, 2):
        console.fail(
            "CreateModel",
            ErrorKind.DENIED,
            "not authorized to perform: iam:PassRole",
            minutes=minute,
            ModelName="m",
            ExecutionRoleArn=ROLE,
        )
    async with console.run_test(size=(120, 36)) as pilot:
        await shown(pilot, console)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(console.screen, ErrorDetailScreen))
        await pilot.pause()
        text = screen_text(console)
        for part in (
            "sagemaker:CreateModel",
            "request-CreateModel",
            "Code (HTTP 400)",
            "2 in a row within 2m00s",
            "Ask for the permission it names",
            '"Action": "iam:PassRole"',
            f'"Resource": "{ROLE}"',
            '"iam:PassedToService": "sagemaker.amazonaws.com"',
        ):
            assert part in text, part
        assert isinstance(console.screen, ErrorDetailScreen)
        copyable = console.screen.copyable()
        assert list(copyable) == ["request id", "message", "operation", "IAM policy"]
        assert copyable["request id"] == "request-CreateModel"
        assert isinstance(console.screen.again()(), ErrorDetailScreen)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(console.screen, ErrorsScreen))


async def test_the_list_can_be_taken_away() -> None:
    console = ErrorConsole()
    console.fail(EndpointName="engines")
    async with console.run_test(size=(80, 24)) as pilot:
        screen = await shown(pilot, console)
        sheet = screen.sheet()
        assert sheet.name == "errors"
        [row] = sheet.rows
        assert dict(zip(sheet.columns, row, strict=True))["request_id"] == "request-DescribeEndpoint"
        assert next(iter(screen.copyable().items())) == ("request id", "request-DescribeEndpoint")


def test_every_field_can_be_filtered_by_and_every_order_sorted_by() -> None:
    console = ErrorConsole()
    console.fail(EndpointName="engines")
    [call] = console.given.failed_calls.all()
    for field in error_rows.FIELDS:
        assert error_rows.value(call, field) is not None, field
    for order in error_rows.ORDERS:
        assert error_rows.ordered([call], order, turned=False) == [call]


async def test_keys_typed_ahead_of_the_screen_are_its_own_and_no_filter() -> None:
    console = ErrorConsole()
    async with console.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: isinstance(console.screen, Lobby))
        console.simulate_key("4")
        console.simulate_key("q")
        await until(pilot, lambda: console._exit)
