"""From overrides to what they change in each block, and why some are refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sympolis.domain.scenario import Override
from sympolis.plugins import places
from sympolis.plugins.simulators.heat_demand.demand import Effect, no_effect
from sympolis.plugins.simulators.heat_demand.stock import Indices, Stock


def touched(stock: Stock, override: Override) -> Indices:
    """Positions of the blocks that an override names or whose middle lies in its polygon; all where it names none."""
    return places.touched(stock.blocks, stock.points, override.where)


def refusals(stock: Stock, overrides: Sequence[Override]) -> list[str]:
    """Reasons in plain words; empty where all is well."""
    return [
        f"{override.measure}: no planning block lies there"
        for override in overrides
        if not len(touched(stock, override))
    ]


def effect_of(stock: Stock, overrides: Sequence[Override]) -> Effect:
    """What all overrides do together."""
    effect = no_effect(stock)
    found = {name: getattr(effect, name).copy() for name in Effect.__slots__}
    for override in overrides:
        _DO[override.measure](found, stock, touched(stock, override), override.parameters)
    return Effect(**found)


def _refurbish(found: dict[str, Any], _stock: Stock, blocks: Indices, given: Mapping[str, Any]) -> None:
    found["refurbished"][blocks] = np.minimum(
        found["refurbished"][blocks] + given["rate"] / 100 * given["years"], 1.0
    )
    found["further"][blocks] = np.maximum(found["further"][blocks], given["further"])
    found["other_uses"][blocks] = np.maximum(found["other_uses"][blocks], given["other_uses"])


def _build_homes(found: dict[str, Any], stock: Stock, blocks: Indices, given: Mapping[str, Any]) -> None:
    land = np.nan_to_num(stock.land_ha[blocks], nan=1.0)
    added = given["living_area"] * land / max(land.sum(), 1e-9)
    before = found["new_living"][blocks]
    heat = before * found["new_heat"][blocks] + added * given["specific"]
    found["new_living"][blocks] = before + added
    found["new_heat"][blocks] = heat / np.maximum(before + added, 1e-9)


def _milder_winters(found: dict[str, Any], _stock: Stock, blocks: Indices, given: Mapping[str, Any]) -> None:
    found["winters"][blocks] *= 1.0 - given["fewer_degree_days"] / 100


_DO = {"refurbish": _refurbish, "build_homes": _build_homes, "milder_winters": _milder_winters}
