"""What a city keeps no longer than it says: old history, rows held back, deliveries.

A source declares it (``[retention]``); here it is carried out, once a day where sources are read anew, or when somebody
asks. Rows that give only observations from before the time are passed over when they are delivered again (``gate``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sympolis.acquisition.coordinator import Coordinator
from sympolis.acquisition.deliveries import Deliveries, Delivery
from sympolis.acquisition.ingest import PlannedSource
from sympolis.acquisition.ledger import Ledger, RowState
from sympolis.acquisition.times import duration
from sympolis.acquisition.translate import Names
from sympolis.context.broker import Broker
from sympolis.context.query import Aggregation, HistoryQuery, Query, TimeRange, TimeRelation, TypeIs

log = logging.getLogger(__name__)

CAUSE: Final = "retention"
_PAGE: Final = 500
_OVER: Final = frozenset({RowState.HELD, RowState.DISMISSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Retained:
    """What was deleted of a source (``dry_run``: what would be); what ends when is in ``before``."""

    source: str
    dry_run: bool
    observations: int = 0
    """Of all entities of the mapping's type."""
    held_rows: int = 0
    deliveries: int = 0
    before: Mapping[str, datetime] = field(default_factory=dict)
    """By kind (``observations``, ``held_rows``, ``deliveries``); a kind that is not here is kept for good."""
    kept_for: tuple[str, ...] = ()
    """Sources of the same type that say nothing of their observations, so that none is deleted."""

    def to_json(self) -> dict[str, Any]:
        """The form of docs/reference/twin-api.md."""
        return {
            "source": self.source,
            "dry_run": self.dry_run,
            "observations": self.observations,
            "held_rows": self.held_rows,
            "deliveries": self.deliveries,
            "before": self.before,
            "kept_for": self.kept_for,
        }


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Retention:
    """Carries out what the sources of a coordinator declare. ``clock`` is the present moment (UTC)."""

    coordinator: Coordinator
    broker: Broker
    terms: Names
    ledger: Ledger
    deliveries: Deliveries
    clock: Callable[[], datetime] = _now

    async def apply(self, source_id: str, *, dry_run: bool = False) -> Retained:
        """Delete what is over of a source, or count it. Raises ``NotFound``, ``NotImplementedHere``."""
        planned = self.coordinator.planned(source_id)
        before = self._bounds(planned)
        async with self.coordinator.alone(source_id):
            rows = await asyncio.to_thread(self._rows, source_id, before.get("held_rows"), dry_run)
            kept = await asyncio.to_thread(self._deliveries, source_id, before.get("deliveries"), dry_run)
        return Retained(
            source=source_id,
            dry_run=dry_run,
            observations=await self._observations(planned, before.get("observations"), dry_run),
            held_rows=rows,
            deliveries=kept,
            before=before,
            kept_for=self._silent(planned),
        )

    async def apply_all(self) -> list[Retained]:
        """Every source that declares something. A failure is the source's own and does not stop the others."""
        done = []
        for status in self.coordinator.sources():
            if status.planned.source.retention is None:
                continue
            source = status.planned.source.id
            try:
                done.append(await self.apply(source))
            except Exception:
                log.exception("retention failed", extra={"action": "source.retain", "source": source})
        return done

    def _bounds(self, planned: PlannedSource) -> dict[str, datetime]:
        declared, now = planned.source.retention, self.clock()
        if declared is None:
            return {}
        times = {
            "observations": self._longest(planned),
            "held_rows": duration(declared.held_rows),
            "deliveries": duration(declared.deliveries),
        }
        return {kind: now - time for kind, time in times.items() if time is not None}

    # --- history

    def _longest(self, planned: PlannedSource) -> timedelta | None:
        """How long observations of the type are kept; None where any source of them wants them for good."""
        times = [_kept(one) for one in self._alike(planned)]
        known = [time for time in times if time is not None]
        return max(known) if known and len(known) == len(times) else None

    def _silent(self, planned: PlannedSource) -> tuple[str, ...]:
        if _kept(planned) is None:
            return ()
        return tuple(one.source.id for one in self._alike(planned) if _kept(one) is None)

    def _alike(self, planned: PlannedSource) -> list[PlannedSource]:
        """The source, and others that give observations of its entity type."""
        mapping = planned.mapping
        others = (status.planned for status in self.coordinator.sources())
        return [
            one
            for one in others
            if one.source.id == planned.source.id
            or (one.mapping.entity_type == mapping.entity_type and one.mapping.time is not None)
        ]

    async def _observations(self, planned: PlannedSource, before: datetime | None, dry_run: bool) -> int:
        if before is None:
            return 0
        entity_type = self.terms.expand(planned.mapping.entity_type)
        if dry_run:
            return await self._counted(entity_type, before)
        return await self.broker.trim((entity_type,), before, cause=CAUSE)

    async def _counted(self, entity_type: str, before: datetime) -> int:
        within, method = TimeRange(TimeRelation.BEFORE, before), Aggregation.TOTAL_COUNT
        found, first, total = 0, 0, 1
        while first < total:
            wanted = Query(types=TypeIs(entity_type), limit=_PAGE, offset=first, count=True)
            page = await self.broker.history(HistoryQuery(wanted, within, methods=(method,)))
            found += sum(
                int(bucket.figures[method] or 0) for series in page.series for bucket in series.buckets
            )
            first, total = first + _PAGE, page.total or 0
        return found

    # --- books and files

    def _rows(self, source_id: str, before: datetime | None, dry_run: bool) -> int:
        if before is None:
            return 0
        total, _ = self.ledger.rows(source_id, limit=0)
        _, rows = self.ledger.rows(source_id, limit=total)
        over = [row.id for row in rows if row.state in _OVER and row.at < before]
        if over and not dry_run:
            self.ledger.forget_rows(source_id, over)
        return len(over)

    def _deliveries(self, source_id: str, before: datetime | None, dry_run: bool) -> int:
        if before is None:
            return 0
        kept = self.deliveries.all(source_id)
        needed = _needed(kept)
        over = [one for one in kept if one.manifest.at < before and one.id not in needed]
        for one in over if not dry_run else ():
            one.forget()
        return len(over)


def _kept(planned: PlannedSource) -> timedelta | None:
    declared = planned.source.retention
    return None if declared is None else duration(declared.observations)


def _needed(kept: Iterable[Delivery]) -> set[str]:
    """The last good delivery, and the last that was taken in, from which an incremental source goes on."""
    good = [one for one in kept if one.refusal is None]
    return {one.id for one in [*good[:1], *[one for one in good if one.taken][:1]]}
