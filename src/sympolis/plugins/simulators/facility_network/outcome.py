"""What a run says: figures of the whole network and of each area and site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sympolis.domain.measure import Direction
from sympolis.plugins.declaring import column, figure, texts
from sympolis.plugins.simulators.facility_network import travel, worth
from sympolis.plugins.simulators.facility_network.allocation import Allocation
from sympolis.plugins.simulators.facility_network.plan import Plan

Values = NDArray[np.float64]

LOW, HIGH = Direction.LOWER, Direction.HIGHER
FIFTH = 0.2
FULL = 0.95

INDICATORS = (
    figure(
        "asking",
        texts(
            "Children asking for a place",
            "Bambini che chiedono un posto",
            "Kinder, die einen Platz nachfragen",
        ),
        "1",
    ),
    figure("places", texts("Places", "Posti", "Plätze"), "1"),
    figure("spare", texts("Places to spare", "Posti liberi", "Freie Plätze"), "%", Direction.NEUTRAL, 1),
    figure(
        "covered",
        texts(
            "Children with a place within the limit",
            "Bambini con un posto entro il limite",
            "Kinder mit Platz in zumutbarer Zeit",
        ),
        "%",
        HIGH,
        2,
    ),
    figure(
        "without",
        texts(
            "Children without a place within the limit",
            "Bambini senza posto entro il limite",
            "Kinder ohne Platz in zumutbarer Zeit",
        ),
        "1",
        LOW,
    ),
    figure(
        "worst_fifth",
        texts(
            "Covered in the fifth worst off",
            "Coperti nel quinto peggio servito",
            "Abdeckung im schlechtesten Fünftel",
        ),
        "%",
        HIGH,
        1,
    ),
    figure(
        "poor_gap",
        texts(
            "Covered less where most children are poor",
            "Copertura in meno dove i bambini poveri sono di più",
            "Geringere Abdeckung, wo die meisten Kinder arm sind",
        ),
        "pp",
        LOW,
        2,
    ),
    figure(
        "minutes",
        texts("Mean way to the place", "Tragitto medio fino al posto", "Mittlerer Weg zum Platz"),
        "min",
        LOW,
        2,
    ),
    figure(
        "near",
        texts("With a place near by, on foot", "Con un posto vicino, a piedi", "Mit nahem Platz zu Fuß"),
        "%",
        HIGH,
        1,
    ),
    figure(
        "detour",
        texts(
            "Detour on the way to the nearest stop",
            "Deviazione verso la fermata più vicina",
            "Umweg auf dem Weg zur nächsten Haltestelle",
        ),
        "min",
        LOW,
        2,
    ),
    figure("full", texts("Sites that are full", "Sedi piene", "Volle Einrichtungen"), "%", LOW, 1),
    figure(
        "large",
        texts("Children in large sites", "Bambini in sedi grandi", "Kinder in großen Einrichtungen"),
        "%",
        LOW,
        1,
    ),
    figure(
        "yearly_cost",
        texts(
            "Costs of the changes, per year",
            "Costi delle modifiche, all'anno",
            "Kosten der Änderungen, im Jahr",
        ),
        "EUR/a",
        LOW,
    ),
    figure(
        "worth_of_counting",
        texts(
            "Knowing the true places is worth at most, per year",
            "Conoscere i posti veri vale al massimo, all'anno",
            "Die wahren Plätze zu kennen ist höchstens wert, im Jahr",
        ),
        "EUR/a",
    ),
)
FIELDS = (
    column(
        "coverage",
        texts(
            "Children with a place within the limit",
            "Bambini con un posto entro il limite",
            "Kinder mit Platz in zumutbarer Zeit",
        ),
        "%",
        "mean",
        HIGH,
    ),
    column(
        "without_place",
        texts(
            "Children without a place within the limit",
            "Bambini senza posto entro il limite",
            "Kinder ohne Platz in zumutbarer Zeit",
        ),
        "1",
        "sum",
        LOW,
    ),
    column(
        "asking_here",
        texts(
            "Children asking for a place",
            "Bambini che chiedono un posto",
            "Kinder, die einen Platz nachfragen",
        ),
        "1",
        "sum",
    ),
    column(
        "way",
        texts("Mean way to the place", "Tragitto medio fino al posto", "Mittlerer Weg zum Platz"),
        "min",
        "mean",
        LOW,
    ),
    column(
        "worth",
        texts(
            "Worth of knowing the true places",
            "Valore del conoscere i posti veri",
            "Wert der wahren Platzzahlen",
        ),
        "EUR/a",
        "sum",
    ),
    column("site_places", texts("Places of the site", "Posti della sede", "Plätze der Einrichtung"), "1"),
    column("load", texts("Places taken", "Posti occupati", "Belegte Plätze"), "%"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Figures by name, and by field one value for each area followed by one for each site of today (NaN: "
    "none)."""

    indicators: dict[str, float]
    fields: dict[str, list[list[float]]]


