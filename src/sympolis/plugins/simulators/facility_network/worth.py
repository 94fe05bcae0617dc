"""What it is worth to ask a site how many places it really has.

Planning an area's places without knowing them is a newsvendor's problem (Arrow, Harris & Marschak 1951, DOI
10.2307/1906813): plan too few and children go without, too many and places stand idle. At the best plan the expected
cost a year is ``(c_missing + c_idle) · φ(z) · σ`` where ``Φ(z) = c_missing / (c_missing + c_idle)`` and σ is how far
off one may be. Knowing the true places takes their part out of σ; the difference is the expected value of knowing them
(Raiffa & Schlaifer 1961). Children can go to neighbouring areas, so that it is an upper bound; it ranks areas by where
to ask first.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sympolis.plugins.simulators.facility_network.plan import Plan

Values = NDArray[np.float64]


def of_counting(plan: Plan, given: Mapping[str, Any]) -> Values:
    """EUR a year by area."""
    missing, idle = float(given["missing_place_eur"]), float(given["idle_place_eur"])
    if missing <= 0 or idle <= 0:
        return np.zeros(len(plan.poverty))
    demand = float(given["demand_spread"]) * np.bincount(
        plan.area, weights=plan.children, minlength=len(plan.poverty)
    )
    places_variance = np.bincount(
        plan.site_area[: plan.today],
        weights=plan.unknown_variance,
        minlength=len(plan.poverty),
    )
    return np.asarray(
        expected_cost(missing, idle) * (np.sqrt(demand**2 + places_variance) - demand), dtype=np.float64
    )


def expected_cost(missing: float, idle: float) -> float:
    """Least expected cost a year per unit of standard deviation."""
    normal = NormalDist()
    return (missing + idle) * normal.pdf(normal.inv_cdf(missing / (missing + idle)))
