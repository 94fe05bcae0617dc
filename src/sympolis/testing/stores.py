"""The contract that every ``Store`` has to keep, as tests.

Derive a test class from ``StoreContract`` and give it ``open_store``; pytest then runs all of it against your store:

    class TestMyStore(StoreContract):
        @asynccontextmanager
        async def open_store(self, now):
            store = MyStore(now=now)
            yield store
            await store.close()
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sympolis.context import merge
from sympolis.context.core_context import NGSI_LD
from sympolis.context.query import (
    Aggregation,
    AllOf,
    AnyOf,
    Comparison,
    GeoQuery,
    GeoRelation,
    HistoryQuery,
    NoneOf,
    Ordering,
    OrderKey,
    Query,
    Selector,
    Term,
    TimeRange,
    TimeRelation,
    TypeIs,
    ValueRange,
)
from sympolis.context.store import Profiling, Retracting, Retraction, Store, Write
from sympolis.domain.changes import Change, ChangeKind, Observation
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.domain.errors import (
    AlreadyExists,
    BadRequestData,
    NonexistentTenant,
    NotFound,
    StoreUnavailable,
)
from sympolis.testing.clocks import SteppingClock

LOCATION = NGSI_LD + "location"
ROAD = "https://example.org/RoadSegment"
NODE = "https://example.org/RoadNode"
SPEED = "https://example.org/speed"
NAME = "https://example.org/name"
START = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)

Now = Callable[[], datetime]
Scenario = Callable[[Any, Store], Awaitable[None]]


def road(number: int, **attributes: Any) -> Entity:
    """A road segment; attributes by short name, values plain or ready-made."""
    found = {
        f"https://example.org/{name}": (value if isinstance(value, Attribute) else _property(value),)
        for name, value in attributes.items()
    }
    return Entity(f"urn:ngsi-ld:RoadSegment:test:{number:04d}", (ROAD,), found)


def _property(value: Any) -> Attribute:
    return Attribute(AttributeKind.PROPERTY, value)


def observed(value: Any, hours: float = 0, **more: Any) -> Attribute:
    """A property observed so many hours after the start."""
    return Attribute(AttributeKind.PROPERTY, value, START + timedelta(hours=hours), **more)


def point(longitude: float, latitude: float) -> Attribute:
    """A geo-property of a point."""
    return Attribute(AttributeKind.GEO_PROPERTY, {"type": "Point", "coordinates": [longitude, latitude]})


def creating(*entities: Entity) -> list[Write]:
    """Writes that create these entities."""
    return [Write(entity.id, merge.create(entity)) for entity in entities]


def observation(entity: Entity, hours: float, value: Any, name: str = SPEED, **more: Any) -> Observation:
    """A point of an entity's history."""
    return Observation(entity.id, entity.types, name, START + timedelta(hours=hours), value, **more)


def with_store(scenario: Scenario) -> Callable[[Any], None]:
    """Make a test of a coroutine that takes an open store."""

    def test(self: StoreContract) -> None:
        async def run() -> None:
            async with self.open_store(SteppingClock()) as store:
                await scenario(self, store)

        asyncio.run(run())

    test.__name__ = getattr(scenario, "__name__", "test")
    test.__doc__ = scenario.__doc__
    return test


