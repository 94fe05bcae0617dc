"""What stands beside the points comes when queries around places ask for it, and never changes an answer."""

import asyncio
import random

import pytest

from sympolis.context import geometry, merge
from sympolis.context.query import Comparison, GeoQuery, GeoRelation, Query, Term, TypeIs
from sympolis.context.store import Write
from sympolis.domain.entity import Entity
from sympolis.stores.embedded import EmbeddedStore, around
from sympolis.stores.embedded.tenant import _OFTEN
from sympolis.stores.memory import MemoryStore
from sympolis.testing.stores import LOCATION, ROAD, SPEED, creating, point
from sympolis.testing.stores import road as road_of

CENTRE = (11.3431, 44.4938)
PATH = "https://example.org/Path"
AREA = {
    "type": "Polygon",
    "coordinates": [[[11.34, 44.49], [11.35, 44.49], [11.35, 44.50], [11.34, 44.50], [11.34, 44.49]]],
}


def road(number, *, location=None, **attributes):
    """A road, at a place if there is one."""
    found = road_of(number, **attributes)
    if location is None:
        return found
    return Entity(found.id, found.types, {**found.attributes, LOCATION: (location,)})


def crowd(count=900):
    """Roads within a kilometre of the centre, and one area among them."""
    chance = random.Random(1)
    found = []
    for number in range(count):
        place = point(CENTRE[0] + chance.uniform(-0.01, 0.01), CENTRE[1] + chance.uniform(-0.008, 0.008))
        found.append(road(number, speed=number % 50, location=place))
    area = type(place)(place.kind, AREA)
    return [*found, road(count, speed=3, location=area)]


def near(metres=500, *, speed=None, types=(ROAD,), **more):
    place = {"type": "Point", "coordinates": list(CENTRE)}
    q = None if speed is None else Term((SPEED,), Comparison.LESS, speed)
    geo = GeoQuery(GeoRelation.NEAR, place, LOCATION, max_distance_m=metres)
    return Query(geo=geo, q=q, types=TypeIs(types[0]) if types else None, **more)


def queries():
    yield from (near(limit=7), near(limit=7, offset=20), near(speed=5, limit=7), near(speed=1, limit=1000))
    yield near(900, speed=40, limit=30, types=())
    yield near(300, limit=5, count=True)
    yield near(40, limit=1000)
    box = GeoQuery(GeoRelation.WITHIN, AREA, LOCATION)
    yield Query(geo=box, types=TypeIs(ROAD), limit=9)
    yield Query(geo=GeoQuery(GeoRelation.INTERSECTS, AREA, LOCATION), types=TypeIs(PATH), limit=1000)


async def agree(store, model):
    for query in queries():
        found, expected = await store.query(query), await model.query(query)
        assert [one.id for one in found.entities] == [one.id for one in expected.entities]
        assert found.total == expected.total


async def filled(store):
    writer = store._place("")._writer
    await writer.do(lambda recorder: None)
    while not writer.catalog().needs.all_ready():
        await writer.do(lambda recorder: None)
    return writer.catalog()


def changes():
    """Moved, changed, of another type, gone, and new."""
    moved = road(5, location=point(CENTRE[0] + 0.001, CENTRE[1] + 0.001))
    changed = [road(number, speed=0) for number in range(100, 110)]
    away = road(120, location=point(2.0, 40.0))
    typed = [Entity(road(number).id, (ROAD, PATH)) for number in range(200, 220)]
    new = road(5000, speed=2, location=point(*CENTRE))
    updates = [moved, *changed, away, *typed]
    gone = [Write(road(number).id, merge.delete) for number in range(300, 320)]
    return [*(Write(one.id, merge.upsert_update(one)) for one in updates), *gone, *creating(new)]


