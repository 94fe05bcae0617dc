"""Entity maps: their bounds, their end, and pages that are filled from what still fits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sympolis.context.entity_maps import LOCAL, EntityMap, EntityMaps, MapBounds, map_id, take_page
from sympolis.context.periods import Duration
from sympolis.domain.errors import BadRequestData, NotFound, TooManyResults

START = datetime(2025, 1, 1, tzinfo=UTC)
BOUNDS = MapBounds(maps=3, entities=10, entities_together=20, longest=timedelta(hours=6))


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def maps(clock: Clock) -> EntityMaps:
    return EntityMaps(bounds=BOUNDS, now=clock)


def sources(*ids: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(ids, (LOCAL,))


def test_a_map_is_found_by_its_id_and_by_its_address_in_its_tenant(maps: EntityMaps) -> None:
    found = maps.create(sources("urn:a", "urn:b"), tenant="one")
    assert maps.get(found.id, tenant="one").ids == ["urn:a", "urn:b"]
    assert maps.find(f"/ngsi-ld/v1/entityMaps/{found.id}", tenant="one") is found
    assert maps.find(found.id) is None


def test_a_map_ends(maps: EntityMaps, clock: Clock) -> None:
    found = maps.create(sources("urn:a"), lifetime=Duration(seconds=60))
    clock.at += timedelta(seconds=59)
    assert maps.find(found.id) is found
    clock.at += timedelta(seconds=1)
    with pytest.raises(NotFound):
        maps.get(found.id)
    assert maps.count == 0


def test_no_map_lives_longer_than_any_may(maps: EntityMaps) -> None:
    found = maps.create({}, lifetime=Duration(months=12_000))
    assert found.expires_at == START + BOUNDS.longest
    maps.prolong(found, START + timedelta(days=99))
    assert found.expires_at == START + BOUNDS.longest


def test_a_map_may_have_so_many_entities(maps: EntityMaps) -> None:
    with pytest.raises(TooManyResults):
        maps.create(sources(*(f"urn:{number}" for number in range(11))))


def test_the_map_that_would_end_first_makes_room(maps: EntityMaps) -> None:
    short = maps.create(sources("urn:a"), lifetime=Duration(seconds=10))
    others = [maps.create(sources("urn:b")) for _ in range(3)]
    assert maps.find(short.id) is None and all(maps.find(one.id) for one in others)


def test_entities_of_all_maps_together_are_bounded(maps: EntityMaps) -> None:
    first = maps.create(sources(*(f"urn:{number}" for number in range(10))), lifetime=Duration(seconds=10))
    maps.create(sources(*(f"urn:{number}" for number in range(9))))
    maps.create(sources("urn:a", "urn:b"))
    assert maps.find(first.id) is None and maps.count == 2


def test_a_deleted_map_is_gone_and_cannot_be_deleted_again(maps: EntityMaps) -> None:
    found = maps.create({})
    maps.delete(found.id)
    with pytest.raises(NotFound):
        maps.delete(found.id)


@pytest.mark.parametrize("reference", ["", "nonsense", "/ngsi-ld/v1/entityMaps/"])
def test_a_reference_must_be_a_uri(reference: str) -> None:
    with pytest.raises(BadRequestData):
        map_id(reference)


@given(st.sets(st.integers(0, 19)), st.integers(1, 7))
def test_pages_are_full_of_what_fits_in_the_map_s_order(fitting: set[int], limit: int) -> None:
    found = EntityMap("urn:map", "", START, sources(*(f"urn:{number}" for number in range(20))))

    async def fetch(ids: Sequence[str]) -> Mapping[str, str]:
        return {one: one for one in ids if int(one[4:]) in fitting}

    async def pages() -> list[list[str]]:
        taken: list[list[str]] = []
        more = True
        while more:
            page, more = await take_page(found, sum(map(len, taken)), limit, fetch)
            taken.append(page)
        return taken

    taken = asyncio.run(pages())
    assert [one for page in taken for one in page] == [f"urn:{number}" for number in sorted(fitting)]
    assert all(len(page) == limit for page in taken[:-1])
    assert found.ids == [f"urn:{number}" for number in sorted(fitting)]
