"""Points as columns: they show what documents show, whatever happens to the entities, and to nobody who may not see."""

import asyncio
import random
from dataclasses import replace

import msgspec
import pytest

from sympolis.context import gated, merge
from sympolis.context.documents import DocumentForm
from sympolis.context.geometry import prepare
from sympolis.context.patches import Coded, Patches, Texts
from sympolis.context.query import AllOf, Comparison, GeoQuery, GeoRelation, NoneOf, Query, Term, TypeIs
from sympolis.context.store import Write
from sympolis.context.terms import core_terms
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.stores.embedded import EmbeddedStore, patching
from sympolis.testing.stores import LOCATION, NAME, NODE, ROAD, SPEED, creating, point, road

TERMS = core_terms()
BOX = (11.30, 44.48, 11.34, 44.51)


def within(box=BOX, **more):
    west, south, east, north = box
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    geo = GeoQuery(GeoRelation.INTERSECTS, {"type": "Polygon", "coordinates": [ring]}, LOCATION)
    return Query(**{"types": TypeIs(ROAD), "geo": geo, "limit": 5000, **more})


def standing(number, chance, **attributes):
    found = road(number, **attributes)
    place = point(round(chance.uniform(11.28, 11.36), 6), round(chance.uniform(44.46, 44.53), 6))
    return Entity(found.id, found.types, {**found.attributes, LOCATION: (place,)})


def any_road(number, chance):
    """Most of them plain; some with what no column holds."""
    value = chance.choice([1.5, 2.5, 7, "text", True, [1, 2], {"a": 1}])
    entity = standing(number, chance, speed=value, name=f"Via {number % 7}")
    odd = chance.randrange(12)
    if odd == 0:
        entity = Entity(entity.id, (ROAD, NODE), entity.attributes)
    if odd == 1:
        several = (
            Attribute(AttributeKind.PROPERTY, 1),
            Attribute(AttributeKind.PROPERTY, 2, dataset_id="urn:x:y"),
        )
        entity = Entity(entity.id, entity.types, {**entity.attributes, SPEED: several})
    if odd == 2:
        line = {"type": "LineString", "coordinates": [[11.31, 44.49], [11.32, 44.5]]}
        entity = Entity(
            entity.id,
            entity.types,
            {**entity.attributes, LOCATION: (Attribute(AttributeKind.GEO_PROPERTY, line),)},
        )
    if odd == 3:
        names = Attribute(AttributeKind.LANGUAGE_PROPERTY, {"it": "Via", "en": "Street"})
        entity = Entity(entity.id, entity.types, {**entity.attributes, NAME: (names,)})
    return entity


@pytest.fixture(autouse=True)
def eager(monkeypatch):
    monkeypatch.setattr(patching, "_FEW", 0)


async def settled(store):
    writer = store._place("")._writer
    await writer.do(lambda recorder: None)
    while not writer.catalog().needs.all_ready():
        await writer.do(lambda recorder: None)


async def asked(store, query=None):
    """Ask until patches are kept."""
    for _ in range(6):
        await store.patches(query or within(), TERMS)
    await settled(store)


def shown(document):
    feature = msgspec.json.decode(document)
    del feature["properties"]["type"], feature["properties"]["location"]
    return feature["id"], feature["geometry"], feature["properties"]


def value_of(column, place):
    if isinstance(column, Texts):
        ends = column.lengths.cumsum().tolist()
        return column.joined[([0, *ends])[place] : ends[place]].decode()
    if isinstance(column, Coded):
        code = column.codes[place]
        return msgspec.UNSET if code < 0 else msgspec.json.decode(column.values[code])
    number = float(column.values[place])
    if number != number:
        return msgspec.UNSET
    return int(number) if column.whole is not None and column.whole[place] else number


def features(patchwork, query):
    """All features, as the documents of the same query show them; points beside the box are left out."""
    found = [shown(one) for one in patchwork.documents]
    for patch in patchwork.patches:
        test = prepare(query.geo)
        inside = test.select_points(patch.positions) if len(patch.positions) else []
        for place, position in enumerate(patch.positions.tolist()):
            if inside[place]:
                values = {
                    patchwork.names[iri]: value_of(column, place) for iri, column in patch.columns.items()
                }
                known = {name: value for name, value in values.items() if value is not msgspec.UNSET}
                geometry = {"type": "Point", "coordinates": position}
                found.append((value_of(patch.ids, place), geometry, known))
    return sorted(found, key=lambda one: one[0])


async def agree(store, query=None):
    query = query or within()
    patchwork = await store.patches(query, TERMS)
    documents = (await store.documents(query, TERMS, DocumentForm.FEATURE)).documents
    assert patchwork is not None
    assert features(patchwork, query) == sorted(map(shown, documents), key=lambda one: one[0])
    return patchwork


def with_store(scenario):
    def test(tmp_path):
        async def run():
            store = EmbeddedStore.open(tmp_path)
            await scenario(store)
            await store.close()

        asyncio.run(run())

    return test


@with_store
async def test_nothing_is_kept_before_it_is_asked_for_again_and_again(store):
    chance = random.Random(1)
    await store.write(creating(*[any_road(number, chance) for number in range(300)]))
    assert isinstance(store, Patches)
    for _ in range(3):
        assert await store.patches(within(), TERMS) is None
    assert store._place("")._writer.catalog().needs.patches == {}
    await asked(store)
    found = await agree(store)
    assert len(found.documents) > 10 and sum(len(one.marks) for one in found.patches) > 40


