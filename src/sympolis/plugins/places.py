"""Places that a model's results refer to: where they are, what lies in them, and which of them a measure touches."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]
Values = NDArray[np.float64]


def shapes(entities: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The ``location`` of each entity as a geometry, in degrees."""
    import shapely

    return [shapely.from_geojson(json.dumps(entity["location"])) for entity in entities]


def middles(entities: Sequence[Mapping[str, Any]]) -> Values:
    """A point inside each, longitude and latitude, shape (entities, 2)."""
    import shapely

    points = [shape.representative_point() for shape in shapes(entities)]
    found: Values = shapely.get_coordinates(points)
    return found


def place_of(geometry: Any, entities: Sequence[Mapping[str, Any]]) -> Indices:
    """The position of the entity in which the middle of each WKB ``geometry`` lies, else of the nearest one.

    On a common border the first one counts.
    """
    import shapely

    tree = shapely.STRtree(shapes(entities))
    points = shapely.centroid(shapely.from_wkb(geometry))
    position = np.full(len(points), -1, dtype=np.intp)
    thing, place = tree.query(points, predicate="intersects")
    position[thing[::-1]] = place[::-1]
    lost = np.flatnonzero(position < 0)
    position[lost] = tree.nearest(points[lost])
    return position


def touched(ids: Sequence[str], points: Values, where: Mapping[str, Any]) -> Indices:
    """Positions of the places that ``where`` names or whose middle lies in its polygon; all where it says neither."""
    if where.get("polygon"):
        import shapely

        region = shapely.from_geojson(json.dumps(where["polygon"]))
        return np.flatnonzero(shapely.contains(region, shapely.points(points)))
    named = set(where.get("features", ()))
    if not named:
        return np.arange(len(ids))
    return np.array([n for n, place in enumerate(ids) if place in named], dtype=np.intp)
