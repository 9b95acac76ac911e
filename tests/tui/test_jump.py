"""Jump mode: letters that cannot be mistaken for each other, at what is in sight, that put the focus there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Button, Input, Static

from cmapss_tui.jump import LETTERS, labels, targets
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.widgets.jump_overlay import JumpOverlay
from cmapss_tui.widgets.panel import Panel
from tests.tui.consoles import Console, opened, screen_text, until


@given(st.integers(0, 700))
def test_no_label_is_the_beginning_of_another(count: int) -> None:
    found = labels(count)
    assert len(found) == len(set(found)) == count
    assert len({len(label) for label in found}) <= 1
    assert all(set(label) <= set(LETTERS) for label in found)
    assert count > len(LETTERS) or all(len(label) == 1 for label in found)


class Form(ConsoleScreen):
    """More fields than fit."""

    def body(self) -> ComposeResult:
        yield Button("first", id="first")
        with VerticalScroll(can_focus=False):
            for n in range(40):
                yield Input(id=f"field-{n}")


async def test_a_letter_puts_the_focus_there_and_what_is_out_of_sight_has_none() -> None:
    console = Console()
    async with console.run_test(size=(80, 24)) as pilot:
        form = Form()
        await opened(pilot, form)
        named = {target.widget.id: target.label for target in targets(form)}
        assert named["first"] == "a"
        assert "field-1" in named
        assert "field-39" not in named
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(console.screen, JumpOverlay))
        await pilot.pause()
        assert f" {named['field-1']} " in screen_text(console)
        await pilot.press(named["field-1"])
        await until(pilot, lambda: console.screen is form)
        await until(pilot, lambda: form.query_one("#field-1").has_focus)


async def test_escape_another_key_and_a_resize_leave_the_focus_where_it_was() -> None:
    console = Console()
    async with console.run_test(size=(80, 24)) as pilot:
        form = Form()
        await opened(pilot, form)
        form.query_one("#first").focus()
        for leave in ("escape", "9"):
            await pilot.press("ctrl+o")
            await until(pilot, lambda: isinstance(console.screen, JumpOverlay))
            await pilot.press(leave)
            await until(pilot, lambda: console.screen is form)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(console.screen, JumpOverlay))
        await pilot.pause()
        await pilot.resize_terminal(100, 30)
        await until(pilot, lambda: console.screen is form)
        assert form.query_one("#first").has_focus


async def test_a_click_on_a_letter_is_the_letter() -> None:
    console = Console()
    async with console.run_test(size=(80, 24)) as pilot:
        form = Form()
        await opened(pilot, form)
        label = next(target.label for target in targets(form) if target.widget.id == "field-2")
        await pilot.press("ctrl+o")
        await until(pilot, lambda: bool(console.screen.query(f"#jump-{label}")))
        await pilot.pause()
        await pilot.click(f"#jump-{label}")
        await until(pilot, lambda: form.query_one("#field-2").has_focus)


class Panels(ConsoleScreen):
    """Panels of text in a view that scrolls."""

    def body(self) -> ComposeResult:
        yield Button("first", id="first")
        with VerticalScroll(id="scroll"):
            for n in range(20):
                yield Panel(f"panel {n}", Static("text\n" * 4), id=f"panel-{n}")


async def test_a_letter_at_a_panel_scrolls_to_it_and_one_at_an_area_goes_there() -> None:
    console = Console()
    async with console.run_test(size=(80, 24)) as pilot:
        screen = Panels()
        await opened(pilot, screen)
        await pilot.pause()
        found = targets(screen)
        panel = next(one for one in found if one.panel is screen.query_one("#panel-2"))
        assert not any(one.panel is screen.query_one("#panel-9") for one in found)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(console.screen, JumpOverlay))
        await pilot.press(*panel.label)
        await until(pilot, lambda: screen.query_one("#scroll").has_focus)
        await until(pilot, lambda: screen.query_one("#panel-2").region.y == screen.query_one("#scroll").region.y)
        endpoints = next(one for one in targets(screen) if one.key == "2")
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(console.screen, JumpOverlay))
        await pilot.press(*endpoints.label)
        await until(pilot, lambda: console.current_mode == "endpoints")
