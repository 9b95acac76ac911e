"""Draws synthetic engines: how long each lives, how much of it is observed, and how it wears."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from cmapss_data.statistics import LATENTS, Cohort, FaultMode, Floats, Statistics, Subset

Integers = npt.NDArray[np.int64]

# Lives less this many cycles are about log-normal.
_LEAST_LIFE = 100.0
# The share of life that nearly every test engine of C-MAPSS is observed for, at least.
_LEAST_OBSERVED = 0.11


@dataclass(frozen=True, slots=True)
class Engines:
    """The engines of one file in unit order: lives and observed cycles (n,), fault modes (n,), latents (n, 5)."""

    life: Integers
    observed: Integers
    mode: Integers
    latents: Floats


def draw_training_engines(statistics: Statistics, subset: Subset, rows: int, rng: np.random.Generator) -> Engines:
    """The engines of a training file, observed to failure, `rows` cycles in all.

    Every third one validates, and these have the subset's validation rows.
    """
    train, train_mode = _lives(statistics, subset.cohorts["train"], rng)
    validation, validation_mode = _lives(statistics, subset.cohorts["validation"], rng)
    train = _adjusted(train, rows - subset.validation_rows, rng)
    validation = _adjusted(validation, subset.validation_rows, rng)
    validates = np.arange(1, len(train) + len(validation) + 1) % 3 == 0
    life = np.zeros(len(validates), dtype=np.int64)
    mode = np.zeros_like(life)
    latents = np.zeros((len(life), len(LATENTS)))
    for chosen, lives, modes in ((~validates, train, train_mode), (validates, validation, validation_mode)):
        life[chosen], mode[chosen] = lives, modes
        latents[chosen] = _latents(statistics, lives, modes, rng)
    return Engines(life, life, mode, latents)


def draw_test_engines(statistics: Statistics, subset: Subset, rows: int, rng: np.random.Generator) -> Engines:
    """The engines of a test file, which stop being observed some cycles before failure, `rows` cycles in all."""
    life, mode = _lives(statistics, subset.cohorts["test"], rng)
    correlation = np.array([[1.0, subset.rul_correlation], [subset.rul_correlation, 1.0]])
    at = _positions(_companions(life, correlation, rng)[:, 0], rng)
    left = np.interp(at, statistics.probabilities, subset.rul_at_end).round().astype(np.int64)
    left = _feasible(left, life, rng)
    observed = _adjusted(life - left, rows, rng)
    life = observed + left
    return Engines(life, observed, mode, _latents(statistics, life, mode, rng))


def _feasible(left: Integers, life: Integers, rng: np.random.Generator) -> Integers:
    """The same cycles left, exchanged between engines until each is observed for its least share of life."""
    left = left.copy()
    most = (1.0 - _LEAST_OBSERVED) * life
    for engine in np.flatnonzero(left > most):
        other = rng.choice(np.flatnonzero((left <= most[engine]) & (left[engine] <= most)))
        left[[engine, other]] = left[[other, engine]]
    return left


def _lives(statistics: Statistics, cohorts: tuple[Cohort, ...], rng: np.random.Generator) -> tuple[Integers, Integers]:
    """Lives and modes of a split's engines in random order; stratified, so that every draw has the same spread."""
    lives, modes = [], []
    for cohort in cohorts:
        at = _positions(np.arange(cohort.engines), rng)
        excess = np.interp(at, statistics.probabilities, np.log(cohort.life - _LEAST_LIFE))
        lives.append((_LEAST_LIFE + np.exp(excess)).round().astype(np.int64))
        modes.append(np.full(cohort.engines, cohort.mode))
    order = rng.permutation(sum(cohort.engines for cohort in cohorts))
    return np.concatenate(lives)[order], np.concatenate(modes)[order]


def _latents(statistics: Statistics, life: Integers, mode: Integers, rng: np.random.Generator) -> Floats:
    """The latents of these engines, (n, 5), correlated with life and with each other as their mode has it."""
    latents = np.zeros((len(life), len(LATENTS)))
    for number, fault_mode in enumerate(statistics.modes):
        chosen = mode == number
        if chosen.any():
            latents[chosen] = _mode_latents(statistics, fault_mode, life[chosen], rng)
    return latents


def _mode_latents(statistics: Statistics, mode: FaultMode, life: Integers, rng: np.random.Generator) -> Floats:
    """A Gaussian copula: scores with the mode's correlation, then each latent's own quantiles."""
    columns = zip(_companions(life, mode.correlation, rng).T, mode.latents, strict=True)
    return np.column_stack(
        [np.interp(_ranks(score, rng), statistics.probabilities, quantiles) for score, quantiles in columns]
    )


def _companions(life: Integers, correlation: Floats, rng: np.random.Generator) -> Floats:
    """Normal scores, (n, k), that have this (k + 1, k + 1) correlation with life, which comes first in it.

    They have it exactly: cohorts are small (17 engines), and chance would tell too much or too little of their lives.
    """
    others = rng.standard_normal((len(life), len(correlation) - 1))
    scores = np.column_stack([_normal_scores(life, rng), others])
    basis, triangle = np.linalg.qr(scores - scores.mean(axis=0))
    correlated: Floats = basis * np.sign(np.diag(triangle)) @ np.linalg.cholesky(correlation).T
    return correlated[:, 1:]


def _adjusted(cycles: Integers, total: int, rng: np.random.Generator) -> Integers:
    """The same cycles, each shifted by as little as makes their sum the total."""
    shift, rest = divmod(total - int(cycles.sum()), len(cycles))
    adjusted = cycles + shift
    adjusted[rng.permutation(len(cycles))[:rest]] += 1
    return adjusted


def _ranks(values: npt.NDArray[np.generic], rng: np.random.Generator) -> Floats:
    """A probability inside each value's own stratum of the n equal ones, in the order of the values."""
    return (np.argsort(np.argsort(values)) + rng.random(len(values))) / len(values)


def _positions(values: npt.NDArray[np.generic], rng: np.random.Generator) -> Floats:
    """Like `_ranks`, but the least and greatest reach 0 and 1, as the quantiles of as small a sample do."""
    steps = np.argsort(np.argsort(values)) + rng.random(len(values)) - 0.5
    return np.clip(steps / (len(values) - 1), 0.0, 1.0)


def _normal_scores(values: npt.NDArray[np.generic], rng: np.random.Generator) -> Floats:
    normal = NormalDist()
    return np.array([normal.inv_cdf(probability) for probability in _ranks(values, rng)])
