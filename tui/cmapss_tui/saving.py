"""A setting on its way: into the file in the background, into force when it is there, and a word about both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from textual.events import Callback

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui.console_settings import holds_at_once, outdone_by, take
from cmapss_tui.options import Options, chosen, layers_behind
from cmapss_tui.polling import run_in_thread
from cmapss_tui.settings import value_text

if TYPE_CHECKING:
    from cmapss_tui.app import ConsoleApp

KEYMAP = "keymap"
_WRITING = Lock()  # a change reads the file, and writes it with what it has read
Then = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one setting, or of one action's keys, which are a part of the setting keymap.

    `write` makes it in the file and says what holds then, `until_the_end` makes it in this console alone. `sets` is
    False where something is taken out of the file.
    """

    setting: str
    name: str
    sets: bool
    write: Callable[[], Options]
    until_the_end: Callable[[], Options]


def save_setting(console: ConsoleApp, name: str, value: Any, then: Then = lambda: None) -> None:
    """Set a setting for good, None for what holds by default; where the file cannot be written, until the end."""

    def write() -> Options:
        from cmapss_tui.configuration_file import with_setting

        return with_setting(console.options, name, value)

    def until_the_end() -> Options:
        return chosen(console.options, **{name: value if value is not None else getattr(Options(), name)})

    _save(console, Change(name, name, value is not None, write, until_the_end), then)


def save_keys(console: ConsoleApp, action: str, keys: str | None, then: Then = lambda: None) -> None:
    """Give an action other keys for good, None for its own; where the file cannot be written, until the end."""

    def write() -> Options:
        from cmapss_tui.configuration_file import with_keys

        return with_keys(console.options, action, keys)

    def until_the_end() -> Options:
        others = {one: given for one, given in console.options.keymap.items() if one != action}
        return chosen(console.options, keymap=others if keys is None else {**others, action: keys})

    _save(console, Change(KEYMAP, action, keys is not None, write, until_the_end), then)


def _save(console: ConsoleApp, change: Change, then: Then) -> None:
    def write() -> Options:
        with _WRITING:
            return change.write()

    run_in_thread(
        console,
        write,
        lambda options: Callback(callback=partial(_saved, console, change, then, options)),
        lambda error: Callback(callback=partial(_not_saved, console, change, then, error)),
    )


def _saved(console: ConsoleApp, change: Change, then: Then, options: Options) -> None:
    take(console, options)
    then()
    name, path = change.name, layers_behind(options).path
    outdone = outdone_by(options, change.setting)
    if outdone is not None:
        value = value_text(getattr(options, change.setting))
        said = f"The file has it; {outdone} goes on saying {value} for {name}, whatever the file says."
        console.notify(said, severity="warning", markup=False)
        return
    said = f"{name} is kept in {path}." if change.sets else f"{name} is as by default: {path} does not say it any more."
    when = "" if holds_at_once(change.setting) else " It holds from the next start."
    console.notify(f"{said}{when}", markup=False)


def _not_saved(console: ConsoleApp, change: Change, then: Then, error: ConsoleError) -> None:
    said = error.line()
    if error.kind is ErrorKind.FAILED:
        take(console, change.until_the_end())
        then()
        said = f"{error.message}: {change.name} holds until the console ends."
    console.notify(said, severity="error", markup=False)
