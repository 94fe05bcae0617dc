"""Rows for files: features of a type, page by page, and the history of its entities, piece by piece."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from sympolis.api.http import encode
from sympolis.context.broker import Broker
from sympolis.context.codec import Form, render_feature
from sympolis.context.documents import DocumentForm, Documents
from sympolis.context.instants import format_instant
from sympolis.context.query import HistoryQuery, Query, TimeRange, TimeRelation
from sympolis.context.store import Series
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.domain.changes import TimeKind
from sympolis.domain.entity import AttributeKind, Entity

_AT_ONCE: Final = 10_000
_ENTITIES_AT_ONCE: Final = 50
_INSTANCES_AT_ONCE: Final = 50_000
_SAMPLE: Final = 20
_FIRST: Final = datetime(1900, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2200, 1, 1, tzinfo=UTC)


async def features(broker: Broker, query: Query, terms: Terms) -> AsyncIterator[Sequence[bytes]]:
    """The GeoJSON features of all entities that a query selects, whatever its page, in the order of ids."""
    wanted = replace(query, limit=_AT_ONCE, offset=0, count=False)
    while True:
        page = await _page(broker, wanted, terms)
        yield page
        if len(page) < _AT_ONCE:
            return
        wanted = replace(wanted, offset=wanted.offset + _AT_ONCE)


async def _page(broker: Broker, query: Query, terms: Terms) -> Sequence[bytes]:
    if isinstance(broker.store, Documents):
        return (await broker.store.documents(query, terms, DocumentForm.FEATURE)).documents
    found = (await broker.query(query)).entities
    return [encode(render_feature(one, terms, form=Form.KEY_VALUES)) for one in found]


async def units(broker: Broker, query: Query, terms: Terms) -> dict[str, str]:
    """Unit codes by attribute, from a sample of the entities."""
    page = await broker.query(replace(query, limit=_SAMPLE, offset=0, count=False))
    return {
        terms.compact(name): one.unit_code
        for entity in page.entities
        for name, one in entity.instances()
        if one.unit_code is not None
    }


async def history(
    broker: Broker,
    query: Query,
    span: tuple[datetime | None, datetime | None],
    names: tuple[str, ...],
    terms: Terms,
) -> AsyncIterator[Sequence[bytes]]:
    """What was observed of these attributes (none: all) within [start, end), as flat rows."""
    whole = (span[0] or _FIRST, span[1] or _LAST)
    offset = 0
    while True:
        page = await broker.query(replace(query, limit=_ENTITIES_AT_ONCE, offset=offset, count=False))
        async for rows in _pieces(broker, page.entities, whole, names, terms):
            yield rows
        if len(page.entities) < _ENTITIES_AT_ONCE:
            return
        offset += _ENTITIES_AT_ONCE


async def _pieces(
    broker: Broker,
    entities: Sequence[Entity],
    span: tuple[datetime, datetime],
    names: tuple[str, ...],
    terms: Terms,
) -> AsyncIterator[Sequence[bytes]]:
    """The history of some entities, of fewer at once and for shorter times where there is much of it."""
    if not entities:
        return
    start, end = span
    asked = HistoryQuery(
        Query(ids=tuple(one.id for one in entities), limit=len(entities)),
        range=TimeRange(TimeRelation.BETWEEN, start, end),
        names=names,
        max_instances=_INSTANCES_AT_ONCE,
    )
    found = await broker.history(asked)
    if found.complete:
        yield [encode(row) for one in found.series for row in _rows(one, terms)]
        return
    if len(entities) > 1:
        middle = len(entities) // 2
        parts: list[Any] = [(entities[:middle], span), (entities[middle:], span)]
    else:
        at = start + (end - start) / 2
        if at == start:
            raise errors.TooManyResults("one instant has more values than can be read at once", where="path")
        parts = [(entities, (start, at)), (entities, (at, end))]
    for some, within in parts:
        async for rows in _pieces(broker, some, within, names, terms):
            yield rows


def _rows(series: Series, terms: Terms) -> Iterator[dict[str, Any]]:
    if series.kind is not AttributeKind.PROPERTY:
        return
    name = terms.compact(series.name)
    for point in series.observations:
        if point.time is TimeKind.OBSERVED:
            number = isinstance(point.value, int | float) and not isinstance(point.value, bool)
            yield {
                "entity": series.entity_id,
                "attribute": name,
                "dataset": series.dataset_id,
                "time": format_instant(point.at),
                "value": float(point.value) if number else None,  # type: ignore[arg-type]
                "text": None if number else point.value,
                "unit": point.unit_code,
            }
