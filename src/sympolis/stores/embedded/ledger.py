"""The acquisition ledger in a SQLite file of its own beside the store, so that books and quarantine survive a restart.

Apart from the store's files because it is written by another thread and may be thrown away alone: the next run then
reads every source anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from sympolis.acquisition.evaluation import Evaluation
from sympolis.acquisition.ledger import QuarantinedRow, RowState, RunSummary
from sympolis.stores.embedded.book import Book

FILE = "ledger.sqlite"

_encoder = msgspec.json.Encoder(enc_hook=str)


class EmbeddedLedger(Book):
    """See ``acquisition.ledger.Ledger``."""

    FILE = FILE
    STATEMENTS = "ledger.sql"
    MEND = "move the file away: sources are then read anew"

    def record_run(self, run: RunSummary) -> None:
        """See ``Ledger``."""
        started = run.started_at.isoformat()
        self._rows("record_run", source=run.source, started=started, id=run.id, body=_json(run))

    def runs(self, source: str, *, limit: int = 20) -> list[RunSummary]:
        """See ``Ledger``."""
        found = self._rows("runs", source=source, limit=limit)
        return [msgspec.json.decode(body, type=RunSummary) for (body,) in found]

    def record_evaluation(self, evaluation: Evaluation) -> None:
        """See ``Ledger``."""
        values = {"source": evaluation.source, "at": evaluation.at.isoformat(), "id": evaluation.id}
        self._rows("record_evaluation", **values, body=_json(evaluation))

    def evaluations(self, source: str, *, limit: int = 20) -> list[Evaluation]:
        """See ``Ledger``."""
        found = self._rows("evaluations", source=source, limit=limit)
        return [msgspec.json.decode(body, type=Evaluation) for (body,) in found]

    def fingerprints(self, source: str) -> dict[int, int]:
        """See ``Ledger``."""
        return dict(self._rows("fingerprints", source=source))

    def record_fingerprints(self, source: str, accepted: Mapping[int, int]) -> None:
        """See ``Ledger``."""
        rows = [(source, key, digest) for key, digest in sorted(accepted.items())]
        with self._at_once() as connection:
            connection.executemany(self._sql["record_fingerprint"], rows)

    def hold(self, rows: Sequence[QuarantinedRow]) -> None:
        """See ``Ledger``."""
        values = [
            {
                "source": row.source,
                "row_number": row.row_number,
                "id": row.id,
                "state": str(row.state),
                "run": row.run,
                "body": _json(row),
            }
            for row in rows
        ]
        with self._at_once() as connection:
            connection.executemany(self._sql["hold"], values)

    def row(self, source: str, row_id: str) -> QuarantinedRow | None:
        """See ``Ledger``."""
        found = self._rows("row", source=source, id=row_id)
        return _row(*found[0]) if found else None

    def rows(
        self, source: str, *, limit: int = 50, offset: int = 0, state: RowState | None = None
    ) -> tuple[int, list[QuarantinedRow]]:
        """See ``Ledger``."""
        wanted = None if state is None else str(state)
        [(total,)] = self._rows("count_rows", source=source, state=wanted)
        found = self._rows("rows", source=source, state=wanted, limit=limit, offset=offset)
        return total, [_row(*values) for values in found]

    def states(self, source: str) -> dict[str, tuple[RowState, str]]:
        """See ``Ledger``."""
        found = self._rows("states", source=source)
        return {row_id: (RowState(state), run) for row_id, state, run in found}

    def settle(
        self, source: str, row_ids: Iterable[str], state: RowState, corrected: Mapping[str, Any]
    ) -> None:
        """See ``Ledger``. Raises ``KeyError`` for a row that is not there."""
        rows = [(row_id, self.row(source, row_id)) for row_id in row_ids]
        with self._at_once() as connection:
            for row_id, row in rows:
                if row is None:
                    raise KeyError(row_id)
                body = _json(replace(row, corrected={**row.corrected, **corrected}))
                values = {"source": source, "id": row_id, "state": str(state), "body": body}
                connection.execute(self._sql["settle"], values)

    def forget_rows(self, source: str, row_ids: Iterable[str] | None) -> None:
        """See ``Ledger``."""
        if row_ids is None:
            self._rows("forget_all_rows", source=source)
            return
        rows = [(source, row_id) for row_id in row_ids]
        with self._at_once() as connection:
            connection.executemany(self._sql["forget_row"], rows)


def _json(value: RunSummary | QuarantinedRow | Evaluation) -> str:
    return _encoder.encode(value).decode()


def _row(state: str, body: str) -> QuarantinedRow:
    return replace(msgspec.json.decode(body, type=QuarantinedRow), state=RowState(state))
