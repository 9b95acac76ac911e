"""The region's S3 objects as plain files under the state folder, and what is known of each beside it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from cmapss_sandbox.object_files import ObjectFiles

# Among the buckets, whose names' percent signs are encoded.
_UNFINISHED = "%unfinished"
_ABOUT = "%about"
_CREATED = "%created"
_NANOSECONDS_IN_A_MILLISECOND = 1_000_000

About = Mapping[str, Any]


def bucket_and_key(uri: str) -> tuple[str, str]:
    """The bucket and the key or prefix of an S3 URI."""
    location = urlsplit(uri)
    return location.netloc, location.path.lstrip("/")


class ObjectStore:
    """Objects by bucket and key; each is one file, written whole or not at all, however the process ends.

    What is known of an object besides its bytes, as JSON values, is kept in a file of its own and counts for these
    bytes only: a process that is killed between the two leaves the old object or the new one, as a whole.
    Files have the region's time where `now` tells it.
    """

    def __init__(self, root: Path, now: Callable[[], datetime] | None = None) -> None:
        self.root = root
        self._now = now
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Folders come and go with what is in them, so one change of the tree at a time.
        self._lock = threading.RLock()
        self._bodies, self._abouts = ObjectFiles(root), ObjectFiles(root / _ABOUT)
        self._unfinished = root / _UNFINISHED
        shutil.rmtree(self._unfinished, ignore_errors=True)
        self._unfinished.mkdir(mode=0o700)

    def buckets(self) -> list[str]:
        """The names of all buckets, sorted."""
        own = (_UNFINISHED, _ABOUT, _CREATED)
        return sorted(path.name for path in self.root.iterdir() if path.is_dir() and path.name not in own)

    def create_bucket(self, bucket: str) -> None:
        """Make a bucket; one that is there already stays as it is."""
        self._bodies.folder(bucket).mkdir(mode=0o700, exist_ok=True)

    def delete_bucket(self, bucket: str) -> None:
        """Remove a bucket without objects; one that is not there is no error."""
        with self._lock:
            self._bodies.remove_folder(bucket)
            self._created_file(bucket).unlink(missing_ok=True)

    def created(self, bucket: str) -> datetime:
        """When a bucket was made, or first asked about where nobody asked before."""
        path = self._created_file(bucket)
        with self._lock:
            if not path.exists():
                path.parent.mkdir(mode=0o700, exist_ok=True)
                path.touch(mode=0o600)
                self._date(path)
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)

    def path(self, bucket: str, key: str) -> Path:
        """The file that holds an object; raises KeyError when there is no such object."""
        return self._bodies.path(bucket, key)

    def get(self, bucket: str, key: str) -> bytes:
        """An object's bytes; raises KeyError when there is no such object."""
        return self.path(bucket, key).read_bytes()

    def head(self, bucket: str, key: str) -> int | None:
        """An object's size in bytes, None when there is no such object."""
        try:
            return self.path(bucket, key).stat().st_size
        except (KeyError, FileNotFoundError):
            return None

    def about(self, bucket: str, key: str) -> About:
        """What is known of an object besides its bytes; nothing for one of which nothing was ever said."""
        with self._lock:
            try:
                return self._entries(bucket, key).get(_stamp(self.path(bucket, key)), {})
            except KeyError:
                return {}

    def describe(self, bucket: str, key: str, about: About) -> None:
        """Say something else about an object that is there; raises KeyError when there is no such object."""
        with self._lock:
            self._write_about(bucket, key, {_stamp(self.path(bucket, key)): about})

    def put(self, bucket: str, key: str, body: bytes, about: About | None = None) -> None:
        """Write an object, its bucket included when that is new."""
        with self.writing(bucket, key, about) as file:
            file.write(body)

    @contextmanager
    def writing(self, bucket: str, key: str, about: About | None = None) -> Iterator[IO[bytes]]:
        """A context manager that gives a binary file, which becomes the object when no exception was raised."""
        # What a killed process leaves half written is thrown away by the next.
        descriptor, name = tempfile.mkstemp(dir=self._unfinished)
        try:
            with open(descriptor, "wb") as file:
                yield file
            self.adopt(bucket, key, Path(name), about)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def adopt(self, bucket: str, key: str, path: Path, about: About | None = None) -> None:
        """Make a finished file of the same file system the object; it is gone from where it was."""
        with self._lock:
            self._date(path)
            if about is not None:
                # Until the file is in its place, what is known of the one that is there still counts.
                self._write_about(bucket, key, {**self._current(bucket, key), _stamp(path): about})
            path.replace(self._bodies.make_way(bucket, key))
            if about is None:
                self._abouts.delete(bucket, key)

    def delete(self, bucket: str, key: str) -> None:
        """Remove an object and the folders that it leaves empty; one that is not there is no error."""
        with self._lock:
            self._bodies.delete(bucket, key)
            self._abouts.delete(bucket, key)

    def keys(self, bucket: str) -> Iterator[str]:
        """The keys in a bucket, in no particular order."""
        return self._bodies.keys(bucket)

    def _created_file(self, bucket: str) -> Path:
        return self.root / _CREATED / self._bodies.folder(bucket).name

    def _current(self, bucket: str, key: str) -> dict[str, About]:
        try:
            stamp = _stamp(self.path(bucket, key))
        except KeyError:
            return {}
        entries = self._entries(bucket, key)
        return {stamp: entries[stamp]} if stamp in entries else {}

    def _entries(self, bucket: str, key: str) -> dict[str, About]:
        """What is known by the stamp of the file that it is known of."""
        try:
            entries: dict[str, About] = json.loads(self._abouts.path(bucket, key).read_bytes())
        except (KeyError, ValueError):  # nothing was ever said, or the machine stopped while it was written down
            return {}
        return entries

    def _write_about(self, bucket: str, key: str, entries: Mapping[str, About]) -> None:
        descriptor, name = tempfile.mkstemp(dir=self._unfinished)
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(entries, file)
        Path(name).replace(self._abouts.make_way(bucket, key))

    def _date(self, path: Path) -> None:
        """Give a file the region's time, but for a fraction that tells two files of one moment apart."""
        if self._now is not None:
            milliseconds = int(self._now().timestamp() * 1000)
            stamp = milliseconds * _NANOSECONDS_IN_A_MILLISECOND + secrets.randbelow(_NANOSECONDS_IN_A_MILLISECOND)
            os.utime(path, ns=(stamp, stamp))


def _stamp(path: Path) -> str:
    stat = path.stat()
    return f"{stat.st_mtime_ns}-{stat.st_size}"
