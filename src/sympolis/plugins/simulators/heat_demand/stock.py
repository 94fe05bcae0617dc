"""The building stock as arrays: which building stands in which block and area, its use, size and floor area.

Prepared once per data version. Sheds, garages and what covers less than 40 m² without a known use are not heated. An
area whose living area is published while no outline is known there gets one stand-in building per block, with that
living area and nothing else: its dwellings are not lost, and nobody takes it for a surveyed building.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sympolis.domain import errors
from sympolis.plugins import places
from sympolis.plugins.simulator import Inputs, table_columns
from sympolis.plugins.simulators.heat_demand.typology import AGES, age_of

Values = NDArray[np.float64]
Indices = NDArray[np.intp]

USES = ("apartments", "house", "residential", "unknown", "commerce", "public", "industry", "minor")
HOMES = (0, 1, 2)
UNKNOWN, MINOR = USES.index("unknown"), USES.index("minor")
LEAST_FOOTPRINT_M2 = 40.0
"""Of what has no known use, so much must be covered to count as heated."""
SMALL_GROSS_M2 = 350.0
"""Up to this gross floor area, a home not said to be apartments counts as one or two dwellings."""
COLUMNS = ("id", "area", "use", "footprint_m2", "floor_area_m2", "built", "geometry")
_AGE_ATTRIBUTES = ("builtUntil1918", "built1919To1948", "built1949To1990", "builtSince1991")


@dataclass(frozen=True, slots=True)
class Stock:
    """Heated buildings (first axis of most arrays), blocks and areas.

    ``building`` is the id in the table (0: a stand-in); ``block``, ``area`` and ``use`` are positions; ``size`` 0
    small, 1 large; ``age`` 0…3 or −1 where only the mix of its area is known; ``gross`` floor area [m²]. ``ages`` has
    the shares of an area's buildings by age, shape (areas, 4); ``living`` its published living area [m²] (NaN: none).
    ``points`` are the middles of the blocks, ``where`` of the buildings, in degrees (NaN: a stand-in).
    """

    building: NDArray[np.int64]
    block: Indices
    area: Indices
    use: Indices
    size: Indices
    age: Indices
    gross: Values
    where: Values
    land_ha: Values
    ages: Values
    living: Values
    blocks: tuple[str, ...]
    areas: tuple[str, ...]
    points: Values
    notes: tuple[str, ...]

    def by_block(self, values: Values) -> Values:
        """Sums of a value of each building, by block."""
        sums: Values = np.bincount(self.block, weights=values, minlength=len(self.blocks)).astype(float)
        return sums

    def by_area(self, values: Values) -> Values:
        """Sums of a value of each building, by area."""
        sums: Values = np.bincount(self.area, weights=values, minlength=len(self.areas)).astype(float)
        return sums


def prepare(inputs: Inputs, folder: Path) -> None:
    """Join buildings, blocks and areas and keep the arrays. Raises ``ModelFailed`` where there is nothing to join."""
    folder.mkdir(parents=True, exist_ok=True)
    blocks, areas = inputs["blocks"], inputs["areas"]
    found = table_columns(inputs["buildings"][0]["table"], COLUMNS)
    use, heated = _uses(found)
    if not heated.any():
        raise errors.ModelFailed("the table holds no heated building", where="needs: buildings")
    place = places.place_of(found["geometry"][heated], blocks)
    keys = {_key(area["id"]): position for position, area in enumerate(areas)}
    known = np.array([keys.get(str(name), -1) for name in found["area"][heated]])
    mine = _areas_of(blocks, keys)
    area = np.where(known >= 0, known, mine[place])
    gross = found["floor_area_m2"][heated].astype(float)
    kept = area >= 0
    arrays = {
        "building": found["id"][heated].astype(np.int64)[kept],
        "block": place[kept],
        "area": area[kept],
        "use": use[heated][kept],
        "gross": gross[kept],
        "age": _ages_known(found["built"][heated])[kept],
        "where": _middles(found["geometry"][heated])[kept],
    }
    arrays["size"] = _sizes(arrays["use"], arrays["gross"])
    facts = {"blocks": [b["id"] for b in blocks], "areas": [a["id"] for a in areas], "notes": []}
    per_area = {"ages": _mix(areas), "living": _numbers(areas, "livingArea")}
    _stand_in(arrays, per_area["living"], mine, areas, facts["notes"])
    land = _numbers(blocks, "landArea") / 1e4
    kept_arrays: dict[str, Any] = {**arrays, **per_area, "land_ha": land, "points": places.middles(blocks)}
    np.savez(folder / "stock.npz", **kept_arrays)
    (folder / "stock.json").write_text(json.dumps(facts), encoding="utf-8")


@functools.lru_cache(maxsize=2)
def load(folder: Path) -> Stock:
    """What ``prepare`` kept."""
    facts = json.loads((folder / "stock.json").read_text(encoding="utf-8"))
    with np.load(folder / "stock.npz") as arrays:
        found: dict[str, Any] = {**arrays, **{name: tuple(values) for name, values in facts.items()}}
    return Stock(**found)


def _middles(geometry: Any) -> Values:
    import shapely

    found: Values = shapely.get_coordinates(shapely.centroid(shapely.from_wkb(geometry)))
    return found


def _key(entity_id: str) -> str:
    return entity_id.rpartition(":")[2]


def _uses(found: Mapping[str, Any]) -> tuple[Indices, NDArray[np.bool_]]:
    numbers = {name: number for number, name in enumerate(USES)}
    use = np.array([numbers.get(name, UNKNOWN) for name in found["use"]], dtype=np.intp)
    tiny = (use == UNKNOWN) & (found["footprint_m2"] < LEAST_FOOTPRINT_M2)
    return use, (use != MINOR) & ~tiny & (found["floor_area_m2"] > 0)


def _areas_of(blocks: Sequence[Mapping[str, Any]], keys: Mapping[str, int]) -> Indices:
    return np.array(
        [keys.get(_key(str(block.get("statisticalArea", ""))), -1) for block in blocks], dtype=np.intp
    )


def _ages_known(built: Any) -> Indices:
    years = np.nan_to_num(np.asarray(built, dtype=float), nan=-1.0)
    return np.where(years > 0, age_of(years), -1)


def _sizes(use: Indices, gross: Values) -> Indices:
    small = (use == USES.index("house")) | ((use != USES.index("apartments")) & (gross <= SMALL_GROSS_M2))
    return np.where(small, 0, 1).astype(np.intp)


def _mix(areas: Sequence[Mapping[str, Any]]) -> Values:
    """Shares by age; where nothing is published, those of the city."""
    counts = np.column_stack([_numbers(areas, name) for name in _AGE_ATTRIBUTES])
    known = np.nan_to_num(counts)
    whole = known.sum(axis=0) if known.sum() else np.ones(AGES)
    known = np.where(known.sum(axis=1, keepdims=True) > 0, known, whole)
    shares: Values = known / known.sum(axis=1, keepdims=True)
    return shares


def _numbers(entities: Sequence[Mapping[str, Any]], name: str) -> Values:
    return np.array([float(e[name]) if isinstance(e.get(name), int | float) else np.nan for e in entities])


def _stand_in(arrays: dict[str, Any], living: Values, mine: Indices, areas: Sequence[Mapping[str, Any]],
              notes: list[str]) -> None:  # fmt: skip
    """Add a stand-in of apartments to each block of an area that has living area but no outline."""
    empty = np.setdiff1d(np.flatnonzero(np.nan_to_num(living) > 0), arrays["area"])
    for area in empty:
        blocks = np.flatnonzero(mine == area)
        if not len(blocks):
            continue
        notes.append(
            f"no outlines in {areas[area].get('name', areas[area]['id'])}: only its dwellings are known"
        )
        added = {
            "building": 0, "block": blocks, "area": area, "use": 0, "gross": 1.0, "age": -1, "size": 1,
        }  # fmt: skip
        for name, value in added.items():
            arrays[name] = np.concatenate([arrays[name], np.broadcast_to(value, len(blocks))])
        nowhere = np.full((len(blocks), 2), np.nan)
        arrays["where"] = np.concatenate([arrays["where"], nowhere])
