"""Context source registrations over HTTP (GS CIM 009, clauses 6.8 and 6.9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sympolis.api.http import Reply, Request
from sympolis.api.ngsi_ld import reading
from sympolis.api.ngsi_ld.answers import ROOT, tenant_of
from sympolis.api.ngsi_ld.linking import Inbox
from sympolis.api.ngsi_ld.managing import OPTIONS, Managed, View, created, done, page_of
from sympolis.api.ngsi_ld.reading import COUNT, LIMIT, OFFSET
from sympolis.api.parameters import ListParameter, Parameter
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Operation
from sympolis.api.schemas import OBJECT, TEXT, Schema, several, structure
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

_KIND = Managed(
    path=f"{ROOT}/csourceRegistrations",
    tag="NGSI-LD context sources",
    argument="registrationId",
    argument_text="The registration's URI, percent-encoded.",
    schema="ContextSourceRegistration",
    example={
        "id": "urn:ngsi-ld:ContextSourceRegistration:trento",
        "type": "ContextSourceRegistration",
        "mode": "inclusive",
        "information": [{"entities": [{"type": "Building"}], "propertyNames": ["heatDemand"]}],
        "endpoint": "https://twin.trento.example",
    },
    change={"mode": "auxiliary", "operations": ["retrieveOps"]},
    noun="CSource",
    verbs={
        "create": ("Register a context source", "5.9.2"),
        "query": ("Find context sources", "5.10.2"),
        "retrieve": ("Retrieve a registration", "5.10.1"),
        "update": ("Change a registration", "5.9.3"),
        "delete": ("End a registration", "5.9.4"),
    },
    listed="A page of registrations.",
    shown="The registration, with how requests to the source fared.",
)
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
        return created(_KIND.path, found.id, tenant)

    async def retrieve(self, request: Request) -> Reply:
        """Retrieve Context Source Registration, clause 5.10.1."""
        view = await View.of(request, self._vocabulary)
        found = await self._registrations.get(_KIND.id_of(request), tenant=view.tenant)
        return view.reply(self._show(view, found))

    async def query(self, request: Request) -> Reply:
        """Query Context Source Registrations, clause 5.10.2."""
        view = await View.of(request, self._vocabulary)
        limit, offset = page_of(request)
        found = await self._registrations.query(read_wanted(request, view.terms), tenant=view.tenant)
        # Whole, although clause 5.10.2.5 would rather have what does not match left out: its own tests want it whole.
        return view.page([self._show(view, one) for one, _ in found[offset : offset + limit]], len(found))

    async def update(self, request: Request) -> Reply:
        """Update Context Source Registration, clause 5.9.3."""
        tenant, registration_id = tenant_of(request), _KIND.id_of(request)
        fragment, terms = await self._document(request)
        await self._registrations.update(registration_id, fragment, terms, tenant=tenant)
        return done(tenant)

    async def delete(self, request: Request) -> Reply:
        """Delete Context Source Registration, clause 5.9.4."""
        tenant = tenant_of(request)
        await self._registrations.delete(_KIND.id_of(request), tenant=tenant)
        return done(tenant)

    async def _document(self, request: Request) -> tuple[dict[str, Any], Terms]:
        body, terms = await self._inbox.read(request)
        return await self._inbox.document(request, body, terms, "body")

    def _show(self, view: View, found: Registration) -> dict[str, Any]:
        fared = self._registrations.fared(view.tenant, found.id)
        document = documents.render(found, view.terms, fared=fared, sys_attrs=view.sys_attrs)
        return view.with_context(_projected(view.request, document))


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
    querying = (*_SELECTION, PICK, OMIT, LIMIT, OFFSET, COUNT, OPTIONS, *_IGNORED)
    return _KIND.routes(handlers, querying=querying, retrieving=(OPTIONS, PICK, OMIT))
