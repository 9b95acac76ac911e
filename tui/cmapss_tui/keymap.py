"""Which keys do what: the table of actions, with the keys in their place that the configuration gives."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any

from textual.app import App
from textual.keys import KEY_NAME_REPLACEMENTS, Keys, format_key

from cmapss_tui.actions import ACTIONS, Action, Safety, by_id

# Pressed without thinking, in shells and editors: nothing that changes AWS may lie on one of them.
REFLEXES = frozenset(f"ctrl+{letter}" for letter in "abcdefhijklmnpqrsuvwxyz")
TAKEN = {
    "tab": "moves the focus",
    "shift+tab": "moves the focus",
    "ctrl+c": "copies what is selected",
    "ctrl+q": "leaves the console",
}
QUIT = "app.quit"
_EVERYWHERE = frozenset({"app", "screen", "table"})  # scopes that come with every other
_MODIFIERS = ("ctrl", "alt", "shift", "super")
_ALIASES = {
    "ctrl+m": "enter",
    "ctrl+i": "tab",
    "return": "enter",
    "esc": "escape",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "del": "delete",
}
_NAMED = frozenset(key.value for key in Keys if not key.value.startswith("<") and "+" not in key.value)

# The keys of the console that this process is: there is one, and its words are written in many places.
_in_force: dict[str, tuple[str, ...]] = {}


def use(app: App[Any], keymap: Mapping[str, str]) -> None:
    """Let the console's actions have these keys from now on, wherever they are written."""
    _in_force.clear()
    _in_force.update((action, keys) for action, text in keymap.items() if (keys := read_keys(text)))
    app.set_keymap({action: ",".join(keys) for action, keys in _in_force.items()})


def keys_of(action: Action | str) -> tuple[str, ...]:
    """The keys of an action, or of the one with this id, in Textual's names."""
    known = by_id(action) if isinstance(action, str) else action
    return _in_force.get(known.id, known.keys)


def key_display(key: str) -> str:
    """A key as it is written for the operator: ⏎, ^o, /."""
    *modifiers, name = key.split("+")
    shown = format_key(name)
    return f"^{shown}" if modifiers == ["ctrl"] else "+".join((*modifiers, shown))


def shown_keys(action: Action | str) -> str:
    """All keys of an action as they are written for the operator."""
    return " ".join(map(key_display, keys_of(action)))


def first_key(action: Action | str) -> str:
    """The key of an action in a sentence such as "press D"."""
    return key_display(keys_of(action)[0])


def problems(keymap: Mapping[str, str]) -> list[str]:
    """What is wrong with a keymap, a sentence each: unknown actions and keys, clashes, and changes on reflexes."""
    known = {action.id for action in ACTIONS}
    found = [_unknown_action(one) for one in keymap if one not in known]
    given: dict[str, tuple[str, ...]] = {}
    for action, text in keymap.items():
        keys = read_keys(text)
        found += [f"{action}: there is no key {key}{_alike(key)}" for key in keys if not _exists(key)]
        if not keys:
            found.append(f"{action}: it needs a key.")
        if action in known:
            given[action] = keys
    found += [line for action, keys in given.items() for line in _unfit(by_id(action), keys)]
    return [*found, *_clashes(given)]


def together(one: Action, other: Action) -> bool:
    """Whether the keys of two actions work at the same time."""
    return one.scope == other.scope or bool({one.scope, other.scope} & _EVERYWHERE)


def read_keys(text: str) -> tuple[str, ...]:
    """The keys of a text such as "ctrl+o, /" in Textual's names; a comma by itself is the key."""
    parts = [","] if text.strip() == "," else [part.strip() for part in text.split(",")]
    return tuple(dict.fromkeys(_textual_name(part) for part in parts if part))


def _clashes(given: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for one, other in combinations(ACTIONS, 2):
        changed, unchanged = (one, other) if one.id in given else (other, one)
        if changed.id in given and together(one, other):
            for key in given[changed.id]:
                as_ever = key in one.keys and key in other.keys
                if key in given.get(unchanged.id, unchanged.keys) and not as_ever:
                    yield f"{key_display(key)} would be both {changed.id} and {unchanged.id}."


def _unfit(action: Action, keys: Iterable[str]) -> Iterator[str]:
    for key in keys:
        if key in TAKEN and not (key == "ctrl+q" and action.id == QUIT):
            yield f"{action.id}: {key_display(key)} {TAKEN[key]}."
        elif action.safety is not Safety.NONE and _exists(key) and not _deliberate(key):
            yield (
                f"{action.id} changes AWS, which {key_display(key)} could do by reflex: it takes an uppercase letter, "
                "F1 to F12 or ctrl+g."
            )


def _deliberate(key: str) -> bool:
    *modifiers, name = key.split("+")
    if len(key) == 1:
        return key.isalpha() and key.isupper()
    if name[0] == "f" and name[1:].isdigit():
        return True
    return modifiers == ["ctrl"] and len(name) == 1 and name.isalpha() and key not in REFLEXES


def _textual_name(key: str) -> str:
    """One name for each key, Textual's: for /, slash and solidus alike."""
    if len(key) == 1:
        return _character_name(key)
    *modifiers, name = key.lower().split("+")
    ordered = [one for one in _MODIFIERS if one in modifiers] + [one for one in modifiers if one not in _MODIFIERS]
    whole = "+".join((*ordered, _character_name(character) if (character := _character(name)) else name))
    return _ALIASES.get(whole, whole)


def _character(name: str) -> str | None:
    """The character that a key's name stands for."""
    if len(name) == 1:
        return name
    shown = "" if name in _NAMED else format_key(name)
    return shown if len(shown) == 1 and shown.isprintable() else None


def _character_name(character: str) -> str:
    if character == " ":
        return "space"
    if character.isalnum():
        return character
    name = unicodedata.name(character, character).lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name)


def _exists(key: str) -> bool:
    *modifiers, name = key.split("+")
    if not set(modifiers) <= set(_MODIFIERS):
        return False
    if name in _NAMED:
        return True
    # A shifted character comes from the terminal as another character.
    return _character(name) is not None and modifiers != ["shift"]


def _alike(key: str) -> str:
    from difflib import get_close_matches

    alike = get_close_matches(key, _NAMED, n=1, cutoff=0.7)
    return f", did you mean {alike[0]}?" if alike else "."


def _unknown_action(action: str) -> str:
    from difflib import get_close_matches

    alike = get_close_matches(action, [known.id for known in ACTIONS], n=1, cutoff=0.6)
    return f"there is no action {action}. " + (f"Did you mean {alike[0]}?" if alike else "Settings has all ids.")
