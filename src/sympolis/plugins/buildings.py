"""What every format of city models has in common: surfaces in space, from which follow a footprint and heights.

A map needs an outline in two dimensions and a height; a city model gives walls, roofs and floors. Both CityJSON and
CityGML are brought to the same rows here, so that one mapping serves either, and plugins may not import each other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Ring = Sequence[tuple[float, float, float]]

GROUND: Final = "GroundSurface"
ROOF: Final = "RoofSurface"
MOST_SURFACES: Final = 50_000
"""Of one building; what has more is no building."""
_HIGHEST_M: Final = 1_000.0
_FLAT_M2: Final = 0.01
_DECIMALS: Final = 2
_GRID_M: Final = 0.001


class Unshapely(Exception):
    """The surfaces make no building; its words say why."""


@dataclass(frozen=True, slots=True)
class Surface:
    """An outer ring and holes, in the source's CRS with heights in metres, and what it is of a building, if told."""

    rings: Sequence[Ring]
    semantics: str | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """A building or a part of one, as far as a file describes it."""

    surfaces: Sequence[Surface]
    lod: str
    """Level of detail of the surfaces: ``0``, ``1``, ``2.2`` …; ``""`` where there are none."""
    measured_height: float | None = None
    """In metres, as the file says it."""


def described(body: Body) -> tuple[dict[str, Any], Mapping[str, Any] | None]:
    """The fields that follow from the surfaces, and the footprint as GeoJSON (in the source's CRS).

    ``height`` [m] is the measured one where the file has it (``height_from`` is ``measured``), else from the lowest to
    the highest point (``geometry``); a flat outline without either has none. ``roof_height`` is that of the lowest
    point of its roofs (the eaves) above its ground. Raises ``Unshapely``.
    """
    if len(body.surfaces) > MOST_SURFACES:
        raise Unshapely(f"has more than {MOST_SURFACES:,} surfaces")
    low, high = _span(body.surfaces)
    rise = None if low is None or high is None or high - low < _GRID_M else high - low
    height = rise if body.measured_height is None else body.measured_height
    if height is not None and not 0 < height <= _HIGHEST_M:
        raise Unshapely(f"would be {height:g} m high")
    origin = None if height is None else "geometry" if body.measured_height is None else "measured"
    fields = {
        "lod": body.lod or None,
        "height": _rounded(height),
        "height_from": origin,
        "roof_height": _rounded(_eaves(body.surfaces, low)),
        "ground_height": _rounded(low),
        "top_height": _rounded(high),
    }
    return fields, _footprint(body.surfaces)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DECIMALS)


def _span(surfaces: Sequence[Surface]) -> tuple[float | None, float | None]:
    heights = [point[2] for one in surfaces for ring in one.rings for point in ring]
    if not all(map(math.isfinite, heights)):
        raise Unshapely("has a coordinate that is no number")
    return (min(heights), max(heights)) if heights else (None, None)


def _eaves(surfaces: Sequence[Surface], low: float | None) -> float | None:
    roofs = [p[2] for one in surfaces if one.semantics == ROOF for ring in one.rings for p in ring]
    return None if low is None or not roofs else min(roofs) - low


def _footprint(surfaces: Sequence[Surface]) -> Mapping[str, Any] | None:
    """The union of the floors; where none is named, of everything seen from above. Walls have no area from there."""
    import shapely
    from shapely.geometry import mapping

    floors = [one for one in surfaces if one.semantics == GROUND]
    try:
        shapes = [shape for one in floors or surfaces if (shape := _seen_from_above(one)) is not None]
        whole = shapely.union_all(shapes, grid_size=None) if shapes else None
    except (shapely.errors.ShapelyError, ValueError) as cause:
        raise Unshapely(f"has surfaces that make no footprint: {cause}") from cause
    parts = [] if whole is None else [p for p in shapely.get_parts(whole) if p.geom_type == "Polygon"]
    if not parts:
        return None
    found: Mapping[str, Any] = mapping(parts[0] if len(parts) == 1 else shapely.multipolygons(parts))
    return found


def _seen_from_above(surface: Surface) -> Any:
    """The surface without heights; None where nothing of it is left. Bent ones are mended."""
    import shapely

    rings = [[(x, y) for x, y, _ in ring] for ring in surface.rings if len(ring) >= 3]
    if not rings:
        return None
    shape = shapely.Polygon(rings[0], rings[1:])
    if not shapely.is_valid(shape):
        shape = shapely.make_valid(shape)
    return shape if shapely.area(shape) >= _FLAT_M2 else None


def number(value: object) -> float | None:
    """A finite number of a file; None for anything else. A text may have a unit behind it (``12.5 m``)."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value.split()[0]) if isinstance(value, str) else float(value)
    except (ValueError, IndexError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def year(value: object) -> int | None:
    """The year of ``1987``, ``1987-05-01`` or a number; None for anything else."""
    found = number(value[:4] if isinstance(value, str) else value)
    return int(found) if found is not None and found == int(found) and 1000 <= found <= 2200 else None


def finest(levels: Sequence[str], wanted: str) -> str | None:
    """Which level of detail is read: the finest below 3, or the finest that begins with ``wanted``."""
    fit = [one for one in levels if (one.startswith(wanted) if wanted else (number(one) or 0.0) < 3)]
    return max(fit, key=lambda one: number(one) or 0.0, default=None)
