"""Hypothesis strategies for the information model: entities, queries, observations.

Names come from small pools, so that entities share attributes and queries meet them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from sympolis.context.core_context import DEFAULT_VOCAB, NGSI_LD
from sympolis.context.query import (
    AllOf,
    AnyOf,
    Comparison,
    GeoQuery,
    GeoRelation,
    Ordering,
    OrderKey,
    Query,
    Selector,
    Term,
    TypeIs,
    ValueRange,
)
from sympolis.domain.entity import NULL, Attribute, AttributeKind, Entity

LOCATION = NGSI_LD + "location"
NAMES = tuple(DEFAULT_VOCAB + name for name in ("speed", "name", "state", "lanes"))
TYPES = tuple(DEFAULT_VOCAB + name for name in ("RoadSegment", "RoadNode", "StatisticalArea"))

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).filter(lambda text: text != NULL)
"""Any text but lone surrogates, which JSON cannot carry."""

instants = st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
few_numbers = st.integers(-3, 3) | st.sampled_from([0.5, -0.5, 1.0, 2.0])
few_texts = st.sampled_from(
    ["", "a", "b", "ab", "2024-05-08T07:00:00Z", "2024-05-08T07:00:00.000Z", "B", "é"]
)
few_scalars = few_numbers | few_texts | st.booleans()
json_values = st.recursive(
    texts | numbers | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
uris = st.integers(0, 9).map(lambda number: f"urn:ngsi-ld:RoadNode:test:{number}")
positions = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(
    lambda cell: [11.30 + cell[0] / 1000, 44.45 + cell[1] / 1000]
)


@st.composite
def geometries(draw: st.DrawFn) -> Mapping[str, Any]:
    """Points, lines and boxes in a small city, so that they meet."""
    kind = draw(st.sampled_from(["Point", "LineString", "Polygon", "MultiPoint"]))
    if kind == "Point":
        return {"type": kind, "coordinates": draw(positions)}
    west, south = draw(positions)
    east, north = west + draw(st.integers(1, 9)) / 1000, south + draw(st.integers(1, 9)) / 1000
    if kind == "Polygon":
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        return {"type": kind, "coordinates": [ring]}
    return {"type": kind, "coordinates": [[west, south], [east, north]]}


def _values(kind: AttributeKind, plain: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    tags = st.sampled_from(["it", "de", "en", "de-AT", "@none"])
    names = st.sampled_from(TYPES)
    return {
        AttributeKind.PROPERTY: plain
        | st.lists(plain, max_size=3)
        | st.dictionaries(texts, plain, max_size=2),
        AttributeKind.RELATIONSHIP: uris | st.lists(uris, min_size=1, max_size=3),
        AttributeKind.GEO_PROPERTY: geometries(),
        AttributeKind.LANGUAGE_PROPERTY: st.dictionaries(
            tags, texts | few_texts | st.lists(few_texts, min_size=1, max_size=2), min_size=1, max_size=3
        ),
        AttributeKind.JSON_PROPERTY: json_values,
        AttributeKind.VOCAB_PROPERTY: names | st.lists(names, min_size=1, max_size=2),
        AttributeKind.LIST_PROPERTY: st.lists(plain, max_size=4),
        AttributeKind.LIST_RELATIONSHIP: st.lists(uris, max_size=3),
    }[kind]


_any_kind = st.sampled_from(AttributeKind)


@st.composite
def attributes(
    draw: st.DrawFn,
    plain: st.SearchStrategy[Any] = json_values,
    kinds: st.SearchStrategy[AttributeKind] = _any_kind,
    depth: int = 1,
) -> Attribute:
    """One instance of an attribute, of any kind, with members and sub-attributes."""
    kind = draw(kinds)
    below: Mapping[str, tuple[Attribute, ...]] = {}
    if depth and draw(st.integers(0, 3)) == 0:
        inner = attributes(plain, kinds, depth - 1).map(lambda one: (one,))
        below = draw(st.dictionaries(st.sampled_from(NAMES), inner, max_size=2))
    return Attribute(
        kind,
        draw(_values(kind, plain)),
        observed_at=draw(st.none() | instants),
        unit_code=draw(st.none() | st.sampled_from(["KMH", "CEL"])),
        attributes=below,
    )


@st.composite
def several(draw: st.DrawFn, one: st.SearchStrategy[Attribute]) -> tuple[Attribute, ...]:
    """The instances of an attribute: mostly the default one, sometimes others by ``datasetId``."""
    datasets = draw(st.sampled_from([(None,), (None,), (None,), (None, "urn:d:1"), ("urn:d:1", "urn:d:2")]))
    return tuple(replace(draw(one), dataset_id=dataset) for dataset in datasets)


@st.composite
def entities(
    draw: st.DrawFn, plain: st.SearchStrategy[Any] = json_values, *, number: int | None = None
) -> Entity:
    """An entity as a client could send it: no system times."""
    local = draw(st.integers(0, 99)) if number is None else number
    found = draw(st.dictionaries(st.sampled_from(NAMES), several(attributes(plain)), max_size=4))
    if draw(st.booleans()):
        place = attributes(plain, st.just(AttributeKind.GEO_PROPERTY), depth=0)
        found[LOCATION] = draw(several(place))
    types = draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=2, unique=True))
    scope = draw(st.sampled_from([(), ("/Town",), ("/Town/Centro", "/b")]))
    return Entity(f"urn:ngsi-ld:RoadSegment:test:{local:03d}", tuple(types), found, scope)


@st.composite
def terms(draw: st.DrawFn) -> Term:
    """A term of the query language that has a chance to hold for some of ``entities(few_scalars)``."""
    comparison = draw(st.sampled_from(Comparison))
    path: tuple[str, ...] = (draw(st.sampled_from(NAMES)),)
    if draw(st.integers(0, 9)) == 0:
        path = (*path, draw(st.sampled_from([*NAMES, NGSI_LD + "unitCode", NGSI_LD + "observedAt"])))
    inside = draw(st.sampled_from([(), (), (), (), ("it",), ("a",)]))
    if comparison is Comparison.EXISTS:
        return Term(path, inside=inside)
    if comparison in (Comparison.MATCHES, Comparison.NOT_MATCHES):
        return Term(path, comparison, draw(st.sampled_from(["a", "^b$", "a.*b", ""])), inside)
    return Term(path, comparison, draw(_operands(comparison)), inside)


def _operands(comparison: Comparison) -> st.SearchStrategy[Any]:
    one = few_scalars | uris | st.just(datetime(2024, 5, 8, 7, tzinfo=UTC)) | st.sampled_from(TYPES)
    if comparison not in (Comparison.EQUAL, Comparison.UNEQUAL):
        return one
    ends = st.tuples(few_numbers, few_numbers) | st.tuples(few_texts, few_texts)
    ranges = ends.map(lambda pair: ValueRange(min(pair), max(pair)))
    return one | ranges | st.lists(one, min_size=2, max_size=3).map(tuple)


def _joined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return parts.map(AllOf) | parts.map(AnyOf)


expressions = st.recursive(terms(), _joined, max_leaves=5)
type_expressions = st.recursive(st.sampled_from(TYPES).map(TypeIs), _joined, max_leaves=3)


@st.composite
def geo_queries(draw: st.DrawFn) -> GeoQuery:
    """A geo-query in the same small city."""
    relation = draw(st.sampled_from(GeoRelation))
    if relation is not GeoRelation.NEAR:
        return GeoQuery(relation, draw(geometries()), LOCATION)
    limit = draw(st.integers(0, 3000))
    if draw(st.booleans()):
        return GeoQuery(relation, draw(geometries()), LOCATION, max_distance_m=limit)
    return GeoQuery(relation, draw(geometries()), LOCATION, min_distance_m=limit)


scope_expressions = st.recursive(
    st.sampled_from(["/Town", "/Town/#", "/Town/+", "/#", "/b", "b", "/+/Centro"]),
    _joined,
    max_leaves=3,
)
selectors = st.builds(
    Selector,
    types=st.none() | type_expressions,
    ids=st.just(()) | st.lists(entities().map(lambda one: one.id), max_size=3).map(tuple),
    id_pattern=st.none() | st.sampled_from(["0", "test:00[1-5]$"]),
)


@st.composite
def order_keys(draw: st.DrawFn) -> OrderKey:
    """Something to order by: a member, an attribute, a part of one, or a distance."""
    descending = draw(st.booleans())
    if draw(st.integers(0, 4)) == 0:
        return OrderKey((LOCATION,), descending=descending, distance=True)
    members = [("id",), ("type",), ("scope",), (NGSI_LD + "createdAt",)]
    path = draw(st.sampled_from(members) | st.sampled_from(NAMES).map(lambda name: (name,)))
    below = draw(st.sampled_from([(), (), (NAMES[0],), (NGSI_LD + "observedAt",)]))
    return OrderKey(path + below if path[0] in NAMES else path, (), descending)


@st.composite
def orderings(draw: st.DrawFn) -> Ordering:
    """An ordering by up to three keys."""
    return Ordering(tuple(draw(st.lists(order_keys(), min_size=1, max_size=3))), draw(geometries()))


@st.composite
def queries(draw: st.DrawFn) -> Query:
    """A query with some of its parts, and a page."""
    return Query(
        ids=draw(st.just(()) | st.lists(entities().map(lambda one: one.id), max_size=3).map(tuple)),
        id_pattern=draw(st.none() | st.sampled_from(["0", "test:00[1-5]$"])),
        types=draw(st.none() | type_expressions),
        q=draw(st.none() | expressions),
        geo=draw(st.none() | geo_queries()),
        attributes=draw(st.just(()) | st.lists(st.sampled_from(NAMES), max_size=2).map(tuple)),
        limit=draw(st.integers(0, 5)),
        offset=draw(st.integers(0, 3)),
        count=draw(st.booleans()),
        scopes=draw(st.none() | st.none() | scope_expressions),
        selectors=draw(st.just(()) | st.just(()) | st.lists(selectors, max_size=2).map(tuple)),
        ordering=draw(st.none() | orderings()),
    )
