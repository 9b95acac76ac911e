"""What all dialogs with a plan share: what stands in its way is said above the choices, and names are typed."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.app import ComposeResult
from textual.pilot import Pilot
from textual.widgets import Button, Input, Select

import cmapss_core.plans
from cmapss_core.aws import Target
from cmapss_core.plans.journal import Journal
from cmapss_core.plans.plan import Check, Place, Plan
from cmapss_core.plans.running.operations import Operation
from cmapss_tui.screens.clean_up import CleanUpScreen
from cmapss_tui.screens.delete import DeleteScreen
from cmapss_tui.screens.deploy import DeployScreen
from cmapss_tui.screens.high_availability import HighAvailabilityScreen
from cmapss_tui.screens.planning import PlanScreen
from cmapss_tui.screens.scale import ScaleScreen
from cmapss_tui.screens.update import UpdateScreen
from cmapss_tui.widgets.form import Field, Fold
from tests.tui.consoles import (
    ENDPOINT,
    NOW,
    Console,
    DeafAws,
    deploy_plan,
    endpoint,
    focused,
    opened,
    scaling,
    screen_text,
    until,
)


class Dialog(PlanScreen):
    """A dialog as any other: a long form, and the plan that it is given."""

    AREA = "endpoints"
    ACTION = "endpoint.scale"
    CONFIRM = "Apply"

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.given = plan

    def heading(self) -> str:
        return "Change the endpoint"

    def form(self) -> ComposeResult:
        yield Field("strategy", "strategy", "canary", choices={"canary": "a canary", "rolling": "in batches"})
        for n in range(12):
            yield Field(f"number {n}", f"number-{n}", str(n))
        yield Fold("more", Field("secret", "secret", "x"), id="more")

    def planner(self) -> Callable[[], Plan]:
        return lambda: self.given


@pytest.fixture
def journal(monkeypatch: pytest.MonkeyPatch) -> list[Operation]:
    """What the journal has."""
    known: list[Operation] = []
    monkeypatch.setattr(Journal, "operations", lambda journal: tuple(known))
    monkeypatch.setattr(PlanScreen, "SETTLE_SECONDS", 0.001)
    return known


async def planned(pilot: Pilot[None], **changes: Any) -> Dialog:
    screen = Dialog(replace(deploy_plan(), **changes))
    await opened(pilot, screen)
    await until(pilot, lambda: screen.plan is not None)
    return screen


def confirm(screen: PlanScreen) -> Button:
    return screen.query_one("#confirm", Button)


def operation(status: Any, target: str = ENDPOINT) -> Operation:
    started = NOW - timedelta(minutes=5)
    return Operation(
        id="update-2026-11-22-16-30-00-cafe",
        intention="update",
        target=target,
        status=status,
        started=started,
        ended=None,
    )


@pytest.mark.usefixtures("journal")
@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_what_forbids_a_plan_is_said_once_and_before_all_else_of_it(size: tuple[int, int]) -> None:
    app = Console()
    refused = Check(False, "6 of 4 ml.m5.xlarge", "Ask for a higher quota.")
    async with app.run_test(size=size) as pilot:
        screen = await planned(pilot, checks=(refused, *deploy_plan().checks))
        lines = screen_text(app).splitlines()
        said = [line for line in lines if "✕ 6 of 4 ml.m5.xlarge. Ask for a higher quota." in line]
        assert len(said) == 1
        assert lines.index(said[0]) < next(n for n, line in enumerate(lines) if "create model" in line)
        assert confirm(screen).disabled


@pytest.mark.usefixtures("journal")
async def test_what_forbids_a_plan_a_third_time_stays_with_it() -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await planned(pilot, checks=tuple(Check(False, f"reason {n}") for n in range(3)))
        text = screen_text(app)
        assert text.index("✕ reason 0") < text.index("✕ reason 1") < text.index("✕ reason 2") < text.index("Cancel")


@pytest.mark.usefixtures("journal")
async def test_a_protected_endpoint_wants_its_name_in_every_dialog() -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot, protected="its name matches cmapss-*")
        assert f"{ENDPOINT} is protected: its name matches cmapss-*" in screen_text(app)
        assert app.focused is screen.query_one("#cancel")
        assert confirm(screen).disabled
        await pilot.press("q")
        assert screen.query_one("#typed", Input).value == "q"
        await until(pilot, lambda: "✕ is not the name" in screen_text(app))
        screen.query_one("#typed", Input).value = ENDPOINT
        await until(pilot, lambda: not confirm(screen).disabled)
        screen.query_one("#typed").focus()
        await pilot.press("enter")
        await until(pilot, lambda: confirm(screen).has_focus)


@pytest.mark.usefixtures("journal")
async def test_the_name_stays_typed_while_it_is_planned_anew() -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot, protected="it has the tag protected=yes")
        screen.query_one("#typed", Input).value = ENDPOINT
        await until(pilot, lambda: not confirm(screen).disabled)
        generation = screen._generation
        screen.query_one("#number-1", Input).value = "7"
        await until(pilot, lambda: screen._generation > generation and not confirm(screen).disabled)
        assert screen.query_one("#typed", Input).value == ENDPOINT


@pytest.mark.usefixtures("journal")
async def test_where_no_name_is_asked_for_letters_are_keys() -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot)
        assert not screen.query_one("#field-typed").display
        assert "q quit" in screen_text(app).splitlines()[-1]
        generation = screen._generation
        await pilot.press("r")
        await until(pilot, lambda: screen._generation > generation)


@pytest.mark.parametrize(
    ("status", "says", "possible"),
    [
        ("running", "✕ update-2026-11-22-16-30-00-cafe is under way here", False),
        ("open", "⚠ update-2026-11-22-16-30-00-cafe was begun here and has not ended", True),
        ("done", "", True),
    ],
)
async def test_what_was_begun_on_the_same_endpoint_is_told(
    journal: list[Operation], status: str, says: str, possible: bool
) -> None:
    journal.append(operation(status))
    journal.append(operation("running", "another-endpoint"))
    journal.append(replace(operation("running"), place=Place("111111111111", "eu-west-1")))
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot)
        assert says in screen_text(app)
        assert screen_text(app).count("cafe") == bool(says)
        assert confirm(screen).disabled is not possible


@pytest.mark.usefixtures("journal")
async def test_read_only_is_said_once() -> None:
    app = Console(DeafAws(Target(region="us-east-1", endpoint_url="http://127.0.0.1:9", read_only=True)))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await planned(pilot)
        assert screen_text(app).count("Read-only:") == 1
        assert confirm(screen).disabled


@pytest.mark.usefixtures("journal")
async def test_a_cost_that_is_unknown_is_said_to_be() -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await planned(pilot, hourly_cost_usd_before=0.23, hourly_cost_usd_after=None)
        head = screen_text(app).splitlines()[2]
        assert "unknown" in head
        assert "$0.00" not in head


@pytest.mark.usefixtures("journal")
@pytest.mark.parametrize(("between", "said"), [((0.23, 1.15), ", scaling $0.23 to $1.15/h"), ((0.23, 0.23), "")])
async def test_between_which_costs_it_scales_stands_beside_the_cost(between: tuple[float, float], said: str) -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        await planned(pilot, hourly_cost_usd_range=between)
        assert f"$0.00/h → $0.23/h   ($168 a month){said}\n" in "\n".join(
            line.rstrip() for line in screen_text(app).splitlines()
        )


@pytest.mark.usefixtures("journal")
async def test_a_plan_without_steps_is_nothing_to_carry_out() -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await planned(pilot, steps=())
        assert "there is nothing to carry out" in screen_text(app)
        assert confirm(screen).disabled


@pytest.mark.usefixtures("journal")
async def test_a_form_that_is_too_long_scrolls_and_leaves_room_for_the_plan() -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        await planned(pilot)
        assert "1  create model" in screen_text(app)
        assert "number 11" not in screen_text(app)
        await focused(pilot, "#number-11")
        await until(pilot, lambda: "number 11" in screen_text(app))
        assert "1  create model" in screen_text(app)


@pytest.mark.usefixtures("journal")
async def test_a_choice_is_planned_anew() -> None:
    app = Console()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await planned(pilot)
        generation = screen._generation
        assert "a canary" in screen_text(app)
        await focused(pilot, "#strategy")
        await pilot.press("enter", "down", "enter")
        await until(pilot, lambda: screen.query_one("#strategy", Select).value == "rolling")
        await until(pilot, lambda: screen._generation > generation and screen.plan is not None)
        assert screen.field("strategy").value == "rolling"


@pytest.mark.usefixtures("journal")
async def test_what_is_folded_is_opened_by_enter() -> None:
    app = Console()
    async with app.run_test(size=(200, 60)) as pilot:
        await planned(pilot)
        assert "secret" not in screen_text(app)
        await focused(pilot, "#more CollapsibleTitle")
        await pilot.press("enter")
        await until(pilot, lambda: "secret" in screen_text(app))


@pytest.mark.usefixtures("journal")
async def test_a_heading_that_grows_is_given_its_second_line() -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = Dialog(deploy_plan())
        screen.heading = lambda: f"Change {ENDPOINT} in place"  # type: ignore[method-assign]
        await opened(pilot, screen)
        await until(pilot, lambda: "$0.00/h → $0.23/h   ($168 a month)" in screen_text(app))


@pytest.mark.usefixtures("journal")
async def test_a_list_that_drops_down_cuts_none_of_its_rows() -> None:
    app = Console()
    words = "in batches of a quarter of the fleet"
    async with app.run_test(size=(80, 24)) as pilot:
        screen = Dialog(deploy_plan())
        screen.form = lambda: iter([Field("how", "how", "", choices={"": "as is usual", "batches": words})])  # type: ignore[method-assign]
        await opened(pilot, screen)
        await focused(pilot, "#how")
        await pilot.press("enter")
        await until(pilot, lambda: words in screen_text(app))


@pytest.mark.usefixtures("journal")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("it is younger than an hour (--older-than)", "it is younger than an hour"),
        ("change --strategy", "change “strategy”"),
        ("use --strategy or --remove-policy steps", "use “strategy” or remove policy steps"),
        ("log in: aws sso login --profile test", "log in: aws sso login --profile test"),
        ("name another --profile", "name another profile (P)"),
    ],
)
async def test_a_dialog_names_its_fields_and_of_flags_that_it_has_not_the_words(text: str, said: str) -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await planned(pilot, steps=(), notes=(text,))
        assert screen.worded(text) == said
        await until(pilot, lambda: said in " ".join(screen_text(app).split()))


@pytest.mark.usefixtures("journal")
@pytest.mark.parametrize(
    "make",
    [
        DeployScreen,
        lambda: UpdateScreen(endpoint(current=3, desired=3)),
        lambda: ScaleScreen(ENDPOINT, scaling()),
        lambda: HighAvailabilityScreen(ENDPOINT),
        lambda: DeleteScreen(ENDPOINT),
        CleanUpScreen,
    ],
    ids=["deploy", "update", "scale", "high availability", "delete", "clean up"],
)
async def test_no_sentence_of_a_plan_names_a_flag_in_a_dialog(make: Callable[[], PlanScreen]) -> None:
    sentences = [text for text in map(str, planned_sentences()) if re.search("--[a-z]", text)]
    assert len(sentences) > 40
    async with Console().run_test(size=(80, 24)) as pilot:
        screen = make()
        await opened(pilot, screen)
        shown = [screen.worded(text) for text in sentences]
        assert [text for text in shown if re.search("--[a-z]", text)] == []


def planned_sentences() -> Iterator[object]:
    """Every text that the plans' modules have, the parts of one with values in it by themselves."""
    modules = Path(cmapss_core.plans.__file__).parent.rglob("*.py")
    nodes = (node for module in modules for node in ast.walk(ast.parse(module.read_text())))
    return (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


@pytest.mark.usefixtures("journal")
async def test_the_dialog_of_high_availability_names_the_choice_in_the_place_of_its_flag() -> None:
    async with Console().run_test(size=(80, 24)) as pilot:
        screen = HighAvailabilityScreen(ENDPOINT)
        await opened(pilot, screen)
        assert screen.worded("Give it: --by config.") == "Give it: “how: replace all”."


@pytest.mark.usefixtures("journal")
async def test_the_plan_can_be_copied() -> None:
    async with Console().run_test(size=(80, 24)) as pilot:
        screen = await planned(pilot)
        assert screen.copyable()["target"] == ENDPOINT
        assert '"plan_id"' in screen.copyable()["plan (JSON)"]
