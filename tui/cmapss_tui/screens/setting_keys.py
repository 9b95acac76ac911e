"""A dialog for the keys of an action: the new key is pressed, or typed by its name; a clash is said at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalGroup
from textual.content import Content
from textual.events import Key
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Button, Input

from cmapss_tui import theme
from cmapss_tui.actions import Action, Safety
from cmapss_tui.keymap import key_display, keys_of, problems, read_keys
from cmapss_tui.screens.dialog import Dialog
from cmapss_tui.screens.setting_value import DIALOG_CSS
from cmapss_tui.widgets.form import Choices, Field
from cmapss_tui.widgets.panel import Lines
from cmapss_tui.widgets.plan_view import wrapped

if TYPE_CHECKING:
    from cmapss_tui.app import ConsoleApp

LEAVES = ("tab", "shift+tab", "escape")  # these go on doing what they do in every dialog


class KeyCatcher(Widget, can_focus=True):
    """Takes the next key for the one that is meant, whatever it does elsewhere; enter, once there is one, sets it."""

    DEFAULT_CSS = """
    KeyCatcher { height: 1; margin: 0 1 1 1; padding: 0 1; background: $panel; color: $quiet; }
    KeyCatcher:focus { background: $cursor; color: $foreground; }
    """

    class Caught(Message):
        """A key was pressed."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class Confirmed(Message):
        """Enter was pressed after a key."""

    def __init__(self) -> None:
        super().__init__()
        self._caught = False

    def render(self) -> Content:
        """What to do."""
        if not self.has_focus:
            return Content("⇧tab comes here, to press a key")
        return Content(
            "enter sets it; another key takes its place" if self._caught else "press the key that it is to have"
        )

    def on_key(self, event: Key) -> None:
        if event.key in LEAVES:
            return
        event.stop()
        event.prevent_default()
        if event.key == "enter" and self._caught:
            self.post_message(self.Confirmed())
            return
        self._caught = True
        self.refresh()
        self.post_message(self.Caught(event.key))


class KeysScreen(Dialog[str | None]):
    """Answers the keys as the configuration has them; None where it is left."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "cancel", show=False)]
    DEFAULT_CSS = DIALOG_CSS.format(name="KeysScreen")

    def __init__(self, action: Action) -> None:
        super().__init__()
        self._action = action

    @property
    def console(self) -> ConsoleApp:
        """The application, as what it is."""
        return cast("ConsoleApp", self.app)

    def compose(self) -> ComposeResult:
        """What the action does, the key to press, its name, the choice."""
        with VerticalGroup() as box:
            box.border_title = f"Keys of {self._action.id}"
            yield Lines()
            yield KeyCatcher()
            yield Field("or by its name", "keys", ", ".join(keys_of(self._action)), placeholder="ctrl+o, /, f5")
            yield Lines(id="problem")
            yield Choices(Button("Cancel", id="cancel", compact=True), Button("Set", id="set", compact=True))

    def on_mount(self) -> None:
        self.query_one(Lines).write(self._about)
        self.query_one(KeyCatcher).focus()
        self._check()

    def on_key_catcher_caught(self, message: KeyCatcher.Caught) -> None:
        self.query_one(Input).value = message.key

    def on_key_catcher_confirmed(self) -> None:
        self._answer()

    def on_input_changed(self) -> None:
        self._check()

    def on_input_submitted(self) -> None:
        self._answer()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "set":
            self._answer()
        else:
            self.dismiss(None)

    def _answer(self) -> None:
        if not self._check():
            self.dismiss(self._keys)

    @property
    def _keys(self) -> str:
        return self.query_one(Field).value

    def _check(self) -> list[str]:
        """Say what is wrong with the keys, or what they will be."""
        found = problems({**self.console.options.keymap, self._action.id: self._keys})
        self.query_one("#set", Button).disabled = bool(found)
        shown = " ".join(map(key_display, read_keys(self._keys)))
        self.query_one("#problem", Lines).write(
            lambda width: [
                Content.styled(line, theme.BAD if found else theme.GOOD)
                for text in ([f"✕ {problem}" for problem in found] or [f"✓ {shown}"])
                for line in wrapped(text, width)
            ]
        )
        return found

    def _about(self, width: int) -> list[Content]:
        texts = [(self._action.help, ""), (f"By default {' '.join(map(key_display, self._action.keys))}.", theme.QUIET)]
        if self._action.safety is not Safety.NONE:
            texts.append(("It changes AWS, so it takes an uppercase letter, F1 to F12 or ctrl+g.", theme.QUIET))
        return [Content.styled(line, style) for text, style in texts for line in wrapped(text, width)]
