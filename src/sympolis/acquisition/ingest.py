"""One run of one source, from the first row to the books: read, judge, write, account for every row.

Rows go through in batches. A batch is written before it is entered in the ledger, so that a stop in between costs a
repeated write and never a lost row; and it is counted only when both are done, so that a failed run still reconciles.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sympolis.acquisition import identity
from sympolis.acquisition.deliveries import Delivery
from sympolis.acquisition.findings import explained
from sympolis.acquisition.gate import Batch, Gate
from sympolis.acquisition.joins import Identities
from sympolis.acquisition.ledger import Ledger, RowState, RunState, RunSummary
from sympolis.acquisition.likeness import diagnose
from sympolis.acquisition.mapping import EntityMapping, source_fields
from sympolis.acquisition.protection import protected
from sympolis.acquisition.quality import Reason
from sympolis.acquisition.sameness import Sameness
from sympolis.acquisition.source import Source
from sympolis.acquisition.translate import Door, Place
from sympolis.acquisition.unpivoting import unpivoted
from sympolis.acquisition.writing import Writer
from sympolis.domain import errors
from sympolis.domain.reading import did_you_mean
from sympolis.plugins.connector import Connector, Origin, Record

Progress = Callable[[float, str], None]
"""Called with (share done 0..1, short text)."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PlannedSource:
    """A source that is ready to run: its declarations, the sample's path and typed connector settings."""

    source: Source
    mapping: EntityMapping
    path: Path
    settings: Any
    identities: Identities | None = None
    """The master data that the mapping's joins ask."""
    door: Door | None = None
    """The data model that rows must conform to."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    partial: bool = False
    """Whether the data are only what is new, so that rows which are not among them are not gone."""
    bookmark: str | None = None
    """Where the delivery before left off, for the next one."""
    portal: PlannedSource | None = None
    """The same source in the form in which its portal gives it, where that is another than the sample's."""

    @property
    def origin(self) -> Origin:
        """What the connector reads."""
        refresh = self.source.refresh
        url = self.source.url if refresh is None else refresh.url
        return Origin(self.path, url, secrets=self.secrets, bookmark=self.bookmark)

    def reading(self, path: Path, *, partial: bool = False) -> PlannedSource:
        """The same source with other data."""
        return replace(self, path=path, partial=partial)

    def delivered(self, delivery: Delivery) -> PlannedSource:
        """The same source with this delivery, read in the form that it has."""
        form = self.portal if delivery.manifest.portal and self.portal is not None else self
        return form.reading(delivery.path, partial=delivery.manifest.bookmark is not None)

    def of_row(self, fields: Iterable[str]) -> PlannedSource:
        """The form that a kept row is in: the first whose mapping finds all it needs."""
        there = set(fields)
        forms = [self] if self.portal is None else [self, self.portal]
        return next((form for form in forms if there.issuperset(source_fields(form.mapping))), self)

    def rows(self, connector: Connector) -> Iterator[Record]:
        """The rows of its data, with people taken out as the source declares. Raises ``SourceFailed``."""
        return self.without_people(connector.read(self.origin, self.settings))

    def without_people(self, records: Iterable[Record]) -> Iterator[Record]:
        """Rows as they may be seen (``protection``), and one for each thing that is said (``unpivoting``)."""
        privacy, wide = self.source.privacy, self.mapping.unpivot
        if privacy is not None:
            records = protected(records, privacy, source=self.source.id, secrets=self.secrets)
        return iter(records) if wide is None else unpivoted(records, wide)

    def declaration(self) -> bytes:
        """Everything but the data that decides what the twin makes of it."""
        source = self.source
        parts = (
            self.mapping,
            self.settings,
            source.crs,
            source.timezone,
            source.expectations,
            source.connector,
            source.privacy,
        )
        kinds = sorted({join.kind for join in self.mapping.joins})
        known = self.identities.version(kinds) if self.identities is not None and kinds else ""
        kept = () if source.retention is None else (source.retention.observations,)
        return repr((*parts, known, self.door.version if self.door is not None else "", *kept)).encode()


