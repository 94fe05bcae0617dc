"""From the parameters of an items request to a query of the context (OGC 17-069r4, sections 7.15.2 to 7.15.5)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sympolis.api.exporting.formats import FORMATS
from sympolis.api.http import Request
from sympolis.api.ogc import cql2
from sympolis.api.ogc.collections import Collection
from sympolis.api.ogc.paging import LIMIT
from sympolis.api.ogc.predicates import GEOMETRIES
from sympolis.api.ogc.pushdown import Pushed, push
from sympolis.api.ogc.reference_systems import WORLD, ReferenceSystem, named
from sympolis.api.parameters import OFFSET, Parameter
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
F_ITEM = Parameter(name="f", text="Format: json or geojson, which is the same.", choices=("json", "geojson"))
F_ITEMS = Parameter(
    name="f",
    text="Format: json or geojson, which is the same; or a file of all features: csv, parquet, arrow.",
    choices=("json", "geojson", *FORMATS),
)
FILTER = Parameter(
    name="filter",
    text="A condition in CQL2, e.g. maximumAllowedSpeed > 30 AND S_INTERSECTS(location, BBOX(11.3,44.4,11.4,44.5)).",
    max_length=cql2.LONGEST,
)
FILTER_LANG = Parameter(
    name="filter-lang", text="The language of the filter.", choices=(cql2.TEXT, cql2.JSON)
)
FILTER_CRS = Parameter(
    name="filter-crs", text="The reference system of geometries in the filter (IRI).", max_length=256
)
CRS = Parameter(name="crs", text="The reference system of the answer (IRI).", max_length=256)
BBOX_CRS = Parameter(name="bbox-crs", text="The reference system of the box (IRI).", max_length=256)
ITEM_PARAMETERS = (BBOX, DATETIME, LIMIT, OFFSET, F_ITEMS, FILTER, FILTER_LANG, FILTER_CRS, CRS, BBOX_CRS)

_RESERVED = frozenset(parameter.name for parameter in ITEM_PARAMETERS)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_OPEN = ("", "..")
DATE_OBSERVED = "dateObserved"
COUNTED = 20_000
"""Of larger collections only those selections are counted that end on the page: counting would cost more than the page
itself, and ``numberMatched`` may be left out (OGC 17-069r4, section 7.15.8)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An items request: what the store is asked, what remains to be decided, and the answer's reference system."""

    query: Query
    rest: cql2.Expression | None = None
    system: ReferenceSystem = WORLD


class ItemReader:
    """Reads the query of an items request."""

    def __init__(self, terms: Terms, systems: tuple[ReferenceSystem, ...]) -> None:
        self._terms = terms
        self._systems = systems

    def read(self, request: Request, collection: Collection) -> Wanted:
        """What an items request wants. Raises ``InvalidRequest``."""
        box = read_bbox(BBOX.raw(request), self._system(BBOX_CRS, request))
        wanted = self.within(request, collection, box, LIMIT.of(request))
        counted = collection.count <= COUNTED
        query = replace(wanted.query, offset=OFFSET.of(request), count=counted)
        return replace(wanted, query=query, system=self._system(CRS, request))

    def within(self, request: Request, collection: Collection, box: GeoQuery | None, limit: int) -> Wanted:
        """The first of what lies in a box and has the properties and the time that a request asks for.

        Raises ``InvalidRequest``.
        """
        tests: list[Any] = [*self._property_tests(request, collection)]
        if (span := DATETIME.raw(request)) is not None:
            tests += self._time_tests(span, collection)
        pushed = self._filter(request, collection, has_geo=box is not None)
        tests += pushed.tests
        geo = box or pushed.geo
        query = Query(
            types=TypeIs(collection.type_iri),
            q=None if not tests else tests[0] if len(tests) == 1 else AllOf(tuple(tests)),
            geo=geo,
            attributes=() if geo is not None or collection.whole else (LOCATION,),
            limit=limit,
        )
        return Wanted(query, pushed.rest)

    def _system(self, parameter: Parameter, request: Request) -> ReferenceSystem:
        return named(parameter.raw(request), self._systems, where=parameter.name)

    def _filter(self, request: Request, collection: Collection, *, has_geo: bool) -> Pushed:
        text, language = FILTER.raw(request), FILTER_LANG.raw(request) or cql2.TEXT
        if text is None:
            return Pushed()
        expression = cql2.parse_filter(text, language, self._system(FILTER_CRS, request))
        self._check_properties(set(cql2.properties_in(expression)), collection)
        return push(expression, self._terms, has_geo=has_geo)

    def _check_properties(self, names: Iterable[str], collection: Collection) -> None:
        """A filter may name what some feature has (OGC 19-079r2, requirement 15)."""
        for name in names:
            iri = self._terms.find(name) if name.isidentifier() else None
            known = name in (*GEOMETRIES, "id") or iri in collection.attributes
            if not known:
                raise errors.InvalidRequest(
                    f"no feature of this collection has {name!r}", where="filter", hint="see its queryables"
                )

    def _property_tests(self, request: Request, collection: Collection) -> list[Term]:
        tests = []
        for name, value in request.parameters.items():
            if name not in _RESERVED:
                iri = self._terms.find(name) if name.isidentifier() else None
                if iri is None or iri not in collection.attributes:
                    raise errors.InvalidRequest(
                        "neither a parameter nor a property of this collection",
                        where=name,
                        hint="parameters: " + ", ".join(sorted(_RESERVED)),
                    )
                tests.append(Term((iri,), Comparison.EQUAL, _operand(value)))
        return tests

    def _time_tests(self, text: str, collection: Collection) -> list[Term]:
        start, end = read_interval(text)
        name = self._terms.expand(DATE_OBSERVED)
        if name not in collection.attributes:
            return []  # Features without a time match every time (section 7.15.4).
        if start is not None and end is not None:
            return [Term((name,), Comparison.EQUAL, ValueRange(start, end))]
        if start is not None:
            return [Term((name,), Comparison.GREATER_EQUAL, start)]
        return [] if end is None else [Term((name,), Comparison.LESS_EQUAL, end)]


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


def read_bbox(text: str | None, system: ReferenceSystem = WORLD) -> GeoQuery | None:
    """What intersects the box. Raises ``InvalidRequest``; a box across the antimeridian is not offered yet."""
    if text is None:
        return None
    parts = text.split(",")
    if len(parts) not in (4, 6) or not all(_NUMBER.fullmatch(part.strip()) for part in parts):
        raise errors.InvalidRequest("expected four or six numbers", where="bbox")
    numbers = [float(part) for part in parts]
    given = tuple(numbers) if len(numbers) == 4 else (*numbers[:2], *numbers[3:5])
    west, south, east, north = system.box_to_crs84(given)  # type: ignore[arg-type]
    if not (-90 <= south <= north <= 90 and -180 <= west <= 180 and -180 <= east <= 180):
        raise errors.InvalidRequest("expected degrees: west, south, east, north", where="bbox")
    if west > east:
        raise errors.NotImplementedHere("a box across the antimeridian is not offered yet", where="bbox")
    return intersecting(west, south, east, north)


def intersecting(west: float, south: float, east: float, north: float) -> GeoQuery:
    """What intersects a box in degrees."""
    return GeoQuery(GeoRelation.INTERSECTS, _box(west, south, east, north), LOCATION)


def _box(west: float, south: float, east: float, north: float) -> Mapping[str, Any]:
    if west == east and south == north:
        return {"type": "Point", "coordinates": [west, south]}
    if west == east or south == north:
        return {"type": "LineString", "coordinates": [[west, south], [east, north]]}
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}
