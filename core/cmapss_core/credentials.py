"""Whose keys sign the calls: where they are found, and what to do once AWS refuses them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from json import JSONDecodeError
from typing import Any

from cmapss_core.errors import REMEDIES, ErrorKind

_KEYS_IN_ENVIRONMENT = "AWS_ACCESS_KEY_ID"
_MAX_SOURCES = 5  # profiles that take their role from one another
END_OF_FAULTS = "The sandbox was told to refuse: cmapss-console sandbox faults clear"


def credentials_found(profile: str | None = None) -> bool:
    """Whether botocore finds credentials at all, for this profile or the default one; asks no AWS service.

    Raises ConsoleError(AUTH) where what is configured leads nowhere, or to a process that does not answer.
    """
    from botocore.exceptions import BotoCoreError, CredentialRetrievalError

    from cmapss_core.botocore_errors import from_botocore_error
    from cmapss_core.credential_process import NoAnswerError

    try:
        return found_credentials(profile) is not None
    except NoAnswerError as error:
        raise from_botocore_error(error, None).told_as(str(error), way_back(profile)) from error
    except CredentialRetrievalError:
        return True  # there are some, and why they cannot be had is said by the first call
    except BotoCoreError as error:
        raise from_botocore_error(error, None) from error


def found_credentials(profile: str | None) -> Any:
    """What botocore finds, None where it finds none. Raises BotoCoreError."""
    import botocore.session

    from cmapss_core.credential_process import limit_process
    from cmapss_core.questions import limit_questions

    with retrieval(profile):
        session = botocore.session.Session(profile=profile)
        limit_process(session)
        limit_questions(session)
        return session.get_credentials()


@contextmanager
def retrieval(profile: str | None) -> Iterator[None]:
    """What looking for credentials fails with is botocore's error for it, which says which profile they are of.

    botocore lets through what a credential_process that cannot be run, or prints nonsense, makes Python raise.
    """
    from botocore.exceptions import BotoCoreError, ClientError, CredentialRetrievalError

    try:
        yield
    except (BotoCoreError, ClientError):
        raise
    except Exception as error:
        raise CredentialRetrievalError(provider=f"profile {_name(profile)}", error_msg=_reason(error)) from error


def _reason(error: Exception) -> str:
    match error:
        case OSError():
            return f"{error.filename or 'a file'}: {error.strerror or error}"
        case JSONDecodeError():
            return "what its credential_process printed is no JSON document"
        case EOFError():
            return "nobody is here to answer what it asks"
        case RuntimeError() | ValueError():
            return str(error)
        case _:
            return f"what is given is none ({type(error).__name__}: {error})"


def known_profiles() -> tuple[str, ...]:
    """The profiles in the AWS configuration files, by name. Raises ConsoleError(AUTH) where they cannot be read."""
    import botocore.session
    from botocore.exceptions import BotoCoreError

    from cmapss_core.botocore_errors import from_botocore_error

    try:
        return tuple(sorted(botocore.session.Session().available_profiles))
    except BotoCoreError as error:
        raise from_botocore_error(error, None) from error


def configuration_path() -> str:
    """Where AWS's configuration is on this machine."""
    return os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config"


def way_back(profile: str | None) -> str:
    """What whoever is refused does to be let in again, with the command for this profile. Never raises."""
    import botocore.session
    from botocore.exceptions import BotoCoreError

    if profile is None and _KEYS_IN_ENVIRONMENT in os.environ:
        return f"The keys are in {_KEYS_IN_ENVIRONMENT} and those beside it: start again with new ones, or --profile."
    name = _name(profile)
    try:
        profiles: Mapping[str, Mapping[str, Any]] = botocore.session.Session().full_config.get("profiles", {})
    except BotoCoreError:
        profiles = {}
    if "mfa_serial" in profiles.get(name, {}):
        return (
            f'Start again where you have typed it: eval "$(aws configure export-credentials --profile '
            f'{shlex.quote(name)} --format env)"'
        )
    for _ in range(_MAX_SOURCES):
        settings = profiles.get(name, {})
        if "source_profile" not in settings or settings["source_profile"] == name:
            break
        name = str(settings["source_profile"])
    quoted = shlex.quote(name)
    if "sso_session" in settings or "sso_start_url" in settings:
        return f"Log in: aws sso login --profile {quoted}"
    if "credential_process" in settings:
        return f"Log in to what the credential_process of profile {name} asks."
    if "aws_access_key_id" in settings:
        return f"Give profile {name} new keys: aws configure --profile {quoted}"
    return REMEDIES[ErrorKind.AUTH]


def _name(profile: str | None) -> str:
    """The profile that is in use where this one is asked for."""
    return profile or os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE") or "default"
