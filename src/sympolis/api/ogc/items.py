"""From the parameters of an items request to a query of the context (OGC 17-069r4, sections 7.15.2 to 7.15.5)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sympolis.api.http import Request
from sympolis.api.ogc.collections import Collection
from sympolis.api.parameters import LIMIT, OFFSET, Parameter
from sympolis.context.broker import Broker
from sympolis.context.codec import LOCATION
from sympolis.context.instants import parse_instant
from sympolis.context.query import (
    AllOf,
    Comparison,
    GeoQuery,
    GeoRelation,
    Query,
    Term,
    TypeIs,
    ValueRange,
)
from sympolis.context.terms import Terms
from sympolis.domain import errors

BBOX = Parameter(
    name="bbox", text="minLon,minLat,maxLon,maxLat (or with heights, six numbers).", max_length=256
)
DATETIME = Parameter(
    name="datetime",
    text="An instant or an interval (start/end, .. for open), compared with dateObserved where features have it.",
    max_length=128,
)
F = Parameter(name="f", text="Format: json.", choices=("json",))
ITEM_PARAMETERS = (BBOX, DATETIME, LIMIT, OFFSET, F)

_RESERVED = frozenset(parameter.name for parameter in ITEM_PARAMETERS)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_OPEN = ("", "..")
DATE_OBSERVED = "dateObserved"


class ItemReader:
    """Reads the query of an items request; asks the broker which properties a collection has."""

    def __init__(self, broker: Broker, terms: Terms) -> None:
        self._broker = broker
        self._terms = terms

    async def read(self, request: Request, collection: Collection) -> Query:
        """The page of entities wanted. Raises ``InvalidRequest``."""
        F.raw(request)
        tests = await self._property_tests(request, collection)
        if (span := DATETIME.raw(request)) is not None:
            tests += await self._time_tests(span, collection)
        return Query(
            types=TypeIs(collection.type_iri),
            q=None if not tests else tests[0] if len(tests) == 1 else AllOf(tuple(tests)),
            geo=read_bbox(BBOX.raw(request)),
            attributes=(LOCATION,),
            limit=LIMIT.of(request),
            offset=OFFSET.of(request),
            count=True,
        )

    async def _property_tests(self, request: Request, collection: Collection) -> list[Term]:
        tests = []
        for name, value in request.parameters.items():
            if name not in _RESERVED:
                iri = self._terms.find(name) if name.isidentifier() else None
                if iri is None or not await self._has(collection, iri):
                    raise errors.InvalidRequest(
                        "neither a parameter nor a property of this collection",
                        where=name,
                        hint="parameters: " + ", ".join(sorted(_RESERVED)),
                    )
                tests.append(Term((iri,), Comparison.EQUAL, _operand(value)))
        return tests

    async def _time_tests(self, text: str, collection: Collection) -> list[Term]:
        start, end = read_interval(text)
        name = self._terms.expand(DATE_OBSERVED)
        if not await self._has(collection, name):
            return []  # Features without a time match every time (section 7.15.4).
        if start is not None and end is not None:
            return [Term((name,), Comparison.EQUAL, ValueRange(start, end))]
        if start is not None:
            return [Term((name,), Comparison.GREATER_EQUAL, start)]
        return [] if end is None else [Term((name,), Comparison.LESS_EQUAL, end)]

    async def _has(self, collection: Collection, name: str) -> bool:
        having = Query(types=TypeIs(collection.type_iri), attributes=(name,), limit=1)
        return bool((await self._broker.query(having)).entities)


def _operand(text: str) -> Any:
    """What ``name=text`` may mean in JSON: the text itself, and the number or truth value it spells."""
    if text in ("true", "false"):
        return (text, text == "true")
    if _NUMBER.fullmatch(text) and math.isfinite(float(text)):
        return (text, float(text))
    return text


def read_interval(text: str) -> tuple[datetime | None, datetime | None]:
    """Start and end of a ``datetime`` parameter; None where open. Raises ``InvalidRequest``."""
    start, slash, end = text.partition("/")
    if not slash:
        instant = parse_instant(text, where="datetime")
        return instant, instant
    if start in _OPEN and end in _OPEN:
        raise errors.InvalidRequest("an interval needs a start or an end", where="datetime")
    first = None if start in _OPEN else parse_instant(start, where="datetime")
    last = None if end in _OPEN else parse_instant(end, where="datetime")
    if first is not None and last is not None and first > last:
        raise errors.InvalidRequest("the interval ends before it starts", where="datetime")
    return first, last


def read_bbox(text: str | None) -> GeoQuery | None:
    """What intersects the box. Raises ``InvalidRequest``; a box across the antimeridian is not offered yet."""
    if text is None:
        return None
    parts = text.split(",")
    if len(parts) not in (4, 6) or not all(_NUMBER.fullmatch(part.strip()) for part in parts):
        raise errors.InvalidRequest("expected four or six numbers", where="bbox")
    numbers = [float(part) for part in parts]
    west, south, east, north = numbers if len(numbers) == 4 else (*numbers[:2], *numbers[3:5])
    if not (-90 <= south <= north <= 90 and -180 <= west <= 180 and -180 <= east <= 180):
        raise errors.InvalidRequest("expected degrees: west, south, east, north", where="bbox")
    if west > east:
        raise errors.NotImplementedHere("a box across the antimeridian is not offered yet", where="bbox")
    return GeoQuery(GeoRelation.INTERSECTS, _box(west, south, east, north), LOCATION)


def _box(west: float, south: float, east: float, north: float) -> Mapping[str, Any]:
    if west == east and south == north:
        return {"type": "Point", "coordinates": [west, south]}
    if west == east or south == north:
        return {"type": "LineString", "coordinates": [[west, south], [east, north]]}
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}
