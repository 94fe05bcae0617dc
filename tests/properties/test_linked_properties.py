"""Queries across relationships and linked entity retrieval, for any small graph (clauses 4.5.23, 4.9)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sympolis.context import across, merge
from sympolis.context.broker import Broker
from sympolis.context.linked import Inliner, Join, gather, targets
from sympolis.context.projection import WHOLE
from sympolis.context.query import AllOf, AnyOf, Comparison, LinkedTerm, Query, Term
from sympolis.context.store import Write
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.stores.memory import MemoryStore

KINDS, LINKS, VALUE = ("urn:t:a", "urn:t:b"), ("urn:p:to", "urn:p:also"), "urn:p:value"
IDS = tuple(f"urn:e:{number}" for number in range(6))
some = settings(max_examples=60, deadline=None)


@st.composite
def graphs(draw: st.DrawFn) -> list[Entity]:
    """Entities with a number each and relationships among them, some to nowhere."""
    found = []
    for one in IDS:
        to = st.lists(st.sampled_from([*IDS, "urn:e:none"]), min_size=1, max_size=3, unique=True)
        links = draw(st.dictionaries(st.sampled_from(LINKS), to, max_size=2))
        attributes = {VALUE: (Attribute(AttributeKind.PROPERTY, draw(st.integers(0, 2))),)}
        for name, ids in links.items():
            listed = draw(st.booleans())
            kind = AttributeKind.LIST_RELATIONSHIP if listed else AttributeKind.RELATIONSHIP
            attributes[name] = (Attribute(kind, ids if listed or len(ids) > 1 else ids[0]),)
        found.append(Entity(one, (draw(st.sampled_from(KINDS)),), attributes))
    return found


values = st.builds(
    Term,
    st.just((VALUE,)),
    st.sampled_from([Comparison.EQUAL, Comparison.UNEQUAL, Comparison.GREATER]),
    st.integers(0, 2),
)


def _joined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
    types = st.sampled_from([(), KINDS[:1], KINDS])
    link = st.builds(LinkedTerm, st.sampled_from(LINKS).map(lambda name: (name,)), types, inner)
    return link | parts.map(AllOf) | parts.map(AnyOf)


expressions = st.recursive(values, _joined, max_leaves=6)


async def broker_of(graph: list[Entity]) -> Broker:
    broker = Broker(MemoryStore())
    await broker.store.write([Write(one.id, merge.create(one)) for one in graph])
    return broker


@given(graphs(), expressions)
@some
def test_both_ways_of_asking_across_relationships_agree(graph: list[Entity], q: Any) -> None:
    async def check() -> None:
        broker = await broker_of(graph)
        page = await broker.query(Query(q=q, count=True))
        one_by_one = [one.id for one in graph if await across.holds(q, one, broker.store.query)]
        assert [one.id for one in page.entities] == one_by_one
        assert page.total == len(one_by_one)

    asyncio.run(check())


def reachable(graph: list[Entity], start: str, level: int) -> set[str]:
    by_id = {one.id: one for one in graph}
    found, edge = {start}, {start}
    for _ in range(level):
        edge = {target for one in edge for _, target in targets(by_id[one]) if target in by_id} - found
        found |= edge
    return found - {start}


@given(graphs(), st.sampled_from(IDS), st.integers(1, 5))
@some
def test_flat_lists_each_entity_within_reach_once(graph: list[Entity], start: str, level: int) -> None:
    async def check() -> None:
        broker = await broker_of(graph)
        linked = await gather(
            [await broker.retrieve(start)], Join(False, level), WHOLE, partial(broker.query)
        )
        listed = [one.id for one, _ in linked.listed]
        assert sorted(listed) == sorted(reachable(graph, start, level))

    asyncio.run(check())


def ways(document: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    way = (*above, document["id"])
    yield way
    for below in document["below"]:
        yield from ways(below, way)


@given(graphs(), st.sampled_from(IDS), st.integers(1, 4))
@some
def test_inline_never_puts_an_entity_into_itself(graph: list[Entity], start: str, level: int) -> None:
    def show(entity: Entity, _projection: Any, link: Any) -> dict[str, Any]:
        below = [] if link is None else [link(name, target) for name, target in targets(entity)]
        return {"id": entity.id, "below": [one for one in below if one is not None]}

    async def check() -> None:
        broker = await broker_of(graph)
        first = await broker.retrieve(start)
        linked = await gather([first], Join(True, level), WHOLE, broker.query)
        found = list(ways(Inliner(linked, show).document(first)))
        assert all(len(set(way)) == len(way) <= level + 1 for way in found)
        assert {way[-1] for way in found} == {start} | reachable(graph, start, level)

    asyncio.run(check())
