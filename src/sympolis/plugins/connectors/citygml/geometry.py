"""The surfaces of a building in CityGML, wherever they stand: under a solid, a multi surface or a bounding surface.

Version 2.0 writes ``boundedBy/RoofSurface/lod2MultiSurface``, 3.0 ``boundary/RoofSurface/lod2MultiSurface``; a solid
may only point to the surfaces of those (xlink). The polygon is the same in all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element

from sympolis.plugins.buildings import Body, Surface, finest, number
from sympolis.plugins.connectors.citygml.settings import CityGmlSettings
from sympolis.plugins.xml import text

_LEVEL: Final = re.compile(r"lod([0-4])")
_SEMANTICS: Final = frozenset(
    ("RoofSurface", "WallSurface", "GroundSurface", "OuterFloorSurface", "ClosureSurface")
)
_PARTS: Final = ("consistsOfBuildingPart", "buildingPart")
_INSIDE: Final = frozenset((
    "interiorBuildingInstallation", "outerBuildingInstallation", "buildingInstallation", "interiorRoom", "buildingRoom",
    "buildingFurniture", "buildingUnit", "storey", "address", "opening", "fillingSurface", "appearance",
    "boundedBySpace",
))  # fmt: skip
"""What is no part of a building's hull."""
_Found = tuple[str, str | None, Element]
Place = tuple[float, float, float]


def parts_of(building: Element) -> Iterator[Element]:
    """Its building parts."""
    for name in _PARTS:
        for holder in building.findall(name):
            yield from holder.findall("BuildingPart")


def body(thing: Element, settings: CityGmlSettings, *, with_parts: bool) -> Body:
    """Surfaces of the chosen level of detail, and the measured height. Raises ``ValueError`` for broken positions."""
    things = [thing, *parts_of(thing)] if with_parts else [thing]
    surfaces: list[Surface] = []
    levels = []
    for one in things:
        found = list(_polygons(one, "", None))
        level = finest([level for level, _, _ in found], settings.lod)
        if level is not None:
            levels.append(level)
            surfaces += [
                Surface(_rings(polygon, settings.axes), kind) for at, kind, polygon in found if at == level
            ]
    return Body(surfaces, max(levels, default=""), _height(thing))


def _height(thing: Element) -> float | None:
    """``measuredHeight`` of 2.0, or the first measured ``Height`` of 3.0."""
    plain = number(text(thing, "measuredHeight"))
    if plain is not None:
        return plain
    for height in thing.findall("height/Height"):
        if text(height, "status") in (None, "measured"):
            return number(text(height, "value"))
    return None


def _polygons(element: Element, level: str, kind: str | None) -> Iterator[_Found]:
    """Every polygon below, with the level and the meaning that stand above it; parts have their own."""
    for child in element:
        if child.tag in _INSIDE or child.tag in _PARTS:
            continue
        told = _LEVEL.match(child.tag)
        at = told.group(1) if told else level
        means = child.tag if child.tag in _SEMANTICS else kind
        if child.tag in ("Polygon", "Triangle", "PolygonPatch", "Rectangle"):
            if at:
                yield at, means, child
        else:
            yield from _polygons(child, at, means)


def _rings(polygon: Element, axes: str) -> list[list[Place]]:
    holders = [*polygon.findall("exterior"), *polygon.findall("interior")]
    return [_positions(ring, axes) for holder in holders for ring in holder.findall("LinearRing")]


def _positions(ring: Element, axes: str) -> list[Place]:
    """``posList`` or one ``pos`` each; positions have three numbers, as city models do, unless told otherwise."""
    plain = " ".join((one.text or "") for tag in ("posList", "pos") for one in ring.findall(tag))
    numbers = [float(one) for one in plain.split()]
    listed = ring.find("posList")
    flat = listed is not None and listed.get("srsDimension") == "2"
    size = 2 if flat else 3
    if len(numbers) % size:
        raise ValueError(f"{len(numbers)} numbers make no positions of {size}")
    places = [numbers[at : at + size] for at in range(0, len(numbers), size)]
    return [_place(one, axes) for one in places]


def _place(numbers: list[float], axes: str) -> Place:
    first, second = numbers[0], numbers[1]
    height = numbers[2] if len(numbers) > 2 else 0.0
    return (second, first, height) if axes == "yx" else (first, second, height)
