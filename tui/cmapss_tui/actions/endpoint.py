"""What can be done with one endpoint."""

from __future__ import annotations

from cmapss_tui.actions.action import Action, Safety

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
        "endpoint.validate",
        ("V",),
        "validate",
        "Predict the C-MAPSS test set and measure the RMSE.",
        "endpoint",
        "Endpoint",
        verb="validate",
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
        "endpoint.high_availability",
        ("H",),
        "availability",
        "Three instances or more, so that it survives the loss of zones: shows the plan first.",
        "endpoint",
        "Endpoint",
        safety=Safety.CONFIRM,
        verb="scale",
    ),
    Action(
        "endpoint.window",
        ("w",),
        "window",
        "Show a longer or shorter stretch of time.",
        "endpoint",
        "Endpoint",
    ),
)
