"""Who goes where: the assignment of children to places that leaves fewest without one and then travels least.

A transport problem (Hitchcock 1941, DOI 10.1002/sapm1941201224), solved exactly with HiGHS (Huangfu & Hall 2018, DOI
10.1007/s12532-017-0130-5). Pairs are added where their reduced cost says that they could help (column generation), so
that 1,450 squares × 311 sites need a tenth of all pairs.

It is the best that the network can do, not what families choose: coverage is an upper, travel a lower bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_array

from sympolis.domain.errors import ModelFailed

Values = NDArray[np.float64]
Indices = NDArray[np.intp]

WITHOUT_PLACE_MIN = 10_000.0
"""What a child without a place weighs against minutes: more than any chain of moves that would give it one."""
FIRST_PAIRS = 12
"""Nearest sites of each point that the first solution knows; the prices then say what is missing."""
_EPSILON = 1e-6


@dataclass(frozen=True, slots=True)
class Allocation:
    """``placed[k]`` children of point ``point[k]`` at site ``site[k]``; ``without`` by point.

    ``price`` by site: minutes that one more place there would save, a child without one weighing as it does above.
    """

    point: Indices
    site: Indices
    placed: Values
    without: Values
    price: Values
    rounds: int

    def taken(self, sites: int) -> Values:
        """Children at each of ``sites``."""
        return _summed(self.site, self.placed, sites)

    def by_point(self, weights: Values) -> Values:
        """Of each point: sum over its children of ``weights[k]``."""
        return _summed(self.point, self.placed * weights, len(self.without))


def allocate(children: Values, places: Values, minutes: Values, limit_min: float) -> Allocation:
    """Assign ``children`` (by point) to ``places`` (by site) where ``minutes`` (points, sites) allow it.

    Raises ``ModelFailed`` where the solver gives up.
    """
    allowed = (minutes <= limit_min) & (places > 0)[None, :] & (children > 0)[:, None]
    known = _nearest(minutes, allowed)
    rounds = 0
    while True:
        rounds += 1
        point, site = np.nonzero(known)
        flows, without, worth, price = _solve(children, places, point, site, minutes[point, site])
        helping = allowed & ~known & (minutes - worth[:, None] - price[None, :] < -_EPSILON)
        if not helping.any():
            break
        known |= helping
    keep = flows > _EPSILON
    return Allocation(point[keep], site[keep], flows[keep], without, -price, rounds)


def _summed(index: Indices, values: Values, number: int) -> Values:
    return np.asarray(np.bincount(index, weights=values, minlength=number), dtype=np.float64)


def _nearest(minutes: Values, allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    reach = np.where(allowed, minutes, np.inf)
    known = np.zeros_like(allowed)
    count = min(FIRST_PAIRS, minutes.shape[1])
    if count:
        order = np.argpartition(reach, count - 1, axis=1)[:, :count]
        np.put_along_axis(known, order, True, axis=1)
    return known & allowed


def _solve(
    children: Values, places: Values, point: Indices, site: Indices, cost: Values
) -> tuple[Values, Values, Values, Values]:
    """Flows of the pairs, children without a place, and the two prices (by point, by site)."""
    points, sites, pairs = len(children), len(places), len(point)
    ones, column = np.ones(pairs), np.arange(pairs)
    inside = coo_array((ones, (point, column)), shape=(points, pairs + points))
    outside = coo_array(
        (np.ones(points), (np.arange(points), pairs + np.arange(points))), shape=(points, pairs + points)
    )
    filled = coo_array((ones, (site, column)), shape=(sites, pairs + points))
    found = linprog(
        np.concatenate([cost, np.full(points, WITHOUT_PLACE_MIN)]),
        A_ub=filled.tocsr(),
        b_ub=places,
        A_eq=(inside + outside).tocsr(),
        b_eq=children,
        bounds=(0, None),
        method="highs-ds",
    )
    if found.status != 0:
        raise ModelFailed(f"the allocation was not solved: {found.message}", where="facility_network")
    return found.x[:pairs], found.x[pairs:], found.eqlin.marginals, found.ineqlin.marginals