class Ingest:
    """A run in progress."""

    def __init__(
        self,
        planned: PlannedSource,
        gate: Gate,
        writer: Writer | None,
        ledger: Ledger,
        summary: RunSummary,
        sameness: Sameness,
    ) -> None:
        self._planned = planned
        self._gate = gate
        self._writer = writer
        """None for a dry run."""
        self._ledger = ledger
        self._sameness = sameness
        self.summary = summary

    async def run(self, connector: Connector, progress: Progress, expected_rows: int) -> RunSummary:
        """Take every row. A failure of the source ends the run and is told in the summary, not raised."""
        try:
            await self._rows(connector, progress, max(1, expected_rows))
            if self._writer is not None:
                await self._writer.finish()
        except errors.Cancelled:
            raise
        except errors.SympolisError as cause:
            self._fail(str(cause))
            texts = explained([diagnose(self._planned, cause)])
            self.summary = replace(self.summary, explained=texts)
        except Exception as cause:
            log.exception("source failed", extra={"action": "source.run", "source": self._planned.source.id})
            self._fail(f"{type(cause).__name__}: {cause}")
        return self.summary

    def _fail(self, reason: str) -> None:
        self.summary = replace(self.summary, state=RunState.FAILED, error=reason)

    async def _rows(self, connector: Connector, progress: Progress, expected_rows: int) -> None:
        records = await asyncio.to_thread(self._open, connector)
        try:
            while True:
                batch = await asyncio.to_thread(self._gate.take, records)
                if self.summary.read == 0:
                    check_fields(self._planned, batch)
                await self._settle(batch)
                self.summary = replace(self.summary, oldest_observation=self._gate.tally.oldest)
                progress(min(0.99, self.summary.read / expected_rows), f"{self.summary.read} rows")
                if batch.last:
                    break
        finally:
            with suppress(AttributeError, ValueError):
                records.close()  # type: ignore[attr-defined]
        check_count(self._planned, self.summary.read)

    def _open(self, connector: Connector) -> Iterator[Record]:
        return self._planned.rows(connector)

    async def _settle(self, batch: Batch) -> None:
        await self._sameness.check(batch, self._gate)
        if self._writer is not None:
            for row, error in await self._writer.write(batch.accepted):
                batch.accepted.remove(row)
                reason = Reason("", "row", f"the store refused it: {error}", "an entity the twin can hold")
                batch.quarantined.append(self._gate.row(row.record, [reason]))
            await asyncio.to_thread(self._enter, batch)
        self.summary = batch.added_to(self.summary)

    def _enter(self, batch: Batch) -> None:
        source = self._planned.source.id
        if batch.accepted:
            self._ledger.record_fingerprints(source, {row.key: row.digest for row in batch.accepted})
        if batch.quarantined:
            self._ledger.hold(batch.quarantined)
        if batch.released:
            self._ledger.settle(source, batch.released, RowState.REPLAYED, {})


def check_fields(planned: PlannedSource, batch: Batch) -> None:
    """Raise ``MappingInvalid`` where the first rows lack a column that the mapping needs."""
    missing = [name for name in source_fields(planned.mapping) if name not in batch.fields]
    if not missing or batch.read == 0:
        return
    hint = "; ".join(f"{name}: {did_you_mean(name, batch.fields)}" for name in missing[:3])
    message = f"the source has no field {', '.join(map(repr, missing[:5]))}"
    where = f"mappings/{planned.mapping.id}.toml"
    raise errors.MappingInvalid(message, where=where, hint=f"{hint}; or set optional = true")


def check_count(planned: PlannedSource, read: int) -> None:
    """Raise ``SourceFailed`` where there are fewer rows than the source promises."""
    wanted = planned.source.expectations.min_rows
    if read < wanted and not planned.partial:
        message = f"gave {read} rows, expected at least {wanted}"
        hint = "a part of the data may be missing; lower expectations.min_rows if not"
        raise errors.SourceFailed(message, where=str(planned.path), hint=hint)


def data_version(planned: PlannedSource, place: Place, known: frozenset[str] | None) -> str:
    """The version of what a source gives: its bytes, and everything that decides what the twin makes of them.

    ``known`` are the entities its rows may speak of. Raises ``SourceFailed`` where the sample is not there.
    """
    try:
        content = _content(planned.path)
    except OSError as cause:
        message = f"cannot be read: {cause.strerror}"
        hint = "run: sympolis city build-samples, or check the source's path"
        raise errors.SourceFailed(message, where=str(planned.path), hint=hint) from cause
    about = repr((place, None if known is None else sorted(known))).encode()
    return identity.fingerprint(content, planned.declaration(), about)


def _content(path: Path) -> bytes:
    """The bytes of a file, or of all files of a delivery or a folder with their names."""
    if not path.is_dir():
        return path.read_bytes()
    pages = sorted((one.relative_to(path).as_posix(), one) for one in path.rglob("*") if one.is_file())
    return b"".join(name.encode() + b"\0" + one.read_bytes() for name, one in pages)


def superseded(states: Mapping[str, tuple[RowState, str]], run: str) -> list[str]:
    """Ids of rows that are still held although the source's complete run no longer contained them."""
    return [row_id for row_id, (state, last) in states.items() if state is RowState.HELD and last != run]
