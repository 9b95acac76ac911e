"""The areas of the console, by number."""

from __future__ import annotations

from cmapss_tui.actions.action import AREAS, Action


def _area(name: str, key: str, title: str, help: str, verb: str | None = None) -> Action:
    return Action(f"app.{name}", (key,), title, help, "app", AREAS, verb=verb, call=f"area('{name}')", show=False)


AREA_ACTIONS: tuple[Action, ...] = (
    _area("jobs", "1", "Jobs", "Training jobs, best first.", "jobs"),
    _area("endpoints", "2", "Endpoints", "Endpoints: status, instances, load, cost.", "endpoints"),
    _area("operations", "3", "Operations", "What was begun: what runs, what is open, what is over.", "operations"),
)
