"""The region's objects as moto's S3 shows them, and what S3 clients write as the region's objects.

The files of the object store are what is kept; moto's backend is brought in line with them before a request, and they
with it afterwards. To be imported only when S3 is first asked, for it loads moto.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from moto.s3.models import FakeKey, s3_backends

from cmapss_sandbox.objects import ObjectStore

_PARTITION = "aws"

_Stamp = tuple[int, int]


class StoredKey(FakeKey):
    """A key of moto's whose bytes are in a file of the object store, read when they are asked for."""

    def __init__(self, path: Path, name: str, bucket: str, account: str, region_name: str) -> None:
        self._path = path
        super().__init__(name=name, value=b"", account_id=account, region_name=region_name, bucket_name=bucket)
        stat = path.stat()
        self.contentsize = stat.st_size
        self.last_modified = datetime.fromtimestamp(stat.st_mtime, UTC).replace(tzinfo=None)

    @property
    def value(self) -> bytes:
        return self._path.read_bytes()

    @value.setter
    def value(self, value: bytes) -> None:
        """moto sets it once, to nothing; what is written becomes a key of its own."""

    @property
    def etag(self) -> str:
        if self._etag is None:
            with self._path.open("rb") as file:
                self._etag = hashlib.file_digest(file, "md5").hexdigest()
        return f'"{self._etag}"'


class Mirror:
    """Keeps moto's buckets and the object store alike; one request at a time."""

    def __init__(self, objects: ObjectStore, account: str, region_name: str) -> None:
        self._objects, self._account, self._region_name = objects, account, region_name
        self._backend: Any = s3_backends[account][_PARTITION]
        self._backend.reset()
        # What moto has been shown of each file: when it was written, and its size.
        self._shown: dict[str, dict[str, _Stamp]] = {}

    def show(self, bucket: str | None, key: str | None) -> None:
        """Before a request: let moto see the buckets, and the key or all the keys that the request may touch."""
        there = set(self._objects.buckets())
        for name in there - self._shown.keys():
            if name not in self._backend.buckets:
                self._backend.create_bucket(name, self._region_name)
            self._shown[name] = {}
        for name in self._shown.keys() - there:
            self._drop_bucket(name)
        if bucket not in self._shown:
            return
        names = {key} if key else {*self._objects.keys(bucket), *self._shown[bucket]}
        for name in names:
            self._show_key(bucket, name)

    def keep(self, bucket: str | None, key: str | None) -> None:
        """After a request that may have written: let the object store have what moto has of the bucket or the key."""
        if bucket is None:
            return
        if bucket not in self._backend.buckets:
            self._objects.delete_bucket(bucket)
            self._shown.pop(bucket, None)
            return
        self._objects.create_bucket(bucket)
        shown = self._shown.setdefault(bucket, {})
        keys = self._backend.buckets[bucket].keys
        names = [key] if key else [*keys, *(name for name in shown if name not in keys)]
        for name in names:
            found = keys.get(name)
            if not isinstance(found, FakeKey):
                self._objects.delete(bucket, name)
                shown.pop(name, None)
            elif not isinstance(found, StoredKey):
                self._objects.put(bucket, name, found.value)
                shown[name] = _stamp(self._objects.path(bucket, name))

    def _show_key(self, bucket: str, key: str) -> None:
        shown, keys = self._shown[bucket], self._backend.buckets[bucket].keys
        try:
            path = self._objects.path(bucket, key)
        except KeyError:
            if shown.pop(key, None) is not None and key in keys:
                keys.pop(key)
            return
        stamp = _stamp(path)
        if shown.get(key) != stamp:
            keys.setlist(key, [StoredKey(path, key, bucket, self._account, self._region_name)])
            shown[key] = stamp

    def _drop_bucket(self, name: str) -> None:
        dropped = self._backend.buckets.pop(name, None)
        if dropped is not None:
            for key in list(dropped.keys):
                dropped.keys.pop(key)
            s3_backends.bucket_accounts.pop(name, None)
        del self._shown[name]


def _stamp(path: Path) -> _Stamp:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size
