"""The region's S3 objects as plain files under the state folder."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

# What file systems have a use of their own for, and the percent sign, which marks it.
_UNFIT = re.compile(r'[\x00-\x1f\x7f%<>:"\\|?*]')
_SHADOWED = "%"
# Before a segment that a file system would take for no name, or for another folder.
_NO_NAME = "%_"


class ObjectStore:
    """Objects by bucket and key; each is one file, written whole or not at all.

    A key's segments are folder names, percent-encoded where a file system would object. Where a key is at the
    same time the folder of other keys, its file's name ends in a bare percent sign.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def buckets(self) -> list[str]:
        """The names of all buckets, sorted."""
        return sorted(path.name for path in self.root.iterdir() if path.is_dir())

    def create_bucket(self, bucket: str) -> None:
        """Make a bucket; one that is there already stays as it is."""
        self._folder(bucket).mkdir(mode=0o700, exist_ok=True)

    def delete_bucket(self, bucket: str) -> None:
        """Remove an empty bucket; one that is not there is no error."""
        if self._folder(bucket).is_dir():
            self._folder(bucket).rmdir()

    def path(self, bucket: str, key: str) -> Path:
        """The file that holds an object; raises KeyError when there is no such object."""
        plain = self._plain_path(bucket, key)
        for path in (plain, plain.with_name(plain.name + _SHADOWED)):
            if path.is_file():
                return path
        raise KeyError(f"s3://{bucket}/{key}")

    def get(self, bucket: str, key: str) -> bytes:
        """An object's bytes; raises KeyError when there is no such object."""
        return self.path(bucket, key).read_bytes()

    def head(self, bucket: str, key: str) -> int | None:
        """An object's size in bytes, None when there is no such object."""
        try:
            return self.path(bucket, key).stat().st_size
        except KeyError:
            return None

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Write an object, its bucket included when that is new."""
        with self.writing(bucket, key) as file:
            file.write(body)

    def writing(self, bucket: str, key: str) -> _ObjectWriter:
        """A context manager that gives a binary file, which becomes the object when no exception was raised."""
        return _ObjectWriter(self._make_way(bucket, key))

    def adopt(self, bucket: str, key: str, path: Path) -> None:
        """Make a finished file of the same file system the object; it is gone from where it was."""
        path.replace(self._make_way(bucket, key))

    def delete(self, bucket: str, key: str) -> None:
        """Remove an object and the folders that it leaves empty; one that is not there is no error."""
        try:
            path = self.path(bucket, key)
        except KeyError:
            return
        path.unlink()
        folder = path.parent
        while folder != self._folder(bucket) and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent

    def keys(self, bucket: str) -> Iterator[str]:
        """The keys in a bucket, in no particular order."""
        root = self._folder(bucket)
        for folder, _, names in os.walk(root):
            segments = [_segment(part) for part in Path(folder).relative_to(root).parts]
            for name in names:
                if not name.startswith(_ObjectWriter.PREFIX):
                    yield "/".join([*segments, _segment(name.removesuffix(_SHADOWED))])

    def _folder(self, bucket: str) -> Path:
        return self.root / _file_name(bucket)

    def _plain_path(self, bucket: str, key: str) -> Path:
        return self._folder(bucket).joinpath(*(_file_name(segment) for segment in key.split("/")))

    def _make_way(self, bucket: str, key: str) -> Path:
        plain = self._plain_path(bucket, key)
        for folder in reversed(plain.relative_to(self.root).parents):
            at = self.root / folder
            if at.is_file():
                at.replace(at.with_name(at.name + _SHADOWED))
            at.mkdir(mode=0o700, exist_ok=True)
        return plain.with_name(plain.name + _SHADOWED) if plain.is_dir() else plain


class _ObjectWriter:
    PREFIX = "%writing-"

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> tempfile._TemporaryFileWrapper[bytes]:
        self._file = tempfile.NamedTemporaryFile(dir=self._path.parent, prefix=self.PREFIX, delete=False)
        return self._file

    def __exit__(self, kind: object, *_: object) -> None:
        self._file.close()
        temporary = Path(self._file.name)
        if kind is None:
            temporary.replace(self._path)
        else:
            temporary.unlink()


def _file_name(segment: str) -> str:
    if segment in ("", ".", ".."):
        return _NO_NAME + segment
    return _UNFIT.sub(lambda found: quote(found.group(), safe=""), segment)


def _segment(file_name: str) -> str:
    return unquote(file_name.removeprefix(_NO_NAME))
