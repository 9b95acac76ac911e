"""Where the file of a bucket's key is: a tree of folders that any key fits into and none leads out of."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote

# What file systems have a use of their own for, and the percent sign, which marks it.
_UNFIT = re.compile(r'[\x00-\x1f\x7f%<>:"\\|?*]')
_UNITS = re.compile(r"%[0-9A-F]{2}|.", re.DOTALL)
# At the end of the name of a file whose plain name is a folder's.
_SHADOWED = "%"
# Before a segment that a file system would take for no name, or for another folder.
_NO_NAME = "%_"
# At the end of a folder's name that is not yet the whole of its segment.
_CONTINUED = "%-"
# File systems take names of 255 bytes; some is left for the marks.
_MAXIMUM_BYTES = 240


class ObjectFiles:
    """The files of one tree, by bucket and key.

    A key's segments are folder names, percent-encoded where a file system would object, and cut into several where
    they are too long. Where a key is at the same time the folder of other keys, its file's name ends in a bare percent
    sign. Whoever changes the tree sees to it that nobody else does.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def folder(self, bucket: str) -> Path:
        """The folder of a bucket, whether it is there or not."""
        return self._root.joinpath(*_names(bucket))

    def path(self, bucket: str, key: str) -> Path:
        """The file of a key; raises KeyError when there is none."""
        plain = self._plain_path(bucket, key)
        for path in (plain, plain.with_name(plain.name + _SHADOWED)):
            if path.is_file():
                return path
        raise KeyError(f"s3://{bucket}/{key}")

    def make_way(self, bucket: str, key: str) -> Path:
        """Where a new file of a key belongs; the folders that lead there are made."""
        plain = self._plain_path(bucket, key)
        for folder in [self._root, *(self._root / part for part in reversed(plain.relative_to(self._root).parents))]:
            if folder.is_file():
                folder.replace(folder.with_name(folder.name + _SHADOWED))
            folder.mkdir(mode=0o700, exist_ok=True)
        return plain.with_name(plain.name + _SHADOWED) if plain.is_dir() else plain

    def delete(self, bucket: str, key: str) -> None:
        """Remove the file of a key and the folders that it leaves empty; none is no error."""
        try:
            path = self.path(bucket, key)
        except KeyError:
            return
        path.unlink()
        folder = path.parent
        while folder != self.folder(bucket) and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent

    def remove_folder(self, bucket: str) -> None:
        """Remove a bucket's folder, in which there are no files; raises OSError when there are."""
        # Empty folders may be left of keys whose deletion was the last that a killed process did.
        for folder, _, _ in os.walk(self.folder(bucket), topdown=False):
            os.rmdir(folder)

    def keys(self, bucket: str) -> Iterator[str]:
        """The keys in a bucket, in no particular order."""
        root = self.folder(bucket)
        for folder, _, names in os.walk(root):
            parts = Path(folder).relative_to(root).parts
            for name in names:
                yield "/".join(_segments([*parts, name.removesuffix(_SHADOWED)]))

    def _plain_path(self, bucket: str, key: str) -> Path:
        return self.folder(bucket).joinpath(*(name for segment in key.split("/") for name in _names(segment)))


def _names(segment: str) -> list[str]:
    """The names of a segment's folders, or of its file."""
    if segment in ("", ".", ".."):
        return [_NO_NAME + segment]
    encoded = _UNFIT.sub(lambda found: quote(found.group(), safe=""), segment)
    names, size = [""], 0
    for unit in _UNITS.findall(encoded):
        length = len(unit.encode())
        if size + length > _MAXIMUM_BYTES:
            names[-1] += _CONTINUED
            names.append("")
            size = 0
        names[-1] += unit
        size += length
    return names


def _segments(names: Iterable[str]) -> Iterator[str]:
    """The segments whose names these are."""
    segment = ""
    for name in names:
        segment += name.removesuffix(_CONTINUED)
        if not name.endswith(_CONTINUED):
            yield unquote(segment.removeprefix(_NO_NAME))
            segment = ""
