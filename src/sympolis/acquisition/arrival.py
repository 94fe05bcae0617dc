"""Judges a delivery as a whole before anything of it is written, and keeps the figures of its quality.

A delivery is looked at first where there is something to lose: a good state before it, or a portal it came from. The
sample of a city's first start is read once, and what is remarkable about it is only told.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from sympolis.acquisition import measuring
from sympolis.acquisition.evaluation import Evaluation
from sympolis.acquisition.findings import DeliveryUnfit, Finding, refusing
from sympolis.acquisition.gate import Gate
from sympolis.acquisition.ingest import PlannedSource, check_fields
from sympolis.acquisition.ledger import Ledger, RunState, RunSummary
from sympolis.acquisition.likeness import diagnose
from sympolis.acquisition.pushed import is_pushed
from sympolis.acquisition.survey import Usual, judge
from sympolis.acquisition.tally import Tally
from sympolis.acquisition.translate import Place
from sympolis.domain import errors
from sympolis.plugins.connector import Connector

_LOOK_BACK = 10
"""So many evaluations together say what is usual: small deliveries each know few hours of the week."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a delivery found; ``error`` is why it is refused, with the reader's own words where it failed."""

    findings: list[Finding]
    error: str


class Arrivals:
    """The judge of a city's deliveries, with its books."""

    def __init__(self, ledger: Ledger, place: Place) -> None:
        self._ledger = ledger
        self._place = place

    def usual(self, planned: PlannedSource) -> Usual:
        """What the deliveries before were like, those that were taken and read with the same mapping."""
        source = planned.source.id
        taken = [one for one in self._ledger.evaluations(source, limit=_LOOK_BACK) if one.taken]
        profile: dict[str, dict[int, tuple[float, int]]] = {}
        for evaluation in reversed([one for one in taken if one.profile]):
            for name, cells in evaluation.profile.items():
                profile.setdefault(name, {}).update(cells)
        done = (run for run in self._ledger.runs(source) if run.state is RunState.DONE and not run.skipped)
        last = next((run for run in done if not is_pushed(run)), None)
        return Usual(0 if last is None or planned.partial else last.read, profile)

    def look(self, planned: PlannedSource, connector: Connector, gate: Gate) -> Look:
        """Put every row through the gate and keep none. A delivery that cannot be read is a finding, too."""
        try:
            _read_all(planned, connector, gate)
            if not (gate.tally.read or planned.partial):
                _check_likeness(planned)
        except errors.SympolisError as cause:
            return Look([diagnose(planned, cause)], str(cause))
        found = self.judged(planned, gate.tally)
        return Look(found, " ".join(one.told("en") for one in refusing(found)))

    def judged(self, planned: PlannedSource, tally: Tally) -> list[Finding]:
        """What is to be said of the rows that were counted."""
        return judge(tally, planned, self.usual(planned), self._place)

    def record(
        self,
        planned: PlannedSource,
        summary: RunSummary,
        tally: Tally,
        found: Sequence[Finding],
        at: datetime,
    ) -> Evaluation:
        """Keep the figures of a delivery."""
        evaluation = measuring.evaluate(
            tally,
            planned,
            self.usual(planned),
            found=found,
            run=summary.id,
            at=at,
            newest=tally.newest,
            data_version=summary.data_version,
        )
        self._ledger.record_evaluation(evaluation)
        return evaluation

    def watch(self, planned: PlannedSource, newest: datetime | None, at: datetime) -> Evaluation | None:
        """Judge anew what changes by time alone; kept, and given, only where the verdict is another than the last."""
        last = next(iter(self._ledger.evaluations(planned.source.id, limit=1)), None)
        if last is None:
            return None
        now = tuple(measuring.timeliness(planned, newest, at))
        others = tuple(one for one in last.measures if one.dimension != "timeliness")
        before = [one.passed for one in last.measures if one.dimension == "timeliness"]
        if [one.passed for one in now] == before:
            return None
        found = replace(
            last,
            id=f"watch-{planned.source.id}-{at:%Y%m%dT%H%M%S%f}",
            at=at,
            occasion="watch",
            measures=(*others, *now),
            profile={},
        )
        self._ledger.record_evaluation(found)
        return found


def _check_likeness(planned: PlannedSource) -> None:
    """Raise ``DeliveryUnfit`` where a file without rows is something else altogether."""
    seen = diagnose(planned, errors.SourceFailed("has no rows"))
    if seen.rule != "unreadable":
        raise DeliveryUnfit(seen)


def _read_all(planned: PlannedSource, connector: Connector, gate: Gate) -> None:
    records = planned.rows(connector)
    try:
        first = True
        while True:
            batch = gate.take(records)
            if first:
                check_fields(planned, batch)
            first = False
            if batch.last:
                return
    finally:
        with suppress(AttributeError, ValueError):
            records.close()  # type: ignore[attr-defined]
