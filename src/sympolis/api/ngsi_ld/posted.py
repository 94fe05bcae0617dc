"""Queries whose parameters come in a body (GS CIM 009, clauses 5.7.2 and 5.7.4 with data type 5.2.23).

The body is turned into the parameters that the URL would have had, so that both ways read and refuse alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sympolis.api.http import Parameters, Reply, Request, encode
from sympolis.api.ngsi_ld.entities import Entities
from sympolis.api.ngsi_ld.linking import Inbox, linkable
from sympolis.api.ngsi_ld.reading import ENTITIES
from sympolis.api.ngsi_ld.temporal import Temporal
from sympolis.api.parts import ApiParts
from sympolis.api.vocabulary import Vocabulary
from sympolis.context.terms import Terms
from sympolis.domain import errors

_TEXTS = ("q", "lang", "scopeQ", "csf", "join", "entityMapLifetime")
_LISTS = ("attrs", "datasetId", "containedBy", "expandValues", "jsonKeys")
_PROJECTIONS = ("pick", "omit")
_FLAGS = ("splitEntities", "local", "entityMap")
_GEO = ("georel", "geometry", "geoproperty")
_TEMPORAL = ("timerel", "timeAt", "endTimeAt", "timeproperty")
_ORDERING = {"orderBy", "collation", "geometry", "coordinates", "orderFrom", "orderGeometry"}
_AGGREGATION = {"aggrMethods", "aggrPeriodDuration"}
_PARTS = {"type", "entities", "geoQ", "temporalQ", "aggrParams", "ordering", "joinLevel"}
_KNOWN = frozenset({*_PARTS, *_TEXTS, *_LISTS, *_PROJECTIONS, *_FLAGS})


class Posted:
    """Handlers of ``/entityOperations/query`` and ``/temporal/entityOperations/query``."""

    def __init__(self, parts: ApiParts, entities: Entities, temporal: Temporal) -> None:
        self._vocabulary = Vocabulary(parts)
        self._inbox = Inbox(self._vocabulary)
        self._entities = entities
        self._temporal = temporal

    async def query(self, request: Request) -> Reply:
        """Query Entities via POST, clause 5.7.2."""
        terms = await self.take(request)
        return await self._entities.answer_query(request, terms)

    async def query_temporal(self, request: Request) -> Reply:
        """Query Temporal Evolution via POST, clause 5.7.4."""
        terms = await self.take(request)
        return await self._temporal.answer_query(request, terms)

    async def take(self, request: Request) -> Terms:
        """Read the body into the request's parameters; gives its terms."""
        body, terms = await self._inbox.read(request)
        document, own = await self._inbox.document(request, body, terms, "body")
        asked = query_parameters(document)
        # Who says how to aggregate wants aggregates, unless another format is asked for.
        implied = {"format": "aggregatedValues"} if "aggrMethods" in asked else {}
        request.parameters = Parameters({**implied, **request.parameters, **asked})
        # Where the answer names its context in a Link, only a context with an address will do.
        return linkable(own, self._vocabulary)


def query_parameters(document: Mapping[str, Any]) -> dict[str, str]:
    """The URL parameters that say the same as a Query document. Raises ``InvalidRequest`` or ``BadRequestData``."""
    _check_members(document)
    found = {name: _text(document[name], name) for name in _TEXTS if name in document}
    found |= {name: ",".join(_texts(document[name], name)) for name in _LISTS if name in document}
    found |= {name: _projected(document[name], name) for name in _PROJECTIONS if name in document}
    found |= {name: _flag(document[name], name) for name in _FLAGS if name in document}
    if "joinLevel" in document:
        found["joinLevel"] = _json_text(document["joinLevel"])
    for name, read in _READERS.items():
        if name in document:
            found |= read(document[name])
    return found


def _check_members(document: Mapping[str, Any]) -> None:
    if document.get("type") != "Query":
        raise errors.BadRequestData('expected "type": "Query"', where="type")
    for name in document.keys() - _KNOWN:
        raise errors.BadRequestData("unknown member of a Query", where=name)


def _selectors(value: Any) -> dict[str, str]:
    if not isinstance(value, list) or not value or not all(isinstance(one, dict) for one in value):
        raise errors.BadRequestData("expected an array of entity selectors", where="entities")
    for one in value:
        if "type" not in one or one.keys() - {"id", "type", "idPattern"}:
            raise errors.BadRequestData(
                "a selector has a type, and may have id and idPattern", where="entities"
            )
    return _of_one_kind(value) or _of_several_kinds(value)


