"""The region's objects as moto's S3 shows them, and what S3 clients write as the region's objects.

The files of the object store are what is kept; moto's backend is brought in line with them before a request, and they
with it afterwards. To be imported only when S3 is first asked, for it loads moto.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from weakref import WeakSet

from moto.s3.models import FakeAcl, FakeGrant, FakeGrantee, FakeKey, s3_backends

from cmapss_sandbox.objects import About, ObjectStore

_PARTITION = "aws"
# What moto has of a key besides its bytes and its metadata, as JSON has it too.
_ATTRIBUTES = (
    *("_storage_class", "_etag", "_version_id", "_is_versioned", "encryption", "kms_key_id", "bucket_key_enabled"),
    *("lock_mode", "lock_legal_status", "lock_until", "website_redirect_location"),
    *("checksum_algorithm", "checksum_value", "checksum_type", "checksum_parts"),
)

_Stamp = tuple[int, int, int]


class StoredKey(FakeKey):
    """A key of moto's whose bytes are in a file of the object store, read when they are asked for."""

    def __init__(self, path: Path, name: str, **named: Any) -> None:
        self._path = path
        super().__init__(name=name, value=b"", **named)
        self.contentsize = path.stat().st_size

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
        # What moto has been shown of each file: when it was written and put there, and its size.
        self._shown: dict[str, dict[str, _Stamp]] = {}
        # Keys of moto's that have their bytes in the process, and in a file as well.
        self._kept: WeakSet[FakeKey] = WeakSet()

    def show(self, bucket: str | None, key: str | None) -> None:
        """Before a request: let moto see the buckets, and the key or all the keys that the request may touch."""
        there = set(self._objects.buckets())
        for name in there - self._shown.keys():
            if name not in self._backend.buckets:
                self._backend.create_bucket(name, self._region_name)
            self._date(name)
            self._shown[name] = {}
        for name in self._shown.keys() - there:
            self._drop_bucket(name)
        if bucket is None:
            self._backend.buckets = dict(sorted(self._backend.buckets.items()))
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
        self._date(bucket)
        shown = self._shown.setdefault(bucket, {})
        keys = self._backend.buckets[bucket].keys
        names = [key] if key else [*keys, *(name for name in shown if name not in keys)]
        for name in names:
            found = keys.get(name)
            if not isinstance(found, FakeKey):
                self._objects.delete(bucket, name)
                shown.pop(name, None)
            elif not isinstance(found, StoredKey) and found not in self._kept:
                self._keep_new(bucket, name, found)
            elif key:
                about = self._about(found)
                if about != self._objects.about(bucket, name):
                    self._objects.describe(bucket, name, about)

    def _date(self, bucket: str) -> None:
        # moto takes the machine's time, anew whenever it is shown the bucket.
        self._backend.buckets[bucket].creation_date = self._objects.created(bucket)

    def _keep_new(self, bucket: str, name: str, found: FakeKey) -> None:
        self._objects.put(bucket, name, found.value, self._about(found))
        path = self._objects.path(bucket, name)
        self._shown[bucket][name] = _stamp(path)
        self._kept.add(found)
        found.last_modified = _modified(path)

    def _about(self, key: FakeKey) -> dict[str, Any]:
        return {
            **{name: value for name in _ATTRIBUTES if (value := getattr(key, name)) is not None},
            "metadata": dict(key.metadata),
            "tags": self._backend.tagger.get_tag_dict_for_resource(key.arn),
            "grants": [
                [[[grantee.id, grantee.uri, grantee.display_name] for grantee in grant.grantees], grant.permissions]
                for grant in (key.acl.grants if key.acl else [])
            ],
        }

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
            keys.setlist(key, [self._read_key(bucket, key, path)])
            shown[key] = stamp

    def _read_key(self, bucket: str, name: str, path: Path) -> FakeKey:
        named: dict[str, Any] = {"account_id": self._account, "region_name": self._region_name, "bucket_name": bucket}
        if self._backend.buckets[bucket].is_versioned:
            # The file is the next version's when there is one, so this one has its bytes to itself.
            key = FakeKey(name=name, value=path.read_bytes(), **named)
            self._kept.add(key)
        else:
            key = StoredKey(path, name, **named)
        key.last_modified = _modified(path)
        self._describe(key, self._objects.about(bucket, name))
        return key

    def _describe(self, key: FakeKey, about: About) -> None:
        """Let moto's key be what was said about it when it was kept."""
        if not about:
            return
        for attribute in _ATTRIBUTES:
            if attribute in about:
                setattr(key, attribute, about[attribute])
        key.metadata.update(about.get("metadata", {}))
        key.acl = FakeAcl(
            [
                FakeGrant([FakeGrantee(*grantee) for grantee in grantees], permissions)
                for grantees, permissions in about.get("grants", [])
            ]
        )
        self._backend.tagger.delete_all_tags_for_resource(key.arn)
        self._backend.tagger.tag_resource(
            key.arn, self._backend.tagger.convert_dict_to_tags_input(about.get("tags", {}))
        )

    def _drop_bucket(self, name: str) -> None:
        dropped = self._backend.buckets.pop(name, None)
        if dropped is not None:
            for key in list(dropped.keys):
                dropped.keys.pop(key)
            s3_backends.bucket_accounts.pop(name, None)
        del self._shown[name]


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)


def _stamp(path: Path) -> _Stamp:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size
