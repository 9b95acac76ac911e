"""Credentials that are looked for anew once they were refused: a login in another terminal is enough to go on.

botocore keeps what it found for as long as its session lives. Its clients take long to make; they stay.
"""

from __future__ import annotations

import threading
from typing import Any

import botocore.session
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import NoCredentialsError

from cmapss_core.credentials import found_credentials, retrieval
from cmapss_core.parsing import CheckingParserFactory


class RenewableCredentials:
    """What botocore signs with: the credentials of a profile, or the first that are found where that is None."""

    def __init__(self, profile: str | None) -> None:
        self._profile = profile
        self._lock = threading.Lock()
        self._found: Credentials | None = None
        self._key: str | None = None
        self.generation = 0
        self.changes = 0

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """The keys of this moment. Raises NoCredentialsError, and whatever finding them raises."""
        current = self._current()
        with retrieval(self._profile):
            frozen: ReadOnlyCredentials = current.get_frozen_credentials()
        with self._lock:
            if self._key is not None and frozen.access_key != self._key:
                self.changes += 1
            self._key = frozen.access_key
        return frozen

    def get_deferred_property(self, name: str) -> Any:
        """How to find a property later, as botocore asks for it."""
        return lambda: getattr(self._current(), name, None)

    @property
    def method(self) -> str | None:
        """Where they were found."""
        return getattr(self._found, "method", None)

    def refused(self, generation: int) -> None:
        """What this generation has was refused, or not found: look for it anew at the next call."""
        with self._lock:
            if generation == self.generation:
                self.generation += 1
                self._found = None

    def _current(self) -> Credentials:
        with self._lock:
            if self._found is None:
                self._found = found_credentials(self._profile)
            if self._found is None:
                raise NoCredentialsError
            return self._found


class _Provider:
    """What a botocore session asks for credentials."""

    def __init__(self, credentials: RenewableCredentials) -> None:
        self._credentials = credentials

    def load_credentials(self) -> RenewableCredentials:
        """The ones that are renewed."""
        return self._credentials


def renewing_session(credentials: RenewableCredentials, profile: str | None) -> botocore.session.Session:
    """A session whose clients sign with these credentials."""
    session = botocore.session.Session(profile=profile)
    session.register_component("credential_provider", _Provider(credentials))
    return _checking(session)


def unconfigured_session() -> botocore.session.Session:
    """A session that AWS_PROFILE does not reach: a sandbox answers where the profile it names is gone."""
    return _checking(botocore.session.Session(session_vars={"profile": (None, None, None, None)}))


def _checking(session: botocore.session.Session) -> botocore.session.Session:
    """The session, whose clients tell an answer that cannot be read from faults of ours."""
    session.register_component("response_parser_factory", CheckingParserFactory())
    return session
