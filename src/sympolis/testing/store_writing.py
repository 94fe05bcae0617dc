"""What a store makes of writes: the part of ``StoreContract`` about states, the change log, profiles and tenants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime

import pytest

from sympolis.context import merge
from sympolis.context.query import (
    Comparison,
    HistoryQuery,
    Query,
    Term,
)
from sympolis.context.store import Profiling, Store, Write
from sympolis.domain.changes import Change, ChangeKind
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.domain.errors import (
    AlreadyExists,
    NonexistentTenant,
    NotFound,
    StoreUnavailable,
)
from sympolis.testing.store_basics import (
    NAME,
    ROAD,
    SPEED,
    Opening,
    creating,
    observed,
    plain,
    point,
    road,
    with_store,
)


class WritingContract(Opening):
    """Writes, the log of changes, profiles, tenants, and the end."""

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
        assert second.error.__traceback__ is None, "whose frames hold the outcome, a cycle for each refusal"
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
            "text": plain('Strada "Maggiore" – ö\U0001f6b2'),
            "truth": plain(False),
            "whole": plain(-(2**53)),
            "real": plain(1e-9),
            "object": plain({"a": [1, {"b": None}], "c": "d"}),
            "empty": plain([]),
            "many": plain(list(range(200))),
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
                plain(1),
                attributes={SPEED: (plain(2), replace(plain(3), dataset_id="urn:d:1"))},
                members={"valueType": "https://example.org/t"},
            ),
        }
        given = replace(road(1, **values), scope=("/Town",), members={"expiresAt": "2030-01-01T00:00:00Z"})
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

    # --- profiles, tenants and the end

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
    async def test_tenants_do_not_see_each_other(self, store: Store) -> None:
        await store.write(creating(road(1)))
        await store.write(creating(road(1, speed=5), road(2)), tenant="Town/öst")
        assert (await store.query(Query(count=True))).total == 1
        assert (await store.query(Query(count=True), tenant="Town/öst")).total == 2
        assert [change.number for change in await store.changes(0, tenant="Town/öst")] == [1, 2]

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


async def _all(followed: AsyncIterator[Change]) -> list[int]:
    return [change.number async for change in followed]
