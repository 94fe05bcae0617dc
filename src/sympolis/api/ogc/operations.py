"""The routes of OGC API — Features and the documents they give (OGC 17-069r4, sections 7.2 to 7.16)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from sympolis.api.exporting.formats import FORMATS
from sympolis.api.http import GEO_JSON, JSON, LD_JSON, Reply, Request, Stream, encode, json_reply
from sympolis.api.negotiation import preferred
from sympolis.api.ogc import tile_operations
from sympolis.api.ogc.city_collections import of_city
from sympolis.api.ogc.collections import Collection, Collections
from sympolis.api.ogc.feature_files import FeatureFiles
from sympolis.api.ogc.filtering import FeaturePage, find_feature, find_features
from sympolis.api.ogc.items import CRS, F_ITEM, F_ITEMS, ITEM_PARAMETERS, F, ItemReader
from sympolis.api.ogc.links import ROOT, link, segment
from sympolis.api.ogc.paging import LIMIT, WHOLE_LIMIT
from sympolis.api.ogc.queryables import SCHEMA_JSON, queryables
from sympolis.api.ogc.reference_systems import CRS84, ReferenceSystem, named, offered
from sympolis.api.openapi import OPENAPI_JSON
from sympolis.api.parameters import OFFSET, Parameter
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import INTEGER, OBJECT, TEXT, TIME, Schema, reference, several, structure
from sympolis.api.vocabulary import city_terms
from sympolis.context.instants import format_instant
from sympolis.domain import errors

CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    *(
        f"http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/{name}"
        for name in ("queryables", "filter", "features-filter")
    ),
    *(
        f"http://www.opengis.net/spec/cql2/1.0/conf/{name}"
        for name in (
            *("cql2-text", "cql2-json", "basic-cql2", "advanced-comparison-operators", "array-functions"),
            *(
                "case-insensitive-comparison",
                "accent-insensitive-comparison",
                "property-property",
                "arithmetic",
            ),
            *(
                "basic-spatial-functions",
                "basic-spatial-functions-plus",
                "spatial-functions",
                "temporal-functions",
            ),
        )
    ),
)
"""What is met. The API definition is OpenAPI 3.1; the standard has a class for 3.0 only, so none is claimed for it."""

_LONGEST_S = 600.0
"""A file of all features takes its time."""
_OFFSET = re.compile(r"(^|&)offset=[^&]*")
_TAG = "OGC API Features"
_MATRIX_SETS = "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes"
_PROCESSES = "http://www.opengis.net/def/rel/ogc/1.0/processes"
_JOBS = "http://www.opengis.net/def/rel/ogc/1.0/job-list"
_QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"

_LINKS = several(
    structure({"href": TEXT, "rel": TEXT, "type": TEXT, "title": TEXT}, required=("href", "rel"))
)
SCHEMAS: dict[str, Schema] = {
    "Landing": structure({"title": TEXT, "description": TEXT, "links": _LINKS}, required=("links",)),
    "Conformance": structure({"conformsTo": several(TEXT)}, required=("conformsTo",)),
    "Collection": structure(
        {"id": TEXT, "title": TEXT, "itemType": TEXT, "crs": several(TEXT), "links": _LINKS},
        required=("id", "links"),
    ),
    "Collections": structure(
        {"collections": several(reference("Collection")), "links": _LINKS}, required=("collections", "links")
    ),
    "Items": structure(
        {
            "type": {"const": "FeatureCollection"},
            "features": several(reference("Feature")),
            "numberMatched": INTEGER,
            "numberReturned": INTEGER,
            "timeStamp": TIME,
            "links": _LINKS,
        },
        required=("type", "features", "numberReturned", "links"),
    ),
}


class Features:
    """Handlers of ``/ogc``."""

    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts
        self._terms = city_terms(parts)
        self._collections = Collections(parts)
        self._systems = offered(None if parts.city is None else parts.city.facts.crs)
        self._reader = ItemReader(self._terms, self._systems)
        self._files = FeatureFiles(parts.broker, self._terms)
        self.of_city = of_city(parts, self._terms)
        self.tiles = tile_operations.TileRoutes(parts, self._collections, self._terms, self._reader)

    async def landing(self, request: Request) -> Reply:
        """Landing page, section 7.2."""
        _check_format(request)
        base = request.base_url
        links = [
            link(f"{base}{ROOT}", "self", JSON, "This page"),
            link(f"{base}/openapi.json", "service-desc", OPENAPI_JSON, "The API as OpenAPI"),
            link(f"{base}/docs", "service-doc", "text/html", "The API as a page"),
            link(f"{base}{ROOT}/conformance", "conformance", JSON, "What this API conforms to"),
            link(f"{base}{ROOT}/collections", "data", JSON, "The collections"),
            link(f"{base}{ROOT}/tileMatrixSets", _MATRIX_SETS, JSON, "How the world is divided into tiles"),
        ]
        if self._parts.desk is not None:
            links.append(link(f"{base}{ROOT}/processes", _PROCESSES, JSON, "What can be computed"))
            links.append(link(f"{base}{ROOT}/jobs", _JOBS, JSON, "What is being computed"))
        city = self._parts.city
        title = "Context broker" if city is None else next(iter(city.facts.title.values()))
        return json_reply({"title": title, "description": "Entities as features", "links": links})

    async def conformance(self, request: Request) -> Reply:
        """Conformance, section 7.4."""
        _check_format(request)
        more = () if self.of_city is None else self.of_city.conformance
        return json_reply({"conformsTo": (*CONFORMANCE, *tile_operations.CONFORMANCE, *more)})

    async def collections(self, request: Request) -> Reply:
        """Collections, section 7.13."""
        _check_format(request)
        found = [_described(one, request.base_url, self._systems) for one in await self._collections.all()]
        if self.of_city is not None:
            found += await self.of_city.described(request.base_url)
        links = [link(f"{request.base_url}{ROOT}/collections", "self", JSON, "The collections")]
        return json_reply({"collections": found, "links": links})

    async def collection(self, request: Request) -> Reply:
        """Collection, section 7.14."""
        _check_format(request)
        collection_id = request.arguments["collectionId"]
        try:
            found = await self._collections.get(collection_id)
        except errors.NotFound:
            if self.of_city is None:
                raise
            return json_reply(await self.of_city.describe(collection_id, request.base_url))
        return json_reply(_described(found, request.base_url, self._systems))

    async def queryables(self, request: Request) -> Reply:
        """Queryables, OGC 19-079r2, section 6.2."""
        if F.raw(request) is None:
            preferred(request.header(b"accept"), (SCHEMA_JSON, JSON))
        found = await self._collections.get(request.arguments["collectionId"])
        iri = f"{request.base_url}{ROOT}/collections/{segment(found.id)}/queryables"
        document = queryables(found, self._terms, iri)
        return json_reply(document, media=SCHEMA_JSON)

    async def items(self, request: Request) -> Reply | Stream:
        """Features, section 7.15; or all of them as a file."""
        _check_geo_format(request, F_ITEMS)
        collection = await self._collections.get(request.arguments["collectionId"])
        wanted = self._reader.read(request, collection)
        form = FORMATS.get(F_ITEMS.raw(request) or "")
        if form is not None:
            most = WHOLE_LIMIT.of(request) or None
            return await self._files.give(request.base_url, collection, wanted, form, most)
        page = await find_features(self._parts.broker, wanted, self._terms)
        facts = {
            **({} if page.matched is None else {"numberMatched": page.matched}),
            "numberReturned": len(page.features),
            "timeStamp": format_instant(datetime.now(UTC)),
            "links": _page_links(request, collection, page),
        }
        body = b'{"type":"FeatureCollection","features":[%b],%b' % (
            b",".join(page.features),
            encode(facts)[1:],
        )
        return Reply(body=body, media=GEO_JSON, headers=wanted.system.header)

    async def item(self, request: Request) -> Reply:
        """Feature, section 7.16."""
        _check_geo_format(request, F_ITEM)
        collection_id, feature_id = request.arguments["collectionId"], request.arguments["featureId"]
        system = named(CRS.raw(request), self._systems, where=CRS.name)
        feature = await self._feature(feature_id, collection_id, system)
        links = encode({"links": self._feature_links(request.base_url, collection_id, feature_id)})
        return Reply(body=b"%b,%b" % (feature[:-1], links[1:]), media=GEO_JSON, headers=system.header)

    async def _feature(self, feature_id: str, collection_id: str, system: ReferenceSystem) -> bytes:
        found = await find_feature(
            self._parts.broker, _whole_id(feature_id, collection_id), system, self._terms
        )
        if found is None or self._collections.name(collection_id) not in found.types:
            await self._collections.get(collection_id)
            raise errors.NotFound("there is no such feature in this collection", where="featureId")
        return found.document

    def _feature_links(self, base: str, collection_id: str, feature_id: str) -> list[dict[str, str]]:
        own = f"{base}{ROOT}/collections/{segment(collection_id)}"
        entity_id = segment(_whole_id(feature_id, collection_id))
        return [
            link(f"{own}/items/{entity_id}", "self", GEO_JSON, "This feature"),
            link(own, "collection", JSON, "Its collection"),
            link(
                f"{base}/ngsi-ld/v1/entities/{entity_id}",
                "alternate",
                LD_JSON,
                "The same as an NGSI-LD entity",
            ),
        ]


def _whole_id(feature_id: str, collection_id: str) -> str:
    """The entity's id; what is no URI is the last part of the usual one (GS CIM 009, Annex A.3)."""
    return feature_id if ":" in feature_id else f"urn:ngsi-ld:{collection_id}:{feature_id}"


