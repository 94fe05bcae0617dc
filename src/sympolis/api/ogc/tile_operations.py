"""The routes of OGC API — Tiles and the documents they give (OGC 20-057, sections 7 to 10 and 13)."""

from __future__ import annotations

import math
from typing import Any, Final

from sympolis.api.http import JSON, Reply, Request, Stream, json_reply
from sympolis.api.negotiation import preferred
from sympolis.api.ogc.collections import Collection, Collections
from sympolis.api.ogc.items import DATETIME, FILTER, FILTER_CRS, FILTER_LANG, F, ItemReader
from sympolis.api.ogc.links import ROOT, link, segment
from sympolis.api.ogc.mvt import EXTENT
from sympolis.api.ogc.reference_systems import CRS84
from sympolis.api.ogc.tile_archive import DEEPEST, PMTILES, Archives, check_library
from sympolis.api.ogc.tiles import MOST_FEATURES, Tiles
from sympolis.api.ogc.tiling import HIGHEST_ZOOM, TileAddress
from sympolis.api.parameters import Parameter
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import OBJECT
from sympolis.context.terms import Terms
from sympolis.domain import errors

MVT: Final = "application/vnd.mapbox-vector-tile"
MATRIX_SET: Final = "WebMercatorQuad"
CONFORMANCE: Final = tuple(
    f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{name}"
    for name in ("core", "tileset", "tilesets-list", "geodata-tilesets", "mvt")
)
_SET_URI: Final = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
_MERCATOR: Final = "http://www.opengis.net/def/crs/EPSG/0/3857"
_TILESETS: Final = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"
_SCHEME: Final = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
_HALF_WORLD_M: Final = math.pi * 6_378_137
_PIXEL_M: Final = 0.00028
_SIDE: Final = 256
_TAG: Final = "OGC API Tiles"
_COLLECTION: Final = {"collectionId": "A collection's id: an entity type."}

F_TILE = Parameter(name="f", text="Format: mvt (or pbf, which is the same).", choices=("mvt", "pbf"))
F_TILESET = Parameter(name="f", text="Format: json, or tilejson for maps.", choices=("json", "tilejson"))
TRUNCATED = (b"sympolis-truncated", b"true")
"""The header of a tile that does not show all there is."""


