"""A dialog for one setting's value, which says at once what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalGroup
from textual.content import Content
from textual.widgets import Button, Input

from cmapss_core.errors import ConsoleError
from cmapss_tui import theme
from cmapss_tui.configuration import meaning, parse_setting, takes
from cmapss_tui.configuration_file import problem_of
from cmapss_tui.console_settings import holds_at_once, outdone_by
from cmapss_tui.options import layers_behind
from cmapss_tui.screens.dialog import Dialog
from cmapss_tui.settings import NOTHING, value_text
from cmapss_tui.widgets.form import Choices, Field
from cmapss_tui.widgets.panel import Lines
from cmapss_tui.widgets.plan_view import wrapped

if TYPE_CHECKING:
    from cmapss_tui.app import ConsoleApp

DIALOG_CSS = """
    {name} {{ align: center middle; background: $background 60%; }}
    {name} > VerticalGroup {{
        width: 92; max-width: 96%; max-height: 90%; background: $surface; border: round $rule;
        border-title-color: $accent; padding: 0 1;
    }}
    {name} Lines {{ margin: 0 0 1 0; padding: 0 1; }}
    {name} Field {{ margin: 0 0 1 0; padding: 0 1; }}
"""


class ValueScreen(Dialog[tuple[Any] | None]):
    """Answers the value in a tuple, which holds None for what is as by default; None where it is left."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "cancel", show=False)]
    DEFAULT_CSS = DIALOG_CSS.format(name="ValueScreen")

    def __init__(self, name: str) -> None:
        super().__init__()
        self._setting = name

    @property
    def console(self) -> ConsoleApp:
        """The application, as what it is."""
        return cast("ConsoleApp", self.app)

    def compose(self) -> ComposeResult:
        """What it means, its value, the choice."""
        options = self.console.options
        in_force = getattr(options, self._setting)
        value = layers_behind(options).file.get(self._setting, in_force)
        with VerticalGroup() as box:
            box.border_title = self._setting
            yield Lines()
            yield Field("value", "value", value_text(value).replace(NOTHING, ""), placeholder="as by default")
            yield Lines(id="problem")
            yield Choices(Button("Cancel", id="cancel", compact=True), Button("Set", id="set", compact=True))

    def on_mount(self) -> None:
        self.query_one(Lines).write(self._about)
        self.query_one(Input).focus()

    def on_input_changed(self) -> None:
        self._checked()

    def on_input_submitted(self) -> None:
        self._answer()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "set":
            self._answer()
        else:
            self.dismiss(None)

    def _answer(self) -> None:
        value = self._checked()
        if value is not None:
            self.dismiss(value)

    def _checked(self) -> tuple[Any] | None:
        """The value that is typed; None where it is none, and why is said."""
        text = self.query_one(Field).value
        problem: ConsoleError | None = None
        value: Any = None
        try:
            if text or isinstance(getattr(self.console.options, self._setting), tuple):
                value = parse_setting(self._setting, text, f"{text!r} does not do")
            problem = problem_of(self.console.options, self._setting, value)
        except ConsoleError as error:
            problem = error
        self.query_one("#set", Button).disabled = problem is not None
        self.query_one("#problem", Lines).write(
            lambda width: (
                [Content.styled(line, theme.BAD) for line in wrapped(f"✕ {problem.line()}", width)]
                if problem is not None
                else []
            )
        )
        return (value,) if problem is None else None

    def _about(self, width: int) -> list[Content]:
        when = "at once" if holds_at_once(self._setting) else "from the next start"
        texts = [(meaning(self._setting), ""), (f"It takes {takes(self._setting)}, and holds {when}.", theme.QUIET)]
        if isinstance(getattr(self.console.options, self._setting), tuple):
            texts.append(("Commas stand between the parts of the list.", theme.QUIET))
        if (outdone := outdone_by(self.console.options, self._setting)) is not None:
            texts.append((f"⚠ {outdone} says what it is: the file's value holds where that is gone.", theme.WARN))
        return [Content.styled(line, style) for text, style in texts for line in wrapped(text, width)]
