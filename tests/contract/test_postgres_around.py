"""On PostgreSQL a page around a place is the memory store's, by whichever way it is found."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from sympolis.context import merge
from sympolis.context.query import Comparison, GeoQuery, GeoRelation, Query, Term, TypeIs
from sympolis.context.store import Write
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.stores.memory import MemoryStore
from sympolis.stores.postgres import PostgresStore, around
from sympolis.testing.postgres import server

NOW = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)
HERE = {"type": "Point", "coordinates": [11.34, 44.49]}
NEAR = GeoQuery(relation=GeoRelation.NEAR, geometry=HERE, max_distance_m=600.0, property="location")
FULL = Term(("level",), Comparison.GREATER, 40)


def place(chance: random.Random) -> Attribute:
    at = [round(11.34 + chance.uniform(-0.01, 0.01), 6), round(44.49 + chance.uniform(-0.008, 0.008), 6)]
    return Attribute(AttributeKind.GEO_PROPERTY, {"type": "Point", "coordinates": at})


def bin_(number: int, chance: random.Random, *, places: int = 1) -> Entity:
    locations = [
        Attribute(one.kind, one.value, dataset_id=f"urn:d:{nr}" if nr else None)
        for nr, one in enumerate(place(chance) for _ in range(places))
    ]
    level = (Attribute(AttributeKind.PROPERTY, chance.randrange(100)),)
    return Entity(
        f"urn:ngsi-ld:Bin:{number:03}",
        ("Bin",) if number % 3 else ("Bin", "Glass"),
        {"location": tuple(locations), "level": level},
    )


@asynccontextmanager
async def both(entities: Sequence[Entity]) -> AsyncIterator[tuple[PostgresStore, MemoryStore]]:
    store = await PostgresStore.open(server().fresh_url(), now=lambda: NOW)
    model = MemoryStore(now=lambda: NOW)
    try:
        for one in (store, model):
            await one.write([Write(entity.id, merge.create(entity)) for entity in entities])
        yield store, model
    finally:
        await store.close()


def agree(entities: Sequence[Entity], *asked: Query) -> list[int]:
    """How many entities each answer has, after it was found to be what the memory store says."""

    async def check() -> list[int]:
        async with both(entities) as (store, model):
            found = [(await store.query(one)).entities for one in asked]
            assert found == [(await model.query(one)).entities for one in asked]
            return list(map(len, found))

    return asyncio.run(check())


ASKED = (
    Query(geo=NEAR, limit=5),
    Query(geo=NEAR, limit=7, offset=6),
    Query(types=TypeIs("Glass"), geo=NEAR, limit=5),
    Query(types=TypeIs("Bin"), geo=NEAR, q=FULL, limit=4),
    Query(geo=NEAR, attributes=("level",), limit=1000),
)


@pytest.mark.parametrize("places", [1, 3])
@pytest.mark.parametrize("few", [1, 1000])
def test_a_page_around_a_place(monkeypatch: pytest.MonkeyPatch, few: int, places: int) -> None:
    """``few`` 1: everything counts as a crowd; several places: an entity stands in several rows."""
    monkeypatch.setattr(around, "_FEW", few)
    chance = random.Random(7)

    lengths = agree([bin_(number, chance, places=places) for number in range(120)], *ASKED)

    assert lengths[:4] == [5, 7, 5, 4]
    assert lengths[4] > 20


def test_what_no_column_tells_is_found_all_the_same() -> None:
    chance = random.Random(7)
    odd = Attribute(AttributeKind.PROPERTY, "x" * 5000)
    entities: list[Any] = [bin_(number, chance) for number in range(20)]
    entities.append(Entity("urn:ngsi-ld:Bin:999", ("Bin",), {"location": (place(chance),), "level": (odd,)}))

    agree(entities, *ASKED, Query(geo=NEAR, q=Term(("level",), Comparison.EQUAL, "x" * 5000)))