class TileRoutes:
    """Handlers of tilesets and tiles."""

    def __init__(self, parts: ApiParts, collections: Collections, terms: Terms, reader: ItemReader) -> None:
        self._collections = collections
        self._terms = terms
        self._tiles = Tiles(parts.broker, terms, reader)
        self._archives = Archives(parts.broker, self._tiles)

    async def matrix_sets(self, request: Request) -> Reply:
        """Tile matrix sets, OGC 20-057, section 11."""
        _check_json(request)
        own = f"{request.base_url}{ROOT}/tileMatrixSets/{MATRIX_SET}"
        links = [link(own, "self", JSON, MATRIX_SET)]
        return json_reply({"tileMatrixSets": [{"id": MATRIX_SET, "uri": _SET_URI, "links": links}]})

    async def matrix_set(self, request: Request) -> Reply:
        """One tile matrix set, OGC 17-083r4, annex D.1."""
        _check_json(request)
        _check_set(request)
        return json_reply(_MATRIX_SET)

    async def tilesets(self, request: Request) -> Reply:
        """The tilesets of a collection, OGC 20-057, section 9."""
        _check_json(request)
        collection = await self._collections.get(request.arguments["collectionId"])
        base = f"{request.base_url}{ROOT}/collections/{segment(collection.id)}"
        tileset = {**_summary(collection), "links": _tileset_links(base, request.base_url)}
        return json_reply(
            {"tilesets": [tileset], "links": [link(f"{base}/tiles", "self", JSON, "This list")]}
        )

    async def tileset(self, request: Request) -> Reply:
        """One tileset, OGC 20-057, section 8; or the same as TileJSON 3.0."""
        _check_set(request)
        if F_TILESET.raw(request) is None:
            preferred(request.header(b"accept"), (JSON,))
        collection = await self._collections.get(request.arguments["collectionId"])
        base = f"{request.base_url}{ROOT}/collections/{segment(collection.id)}"
        if F_TILESET.raw(request) == "tilejson":
            return json_reply(self._tile_json(collection, base))
        west, south, east, north = collection.bbox
        document = {
            **_summary(collection),
            "boundingBox": {"lowerLeft": [west, south], "upperRight": [east, north], "crs": CRS84},
            "layers": [self._layer(collection)],
            "links": _tileset_links(base, request.base_url),
        }
        return json_reply(document)

    async def tile(self, request: Request) -> Reply:
        """A tile, OGC 20-057, section 7."""
        _check_set(request)
        if F_TILE.raw(request) is None:
            preferred(request.header(b"accept"), (MVT,))
        collection = await self._collections.get(request.arguments["collectionId"])
        tile = await self._tiles.tile(request, collection, _address(request))
        if not tile.body:
            return Reply(status=204, etag=tile.etag)
        return Reply(
            body=tile.body, media=MVT, etag=tile.etag, headers=(TRUNCATED,) if tile.truncated else ()
        )

    async def archive(self, request: Request) -> Reply | Stream:
        """All tiles in one file."""
        check_library()
        collection = await self._collections.get(request.arguments["collectionId"])
        return await self._archives.give(request, collection)

    def _tile_json(self, collection: Collection, base: str) -> dict[str, Any]:
        return {
            "tilejson": "3.0.0",
            "name": collection.id,
            "scheme": "xyz",
            "tiles": [f"{base}/tiles/{MATRIX_SET}/{{z}}/{{y}}/{{x}}?f=mvt"],
            "minzoom": 0,
            "maxzoom": HIGHEST_ZOOM,
            "bounds": collection.bbox,
            "vector_layers": [
                {"id": collection.id, "fields": {name: "" for name in self._fields(collection)}},
                {"id": "truncated", "fields": {"shown": "Number"}},
            ],
        }

    def _layer(self, collection: Collection) -> dict[str, Any]:
        properties: dict[str, Any] = {name: {} for name in self._fields(collection)}
        return {
            "id": collection.id,
            "dataType": "vector",
            "propertiesSchema": {"type": "object", "properties": properties},
        }

    def _fields(self, collection: Collection) -> list[str]:
        names = [self._terms.compact(name) for name in collection.attributes]
        return ["id", *[name for name in names if name != "location"]]


def _check_json(request: Request) -> None:
    if F.raw(request) is None:
        preferred(request.header(b"accept"), (JSON,))


def _check_set(request: Request) -> None:
    if request.arguments["tileMatrixSetId"] != MATRIX_SET:
        raise errors.NotFound("there is no such tile matrix set", where="tileMatrixSetId", hint=MATRIX_SET)


def _address(request: Request) -> TileAddress:
    """Raises ``NotFound``: a number outside the matrix is no tile (OGC 20-057, requirement 7.C)."""
    numbers = [request.arguments[name] for name in ("tileMatrix", "tileRow", "tileCol")]
    if all(one.isascii() and one.isdigit() and len(one) < 9 for one in numbers):
        address = TileAddress(*map(int, numbers))
        if address.exists:
            return address
    raise errors.NotFound(
        "there is no such tile",
        where="tileMatrix/tileRow/tileCol",
        hint=f"zoom 0 to {HIGHEST_ZOOM}, then row, column",
    )


def _summary(collection: Collection) -> dict[str, Any]:
    return {
        "title": collection.id,
        "dataType": "vector",
        "crs": _MERCATOR,
        "tileMatrixSetURI": _SET_URI,
        "tileMatrixSetId": MATRIX_SET,
        "description": f"At most {MOST_FEATURES} features in a tile; a layer 'truncated' says where there are more.",
    }


def _tileset_links(base: str, server: str) -> list[dict[str, Any]]:
    own = f"{base}/tiles/{MATRIX_SET}"
    template = f"{own}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}?f=mvt"
    return [
        link(own, "self", JSON, "This tileset"),
        {**link(template, "item", MVT, "Its tiles"), "templated": True},
        link(f"{server}{ROOT}/tileMatrixSets/{MATRIX_SET}", _SCHEME, JSON, "Where tiles are"),
        link(f"{own}?f=tilejson", "describedby", JSON, "The same as TileJSON"),
        link(base, "geodata", JSON, "The collection"),
        link(f"{base}/tiles.pmtiles", "enclosure", PMTILES, "All tiles in one file"),
    ]


