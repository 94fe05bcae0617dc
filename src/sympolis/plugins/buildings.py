"""What every format of city models has in common: surfaces in space, from which follow a footprint and heights.

A map needs an outline in two dimensions and a height; a city model gives walls, roofs and floors, or triangles.
CityJSON, CityGML and 3D Tiles are brought to the same rows here, so that one mapping serves all, and plugins may not
import each other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np

Ring = Sequence[tuple[float, float, float]]

GROUND: Final = "GroundSurface"
ROOF: Final = "RoofSurface"
MOST_SURFACES: Final = 50_000
"""Of one building; what has more is no building."""
_HIGHEST_M: Final = 1_000.0
MOST_TRIANGLES: Final = 500_000
"""The same of a mesh."""
_FLAT_M2: Final = 0.01
_UPRIGHT_M2: Final = 1e-6
"""A triangle that covers less of the ground stands upright."""
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
    fields = _told(low, high, _eaves(body.surfaces, low), body)
    return fields, _footprint(body.surfaces)


def described_mesh(
    corners: np.ndarray[Any, Any], *, measured_height: float | None = None
) -> tuple[dict[str, Any], Any]:
    """The same of triangles, shape (n, 3, 3), in metres to the east, north and up around any place.

    The footprint is a geometry of shapely in the same metres (None where nothing is seen from above), so that it can
    still be moved to its place. Raises ``Unshapely``.
    """
    if len(corners) > MOST_TRIANGLES:
        raise Unshapely(f"has more than {MOST_TRIANGLES:,} triangles")
    heights = corners[:, :, 2]
    low, high = (float(heights.min()), float(heights.max())) if heights.size else (None, None)
    return _told(low, high, None, Body((), "", measured_height)), _covered(corners)


def _told(low: float | None, high: float | None, eaves: float | None, body: Body) -> dict[str, Any]:
    rise = None if low is None or high is None or high - low < _GRID_M else high - low
    height = rise if body.measured_height is None else body.measured_height
    if height is not None and not 0 < height <= _HIGHEST_M:
        raise Unshapely(f"would be {height:g} m high")
    origin = None if height is None else "geometry" if body.measured_height is None else "measured"
    return {
        "lod": body.lod or None,
        "height": _rounded(height),
        "height_from": origin,
        "roof_height": _rounded(eaves),
        "ground_height": _rounded(low),
        "top_height": _rounded(high),
    }


def _covered(corners: np.ndarray[Any, Any]) -> Any:
    """The union of the triangles seen from above, on a grid of millimetres: neighbours share edges only nearly."""
    import numpy as np
    import shapely

    flat = corners[:, :, :2]
    (ax, ay), (bx, by) = (flat[:, 1] - flat[:, 0]).T, (flat[:, 2] - flat[:, 0]).T
    lying = flat[np.abs(ax * by - ay * bx) / 2 >= _UPRIGHT_M2]
    try:
        whole = shapely.union_all(shapely.polygons(lying), grid_size=_GRID_M)
    except shapely.errors.ShapelyError as cause:
        raise Unshapely(f"has triangles that make no footprint: {cause}") from cause
    parts = [_without_cracks(one) for one in shapely.get_parts(whole) if one.geom_type == "Polygon"]
    large = [one for one in parts if one.area >= _FLAT_M2]
    if not large:
        return None
    return large[0] if len(large) == 1 else shapely.multipolygons(large)


def _without_cracks(shape: Any) -> Any:
    """Without the holes between triangles that do not quite meet."""
    import shapely

    holes = [ring for ring in shape.interiors if shapely.Polygon(ring).area >= _FLAT_M2]
    return shapely.Polygon(shape.exterior, holes) if len(holes) < len(shape.interiors) else shape


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
