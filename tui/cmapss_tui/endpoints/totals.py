"""What the endpoints of the region come to: how many in which state, on how many instances, with what load and cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from textual.content import Content

from cmapss_core.endpoints import IN_PROGRESS
from cmapss_core.fleet import FleetSnapshot
from cmapss_core.fleet_load import WINDOW_MINUTES
from cmapss_tui import formats, theme
from cmapss_tui.remedies import line_in_console

GAP = 3
_STATES: dict[str, tuple[str, str]] = {
    "in service": ("●", theme.GOOD),
    "changing": ("◐", theme.BUSY),
    "failed": ("✕", theme.BAD),
    "out of service": ("○", theme.BAD),
}
_FAILED = ("Failed", "UpdateRollbackFailed")
_PARTS = {"details": "Some details are", "load": "Load and idleness are", "bounds": "Bounds are"}


def title(snapshot: FleetSnapshot) -> Callable[[int], list[Content]]:
    """The lines above the list for a width: totals, and a line for each part that could not be read."""
    totals = _totals(snapshot)
    notes = [
        Content.styled(f"▲ {_PARTS[part]} not read: {line_in_console(error)}", theme.WARN)
        for part, error in snapshot.failures.items()
    ]
    return lambda width: [*_flowing(totals, width), *notes]


def _totals(snapshot: FleetSnapshot) -> list[Content]:
    endpoints = snapshot.endpoints
    head = Content.styled("Endpoints", "bold")
    if not endpoints:
        return [head]
    parts = [Content.assemble(head, f" {formats.count(len(endpoints))}")]
    states = Counter(_state(one.status) for one in endpoints)
    for word, (glyph, style) in _STATES.items():
        if states[word]:
            parts.append(Content.assemble((f"{glyph} ", style), f"{formats.count(states[word])} {word}"))
    if snapshot.catching_up:
        known = len(endpoints) - len(snapshot.undescribed)
        return [*parts, Content.styled(f"◌ reading {known} of {len(endpoints)} …", theme.QUIET)]
    return [*parts, _instances(snapshot), *_load(snapshot), _cost(snapshot), *_idle(snapshot)]


def _state(status: str) -> str:
    if status in IN_PROGRESS:
        return "changing"
    return "failed" if status in _FAILED else "out of service" if status == "OutOfService" else "in service"


def _instances(snapshot: FleetSnapshot) -> Content:
    have = sum(one.current_instances for one in snapshot.endpoints)
    want = sum(one.desired_instances for one in snapshot.endpoints)
    noun = "instance" if have == want == 1 else "instances"
    if have == want:
        return Content(f"{formats.count(have)} {noun}")
    return Content.assemble(f"{formats.count(have)} → ", (formats.count(want), theme.ACCENT), f" {noun}")


def _load(snapshot: FleetSnapshot) -> list[Content]:
    loads = list(snapshot.loads.values())
    if not loads:
        return []
    style = theme.QUIET if "load" in snapshot.failures else ""
    rate = sum(load.invocations_per_minute for load in loads)
    client, server = sum(load.errors_4xx for load in loads), sum(load.errors_5xx for load in loads)
    parts = [Content.styled(f"{formats.count(round(rate))}/min", style)]
    if client or server:
        text = f"✕ {formats.count(client)} 4xx, {formats.count(server)} 5xx in {WINDOW_MINUTES} min"
        parts.append(Content.styled(text, style or (theme.BAD if server else theme.WARN)))
    return parts


def _cost(snapshot: FleetSnapshot) -> Content:
    described = [one for one in snapshot.endpoints if one.name not in snapshot.undescribed]
    costs = [one.hourly_cost_usd for one in described if one.hourly_cost_usd is not None]
    unknown = len(snapshot.endpoints) - len(costs)
    if not costs:
        return Content(formats.hourly_cost(None))
    an_hour = sum(costs)
    more = f" and {unknown} of unknown cost" if unknown else ""
    return Content.assemble(formats.hourly_cost(an_hour), (f" · {formats.monthly_cost(an_hour)}{more}", theme.QUIET))


def _idle(snapshot: FleetSnapshot) -> list[Content]:
    idle = [one for one in snapshot.endpoints if (load := snapshot.loads.get(one.name)) and load.idle_since]
    if not idle:
        return []
    cost = sum(one.hourly_cost_usd or 0.0 for one in idle)
    return [Content.styled(f"▲ {formats.count(len(idle))} idle, {formats.hourly_cost(cost)}", theme.WARN)]


def _flowing(parts: Sequence[Content], width: int) -> list[Content]:
    """The parts beside each other, on as many lines as that takes; none is cut where a line of its own would do."""
    lines: list[Content] = []
    for part in parts:
        if lines and lines[-1].cell_length + GAP + part.cell_length <= width:
            lines[-1] = lines[-1] + " " * GAP + part
        else:
            lines.append(part)
    return lines
