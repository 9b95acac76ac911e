"""Makes a fleet of the shape of C-MAPSS from statistics of it, and marks it as synthetic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from cmapss_data import sensors
from cmapss_data.damage import sha256_of
from cmapss_data.engines import Engines, draw_test_engines, draw_training_engines
from cmapss_data.errors import DataError
from cmapss_data.files import COLUMNS, FILES, INTEGER_COLUMNS, SUBSETS
from cmapss_data.fleet import Fleet
from cmapss_data.inspection import faults
from cmapss_data.marker import DEFAULT_SEED, GENERATOR_VERSION, Marker, read_marker, write_marker
from cmapss_data.staging import staged_directory
from cmapss_data.statistics import Floats, statistics

_DECIMALS = {"op1": 4, "op2": 4, "op3": 1, "s15": 4, "s21": 4, **dict.fromkeys(INTEGER_COLUMNS, 0)}
_LINE = " ".join(f"%.{_DECIMALS.get(column, 2)}f" for column in COLUMNS) + "  \n"
_ROWS_AT_ONCE = 4_096


def synthesize(directory: Path, seed: int = DEFAULT_SEED, *, repair: bool = False) -> Fleet:
    """Make the synthetic fleet of a seed in a directory: the same files, engines and rows as C-MAPSS, new every value.

    The same seed gives the same files (about 3 seconds). An undamaged set of that seed that is there already is kept;
    anything else is refused with a DataError, or replaced if `repair` says that the directory is ours alone.
    """
    if seed < 0:
        raise DataError(f"the seed is {seed}", "Name a whole number, 0 or more.")
    directory = directory.expanduser()
    if _is_there(directory, seed):
        return Fleet(directory, "synthetic")
    if not repair and directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise DataError(f"{directory} is there already and is not empty", "Name a new directory, or delete it first.")
    with staged_directory(directory, replace=directory.exists()) as partial:
        for number, subset in enumerate(SUBSETS):
            _write_subset(partial, subset, seed, number)
        hashes = {name: sha256_of(partial / name) for name in FILES}
        write_marker(partial, Marker(GENERATOR_VERSION, seed, hashes))
    return Fleet(directory, "synthetic")


def _is_there(directory: Path, seed: int) -> bool:
    marker = read_marker(directory)
    if marker is None or (marker.version, marker.seed) != (GENERATOR_VERSION, seed):
        return False
    return marker.sha256.keys() == FILES.keys() and not faults(directory, marker.sha256)


def _write_subset(directory: Path, name: str, seed: int, number: int) -> None:
    known = statistics()
    subset = known.subsets[name]
    for draw, split in ((draw_training_engines, "train"), (draw_test_engines, "test")):
        rng = np.random.default_rng([seed, number, int(split == "test")])
        file = f"{split}_{name}.txt"
        engines: Engines = draw(known, subset, FILES[file].rows, rng)
        _write_rows(directory / file, sensors.rows(known, subset, engines, rng))
    _write_rul(directory / f"RUL_{name}.txt", engines.life - engines.observed)


def _write_rows(path: Path, rows: Floats) -> None:
    """Write rows in the files' own format: fixed decimals, single blanks, two at the end of the line, no header."""
    with path.open("w", encoding="ascii", newline="\n") as file:
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            block = rows[start : start + _ROWS_AT_ONCE]
            file.write(_LINE * len(block) % tuple(block.ravel().tolist()))


def _write_rul(path: Path, left: npt.NDArray[np.int64]) -> None:
    path.write_text("".join(f"{cycles} \n" for cycles in left.tolist()), encoding="ascii", newline="\n")
