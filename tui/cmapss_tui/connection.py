"""Which AWS the operator means: an endpoint URL, the sandbox, or the account that the credentials are for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui import sandbox_process
from cmapss_tui.options import Options, insists

if TYPE_CHECKING:
    from cmapss_core.aws import Aws, Target

Narrate = Callable[[str], None]
PATIENCE_SECONDS = 5.0


def connect(options: Options, on_progress: Narrate | None = None) -> Aws:
    """A connection to what `options` mean; it may take seconds where a sandbox has to start.

    `on_progress` is told what is being done and why, a line each. Raises ConsoleError where nothing can be
    connected to: AUTH without credentials or with an unknown profile, INVALID without a region.
    """
    from cmapss_core.aws import Aws

    aws = Aws(resolve_target(options, on_progress))
    _ = aws.region  # said now, in one line, rather than by the first call that needs it
    return aws


def resolve_target(options: Options, on_progress: Narrate | None = None) -> Target:
    """Decide which AWS is meant. Raises ConsoleError as `connect` does, and FAILED where a sandbox does not start."""
    from cmapss_core.aws import Target
    from cmapss_core.credentials import credentials_found, known_profiles

    narrate = on_progress or _silent
    if options.sandbox:
        return _on_sandbox(options, _running() or _started(narrate))
    profile = options.profile or os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE")
    if profile and profile not in (known := known_profiles()):
        raise ConsoleError(
            ErrorKind.AUTH,
            f"There is no profile {profile!r}",
            remedy=f"Profiles here: {', '.join(known) or 'none'}. Make one: aws configure --profile {profile}",
        )
    endpoint_url = options.endpoint_url or os.environ.get("AWS_ENDPOINT_URL")
    target = Target(options.profile, options.region, endpoint_url or None, options.read_only, options.protected)
    if endpoint_url:
        return target
    with _patience(narrate, profile):
        found = credentials_found(options.profile)
    if found:
        return target
    if options.profile:  # it was named: the sandbox is no answer to that
        raise ConsoleError(
            ErrorKind.AUTH,
            f"The profile {options.profile} has no credentials",
            remedy=f"Log in: aws sso login --profile {options.profile}, or aws configure --profile {options.profile}.",
        )
    if (running := _running()) is not None:
        narrate(f"No AWS credentials were found: using the sandbox at {running.endpoint_url}.")
        return _on_sandbox(options, running)
    if options.starts_sandbox:
        narrate("No AWS credentials were found: opening the sandbox.")
        return _on_sandbox(options, _started(narrate))
    raise ConsoleError(
        ErrorKind.AUTH,
        "No AWS credentials were found, and no sandbox is running",
        remedy="Log in (aws sso login, aws configure), name a --profile, or start one: cmapss-console sandbox",
    )


@contextmanager
def _patience(narrate: Narrate, profile: str | None) -> Iterator[None]:
    """Say what is waited for, where whoever gives the credentials takes long: it may be waiting for the operator."""
    whose = f"the credentials of profile {profile}" if profile else "credentials"
    timer = Timer(PATIENCE_SECONDS, narrate, (f"Still waiting for {whose} …",))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _running() -> sandbox_process.SandboxAddress | None:
    return sandbox_process.find_running()


def _started(narrate: Narrate) -> sandbox_process.SandboxAddress:
    narrate("Starting the sandbox, an AWS region on this machine: nothing in it costs money …")
    sandbox = sandbox_process.start()
    if sandbox.owned:
        narrate(f"The sandbox serves at {sandbox.address.endpoint_url} until this ends.")
    else:
        narrate(f"Using the sandbox at {sandbox.address.endpoint_url}.")
    return sandbox.address


def _on_sandbox(options: Options, address: sandbox_process.SandboxAddress) -> Target:
    from cmapss_core.aws import Target

    if options.region not in (None, address.region) and insists(options, "region"):
        raise ConsoleError(
            ErrorKind.INVALID,
            f"The sandbox has no region {options.region}",
            remedy=f"Its region is {address.region}; leave --region out.",
        )
    return Target(None, address.region, address.endpoint_url, options.read_only, options.protected)


def _silent(_: str) -> None:
    """For those who do not want to be told."""
