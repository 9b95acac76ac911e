"""Rows, frames, channels and reports of a fleet; the same checks hold for the real one and the synthetic one."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from cmapss_data import FEATURES, SUBSETS, DataError, Fleet
from cmapss_data.files import FILES
from tests.data.damaging import change, linked_copy

TEST_ROWS = {"FD001": 13_096, "FD002": 33_991, "FD003": 16_596, "FD004": 41_214}
SPLIT_ROWS = {"train": 108_530, "validation": 51_829}


@pytest.fixture(params=["synthetic", "real"])
def fleet(request: pytest.FixtureRequest) -> Fleet:
    chosen: Fleet = request.getfixturevalue(request.param)
    return chosen


@pytest.mark.parametrize("subset", SUBSETS)
def test_test_rows_are_the_files_rows_without_the_unit(fleet: Fleet, subset: str) -> None:
    rows = fleet.test_rows(subset)
    text = (fleet.root / f"test_{subset}.txt").read_text()
    assert len(rows.lines) == len(rows.rul) == TEST_ROWS[subset]
    assert "".join(f"{line.replace(',', ' ')}  \n" for line in rows.lines) == "".join(
        line.partition(" ")[2] for line in text.splitlines(keepends=True)
    )
    assert rows.rul.dtype == np.float64


@pytest.mark.parametrize("subset", SUBSETS)
def test_the_rul_file_is_the_label_of_every_engines_last_row(fleet: Fleet, subset: str) -> None:
    rows = fleet.test_rows(subset)
    cycles = np.array([int(line.partition(",")[0]) for line in rows.lines])
    ends = np.append(cycles[1:] == 1, True)
    assert rows.rul[ends].tolist() == [float(line) for line in (fleet.root / f"RUL_{subset}.txt").open()]
    assert (np.diff(rows.rul)[~ends[:-1]] == -1).all()


def test_all_test_rows_come_in_well_under_a_second(synthetic: Fleet) -> None:
    synthetic.test_rows("FD001")  # loads pandas
    start = time.process_time()
    rows = sum(len(synthetic.test_rows(subset).lines) for subset in SUBSETS)
    assert rows == 104_897
    # Measured: 0.3 s. Processor time, so that a busy machine does not count.
    assert time.process_time() - start < 1.5


def test_the_splits_have_the_rows_of_their_engines(fleet: Fleet) -> None:
    engines = {"train": 474, "validation": 235}
    for split in ("train", "validation"):
        frame = fleet.training_frame(split)
        assert tuple(frame.columns) == ("rul", *FEATURES)
        assert len(frame) == SPLIT_ROWS[split]
        assert (frame["cycle"] == 1).sum() == (frame["rul"] == 0).sum() == engines[split]


@pytest.mark.parametrize("split", ["train", "validation"])
def test_a_channel_holds_the_frame_with_the_label_first_and_values_as_written(
    fleet: Fleet, split: str, tmp_path: Path
) -> None:
    path = tmp_path / "channel" / f"{split}.csv"
    assert fleet.write_channel(split, path) == SPLIT_ROWS[split]  # type: ignore[arg-type]  # a parameter is a str
    lines = path.read_text().splitlines()
    frame = fleet.training_frame(split)  # type: ignore[arg-type]
    values = np.array([line.split(",") for line in lines], dtype=float)
    np.testing.assert_allclose(values, frame.to_numpy(dtype=float), rtol=1e-15)
    written = {line.partition(" ")[2].rstrip() for line in (fleet.root / "train_FD001.txt").open()}
    first = [line.partition(",")[2].replace(",", " ") for line in lines[:1000]]
    assert written.issuperset(first)
    assert list(path.parent.iterdir()) == [path]


def test_a_channel_of_a_damaged_fleet_is_not_written_in_part(synthetic: Fleet, tmp_path: Path) -> None:
    root = linked_copy(synthetic.root, tmp_path / "fleet")
    change(root / "train_FD004.txt", lambda data: data[:-5000])
    path = tmp_path / "channel" / "train.csv"
    with pytest.raises(DataError, match=r"train_FD004\.txt is cut off"):
        Fleet(root, "synthetic").write_channel("train", path)
    assert list(path.parent.iterdir()) == []


def test_a_channel_that_cannot_be_written_is_one_line(synthetic: Fleet, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"train\.csv cannot be made: "):
        synthetic.write_channel("train", tmp_path / "file" / "train.csv")


def test_a_subset_that_is_none_is_refused(synthetic: Fleet) -> None:
    with pytest.raises(DataError, match=r"there is no subset 'FD005'\. C-MAPSS has FD001, FD002, FD003, FD004\."):
        synthetic.test_rows("FD005")


def test_info_tells_rows_engines_and_sizes_of_every_file(fleet: Fleet) -> None:
    info = fleet.info()
    assert info.ok
    assert (info.origin, info.root) == (fleet.origin, fleet.root)
    assert [(file.name, file.rows, file.engines) for file in info.files] == [
        (facts.name, facts.rows, facts.engines) for facts in FILES.values()
    ]
    assert [file.bytes for file in info.files] == [(fleet.root / name).stat().st_size for name in FILES]


def test_info_tells_damage_instead_of_raising_it(synthetic: Fleet, tmp_path: Path) -> None:
    root = linked_copy(synthetic.root, tmp_path / "fleet")
    change(root / "test_FD003.txt", lambda data: data[: data.index(b"\n2 1 ") + 1])
    (root / "RUL_FD002.txt").unlink()
    info = Fleet(root, "synthetic").info()
    assert not info.ok
    faulty = {file.name: file for file in info.files if not file.ok}
    assert faulty.keys() == {"test_FD003.txt", "RUL_FD002.txt"}
    assert faulty["RUL_FD002.txt"].problem == "RUL_FD002.txt is missing"
    assert (faulty["RUL_FD002.txt"].rows, faulty["RUL_FD002.txt"].bytes) == (0, 0)
    assert faulty["test_FD003.txt"].engines == 1
    assert (faulty["test_FD003.txt"].problem or "").startswith("test_FD003.txt is cut off after line ")
