"""Rows for files: a dataset's own, page by page, and the history of what it observed, piece by piece."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from sympolis.api.exporting.belonging import Own
from sympolis.api.http import encode
from sympolis.context.broker import Broker
from sympolis.context.codec import Form, render_feature
from sympolis.context.instants import format_instant
from sympolis.context.query import HistoryQuery, Query, TimeRange, TimeRelation
from sympolis.context.store import Series
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.domain.changes import TimeKind
from sympolis.domain.entity import AttributeKind, Entity

_AT_ONCE: Final = 2_000
_ENTITIES_AT_ONCE: Final = 50
_INSTANCES_AT_ONCE: Final = 50_000
_SAMPLE: Final = 20
_FIRST: Final = datetime(1900, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2200, 1, 1, tzinfo=UTC)


async def rows(broker: Broker, own: Own, condition: Any, terms: Terms) -> AsyncIterator[Sequence[bytes]]:
    """A dataset's rows of those entities that a condition (None: any) selects, as GeoJSON features, by id."""
    wanted = own.entities(condition, _AT_ONCE)
    while True:
        page = (await broker.query(wanted)).entities
        yield await asyncio.to_thread(_features, own, page, terms)
        if len(page) < _AT_ONCE:
            return
        wanted = replace(wanted, offset=wanted.offset + _AT_ONCE)


def _features(own: Own, entities: Sequence[Entity], terms: Terms) -> list[bytes]:
    return [encode(render_feature(one, terms, form=Form.KEY_VALUES)) for one in own.parts(entities)]


async def first(broker: Broker, own: Own, condition: Any, terms: Terms, limit: int) -> list[dict[str, Any]]:
    """The first of them."""
    found = (await broker.query(own.rows(condition, limit))).entities
    return [render_feature(one, terms, form=Form.KEY_VALUES) for one in own.parts(found)]


async def units_of(broker: Broker, own: Own, terms: Terms) -> dict[str, str]:
    """Unit codes of what a dataset gives, by attribute, from a sample of its rows."""
    found = (await broker.query(own.rows(limit=_SAMPLE))).entities
    return _units(own.parts(found), terms)


async def units(broker: Broker, query: Query, terms: Terms) -> dict[str, str]:
    """Unit codes by attribute, from a sample of the entities."""
    page = await broker.query(replace(query, limit=_SAMPLE, offset=0, count=False))
    return _units(page.entities, terms)


def _units(entities: Sequence[Entity], terms: Terms) -> dict[str, str]:
    return {
        terms.compact(name): one.unit_code
        for entity in entities
        for name, one in entity.instances()
        if one.unit_code is not None
    }


async def history(
    broker: Broker,
    own: Own,
    condition: Any,
    span: tuple[datetime | None, datetime | None],
    names: tuple[str, ...],
    terms: Terms,
) -> AsyncIterator[Sequence[bytes]]:
    """What a dataset's source observed of these attributes within [start, end), as flat rows."""
    whole = (span[0] or _FIRST, span[1] or _LAST)
    wanted = own.entities(condition, _ENTITIES_AT_ONCE)
    while True:
        page = (await broker.query(wanted)).entities
        async for some in _pieces(broker, page, whole, names):
            yield await asyncio.to_thread(_own_rows, own, page, some, terms)
        if len(page) < _ENTITIES_AT_ONCE:
            return
        wanted = replace(wanted, offset=wanted.offset + _ENTITIES_AT_ONCE)


def _own_rows(own: Own, entities: Sequence[Entity], found: Sequence[Series], terms: Terms) -> list[bytes]:
    by_id = {one.id: one for one in own.with_something(entities)}
    belonging = [one for one in found if one.entity_id in by_id and own.has(one, by_id[one.entity_id])]
    return [encode(row) for one in belonging for row in _rows(one, terms)]


async def _pieces(
    broker: Broker,
    entities: Sequence[Entity],
    span: tuple[datetime, datetime],
    names: tuple[str, ...],
) -> AsyncIterator[Sequence[Series]]:
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
        yield found.series
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
        async for series in _pieces(broker, some, within, names):
            yield series


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
