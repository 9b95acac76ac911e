"""What can be done in the list of endpoints."""

from __future__ import annotations

from dataclasses import replace

from cmapss_tui.actions.action import Action, Safety
from cmapss_tui.actions.endpoint import ENDPOINT_ACTIONS


def _under_cursor(name: str) -> Action:
    """What its own screen does with an endpoint, done with the one under the cursor, by the same key."""
    action = next(one for one in ENDPOINT_ACTIONS if one.id == f"endpoint.{name}")
    return replace(action, id=f"endpoints.{name}", scope="endpoints", group="Endpoints")


ENDPOINTS_ACTIONS: tuple[Action, ...] = (
    Action(
        "endpoints.open",
        ("enter",),
        "open",
        "Watch the endpoint under the cursor.",
        "endpoints",
        "Endpoints",
        verb="watch",
    ),
    Action(
        "endpoints.filter",
        ("slash",),
        "filter",
        "Words, !word, status:failed, errors>0, idle:yes, cost>1; all must hold.",
        "endpoints",
        "Endpoints",
    ),
    Action("endpoints.sort", ("s",), "sort", "Sort by the next column.", "endpoints", "Endpoints"),
    Action("endpoints.order", ("o",), "order", "Choose the column to sort by.", "endpoints", "Endpoints", show=False),
    Action("endpoints.reverse", ("S",), "reverse", "Turn the order round.", "endpoints", "Endpoints", show=False),
    Action("endpoints.logs", ("l",), "logs", "What the endpoint's containers write.", "endpoints", "Endpoints"),
    Action("endpoints.describe", ("d",), "describe", "What AWS says of the endpoint.", "endpoints", "Endpoints"),
    Action(
        "endpoints.clean_up",
        ("C",),
        "clean up",
        "What deployments left behind, and idle endpoints: what they cost, and the plan that removes them.",
        "endpoints",
        "Endpoints",
        safety=Safety.CONFIRM,
        verb="clean-up",
    ),
    *map(_under_cursor, ("update", "scale", "delete", "high_availability", "traffic", "validate")),
)