def _check_format(request: Request) -> None:
    if F.raw(request) is None:
        preferred(request.header(b"accept"), (JSON,))


def _check_geo_format(request: Request, form: Parameter) -> None:
    if form.raw(request) is None:
        preferred(request.header(b"accept"), (GEO_JSON, JSON))


def _described(collection: Collection, base: str, systems: tuple[ReferenceSystem, ...]) -> dict[str, Any]:
    own = f"{base}{ROOT}/collections/{segment(collection.id)}"
    return {
        "id": collection.id,
        "title": collection.id,
        "description": f"{collection.count} entities of type {collection.type_iri}",
        "itemType": "feature",
        "crs": [system.iri for system in systems],
        "storageCrs": CRS84,
        "extent": {"spatial": {"bbox": [list(collection.bbox)], "crs": CRS84}},
        "links": [
            link(own, "self", JSON, "This collection"),
            link(f"{own}/items", "items", GEO_JSON, "Its features"),
            link(f"{own}/queryables", _QUERYABLES, SCHEMA_JSON, "What a filter may name"),
            tile_operations.tiles_link(own),
        ],
    }


def _page_links(request: Request, collection: Collection, page: FeaturePage) -> list[dict[str, str]]:
    limit, offset = LIMIT.of(request), OFFSET.of(request)
    base = f"{request.base_url}{ROOT}/collections/{segment(collection.id)}"
    links = [
        link(_at_offset(request, f"{base}/items", offset), "self", GEO_JSON, "This page"),
        link(base, "collection", JSON, "The collection"),
    ]
    if page.more:
        links.append(
            link(_at_offset(request, f"{base}/items", offset + limit), "next", GEO_JSON, "Next page")
        )
    if offset:
        previous = _at_offset(request, f"{base}/items", max(0, offset - limit))
        links.append(link(previous, "prev", GEO_JSON, "Previous page"))
    return links


