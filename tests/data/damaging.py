"""Copies of sets to damage, without copying what stays as it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def linked_copy(root: Path, directory: Path) -> Path:
    """A directory with the same files, sharing their bytes on disk: replace a file, never write into it."""
    directory.mkdir(parents=True)
    for path in root.iterdir():
        os.link(path, directory / path.name)
    return directory


def change(path: Path, edit: Callable[[bytes], bytes]) -> None:
    """Replace a file by an edited one, leaving the one it is linked to alone."""
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(edit(data))


def change_line(number: int, edit: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """An edit of one line, counted from 1, without its line end."""

    def edited(data: bytes) -> bytes:
        lines = data.split(b"\n")
        lines[number - 1] = edit(lines[number - 1])
        return b"\n".join(lines)

    return edited
