"""The lines that say why AWS does not answer, since when, what to do, and when it is tried again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from cmapss_tui import formats, theme
from cmapss_tui.widgets.panel import Lines, at_both_ends

NOTICE_SECONDS = 5
MOST_EXPLAINED = 3


@dataclass(frozen=True, slots=True)
class Banner:
    """What a banner says: the gravest trouble in words, and how many there are besides.

    `lasting` and `next_try` are seconds of this machine; None: it is being tried just now.
    """

    headline: str
    explanation: str
    lasting: float
    next_try: float | None
    others: int
    retry_key: str
    errors_key: str


class BannerLines(Lines):
    """Hidden while all is well. Once it is again, it says so for a few seconds."""

    DEFAULT_CSS = """
    BannerLines { display: none; max-height: 4; padding: 0 1; color: $foreground; background: $error-tint; }
    BannerLines.-shown { display: block; }
    BannerLines.-back { background: $success-tint; }
    """

    def __init__(self) -> None:
        super().__init__(id="banner")
        self._shown_for: int | None = None  # seconds since it says that all is well

    def say(self, banner: Banner) -> None:
        """Say what is the matter."""
        self._shown_for = None
        self.remove_class("-back")
        self.add_class("-shown")
        self.write(lambda width: lines_of(banner, width))

    def back(self, seconds: float) -> None:
        """Say that it is over, after so many seconds of this machine."""
        self._shown_for = 0
        self.set_classes("-shown -back")
        said = Content.assemble(("● ", theme.GOOD), f"Back after {formats.duration(seconds)}.")
        self.write(lambda width: [said])

    def hide(self) -> None:
        """Nothing is the matter."""
        if self._shown_for is None:
            self.remove_class("-shown")

    def tick(self) -> None:
        """A second has gone by: what was good news is none any more."""
        if self._shown_for is not None:
            self._shown_for += 1
            if self._shown_for > NOTICE_SECONDS:
                self._shown_for = None
                self.set_classes("")


def lines_of(banner: Banner, width: int) -> Sequence[Content]:
    """The banner at that width: what it is and when it is tried again, then why and what to do."""
    lasting = f" · for {formats.duration(banner.lasting)}"
    head = Content.assemble(("✕ ", theme.BAD), (banner.headline, "bold"), (lasting, theme.QUIET))
    when = "trying now" if banner.next_try is None else f"next try in {formats.duration(banner.next_try)}"
    now = "" if banner.next_try is None else f" · {banner.retry_key} tries now"
    first = at_both_ends(head, Content.styled(f"{when}{now}", theme.QUIET), width)
    if len(first) > 1:
        first = at_both_ends(head, Content.styled(when, theme.QUIET), width)[:1]
    others = f"{banner.others} more · " if banner.others else ""
    last = Content.styled(f"{others}{banner.errors_key} shows all errors", theme.QUIET)
    explained = Content(banner.explanation).wrap(max(1, width - 2))
    lines = [Content("  ") + line for line in explained[:MOST_EXPLAINED]]
    if len(explained) > MOST_EXPLAINED:
        lines[-1] = lines[-1].truncate(max(1, width - 1)) + "…"
    closing = at_both_ends(lines[-1], last, width) if lines else [last]
    if len(closing) > 1 and len(lines) == MOST_EXPLAINED:
        closing = [lines[-1].truncate(max(1, width - last.cell_length - 3)) + "… ", last]
        closing = [closing[0] + last]
    elif len(closing) > 1:
        closing = [closing[0], last.pad_left(max(0, width - last.cell_length))]
    return [*first, *lines[:-1], *closing]
