"""The objects of a CityJSON document: buildings and parts, vertices shared by index (CityJSON 2.0, ch. 2-3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sympolis.domain import errors
from sympolis.plugins.buildings import Body, Surface, Unshapely, described, finest, number, year
from sympolis.plugins.connectors.cityjson.settings import CityJsonSettings

Row = tuple[dict[str, Any], Mapping[str, Any] | None, tuple[str, ...]]

_BUILDING: Final = "Building"
_PART: Final = "BuildingPart"
_SHELLS: Final = {
    "MultiSurface": 0,
    "CompositeSurface": 0,
    "Solid": 1,
    "MultiSolid": 2,
    "CompositeSolid": 2,
}
"""How many lists stand around a surface's list, besides the geometry's own."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """Objects with the vertices that they share, and what their whole numbers mean."""

    objects: Mapping[str, Any]
    vertices: Sequence[Any]
    transform: Mapping[str, Any]

    @classmethod
    def of(cls, document: Mapping[str, Any], transformed: Mapping[str, Any], where: str) -> Chapter:
        """Of a document or a feature; ``transformed`` holds the transform. Raises ``SourceFailed``."""
        objects, vertices = document.get("CityObjects"), document.get("vertices")
        if not isinstance(objects, dict) or not isinstance(vertices, list):
            raise errors.SourceFailed("has no CityObjects and vertices", where=where)
        return cls(objects, vertices, {"transform": transformed.get("transform")})

    def point(self, index: Any) -> tuple[float, float, float]:
        """The place of a vertex, in the file's CRS. Raises ``ValueError`` and the like for nonsense."""
        if not isinstance(index, int) or index < 0:
            raise ValueError(f"{index!r} is no vertex")
        x, y, z = self.vertices[index]
        transform = self.transform["transform"]
        if transform is None:
            return float(x), float(y), float(z)
        (sx, sy, sz), (tx, ty, tz) = transform["scale"], transform["translate"]
        return x * sx + tx, y * sy + ty, z * sz + tz


def reference_system(document: Mapping[str, Any]) -> int | None:
    """The EPSG code that the metadata name, as an address or as a URN."""
    metadata = document.get("metadata")
    told = metadata.get("referenceSystem") if isinstance(metadata, Mapping) else None
    code = str(told or "").replace(":", "/").rstrip("/").rpartition("/")[2]
    return int(code) if code.isdecimal() and len(code) < 10 else None


def rows(chapter: Chapter, settings: CityJsonSettings) -> Iterator[Row]:
    """Each building of a chapter, in its order; in parts as the settings say."""
    for name, thing in chapter.objects.items():
        kind = thing.get("type") if isinstance(thing, Mapping) else None
        if kind == _BUILDING and settings.parts == "merged":
            yield _row(chapter, name, [thing, *_parts(chapter, thing)], settings)
        elif kind in (_BUILDING, _PART) and settings.parts == "apart" and thing.get("geometry"):
            yield _row(chapter, name, [thing], settings)


def _parts(chapter: Chapter, thing: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Its parts. Parts have no parts; extensions and installations are no buildings."""
    children = thing.get("children")
    found = [chapter.objects.get(str(one)) for one in (children if isinstance(children, list) else ())]
    return [one for one in found if isinstance(one, Mapping) and one.get("type") == _PART]


def _row(chapter: Chapter, name: str, things: Sequence[Mapping[str, Any]], settings: CityJsonSettings) -> Row:
    told = things[0].get("attributes")
    attributes: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    fields = {**_plain(attributes), **_known(attributes), "id": name, "kind": things[0]["type"]}
    parents = things[0].get("parents")
    fields["parent"] = parents[0] if isinstance(parents, list) and parents else None
    try:
        found, shape = described(_body(chapter, things, attributes, settings))
    except (Unshapely, ValueError, TypeError, KeyError, IndexError, RecursionError) as cause:
        return fields, None, (f"has a geometry that cannot be read: {cause}",)
    return {**fields, **found}, shape, ()


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """What the file says besides, under its own names."""
    return {
        str(name): value
        for name, value in attributes.items()
        if value is None or isinstance(value, str | int | float | bool)
    }


def _known(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "function": attributes.get("function") or attributes.get("class"),
        "usage": attributes.get("usage"),
        "storeys": number(attributes.get("storeysAboveGround")),
        "storeys_below": number(attributes.get("storeysBelowGround")),
        "year": year(attributes.get("yearOfConstruction") or attributes.get("dateOfConstruction")),
        "roof": attributes.get("roofType"),
    }


def _body(
    chapter: Chapter,
    things: Sequence[Mapping[str, Any]],
    attributes: Mapping[str, Any],
    settings: CityJsonSettings,
) -> Body:
    chosen = [one for thing in things if (one := _geometry(thing, settings.lod)) is not None]
    surfaces = [surface for one in chosen for surface in _surfaces(chapter, one)]
    level = max((str(one.get("lod")) for one in chosen), default="")
    return Body(surfaces, level, number(attributes.get("measuredHeight")))


def _geometry(thing: Mapping[str, Any], wanted: str) -> Mapping[str, Any] | None:
    told = thing.get("geometry")
    known = {
        str(one.get("lod")): one
        for one in (told if isinstance(told, list) else ())
        if isinstance(one, Mapping) and one.get("type") in _SHELLS
    }
    level = finest(list(known), wanted)
    return None if level is None else known[level]


def _surfaces(chapter: Chapter, geometry: Mapping[str, Any]) -> Iterator[Surface]:
    """Every surface with what it is; the values of semantics are nested as the boundaries are."""
    semantics = geometry.get("semantics") or {}
    kinds = [one.get("type") for one in semantics.get("surfaces", ())]
    depth = _SHELLS[geometry["type"]]
    for rings, value in _flat(geometry["boundaries"], semantics.get("values"), depth):
        kind = kinds[value] if isinstance(value, int) and 0 <= value < len(kinds) else None
        yield Surface([[chapter.point(index) for index in ring] for ring in rings], kind)


def _flat(boundaries: Sequence[Any], values: Any, depth: int) -> Iterator[tuple[Any, Any]]:
    given = (
        values if isinstance(values, list) and len(values) == len(boundaries) else [None] * len(boundaries)
    )
    for one, value in zip(boundaries, given, strict=True):
        if depth == 0:
            yield one, value
        else:
            yield from _flat(one, value, depth - 1)
