"""Runs the city's sources and answers for them: what came in, how fresh it is, what is held in quarantine and why.

The one door through which source data enters the twin. One run of a source at a time; a run whose data, mapping and
expectations have not changed since the last complete one is skipped.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from sympolis.acquisition import identity, ingest, pushed, subjects, tracing
from sympolis.acquisition.arrival import Arrivals
from sympolis.acquisition.correcting import corrected, correction
from sympolis.acquisition.deliveries import Delivery
from sympolis.acquisition.differences import Before
from sympolis.acquisition.evaluation import Evaluation
from sympolis.acquisition.examination import Examination, examine
from sympolis.acquisition.findings import Finding, explained, refusing
from sympolis.acquisition.gate import Accepted, Batch, Gate, Memory
from sympolis.acquisition.ingest import Ingest, PlannedSource, Progress
from sympolis.acquisition.ledger import Ledger, QuarantinedRow, RowState, RunState, RunSummary
from sympolis.acquisition.likeness import diagnose
from sympolis.acquisition.mapping import attribute_names
from sympolis.acquisition.retrieval import Retriever
from sympolis.acquisition.sameness import Sameness
from sympolis.acquisition.source import Source
from sympolis.acquisition.status import SourceStatus, status_of
from sympolis.acquisition.tally import Tally
from sympolis.acquisition.times import duration
from sympolis.acquisition.translate import Names, Place, Translator, provenance
from sympolis.acquisition.writing import Writer
from sympolis.context.broker import Broker
from sympolis.context.query import Query, TypeIs
from sympolis.domain import errors
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.domain.reading import did_you_mean
from sympolis.plugins.connector import Connector, Record

PAGE = 1000
_MOST_CORRECTED: Final = 1000


@dataclass(frozen=True, slots=True)
class Trace:
    """A row and the delivery that it is in (as JSON)."""

    delivery: Mapping[str, Any]
    row: tracing.Row


def _silent(_share: float, _text: str) -> None:
    """The progress of a run nobody watches."""


def _now() -> datetime:
    return datetime.now(UTC)


class Coordinator:
    """The sources of one city.

    Parameters
    ----------
    broker, terms : where entities go, and the names of the city's context
    place : the city's id, time zone and bounding box
    planned : its sources, in the order they are to run
    connectors : by id, e.g. ``plugins.loader.connectors()``
    ledger : the books
    retriever : brings new deliveries in; without one, sources keep to their samples
    clock : the present moment (UTC); tests freeze it
    """

    def __init__(  # noqa: PLR0913 - each is a part of its own
        self,
        broker: Broker,
        terms: Names,
        *,
        place: Place,
        planned: Sequence[PlannedSource],
        connectors: Mapping[str, Connector],
        ledger: Ledger,
        retriever: Retriever | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._broker = broker
        self._terms = terms
        self._place = place
        self._planned = {item.source.id: item for item in planned}
        self._connectors = connectors
        self._ledger = ledger
        self._arrivals = Arrivals(ledger, place)
        self._retriever = retriever
        self._clock = clock
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.erased: Callable[[str], bool] = lambda _: False
        """Whether an entity was erased, so that its rows are passed over (``governance.privacy``)."""

    # --- what there is

    def sources(self) -> list[SourceStatus]:
        """Every source with its state, in running order."""
        return [self._status(planned) for planned in self._planned.values()]

    def source(self, source_id: str) -> dict[str, Any]:
        """One source in full: status, mapping, expectations, last runs. Raises ``NotFound``."""
        planned = self._find(source_id)
        return {
            **self._status(planned).to_json(),
            "mapping": msgspec.to_builtins(planned.mapping),
            "expectations": msgspec.to_builtins(planned.source.expectations),
            "runs": [run.to_json() for run in self._ledger.runs(source_id)],
            "refresh": msgspec.to_builtins(planned.source.refresh),
            "deliveries": [one.to_json() for one in self._deliveries(source_id)],
        }

    def _deliveries(self, source_id: str) -> list[Delivery]:
        return [] if self._retriever is None else self._retriever.deliveries.all(source_id)

    def data_versions(self) -> dict[str, str]:
        """Source id → data version of its last complete run; what a model's result depends on."""
        runs = ((source_id, self._last_complete(source_id)) for source_id in self._planned)
        return {source_id: run.data_version for source_id, run in runs if run is not None}

    @property
    def timezone(self) -> str:
        """The city's (IANA)."""
        return self._place.timezone

    def planned(self, source_id: str) -> PlannedSource:
        """The source's declarations. Raises ``NotFound``."""
        return self._find(source_id)

    def connector(self, planned: PlannedSource) -> Connector:
        """What reads the source."""
        return self._connectors[planned.source.connector]

    def alone(self, source_id: str) -> asyncio.Lock:
        """Held by whoever changes the books or the deliveries of a source."""
        return self._locks[source_id]

    async def take(self, source_id: str, records: Sequence[Record]) -> RunSummary:
        """Judge and write rows that came by themselves; they are stored when it returns.

        Raises ``NotFound``, and what the store raises: the rows are then to be sent again.
        """
        planned, now = self._find(source_id), self._clock()
        async with self._locks[source_id]:
            summary = pushed.run_of_hour(self._ledger, source_id, now)
            gate = await self._gate(planned, summary, await self._known(planned))
            rows = list(planned.without_people(records))
            done = await pushed.settle(rows, gate, self._writer(planned), self._ledger, summary)
            if summary.finished_at is None:
                await self._describe(planned, done)
            return self._close(done)

    async def examine(self, source_id: str, path: Path) -> Examination:
        """What the file at ``path`` would do as the source's next delivery; nothing is written.

        Raises ``NotFound``, ``SourceFailed`` (unreadable, too few rows), ``MappingInvalid`` (a column is missing).
        """
        planned = self._find(source_id).reading(path)
        async with self._locks[source_id]:
            summary = RunSummary(id="examination", source=source_id, started_at=self._clock(), dry_run=True)
            gate = await self._gate(planned, summary, await self._known(planned))
            known = await asyncio.to_thread(self._ledger.fingerprints, source_id)
            before = self._held_before(source_id)
            examination = await asyncio.to_thread(
                examine, planned, self.connector(planned), gate, known, before
            )
            return replace(examination, findings=tuple(self._arrivals.judged(planned, gate.tally)))

    def _held_before(self, source_id: str) -> Before | None:
        """The delivery that the twin holds, to be read again; None where none was taken yet."""
        if self._last_complete(source_id) is None:
            return None
        _, held = self._readable(self._find(source_id))[0]
        return Before(held, self.connector(held), self._translator(held, self._clock()))

    def evaluations(self, source_id: str, *, limit: int = 20) -> list[Evaluation]:
        """The figures of the source's quality, newest first. Raises ``NotFound``."""
        self._find(source_id)
        return self._ledger.evaluations(source_id, limit=limit)

    def watch(self) -> list[Evaluation]:
        """Judge every source anew by the clock; the evaluations whose verdict has changed."""
        now = self._clock()
        found = (self._arrivals.watch(one.planned, one.newest_observation, now) for one in self.sources())
        return [one for one in found if one is not None]

    def _find(self, source_id: str) -> PlannedSource:
        try:
            return self._planned[source_id]
        except KeyError:
            message = f"there is no source {source_id!r}"
            raise errors.NotFound(
                message, where="source", hint=did_you_mean(source_id, self._planned)
            ) from None

    def _status(self, planned: PlannedSource) -> SourceStatus:
        refusal = next((one.refusal for one in self._deliveries(planned.source.id)), None)
        return status_of(planned, self._ledger.runs(planned.source.id), refusal, self._clock())

    def _last_complete(self, source_id: str) -> RunSummary | None:
        done = (run for run in self._ledger.runs(source_id) if run.state is RunState.DONE)
        return next(done, None)

    # --- running

    async def run_all(self, progress: Progress = _silent, *, force: bool = False) -> list[RunSummary]:
        """Run every source in order. One that fails does not keep the others from running."""
        weights = [_weight(planned) for planned in self._planned.values()]
        total, done, summaries = sum(weights) or 1, 0, []
        for source_id, weight in zip(self._planned, weights, strict=True):

            def part(
                share: float, text: str, *, base: int = done, size: int = weight, name: str = source_id
            ) -> None:
                progress((base + share * size) / total, f"{name}: {text}")

            summaries.append(await self.run(source_id, progress=part, force=force))
            done += weight
        progress(1.0, "all sources are in")
        return summaries

    async def run(
        self,
        source_id: str,
        *,
        dry_run: bool = False,
        progress: Progress | None = None,
        force: bool = False,
        retrieve: bool = False,
        accept: bool = False,
    ) -> RunSummary:
        """Run one source. Raises ``NotFound``; a source that fails is told in the summary (``state``, ``error``).

        ``dry_run`` judges every row and writes nothing; ``force`` runs although nothing has changed; ``retrieve`` asks
        the portal for newer data first; ``accept`` takes the newest delivery although it looks wrong as a whole, which
        is a person's decision: its rows still have to pass.
        """
        planned = self._find(source_id)
        async with self._locks[source_id]:
            summary = RunSummary(
                id=f"run-{uuid.uuid4().hex[:12]}",
                source=source_id,
                started_at=self._clock(),
                dry_run=dry_run,
            )
            try:
                planned = await self._with_data(planned, retrieve=retrieve, accept=accept)
                known = await self._known(planned)
                version = await asyncio.to_thread(ingest.data_version, planned, self._place, known)
            except errors.SympolisError as cause:
                return self._failed(planned, summary, cause)
            last = next(iter(self._ledger.runs(source_id, limit=1)), None)
            if _covers(last, version) and last is not None and not (force or dry_run or accept):
                return _skipped(last, [self._identical(planned)] if retrieve else [])
            delivery = self._delivery_of(planned)
            summary = replace(summary, data_version=version, delivery=delivery.id if delivery else None)
            if not (dry_run or accept) and self._has_something_to_lose(planned, version):
                refused = await self._looked_at(planned, summary, known)
                if refused is not None:
                    return refused
            return await self._ingest(planned, summary, progress or _silent, known)

    def _has_something_to_lose(self, planned: PlannedSource, version: str) -> bool:
        """Whether a bad delivery would do harm: there is a good state that is not this very data, or a portal.

        And where the dataset promises a data model on pain of rejection, nothing of a delivery may be taken before.
        """
        if planned.door is not None and planned.door.rejects:
            return True
        good = self._last_complete(planned.source.id)
        if good is None:
            return planned.path != self._planned[planned.source.id].path
        return good.data_version != version

    async def _looked_at(
        self, planned: PlannedSource, summary: RunSummary, known: frozenset[str] | None
    ) -> RunSummary | None:
        """The summary of a delivery that is refused whole; None for one that may go on."""
        gate = await self._gate(planned, summary, known)
        connector = self._connectors[planned.source.connector]
        look = await asyncio.to_thread(self._arrivals.look, planned, connector, gate)
        against = refusing(look.findings)
        if not against:
            return None
        self._arrivals.record(planned, summary, gate.tally, look.findings, self._clock())
        delivery = self._delivery_of(planned)
        if delivery is not None:
            await asyncio.to_thread(delivery.refuse, [one.to_json() for one in look.findings])
        return self._refused(summary, against, look.error)

    def _failed(self, planned: PlannedSource, summary: RunSummary, cause: errors.SympolisError) -> RunSummary:
        texts = explained([diagnose(planned, cause)])
        return self._close(replace(summary, state=RunState.FAILED, error=str(cause), explained=texts))

    def _refused(self, summary: RunSummary, against: Sequence[Finding], error: str) -> RunSummary:
        return self._close(replace(summary, state=RunState.FAILED, error=error, explained=explained(against)))

    def _identical(self, planned: PlannedSource) -> Finding:
        delivery = self._delivery_of(planned)
        at = "–" if delivery is None else delivery.manifest.at.isoformat(timespec="minutes")
        return Finding("identical", {"at": at}, refuses=False)

    def _delivery_of(self, planned: PlannedSource) -> Delivery | None:
        """The delivery that is read; None for the sample."""
        found = (one for one in self._deliveries(planned.source.id) if one.path == planned.path)
        return next(found, None)

    async def _with_data(self, planned: PlannedSource, *, retrieve: bool, accept: bool) -> PlannedSource:
        """The source with its newest usable delivery; with its sample where there is none."""
        if self._retriever is None:
            if retrieve:
                raise errors.Conflict("this twin does not call portals", where="retrieve")
            return planned
        kept = self._retriever.deliveries.all(planned.source.id)
        delivery = next((one for one in kept if accept or one.refusal is None), None)
        if retrieve:
            asked = planned.portal or planned
            delivery = await self._retriever.retrieve(asked, self.connector(asked))
        return planned if delivery is None else planned.delivered(delivery)

    def _taken_in(self, planned: PlannedSource) -> None:
        """An incremental source may go on from the delivery that was just read."""
        newest = None if self._retriever is None else self._retriever.deliveries.newest(planned.source.id)
        if planned.partial and newest is not None and newest.path == planned.path:
            newest.take()

    async def _ingest(
        self, planned: PlannedSource, summary: RunSummary, progress: Progress, known: frozenset[str] | None
    ) -> RunSummary:
        source_id = planned.source.id
        last = self._last_complete(source_id)
        expected_rows = last.read if last else planned.source.expectations.min_rows
        try:
            gate = await self._gate(planned, summary, known)
            writer = None if summary.dry_run else self._writer(planned)
            sameness = Sameness(self._broker, planned.source.expectations.max_move_m)
            task = Ingest(planned, gate, writer, self._ledger, summary, sameness)
            done = await task.run(self._connectors[planned.source.connector], progress, expected_rows)
        except errors.SympolisError as cause:
            return self._failed(planned, summary, cause)
        found = self._arrivals.judged(planned, gate.tally)
        done = replace(done, explained=done.explained or explained(found))
        if done.dry_run and refusing(found):
            return self._refused(done, refusing(found), explained(refusing(found))["en"])
        if done.state is RunState.DONE and not done.dry_run:
            self._arrivals.record(
                planned, done, gate.tally, [replace(one, refuses=False) for one in found], self._clock()
            )
            delivery = self._delivery_of(planned)
            if delivery is not None and delivery.refusal is not None:
                await asyncio.to_thread(delivery.accept)
            await self._describe(planned, done)
            if planned.partial:
                await asyncio.to_thread(self._taken_in, planned)
            else:
                gone = ingest.superseded(self._ledger.states(source_id), done.id)
                self._ledger.settle(source_id, gone, RowState.DISMISSED, {})
        progress(1.0, f"{done.read} rows")
        return self._close(done)

    def _close(self, summary: RunSummary) -> RunSummary:
        finished = replace(summary, finished_at=self._clock())
        if not summary.dry_run:
            self._ledger.record_run(finished)
        return finished

    def _writer(self, planned: PlannedSource) -> Writer:
        source = planned.source
        return Writer(self._broker, source.id, provenance(source, self._place, self._terms))

    async def _gate(self, planned: PlannedSource, summary: RunSummary, known: frozenset[str] | None) -> Gate:
        source, now = planned.source, summary.started_at
        translator = self._translator(planned, now)
        memory = await asyncio.to_thread(self._memory, source, known, now)
        salt = identity.digest(planned.declaration().decode())
        names = {self._terms.expand(name): name for name in attribute_names(planned.mapping)}
        tally = Tally(names, self._place.bbox)
        return Gate(translator, memory, source=source.id, run=summary.id, now=now, salt=salt, tally=tally)

    def _translator(self, planned: PlannedSource, now: datetime) -> Translator:
        return Translator(
            planned.mapping,
            planned.source,
            self._place,
            self._terms,
            now=now,
            identities=planned.identities,
            door=planned.door,
        )

    # --- where values come from

    def names(self, source_id: str) -> dict[str, str]:
        """IRI → short name of every attribute that the source gives. Raises ``NotFound``."""
        mapping = self._find(source_id).mapping
        return {self._terms.expand(name): name for name in attribute_names(mapping)}

    async def trace(self, source_id: str, wanted: tracing.Wanted) -> Trace | None:
        """The newest kept row of the source that gives a value; None where none does. Raises ``NotFound``."""
        planned = self._find(source_id)
        _, rows = self._ledger.rows(source_id, limit=_MOST_CORRECTED, state=RowState.REPLAYED)
        found = tracing.find_corrected(rows, self._translator(planned, self._clock()), wanted)
        if found is not None:
            return Trace({"id": tracing.SAMPLE, "corrected": True}, found)
        for delivery, readable in self._readable(planned):
            translator = self._translator(readable, self._clock())
            with suppress(errors.SourceFailed):
                found = await asyncio.to_thread(
                    tracing.find, readable, self.connector(readable), translator, wanted
                )
                if found is not None:
                    return Trace(delivery, found)
        return None

    async def row(self, source_id: str, delivery_id: str, number: int) -> Trace:
        """A row of a delivery (``sample``: the package's own). Raises ``NotFound``, ``SourceFailed``."""
        planned = self._find(source_id)
        for delivery, readable in self._readable(planned, refused=True):
            if delivery["id"] == delivery_id:
                translator = self._translator(readable, self._clock())
                found = await asyncio.to_thread(
                    tracing.row, readable, self.connector(readable), translator, number
                )
                return Trace(delivery, found)
        raise errors.NotFound(f"source {source_id} keeps no delivery {delivery_id}", where="delivery")

    def _readable(
        self, planned: PlannedSource, *, refused: bool = False
    ) -> list[tuple[dict[str, Any], PlannedSource]]:
        """The kept deliveries, newest first, the sample last; those refused only where they are asked for."""
        kept = [one for one in self._deliveries(planned.source.id) if refused or one.refusal is None]
        return [
            *((one.to_json(), planned.delivered(one)) for one in kept),
            ({"id": tracing.SAMPLE, "url": planned.source.url}, planned),
        ]

    def _memory(self, source: Source, known: frozenset[str] | None, now: datetime) -> Memory:
        ledger = self._ledger
        kept = None if source.retention is None else duration(source.retention.observations)
        since = None if kept is None else now - kept
        return Memory(ledger.fingerprints(source.id), ledger.states(source.id), known, self.erased, since)

    # --- people whom data are about

    async def holdings(self, entity_id: str) -> list[subjects.Holding]:
        """Every kept row about an entity: of deliveries (refused ones, too), of the samples, and held ones."""
        found: list[subjects.Holding] = []
        for planned in self._planned.values():
            for delivery, readable in self._readable(planned, refused=True):
                found += await self._holding(readable, delivery["id"], entity_id)
            found += await asyncio.to_thread(self._held, planned, entity_id)
        return found

    async def _holding(
        self, readable: PlannedSource, delivery: str, entity_id: str
    ) -> list[subjects.Holding]:
        translator = self._translator(readable, self._clock())
        rows = await asyncio.to_thread(
            subjects.in_delivery, readable, self.connector(readable), translator, entity_id
        )
        source = readable.source.id
        return [subjects.Holding(source=source, delivery=delivery, rows=tuple(rows))] if rows else []

    def _held(self, planned: PlannedSource, entity_id: str) -> list[subjects.Holding]:
        source = planned.source.id
        total, _ = self._ledger.rows(source, limit=0)
        _, rows = self._ledger.rows(source, limit=total)
        found = subjects.held(rows, self._translator(planned, self._clock()), entity_id)
        shown = tuple({"number": one.row_number, "fields": dict(one.fields)} for one in found)
        ids = tuple(one.id for one in found)
        return [subjects.Holding(source=source, delivery="held", rows=shown, ids=ids)] if found else []

    async def forget(self, holdings: Sequence[subjects.Holding]) -> None:
        """Let go of held rows, and of deliveries as a whole: a portal gives the rest of them again."""
        for one in holdings:
            async with self._locks[one.source]:
                if one.ids:
                    await asyncio.to_thread(self._ledger.forget_rows, one.source, one.ids)
                for kept in self._deliveries(one.source):
                    if kept.id == one.delivery:
                        await asyncio.to_thread(kept.forget)

    async def _known(self, planned: PlannedSource) -> frozenset[str] | None:
        """The ids a source's rows may speak of; None where it may bring new ones."""
        if not planned.source.expectations.known_entity:
            return None
        types = TypeIs(self._terms.expand(planned.mapping.entity_type))
        found: set[str] = set()
        while True:
            page = await self._broker.query(Query(types=types, limit=PAGE, offset=len(found)))
            found.update(entity.id for entity in page.entities)
            if len(page.entities) < PAGE:
                return frozenset(found)

    async def _describe(self, planned: PlannedSource, done: RunSummary) -> None:
        """Keep the ``Source`` entity that every value's ``providedBy`` points to."""
        source, expand = planned.source, self._terms.expand
        plain = {
            "licence": source.licence,
            "owner": source.owner,
            "attribution": source.attribution,
            "landingPage": source.url,
            "dataVersion": done.data_version,
        }
        attributes = {
            expand(name): (Attribute(AttributeKind.PROPERTY, value),) for name, value in plain.items()
        }
        title = Attribute(AttributeKind.LANGUAGE_PROPERTY, dict(source.title))
        attributes[expand("title")] = (title,)
        entity = Entity(identity.urn("Source", self._place.city, source.id), (expand("Source"),), attributes)
        await self._broker.upsert([entity], update=True, cause=f"source:{source.id}")

    # --- quarantine

    def quarantine(
        self, source_id: str, *, limit: int = 50, offset: int = 0, state: RowState | None = None
    ) -> tuple[int, list[QuarantinedRow]]:
        """(total, page) of the rows that did not pass. Raises ``NotFound``."""
        self._find(source_id)
        return self._ledger.rows(source_id, limit=limit, offset=offset, state=state)

    async def replay(self, source_id: str, row_id: str, fields: Mapping[str, Any]) -> QuarantinedRow:
        """Put a held row through the gate again, with corrected ``fields`` (``geometry`` may be one of them).

        Returns it with ``state`` replayed, or still held with the reasons that remain. Raises ``NotFound`` and, for a
        field the row does not have, ``BadRequestData``.
        """
        planned = self._find(source_id)
        row = self._ledger.row(source_id, row_id)
        if row is None:
            raise errors.NotFound(f"source {source_id} has no quarantined row {row_id}", where="row")
        async with self._locks[source_id]:
            form = planned.of_row(row.fields)
            return await self._replay(form, row, correction(form.mapping, row, fields))

    async def _replay(
        self, planned: PlannedSource, row: QuarantinedRow, fields: Mapping[str, Any]
    ) -> QuarantinedRow:
        record = corrected(row, fields)
        summary = RunSummary(id=row.run, source=row.source, started_at=self._clock())
        gate = await self._gate(planned, summary, await self._known(planned))
        batch = Batch()
        gate.judge(record, batch)
        reasons = batch.quarantined[0].reasons if batch.quarantined else ()
        if not reasons:
            writer = self._writer(planned)
            refused = await writer.write([item for item in batch.accepted if isinstance(item, Accepted)])
            await writer.finish()
            if refused:
                raise errors.BadRequestData(f"the store refused the row: {refused[0][1]}", where="fields")
            self._ledger.settle(row.source, [row.id], RowState.REPLAYED, fields)
            return replace(
                row, state=RowState.REPLAYED, corrected={**row.corrected, **fields}, reasons=row.reasons
            )
        return replace(row, reasons=reasons, corrected={**row.corrected, **fields})


def _weight(planned: PlannedSource) -> int:
    try:
        return planned.path.stat().st_size
    except OSError:
        return 0


def _covers(last: RunSummary | None, version: str) -> bool:
    return last is not None and last.state is RunState.DONE and last.data_version == version


def _skipped(last: RunSummary, found: Sequence[Finding]) -> RunSummary:
    """The summary of a run that had nothing to do: everything accepted then is unchanged now."""
    return replace(
        last,
        accepted=0,
        unchanged=last.unchanged + last.accepted,
        observations=0,
        skipped=True,
        explained=explained(found) or last.explained,
    )
