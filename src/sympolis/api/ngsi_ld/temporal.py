"""How entities evolved: observations and aggregates (GS CIM 009, clauses 5.7.3 and 5.7.4).

An answer holds a bounded number of instances; a longer one is 206 Partial Content with the span it covers
(clause 6.3.10).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from sympolis.api.http import JSON, LD_JSON, Headers, Reply, Request, encode
from sympolis.api.negotiation import preferred
from sympolis.api.ngsi_ld.answers import PLAIN_MEDIA, page_links, tenant_headers, tenant_of
from sympolis.api.ngsi_ld.linking import context_headers, context_value, terms_of
from sympolis.api.ngsi_ld.mapped import Candidates, InUse, Sources, asked_for, local_sources, map_in_use
from sympolis.api.ngsi_ld.reading import (
    LIMIT,
    Shape,
    read_calendar_period,
    read_history,
    read_id_order,
    read_query,
    read_temporal_shape,
)
from sympolis.api.ngsi_ld.shared_histories import SharedHistories, Whole
from sympolis.api.parts import ApiParts
from sympolis.api.vocabulary import Vocabulary
from sympolis.context.across import has_links
from sympolis.context.codec import Style, TemporalForm, check_entity_id, compact_types, render_history
from sympolis.context.documents import Evolutions
from sympolis.context.eligibility import with_figures
from sympolis.context.entity_maps import EntityMaps, take_page
from sympolis.context.instances import time_of
from sympolis.context.instants import format_instant
from sympolis.context.months import by_calendar
from sympolis.context.past import history_of
from sympolis.context.query import HistoryQuery, Query, TimeRange, TimeRelation
from sympolis.context.store import History, Series
from sympolis.context.temporal_rendering import times_of
from sympolis.context.terms import Terms
from sympolis.context.time_pages import page_of
from sympolis.domain import errors

_HEAD = ("id", "type", "scope")
"""The members of an entity that are not attributes."""


class Temporal:
    """Handlers of ``/temporal/entities`` and ``/temporal/entities/{entityId}``."""

    def __init__(self, parts: ApiParts) -> None:
        self._broker = parts.broker
        self._vocabulary = Vocabulary(parts)
        self._page_size = parts.settings.temporal_page_size
        self._maps = parts.entity_maps or EntityMaps()
        self._candidates = Candidates(parts, self._maps)
        self._shared = SharedHistories(parts)
        store = parts.broker.store
        self._ready = store if isinstance(store, Evolutions) else None

    async def retrieve(self, request: Request) -> Reply:
        """Retrieve Temporal Evolution of an Entity, clause 5.7.3."""
        tenant, terms = tenant_of(request), await terms_of(request, self._vocabulary)
        shape, media = read_temporal_shape(request), preferred(request.header(b"accept"), PLAIN_MEDIA)
        entity_id = check_entity_id(request.arguments["entityId"])
        read = request.parameters.once(
            ("history of one", terms, self._page_size),
            lambda: read_history(request, terms, Query(), shape, self._page_size, required=False),
        )
        if self._ready is not None and self._is_plain(request, tenant, shape, media):
            document = await self._ready.evolution(entity_id, read, terms, shape.temporal, tenant=tenant)
            if document is not None:
                links = context_headers(terms, media)
                return Reply(body=document, headers=(*tenant_headers(tenant), *links))
        query = replace(read, entities=Query(ids=(entity_id,), limit=1))
        whole = await self._shared.of_one(request, terms, query)
        history, query = await self._history(request, whole, tenant)
        documents = list((await self._shown(history, query, terms, shape, tenant)).values())
        if not documents:
            _check_something_is_left(shape)
            types = await self._types(entity_id, whole, tenant)
            documents = [_projected({"id": entity_id, "type": compact_types(types, terms)}, shape, terms)]
        headers = (*tenant_headers(tenant), *whole.headers, *_span(history, query))
        if not asked_for(request):
            return _reply(documents[0], terms, media, headers)
        use = await self._map_of(request, entity_id, tenant)
        return _reply(documents[0], terms, media, (*headers, *use.headers), status=use.status)

    def _is_plain(self, request: Request, tenant: str, shape: Shape, media: str) -> bool:
        """Whether a store may answer by itself: nobody else takes part, and nothing is shown in a way of its own."""
        plain = media == JSON and request.parameters.once("plain past", lambda: _shown_plainly(shape))
        return plain and not asked_for(request) and not self._shared.concerns(request, tenant)

    async def query(self, request: Request) -> Reply:
        """Query Temporal Evolution of Entities, clause 5.7.4."""
        return await self.answer_query(request, await terms_of(request, self._vocabulary))

    async def answer_query(self, request: Request, terms: Terms) -> Reply:
        """The page that the request's parameters select; shared with the query by POST."""
        tenant = tenant_of(request)
        shape, media = read_temporal_shape(request), preferred(request.header(b"accept"), PLAIN_MEDIA)
        if asked_for(request):
            return await self._answer_mapped(request, terms, shape, media)
        limit = LIMIT.of(request)
        entities = _read_selection(request, terms)
        asked = replace(entities, limit=limit + 1) if limit else entities
        query = read_history(request, terms, asked, shape, self._page_size, required=True)
        descending = read_id_order(request)
        whole = await self._shared.of_all(request, terms, query)
        if descending:
            whole = replace(whole, query=await self._from_the_end(whole.query, tenant))
        history, query = await self._history(request, whole, tenant)
        documents = list((await self._shown(history, query, terms, shape, tenant)).values())
        if descending:
            documents.reverse()
        headers = [*tenant_headers(tenant), *page_links(request, media, more=len(documents) > limit)]
        if entities.count:
            headers.append((b"ngsild-results-count", b"%d" % (history.total or 0)))
        return _reply(documents[:limit], terms, media, (*headers, *whole.headers, *_span(history, query)))

    async def _history(self, request: Request, whole: Whole, tenant: str) -> tuple[History, HistoryQuery]:
        """What the query selects, as far as one answer holds it, and what that is the answer to."""
        past = whole.past
        found, query = await page_of(past, whole.query, tenant=tenant)
        if query.methods:
            period = read_calendar_period(request)
            if period.months:
                found = await by_calendar(past, query, period, found, tenant=tenant)
            compact = self._vocabulary.core().compact
            found = await with_figures(past, query, found, compact, tenant=tenant)
        return found, query

    async def _shown(
        self, history: History, query: HistoryQuery, terms: Terms, shape: Shape, tenant: str
    ) -> dict[str, dict[str, Any]]:
        """The evolutions as asked for, by entity; with system attributes, those of the entities, too (clause 4.8)."""
        found = _documents(history, query, terms, shape)
        if shape.sys_attrs:
            for entity_id, document in found.items():
                document.update(times_of(await self._broker.find(entity_id, tenant=tenant)))
        return found

    async def _answer_mapped(self, request: Request, terms: Terms, shape: Shape, media: str) -> Reply:
        """A page of a map's entities (clause 5.5.9.3); 201 where the map is new."""
        tenant = tenant_of(request)
        entities = _read_selection(request, terms)
        query = read_history(request, terms, entities, shape, self._page_size, required=True)
        candidates = partial(self._candidates.of_history, request, terms, tenant)
        use = await map_in_use(request, self._maps, tenant, candidates)
        taken: list[History] = []

        async def fetch(ids: Sequence[str]) -> dict[str, dict[str, Any]]:
            own = replace(entities, ids=tuple(ids), limit=len(ids), offset=0, count=False)
            here = Whole(self._broker, replace(query, entities=own))
            history, _ = await self._history(request, here, tenant)
            taken.append(history)
            return await self._shown(history, query, terms, shape, tenant)

        documents, more = await take_page(use.map, entities.offset, LIMIT.of(request), fetch)
        await self._maps.keep(use.map)
        headers = [*tenant_headers(tenant), *page_links(request, media, more=more), *use.headers]
        if entities.count:
            headers.append((b"ngsild-results-count", b"%d" % len(use.map.sources)))
        whole = History(
            tuple(one for history in taken for one in history.series),
            complete=all(history.complete for history in taken),
        )
        return _reply(documents, terms, media, (*headers, *_span(whole, query)), status=use.status)

    async def _map_of(self, request: Request, entity_id: str, tenant: str) -> InUse:
        """The map by which one evolution is retrieved (clause 5.7.3)."""

        async def candidates() -> Sources:
            return local_sources([entity_id])

        use = await map_in_use(request, self._maps, tenant, candidates)
        if entity_id not in use.map.sources:
            raise errors.NotFound(f"the entity map does not have {entity_id}", where="NGSILD-EntityMap")
        return use

    async def _types(self, entity_id: str, whole: Whole, tenant: str) -> tuple[str, ...]:
        """The types of an entity that has a history, though not what was asked for, or a present state."""
        ever = HistoryQuery(Query(ids=(entity_id,), limit=1), last_n=1, max_instances=1, time=None)
        found = await whole.past.history(ever, tenant=tenant)
        if found.series:
            return found.series[0].types
        return (await self._broker.retrieve(entity_id, tenant=tenant)).types

    async def _from_the_end(self, query: HistoryQuery, tenant: str) -> HistoryQuery:
        """The same page as counted from the last entity: stores give them in order of id."""
        entities = query.entities
        counted = replace(query, entities=replace(entities, limit=0, count=True))
        total = (await history_of(self._broker, counted, tenant=tenant)).total or 0
        end = max(total - entities.offset, 0)
        start = max(end - entities.limit, 0)
        return replace(query, entities=replace(entities, offset=start, limit=end - start))


