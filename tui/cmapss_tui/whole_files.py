"""Files that are read as a whole, and that are there as a whole or not at all, readable by their owner alone."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LARGEST = 1_048_576  # bytes of a file that people write


def text_of(path: Path) -> str:
    """The text of a file, without waiting for a pipe or reading a device that has no end.

    Raises OSError where it cannot be read, also where it is no regular file or a larger one than people write, and
    UnicodeDecodeError.
    """
    with open(path, "rb", opener=_at_once) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "Not a regular file", str(path))
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise OSError(errno.EFBIG, f"Larger than {LARGEST} bytes", str(path))
    return content.decode("utf-8-sig").replace("\r\n", "\n")


@contextmanager
def written_beside(path: Path, text: str) -> Iterator[str]:
    """A file of mode 0600 with the text, in the directory of `path`, which the block gives its name, or it is gone.

    Raises OSError where it cannot be written.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield name
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
