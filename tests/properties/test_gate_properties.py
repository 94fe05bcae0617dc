"""Whatever policies there are, no way of reading shows more than the engine allows, nor less."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sympolis.context import merge
from sympolis.context.documents import DocumentForm
from sympolis.context.gated import gated, read_as
from sympolis.context.query import AllOf, AnyOf, HistoryQuery, Query, TypeIs
from sympolis.context.store import Store, Write
from sympolis.context.terms import Contexts
from sympolis.domain import errors
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.governance.identity.subject import STRANGER, Proof, Subject, role_iri
from sympolis.governance.policy.assets import Asset, dataset_iri
from sympolis.governance.policy.book import PolicyBook
from sympolis.governance.policy.decision import decide
from sympolis.governance.policy.gate import READ, Circumstances, Gate
from sympolis.governance.policy.reader import PolicyReader
from sympolis.governance.policy.reading import read_policy
from sympolis.governance.policy.vocabulary import ODRL
from sympolis.governance.policy.world import Request, World
from sympolis.governance.roles.table import default_table
from sympolis.stores.embedded import EmbeddedStore
from sympolis.stores.embedded.identity import EmbeddedDirectory
from sympolis.stores.memory import MemoryStore

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TYPES = tuple(f"https://example.org/T{number}" for number in range(4))
FREE = "https://example.org/Free"
ASSETS = (
    Asset("a", frozenset({TYPES[0]})),
    Asset("b", frozenset({TYPES[1]})),
    Asset("c", frozenset({TYPES[1]})),
    Asset("d", frozenset({TYPES[2], TYPES[3]})),
)
PURPOSES = ("urn:p:one", "urn:p:two")
ROLES = ("partner", "analyst", "citizen")
KINDS = [(one,) for one in (*TYPES, FREE)] + list(itertools.combinations((*TYPES, FREE), 2))


def entities() -> list[Entity]:
    value = Attribute(AttributeKind.PROPERTY, 1)
    return [
        Entity(f"urn:ngsi-ld:E:{number:02d}", kinds, {"https://example.org/v": (value,)})
        for number, kinds in enumerate(KINDS)
    ]


@pytest.fixture(scope="module", params=["memory", "embedded"])
def world(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, Store]]:
    with asyncio.Runner() as runner:
        store: Store = (
            MemoryStore()
            if request.param == "memory"
            else EmbeddedStore.open(tmp_path_factory.mktemp("gate"))
        )
        runner.run(store.write([Write(one.id, merge.create(one)) for one in entities()]))
        yield runner, store
        runner.run(store.close())


class Released:
    def __init__(self, names: frozenset[str]) -> None:
        self.names = names

    def is_released(self, dataset: str) -> bool:
        return dataset in self.names


constraints = st.one_of(
    st.none(),
    st.sampled_from(PURPOSES).map(
        lambda iri: {"leftOperand": "purpose", "operator": "eq", "rightOperand": {"@id": iri}}
    ),
    st.sampled_from(["2020-01-01", "2030-01-01"]).map(
        lambda day: {
            "leftOperand": "dateTime",
            "operator": "lt",
            "rightOperand": {"@value": f"{day}T00:00:00Z", "@type": "xsd:dateTime"},
        }
    ),
)


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {"action": draw(st.sampled_from(["read", "use", "modify"]))}
    if draw(st.booleans()):
        found["target"] = draw(
            st.sampled_from([*(dataset_iri(one.id) for one in ASSETS), "urn:sympolis:datasets"])
        )
    if draw(st.booleans()):
        found["assignee"] = role_iri(draw(st.sampled_from([*ROLES, "anyone"])))
    if (constraint := draw(constraints)) is not None:
        found["constraint"] = [constraint]
    return found


policies = st.lists(
    st.fixed_dictionaries(
        {"permission": st.lists(rules(), max_size=3), "prohibition": st.lists(rules(), max_size=2)},
        optional={"conflict": st.sampled_from(["perm", "prohibit", "invalid"])},
    ).filter(lambda one: one["permission"] or one["prohibition"]),
    max_size=3,
)
subjects = st.one_of(
    st.just(STRANGER),
    st.frozensets(st.sampled_from(ROLES)).map(lambda roles: Subject("anna", roles, Proof.KEY)),
)


def allowed_by_the_engine(
    given_policies: Any, released: frozenset[str], who: Subject, why: Circumstances
) -> Any:
    """Per type, what the engine itself says, asked for one dataset at a time."""
    iri = who.iri or role_iri("anyone")
    roles = frozenset(map(role_iri, (*who.roles, "anyone"))) - {iri}
    inside = "data.read" in default_table().granted(who.roles)

    def readable(asset: Asset) -> bool:
        mine = [
            one
            for one in given_policies
            if any(
                not r.targets or {t.iri for t in r.targets} & {asset.iri, *asset.member_of} for r in one.rules
            )
        ]
        if not mine:
            return asset.id in released or inside
        world = World(NOW, {iri: roles, asset.iri: asset.member_of}, values={ODRL + "recipient": (iri,)})
        stated = {ODRL + "purpose": why.purposes} if why.purposes else {}
        return decide(mine, Request(READ, iri, asset.iri, stated), world).allowed and (
            asset.id in released or who.known
        )

    def may(types: tuple[str, ...]) -> bool:
        about = [one for one in ASSETS if one.types & set(types)]
        return all(map(readable, about)) and (bool(about) or inside)

    return may


def quietly(work: Any) -> Any:
    """The work's result; None where it was refused."""

    async def tried() -> Any:
        try:
            return await work
        except (errors.Forbidden, errors.Unauthenticated):
            return None

    return tried()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    policies, st.frozensets(st.sampled_from("abcd")), subjects, st.sampled_from([(), PURPOSES[:1], PURPOSES])
)
def test_every_way_of_reading_shows_what_the_engine_allows(
    world: tuple[asyncio.Runner, Store],
    documents: list[dict[str, Any]],
    released: frozenset[str],
    who: Subject,
    purposes: tuple[str, ...],
) -> None:
    runner, store = world
    read = [read_policy(one, where=f"urn:policy:{number}") for number, one in enumerate(documents)]
    why, directory = Circumstances(purposes), EmbeddedDirectory.in_memory()
    gate = Gate(
        PolicyBook(read, directory), default_table(), Released(released), lambda: ASSETS, clock=lambda: NOW
    )
    may = allowed_by_the_engine(read, released, who, why)
    visible = {one.id for one in entities() if may(one.types)}
    runner.run(look(gated(store), PolicyReader(gate, who, why), visible, may))
    directory.close()


