"""What a square metre of a dwelling needs for space heating, by the building's size and age, refurbished or not.

The table holds the state after the refurbishment usual when parts are renewed, of the German example buildings of IWU's
TABULA typology (Loga, Stein, Diefenbach, Born 2015, *Deutsche Wohngebäudetypologie*, ISBN 978-3-941140-47-9; figures
as kept by RWTH Aachen's pycity_scheduling, taken from episcope.eu on 2020-09-28), averaged to the four ages that city
statistics publish. What lies between it and a building left as it was is a parameter, ``surplus``.
"""

from __future__ import annotations

import csv
import functools
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

SIZES = ("small", "large")
"""One or two dwellings; more."""
FIRST_YEARS = (0, 1919, 1949, 1991)
"""First year of each age: until 1918, 1919–1948, 1949–1990, since 1991."""
AGES = len(FIRST_YEARS)


def age_of(years: NDArray[Any]) -> NDArray[np.intp]:
    """The age (0…3) of buildings of these years."""
    found: NDArray[np.intp] = np.searchsorted(FIRST_YEARS, years, side="right") - 1
    return found


@functools.cache
def _table() -> tuple[Values, Values]:
    usual, old = np.zeros((len(SIZES), AGES)), np.zeros((len(SIZES), AGES))
    with (Path(__file__).parent / "typology.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            place = SIZES.index(row["size"]), int(row["age"])
            usual[place] = float(row["usual_refurbishment_kwh_m2"])
            old[place] = float(row["old"])
    return usual, old


def space_heat(refurbished: Values, surplus: float, further: Values | float = 0.0) -> Values:
    """Space heat [kWh/(m²·a)] by size and age, for shares of floor area that have been refurbished.

    Parameters
    ----------
    refurbished : share (0..1) of buildings from before 1991 in the refurbished state, shape (…)
    surplus : by how much a building left as it was needs more than a refurbished one (0.7: 70 % more)
    further : share by which newly refurbished ones need less than the usual state, times their share, shape (…)

    Returns
    -------
    shape (…, size, age): usual · (1 + surplus · (1 − refurbished) · old − further · old)
    """
    usual, old = _table()
    left = np.asarray(refurbished, dtype=float)[..., None, None]
    less = np.asarray(further, dtype=float)[..., None, None]
    found: Values = usual * (1.0 + (surplus * (1.0 - left) - less) * old)
    return found
