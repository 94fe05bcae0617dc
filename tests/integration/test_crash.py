"""Kill -9 during load loses nothing that was acknowledged (issue 1, item 3; architecture, promise 6).

The child writes from twenty tasks and reports each acknowledgement; it is killed without warning at varying points,
again and again, on the same folder. Then every report must be true of the reopened store: state, history and place in
the log.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sympolis.context.query import GeoQuery, GeoRelation, HistoryQuery, Query
from sympolis.stores.embedded import EmbeddedStore

CHILD = Path(__file__).with_name("crash_writer.py")
FLOW = "https://example.org/intensity"
PLACE = "https://uri.etsi.org/ngsi-ld/location"
START = datetime(2024, 5, 8, tzinfo=UTC)
ROUNDS = 5


def run_until_killed(folder, acknowledgements):
    """Let the child write so many times, kill it in the act, and give everything it has reported."""
    child = subprocess.Popen([sys.executable, str(CHILD), str(folder)], stdout=subprocess.PIPE, text=True)
    lines = [child.stdout.readline() for _ in range(acknowledgements)]
    os.kill(child.pid, signal.SIGKILL)
    rest, _ = child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL
    lines += rest.splitlines(keepends=True)
    assert lines[acknowledgements - 1], "the child ended by itself"
    whole = [line for line in lines if line.endswith("\n")]
    return [tuple(map(int, line.split())) for line in whole]


def test_killed_under_load_nothing_acknowledged_is_lost(tmp_path):
    chance = random.Random(20240508)
    acknowledged = []
    for _ in range(ROUNDS):
        acknowledged += run_until_killed(tmp_path, chance.randint(20, 400))
        asyncio.run(check(tmp_path, acknowledged))


async def check(folder, acknowledged):
    store = EmbeddedStore.open(folder)
    log = await store.changes(0, limit=10**9)
    assert [change.number for change in log] == list(range(1, len(log) + 1))
    by_number = {change.number: change for change in log}
    series = (await store.history(HistoryQuery(Query(limit=1000), max_instances=10**9))).series
    history = {one.entity_id: {point.at: point.value for point in one.observations} for one in series}

    for number, value, change in acknowledged:
        entity_id = f"urn:ngsi-ld:ItemFlowObserved:test:{number}"
        assert by_number[change].entity_id == entity_id
        assert history[entity_id][START + timedelta(hours=value)] == value
        present = await store.get(entity_id)
        assert present is not None and present.value(FLOW) >= value

    await check_consistency(store, log, history)
    await store.close()


async def check_consistency(store, log, history):
    """Not only what was acknowledged: state, history, index, counts and log tell one story."""
    page = await store.query(Query(limit=1000, count=True))
    for entity in page.entities:
        changes = [change for change in log if change.entity_id == entity.id]
        assert len(changes) == len(history[entity.id]) == entity.value(FLOW) + 1
        assert entity.modified_at == changes[-1].at
        near = GeoQuery(GeoRelation.NEAR, entity.value(PLACE), PLACE, max_distance_m=0.01)
        assert entity.id in [found.id for found in (await store.query(Query(geo=near))).entities]
    status = await store.status()
    assert status.entities == page.total
    assert status.observations == sum(map(len, history.values()))
    assert status.position == len(log)
