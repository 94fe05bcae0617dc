"""From the blocks that a network supplies to mains: groups, feed-in points, a tree for each, and pipes that are large
enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Indices = NDArray[np.intp]

INNER_M = np.array([
    0.0545, 0.0703, 0.0825, 0.1071, 0.1325, 0.1603, 0.2101, 0.263, 0.3127, 0.3444, 0.3938, 0.4446, 0.4954, 0.5958,
    0.6953, 0.7954, 0.8954, 0.994,
])  # fmt: skip
"""Inner diameters [m] of steel pipes DN 50 to DN 1000 in bonded systems (EN 253)."""
HEAT_CAPACITY = 4190.0
"""Of water [J/(kg·K)] at some 75 °C."""
DENSITY = 975.0
"""Of water [kg/m³] at some 75 °C."""
FEWEST = 3
"""Blocks of the smallest network that is worth a check."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A network with one feed-in point.

    ``blocks`` are positions; ``root`` and ``parent`` (−1 for the root) are positions within ``blocks``; of each block
    but the root: ``length`` [m], ``inner`` [m] and ``flow`` [kg/s] of the pipe that leads to it; ``own`` [kg/s] what it
    takes itself.
    """

    blocks: Indices
    root: int
    parent: Indices
    length: Values
    inner: Values
    flow: Values
    own: Values


def lay(places: Values, demand: Values, given: Mapping[str, Any]) -> tuple[list[Tree], int]:
    """Trees for all groups of blocks with ``demand`` [MWh/a]; how many blocks lie in groups too small for one."""
    on = np.flatnonzero(demand > 0)
    found, small = [], 0
    for group in _groups(places, on, given["reach"]):
        if len(group) < FEWEST:
            small += len(group)
            continue
        for part in _parts(places, demand, group, given["plant_heat"] * 1e3):
            found.append(_tree(places, demand, part, given))
    return found, small


def _groups(places: Values, on: Indices, reach_m: float) -> list[Indices]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    if not len(on):
        return []
    pairs = cKDTree(places[on]).query_pairs(reach_m, output_type="ndarray")
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(on), len(on)))
    count, label = connected_components(links, directed=False)
    return [on[label == n] for n in range(count)]


def _parts(places: Values, demand: Values, group: Indices, plant_mwh: float) -> list[Indices]:
    """One part for each feed-in point: blocks go to the nearest of points that lie far from each other."""
    count = min(max(1, int(np.ceil(demand[group].sum() / plant_mwh))), max(1, len(group) // FEWEST))
    seeds = [int(group[np.argmax(demand[group])])]
    while len(seeds) < count:
        apart = np.min([_metres(places[group], places[seed]) for seed in seeds], axis=0)
        seeds.append(int(group[np.argmax(apart)]))
    nearest = np.argmin([_metres(places[group], places[seed]) for seed in seeds], axis=0)
    return [group[nearest == n] for n in range(len(seeds)) if (nearest == n).any()]


def _metres(places: Values, place: Values) -> Values:
    found: Values = np.hypot(*(places - place).T)
    return found


def _tree(places: Values, demand: Values, part: Indices, given: Mapping[str, Any]) -> Tree:
    """The shortest tree from the middle of the demand; flows add up towards it; the smallest pipe wide enough."""
    middle = (places[part] * demand[part][:, None]).sum(axis=0) / demand[part].sum()
    root = int(np.argmin(_metres(places[part], middle)))
    order, parent, apart = _spanned(places[part], root)
    power = demand[part] * 1e6 / given["full_load"] * given["simultaneity"]  # W
    own = power / (HEAT_CAPACITY * given["spread"])
    flow = own.copy()
    for node in order[::-1]:
        if parent[node] >= 0:
            flow[parent[node]] += flow[node]
    needed = np.sqrt(4 * flow / (DENSITY * np.pi * given["velocity"]))
    inner = INNER_M[np.minimum(np.searchsorted(INNER_M, needed), len(INNER_M) - 1)]
    return Tree(part, root, parent, apart * given["detour"], inner, flow, own)


def _spanned(places: Values, root: int) -> tuple[Indices, Indices, Values]:
    """Minimum spanning tree over straight lines: nodes from the root outwards, the parent of each and the way to it."""
    from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree
    from scipy.spatial.distance import pdist, squareform

    lines = squareform(pdist(places)) if len(places) > 1 else np.zeros((1, 1))
    spanned = minimum_spanning_tree(np.maximum(lines, 1e-6) * (1 - np.eye(len(places))))
    order, before = breadth_first_order(spanned, root, directed=False)
    parent = np.where(before < 0, -1, before).astype(np.intp)
    apart = np.where(parent >= 0, lines[np.arange(len(places)), np.maximum(parent, 0)], 0.0)
    return order.astype(np.intp), parent, apart
