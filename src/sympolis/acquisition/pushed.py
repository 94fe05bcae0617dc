"""Takes in rows that came by themselves: judged and stored like any others, counted in one run an hour.

A run per batch would bury the books: batches come many times a second. Nor is every accepted row remembered, as it is
for a source that repeats itself: what comes twice is written twice, which changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sympolis.acquisition import identity
from sympolis.acquisition.gate import Batch, Gate
from sympolis.acquisition.ledger import Ledger, RowState, RunSummary
from sympolis.acquisition.quality import Reason
from sympolis.acquisition.writing import Writer
from sympolis.plugins.connector import Record

PREFIX = "push-"
"""Of the ids of such runs."""


def is_pushed(run: RunSummary) -> bool:
    """Whether a run counts what came by itself, and so is no measure of a delivery's length."""
    return run.id.startswith(PREFIX)


def run_of_hour(ledger: Ledger, source_id: str, now: datetime) -> RunSummary:
    """The run that counts what comes in this hour, as far as it has come."""
    run_id = f"{PREFIX}{source_id}-{now:%Y%m%dT%H}"
    known = (run for run in ledger.runs(source_id, limit=5) if run.id == run_id)
    return next(known, RunSummary(id=run_id, source=source_id, started_at=now))


async def settle(
    records: Sequence[Record], gate: Gate, writer: Writer, ledger: Ledger, summary: RunSummary
) -> RunSummary:
    """Judge and write the rows; the summary with them. Raises what the store raises: nothing is counted then."""
    rows = iter(records)
    while True:
        batch = await asyncio.to_thread(gate.take, rows)
        for row, error in await writer.write(batch.accepted):
            batch.accepted.remove(row)
            reason = Reason("", "row", f"the store refused it: {error}", "an entity the twin can hold")
            batch.quarantined.append(gate.row(row.record, [reason]))
        await writer.finish()
        await asyncio.to_thread(_enter, batch, ledger, summary.source)
        summary = batch.added_to(summary)
        if batch.last:
            # so that what was made from it before is known to be old
            about = f"{summary.id} {summary.accepted}".encode()
            return replace(summary, data_version=identity.fingerprint(about))


def _enter(batch: Batch, ledger: Ledger, source_id: str) -> None:
    if batch.quarantined:
        ledger.hold(batch.quarantined)
    if batch.released:
        ledger.settle(source_id, batch.released, RowState.REPLAYED, {})
