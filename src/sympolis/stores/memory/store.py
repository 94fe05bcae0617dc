"""Everything in dictionaries: for tests, tutorials and throw-away twins. Durable as long as the process lives."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sympolis.context import effects
from sympolis.context.aggregate import aggregate, in_range
from sympolis.context.evaluate import matcher, selects_by_state, subject_matcher
from sympolis.context.merge import same_value
from sympolis.context.ordering import arrange
from sympolis.context.profiles import Profile, profiles_of
from sympolis.context.query import HistoryQuery, Query
from sympolis.context.store import History, Interest, Page, Retraction, Series, StoreStatus, Write
from sympolis.domain.changes import Change, Observation, Outcome
from sympolis.domain.entity import AttributeKind, Entity
from sympolis.domain.errors import NonexistentTenant, StoreUnavailable, SympolisError
from sympolis.stores.following import Bell, follow
from sympolis.stores.observed import check_time_property, observed_changes


@dataclass(slots=True)
class _Line:
    """One series: its points by time."""

    entity_id: str
    types: tuple[str, ...]
    name: str
    dataset_id: str | None
    kind: AttributeKind
    points: dict[datetime, Observation] = field(default_factory=dict)


@dataclass(slots=True)
class _Tenant:
    entities: dict[str, Entity] = field(default_factory=dict)
    lines: dict[tuple[str, str, str], _Line] = field(default_factory=dict)
    log: list[Change] = field(default_factory=list)
    bell: Bell = field(default_factory=Bell)
    forgotten: int = 0
    """States of changes up to this number are gone."""


class MemoryStore:
    """A ``Store`` without files. ``now`` gives the time of acceptance."""

    def __init__(self, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._tenants: dict[str, _Tenant] = {"": _Tenant()}
        self._closed = False
        self._interest: Interest | None = None

    async def write(self, writes: Sequence[Write], *, tenant: str = "", cause: str = "") -> list[Outcome]:
        """See ``Store.write``."""
        with self._lock:
            place = self._place(tenant, create=True)
            interest = self._interest
            wanted = None if interest is None else lambda change: interest(tenant, change)
            outcomes = _apply(place, writes, self._now(), cause, wanted)
        place.bell.ring()
        return outcomes

    async def observe(self, observations: Sequence[Observation], *, tenant: str = "", cause: str = "") -> int:
        """See ``Store.observe``."""
        effects.check_observations(observations)
        with self._lock:
            place = self._place(tenant, create=True)
            accepted = [point for point in observations if _keep(place, point)]
            at = self._now()
            for change in observed_changes(accepted, len(place.log), at, cause):
                place.log.append(change)
        place.bell.ring()
        return len(accepted)

    async def retract(self, retraction: Retraction, *, tenant: str = "", cause: str = "") -> int:
        """See ``Retracting.retract``."""
        with self._lock:
            place = self._place(tenant)
            gone = _take_back(place, retraction)
            for change in observed_changes(gone, len(place.log), self._now(), cause):
                place.log.append(change)
        place.bell.ring()
        return len(gone)

    async def get(self, entity_id: str, *, tenant: str = "") -> Entity | None:
        """See ``Store.get``."""
        return self._place(tenant).entities.get(entity_id)

    async def query(self, query: Query, *, tenant: str = "") -> Page:
        """See ``Store.query``."""
        holds = matcher(query)
        entities = self._place(tenant).entities
        found = arrange(filter(holds, list(entities.values())), query.ordering)
        page = found[query.offset : query.offset + query.limit]
        return Page(tuple(page), len(found) if query.count else None)

    async def profiles(self, *, tenant: str = "") -> list[Profile]:
        """See ``Profiling.profiles``."""
        return profiles_of(self._place(tenant).entities.values())

    async def history(self, query: HistoryQuery, *, tenant: str = "") -> History:
        """See ``Store.history``."""
        check_time_property(query)
        place = self._place(tenant)
        selected = list(_selected(place, query))
        subjects = sorted({line.entity_id for line, _ in selected})
        page = subjects[query.entities.offset : query.entities.offset + query.entities.limit]
        total = len(subjects) if query.entities.count else None
        shown = [(line, points) for line, points in selected if line.entity_id in set(page)]
        series, complete = _cut(shown, query)
        return History(tuple(series), total, complete)

    async def changes(
        self, after: int, *, limit: int = 1000, states: bool = False, tenant: str = ""
    ) -> list[Change]:
        """See ``Store.changes``."""
        found = self._place(tenant).log[max(after, 0) : max(after, 0) + limit]
        return found if states else [_stateless(change) for change in found]

    def keep_states(self, interest: Interest | None) -> None:
        """See ``Store.keep_states``."""
        self._interest = interest

    async def forget_states(self, up_to: int, *, tenant: str = "") -> None:
        """See ``Store.forget_states``."""
        place = self._place(tenant)
        with self._lock:
            for number in range(place.forgotten, min(up_to, len(place.log))):
                place.log[number] = _stateless(place.log[number])
            place.forgotten = max(place.forgotten, min(up_to, len(place.log)))

    def follow(self, after: int, *, tenant: str = "") -> AsyncIterator[Change]:
        """See ``Store.follow``."""

        async def read(number: int, limit: int) -> list[Change]:
            return await self.changes(number, limit=limit, tenant=tenant)

        return follow(self._place(tenant).bell, read, after)

    async def status(self, *, tenant: str = "") -> StoreStatus:
        """See ``Store.status``."""
        place = self._place(tenant)
        points = sum(len(line.points) for line in place.lines.values())
        return StoreStatus("memory", len(place.log), len(place.entities), points)

    async def close(self) -> None:
        """See ``Store.close``."""
        self._closed = True
        for place in self._tenants.values():
            place.bell.close()

    def _place(self, tenant: str, *, create: bool = False) -> _Tenant:
        if self._closed:
            raise StoreUnavailable("the store is closed")
        if tenant not in self._tenants:
            if not create:
                raise NonexistentTenant(f"there is no tenant {tenant!r}", where="NGSILD-Tenant")
            self._tenants[tenant] = _Tenant()
        return self._tenants[tenant]


def _stateless(change: Change) -> Change:
    """The change without the states around it."""
    if change.before is None and change.after is None:
        return change
    return replace(change, before=None, after=None)


def _apply(
    place: _Tenant,
    writes: Sequence[Write],
    at: datetime,
    cause: str,
    wanted: Callable[[Change], bool] | None,
) -> list[Outcome]:
    """All writes on copies of what they touch, then kept together: an unexpected error leaves nothing behind."""
    states: dict[str, Entity | None] = {}
    outcomes: list[Outcome] = []
    points: list[Observation] = []
    number = len(place.log)
    for write in writes:
        before = states.get(write.entity_id, place.entities.get(write.entity_id))
        try:
            after = write.decide(before, at)
        except SympolisError as error:
            outcomes.append(Outcome(write.entity_id, error=error))
            continue
        if after is before:
            outcomes.append(Outcome(write.entity_id, entity=before))
            continue
        number += 1
        change = effects.change(before, after, number=number, at=at, cause=cause)
        if wanted is not None and wanted(told := replace(change, before=before, after=after)):
            change = told
        points += effects.new_observations(before, after)
        states[write.entity_id] = after
        outcomes.append(Outcome(write.entity_id, change, entity=after))
    _keep_all(place, states, outcomes, points)
    return outcomes


def _keep_all(
    place: _Tenant,
    states: dict[str, Entity | None],
    outcomes: Sequence[Outcome],
    points: Sequence[Observation],
) -> None:
    for entity_id, state in states.items():
        if state is None:
            place.entities.pop(entity_id, None)
        else:
            place.entities[entity_id] = state
    place.log += [outcome.change for outcome in outcomes if outcome.change is not None]
    for point in points:
        _keep(place, point)


def _keep(place: _Tenant, point: Observation) -> bool:
    """Add a point to its series; False where it says nothing new."""
    key = (point.entity_id, point.name, point.dataset_id or "")
    line = place.lines.get(key)
    if line is None:
        line = place.lines[key] = _Line(point.entity_id, (), point.name, point.dataset_id, point.kind)
    line.types, line.kind = point.types, point.kind
    at = point.at.astimezone(UTC)
    known = line.points.get(at)
    if known is not None and same_value(known.value, point.value) and known.unit_code == point.unit_code:
        return False
    line.points[at] = point
    return True


def _take_back(place: _Tenant, retraction: Retraction) -> list[Observation]:
    """Remove the points, and the series that are left empty."""
    gone: list[Observation] = []
    for key, line in list(place.lines.items()):
        if key[0] != retraction.entity_id or retraction.name not in (None, line.name):
            continue
        chosen = retraction.every or retraction.name is None or line.dataset_id == retraction.dataset_id
        times = [at for at in line.points if retraction.at in (None, at)] if chosen else []
        gone += [line.points.pop(at) for at in times]
        if not line.points:
            del place.lines[key]
    return gone


def _selected(place: _Tenant, query: HistoryQuery) -> Iterator[tuple[_Line, list[Observation]]]:
    """Each series of the selected entities with its points in the range, in order of entity, name and dataset."""
    by_state = matcher(query.entities) if selects_by_state(query.entities) else None
    by_subject = subject_matcher(query.entities)
    for key in sorted(place.lines):
        line = place.lines[key]
        if query.names and line.name not in query.names:
            continue
        state = place.entities.get(line.entity_id)
        if by_state is not None and (state is None or not by_state(state)):
            continue
        if not by_subject(line.entity_id, line.types):
            continue
        points = [line.points[at] for at in sorted(line.points) if in_range(at, query.range)]
        if points:
            yield line, points


def _cut(shown: Sequence[tuple[_Line, list[Observation]]], query: HistoryQuery) -> tuple[list[Series], bool]:
    series: list[Series] = []
    room = query.max_instances
    complete = True
    for line, points in shown:
        head = Series(line.entity_id, line.types, line.name, line.dataset_id, kind=line.kind)
        if query.methods:
            series.append(replace(head, buckets=aggregate(points, query)))
            continue
        chosen = points if query.last_n is None else points[max(len(points) - query.last_n, 0) :]
        complete &= len(chosen) <= room
        chosen = chosen[:room]
        room -= len(chosen)
        if chosen:
            series.append(replace(head, observations=tuple(chosen)))
    return series, complete
