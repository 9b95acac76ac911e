"""The synthetic fleet: C-MAPSS in shape, format and difficulty, but never in name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmapss_data import FEATURES, SUBSETS, DataError, Fleet, engines
from cmapss_data.files import FILES
from cmapss_data.marker import DEFAULT_SEED, GENERATOR_VERSION, MARKER, read_marker
from cmapss_data.reading import read_rows
from cmapss_data.statistics import statistics
from cmapss_data.synthesize import synthesize

if TYPE_CHECKING:
    import pandas as pd

# Decimals of the real files: cycle, op1 … op3, s1 … s21.
DECIMALS = [0, 4, 4, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 4, 2, 0, 0, 2, 2, 4]
ALTITUDES = np.array([0, 10, 20, 25, 35, 42])


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    return synthesize(tmp_path_factory.mktemp("other") / "fleet", seed=4)


def test_lines_have_the_real_files_format(synthetic: Fleet) -> None:
    number = [rf"-?\d+\.\d{{{decimals}}}" if decimals else r"\d+" for decimals in DECIMALS]
    line = re.compile(rf"\d+ {' '.join(number)}  \n")
    for name in FILES:
        with (synthetic.root / name).open(newline="") as file:
            pattern = re.compile(r"\d+ \n") if name.startswith("RUL") else line
            assert all(pattern.fullmatch(row) for row in file)


def test_a_seed_gives_the_same_files_and_another_seed_others(synthetic: Fleet, other: Fleet, tmp_path: Path) -> None:
    again = synthesize(tmp_path / "again", seed=DEFAULT_SEED)
    for name in FILES:
        data = (synthetic.root / name).read_bytes()
        assert (again.root / name).read_bytes() == data
        assert (other.root / name).read_bytes() != data


def test_every_seed_has_the_rows_of_c_mapss_in_files_and_splits(other: Fleet) -> None:
    assert other.info().ok
    assert len(other.training_frame("validation")) == 51_829


def test_the_marker_says_in_words_what_it_is(other: Fleet) -> None:
    assert other.origin == "synthetic"
    text = (other.root / MARKER).read_text()
    assert text.startswith("This is not NASA's C-MAPSS data. It is a synthetic fleet")
    marker = read_marker(other.root)
    assert marker is not None
    assert (marker.version, marker.seed) == (GENERATOR_VERSION, 4)
    assert marker.sha256.keys() == FILES.keys()


def test_a_set_that_is_there_is_kept_and_anything_else_refused(other: Fleet, tmp_path: Path) -> None:
    before = (other.root / MARKER).stat().st_mtime_ns
    assert synthesize(other.root, seed=4) == other
    assert (other.root / MARKER).stat().st_mtime_ns == before
    with pytest.raises(DataError, match="is there already and is not empty"):
        synthesize(other.root, seed=5)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with pytest.raises(DataError, match="is there already and is not empty"):
        synthesize(tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**63), subset=st.sampled_from(SUBSETS))
def test_any_seed_draws_engines_that_fill_the_files(seed: int, subset: str) -> None:
    known, rng = statistics(), np.random.default_rng(seed)
    training = engines.draw_training_engines(known, known.subsets[subset], FILES[f"train_{subset}.txt"].rows, rng)
    test = engines.draw_test_engines(known, known.subsets[subset], FILES[f"test_{subset}.txt"].rows, rng)
    for drawn, split in ((training, "train"), (test, "test")):
        facts = FILES[f"{split}_{subset}.txt"]
        assert (len(drawn.life), drawn.observed.sum()) == (facts.engines, facts.rows)
        assert drawn.life.min() > 100
        assert drawn.observed.min() >= 10
        assert np.isfinite(drawn.latents).all()
    validates = np.arange(1, len(training.life) + 1) % 3 == 0
    assert training.life[validates].sum() == known.subsets[subset].validation_rows
    assert (test.life - test.observed).min() >= 6


def test_a_negative_seed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"the seed is -1\. Name a whole number, 0 or more\."):
        synthesize(tmp_path / "fleet", seed=-1)


def test_nothing_is_left_when_it_is_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cmapss_data.synthesize.write_marker", interrupt)
    with pytest.raises(KeyboardInterrupt):
        synthesize(tmp_path / "fleet")
    assert not any(tmp_path.iterdir())


def test_no_row_of_the_real_data_is_in_it(real: Fleet, synthetic: Fleet) -> None:
    for name in FILES:
        if not name.startswith("RUL"):
            rows = set(read_rows(real.root / name).features)
            assert rows.isdisjoint(read_rows(synthetic.root / name).features)


def test_engines_live_as_long_and_stop_as_early_as_the_real_ones(real: Fleet, synthetic: Fleet) -> None:
    for subset in SUBSETS:
        for split in ("train", "test"):
            ours, theirs = (
                read_rows(fleet.root / f"{split}_{subset}.txt").frame.groupby("unit").size()
                for fleet in (synthetic, real)
            )
            shares = [0.05, 0.25, 0.5, 0.75, 0.95]
            np.testing.assert_allclose(ours.quantile(shares), theirs.quantile(shares), rtol=0.15, atol=10)
            assert ours.std() == pytest.approx(theirs.std(), rel=0.1)


def test_sensors_read_what_the_real_ones_do(real: Fleet, synthetic: Fleet) -> None:
    """Means and standard deviations in each flight regime, early in life and at its end."""

    def summary(fleet: Fleet, late: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
        frame = fleet.training_frame("train")
        frame = frame[frame["rul"] < 15] if late else frame[frame["rul"] > 150]
        regime = np.abs(frame[["op1"]].to_numpy() - ALTITUDES).argmin(axis=1)
        groups = frame[list(FEATURES[1:])].groupby(regime)
        return groups.mean(), groups.std()

    for late in (False, True):
        (mean, spread), (real_mean, real_spread) = summary(synthetic, late), summary(real, late)
        # A hundredth is the last digit of most sensors.
        assert (np.abs(mean - real_mean) <= 0.25 * real_spread + 0.01).all(axis=None)
        assert (np.abs(spread - real_spread) <= 0.25 * real_spread + 0.01).all(axis=None)


@pytest.mark.parametrize("chosen", ["synthetic", "other"])
def test_it_is_as_hard_to_learn_as_the_real_data(chosen: str, request: pytest.FixtureRequest) -> None:
    """The reference's basic model has 45.7 on the real validation rows and 57.6 on the test rows."""
    xgboost = pytest.importorskip("xgboost", reason="the model is part of the sandbox extra")
    fleet: Fleet = request.getfixturevalue(chosen)

    def matrix(frame: pd.DataFrame) -> object:
        return xgboost.DMatrix(frame[list(FEATURES)].to_numpy(), frame["rul"].to_numpy())

    parameters = {
        "max_depth": 5,
        "eta": 0.2,
        "gamma": 4,
        "min_child_weight": 6,
        "subsample": 0.7,
        "objective": "reg:squarederror",
        "tree_method": "hist",
        "nthread": 2,
        "seed": 0,
    }
    model = xgboost.train(parameters, matrix(fleet.training_frame("train")), num_boost_round=100)
    validation = fleet.training_frame("validation")
    validation_rmse = np.sqrt(np.mean((model.predict(matrix(validation)) - validation["rul"]) ** 2))
    errors = {}
    for subset in SUBSETS:
        rows = fleet.test_rows(subset)
        features = np.array([line.split(",") for line in rows.lines], dtype=float)
        errors[subset] = np.ceil(model.predict(xgboost.DMatrix(features))) - rows.rul
    rmse = {subset: np.sqrt(np.mean(error**2)) for subset, error in errors.items()}
    test_rmse = np.sqrt(np.mean(np.concatenate(list(errors.values())) ** 2))
    assert 45 <= validation_rmse <= 46
    assert 57 <= test_rmse <= 58
    assert rmse == pytest.approx({"FD001": 41.4, "FD002": 43.7, "FD003": 65.7, "FD004": 67.7}, abs=6)
