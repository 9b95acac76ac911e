"""Tables that write through to one SQLite file, so that a killed region continues where it was."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from cmapss_sandbox.errors import SandboxError

Record = dict[str, Any]

# What the records mean; a state of another number is of no use here.
FORMAT = 2
_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    position INTEGER PRIMARY KEY,
    collection TEXT NOT NULL,
    key TEXT NOT NULL,
    record TEXT NOT NULL,
    UNIQUE (collection, key)
)
"""
_UPSERT = """
INSERT INTO records (collection, key, record) VALUES (?, ?, ?)
ON CONFLICT (collection, key) DO UPDATE SET record = excluded.record
"""
_DATETIME = "$datetime"
FILE = "region.sqlite"


class Table(MutableMapping[str, Record]):
    """One kind of resource by key, in order of creation; records are replaced, never changed in place.

    A record holds JSON values and aware datetimes; tuples come back as lists after a restart.
    """

    def __init__(self, store: Store, name: str, records: dict[str, Record]) -> None:
        self._store = store
        self._name = name
        self._records = records

    def __getitem__(self, key: str) -> Record:
        return self._records[key]

    def __setitem__(self, key: str, record: Record) -> None:
        with self._store.lock:
            self._store.write(self._name, key, record)
            self._records[key] = record

    def __delitem__(self, key: str) -> None:
        with self._store.lock:
            if key not in self._records:
                raise KeyError(key)
            self._store.write(self._name, key, None)
            del self._records[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._records)

    def clear(self) -> None:
        """Forget every record, in one go."""
        with self._store.lock:
            if self._records:
                self._store.clear(self._name)
                self._records.clear()

    def __contains__(self, key: object) -> bool:
        return key in self._records

    def replace(self, records: dict[str, Record]) -> None:
        """Take the records that the file holds, after changes to them have been rolled back there."""
        self._records = records


def set_aside(state: Path) -> Path | None:
    """Move what another version of the sandbox has left in a state folder into a folder within, and return that.

    None where there is nothing to move: the state is new, of this version, damaged, or in use.
    """
    path = state / FILE
    if not path.is_file():
        return None
    try:
        with closing(sqlite3.connect(path, timeout=0)) as connection:
            [version] = connection.execute("PRAGMA user_version").fetchone()
            empty = connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None
    except sqlite3.DatabaseError:
        return None
    if empty or version == FORMAT:
        return None
    aside = next(aside for n in count(1) if not (aside := state / f"format-{version}-{n}").exists())
    aside.mkdir(mode=0o700)
    for left in [*state.glob(f"{FILE}*"), *state.glob("objects*")]:
        left.rename(aside / left.name)
    return aside


class Store:
    """The SQLite file of a state folder, held exclusively: raises SandboxError when another sandbox has it."""

    def __init__(self, path: Path, lock: threading.RLock | None = None) -> None:
        self.lock = lock or threading.RLock()
        self._tables: dict[str, Table] = {}
        self._touched: set[str] = set()
        self._depth = 0
        path.touch(mode=0o600)
        self._connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            # The exclusive mode keeps SQLite's own file lock until the end of the process, however it ends.
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._connection.execute("PRAGMA journal_mode = WAL")
            # What is committed is with the operating system, which keeps it when this process is killed; only a
            # machine that loses its power may lose the last commits, never a part of one.
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute(_SCHEMA)
            self._connection.execute(f"PRAGMA user_version = {FORMAT}")
            self._connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            self._connection.close()
            if "locked" not in str(error):
                raise SandboxError(f"The state in {path.parent} cannot be opened: {error}.") from error
            raise SandboxError(
                f"Another sandbox is running on the state folder {path.parent}: stop it, or name another folder."
            ) from error
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise SandboxError(f"{path} is not a sandbox's state: move it away and start again.") from error

    def table(self, name: str) -> Table:
        """The table of that name, empty when it is new; one that is known is found without the lock."""
        known = self._tables.get(name)
        if known is not None:
            return known
        with self.lock:
            if name not in self._tables:
                self._tables[name] = Table(self, name, self._read(name))
            return self._tables[name]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside, or none of them when it is left by an exception, on disk and in memory."""
        with self.lock:
            self._depth += 1
            try:
                yield
            except BaseException:
                if self._depth == 1:
                    self._roll_back()
                raise
            else:
                if self._depth == 1:
                    self._commit()
            finally:
                self._depth -= 1

    def write(self, collection: str, key: str, record: Mapping[str, Any] | None) -> None:
        """Write one record through, or delete it when it is None; called by the tables with the lock held."""
        encoded = None if record is None else _encode(record)
        self._begin(collection)
        if encoded is None:
            self._connection.execute("DELETE FROM records WHERE collection = ? AND key = ?", (collection, key))
        else:
            self._connection.execute(_UPSERT, (collection, key, encoded))

    def clear(self, collection: str) -> None:
        """Delete all records of a table at once; called by the tables with the lock held."""
        self._begin(collection)
        self._connection.execute("DELETE FROM records WHERE collection = ?", (collection,))

    @property
    def dirty(self) -> bool:
        """Whether the running transaction has changed anything."""
        return bool(self._touched)

    def close(self) -> None:
        """Close the file and let another sandbox have it."""
        with self.lock:
            self._connection.close()

    def _begin(self, collection: str) -> None:
        """Note that a table is about to change, in the database's transaction if one is running here."""
        if self._depth:
            self._touched.add(collection)
            if not self._connection.in_transaction:
                self._connection.execute("BEGIN IMMEDIATE")

    def _commit(self) -> None:
        if self._connection.in_transaction:
            try:
                self._connection.execute("COMMIT")
            except sqlite3.Error:
                self._roll_back()
                raise
        self._touched.clear()

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        for name in self._touched & self._tables.keys():
            self._tables[name].replace(self._read(name))
        self._touched.clear()

    def _read(self, name: str) -> dict[str, Record]:
        rows = self._connection.execute(
            "SELECT key, record FROM records WHERE collection = ? ORDER BY position", (name,)
        )
        return {key: _decode(record) for key, record in rows}


def _encode(record: Mapping[str, Any]) -> str:
    return json.dumps(record, default=_tag, separators=(",", ":"))


def _tag(value: object) -> dict[str, str]:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return {_DATETIME: value.isoformat()}
    raise TypeError(f"A record holds JSON values and aware datetimes, not {value!r}.")


def _decode(text: str) -> Record:
    record: Record = json.loads(text, object_hook=_untag)
    return record


def _untag(value: dict[str, Any]) -> Any:
    if value.keys() == {_DATETIME}:
        return datetime.fromisoformat(value[_DATETIME])
    return value
