"""The embedded store as it was at one moment: a connection that keeps its snapshot while the writer goes on.

It needs the files only, not the store: a command reads the folder of a server that is running.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TypeVar

import apsw

from sympolis.context.query import HistoryQuery
from sympolis.context.store import History
from sympolis.domain.entity import Entity
from sympolis.domain.errors import NonexistentTenant, StoreUnavailable
from sympolis.stores import sql
from sympolis.stores.embedded import bodies, files, history, reader

FILE: Final = "twin.sqlite"
_SQL = sql.load("sympolis.stores.embedded", "still.sql")
_ESCAPED = re.compile(r"%([0-9a-f]+)\.")
_T = TypeVar("_T")


class EmbeddedStill:
    """See ``dumps.port.Still``."""

    def __init__(self, db: apsw.Connection, position: int, run: ThreadPoolExecutor) -> None:
        self.position = position
        self._db = db
        self._pool = run

    async def entities(self, after: str, limit: int) -> list[Entity]:
        """See ``Still.entities``."""
        rows = await self._read(
            lambda db: files.fetch_all(db, _SQL["entities_after"], {"after": after, "most": limit})
        )
        return [bodies.decode_entity(body) for (body,) in rows]

    async def subjects(self, after: str, limit: int) -> list[str]:
        """See ``Still.subjects``."""
        rows = await self._read(
            lambda db: files.fetch_all(db, _SQL["subjects_after"], {"after": after, "most": limit})
        )
        return [entity for (entity,) in rows]

    async def history(self, query: HistoryQuery) -> History:
        """See ``Store.history``."""
        try:
            return await self._read(lambda db: history.history(db, query))
        except FileNotFoundError as problem:
            raise StoreUnavailable(
                "an archived month was written anew meanwhile",
                where=str(problem.filename),
                hint="export again",
            ) from problem

    async def _read(self, read: Callable[[apsw.Connection], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, read, self._db)


class EmbeddedFiles:
    """See ``dumps.port.Dumping``: the tenants in a store's folder, whoever has it open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def tenants(self) -> list[str]:
        """See ``Dumping.tenants``."""
        names = [_tenant_of(path.parent.name) for path in self._folder.glob(f"tenants/*/{FILE}")]
        return sorted(["", *names])

    @asynccontextmanager
    async def still(self, *, tenant: str = "") -> AsyncIterator[EmbeddedStill]:
        """See ``Dumping.still``. Raises ``StoreUnavailable`` where the file is of another version."""
        path = files.tenant_folder(self._folder, tenant) / FILE
        if not path.exists():
            raise NonexistentTenant(f"there is no tenant {tenant!r}", where="NGSILD-Tenant")
        db = _opened(path)
        pool = ThreadPoolExecutor(1, thread_name_prefix="sympolis-still")
        try:
            with reader.snapshot(db):
                position, _, _ = reader.tallies(db)
                yield EmbeddedStill(db, position, pool)
        finally:
            await asyncio.to_thread(pool.shutdown)
            db.close()


def _opened(path: Path) -> apsw.Connection:
    files.check_library()
    try:
        db = files.open_reader(path)
        version = files.fetch_value(db, "PRAGMA user_version")
    except apsw.Error as problem:
        raise StoreUnavailable(f"cannot be read: {problem}", where=str(path)) from problem
    newest = sql.migrations("sympolis.stores.embedded")[-1][0]
    if version != newest:
        db.close()
        raise StoreUnavailable(
            f"this file has schema {version}, this Sympolis writes {newest}",
            where=str(path),
            hint="use the version of the server that runs, or start this one once",
        )
    return db


def _tenant_of(folder: str) -> str:
    """The tenant whose folder has this name (``files.tenant_folder``)."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), folder)
