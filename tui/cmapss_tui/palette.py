"""The command palette and the choice of another place: what they offer here and now, and what choosing does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from cmapss_tui.actions import Action, Safety, by_id, help_for, in_scope
from cmapss_tui.commands import Verb, search
from cmapss_tui.connecting import as_console_screen
from cmapss_tui.console_settings import theme_names
from cmapss_tui.help.topics import TOPICS
from cmapss_tui.keymap import shown_keys
from cmapss_tui.known import ENDPOINTS, JOBS, OPERATIONS, Named, Names, names_of
from cmapss_tui.place import SANDBOX
from cmapss_tui.saving import save_setting
from cmapss_tui.screens.picker import HINTS, NOTHING_FOUND, TYPE, Choice, Picker
from cmapss_tui.switching import Destination, Places, choices, fixed_by, one_region, regions

if TYPE_CHECKING:
    from cmapss_tui.app import ConsoleApp
    from cmapss_tui.screens.base import ConsoleScreen

BEST = "best"


def open_palette(app: ConsoleApp) -> None:
    """Show the palette for the screen in front."""
    screen, theme = app.screen, app.theme
    entries, verbs = [*_entries(app, screen), *_elsewhere(app, screen)], list(_verbs(app, screen))
    picker = Picker(
        "Commands",
        partial(search, entries, verbs),
        placeholder="an action, or a verb and a name: deploy best, open ENDPOINT, region NAME …",
        restore=lambda: setattr(app, "theme", theme),
    )
    app.push_screen(picker, partial(_run, app))
    _read_places_once(app)


def open_switch(app: ConsoleApp) -> None:
    """Show the profiles, the sandbox and the regions that one can go to."""

    def find(text: str) -> Sequence[Choice]:
        # Nothing before all is known: the first line would be another one a moment later.
        return () if app.places is None else choices(app.places, app.options, at, app.switch)(text)

    at = here(app)
    subtitle = "   ".join(part for part in (fixed_by(), HINTS) if part)
    picker = Picker(
        "Profile and region",
        find,
        placeholder=TYPE if at.sandbox else f"{TYPE}: prod eu-west-1",
        subtitle=subtitle,
        nothing=lambda: "Reading the AWS configuration …" if app.places is None else one_region(at) or NOTHING_FOUND,
    )
    app.push_screen(picker, partial(_run, app))
    app.read_places()  # each time: a profile may have been added since


def here(app: ConsoleApp) -> Destination:
    """Where the console is; an empty destination before there is a connection."""
    if not app.connected:
        return Destination()
    place = app.place
    return Destination(place.name, place.region, sandbox=place.name == SANDBOX)


def _run(app: ConsoleApp, choice: Choice | None) -> None:
    if choice is not None:
        app.call_later(choice.run)  # once the palette has gone


def _read_places_once(app: ConsoleApp) -> None:
    if app.places is None:
        app.read_places()


def _entries(app: ConsoleApp, screen: Screen[Any]) -> Iterator[Choice]:
    """The actions of a screen, each with its keys, and why it cannot be done now."""
    console_screen = as_console_screen(screen)
    scopes = console_screen.SCOPES if console_screen is not None else ()
    for group, actions in help_for(scopes).items():
        for action in actions:
            if action.id != "app.commands" and _offered(console_screen, action):
                yield Choice(
                    f"{group}: {action.title}",
                    partial(_do, app, screen, action),
                    help=action.help,
                    hint=shown_keys(action),
                    reason=console_screen.why_not(action) if console_screen is not None else None,
                )


def _offered(screen: ConsoleScreen | None, action: Action) -> bool:
    return action.scope == "app" or (screen is not None and screen.check_action(action.method, ()) is not False)


async def _do(app: ConsoleApp, screen: Screen[Any], action: Action) -> None:
    await app.run_action(action.textual_action, app if action.scope == "app" else screen)


def _elsewhere(app: ConsoleApp, screen: Screen[Any]) -> Iterator[Choice]:
    """What needs no name, and can be done from everywhere."""
    clean_up = by_id("endpoints.clean_up")
    console_screen = as_console_screen(screen)
    if console_screen is not None and clean_up.scope not in console_screen.SCOPES:
        title = f"{clean_up.group}: {clean_up.title}"
        yield Choice(title, partial(_clean_up, app), clean_up.help, reason=console_screen.why_not(clean_up))
    yield Choice(f"Go to: {SANDBOX}", partial(app.switch, Destination(sandbox=True)), help="The AWS on this machine.")


def _verbs(app: ConsoleApp, screen: Screen[Any]) -> Iterator[Verb]:
    """What is done with a name, as it was read last."""
    known, read_only = app.known, app.aws.target.read_only

    def verb(
        action: Action, names: Callable[[], Names[Any]], do: Callable[[str], object], *, free: bool = False
    ) -> Verb:
        changes = read_only and action.safety is not Safety.NONE
        word = action.method.replace("_", "-")
        return Verb(word, names, do, action.help, free, "Read-only: this would change AWS." if changes else None)

    jobs, endpoints, operations = (partial(known.names, what) for what in (JOBS, ENDPOINTS, OPERATIONS))
    deploy = verb(by_id("job.deploy"), jobs, partial(_deploy, app), free=True)
    yield replace(deploy, also=(Named(BEST, "whichever is the best"),))
    for word in ("open", "watch"):
        yield Verb(word, endpoints, partial(_at_endpoint, app, ""), "Watch the endpoint.", free=True)
    for action in filter(_takes_name, in_scope("endpoint")):
        yield verb(action, endpoints, partial(_at_endpoint, app, action.method), free=True)
    yield Verb("job", jobs, partial(_at_job, app, ""), "Everything about the job.")
    for action in in_scope("job"):
        if _takes_name(action) and action.method != "deploy":
            yield verb(action, jobs, partial(_at_job, app, action.method))
    yield Verb("operation", operations, partial(_at_operation, app), "Its steps, and the way on or back.")
    topics = names_of([Named(topic.key, topic.title) for topic in TOPICS])
    yield Verb("help", lambda: topics, partial(_explain, app, screen), "A page of the help.")
    keep, show = partial(save_setting, app, "theme"), partial(setattr, app, "theme")
    yield Verb("theme", partial(_names, theme_names()), keep, "Seen as you move; what is chosen is kept.", preview=show)
    yield Verb("profile", lambda: _names(_places(app).profiles), lambda name: app.switch(Destination(name)))
    if reason := one_region(here(app)):
        own = _names([app.place.region])
        yield Verb("region", lambda: own, lambda _: _refuse(app, reason), free=True, reason=reason)
    else:
        yield Verb("region", lambda: _names(regions(app.options, _places(app))), partial(_go_to_region, app))


def _takes_name(action: Action) -> bool:
    """Whether an action of one job or endpoint is more than another look at its screen."""
    return action.safety is not Safety.NONE or action.verb is not None or action.method in ("logs", "describe")


def _names(names: Iterable[str]) -> Names[Named]:
    return names_of([Named(name) for name in names])


def _places(app: ConsoleApp) -> Places:
    return app.places or Places()


async def _explain(app: ConsoleApp, screen: Screen[Any], topic: str) -> None:
    from cmapss_tui.help import HelpScreen

    await app.push_screen(HelpScreen(screen, topic))


def _go_to_region(app: ConsoleApp, region: str) -> None:
    app.switch(Destination(region=region))


def _refuse(app: ConsoleApp, reason: str) -> None:
    app.notify(reason, severity="warning", markup=False)


async def _deploy(app: ConsoleApp, job: str) -> None:
    from cmapss_tui.screens.deploy import DeployScreen

    await app.switch_mode("jobs")
    await app.push_screen(DeployScreen(job))


async def _clean_up(app: ConsoleApp) -> None:
    from cmapss_tui.screens.clean_up import CleanUpScreen

    await app.switch_mode("endpoints")
    await app.push_screen(CleanUpScreen())


async def _at_endpoint(app: ConsoleApp, action: str, name: str) -> None:
    from cmapss_tui.screens.endpoint import EndpointScreen

    await app.travels.do_there("endpoints", partial(EndpointScreen, name), action)


async def _at_job(app: ConsoleApp, action: str, name: str) -> None:
    from cmapss_tui.jobs.titles import cross_check
    from cmapss_tui.screens.job_detail import JobDetailScreen

    prepared = app.known.prepared_jobs
    row = next((row for row in prepared.snapshot.jobs if row.job.name == name), None) if prepared is not None else None
    if prepared is not None and row is not None:
        made = partial(JobDetailScreen, row.job, rank=row.rank, check=cross_check(row.job, prepared))
        await app.travels.do_there("jobs", made, action)


async def _at_operation(app: ConsoleApp, operation: str) -> None:
    from cmapss_tui.screens.operation import OperationScreen

    await app.travels.do_there("operations", partial(OperationScreen, operation), "")
