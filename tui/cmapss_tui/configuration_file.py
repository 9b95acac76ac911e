"""The configuration file, changed one setting at a time: comments and order stay, and it is never half written."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui.configuration import parse_config
from cmapss_tui.console_settings import refuse_what_does_not_fit
from cmapss_tui.options import Layers, Options, layers_behind, merged
from cmapss_tui.whole_files import text_of, written_beside

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

KEYMAP = "keymap"


def with_setting(options: Options, name: str, value: Any) -> Options:
    """Write a setting to the file, None to take it out, and return what holds then.

    What else was changed in the file since is taken up as well. Raises ConsoleError: INVALID where the file would be
    wrong, FAILED where it cannot be written; then it is as it was.
    """
    return _changed(options, (), name, value)


def with_keys(options: Options, action: str, keys: str | None) -> Options:
    """Give an action other keys in the file, None for its own, and return what holds then. Raises as above."""
    return _changed(options, (KEYMAP,), action, keys)


def _changed(options: Options, table: tuple[str, ...], name: str, value: Any) -> Options:
    layers = layers_behind(options)
    text = edited(_text_of(layers.path), table, name, value)
    outdone = table[0] if table else name
    kept = {one: chosen for one, chosen in layers.chosen.items() if one != outdone}
    after = _fitting(options, parse_config(text, replace(layers, file={}, profiles={}, chosen=kept)))
    _replace(layers.path, text)
    return after


def problem_of(options: Options, name: str, value: Any) -> ConsoleError | None:
    """Why the file cannot have this value, as far as the rest of it is known; None where it can."""
    layers = layers_behind(options)
    file = {one: said for one, said in layers.file.items() if one != name}
    try:
        _fitting(options, replace(layers, file=file if value is None else {**file, name: value}))
    except ConsoleError as error:
        return error
    return None


def _fitting(options: Options, layers: Layers) -> Options:
    after = merged(layers, config=options.config, starts_sandbox=options.starts_sandbox)
    refuse_what_does_not_fit(after)
    return after


def edited(text: str, table: tuple[str, ...], name: str, value: Any) -> str:
    """The text of a TOML file with one value set, or taken out where it is None."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise ConsoleError(
            ErrorKind.INVALID, f"The configuration is not TOML any more ({error})", remedy="Correct the file."
        ) from error
    place: Any = document
    for part in table:
        if part not in place:
            if value is None:
                return text
            place[part] = tomlkit.table()
        place = place[part]
    if value is None:
        place.pop(name, None)
        if table and not place:
            document.pop(table[0])
            return tomlkit.dumps(document).rstrip("\n") + "\n"
    elif name in place or table:
        place[name] = _in_toml(value)
    else:
        _insert(document, name, _in_toml(value))
    return tomlkit.dumps(document)


def _insert(document: TOMLDocument, name: str, value: Any) -> None:
    """Set a value that was not there behind those that are, and before the comment on the first table."""
    import tomlkit
    from tomlkit.items import AoT, Comment, Table, Whitespace

    body = document.body
    first_table = next((at for at, (_, item) in enumerate(body) if isinstance(item, Table | AoT)), None)
    if first_table is None:
        document[name] = value
        return
    at = first_table
    while at and isinstance(body[at - 1][1], Comment | Whitespace):
        at -= 1
    if at == 0:  # what stands at the top is about the file
        document[name] = value
        return
    body.insert(at, (tomlkit.key(name), tomlkit.item(value)))


def _in_toml(value: Any) -> Any:
    match value:
        case Path():
            return str(value)
        case tuple():
            return list(value)
        case float() if value.is_integer():
            return int(value)
        case Mapping():
            return dict(value)
        case _:
            return value


def _text_of(path: Path) -> str:
    try:
        return text_of(path)
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise _failed(path, "read", error) from error


def _replace(path: Path, text: str) -> None:
    """Put the text in the file's place at once, readable by its owner alone; a link goes on leading to it."""
    tomllib.loads(text)
    target = path.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with written_beside(target, text) as name:
            os.replace(name, target)
    except OSError as error:
        raise _failed(path, "written", error) from error


def _failed(path: Path, what: str, error: OSError | UnicodeDecodeError) -> ConsoleError:
    reason = (error.strerror if isinstance(error, OSError) else None) or "it is not UTF-8"
    return ConsoleError(
        ErrorKind.FAILED, f"{path} cannot be {what} ({reason})", remedy="Nothing was changed; --config names another."
    )