def outcome(plan: Plan, found: Allocation, given: Mapping[str, Any]) -> Outcome:
    """Everything that a run says, from the plan and where the children went."""
    areas = _areas(plan, found)
    taken = found.taken(len(plan.places))
    value = worth.of_counting(plan, given)
    sites = plan.today
    load = _share(taken, plan.places)[:sites]
    blank_sites, blank_areas = np.full(sites, np.nan), np.full(len(plan.poverty), np.nan)
    of_areas = {
        "coverage": 100.0 * areas.covered,
        "without_place": areas.without,
        "asking_here": areas.asking,
        "way": areas.way,
        "worth": value,
    }
    of_sites = {"site_places": plan.places[:sites], "load": 100.0 * load}
    fields = {name: np.concatenate([values, blank_sites]) for name, values in of_areas.items()}
    fields |= {name: np.concatenate([blank_areas, values]) for name, values in of_sites.items()}
    return Outcome(
        _figures(plan, found, areas, taken, given) | {"worth_of_counting": float(value.sum())},
        {name: [values.tolist()] for name, values in fields.items()},
    )


@dataclass(frozen=True, slots=True)
class _Areas:
    asking: Values
    without: Values
    covered: Values
    """Share of the children asking; NaN where there are none."""
    way: Values


def _areas(plan: Plan, found: Allocation) -> _Areas:
    number = len(plan.poverty)

    def summed(values: Values) -> Values:
        return np.asarray(np.bincount(plan.area, weights=values, minlength=number), dtype=np.float64)

    asking, without = summed(plan.children), summed(found.without)
    placed = summed(found.by_point(np.ones(len(found.placed))))
    walked = summed(found.by_point(plan.minutes[found.point, found.site]))
    return _Areas(asking, without, _share(placed, asking), _share(walked, placed))


def _share(part: Values, whole: Values) -> Values:
    found: Values = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return found


def _figures(
    plan: Plan, found: Allocation, areas: _Areas, taken: Values, given: Mapping[str, Any]
) -> dict[str, float]:
    asking, placed = float(plan.children.sum()), float(found.placed.sum())
    covered = 100.0 * placed / asking if asking else 100.0
    on_foot = travel.walking_min(plan.metres[found.point, found.site], travel.Pace.of(given))
    open_sites = plan.places > 0
    return {
        "asking": asking,
        "places": float(plan.places.sum()),
        "spare": 100.0 * (1.0 - placed / float(plan.places.sum())) if open_sites.any() else 0.0,
        "covered": covered,
        "without": float(found.without.sum()),
        "worst_fifth": 100.0 * _fifth(areas.covered, areas.asking, np.nan_to_num(areas.covered, nan=1.0)),
        "poor_gap": max(
            covered - 100.0 * _fifth(areas.covered, areas.asking, -np.nan_to_num(plan.poverty)), 0.0
        ),
        "minutes": _mean(plan.minutes[found.point, found.site], found.placed),
        "near": 100.0 * float(found.placed[on_foot <= float(given["near_min"])].sum()) / asking if asking else 0.0,
        "detour": _mean(_detours(plan, found, on_foot, given), found.placed),
        "full": 100.0 * float((taken >= FULL * plan.places)[open_sites].mean()) if open_sites.any() else 0.0,
        "large": 100.0 * float(taken[plan.places >= float(given["large_places"])].sum()) / placed if placed else 0.0,
        "yearly_cost": plan.yearly_cost_eur,
    }  # fmt: skip


def _detours(plan: Plan, found: Allocation, on_foot: Values, given: Mapping[str, Any]) -> Values:
    """Minutes on foot that dropping the child off adds to the way from home to the nearest stop, not below none.

    From home to the site and on to the site's nearest stop, against straight to the stop nearest home. A stop that is
    nowhere (no stops known) adds nothing.
    """
    pace = travel.Pace.of(given)
    on = travel.walking_min(plan.site_stop_m[found.site], pace)
    straight = travel.walking_min(plan.point_stop_m[found.point], pace)
    more = np.where(np.isfinite(on) & np.isfinite(straight), on_foot + on - straight, 0.0)
    return np.asarray(np.maximum(more, 0.0), dtype=np.float64)


def _mean(values: Values, weights: Values) -> float:
    return float(np.average(values, weights=weights)) if weights.sum() > 0 else 0.0


def _fifth(covered: Values, asking: Values, order: Values) -> float:
    """Share covered of that fifth of the children whose areas come first by ``order``; parts of an area "
    "count."""
    total = FIFTH * float(asking.sum())
    left, with_place = total, 0.0
    for index in np.argsort(order, kind="stable"):
        part = min(float(asking[index]), left)
        if part <= 0:
            continue
        with_place += part * float(covered[index])
        left -= part
    return float(with_place / total) if total else 1.0
