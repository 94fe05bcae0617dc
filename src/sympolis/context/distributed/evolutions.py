"""How entities evolved here and elsewhere, as one past (clauses 4.5.5, 5.7.3.4, 5.7.4.4).

Everything that is made of a history, such as pages, aggregates and the judging of queries, is made of a ``Past``.
This is one that has the instances of this broker and of others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sympolis.context import merge
from sympolis.context.aggregate import aggregate
from sympolis.context.instances import chosen, time_of
from sympolis.context.past import Past
from sympolis.context.query import HistoryQuery, Query
from sympolis.context.registrations.registration import Mode
from sympolis.context.store import History, Series
from sympolis.domain.changes import Observation, TimeKind
from sympolis.domain.entity import Entity
from sympolis.domain.errors import TooComplexQuery

_MOST_INSTANCES: Final = 500_000
_Points = dict[tuple[TimeKind, datetime], Observation]


@dataclass(frozen=True, slots=True)
class Told:
    """What a source said of how an entity evolved. ``mode`` None: this broker itself."""

    entity_id: str
    types: tuple[str, ...]
    observations: tuple[Observation, ...]
    origin: str = ""
    mode: Mode | None = None


class JoinedPast:
    """See ``Past``: the instances of ``here`` and what sources told, of the entities ``ids`` (in order) and no others.

    Of a query for entities only ids, limit and offset count: the rest has been looked at.
    """

    def __init__(self, here: Past, told: Iterable[Told], ids: Sequence[str]) -> None:
        self._here = here
        self._told: dict[str, list[Told]] = {}
        for one in sorted(told, key=lambda one: one.origin):
            self._told.setdefault(one.entity_id, []).append(one)
        self._ids = tuple(ids)

    async def find(self, entity_id: str, *, tenant: str = "") -> Entity | None:
        """See ``Past``."""
        return await self._here.find(entity_id, tenant=tenant)

    async def history(self, query: HistoryQuery, *, tenant: str = "") -> History:
        """See ``Past``. Raises ``TooComplexQuery`` for aggregates of very many instances."""
        entities = query.entities
        ids = self._ids if not entities.ids else tuple(one for one in self._ids if one in set(entities.ids))
        page = ids[entities.offset : entities.offset + entities.limit]
        total = len(ids) if entities.count else None
        if not page:
            return History((), total)
        found = await self._here.history(_raw(query, page), tenant=tenant)
        if query.methods and not found.complete:
            raise TooComplexQuery("too many instances to aggregate lie in this range", where="timerel")
        series, complete = _cut(self._joined(found, page, query), query)
        return History(series, total, complete and found.complete)

    def _joined(self, found: History, page: Sequence[str], query: HistoryQuery) -> list[Series]:
        by_entity: dict[str, list[Told]] = {one: [] for one in page}
        for one in found.series:
            by_entity[one.entity_id].append(Told(one.entity_id, one.types, one.observations))
        for entity_id in page:
            by_entity[entity_id] += self._told.get(entity_id, ())
        return [series for told in by_entity.values() for series in join(told, query)]


def join(told: Sequence[Told], query: HistoryQuery) -> list[Series]:
    """The series of one entity, of what everyone told of it, whatever their order; each with what ``query`` is about.

    Of two instances for one time the one that was modified last is shown (clause 4.5.5); what auxiliary sources tell is
    taken only for times that nobody else has an instance for.
    """
    types: tuple[str, ...] = ()
    for one in sorted(told, key=lambda one: (one.mode is not None, one.origin)):
        types = merge.union(types, one.types)
    lines = _lines(one for one in told if one.mode is not Mode.AUXILIARY)
    _fill(lines, _lines(one for one in told if one.mode is Mode.AUXILIARY), query)
    found = []
    for (name, dataset), points in sorted(lines.items()):
        kept = [point for _, point in chosen(points.values(), query)]
        if kept and (not query.names or name in query.names):
            kept = [replace(point, types=types) for point in kept]
            kept = kept[max(len(kept) - (query.last_n or len(kept)), 0) :]
            head = kept[-1]
            found.append(Series(head.entity_id, types, name, dataset or None, tuple(kept), kind=head.kind))
    return found


def _lines(told: Iterable[Told]) -> dict[tuple[str, str], _Points]:
    lines: dict[tuple[str, str], _Points] = {}
    for one in told:
        for point in one.observations:
            line = lines.setdefault((point.name, point.dataset_id or ""), {})
            known = line.get((point.time, point.at))
            if known is None or _rank(point) > _rank(known):
                line[point.time, point.at] = point
    return lines


def _rank(point: Observation) -> tuple[str, str]:
    """By which of two instances for the same time is chosen; what they say decides only where nothing else does."""
    modified = point.modified_at or point.created_at
    return ("" if modified is None else modified.isoformat()), repr((point.value, point.unit_code))


def _fill(
    lines: dict[tuple[str, str], _Points],
    auxiliary: Mapping[tuple[str, str], _Points],
    query: HistoryQuery,
) -> None:
    for key, points in auxiliary.items():
        line = lines.setdefault(key, {})
        taken = {time_of(point, query.by) for point in line.values()}
        line.update((at, point) for at, point in points.items() if time_of(point, query.by) not in taken)


def _raw(query: HistoryQuery, page: Sequence[str]) -> HistoryQuery:
    most = _MOST_INSTANCES if query.methods else query.max_instances
    entities = Query(ids=tuple(page), limit=len(page))
    return replace(query, entities=entities, methods=(), period_s=0, max_instances=most)


def _cut(series: Sequence[Series], query: HistoryQuery) -> tuple[tuple[Series, ...], bool]:
    """The series as far as an answer may reach, or their aggregates."""
    if query.methods:
        return tuple(_aggregated(one, query) for one in series), True
    kept, room = [], query.max_instances
    for one in series:
        points = one.observations[:room]
        room -= len(points)
        if points:
            kept.append(replace(one, observations=points))
    return tuple(kept), sum(len(one.observations) for one in series) <= query.max_instances


def _aggregated(series: Series, query: HistoryQuery) -> Series:
    times = [time_of(point, query.by) or point.at for point in series.observations]
    values = [point.value for point in series.observations]
    return replace(series, observations=(), buckets=aggregate(times, values, query))
