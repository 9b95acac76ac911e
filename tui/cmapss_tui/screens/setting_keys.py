"""A dialog for the keys of an action: the new key is pressed, or typed by its name; a clash is said at once."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalGroup
from textual.content import Content
from textual.events import Key
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from cmapss_tui import theme
from cmapss_tui.actions import ACTIONS, Action, Safety
from cmapss_tui.keymap import key_display, keys_of, problems, read_keys, shown_keys
from cmapss_tui.screens.setting_dialog import SettingDialog
from cmapss_tui.widgets.form import Field
from cmapss_tui.widgets.panel import Lines

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
        self._fits = True

    def show_fits(self, fits: bool) -> None:
        """Say whether the key can be had."""
        self._fits = fits
        self.refresh()

    def render(self) -> Content:
        """What to do."""
        if not self.has_focus:
            return Content("⇧tab comes here, to press a key")
        if not self._caught:
            return Content("press the key that it is to have")
        return Content("enter sets it; another key takes its place" if self._fits else "press another key")

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


class KeysScreen(SettingDialog[str | None]):
    """Answers the keys as the configuration has them; None where it is left."""

    def __init__(self, action: Action) -> None:
        super().__init__()
        self._action = action

    def compose(self) -> ComposeResult:
        """What the action does, the key to press, its name, the choice."""
        with VerticalGroup() as box:
            box.border_title = f"Keys of {self._action.id}"
            yield Lines()
            yield KeyCatcher()
            yield Field("or by its name", "keys", ", ".join(keys_of(self._action)), placeholder="ctrl+o, /, f5")
            yield Lines(id="note")
            yield self.choices()

    def on_mount(self) -> None:
        own = " ".join(map(key_display, self._action.keys))
        texts = [(self._action.help, ""), (f"By default {own}.", theme.QUIET)]
        if self._action.safety is not Safety.NONE:
            texts.append(("It changes AWS, so it takes an uppercase letter, F1 to F12 or ctrl+g.", theme.QUIET))
        if others := _namesakes(self._action):
            texts.append((f"Elsewhere it has keys of its own: {others}.", theme.QUIET))
        self.say(texts)
        self.query_one(KeyCatcher).focus()
        self._problems()

    def on_key_catcher_caught(self, message: KeyCatcher.Caught) -> None:
        self.query_one(Input).value = message.key

    def on_key_catcher_confirmed(self) -> None:
        self.answer()

    def on_input_changed(self) -> None:
        self._problems()

    def answer(self) -> None:
        """Leave with the keys."""
        if not self._problems():
            self.dismiss(self._keys)

    @property
    def _keys(self) -> str:
        return self.query_one(Field).value

    def _problems(self) -> list[str]:
        """What is wrong with the keys, which is said, or which they will be."""
        found = problems({**self.console.options.keymap, self._action.id: self._keys})
        shown = " ".join(map(key_display, read_keys(self._keys)))
        texts = [(f"✕ {problem}", theme.BAD) for problem in found] or [(f"✓ {shown}", theme.GOOD)]
        self.note(texts, wrong=bool(found))
        self.query_one(KeyCatcher).show_fits(not found)
        return found


def _namesakes(action: Action) -> str:
    """The actions of other screens that are called the same, with their keys."""
    same = (one for one in ACTIONS if one.title == action.title and one.id != action.id)
    return ", ".join(f"{one.id} {shown_keys(one)}" for one in same)
