"""The routes of NGSI-LD with their documentation, and the resources of the standard that are not offered yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sympolis.api.errors import problem_document
from sympolis.api.http import GEO_JSON, JSON, LD_JSON
from sympolis.api.ngsi_ld import (
    arranging,
    batch_changes,
    changing,
    discovery,
    entity_maps,
    evolving,
    hosting,
    identity,
    mapped,
    reading,
    relaying,
    snapshots,
    source_subscriptions,
    sources,
    subscriptions,
)
from sympolis.api.ngsi_ld.answers import ROOT
from sympolis.api.ngsi_ld.batch import Batch
from sympolis.api.ngsi_ld.entities import Entities
from sympolis.api.ngsi_ld.posted import Posted
from sympolis.api.ngsi_ld.scoping import Scope
from sympolis.api.ngsi_ld.shared_evolving import SharedEvolving
from sympolis.api.ngsi_ld.temporal import Temporal
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import OBJECT, TEXT, Schema, reference, several, structure
from sympolis.context.entity_maps import EntityMaps
from sympolis.context.library import ContextLibrary
from sympolis.context.snapshots.capture import Capture
from sympolis.context.snapshots.service import Snapshots
from sympolis.context.transient import Transients
from sympolis.domain import errors

_TAG = "NGSI-LD"
_TAG_TEMPORAL = "NGSI-LD temporal"
_RESOURCES = ("subscriptions", "csourceRegistrations", "csourceSubscriptions", "jsonldContexts", "snapshots")
"""Those of the standard's that an application may be put together without."""

_TYPE: Schema = {"oneOf": [TEXT, several(TEXT)]}
SCHEMAS: dict[str, Schema] = {
    "Entity": {
        **structure({"id": {"type": "string", "format": "uri"}, "type": _TYPE}),
        "description": "An NGSI-LD entity (clause 4.5.1): id, type, and attributes by name.",
    },
    "Feature": structure(
        {
            "id": TEXT,
            "type": {"const": "Feature"},
            "geometry": {"type": ["object", "null"]},
            "properties": OBJECT,
        },
        required=("id", "type", "geometry", "properties"),
    ),
    "FeatureCollection": structure(
        {"type": {"const": "FeatureCollection"}, "features": several(reference("Feature"))},
        required=("type", "features"),
    ),
    "BatchResult": structure(
        {
            "success": several(TEXT),
            "errors": several(
                structure({"entityId": TEXT, "error": reference("Problem")}, required=("entityId", "error"))
            ),
        },
        required=("success", "errors"),
    ),
    "Query": {
        **structure({"type": {"const": "Query"}, "q": TEXT, "entities": several(OBJECT)}, required=("type",)),
        "description": "A query in a body (clause 5.2.23).",
    },
    **subscriptions.SCHEMAS,
    **changing.SCHEMAS,
    **discovery.SCHEMAS,
    **hosting.SCHEMAS,
    **identity.SCHEMAS,
    **entity_maps.SCHEMAS,
    **snapshots.SCHEMAS,
    **sources.SCHEMAS,
}

_EXAMPLE: dict[str, Any] = {
    "id": "urn:ngsi-ld:RoadSegment:trento:1",
    "type": "RoadSegment",
    "name": {"type": "Property", "value": "Via Indipendenza"},
    "maximumAllowedSpeed": {"type": "Property", "value": 30, "unitCode": "KMH"},
    "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [11.343, 44.498]}},
}
_NEW_ENTITY: Schema = {
    "type": "object",
    "required": ["id", "type"],
    "properties": {"id": {"type": "string", "format": "uri"}, "type": _TYPE},
}
_ENTITY_BODY = Body(_NEW_ENTITY, (JSON, LD_JSON), _EXAMPLE)
_ENTITIES_BODY = Body({"type": "array", "minItems": 1, "items": _NEW_ENTITY}, (JSON, LD_JSON), [_EXAMPLE])
_IDS_BODY = Body({"type": "array", "minItems": 1, "items": TEXT}, (JSON, LD_JSON), [_EXAMPLE["id"]])
_QUERY_BODY = Body(
    reference("Query"), (JSON, LD_JSON), {"type": "Query", "entities": [{"type": "RoadSegment"}]}
)
_PATH_TEXTS = {"entityId": "The entity's URI, percent-encoded."}

