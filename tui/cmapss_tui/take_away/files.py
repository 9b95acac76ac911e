"""Writing what was exported: whole or not at all, for its owner alone, and never over a file without being told to."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from cmapss_core.errors import ConsoleError, ErrorKind, invalid
from cmapss_tui.whole_files import written_beside


class ExistsError(ConsoleError):
    """There is a file of that name already."""


def default_name(what: str, now: datetime, suffix: str) -> str:
    """`cmapss-<what>-<region time>.<suffix>`, with the time as the console writes it into names."""
    return f"cmapss-{what}-{now.astimezone(UTC):%Y-%m-%d-%H-%M-%S}.{suffix}"


def default_path(directory: Path | None, name: str) -> Path:
    """Where it goes: the directory of the configuration, else the one that the console was started in."""
    return (directory.expanduser() if directory is not None else Path.cwd()) / name


def path_of(text: str) -> Path:
    """The file that is meant; `~` is the home directory. Raises ConsoleError(INVALID) where that is none."""
    if not text.strip():
        raise invalid("A file's name is needed", "Type one.")
    if "\0" in text:
        raise invalid("A file's name cannot hold a NUL", "Type another.")
    try:
        path = Path(text.strip()).expanduser()
    except RuntimeError as error:
        raise invalid(f"{text.strip()} names a home directory that is not known", "Write the path out.") from error
    if path.is_dir():
        raise invalid(f"{path} is a directory", "Add a name to it.")
    return path


def write_file(path: Path, text: str, *, overwrite: bool) -> Path:
    """Write a file of mode 0600. Raises ExistsError, and ConsoleError(FAILED) where it cannot be written."""
    try:
        _write(path, text, overwrite)
    except FileExistsError as error:
        raise ExistsError(ErrorKind.CONFLICT, f"{path} exists", remedy="Overwrite it, or name another.") from error
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise ConsoleError(
            ErrorKind.FAILED, f"{path} cannot be written ({reason})", remedy="Name another place."
        ) from error
    return path


def _write(path: Path, text: str, overwrite: bool) -> None:
    if not overwrite and os.path.lexists(path):
        raise FileExistsError
    with written_beside(path, text) as name:
        if overwrite:
            os.replace(name, path)
        else:
            _give_name(name, path)


def _give_name(temporary: str, path: Path) -> None:
    """Take the name only where nobody has it, also if somebody took it a moment ago."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if os.path.lexists(path):
            raise FileExistsError from None
        os.replace(temporary, path)
