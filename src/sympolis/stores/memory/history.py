"""The history in dictionaries: the plain meaning of what the other stores do by SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sympolis.context.aggregate import aggregate
from sympolis.context.evaluate import matcher, selects_by_state, subject_matcher
from sympolis.context.instances import chosen, recorded
from sympolis.context.query import HistoryQuery
from sympolis.context.store import History, Retraction, Series
from sympolis.domain.changes import Observation, TimeKind
from sympolis.domain.entity import Entity

_Place = tuple[TimeKind, datetime]
_Key = tuple[str, str, str]
_Found = tuple[_Key, list[tuple[datetime, Observation]]]


@dataclass(slots=True)
class Past:
    """One tenant's history: instances by series and by their times, and what types each entity had last."""

    lines: dict[_Key, dict[_Place, Observation]] = field(default_factory=dict)
    types: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def add(self, point: Observation, at: datetime) -> bool:
        """Take an instance in; False where it says nothing new."""
        point = replace(point, at=point.at.astimezone(UTC))
        key = (point.entity_id, point.name, point.dataset_id or "")
        line = self.lines.setdefault(key, {})
        self.types[point.entity_id] = point.types
        place = (point.time, point.at)
        found = recorded(point, line.get(place), at)
        if found is not None:
            line[place] = found
        return found is not None

    def take_back(self, retraction: Retraction) -> list[Observation]:
        """Remove instances, and the series that are left empty."""
        gone: list[Observation] = []
        single = None if retraction.at is None else (retraction.time, retraction.at.astimezone(UTC))
        for key in [key for key in self.lines if _is_meant(key, retraction)]:
            line = self.lines[key]
            gone += [line.pop(place) for place in list(line) if single in (None, place)]
            if not line:
                del self.lines[key]
        return gone

    def of_types(self, types: Sequence[str]) -> list[_Key]:
        """The series of entities that have one of the types."""
        wanted = set(types)
        return [key for key in self.lines if wanted.intersection(self.types[key[0]])]

    def trim(self, keys: Iterable[_Key], before: datetime) -> list[Observation]:
        """Remove what was observed before a time from these series, and the series that are left empty."""
        gone: list[Observation] = []
        for key in keys:
            line = self.lines.get(key, {})
            old = [place for place in line if place[0] is TimeKind.OBSERVED and place[1] < before]
            gone += [line.pop(place) for place in old]
            if old and not line:
                del self.lines[key]
        return gone

    def count(self) -> int:
        """How many observations there are."""
        return sum(kind is TimeKind.OBSERVED for line in self.lines.values() for kind, _ in line)

    def history(self, query: HistoryQuery, entities: Mapping[str, Entity]) -> History:
        """See ``Store.history``."""
        found = list(self._selected(query, entities.get))
        subjects = list(dict.fromkeys(key[0] for key, _ in found))
        page = subjects[query.entities.offset : query.entities.offset + query.entities.limit]
        total = len(subjects) if query.entities.count else None
        series, complete = self._cut([one for one in found if one[0][0] in set(page)], query)
        return History(tuple(series), total, complete)

    def _selected(self, query: HistoryQuery, state: Callable[[str], Entity | None]) -> Iterator[_Found]:
        """Each series of the selected entities with what the query is about, in order of entity, name and dataset."""
        by_state = matcher(query.entities) if selects_by_state(query.entities) else None
        by_subject = subject_matcher(query.entities)
        for key in sorted(self.lines):
            entity_id, name, _ = key
            if query.names and name not in query.names:
                continue
            present = state(entity_id)
            if by_state is not None and (present is None or not by_state(present)):
                continue
            if by_subject(entity_id, self.types[entity_id]):
                points = chosen(self.lines[key].values(), query)
                if points:
                    yield key, points

    def _cut(self, shown: Sequence[_Found], query: HistoryQuery) -> tuple[list[Series], bool]:
        series: list[Series] = []
        room = query.max_instances
        complete = True
        for (entity_id, name, dataset), points in shown:
            types, kind = self.types[entity_id], points[-1][1].kind
            head = Series(entity_id, types, name, dataset or None, kind=kind)
            if query.methods:
                times, values = [at for at, _ in points], [point.value for _, point in points]
                series.append(replace(head, buckets=aggregate(times, values, query)))
                continue
            newest = points if query.last_n is None else points[max(len(points) - query.last_n, 0) :]
            complete &= len(newest) <= room
            kept = [replace(point, types=types) for _, point in newest[:room]]
            room -= len(kept)
            if kept:
                series.append(replace(head, observations=tuple(kept), kind=kept[-1].kind))
        return series, complete


def _is_meant(key: _Key, retraction: Retraction) -> bool:
    entity_id, name, dataset = key
    if entity_id != retraction.entity_id or retraction.name not in (None, name):
        return False
    return retraction.every or retraction.name is None or dataset == (retraction.dataset_id or "")
