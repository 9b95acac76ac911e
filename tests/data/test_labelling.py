"""Labels and the split, against a loop that anybody can check."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmapss_data import DataError
from cmapss_data.labelling import in_split, label

fleets = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 200)), min_size=1, max_size=12)


def rows_of(observed: list[int]) -> pd.DataFrame:
    pairs = [(unit, cycle) for unit, count in enumerate(observed, start=1) for cycle in range(1, count + 1)]
    return pd.DataFrame(pairs, columns=["unit", "cycle"])


@given(fleets)
def test_rul_counts_down_to_what_is_left_at_the_last_row(engines: list[tuple[int, int]]) -> None:
    frame = rows_of([observed for observed, _ in engines])
    expected_train, expected_test = [], []
    for observed, left in engines:
        for cycle in range(1, observed + 1):
            expected_train.append(observed - cycle)
            expected_test.append(observed - cycle + left)
    assert label(frame).tolist() == expected_train
    assert label(frame, np.array([left for _, left in engines])).tolist() == expected_test


@given(fleets)
def test_the_split_takes_every_row_once_and_never_half_an_engine(engines: list[tuple[int, int]]) -> None:
    frame = rows_of([observed for observed, _ in engines])
    train, validation = in_split(frame, "train"), in_split(frame, "validation")
    assert (train ^ validation).all()
    assert set(frame["unit"][validation]) == {unit for unit in range(1, len(engines) + 1) if unit % 3 == 0}


def test_another_split_is_refused() -> None:
    with pytest.raises(DataError, match=r"there is no split 'test'\. The training files split into"):
        in_split(rows_of([3]), "test")  # type: ignore[arg-type]  # what a caller without types may pass
