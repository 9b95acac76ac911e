"""Every setting, its value and who set it; the keys of every action; and how this console is and runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from cmapss_tui import theme
from cmapss_tui.actions import Action, bindings_for, by_id
from cmapss_tui.filters import matches
from cmapss_tui.keymap import key_display, keys_of, read_keys
from cmapss_tui.options import Origin, layers_behind
from cmapss_tui.saving import KEYMAP, save_keys, save_setting
from cmapss_tui.screens.filtered import FilteredScreen
from cmapss_tui.setting_rows import FIELDS, Part, SettingRow, notes_in_force, rows_of
from cmapss_tui.sheet import Sheet
from cmapss_tui.widgets.age import Freshness, State
from cmapss_tui.widgets.filter_bar import FilterBar
from cmapss_tui.widgets.panel import Lines
from cmapss_tui.widgets.plan_view import paragraph
from cmapss_tui.widgets.table import Cell, Column, VirtualTable
from cmapss_tui.widgets.top_bar import TopBar

AS_SET = Freshness(State.LIVE, "live")
EXAMPLE = "words   !word   part:keys   set_by:file"
NONE_LEFT = "No setting satisfies the filter."
COLUMNS = (
    Column("part", "part", 8),
    Column("name", "name", 26),
    Column("value", "value", elide="middle"),
    Column("set_by", "set by", 18),
    Column("about", "what it is", shown_from=150),
)


class SettingsScreen(FilteredScreen):
    """The list of settings. It needs no AWS: the file is on this machine."""

    AREA: ClassVar[str] = "settings"
    SCOPES: ClassVar[tuple[str, ...]] = ("settings",)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for("settings")]
    DEFAULT_CSS = """
    SettingsScreen > #setting-about {
        height: 5; padding: 0 1; margin: 0 1; border-top: solid $rule; background: $background;
    }
    """

    def body(self) -> ComposeResult:
        """Filter, list, and what the setting under the cursor is about."""
        yield FilterBar(EXAMPLE)
        yield VirtualTable(COLUMNS, cell, lambda row: row.key, id="settings")
        yield Lines(id="setting-about")

    @property
    def table(self) -> VirtualTable[SettingRow]:
        """The list."""
        return self.query_one(VirtualTable)

    def on_mount(self) -> None:
        self.query_one(TopBar).show_freshness(AS_SET)
        self.table.focus()
        self.show_rows()

    def on_screen_resume(self) -> None:
        self.show_rows()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing here is read from AWS."""
        return False if action in ("pause", "refresh", "interval") else super().check_action(action, parameters)

    def filter_fields(self) -> Collection[str]:
        """What the columns show."""
        return FIELDS

    def show_rows(self) -> None:
        """Show the rows that satisfy the terms, as they are now."""
        every = rows_of(self.console)
        rows = [row for row in every if matches(self.terms, row.words, row.field)]
        with self.app.batch_update():
            self.query_one(FilterBar).show_note(f"{len(rows)} of {len(every)}")
            self.table.show(rows, empty=NONE_LEFT)
            self._show_about()
        self.refresh_bindings()

    def on_virtual_table_row_highlighted(self) -> None:
        self._show_about()
        self.refresh_bindings()

    async def on_virtual_table_row_selected(self) -> None:
        await self.run_action("edit")

    def why_not(self, action: Action) -> str | None:
        """Facts cannot be set, and what is as it is by default cannot be put back."""
        row = self.table.cursor_row if self.is_mounted else None
        if action.id in ("settings.edit", "settings.default"):
            if row is not None and row.part is Part.PROFILES:
                return f"What holds for one profile is set in {layers_behind(self.console.options).path} alone."
            if row is None or row.part is Part.ABOUT:
                return "There is nothing to set here."
            if action.id == "settings.default" and not self._in_file(row):
                return f"{row.name} is not in the file: there is nothing to take out."
        return super().why_not(action)

    def action_edit(self) -> None:
        """Change what is under the cursor."""
        row = self.table.cursor_row
        if row is None or row.part not in (Part.SETTINGS, Part.KEYS):
            return
        if row.part is Part.KEYS:
            from cmapss_tui.screens.setting_keys import KeysScreen

            self.app.push_screen(KeysScreen(by_id(row.name)), partial(self._keys_chosen, row.name))
        elif isinstance(value := getattr(self.console.options, row.name), bool):
            save_setting(self.console, row.name, not value, self.show_rows)
        elif row.name == "theme":
            self._choose_theme()
        else:
            from cmapss_tui.screens.setting_value import ValueScreen

            self.app.push_screen(ValueScreen(row.name), partial(self._value_chosen, row.name))

    def action_default(self) -> None:
        """Take what is under the cursor out of the file."""
        row = self.table.cursor_row
        if row is None or row.part not in (Part.SETTINGS, Part.KEYS):
            return
        if row.part is Part.KEYS:
            save_keys(self.console, row.name, None, self.show_rows)
        else:
            save_setting(self.console, row.name, None, self.show_rows)

    def copyable(self) -> Mapping[str, str]:
        """The value, the name, and where the file is."""
        row = self.table.cursor_row
        values = {} if row is None else {"value": row.value, "name": row.name}
        return {**values, "path of the file": str(layers_behind(self.console.options).path)}

    def sheet(self) -> Sheet:
        """The list as data."""
        return Sheet("settings", FIELDS, [[row.field(name) for name in FIELDS] for row in self.table.rows])

    def _choose_theme(self) -> None:
        from cmapss_tui.screens.themes import choose_theme

        choose_theme(self.console, self.show_rows)

    def _keys_chosen(self, action: str, keys: str | None) -> None:
        if keys is not None:
            own = read_keys(keys) == by_id(action).keys
            save_keys(self.console, action, None if own else keys, self.show_rows)

    def _value_chosen(self, name: str, chosen: tuple[object] | None) -> None:
        if chosen is not None:
            save_setting(self.console, name, chosen[0], self.show_rows)

    def _in_file(self, row: SettingRow) -> bool:
        layers = layers_behind(self.console.options)
        given = {**layers.file.get(KEYMAP, {}), **layers.chosen.get(KEYMAP, {})}
        return row.name in given if row.part is Part.KEYS else row.name in {**layers.file, **layers.chosen}

    def _show_about(self) -> None:
        row = self.table.cursor_row
        self.query_one("#setting-about", Lines).write(partial(self._about, row) if row is not None else _nothing)

    def _about(self, row: SettingRow, width: int) -> list[Content]:
        head = Content.assemble((row.name, "bold"), "  ", (row.value, theme.ACCENT))
        texts = [(row.about, ""), *self._notes(row)]
        return [head, *(line for text, style in texts for line in paragraph(text, width, style))]

    def _notes(self, row: SettingRow) -> list[tuple[str, str]]:
        """What is to be known before one sets it, with the style of it."""
        if row.part is Part.SETTINGS:
            return notes_in_force(self.console, row.name)
        if row.part is Part.KEYS and keys_of(row.name) != (own := by_id(row.name).keys):
            return [(f"By default {' '.join(map(key_display, own))}.", theme.QUIET)]
        return []


def cell(row: SettingRow, column: str) -> Cell:
    """One cell; what is not as by default stands out, and says so in words beside it."""
    text = str(getattr(row, column))
    match column:
        case "part" | "about":
            return Content.styled(text, theme.QUIET)
        case "value" if row.set_by not in ("", Origin.DEFAULT):
            return Content.styled(text, "bold")
        case "set_by" if row.set_by == Origin.DEFAULT:
            return Content.styled(text, theme.QUIET)
        case _:
            return text


def _nothing(_: int) -> list[Content]:
    return []
