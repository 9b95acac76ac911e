"""Control calls to a running sandbox: how it is, and what it is to do that no AWS API asks of it."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_tui.options import Options
from cmapss_tui.sandbox_process import SPEED_HEADER, find_running

ANSWER_SECONDS = 600.0  # a long advance is carried out before it is answered

_PATH = "/_sandbox"
_NOT_FOUND, _CLIENT_ERROR, _SERVER_ERROR = 404, 400, 500


def locate(options: Options, state: Path | None = None) -> str:
    """The address of the sandbox that is meant: --endpoint-url, AWS_ENDPOINT_URL, or the one that runs on a state.

    Raises ConsoleError(NOT_FOUND) where none runs.
    """
    if not options.sandbox and state is None:
        endpoint_url = options.endpoint_url or os.environ.get("AWS_ENDPOINT_URL")
        if endpoint_url:
            return endpoint_url
    running = find_running(state)
    if running is None:
        where = "" if state is None else f" on the state folder {state}"
        raise ConsoleError(
            ErrorKind.NOT_FOUND, f"No sandbox is running{where}", remedy="Start one: cmapss-console sandbox"
        )
    return running.endpoint_url


def status(endpoint_url: str) -> dict[str, Any]:
    """How the sandbox is: its time, its speed, and what its parts tell of themselves. Raises ConsoleError."""
    return _call(endpoint_url, "GET", _PATH, None)


def act(endpoint_url: str, control: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Have the sandbox do something, and return how it is then.

    Raises ConsoleError: INVALID for what the sandbox refuses, NOT_FOUND for what it does not have.
    """
    return _call(endpoint_url, "POST", f"{_PATH}/{control}", asked)


def _call(endpoint_url: str, method: str, path: str, asked: Mapping[str, Any] | None) -> dict[str, Any]:
    parts = urlsplit(endpoint_url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=ANSWER_SECONDS)
    try:
        connection.request(method, path, None if asked is None else json.dumps(asked))
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise ConsoleError(
            ErrorKind.UNREACHABLE,
            f"Nothing answers at {endpoint_url}",
            remedy="Start the sandbox: cmapss-console sandbox",
        ) from error
    finally:
        connection.close()
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if response.getheader(SPEED_HEADER) is None or not isinstance(document, dict):
        raise ConsoleError(
            ErrorKind.NOT_FOUND,
            f"What answers at {endpoint_url} is no sandbox",
            remedy="Name its address: --endpoint-url URL, or --sandbox for the one on this machine.",
        )
    if response.status >= _CLIENT_ERROR:
        raise _refused(response.status, document)
    return document


def _refused(status_code: int, document: Mapping[str, Any]) -> ConsoleError:
    message = str(document.get("error") or f"The sandbox answers with status {status_code}.")
    if status_code == _NOT_FOUND:
        return ConsoleError(ErrorKind.NOT_FOUND, message, remedy="See what there is: cmapss-console sandbox status")
    if status_code >= _SERVER_ERROR:
        return ConsoleError(ErrorKind.FAILED, message, remedy="Its log says how.")
    return ConsoleError(ErrorKind.INVALID, message, remedy="See cmapss-console sandbox --help")
