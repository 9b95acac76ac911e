"""The line over an endpoint's screen: its status, what it runs on, how many instances, and what that costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from textual.content import Content

from cmapss_tui import formats, theme
from cmapss_tui.keymap import first_key
from cmapss_tui.screens.endpoint_view import moment, words
from cmapss_tui.widgets.age import NOTHING_READ, Freshness, State
from cmapss_tui.widgets.rollout_panel import rolled_back_because

if TYPE_CHECKING:
    from cmapss_core.traffic import TrafficReport
    from cmapss_tui.screens.endpoint_known import Known
    from cmapss_tui.screens.endpoint_panels import Stage

_KEYS = (
    (("window",), "window"),
    (("zoom_in", "zoom_out"), "zoom"),
    (("pan_back", "pan_forth"), "pan"),
    (("point_left", "point_right"), "point"),
)
TOLD_APART_SECONDS = 4.0  # between the age of a panel and the screen's
GONE = Content.styled("✕ deleted", theme.BAD)


def headline(known: Known, now: datetime, age: Freshness = NOTHING_READ) -> list[Content]:
    """Status and for how long, what it runs on, instances, and cost now and then; how old all of it is, once it is."""
    from cmapss_core.endpoints import STATUS_GLYPHS

    endpoint, scaling = known.endpoint, known.scaling
    if endpoint is None:
        return []
    glyph = STATUS_GLYPHS.get(endpoint.status, "?")
    since = formats.age((now - endpoint.modified).total_seconds())
    pieces = [
        Content.assemble(
            (f"{glyph} {endpoint.status}", theme.status_style(endpoint.status)), (f" {since}", theme.QUIET)
        )
    ]
    if age.old:
        pieces.append(Content.styled(f"▲ {formats.age(age.seconds)} old", theme.WARN))
    if endpoint.failure_reason and not rolled_back_because(endpoint):
        pieces.append(Content.styled(endpoint.failure_reason, theme.BAD))
    types = sorted({variant.instance_type for variant in endpoint.variants if variant.instance_type})
    if types:
        pieces.append(Content(", ".join(types)))
    have, want = endpoint.current_instances, endpoint.desired_instances
    bounds = "".join(f" ({target.min}–{target.max})" for target in (scaling.targets if scaling else ()))
    change = Content.styled("" if have == want else f" → {want}", f"bold {theme.ACCENT}")
    pieces.append(Content.assemble("instances ", (f"{have}", "bold"), change, (bounds, theme.QUIET)))
    cost, then = endpoint.hourly_cost_usd, known.hourly_cost_usd_desired
    price = formats.hourly_cost(cost)
    pieces.append(Content(price if then is None or then == cost else f"{price} → {formats.hourly_cost(then)}"))
    return pieces


def told_apart(of_panel: Freshness, of_screen: Freshness) -> Freshness:
    """The age of a panel, without words where the screen's own age says it."""
    later = (of_panel.seconds or 0.0) - (of_screen.seconds or 0.0)
    return replace(of_panel, text="") if of_panel.state is State.LIVE and later < TOLD_APART_SECONDS else of_panel


def laid_out(endpoint: str, pieces: list[Content], width: int) -> list[Content]:
    """The name and the pieces on one line, or on two where that is too narrow."""
    name = Content.styled(endpoint, "bold")
    for gap in (Content("   "), Content("  ")):
        whole = gap.join([name, *pieces])
        if whole.cell_length <= width:
            return [whole]
    return [name, Content("  ").join(pieces)]


def sending_now(report: TrafficReport | None) -> list[Content]:
    """The load that is being sent from here, if any is."""
    if report is None:
        return []
    return [Content.styled(f"▶ traffic {formats.number(report.rate_per_minute, 3)}/min", theme.ACCENT)]


def view_line(stage: Stage, until: datetime | None, width: int, *, paused: bool = False) -> Content:
    """Which stretch of time and which variants the charts show, what is pointed at, and the keys that change it."""
    metrics = stage.known.metrics
    period = metrics.period_seconds if metrics is not None else 60.0
    span, slot = words(stage.axis, until, paused=paused, period_seconds=period)
    style = theme.QUIET if until is None and not paused else theme.ACCENT
    axis = stage.axis
    pointed = "" if axis.cursor is None else f"│ {moment(axis.time_of(axis.cursor), axis)}"
    which = stage.variant or ("all variants" if len(stage.known.variant_names) > 1 else "")
    pieces = [
        Content.styled(span, style),
        Content.styled(slot, theme.QUIET),
        *([Content.styled(which, "bold")] if which else []),
        *([Content.styled(pointed, "bold")] if pointed else []),
    ]
    line = Content("  ").join(pieces)
    keys = Content.styled(
        "  ".join(f"{' '.join(first_key(f'endpoint.{name}') for name in names)} {does}" for names, does in _KEYS),
        theme.QUIET,
    )
    missing = width - line.cell_length - keys.cell_length
    if missing >= 2:
        return line.pad_right(missing) + keys
    return line if line.cell_length <= width else Content("  ").join([pieces[0], *pieces[2:]])
