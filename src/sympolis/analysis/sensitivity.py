"""Which unknown makes an answer uncertain, and how much narrower would it be if that were known?

Variance-based sensitivity: of the variance of a result, the *first-order* index of an input is the share that would
vanish on average if this input alone were known; its *total* index is the share that would stay if everything but
this input were known. Design: two independent samples A and B of a scrambled Sobol' sequence and, for each input, A
with that input's column taken from B, ``n (d + 2)`` evaluations; first order after Saltelli et al. 2010 (DOI
10.1016/j.cpc.2009.09.018), total after Jansen 1999 (DOI 10.1016/S0010-4655(98)00154-4), intervals by bootstrap over
the rows. SciPy brings sequence and estimators and takes a second to import: both functions are called in a worker.

A model that draws at random has one more input, chance: it is varied like the others, so that the table also says how
much of the uncertainty no data could take away.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc, sobol_indices

LEVEL = 0.9
"""Of the intervals around the indices."""

Floats = NDArray[np.float64]


def shares(*, inputs: int, n: int, seed: int) -> list[list[float]]:
    """The points to evaluate, each with a share 0 ≤ s < 1 of every input's range: A, B, then A with one column of B.

    ``n`` is a power of two (Sobol' sequences are balanced only then). Gives ``n * (inputs + 2)`` rows.
    """
    if n < 2 or n & (n - 1):
        raise ValueError(f"n must be a power of two of at least 2, not {n}")
    drawn = qmc.Sobol(2 * inputs, scramble=True, rng=seed).random(n)
    a, b = drawn[:, :inputs], drawn[:, inputs:]
    mixed = [np.where(np.arange(inputs) == column, b, a) for column in range(inputs)]
    rows: list[list[float]] = np.concatenate([a, b, *mixed]).tolist()
    return rows


def indices(*, values: Sequence[float], inputs: int, seed: int) -> list[dict[str, float]]:
    """The indices of each input from the results at ``shares``'s points, in their order.

    ``[{"first", "first_low", "first_high", "total", "total_low", "total_high"}]``; empty where the result does not
    vary: then no input matters.
    """
    found = np.asarray(values, dtype=np.float64).reshape(inputs + 2, -1)
    if float(np.ptp(found[:2])) <= 1e-12 * max(1.0, float(np.abs(found).max())):
        return []
    judged = sobol_indices(func=_evaluated(found), n=found.shape[1], rng=seed)
    with warnings.catch_warnings(
        category=RuntimeWarning, action="ignore"
    ):  # of an input without effect; see below
        spread = judged.bootstrap(confidence_level=LEVEL)
    first, total = spread.first_order.confidence_interval, spread.total_order.confidence_interval
    columns = (judged.first_order, first.low, first.high, judged.total_order, total.low, total.high)
    names = ("first", "first_low", "first_high", "total", "total_low", "total_high")
    table = np.array([np.asarray(column, dtype=np.float64).reshape(inputs) for column in columns]).T
    # An input that changes nothing at any point has no spread to resample: its interval is its value.
    for value, low, high in ((0, 1, 2), (3, 4, 5)):
        table[:, (low, high)] = np.where(
            np.isnan(table[:, (low, high)]), table[:, [value]], table[:, (low, high)]
        )
    return [dict(zip(names, row, strict=True)) for row in table.tolist()]


def _evaluated(found: Floats) -> Mapping[Literal["f_A", "f_B", "f_AB"], Floats]:
    """What SciPy takes in place of a function: the values at A (1, n), B (1, n) and the mixed points (d, 1, n)."""
    return {"f_A": found[:1], "f_B": found[1:2], "f_AB": found[2:, np.newaxis, :]}
