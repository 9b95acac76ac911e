"""Credentials that need a code of the operator's: who has the terminal decides whether it can be asked for."""

from __future__ import annotations

from threading import Event
from typing import Any

_TAKEN = Event()  # of the process, as its terminal is


def ask_nobody() -> None:
    """From now on something else has the terminal: credentials for which a code has to be typed cannot be had."""
    _TAKEN.set()


def limit_questions(session: Any) -> None:
    """Let what a session's credentials would ask fail with CredentialRetrievalError, where nobody is to be asked.

    botocore asks by way of getpass, which takes the terminal whoever has it; its sessions offer no other way.
    """
    from botocore.credentials import AssumeRoleProvider
    from botocore.exceptions import CredentialRetrievalError

    profile = session.get_config_variable("profile") or "default"

    def ask(prompt: str) -> str:
        if _TAKEN.is_set():
            raise CredentialRetrievalError(
                provider=f"profile {profile}", error_msg="it needs an MFA code, which cannot be typed in the console"
            )
        return str(usual(prompt))

    provider = session.get_component("credential_provider").get_provider(AssumeRoleProvider.METHOD)
    usual, provider._prompter = provider._prompter, ask
