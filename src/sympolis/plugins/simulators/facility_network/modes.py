"""Who has a place within the limit on foot, by bus and tram, by car: the entitlement names no mode, so each is told.

Each is an allocation of its own over the same children and places: where places are scarce, whoever can go farther
takes those that others could have reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sympolis.domain.measure import Direction
from sympolis.plugins.declaring import figure, texts
from sympolis.plugins.simulators.facility_network import travel
from sympolis.plugins.simulators.facility_network.allocation import Allocation, allocate
from sympolis.plugins.simulators.facility_network.plan import Plan

FIGURES: Final[Mapping[str, str]] = {
    travel.WALK: "covered_walk",
    travel.TRANSIT: "covered_transit",
    travel.CAR: "covered_car",
}
INDICATORS = (
    figure(
        "covered_walk",
        texts("With a place in time, on foot", "Con un posto in tempo, a piedi", "Platz in zumutbarer Zeit, zu Fuß"),
        "%", Direction.HIGHER, 2,
    ),
    figure(
        "covered_transit",
        texts(
            "With a place in time, by bus, tram or on foot",
            "Con un posto in tempo, con bus, tram o a piedi",
            "Platz in zumutbarer Zeit, mit Bus, Bahn oder zu Fuß",
        ),
        "%", Direction.HIGHER, 2,
    ),
    figure(
        "covered_car",
        texts(
            "With a place in time, by car",
            "Con un posto in tempo, in auto",
            "Platz in zumutbarer Zeit, mit dem Auto",
        ),
        "%", Direction.HIGHER, 2,
    ),
)  # fmt: skip


def coverage(plan: Plan, found: Allocation, given: Mapping[str, Any]) -> dict[str, float]:
    """Per cent of the children asking, by mode; ``found`` is the allocation by the mode that was asked about."""
    return {
        name: _covered(plan, found if mode == given["mode"] else _by(mode, plan, given))
        for mode, name in FIGURES.items()
    }


def _by(mode: str, plan: Plan, given: Mapping[str, Any]) -> Allocation:
    pace = travel.Pace.of({**given, "mode": mode})
    minutes = travel.minutes(plan.metres, plan.point_stop_m, plan.site_stop_m, pace)
    return allocate(plan.children, plan.places, minutes, float(given["limit_min"]))


def _covered(plan: Plan, found: Allocation) -> float:
    asking = float(plan.children.sum())
    return 100.0 * float(found.placed.sum()) / asking if asking else 100.0
