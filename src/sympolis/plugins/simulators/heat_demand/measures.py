"""From overrides to what they change in each block, and why some are refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sympolis.domain.scenario import Override
from sympolis.plugins.simulators.heat_demand.demand import Effect, no_effect
from sympolis.plugins.simulators.heat_demand.stock import Indices, Stock


def keep_shapes(blocks: Sequence[Mapping[str, Any]], folder: Path) -> None:
    """A point in each block, for measures that name a polygon."""
    import shapely

    places = [
        shapely.from_geojson(json.dumps(block["location"])).representative_point().coords[0]
        for block in blocks
    ]
    np.save(folder / "places.npy", np.array(places))


def touched(stock: Stock, folder: Path, override: Override) -> Indices:
    """Positions of the blocks that an override names or whose middle lies in its polygon; all where it names none."""
    where = override.where
    if where.get("polygon"):
        import shapely

        region = shapely.from_geojson(json.dumps(where["polygon"]))
        return np.flatnonzero(shapely.contains(region, shapely.points(np.load(folder / "places.npy"))))
    named = set(where.get("features", ()))
    if not named:
        return np.arange(len(stock.blocks))
    return np.array([n for n, block in enumerate(stock.blocks) if block in named], dtype=np.intp)


def refusals(stock: Stock, folder: Path, overrides: Sequence[Override]) -> list[str]:
    """Reasons in plain words; empty where all is well."""
    return [
        f"{override.measure}: no planning block lies there"
        for override in overrides
        if not len(touched(stock, folder, override))
    ]


def effect_of(stock: Stock, folder: Path, overrides: Sequence[Override]) -> Effect:
    """What all overrides do together."""
    effect = no_effect(stock)
    found = {name: getattr(effect, name).copy() for name in Effect.__slots__}
    for override in overrides:
        _DO[override.measure](found, stock, touched(stock, folder, override), override.parameters)
    return Effect(**found)


def _refurbish(found: dict[str, Any], _stock: Stock, blocks: Indices, given: Mapping[str, Any]) -> None:
    found["refurbished"][blocks] = np.minimum(
        found["refurbished"][blocks] + given["rate"] / 100 * given["years"], 1.0
    )
    found["further"][blocks] = np.maximum(found["further"][blocks], given["further"])


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
