"""Contracts with other twins in a SQLite file of their own: what was agreed on, what is under way, what was used.

Beside the store, like people and the audit log: it is evidence, not knowledge about the city, and outlives a store that
is set up anew. What is kept is known here at once and written by one thread, all that waits in one transaction: a disk
that takes milliseconds for each costs a busy twin no more than an idle one. Whoever is to be answered waits for that
(``durable``). One process has a book open at a time: the one that holds the data folder.
"""

from __future__ import annotations

import asyncio
import stat
import threading
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Final, Self, cast

import apsw
import msgspec

from sympolis.dataspace.contracts.book import Ended, R, Record, Use, begun, is_over, peer_of, tie_of
from sympolis.domain.errors import StoreUnavailable
from sympolis.stores.embedded import files
from sympolis.stores.embedded.book import Book

_END: Final = "9999"
_OVER: Final = 2
"""In the column ``waiting``: nothing can happen to it any more. 1: a message is on its way."""
Key = tuple[str, str]


class EmbeddedContracts(Book):
    """See ``dataspace.contracts.book.ContractBook``. Reads are of the file, with what waits for it laid over."""

    FILE: ClassVar[str] = "contracts.sqlite"
    STATEMENTS: ClassVar[str] = "contracts.sql"
    MEND: ClassVar[str] = "restore it from a backup: it says what was agreed on with other twins"

    def __init__(self, connection: apsw.Connection) -> None:
        super().__init__(connection)
        self._writer = connection if not connection.filename else _beside(connection)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sympolis-contracts")
        self._guard = threading.Lock()
        self._waiting: list[tuple[str, dict[str, Any]]] = []
        self._flush: Future[None] | None = None
        self._scheduled = False
        self._over: dict[Key, Record] = {}
        self._uses: dict[int, Use] = {}
        self._counts: dict[str, int] = {}
        [(self._number,)] = self._rows("last_use")
        self._open = Counter({(kind, partner): number for kind, partner, number in self._rows("open")})

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The contracts of a data folder; only the user who runs the twin may read its file."""
        found = super().open(folder)
        (folder / cls.FILE).chmod(stat.S_IRUSR | stat.S_IWUSR)
        return found

    @classmethod
    def in_memory(cls) -> Self:
        """Contracts that last as long as the process."""
        files.check_library()
        return cls(apsw.Connection(":memory:"))

    def add(self, record: Record) -> bool:
        """See ``ContractBook``."""
        kind: type[Any] = type(record)
        peer = peer_of(record)
        taken = self.find(kind, record.id) or (peer and self.find_peer(kind, record.partner, peer))
        return not taken and self._keep("add", record, int(not is_over(record)))

    def replace(self, record: Record) -> bool:
        """See ``ContractBook``."""
        kind: type[Any] = type(record)
        present = self.find(kind, record.id)
        if present is None or present.version != record.version - 1:
            return False
        return self._keep("replace", record, int(is_over(present)) - int(is_over(record)))

    def find(self, kind: type[R], record_id: str) -> R | None:
        """See ``ContractBook``."""
        over = self._over.get((kind.__name__, record_id))
        if over is not None:
            return cast("R", over)
        return _first(self._rows("find", kind=kind.__name__, id=record_id), kind)

    def find_peer(self, kind: type[R], partner: str, peer: str) -> R | None:
        """See ``ContractBook``."""
        for one in self._waiting_of(kind):
            if peer and one.partner == partner and peer_of(one) == peer:
                return one
        return _first(self._rows("find_peer", kind=kind.__name__, partner=partner, peer=peer), kind)

    def page(
        self,
        kind: type[R],
        *,
        before: datetime | None = None,
        limit: int = 100,
        partner: str = "",
        tie: str = "",
    ) -> list[R]:
        """See ``ContractBook``."""
        until = _END if before is None else _instant(before)
        waiting = self._waiting_of(
            kind
        )  # first: what is written meanwhile is then among the rows, else in neither
        rows = self._rows("page", kind=kind.__name__, before=until, limit=limit, partner=partner, tie=tie)
        found = {one.id: one for one in (msgspec.json.decode(body, type=kind) for (body,) in rows)}
        for one in waiting:
            if one.id in found and found[one.id].version >= one.version:
                continue
            if _instant(begun(one)) < until and partner in ("", one.partner) and tie in ("", tie_of(one)):
                found[one.id] = one
        return sorted(found.values(), key=begun, reverse=True)[:limit]

    def waiting(self, kind: type[R]) -> list[R]:
        """See ``ContractBook``."""
        unwritten = self._waiting_of(kind)  # first, as in page
        rows = self._rows("waiting", kind=kind.__name__)
        found = {one.id: one for one in (msgspec.json.decode(body, type=kind) for (body,) in rows)}
        found |= {one.id: one for one in unwritten}
        return [one for one in found.values() if getattr(one, "pending", None) is not None]

    def count_open(self, kind: type[R], partner: str) -> int:
        """See ``ContractBook``."""
        return self._open[kind.__name__, partner]

    def forget(self, kind: type[Ended], *, before: datetime, most: int, limit: int = 1000) -> int:
        """See ``ContractBook``."""
        name = kind.__name__
        found = set(self._rows("ended", kind=name, before=_instant(before), limit=limit))
        for (partner,) in self._rows("many", kind=name, most=most):
            found.update(self._rows("beyond", kind=name, partner=partner, most=most, limit=limit))
        gone = list(found)[:limit]
        for record_id, version in gone:
            self._later("forget", {"kind": name, "id": record_id, "version": version})
        return len(gone)

    def use(self, use: Use) -> int:
        """See ``ContractBook``."""
        with self._guard:
            self._number += 1
            kept = msgspec.structs.replace(use, number=self._number)
        self._note(kept)
        return kept.number

    def finish(self, use: Use) -> None:
        """See ``ContractBook``."""
        self._note(use)

    def uses(
        self,
        *,
        after: int = 0,
        limit: int = 100,
        transfer: str = "",
        agreement: str = "",
        newest: bool = False,
    ) -> list[Use]:
        """See ``ContractBook``."""
        unwritten = list(self._uses.items())  # first, as in page
        rows = self._rows(
            "latest_uses" if newest else "uses",
            after=after,
            limit=limit,
            transfer=transfer,
            agreement=agreement,
        )
        found = {number: msgspec.json.decode(body, type=Use) for number, body in rows}
        for number, one in unwritten:
            if number in found and found[number].bytes > one.bytes:
                continue  # it was finished and written meanwhile
            if number > after and transfer in ("", one.transfer) and agreement in ("", one.agreement):
                found[number] = one
        return [
            msgspec.structs.replace(found[number], number=number)
            for number in sorted(found, reverse=newest)[:limit]
        ]

    def count(self, rule: str) -> int:
        """See ``ContractBook``."""
        number = self._counts[rule] = self.counted(rule) + 1
        self._later("count", {"rule": rule, "number": number})
        return number

    def counted(self, rule: str) -> int:
        """See ``ContractBook``."""
        if rule not in self._counts:
            rows = self._rows("counted", rule=rule)
            self._counts[rule] = int(rows[0][0]) if rows else 0
        return self._counts[rule]

    async def durable(self) -> None:
        """See ``ContractBook``."""
        flush = self._flush
        if flush is not None:
            await asyncio.wrap_future(flush)

    def close(self) -> None:
        """Write what waits, and let go of the file."""
        self._thread.shutdown()
        if self._writer is not self._connection:
            self._writer.close()
        super().close()

    # --- writing

    def _keep(self, statement: str, record: Record, opened: int) -> bool:
        self._open[type(record).__name__, record.partner] += opened
        with self._guard:
            self._over[type(record).__name__, record.id] = record
        self._later(statement, _values(record))
        return True

    def _note(self, use: Use) -> None:
        with self._guard:
            self._uses[use.number] = use
        values = {
            "transfer": use.transfer,
            "agreement": use.agreement,
            "body": _body(use),
            "number": use.number,
        }
        self._later("use", values)

    def _later(self, statement: str, values: dict[str, Any]) -> None:
        with self._guard:
            self._waiting.append((statement, values))
            if not self._scheduled:
                self._scheduled = True
                self._flush = self._thread.submit(self._write)

    def _write(self) -> None:
        """Everything that waits, in one transaction; where that fails it waits on, and is tried with the next."""
        with self._guard:
            waiting, self._waiting, self._scheduled = self._waiting, [], False
        try:
            with self._lock_for_writing(), self._writer:
                for statement, values in waiting:
                    files.fetch_all(self._writer, self._sql[statement], values)
        except apsw.Error as cause:
            with self._guard:
                self._waiting = [*waiting, *self._waiting]
            raise StoreUnavailable(
                f"cannot be kept: {cause}", where=self.FILE, hint="is the disk full?"
            ) from cause
        with self._guard:
            self._written(waiting)

    def _written(self, waiting: list[tuple[str, dict[str, Any]]]) -> None:
        """What is in the file now need not be laid over it any more, unless it has changed again."""
        for _, values in waiting:
            key = (values.get("kind", ""), values.get("id", ""))
            over = self._over.get(key)
            if over is not None and over.version == values["version"]:
                self._over.pop(key, None)
            used = self._uses.get(values.get("number", 0))
            if used is not None and "transfer" in values and _body(used) == values["body"]:
                self._uses.pop(used.number, None)

    def _lock_for_writing(self) -> Any:
        """In memory there is but one connection."""
        return self._lock if self._writer is self._connection else threading.Lock()

    def _waiting_of(self, kind: type[R]) -> list[R]:
        return [cast("R", one) for (name, _), one in list(self._over.items()) if name == kind.__name__]


def _beside(connection: apsw.Connection) -> apsw.Connection:
    """Another connection to the same file, so that reading does not wait for writing."""
    writer = apsw.Connection(connection.filename)
    writer.set_busy_timeout(10_000)
    files.fetch_all(writer, "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY")
    return writer


def _values(record: Record) -> dict[str, Any]:
    return {
        "kind": type(record).__name__,
        "id": record.id,
        "partner": record.partner,
        "peer": peer_of(record) or None,
        "tie": tie_of(record),
        "begun": _instant(begun(record)),
        "waiting": _OVER if is_over(record) else int(getattr(record, "pending", None) is not None),
        "version": record.version,
        "body": _body(record),
    }


def _body(record: msgspec.Struct) -> str:
    return msgspec.json.encode(record).decode()


def _instant(at: datetime) -> str:
    """Texts that sort as instants do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _first(rows: list[Any], kind: type[R]) -> R | None:
    return msgspec.json.decode(rows[0][0], type=kind) if rows else None
