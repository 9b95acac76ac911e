"""Remaining useful life (RUL), the label of every row, and the engine-disjoint split of the training files."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from cmapss_data.errors import DataError

Split = Literal["train", "validation"]


def label(frame: pd.DataFrame, at_end: npt.NDArray[np.int64] | None = None) -> npt.NDArray[np.int64]:
    """RUL in cycles of each row of a file: what its engine had left at its last row, plus last cycle - cycle.

    `at_end` is the RUL file of a test file; training files need none, as their engines run to failure (0 left).
    """
    unit = frame["unit"].to_numpy()
    # Cycles count from 1 without a gap, so an engine's last cycle is its number of rows.
    rul: npt.NDArray[np.int64] = np.bincount(unit)[unit] - frame["cycle"].to_numpy()
    return rul if at_end is None else rul + at_end[unit - 1]


def in_split(frame: pd.DataFrame, split: Split) -> npt.NDArray[np.bool_]:
    """The rows of a training file that belong to a split: engines with unit mod 3 = 0 validate, the others train.

    Raises DataError for any other split.
    """
    if split not in get_args(Split):
        raise DataError(f"there is no split {split!r}", "The training files split into train and validation.")
    validates: npt.NDArray[np.bool_] = frame["unit"].to_numpy() % 3 == 0
    return validates if split == "validation" else ~validates