def _read_selection(request: Request, terms: Terms) -> Query:
    """The entities that a temporal query is about. Raises ``BadRequestData`` where it leads to others (5.7.4.4)."""
    query = read_query(request, terms)
    if has_links(query.q):
        raise errors.BadRequestData("a temporal query does not lead to linked entities", where="q")
    return query


# --- shaping


def _shown_plainly(shape: Shape) -> bool:
    special = shape.sys_attrs or shape.lang is not None or shape.datasets or shape.pick or shape.omit
    return not special and shape.temporal is not TemporalForm.AGGREGATED_VALUES


def _documents(
    history: History, query: HistoryQuery, terms: Terms, shape: Shape
) -> dict[str, dict[str, Any]]:
    """The documents of the entities of which something is left, by their ids."""
    kept = _of_datasets(history.series, shape)
    if shape.omit:
        omitted = {terms.expand(name) for name in shape.omit if name not in _HEAD}
        kept = tuple(one for one in kept if one.name not in omitted)
    style = Style(lang=shape.lang, by=query.by, sys_attrs=shape.sys_attrs)
    found = render_history(replace(history, series=kept), terms, form=shape.temporal, style=style)
    ids = dict.fromkeys(one.entity_id for one in kept)
    return {one: _projected(document, shape, terms) for one, document in zip(ids, found, strict=True)}


