"""The directory in a SQLite file of its own: the command line adds a person while a server is running.

Beside the store and not in it, so that the file can be protected and kept apart: it says who people are.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

import apsw
import msgspec

from sympolis.context.dumps.erased import Erasure
from sympolis.governance.identity.records import ApiKey, Ended, Owner, SigningKey, User
from sympolis.governance.lifecycle.stages import Step
from sympolis.stores.embedded import files
from sympolis.stores.embedded.book import Book

T = TypeVar("T")

_USER, _KEY, _SIGNING, _POLICY, _OWNER = "user", "key", "signing-key", "policy", "owner"
_STEPS, _ERASURE, _BACKUP, _ENDED = "steps", "erasure", "backup", "ended"


class EmbeddedDirectory(Book):
    """See ``governance.identity.directory.Directory``."""

    FILE: ClassVar[str] = "identity.sqlite"
    STATEMENTS: ClassVar[str] = "identity.sql"

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The directory of a data folder; only the user who runs the twin may read its file."""
        found = super().open(folder)
        (folder / cls.FILE).chmod(stat.S_IRUSR | stat.S_IWUSR)
        return found

    @classmethod
    def in_memory(cls) -> Self:
        """A directory that lasts as long as the process."""
        files.check_library()
        return cls(apsw.Connection(":memory:"))

    def find_user(self, user_id: str) -> User | None:
        """See ``Directory``."""
        return self._find(_USER, user_id, User)

    def users(self) -> list[User]:
        """See ``Directory``."""
        return self._all(_USER, User)

    def keep_user(self, user: User) -> None:
        """See ``Directory``."""
        self._keep(_USER, user.id, user)

    def find_key(self, key_id: str) -> ApiKey | None:
        """See ``Directory``."""
        return self._find(_KEY, key_id, ApiKey)

    def keys(self) -> list[ApiKey]:
        """See ``Directory``."""
        return self._all(_KEY, ApiKey)

    def keep_key(self, key: ApiKey) -> None:
        """See ``Directory``."""
        self._keep(_KEY, key.id, key)

    def signing_keys(self) -> list[SigningKey]:
        """See ``Directory``."""
        return self._all(_SIGNING, SigningKey)

    def keep_signing_key(self, key: SigningKey) -> None:
        """See ``Directory``."""
        self._keep(_SIGNING, key.id, key)

    def drop_signing_key(self, key_id: str) -> None:
        """See ``Directory``."""
        self._drop(_SIGNING, key_id)

    def end(self, ended: Ended, *, now: datetime) -> None:
        """See ``Directory``."""
        self._keep(_ENDED, ended.id, ended)
        for one in self._all(_ENDED, Ended):
            if one.until < now:
                self._drop(_ENDED, one.id)

    def has_ended(self, token_id: str) -> bool:
        """See ``Directory``."""
        return self._find(_ENDED, token_id, Ended) is not None

    def find_owner(self, thing: str) -> Owner | None:
        """See ``Directory``."""
        return self._find(_OWNER, thing, Owner)

    def keep_owner(self, thing: str, owner: Owner) -> None:
        """See ``Directory``."""
        self._keep(_OWNER, thing, owner)

    def policies(self) -> Mapping[str, str]:
        """See ``Directory``."""
        return {
            dataset: msgspec.json.decode(body, type=str) for dataset, body in self._rows("all", kind=_POLICY)
        }

    def keep_policy(self, dataset: str, document: str) -> None:
        """See ``Directory``."""
        self._keep(_POLICY, dataset, document)

    def drop_policy(self, dataset: str) -> bool:
        """See ``Directory``."""
        return self._drop(_POLICY, dataset)

    def steps(self) -> Mapping[str, tuple[Step, ...]]:
        """See ``Directory``."""
        return {dataset: _steps(body) for dataset, body in self._rows("all", kind=_STEPS)}

    def add_step(self, dataset: str, step: Step, *, after: int) -> bool:
        """See ``Directory``."""
        with self._at_once() as connection:
            rows = files.fetch_all(connection, self._sql["find"], {"kind": _STEPS, "id": dataset})
            known = _steps(rows[0][0]) if rows else ()
            if len(known) != after:
                return False
            body = msgspec.json.encode((*known, step)).decode()
            files.fetch_all(connection, self._sql["keep"], {"kind": _STEPS, "id": dataset, "body": body})
            files.fetch_all(connection, self._sql["changed"])
        return True

    def erasures(self) -> list[Erasure]:
        """See ``Directory``."""
        return self._all(_ERASURE, Erasure)

    def keep_erasure(self, erasure: Erasure) -> None:
        """See ``Directory``."""
        self._keep(_ERASURE, erasure.mark, erasure)

    def backups(self) -> list[str]:
        """See ``Directory``."""
        return self._all(_BACKUP, str)

    def keep_backup(self, folder: str) -> None:
        """See ``Directory``."""
        self._keep(_BACKUP, folder, folder)

    def uses(self) -> Mapping[str, int]:
        """See ``Directory``."""
        return dict(self._rows("uses"))

    def use(self, rule_uid: str) -> int:
        """See ``Directory``."""
        with self._at_once() as connection:
            [(number,)] = files.fetch_all(connection, self._sql["use"], {"rule": rule_uid})
        return int(number)

    def version(self) -> int:
        """See ``Directory``."""
        [(number,)] = self._rows("version")
        return int(number)

    def _find(self, kind: str, record_id: str, to: type[T]) -> T | None:
        rows = self._rows("find", kind=kind, id=record_id)
        return msgspec.json.decode(rows[0][0], type=to) if rows else None

    def _all(self, kind: str, to: type[T]) -> list[T]:
        return [msgspec.json.decode(body, type=to) for _, body in self._rows("all", kind=kind)]

    def _keep(self, kind: str, record_id: str, record: Any) -> None:
        body = msgspec.json.encode(record).decode()
        with self._at_once() as connection:
            files.fetch_all(connection, self._sql["keep"], {"kind": kind, "id": record_id, "body": body})
            files.fetch_all(connection, self._sql["changed"])

    def _drop(self, kind: str, record_id: str) -> bool:
        with self._at_once() as connection:
            found = files.fetch_all(connection, self._sql["drop"], {"kind": kind, "id": record_id})
            files.fetch_all(connection, self._sql["changed"])
        return bool(found)


def _steps(body: str) -> tuple[Step, ...]:
    return msgspec.json.decode(body, type=tuple[Step, ...])
