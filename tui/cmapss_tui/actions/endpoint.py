"""What can be done with one endpoint."""

from __future__ import annotations

from cmapss_tui.actions.action import Action, Safety


def _look(name: str, keys: tuple[str, ...], title: str, help: str, *, show: bool = True) -> Action:
    return Action(f"endpoint.{name}", keys, title, help, "endpoint", "Endpoint" if show else "Time axis", show=show)


ENDPOINT_ACTIONS: tuple[Action, ...] = (
    Action(
        "endpoint.stop_rollout",
        ("S",),
        "stop roll-out",
        "While one is under way: give the old fleet its traffic back. Shows the plan first.",
        "endpoint",
        "Endpoint",
        safety=Safety.CONFIRM,
        verb="update",
    ),
    Action(
        "endpoint.update",
        ("U",),
        "update",
        "Another model, instance type or count, all at once or bit by bit: shows the plan first. The verb also takes "
        "artefacts, variants, weights and alarms.",
        "endpoint",
        "Endpoint",
        safety=Safety.CONFIRM,
        verb="update",
    ),
    Action(
        "endpoint.scale",
        ("A",),
        "autoscaling",
        "Bounds and target of automatic scaling, suspended or not: shows the plan first. Steps and schedules are "
        "the verb's.",
        "endpoint",
        "Endpoint",
        safety=Safety.CONFIRM,
        verb="scale",
    ),
    Action(
        "endpoint.traffic",
        ("T",),
        "traffic",
        "Send invocations at a steady rate: asks first, for they cost and may scale.",
        "endpoint",
        "Endpoint",
        safety=Safety.CONFIRM,
        verb="traffic",
    ),
    Action(
        "endpoint.validate",
        ("V",),
        "validate",
        "Predict the C-MAPSS test set and measure the RMSE.",
        "endpoint",
        "Endpoint",
        verb="validate",
    ),
    Action(
        "endpoint.delete",
        ("X",),
        "delete",
        "Delete the endpoint and what belongs to it: shows the plan, and wants the name typed.",
        "endpoint",
        "Endpoint",
        safety=Safety.TYPE_NAME,
        verb="delete",
    ),
    Action(
        "endpoint.high_availability",
        ("H",),
        "availability",
        "Three instances or more, so that it survives the loss of zones: shows the plan first.",
        "endpoint",
        "Endpoint",
        safety=Safety.CONFIRM,
        verb="scale",
    ),
    _look("window", ("w",), "window", "The next longer stretch of time, from 15 minutes to 7 days."),
    _look("logs", ("l",), "logs", "What its containers wrote, newest last."),
    _look("describe", ("d",), "describe", "What AWS answers of it, as JSON or YAML."),
    _look("operations", ("o",), "operations", "What was begun from here with this endpoint."),
    _look("variant", ("v",), "variant", "Show one production variant alone, or all together."),
    _look("zoom_in", ("plus",), "zoom in", "A shorter stretch of time, around the cursor if there is one.", show=False),
    _look("zoom_out", ("minus",), "zoom out", "A longer stretch of time.", show=False),
    _look("pan_back", ("less_than_sign",), "pan back", "Half a window into the past.", show=False),
    _look("pan_forth", ("greater_than_sign",), "pan forth", "Half a window towards now.", show=False),
    _look("present", ("0",), "now", "Back to now, without a cursor.", show=False),
    _look(
        "point_left",
        ("left",),
        "earlier",
        "Move the cursor on the time axis: its values are in the titles.",
        show=False,
    ),
    _look("point_right", ("right",), "later", "Move the cursor towards now.", show=False),
)
