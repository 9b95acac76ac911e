"""Work spread over daemon threads: those of the standard pool are waited for at exit, and quitting never waits."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextvars import copy_context
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def spread(work: Callable[[Item], Result], items: Iterable[Item], threads: int) -> Iterator[tuple[int, Result]]:
    """Yield (place of the item, its result) as they come. The first exception ends it and is raised here.

    Items are taken one at a time, as threads become free; leaving the iteration early lets no thread take another.
    The threads work in the context of whoever asked: their calls count as those of one reading.
    """
    source = enumerate(items)
    lock = threading.Lock()
    stopped = threading.Event()
    results: queue.SimpleQueue[tuple[int, Result] | BaseException | None] = queue.SimpleQueue()

    def labour() -> None:
        try:
            while not stopped.is_set():
                with lock:
                    taken = next(source, None)
                if taken is None:
                    break
                place, item = taken
                results.put((place, work(item)))
        except BaseException as error:
            stopped.set()
            results.put(error)
        finally:
            results.put(None)

    for number in range(threads):
        context = copy_context()  # one for each: a context is entered by one thread at a time
        threading.Thread(target=context.run, args=(labour,), name=f"spread-{number}", daemon=True).start()
    working = threads
    try:
        while working:
            result = results.get()
            if result is None:
                working -= 1
            elif isinstance(result, BaseException):
                raise result
            else:
                yield result
    finally:
        stopped.set()
