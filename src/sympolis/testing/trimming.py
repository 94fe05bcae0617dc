"""The contract of stores that let go of what was observed long ago (``Trimming``), as tests; see ``testing.stores``."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sympolis.context.query import Aggregation, HistoryQuery, Query
from sympolis.context.store import Store, Trimming
from sympolis.domain.changes import Observation, TimeKind
from sympolis.testing.stores import (
    NAME,
    NODE,
    ROAD,
    SPEED,
    START,
    Now,
    creating,
    observation,
    observed,
    road,
    with_store,
)

DAY = 24
_MANY = 5_500
"""More than any store deletes at once."""


def days(number: float) -> datetime:
    """So many days after the start."""
    return START + timedelta(days=number)


async def trimmed(store: Store, before: datetime, *types: str, **more: Any) -> int:
    """What a store says that it has trimmed."""
    assert isinstance(store, Trimming)
    return await store.trim(types or (ROAD,), before, **more)


async def values(store: Store, tenant: str = "") -> dict[tuple[str, str, str | None], list[Any]]:
    """All that is left, by entity, name and dataset."""
    found = await store.history(HistoryQuery(Query(limit=1000)), tenant=tenant)
    return {
        (one.entity_id, one.name, one.dataset_id): [point.value for point in one.observations]
        for one in found.series
    }


class TrimmingContract:
    """Derive from it and give it ``open_store``, as for ``StoreContract``."""

    def open_store(self, now: Now) -> AbstractAsyncContextManager[Store]:
        """A fresh, empty store that takes the time from ``now``; closed at the end."""
        raise NotImplementedError

    @with_store
    async def test_what_is_older_goes_and_the_rest_stays(self, store: Store) -> None:
        """Of all names and datasets, over months; what was observed at the very time stays."""
        one = road(1)
        points = [observation(one, day * DAY, day) for day in (-400, -65, -40, 0, 20, 70)]
        points += [observation(one, day * DAY, day, dataset_id="urn:d:1") for day in (-3, 20)]
        points.append(observation(one, -90 * DAY, "x", NAME))
        assert await store.observe(points) == 9
        assert await trimmed(store, days(20)) == 6
        assert await values(store) == {(one.id, SPEED, None): [20, 70], (one.id, SPEED, "urn:d:1"): [20]}
        assert (await store.status()).observations == 3
        assert await trimmed(store, days(20)) == 0
        totals = HistoryQuery(Query(), methods=(Aggregation.TOTAL_COUNT,))
        counted = (await store.history(totals)).series
        assert [series.buckets[0].figures[Aggregation.TOTAL_COUNT] for series in counted] == [2, 1]

    @with_store
    async def test_only_entities_of_the_types_are_concerned(self, store: Store) -> None:
        """Those that have one of them among others, too."""
        points = [
            observation(road(1), 0, 1),
            observation(replace(road(2), types=(NODE,)), 0, 2),
            observation(replace(road(3), types=(NODE, ROAD)), 0, 3),
        ]
        await store.observe(points)
        assert await trimmed(store, days(1), "https://example.org/Nothing") == 0
        assert await trimmed(store, days(1), ROAD) == 2
        assert await values(store) == {(road(2).id, SPEED, None): [2]}
        assert await trimmed(store, days(1), ROAD, NODE) == 1
        assert await values(store) == {}

    @with_store
    async def test_what_was_not_observed_stays(self, store: Store) -> None:
        """The present state, and instances under the times of their writes and deletions."""
        await store.write(creating(road(1, speed=observed(30), name="a")))
        await store.observe([observation(road(1), 0, "b", NAME, time=TimeKind.RECORDED)])
        assert await trimmed(store, days(1_000)) == 1
        kept = await store.get(road(1).id)
        assert kept is not None and kept.attributes[SPEED][0].value == 30
        found = await store.history(HistoryQuery(Query(), time=None))
        assert {point.value for series in found.series for point in series.observations} == {"a", "b"}

    @with_store
    async def test_each_entity_that_lost_something_is_logged(self, store: Store) -> None:
        """With the names of what it lost."""
        points = [observation(road(number), 0, number) for number in (1, 2, 3)]
        await store.observe([*points, observation(road(2), 0, "x", NAME), observation(road(1), 50 * DAY, 2)])
        position = (await store.status()).position
        assert await trimmed(store, days(1), cause="retention") == 4
        logged = await store.changes(position)
        assert {(one.entity_id, tuple(sorted(one.attributes)), one.cause) for one in logged} == {
            (road(1).id, (SPEED,), "retention"),
            (road(2).id, (NAME, SPEED), "retention"),
            (road(3).id, (SPEED,), "retention"),
        }
        assert [one.number for one in logged] == [position + 1, position + 2, position + 3]
        assert logged[0].types == (ROAD,)

    @with_store
    async def test_more_than_one_portion(self, store: Store) -> None:
        """A long series, and another that is not concerned."""
        points = [observation(road(1), hour, hour) for hour in range(_MANY)]
        await store.observe([*points, observation(replace(road(2), types=(NODE,)), 0, 1)])
        assert await trimmed(store, START + timedelta(hours=_MANY - 3)) == _MANY - 3
        assert await values(store) == {
            (road(1).id, SPEED, None): [_MANY - 3, _MANY - 2, _MANY - 1],
            (road(2).id, SPEED, None): [1],
        }
        assert (await store.status()).observations == 4

    @with_store
    async def test_points_can_come_again(self, store: Store) -> None:
        """What is to be kept out of the history is not the store's to decide."""
        points: list[Observation] = [observation(road(1), day * DAY, day) for day in (0, 30, 60)]
        await store.observe(points)
        for left in (1, 0):
            assert await trimmed(store, days(60) if left else days(61)) == 3 - left
            assert await store.observe(points) == 3 - left
            assert await values(store) == {(road(1).id, SPEED, None): [0, 30, 60]}
            assert (await store.status()).observations == 3

    @with_store
    async def test_tenants_are_apart(self, store: Store) -> None:
        """Trimming one is nothing to another."""
        for tenant in ("", "north"):
            await store.observe([observation(road(1), 0, 1)], tenant=tenant)
        assert await trimmed(store, days(1), tenant="north") == 1
        assert await values(store, "north") == {}
        assert await values(store) == {(road(1).id, SPEED, None): [1]}
