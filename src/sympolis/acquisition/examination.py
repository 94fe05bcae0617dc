"""What a delivery would do if it were released: rows that are new, changed, gone or refused, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from sympolis.acquisition.differences import Before, Differences, differences
from sympolis.acquisition.findings import Finding
from sympolis.acquisition.gate import Batch, Gate
from sympolis.acquisition.ingest import PlannedSource, check_count, check_fields
from sympolis.acquisition.ledger import QuarantinedRow
from sympolis.acquisition.remarks import remark
from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Record

_COUNTS = ("read", "new", "changed", "unchanged", "duplicates", "missing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """The verdict on a delivery. ``read = new + changed + unchanged + duplicates + len(refused)``.

    ``missing``: rows that an earlier delivery had and this one has not; they stay in the twin.
    """

    read: int
    new: int
    changed: int
    unchanged: int
    duplicates: int
    missing: int
    refused: tuple[QuarantinedRow, ...]
    findings: tuple[Finding, ...] = ()
    """What is to be said about the delivery as a whole."""
    differences: Differences = field(default_factory=Differences)
    """Against the delivery before, where there is one that can be read."""

    def to_json(self, language: str = "en") -> dict[str, Any]:
        """Counts, and the reasons by row, each with a remark for its sender in ``language``."""
        counts = {name: getattr(self, name) for name in _COUNTS}
        problems = [
            {"row": row.row_number, **asdict(reason), "remark": remark(reason, language).text}
            for row in self.refused
            for reason in row.reasons
        ]
        return {**counts, "refused": len(self.refused), "problems": problems}


def examine(
    planned: PlannedSource,
    connector: Connector,
    gate: Gate,
    known: Mapping[int, int],
    before: Before | None = None,
) -> Examination:
    """Put every row through the gate. ``known``: row key → digest of what was last accepted; ``before``: of where.

    Raises ``SourceFailed`` (unreadable, too few rows) and ``MappingInvalid`` (a column is missing).
    """
    total = Batch()
    records = planned.rows(connector)
    try:
        for batch in _batches(gate, records):
            if total.read == 0:
                check_fields(planned, batch)
            _add(total, batch)
    finally:
        with suppress(AttributeError, ValueError):
            records.close()  # type: ignore[attr-defined]
    check_count(planned, total.read)
    changed = sum(row.key in known for row in total.accepted)
    return Examination(
        read=total.read,
        new=len(total.accepted) - changed,
        changed=changed,
        unchanged=total.unchanged,
        duplicates=total.duplicates,
        missing=max(0, len(known) - changed - total.unchanged),
        refused=tuple(total.quarantined),
        differences=_compared(before, gate, total),
    )


def _compared(before: Before | None, gate: Gate, total: Batch) -> Differences:
    if before is None:
        return Differences()
    try:
        return differences(before, total.accepted, gate.seen)
    except errors.SourceFailed:  # a delivery that is damaged by now is nothing to compare with
        return Differences()


def _batches(gate: Gate, records: Iterator[Record]) -> Iterator[Batch]:
    while True:
        batch = gate.take(records)
        yield batch
        if batch.last:
            return


def _add(total: Batch, batch: Batch) -> None:
    total.read += batch.read
    total.accepted += batch.accepted
    total.unchanged += batch.unchanged
    total.duplicates += batch.duplicates
    total.quarantined += batch.quarantined
