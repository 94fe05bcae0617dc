"""How much fits on each roof and what it gives: arithmetic over all roofs at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from sympolis.domain.scenario import Override
from sympolis.plugins.simulators.solar_roofs.roofs import DIRECTIONS, TILTS, Array, Roofs

_KILO: Final = 1_000.0
_MILLION: Final = 1_000_000.0


@dataclass(frozen=True, slots=True)
class Harvest:
    """By roof: power [kW peak] and yield in the year [kWh]; nought where a roof is not suitable."""

    power_kw: Array
    yield_kwh: Array


def harvest(roofs: Roofs, given: Mapping[str, Any]) -> Harvest:
    """What all roofs would carry and give with these parameters."""
    faces = [_pitched(roofs, given, opposite) for opposite in (0, DIRECTIONS // 2)]
    flat = _flat(roofs, given)
    allowed = roofs.ground_m2 >= given["least_area"]
    if not given["with_listed"]:
        allowed &= ~roofs.listed
    power = np.where(roofs.flat, flat[0], faces[0][0] + faces[1][0]) * allowed
    energy = np.where(roofs.flat, flat[1], faces[0][1] + faces[1][1]) * allowed
    return Harvest(power, energy)


def _pitched(roofs: Roofs, given: Mapping[str, Any], turned: int) -> tuple[Array, Array]:
    """Half the ground under each face, larger by the tilt; a face that yields too little stays empty."""
    by_direction = [np.interp(given["tilt"], TILTS, roofs.yields[:, i]) for i in range(DIRECTIONS)]
    specific = np.array(by_direction)[(roofs.direction + turned) % DIRECTIONS] * (1 - given["losses"])
    face = roofs.ground_m2 / 2 / np.cos(np.radians(given["tilt"]))
    power = face * given["usable_pitched"] * given["module_power"] * (specific >= given["least_yield"])
    return power, power * specific


def _flat(roofs: Roofs, given: Mapping[str, Any]) -> tuple[Array, Array]:
    specific = roofs.flat_yield * (1 - given["losses"])
    power = (
        roofs.ground_m2 * given["usable_flat"] * given["module_power"] * (specific >= given["least_yield"])
    )
    return power, power * specific


def shares(roofs: Roofs, overrides: Sequence[Override]) -> Array:
    """By area the share of its roofs in use; where measures meet, the later one counts."""
    found = np.ones(len(roofs.areas))
    position = {area: index for index, area in enumerate(roofs.areas)}
    for one in overrides:
        for area in named(one):
            found[position[area]] = one.parameters["share"]
    return found


def named(override: Override) -> Sequence[str]:
    """The areas that an override names."""
    where = override.where
    return [where["area"]] if "area" in where else list(where.get("features", ()))


def by_area(roofs: Roofs, found: Harvest, used: Array) -> tuple[Array, Array]:
    """Megawatts and gigawatt hours of each area; roofs outside all areas count in none."""
    inside = roofs.area >= 0
    sums = [
        np.bincount(roofs.area[inside], weights=values[inside], minlength=len(roofs.areas)) * used
        for values in (found.power_kw, found.yield_kwh)
    ]
    return sums[0] / _KILO, sums[1] / _MILLION
