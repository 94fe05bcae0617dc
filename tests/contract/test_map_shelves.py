"""What every shelf of entity maps does: what it took is there after a restart, within its limits (clause 5.14)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec
import pytest

from sympolis.context.entity_maps import LOCAL, EntityMaps, MapBounds
from sympolis.context.map_shelves import KeptMap, MapLimits, MapShelf, MemoryMapShelf
from sympolis.context.periods import Duration
from sympolis.domain.errors import NotFound
from sympolis.stores.embedded.maps import EmbeddedMapShelf
from sympolis.stores.postgres import PostgresStore
from sympolis.testing.postgres import server

NOW = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)
Reopen = Callable[[], MapShelf]


@pytest.fixture(params=["memory", "embedded", "postgres"])
def reopened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Reopen]:
    """Opens the shelf, each time as a process does that has just started; the one in memory stays as it is."""
    with ExitStack() as stack:
        if request.param == "memory":
            yield partial(_same, MemoryMapShelf())
        elif request.param == "embedded":
            yield partial(_file_in, stack, tmp_path)
        else:
            yield partial(_shelf_at, stack.enter_context(asyncio.Runner()), stack, server().fresh_url())


def _same(shelf: MapShelf) -> MapShelf:
    return shelf


def _file_in(stack: ExitStack, folder: Path) -> MapShelf:
    shelf = EmbeddedMapShelf.open(folder)
    stack.callback(shelf.close)
    return shelf


def _shelf_at(runner: asyncio.Runner, stack: ExitStack, url: str) -> MapShelf:
    store = runner.run(PostgresStore.open(url))
    stack.callback(lambda: runner.run(store.close()))
    return store.map_shelf()


def kept(name: str, *, entities: int = 2, minutes: float = 10, tenant: str = "") -> KeptMap:
    sources: dict[str, tuple[str, ...]] = {
        f"urn:e:{number}": (LOCAL, "urn:r:é") for number in range(entities)
    }
    return KeptMap(f"urn:m:{name}", tenant, NOW + timedelta(minutes=minutes), sources, {"urn:r:é": "urn:m:x"})


def names(shelf: MapShelf, wanted: str = "abcdef") -> str:
    return "".join(one for one in wanted if shelf.revision("", f"urn:m:{one}") is not None)


def test_a_map_is_there_with_its_order_in_its_tenant(reopened: Reopen) -> None:
    shelf = reopened()
    backwards = msgspec.structs.replace(kept("a"), sources={"urn:z": (LOCAL,), "urn:a": (LOCAL,)})
    shelf.keep(backwards)
    found = reopened().read("", "urn:m:a")
    assert found is not None and found[0] == backwards
    assert list(found[0].sources) == ["urn:z", "urn:a"]
    assert reopened().read("city", "urn:m:a") is None


def test_every_change_is_a_revision(reopened: Reopen) -> None:
    first = reopened().keep(kept("a"))
    second = reopened().keep(kept("a", entities=1))
    shelf = reopened()
    assert second > first
    assert shelf.read("", "urn:m:a") == (kept("a", entities=1), second)
    assert shelf.revision("", "urn:m:a") == second


def test_maps_are_dropped_alone_and_by_tenant(reopened: Reopen) -> None:
    shelf = reopened()
    for one in (kept("a"), kept("b"), kept("c", tenant="city"), kept("d", tenant="city")):
        shelf.keep(one)
    shelf.drop("", "urn:m:a")
    shelf.drop("", "urn:m:never")
    shelf.forget("city")
    assert names(reopened()) == "b"
    assert reopened().revision("city", "urn:m:c") is None


@pytest.mark.parametrize(
    ("maps", "entities", "left"), [(9, 99, "bcd"), (2, 99, "cd"), (9, 7, "cd"), (9, 3, "d"), (0, 99, "")]
)
def test_what_ends_first_makes_room(reopened: Reopen, maps: int, entities: int, left: str) -> None:
    shelf = reopened()
    for name, minutes in (("a", 0), ("b", 1), ("d", 9), ("c", 5)):
        shelf.keep(kept(name, entities=3, minutes=minutes))
    shelf.trim(NOW, MapLimits(maps, entities))
    assert names(reopened()) == left


def maps_on(shelf: MapShelf, now: datetime = NOW) -> EntityMaps:
    return EntityMaps(shelf, bounds=MapBounds(maps=3, entities=10, entities_together=20), now=lambda: now)


def test_pages_go_on_after_a_restart(reopened: Reopen) -> None:
    shelves = [reopened() for _ in range(4)]

    async def story() -> None:
        before = maps_on(shelves[0])
        made = before.create(
            dict.fromkeys(("urn:a", "urn:b", "urn:c"), (LOCAL,)), lifetime=Duration(seconds=60)
        )
        await before.keep(made)
        made.drop(["urn:a"])
        await before.keep(made)
        after = maps_on(shelves[1])
        found = await after.look_up(made.id)
        assert found is not None and found.ids == ["urn:b", "urn:c"]
        assert found.expires_at == made.expires_at
        assert await after.look_up(made.id) is found
        late = maps_on(shelves[2], NOW + timedelta(seconds=60))
        assert await late.look_up(made.id) is None
        await after.discard(made.id)
        with pytest.raises(NotFound):
            await maps_on(shelves[3]).require(made.id)

    asyncio.run(story())


def test_two_processes_see_each_others_changes(reopened: Reopen) -> None:
    shelves = [reopened() for _ in range(2)]

    async def story() -> None:
        one, other = map(maps_on, shelves)
        made = one.create({"urn:a": (LOCAL,), "urn:b": (LOCAL,)})
        await one.keep(made)
        theirs = await other.require(made.id)
        theirs.drop(["urn:a"])
        other.prolong(theirs, NOW + timedelta(hours=2))
        await other.keep(theirs)
        again = await one.require(made.id)
        assert (again.ids, again.expires_at) == (["urn:b"], NOW + timedelta(hours=2))
        await other.discard(made.id)
        assert await one.look_up(made.id) is None

    asyncio.run(story())
