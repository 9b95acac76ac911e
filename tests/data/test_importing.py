"""The real set comes in whole and undamaged, or not at all."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmapss_data import DataError, Fleet
from cmapss_data.archive import MAX_BYTES, unpack
from cmapss_data.damage import fault
from cmapss_data.files import FILES, README
from cmapss_data.importing import import_fleet
from tests.data.damaging import change, change_line, linked_copy


@pytest.fixture
def copy(real: Fleet, tmp_path: Path) -> Path:
    return linked_copy(real.root, tmp_path / "copy")


def refused(source: Path, home: Path) -> str:
    """What is said of a set that may not be imported; nothing may be left of it."""
    with pytest.raises(DataError) as caught:
        import_fleet(source, home)
    assert "\n" not in str(caught.value)
    assert not home.exists() or not any(home.iterdir())
    return str(caught.value)


def test_the_zip_is_imported_byte_for_byte(real_data: Path, real: Fleet) -> None:
    assert real.origin == "nasa"
    assert real.info().ok
    with zipfile.ZipFile(real_data) as archive:
        assert {path.name for path in real.root.iterdir()} == {*FILES, README}
        for path in real.root.iterdir():
            assert path.read_bytes() == archive.read(path.name)


def test_a_directory_is_imported_with_nothing_but_the_known_files(copy: Path, tmp_path: Path) -> None:
    (copy / "notes.txt").write_text("mine")
    change(copy / README, lambda data: data + b"mine")
    fleet = import_fleet(copy, tmp_path / "home")
    assert fleet == Fleet(tmp_path / "home" / "nasa", "nasa")
    assert {path.name for path in fleet.root.iterdir()} == set(FILES)
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["nasa"]


def test_an_earlier_import_is_replaced_only_by_a_sound_one(copy: Path, real: Fleet, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "nasa").mkdir(parents=True)
    (home / "nasa" / "old").touch()
    change(copy / "RUL_FD001.txt", lambda data: data[:-3])
    with pytest.raises(DataError):
        import_fleet(copy, home)
    assert [path.name for path in (home / "nasa").iterdir()] == ["old"]
    assert import_fleet(real.root, home).info().ok
    assert [path.name for path in home.iterdir()] == ["nasa"]
    assert not (home / "nasa" / "old").exists()


@pytest.mark.parametrize(
    ("name", "edit", "said"),
    [
        (
            "train_FD001.txt",
            lambda data: data.replace(b"\n", b"\r\n"),
            "train_FD001.txt has CRLF line ends instead of LF, and is the real file otherwise",
        ),
        (
            "train_FD001.txt",
            lambda data: data.replace(b"  \n", b"\n"),
            "train_FD001.txt has lost the blanks at the ends of its lines, and is the real file otherwise",
        ),
        (
            "RUL_FD001.txt",
            lambda data: data[:-1],
            "RUL_FD001.txt has other blanks or line ends, and is the real file otherwise",
        ),
        (
            "test_FD001.txt",
            lambda data: data[:1_000_000],
            "test_FD001.txt is cut off: it ends in the middle of line 5,880, expected 13,096 lines "
            "(1,000,000 bytes, the real file has 2,228,855)",
        ),
        (
            "test_FD001.txt",
            lambda data: data[: data.index(b"\n", 1_000_000) + 1],
            "test_FD001.txt is cut off after line 5,880 ",
        ),
        ("test_FD001.txt", lambda data: b"", "test_FD001.txt is empty, expected 13,096 lines (0 bytes, "),
        (
            "test_FD001.txt",
            lambda data: b"version https://git-lfs.github.com/spec/v1\n",
            "test_FD001.txt, line 1 has 2 columns, expected 26",
        ),
        (
            "train_FD003.txt",
            change_line(20_001, lambda line: line.replace(b"518.67", b"518.76")),
            "train_FD003.txt differs from the real file in lines 20,001–20,500 (4,213,862 bytes, ",
        ),
        (
            "train_FD003.txt",
            lambda data: data.replace(b"391 2388", b"392 2388"),
            "train_FD003.txt differs from the real file in lines 1–500 and 49 more places (",
        ),
    ],
    ids=["crlf", "stripped", "newline", "cut-in-line", "cut-between", "empty", "pointer", "digit", "digits"],
)
def test_each_kind_of_damage_is_named(
    copy: Path, tmp_path: Path, name: str, edit: Callable[[bytes], bytes], said: str
) -> None:
    change(copy / name, edit)
    message = refused(copy, tmp_path / "home")
    assert message.startswith(f"{copy} is no complete C-MAPSS set, 1 of 12 files is faulty: {said}")
    assert message.endswith(
        "Nothing was imported; get an undamaged copy of these files from NASA's data set 6 (C-MAPSS)."
    )


def test_swapped_files_are_told_apart(copy: Path, tmp_path: Path) -> None:
    (copy / "train_FD001.txt").rename(copy / "swap")
    (copy / "train_FD003.txt").rename(copy / "train_FD001.txt")
    (copy / "swap").rename(copy / "train_FD003.txt")
    said = refused(copy, tmp_path / "home")
    assert "2 of 12 files are faulty: train_FD001.txt holds what belongs into train_FD003.txt; " in said


def test_a_missing_file_is_named(copy: Path, tmp_path: Path) -> None:
    (copy / "RUL_FD003.txt").unlink()
    assert "1 of 12 files is faulty: RUL_FD003.txt is missing. " in refused(copy, tmp_path / "home")


def test_a_synthetic_set_is_not_imported(synthetic: Fleet, tmp_path: Path) -> None:
    said = refused(synthetic.root, tmp_path / "home")
    assert said == f"{synthetic.root} is a synthetic set, as its SYNTHETIC.txt says. Only the real set can be imported."


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, FILES["RUL_FD002.txt"].bytes - 1), byte=st.integers(0, 255))
def test_any_changed_byte_is_found_and_placed(real: Fleet, tmp_path: Path, at: int, byte: int) -> None:
    name = "RUL_FD002.txt"
    data = (real.root / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(data[:at] + bytes([byte]) + data[at + 1 :])
    said = fault(path, FILES[name].sha256)
    if data[at] == byte:
        assert said is None
        return
    assert said is not None
    assert said.startswith(name)
    assert "\n" not in said
    if "differs from the real file in lines" in said:
        first, last = said.split(" in lines ")[1].split(" ")[0].split("–")
        assert int(first) <= data.count(b"\n", 0, at) + 1 <= int(last)


# Archives


def archive_of(path: Path, **members: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def unpack_refused(source: Path, directory: Path) -> str:
    directory.mkdir()
    with pytest.raises(DataError) as caught:
        unpack(source, directory)
    assert "\n" not in str(caught.value)
    return caught.value.problem


@pytest.mark.parametrize("name", ["../train_FD001.txt", "/etc/train_FD001.txt", "a/../../x", "C:\\train_FD001.txt"])
def test_a_path_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    source = archive_of(tmp_path / "evil.zip", **{"RUL_FD001.txt": "7 \n", name: "x"})
    assert unpack_refused(source, tmp_path / "out").startswith(f"{source} holds the unsafe path ")
    assert {path.name for path in tmp_path.iterdir()} == {"evil.zip", "out"}


def test_only_known_names_are_unpacked(tmp_path: Path) -> None:
    source = archive_of(
        tmp_path / "a.zip", **{"x/RUL_FD001.txt": "7", "x/run.sh": "x", "__MACOSX/._RUL_FD001.txt": "x"}
    )
    (tmp_path / "out").mkdir()
    unpack(source, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["RUL_FD001.txt"]


def test_a_zip_of_the_zip_is_unpacked(real_data: Path, real: Fleet, tmp_path: Path) -> None:
    source = archive_of(
        tmp_path / "outer.zip", **{"6. Turbofan Engine Degradation/CMAPSSData.zip": real_data.read_bytes()}
    )
    assert import_fleet(source, tmp_path / "home").info().ok


def test_a_zip_in_a_zip_in_a_zip_is_not_followed(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("CMAPSSData.zip", b"whatever")
    source = archive_of(tmp_path / "outer.zip", **{"CMAPSSData.zip": inner.getvalue()})
    (tmp_path / "out").mkdir()
    unpack(source, tmp_path / "out")
    assert not any((tmp_path / "out").iterdir())


def test_the_same_file_twice_is_refused(tmp_path: Path) -> None:
    source = archive_of(tmp_path / "a.zip", **{"a/RUL_FD001.txt": "7", "b/RUL_FD001.txt": "8"})
    said = unpack_refused(source, tmp_path / "out")
    assert said == f"{source} holds RUL_FD001.txt twice: a/RUL_FD001.txt and b/RUL_FD001.txt"


def test_a_file_that_would_grow_beyond_bounds_is_refused(tmp_path: Path) -> None:
    source = archive_of(tmp_path / "bomb.zip", **{"RUL_FD001.txt": bytes(MAX_BYTES + 1)})
    assert unpack_refused(source, tmp_path / "out").startswith(f"{source} holds RUL_FD001.txt with 64,000,001 bytes")
    assert not any((tmp_path / "out").iterdir())


def test_a_zip_of_something_else_is_refused(tmp_path: Path) -> None:
    source = archive_of(tmp_path / "a.zip", **{"letter.txt": "x"})
    assert unpack_refused(source, tmp_path / "out") == f"{source} holds no file of C-MAPSS, such as train_FD001.txt"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_zip_is_one_line_or_unpacks_to_the_same(tmp_path: Path, data: st.DataObject) -> None:
    content = "".join(f"{number} \n" for number in range(100))
    source = archive_of(tmp_path / "a.zip", **{"RUL_FD001.txt": content, "RUL_FD003.txt": content[::-1]})
    sound = source.read_bytes()
    at = data.draw(st.integers(0, len(sound) - 1))
    source.write_bytes(sound[:at] + data.draw(st.binary(max_size=2)) + sound[at + 1 :])
    out = tmp_path / "out"
    out.mkdir(exist_ok=True)
    said = ""
    try:
        unpack(source, out)
    except DataError as error:
        said = str(error)
    assert "\n" not in said
    # What came out before a fault was found is checksummed, file by file.
    for path in out.iterdir():
        assert path.read_text() == (content if path.name == "RUL_FD001.txt" else content[::-1])
        path.unlink()
