"""A clock that is set back loses nothing, orders nothing wrong and silences nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sympolis.context import merge
from sympolis.context.query import HistoryQuery, Query, TimeProperty, TimeRange, TimeRelation
from sympolis.context.store import Store, Write
from sympolis.context.subscriptions.books import Pending
from sympolis.context.subscriptions.throttle import Throttle
from sympolis.stores.embedded import EmbeddedStore
from sympolis.stores.memory import MemoryStore
from sympolis.testing.stores import SPEED, creating, observed, road
from sympolis.testing.subscriptions import ManualTime

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("kind", ["memory", "embedded"])
def test_what_is_written_after_the_clock_was_set_back_counts_as_the_newest(kind: str, tmp_path: Path) -> None:
    now = [NOON]

    def opened() -> Store:
        if kind == "memory":
            return MemoryStore(now=lambda: now[0])
        return EmbeddedStore.open(tmp_path, now=lambda: now[0])

    async def run() -> None:
        store = opened()
        await store.write(creating(road(1, speed=1, name="a")))
        now[0] = NOON - timedelta(hours=3)
        await store.write([Write(road(1).id, merge.upsert_update(road(1, speed=2)))])
        await store.write(creating(road(2, speed=observed(5))))
        found = await store.get(road(1).id)
        assert found is not None and found.value(SPEED) == 2
        assert [change.number for change in await store.changes(0)] == [1, 2, 3]
        assert (await store.history(HistoryQuery(Query(ids=(road(2).id,))))).series[0].observations[
            0
        ].value == 5
        ever = TimeRange(TimeRelation.AFTER, NOON - timedelta(days=1), None, TimeProperty.MODIFIED_AT)
        series = (await store.history(HistoryQuery(Query(ids=(road(1).id,)), ever, names=(SPEED,)))).series
        assert {one.value for one in series[0].observations} == {1, 2}, "both were there"
        await store.close()

    asyncio.run(run())


class Clock(ManualTime):
    """One that can be set."""

    def set(self, to: datetime) -> None:
        self._now = to


@pytest.mark.parametrize("back", [timedelta(0), timedelta(hours=10)])
def test_a_throttled_subscriber_waits_no_longer_than_the_gap(back: timedelta) -> None:
    told: list[list[Pending]] = []

    async def run() -> None:
        time = Clock(NOON)
        gate = Throttle(5, time=time, last=None, pass_on=told.append, replaced=_nothing)
        gate.put(_pending(1))
        time.set(NOON - back)
        gate.put(_pending(2))
        await asyncio.sleep(0)
        await time.advance(5, _settle)
        assert [[one.number for one in group] for group in told] == [[1], [2]]

    asyncio.run(run())


async def _settle() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


_nothing: Callable[[Pending], None] = lambda _: None  # noqa: E731


def _pending(number: int) -> Pending:
    return Pending(number, "", "urn:s", f"urn:{number}", NOON, b"{}")
