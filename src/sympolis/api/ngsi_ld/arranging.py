"""In which order entities are given, and which linked ones come along (GS CIM 009, clauses 4.5.23, 4.23, 6.4.3.2)."""

from __future__ import annotations

from typing import Final

from sympolis.api.http import Request
from sympolis.api.ngsi_ld.reading import ORDER_BY
from sympolis.api.parameters import IntegerParameter, ListParameter, Parameter
from sympolis.context import ordering
from sympolis.context.codec import check_entity_id
from sympolis.context.linked import Join
from sympolis.context.query import Ordering
from sympolis.context.terms import Terms
from sympolis.domain import errors

ORDER_FROM = Parameter(
    name="orderFrom",
    text="GeoJSON coordinates that `dist-asc` and `dist-desc` measure from.",
    max_length=32_768,
)
ORDER_GEOMETRY = Parameter(
    name="orderGeometry", text="Type of the geometry of orderFrom; `Point` unless given.", max_length=32
)
COLLATION = Parameter(name="collation", text="The language by whose rules texts are ordered.", max_length=64)
JOIN = Parameter(
    name="join",
    text="Show linked entities after the others or inside them.",
    choices=("flat", "inline", "@none"),
)
JOIN_LEVEL = IntegerParameter(
    name="joinLevel", text="How many relationships to follow.", low=1, high=64, default=1
)
CONTAINED_BY = ListParameter(name="containedBy", text="Ids of entities that are not to be followed again.")

ORDERING: Final = (ORDER_BY, ORDER_FROM, ORDER_GEOMETRY, COLLATION)
JOINING: Final = (JOIN, JOIN_LEVEL, CONTAINED_BY)


def read_ordering(request: Request, terms: Terms) -> Ordering | None:
    """The order asked for (clause 4.23). Raises ``InvalidRequest``, ``BadRequestData``, ``NotImplementedHere``."""
    return ordering.parse(
        ORDER_BY.of(request),
        terms,
        coordinates=ORDER_FROM.raw(request),
        geometry_type=ORDER_GEOMETRY.raw(request),
        language=COLLATION.raw(request),
    )


def read_join(request: Request) -> Join | None:
    """Which linked entities to show and how (clause 4.5.23). Raises ``InvalidRequest`` or ``BadRequestData``."""
    way = JOIN.raw(request)
    level, contained_by = JOIN_LEVEL.of(request), CONTAINED_BY.of(request)
    if way is None:
        for name in (JOIN_LEVEL.name, CONTAINED_BY.name):
            if name in request.parameters:
                raise errors.BadRequestData(f"{name} needs join", where=name)
    if way in (None, "@none"):
        return None
    return Join(way == "inline", level, frozenset(check_entity_id(one) for one in contained_by))
