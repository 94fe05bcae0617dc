"""Judges the rows of one run and keeps count: accepted, unchanged, duplicate or quarantined; never none of these."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from sympolis.acquisition.identity import digest
from sympolis.acquisition.ledger import QuarantinedRow, RowState, RunSummary
from sympolis.acquisition.quality import Reason
from sympolis.acquisition.tally import Tally
from sympolis.acquisition.translate import Translated, Translator
from sympolis.plugins.connector import Record

MAX_ROWS = 2000
MAX_OBSERVATIONS = 20_000
"""A batch ends at either: what one transaction of the store takes at ease."""


@dataclass(slots=True)
class Accepted:
    """A row that passed: what it means, and the fingerprint to remember once it is written."""

    record: Record
    meaning: Translated
    key: int
    digest: int


@dataclass(slots=True)
class Batch:
    """The verdicts on some rows. ``last`` is True where the source had no more."""

    read: int = 0
    accepted: list[Accepted] = field(default_factory=list)
    unchanged: int = 0
    duplicates: int = 0
    quarantined: list[QuarantinedRow] = field(default_factory=list)
    fields: set[str] = field(default_factory=set)
    """Every field name met."""
    newest: datetime | None = None
    """The latest observation among rows that passed, new or not."""
    released: list[str] = field(default_factory=list)
    """Ids of rows that an earlier run held and this one accepts."""
    last: bool = False

    def added_to(self, summary: RunSummary) -> RunSummary:
        """The summary of a run with these rows in it."""
        times = [at for at in (summary.newest_observation, self.newest) if at is not None]
        return replace(
            summary,
            read=summary.read + self.read,
            accepted=summary.accepted + len(self.accepted),
            unchanged=summary.unchanged + self.unchanged,
            duplicates=summary.duplicates + self.duplicates,
            quarantined=summary.quarantined + len(self.quarantined),
            observations=summary.observations + sum(len(row.meaning.observations) for row in self.accepted),
            newest_observation=max(times, default=None),
        )


def _nobody(_entity_id: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Memory:
    """What earlier runs left behind, for judging this one."""

    fingerprints: Mapping[int, int]
    states: Mapping[str, tuple[RowState, str]]
    known: Set[str] | None = None
    """Ids of entities that exist; None where rows may speak of new ones."""
    erased: Callable[[str], bool] = _nobody
    """Whether an entity was erased: its rows are passed over as if they had been seen, and kept nowhere."""
    since: datetime | None = None
    """Rows that give only observations from before are passed over, too: their time is over (``retention``)."""

    def is_over(self, meaning: Translated) -> bool:
        """Whether all that a row gives is from before the time that is kept."""
        points = meaning.observations
        if self.since is None or meaning.entity is not None or not points:
            return False
        return max(point.at for point in points) < self.since


class Gate:
    """The judge of one run. ``salt`` stands for mapping and expectations: when they change, every row is new."""

    def __init__(
        self,
        translator: Translator,
        memory: Memory,
        *,
        source: str,
        run: str,
        now: datetime,
        tally: Tally,
        salt: int = 0,
    ) -> None:
        self._translator = translator
        self._memory = memory
        self.tally = tally
        self._source, self._run, self._now, self._salt = source, run, now, salt
        self._seen: dict[int, tuple[int, int]] = {}
        self._refused: set[int] = set()

    @property
    def id_field(self) -> str:
        """The source field that tells one thing from another."""
        return self._translator.id_field

    @property
    def seen(self) -> Mapping[int, tuple[int, int]]:
        """The keys of the rows that had a meaning so far, each with the mark and the number of its first row."""
        return self._seen

    def knows(self, key: int) -> bool:
        """Whether an earlier run has accepted a row of this key."""
        return key in self._memory.fingerprints

    def take(self, records: Iterator[Record]) -> Batch:
        """Read and judge the next rows of ``records``."""
        batch = Batch()
        observations = 0
        for record in islice(records, MAX_ROWS):
            before = len(batch.accepted)
            self.judge(record, batch)
            if len(batch.accepted) > before:
                observations += len(batch.accepted[-1].meaning.observations)
                if observations >= MAX_OBSERVATIONS:
                    return batch
        batch.last = batch.read < MAX_ROWS
        return batch

    def judge(self, record: Record, batch: Batch) -> None:
        """Add the verdict on one row to ``batch``."""
        batch.read += 1
        batch.fields.update(record.fields)
        mark = digest(record.fields, record.geometry, record.faults)
        if mark in self._refused:
            batch.duplicates += 1
            self.tally.duplicate()
            return
        meaning = self._translator.translate(record)
        if meaning.passed_over:
            batch.unchanged += 1
            return
        if self._memory.erased(meaning.entity_id):
            batch.unchanged += 1
            return
        if not meaning.reasons and self._memory.is_over(meaning):
            self.tally.passed(record, meaning)
            batch.unchanged += 1
            return
        key = 0 if meaning.reasons else self._place(record, meaning, mark)
        if meaning.reasons:
            self._refuse(record, meaning, mark, batch)
            return
        if self._seen[key][1] != record.number:
            batch.duplicates += 1
            self.tally.duplicate()
            return
        self.tally.passed(record, meaning)
        if self._memory.fingerprints.get(key) == mark ^ self._salt:
            batch.unchanged += 1
            _note_newest(meaning, batch)
        else:
            _note_newest(meaning, batch)
            self._accept(Accepted(record, meaning, key, mark ^ self._salt), mark, batch)

    def _place(self, record: Record, meaning: Translated, mark: int) -> int:
        """The row's key; adds a reason where the row contradicts an earlier one or speaks of nothing known."""
        known = self._memory.known
        if known is not None and meaning.entity_id not in known:
            message = f"there is no {meaning.entity_id}"
            meaning.reasons.append(
                Reason(
                    self._translator.id_field, "reference", message, "an entity that another source describes"
                )
            )
            return 0
        quantity = (meaning.part,) if meaning.part else ()
        key = digest(meaning.entity_id, meaning.at, *quantity)
        first = self._seen.setdefault(key, (mark, record.number))
        if first[0] != mark:
            message = f"row {first[1]} of the data already describes {meaning.entity_id} differently"
            meaning.reasons.append(
                Reason(self._translator.id_field, "duplicate", message, "one row per thing and time")
            )
        return key

    def _refuse(self, record: Record, meaning: Translated, mark: int, batch: Batch) -> None:
        self._refused.add(mark)
        row = self.row(record, meaning.reasons, mark)
        state, _ = self._memory.states.get(row.id, (RowState.HELD, ""))
        if state is RowState.REPLAYED:
            batch.unchanged += 1
            self.tally.passed(record, meaning)
        else:
            self.tally.refuse(record, meaning.reasons)
            batch.quarantined.append(row)

    def _accept(self, accepted: Accepted, mark: int, batch: Batch) -> None:
        batch.accepted.append(accepted)
        row_id = _row_id(mark)
        if self._memory.states.get(row_id, (None, ""))[0] is RowState.HELD:
            batch.released.append(row_id)

    def row(self, record: Record, reasons: list[Reason], mark: int | None = None) -> QuarantinedRow:
        """The record as a quarantined row; its id is its content, so that it is held once however often it comes."""
        if mark is None:
            mark = digest(record.fields, record.geometry, record.faults)
        return QuarantinedRow(
            id=_row_id(mark),
            source=self._source,
            row_number=record.number,
            fields=record.fields,
            geometry=record.geometry,
            reasons=tuple(reasons),
            run=self._run,
            at=self._now,
        )


def _note_newest(meaning: Translated, batch: Batch) -> None:
    latest = max((point.at for point in meaning.observations), default=None)
    if latest is not None and (batch.newest is None or latest > batch.newest):
        batch.newest = latest


def _row_id(mark: int) -> str:
    return f"{mark:016x}"
