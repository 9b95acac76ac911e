"""Which account and region the console can go to from inside: profiles, sandbox, regions, and the options of each."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui.formats import NOTHING
from cmapss_tui.options import Options, chosen, options_for_profile
from cmapss_tui.place import SANDBOX, configured_profile, is_production
from cmapss_tui.screens.picker import Choice

SERVICE = "sagemaker"
CURRENT = "● here"
MOST = 60  # lines that are shown


@dataclass(frozen=True, slots=True)
class Places:
    """What this machine knows: the profiles of its AWS configuration with their regions, and all regions."""

    profiles: Mapping[str, str | None] = field(default_factory=dict)
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to go: the sandbox, or a profile, or where one is already; in a region, or in the profile's own.

    An empty profile stands for the credentials that AWS's tools use where none is named.
    """

    profile: str | None = None
    region: str | None = None
    sandbox: bool = False

    @property
    def words(self) -> str:
        """What it is called."""
        name = SANDBOX if self.sandbox else None if self.profile is None else self.profile or configured_profile()
        return " in ".join(word for word in (name, self.region) if word)


def read_places() -> Places:
    """Read the AWS configuration and botocore's list of regions: no network, but files, so not on the event loop."""
    import botocore.session
    from botocore.exceptions import BotoCoreError

    session = botocore.session.Session()
    try:
        configured: Mapping[str, Any] = session.full_config.get("profiles", {})
    except BotoCoreError as error:
        raise ConsoleError(
            ErrorKind.INVALID, f"The AWS configuration cannot be read ({error})", remedy="Correct the file."
        ) from error
    regions = session.get_available_regions(SERVICE)
    return Places({name: configured[name].get("region") for name in sorted(configured)}, tuple(sorted(regions)))


def options_at(options: Options, destination: Destination) -> Options:
    """The console's options there, with what the configuration says of that profile. Raises ConsoleError(INVALID)."""
    if destination.sandbox:
        return chosen(options, sandbox=True, region=None)
    if destination.profile is not None:
        options = options_for_profile(options, destination.profile or None)
    return chosen(options, region=destination.region) if destination.region else options


def choices(
    places: Places, options: Options, here: Destination, go: Callable[[Destination], object]
) -> Callable[[str], Sequence[Choice]]:
    """A search over profiles, sandbox and regions; `here` is where one is. All words have to be found.

    Words that only a profile and a region have together mean that profile in that region.
    """
    offered = regions(options, places)
    profiles = [*places.profiles, *([""] if _has_credentials_of_its_own(places) else [])]

    def shown(destination: Destination) -> Choice:
        return _choice(places, options, destination, here, partial(go, destination))

    alone = [
        *(shown(Destination(profile)) for profile in profiles),
        shown(Destination(sandbox=True)),
        *(shown(Destination(region=region)) for region in offered if not here.sandbox),
    ]
    alone.sort(key=lambda choice: choice.hint == CURRENT)  # it is of the least use

    def search(text: str) -> Sequence[Choice]:
        words = text.lower().split()
        found = [choice for choice in alone if _all_in(words, f"{choice.title} {choice.help}")]
        if not found and len(words) > 1:
            both = (Destination(profile, region) for profile in profiles for region in offered)
            found = [shown(destination) for destination in both if _all_in(words, destination.words)]
        return found[:MOST]

    return search


def one_region(here: Destination) -> str:
    """Why there is no other region to go to from here; empty where there are."""
    return f"A sandbox has one region, {here.region}: only a profile reaches others." if here.sandbox else ""


def regions(options: Options, places: Places) -> tuple[str, ...]:
    """All regions: first those that the configuration names."""
    return tuple(dict.fromkeys((*options.regions, *places.regions)))


def fixed_by() -> str:
    """What is set outside of the console and holds wherever one goes, in words; empty where nothing is."""
    url = os.environ.get("AWS_ENDPOINT_URL")
    return f"AWS_ENDPOINT_URL={url} holds for every profile" if url else ""


def _choice(
    places: Places, options: Options, destination: Destination, here: Destination, run: Callable[[], object]
) -> Choice:
    if destination.sandbox:
        title, about = SANDBOX, ["AWS on this machine, started if need be"]
        current = here.sandbox
    elif destination.profile is None:
        title, about = f"region {destination.region}", [f"{here.profile or 'the same profile'} there"]
        current = destination.region == here.region
    else:
        name = destination.profile or configured_profile()
        title = f"profile {destination.words}"
        about = [destination.region or places.profiles.get(name) or NOTHING]
        there = options_at(options, destination)
        about += ["PRODUCTION"] * is_production(there, name) + ["READ-ONLY"] * there.read_only
        current = not here.sandbox and destination.region is None and name == here.profile
    return Choice(title, run, help=" · ".join(about), hint=CURRENT if current else "")


def _has_credentials_of_its_own(places: Places) -> bool:
    """Whether the environment has credentials that belong to no profile."""
    return "AWS_ACCESS_KEY_ID" in os.environ and configured_profile() not in places.profiles


def _all_in(words: Sequence[str], text: str) -> bool:
    text = text.lower()
    return all(word in text for word in words)