async def look(store: Any, reader: PolicyReader, visible: set[str], may: Any) -> None:
    read_as(reader)
    every = Query(limit=100, count=True)
    page = await store.query(every)
    assert {one.id for one in page.entities} == visible
    assert page.total == len(visible)
    assert {one.entity_id for one in (await store.history(HistoryQuery(every, time=None))).series} == visible
    for one in entities():
        found = await quietly(store.get(one.id))
        assert (found is not None) == (one.id in visible)
    assert {frozenset(one.types) for one in await store.profiles()} == {
        frozenset(one.types) for one in entities() if one.id in visible
    }
    told = {one.entity_id for one in await store.changes(0)} - {""}
    assert told == visible
    for types in EXPRESSIONS:
        found = await quietly(store.query(Query(types=types, limit=100)))
        fitting = {one.id for one in entities() if fits(types, one.types)} & visible
        assert {one.id for one in found.entities} == fitting if found is not None else True
        if found is None:  # refused altogether: only where the engine keeps all of the named types back
            named = [types] if isinstance(types, TypeIs) else list(types.parts)
            assert not any(may((part.name,)) for part in named)
        if hasattr(store, "documents"):
            terms = Contexts().core()
            shown = await quietly(
                store.documents(Query(types=types, limit=100), terms, DocumentForm.NORMALIZED)
            )
            assert shown is None or len(shown.documents) == len(fitting)


EXPRESSIONS = (
    TypeIs(TYPES[0]),
    TypeIs(TYPES[1]),
    AnyOf((TypeIs(TYPES[0]), TypeIs(FREE))),
    AllOf((TypeIs(TYPES[2]), TypeIs(FREE))),
)


def fits(expression: Any, types: tuple[str, ...]) -> bool:
    if isinstance(expression, TypeIs):
        return expression.name in types
    held = [fits(one, types) for one in expression.parts]
    return all(held) if isinstance(expression, AllOf) else any(held)
