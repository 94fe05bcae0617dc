"""Context source registrations over HTTP (GS CIM 009, clauses 6.8 and 6.9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from sympolis.api.http import JSON, LD_JSON, Headers, Reply, Request, encode
from sympolis.api.negotiation import preferred
from sympolis.api.ngsi_ld import reading
from sympolis.api.ngsi_ld.answers import PLAIN_MEDIA, ROOT, page_links, tenant_headers, tenant_of
from sympolis.api.ngsi_ld.linking import MERGE_PATCH, Inbox, context_headers, terms_of
from sympolis.api.ngsi_ld.reading import COUNT, LIMIT, OFFSET
from sympolis.api.parameters import ListParameter, Parameter
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import OBJECT, TEXT, Schema, reference, several, structure
from sympolis.api.vocabulary import Vocabulary
from sympolis.context import geoquery, qlanguage, scopes, temporal, typelanguage
from sympolis.context.codec import check_entity_id
from sympolis.context.parsing import check_uri
from sympolis.context.query import AllOf, AnyOf, Selector, Term
from sympolis.context.registrations import document as documents
from sympolis.context.registrations.matching import Wanted
from sympolis.context.registrations.registration import Registration
from sympolis.context.registrations.service import Registrations
from sympolis.context.terms import Terms
from sympolis.domain import errors

PATH = f"{ROOT}/csourceRegistrations"
OPTIONS = ListParameter(name="options", text="sysAttrs: also createdAt and modifiedAt.", max_items=4)
TIMEREL = Parameter(name="timerel", text="Temporal relation: before, after or between.", max_length=16)
TIME_AT = Parameter(name="timeAt", text="The time it refers to.", max_length=64)
END_TIME_AT = Parameter(name="endTimeAt", text="The end of `between`.", max_length=64)
TIMEPROPERTY = Parameter(
    name="timeproperty", text="Which time is meant; observedAt unless given.", max_length=16
)
CSF = Parameter(name="csf", text="Properties of the sources, in the query language (clause 4.9).")
SCOPE_Q = Parameter(name="scopeQ", text="Scopes of the sources, in the scope query language (clause 4.19).")
ATTRIBUTES = Parameter(name="attrs", text="At least one of these attributes is registered.")
DATASET_ID = ListParameter(name="datasetId", text="Datasets that the source may give.", max_items=100)
PICK = Parameter(name="pick", text="Show only these members.")
OMIT = Parameter(name="omit", text="Leave these members out.")
_IGNORED = (
    Parameter(name="lang", text="A registration has nothing in languages.", max_length=256),
    Parameter(name="geometryProperty", text="Registrations are not given as GeoJSON.", max_length=512),
)

_TAG = "NGSI-LD context sources"
_PATH_TEXTS = {"registrationId": "The registration's URI, percent-encoded."}
_EXAMPLE: dict[str, Any] = {
    "id": "urn:ngsi-ld:ContextSourceRegistration:leipzig",
    "type": "ContextSourceRegistration",
    "mode": "inclusive",
    "information": [{"entities": [{"type": "Building"}], "propertyNames": ["heatDemand"]}],
    "endpoint": "https://twin.leipzig.example",
}
SCHEMAS: dict[str, Schema] = {
    "ContextSourceRegistration": {
        **structure(
            {
                "type": {"const": "ContextSourceRegistration"},
                "endpoint": TEXT,
                "information": several(OBJECT),
            },
            required=("type", "endpoint", "information"),
        ),
        "description": "What another broker has, and how to share it (clause 5.2.9).",
    }
}
_BODY = Body(reference("ContextSourceRegistration"), (JSON, LD_JSON), _EXAMPLE)
_FRAGMENT = Body(OBJECT, (JSON, LD_JSON, MERGE_PATCH), {"mode": "auxiliary", "operations": ["retrieveOps"]})
_ONE = {name: reference("ContextSourceRegistration") for name in (JSON, LD_JSON)}
_SOME = {name: several(reference("ContextSourceRegistration")) for name in (JSON, LD_JSON)}
_SELECTION = (
    *(reading.ID, reading.ID_PATTERN, reading.TYPE, reading.Q, ATTRIBUTES, DATASET_ID),
    *(reading.GEOREL, reading.GEOMETRY, reading.COORDINATES, reading.GEOPROPERTY),
    *(TIMEREL, TIME_AT, END_TIME_AT, TIMEPROPERTY, CSF, SCOPE_Q),
)


class Sources:
    """Handlers of ``/csourceRegistrations`` and ``/csourceRegistrations/{registrationId}``."""

    def __init__(self, parts: ApiParts, registrations: Registrations) -> None:
        self._vocabulary = Vocabulary(parts)
        self._inbox = Inbox(self._vocabulary)
        self._registrations = registrations

    async def create(self, request: Request) -> Reply:
        """Register Context Source, clause 5.9.2."""
        tenant = tenant_of(request)
        document, terms = await self._document(request)
        found = await self._registrations.create(document, terms, tenant=tenant)
        location = f"{PATH}/{quote(found.id, safe=':')}".encode()
        return Reply(status=201, headers=((b"Location", location), *tenant_headers(tenant)))

    async def retrieve(self, request: Request) -> Reply:
        """Retrieve Context Source Registration, clause 5.10.1."""
        tenant, terms = tenant_of(request), await terms_of(request, self._vocabulary)
        media = preferred(request.header(b"accept"), PLAIN_MEDIA)
        found = await self._registrations.get(_id(request), tenant=tenant)
        document = self._show(request, found, terms, media, tenant)
        return _reply(document, terms, media, tenant_headers(tenant))

    async def query(self, request: Request) -> Reply:
        """Query Context Source Registrations, clause 5.10.2."""
        tenant, terms = tenant_of(request), await terms_of(request, self._vocabulary)
        media = preferred(request.header(b"accept"), PLAIN_MEDIA)
        limit, offset = _page(request)
        found = await self._registrations.query(read_wanted(request, terms), tenant=tenant)
        headers: Headers = (
            *tenant_headers(tenant),
            *page_links(request, media, more=len(found) > offset + limit),
        )
        if COUNT.of(request):
            headers = (*headers, (b"ngsild-results-count", b"%d" % len(found)))
        # Whole, although clause 5.10.2.5 would rather have what does not match left out: its own tests want it whole.
        shown = [self._show(request, one, terms, media, tenant) for one, _ in found[offset : offset + limit]]
        return _reply(shown, terms, media, headers)

    async def update(self, request: Request) -> Reply:
        """Update Context Source Registration, clause 5.9.3."""
        tenant, registration_id = tenant_of(request), _id(request)
        fragment, terms = await self._document(request)
        await self._registrations.update(registration_id, fragment, terms, tenant=tenant)
        return Reply(status=204, headers=tenant_headers(tenant))

    async def delete(self, request: Request) -> Reply:
        """Delete Context Source Registration, clause 5.9.4."""
        tenant = tenant_of(request)
        await self._registrations.delete(_id(request), tenant=tenant)
        return Reply(status=204, headers=tenant_headers(tenant))

    async def _document(self, request: Request) -> tuple[dict[str, Any], Terms]:
        body, terms = await self._inbox.read(request)
        return await self._inbox.document(request, body, terms, "body")

    def _show(
        self, request: Request, found: Registration, terms: Terms, media: str, tenant: str
    ) -> dict[str, Any]:
        fared = self._registrations.fared(tenant, found.id)
        document = documents.render(found, terms, fared=fared, sys_attrs=_sys_attrs(request))
        document = _projected(request, document)
        if media == LD_JSON:
            document["@context"] = terms.document
        return document


def read_wanted(request: Request, terms: Terms) -> Wanted:
    """What a query for registrations asks for (clause 5.10.2.4). Raises ``BadRequestData``."""
    kind, pattern = reading.TYPE.raw(request), reading.ID_PATTERN.raw(request)
    ids = tuple(check_entity_id(one) for one in reading.ID.of(request))
    names = _names(ATTRIBUTES.raw(request), terms)
    text = reading.Q.raw(request)
    q = None if not text else qlanguage.parse(text, terms)
    geo = _geo(request, terms)
    if not kind and not names and q is None and geo is None:
        raise errors.BadRequestData("a query needs at least one of type, attrs, q and georel", where="query")
    if pattern is not None:
        qlanguage.check_pattern(pattern, where="idPattern")
    selector = Selector(typelanguage.parse(kind, terms) if kind else None, ids, pattern)
    csf, scope = CSF.raw(request), SCOPE_Q.raw(request)
    return Wanted(
        selectors=(selector,) if kind or ids or pattern else (),
        attributes=frozenset(names) | frozenset(_roots(q)),
        datasets=frozenset(
            one if one == "@none" else check_uri(one, "datasetId") for one in DATASET_ID.of(request)
        ),
        geo=geo,
        range=_range(request),
        csf=None if csf is None else qlanguage.parse(csf, terms),
        scopes=None if scope is None else scopes.parse(scope),
        strict=True,
    )


def _names(text: str | None, terms: Terms) -> list[str]:
    return [terms.expand(name) for name in text.split(",")] if text else []


def _roots(expression: Any) -> Iterator[str]:
    """The attributes that a query is about."""
    if isinstance(expression, AllOf | AnyOf):
        for part in expression.parts:
            yield from _roots(part)
    elif isinstance(expression, Term):
        yield expression.path[0]


def _geo(request: Request, terms: Terms) -> Any:
    georel, geometry = reading.GEOREL.raw(request), reading.GEOMETRY.raw(request)
    coordinates, name = reading.COORDINATES.raw(request), reading.GEOPROPERTY.raw(request)
    return geoquery.parse(georel, geometry, coordinates, name, terms)


def _range(request: Request) -> Any:
    relation = TIMEREL.raw(request)
    if not relation:
        if TIME_AT.raw(request) or END_TIME_AT.raw(request):
            raise errors.BadRequestData("timeAt and endTimeAt need timerel", where="timerel")
        return None
    return temporal.parse_range(
        relation, TIME_AT.raw(request), END_TIME_AT.raw(request), TIMEPROPERTY.raw(request) or None
    )


def _projected(request: Request, document: dict[str, Any]) -> dict[str, Any]:
    pick, omit = PICK.raw(request), OMIT.raw(request)
    if pick:
        wanted = set(pick.split(","))
        document = {name: value for name, value in document.items() if name in wanted}
    if omit:
        unwanted = set(omit.split(","))
        document = {name: value for name, value in document.items() if name not in unwanted}
    return document


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes of registrations; none where the parts have none."""
    if parts.registrations is None:
        return ()
    handlers = Sources(parts, parts.registrations)
    return (*_collection(handlers), *_single(handlers))