class StoreContract:
    """See the module's text."""

    def open_store(self, now: Now) -> AbstractAsyncContextManager[Store]:
        """A fresh, empty store that takes the time from ``now``; closed at the end."""
        raise NotImplementedError

    # --- writing

    @with_store
    async def test_created_entity_is_there(self, store: Store) -> None:
        given = road(1, speed=observed(31.5, unit_code="KMH"), name="Via Zamboni")
        [outcome] = await store.write(creating(given), cause="request:1")
        found = await store.get(given.id)
        assert found is not None
        assert replace(found, created_at=None, modified_at=None) == given
        assert found.created_at == found.modified_at is not None
        assert outcome.change is not None
        assert (outcome.change.number, outcome.change.kind) == (1, ChangeKind.CREATED)
        assert outcome.change.cause == "request:1"
        assert set(outcome.change.attributes) == {SPEED, NAME}

    @with_store
    async def test_absent_entity_is_none(self, store: Store) -> None:
        assert await store.get("urn:ngsi-ld:RoadSegment:test:none") is None

    @with_store
    async def test_refused_write_undoes_nothing_else(self, store: Store) -> None:
        await store.write(creating(road(1, speed=1)))
        first, second, third = await store.write(creating(road(2), road(1, speed=2), road(3)))
        assert isinstance(second.error, AlreadyExists)
        assert second.change is None
        assert first.change is not None and third.change is not None
        assert (first.change.number, third.change.number) == (2, 3)
        assert (await store.query(Query(count=True))).total == 3
        kept = await store.get(road(1).id)
        assert kept is not None and kept.value(SPEED) == 1

    @with_store
    async def test_unexpected_error_takes_back_the_whole_call(self, store: Store) -> None:
        def broken(_before: Entity | None, _at: datetime) -> Entity:
            raise ZeroDivisionError

        await store.write(creating(road(1, speed=observed(1))))
        with pytest.raises(ZeroDivisionError):
            await store.write([*creating(road(2, speed=observed(2), place=3)), Write(road(3).id, broken)])
        assert await store.get(road(2).id) is None
        assert (await store.status()).observations == 1
        [outcome] = await store.write(creating(road(2, speed=observed(2), place=3)))
        assert outcome.change is not None and outcome.change.number == 2
        found = await store.query(Query(q=Term(("https://example.org/place",), Comparison.EQUAL, 3)))
        assert [entity.id for entity in found.entities] == [road(2).id]
        status = await store.status()
        assert (status.entities, status.observations) == (2, 2)

    @with_store
    async def test_the_same_again_changes_nothing(self, store: Store) -> None:
        given = road(1, speed=observed(30))
        await store.write([Write(given.id, merge.upsert_replace(given))])
        [outcome] = await store.write([Write(given.id, merge.upsert_replace(given))])
        assert outcome.change is None and outcome.error is None
        assert len(await store.changes(0)) == 1

    @with_store
    async def test_writes_of_one_call_see_each_other(self, store: Store) -> None:
        first, second = road(1, speed=1), road(1, name="a")
        await store.write(
            [Write(first.id, merge.create(first)), Write(first.id, merge.upsert_update(second))]
        )
        found = await store.get(first.id)
        assert found is not None and (found.value(SPEED), found.value(NAME)) == (1, "a")
        assert [change.kind for change in await store.changes(0)] == [ChangeKind.CREATED, ChangeKind.UPDATED]

    @with_store
    async def test_deleted_entity_is_gone_but_logged(self, store: Store) -> None:
        given = road(1, speed=observed(30), location=point(11.34, 44.49))
        await store.write(creating(given))
        [outcome] = await store.write([Write(given.id, merge.delete)])
        assert outcome.change is not None and outcome.change.kind is ChangeKind.DELETED
        assert set(outcome.change.attributes) == set(given.attributes)
        assert await store.get(given.id) is None
        assert (await store.query(Query(q=Term((SPEED,))))).entities == ()
        [series] = (await store.history(HistoryQuery(Query(ids=(given.id,))))).series
        assert [one.value for one in series.observations] == [30]
        [again] = await store.write([Write(given.id, merge.delete)])
        assert isinstance(again.error, NotFound)
        [reborn] = await store.write(creating(given))
        assert reborn.change is not None and reborn.change.number == 3

    @with_store
    async def test_change_names_what_changed(self, store: Store) -> None:
        await store.write(creating(road(1, speed=1, name="a", lanes=2)))
        after = road(1, speed=5, name="a", width=3)
        [outcome] = await store.write([Write(after.id, merge.upsert_replace(after))])
        assert outcome.change is not None
        assert set(outcome.change.attributes) == {
            SPEED,
            "https://example.org/lanes",
            "https://example.org/width",
        }

    @with_store
    async def test_every_kind_of_value_survives(self, store: Store) -> None:
        values: Mapping[str, Attribute] = {
            "text": _property('Strada "Maggiore" – ö\U0001f6b2'),
            "truth": _property(False),
            "whole": _property(-(2**53)),
            "real": _property(1e-9),
            "object": _property({"a": [1, {"b": None}], "c": "d"}),
            "empty": _property([]),
            "many": _property(list(range(200))),
            "relationship": Attribute(AttributeKind.RELATIONSHIP, ["urn:a:b", "urn:a:c"]),
            "place": Attribute(
                AttributeKind.GEO_PROPERTY,
                {"type": "LineString", "coordinates": [[11.3, 44.4], [11.31, 44.41]]},
            ),
            "texts": Attribute(AttributeKind.LANGUAGE_PROPERTY, {"it": "Via", "de": ["Weg", "Straße"]}),
            "json": Attribute(AttributeKind.JSON_PROPERTY, [{"index": 0, "speed": 13.9}]),
            "vocab": Attribute(AttributeKind.VOCAB_PROPERTY, "https://example.org/good"),
            "list": Attribute(AttributeKind.LIST_PROPERTY, [1, "a", True]),
            "targets": Attribute(AttributeKind.LIST_RELATIONSHIP, ["urn:a:b"]),
            "deep": replace(
                _property(1),
                attributes={SPEED: (_property(2), replace(_property(3), dataset_id="urn:d:1"))},
                members={"valueType": "https://example.org/t"},
            ),
        }
        given = replace(road(1, **values), scope=("/Bologna",), members={"expiresAt": "2030-01-01T00:00:00Z"})
        await store.write(creating(given))
        found = await store.get(given.id)
        assert found is not None
        assert replace(found, created_at=None, modified_at=None) == given

    @with_store
    async def test_writers_at_once_share_one_order(self, store: Store) -> None:
        calls = [store.write(creating(road(2 * n), road(2 * n + 1))) for n in range(40)]
        numbers = [
            outcome.change.number
            for found in await asyncio.gather(*calls)
            for outcome in found
            if outcome.change
        ]
        assert sorted(numbers) == list(range(1, 81))
        log = await store.changes(0)
        assert [change.number for change in log] == list(range(1, 81))
        assert all(later == sooner + 1 for sooner, later in zip(numbers[::2], numbers[1::2], strict=True))

    # --- the change log

    @with_store
    async def test_changes_are_given_in_pieces(self, store: Store) -> None:
        await store.write(creating(*(road(n) for n in range(7))))
        assert [change.number for change in await store.changes(2, limit=3)] == [3, 4, 5]
        assert await store.changes(7) == []
        assert (await store.status()).position == 7

    @with_store
    async def test_follower_gets_what_was_and_what_comes(self, store: Store) -> None:
        await store.write(creating(road(1), road(2)))
        followed = store.follow(1)
        assert (await anext(followed)).number == 2
        waiting = asyncio.ensure_future(anext(followed))
        await asyncio.sleep(0)
        assert not waiting.done()
        await store.write(creating(road(3)))
        assert (await asyncio.wait_for(waiting, 10)).number == 3

    @with_store
    async def test_followers_end_when_the_store_closes(self, store: Store) -> None:
        await store.write(creating(road(1)))
        followers = [asyncio.ensure_future(_all(store.follow(0))) for _ in range(3)]
        await asyncio.sleep(0)
        await store.close()
        for numbers in await asyncio.wait_for(asyncio.gather(*followers), 10):
            assert numbers in ([], [1])

    # --- history

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

    # --- queries

    @with_store
    async def test_pages_are_in_order_of_id(self, store: Store) -> None:
        await store.write(creating(*(road(n, speed=n) for n in (5, 3, 1, 4, 2))))
        page = await store.query(Query(limit=2, offset=1, count=True))
        assert [entity.id for entity in page.entities] == [road(2).id, road(3).id]
        assert page.total == 5
        nothing = await store.query(Query(limit=0, count=True))
        assert (nothing.entities, nothing.total) == ((), 5)
        assert (await store.query(Query())).total is None

    @with_store
    async def test_selecting_by_id_and_type(self, store: Store) -> None:
        both = replace(road(3), types=(ROAD, NODE))
        await store.write(creating(road(1), replace(road(2), types=(NODE,)), both))
        expect = self._expect(store)
        await expect(Query(ids=(road(1).id, road(3).id, "urn:x:y")), 1, 3)
        await expect(Query(id_pattern="test:000[12]$"), 1, 2)
        await expect(Query(types=TypeIs(NODE)), 2, 3)
        await expect(Query(types=AnyOf((TypeIs(NODE), TypeIs(ROAD)))), 1, 2, 3)
        await expect(Query(types=AllOf((TypeIs(NODE), TypeIs(ROAD)))), 3)
        await expect(Query(types=TypeIs("https://example.org/None")))

    @with_store
    async def test_selecting_what_is_of_no_such_type(self, store: Store) -> None:
        both = replace(road(3, name="c"), types=(ROAD, NODE))
        await store.write(creating(road(1, name="a"), replace(road(2, name="b"), types=(NODE,)), both))
        expect, unknown = self._expect(store), "https://example.org/None"
        await expect(Query(types=NoneOf((NODE, unknown))), 1)
        await expect(Query(types=NoneOf((unknown,))), 1, 2, 3)
        await expect(Query(types=AllOf((TypeIs(ROAD), NoneOf((NODE,))))), 1)
        await expect(Query(types=AllOf((AnyOf((TypeIs(ROAD), TypeIs(NODE))), NoneOf((ROAD,))))), 2)
        await expect(Query(types=NoneOf((NODE,)), attributes=("https://example.org/None",)))
        left = await store.history(HistoryQuery(Query(types=NoneOf((NODE,))), time=None))
        assert {series.entity_id for series in left.series} == {road(1).id}

    @with_store
    async def test_selecting_by_one_of_several_selectors(self, store: Store) -> None:
        await store.write(creating(road(1), replace(road(2), types=(NODE,)), road(3)))
        expect = self._expect(store)
        either = (Selector(TypeIs(NODE)), Selector(TypeIs(ROAD), id_pattern="test:0003$"))
        await expect(Query(selectors=either), 2, 3)
        await expect(Query(selectors=(Selector(TypeIs(ROAD), ids=(road(2).id, road(3).id)),)), 3)
        await expect(Query(selectors=either, types=TypeIs(NODE)), 2)

    @with_store
    async def test_selecting_by_scope(self, store: Store) -> None:
        scopes = {
            1: ("/Bologna/Centro",),
            2: ("/Bologna", "/Traffic/Slow"),
            3: (),
            4: ("/Bologna/Centro/West",),
        }
        await store.write(creating(*(replace(road(n, speed=n), scope=found) for n, found in scopes.items())))
        expect = self._expect(store)
        await expect(Query(scopes="/Bologna"), 2)
        await expect(Query(scopes="/Bologna/#"), 1, 2, 4)
        await expect(Query(scopes="/Bologna/+"), 1)
        await expect(Query(scopes="/#"), 1, 2, 4)
        await expect(Query(scopes=AllOf(("/Bologna", "/+/Slow"))), 2)
        await expect(Query(scopes=AnyOf(("/Traffic/Slow", "/Bologna/Centro"))), 1, 2)
        await expect(
            Query(scopes="/Bologna/#", q=Term((SPEED,), Comparison.GREATER, 1), types=TypeIs(ROAD)), 2, 4
        )
        await store.write(
            [Write(road(1).id, merge.upsert_replace(replace(road(1), scope=("/Traffic/Slow",))))]
        )
        await expect(Query(scopes="/Traffic/#"), 1, 2)
        await expect(Query(scopes="/Bologna/Centro"))

    @with_store
    async def test_history_of_entities_in_a_scope(self, store: Store) -> None:
        await store.write(
            creating(replace(road(1, speed=observed(1)), scope=("/a",)), road(2, speed=observed(2)))
        )
        found = await store.history(HistoryQuery(Query(scopes="/a")))
        assert {series.entity_id for series in found.series} == {road(1).id}

    @with_store
    async def test_ordered_by_values_members_and_places(self, store: Store) -> None:
        text = Attribute(AttributeKind.PROPERTY, "b")
        roads = (
            road(1, speed=30, name="Zamboni", spot=point(11.30, 44.5)),
            road(2, speed=10, name="émile", spot=point(11.36, 44.5)),
            road(3, speed=text, name="Emile", spot=point(11.33, 44.5)),
            road(4, name="zamboni"),
            road(5, speed=30, name="Archi"),
        )
        for one in roads:
            await store.write(creating(one))
        spot = "https://example.org/spot"
        origin = {"type": "Point", "coordinates": [11.31, 44.5]}

        async def expect(keys: Sequence[OrderKey], *numbers: int) -> None:
            await self._expect(store)(Query(ordering=Ordering(tuple(keys), origin)), *numbers)

        speed, name = OrderKey((SPEED,)), OrderKey((NAME,))
        await expect([speed], 2, 1, 5, 3, 4)
        await expect([replace(speed, descending=True)], 4, 3, 1, 5, 2)
        await expect([name], 5, 3, 2, 4, 1)
        await expect([speed, name], 2, 5, 1, 3, 4)
        await expect([OrderKey(("id",), descending=True)], 5, 4, 3, 2, 1)
        await expect([OrderKey((NGSI_LD + "createdAt",), descending=True)], 5, 4, 3, 2, 1)
        await expect([OrderKey((spot,), distance=True)], 1, 3, 2, 4, 5)
        await expect([OrderKey(("type",)), OrderKey((spot,), descending=True, distance=True)], 4, 5, 2, 3, 1)

    @with_store
    async def test_pages_of_an_order(self, store: Store) -> None:
        await store.write(
            creating(*(road(n, speed=-n) for n in range(1, 8)), replace(road(9), types=(NODE,)))
        )
        wanted = Query(types=TypeIs(ROAD), ordering=Ordering((OrderKey((SPEED,)),)), limit=3, count=True)
        pages = [await store.query(replace(wanted, offset=offset)) for offset in (0, 3, 6)]
        found = [[one.id for one in page.entities] for page in pages]
        assert found == [[road(n).id for n in numbers] for numbers in ((7, 6, 5), (4, 3, 2), (1,))]
        assert {page.total for page in pages} == {7}

    @with_store
    async def test_changing_types_changes_what_is_found(self, store: Store) -> None:
        await store.write(creating(road(1)))
        after = replace(road(1), types=(NODE,))
        await store.write([Write(after.id, merge.upsert_replace(after))])
        expect = self._expect(store)
        await expect(Query(types=TypeIs(ROAD)))
        await expect(Query(types=TypeIs(NODE)), 1)

    @with_store
    async def test_selecting_by_value(self, store: Store) -> None:
        twice = replace(
            road(4), attributes={SPEED: (_property(1), replace(_property(70), dataset_id="urn:d:1"))}
        )
        await store.write(
            creating(road(1, speed=30), road(2, speed=50.0), road(3, speed="fast"), twice, road(5, name="x"))
        )
        expect = self._expect(store)

        def speed(comparison: Comparison, operand: Any = None) -> Query:
            return Query(q=Term((SPEED,), comparison, operand))

        await expect(speed(Comparison.EXISTS), 1, 2, 3, 4)
        await expect(speed(Comparison.EQUAL, 50), 2)
        await expect(speed(Comparison.EQUAL, (30, 70)), 1, 4)
        await expect(speed(Comparison.EQUAL, ValueRange(20, 60)), 1, 2)
        await expect(speed(Comparison.UNEQUAL, 30), 2, 3, 4)
        await expect(speed(Comparison.GREATER, 30), 2, 4)
        await expect(speed(Comparison.GREATER_EQUAL, 30), 1, 2, 4)
        await expect(speed(Comparison.LESS, 50), 1, 4)
        await expect(speed(Comparison.LESS_EQUAL, 50), 1, 2, 4)
        await expect(speed(Comparison.EQUAL, "fast"), 3)
        await expect(speed(Comparison.GREATER, "f"), 3)
        await expect(speed(Comparison.MATCHES, "^f.s"), 3)
        await expect(speed(Comparison.NOT_MATCHES, "^f.s"), 1, 2, 4)
        await expect(Query(attributes=(NAME, "https://example.org/none")), 5)

    @with_store
    async def test_combining_terms(self, store: Store) -> None:
        await store.write(
            creating(*(road(n, speed=n, name="even" if n % 2 == 0 else "odd") for n in range(6)))
        )
        fast, even = Term((SPEED,), Comparison.GREATER, 3), Term((NAME,), Comparison.EQUAL, "even")
        expect = self._expect(store)
        await expect(Query(q=AllOf((fast, even))), 4)
        await expect(Query(q=AnyOf((fast, even))), 0, 2, 4, 5)
        await expect(Query(q=AllOf((fast, even)), types=TypeIs(NODE)))
        await expect(Query(q=AnyOf((fast, Term((NAME,), Comparison.MATCHES, "^e"))), limit=2, offset=1), 2, 4)

    @with_store
    async def test_selecting_by_sub_attribute_member_and_inside(self, store: Store) -> None:
        source = Attribute(AttributeKind.RELATIONSHIP, "urn:ngsi-ld:Source:loops")
        provided = "https://example.org/providedBy"
        await store.write(
            creating(
                road(1, speed=replace(observed(30, unit_code="KMH"), attributes={provided: (source,)})),
                road(2, speed=observed(30, 5, unit_code="MTS")),
                road(3, speed={"lane": [{"limit": 30}, {"limit": 50}]}),
                road(4, speed=Attribute(AttributeKind.LANGUAGE_PROPERTY, {"it": "lento", "en": "slow"})),
            )
        )
        expect = self._expect(store)
        await expect(Query(q=Term((SPEED, provided), Comparison.EQUAL, source.value)), 1)
        await expect(Query(q=Term((SPEED, NGSI_LD + "unitCode"), Comparison.EQUAL, "MTS")), 2)
        late = Term((SPEED, NGSI_LD + "observedAt"), Comparison.GREATER, START)
        await expect(Query(q=late), 2)
        await expect(Query(q=Term((SPEED,), Comparison.EQUAL, 50, ("lane", "limit"))), 3)
        await expect(Query(q=Term((SPEED,), Comparison.EQUAL, "slow", ("en",))), 4)
        await expect(Query(q=Term((SPEED,), Comparison.EQUAL, "lento")), 4)
        created = Term((NGSI_LD + "createdAt",), Comparison.GREATER, datetime(2020, 1, 1, tzinfo=UTC))
        await expect(Query(q=created), 1, 2, 3, 4)

    @with_store
    async def test_selecting_by_place(self, store: Store) -> None:
        def at(number: int, longitude: float, latitude: float) -> Entity:
            return replace(road(number), attributes={LOCATION: (point(longitude, latitude),)})

        await store.write(creating(at(1, 11.34, 44.49), at(2, 11.341, 44.49), at(3, 11.40, 44.49), road(4)))
        here = {"type": "Point", "coordinates": [11.34, 44.49]}
        ring = [[11.3, 44.4], [11.35, 44.4], [11.35, 44.6], [11.3, 44.6], [11.3, 44.4]]
        area = {"type": "Polygon", "coordinates": [ring]}

        def geo(relation: GeoRelation, shape: Mapping[str, Any], **limits: float) -> Query:
            return Query(geo=GeoQuery(relation, shape, LOCATION, **limits))

        expect = self._expect(store)
        await expect(geo(GeoRelation.NEAR, here, max_distance_m=100), 1, 2)
        await expect(geo(GeoRelation.NEAR, here, max_distance_m=79), 1)
        await expect(geo(GeoRelation.NEAR, here, min_distance_m=100), 3)
        await expect(geo(GeoRelation.WITHIN, area), 1, 2)
        await expect(geo(GeoRelation.INTERSECTS, area), 1, 2)
        await expect(geo(GeoRelation.DISJOINT, area), 3)
        await expect(geo(GeoRelation.EQUALS, here), 1)
        await expect(geo(GeoRelation.OVERLAPS, area))
        page = await store.query(replace(geo(GeoRelation.WITHIN, area), limit=1, offset=1, count=True))
        assert ([entity.id for entity in page.entities], page.total) == ([road(2).id], 2)

    @with_store
    async def test_pages_of_a_crowded_place_follow_each_other(self, store: Store) -> None:
        """More entities than a store may care to read for one page: what is near, far, and has a value as well."""
        distances = [7 * number % 1200 // 10 * 10 for number in range(1, 1201)]  # metres to the north
        await store.write(
            creating(
                *(
                    replace(road(number), attributes={SPEED: (_property(metres),), LOCATION: (spot,)})
                    for number, metres in enumerate(distances, 1)
                    for spot in [point(11.34, 44.49 + metres / 111_000)]
                )
            )
        )
        here = {"type": "Point", "coordinates": [11.34, 44.49]}
        near = Query(geo=GeoQuery(GeoRelation.NEAR, here, LOCATION, max_distance_m=1105))
        far = replace(near, geo=GeoQuery(GeoRelation.NEAR, here, LOCATION, min_distance_m=1105))
        slow = replace(near, q=Term((SPEED,), Comparison.LESS, 100))
        for query, low, high in ((near, 0, 1105), (far, 1105, 1200), (slow, 0, 100)):
            expected = [number for number, metres in enumerate(distances, 1) if low <= metres < high]
            assert await self._listed(store, replace(query, limit=50), 2) == expected[:100]
            last = replace(query, limit=50, offset=len(expected) - 5)
            assert await self._listed(store, last, 1) == expected[-5:]
            assert (await store.query(replace(query, limit=1, count=True))).total == len(expected)

    async def _listed(self, store: Store, query: Query, pages: int) -> list[int]:
        found = [
            await store.query(replace(query, offset=query.offset + number * query.limit))
            for number in range(pages)
        ]
        return [int(entity.id[-4:]) for page in found for entity in page.entities]

    @with_store
    async def test_what_moves_is_found_where_it_is(self, store: Store) -> None:
        for longitude in (11.30, 11.35, 11.40):
            moved = replace(road(1), attributes={LOCATION: (point(longitude, 44.49),)})
            await store.write([Write(moved.id, merge.upsert_replace(moved))])
        expect = self._expect(store)

        def near(longitude: float) -> Query:
            here = {"type": "Point", "coordinates": [longitude, 44.49]}
            return Query(geo=GeoQuery(GeoRelation.NEAR, here, LOCATION, max_distance_m=500))

        await expect(near(11.30))
        await expect(near(11.40), 1)
        await store.write([Write(road(1).id, merge.delete)])
        await expect(near(11.40))

    # --- tenants and the end

    @with_store
    async def test_profiles_follow_every_change(self, store: Store) -> None:
        """Whatever happens, the profiles are those of the entities that are there."""
        if not isinstance(store, Profiling):
            pytest.skip("this store does not tell profiles")
        first, second, third = road(1, speed=1), road(2, speed=2), road(3, name="x")
        await store.write(creating(first, second, third))
        await store.write([Write(first.id, merge.upsert_replace(road(1, speed=5)))])
        await store.write([Write(second.id, merge.upsert_replace(road(2, speed=2, name="y")))])
        await store.write([Write(third.id, merge.delete), *creating(first)])
        found = [(one.types, dict(one.attributes), one.count) for one in await store.profiles()]
        kinds = (AttributeKind.PROPERTY,)
        assert sorted(found, key=lambda one: len(one[1])) == [
            ((ROAD,), {SPEED: kinds}, 1),
            ((ROAD,), {SPEED: kinds, NAME: kinds}, 1),
        ]

    @with_store
    async def test_a_write_taken_back_leaves_no_profile(self, store: Store) -> None:
        """Profiles go back with the write that failed."""
        if not isinstance(store, Profiling):
            pytest.skip("this store does not tell profiles")

        def broken(_before: Entity | None, _at: datetime) -> Entity | None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await store.write([*creating(road(1, speed=1)), Write("urn:a:b", broken)])
        assert list(await store.profiles()) == []

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

    @with_store
    async def test_tenants_do_not_see_each_other(self, store: Store) -> None:
        await store.write(creating(road(1)))
        await store.write(creating(road(1, speed=5), road(2)), tenant="Leipzig/öst")
        assert (await store.query(Query(count=True))).total == 1
        assert (await store.query(Query(count=True), tenant="Leipzig/öst")).total == 2
        assert [change.number for change in await store.changes(0, tenant="Leipzig/öst")] == [1, 2]

    @with_store
    async def test_unknown_tenant_is_refused(self, store: Store) -> None:
        with pytest.raises(NonexistentTenant):
            await store.get(road(1).id, tenant="nobody")
        with pytest.raises(NonexistentTenant):
            await store.query(Query(), tenant="nobody")

    @with_store
    async def test_closed_store_says_so(self, store: Store) -> None:
        await store.close()
        with pytest.raises(StoreUnavailable):
            await store.get(road(1).id)
        with pytest.raises(StoreUnavailable):
            await store.write(creating(road(1)))

    def _expect(self, store: Store) -> Callable[..., Awaitable[None]]:
        async def expect(query: Query, *numbers: int) -> None:
            page = await store.query(query)
            assert [entity.id for entity in page.entities] == [road(number).id for number in numbers], query
            if query.limit >= 20:
                assert (await store.query(replace(query, count=True))).total == len(numbers), query

        return expect


def _figures(*values: Any) -> dict[Aggregation, Any]:
    order = "totalCount distinctCount sum avg min max stddev sumsq".split()  # noqa: SIM905
    return dict(zip(map(Aggregation, order), values, strict=True))


async def _all(followed: AsyncIterator[Change]) -> list[int]:
    return [change.number async for change in followed]
