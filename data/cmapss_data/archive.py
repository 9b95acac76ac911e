"""Takes C-MAPSS out of a zip, and nothing else."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from cmapss_data.errors import DataError
from cmapss_data.files import FILES, README
from cmapss_data.marker import MARKER

# NASA's own download holds its files in a zip of this name inside the zip.
INNER_ZIP = "CMAPSSData.zip"
MEMBERS: frozenset[str] = frozenset({*FILES, README, MARKER, INNER_ZIP})
# The largest file has 10.4 MB and the real zip 11.6 MB; whatever claims or turns out to be more is not C-MAPSS.
MAX_BYTES = 64_000_000
_NAME_ONE = "Name a directory with the twelve text files of C-MAPSS, or a zip of them."


def find_set(path: Path) -> Path:
    """The directory of text files or the zip that a path means: a directory may hold just NASA's zip.

    Raises DataError if it is neither.
    """
    path = path.expanduser()
    if not os.access(path, os.F_OK):
        raise DataError(f"{path} does not exist", _NAME_ONE)
    # A directory that may be listed but not entered hides its files.
    if not os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0)):
        raise DataError(f"{path} may not be read", "Ask for permission to read it.")
    if path.is_dir():
        inner = path / INNER_ZIP
        return inner if inner.is_file() and not any((path / name).exists() for name in FILES) else path
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            if file.read(4) == b"PK\x03\x04":
                raise _refusal(path, f"is a zip without its end, cut off after {path.stat().st_size:,} bytes")
        raise DataError(f"{path} is neither a directory nor a zip", _NAME_ONE)
    return path


def unpack(source: Path, directory: Path) -> None:
    """Write the known files of a zip into a directory, whatever folder of the zip they are in.

    Nothing else is written, no path from the zip is used, and no file is larger than `MAX_BYTES`.
    Raises DataError if the zip is damaged, unsafe, ambiguous, or holds no file of C-MAPSS.
    """
    for name, content in _contents(source):
        (directory / name).write_bytes(content)


def _contents(source: Path) -> Iterator[tuple[str, bytes]]:
    """The known files of a zip, or of NASA's zip in it, by their bare names."""
    try:
        with zipfile.ZipFile(source) as archive:
            members = _members(source, archive)
            inner = members.pop(INNER_ZIP, None)
            if members or inner is None:
                yield from _read(archive, members)
                return
            with zipfile.ZipFile(io.BytesIO(archive.read(inner))) as nested:
                members = _members(source, nested)
                members.pop(INNER_ZIP, None)
                yield from _read(nested, members)
    except DataError:
        raise
    except Exception as error:  # besides its own, zipfile lets through what struct, seek and decompressors raise
        raise _refusal(source, f"cannot be unpacked: {error}") from None


def _members(source: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The members that count, by their bare names."""
    members: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in entry.filename:
            raise _refusal(source, f"holds the unsafe path {entry.filename!r}")
        if entry.is_dir() or path.name not in MEMBERS:
            continue
        if path.name in members:
            raise _refusal(source, f"holds {path.name} twice: {members[path.name].filename} and {entry.filename}")
        if entry.file_size > MAX_BYTES:
            raise _refusal(source, f"holds {path.name} with {entry.file_size:,} bytes, expected {MAX_BYTES:,} at most")
        members[path.name] = entry
    if not members:
        raise _refusal(source, "holds no file of C-MAPSS, such as train_FD001.txt")
    return members


def _read(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> Iterator[tuple[str, bytes]]:
    # zipfile stops at the size that a member declares and then checks its checksum, so the bound holds.
    return ((name, archive.read(member)) for name, member in members.items())


def _refusal(source: Path, problem: str) -> DataError:
    return DataError(f"{source} {problem}", f"Get {INNER_ZIP} again, and name it or its unpacked directory.")