def _collection(handlers: Sources) -> tuple[Operation, ...]:
    return (
        Operation(
            method="POST",
            path=PATH,
            handle=handlers.create,
            name="createCSource",
            title="Register a context source",
            tag=_TAG,
            clause="5.9.2",
            body=_BODY,
            answers={201: Answer("Created; see Location.")},
        ),
        Operation(
            method="GET",
            path=PATH,
            handle=handlers.query,
            name="queryCSource",
            title="Find context sources",
            tag=_TAG,
            clause="5.10.2",
            parameters=(*_SELECTION, PICK, OMIT, LIMIT, OFFSET, COUNT, OPTIONS, *_IGNORED),
            answers={200: Answer("A page of registrations.", _SOME)},
        ),
    )


def _single(handlers: Sources) -> tuple[Operation, ...]:
    one: Mapping[str, Any] = {"path": f"{PATH}/{{registrationId}}", "tag": _TAG, "path_texts": _PATH_TEXTS}
    return (
        Operation(
            **one,
            method="GET",
            handle=handlers.retrieve,
            name="retrieveCSource",
            title="Retrieve a registration",
            clause="5.10.1",
            parameters=(OPTIONS, PICK, OMIT),
            answers={200: Answer("The registration, with how requests to the source fared.", _ONE)},
        ),
        Operation(
            **one,
            method="PATCH",
            handle=handlers.update,
            name="updateCSource",
            title="Change a registration",
            clause="5.9.3",
            body=_FRAGMENT,
            answers={204: Answer("Changed.")},
        ),
        Operation(
            **one,
            method="DELETE",
            handle=handlers.delete,
            name="deleteCSource",
            title="End a registration",
            clause="5.9.4",
            answers={204: Answer("Ended.")},
        ),
    )


def _id(request: Request) -> str:
    return check_entity_id(request.arguments["registrationId"])


def _page(request: Request) -> tuple[int, int]:
    limit = LIMIT.of(request)
    if limit == 0 and not COUNT.of(request):
        raise errors.InvalidRequest("limit=0 makes sense only with count=true", where="limit")
    return limit, OFFSET.of(request)


def _sys_attrs(request: Request) -> bool:
    options = OPTIONS.of(request)
    if any(option != "sysAttrs" for option in options):
        raise errors.InvalidRequest("unknown value; known is sysAttrs", where="options")
    return bool(options)


def _reply(document: object, terms: Terms, media: str, headers: Headers) -> Reply:
    return Reply(body=encode(document), media=media, headers=(*headers, *context_headers(terms, media)))
