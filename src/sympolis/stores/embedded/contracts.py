"""Contracts with other twins in a SQLite file of their own: what was agreed on, what is under way, what was used.

Beside the store, like people and the audit log: it is evidence, not knowledge about the city, and outlives a store that
is set up anew.
"""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Final, Self

import apsw
import msgspec

from sympolis.dataspace.contracts.book import R, Record, Use, begun, peer_of, tie_of
from sympolis.stores.embedded import files
from sympolis.stores.embedded.book import Book

_END: Final = "9999"


class EmbeddedContracts(Book):
    """See ``dataspace.contracts.book.ContractBook``."""

    FILE: ClassVar[str] = "contracts.sqlite"
    STATEMENTS: ClassVar[str] = "contracts.sql"
    MEND: ClassVar[str] = "restore it from a backup: it says what was agreed on with other twins"

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
        with self._at_once() as connection:
            return bool(files.fetch_all(connection, self._sql["add"], _values(record)))

    def replace(self, record: Record) -> bool:
        """See ``ContractBook``."""
        with self._at_once() as connection:
            return bool(files.fetch_all(connection, self._sql["replace"], _values(record)))

    def find(self, kind: type[R], record_id: str) -> R | None:
        """See ``ContractBook``."""
        return _first(self._rows("find", kind=kind.__name__, id=record_id), kind)

    def find_peer(self, kind: type[R], partner: str, peer: str) -> R | None:
        """See ``ContractBook``."""
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
        rows = self._rows("page", kind=kind.__name__, before=until, limit=limit, partner=partner, tie=tie)
        return [msgspec.json.decode(body, type=kind) for (body,) in rows]

    def waiting(self, kind: type[R]) -> list[R]:
        """See ``ContractBook``."""
        return [msgspec.json.decode(body, type=kind) for (body,) in self._rows("waiting", kind=kind.__name__)]

    def use(self, use: Use) -> int:
        """See ``ContractBook``."""
        values = {"transfer": use.transfer, "agreement": use.agreement, "body": _body(use)}
        with self._at_once() as connection:
            [(number,)] = files.fetch_all(connection, self._sql["use"], values)
        return int(number)

    def finish(self, use: Use) -> None:
        """See ``ContractBook``."""
        with self._at_once() as connection:
            files.fetch_all(connection, self._sql["finish"], {"number": use.number, "body": _body(use)})

    def uses(self, *, after: int = 0, limit: int = 100, transfer: str = "", agreement: str = "") -> list[Use]:
        """See ``ContractBook``."""
        rows = self._rows("uses", after=after, limit=limit, transfer=transfer, agreement=agreement)
        return [
            msgspec.structs.replace(msgspec.json.decode(body, type=Use), number=number)
            for number, body in rows
        ]

    def count(self, rule: str) -> int:
        """See ``ContractBook``."""
        with self._at_once() as connection:
            [(number,)] = files.fetch_all(connection, self._sql["count"], {"rule": rule})
        return int(number)

    def counted(self, rule: str) -> int:
        """See ``ContractBook``."""
        rows = self._rows("counted", rule=rule)
        return int(rows[0][0]) if rows else 0


def _values(record: Record) -> dict[str, Any]:
    return {
        "kind": type(record).__name__,
        "id": record.id,
        "partner": record.partner,
        "peer": peer_of(record) or None,
        "tie": tie_of(record),
        "begun": _instant(begun(record)),
        "waiting": int(getattr(record, "pending", None) is not None),
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
