"""What of a change is due to what: a difference from somebody else's figure then has parts that can be argued about.

The parts follow one another in a fixed order (homes, other uses, winters, new homes), each on top of those before, so
that they add up to the whole change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from sympolis.domain.scenario import Override
from sympolis.plugins.simulators.heat_demand.demand import Demand, Effect, demand, no_effect
from sympolis.plugins.simulators.heat_demand.stock import Stock

REFURBISH: Final = "refurbish"
_STEPS: Final = 16
"""Halvings of the interval in which a rate is sought: to a hundred-thousandth of it."""


def parts(
    stock: Stock, given: Mapping[str, Any], effect: Effect, today: Demand, after: Demand
) -> dict[str, float]:
    """Changes of the city's demand by cause, uncalibrated [GWh/a]; together they are ``after`` less ``today``."""
    nothing = no_effect(stock)
    homes = replace(nothing, refurbished=effect.refurbished, further=effect.further)
    others = replace(homes, other_uses=effect.other_uses)
    winters = replace(others, winters=effect.winters)
    sums = [today.total_gwh, *(demand(stock, given, one).total_gwh for one in (homes, others, winters))]
    sums.append(after.total_gwh)
    names = ("by_homes", "by_other_uses", "by_winters", "by_new_homes")
    return {name: float(late - early) for name, early, late in zip(names, sums, sums[1:], strict=False)}


def implied_rate(
    stock: Stock, given: Mapping[str, Any], effect: Effect, overrides: Sequence[Override], aimed_gwh: float
) -> float:
    """The refurbishment rate [%/a] at which, all else equal, the city would need ``aimed_gwh`` (uncalibrated).

    It is sought between 0 and the rate that refurbishes every building within the years of the first such measure;
    whichever end is nearer where neither reaches the aim. Where nothing is aimed at, the rate as it was assumed.
    """
    given_rates = [one.parameters for one in overrides if one.measure == REFURBISH]
    years = given_rates[0]["years"] if given_rates else 0.0
    if not aimed_gwh or not years:
        return float(given_rates[0]["rate"]) if given_rates else 0.0

    def needed(share: float) -> float:
        moved = replace(effect, refurbished=np.where(effect.refurbished > 0, share, 0.0))
        return demand(stock, given, moved).total_gwh

    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if needed(middle) > aimed_gwh else (low, middle)
    return 100 * high / float(years)
