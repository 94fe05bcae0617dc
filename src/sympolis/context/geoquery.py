"""The geo-query language (clause 4.10): the parameters ``georel``, ``geometry``, ``coordinates``, ``geoproperty``."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from sympolis.context.core_context import NGSI_LD
from sympolis.context.geojson import check_geometry
from sympolis.context.query import GeoQuery, GeoRelation
from sympolis.context.terms import Terms
from sympolis.domain.errors import BadRequestData, TooComplexQuery

_NEAR = re.compile(r"(?P<end>maxDistance|minDistance)==(?P<metres>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)")
_HINT = "for example georel=near;maxDistance==500&geometry=Point&coordinates=[11.34,44.49]"
_MAX_LENGTH = 200_000


def parse(
    georel: str | None, geometry: str | None, coordinates: Any, geoproperty: str | None, terms: Terms
) -> GeoQuery | None:
    """The geo-query of these parameters, None where none is given. ``coordinates``: JSON text or a nested list.

    Raises ``BadRequestData`` naming the parameter.
    """
    if georel is None and geometry is None and coordinates is None:
        return None
    for name, value in (("georel", georel), ("geometry", geometry), ("coordinates", coordinates)):
        if value is None:
            raise BadRequestData("georel, geometry and coordinates go together", where=name, hint=_HINT)
    assert georel is not None
    relation, nearest, farthest = _relation(georel)
    shape = check_geometry({"type": geometry, "coordinates": _coordinates(coordinates)}, where="geometry")
    name = NGSI_LD + "location" if geoproperty is None else terms.expand(geoproperty)
    return GeoQuery(relation, shape, name, min_distance_m=nearest, max_distance_m=farthest)


def _relation(text: str) -> tuple[GeoRelation, float | None, float | None]:
    name, *modifiers = text.split(";")
    if name not in set(GeoRelation):
        raise BadRequestData(
            f"unknown relation {name!r}", where="georel", hint="one of " + ", ".join(GeoRelation)
        )
    relation = GeoRelation(name)
    if relation is not GeoRelation.NEAR:
        if modifiers:
            raise BadRequestData(f"{name} takes no distance", where="georel", hint=_HINT)
        return relation, None, None
    limits = _limits(modifiers)
    return relation, limits.get("minDistance"), limits.get("maxDistance")


def _limits(modifiers: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for modifier in modifiers:
        match = _NEAR.fullmatch(modifier)
        if match is None or match["end"] in found:
            raise BadRequestData(f"{modifier!r} is not a distance in metres", where="georel", hint=_HINT)
        found[match["end"]] = float(match["metres"])
    if not found:
        raise BadRequestData("near needs maxDistance or minDistance", where="georel", hint=_HINT)
    return found


def _coordinates(value: Any) -> Any:
    if not isinstance(value, str | bytes):
        return value
    if len(value) > _MAX_LENGTH:
        raise TooComplexQuery(f"coordinates may have {_MAX_LENGTH} characters", where="coordinates")
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError as error:
        raise BadRequestData(f"this is not JSON: {error}", where="coordinates", hint=_HINT) from error
