"""A supply plan: what the other models say of each block, what each way costs there, and what a choice adds up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sympolis.plugins.simulator import Linked
from sympolis.plugins.simulators.heat_supply import zoning
from sympolis.plugins.simulators.heat_supply.blocks import Blocks
from sympolis.plugins.simulators.heat_supply.costs import Site, Ways, ways
from sympolis.plugins.simulators.heat_supply.measures import Decided
from sympolis.plugins.simulators.heat_supply.zoning import Question, Zones

Values = NDArray[np.float64]
Indices = NDArray[np.intp]

MOST_COP = 10.0
"""No heat pump of buildings gives more heat per electricity over a year."""
LEAST_MWH = 1e-3
"""Less than a kilowatt-hour a year is no demand."""
PROXY = "which blocks the network supplies today is not open data: the densest that lie together stand in for them"


@dataclass(frozen=True, slots=True)
class Town:
    """Of each block: demand [MWh/a], buildings, heated floor [m²], land [m²], heat from its ground [MWh/a]; whether the
    network supplies it today; and pairs of neighbours with their distance [m]."""

    demand: Values
    buildings: Values
    floor_area: Values
    land: Values
    ground_heat: Values
    today: NDArray[np.bool_]
    first: Indices
    second: Indices
    distance: Values

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Where buildings that are known need heat: elsewhere there is nothing to choose."""
        found: NDArray[np.bool_] = (self.demand > 0) & (self.buildings > 0)
        return found


@dataclass(frozen=True, slots=True)
class Case:
    """One member's programme, with the costs behind it and the metres that lead from each block to the one before."""

    question: Question
    ways: Ways
    link: Values
    notes: tuple[str, ...]


def town(blocks: Blocks, linked: Mapping[str, Linked], given: Mapping[str, Any]) -> Town:
    """Bring the other models' results into the order of the blocks; what they do not know is 0."""
    position = {block: n for n, block in enumerate(blocks.ids)}
    heat, ground = linked["heat"], linked["ground"]
    demand = _ordered(heat, "demand", position)
    demand[demand < LEAST_MWH] = 0.0
    first, second, distance = blocks.within(given["reach"])
    return Town(
        demand=demand,
        buildings=_ordered(heat, "buildings", position),
        floor_area=_ordered(heat, "floor_area", position),
        land=blocks.land,
        ground_heat=_ordered(ground, "ground_heat", position),
        today=zoning.today(demand, blocks.land, first, second, given["network_today"] * 1e3),
        first=first,
        second=second,
        distance=distance,
    )


def _ordered(linked: Linked, name: str, position: Mapping[str, int]) -> Values:
    values = np.zeros(len(position))
    found = np.nan_to_num(np.asarray(linked.fields[name], dtype=float))[0]
    for feature, value in zip(linked.features, found.tolist(), strict=True):
        if feature in position:
            values[position[feature]] = value
    return values


def case(town: Town, decided: Decided, given: Mapping[str, Any]) -> Case:
    """The programme. A block that joins also pays for the trench from the nearest block before it."""
    on = (town.today | decided.on) & ~decided.off
    start = on if on.any() else _densest(town)
    steps = zoning.steps_from(start, town.first, town.second)
    costs = ways(
        Site(
            town.demand, town.buildings, town.floor_area, town.land, town.today.astype(float), decided.subsidy
        ),
        given,
    )
    link = _links(town, steps)
    share = 1 / given["cop_ground"]
    ground_limit = town.ground_heat / np.maximum(town.demand * (1 - share), 1e-9)
    question = Question(
        demand=town.demand,
        network=costs.network + link * costs.pipes,
        ground=costs.ground,
        air=costs.air,
        biomass=costs.biomass,
        ground_limit=ground_limit,
        first=town.first,
        second=town.second,
        steps=steps,
        fixed_on=on,
        fixed_off=decided.off | ~town.judged,
        least=decided.least,
        most=given["network_limit"] * 1e3,
        biomass_limit=given["biomass_limit"] * 1e3,
    )
    unknown = int(((town.demand > 0) & ~town.judged).sum())
    notes = [PROXY] if given["network_today"] else []
    notes += [f"{unknown} blocks without known buildings are not judged"] if unknown else []
    return Case(question, costs, link, tuple(notes))


def _densest(town: Town) -> NDArray[np.bool_]:
    """Where no network is, one may begin at the densest block."""
    start = np.zeros(len(town.demand), dtype=bool)
    start[int(np.argmax(town.demand / np.maximum(town.land, 1.0)))] = True
    return start


