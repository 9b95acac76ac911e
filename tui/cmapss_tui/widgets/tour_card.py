"""The tour's card: which of the five steps is on, and what to do now, above the footer of every screen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.content import Content

from cmapss_tui import theme
from cmapss_tui.keymap import first_key
from cmapss_tui.widgets.panel import Lines, at_both_ends
from cmapss_tui.widgets.plan_view import wrapped

if TYPE_CHECKING:
    from cmapss_tui.tour import Step

MOST_LINES = 2  # of the instruction: at 80 columns no more of the screen is taken


class TourCard(Lines):
    """Hidden until the tour is on; it takes no focus and no key."""

    DEFAULT_CSS = """
    TourCard { display: none; padding: 0 1; background: $primary 12%; color: $foreground; }
    """

    def show(self, steps: Iterable[tuple[Step, bool, bool]], text: str, *, costs: bool, hides: bool = True) -> None:
        """Show these steps, each with whether it is done and whether it is on, and this text.

        `hides`: the tour's key does so from here, and is not typed instead.
        """
        steps = tuple(steps)
        self.display = True
        self.write(lambda width: card_lines(steps, text, width, costs=costs, hides=hides))

    def hide(self) -> None:
        """Show nothing."""
        self.display = False


def card_lines(
    steps: Iterable[tuple[Step, bool, bool]], text: str, width: int, *, costs: bool = False, hides: bool = True
) -> list[Content]:
    """The steps on one line with the way to hide them; the text below."""
    marks = Content("  ").join([_mark(step, done=done, on=on) for step, done, on in steps])
    head = Content.assemble(("Tour  ", "bold")) + marks
    way = f"{first_key('app.tour')} hides" if hides else ""
    ends = [f"{warning}   {way}".rstrip() for warning in ("⚠ on AWS: it costs money", "⚠ costs")] if costs else [way]
    end = next((one for one in ends if head.cell_length + len(one) + 2 <= width), ends[-1])
    first, *_ = at_both_ends(head, Content.styled(end, theme.WARN if costs else theme.QUIET), width)
    return [first, *map(Content, wrapped(text, width)[:MOST_LINES])]


def _mark(step: Step, *, done: bool, on: bool) -> Content:
    if done:
        return Content.styled(f"● {step}", theme.GOOD)
    return Content.styled(f"◐ {step}", f"bold {theme.ACCENT}") if on else Content.styled(f"○ {step}", theme.QUIET)
