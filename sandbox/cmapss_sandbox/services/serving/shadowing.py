"""Copies of requests for shadow variants, answered after the caller has been: nobody waits for them."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)

_LONGEST_QUEUE = 1000  # copies beyond that are dropped, as a shadow too slow for its traffic would drop them


class ShadowQueue:
    """Runs what is put into it, one after the other, in a thread that is started for the first."""

    def __init__(self) -> None:
        self._queue: queue.Queue[Callable[[], None]] = queue.Queue(_LONGEST_QUEUE)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def put(self, work: Callable[[], None]) -> bool:
        """Have it done soon; whether there was room for it."""
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="shadow-variants", daemon=True)
                    self._thread.start()
        try:
            self._queue.put_nowait(work)
        except queue.Full:
            return False
        return True

    def join(self) -> None:
        """Wait until everything is done that has been put into it."""
        self._queue.join()

    def _run(self) -> None:
        while True:
            work = self._queue.get()
            try:
                work()
            except Exception:
                _log.exception("A copy of a request for a shadow variant failed")
            finally:
                self._queue.task_done()
