"""What heat costs in each block by each way of supply, per year, in the target year.

Full costs in the sense of § 18 (1) Wärmeplanungsgesetz: investment as an annuity over the technical life, upkeep,
losses and energy. The length of a block's own network is not known without streets; it follows from its land by the
effective width w = land / length, which Persson, Wiechers, Möller & Werner 2019 (Energy 176, 604-622,
DOI 10.1016/j.energy.2019.03.189) fitted to the plot ratio e: 137.5·e + 5 m up to e = 0.4, 60 m above.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

PIPE_YEARS, STATION_YEARS, PUMP_YEARS, BOILER_YEARS = 40, 25, 20, 20
UPKEEP = {"pipes": 0.01, "station": 0.02, "pump": 0.02, "boiler": 0.03}
"""Yearly upkeep as a share of the investment (VDI 2067 part 1, rounded)."""
BOILER_EFFICIENCY = 0.85
REFERENCE_KW = 20.0
"""Peak of a building at which the stated cost per kilowatt holds."""
DENSE = 1.0
"""Plot ratio from which there is no room for heat pumps without further effort."""


def annuity(interest_percent: float, years: int) -> float:
    """Yearly share of an investment: i·(1+i)ⁿ / ((1+i)ⁿ − 1), or 1/n without interest."""
    i = interest_percent / 100
    if i == 0:
        return 1 / years
    growth = (1 + i) ** years
    return float(i * growth / (growth - 1))


def effective_width(plot_ratio: Values) -> Values:
    """Land per metre of trench [m] by plot ratio."""
    found: Values = np.where(plot_ratio <= 0.4, 137.5 * plot_ratio + 5.0, 60.0)
    return found


@dataclass(frozen=True, slots=True)
class Ways:
    """Yearly cost [EUR/a] of supplying a whole block by each way, and what network supply takes.

    ``length`` own trench [m] · ``pipes`` yearly cost of a metre of trench [EUR/(m·a)] · ``loss`` [MWh/a] · ``stations``
    investment [EUR].
    """

    network: Values
    ground: Values
    air: Values
    biomass: Values
    length: Values
    pipes: Values
    loss: Values
    stations: Values


def size_factor(peak_kw: Values, buildings: Values, exponent: float) -> Values:
    """What a kilowatt costs in buildings of this size against one of ``REFERENCE_KW``: (peak / reference) ** exponent.

    Cut to 0.5 … 1.5, beyond which no catalogue gives figures.
    """
    each = peak_kw / np.maximum(buildings, 1.0)
    found: Values = np.clip((np.maximum(each, 1e-3) / REFERENCE_KW) ** exponent, 0.5, 1.5)
    return found


@dataclass(frozen=True, slots=True)
class Site:
    """Of each block: demand [MWh/a], buildings, heated floor [m²], land [m²]; shares (0..1) of the trench that lies
    already and that others pay."""

    demand: Values
    buildings: Values
    floor_area: Values
    land: Values
    built: Values
    subsidy: Values


def ways(site: Site, given: Mapping[str, Any]) -> Ways:
    """Costs of every block by every way, for the model's parameters ``given``."""
    demand, rate = site.demand, given["interest"]
    ratio = site.floor_area / np.maximum(site.land, 1.0)
    length = site.land / effective_width(ratio) * (demand > 0)
    peak = demand / given["full_load"] * 1e3  # kW
    sized = size_factor(peak, site.buildings, given["size_exponent"])
    metre = given["trench"] * (annuity(rate, PIPE_YEARS) + UPKEEP["pipes"]) * (1 - site.subsidy)
    loss = length * given["pipe_loss"]
    stations = peak * given["station"] * sized
    network = (
        length * (1 - site.built) * metre
        + stations * (annuity(rate, STATION_YEARS) + UPKEEP["station"])
        + (demand + loss) * given["network_price"]
    )
    dense = 1 + given["dense_surplus"] * (ratio > DENSE)
    pump = (annuity(rate, PUMP_YEARS) + UPKEEP["pump"]) * peak * sized * dense
    price = given["electricity_price"]
    boiler = peak * sized * given["boiler"] * (annuity(rate, BOILER_YEARS) + UPKEEP["boiler"])
    return Ways(
        network=network,
        ground=pump * given["ground_pump"] + demand / given["cop_ground"] * price,
        air=pump * given["heat_pump"] + demand / given["cop_air"] * price,
        biomass=boiler + demand / BOILER_EFFICIENCY * given["biomass_price"],
        length=length,
        pipes=metre,
        loss=loss,
        stations=stations,
    )
