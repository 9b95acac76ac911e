"""Which fleet is opened, what it is said to be, and what is refused."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import platformdirs
import pytest

from cmapss_data import DataError, Fleet, open_fleet, own_fleet
from cmapss_data.homes import data_home, imported_directory, synthetic_directory
from cmapss_data.importing import import_fleet, remember
from cmapss_data.marker import MARKER
from tests.data.damaging import change, change_line, linked_copy


def zipped(root: Path, path: Path, folder: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in root.iterdir():
            archive.write(file, folder + file.name)
    return path


def refused(path: Path | None) -> str:
    with pytest.raises(DataError) as caught:
        open_fleet(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_package_loads_neither_numpy_nor_pandas() -> None:
    code = "import sys, cmapss_data; print(sorted({'numpy', 'pandas', 'platformdirs', 'zipfile'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_data_home_is_the_users_unless_the_environment_names_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", "/somewhere")
    assert data_home() == Path("/somewhere/data")
    monkeypatch.delenv("CMAPSS_CONSOLE_HOME")
    assert data_home() == platformdirs.user_data_path("cmapss-console", appauthor=False) / "data"


def test_the_real_set_is_known_by_its_bytes(real: Fleet, home: Path, tmp_path: Path) -> None:
    root = linked_copy(real.root, tmp_path / "anything")
    assert open_fleet(root) == Fleet(root, "nasa")


def test_the_synthetic_set_is_known_by_its_marker(synthetic: Fleet, home: Path) -> None:
    assert open_fleet(synthetic.root) == synthetic


def test_the_right_shape_alone_makes_a_set_unverified_never_real(synthetic: Fleet, home: Path, tmp_path: Path) -> None:
    root = linked_copy(synthetic.root, tmp_path / "fleet")
    (root / MARKER).unlink()
    assert open_fleet(root) == Fleet(root, "unverified")


def test_a_real_set_with_one_digit_changed_is_not_real(real: Fleet, home: Path, tmp_path: Path) -> None:
    root = linked_copy(real.root, tmp_path / "fleet")
    change(root / "train_FD002.txt", change_line(5000, lambda line: line.replace(b".", b".0", 1)))
    assert open_fleet(root).origin == "unverified"


def test_a_synthetic_set_that_was_edited_is_refused(synthetic: Fleet, home: Path, tmp_path: Path) -> None:
    root = linked_copy(synthetic.root, tmp_path / "fleet")
    change(root / "RUL_FD001.txt", change_line(3, lambda line: b"1" + line))
    assert "RUL_FD001.txt was altered after it was made" in refused(root)


def test_a_truncated_test_file_is_refused_by_name(synthetic: Fleet, home: Path, tmp_path: Path) -> None:
    root = linked_copy(synthetic.root, tmp_path / "fleet")
    change(root / "test_FD002.txt", lambda data: data[: len(data) // 2])
    said = refused(root)
    assert said.startswith(f"{root} is no complete C-MAPSS set, 1 of 12 files is faulty: test_FD002.txt is cut off")
    assert said.endswith("else a synthetic one.")


def test_many_faults_are_still_one_line(synthetic: Fleet, home: Path, tmp_path: Path) -> None:
    root = linked_copy(synthetic.root, tmp_path / "fleet")
    for path in root.glob("*_FD00?.txt"):
        path.unlink()
    said = refused(root)
    assert "12 of 12 files are faulty: train_FD001.txt is missing; test_FD001.txt is missing; " in said
    assert "; and 9 more. " in said


@pytest.mark.parametrize("folder", ["", "CMAPSSData/", "a/b/"])
def test_a_zip_is_unpacked_once(synthetic: Fleet, home: Path, tmp_path: Path, folder: str) -> None:
    path = zipped(synthetic.root, tmp_path / "some.zip", folder)
    fleet = open_fleet(path)
    assert fleet.origin == "synthetic"
    assert fleet.root.parent == home / "unpacked"
    unpacked = (fleet.root / "train_FD004.txt").stat()
    assert open_fleet(path) == fleet
    assert (fleet.root / "train_FD004.txt").stat().st_mtime_ns == unpacked.st_mtime_ns
    assert [entry.name for entry in (home / "unpacked").iterdir()] == [fleet.root.name]


def test_an_unpacked_copy_that_was_damaged_is_unpacked_again(synthetic: Fleet, home: Path, tmp_path: Path) -> None:
    path = zipped(synthetic.root, tmp_path / "some.zip")
    fleet = open_fleet(path)
    (fleet.root / "test_FD001.txt").unlink()
    assert open_fleet(path) == fleet
    assert fleet.info().ok


def test_a_directory_may_hold_just_the_zip(real_data: Path, home: Path) -> None:
    assert open_fleet(real_data.parent).origin == "nasa"


def test_a_zip_with_a_faulty_file_is_refused_and_leaves_nothing(synthetic: Fleet, home: Path, tmp_path: Path) -> None:
    root = linked_copy(synthetic.root, tmp_path / "fleet")
    change(root / "test_FD002.txt", change_line(77, lambda line: b" ".join(line.split()[:25])))
    path = zipped(root, tmp_path / "faulty.zip")
    said = refused(path)
    assert said.startswith(f"{path} is no complete C-MAPSS set")
    assert "test_FD002.txt, line 77 has 25 columns, expected 26" in said
    assert not any((home / "unpacked").iterdir())


def test_what_is_neither_directory_nor_zip_is_refused(home: Path, tmp_path: Path) -> None:
    assert refused(tmp_path / "nothing").startswith(f"{tmp_path / 'nothing'} does not exist. Name a directory")
    (tmp_path / "text").write_text("text")
    assert refused(tmp_path / "text").startswith(f"{tmp_path / 'text'} is neither a directory nor a zip. ")


def test_a_zip_that_was_cut_off_is_told_from_no_zip(synthetic: Fleet, home: Path, tmp_path: Path) -> None:
    path = zipped(synthetic.root, tmp_path / "some.zip")
    path.write_bytes(path.read_bytes()[:100_000])
    said = refused(path)
    assert said.startswith(f"{path} is a zip without its end, cut off after 100,000 bytes. Get CMAPSSData.zip again")


def test_without_a_path_the_synthetic_set_is_made_once(home: Path) -> None:
    fleet = open_fleet()
    assert fleet == Fleet(synthetic_directory(home), "synthetic")
    made = (fleet.root / MARKER).stat().st_mtime_ns
    assert open_fleet() == fleet
    assert (fleet.root / MARKER).stat().st_mtime_ns == made
    (fleet.root / "train_FD001.txt").unlink()
    assert open_fleet().info().ok


def test_without_a_path_the_imported_set_comes_first(real: Fleet, home: Path) -> None:
    import_fleet(real.root)
    assert open_fleet() == Fleet(imported_directory(home), "nasa")


def test_an_imported_set_that_was_damaged_is_not_passed_over(real: Fleet, home: Path) -> None:
    imported_directory(home).parent.mkdir(parents=True)
    linked_copy(real.root, imported_directory(home))
    change(imported_directory(home) / "RUL_FD004.txt", change_line(1, lambda line: b"9" + line))
    said = refused(None)
    assert "RUL_FD004.txt differs from the real file in lines 1–10 (1,085 bytes, the real file has 1,084)" in said
    assert said.endswith("Import the real set again: cmapss-console data import ZIP|DIR.")


def test_a_home_that_cannot_be_written_is_one_line(
    synthetic: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path / "file"))
    assert "cannot be made: " in refused(None)
    path = zipped(synthetic.root, tmp_path / "some.zip")
    assert "CMAPSS_CONSOLE_HOME" in refused(path)


def test_a_machine_has_its_own_real_and_synthetic_sets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, real_data: Path
) -> None:
    monkeypatch.setenv("CMAPSS_CONSOLE_HOME", str(tmp_path))
    with pytest.raises(DataError, match="not on this machine"):
        own_fleet("nasa")
    remember(open_fleet(real_data))
    assert own_fleet().origin == own_fleet("nasa").origin == "nasa"
    assert own_fleet("synthetic").origin == "synthetic"
