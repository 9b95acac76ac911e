"""What keeps AWS away: failures of one cause are one trouble, since when, and what to do about it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from cmapss_core.errors import REMEDIES, ConsoleError, ErrorKind
from cmapss_tui.remedies import in_console

if TYPE_CHECKING:
    from cmapss_tui.app import ConsoleApp
    from cmapss_tui.connecting import ConnectingApp

# Whatever was being read fails by these, and all of it works again once one call does.
EVERYWHERE = (ErrorKind.AUTH, ErrorKind.UNREACHABLE, ErrorKind.THROTTLED)
MOST_SAID = 140  # characters of what AWS says
_GRAVEST_FIRST = (*EVERYWHERE, ErrorKind.DENIED)


@dataclass(frozen=True, slots=True)
class Cause:
    """What makes two failures the same trouble: for what is about one call, that call as well."""

    kind: ErrorKind
    what: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A cause with its newest failure, and for how many seconds of this machine it has lasted."""

    cause: Cause
    error: ConsoleError
    seconds: float


class Troubles:
    """Since when each cause lasts, whichever screens it is met on.

    It is told by this machine's clock: the region's is not heard while AWS is away, and may be set back after it.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._since: dict[Cause, float] = {}

    def of(self, errors: Iterable[ConsoleError]) -> list[Trouble]:
        """The troubles that these failures come to, one for each cause, the gravest first."""
        now = self.now()
        newest = {cause_of(error): error for error in errors}
        troubles = [Trouble(cause, error, now - self._since.setdefault(cause, now)) for cause, error in newest.items()]
        return sorted(troubles, key=lambda trouble: _rank(trouble.cause))

    def over(self, cause: Cause) -> float | None:
        """It is over: how many seconds it lasted, told to the first who asks."""
        since = self._since.pop(cause, None)
        return None if since is None else self.now() - since


_TROUBLES: WeakKeyDictionary[ConnectingApp, Troubles] = WeakKeyDictionary()


def troubles_of(console: ConsoleApp) -> Troubles:
    """The console's troubles."""
    return _TROUBLES.setdefault(console, Troubles())


def forget(console: ConnectingApp) -> None:
    """Know of no trouble any more: those there were are of another place."""
    _TROUBLES.pop(console, None)


def cause_of(error: ConsoleError) -> Cause:
    """Why a call failed, as far as it matters to what else fails."""
    if error.kind in EVERYWHERE:
        return Cause(error.kind)
    return Cause(error.kind, error.operation or error.message)


def headline(trouble: Trouble, *, sandbox: bool) -> str:
    """What is the matter, in a few words."""
    error = trouble.error
    match error.kind:
        case ErrorKind.AUTH:
            return f"{'The sandbox' if sandbox else 'AWS'} does not accept the credentials"
        case ErrorKind.UNREACHABLE:
            return "The sandbox does not answer" if sandbox else "AWS is out of reach"
        case ErrorKind.THROTTLED:
            return "AWS is asked too often: slowing down"
        case ErrorKind.DENIED:
            return f"Not permitted: {error.operation or 'a call'}"
        case _:
            return f"{error.operation} failed" if error.operation else "A reading failed"


def explanation(error: ConsoleError) -> str:
    """What AWS says, and what to do: last, where it is a command that one copies."""
    what_to_do = "" if error.remedy == REMEDIES[ErrorKind.FAILED] else in_console(error.remedy)
    if error.kind is ErrorKind.DENIED:
        return f"Only this part is affected. {what_to_do} {_shortened(error.message)}"
    if error.kind is ErrorKind.THROTTLED:
        return f"Nothing to do: it goes on by itself. {_shortened(error.message)}"
    return f"{_shortened(error.message)} {what_to_do}".strip()


def _shortened(message: str) -> str:
    """As much of a message as leaves room for what to do."""
    return f"{message.rstrip('.')}." if len(message) < MOST_SAID else f"{message[: MOST_SAID - 1]}…"


def _rank(cause: Cause) -> int:
    return _GRAVEST_FIRST.index(cause.kind) if cause.kind in _GRAVEST_FIRST else len(_GRAVEST_FIRST)
