"""The sandbox as a child process: found where one already runs, started where none does, ended by closing its stdin."""

from __future__ import annotations

import http.client
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from cmapss_core.errors import ConsoleError, ErrorKind

# One import of each distribution that only the extra brings.
SANDBOX_MODULES = ("flask", "flask_cors", "moto", "optuna", "waitress", "xgboost")
# Without the working directory on its path: what lies there is nobody's module.
COMMAND = (sys.executable, "-P", "-m", "cmapss_sandbox")
SPEED_HEADER = "X-Region-Speed"
ANSWER_SECONDS = 2.0
START_SECONDS = 60.0
OTHER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class SandboxAddress:
    """A sandbox that serves: where, as which process, and in which state folder."""

    endpoint_url: str
    region: str
    pid: int
    speed: float
    state: Path


class SandboxProcess:
    """A sandbox to work on. One that this process started ends with it; one that was there before is left running."""

    def __init__(self, address: SandboxAddress, process: subprocess.Popen[str] | None = None) -> None:
        self.address = address
        self._process = process

    @property
    def owned(self) -> bool:
        """Whether this process started it."""
        return self._process is not None

    def stop(self) -> None:
        """Tell an owned sandbox to end, without waiting for it."""
        if self._process is not None:
            _close(self._process)

    def wait(self, seconds: float) -> int | None:
        """The exit code of an owned sandbox; None where it is not ours, or has not ended within `seconds`."""
        try:
            return self._process.wait(seconds) if self._process is not None else None
        except subprocess.TimeoutExpired:
            return None


# The sandboxes that this process started: held, because letting go of a pipe closes it.
_owned: list[subprocess.Popen[str]] = []
_owned_lock = threading.Lock()


def default_state() -> Path:
    """The state folder that the console and its verbs share."""
    home = os.environ.get("CMAPSS_CONSOLE_HOME")
    if home:
        return Path(home).expanduser() / "sandbox"
    from platformdirs import user_data_path

    return user_data_path("cmapss-console", appauthor=False) / "sandbox"


def missing_modules() -> tuple[str, ...]:
    """What the sandbox needs and this installation lacks; looks without importing."""
    return tuple(name for name in SANDBOX_MODULES if find_spec(name) is None)


def require_sandbox() -> None:
    """Raise ConsoleError(FAILED) naming the way out where the console was installed without its sandbox."""
    missing = missing_modules()
    if missing:
        raise ConsoleError(
            ErrorKind.FAILED,
            f"The sandbox is not installed: {', '.join(missing)} is missing",
            remedy="Install it: pip install 'cmapss-console[sandbox]'",
        )


def find_running(state: Path | None = None) -> SandboxAddress | None:
    """The sandbox that serves this state folder (the default one for None), if one answers there."""
    try:
        document = json.loads((state or default_state()).joinpath("sandbox.json").read_text(encoding="utf-8"))
        address = _address(document)
        return address if _alive(address.pid) and _answers(address.endpoint_url) else None
    except (OSError, ValueError):
        return None


def start(
    state: Path | None = None, *, arguments: Sequence[str] = (), timeout: float = START_SECONDS
) -> SandboxProcess:
    """Start a sandbox on a state folder, to end with this process.

    Where another console has started one there in the meantime, that one is used. Raises ConsoleError(FAILED)
    with the sandbox's last words where none serves within `timeout` seconds.
    """
    require_sandbox()
    folder = ["--state", str(state)] if state is not None else []
    process = subprocess.Popen(
        [*COMMAND, "--json", "--owned", *folder, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        # Ctrl-C is for the console: the sandbox has to serve while a plan stops in good order.
        start_new_session=True,
    )
    with _owned_lock:
        _owned.append(process)
    first_line: queue.SimpleQueue[str] = queue.SimpleQueue()
    last_words: deque[str] = deque(maxlen=20)
    # Both pipes are read to their end: a child that writes into a full pipe stops.
    threading.Thread(target=_listen, args=(process.stdout, first_line), daemon=True).start()
    errors = threading.Thread(target=_collect, args=(process.stderr, last_words), daemon=True)
    errors.start()
    try:
        line = first_line.get(timeout=timeout)
    except queue.Empty:
        process.kill()
        raise _not_started(f"does not serve within {timeout:g} s", last_words) from None
    try:
        return SandboxProcess(_address(json.loads(line)), process)
    except ValueError:
        _close(process)
        errors.join(ANSWER_SECONDS)
        other = _await_other(state)
        if other is None:
            raise _not_started("ended before it served", last_words) from None
        return SandboxProcess(other)


def stop_all() -> None:
    """Tell every sandbox that this process started to end, without waiting: a start in progress gives up too."""
    with _owned_lock:
        for process in _owned:
            _close(process)
        _owned.clear()


def _await_other(state: Path | None) -> SandboxAddress | None:
    """The sandbox of a console that was quicker: its process holds the state folder before it serves."""
    deadline = time.monotonic() + OTHER_SECONDS
    while (address := find_running(state)) is None and time.monotonic() < deadline:
        time.sleep(0.1)
    return address


def _address(document: Any) -> SandboxAddress:
    try:
        return SandboxAddress(
            endpoint_url=str(document["endpoint_url"]),
            region=str(document["region"]),
            pid=int(document["pid"]),
            speed=float(document["speed"]),
            state=Path(document["state"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a sandbox's address: {document!r}") from error


def _alive(pid: int) -> bool:
    if sys.platform == "win32":
        return True  # signal 0 would end the process there; whether the port answers tells enough
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


def _answers(endpoint_url: str) -> bool:
    """Whether a sandbox answers at this address, and not whatever else has got the port since."""
    parts = urlsplit(endpoint_url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=ANSWER_SECONDS)
    try:
        connection.request("HEAD", "/")
        return connection.getresponse().getheader(SPEED_HEADER) is not None
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _listen(pipe: IO[str], first_line: queue.SimpleQueue[str]) -> None:
    first_line.put(pipe.readline())  # empty at the end of the pipe, so that whoever waits is told
    for _ in pipe:
        pass


def _collect(pipe: IO[str], lines: deque[str]) -> None:
    lines.extend(line.strip() for line in pipe if line.strip())


def _close(process: subprocess.Popen[str]) -> None:
    if process.stdin is not None and not process.stdin.closed:
        try:
            process.stdin.close()
        except OSError:
            process.terminate()


def _not_started(what: str, last_words: Sequence[str]) -> ConsoleError:
    said = f": {last_words[-1]}" if last_words else ""
    return ConsoleError(
        ErrorKind.FAILED,
        f"The sandbox {what}{said}",
        remedy="See what it says by itself: cmapss-console sandbox",
    )
