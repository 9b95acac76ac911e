"""The region's end of the training process: started when first needed, fed with commands, read by a thread."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

_log = logging.getLogger(__name__)

Answer = dict[str, Any]


class WorkerProcess:
    """One training process; `on_answer` is called with each of its lines, and `on_end` when it has ended by itself.

    Both are called from the thread that reads its output.
    """

    def __init__(self, log: Path, on_answer: Callable[[Answer], None], on_end: Callable[[], None]) -> None:
        self._on_answer, self._on_end = on_answer, on_end
        self._closed = False
        one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "cmapss_sandbox.training.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, **one_thread},
            )
        self.id = self._process.pid
        self._thread = threading.Thread(target=self._read, name="training", daemon=True)
        self._thread.start()

    def send(self, command: dict[str, Any]) -> None:
        """Hand over a command; one that a dying process no longer takes is answered by `on_end`."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()
        except OSError:
            _log.warning("The training process no longer listens.")

    def close(self) -> None:
        """End the process, whatever it is doing, and wait until it has ended."""
        self._closed = True
        self._process.kill()
        self._process.wait()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if self._closed:
                return
            self._on_answer(json.loads(line))
        if not self._closed:
            _log.error("The training process has ended with status %s.", self._process.wait())
            self._on_end()
