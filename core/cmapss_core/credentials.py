"""Whose keys sign the calls: where they are found, and what to do once AWS refuses them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from typing import Any

from cmapss_core.errors import REMEDIES, ErrorKind

_KEYS_IN_ENVIRONMENT = "AWS_ACCESS_KEY_ID"
_MAX_SOURCES = 5  # profiles that take their role from one another
END_OF_FAULTS = "The sandbox was told to refuse: cmapss-console sandbox faults clear"


def credentials_found(profile: str | None = None) -> bool:
    """Whether botocore finds credentials at all, for this profile or the default one; asks no AWS service."""
    from botocore.exceptions import BotoCoreError, CredentialRetrievalError

    try:
        return found_credentials(profile) is not None
    except CredentialRetrievalError:
        return True  # there are some, and why they cannot be had is said by the first call
    except BotoCoreError:
        return False


def found_credentials(profile: str | None) -> Any:
    """What botocore finds, None where it finds none. Raises BotoCoreError.

    A credential_process that cannot be run is one as well: botocore lets the operating system's error through.
    """
    import botocore.session
    from botocore.exceptions import CredentialRetrievalError

    try:
        return botocore.session.Session(profile=profile).get_credentials()
    except OSError as error:
        raise CredentialRetrievalError(provider=error.filename or "file", error_msg=error.strerror or error) from error


def known_profiles() -> tuple[str, ...]:
    """The profiles in the AWS configuration files, by name."""
    import botocore.session

    return tuple(sorted(botocore.session.Session().available_profiles))


def way_back(profile: str | None) -> str:
    """What whoever is refused does to be let in again, with the command for this profile. Never raises."""
    import botocore.session
    from botocore.exceptions import BotoCoreError

    if profile is None and _KEYS_IN_ENVIRONMENT in os.environ:
        return f"The keys are in {_KEYS_IN_ENVIRONMENT} and those beside it: start again with new ones, or --profile."
    name = profile or os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE") or "default"
    try:
        profiles: Mapping[str, Mapping[str, Any]] = botocore.session.Session().full_config.get("profiles", {})
    except BotoCoreError:
        profiles = {}
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
