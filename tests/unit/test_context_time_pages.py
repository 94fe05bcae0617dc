"""Long histories are cut at one instant for all their series, so that who goes on from there misses nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sympolis.context.broker import Broker
from sympolis.context.query import HistoryQuery, Query, TimeRange, TimeRelation
from sympolis.context.store import History
from sympolis.context.time_pages import page_of
from sympolis.domain.changes import Observation
from sympolis.stores.memory import MemoryStore

START = datetime(2025, 1, 1, tzinfo=UTC)

Told = list[tuple[int, int, int]]
"""(entity, attribute, minute) of each instance."""
instances = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 30)), max_size=60)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def points(told: Told) -> list[Observation]:
    return [Observation(f"urn:e:{one}", ("E",), f"a{name}", at(minute), minute) for one, name, minute in told]


def seen(history: History) -> list[tuple[str, str, datetime]]:
    return [(one.entity_id, one.name, point.at) for one in history.series for point in one.observations]


async def opened(told: Told) -> Broker:
    broker = Broker(MemoryStore())
    await broker.observe(points(told))
    return broker


@given(instances, st.integers(1, 20))
def test_forwards_the_pages_together_are_everything_once(told: Told, size: int) -> None:
    async def scenario() -> None:
        broker = await opened(told)
        taken: list[tuple[str, str, datetime]] = []
        since, complete = START, False
        while not complete:
            span = TimeRange(TimeRelation.AFTER, since)
            page, _ = await page_of(broker, HistoryQuery(Query(), span, max_instances=size))
            found = seen(page)
            instants = Counter(when for _, _, when in found)
            assert len(found) <= size or len(instants) == 1
            taken += found
            complete = page.complete
            since = max(instants, default=since) + timedelta(microseconds=1)
        assert Counter(taken) == Counter({(f"urn:e:{e}", f"a{a}", at(m)): 1 for e, a, m in told})

    asyncio.run(scenario())


@given(instances, st.integers(1, 20), st.integers(1, 20))
def test_backwards_a_page_has_all_since_its_beginning(told: Told, size: int, newest: int) -> None:
    async def scenario() -> None:
        broker = await opened(told)
        query = HistoryQuery(Query(), last_n=newest, max_instances=size)
        page, _ = await page_of(broker, query)
        whole = await broker.history(HistoryQuery(Query(), last_n=newest))
        found = seen(page)
        if page.complete:
            assert Counter(found) == Counter(seen(whole))
            return
        since = min(when for _, _, when in found)
        assert Counter(found) == Counter(one for one in seen(whole) if one[2] >= since)
        assert len(found) <= max(size, len(whole.series))

    asyncio.run(scenario())
