"""A setting on its way: into the file in the background, into force when it is there, and a word about both."""

from __future__ import annotations

from collections.abc import Callable
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


def save_setting(console: ConsoleApp, name: str, value: Any, then: Callable[[], None] = lambda: None) -> None:
    """Set a setting for good, None for what holds by default; where the file cannot be written, until the end."""

    def change() -> Options:
        from cmapss_tui.configuration_file import with_setting

        return with_setting(console.options, name, value)

    def here() -> Options:
        return chosen(console.options, **{name: value if value is not None else getattr(Options(), name)})

    _save(console, name, name, change, here, then, kept=value is not None)


def save_keys(console: ConsoleApp, action: str, keys: str | None, then: Callable[[], None] = lambda: None) -> None:
    """Give an action other keys for good, None for its own; where the file cannot be written, until the end."""

    def change() -> Options:
        from cmapss_tui.configuration_file import with_keys

        return with_keys(console.options, action, keys)

    def here() -> Options:
        others = {one: given for one, given in console.options.keymap.items() if one != action}
        return chosen(console.options, keymap=others if keys is None else {**others, action: keys})

    _save(console, KEYMAP, action, change, here, then, kept=keys is not None)


def _save(
    console: ConsoleApp,
    setting: str,
    name: str,
    change: Callable[[], Options],
    here: Callable[[], Options],
    then: Callable[[], None],
    *,
    kept: bool,
) -> None:
    def in_turn() -> Options:
        with _WRITING:
            return change()

    run_in_thread(
        console,
        in_turn,
        lambda options: Callback(callback=partial(_saved, console, setting, name, options, then, kept=kept)),
        lambda error: Callback(callback=partial(_not_saved, console, name, error, here, then)),
    )


def _saved(
    console: ConsoleApp, setting: str, name: str, options: Options, then: Callable[[], None], *, kept: bool
) -> None:
    take(console, options)
    then()
    outdone = outdone_by(options, setting)
    if outdone is not None:
        value = value_text(getattr(options, setting))
        said = f"The file has it; {outdone} goes on saying {value} for {name}, whatever the file says."
        console.notify(said, severity="warning", markup=False)
        return
    when = "" if holds_at_once(setting) else " It holds from the next start."
    path = layers_behind(options).path
    said = f"{name} is kept in {path}." if kept else f"{name} is as by default: {path} does not say it any more."
    console.notify(f"{said}{when}", markup=False)


def _not_saved(
    console: ConsoleApp, name: str, error: ConsoleError, here: Callable[[], Options], then: Callable[[], None]
) -> None:
    said = error.line()
    if error.kind is ErrorKind.FAILED:
        take(console, here())
        then()
        said = f"{error.message}: {name} holds until the console ends."
    console.notify(said, severity="error", markup=False)
