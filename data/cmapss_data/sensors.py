"""Turns synthetic engines into rows: flight regimes, operational settings, and what the 21 sensors read."""

from __future__ import annotations

import numpy as np

from cmapss_data.engines import Engines, Integers
from cmapss_data.files import COLUMNS
from cmapss_data.statistics import Floats, Statistics, Subset


def rows(statistics: Statistics, subset: Subset, engines: Engines, rng: np.random.Generator) -> Floats:
    """All 26 columns of a file, (rows, 26), before they are rounded to its decimals."""
    unit = np.repeat(np.arange(len(engines.life)), engines.observed)
    cycle = _within(engines.observed)
    left = (engines.life[unit] - cycle) / engines.life[unit]
    regime = _regimes(statistics, subset, len(unit), rng)
    columns = np.empty((len(unit), len(COLUMNS)))
    columns[:, 0] = unit + 1
    columns[:, 1] = cycle
    columns[:, 2:5] = _settings(statistics, subset, regime, rng)
    columns[:, 5:] = _readings(statistics, engines, unit, left, regime, rng)
    return columns


def _within(counts: Integers) -> Integers:
    """1 … count, for each count after another."""
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    return np.arange(1, len(starts) + 1) - starts


def _regimes(statistics: Statistics, subset: Subset, count: int, rng: np.random.Generator) -> Integers:
    """The flight regime of every row: in FD002 and FD004 they follow one another at random, cycle by cycle."""
    if subset.regimes == 1:
        return np.zeros(count, dtype=np.int64)
    return rng.choice(subset.regimes, size=count, p=statistics.shares)


def _settings(statistics: Statistics, subset: Subset, regime: Integers, rng: np.random.Generator) -> Floats:
    """op1 (altitude, 1000 ft), op2 (Mach number), op3 (throttle resolver angle): nominal values and their jitter."""
    settings = statistics.settings[regime]
    count = len(regime)
    if subset.regimes == 1:
        settings[:, 0] += rng.normal(0.0, 0.0022, count)
        settings[:, 1] += rng.uniform(-0.0005, 0.0005, count)
        return settings
    ground = regime == 0
    settings[:, 0] += rng.uniform(np.where(ground, 0.0, -0.002), np.where(ground, 0.003, 0.008))
    settings[:, 1] += np.maximum(0.0, rng.uniform(-0.002, 0.002, count))
    return settings


def _readings(
    statistics: Statistics,
    engines: Engines,
    unit: Integers,
    left: Floats,
    regime: Integers,
    rng: np.random.Generator,
) -> Floats:
    """What the sensors read, (rows, 21): a quadratic in wear, the fault's split, and white noise."""
    mode = engines.mode[unit]
    split_time_constants = np.array([fault.split_time_constant for fault in statistics.modes])
    responses = np.array([fault.responses for fault in statistics.modes])
    initial_wear, final_wear, time_constant, initial_split, final_split = engines.latents[unit].T
    wear = initial_wear + (final_wear - initial_wear) * _curve(left, time_constant)
    split = initial_split + (final_split - initial_split) * _curve(left, split_time_constants[mode])
    level, slope, curvature, of_split, noise = np.moveaxis(responses[mode, regime], -1, 0)
    wear, split = wear[:, np.newaxis], split[:, np.newaxis]
    readings: Floats = level + wear * (slope + wear * curvature) + split * of_split
    readings += noise * rng.standard_normal(readings.shape)
    return readings


def _curve(left: Floats, time_constant: Floats) -> Floats:
    """How far degradation has come, 0 at the start of life and 1 at failure, with this share of life left."""
    start = np.exp(-1.0 / time_constant)
    curve: Floats = (np.exp(-left / time_constant) - start) / (1.0 - start)
    return curve
