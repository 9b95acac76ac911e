"""The one table of actions, compared with everything that is made from it."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter

import pytest

import cmapss_tui.screens
from cmapss_tui.actions import ACTIONS, Action, Safety, bindings_for, by_id, find, help_for, in_scope
from cmapss_tui.app import ConsoleApp
from cmapss_tui.cli import VERBS
from cmapss_tui.screens.base import ConsoleScreen
from cmapss_tui.widgets.table import VirtualTable


def screens() -> list[type[ConsoleScreen]]:
    """Every screen of the console."""
    for module in pkgutil.iter_modules(cmapss_tui.screens.__path__, "cmapss_tui.screens."):
        importlib.import_module(module.name)
    found, waiting = [], [ConsoleScreen]
    while waiting:
        children = waiting.pop().__subclasses__()
        waiting += children
        found += [child for child in children if child.__module__.startswith("cmapss_tui.")]
    return found


def by_action_id(action: Action) -> str:
    return action.id


def test_ids_are_unique_and_name_their_scope() -> None:
    assert max(Counter(action.id for action in ACTIONS).values()) == 1
    assert all(by_id(action.id) is action for action in ACTIONS)


@pytest.mark.parametrize("action", [action for action in ACTIONS if action.verb], ids=by_action_id)
def test_every_verb_that_an_action_names_exists(action: Action) -> None:
    assert action.verb in VERBS


def test_every_verb_that_changes_or_shows_aws_has_an_action() -> None:
    named = {action.verb for action in ACTIONS}
    assert set(VERBS) - named <= {"data", "sandbox"}  # of this machine: there is no screen for them


def test_no_two_actions_of_one_screen_share_a_key() -> None:
    for screen in screens():
        table = () if "endpoint" in screen.SCOPES else ("table",)  # the scaling theatre has none
        scopes = [*screen.SCOPES, *table, "screen", "app"]
        keys = Counter(key for scope in scopes for action in in_scope(scope) for key in action.keys)
        assert [key for key, count in keys.items() if count > 1] == [], screen.__name__


@pytest.mark.parametrize(
    "action", [action for action in ACTIONS if action.scope not in ("app", "screen", "table")], ids=by_action_id
)
def test_every_action_of_a_scope_is_done_by_some_screen(action: Action) -> None:
    doing = [screen for screen in screens() if action.scope in screen.SCOPES]
    assert doing, f"no screen has the scope {action.scope}"
    for screen in doing:
        assert callable(getattr(screen, f"action_{action.method}", None)), screen.__name__


@pytest.mark.parametrize("action", in_scope("table"), ids=by_action_id)
def test_every_table_does_what_can_be_done_in_lists(action: Action) -> None:
    assert callable(getattr(VirtualTable, f"action_{action.method}"))
    assert action.id in {binding.id for _, binding in VirtualTable._merge_bindings()}


@pytest.mark.parametrize("action", in_scope("screen"), ids=by_action_id)
def test_every_screen_does_what_all_screens_do(action: Action) -> None:
    assert callable(getattr(ConsoleScreen, f"action_{action.method}"))


@pytest.mark.parametrize("action", in_scope("app"), ids=by_action_id)
def test_the_application_does_the_rest(action: Action) -> None:
    assert callable(getattr(ConsoleApp, f"action_{action.method}"))


def test_every_screen_binds_the_keys_of_its_scopes() -> None:
    for screen in screens():
        bound = {binding.id for _, binding in screen._merge_bindings()}
        wanted = {action.id for scope in screen.SCOPES for action in in_scope(scope)}
        assert wanted <= bound, screen.__name__


def test_nothing_that_changes_aws_is_on_a_key_that_is_pressed_by_reflex() -> None:
    for action in ACTIONS:
        if action.safety is not Safety.NONE:
            assert all(len(key) == 1 and key.isupper() for key in action.keys), action.id
    assert by_id("endpoint.delete").safety is Safety.TYPE_NAME


def test_a_binding_carries_the_id_so_that_a_keymap_can_change_its_key() -> None:
    for action, binding in zip(in_scope("jobs"), bindings_for("jobs"), strict=True):
        assert (binding.id, binding.key, binding.action) == (action.id, ",".join(action.keys), action.method)


def test_the_help_of_a_screen_has_its_own_actions_first_and_each_once() -> None:
    groups = help_for(("jobs",))
    assert next(iter(groups)) == "Jobs"
    ids = [action.id for actions in groups.values() for action in actions]
    assert sorted(ids) == sorted(a.id for scope in ("jobs", "screen", "app") for a in in_scope(scope))


def test_a_method_is_found_in_the_first_of_the_scopes_that_has_it() -> None:
    deploy = find("deploy", ("job", "jobs"))
    assert deploy is by_id("job.deploy")
    assert find("deploy", ("endpoints",)) is None
