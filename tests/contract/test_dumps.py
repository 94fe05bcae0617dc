"""Every store can be written down whole and comes back from it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sympolis.context.store import Store
from sympolis.stores.embedded import EmbeddedStore
from sympolis.stores.memory import MemoryStore
from sympolis.stores.postgres import PostgresStore
from sympolis.testing.dumps import DumpContract
from sympolis.testing.postgres import server
from sympolis.testing.stores import Now


class _WithFolder(DumpContract):
    @pytest.fixture(autouse=True)
    def _in_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path


class TestMemoryDump(_WithFolder):
    @asynccontextmanager
    async def open_store(self, now: Now) -> AsyncIterator[Store]:
        store = MemoryStore(now=now)
        yield store
        await store.close()


class TestEmbeddedDump(_WithFolder):
    @asynccontextmanager
    async def open_store(self, now: Now) -> AsyncIterator[Store]:
        store = EmbeddedStore.open(self.folder / "data", now=now)
        yield store
        await store.close()


class TestPostgresDump(_WithFolder):
    @asynccontextmanager
    async def open_store(self, now: Now) -> AsyncIterator[Store]:
        store = await PostgresStore.open(server().fresh_url(), now=now)
        try:
            yield store
        finally:
            await store.close()
