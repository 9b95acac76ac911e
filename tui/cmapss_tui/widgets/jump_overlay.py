"""Letters over a screen, one for each place on it: pressing it puts the focus there, or goes to an area."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Click, Key
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import Static

from cmapss_tui.jump import Target
from cmapss_tui.screens.dialog import Dialog

NOTHING = "Nothing here can have the focus."


class JumpOverlay(Dialog[Widget | None]):
    """Answers the widget that was chosen; any key that is no letter of a label leaves, and so does a resize."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "leave", show=False)]
    DEFAULT_CSS = """
    JumpOverlay { align: left top; background: $background 50%; layers: labels; }
    JumpOverlay > .jump-label {
        position: absolute; layer: labels; width: auto; height: 1; padding: 0 1;
        background: $accent; color: $background; text-style: bold;
    }
    JumpOverlay > .jump-label.-out { display: none; }
    JumpOverlay > #jump-help {
        dock: bottom; layer: labels; height: 1; width: 100%; padding: 0 1; background: $panel; color: $foreground;
    }
    """

    def __init__(self, targets: Sequence[Target]) -> None:
        super().__init__()
        self._targets = {target.label: target for target in targets}
        self._typed = ""
        self._laid_out_for: Size | None = None

    def compose(self) -> ComposeResult:
        """A label at each target, and what to do."""
        for label, target in self._targets.items():
            label_widget = Static(label, classes="jump-label", markup=False, id=f"jump-{label}")
            label_widget.styles.offset = target.at
            yield label_widget
        yield Static("a letter goes there   esc leaves" if self._targets else f"{NOTHING}   esc leaves", id="jump-help")

    def on_key(self, event: Key) -> None:
        """Take letters until they are a label."""
        if event.key == "escape":
            return
        event.stop()
        typed = self._typed + (event.character or "")
        left = [label for label in self._targets if label.startswith(typed)] if event.character else []
        if not left:
            self.dismiss(None)
        elif typed in self._targets:
            self._go_to(self._targets[typed])
        else:
            self._typed = typed
            for label in self._targets:
                self.query_one(f"#jump-{label}").set_class(label not in left, "-out")

    def on_click(self, event: Click) -> None:
        """A click on a label is its letters; one beside them leaves."""
        label = (event.widget.id or "").removeprefix("jump-") if event.widget is not None else ""
        self._go_to(self._targets.get(label))

    def _go_to(self, target: Target | None) -> None:
        if target is None or target.key is not None:
            self.dismiss(None)
            if target is not None and target.key is not None:
                self.app.call_later(self.app.simulate_key, target.key)  # once this has gone
            return
        if target.panel is not None:
            target.panel.scroll_visible(top=True, animate=False)
        self.dismiss(target.widget)

    def on_resize(self) -> None:
        """What the labels were written over has moved."""
        if self._laid_out_for not in (None, self.size):
            self.dismiss(None)
        self._laid_out_for = self.size
