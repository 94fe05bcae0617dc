"""The part of a dump that every store has: tenants with their entities and histories."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from sympolis.context.dumps import documents, erased
from sympolis.context.dumps.files import DumpReader, DumpWriter, Lines
from sympolis.context.dumps.port import Dumping, Still
from sympolis.context.query import HistoryQuery, Query, TimeRange, TimeRelation
from sympolis.context.store import Decision, History, Store, Write
from sympolis.domain.changes import Observation
from sympolis.domain.entity import Entity
from sympolis.domain.errors import DumpInvalid

T = TypeVar("T")

CAUSE: Final = "restore"
_ENTITIES_AT_ONCE: Final = 500
_SUBJECTS_AT_ONCE: Final = 100
_INSTANCES_AT_ONCE: Final = 20_000
_ALWAYS: Final = (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC))


class TenantFacts(msgspec.Struct, frozen=True):
    """A tenant as the manifest has it: the ``folder`` of its files, and what was in it at ``position``."""

    name: str
    folder: str
    position: int
    entities: int
    instances: int


def folder_of(tenant: str) -> str:
    """The folder of a tenant's files in a dump; any name makes one that is safe on every file system."""
    if not tenant:
        return "default"
    plain = "abcdefghijklmnopqrstuvwxyz0123456789-_"
    return "tenants/" + "".join(one if one in plain else f"%{ord(one):x}." for one in tenant)


def tenants_in(dump: DumpReader) -> list[TenantFacts]:
    """The tenants of a dump. Raises ``DumpInvalid``."""
    try:
        found = msgspec.convert(dump.manifest.facts["tenants"], list[TenantFacts])
    except (KeyError, msgspec.ValidationError) as problem:
        raise DumpInvalid(
            f"does not say which tenants there are: {problem}", where="manifest.json"
        ) from problem
    for one in found:
        if one.folder != folder_of(one.name):
            raise DumpInvalid("is not the folder of its tenant", where=one.folder)
    return found


class TenantsPart:
    """See the module. Dumps from ``source``; restores into ``target``."""

    name = "entities and histories"

    def __init__(self, source: Dumping, target: Store | None = None) -> None:
        self._source = source
        self._target = target

    async def dump(self, out: DumpWriter) -> None:
        """See ``Part.dump``. Each tenant as it was at one moment, its number in the change log beside it."""
        found = [await self._dump_tenant(out, tenant) for tenant in sorted(await self._source.tenants())]
        out.facts["tenants"] = [msgspec.to_builtins(one) for one in found]

    async def _dump_tenant(self, out: DumpWriter, tenant: str) -> TenantFacts:
        folder = folder_of(tenant)
        async with self._source.still(tenant=tenant) as still:
            with out.lines(f"{folder}/entities.jsonl.gz") as file:
                async for entity in _entities(still):
                    file.add(documents.entity_document(entity))
                entities = file.records
            with out.lines(f"{folder}/history.jsonl.gz") as file:
                instances = await _write_history(still, file)
            return TenantFacts(tenant, folder, still.position, entities, instances)

    async def present(self) -> str:
        """See ``Part.present``."""
        for tenant in await self._source.tenants():
            status = await self._store().status(tenant=tenant)
            if status.position or status.entities or status.observations:
                return f"{status.entities} entities and {status.observations} observations"
        return ""

    async def restore(self, dump: DumpReader) -> None:
        """See ``Part.restore``."""
        for facts in tenants_in(dump):
            await self._store().write((), tenant=facts.name, cause=CAUSE)
            count = 0
            for entities in _batches(self._read_entities(dump, facts), _ENTITIES_AT_ONCE):
                await self._write(entities, facts.name)
                count += len(entities)
            points = self._read_points(dump, facts)
            for batch in _batches(points, _INSTANCES_AT_ONCE):
                await self._store().observe(batch, tenant=facts.name, cause=CAUSE)
            await self._check(facts, count)

    async def _write(self, entities: list[Entity], tenant: str) -> None:
        writes = [Write(one.id, _as_it_was(one), recorded=False) for one in entities]
        for outcome in await self._store().write(writes, tenant=tenant, cause=CAUSE):
            if outcome.error is not None:
                raise outcome.error

    def _read_entities(self, dump: DumpReader, facts: TenantFacts) -> Iterator[Entity]:
        gone = erased.read(dump.folder).marks()
        for entity in map(documents.entity_of, dump.lines(f"{facts.folder}/entities.jsonl.gz")):
            if erased.mark_of(entity.id) not in gone:
                yield entity

    def _read_points(self, dump: DumpReader, facts: TenantFacts) -> Iterator[Observation]:
        gone = erased.read(dump.folder).marks()
        for document in dump.lines(f"{facts.folder}/history.jsonl.gz"):
            for point in documents.observations_of(document):
                if erased.mark_of(point.entity_id) not in gone:
                    yield point

    async def _check(self, facts: TenantFacts, count: int) -> None:
        status = await self._store().status(tenant=facts.name)
        if status.entities != count:
            raise DumpInvalid(
                f"{status.entities} entities are there, the dump has {count}",
                where=facts.folder,
                hint="does something else write to this store? Restore into one of its own",
            )

    def _store(self) -> Store:
        assert self._target is not None
        return self._target


def _as_it_was(entity: Entity) -> Decision:
    def decide(before: Entity | None, _: datetime) -> Entity | None:
        return before if before == entity else entity

    return decide


async def _entities(still: Still) -> AsyncIterator[Entity]:
    after = ""
    while found := await still.entities(after, _ENTITIES_AT_ONCE):
        for entity in found:
            yield entity
        after = found[-1].id


async def _write_history(still: Still, file: Lines) -> int:
    """Every instance of every series; how many there are."""
    after, count = "", 0
    while subjects := await still.subjects(after, _SUBJECTS_AT_ONCE):
        found = await still.history(_wanted(tuple(subjects), time=None))
        if found.complete:
            count += _write_series(found, file)
        else:
            for subject in subjects:
                count += await _write_span(still, file, _Span(subject, *_ALWAYS))
        after = subjects[-1]
    return count


class _Span(NamedTuple):
    """Some of one entity's instances: those that stand under a time in [low, high)."""

    subject: str
    low: datetime
    high: datetime


async def _write_span(still: Still, file: Lines, span: _Span) -> int:
    """The instances of a span: at once, or, where they are many, half by half as far as there are halves."""
    within = TimeRange(TimeRelation.BETWEEN, span.low, span.high, None)
    found = await still.history(_wanted((span.subject,), range=within))
    middle = span.low + (span.high - span.low) / 2
    if not found.complete and middle in (span.low, span.high):
        asked = replace(_wanted((span.subject,), range=within), max_instances=sys.maxsize)
        found = await still.history(asked)
    if found.complete:
        return _write_series(found, file)
    first = await _write_span(still, file, span._replace(high=middle))
    return first + await _write_span(still, file, span._replace(low=middle))


def _wanted(subjects: tuple[str, ...], **more: Any) -> HistoryQuery:
    entities = Query(ids=subjects, limit=len(subjects))
    return HistoryQuery(entities, max_instances=_INSTANCES_AT_ONCE, **more)


def _write_series(found: History, file: Lines) -> int:
    for series in found.series:
        if series.observations:
            file.add(documents.history_document(series.entity_id, series.types, series.observations))
    return sum(len(series.observations) for series in found.series)


def _batches(found: Iterable[T], size: int) -> Iterator[list[T]]:
    walking = iter(found)
    while batch := list(islice(walking, size)):
        yield batch
