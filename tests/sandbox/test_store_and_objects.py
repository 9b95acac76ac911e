"""What a region keeps: tables in one file, objects as files, pages by token."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_sandbox.errors import SandboxError
from cmapss_sandbox.objects import ObjectStore
from cmapss_sandbox.region import Region
from cmapss_sandbox.store import FILE, Store
from tests.sandbox.conftest import NOON

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
_MOMENTS = st.integers(0, 10**9).map(lambda seconds: NOON + timedelta(seconds=seconds, microseconds=seconds % 10**6))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.dictionaries(st.text(max_size=3), _JSON | _MOMENTS))))
def test_what_is_written_is_read_again_in_the_same_order(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, dict[str, Any] | None]]
) -> None:
    path = tmp_path_factory.mktemp("store") / "region.sqlite"
    store = Store(path)
    table = store.table("things")
    for key, record in changes:
        if record is None:
            table.pop(key, None)
        else:
            table[key] = record
    expected = list(table.items())
    store.close()
    again = Store(path)
    assert list(again.table("things").items()) == expected
    again.close()


def test_a_transaction_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    store = Store(tmp_path / "region.sqlite")
    table = store.table("things")
    table["kept"] = {"n": 1}
    with store.transaction():
        table["also kept"] = {"n": 1}

    def fail_halfway() -> None:
        with store.transaction():
            table["kept"] = {"n": 2}
            table["new"] = {}
            del table["also kept"]
            with store.transaction():
                table["inner"] = {}
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    expected = {"kept": {"n": 1}, "also kept": {"n": 1}}
    assert dict(table) == expected
    store.close()
    assert dict(Store(tmp_path / "region.sqlite").table("things")) == expected


def test_what_the_disk_has_no_room_for_changes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "region.sqlite")
    table = store.table("things")
    table["kept"] = {"n": 1}
    store._connection.execute("PRAGMA max_page_count = 8")  # a disk that is nearly full

    def write_too_much() -> None:
        with store.transaction():
            table["kept"] = {"n": 2}
            for number in range(100):
                table[f"much-{number}"] = {"text": "x" * 4096}

    with pytest.raises(sqlite3.OperationalError, match="full"):
        write_too_much()
    assert dict(table) == {"kept": {"n": 1}}
    table["kept"] = {"n": 3}
    store.close()
    assert dict(Store(tmp_path / "region.sqlite").table("things")) == {"kept": {"n": 3}}


@pytest.mark.parametrize("value", [object(), b"bytes", {1}, NOON.replace(tzinfo=None)])
def test_only_json_and_aware_times_are_records(tmp_path: Path, value: Any) -> None:
    store = Store(tmp_path / "region.sqlite")
    with pytest.raises(TypeError):
        store.table("things")["a"] = {"value": value}
    assert not store.table("things")


def test_a_second_sandbox_on_the_same_folder_is_told_so(tmp_path: Path) -> None:
    region = Region(tmp_path / "state")
    with pytest.raises(SandboxError, match="Another sandbox is running on the state folder"):
        Region(tmp_path / "state")
    region.close()
    Region(tmp_path / "state").close()


def test_a_file_that_is_no_state_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "region.sqlite").write_bytes(b"not a database, but long enough to look at " * 100)
    with pytest.raises(SandboxError, match="is not a sandbox's state"):
        Region(tmp_path)


def test_the_state_is_for_its_user_alone(tmp_path: Path) -> None:
    region = Region(tmp_path / "state")
    region.objects.put("bucket", "a/b", b"x")
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [region.state, *region.state.rglob("*")]}
    region.close()
    assert {mode for path, mode in modes.items() if path.suffix not in (".sqlite-wal", ".sqlite-shm")} == {0o700, 0o600}


def test_a_killed_region_continues_with_its_tables_and_events(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from datetime import timedelta; from pathlib import Path\n"
        "from cmapss_sandbox.region import Region\n"
        "region = Region(Path(sys.argv[1]), paused=True)\n"
        "with region.transaction():\n"
        "    region.table('things')['a'] = {'n': 1}\n"
        "    region.schedule(region.now() + timedelta(minutes=5), 'happens', n=2)\n"
        "region.advance(60)\n"
        "half = region.store.transaction(); half.__enter__(); region.table('things')['half'] = {}\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(tmp_path / "state")], check=False)
    assert killed.returncode == -signal.SIGKILL
    region = Region(tmp_path / "state", paused=True, strict=True)
    assert dict(region.table("things")) == {"a": {"n": 1}}
    ran: list[int] = []
    region.on("happens", lambda region, n: ran.append(n))
    region.advance(239)
    assert ran == []
    region.advance(2)
    assert ran == [2]
    region.close()


_SEGMENTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=4) | st.sampled_from(
    ["", ".", "..", "a", "%", "\0", "%_"]
)
_KEYS = st.lists(_SEGMENTS, min_size=1, max_size=4).map("/".join).filter(lambda key: key)


@given(st.dictionaries(_KEYS, st.binary(max_size=4), min_size=1, max_size=12), st.sets(_KEYS, max_size=4))
def test_any_key_is_a_file_of_its_own_inside_the_bucket(
    tmp_path_factory: pytest.TempPathFactory, objects: dict[str, bytes], absent: set[str]
) -> None:
    store = ObjectStore(tmp_path_factory.mktemp("objects"))
    for key, body in objects.items():
        store.put("bucket", key, body)
    assert sorted(store.keys("bucket")) == sorted(objects)
    for key, body in objects.items():
        assert (store.get("bucket", key), store.head("bucket", key)) == (body, len(body))
        assert store.path("bucket", key).is_relative_to(store.root / "bucket")
    for key in absent - objects.keys():
        assert store.head("bucket", key) is None
        with pytest.raises(KeyError):
            store.get("bucket", key)
    for key in objects:
        store.delete("bucket", key)
    assert list(store.keys("bucket")) == []
    assert list((store.root / "bucket").iterdir()) == []


def test_a_bucket_is_a_folder_of_the_store_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("not an object")
    store = ObjectStore(tmp_path / "objects")
    for bucket in ("..", ".", ""):
        assert store.head(bucket, "secret") is None
        assert store.head(bucket, "../secret") is None


def test_an_object_that_could_not_be_written_whole_is_not_there(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    store.put("bucket", "key", b"before")

    def fail_halfway() -> None:
        with store.writing("bucket", "key") as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    assert store.get("bucket", "key") == b"before"
    assert os.listdir(tmp_path / "bucket") == ["key"]


def test_what_was_half_written_when_a_process_was_killed_is_gone(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from cmapss_sandbox.objects import ObjectStore\n"
        "store = ObjectStore(Path(sys.argv[1]))\n"
        "store.put('bucket', 'a/key', b'before')\n"
        "with store.writing('bucket', 'a/key') as file:\n"
        "    file.write(b'half'); file.flush()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(tmp_path / "objects")], check=False)
    assert killed.returncode == -signal.SIGKILL
    before = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    store = ObjectStore(tmp_path / "objects")
    assert len(before) == 2
    assert store.buckets() == ["bucket"]
    assert list(store.keys("bucket")) == ["a/key"]
    assert store.get("bucket", "a/key") == b"before"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [store.path("bucket", "a/key")]


def test_more_is_said_of_an_object_that_is_written_again(tmp_path: Path) -> None:
    objects = ObjectStore(tmp_path)
    objects.put("models", "model.tar.gz", b"trained here")
    objects.put("models", "model.tar.gz", b"put by a client", {"ETag": "1"})
    assert objects.path("models", "model.tar.gz").read_bytes() == b"put by a client"
    assert objects.about("models", "model.tar.gz") == {"ETag": "1"}


def test_a_bucket_is_empty_though_a_killed_process_left_the_folders_of_its_keys(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    store.create_bucket("bucket")
    (tmp_path / "bucket" / "a" / "b").mkdir(parents=True)
    assert list(store.keys("bucket")) == []
    store.delete_bucket("bucket")
    assert store.buckets() == []
    store.put("full", "key", b"x")
    with pytest.raises(OSError, match="not empty"):
        store.delete_bucket("full")


def test_keys_of_one_folder_come_and_go_at_the_same_time(tmp_path: Path) -> None:
    """A folder that one deletion finds empty may be the one that another object is about to be in."""
    store, failures = ObjectStore(tmp_path), []

    def come_and_go(name: str) -> None:
        try:
            for _ in range(150):
                store.put("bucket", f"deep/down/{name}", b"x")
                store.delete("bucket", f"deep/down/{name}")
        except OSError as error:
            failures.append(error)

    threads = [threading.Thread(target=come_and_go, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_table_is_found_while_somebody_else_holds_the_lock(tmp_path: Path) -> None:
    store = Store(tmp_path / "region.sqlite")
    table = store.table("things")
    found: list[Any] = []
    with store.lock:
        finder = threading.Thread(target=lambda: found.append(store.table("things")))
        finder.start()
        finder.join(10)
        assert found == [table]
    store.close()


def test_the_state_of_another_version_is_set_aside_and_kept(tmp_path: Path) -> None:
    older = Region(tmp_path, now=NOON)
    older.table("endpoints")["engines"] = {"EndpointName": "engines"}
    older.objects.put("models", "model.tar.gz", b"weights")
    older.close()
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute("PRAGMA user_version = 1")
    newer = Region(tmp_path, now=NOON)
    assert newer.set_aside is not None
    assert dict(newer.table("endpoints")) == {}
    assert newer.objects.head("models", "model.tar.gz") is None
    newer.close()
    aside = newer.set_aside
    with closing(sqlite3.connect(aside / FILE)) as connection:
        assert connection.execute("SELECT key FROM records WHERE collection = 'endpoints'").fetchall() == [("engines",)]
    assert any(path.read_bytes() == b"weights" for path in aside.rglob("*") if path.is_file())
    again = Region(tmp_path, now=NOON)
    assert again.set_aside is None
    again.close()


def test_a_table_is_emptied_at_once_and_whole_again_when_that_is_taken_back(tmp_path: Path) -> None:
    store = Store(tmp_path / FILE)
    table = store.table("things")
    for name in ("first", "second"):
        table[name] = {"name": name}

    def empty_and_fail() -> None:
        with store.transaction():
            table.clear()
            assert dict(table) == {}
            raise RuntimeError

    with pytest.raises(RuntimeError):
        empty_and_fail()
    assert list(reversed(table)) == ["second", "first"]
    table.clear()
    store.close()
    assert dict(Store(tmp_path / FILE).table("things")) == {}
