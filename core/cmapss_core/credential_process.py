"""A profile's credential_process with an end: botocore by itself waits for its answer as long as it takes."""

from __future__ import annotations

import subprocess
from typing import Any

from botocore.credentials import ProcessProvider
from botocore.exceptions import CredentialRetrievalError

PROCESS_SECONDS = 60.0  # it may have a question for the operator


class NoAnswerError(CredentialRetrievalError):
    """A credential_process that neither answers nor ends."""

    fmt = "The credential_process {program} has not answered for {seconds:g} s"


def limit_process(session: Any) -> None:
    """Let the credential_process of a session's profile be stopped with NoAnswerError, if it takes too long.

    That of another profile, which a role is taken from, is botocore's to start.
    """
    profile = session.get_config_variable("profile") or "default"
    provider = ProcessProvider(profile, lambda: session.full_config, popen=_Limited)
    session.get_component("credential_provider").insert_before(ProcessProvider.METHOD, provider)


class _Limited(subprocess.Popen[bytes]):
    """What botocore starts, and asks by `communicate()`."""

    def communicate(self, *_: Any, **__: Any) -> tuple[bytes, bytes]:
        """The output of both streams. Raises NoAnswerError, and the process is gone then."""
        try:
            return super().communicate(timeout=PROCESS_SECONDS)
        except subprocess.TimeoutExpired as error:
            self.kill()
            self.wait()
            # What the arguments are may be secret.
            program = self.args[0] if isinstance(self.args, list) else self.args
            raise NoAnswerError(program=program, seconds=PROCESS_SECONDS) from error
