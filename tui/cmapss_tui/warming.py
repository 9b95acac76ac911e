"""What is done ahead once the first data is shown: what the other screens need is loaded, and their styles parsed.

Both would hold up the key that opens a screen for the first time.
"""

from __future__ import annotations

import pkgutil
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from textual.events import Callback
from textual.widget import Widget

from cmapss_tui.cadence import cadence_of
from cmapss_tui.collector import collect_in_pauses
from cmapss_tui.polling import post

if TYPE_CHECKING:
    from cmapss_tui.app import ConsoleApp

PACKAGES = (
    "cmapss_tui.screens",
    "cmapss_tui.help",
    "cmapss_tui.take_away",
    "cmapss_tui.operations",
    "cmapss_core.plans",
)
MODULES = (
    "cmapss_tui.palette",
    "cmapss_tui.jump",
    "cmapss_tui.widgets.jump_overlay",
    "cmapss_core.alarm_history",
    "cmapss_core.explanation",
    "cmapss_core.fleet_load",
    "cmapss_core.logs",
    "cmapss_core.scaling_scene",
    "cmapss_core.simulation",
    "cmapss_core.watch",
    "yaml",  # of descriptions
)
STYLED = ("cmapss_tui.", "textual.")  # whose classes are styled by their sources
QUIET_SECONDS = 0.3  # after the first data, which is painted by then
SLICE_SECONDS = 0.02  # from one source to the next: keys come in between


def warm_up(app: ConsoleApp) -> None:
    """Do it soon, so that nobody notices: loading in a thread, parsing source by source."""
    app.set_timer(QUIET_SECONDS, partial(_load_in_thread, app), name="warm up")


def modules() -> Iterator[str]:
    """What the screens are made of, by name."""
    for package in PACKAGES:
        path = import_module(package).__path__
        yield from (module.name for module in pkgutil.iter_modules(path, f"{package}."))
    yield from MODULES


def missing(app: ConsoleApp) -> Iterator[Callable[[], None]]:
    """What adds to the application's style sheet what it lacks of the screens and widgets that are loaded."""
    sheet = app.stylesheet
    for path in sorted(Path(__file__).with_name("screens").glob("*.tcss")):
        if not sheet.has_source(str(path)):
            yield partial(sheet.read, path)
    for widget in _classes(Widget):
        # What it is styled by is asked of an instance, but depends on its class only.
        for read_from, css, tie_breaker, scope in widget.__new__(widget)._get_default_css():
            if not sheet.has_source(*read_from):
                yield partial(sheet.add_source, css, read_from, True, tie_breaker, scope)


def _load_in_thread(app: ConsoleApp) -> None:
    threading.Thread(target=_load, args=(app,), name="warm up", daemon=True).start()


def _load(app: ConsoleApp) -> None:
    for name in modules():
        with suppress(ImportError):  # whoever opens that screen is told
            import_module(name)
    post(app, Callback(partial(_parse, app)))


def _parse(app: ConsoleApp) -> None:
    left = missing(app)

    def parse_next() -> None:
        add = next(left, None)
        if add is None:
            timer.stop()
            collect_in_pauses(app, lambda: cadence_of(app).pause)
        else:
            add()
            app.stylesheet.parse()

    timer = app.set_interval(SLICE_SECONDS, parse_next, name="warm up")


def _classes(base: type[Widget]) -> Iterator[type[Widget]]:
    for widget in base.__subclasses__():
        if widget.__module__.startswith(STYLED):
            yield widget
        yield from _classes(widget)
