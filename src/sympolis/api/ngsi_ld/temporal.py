"""How entities evolved: observations and aggregates (GS CIM 009, clauses 5.7.3 and 5.7.4).

An answer holds a bounded number of instances; a longer one is 206 Partial Content with the span it covers
(clause 6.3.10). Not offered yet: creation or modification times of instances.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from sympolis.api.http import LD_JSON, Headers, Reply, Request, encode
from sympolis.api.negotiation import preferred
from sympolis.api.ngsi_ld.answers import PLAIN_MEDIA, page_links, tenant_headers, tenant_of
from sympolis.api.ngsi_ld.linking import context_headers, context_list, terms_of
from sympolis.api.ngsi_ld.reading import (
    LIMIT,
    Shape,
    read_history,
    read_id_order,
    read_query,
    read_temporal_shape,
)
from sympolis.api.parts import ApiParts
from sympolis.api.vocabulary import Vocabulary
from sympolis.context.codec import check_entity_id, compact_types, render_history
from sympolis.context.instants import format_instant
from sympolis.context.query import HistoryQuery, Query
from sympolis.context.store import History, Series
from sympolis.context.terms import Terms
from sympolis.domain import errors


class Temporal:
    """Handlers of ``/temporal/entities`` and ``/temporal/entities/{entityId}``."""

    def __init__(self, parts: ApiParts) -> None:
        self._broker = parts.broker
        self._vocabulary = Vocabulary(parts)
        self._page_size = parts.settings.temporal_page_size

    async def retrieve(self, request: Request) -> Reply:
        """Retrieve Temporal Evolution of an Entity, clause 5.7.3."""
        tenant, terms = tenant_of(request), await terms_of(request, self._vocabulary)
        shape, media = read_temporal_shape(request), preferred(request.header(b"accept"), PLAIN_MEDIA)
        entity_id = check_entity_id(request.arguments["entityId"])
        query = read_history(
            request, terms, Query(ids=(entity_id,), limit=1), shape, self._page_size, required=False
        )
        history = await self._broker.history(query, tenant=tenant)
        documents = _documents(history, terms, shape)
        if not documents:
            _check_something_is_left(shape)
            types = await self._types(entity_id, tenant)
            documents = [{"id": entity_id, "type": compact_types(types, terms)}]
        return _reply(documents[0], terms, media, (*tenant_headers(tenant), *_span(history, query)))

    async def _types(self, entity_id: str, tenant: str) -> tuple[str, ...]:
        """The types of an entity that has a history, though not what was asked for, or a present state."""
        ever = HistoryQuery(Query(ids=(entity_id,), limit=1), last_n=1, max_instances=1)
        found = await self._broker.history(ever, tenant=tenant)
        if found.series:
            return found.series[0].types
        return (await self._broker.retrieve(entity_id, tenant=tenant)).types

    async def _from_the_end(self, query: HistoryQuery, tenant: str) -> HistoryQuery:
        """The same page as counted from the last entity: stores give them in order of id."""
        entities = query.entities
        counted = replace(query, entities=replace(entities, limit=0, count=True))
        total = (await self._broker.history(counted, tenant=tenant)).total or 0
        end = max(total - entities.offset, 0)
        start = max(end - entities.limit, 0)
        return replace(query, entities=replace(entities, offset=start, limit=end - start))

    async def query(self, request: Request) -> Reply:
        """Query Temporal Evolution of Entities, clause 5.7.4."""
        return await self.answer_query(request, await terms_of(request, self._vocabulary))

    async def answer_query(self, request: Request, terms: Terms) -> Reply:
        """The page that the request's parameters select; shared with the query by POST."""
        tenant = tenant_of(request)
        shape, media = read_temporal_shape(request), preferred(request.header(b"accept"), PLAIN_MEDIA)
        limit = LIMIT.of(request)
        entities = read_query(request, terms)
        asked = replace(entities, limit=limit + 1) if limit else entities
        query = read_history(request, terms, asked, shape, self._page_size, required=True)
        descending = read_id_order(request)
        if descending:
            query = await self._from_the_end(query, tenant)
        history = await self._broker.history(query, tenant=tenant)
        documents = _documents(history, terms, shape)
        if descending:
            documents.reverse()
        headers = [*tenant_headers(tenant), *page_links(request, media, more=len(documents) > limit)]
        if entities.count:
            headers.append((b"ngsild-results-count", b"%d" % (history.total or 0)))
        return _reply(documents[:limit], terms, media, (*headers, *_span(history, query)))


def _documents(history: History, terms: Terms, shape: Shape) -> list[dict[str, Any]]:
    if shape.datasets:
        kept = tuple(one for one in history.series if one.dataset_id in shape.datasets)
        history = replace(history, series=kept)
    if shape.omit:
        omitted = {terms.expand(name) for name in shape.omit if name not in ("id", "type", "scope")}
        kept = tuple(one for one in history.series if one.name not in omitted)
        history = replace(history, series=kept)
    return render_history(history, terms, form=shape.temporal)


def _check_something_is_left(shape: Shape) -> None:
    """Raise ``NotFound`` where a projection leaves nothing of an entity (clauses 4.21, 5.7.3)."""
    members = {"id", "type", "scope"}
    picked = set(shape.pick) - members
    if shape.attrs or picked or {"id", "type"} <= set(shape.omit):
        raise errors.NotFound("the entity's evolution has none of what was asked for", where="attrs")


def _reply(document: Any, terms: Terms, media: str, headers: Headers) -> Reply:
    if media == LD_JSON:
        for one in document if isinstance(document, list) else [document]:
            one["@context"] = context_list(terms)
    partial = any(name == b"content-range" for name, _ in headers)
    links = context_headers(terms, media)
    return Reply(
        status=206 if partial else 200, body=encode(document), media=media, headers=(*headers, *links)
    )


def _span(history: History, query: HistoryQuery) -> Headers:
    """The Content-Range of an answer that had to be cut: what the client has now, in the order it was taken."""
    if history.complete:
        return ()
    first, last = _ends(history.series)
    if query.range is not None and query.last_n is None and query.range.relation != "before":
        first = query.range.at
    start, end = (last, first) if query.last_n is not None else (first, last)
    return ((b"content-range", f"DateTime {format_instant(start)}-{format_instant(end)}/*".encode()),)


def _ends(series: tuple[Series, ...]) -> tuple[datetime, datetime]:
    times = list(_times(series))
    if not times:
        raise errors.TooManyResults(
            "one entity alone has more instances than an answer may hold", where="lastN"
        )
    return min(times), max(times)


def _times(series: tuple[Series, ...]) -> Iterator[datetime]:
    for one in series:
        if one.observations:
            yield one.observations[0].at
            yield one.observations[-1].at
        if one.buckets:
            yield one.buckets[0].start
            yield one.buckets[-1].end
