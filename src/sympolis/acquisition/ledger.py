"""The port behind which the books of acquisition are kept: runs, row fingerprints and the quarantine.

Small on purpose, like every port; ``MemoryLedger`` here and the SQLite one in ``stores.embedded.ledger`` pass the same
suite (``sympolis.testing.ledger``). Calls are quick and synchronous; the coordinator makes the large ones in a thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from sympolis.acquisition.evaluation import Evaluation
from sympolis.acquisition.quality import Reason


class RunState(StrEnum):
    """How a run ended."""

    DONE = "done"
    FAILED = "failed"


class RowState(StrEnum):
    """What became of a quarantined row: still held, accepted after all, or superseded by its source."""

    HELD = "held"
    REPLAYED = "replayed"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """One run of one source. ``read = accepted + unchanged + duplicates + quarantined`` always holds."""

    id: str
    source: str
    started_at: datetime
    finished_at: datetime | None = None
    state: RunState = RunState.DONE
    read: int = 0
    accepted: int = 0
    """Rows that were written because they were new or had changed."""
    unchanged: int = 0
    """Rows equal to what an earlier run wrote (or a person replayed)."""
    duplicates: int = 0
    """Rows that repeat an earlier row of the same run word for word."""
    quarantined: int = 0
    observations: int = 0
    """Points in the accepted rows."""
    data_version: str = ""
    newest_observation: datetime | None = None
    oldest_observation: datetime | None = None
    error: str | None = None
    """Why a failed run stopped, in a sentence; rows counted before were written and stay."""
    explained: Mapping[str, str] = field(default_factory=dict)
    """What is to be said about the delivery as a whole, by language: why it was refused, or what is remarkable."""
    delivery: str | None = None
    """The delivery that was read; None for the sample."""
    dry_run: bool = False
    skipped: bool = False
    """Nothing was read: data, mapping and expectations equal those of the last complete run."""

    @property
    def reconciles(self) -> bool:
        """Whether every row read is accounted for."""
        return self.read == self.accepted + self.unchanged + self.duplicates + self.quarantined

    def to_json(self) -> dict[str, Any]:
        """The form of docs/reference/twin-api.md."""
        return {**asdict(self), "state": str(self.state)}


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedRow:
    """A row that did not pass, with everything needed to understand, correct and replay it."""

    id: str
    source: str
    row_number: int
    fields: Mapping[str, Any]
    geometry: Mapping[str, Any] | None = None
    reasons: tuple[Reason, ...] = ()
    run: str = ""
    at: datetime
    state: RowState = RowState.HELD
    corrected: Mapping[str, Any] = field(default_factory=dict)
    """The fields a person changed when replaying it."""

    def to_json(self) -> dict[str, Any]:
        """The form of docs/reference/twin-api.md."""
        return {
            "id": self.id,
            "row_number": self.row_number,
            "fields": {**self.fields, **self.corrected},
            "geometry": self.geometry,
            "corrected": sorted(self.corrected),
            "reasons": [asdict(reason) for reason in self.reasons],
            "run": self.run,
            "at": self.at,
            "state": str(self.state),
        }


class Ledger(Protocol):
    """Keeps what happened to every row. Each call is durable when it returns (for the kinds that last)."""

    def record_run(self, run: RunSummary) -> None:
        """Add a run, or overwrite the one with its id."""
        ...

    def runs(self, source: str, *, limit: int = 20) -> list[RunSummary]:
        """The source's runs, newest first."""
        ...

    def record_evaluation(self, evaluation: Evaluation) -> None:
        """Add the figures of a moment, or overwrite those with its id."""
        ...

    def evaluations(self, source: str, *, limit: int = 20) -> list[Evaluation]:
        """The source's figures, newest first."""
        ...

    def fingerprints(self, source: str) -> dict[int, int]:
        """Row key → digest of what was last accepted from the source."""
        ...

    def record_fingerprints(self, source: str, accepted: Mapping[int, int]) -> None:
        """Note accepted rows; an earlier digest of the same key gives way."""
        ...

    def hold(self, rows: Sequence[QuarantinedRow]) -> None:
        """Put rows in quarantine. A known row is refreshed and held again, but one replayed stays replayed."""
        ...

    def row(self, source: str, row_id: str) -> QuarantinedRow | None:
        """One quarantined row."""
        ...

    def rows(
        self, source: str, *, limit: int = 50, offset: int = 0, state: RowState | None = None
    ) -> tuple[int, list[QuarantinedRow]]:
        """(total, page) of a source's quarantine, by row number."""
        ...

    def states(self, source: str) -> dict[str, tuple[RowState, str]]:
        """Row id → (state, id of the run that last held it), for every row of the source."""
        ...

    def settle(
        self, source: str, row_ids: Iterable[str], state: RowState, corrected: Mapping[str, Any]
    ) -> None:
        """Give rows a new state and note what was corrected in them."""
        ...

    def forget_rows(self, source: str, row_ids: Iterable[str] | None) -> None:
        """Delete rows from the quarantine, for good; None: all of the source's."""
        ...

    def close(self) -> None:
        """Let go of files."""
        ...


