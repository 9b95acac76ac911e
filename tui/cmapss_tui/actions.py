"""Every action of the console, once: keys, words, safety and the verb that does the same without a screen.

Key bindings, footer, help and command palette are made from this table, and so is the test that compares the
console with the command line.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from textual.binding import Binding

AREAS = "Go to"


class Safety(StrEnum):
    """What stands between a key and a change of AWS."""

    NONE = "none"
    CONFIRM = "confirm"
    TYPE_NAME = "type the name"


@dataclass(frozen=True, slots=True)
class Action:
    """Something an operator can do.

    `scope` names the screens where its keys work: "app" everywhere, "screen" on every screen that is not a dialog,
    else one area. The screen (or the app) has the method `action_<method>`. `verb` is the command-line verb that
    does the same.
    """

    id: str
    keys: tuple[str, ...]
    title: str
    help: str
    scope: str
    group: str
    safety: Safety = Safety.NONE
    verb: str | None = None
    call: str = ""
    show: bool = True

    @property
    def textual_action(self) -> str:
        """The action string that Textual parses: the end of the id, unless another is given."""
        return self.call or self.id.rpartition(".")[2]

    @property
    def method(self) -> str:
        """The name of the action without its arguments and namespace."""
        return self.textual_action.partition("(")[0].rpartition(".")[2]

    @property
    def binding(self) -> Binding:
        """The binding that Textual needs; its id lets a keymap give it other keys."""
        return Binding(
            ",".join(self.keys),
            self.textual_action,
            self.title,
            show=self.show,
            tooltip=self.help,
            id=self.id,
        )


ACTIONS: tuple[Action, ...] = (
    Action(
        "app.jobs",
        ("1",),
        "Jobs",
        "Training jobs, best first.",
        "app",
        AREAS,
        verb="jobs",
        call="area('jobs')",
        show=False,
    ),
    Action(
        "app.endpoints",
        ("2",),
        "Endpoints",
        "Endpoints: status, instances, cost.",
        "app",
        AREAS,
        verb="endpoints",
        call="area('endpoints')",
        show=False,
    ),
    Action(
        "app.operations",
        ("3",),
        "Operations",
        "What was begun: what runs, what is open, what is over.",
        "app",
        AREAS,
        verb="operations",
        call="area('operations')",
        show=False,
    ),
    # Listed before the general ones: the footer shows an area's own actions first. Within one, what changes AWS
    # comes before what only looks: where it is narrow, the last is left out first.
    Action("jobs.open", ("enter",), "open", "Everything about the job under the cursor.", "jobs", "Jobs"),
    Action(
        "jobs.filter",
        ("slash",),
        "filter",
        "Words, !word, status:completed, rmse<46; all must hold.",
        "jobs",
        "Jobs",
    ),
    Action("jobs.sort", ("s",), "sort", "Sort by the next column.", "jobs", "Jobs"),
    Action("jobs.reverse", ("S",), "reverse", "Turn the order round.", "jobs", "Jobs", show=False),
    Action(
        "jobs.deploy",
        ("D",),
        "deploy",
        "Put the job's model into production: shows the plan first. The verb also takes variants and environment.",
        "jobs",
        "Jobs",
        safety=Safety.CONFIRM,
        verb="deploy",
    ),
    Action(
        "job.deploy",
        ("D",),
        "deploy",
        "Put this job's model into production: shows the plan first.",
        "job",
        "Job",
        safety=Safety.CONFIRM,
        verb="deploy",
    ),
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
        "Words, !word, status:inservice; all must hold.",
        "endpoints",
        "Endpoints",
    ),
    Action("endpoints.sort", ("s",), "sort", "Sort by the next column.", "endpoints", "Endpoints"),
    Action("endpoints.reverse", ("S",), "reverse", "Turn the order round.", "endpoints", "Endpoints", show=False),
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
    Action(
        "operations.open",
        ("enter",),
        "open",
        "The operation under the cursor: its steps, and the way on or back.",
        "operations",
        "Operations",
        verb="operations",
    ),
    Action(
        "operations.filter",
        ("slash",),
        "filter",
        "Words, !word, status:open, intention:deploy; all must hold.",
        "operations",
        "Operations",
    ),
    Action(
        "operation.resume",
        ("R",),
        "resume",
        "Go on where it stopped: asks first.",
        "operation",
        "Operation",
        safety=Safety.CONFIRM,
        verb="operations",
    ),
    Action(
        "operation.rollback",
        ("B",),
        "roll back",
        "Undo what it did, newest first: asks first.",
        "operation",
        "Operation",
        safety=Safety.CONFIRM,
        verb="operations",
    ),
    Action(
        "operation.stop",
        ("S",),
        "stop",
        "Stop after the call under way; it stays open, to be resumed or rolled back.",
        "operation",
        "Operation",
    ),
    Action("screen.refresh", ("r",), "refresh", "Read AWS again now.", "screen", "This screen"),
    Action("screen.pause", ("p",), "pause", "Stop or go on reading AWS by itself.", "screen", "This screen"),
    Action("screen.back", ("escape",), "back", "Back to where you came from.", "screen", "This screen"),
    Action("app.help", ("question_mark",), "help", "What every key here does.", "app", "Console", call="help"),
    Action(
        "app.commands",
        ("ctrl+p",),
        "commands",
        "Find any action by its name.",
        "app",
        "Console",
        call="command_palette",
    ),
    Action("app.quit", ("q",), "quit", "Leave the console.", "app", "Console"),
)

_BY_ID = {action.id: action for action in ACTIONS}


def by_id(action_id: str) -> Action:
    """The action of that id. Raises KeyError."""
    return _BY_ID[action_id]


def in_scope(scope: str) -> tuple[Action, ...]:
    """The actions whose keys work in exactly this scope."""
    return tuple(action for action in ACTIONS if action.scope == scope)


def bindings_for(scope: str) -> list[Binding]:
    """The bindings of a scope, for the class variable BINDINGS."""
    return [action.binding for action in in_scope(scope)]


def find(method: str, scopes: tuple[str, ...]) -> Action | None:
    """The action behind a method name, in the first of the scopes that has it."""
    return next(
        (action for scope in scopes for action in ACTIONS if action.scope == scope and action.method == method),
        None,
    )


def help_for(scopes: tuple[str, ...]) -> dict[str, tuple[Action, ...]]:
    """What the help shows on a screen with these scopes: groups in order of appearance, with their actions."""
    groups: dict[str, tuple[Action, ...]] = {}
    for scope in (*scopes, "screen", "app"):
        for action in in_scope(scope):
            if action not in groups.get(action.group, ()):
                groups[action.group] = (*groups.get(action.group, ()), action)
    return groups
