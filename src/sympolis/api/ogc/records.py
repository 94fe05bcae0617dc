"""OGC API — Records over the catalogue (OGC 20-004r1): the datasets of the twin as records of one collection.

The same catalogue as DCAT's, built from what runs; here for clients that search it like any other collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sympolis.api.http import GEO_JSON, JSON, Reply, Request, json_reply
from sympolis.api.negotiation import language_of, preferred
from sympolis.api.ogc.items import BBOX, DATETIME, read_bbox, read_interval
from sympolis.api.ogc.links import ROOT, link, segment
from sympolis.api.ogc.paging import LIMIT
from sympolis.api.parameters import OFFSET, ListParameter, Parameter
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import reference
from sympolis.context.instants import format_instant
from sympolis.governance.catalogue.licences import licence_of
from sympolis.governance.catalogue.search import search

if TYPE_CHECKING:
    from sympolis.api.offering import Offering
    from sympolis.governance.catalogue.model import Dataset

ID: Final = "catalogue"
PATH: Final = f"{ROOT}/collections/{ID}"
_SPEC: Final = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf"
CORE: Final = f"{_SPEC}/record-core"
CONFORMANCE: Final = (
    CORE,
    *(
        f"{_SPEC}/{name}"
        for name in (
            "record-collection",
            "record-core-query-parameters",
            "record-api",
            "json",
            "searchable-catalog",
        )
    ),
)
_TAG: Final = "OGC API Records"

Q = Parameter(name="q", text="Words that a record must have, in any language.", max_length=200)
TYPE = ListParameter(name="type", text="Types of resources; here all are dataset.", max_items=10)
IDS = ListParameter(name="ids", text="Only records with these ids.", max_items=200)
F = Parameter(name="f", text="Format: json or geojson, which is the same.", choices=("json", "geojson"))


class Records:
    """Handlers of the catalogue as a collection."""

    def __init__(self, offering: Offering) -> None:
        self._offering = offering

    def describe(self, base: str) -> dict[str, Any]:
        """The collection's own document."""
        own = f"{base}{PATH}"
        return {
            "id": ID,
            "title": "Catalogue",
            "description": "The datasets of this twin",
            "itemType": "record",
            "links": [
                link(own, "self", JSON, "This collection"),
                link(f"{own}/items", "items", GEO_JSON, "Its records"),
                link(f"{base}/catalogue", "alternate", "text/turtle", "The same as DCAT-AP"),
            ],
        }

    async def collection(self, request: Request) -> Reply:
        """The collection, section 8.3."""
        return json_reply(self.describe(request.base_url))

    async def items(self, request: Request) -> Reply:
        """Records, section 8.4."""
        _check_accept(request)
        found = await self._found(request)
        first, limit = OFFSET.of(request), LIMIT.of(request)
        page, base = found[first : first + limit], request.base_url
        language = language_of(request.header(b"accept-language"))
        document = {
            "type": "FeatureCollection",
            "features": [_record(one, base, language) for one in page],
            "numberMatched": len(found),
            "numberReturned": len(page),
            "links": _links(request, len(found)),
        }
        return json_reply(document, media=GEO_JSON)

    async def item(self, request: Request) -> Reply:
        """A record, section 8.5."""
        _check_accept(request)
        dataset = await self._offering.dataset(request.base_url, request.arguments["recordId"])
        language = language_of(request.header(b"accept-language"))
        return json_reply(_record(dataset, request.base_url, language), media=GEO_JSON)

    async def _found(self, request: Request) -> list[Dataset]:
        catalogue = await self._offering.catalogue(request.base_url)
        found = list(search(catalogue.datasets, Q.raw(request) or "").datasets)
        kinds, ids, box = TYPE.of(request), IDS.of(request), read_bbox(BBOX.raw(request))
        if kinds and "dataset" not in kinds:
            return []
        if ids:
            found = [one for one in found if one.id in ids]
        if box is not None:
            found = [one for one in found if one.bbox is not None and _touch(one.bbox, box.geometry)]
        if (text := DATETIME.raw(request)) is not None:
            start, end = read_interval(text)
            found = [one for one in found if _within(one, start, end)]
        return found


def _check_accept(request: Request) -> None:
    if F.raw(request) is None:
        preferred(request.header(b"accept"), (GEO_JSON, JSON))