def tiles_link(base: str) -> dict[str, str]:
    """From a collection to its tilesets."""
    return link(f"{base}/tiles", _TILESETS, JSON, "Its tiles")


def _matrix(zoom: int) -> dict[str, Any]:
    cell = 2 * _HALF_WORLD_M / (_SIDE << zoom)
    return {
        "id": str(zoom),
        "scaleDenominator": cell / _PIXEL_M,
        "cellSize": cell,
        "pointOfOrigin": [-_HALF_WORLD_M, _HALF_WORLD_M],
        "tileWidth": _SIDE,
        "tileHeight": _SIDE,
        "matrixWidth": 1 << zoom,
        "matrixHeight": 1 << zoom,
    }


_MATRIX_SET: Final = {
    "id": MATRIX_SET,
    "title": "Google Maps Compatible for the World",
    "uri": _SET_URI,
    "crs": _MERCATOR,
    "orderedAxes": ["X", "Y"],
    "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
    "tileMatrices": [_matrix(zoom) for zoom in range(HIGHEST_ZOOM + 1)],
}


def operations(routes: TileRoutes) -> tuple[Operation, ...]:
    """The routes of this standard."""
    sets, tiles = "/tileMatrixSets", "/collections/{collectionId}/tiles"
    one = f"{tiles}/{{tileMatrixSetId}}"
    return (
        _get(sets, routes.matrix_sets, "getTileMatrixSets", "How the world is divided", F),
        _get(f"{sets}/{{tileMatrixSetId}}", routes.matrix_set, "getTileMatrixSet", "One such division", F),
        _get(tiles, routes.tilesets, "getTilesets", "The tilesets of a collection", F),
        _get(one, routes.tileset, "getTileset", "One tileset", F_TILESET),
        Operation(
            method="GET",
            path=f"{ROOT}{tiles}.pmtiles",
            handle=routes.archive,
            name="getTileArchive",
            title="All tiles in one file",
            tag=_TAG,
            text=f"PMTiles 3, to zoom {DEEPEST} or as deep as there are not too many; also in ranges (RFC 9110).",
            path_texts=_COLLECTION,
            timeout_s=600.0,
            answers={
                200: Answer("The file.", {PMTILES: {"type": "string", "format": "binary"}}),
                206: Answer("A range of it.", {PMTILES: {"type": "string", "format": "binary"}}),
            },
        ),
        Operation(
            method="GET",
            path=f"{ROOT}{one}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}",
            handle=routes.tile,
            name="getTile",
            title="A tile",
            tag=_TAG,
            text=f"OGC 20-057, section 7, as a Mapbox Vector Tile with an extent of {EXTENT}.",
            parameters=(F_TILE, FILTER, FILTER_LANG, FILTER_CRS, DATETIME),
            path_texts=_PATH_TEXTS,
            answers={
                200: Answer("The tile.", {MVT: {"type": "string", "format": "binary"}}),
                204: Answer("Nothing is seen in this tile."),
            },
        ),
    )


_PATH_TEXTS: Final = {
    **_COLLECTION,
    "tileMatrixSetId": f"{MATRIX_SET}.",
    "tileMatrix": "The zoom.",
    "tileRow": "The row, from the north.",
    "tileCol": "The column, from the west.",
}


def _get(path: str, handle: Any, name: str, title: str, form: Parameter) -> Operation:
    return Operation(
        method="GET",
        path=ROOT + path,
        handle=handle,
        name=name,
        title=title,
        tag=_TAG,
        text="OGC 20-057, sections 8 to 11.",
        parameters=(form,),
        path_texts={name: text for name, text in _PATH_TEXTS.items() if f"{{{name}}}" in path},
        answers={200: Answer(title + ".", {JSON: OBJECT})},
    )
