"""What a store finds: the part of ``StoreContract`` about selecting, ordering and paging entities."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sympolis.context import merge
from sympolis.context.core_context import NGSI_LD
from sympolis.context.query import (
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
    TypeIs,
    ValueRange,
)
from sympolis.context.store import Store, Write
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.testing.store_basics import (
    LOCATION,
    NAME,
    NODE,
    ROAD,
    SPEED,
    START,
    Opening,
    creating,
    observed,
    plain,
    point,
    road,
    with_store,
)


class QueryContract(Opening):
    """Queries by id, type, scope, value and place, in pages and in order."""

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
            1: ("/Town/Centro",),
            2: ("/Town", "/Traffic/Slow"),
            3: (),
            4: ("/Town/Centro/West",),
        }
        await store.write(creating(*(replace(road(n, speed=n), scope=found) for n, found in scopes.items())))
        expect = self._expect(store)
        await expect(Query(scopes="/Town"), 2)
        await expect(Query(scopes="/Town/#"), 1, 2, 4)
        await expect(Query(scopes="/Town/+"), 1)
        await expect(Query(scopes="/#"), 1, 2, 4)
        await expect(Query(scopes=AllOf(("/Town", "/+/Slow"))), 2)
        await expect(Query(scopes=AnyOf(("/Traffic/Slow", "/Town/Centro"))), 1, 2)
        await expect(
            Query(scopes="/Town/#", q=Term((SPEED,), Comparison.GREATER, 1), types=TypeIs(ROAD)), 2, 4
        )
        await store.write(
            [Write(road(1).id, merge.upsert_replace(replace(road(1), scope=("/Traffic/Slow",))))]
        )
        await expect(Query(scopes="/Traffic/#"), 1, 2)
        await expect(Query(scopes="/Town/Centro"))

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
        twice = replace(road(4), attributes={SPEED: (plain(1), replace(plain(70), dataset_id="urn:d:1"))})
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
                    replace(road(number), attributes={SPEED: (plain(metres),), LOCATION: (spot,)})
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

    def _expect(self, store: Store) -> Callable[..., Awaitable[None]]:
        async def expect(query: Query, *numbers: int) -> None:
            page = await store.query(query)
            assert [entity.id for entity in page.entities] == [road(number).id for number in numbers], query
            if query.limit >= 20:
                assert (await store.query(replace(query, count=True))).total == len(numbers), query

        return expect