_ENTITY = {JSON: reference("Entity"), LD_JSON: reference("Entity"), GEO_JSON: reference("Feature")}
_ENTITIES = {
    JSON: several(reference("Entity")),
    LD_JSON: several(reference("Entity")),
    GEO_JSON: reference("FeatureCollection"),
}
_EVOLUTION = {JSON: OBJECT, LD_JSON: OBJECT}
_EVOLUTIONS = {JSON: several(OBJECT), LD_JSON: several(OBJECT)}
_PARTLY = Answer("Some went through; the others with their reasons.", {JSON: reference("BatchResult")})
_DONE = Answer("Done.")
_CREATED_IDS = Answer("Done; the ids of the new ones.", {JSON: several(TEXT)})


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes of this standard."""
    maps, broker = parts.entity_maps or EntityMaps(), parts.broker
    parts = replace(parts, library=parts.library or ContextLibrary(parts.contexts), entity_maps=maps)
    kept = parts.snapshots or Snapshots(broker.store, Capture(broker, broker.store, problem_document))
    scope = Scope(
        broker.store,
        kept,
        parts.transients or Transients(broker.store),
        most_tenants=parts.settings.max_tenants,
    )
    return tuple(scope.around(one) for one in _unscoped(parts, maps, kept))


def _unscoped(parts: ApiParts, maps: EntityMaps, kept: Snapshots) -> tuple[Operation, ...]:
    entities, temporal = Entities(parts), Temporal(parts)
    posted = Posted(parts, entities, temporal)
    return (
        *_entity_routes(entities),
        *_batch_routes(Batch(parts), posted),
        *_temporal_routes(temporal, posted),
        *subscriptions.operations(parts),
        *changing.operations(parts),
        *batch_changes.operations(parts),
        *discovery.operations(parts),
        *evolving.operations(SharedEvolving(parts)),
        *entity_maps.operations(parts, maps, posted),
        *snapshots.operations(parts, kept),
        *hosting.operations(parts),
        *identity.operations(parts),
        *sources.operations(parts),
        *source_subscriptions.operations(parts),
        *relaying.operations(parts),
    )


def refuse_later(method: str, path: str, allowed: Callable[[str], list[str]]) -> None:
    """Raise ``NotImplementedHere`` for a path of the standard that is not offered yet.

    A path in which an id or a name is empty has none of the standard's resources behind it: ``BadRequestData``. Where
    it is, without the empty part, a resource that does not answer this method: ``MethodNotAllowed`` (clause 6.3.2).
    """
    if path.startswith(f"{ROOT}/") and "//" in path:
        methods = allowed(path.replace("/attrs//", "/attrs/"))
        if methods and method not in methods:
            raise errors.MethodNotAllowed(
                "a name in the path is empty", where=path, hint=f"allowed: {', '.join(methods)}"
            )
        raise errors.BadRequestData("an id or a name in the path is empty", where=path)
    if (resource := path.removeprefix(f"{ROOT}/").split("/")[0]) in _RESOURCES and not allowed(
        f"{ROOT}/{resource}"
    ):
        raise errors.NotImplementedHere(
            "this part of NGSI-LD is not offered yet", where=path, hint="see /docs for what is"
        )


def _entity_routes(entities: Entities) -> tuple[Operation, ...]:
    return (
        Operation(
            method="POST",
            path=f"{ROOT}/entities",
            handle=entities.create,
            name="createEntity",
            title="Create an entity",
            tag=_TAG,
            clause="5.6.1",
            parameters=(reading.LOCAL,),
            body=_ENTITY_BODY,
            answers={201: Answer("Created; see Location.")},
        ),
        Operation(
            method="GET",
            path=f"{ROOT}/entities",
            handle=entities.query,
            name="queryEntities",
            title="Query entities",
            tag=_TAG,
            clause="5.7.2",
            parameters=(
                *reading.SELECTION,
                *reading.SHAPE,
                reading.GEOMETRY_PROPERTY,
                *arranging.JOINING,
                *arranging.ORDERING,
                reading.SPLIT_ENTITIES,
                *reading.PAGING,
                *mapped.PARAMETERS,
            ),
            answers={200: Answer("A page of entities.", _ENTITIES)},
        ),
        Operation(
            method="GET",
            path=f"{ROOT}/entities/{{entityId}}",
            handle=entities.retrieve,
            name="retrieveEntity",
            title="Retrieve an entity",
            tag=_TAG,
            clause="5.7.1",
            parameters=(
                reading.TYPE,
                *reading.SHAPE,
                reading.GEOMETRY_PROPERTY,
                *arranging.JOINING,
                *mapped.PARAMETERS,
            ),
            path_texts=_PATH_TEXTS,
            answers={200: Answer("The entity.", _ENTITY)},
        ),
        Operation(
            method="DELETE",
            path=f"{ROOT}/entities/{{entityId}}",
            handle=entities.delete,
            name="deleteEntity",
            title="Delete an entity",
            tag=_TAG,
            clause="5.6.6",
            parameters=(reading.TYPE, reading.LOCAL),
            path_texts=_PATH_TEXTS,
            answers={204: Answer("Deleted.")},
        ),
    )


def _batch_routes(batch: Batch, posted: Posted) -> tuple[Operation, ...]:
    return (
        Operation(
            method="POST",
            path=f"{ROOT}/entityOperations/create",
            handle=batch.create,
            name="createBatch",
            title="Create entities",
            tag=_TAG,
            clause="5.6.7",
            parameters=(reading.LOCAL,),
            body=_ENTITIES_BODY,
            answers={201: _CREATED_IDS, 204: _DONE, 207: _PARTLY},
        ),
        Operation(
            method="POST",
            path=f"{ROOT}/entityOperations/upsert",
            handle=batch.upsert,
            name="upsertBatch",
            title="Create or change entities",
            tag=_TAG,
            clause="5.6.8",
            parameters=(reading.UPSERT_OPTIONS, reading.LOCAL),
            body=_ENTITIES_BODY,
            answers={201: _CREATED_IDS, 204: _DONE, 207: _PARTLY},
        ),
        Operation(
            method="POST",
            path=f"{ROOT}/entityOperations/delete",
            handle=batch.delete,
            name="deleteBatch",
            title="Delete entities",
            tag=_TAG,
            clause="5.6.10",
            parameters=(reading.LOCAL,),
            body=_IDS_BODY,
            answers={204: _DONE, 207: _PARTLY},
        ),
        Operation(
            method="POST",
            path=f"{ROOT}/entityOperations/query",
            handle=posted.query,
            name="queryBatch",
            title="Query entities by a document",
            tag=_TAG,
            clause="5.7.2",
            parameters=(
                *reading.PAGING,
                reading.OPTIONS,
                reading.FORMAT,
                reading.LOCAL,
                reading.GEOMETRY_PROPERTY,
                *mapped.PARAMETERS,
            ),
            body=_QUERY_BODY,
            answers={200: Answer("A page of entities.", _ENTITIES)},
        ),
    )


def _temporal_routes(temporal: Temporal, posted: Posted) -> tuple[Operation, ...]:
    paging = (
        *reading.PAGING,
        reading.OPTIONS,
        reading.FORMAT,
        reading.LOCAL,
        reading.ORDER_BY,
        *mapped.PARAMETERS,
    )
    some = {
        200: Answer("The evolution of a page of entities.", _EVOLUTIONS),
        206: Answer("The same, cut to what one answer holds; see Content-Range.", _EVOLUTIONS),
    }
    return (
        Operation(
            method="GET",
            path=f"{ROOT}/temporal/entities",
            handle=temporal.query,
            name="queryTemporal",
            title="Query how entities evolved",
            tag=_TAG_TEMPORAL,
            clause="5.7.4",
            parameters=(
                *reading.SELECTION,
                *reading.SHAPE,
                *reading.TEMPORAL,
                *reading.PAGING,
                reading.ORDER_BY,
                reading.SPLIT_ENTITIES,
                *mapped.PARAMETERS,
            ),
            answers=some,
        ),
        Operation(
            method="GET",
            path=f"{ROOT}/temporal/entities/{{entityId}}",
            handle=temporal.retrieve,
            name="retrieveTemporal",
            title="Retrieve how an entity evolved",
            tag=_TAG_TEMPORAL,
            clause="5.7.3",
            parameters=(*reading.SHAPE, *reading.TEMPORAL, *mapped.PARAMETERS),
            path_texts=_PATH_TEXTS,
            answers={
                200: Answer("The evolution.", _EVOLUTION),
                206: Answer("The same, cut to what one answer holds; see Content-Range.", _EVOLUTION),
            },
        ),
        Operation(
            method="POST",
            path=f"{ROOT}/temporal/entityOperations/query",
            handle=posted.query_temporal,
            name="queryTemporalByPost",
            title="Query how entities evolved, by a document",
            tag=_TAG_TEMPORAL,
            clause="5.7.4",
            parameters=paging,
            body=_QUERY_BODY,
            answers=some,
        ),
    )
