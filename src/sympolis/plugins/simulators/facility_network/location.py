"""Where new sites do most good: capacitated location-allocation, solved with HiGHS.

A mixed-integer problem (capacitated p-median: Mulvey & Beck 1984, DOI 10.1016/0377-2217(84)90155-3): of all candidates
choose so many, so that children without a place weigh most and minutes count for the rest. For a whole city, demand is
first gathered in squares of a kilometre; the children are then allocated exactly (``allocation``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

Values = NDArray[np.float64]
Indices = NDArray[np.intp]

MOST_POINTS = 400
"""More points than this are gathered first."""
SQUARE_M = 1000.0
PAIRS_EACH = 8
"""Existing sites, and candidates, that each point may use: nearest first."""
WITHOUT_LIMITS = 4.0
"""What a child without a place weighs, in limits of time."""
SECONDS = 1.5
GAP = 1e-3


@dataclass(frozen=True, slots=True)
class Choice:
    """Positions of the chosen candidates, and whether that is proven best (within 0.1 %) or the best found "
    "in time."""

    chosen: tuple[int, ...]
    proven: bool


@dataclass(frozen=True, slots=True)
class Question:
    """Children by point (n,), minutes to sites (n, m) and candidates (n, k), places of sites, and how many "
    "to open."""

    children: Values
    places: Values
    to_sites: Values
    to_candidates: Values
    count: int
    places_each: float
    limit_min: float


def gathered(points: Values, question: Question) -> Question:
    """The same question with demand in squares of a kilometre, where there are many points; minutes are "
    "means."""
    if len(points) <= MOST_POINTS:
        return question
    square = np.unique(np.floor(points / SQUARE_M), axis=0, return_inverse=True)[1].ravel()
    weights = np.maximum(question.children, 1e-9)
    total = np.bincount(square, weights=weights)

    def mean(minutes: Values) -> Values:
        summed = np.zeros((len(total), minutes.shape[1]))
        np.add.at(summed, square, minutes * weights[:, None])
        return np.asarray(summed / total[:, None], dtype=np.float64)

    return Question(
        np.asarray(np.bincount(square, weights=question.children), dtype=np.float64),
        question.places,
        mean(question.to_sites),
        mean(question.to_candidates),
        question.count,
        question.places_each,
        question.limit_min,
    )


def choose(question: Question) -> Choice:
    """Solve it. Where the solver runs out of time with nothing in hand, the candidates nearest to most children."""
    points, candidates = len(question.children), question.to_candidates.shape[1]
    if question.count >= candidates:
        return Choice(tuple(range(candidates)), True)
    point, place, cost = _pairs(question)
    flows = len(point) + points
    without = np.full(points, WITHOUT_LIMITS * question.limit_min)
    found = milp(
        np.concatenate([cost, without, np.zeros(candidates)]),
        integrality=np.concatenate([np.zeros(flows), np.ones(candidates)]),
        bounds=Bounds(0, np.concatenate([np.full(flows, np.inf), np.ones(candidates)])),
        constraints=_constraints(question, point, place),
        options={"time_limit": SECONDS, "mip_rel_gap": GAP},
    )
    if found.x is None:
        return Choice(_nearest_to_most(question), False)
    picked = np.argsort(-found.x[flows:], kind="stable")[: question.count]
    return Choice(tuple(sorted(int(one) for one in picked)), found.status == 0)


def _constraints(question: Question, point: Indices, place: Indices) -> list[LinearConstraint]:
    """Every child goes somewhere or goes without; no place is over its room; so many candidates open.

    Columns: a flow for each pair, the children without a place at each point, a switch for each candidate.
    """
    points, sites, pairs = len(question.children), len(question.places), len(point)
    candidates = question.to_candidates.shape[1]
    switch = pairs + points + np.arange(candidates)
    width = pairs + points + candidates
    met = _matrix(
        np.concatenate([point, np.arange(points)]),
        np.arange(pairs + points),
        np.ones(pairs + points),
        (points, width),
    )
    filled = _matrix(
        np.concatenate([place, sites + np.arange(candidates)]),
        np.concatenate([np.arange(pairs), switch]),
        np.concatenate([np.ones(pairs), np.full(candidates, -question.places_each)]),
        (sites + candidates, width),
    )
    opened = _matrix(np.zeros(candidates, dtype=np.intp), switch, np.ones(candidates), (1, width))
    room = np.concatenate([question.places, np.zeros(candidates)])
    return [
        LinearConstraint(met, question.children, question.children),
        LinearConstraint(filled, -np.inf, room),
        LinearConstraint(opened, question.count, question.count),
    ]


def _matrix(rows: Indices, columns: Indices, values: Values, shape: tuple[int, int]) -> Any:
    return coo_array((values, (rows, columns)), shape=shape).tocsc()


def _pairs(question: Question) -> tuple[Indices, Indices, Values]:
    """(point, place, minutes) of pairs within the limit; candidates are numbered behind the sites."""
    sites = question.to_sites.shape[1]
    both = [(question.to_sites, 0), (question.to_candidates, sites)]
    points, places, costs = [], [], []
    for minutes, first in both:
        allowed = minutes <= question.limit_min
        kept = min(PAIRS_EACH, minutes.shape[1])
        order = np.argsort(np.where(allowed, minutes, np.inf), axis=1, kind="stable")[:, :kept]
        near = np.zeros_like(allowed)
        np.put_along_axis(near, order, True, axis=1)
        point, place = np.nonzero(near & allowed)
        points.append(point)
        places.append(place + first)
        costs.append(minutes[point, place])
    return np.concatenate(points), np.concatenate(places), np.concatenate(costs)


def _nearest_to_most(question: Question) -> tuple[int, ...]:
    within = question.children @ (question.to_candidates <= question.limit_min)
    return tuple(int(one) for one in np.argsort(-within, kind="stable")[: question.count])
