"""Every action of the console, once: keys, words, safety and the verb that does the same without a screen.

Key bindings, footer, help and command palette are made from this table, and so is the test that compares the
console with the command line. There is a module for each part of the console.
"""

from __future__ import annotations

from textual.binding import Binding

from cmapss_tui.actions.action import AREAS, Action, Safety
from cmapss_tui.actions.areas import AREA_ACTIONS, MOVING_ACTIONS
from cmapss_tui.actions.common import COMMON_ACTIONS
from cmapss_tui.actions.describe import DESCRIBE_ACTIONS
from cmapss_tui.actions.endpoint import ENDPOINT_ACTIONS
from cmapss_tui.actions.endpoints import ENDPOINTS_ACTIONS
from cmapss_tui.actions.errors import ERROR_ACTIONS
from cmapss_tui.actions.jobs import JOB_ACTIONS
from cmapss_tui.actions.logs import LOG_ACTIONS
from cmapss_tui.actions.operations import OPERATION_ACTIONS
from cmapss_tui.actions.settings import SETTING_ACTIONS
from cmapss_tui.actions.table import TABLE_ACTIONS

__all__ = ["ACTIONS", "AREAS", "Action", "Safety", "bindings_for", "by_id", "find", "help_for", "in_scope"]

# Areas' own before the common ones: the footer shows them first. Within one, what changes AWS comes before what only
# looks: where it is narrow, the last is left out first.
ACTIONS: tuple[Action, ...] = (
    *AREA_ACTIONS,
    *JOB_ACTIONS,
    *ENDPOINTS_ACTIONS,
    *ENDPOINT_ACTIONS,
    *OPERATION_ACTIONS,
    *LOG_ACTIONS,
    *DESCRIBE_ACTIONS,
    *ERROR_ACTIONS,
    *SETTING_ACTIONS,
    *TABLE_ACTIONS,
    *MOVING_ACTIONS,
    *COMMON_ACTIONS,
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
