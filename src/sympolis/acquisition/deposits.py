"""Files that a machine sends of itself: kept as a delivery like one from a portal, and run at once.

For a person's file there is the handover, which is examined first; a machine that sends every hour has nobody to read
an examination, so what is wrong as a whole is refused and what is wrong in a row is held, as with any delivery.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from sympolis.acquisition.coordinator import Coordinator
from sympolis.acquisition.deliveries import Deliveries, Delivery, Draft, manifest_of
from sympolis.acquisition.findings import DeliveryUnfit
from sympolis.acquisition.ingest import PlannedSource
from sympolis.acquisition.ledger import RunSummary
from sympolis.acquisition.unpacking import unpack
from sympolis.domain import errors

_KEPT: Final = 5
"""Deliveries of a source that says nothing of it."""
_MOST_MB: Final = 200


def _now() -> datetime:
    return datetime.now(UTC)


class Deposits:
    """The way in for machines. ``clock`` is the present moment (UTC)."""

    def __init__(
        self, coordinator: Coordinator, deliveries: Deliveries, clock: Callable[[], datetime] = _now
    ) -> None:
        self._coordinator = coordinator
        self._deliveries = deliveries
        self._clock = clock

    async def deposit(self, source_id: str, content: bytes) -> tuple[str, RunSummary]:
        """Keep a file and run the source; the delivery's id, and what became of every row.

        The same bytes as last time are no new delivery. Raises ``NotFound`` for the source, ``BadRequestData`` for an
        empty file or an archive that cannot be taken.
        """
        planned = self._coordinator.planned(source_id)
        if not content:
            raise errors.BadRequestData("the file is empty", where="body")
        delivery = await asyncio.to_thread(self._keep, planned, content)
        return delivery.id, await self._coordinator.run(source_id)

    def _keep(self, planned: PlannedSource, content: bytes) -> Delivery:
        source = planned.source
        last = self._deliveries.newest(source.id)
        with self._deliveries.draft(source.id) as draft:
            draft.file(f"data{planned.path.suffix}").write_bytes(content)
            self._unpack(planned, draft)
            manifest = manifest_of(
                draft, source=source.id, url="deposit:", at=self._clock(), headers={}, paged=False
            )
            if last is not None and last.manifest.sha256 == manifest.sha256:
                return last
            most = _KEPT if source.refresh is None else source.refresh.keep
            return self._deliveries.keep(draft, manifest, most=most)

    def _unpack(self, planned: PlannedSource, draft: Draft) -> None:
        refresh = planned.source.refresh
        most = (_MOST_MB if refresh is None else refresh.max_size_mb) * 1_000_000
        try:
            archive = unpack(draft.folder / draft.files[0], planned.path.suffix, most)
        except DeliveryUnfit as problem:
            raise errors.BadRequestData(problem.finding.told("en"), where="body") from problem
        if archive is not None:
            draft.files.append(archive.name)
