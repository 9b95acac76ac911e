"""A dialog in which one of many is chosen, narrowed down by typing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from cmapss_tui.screens.dialog import Dialog
from cmapss_tui.screens.picker import HINTS, NOTHING_FOUND, TYPE
from cmapss_tui.widgets.table import Cell, Column, VirtualTable

R = TypeVar("R")

FRAME = 8  # lines that are not rows: above the box, border, input, header, border, below the box


class ChooseScreen(Dialog[R | None], Generic[R]):
    """Answers the row that was chosen, None for none. What is typed is looked for in `words(row)`, word by word."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", show=False, priority=True),
        Binding("enter", "choose", "choose", show=False, priority=True),
        Binding("up", "table('move(-1)')", "up", show=False, priority=True),
        Binding("down", "table('move(1)')", "down", show=False, priority=True),
        Binding("pageup", "table('page(-1.0)')", "page up", show=False, priority=True),
        Binding("pagedown", "table('page(1.0)')", "page down", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    ChooseScreen { align: center top; }
    ChooseScreen > Vertical {
        width: 104; max-width: 96%; height: auto; margin: 2 0 0 0; background: $surface; border: round $rule;
        border-title-color: $accent; border-subtitle-color: $quiet; padding: 0 1;
    }
    ChooseScreen Input { height: 1; border: none; padding: 0; margin: 0 3; background: $surface; }
    ChooseScreen VirtualTable { background: $surface; }
    """

    def __init__(
        self,
        title: str,
        rows: Sequence[R],
        columns: Sequence[Column],
        cell: Callable[[R, str], Cell],
        key: Callable[[R], str],
        words: Callable[[R], str],
        *,
        chosen: str | None = None,
    ) -> None:
        super().__init__()
        self._question = title
        self._rows = rows
        self._words = words
        self._key = key
        self._chosen = chosen
        self.table: VirtualTable[R] = VirtualTable(
            columns,
            cell,
            key,
            mark=lambda row: "●" if key(row) == chosen else "",
            empty=NOTHING_FOUND,
            markable=False,
        )

    def compose(self) -> ComposeResult:
        """What is typed, over what it leaves."""
        with Vertical() as box:
            box.border_title = self._question
            box.border_subtitle = HINTS
            yield Input(placeholder=TYPE, compact=True)
            yield self.table

    def on_mount(self) -> None:
        self.table.styles.height = len(self._rows) + 1
        self.table.styles.max_height = max(2, self.app.size.height - FRAME)
        self.table.can_focus = False
        self.table.show(self._rows)
        self.table.move_to(next((n for n, row in enumerate(self._rows) if self._key(row) == self._chosen), 0))
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        words = event.value.lower().split()
        self.table.show([row for row in self._rows if all(word in self._words(row).lower() for word in words)])

    def on_virtual_table_row_selected(self) -> None:
        self.action_choose()

    def action_choose(self) -> None:
        """Answer the row under the cursor."""
        if self.table.cursor_row is not None:
            self.dismiss(self.table.cursor_row)

    async def action_table(self, action: str) -> None:
        """Move in the table while one types."""
        await self.app.run_action(action, self.table)
