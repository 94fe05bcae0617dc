"""How entities evolved here and elsewhere, as handlers of the past ask it (GS CIM 009, clauses 5.7.3, 5.7.4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sympolis.api.http import Headers, Request
from sympolis.api.ngsi_ld import reading
from sympolis.api.ngsi_ld.answers import tenant_of
from sympolis.api.ngsi_ld.forwarding import Forwarding, warning_headers
from sympolis.api.parts import ApiParts
from sympolis.context import qlanguage
from sympolis.context.distributed.evolutions import JoinedPast, Told, join
from sympolis.context.distributed.reading import Asked, Gathered
from sympolis.context.distributed.recalling import Recalled, Recaller
from sympolis.context.distributed.wording import Journey
from sympolis.context.past import Past, subjects_of
from sympolis.context.query import HistoryQuery, Query
from sympolis.context.terms import Terms
from sympolis.domain import errors


@dataclass(frozen=True, slots=True)
class Whole:
    """What a request about evolutions is answered from: a past, what to ask it, and what to tell the client."""

    past: Past
    query: HistoryQuery
    headers: Headers = ()


class SharedHistories:
    """Asks whoever takes part. Where nobody else does, the past is that of this broker."""

    def __init__(self, parts: ApiParts) -> None:
        self._broker = parts.broker
        self._forwarding = Forwarding(parts)
        self._recaller = None if parts.distribution is None else Recaller(parts.distribution)

    def concerns(self, request: Request, tenant: str) -> bool:
        """Whether other brokers may take part in a request."""
        return self._forwarding.begin(request, tenant) is not None and self._recaller is not None

    async def of_one(self, request: Request, terms: Terms, query: HistoryQuery) -> Whole:
        """For one entity (clause 5.7.3); ``query`` names it."""
        journey = self._forwarding.begin(request, tenant_of(request))
        if journey is None or self._recaller is None:
            return Whole(self._broker, query)
        [entity_id] = query.entities.ids
        wanted = Recalled(self._asked(request, terms, query), query)
        gathered = await self._recaller.entity(journey, entity_id, wanted)
        past = JoinedPast(self._broker, gathered.told, (entity_id,)) if gathered.told else self._broker
        return Whole(past, query, warning_headers(gathered, journey))

    async def of_all(self, request: Request, terms: Terms, query: HistoryQuery) -> Whole:
        """For all that a query selects (clause 5.7.4)."""
        journey = self._forwarding.begin(request, tenant_of(request))
        if journey is None or self._recaller is None:
            return Whole(self._broker, query)
        asked = self._asked(request, terms, query)
        wanted = Recalled(asked, query)
        if "orderBy" in request.parameters and self._recaller.concerned(journey, wanted):
            raise errors.BadRequestData(
                "what several sources have is not ordered", where="orderBy", hint="ask with local=true"
            )
        gathered = await self._recaller.entities(journey, wanted)
        headers = warning_headers(gathered, journey)
        if not gathered.told:
            return Whole(self._broker, query, headers)
        joined = await self._joined(journey, asked, query, gathered)
        return Whole(joined.past, joined.query, headers)

    async def _joined(self, journey: Journey, asked: Asked, query: HistoryQuery, gathered: Gathered) -> Whole:
        """The past of everyone, and the query as it is left to ask: filters only where nobody applied them yet."""
        wanted = query.entities
        page = Query(limit=wanted.limit, offset=wanted.offset, count=wanted.count)
        here = query
        if asked.split or gathered.unfiltered:
            page = replace(page, q=wanted.q, geo=wanted.geo, scopes=wanted.scopes)
            here = replace(query, names=(), entities=replace(wanted, q=None, geo=None, scopes=None))
        own = await subjects_of(self._broker, here, tenant=journey.tenant)
        ids = sorted({*own, *_subjects(gathered.told, here)})
        return Whole(JoinedPast(self._broker, gathered.told, ids), replace(query, entities=page))

    def _asked(self, request: Request, terms: Terms, query: HistoryQuery) -> Asked:
        csf, distribution = request.parameters.get("csf"), self._forwarding.distribution
        default = distribution is not None and distribution.split_entities
        return Asked(
            query=replace(query.entities, attributes=query.names),
            terms=terms,
            written=dict(request.parameters),
            datasets=frozenset(reading.DATASET_ID.of(request)),
            csf=None if csf is None else qlanguage.parse(csf, terms, parameter="csf"),
            split=reading.SPLIT_ENTITIES.of(request) if "splitEntities" in request.parameters else default,
        )


def _subjects(told: Iterable[Told], query: HistoryQuery) -> set[str]:
    """The entities of which sources told something that the query is about."""
    return {one.entity_id for one in told if join([one], query)}
