"""The region's S3 objects as plain files under the state folder."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import quote, unquote

# What file systems have a use of their own for, and the percent sign, which marks it.
_UNFIT = re.compile(r'[\x00-\x1f\x7f%<>:"\\|?*]')
_SHADOWED = "%"
# Before a segment that a file system would take for no name, or for another folder.
_NO_NAME = "%_"
# Among the buckets, whose names' percent signs are encoded.
_UNFINISHED = "%unfinished"


class ObjectStore:
    """Objects by bucket and key; each is one file, written whole or not at all, however the process ends.

    A key's segments are folder names, percent-encoded where a file system would object. Where a key is at the
    same time the folder of other keys, its file's name ends in a bare percent sign.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Folders come and go with what is in them, so one change of the tree at a time.
        self._lock = threading.Lock()
        self._unfinished = root / _UNFINISHED
        shutil.rmtree(self._unfinished, ignore_errors=True)
        self._unfinished.mkdir(mode=0o700)

    def buckets(self) -> list[str]:
        """The names of all buckets, sorted."""
        return sorted(path.name for path in self.root.iterdir() if path.is_dir() and path != self._unfinished)

    def create_bucket(self, bucket: str) -> None:
        """Make a bucket; one that is there already stays as it is."""
        self._folder(bucket).mkdir(mode=0o700, exist_ok=True)

    def delete_bucket(self, bucket: str) -> None:
        """Remove a bucket without objects; one that is not there is no error."""
        with self._lock:
            # Empty folders may be left of keys whose deletion was the last that a killed process did.
            for folder, _, _ in os.walk(self._folder(bucket), topdown=False):
                os.rmdir(folder)

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

    @contextmanager
    def writing(self, bucket: str, key: str) -> Iterator[IO[bytes]]:
        """A context manager that gives a binary file, which becomes the object when no exception was raised."""
        # What a killed process leaves half written is thrown away by the next.
        descriptor, name = tempfile.mkstemp(dir=self._unfinished)
        try:
            with open(descriptor, "wb") as file:
                yield file
            self.adopt(bucket, key, Path(name))
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def adopt(self, bucket: str, key: str, path: Path) -> None:
        """Make a finished file of the same file system the object; it is gone from where it was."""
        with self._lock:
            path.replace(self._make_way(bucket, key))

    def delete(self, bucket: str, key: str) -> None:
        """Remove an object and the folders that it leaves empty; one that is not there is no error."""
        with self._lock:
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


def _file_name(segment: str) -> str:
    if segment in ("", ".", ".."):
        return _NO_NAME + segment
    return _UNFIT.sub(lambda found: quote(found.group(), safe=""), segment)


def _segment(file_name: str) -> str:
    return unquote(file_name.removeprefix(_NO_NAME))
