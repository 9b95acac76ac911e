"""What an error advises, to whoever sits at the console: where it names a command, the key that does the same."""

from __future__ import annotations

import re

from cmapss_core.errors import ConsoleError
from cmapss_tui.actions import ACTIONS, Action

# The command goes as far as its sentence does: no name on a command line of ours has a full stop in it.
_COMMAND = re.compile(r"(?P<start>^|\. )?`?cmapss-console (?P<verb>[a-z-]+)[^.;`]*`?")
_WHERE = {"app": "", "endpoint": " on the endpoint", "endpoints": " in the list of endpoints", "jobs": " on a job"}


def line_in_console(error: ConsoleError) -> str:
    """The error on one line, with keys in the place of commands. What has no key here stays a command."""
    return _COMMAND.sub(_key_instead, error.line())


def _key_instead(found: re.Match[str]) -> str:
    action = _action_of(found["verb"])
    if action is None:
        return found[0]
    key = {"enter": "⏎"}.get(action.keys[0], action.keys[0])
    start = found["start"]
    return f"{start or ''}{'Press' if start is not None else 'press'} {key}{_WHERE[action.scope]}"


def _action_of(verb: str) -> Action | None:
    """The first of the verb's actions whose place can be named; the areas are the first of all."""
    return next((action for action in ACTIONS if action.verb == verb and action.scope in _WHERE), None)
