"""What a store keeps of the past: the part of ``StoreContract`` about observed values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from sympolis.context import merge
from sympolis.context.query import (
    Aggregation,
    Comparison,
    HistoryQuery,
    Query,
    Term,
    TimeRange,
    TimeRelation,
    TypeIs,
)
from sympolis.context.store import Retracting, Retraction, Store, Write
from sympolis.domain.changes import ChangeKind
from sympolis.domain.errors import (
    BadRequestData,
)
from sympolis.testing.store_basics import (
    NAME,
    NODE,
    ROAD,
    SPEED,
    START,
    Opening,
    creating,
    observation,
    observed,
    road,
    with_store,
)


class HistoryContract(Opening):
    """Histories, their figures, and what is taken back of them."""

    @with_store
    async def test_observed_attributes_join_the_history(self, store: Store) -> None:
        for hours, value in ((0, 30), (1, 35), (1, 35), (2, 40)):
            given = road(1, speed=observed(value, hours, unit_code="KMH"), name="not observed")
            await store.write([Write(given.id, merge.upsert_replace(given))])
        [series] = (await store.history(HistoryQuery(Query()))).series
        assert (series.name, series.types) == (SPEED, (ROAD,))
        assert [(one.at, one.value, one.unit_code) for one in series.observations] == [
            (START + timedelta(hours=hours), value, "KMH") for hours, value in ((0, 30), (1, 35), (2, 40))
        ]

    @with_store
    async def test_observations_are_kept_once(self, store: Store) -> None:
        given = road(1, speed=observed(99, 10))
        await store.write(creating(given))
        points = [observation(given, hours, hours * 10, unit_code="KMH") for hours in range(5)]
        assert await store.observe(points, cause="source:loops") == 5
        assert await store.observe(points) == 0
        assert await store.observe([observation(given, 2, 77, unit_code="KMH"), points[3]]) == 1
        assert await store.observe([observation(given, 3, True, unit_code="KMH")]) == 1
        [series] = (await store.history(HistoryQuery(Query()))).series
        assert [one.value for one in series.observations] == [0, 10, 77, True, 40, 99]
        assert isinstance(series.observations[3].value, bool)
        found = await store.get(given.id)
        assert found is not None and found.value(SPEED) == 99
        assert (await store.status()).observations == 6
        log = await store.changes(1)
        assert [(change.kind, change.attributes) for change in log] == [(ChangeKind.UPDATED, (SPEED,))] * 3
        assert log[0].cause == "source:loops"

    @with_store
    async def test_one_change_per_entity_observed(self, store: Store) -> None:
        points = [
            observation(road(number), hours, hours, name)
            for number in (1, 2)
            for name in (SPEED, NAME)
            for hours in range(3)
        ]
        assert await store.observe(points) == 12
        log = await store.changes(0)
        assert [(change.entity_id, set(change.attributes)) for change in log] == [
            (road(1).id, {SPEED, NAME}),
            (road(2).id, {SPEED, NAME}),
        ]

    @with_store
    async def test_observed_values_of_any_kind(self, store: Store) -> None:
        values: Sequence[Any] = [1, 2.5, "wet", True, {"a": [1]}, [1, 2], False, ""]
        await store.observe([observation(road(1), hours, value) for hours, value in enumerate(values)])
        [series] = (await store.history(HistoryQuery(Query()))).series
        found = [one.value for one in series.observations]
        assert found == values
        assert [type(value) for value in found] == [type(value) for value in values]

    @with_store
    async def test_unusable_observations_are_refused(self, store: Store) -> None:
        for bad in (
            observation(road(1), 0, float("nan")),
            observation(road(1), 0, float("inf")),
            replace(observation(road(1), 0, 1), at=datetime(2024, 1, 1)),  # noqa: DTZ001 — the point of it
        ):
            with pytest.raises(BadRequestData):
                await store.observe([observation(road(2), 0, 1), bad])
        assert (await store.status()).observations == 0

    @with_store
    async def test_time_ranges(self, store: Store) -> None:
        await store.observe([observation(road(1), hours, hours) for hours in range(5)])
        at, end = START + timedelta(hours=1), START + timedelta(hours=3)
        for wanted, hours in (
            (TimeRange(TimeRelation.BEFORE, at), [0]),
            (TimeRange(TimeRelation.AFTER, at), [1, 2, 3, 4]),
            (TimeRange(TimeRelation.BETWEEN, at, end), [1, 2]),
            (TimeRange(TimeRelation.AFTER, START + timedelta(days=9)), []),
        ):
            found = await store.history(HistoryQuery(Query(), range=wanted))
            assert [one.value for series in found.series for one in series.observations] == hours

    @with_store
    async def test_the_newest_of_each_series(self, store: Store) -> None:
        await store.observe([observation(road(n), hours, hours) for n in (1, 2) for hours in range(n * 2)])
        found = await store.history(HistoryQuery(Query(), last_n=3))
        assert [[one.value for one in series.observations] for series in found.series] == [[0, 1], [1, 2, 3]]

    @with_store
    async def test_series_are_chosen_by_name_dataset_and_entity(self, store: Store) -> None:
        await store.write(creating(road(1, lanes=2), road(2, lanes=1)))
        await store.observe(
            [
                observation(road(1), 0, 1),
                observation(road(1), 0, 2, dataset_id="urn:d:1"),
                observation(road(1), 0, 3, NAME),
                observation(road(2), 0, 4),
                observation(replace(road(3), types=(NODE,)), 0, 5),
            ]
        )

        async def values(query: Query, *names: str) -> list[Any]:
            found = await store.history(HistoryQuery(query, names=names))
            return [one.value for series in found.series for one in series.observations]

        assert await values(Query(), SPEED) == [1, 2, 4, 5]
        assert await values(Query()) == [3, 1, 2, 4, 5]
        assert await values(Query(ids=(road(2).id,))) == [4]
        assert await values(Query(types=TypeIs(NODE))) == [5]
        assert await values(Query(id_pattern="0001$"), NAME) == [3]
        assert await values(Query(q=Term(("https://example.org/lanes",), Comparison.LESS, 2))) == [4]

    @with_store
    async def test_histories_are_paged_by_entity(self, store: Store) -> None:
        await store.observe([observation(road(n), 0, n, name) for n in range(5) for name in (SPEED, NAME)])
        found = await store.history(HistoryQuery(Query(limit=2, offset=1, count=True)))
        assert found.total == 5
        assert [series.entity_id for series in found.series] == [road(n).id for n in (1, 1, 2, 2)]

    @with_store
    async def test_too_many_instances_are_cut_and_said(self, store: Store) -> None:
        await store.observe([observation(road(n), hours, hours) for n in (1, 2) for hours in range(4)])
        found = await store.history(HistoryQuery(Query(), max_instances=6))
        assert not found.complete
        assert [len(series.observations) for series in found.series] == [4, 2]
        assert (await store.history(HistoryQuery(Query(), max_instances=8))).complete

    @with_store
    async def test_aggregates_by_period(self, store: Store) -> None:
        values = [1, 2.5, 4, "x", 10, 10]
        await store.observe([observation(road(1), n / 2, value) for n, value in enumerate(values)])
        wanted = TimeRange(TimeRelation.AFTER, START - timedelta(minutes=30))
        query = HistoryQuery(Query(), range=wanted, methods=tuple(Aggregation), period_s=3600)
        [series] = (await store.history(query)).series
        assert series.observations == ()
        first, second, third, fourth = series.buckets
        assert first.start == wanted.at and first.end == wanted.at + timedelta(hours=1)
        assert first.figures == _figures(1, 1, 1.0, 1.0, 1, 1, 0.0, 1.0)
        assert second.figures == _figures(2, 2, 6.5, 3.25, 2.5, 4, 0.75, 22.25)
        assert third.figures == _figures(2, 2, 10.0, 10.0, 10, 10, 0.0, 100.0)
        assert fourth.figures == _figures(1, 1, 10.0, 10.0, 10, 10, 0.0, 100.0)

    @with_store
    async def test_aggregates_of_the_whole_range(self, store: Store) -> None:
        await store.observe([observation(road(1), hours, 1e9 + hours) for hours in range(1, 4)])
        query = HistoryQuery(Query(), methods=(Aggregation.AVG, Aggregation.STDDEV))
        [series] = (await store.history(query)).series
        [bucket] = series.buckets
        assert (bucket.start, bucket.end) == (START + timedelta(hours=1), START + timedelta(hours=3))
        assert bucket.figures[Aggregation.AVG] == 1e9 + 2
        assert bucket.figures[Aggregation.STDDEV] == pytest.approx((2 / 3) ** 0.5)

    @with_store
    async def test_texts_have_counts_and_ends_only(self, store: Store) -> None:
        await store.observe([observation(road(1), n, word) for n, word in enumerate(("b", "a", "b"))])
        [series] = (await store.history(HistoryQuery(Query(), methods=tuple(Aggregation)))).series
        assert series.buckets[0].figures == _figures(3, 2, None, None, "a", "b", None, None)

    @with_store
    async def test_points_of_the_history_can_be_taken_back(self, store: Store) -> None:
        """One point, one series, one attribute, everything; each is counted and logged."""
        if not isinstance(store, Retracting):
            pytest.skip("this store cannot change the past")
        one, other = road(1), road(2)
        extra = [observation(one, 3, 7, dataset_id="urn:d:1"), observation(one, 1, "x", NAME)]
        points = [observation(one, hour, hour) for hour in (1, 2, 3)]
        await store.observe([*points, *extra, observation(other, 1, 1)])
        position = (await store.status()).position

        assert await store.retract(Retraction(one.id, SPEED, at=START + timedelta(hours=2))) == 1
        assert await store.retract(Retraction(one.id, SPEED, at=START + timedelta(hours=2))) == 0
        assert await store.retract(Retraction(one.id, SPEED)) == 2
        found = await store.history(HistoryQuery(Query(ids=(one.id,))))
        assert {(series.name, series.dataset_id) for series in found.series} == {
            (SPEED, "urn:d:1"),
            (NAME, None),
        }
        assert await store.retract(Retraction(one.id, SPEED, every=True)) == 1
        assert await store.retract(Retraction(one.id)) == 1
        assert [change.attributes for change in await store.changes(position)] == [(SPEED,)] * 3 + [(NAME,)]
        left = await store.history(HistoryQuery(Query()))
        assert [series.entity_id for series in left.series] == [other.id]
        assert (await store.status()).observations == 1
        assert await store.observe([observation(one, 1, 1)]) == 1


def _figures(*values: Any) -> dict[Aggregation, Any]:
    order = "totalCount distinctCount sum avg min max stddev sumsq".split()  # noqa: SIM905
    return dict(zip(map(Aggregation, order), values, strict=True))