def _at_offset(request: Request, base: str, offset: int) -> str:
    query = _OFFSET.sub("", request.query_string.decode("latin-1")).strip("&")
    parts = [part for part in (query, f"offset={offset}" if offset else "") if part]
    return f"{base}?{quote('&'.join(parts), safe='=&%+:,;/?')}" if parts else base


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes of this standard."""
    features = Features(parts)
    one = "/collections/{collectionId}"
    return (
        _get("", features.landing, "getLandingPage", "Landing page", "7.2", "Landing"),
        _get(
            "/conformance",
            features.conformance,
            "getConformance",
            "What it conforms to",
            "7.4",
            "Conformance",
        ),
        _get(
            "/collections", features.collections, "getCollections", "The collections", "7.13", "Collections"
        ),
        _get(one, features.collection, "describeCollection", "One collection", "7.14", "Collection"),
        _get(f"{one}/items", features.items, "getFeatures", "Its features", "7.15", "Items"),
        Operation(
            method="GET",
            path=f"{ROOT}{one}/queryables",
            handle=features.queryables,
            name="getQueryables",
            title="What a filter may name",
            tag=_TAG,
            text="OGC 19-079r2, section 6.2.",
            parameters=(F,),
            path_texts={"collectionId": "A collection's id: an entity type."},
            answers={200: Answer("A JSON Schema of the properties.", {SCHEMA_JSON: OBJECT})},
        ),
        _get(f"{one}/items/{{featureId}}", features.item, "getFeature", "One feature", "7.16", "Feature"),
        *tile_operations.operations(features.tiles),
        *(() if features.of_city is None else features.of_city.operations),
    )


def _get(path: str, handle: Any, name: str, title: str, section: str, schema: str) -> Operation:
    is_items = schema == "Items"
    return Operation(
        method="GET",
        path=ROOT + path,
        handle=handle,
        name=name,
        title=title,
        tag=_TAG,
        text=f"OGC 17-069r4, section {section}."
        + (" Any property of the features is a parameter as well: name=value." if is_items else ""),
        parameters=ITEM_PARAMETERS if is_items else (F_ITEM, CRS) if schema == "Feature" else (F,),
        open_parameters=is_items,
        timeout_s=_LONGEST_S if is_items else None,
        path_texts={
            "collectionId": "A collection's id: an entity type.",
            "featureId": "An entity's id; what follows `urn:ngsi-ld:<collection>:` is enough.",
        },
        answers={
            200: Answer(
                title + ".", {GEO_JSON if schema in ("Items", "Feature") else JSON: reference(schema)}
            )
        },
    )