def test_answers_are_the_same_before_and_after(tmp_path):
    async def run():
        store, model = EmbeddedStore.open(tmp_path), MemoryStore()
        for one in (store, model):
            await one.write(creating(*crowd()))
        await agree(store, model)
        for _ in range(_OFTEN):
            await store.query(near(speed=5))
        await store._place("").write(lambda recorder: None)
        for one in (store, model):
            await one.write(changes())
        await agree(store, model)
        catalog = await filled(store)
        assert set(catalog.needs.beside[catalog.names[ROAD]]) == {SPEED}
        await agree(store, model)
        for one in (store, model):
            await one.write(
                [Write(road(7).id, merge.delete), *creating(road(7, speed=4, location=point(*CENTRE)))]
            )
            await one.write([Write(road(8).id, merge.upsert_update(road(8, speed=1)))])
        await agree(store, model)
        await store.close()
        again = EmbeddedStore.open(tmp_path)
        await agree(again, model)
        await again.close()

    asyncio.run(run())


def test_one_question_costs_no_column(tmp_path):
    async def run():
        store = EmbeddedStore.open(tmp_path)
        await store.write(creating(*crowd(100)))
        for _ in range(_OFTEN - 1):
            await store.query(near(speed=5))
        assert (await filled(store)).needs.beside == {}
        await store.close()

    asyncio.run(run())


@pytest.mark.parametrize("latitude", [-0.001, 0.3, 44.5, -66.0, 84.0])
@pytest.mark.parametrize("metres", [3.0, 500.0, 40_000.0])
@pytest.mark.parametrize("least", [None, 0.4])
def test_quick_verdicts_agree_with_measuring(latitude, metres, least):
    chance = random.Random(7)
    place = {"type": "Point", "coordinates": [11.0, latitude]}
    query = GeoQuery(
        GeoRelation.NEAR, place, LOCATION, max_distance_m=metres, min_distance_m=least and least * metres
    )
    test = geometry.prepare(query)
    west, south, east, north = test.box
    places = [(chance.uniform(west, east), chance.uniform(south, north)) for _ in range(300)]
    measured = test.select_points(places).tolist()
    assert any(measured)
    assert not all(measured)
    if test.verdict is None:
        assert south <= 0 <= north
        return
    told = [test.verdict(*one) for one in places]
    assert all(one in (None, other) for one, other in zip(told, measured, strict=True))
    assert told.count(None) < 30


@pytest.mark.parametrize(
    ("ring", "certain"),
    [
        ([[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]], True),
        ([[1, 1], [1, 2], [2, 2], [2, 1], [1, 1]], True),
        ([[1, 1], [2, 2], [2, 1], [1, 2], [1, 1]], False),
        ([[1, 1], [2, 1], [2, 2], [1, 1.5], [1, 1]], False),
    ],
)
def test_only_a_box_along_the_degrees_is_its_own_box(ring, certain):
    shape = {"type": "Polygon", "coordinates": [ring]}
    test = geometry.prepare(GeoQuery(GeoRelation.WITHIN, shape, LOCATION))
    assert (test.verdict is not None) is certain


def test_who_reads_on_gets_longer_pieces(tmp_path):
    async def run():
        store = EmbeddedStore.open(tmp_path)
        await store.write(creating(*crowd()))
        place = store._place("")
        catalog = place._writer.catalog()
        query = near(limit=3)
        field = around.field(geometry.prepare(query.geo), catalog.names[LOCATION])
        types = [catalog.names[ROAD]]

        def pieces(given, **more):
            found = place.read_here(lambda db: around.Pieces(db, field, types, near(limit=3, **more)))
            return found.crowded, list(found.take(lambda: given))

        crowded, nothing_fits = pieces(0)
        assert crowded
        assert 1 < len(nothing_fits) < 6
        assert nothing_fits[0][0] == ""
        assert [end for _, end in nothing_fits[:-1]] == [begin for begin, _ in nothing_fits[1:]]
        assert len(pieces(1000)[1]) < 6
        assert not pieces(0, count=True)[0]
        await store.close()

    asyncio.run(run())
