"""Whose AWS the console looks at, and whether that is production."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmapss_core.aws import Aws, Identity
    from cmapss_tui.options import Options

SANDBOX = "sandbox"
PRODUCTION_CLASS = "-production"  # of the first line, and of the application: style sheets and dialogs reach it there


@dataclass(frozen=True, slots=True)
class Place:
    """Whose AWS the console looks at. Empty strings stand for what is not known yet.

    `time_known`: a reply has told the region's time; before that there is none but this machine's, which may be wrong.
    """

    name: str
    region: str = ""
    account: str = ""
    role: str = ""
    speed: float = 1.0
    read_only: bool = False
    production: bool = False
    time_known: bool = True


def place_of(aws: Aws, identity: Identity | None, options: Options) -> Place:
    """The place of a connection; account and role are known once AWS has said who is calling."""
    target = aws.target
    name = SANDBOX if target.is_local else target.profile or configured_profile()
    account = identity.account if identity else ""
    return Place(
        name=name,
        region=aws.region,
        account=account,
        role=identity.role if identity else "",
        speed=aws.clock.speed,
        read_only=target.read_only,
        production=not target.is_local and is_production(options, name, account),
        time_known=aws.clock.heard,
    )


def configured_profile() -> str:
    """The profile that holds where none is named."""
    return os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE") or "default"


def is_production(options: Options, profile: str, account: str = "") -> bool:
    """Whether one of the patterns says so of the profile or of the account, in whatever case it is written."""
    names = [name.lower() for name in (profile, account) if name]
    return any(fnmatchcase(name, pattern.lower()) for pattern in options.production for name in names)