def _touch(bbox: tuple[float, float, float, float], asked: Mapping[str, Any]) -> bool:
    """Whether a box meets a geometry that is a box, a line along an axis, or a point."""
    import shapely
    from shapely.geometry import shape

    return bool(shapely.box(*bbox).intersects(shape(asked)))


def _within(dataset: Dataset, start: datetime | None, end: datetime | None) -> bool:
    """Whether a dataset's time meets the interval; those without one match every time (section 8.4.4)."""
    last = dataset.newest_observation or dataset.modified
    return last is None or ((start is None or last >= start) and (end is None or last <= end))


def _record(dataset: Dataset, base: str, language: str) -> dict[str, Any]:
    """A record of a dataset (section 7)."""
    last = dataset.newest_observation or dataset.modified
    roles = ((dataset.publisher.name, "publisher"), (dataset.creator.name, "owner"))
    return {
        "id": dataset.id,
        "type": "Feature",
        "conformsTo": [CORE],
        "time": None if last is None else {"interval": ["..", format_instant(last)]},
        "geometry": None if dataset.bbox is None else _outline(dataset.bbox),
        "properties": {
            "type": "dataset",
            "title": _in(dataset.title, language),
            "description": _in(dataset.description, language),
            "keywords": list(dataset.keywords),
            "language": {"code": language},
            "updated": None if dataset.modified is None else format_instant(dataset.modified),
            "license": licence_of(dataset.licence).iri,
            "rights": dataset.attribution,
            "contacts": [{"organization": name, "roles": [role]} for name, role in roles if name],
            "themes": [{"concepts": [{"id": code} for code in dataset.themes], "scheme": _THEMES}],
            "formats": [
                {"mediaType": media} for media in sorted({one.media_type for one in dataset.distributions})
            ],
        },
        "links": [
            link(f"{base}{PATH}/items/{segment(dataset.id)}", "self", GEO_JSON, "This record"),
            link(f"{base}{PATH}", "collection", JSON, "The catalogue"),
            link(dataset.iri, "alternate", "text/turtle", "The same as DCAT-AP"),
            *[
                link(
                    one.download_url or one.access_url, "enclosure", one.media_type, _in(one.title, language)
                )
                for one in dataset.distributions
            ],
        ],
    }


_THEMES: Final = "http://publications.europa.eu/resource/authority/data-theme"


def _outline(bbox: tuple[float, float, float, float]) -> dict[str, Any]:
    west, south, east, north = bbox
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def _in(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")


def _links(request: Request, matched: int) -> list[dict[str, str]]:
    first, limit = OFFSET.of(request), LIMIT.of(request)
    links = [_page(request, first, "self", "This page")]
    if first + limit < matched:
        links.append(_page(request, first + limit, "next", "Next page"))
    if first:
        links.append(_page(request, max(0, first - limit), "prev", "Previous page"))
    return links


def _page(request: Request, offset: int, relation: str, title: str) -> dict[str, str]:
    query = request.query_string.decode("latin-1")
    parts = [part for part in query.split("&") if part and not part.startswith("offset=")]
    asked = "&".join([*parts, *([f"offset={offset}"] if offset else [])])
    own = f"{request.base_url}{PATH}/items"
    return link(f"{own}?{asked}" if asked else own, relation, GEO_JSON, title)


def operations(records: Records) -> tuple[Operation, ...]:
    """The routes of this standard."""
    items = Answer("The records.", {GEO_JSON: reference("Items")})
    return (
        _get(
            "",
            records.collection,
            "describeCatalogue",
            "The catalogue as a collection",
            (),
            Answer("It.", {JSON: reference("Collection")}),
        ),
        _get(
            "/items",
            records.items,
            "getRecords",
            "Records of datasets",
            (Q, TYPE, IDS, BBOX, DATETIME, LIMIT, OFFSET, F),
            items,
        ),
        _get(
            "/items/{recordId}",
            records.item,
            "getRecord",
            "One record",
            (F,),
            Answer("It.", {GEO_JSON: reference("Feature")}),
        ),
    )


def _get(
    path: str, handle: Any, name: str, title: str, parameters: tuple[Parameter, ...], answer: Answer
) -> Operation:
    return Operation(
        method="GET",
        path=PATH + path,
        handle=handle,
        name=name,
        title=title,
        tag=_TAG,
        text="OGC 20-004r1, sections 7 and 8.",
        parameters=parameters,
        path_texts={"recordId": "A dataset's id."} if "{" in path else {},
        answers={200: answer},
    )
