"""The contract about histories that every ``Store`` has to keep, as tests: what joins them, and under which times.

Derive a test class from ``HistoryContract`` and give it ``open_store``, as for ``StoreContract``. What stands there
about observed values is not repeated here.
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sympolis.context import merge
from sympolis.context.effects import SCOPE
from sympolis.context.query import Aggregation, HistoryQuery, Query, TimeProperty, TimeRange, TimeRelation
from sympolis.context.store import History, Retracting, Retraction, Store, Write
from sympolis.domain.changes import TimeKind
from sympolis.domain.entity import NULL, Attribute, AttributeKind, Entity
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

CREATED, MODIFIED = TimeProperty.CREATED_AT, TimeProperty.MODIFIED_AT
OBSERVED, DELETED = TimeProperty.OBSERVED_AT, TimeProperty.DELETED_AT
TIMES = (None, *TimeProperty)
"""All that a query may go by."""


def asked(time: TimeProperty | None = None, **more: Any) -> HistoryQuery:
    """A query for all instances that have such a time (None: for all instances)."""
    return HistoryQuery(Query(), time=time, **more)


def since(at: datetime, time: TimeProperty) -> HistoryQuery:
    """A query for what has a time from then on."""
    return HistoryQuery(Query(), TimeRange(TimeRelation.AFTER, at, None, time))


def values(history: History) -> list[Any]:
    """All values, in the order in which they are given."""
    return [point.value for series in history.series for point in series.observations]


def replacing(entity: Entity) -> list[Write]:
    """A write that lets this state stand for the one before."""
    return [Write(entity.id, merge.upsert_replace(entity))]


class HistoryContract:
    """See the module's text."""

    def open_store(self, now: Now) -> AbstractAsyncContextManager[Store]:
        """A fresh, empty store that takes the time from ``now``; closed at the end."""
        raise NotImplementedError

    # --- what joins the history

    @with_store
    async def test_what_has_no_time_of_its_own_is_recorded(self, store: Store) -> None:
        for name in ("a", "a", "b"):
            await store.write(replacing(road(1, name=name, speed=observed(30))))
        [series] = (await store.history(asked(names=(NAME,)))).series
        first, second = series.observations
        assert [first.value, second.value] == ["a", "b"]
        assert (first.time, second.time) == (TimeKind.RECORDED, TimeKind.RECORDED)
        assert [change.at for change in await store.changes(0)] == [first.at, second.at]
        assert (await store.history(HistoryQuery(Query(), names=(NAME,)))).series == ()
        assert (await store.status()).observations == 1

    @with_store
    async def test_observed_instances_say_when_they_came(self, store: Store) -> None:
        await store.write(creating(road(1, speed=observed(30))))
        await store.observe([observation(road(1), 1, 31)])
        [series] = (await store.history(HistoryQuery(Query()))).series
        log = await store.changes(0)
        assert [point.created_at for point in series.observations] == [change.at for change in log]
        assert [point.modified_at for point in series.observations] == [None, None]

    @with_store
    async def test_a_corrected_instance_keeps_its_creation(self, store: Store) -> None:
        for value in (30, 31, 31):
            await store.observe([observation(road(1), 1, value)])
        [series] = (await store.history(HistoryQuery(Query()))).series
        [point] = series.observations
        first, second = await store.changes(0)
        assert (point.value, point.created_at, point.modified_at) == (31, first.at, second.at)

    @with_store
    async def test_writes_at_once_correct_each_other(self, store: Store) -> None:
        calls = [store.write(replacing(road(1, speed=observed(value)))) for value in range(5)]
        await asyncio.gather(*calls)
        log = await store.changes(0)
        [series] = (await store.history(HistoryQuery(Query()))).series
        [point] = series.observations
        assert (point.created_at, point.modified_at) == (log[0].at, log[-1].at)

    @with_store
    async def test_deleted_attributes_leave_a_null(self, store: Store) -> None:
        second = replace(observed(2), dataset_id="urn:d:1")
        target = Attribute(AttributeKind.RELATIONSHIP, "urn:a:b")
        given = replace(road(1, name="a"), attributes={SPEED: (observed(1), second), NAME: (target,)})
        await store.write(creating(given))
        await store.write(replacing(replace(given, attributes={SPEED: (second,)})))
        found = await store.history(asked(DELETED))
        assert [(one.name, one.dataset_id, one.kind) for one in found.series] == [
            (NAME, None, AttributeKind.RELATIONSHIP),
            (SPEED, None, AttributeKind.PROPERTY),
        ]
        assert values(found) == [NULL, NULL]
        at = (await store.changes(1))[0].at
        assert {(point.time, point.at) for one in found.series for point in one.observations} == {
            (TimeKind.DELETED, at)
        }
        assert values(await store.history(HistoryQuery(Query()))) == [1, 2]

    @with_store
    async def test_a_deleted_entity_leaves_a_null_per_attribute(self, store: Store) -> None:
        given = replace(road(1, name="a", speed=observed(1)), scope=("/Town",))
        await store.write(creating(given))
        await store.write([Write(given.id, merge.delete)])
        found = await store.history(asked(DELETED))
        assert {series.name for series in found.series} == {NAME, SPEED, SCOPE}
        assert values(found) == [NULL] * 3
        await store.write(creating(given))
        [series] = (await store.history(asked(names=(NAME,)))).series
        assert [point.value for point in series.observations] == ["a", NULL, "a"]

    @with_store
    async def test_scopes_have_a_history(self, store: Store) -> None:
        for scope in (("/a",), ("/a", "/b"), ("/a", "/b"), ()):
            await store.write(replacing(replace(road(1, name="a"), scope=scope)))
        log = await store.changes(0)
        [series] = (await store.history(HistoryQuery(Query()))).series
        assert (series.name, series.kind) == (SCOPE, AttributeKind.PROPERTY)
        assert [(point.at, point.value) for point in series.observations] == [
            (log[0].at, "/a"),
            (log[1].at, ["/a", "/b"]),
        ]
        [gone] = (await store.history(asked(DELETED))).series
        assert [(point.at, point.value) for point in gone.observations] == [(log[2].at, NULL)]

    @with_store
    async def test_instances_keep_what_they_have(self, store: Store) -> None:
        source = "https://example.org/providedBy"
        given = replace(
            observed(30, unit_code="KMH"),
            attributes={source: (Attribute(AttributeKind.RELATIONSHIP, "urn:ngsi-ld:Source:loops"),)},
            members={"valueType": "https://example.org/Speed"},
        )
        place = Attribute(AttributeKind.GEO_PROPERTY, {"type": "Point", "coordinates": [11.34, 44.49]})
        words = Attribute(
            AttributeKind.LANGUAGE_PROPERTY, {"it": "Via", "de": "Weg"}, START, dataset_id="urn:d:1"
        )
        await store.write(creating(road(1, speed=given, location=place, name=words)))
        for query in (asked(), asked(CREATED)):
            found = {one.name: one for one in (await store.history(query)).series}
            [speed] = found[SPEED].observations
            assert (speed.unit_code, speed.attributes, speed.members) == (
                "KMH",
                given.attributes,
                given.members,
            )
            [where] = found["https://example.org/location"].observations
            assert (where.kind, where.value) == (place.kind, place.value)
            [named] = found[NAME].observations
            assert (named.kind, named.value, named.dataset_id) == (words.kind, words.value, "urn:d:1")

    @with_store
    async def test_kinds_belong_to_instances(self, store: Store) -> None:
        target = Attribute(AttributeKind.RELATIONSHIP, "urn:a:b", START + timedelta(hours=1))
        for given in (observed(30), target):
            await store.write(replacing(road(1, speed=given)))
        [series] = (await store.history(HistoryQuery(Query()))).series
        kinds = [point.kind for point in series.observations]
        assert kinds == [AttributeKind.PROPERTY, AttributeKind.RELATIONSHIP]
        assert series.kind is AttributeKind.RELATIONSHIP

    @with_store
    async def test_what_differs_in_a_sub_attribute_is_new(self, store: Store) -> None:
        plain = observation(road(1), 1, 30)
        detailed = replace(plain, attributes={NAME: (Attribute(AttributeKind.PROPERTY, "x"),)})
        counts = [await store.observe([point]) for point in (plain, detailed, detailed, plain)]
        assert counts == [1, 1, 0, 1]

    @with_store
    async def test_what_is_restored_keeps_its_times(self, store: Store) -> None:
        made, changed = START + timedelta(days=1), START + timedelta(days=2)
        given = observation(
            road(1), 1, 30, created_at=made, modified_at=changed, instance_id="urn:ngsi-ld:Instance:mine"
        )
        unobserved = observation(road(1), 2, "a", NAME, time=TimeKind.RECORDED, modified_at=changed)
        deleted = observation(road(1), 3, NULL, NAME, time=TimeKind.DELETED)
        assert await store.observe([given, unobserved, deleted]) == 3
        assert await store.observe([given, unobserved, deleted]) == 0
        found = await store.history(asked())
        assert [point for one in found.series for point in one.observations] == [unobserved, deleted, given]

    # --- the times that queries go by

    @with_store
    async def test_ranges_go_by_the_time_they_name(self, store: Store) -> None:
        await store.write(creating(road(1, speed=observed(1), name="a")))
        await store.observe([observation(road(1), 5, 2), observation(road(1), -5, 3)])
        await store.observe([observation(road(1), 0, 4)])
        first, second, third = (change.at for change in await store.changes(0))
        assert values(await store.history(since(first, CREATED))) == ["a", 4, 3, 2]
        assert values(await store.history(since(second, CREATED))) == [3, 2]
        assert values(await store.history(since(second, MODIFIED))) == [3, 2, 4]
        assert values(await store.history(since(third, MODIFIED))) == [4]
        assert values(await store.history(since(START, OBSERVED))) == [4, 2]
        assert values(await store.history(since(START, DELETED))) == []
        until = TimeRange(TimeRelation.BETWEEN, first, third, MODIFIED)
        assert values(await store.history(HistoryQuery(Query(), until))) == ["a", 3, 2]

    @with_store
    async def test_without_a_time_everything_is_given(self, store: Store) -> None:
        await store.write(creating(road(1, speed=1)))
        await store.write(replacing(road(1, speed=observed(2, 1e6))))
        await store.write(replacing(road(1)))
        [series] = (await store.history(asked())).series
        assert [(point.value, point.time) for point in series.observations] == [
            (1, TimeKind.RECORDED),
            (NULL, TimeKind.DELETED),
            (2, TimeKind.OBSERVED),
        ]

    @with_store
    async def test_the_newest_go_by_the_same_time(self, store: Store) -> None:
        for hours, value in ((3, 1), (2, 2), (1, 3)):
            await store.observe([observation(road(1), hours, value)])
        for time, newest in ((OBSERVED, [2, 1]), (CREATED, [2, 3]), (MODIFIED, [2, 3]), (None, [2, 1])):
            assert values(await store.history(asked(time, last_n=2))) == newest
        await store.observe([observation(road(1), 3, 4)])
        assert values(await store.history(asked(MODIFIED, last_n=2))) == [3, 4]

    @with_store
    async def test_entities_without_such_a_time_do_not_count(self, store: Store) -> None:
        await store.write(creating(road(1, name="a"), road(2, speed=observed(1)), road(3)))
        await store.write(replacing(road(1)))
        for time, numbers in ((OBSERVED, [2]), (DELETED, [1]), (CREATED, [1, 2]), (None, [1, 2])):
            found = await store.history(HistoryQuery(Query(count=True), time=time))
            assert list(dict.fromkeys(one.entity_id for one in found.series)) == [
                road(number).id for number in numbers
            ]
            assert found.total == len(numbers)
        second = await store.history(HistoryQuery(Query(limit=1, offset=1), time=None))
        assert {one.entity_id for one in second.series} == {road(2).id}

    @with_store
    async def test_aggregates_go_by_the_same_time(self, store: Store) -> None:
        await store.observe([observation(road(1), hours, hours) for hours in (1, 2, 3)])
        await store.observe([observation(road(1), 9, 4)])
        first, second = (change.at for change in await store.changes(0))
        wanted = TimeRange(TimeRelation.BETWEEN, first, second + timedelta(days=1), CREATED)
        methods = (Aggregation.SUM, Aggregation.TOTAL_COUNT)
        period = max(int((second - first).total_seconds()), 1)
        [series] = (
            await store.history(HistoryQuery(Query(), wanted, methods=methods, period_s=period))
        ).series
        assert [tuple(bucket.figures[method] for method in methods) for bucket in series.buckets] == [
            (6, 3),
            (4, 1),
        ]

    @with_store
    async def test_types_are_those_of_the_last_write(self, store: Store) -> None:
        await store.observe([observation(road(1), 1, 1)])
        await store.observe([observation(replace(road(1), types=(ROAD, NODE)), 1, "x", NAME)])
        found = await store.history(asked())
        assert [series.types for series in found.series] == [(ROAD, NODE)] * 2

    # --- taking back

    @with_store
    async def test_single_instances_of_each_kind_can_be_taken_back(self, store: Store) -> None:
        if not isinstance(store, Retracting):
            return
        same = START + timedelta(hours=1)
        points = [
            observation(road(1), 1, 1),
            observation(road(1), 1, 2, time=TimeKind.RECORDED),
            observation(road(1), 1, NULL, time=TimeKind.DELETED),
        ]
        assert await store.observe(points) == 3
        left = list(points)
        for kind in (TimeKind.RECORDED, TimeKind.OBSERVED, TimeKind.DELETED):
            taken = Retraction(road(1).id, SPEED, at=same, time=kind)
            assert [await store.retract(taken), await store.retract(taken)] == [1, 0]
            left = [point for point in left if point.time is not kind]
            assert values(await store.history(asked())) == [point.value for point in left]

    @with_store
    async def test_whole_series_go_with_all_their_instances(self, store: Store) -> None:
        if not isinstance(store, Retracting):
            return
        await store.write(creating(road(1, speed=observed(1), name="a")))
        await store.write(replacing(road(1, name="b")))
        assert await store.retract(Retraction(road(1).id, SPEED)) == 2
        assert await store.retract(Retraction(road(1).id)) == 2
        for time in TIMES:
            assert (await store.history(asked(time))).series == ()
        assert (await store.status()).observations == 0
