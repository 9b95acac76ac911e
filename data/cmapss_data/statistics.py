"""What the generator knows of C-MAPSS: quantiles, correlations and sensor responses, from statistics.json.

A fault mode's engines are described by five latents (`LATENTS`): wear at the start and at failure (about 0 and 1), the
time constant of wear as a share of life, and how the fault splits between loss of flow and loss of efficiency at the
start and at failure (about 0 on average, one standard deviation at failure).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from cmapss_data.files import COLUMNS

Floats: TypeAlias = npt.NDArray[np.float64]

LATENTS = ("initial_wear", "final_wear", "time_constant", "initial_split", "final_split")
COEFFICIENTS = 5  # level, slope, curvature, split, noise


@dataclass(frozen=True, slots=True)
class FaultMode:
    """How the engines of one fault mode wear, and what their sensors make of it.

    latents: (5, quantiles); correlation: (6, 6) of normal scores, life first and then the latents;
    responses: (regimes, 21 sensors, 5 coefficients), in the sensors' units.
    """

    latents: Floats
    correlation: Floats
    split_time_constant: float
    responses: Floats


@dataclass(frozen=True, slots=True)
class Cohort:
    """The engines of one fault mode in one split of a subset: how many, and the quantiles of their lives in cycles."""

    mode: int
    engines: int
    life: Floats


@dataclass(frozen=True, slots=True)
class Subset:
    """One of FD001 … FD004: its flight regimes, cohorts by split, and what test engines have left at their last row."""

    regimes: int
    validation_rows: int
    cohorts: Mapping[str, tuple[Cohort, ...]]
    rul_at_end: Floats
    rul_correlation: float


@dataclass(frozen=True, slots=True)
class Statistics:
    """Everything; `probabilities` belong to every list of quantiles, `settings` is (regimes, 3) nominal op1 … op3."""

    probabilities: Floats
    settings: Floats
    shares: Floats
    modes: tuple[FaultMode, ...]
    subsets: Mapping[str, Subset]


@cache
def statistics() -> Statistics:
    """The statistics that the package ships; the file says where they come from."""
    document = json.loads(resources.files("cmapss_data").joinpath("statistics.json").read_text(encoding="ascii"))
    regimes, modes = document["regimes"], document["modes"]
    names = list(modes)
    return Statistics(
        probabilities=np.array(document["probabilities"]),
        settings=np.array([[regime["op1"], regime["op2"], regime["op3"]] for regime in regimes]),
        shares=np.array([regime["share"] for regime in regimes]),
        modes=tuple(_mode(mode, regimes) for mode in modes.values()),
        subsets={name: _subset(subset, names) for name, subset in document["subsets"].items()},
    )


def _mode(mode: Mapping[str, Any], regimes: list[Mapping[str, Any]]) -> FaultMode:
    sensors = COLUMNS[5:]
    responses = np.zeros((len(regimes), len(sensors), COEFFICIENTS))
    for number, regime in enumerate(regimes):
        for sensor, level in regime["constants"].items():
            responses[number, sensors.index(sensor), 0] = level
        for sensor, coefficients in mode["responses"][number].items():
            responses[number, sensors.index(sensor)] = coefficients
    return FaultMode(
        latents=np.array([mode["latents"][latent] for latent in LATENTS]),
        correlation=np.array(mode["correlation"]),
        split_time_constant=mode["split_time_constant"],
        responses=responses,
    )


def _subset(subset: Mapping[str, Any], modes: list[str]) -> Subset:
    return Subset(
        regimes=subset["regimes"],
        validation_rows=subset["validation_rows"],
        cohorts={
            split: tuple(
                Cohort(modes.index(mode), cohort["engines"], np.array(cohort["life"]))
                for mode, cohort in cohorts.items()
            )
            for split, cohorts in subset["cohorts"].items()
        },
        rul_at_end=np.array(subset["rul_at_end"]["quantiles"]),
        rul_correlation=subset["rul_at_end"]["correlation_with_life"],
    )
