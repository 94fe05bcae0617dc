"""The network as a scenario would have it: sites, places, children and minutes, ready to be allocated.

Places of a site without a figure are drawn once per member, the same in every scenario: what is left of the published
total is shared among such sites in proportion to what each drew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sympolis.domain.scenario import Override
from sympolis.plugins import households
from sympolis.plugins.simulators.facility_network import location, travel
from sympolis.plugins.simulators.facility_network.network import Network, median_point

Values = NDArray[np.float64]
Indices = NDArray[np.intp]

SERVICE_LIFE_A = 40
INTEREST = 0.03
"""An investment is spread over forty years at 3 % (annuity)."""
LEAST_PLACES = 10.0
MOST_PLACES = 400.0
"""A drawn site has no fewer and no more: the figures known range from some 20 to some 300."""
YOUNG_TAKE_UP, OLDER_TAKE_UP, SCHOOL_AGE = 0.70, 0.95, 6.6
"""Who asks for a place where no forecast feeds the model: as in ``cohort_forecast``, whose sources hold."""
CANDIDATES_EACH = 2
"""Places in each area that a search for new sites may choose: its 1-median, and the square farthest from any site."""


@dataclass(slots=True)
class Plan:
    """By point: ``children``, ``area``; by site (today's first): ``places``, ``site_at``; ``minutes`` "
    "(points, sites)."""

    children: Values
    area: Indices
    poverty: Values
    point_at: Values
    point_stop_m: Values
    site_at: Values
    site_area: Indices
    site_stop_m: Values
    places: Values
    unknown_variance: Values
    """Of the places of each of today's sites: 0 where they are known."""
    today: int
    metres: Values = field(default_factory=lambda: np.zeros((0, 0)))
    minutes: Values = field(default_factory=lambda: np.zeros((0, 0)))
    yearly_cost_eur: float = 0.0
    notes: list[str] = field(default_factory=list)


def asking(network: Network) -> Values:
    """Children asking for a place by area today, each year of age under 15 taken as equally many."""
    under_15 = np.array(network.children)
    share = (2 * YOUNG_TAKE_UP + (SCHOOL_AGE - 3) * OLDER_TAKE_UP) / households.AGES
    return np.asarray(under_15 * share, dtype=np.float64)


def drawn_places(network: Network, given: Mapping[str, Any], chance: Values | None) -> tuple[Values, Values]:
    """Places by site and their variance; ``chance`` are standard normal draws by site, None: the mean of all "
    "draws."""
    known = network.known()
    unknown = np.isnan(known)
    spread = float(given["spread"])
    weights = np.exp(spread * chance - spread**2 / 2) if chance is not None else np.ones(len(known))
    mean = _mean_of_unknown(known, unknown, given)
    if unknown.any():
        scale = float(weights[unknown].mean()) if float(given["known_total"]) > 0 else 1.0
        weights = np.clip(mean * weights / scale, LEAST_PLACES, MOST_PLACES)
    variance = np.where(unknown, (mean * spread) ** 2, 0.0)
    return np.where(unknown, weights, np.nan_to_num(known)), variance


def _mean_of_unknown(known: Values, unknown: NDArray[np.bool_], given: Mapping[str, Any]) -> float:
    total = float(given["known_total"]) * (1.0 + float(given["total_error"]) / 100.0)
    if total <= 0 or not unknown.any():
        return float(given["places_unknown"])
    return max((total - float(np.nansum(known))) / int(unknown.sum()), LEAST_PLACES)


def as_today(
    network: Network, given: Mapping[str, Any], children_by_area: Values, chance: Values | None
) -> Plan:
    """The network without any change."""
    points, sites, stops = network.points(), network.sites(), network.stops()
    area = np.array(network.point_area, dtype=np.intp)
    places, variance = drawn_places(network, given, chance)
    return Plan(
        children=children_by_area[area] * np.array(network.point_share),
        area=area,
        poverty=np.array([np.nan if value is None else value for value in network.poverty], dtype=np.float64),
        point_at=points,
        point_stop_m=travel.nearest_m(points, stops),
        site_at=sites,
        site_area=np.array(network.site_area, dtype=np.intp),
        site_stop_m=travel.nearest_m(sites, stops),
        places=places,
        unknown_variance=variance,
        today=len(sites),
        notes=list(network.notes),
    )


def carry_out(plan: Plan, network: Network, overrides: Sequence[Override], given: Mapping[str, Any]) -> None:
    """Change the plan in place, override by override, then measure the ways."""
    for override in overrides:
        _CHANGES[override.measure](plan, network, override, given)
    plan.metres = travel.straight_m(plan.point_at, plan.site_at)
    plan.minutes = travel.minutes(plan.metres, plan.point_stop_m, plan.site_stop_m, travel.Pace.of(given))


def annuity(invest_eur: float) -> float:
    """What an investment costs a year."""
    return invest_eur * INTEREST / (1.0 - (1.0 + INTEREST) ** -SERVICE_LIFE_A)


def _open(plan: Plan, network: Network, override: Override, given: Mapping[str, Any]) -> None:  # noqa: ARG001
    where = override.where
    if "polygon" in where and "area" not in where:
        at = [network.on_plane(where["polygon"])]
    else:
        at = [network.point_at[median_point(network, area)] for area in areas_of(network, where)]
    for place in at:
        _add_site(plan, network, place, override.parameters)


def _add_site(plan: Plan, network: Network, at: tuple[float, float], given: Mapping[str, Any]) -> None:
    place = np.array([at], dtype=np.float64)
    nearest = int(np.argmin(travel.straight_m(place, plan.point_at)[0]))
    plan.site_at = np.vstack([plan.site_at, place])
    plan.site_area = np.append(plan.site_area, plan.area[nearest])
    plan.site_stop_m = np.append(plan.site_stop_m, travel.nearest_m(place, network.stops()))
    plan.places = np.append(plan.places, float(given["places"]))
    plan.yearly_cost_eur += _cost(float(given["places"]), given)


def _cost(places: float, given: Mapping[str, Any]) -> float:
    """Of so many more places a year; fewer places save what running them costs, not what they once cost to "
    "build."""
    built = annuity(float(given["invest_eur"])) * max(places, 0.0)
    return built + places * float(given["running_eur"])


def _change(plan: Plan, network: Network, override: Override, given: Mapping[str, Any]) -> None:  # noqa: ARG001
    for site in sites_of(network, override.where):
        before = plan.places[site]
        plan.places[site] = max(before + float(override.parameters["places"]), 0.0)
        plan.yearly_cost_eur += _cost(float(plan.places[site] - before), override.parameters)


def _merge(plan: Plan, network: Network, override: Override, given: Mapping[str, Any]) -> None:  # noqa: ARG001
    sites = sites_of(network, override.where)
    into = max(sites, key=lambda site: (_sure_places(network, site), -site))
    others = [site for site in sites if site != into]
    kept = float(override.parameters["kept_share"]) * float(plan.places[others].sum())
    lost = float(plan.places[others].sum()) - kept
    plan.places[into] += kept
    plan.places[others] = 0.0
    saved = len(others) * float(override.parameters["saved_eur"])
    plan.yearly_cost_eur -= saved + lost * float(override.parameters["running_eur"])


def _sure_places(network: Network, site: int) -> float:
    """Known places: which house stays must not depend on a draw."""
    return network.capacity[site] or 0.0


def _homes(plan: Plan, network: Network, override: Override, given: Mapping[str, Any]) -> None:  # noqa: ARG001
    who = households.newcomers(override.parameters)
    older = who.children[3:6].sum() + (SCHOOL_AGE - 6) * who.children[6]
    asking_here = YOUNG_TAKE_UP * who.children[1:3].sum() + OLDER_TAKE_UP * older
    where = override.where
    if "polygon" in where and "area" not in where:
        _add_point(plan, network, network.on_plane(where["polygon"]), float(asking_here))
        return
    areas = areas_of(network, where)
    shares = np.array(network.point_share)
    for area in areas:
        here = np.flatnonzero(plan.area[: len(shares)] == area)
        plan.children[here] += asking_here / len(areas) * shares[here]


def _add_point(plan: Plan, network: Network, at: tuple[float, float], children: float) -> None:
    place = np.array([at], dtype=np.float64)
    nearest = int(np.argmin(travel.straight_m(place, plan.point_at)[0]))
    plan.area = np.append(plan.area, plan.area[nearest])
    plan.point_at = np.vstack([plan.point_at, place])
    plan.point_stop_m = np.append(plan.point_stop_m, travel.nearest_m(place, network.stops()))
    plan.children = np.append(plan.children, children)


def _locate(plan: Plan, network: Network, override: Override, given: Mapping[str, Any]) -> None:
    """The same places in every member: chosen on today's children, mean places and the middle of every "
    "assumption."""
    candidates = _candidates(network, range(len(network.area_ids)))
    at = np.array([network.point_at[index] for index in candidates])
    found = _best(network, override, at, given)
    if not found.proven:
        plan.notes.append("the search for new sites stopped before it was proven best")
    for index in found.chosen:
        _add_site(plan, network, (float(at[index][0]), float(at[index][1])), override.parameters)


def _best(network: Network, override: Override, at: Values, given: Mapping[str, Any]) -> location.Choice:
    middle = {**given, **MIDDLE, "mode": given["mode"], "limit_min": given["limit_min"]}
    today = as_today(network, middle, asking(network), None)
    carry_out(today, network, (), middle)
    pace = travel.Pace.of(middle)
    ways = travel.minutes(
        travel.straight_m(today.point_at, at),
        today.point_stop_m,
        travel.nearest_m(at, network.stops()),
        pace,
    )
    question = location.Question(
        today.children,
        today.places,
        today.minutes,
        ways,
        int(override.parameters["sites"]),
        float(override.parameters["places"]),
        float(given["limit_min"]),
    )
    return location.choose(location.gathered(today.point_at, question))


def _candidates(network: Network, areas: Sequence[int]) -> list[int]:
    points = network.points()
    far = travel.straight_m(points, network.sites()).min(axis=1)
    found: list[int] = []
    for area in areas:
        here = [index for index, one in enumerate(network.point_area) if one == area]
        farthest = sorted(here, key=lambda index: -far[index] * network.point_share[index])
        found += [median_point(network, area), *farthest[: CANDIDATES_EACH - 1]]
    return list(dict.fromkeys(found))


def areas_of(network: Network, where: Mapping[str, Any]) -> list[int]:
    """Positions of the areas named; empty where one is unknown."""
    named = where.get("features", ()) or ([where["area"]] if "area" in where else [])
    return _positions(network.area_ids, named)


def sites_of(network: Network, where: Mapping[str, Any]) -> list[int]:
    """Positions of the sites named; empty where one is unknown."""
    return _positions(network.site_ids, where.get("features", ()))


def _positions(ids: Sequence[str], named: Sequence[Any]) -> list[int]:
    index = {name: position for position, name in enumerate(ids)}
    names = list(dict.fromkeys(str(name) for name in named))
    return [index[name] for name in names] if all(name in index for name in names) else []


MIDDLE: Mapping[str, float] = {
    "walk_kmh": 4.0,
    "detour": 1.3,
    "ride_kmh": 18.0,
    "wait_min": 5.0,
    "car_kmh": 24.0,
    "parking_min": 4.0,
    "total_error": 0.0,
    "places_unknown": 95.0,
}
_CHANGES = {
    "open_site": _open,
    "locate_sites": _locate,
    "change_places": _change,
    "merge_sites": _merge,
    "new_homes": _homes,
}