class MemoryLedger:
    """The books of a twin that keeps nothing: for tests, tutorials and the memory store."""

    def __init__(self) -> None:
        self._runs: dict[str, RunSummary] = {}
        self._fingerprints: dict[str, dict[int, int]] = {}
        self._rows: dict[tuple[str, str], QuarantinedRow] = {}
        self._evaluations: dict[str, Evaluation] = {}

    def record_run(self, run: RunSummary) -> None:
        """See ``Ledger``."""
        self._runs[run.id] = run

    def runs(self, source: str, *, limit: int = 20) -> list[RunSummary]:
        """See ``Ledger``."""
        found = [run for run in self._runs.values() if run.source == source]
        return sorted(found, key=lambda run: (run.started_at, run.id), reverse=True)[:limit]

    def record_evaluation(self, evaluation: Evaluation) -> None:
        """See ``Ledger``."""
        self._evaluations[evaluation.id] = evaluation

    def evaluations(self, source: str, *, limit: int = 20) -> list[Evaluation]:
        """See ``Ledger``."""
        found = [one for one in self._evaluations.values() if one.source == source]
        return sorted(found, key=lambda one: (one.at, one.id), reverse=True)[:limit]

    def fingerprints(self, source: str) -> dict[int, int]:
        """See ``Ledger``."""
        return dict(self._fingerprints.get(source, {}))

    def record_fingerprints(self, source: str, accepted: Mapping[int, int]) -> None:
        """See ``Ledger``."""
        self._fingerprints.setdefault(source, {}).update(accepted)

    def hold(self, rows: Sequence[QuarantinedRow]) -> None:
        """See ``Ledger``."""
        for row in rows:
            known = self._rows.get((row.source, row.id))
            if known is None or known.state is not RowState.REPLAYED:
                self._rows[row.source, row.id] = row

    def row(self, source: str, row_id: str) -> QuarantinedRow | None:
        """See ``Ledger``."""
        return self._rows.get((source, row_id))

    def rows(
        self, source: str, *, limit: int = 50, offset: int = 0, state: RowState | None = None
    ) -> tuple[int, list[QuarantinedRow]]:
        """See ``Ledger``."""
        found = [row for row in self._rows.values() if row.source == source and state in (None, row.state)]
        found.sort(key=lambda row: (row.row_number, row.id))
        return len(found), found[offset : offset + limit]

    def states(self, source: str) -> dict[str, tuple[RowState, str]]:
        """See ``Ledger``."""
        return {row.id: (row.state, row.run) for row in self._rows.values() if row.source == source}

    def settle(
        self, source: str, row_ids: Iterable[str], state: RowState, corrected: Mapping[str, Any]
    ) -> None:
        """See ``Ledger``."""
        for row_id in row_ids:
            known = self._rows[source, row_id]
            self._rows[source, row_id] = replace(
                known, state=state, corrected={**known.corrected, **corrected}
            )

    def forget_rows(self, source: str, row_ids: Iterable[str] | None) -> None:
        """See ``Ledger``."""
        for row_id in list(self.states(source)) if row_ids is None else row_ids:
            self._rows.pop((source, row_id), None)

    def close(self) -> None:
        """See ``Ledger``."""