def _of_one_kind(selectors: list[dict[str, Any]]) -> dict[str, str]:
    """The parameters of a URL that mean the same; none where selectors pair different types with different ids."""
    types = _types(selectors)
    ids = [_texts(one["id"], "entities.id") for one in selectors if "id" in one]
    patterns = {_text(one["idPattern"], "entities.idPattern") for one in selectors if "idPattern" in one}
    mixed = len(selectors) > 1 and (patterns or (ids and (len(types) > 1 or len(ids) != len(selectors))))
    if mixed:
        return {}
    found = {"type": _either(types)}
    if ids:
        found["id"] = ",".join(one for group in ids for one in group)
    if patterns:
        found["idPattern"] = patterns.pop()
    return found


def _of_several_kinds(selectors: list[dict[str, Any]]) -> dict[str, str]:
    """The selectors as they are, and the types that they have in all."""
    return {"type": _either(_types(selectors)), ENTITIES: _json_text(selectors)}


def _types(selectors: list[dict[str, Any]]) -> set[str]:
    return {_text(one["type"], "entities.type") for one in selectors}


def _either(types: set[str]) -> str:
    if "*" in types:
        return "*"
    return "|".join(f"({one})" if len(types) > 1 else one for one in sorted(types))


def _geo(value: Any) -> dict[str, str]:
    document = _object(value, "geoQ", {*_GEO, "coordinates"})
    found = {name: _text(document[name], f"geoQ.{name}") for name in _GEO if name in document}
    if "coordinates" in document:
        coordinates = document["coordinates"]
        found["coordinates"] = coordinates if isinstance(coordinates, str) else _json_text(coordinates)
    return found


def _json_text(value: Any) -> str:
    return encode(value).decode()


def _temporal(value: Any) -> dict[str, str]:
    """A TemporalQuery (clause 5.2.21); how to aggregate may stand in it as well."""
    document = _object(value, "temporalQ", {*_TEMPORAL, "lastN", "aggrParams", *_AGGREGATION})
    found = {name: _text(document[name], f"temporalQ.{name}") for name in _TEMPORAL if name in document}
    if "lastN" in document:
        found["lastN"] = _json_text(document["lastN"])
    own = {name: document[name] for name in _AGGREGATION if name in document}
    return found | _aggregation({**own, **document.get("aggrParams", {})})


def _aggregation(value: Any) -> dict[str, str]:
    """AggregationParams (clause 5.2.44)."""
    document = _object(value, "aggrParams", _AGGREGATION)
    found = {}
    if "aggrMethods" in document:
        found["aggrMethods"] = ",".join(_texts(document["aggrMethods"], "aggrMethods"))
    if "aggrPeriodDuration" in document:
        found["aggrPeriodDuration"] = _text(document["aggrPeriodDuration"], "aggrPeriodDuration")
    return found


def _ordering(value: Any) -> dict[str, str]:
    document = _object(value, "ordering", _ORDERING)
    found = {"orderBy": ",".join(_texts(document.get("orderBy"), "ordering.orderBy"))}
    if "collation" in document:
        found["collation"] = _text(document["collation"], "ordering.collation")
    for own, name in (("geometry", "orderGeometry"), ("orderGeometry", "orderGeometry")):
        if own in document:
            found[name] = _text(document[own], f"ordering.{own}")
    for own in ("coordinates", "orderFrom"):
        if own in document:
            found["orderFrom"] = (
                document[own] if isinstance(document[own], str) else _json_text(document[own])
            )
    return found


_READERS: Mapping[str, Callable[[Any], dict[str, str]]] = {
    "entities": _selectors,
    "geoQ": _geo,
    "temporalQ": _temporal,
    "aggrParams": _aggregation,
    "ordering": _ordering,
}


def _flag(value: Any, where: str) -> str:
    if not isinstance(value, bool):
        raise errors.BadRequestData("expected true or false", where=where)
    return _json_text(value)


def _projected(value: Any, where: str) -> str:
    """Names in an array, or the text of a projection (clause 4.21)."""
    return ",".join(_texts(value, where))


def _object(value: Any, where: str, known: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() - known:
        raise errors.BadRequestData(f"expected an object with {', '.join(sorted(known))}", where=where)
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise errors.BadRequestData("expected a text", where=where)
    return value


def _texts(value: Any, where: str) -> list[str]:
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(one, str) for one in values):
        raise errors.BadRequestData("expected a text or a list of texts", where=where)
    return values
