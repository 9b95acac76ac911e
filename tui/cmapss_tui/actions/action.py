"""What an action is: something an operator can do, with keys, words and safety."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from textual.binding import Binding

AREAS = "Go to"


class Safety(StrEnum):
    """What stands between a key and a change of AWS."""

    NONE = "none"
    CONFIRM = "confirm"
    TYPE_NAME = "type the name"


@dataclass(frozen=True, slots=True, eq=False)
class Action:
    """Something an operator can do.

    `scope` names the screens where its keys work: "app" everywhere, "screen" on every screen that is not a dialog,
    else one area. The screen (or the app) has the method `action_<method>`. `verb` is the command-line verb that
    does the same. `priority` is before whatever has the focus, and in dialogs as well.
    """

    id: str
    keys: tuple[str, ...]
    title: str
    help: str
    scope: str
    group: str
    safety: Safety = Safety.NONE
    verb: str | None = None
    call: str = ""
    show: bool = True
    priority: bool = False

    @property
    def textual_action(self) -> str:
        """The action string that Textual parses: the end of the id, unless another is given."""
        return self.call or self.id.rpartition(".")[2]

    @property
    def method(self) -> str:
        """The name of the action without its arguments and namespace."""
        return self.textual_action.partition("(")[0].rpartition(".")[2]

    @property
    def binding(self) -> Binding:
        """The binding that Textual needs; its id lets a keymap give it other keys."""
        return Binding(
            ",".join(self.keys),
            self.textual_action,
            self.title,
            show=self.show,
            tooltip=self.help,
            priority=self.priority,
            id=self.id,
        )
