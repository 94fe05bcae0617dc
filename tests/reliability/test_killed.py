"""Kill -9 in the middle of batches and of a migration: a batch is there whole or not at all, a migration not at all."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
from pathlib import Path

from sympolis.context import merge
from sympolis.context.query import Query
from sympolis.context.store import Write
from sympolis.stores.embedded import EmbeddedStore
from sympolis.testing.dumps import everything, fill
from tests.reliability.crash_child import SIZE, VALUE, entity

CHILD = Path(__file__).with_name("crash_child.py")


def killed(what: str, folder: Path, lines: int) -> list[str]:
    """Start the child, kill it after it has said so many lines, and give all that it said."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.reliability.crash_child", what, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=CHILD.parents[2],
    )
    assert child.stdout is not None
    said = [child.stdout.readline() for _ in range(lines)]
    child.kill()
    rest = child.stdout.read()  # communicate() would pass over what this pipe's buffer holds already
    child.stdout.close()
    child.wait(timeout=60)
    assert child.returncode == -signal.SIGKILL
    return [one.strip() for one in (*said, *rest.splitlines(keepends=True)) if one.endswith("\n")]


def test_a_batch_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    chance = random.Random(20240509)
    for _ in range(4):
        acknowledged = int(killed("batches", tmp_path, chance.randint(3, 60))[-1])
        values = asyncio.run(_values(tmp_path))
        assert len(values) == 1, "a part of a batch was kept"
        assert acknowledged <= values.pop() <= acknowledged + 1


async def _values(folder: Path) -> set[int]:
    store = EmbeddedStore.open(folder)
    found = (await store.query(Query(limit=1000))).entities
    log = await store.changes(0, limit=10**6)
    await store.close()
    assert len(found) == SIZE
    assert [one.number for one in log] == list(range(1, len(log) + 1))
    assert len(log) % SIZE == 0
    return {one.value(VALUE) for one in found}


def test_a_migration_that_was_killed_has_not_happened(tmp_path: Path) -> None:
    async def begin() -> object:
        store = EmbeddedStore.open(tmp_path)
        await fill(store)
        before = await everything(store)
        await store.close()
        return before

    async def go_on() -> object:
        store = EmbeddedStore.open(tmp_path)
        after = await everything(store)
        [outcome] = await store.write([Write("urn:batch:1", merge.create(entity(1, 1)))])
        assert outcome.error is None
        await store.close()
        return after

    before = asyncio.run(begin())
    assert killed("migration", tmp_path, 1) == ["inside"]
    assert asyncio.run(go_on()) == before
