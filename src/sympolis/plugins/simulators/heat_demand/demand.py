"""Heat demand of every building: dwellings by age and size, other uses by floor area, all levelled to what is known.

Two levels are known: the living area of each area (statistics) and the heat demand of the whole city (official). The
first decides how much of the floor area of unknown use must be dwellings; the second gives one calibration factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sympolis.plugins.simulators.heat_demand.stock import HOMES, UNKNOWN, USES, Stock
from sympolis.plugins.simulators.heat_demand.typology import space_heat

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Effect:
    """What measures change, by block: the share refurbished in addition, how much better than usual and what other uses
    save thereby (share), space heat's factor, and new homes [m²] with their specific need [kWh/(m²·a)]."""

    refurbished: Values
    further: Values
    other_uses: Values
    winters: Values
    new_living: Values
    new_heat: Values


def no_effect(stock: Stock) -> Effect:
    """The stock as it is."""
    zero = np.zeros(len(stock.blocks))
    return Effect(zero, zero, zero, np.ones(len(stock.blocks)), zero, zero)


@dataclass(frozen=True, slots=True)
class Floor:
    """Living area and other heated area [m²] of each building; share of unknown floor area that is dwellings."""

    living: Values
    other: Values
    unknown_homes: float


def floor(stock: Stock, given: Mapping[str, Any]) -> Floor:
    """Levels living area to what is published for each area.

    With A the gross area of known dwellings, U that of unknown use and L the published living area, the share
    s = (L/r − A)/U, cut to 0..1, of U is dwellings (r: living per gross area), and every dwelling gets the factor
    L/(A + s·U), so that the sum is L. Without L, r holds and s is that of the other areas together.
    """
    r = given["living_per_gross"]
    is_home, is_unknown = np.isin(stock.use, HOMES), stock.use == UNKNOWN
    homes, unknown = stock.by_area(stock.gross * is_home), stock.by_area(stock.gross * is_unknown)
    known = np.isfinite(stock.living) & (stock.living > 0)
    share = np.clip(
        (np.nan_to_num(stock.living) / r - homes) / np.where(unknown > 0, unknown, np.inf), 0.0, 1.0
    )
    whole = float((share * unknown)[known].sum() / max(unknown[known].sum(), 1.0)) if known.any() else 0.0
    share = np.where(known, share, whole)
    counted = homes + share * unknown
    factor = np.where(
        known & (counted > 0), np.nan_to_num(stock.living) / np.where(counted > 0, counted, 1.0), r
    )
    part = is_home + is_unknown * share[stock.area]
    living = stock.gross * part * factor[stock.area]
    other = stock.gross * (1.0 - part) * given["net_per_gross"]
    return Floor(living, other, float((share * unknown).sum() / max(unknown.sum(), 1.0)))


def specific(stock: Stock, given: Mapping[str, Any], effect: Effect) -> Values:
    """Space heat of each building's dwellings [kWh/(m²·a)]: by its own age where known, else its area's mix."""
    share = given["refurbished_share"]
    added = np.minimum(effect.refurbished, 1.0 - share)
    by_block = space_heat(share + added, given["surplus"], effect.further * added) * given["typology"]
    table = by_block[stock.block, stock.size]
    mixed = (table * stock.ages[stock.area]).sum(axis=1)
    own = table[np.arange(len(stock.age)), np.maximum(stock.age, 0)]
    found: Values = np.where(stock.age >= 0, own, mixed) * effect.winters[stock.block]
    return found


@dataclass(frozen=True, slots=True)
class Demand:
    """Heat demand [MWh/a] of each building, its dwellings' part, and of new homes by block; all uncalibrated."""

    homes: Values
    other: Values
    new: Values
    floor: Floor

    @property
    def total_gwh(self) -> float:
        """Of the city, uncalibrated."""
        return float(self.homes.sum() + self.other.sum() + self.new.sum()) / 1e3


def demand(stock: Stock, given: Mapping[str, Any], effect: Effect) -> Demand:
    """Living area · (space heat + hot water) + other heated area · its use's figure."""
    area = floor(stock, given)
    homes = area.living * (specific(stock, given, effect) + given["hot_water"]) / 1e3
    figures = np.zeros(len(USES))
    for use in ("commerce", "public", "industry"):
        figures[USES.index(use)] = given[use]
    figures[UNKNOWN] = given["other"]
    kept = (1.0 - effect.refurbished * effect.other_uses) * effect.winters
    other = area.other * figures[stock.use] * kept[stock.block] / 1e3
    new = effect.new_living * (effect.new_heat * effect.winters + given["hot_water"]) / 1e3
    return Demand(homes, other, new, area)


def calibration_factor(uncalibrated_gwh: float, given: Mapping[str, Any]) -> float:
    """Official over modelled demand of the stock as it is; 1 where no official figure is given."""
    official = given["official_demand"]
    if not official:
        return 1.0
    return float((official + given["official_error"]) / uncalibrated_gwh)