@with_store
async def test_they_follow_whatever_is_written(store):
    chance = random.Random(2)
    roads = {number: any_road(number, chance) for number in range(200)}
    await store.write(creating(*roads.values()))
    await asked(store)
    for _ in range(30):
        for number in chance.sample(range(260), 12):
            entity = any_road(number, chance)
            change = chance.randrange(3)
            if change == 0 and number in roads:
                rule = merge.delete
            elif change == 1 and number in roads:
                rule = merge.upsert_update(Entity(entity.id, entity.types, {SPEED: entity.attributes[SPEED]}))
            else:
                rule = merge.upsert_replace(entity)
            roads[number] = entity
            await store.write([Write(entity.id, rule)])
        await agree(store)
        await settled(store)


@with_store
async def test_what_was_spoiled_is_kept_anew_once_somebody_looks(store):
    chance = random.Random(3)
    await store.write(creating(*[standing(number, chance, speed=1.5) for number in range(50)]))
    await asked(store)
    changed = standing(7, random.Random(4), speed=99.5)
    await store.write([Write(changed.id, merge.upsert_replace(changed))])
    place, spoiled = store._place(""), "SELECT count(*) FROM patch WHERE body IS NULL"
    assert place.read_here(lambda db: db.execute(spoiled).fetchall()) != [(0,)]
    await agree(store, within((11.28, 44.46, 11.36, 44.53)))
    await settled(store)
    assert place.read_here(lambda db: db.execute(spoiled).fetchall()) == [(0,)]
    await agree(store)


def test_where_all_is_spoiled_it_is_kept_anew_bit_by_bit(tmp_path, monkeypatch):
    monkeypatch.setattr(patching, "_MOST_MADE", 2)

    async def scenario(store):
        chance = random.Random(9)
        roads = [standing(number, chance, speed=1.5) for number in range(400)]
        await store.write(creating(*roads))
        await asked(store)
        for entity in roads:
            faster = Entity(entity.id, entity.types, {SPEED: (Attribute(AttributeKind.PROPERTY, 9),)})
            await store.write([Write(entity.id, merge.upsert_update(faster))])
        missed = 0
        while await store.patches(within(), TERMS) is None:
            await settled(store)
            missed += 1
        assert 1 < missed < 60
        await agree(store)

    with_store(scenario)(tmp_path)


def test_filling_goes_on_after_a_restart(tmp_path, monkeypatch):
    monkeypatch.setattr(patching, "_MOST_CELLS", 2)

    async def run():
        chance = random.Random(5)
        store = EmbeddedStore.open(tmp_path)
        await store.write(creating(*[any_road(number, chance) for number in range(300)]))
        for _ in range(5):
            await store.patches(within(), TERMS)
        await store.close()
        store = EmbeddedStore.open(tmp_path)
        moved = standing(1, chance, speed=3)
        await store.write([Write(moved.id, merge.upsert_replace(moved))])
        await settled(store)
        await agree(store)
        await store.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    "other",
    [
        {"ids": ("urn:x:y",)},
        {"q": Term((SPEED,), Comparison.GREATER, 3)},
        {"attributes": (SPEED,)},
        {"id_pattern": ".*1"},
        {"types": NoneOf((NODE,))},
        {"types": AllOf((TypeIs(ROAD), TypeIs(NODE)))},
        {"geo": None},
        {
            "geo": GeoQuery(
                GeoRelation.NEAR, {"type": "Point", "coordinates": [11.3, 44.5]}, LOCATION, max_distance_m=9
            )
        },
        {"geo": replace(within().geo, relation=GeoRelation.DISJOINT)},
        {"geo": replace(within().geo, property=NAME)},
        {"count": True},
        {"offset": 3},
        {"limit": 20},
    ],
)
def test_what_they_cannot_tell_they_leave(tmp_path, other):
    async def scenario(store):
        chance = random.Random(6)
        await store.write(creating(*[standing(number, chance, speed=1.5) for number in range(400)]))
        await asked(store)
        assert await store.patches(within(**other), TERMS) is None
        await agree(store)

    with_store(scenario)(tmp_path)


def test_a_crowded_cell_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(patching, "_MOST", 10)

    async def scenario(store):
        chance = random.Random(7)
        await store.write(creating(*[standing(number, chance, speed=1.5) for number in range(300)]))
        await asked(store)
        assert await store.patches(within(), TERMS) is not None
        crowd = [road(number, speed=1, location=1) for number in range(400, 411)]
        here = {LOCATION: (point(11.32, 44.49),)}
        await store.write(creating(*[Entity(one.id, one.types, here) for one in crowd]))
        assert await store.patches(within(), TERMS) is None

    with_store(scenario)(tmp_path)


# --- the gate


class _Hiding:
    mark = "hidden"

    def __init__(self, hidden):
        self.hidden = hidden

    def within(self, _tenant):
        return self

    def narrowed(self, types):
        return AllOf((types, NoneOf((self.hidden,))))


@pytest.mark.parametrize("hidden", [ROAD, NODE])
def test_the_gate_holds_here_as_well(tmp_path, hidden):
    async def scenario(store):
        chance = random.Random(8)
        await store.write(creating(*[any_road(number, chance) for number in range(300)]))
        await asked(store)
        gate = gated.gated(store)
        assert isinstance(gate, Patches)
        gated.read_as(_Hiding(hidden))
        found = await gate.patches(within(), TERMS)
        documents = (await gate.documents(within(), TERMS, DocumentForm.FEATURE)).documents
        assert features(found, within()) == sorted(map(shown, documents), key=lambda one: one[0])
        assert bool(documents) == (hidden == NODE)
        everything = (await store.documents(within(), TERMS, DocumentForm.FEATURE)).documents
        assert len(documents) < len(everything)

    with_store(scenario)(tmp_path)


def test_who_says_not_who_asks_is_shown_nothing(tmp_path):
    async def scenario(store):
        with pytest.raises(LookupError):
            await gated.gated(store).patches(within(), TERMS)

    with_store(scenario)(tmp_path)
