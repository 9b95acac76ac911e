"""What every screen lets an operator take away: texts to copy, its table and its picture to export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, cast

from cmapss_tui.screens.dialog import LeftOnce

if TYPE_CHECKING:
    from cmapss_tui.app import ConsoleApp
    from cmapss_tui.sheet import Sheet


class TakeAwayScreen(LeftOnce[None]):
    """A screen that says what can be copied and exported from it; what it calls its pictures is its `AREA`."""

    AREA: ClassVar[str] = ""

    def copyable(self) -> Mapping[str, str]:
        """What can be copied from here, what it is to its text, such as "name" and "ARN"; the first goes at once."""
        return {}

    def sheet(self) -> Sheet | None:
        """The table in front of the operator as data, filtered and in its order; None where there is none."""
        return None

    def action_copy(self) -> None:
        """Copy what stands first."""
        from cmapss_tui.take_away.clipboard import copy

        copyable = self.copyable()
        if copyable:
            what, text = next(iter(copyable.items()))
            copy(self.app, what, text)
        else:
            self._nothing_to_copy()

    def action_copy_what(self) -> None:
        """Choose what to copy."""
        from cmapss_tui.screens.copy_what import choose_copy

        copyable = self.copyable()
        if copyable:
            choose_copy(cast("ConsoleApp", self.app), copyable)
        else:
            self._nothing_to_copy()

    def action_export(self) -> None:
        """Write the table or the picture of this screen to a file."""
        from cmapss_tui.screens.export import Exports, ExportScreen
        from cmapss_tui.take_away.pictures import picture_of

        console = cast("ConsoleApp", self.app)
        sheet = self.sheet()
        what = sheet.name if sheet is not None else self.AREA or "screen"
        # The picture before there is a dialog in it.
        exports = Exports(what, console.aws.clock.now(), console.options.export_directory, sheet, picture_of(self))
        self.app.push_screen(ExportScreen(exports))

    def _nothing_to_copy(self) -> None:
        self.notify("There is nothing to copy here; e exports this screen.", severity="warning")