def _links(town: Town, steps: Indices) -> Values:
    """Metres to the nearest neighbour that is a step nearer to the network; 0 on it and where it cannot get."""
    a = np.concatenate([town.first, town.second])
    b = np.concatenate([town.second, town.first])
    metres = np.concatenate([town.distance, town.distance])
    nearer = (steps[a] >= 0) & (steps[a] == steps[b] - 1)
    found = np.full(len(steps), np.inf)
    np.minimum.at(found, b[nearer], metres[nearer])
    # Half of the way lies in the blocks themselves and is part of their own length.
    return np.where(np.isfinite(found) & (steps > 0), found / 2, 0.0)


def _heat_pump_electricity(town: Town, zones: Zones, given: Mapping[str, Any]) -> Values:
    found: Values = town.demand * (zones.ground / given["cop_ground"] + zones.air / given["cop_air"])
    return found


def fields(town: Town, case: Case, zones: Zones, given: Mapping[str, Any]) -> dict[str, list[list[float]]]:
    """Per block; NaN where nothing needs heat, or where no building is known whose supply could be judged."""
    demand = np.where(town.judged, town.demand, np.nan)
    question = case.question
    others = np.minimum(question.air, np.where(question.ground_limit >= 1, question.ground, np.inf))
    length = np.maximum(case.ways.length + case.link, 1e-9)

    def percent(share: Values) -> list[list[float]]:
        return [np.where(town.judged, 100 * share, np.nan).tolist()]

    return {
        "network": percent(zones.network),
        "ground_pump": percent(zones.ground),
        "air_pump": percent(zones.air),
        "biomass": percent(zones.biomass),
        "line_density": [(demand / length).tolist()],
        "network_cost": [(question.network / demand).tolist()],
        "decentral_cost": [(others / demand).tolist()],
        "network_demand": [(town.demand * zones.network).tolist()],
        "electricity": [_heat_pump_electricity(town, zones, given).tolist()],
        "connected_today": percent(town.today.astype(float)),
    }


def indicators(town: Town, case: Case, zones: Zones, given: Mapping[str, Any]) -> dict[str, float]:
    """Of the whole city, GWh/a and millions of euros."""
    on = zones.network
    question, costs = case.question, case.ways
    cost = float(
        (question.network * on + question.ground * zones.ground + question.air * zones.air).sum()
        + (question.biomass * zones.biomass).sum()
    )
    fresh = on * ~town.today
    new_pipes = float((fresh * (costs.length + case.link)).sum())
    network = float((town.demand * on).sum())
    losses = float((costs.loss * on).sum())
    pumps = town.demand * (zones.ground + zones.air)
    by_pumps = float(_heat_pump_electricity(town, zones, given).sum())
    by_network = given["network_electricity"] * (network + losses)
    electricity = by_pumps + by_network
    buildings = float((town.buildings * on).sum())
    emissions = electricity * given["electricity_emissions"] + (network + losses) * given["network_emissions"]
    return {
        "heat": float(town.demand.sum()) / 1e3,
        "network_heat": network / 1e3,
        "network_heat_share": 100 * network / max(float(town.demand.sum()), 1e-9),
        "heat_pumps": float(pumps.sum()) / 1e3,
        "biomass": float((town.demand * zones.biomass).sum()) / 1e3,
        "electricity": electricity / 1e3,
        **_whole_city(
            by_pumps / 1e3, by_network / 1e3, float(pumps.sum()) / 1e3, (network + losses) / 1e3, given
        ),
        "cost": cost / 1e6,
        "cost_of_heat": cost / max(float(town.demand.sum()), 1e-9),
        "investment": (new_pipes * given["trench"] + float((costs.stations * fresh).sum())) / 1e6,
        "new_pipes": new_pipes / 1e3,
        "losses": losses / 1e3,
        "network_buildings": buildings,
        "network_buildings_share": 100 * buildings / max(float(town.buildings.sum()), 1e-9),
        "emissions": emissions / 1e6,
    }


def _whole_city(
    by_pumps: float, by_network: float, pumped: float, fed: float, given: Mapping[str, Any]
) -> dict[str, float]:
    """Electricity of all uses [GWh/a], and which single assumption, all else equal, would meet what others expect.

    A solution that physics or sense does not allow (a heat pump that gives less than the electricity it takes, other
    uses below nought) says that this assumption alone cannot explain the difference; it is given at its bound.
    """
    kept = given["electricity_today"] - given["heating_today"] + given["transport"]
    city = kept + given["other_growth"] + by_pumps + by_network
    aim = given["aimed_electricity"] or city
    for_heat = aim - kept - given["other_growth"]
    return {
        "electricity_pumps": by_pumps,
        "electricity_network": by_network,
        "city_electricity": city,
        "implied_other": given["other_growth"] + aim - city,
        "implied_cop": pumped / max(for_heat - by_network, pumped / MOST_COP, 1e-9) if pumped else 0.0,
        "implied_network_electricity": max(for_heat - by_pumps, 0.0) / fed if fed else 0.0,
    }