def _of_datasets(series: tuple[Series, ...], shape: Shape) -> tuple[Series, ...]:
    if not shape.datasets:
        return series
    return tuple(one for one in series if one.dataset_id in shape.datasets)


def _projected(document: dict[str, Any], shape: Shape, terms: Terms) -> dict[str, Any]:
    """The document with what is picked and without what is omitted (clause 4.21)."""
    if shape.pick:
        picked = {name if name in _HEAD else terms.compact(terms.expand(name)) for name in shape.pick}
        return {name: value for name, value in document.items() if name in picked}
    return {name: value for name, value in document.items() if name not in _HEAD or name not in shape.omit}


def _check_something_is_left(shape: Shape) -> None:
    """Raise ``NotFound`` where a projection leaves nothing of an entity (clauses 4.21, 5.7.3)."""
    picked = set(shape.pick) - set(_HEAD)
    if shape.attrs or picked or {"id", "type"} <= set(shape.omit):
        raise errors.NotFound("the entity's evolution has none of what was asked for", where="attrs")


def _reply(document: Any, terms: Terms, media: str, headers: Headers, *, status: int = 200) -> Reply:
    if media == LD_JSON:
        for one in document if isinstance(document, list) else [document]:
            one["@context"] = context_value(terms)
    if any(name == b"content-range" for name, _ in headers):
        status = 206
    links = context_headers(terms, media)
    return Reply(status=status, body=encode(document), media=media, headers=(*headers, *links))


# --- pages of time


def _span(history: History, query: HistoryQuery) -> Headers:
    """The Content-Range of an answer that had to be cut (clause 6.3.10): the part of the range that it is about.

    Forwards, it reaches from where the range begins to the last instance given; with ``lastN``, backwards from where
    the range ends to the first instance given, and the size is that number.
    """
    if history.complete:
        return ()
    first, last = _ends(history.series, query)
    if query.last_n is None:
        start, end, size = _opened(query.range, first), last, "*"
    else:
        start, end, size = _closed(query.range, last), first, str(query.last_n)
    return ((b"content-range", f"date-time {format_instant(start)}-{format_instant(end)}/{size}".encode()),)


def _opened(wanted: TimeRange | None, first: datetime) -> datetime:
    return first if wanted is None or wanted.relation is TimeRelation.BEFORE else wanted.at


def _closed(wanted: TimeRange | None, last: datetime) -> datetime:
    if wanted is None or wanted.relation is TimeRelation.AFTER:
        return last
    return wanted.at if wanted.end is None else wanted.end


def _ends(series: tuple[Series, ...], query: HistoryQuery) -> tuple[datetime, datetime]:
    times = list(_times(series, query))
    if not times:
        raise errors.TooManyResults(
            "one entity alone has more instances than an answer may hold", where="lastN"
        )
    return min(times), max(times)


def _times(series: tuple[Series, ...], query: HistoryQuery) -> Iterator[datetime]:
    for one in series:
        for point in (*one.observations[:1], *one.observations[-1:]):
            yield time_of(point, query.by) or point.at
        if one.buckets:
            yield one.buckets[0].start
            yield one.buckets[-1].end
