"""Which blocks a network should supply and what heats the others: least cost, as a mixed integer programme (HiGHS).

For each block b: y (network, 0 or 1) and shares g, a, o of ground pumps, air pumps and biomass with
y + g + a + o = 1. Ground pumps are limited by the block's ground, biomass by what the city has, networks by what can be
fed. A network does not jump: a block joins only beside one that lies nearer to today's network,
y(b) ≤ Σ y(n) over its neighbours n with fewer steps to it. Blocks on the network today stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sympolis.domain import errors

Values = NDArray[np.float64]
Indices = NDArray[np.intp]
Flags = NDArray[np.bool_]

GAP = 2e-3
"""The proposal may cost so much more than the best conceivable one (0.2 %)."""
FEWEST_GWH = 20.0
"""What today's network is taken to be where only its sum is known: groups of blocks with at least so much."""


@dataclass(frozen=True, slots=True)
class Question:
    """Costs [EUR/a] by way, shape (blocks,); demand [MWh/a]; limits; who is near whom and how many steps away.

    ``ground_limit`` share of the demand that ground pumps can meet · ``steps`` −1: the network cannot get there ·
    ``fixed_on``/``fixed_off`` decided already · ``least``/``most`` network heat [MWh/a] · ``biomass`` [MWh/a].
    """

    demand: Values
    network: Values
    ground: Values
    air: Values
    biomass: Values
    ground_limit: Values
    first: Indices
    second: Indices
    steps: Indices
    fixed_on: Flags
    fixed_off: Flags
    least: float
    most: float
    biomass_limit: float


@dataclass(frozen=True, slots=True)
class Zones:
    """Share of each block's demand met by each way."""

    network: Values
    ground: Values
    air: Values
    biomass: Values


def solve(asked: Question) -> Zones:
    """The cheapest supply. Raises ``ModelFailed`` where limits contradict each other."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    n = len(asked.demand)
    cost = np.concatenate([asked.network, asked.ground, asked.air, asked.biomass])
    scale = float(np.abs(cost).max()) or 1.0
    low, high = np.zeros(4 * n), np.ones(4 * n)
    high[:n][asked.fixed_off | (asked.steps < 0) & ~asked.fixed_on] = 0.0
    low[:n][asked.fixed_on], high[:n][asked.fixed_on] = 1.0, 1.0
    high[n : 2 * n] = np.clip(asked.ground_limit, 0.0, 1.0)
    rows, least, most = _rows(asked)
    found = milp(
        cost / scale,
        integrality=np.concatenate([np.ones(n), np.zeros(3 * n)]),
        bounds=Bounds(low, high),
        constraints=LinearConstraint(rows, least, most),
        options={"mip_rel_gap": GAP},
    )
    if found.x is None:
        hint = "lower the network heat asked for, or raise the limit"
        raise errors.ModelFailed("no supply meets all limits", where="network_at_least", hint=hint)
    shares = np.clip(found.x, 0.0, 1.0)
    return Zones(np.round(shares[:n]), shares[n : 2 * n], shares[2 * n : 3 * n], shares[3 * n :])


def _rows(asked: Question) -> tuple[Any, Values, Values]:
    """The constraints' matrix with their bounds: sums to one, network heat, biomass, growth."""
    from scipy.sparse import coo_array, hstack, identity, vstack

    n = len(asked.demand)
    one = identity(n, format="csr")
    whole = hstack([one] * 4)
    zero = np.zeros(n)
    heat = coo_array(np.concatenate([asked.demand, zero, zero, zero])[None, :])
    wood = coo_array(np.concatenate([zero, zero, zero, asked.demand])[None, :])
    growth, count = _growth(asked)
    rows: Any = vstack([whole, heat, wood, growth]).tocsr()
    least = np.concatenate([np.ones(n), [asked.least, 0.0], np.full(count, -np.inf)])
    most = np.concatenate([np.ones(n), [asked.most, asked.biomass_limit], np.zeros(count)])
    return rows, least, most


def _growth(asked: Question) -> tuple[Any, int]:
    """y(b) − Σ y(nearer neighbours) ≤ 0 for every block that the network must grow to."""
    from scipy.sparse import coo_array

    n = len(asked.demand)
    a = np.concatenate([asked.first, asked.second])
    b = np.concatenate([asked.second, asked.first])
    nearer = (asked.steps[a] >= 0) & (asked.steps[a] == asked.steps[b] - 1)
    grown = np.flatnonzero((asked.steps > 0) & ~asked.fixed_on & ~asked.fixed_off)
    row_of = np.full(n, -1)
    row_of[grown] = np.arange(len(grown))
    kept = nearer & (row_of[b] >= 0)
    rows = np.concatenate([np.arange(len(grown)), row_of[b[kept]]])
    columns = np.concatenate([grown, a[kept]])
    values = np.concatenate([np.ones(len(grown)), -np.ones(int(kept.sum()))])
    return coo_array((values, (rows, columns)), shape=(len(grown), 4 * n)), len(grown)


def steps_from(on: Flags, first: Indices, second: Indices) -> Indices:
    """How many blocks away each lies from the nearest that is on; −1: there is no way."""
    n = len(on)
    steps = np.where(on, 0, -1).astype(np.intp)
    a, b = np.concatenate([first, second]), np.concatenate([second, first])
    for step in range(1, n + 1):
        fresh = np.unique(b[(steps[a] == step - 1) & (steps[b] < 0)])
        if not len(fresh):
            break
        steps[fresh] = step
    return steps


def today(demand: Values, land: Values, first: Indices, second: Indices, network_mwh: float) -> Flags:
    """Which blocks the network supplies today where only its sum is known: the densest that lie together.

    The least density is sought at which groups of neighbours, each of ``FEWEST_GWH`` or more, make up ``network_mwh``.
    """
    if network_mwh <= 0:
        return np.zeros(len(demand), dtype=bool)
    density = demand / np.maximum(land, 1.0)
    tried = np.unique(density)
    low, high = 0, len(tried) - 1
    while low < high:  # the sum falls as the density asked for rises
        middle = (low + high + 1) // 2
        if _sum_from(demand, density, tried[middle], first, second)[1] >= network_mwh:
            low = middle
        else:
            high = middle - 1
    return _sum_from(demand, density, tried[low], first, second)[0]


def _sum_from(
    demand: Values, density: Values, least: float, first: Indices, second: Indices
) -> tuple[Flags, float]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    dense = density >= least
    both = dense[first] & dense[second]
    n = len(demand)
    links = coo_array((np.ones(int(both.sum())), (first[both], second[both])), shape=(n, n))
    _, group = connected_components(links, directed=False)
    sums = np.bincount(group, weights=demand * dense)
    on = dense & (sums[group] >= FEWEST_GWH * 1e3)
    return on, float(demand[on].sum())
