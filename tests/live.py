"""A sandbox as its users start it: a process of its own, with models that were really trained."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class LiveSandbox:
    """A running sandbox process, and its control calls."""

    endpoint_url: str
    state: Path
    pid: int

    def control(self, path: str = "", **command: Any) -> dict[str, Any]:
        """A control call: reads without a command, orders with one."""
        body = json.dumps(command).encode() if command else None
        request = Request(f"{self.endpoint_url}/_sandbox{path}", data=body)
        with urlopen(request, timeout=60) as answer:
            found: dict[str, Any] = json.loads(answer.read())
            return found

    def advance(self, *, minutes: float = 0.0, seconds: float = 0.0) -> None:
        """Let region time pass at once."""
        self.control("/clock", advance_seconds=minutes * 60 + seconds)

    def client(self, service: str) -> Any:
        """An ordinary boto3 client, as in a notebook: nothing of ours is in it."""
        return _client(self.endpoint_url, service)


@cache
def _client(endpoint_url: str, service: str) -> Any:
    import boto3

    return boto3.Session(aws_access_key_id="notebook", aws_secret_access_key="notebook").client(
        service, region_name="us-east-1", endpoint_url=endpoint_url
    )


@contextmanager
def running(state: Path, *arguments: str, python: str = sys.executable) -> Iterator[LiveSandbox]:
    """Start a sandbox on a state folder with that interpreter, and end it as its owner's death would."""
    process = subprocess.Popen(
        [python, "-m", "cmapss_sandbox", "--json", "--owned", "--state", str(state), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        served = json.loads(process.stdout.readline())
        yield LiveSandbox(served["endpoint_url"], state, served["pid"])
    finally:
        process.stdin.close()
        process.wait(timeout=30)


def until(holds: Callable[[], Any], patience_seconds: float = PATIENCE_SECONDS) -> Any:
    """What `holds` answers once it is true: for work of other processes, which no clock of ours can hurry."""
    pause = threading.Event()
    for _ in range(int(patience_seconds / 0.1)):
        if answer := holds():
            return answer
        pause.wait(0.1)
    raise AssertionError(f"not within {patience_seconds:g} s")
