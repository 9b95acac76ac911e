"""The areas of the console, by number."""

from __future__ import annotations

from cmapss_tui.actions.action import AREAS, Action


def _area(name: str, key: str, title: str, help: str, verb: str | None = None) -> Action:
    # Done by the screen in front, which knows what lies between it and its area's list.
    call = f"screen.area('{name}')"
    return Action(f"app.{name}", (key,), title, help, "app", AREAS, verb=verb, call=call, show=False)


def _moving(name: str, key: str, title: str, help: str, call: str) -> Action:
    return Action(f"app.{name}", (key,), title, help, "app", AREAS, call=call, show=False)


AREA_ACTIONS: tuple[Action, ...] = (
    _area("jobs", "1", "Jobs", "Training jobs, best first.", "jobs"),
    _area("endpoints", "2", "Endpoints", "Endpoints: status, instances, load, cost.", "endpoints"),
    _area("operations", "3", "Operations", "What was begun: what runs, what is open, what is over.", "operations"),
    _area("errors", "4", "Errors", "Every call that failed, with its request id and what to do."),
    _area("settings", "5", "Settings", "What is set, and by whom; other keys for actions.", "config"),
)

# Between places; in every list of keys they come with the areas.
MOVING_ACTIONS: tuple[Action, ...] = (
    _moving("history_back", "left_square_bracket", "back in history", "To the place before this one.", "go(-1)"),
    _moving("history_forward", "right_square_bracket", "forward", "To the place that back came from.", "go(1)"),
    _moving("previous_area", "ctrl+pageup", "previous area", "To the area on the left.", "neighbour(-1)"),
    _moving("next_area", "ctrl+pagedown", "next area", "To the area on the right.", "neighbour(1)"),
    _moving("switch", "P", "profile, region", "Look at another profile or region, or at the sandbox.", "switch"),
    Action(
        "app.jump",
        ("ctrl+o",),
        "jump",
        "A letter at every area, panel and field in sight: press it to go there.",
        "app",
        AREAS,
        show=False,
        priority=True,
    ),
)
