"""A run's results as a coverage: values of fields at the features of a model, and at hours where these matter.

CoverageJSON (OGC 21-069r2) has domains of points and of polygons. Areas are given as polygons (of several parts, the
largest), streets and everything else by a point on them. Hours are of a plausible day, not of a date, so they are an
axis of their own with identifiers instead of instants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sympolis.api.ogc.process_descriptions import words
from sympolis.api.ogc.reference_systems import CRS84
from sympolis.later import later

if TYPE_CHECKING:
    import shapely
else:
    shapely = later("shapely")

Json = dict[str, Any]

_AREAS: Final = ("Polygon", "MultiPolygon")
_ENDS: Final = {
    "mean": ("", ""),
    "low": ("_low", ", low end of the 90 % interval"),
    "high": ("_high", ", high end"),
}
"""Of each field's three columns: what follows its name, and its title."""
_GEOGRAPHIC: Final = {"coordinates": ["x", "y"], "system": {"type": "GeographicCRS", "id": CRS84}}
_HOURS: Final = {
    "coordinates": ["hour"],
    "system": {"type": "IdentifierRS", "targetConcept": {"label": {"en": "Hour of a plausible day"}}},
}


@dataclass(frozen=True, slots=True)
class Column:
    """One parameter: a field's mean, or an end of its interval."""

    name: str
    field: str
    part: str
    title: str
    unit: str


@dataclass(frozen=True, slots=True)
class Placed:
    """The features of a run's results, in their order, with their geometries; those without one are left out."""

    places: tuple[int, ...]
    ids: tuple[str, ...]
    geometries: tuple[Any, ...]

    @property
    def areas(self) -> bool:
        """Whether all are polygons."""
        return all(one.geom_type in _AREAS for one in self.geometries)

    def touching(self, shape: Any) -> Placed:
        """Those that a shape meets."""
        chosen = [number for number, one in enumerate(self.geometries) if shapely.intersects(shape, one)]
        return self._only(chosen)

    def named(self, name: str) -> Placed:
        """The one of this id."""
        return self._only([number for number, one in enumerate(self.ids) if one == name])

    def _only(self, chosen: Sequence[int]) -> Placed:
        return Placed(
            tuple(self.places[one] for one in chosen),
            tuple(self.ids[one] for one in chosen),
            tuple(self.geometries[one] for one in chosen),
        )


def placed(results: Json, features: Json) -> Placed:
    """Where the results are."""
    shapes = {one["id"]: one["geometry"] for one in features["features"]}
    found = [
        (place, name, shapely.geometry.shape(shapes[name]))
        for place, name in enumerate(results["features"])
        if shapes.get(name)
    ]
    places, ids, geometries = zip(*found, strict=True) if found else ((), (), ())
    return Placed(places, ids, geometries)


def columns(fields: Mapping[str, Mapping[str, Any]]) -> dict[str, Column]:
    """The parameters of a model's fields, by name."""
    made = [
        Column(name + ending, name, part, words(one["title"]) + more, one["unit"])
        for name, one in fields.items()
        for part, (ending, more) in _ENDS.items()
    ]
    return {one.name: one for one in made}


def parameter(column: Column) -> Json:
    """A parameter of a coverage; units are those of the model's card."""
    document: Json = {"type": "Parameter", "observedProperty": {"label": {"en": column.title}}}
    return document | ({"unit": {"symbol": column.unit}} if column.unit not in ("", "1") else {})


def coverage(results: Json, where: Placed, chosen: Sequence[Column], *, hourly: bool) -> Json:
    """The document. ``hourly``: whether hours mean something to the model."""
    hours = list(results["hours"])
    axes: Json = {"composite": _composite(where)}
    if hourly:
        axes = {"hour": {"values": hours}, **axes}
    domain: Json = {
        "type": "Domain",
        "axes": axes,
        "referencing": [_GEOGRAPHIC, *([_HOURS] if hourly else [])],
    }
    if not hourly:
        domain["domainType"] = "MultiPolygon" if where.areas else "MultiPoint"
    return {
        "type": "Coverage",
        "domain": domain,
        "parameters": {one.name: parameter(one) for one in chosen},
        "ranges": {one.name: _range(results, where, one, hourly=hourly) for one in chosen},
        "sympolis:features": list(where.ids),
    }


def _range(results: Json, where: Placed, column: Column, *, hourly: bool) -> Json:
    table = results["fields"][column.field][column.part]
    rows = table if hourly else table[:1]
    return {
        "type": "NdArray",
        "dataType": "float",
        "axisNames": ["hour", "composite"] if hourly else ["composite"],
        "shape": [len(rows), len(where.ids)] if hourly else [len(where.ids)],
        "values": [row[place] for row in rows for place in where.places],
    }


def _composite(where: Placed) -> Json:
    if where.areas:
        values = [shapely.geometry.mapping(_largest(one))["coordinates"] for one in where.geometries]
        return {"dataType": "polygon", "coordinates": ["x", "y"], "values": values}
    points = [_on(one) for one in where.geometries]
    return {"dataType": "tuple", "coordinates": ["x", "y"], "values": [[one.x, one.y] for one in points]}


def _largest(shape: Any) -> Any:
    return max(shape.geoms, key=lambda part: part.area) if shape.geom_type == "MultiPolygon" else shape


def _on(shape: Any) -> Any:
    """A point on a shape: the middle of a line."""
    if shape.geom_type == "LineString":
        return shape.interpolate(0.5, normalized=True)
    return shape.representative_point()
