"""Rows of points as series, and how much of them is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from sympolis.context.aggregate import aggregate
from sympolis.context.query import HistoryQuery, TimeRange, TimeRelation
from sympolis.context.store import History, Series
from sympolis.domain.changes import Observation
from sympolis.stores.postgres.bodies import KINDS, decode_more, decode_value
from sympolis.stores.postgres.months import aware

EVER: Final = (datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC))

SeriesKey = tuple[str, str, str]
"""Entity, name (IRI) and dataset ('' = the default one)."""
Timed = list[tuple[datetime, Observation]]
"""Instances in order, with the times that a query goes by."""


def span(wanted: TimeRange | None) -> tuple[datetime, datetime]:
    """The range as [low, high)."""
    if wanted is None:
        return EVER
    if wanted.relation is TimeRelation.BEFORE:
        return EVER[0], wanted.at
    return wanted.at, wanted.end or EVER[1]


def cut(series: Sequence[Series], total: int | None, query: HistoryQuery) -> History:
    """No more than ``max_instances``, in order."""
    if query.methods:
        return History(tuple(series), total)
    room, kept = query.max_instances, []
    for one in series:
        points = one.observations[:room]
        room -= len(points)
        if points:
            cut = len(points) < len(one.observations)
            kept.append(replace(one, observations=points, kind=points[-1].kind) if cut else one)
    return History(tuple(kept), total, sum(len(one.observations) for one in series) <= query.max_instances)


def series_of(key: SeriesKey, points: Timed, query: HistoryQuery) -> Series:
    entity_id, name, dataset = key
    last = points[-1][1]
    head = Series(entity_id, last.types, name, dataset or None, kind=last.kind)
    if query.methods:
        values = [point.value for _, point in points]
        return replace(head, buckets=aggregate([at for at, _ in points], values, query))
    shown = points if query.last_n is None else points[max(len(points) - query.last_n, 0) :]
    return replace(head, observations=tuple(point for _, point in shown))


def key_of(series: Series) -> SeriesKey:
    """What a series is the series of, to sort by."""
    return (series.entity_id, series.name, series.dataset_id or "")


def observation(head: Series, row: Sequence[Any]) -> Observation:
    _, at, number, form, word, unit, kind, more, created_at, modified_at = row
    attributes, members, instance_id = decode_more(more)
    return Observation(
        head.entity_id,
        head.types,
        head.name,
        aware(at),
        decode_value(number, form, word),
        unit,
        head.dataset_id,
        head.kind if kind is None else KINDS[kind],
        attributes=attributes,
        members=members,
        created_at=created_at,
        modified_at=modified_at,
        instance_id=instance_id,
    )
