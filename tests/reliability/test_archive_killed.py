"""Kill -9 at any step of archiving loses nothing and doubles nothing (rolling.py).

The history begins with an archived month, late points over it, one that hides an archived one, and months that are
still in the table. Whenever the child is killed: the history is what it was, also after archiving once more, and
then exactly the valid files are left.
"""

import asyncio
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sympolis.context.query import Aggregation, HistoryQuery, Query
from sympolis.context.store import Retraction
from sympolis.stores.embedded import EmbeddedStore
from sympolis.testing.clocks import SteppingClock
from sympolis.testing.stores import NAME, START, observation, road

CHILD = Path(__file__).with_name("archive_child.py")
FAR = datetime(2100, 1, 1, tzinfo=UTC)
JUNE = datetime(2024, 6, 1, tzinfo=UTC)
STEPS = (
    ("begun", 1),
    ("slice written", 1),
    ("written", 1),
    ("listed", 1),
    ("valid", 1),
    ("slice purged", 2),
    ("purged", 1),
    ("begun", 2),
    ("valid", 2),
    ("slice purged", 4),
)


async def everything(store):
    """All that can be asked for, and the counts."""
    query = HistoryQuery(Query(limit=1000), max_instances=10**9, time=None)
    hourly = replace(query, methods=tuple(Aggregation), period_s=3600)
    found = await store.history(query), await store.history(hourly)
    return found, (await store.status()).observations


async def prepare(folder):
    store = EmbeddedStore.open(folder, now=SteppingClock())
    minutes = [observation(road(1), minute / 6, minute / 7) for minute in range(2_500)]
    later = [observation(road(2), 24 * 40 + hour, hour) for hour in range(2_600)]
    await store.observe([*minutes, *later, observation(road(3), 5, "wet", NAME)])
    assert (await store.roll(JUNE)).months == ("2024-05",)
    await store.observe([replace(minutes[7], value="late"), observation(road(4), 5, 1)])
    assert await store.retract(Retraction(road(1).id, minutes[9].name, at=minutes[9].at)) == 1
    found = await everything(store)
    await store.close()
    return found


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archived")
    return folder, asyncio.run(prepare(folder))


@pytest.mark.parametrize(("step", "times"), STEPS)
def test_killed_while_archiving(before, tmp_path, step, times):
    origin, expected = before
    folder = tmp_path / "data"
    shutil.copytree(origin, folder)
    child = subprocess.run(
        [sys.executable, str(CHILD), str(folder), step, str(times)], check=False, timeout=120
    )
    assert child.returncode == -signal.SIGKILL
    asyncio.run(check(folder, expected))


async def check(folder, expected):
    store = EmbeddedStore.open(folder, now=lambda: START + timedelta(days=400))
    try:
        assert await everything(store) == expected
        for _ in range(2):
            await store.roll(FAR)
            assert await everything(store) == expected
        known = await store._place("").read(
            lambda db: db.execute("SELECT count(*), sum(state) FROM archive").fetchone()
        )
        left = list((folder / "default" / "archive").iterdir())
        assert known == (len(left), len(left))
        assert all(path.suffix == ".parquet" for path in left)
        in_table = await store._place("").read(lambda db: db.execute("SELECT count(*) FROM point").fetchone())
        assert in_table == (0,)
    finally:
        await store.close()
