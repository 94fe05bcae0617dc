"""What one transaction does: the decisions of all writes that waited, then the rows they lead to, table by table.

Decisions run in Python on the states read under the tenant's lock; their effects are collected and written
with one statement per table, however many writes there are. A job that fails (not: is refused) has added
nothing to what is collected.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import msgspec
import shapely

from sympolis.context import effects, geometry, profiles
from sympolis.context.store import Retraction, Write
from sympolis.domain.changes import Change, Observation, Outcome
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.domain.errors import SympolisError
from sympolis.stores import sql
from sympolis.stores.bodies import decode_entity, encode_entity
from sympolis.stores.observed import observed_changes
from sympolis.stores.outlines import encode_outline
from sympolis.stores.postgres.facts import facts
from sympolis.stores.postgres.names import Names
from sympolis.stores.postgres.points import Batch, Points
from sympolis.stores.postgres.server import Connection
from sympolis.stores.postgres.trimming import Portion

_SQL = sql.load("sympolis.stores.postgres", "store.sql")
_BREATH: Final = 100
"""So many decisions, then the event loop gets its turn."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """Around which changes the states are to be kept.

    ``wanted`` says it of a change (it has them), as far as this process knows the subscriptions: those of the
    version ``known``. Where there are newer ones, another process' subscriptions may want any change.
    """

    wanted: Callable[[Change], bool]
    known: Callable[[], int]

    def of(self, version: int | None) -> Callable[[Change], bool]:
        """The test to use where the newest subscriptions are these; None: there are none at all."""
        return self.wanted if version is None or version == self.known() else lambda _change: True


class TenantDropped(Exception):
    """The tenant was dropped since this process found it."""


@dataclass(slots=True, eq=False)
class Job:
    """One call of ``Store.write`` or ``Store.observe``, and who waits for it."""

    cause: str
    future: asyncio.Future[Any]
    writes: Sequence[Write] = ()
    observations: Sequence[Observation] = ()
    retraction: Retraction | None = None
    portion: Portion | None = None
    result: Any = None
    error: BaseException | None = None


@dataclass(slots=True)
class _Effects:
    """What the jobs so far lead to."""

    states: dict[str, Entity | None] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)
    shapes: dict[tuple[str, str], list[bytes]] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    told: list[Change] = field(default_factory=list)
    """Changes with the states around them, for those who want these."""
    batches: list[Batch] = field(default_factory=list)
    """What joins the history."""

    def add(self, other: _Effects) -> None:
        self.states.update(other.states)
        self.bodies.update(other.bodies)
        self.shapes.update(other.shapes)
        self.changes += other.changes
        self.told += other.told
        self.batches += other.batches


class Group:
    """The jobs of one transaction, on a connection that has begun it. ``now`` gives the time of acceptance."""

    def __init__(
        self, db: Connection, tenant: int, names: Names, points: Points, *, wishes: Wishes, channel: str
    ) -> None:
        self._db = db
        self._wishes = wishes
        self._wanted = wishes.wanted
        self._tenant = tenant
        self._names = names
        self._points = points
        self._channel = channel
        self._before: dict[str, Entity] = {}
        self._keys: dict[str, int] = {}
        self._effects = _Effects()
        self.position = 0
        self.grown = 0
        """How many entities more there are after it."""

    async def run(self, jobs: Sequence[Job], now: Callable[[], datetime]) -> None:
        """Do everything but the COMMIT. Sets each job's ``result`` or ``error``; raises what concerns them all."""
        row = await self._db.fetchrow(_SQL["begin_group"], self._tenant)
        if row is None:
            raise TenantDropped
        started, version, subscriptions = row
        self.position = started
        self._wanted = self._wishes.of(subscriptions)
        self._points.begin(version)
        writing = [job for job in jobs if job.writes]
        await self._read([write.entity_id for job in writing for write in job.writes])
        for job in writing:
            await self._decide(job, now())
        await self._keep_entities()
        await self._observe([job for job in jobs if job.observations], now)
        for job in jobs:
            if job.retraction is not None:
                gone, job.result = await self._points.retract(self._db, job.retraction, at := now())
                self._log(observed_changes(gone, self.position, at, job.cause))
            if job.portion is not None:
                lost, job.result = await self._points.trim(self._db, job.portion, at := now())
                self._log(observed_changes(lost, self.position, at, job.cause))
        if self.position > started or self._points.touched:
            await self._keep_changes()
            await self._keep_states()
            await self._end()

    async def _observe(self, observing: Sequence[Job], now: Callable[[], datetime]) -> None:
        """Keep the points that the writes lead to, then those of each observing job."""
        effected = self._effects.batches
        observed = [Batch(job.observations, now()) for job in observing]
        accepted = await self._points.keep(self._db, [*effected, *observed])
        for job, batch, grown in zip(observing, observed, accepted[len(effected) :], strict=True):
            job.result = len(grown)
            self._log(observed_changes(grown, self.position, batch.at, job.cause))

    # --- deciding

    async def _read(self, ids: Iterable[str]) -> None:
        wanted = sorted(set(ids))
        if not wanted:
            return
        for row in await self._db.fetch(_SQL["entities_by_id"], self._tenant, wanted):
            self._before[row["id"]] = decode_entity(row["body"])
            self._keys[row["id"]] = row["key"]

    async def _decide(self, job: Job, at: datetime) -> None:
        """One job's outcomes; an error that is not a refusal takes back this job and no other."""
        own = _Effects()
        number = self.position
        outcomes: list[Outcome] = []
        try:
            for count, write in enumerate(job.writes, start=1):
                outcomes.append(self._one(write, own, at, job.cause))
                if count % _BREATH == 0:
                    await asyncio.sleep(0)
        except Exception as error:  # reaches the caller through its future
            self.position = number
            job.error = error
            return
        self._effects.add(own)
        job.result = outcomes

    def _one(self, write: Write, own: _Effects, at: datetime, cause: str) -> Outcome:
        before = self._state(write.entity_id, own)
        try:
            after = write.decide(before, at)
        except SympolisError as error:
            return Outcome(write.entity_id, error=error.with_traceback(None))  # see the embedded store
        if after is before:
            return Outcome(write.entity_id, entity=before)
        change = effects.change(before, after, number=self.position + 1, at=at, cause=cause)
        if after is not None:
            own.bodies[after.id] = encode_entity(after)
            for name in change.attributes:
                own.shapes[after.id, name] = _shapes(after.attributes.get(name, ()))
        told = replace(change, before=before, after=after)
        if self._wanted(told):
            own.told.append(told)
        own.states[write.entity_id] = after
        own.changes.append(change)
        instances = tuple(effects.history_of(before, after, at)) if write.recorded else ()
        if instances:
            own.batches.append(Batch(instances, at))
        self.position = change.number
        return Outcome(write.entity_id, change, entity=after)

    def _state(self, entity_id: str, own: _Effects) -> Entity | None:
        for states in (own.states, self._effects.states):
            if entity_id in states:
                return states[entity_id]
        return self._before.get(entity_id)

    def _log(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._effects.changes.append(change)
            self.position = change.number

    # --- writing down

    async def _keep_entities(self) -> None:
        steps = [
            (self._before.get(entity_id), state)
            for entity_id, state in self._effects.states.items()
            if state is not None or entity_id in self._before
        ]
        await self._names.make(_names(steps))
        await self._keep_bodies(steps)
        rows = _Rows(self._names, self._keys, self._effects.shapes)
        for before, after in steps:
            rows.add(before, after)
        await rows.keep(self._db, self._tenant)
        await self._keep_profiles(_profile_steps(steps))

    async def _keep_profiles(self, counts: Mapping[profiles.Outline, int]) -> None:
        if not counts:
            return
        outlines = [encode_outline(outline) for outline in counts]
        await self._db.execute(_SQL["add_to_profiles"], self._tenant, outlines, list(counts.values()))
        if min(counts.values()) < 0:
            await self._db.execute(_SQL["drop_empty_profiles"], self._tenant)

    async def _keep_bodies(self, steps: Sequence[tuple[Entity | None, Entity | None]]) -> None:
        bodies = self._effects.bodies
        added = [after.id for before, after in steps if before is None and after is not None]
        changed = [after.id for before, after in steps if before is not None and after is not None]
        dropped = [before.id for before, after in steps if before is not None and after is None]
        if added:
            given = [bodies[entity_id] for entity_id in added]
            rows = await self._db.fetch(_SQL["add_entities"], self._tenant, added, given)
            self._keys.update((row["id"], row["key"]) for row in rows)
        if changed:
            keys = [self._keys[entity_id] for entity_id in changed]
            await self._db.execute(
                _SQL["change_entities"], keys, [bodies[entity_id] for entity_id in changed]
            )
        if dropped:
            await self._db.execute(_SQL["drop_entities"], [self._keys[entity_id] for entity_id in dropped])
        self.grown = len(added) - len(dropped)

    async def _keep_changes(self) -> None:
        changes = self._effects.changes
        await self._db.execute(
            _SQL["add_changes"],
            self._tenant,
            [change.number for change in changes],
            [change.at for change in changes],
            [change.kind.value for change in changes],
            [change.entity_id for change in changes],
            [msgspec.json.encode(change.types).decode() for change in changes],
            [msgspec.json.encode(change.attributes).decode() for change in changes],
            [change.cause for change in changes],
        )

    async def _keep_states(self) -> None:
        told = self._effects.told
        if told:
            await self._db.execute(
                _SQL["keep_states"],
                self._tenant,
                [change.number for change in told],
                [_body(change.before) for change in told],
                [_body(change.after) for change in told],
            )

    async def _end(self) -> None:
        await self._db.execute(
            _SQL["end_group"],
            self._tenant,
            self.position,
            self.grown,
            self._points.added,
            int(self._points.series_changed),
            self._channel,
        )


def _profile_steps(steps: Iterable[tuple[Entity | None, Entity | None]]) -> dict[profiles.Outline, int]:
    """By how much the number of entities of each outline changes."""
    counts: Counter[profiles.Outline] = Counter()
    for before, after in steps:
        if before is not None and after is not None and _same_outline(before, after):
            continue
        if before is not None:
            counts[profiles.outline(before)] -= 1
        if after is not None:
            counts[profiles.outline(after)] += 1
    return {outline: count for outline, count in counts.items() if count}


def _same_outline(before: Entity, after: Entity) -> bool:
    old, new = before.attributes, after.attributes
    names = [name for name in {**old, **new} if old.get(name) is not new.get(name)]
    return profiles.same_outline(before, after, names)


def _body(state: Entity | None) -> bytes | None:
    return None if state is None else encode_entity(state)


def _names(steps: Iterable[tuple[Entity | None, Entity | None]]) -> set[str]:
    found: set[str] = set()
    for _, after in steps:
        if after is not None:
            found.update(after.types, after.attributes)
    return found


def _shapes(instances: Iterable[Attribute]) -> list[bytes]:
    """The geometries of an attribute as WKB. Raises ``BadRequestData``."""
    given = _geometries(instances)
    return list(shapely.to_wkb(shapely.force_2d(geometry.from_geojson(given)))) if given else []


def _geometries(instances: Iterable[Attribute]) -> list[Any]:
    return [one.value for one in instances if one.kind is AttributeKind.GEO_PROPERTY]


class _Rows:
    """The rows of ``entity_type``, ``fact`` and ``shape`` that have to go and to come."""

    def __init__(
        self, names: Names, keys: dict[str, int], shapes: dict[tuple[str, str], list[bytes]]
    ) -> None:
        self._names = names
        self._keys = keys
        self._shapes = shapes
        self._rows: dict[str, list[tuple[Any, ...]]] = {
            table: []
            for table in ("drop_types", "drop_facts", "drop_shapes", "add_types", "add_facts", "add_shapes")
        }

    def add(self, before: Entity | None, after: Entity | None) -> None:
        """The rows for one entity's step from its stored state to its new one."""
        subject = after if after is not None else before
        assert subject is not None
        self._types(subject.id, before.types if before else (), after.types if after else ())
        old, new = before.attributes if before else {}, after.attributes if after else {}
        for name in {**old, **new}:
            if old.get(name) is not new.get(name):
                self._attribute(subject.id, name, old.get(name, ()), new.get(name, ()))

    def _types(self, entity_id: str, old: Sequence[str], new: Sequence[str]) -> None:
        key = self._keys[entity_id]
        self._rows["drop_types"] += [(self._names[name], entity_id) for name in set(old) - set(new)]
        self._rows["add_types"] += [(self._names[name], entity_id, key) for name in set(new) - set(old)]

    def _attribute(
        self, entity_id: str, name: str, old: Sequence[Attribute], new: Sequence[Attribute]
    ) -> None:
        number, key = self._names[name], self._keys[entity_id]
        before, after = facts(old) if old else set(), facts(new) if new else set()
        self._rows["drop_facts"] += [(number, value, key) for value in before - after]
        self._rows["add_facts"] += [(number, value, key) for value in after - before]
        was, now = _geometries(old), _geometries(new)
        if was == now:
            return
        if was:
            self._rows["drop_shapes"].append((number, key))
        if now:
            self._rows["add_shapes"] += [(number, key, wkb) for wkb in self._shapes[entity_id, name]]

    async def keep(self, db: Connection, tenant: int) -> None:
        """Write them: what goes first, then what comes."""
        for table, rows in self._rows.items():
            if rows:
                columns = [list(column) for column in zip(*rows, strict=True)]
                own = () if table == "drop_shapes" else (tenant,)
                await db.execute(_SQL[table], *own, *columns)
