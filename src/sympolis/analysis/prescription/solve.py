"""The best choice of options, and the front: a small integer programme each, solved by HiGHS.

HiGHS (Huangfu & Hall 2018, DOI 10.1007/s12532-017-0130-5) comes with scipy and is loaded in a worker. The front follows
the epsilon-constraint method (Haimes, Lasdon & Wismer 1971, DOI 10.1109/TSMC.1971.4308298): gain is made most for every
pair of a budget and a least share for those worst off; points beaten by another in cost, gain and share are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from sympolis.analysis.prescription.problem import (
    FRONT_BUDGETS,
    FRONT_SHARES,
    MOST_CHOSEN,
    Choice,
    FrontPoint,
    Limits,
    Option,
)
from sympolis.domain import errors

GAP = 1e-4
"""Relative distance to the proven best at which the solver may stop."""
TIME_LIMIT_S = 20.0
BETTER = 1e-6


def allocate(options: Sequence[Mapping[str, Any]], limits: Mapping[str, Any], front: bool) -> dict[str, Any]:
    """The choice and, where asked for, the front, as plain values: what a worker is called with.

    Raises ``ModelFailed`` where no choice keeps to the limits.
    """
    table = [Option(**option) for option in options]
    bounds = Limits(**limits)
    chosen = best(table, bounds)
    if chosen is None:
        raise errors.ModelFailed(
            "no choice keeps to all limits", where="limits", hint="raise the budget or lower the least share"
        )
    points = pareto(table, bounds) if front else []
    return {"choice": asdict(chosen), "front": [asdict(point) for point in points]}


def best(options: Sequence[Option], limits: Limits) -> Choice | None:
    """The options with most gain within the limits; None where nothing keeps to them."""
    useful = [n for n, option in enumerate(options) if option.gain > 0]
    if not useful:
        return _choice(options, ()) if limits.least_share <= 0 else None
    taken = _solve([options[n] for n in useful], limits)
    return None if taken is None else _choice(options, tuple(useful[n] for n in taken))


def pareto(options: Sequence[Option], limits: Limits) -> list[FrontPoint]:
    """The front, cheapest first. Costs are compared by the first indicator of the budget."""
    found: list[FrontPoint] = []
    for budget_share in FRONT_BUDGETS:
        budget = {name: most * budget_share for name, most in limits.budget.items()}
        for least in FRONT_SHARES:
            choice = best(options, replace(limits, budget=budget, least_share=least))
            if choice is not None and choice.options:
                found.append(FrontPoint(budget_share=budget_share, least_share=least, choice=choice))
    kept = [one for n, one in enumerate(found) if not _beaten(n, found)]
    return sorted(kept, key=lambda point: (_cost(point), point.choice.worst_off_share))


def _beaten(number: int, found: Sequence[FrontPoint]) -> bool:
    """Whether another point is as good in cost, gain and share and better in one (or the same, found before)."""
    mine = _merits(found[number])
    for other, point in enumerate(found):
        theirs = _merits(point)
        if other != number and all(
            t >= m - BETTER * max(abs(m), 1.0) for t, m in zip(theirs, mine, strict=True)
        ):
            better = any(t > m + BETTER * max(abs(m), 1.0) for t, m in zip(theirs, mine, strict=True))
            if better or other < number:
                return True
    return False


def _merits(point: FrontPoint) -> tuple[float, float, float]:
    return -_cost(point), point.choice.gain, point.choice.worst_off_share


def _cost(point: FrontPoint) -> float:
    return next(iter(point.choice.costs.values()), 0.0)


def _solve(options: Sequence[Option], limits: Limits) -> tuple[int, ...] | None:
    """Positions of the options to take. A variable each, and one a place that says whether anything happens there."""
    from scipy.optimize import Bounds, LinearConstraint, milp  # heavy: in a worker

    places = sorted({option.place for option in options})
    gains = np.array([o.gain * (1 + limits.weight * o.worst_off) for o in options])
    rows, most = _constraints(options, limits, places)
    count = len(options) + len(places)
    solved = milp(
        -np.concatenate([gains, np.zeros(len(places))]) / gains.max(),
        constraints=LinearConstraint(rows, -np.inf, most),
        integrality=np.ones(count, dtype=np.int64),
        bounds=Bounds(np.zeros(count), np.ones(count)),
        options={"mip_rel_gap": GAP, "time_limit": TIME_LIMIT_S},
    )
    if solved.x is None:
        return None
    return tuple(int(n) for n in np.nonzero(solved.x[: len(options)] > 0.5)[0])


def _constraints(options: Sequence[Option], limits: Limits, places: Sequence[str]) -> tuple[Any, Any]:
    """Rows ``A x <= b`` over options, then places."""
    width = len(options) + len(places)
    rows: list[Any] = []
    most: list[float] = []

    def add(values: Mapping[int, float], bound: float) -> None:
        row = np.zeros(width)
        row[list(values)] = list(values.values())
        rows.append(row)
        most.append(bound)

    for name, budget in limits.budget.items():
        scale = max(abs(budget), 1.0)
        add({n: o.costs[name] / scale for n, o in enumerate(options)}, budget / scale)
    for measure, total in limits.totals.items():
        add({n: o.amount / total for n, o in enumerate(options) if o.measure == measure}, 1.0)
    for key in sorted({(o.lever, o.place) for o in options}):
        add({n: 1.0 for n, o in enumerate(options) if (o.lever, o.place) == key}, 1.0)
    position = {place: len(options) + n for n, place in enumerate(places)}
    for n, option in enumerate(options):
        add({n: 1.0, position[option.place]: -1.0}, 0.0)
    add(dict.fromkeys(position.values(), 1.0), float(limits.most_places))
    add(dict.fromkeys(range(len(options)), 1.0), float(MOST_CHOSEN))
    if limits.least_share > 0:
        scale = max(o.gain for o in options)
        add({n: o.gain * (limits.least_share - o.worst_off) / scale for n, o in enumerate(options)}, 0.0)
    return np.array(rows), np.array(most)


def _choice(options: Sequence[Option], taken: tuple[int, ...]) -> Choice:
    gain = sum(options[n].gain for n in taken)
    theirs = sum(options[n].gain for n in taken if options[n].worst_off)
    names = options[0].costs if options else {}
    return Choice(
        options=taken,
        gain=gain,
        costs={name: sum(options[n].costs[name] for n in taken) for name in names},
        worst_off_share=theirs / gain if gain > 0 else 0.0,
    )
