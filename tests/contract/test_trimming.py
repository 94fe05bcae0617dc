"""What was observed long ago goes, from the stores that need no server."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest

from sympolis.stores.embedded import EmbeddedStore
from sympolis.stores.memory import MemoryStore
from sympolis.testing.clocks import SteppingClock
from sympolis.testing.stores import NODE, ROAD, SPEED, observation, road
from sympolis.testing.trimming import DAY, TrimmingContract, days, values

FAR = datetime(2100, 1, 1, tzinfo=UTC)


class ArchivingStore(EmbeddedStore):
    """Archives everything before it trims."""

    async def trim(self, types, before, *, tenant="", cause=""):
        await self.roll(FAR, tenant=tenant)
        return await super().trim(types, before, tenant=tenant, cause=cause)


class HalfArchivingStore(EmbeddedStore):
    """Archives what comes first, so that the rest lies over it."""

    async def observe(self, observations, *, tenant="", cause=""):
        half = len(observations) // 2
        first = await super().observe(observations[:half], tenant=tenant, cause=cause)
        await self.roll(FAR, tenant=tenant)
        return first + await super().observe(observations[half:], tenant=tenant, cause=cause)


class TestMemory(TrimmingContract):
    @asynccontextmanager
    async def open_store(self, now):
        store = MemoryStore(now=now)
        yield store
        await store.close()


class TestEmbedded(TrimmingContract):
    kind = EmbeddedStore

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path):
        self.folder = tmp_path

    @asynccontextmanager
    async def open_store(self, now):
        store = self.kind.open(self.folder, now=now)
        yield store
        await store.close()


class TestArchived(TestEmbedded):
    kind = ArchivingStore


class TestHalfArchived(TestEmbedded):
    kind = HalfArchivingStore


def test_files_hold_nothing_of_what_was_trimmed(tmp_path):
    async def scenario():
        store = EmbeddedStore.open(tmp_path, now=SteppingClock())
        other = observation(road(2, **{}), 30 * DAY, "other")
        node = type(other)(other.entity_id, (NODE,), other.name, other.at, other.value)
        await store.observe([*(observation(road(1), day * DAY, f"v{day}") for day in (0, 30, 35, 70)), node])
        await store.roll(FAR)
        before = _held(tmp_path)
        assert await store.trim((ROAD,), days(32)) == 2
        left = await values(store)
        after = _held(tmp_path)
        await store.close()
        return before, after, left

    before, after, left = asyncio.run(scenario())
    assert [found for _, found in before] == [{"v0"}, {"v30", "v35", "other"}, {"v70"}]
    assert [found for _, found in after] == [{"v35", "other"}, {"v70"}]
    assert left == {(road(1).id, SPEED, None): ["v35", "v70"], (road(2).id, SPEED, None): ["other"]}


def test_points_that_came_late_over_the_archive_are_counted_once(tmp_path):
    async def scenario():
        store = EmbeddedStore.open(tmp_path, now=SteppingClock())
        await store.observe([observation(road(1), hour, hour) for hour in range(4)])
        await store.roll(FAR)
        await store.observe([observation(road(1), hour, "late") for hour in (1, 1.5, 3)])
        gone = await store.trim((ROAD,), observation(road(1), 3, 0).at)
        left = await values(store)
        observations = (await store.status()).observations
        await store.close()
        return gone, left, observations

    assert asyncio.run(scenario()) == (4, {(road(1).id, SPEED, None): ["late"]}, 1)


def _held(folder):
    """The texts in each file of the archive, by the order of their months."""
    found = []
    for path in sorted((folder).rglob("*.parquet")):
        cells = [cell for row in pq.read_table(path).to_pylist() for cell in row.values()]
        texts = {cell for cell in cells if isinstance(cell, str) and (cell[:1] == "v" or cell == "other")}
        found.append((path.name, texts))
    return found
