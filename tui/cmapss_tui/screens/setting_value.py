"""A dialog for one setting's value, which says at once what is wrong with it."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.containers import VerticalGroup
from textual.widgets import Input

from cmapss_core.errors import ConsoleError
from cmapss_tui import theme
from cmapss_tui.configuration import meaning, parse_setting
from cmapss_tui.configuration_file import problem_of
from cmapss_tui.options import layers_behind
from cmapss_tui.screens.setting_dialog import SettingDialog
from cmapss_tui.setting_rows import notes_on
from cmapss_tui.settings import NOTHING, value_text
from cmapss_tui.widgets.form import Field
from cmapss_tui.widgets.panel import Lines


class ValueScreen(SettingDialog[tuple[Any] | None]):
    """Answers the value in a tuple, which holds None for what is as by default; None where it is left."""

    def __init__(self, setting: str) -> None:
        super().__init__()
        self._setting = setting

    def compose(self) -> ComposeResult:
        """What it means, its value, the choice."""
        value = layers_behind(self.console.options).file.get(self._setting, self._in_force)
        with VerticalGroup() as box:
            box.border_title = self._setting
            yield Lines()
            yield Field("value", "value", value_text(value).replace(NOTHING, ""), placeholder="as by default")
            yield Lines(id="note")
            yield self.choices()

    def on_mount(self) -> None:
        commas = [("Commas stand between the parts of the list.", theme.QUIET)] if self._is_list else []
        self.say([(meaning(self._setting), ""), *notes_on(self.console.options, self._setting), *commas])
        self.query_one(Input).focus()

    def on_input_changed(self) -> None:
        self._checked()

    def answer(self) -> None:
        """Leave with the value."""
        if (value := self._checked()) is not None:
            self.dismiss(value)

    @property
    def _in_force(self) -> Any:
        return getattr(self.console.options, self._setting)

    @property
    def _is_list(self) -> bool:
        return isinstance(self._in_force, tuple)

    def _checked(self) -> tuple[Any] | None:
        """The value that is typed; None where it is none, and why is said."""
        text = self.query_one(Field).value
        problem: ConsoleError | None
        value: Any = None
        try:
            if text or self._is_list:
                value = parse_setting(self._setting, text, f"{text!r} does not do")
            problem = problem_of(self.console.options, self._setting, value)
        except ConsoleError as error:
            problem = error
        self.note([(f"✕ {problem.line()}", theme.BAD)] if problem is not None else [], wrong=problem is not None)
        return (value,) if problem is None else None
