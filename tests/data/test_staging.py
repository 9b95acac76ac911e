"""Files and directories appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmapss_data import DataError
from cmapss_data.staging import staged_directory, staged_file


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_file_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    for text in ("first", "second"):
        with staged_file(path) as partial:
            partial.write_text(text)
            assert not path.exists() or path.read_text() == "first"
        assert path.read_text() == text
    assert names(path.parent) == ["file"]


def test_a_file_that_fails_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("first")

    def fail() -> None:
        with staged_file(path) as partial:
            partial.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_text() == "first"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize(("replace", "winner"), [(True, "outer"), (False, "inner")])
def test_of_two_that_make_the_same_directory_one_is_kept_whole(tmp_path: Path, replace: bool, winner: str) -> None:
    path = tmp_path / "directory"
    with staged_directory(path, replace=replace) as outer:
        (outer / "outer").touch()
        with staged_directory(path, replace=replace) as inner:
            (inner / "inner").touch()
        assert names(path) == ["inner"]
    assert names(path) == [winner]
    assert names(tmp_path) == ["directory"]


def test_a_directory_that_fails_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "directory"
    path.mkdir()
    (path / "first").touch()

    def fail() -> None:
        with staged_directory(path, replace=True) as partial:
            (partial / "half").touch()
            raise OSError(28, "No space left on device")

    with pytest.raises(DataError, match=r"directory cannot be made: No space left on device\. Make room"):
        fail()
    assert names(path) == ["first"]
    assert names(tmp_path) == ["directory"]
