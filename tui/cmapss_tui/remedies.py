"""What is said to whoever sits at the console: a key where a command is named, a field where its flag is."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cmapss_core.errors import REMEDIES, ConsoleError, ErrorKind
from cmapss_tui.actions import ACTIONS, Action
from cmapss_tui.formats import ELLIPSIS
from cmapss_tui.keymap import first_key

LONGEST_MESSAGE = 240  # characters of a message that stands in a list or beside a step
# The command goes as far as its sentence does: no name on a command line of ours has a full stop in it.
_COMMAND = re.compile(r"(?P<start>^|\. )?`?cmapss-console (?P<verb>[a-z-]+)[^.;`]*`?")
_FLAG = re.compile(r"--[a-z]+(?:-[a-z]+)*")
# What is typed in a shell, AWS's commands among it, keeps its flags; in brackets others are said in passing alone.
_LEFT = re.compile(rf"(?P<shell>\b(?:aws|cmapss-console) [^.;`]*)|(?P<passing> \({_FLAG.pattern}\))|{_FLAG.pattern}")
# Said where a login or a permission is missing; in the console one goes there by a key.
_OTHER_PLACE = re.compile(r"\b(another|the other|or) --profile\b(?: or --region\b)?")
_ADDRESS = "--endpoint-url"
_WHERE = {"app": "", "endpoint": " on the endpoint", "endpoints": " in the list of endpoints", "jobs": " on a job"}


def line_in_console(error: ConsoleError) -> str:
    """The error on one line, in the console's words, and without advice to look at what stands there already."""
    told = error.told_as(_shortened(error.message), error.remedy)
    return in_console(told.line().removesuffix(REMEDIES[ErrorKind.FAILED]).rstrip())


def _shortened(message: str) -> str:
    """The message, or of a long one its beginning, for AWS lists all that can be chosen; Errors has the whole."""
    if len(message) <= LONGEST_MESSAGE:
        return message
    sentence = message.partition(". ")[0]
    if len(sentence) < LONGEST_MESSAGE:
        return f"{sentence} {ELLIPSIS}"
    return f"{message[:LONGEST_MESSAGE].rpartition(' ')[0] or message[:LONGEST_MESSAGE]} {ELLIPSIS}"


def in_console(text: str, fields: Mapping[str, str] | None = None) -> str:
    """The text with keys in the place of commands. What has no key here stays a command.

    In a dialog `fields` says what its form calls each flag that it has; of others the words are left.
    """
    text = _COMMAND.sub(_key_instead, text)
    text = _OTHER_PLACE.sub(_other_profile, text)
    text = text.replace(f"and {_ADDRESS}", f"and endpoint_url in Settings ({first_key('app.settings')})")
    if fields is None:
        return text
    text = _FLAG.sub(lambda flag: f"“{fields[flag[0]]}”" if flag[0] in fields else flag[0], text)
    return _LEFT.sub(_words_instead, text)


def _other_profile(found: re.Match[str]) -> str:
    which = "or another" if found[1] == "or" else found[1]
    return f"{which} profile ({first_key('app.switch')})"


def _words_instead(found: re.Match[str]) -> str:
    if found["passing"]:
        return ""
    return found["shell"] or found[0].removeprefix("--").replace("-", " ")


def _key_instead(found: re.Match[str]) -> str:
    action = _action_of(found["verb"])
    if action is None:
        return found[0]
    start = found["start"]
    return f"{start or ''}{'Press' if start is not None else 'press'} {first_key(action)}{_WHERE[action.scope]}"


def _action_of(verb: str) -> Action | None:
    """The first of the verb's actions whose place can be named; the areas are the first of all."""
    return next((action for action in ACTIONS if action.verb == verb and action.scope in _WHERE), None)
