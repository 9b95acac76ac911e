"""Keys do what they do in the order in which they were pressed, however fast they come."""

from __future__ import annotations

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Paste
from textual.widgets import Button, Input

from cmapss_tui.screens.base import ConsoleScreen
from tests.tui.consoles import Console, opened, until
from tests.tui.keys import typed_ahead

FIELDS = 3
KEYS = ("a", "b", "7", "backspace", "delete", "left", "right", "home", "end", "ctrl+k", "tab", "shift+tab")


class Form(ConsoleScreen):
    """Fields within containers, and a button that takes the form away."""

    def body(self) -> ComposeResult:
        with Vertical(), Vertical():
            for number in range(FIELDS):
                yield Input(id=f"field-{number}")
            yield Button("Leave", id="leave")

    def on_button_pressed(self) -> None:
        self.app.pop_screen()

    @property
    def values(self) -> list[str]:
        return [self.query_one(f"#field-{number}", Input).value for number in range(FIELDS)]


async def test_what_is_erased_is_what_was_typed_before() -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, form := Form())
        form.query_one(Input).focus()
        await typed_ahead(pilot, *"abcdefgh", *["backspace"] * 8, *"rmse<45.4")
        await until(pilot, lambda: form.values == ["rmse<45.4", "", ""])


async def test_what_follows_a_tab_is_typed_where_it_led() -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, form := Form())
        form.query_one(Input).focus()
        await typed_ahead(pilot, "1", "backspace", "2", "tab", "5", "tab", *"70", "shift+tab", "end", "0")
        await until(pilot, lambda: form.values == ["2", "50", "70"])


async def test_what_follows_a_button_goes_to_where_it_led() -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        below, above = Form(), Form()
        await opened(pilot, below)
        below.query_one(Input).focus()
        await app.push_screen(above)
        above.query_one(Button).focus()
        await typed_ahead(pilot, "enter", *"engine")
        await until(pilot, lambda: below.values == ["engine", "", ""])


async def test_a_paste_keeps_its_place_among_the_keys() -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, form := Form())
        form.query_one(Input).focus()
        app.post_message(Paste("one"))
        await typed_ahead(pilot, "tab")
        app.post_message(Paste("two"))
        await typed_ahead(pilot, "backspace")
        await until(pilot, lambda: form.values == ["one", "tw", ""])


async def test_a_key_whose_widget_is_gone_holds_none_up() -> None:
    app = Console()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, form := Form())
        first, second = form.query_one("#field-0", Input), form.query_one("#field-1", Input)
        first.focus()
        await typed_ahead(pilot, "a")
        removed = first.remove()
        second.focus()
        await typed_ahead(pilot, *"bc", "backspace", "d")
        await removed
        await until(pilot, lambda: second.value == "bd")


# Each example opens two consoles, which is too slow to shrink.
@settings(max_examples=4, phases=[Phase.generate])
@given(keys=st.lists(st.sampled_from(KEYS), min_size=4, max_size=20), together=st.integers(2, 8))
async def test_all_at_once_they_do_what_they_do_one_by_one(keys: list[str], together: int) -> None:
    found = []
    for burst in (1, together):
        app = Console()
        async with app.run_test(size=(80, 24)) as pilot:
            await opened(pilot, form := Form())
            form.query_one(Input).focus()
            for start in range(0, len(keys), burst):
                await typed_ahead(pilot, *keys[start : start + burst])
            found.append((form.values, form.focused and form.focused.id))
    assert found[0] == found[1]
