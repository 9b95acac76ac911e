"""Files and directories that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cmapss_data.errors import DataError


@contextmanager
def staged_file(path: Path) -> Iterator[Path]:
    """A new file beside `path` that takes its place when the block ends well, and is gone when it does not.

    Raises DataError where the file cannot be written.
    """
    path = path.resolve()
    partial = _beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        os.replace(partial, path)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        with suppress(OSError):
            partial.unlink()


@contextmanager
def staged_directory(path: Path, *, replace: bool) -> Iterator[Path]:
    """A new directory beside `path` that takes its place when the block ends well, and is gone when it does not.

    A directory that is at `path` by then is replaced as a whole or, for what another process may have made as well,
    kept. Raises DataError where the directory cannot be written.
    """
    path = path.resolve()
    partial = _beside(path)
    try:
        partial.mkdir(parents=True)
        yield partial
        if replace:
            _replace(partial, path)
        else:
            _add(partial, path)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")


def _replace(partial: Path, path: Path) -> None:
    """Rename a directory over another one, which no system does in one step unless the other is empty."""
    former = _beside(path)
    with suppress(FileNotFoundError):
        path.rename(former)
    try:
        partial.rename(path)
    except OSError:
        with suppress(OSError):
            former.rename(path)
        raise
    shutil.rmtree(former, ignore_errors=True)


def _add(partial: Path, path: Path) -> None:
    """Rename a directory to where there is none yet, or where there is an equal one already."""
    try:
        partial.rename(path)
    except OSError:
        if not path.is_dir():
            raise


def _unwritable(path: Path, error: OSError) -> DataError:
    where = f" ({error.filename})" if error.filename else ""
    return DataError(
        f"{path} cannot be made: {error.strerror or error}{where}",
        "Make room or permission there, or let CMAPSS_CONSOLE_HOME name another directory.",
    )
