"""When a tuning job's training job is stopped before its end: which value it must not fall behind, by round."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from itertools import accumulate

Curve = Sequence[float]
"""The objective of one training job after each of its rounds."""
Thresholds = dict[int, float]
"""By round, counted from 1: the worst value with which a job goes on."""

# A median of fewer says nothing; AWS names no number.
_FEWEST_CURVES = 3
# Of the jobs that reach a rung, one in so many goes on (Hyperband, Li et al. 2018).
_REDUCTION = 3


def median_thresholds(curves: Sequence[Curve]) -> Thresholds:
    """The median rule: a job goes on while it is no worse than the median of the earlier jobs' running averages.

    That is how the SageMaker Developer Guide describes the early stopping type Auto.
    """
    averages = [[total / n for n, total in enumerate(accumulate(curve), 1)] for curve in curves]
    rounds = sorted((len(curve) for curve in averages), reverse=True)
    longest = rounds[_FEWEST_CURVES - 1] if len(rounds) >= _FEWEST_CURVES else 0
    return {
        round_ + 1: statistics.median(curve[round_] for curve in averages if len(curve) > round_)
        for round_ in range(longest)
    }


def halving_thresholds(curves: Sequence[Curve], least: int, most: int, *, lower_is_better: bool) -> Thresholds:
    """Successive halving: at every rung, a job goes on if it is among the best third of those that came so far.

    Rungs are at `least` rounds and at three times as many each, below `most`. The first jobs of a rung, with which
    there is nobody to compare, go on.
    """
    thresholds: Thresholds = {}
    for rung in _rungs(least, most):
        reached = sorted((curve[rung - 1] for curve in curves if len(curve) >= rung), reverse=not lower_is_better)
        if len(reached) + 1 >= _REDUCTION:
            thresholds[rung] = reached[(len(reached) + 1) // _REDUCTION - 1]
    return thresholds


def _rungs(least: int, most: int) -> Iterator[int]:
    rung = least
    while rung < most:
        yield rung
        rung *= _REDUCTION
