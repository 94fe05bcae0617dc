"""From outlines to roof faces: which way each roof looks, how large it is, and in which area it stands.

A pitched roof is taken to have its ridge along the longer side of the smallest rectangle around the outline, and two
equal faces; a flat one carries rows to the east and to the west.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely

from sympolis.domain import errors
from sympolis.plugins import sunlight
from sympolis.plugins.simulator import Inputs, table_columns
from sympolis.plugins.simulators.solar_roofs.settings import COLUMNS

TILTS: Final = (25.0, 35.0, 45.0)
DIRECTIONS: Final = 16
FLAT_TILT: Final = 10.0
_METRES_PER_DEGREE: Final = 111_195.0
_FLAT_USES: Final = frozenset({"commerce", "industry", "public", "minor"})
"""Where nobody entered the roof's form, these are taken to be flat, dwellings and the unknown to be pitched."""
_FLAT_FORMS: Final = frozenset({"flat", "skillion"})

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Roofs:
    """One entry per roof; ``direction``: which of the 16 its first face looks to, the second to the opposite."""

    ids: Array
    area: Array
    """Index among ``areas``; -1 outside all of them."""
    ground_m2: Array
    direction: Array
    flat: Array
    listed: Array
    longitude: Array
    latitude: Array
    areas: tuple[str, ...]
    """Entity ids of the areas that results refer to."""
    yields: Array
    """kWh per kW before losses, shape (tilts, directions)."""
    flat_yield: float
    """The same of east-west rows."""


def prepare(inputs: Inputs, folder: Path) -> None:
    """Work the faces out and keep them. Raises ``ModelFailed`` for a table or weather that does not do."""
    year = sunlight.year_of(inputs["weather"][0])
    faces = [(tilt, turn) for tilt in TILTS for turn in np.arange(DIRECTIONS) * 360.0 / DIRECTIONS]
    found = sunlight.specific_yields(year, [*faces, (FLAT_TILT, 90.0), (FLAT_TILT, 270.0)])
    table = table_columns(inputs["buildings"][0]["table"], COLUMNS)
    shapes = shapely.from_wkb(table["geometry"])
    if not len(shapes):
        raise errors.ModelFailed("there are no buildings", where="buildings")
    places = shapely.get_coordinates(shapely.centroid(shapes))
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "roofs.npz").open("wb") as out:
        np.savez(
            out,
            ids=np.asarray(table["id"]).astype(np.int64),
            area=_area_of(table["area"], inputs["areas"]),
            ground_m2=np.asarray(table["footprint_m2"], dtype=float),
            direction=_directions(shapes),
            flat=_flat(table["roof"], table["use"]),
            listed=np.array([bool(one) for one in table["listed"]]),
            longitude=places[:, 0],
            latitude=places[:, 1],
            areas=np.array([one["id"] for one in inputs["areas"]]),
            yields=found[:-2].reshape(len(TILTS), DIRECTIONS),
            flat_yield=np.mean(found[-2:]),
        )


def load(folder: Path) -> Roofs:
    """What ``prepare`` kept."""
    with np.load(folder / "roofs.npz") as kept:
        arrays = {name: kept[name] for name in Roofs.__dataclass_fields__}
    arrays["areas"] = tuple(str(one) for one in arrays["areas"])
    arrays["flat_yield"] = float(arrays["flat_yield"])
    return Roofs(**arrays)


def _area_of(codes: Any, areas: Sequence[Mapping[str, Any]]) -> Array:
    """The table names areas by their code; an area without a code by the last part of its id."""
    index = {str(one.get("code") or one["id"].rpartition(":")[2]): i for i, one in enumerate(areas)}
    return np.array([index.get(str(code), -1) for code in codes], dtype=np.int32)


def _directions(shapes: Array) -> Array:
    """Which way the first face looks: at right angles to the longer side of the smallest rectangle around."""
    latitude = float(np.mean(shapely.get_y(shapely.centroid(shapes))))
    scale = np.array([np.cos(np.radians(latitude)), 1.0]) * _METRES_PER_DEGREE
    boxes = shapely.oriented_envelope(shapely.transform(shapes, lambda places: places * scale))
    rings = shapely.get_exterior_ring(boxes)
    first, second, third = (shapely.get_point(rings, n) for n in range(3))
    one, other = _side(first, second), _side(second, third)
    longer = np.where((np.hypot(*one.T) >= np.hypot(*other.T))[:, None], one, other)
    ridge = np.degrees(np.arctan2(longer[:, 0], longer[:, 1]))  # clockwise from the north
    turned = np.nan_to_num((ridge + 90.0) % 360.0)
    step = 360.0 / DIRECTIONS
    return (np.rint(turned / step).astype(np.int32)) % DIRECTIONS


def _side(begin: Array, end: Array) -> Array:
    return np.column_stack(
        [shapely.get_x(end) - shapely.get_x(begin), shapely.get_y(end) - shapely.get_y(begin)]
    )


def _flat(forms: Any, uses: Any) -> Array:
    return np.array(
        [form in _FLAT_FORMS if form else use in _FLAT_USES for form, use in zip(forms, uses, strict=True)]
    )
