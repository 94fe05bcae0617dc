"""Open ground, roofs, people and the typical year, prepared once; what they can give, computed for every member."""

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
from sympolis.domain.scenario import Override
from sympolis.plugins import places
from sympolis.plugins.simulator import Inputs, table_columns

Values = NDArray[np.float64]

HEATING_LIMIT_C = 15.0
"""Mean outdoor temperature below which buildings are heated (VDI 2067 part 1: 15 °C for the existing stock)."""
HEAT_OF_WATER = 1.163e-3
"""MWh to warm a cubic metre of water by a kelvin."""
_COLUMNS = ("use", "footprint_m2", "geometry")
_NOT_ROOFS = ("minor",)


@dataclass(frozen=True, slots=True)
class Ground:
    """Of each block: open ground and roofs [m²] (NaN: no outline known there). ``facts`` of the city and its year."""

    blocks: tuple[str, ...]
    points: Values
    open_m2: Values
    roofs_m2: Values
    facts: Mapping[str, float]


def prepare(inputs: Inputs, folder: Path) -> None:
    """Sum outlines by block and read the year. Raises ``ModelFailed`` where the year is not whole."""
    folder.mkdir(parents=True, exist_ok=True)
    blocks = inputs["blocks"]
    found = table_columns(inputs["buildings"][0]["table"], _COLUMNS)
    place = places.place_of(found["geometry"], blocks)
    size = found["footprint_m2"].astype(float)
    covered = np.bincount(place, weights=size, minlength=len(blocks))
    roof = ~np.isin(found["use"].astype(str), _NOT_ROOFS)
    roofs = np.bincount(place, weights=size * roof, minlength=len(blocks))
    land = np.array([float(block.get("landArea") or np.nan) for block in blocks])
    known = covered > 0
    np.savez(
        folder / "ground.npz",
        points=places.middles(blocks),
        open_m2=np.where(known, np.maximum(land - covered, 0.0), np.nan),
        roofs_m2=np.where(known, roofs, np.nan),
    )
    facts = {**_year(inputs["weather"]), "people": _people(inputs["areas"])}
    kept = {"blocks": [block["id"] for block in blocks], "facts": facts}
    (folder / "ground.json").write_text(json.dumps(kept), encoding="utf-8")


@functools.lru_cache(maxsize=2)
def load(folder: Path) -> Ground:
    """What ``prepare`` kept."""
    kept = json.loads((folder / "ground.json").read_text(encoding="utf-8"))
    with np.load(folder / "ground.npz") as arrays:
        return Ground(
            tuple(kept["blocks"]), arrays["points"], arrays["open_m2"], arrays["roofs_m2"], kept["facts"]
        )


def _year(weather: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Radiation on the level [kWh/(m²·a)], hours to be heated and their mean temperature, of an hourly year."""
    series = weather[0].get("series", {})
    needed = ("temperature", "directRadiation", "diffuseRadiation")
    values = {name: np.array(series.get(name, {}).get("values", ()), dtype=float) for name in needed}
    if any(len(one) < 8760 for one in values.values()):
        text = "the reference year is not 8,760 hours long"
        raise errors.ModelFailed(text, where="needs: weather", hint="run the source that brings it")
    cold = values["temperature"] < HEATING_LIMIT_C
    radiation = values["directRadiation"].sum() + values["diffuseRadiation"].sum()
    return {
        "radiation": float(radiation) / 1e3,
        "heating_hours": float(cold.sum()),
        "heating_temperature": float(values["temperature"][cold].mean()) if cold.any() else float("nan"),
    }


def _people(areas: Sequence[Mapping[str, Any]]) -> float:
    return float(sum(area["population"] for area in areas if isinstance(area.get("population"), int | float)))


def allowed(ground: Ground, overrides: Sequence[Override]) -> Values:
    """Share (0..1) of each block's ground where probes are not forbidden."""
    share = np.ones(len(ground.blocks))
    for override in overrides:
        where = places.touched(ground.blocks, ground.points, override.where)
        share[where] *= 1 - override.parameters["share"] / 100
    return share


@dataclass(frozen=True, slots=True)
class Potential:
    """Heat [MWh/a] of each block's ground and roofs, and of the city's sewage."""

    ground: Values
    solar: Values
    sewage: float


def potential(ground: Ground, given: Mapping[str, Any], allowed_share: Values) -> Potential:
    """Ground: open · share · yield. Roofs: area · share · radiation · collector. Sewage: flow · cooling · 1.163."""
    probes = ground.open_m2 * given["open_share"] * allowed_share * given["ground_yield"] / 1e3
    radiation = ground.facts["radiation"] / 1e3  # MWh/m²
    solar = ground.roofs_m2 * given["roof_share"] * radiation * given["collector"]
    water = ground.facts["people"] * given["sewage"] * 365 / 1e3  # m³/a
    sewage = water * given["sewage_share"] * given["sewage_cooled"] * HEAT_OF_WATER
    return Potential(probes, solar, sewage)
