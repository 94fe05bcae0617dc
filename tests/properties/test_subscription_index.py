"""The index finds exactly whom a look at every subscription finds (clause 5.8.6)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sympolis.context import effects
from sympolis.context.subscriptions import parsing
from sympolis.context.subscriptions.index import SubscriptionIndex
from sympolis.context.subscriptions.matching import Matcher
from sympolis.context.subscriptions.subscription import Subscription, Trigger
from sympolis.context.terms import core_terms
from sympolis.domain.changes import Change
from sympolis.domain.entity import Attribute, AttributeKind, Entity

NOW = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)
TYPES, NAMES, IDS = ("A", "B"), ("p", "q"), ("urn:x:1", "urn:x:2")
VALUES = st.one_of(
    st.integers(0, 2), st.sampled_from([True, False, 1.0, "1", "x", [1, "x"], {"@value": "x"}])
)

_types = st.sampled_from(["A", "A", "B", "A,B", "A;B", "(A;B),C", "A;(B,C)", "*"])
_q = st.sampled_from(
    [
        "p==1",
        'p=="x"',
        "p==true",
        "p==1;q==2",
        "p==1|q==2",
        "q==2|p==1",
        "q>0",
        "q>=1;p<2",
        "p<=1",
        "p<1|q>1",
        'q>"a"',
        "(p==1|q==1);q",
        "p!=1",
        'p==1,"x"',
    ]
)
_geo = {"georel": "near;maxDistance==9", "geometry": "Point", "coordinates": [1, 2]}


@st.composite
def subscriptions(draw: st.DrawFn, number: int = 0) -> Subscription:
    document: dict[str, Any] = {
        "type": "Subscription",
        "notification": {"endpoint": {"uri": "http://receiver.example"}},
    }
    if draw(st.integers(0, 4)):
        document["entities"] = draw(st.lists(_selectors(), min_size=1, max_size=2))
        if draw(st.integers(0, 4)) == 0:
            document["entities"][0]["id"] = draw(st.sampled_from(IDS))
    if draw(st.integers(0, 3)) == 0:
        document["watchedAttributes"] = draw(
            st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True)
        )
    if draw(st.integers(0, 3)):
        document["q"] = draw(_q)
    if draw(st.integers(0, 9)) == 0:
        document["geoQ"] = _geo
    document["notificationTrigger"] = [str(one) for one in Trigger]
    if draw(st.integers(0, 3)) == 0:
        document["notificationTrigger"] = draw(
            st.lists(st.sampled_from([str(one) for one in Trigger]), min_size=1, max_size=3, unique=True)
        )
    document["localOnly"] = True
    document["isActive"] = draw(st.integers(0, 9)) > 0
    return parsing.parse(
        document, core_terms(), subscription_id=f"urn:ngsi-ld:Subscription:{number}", context=None, now=NOW
    )


def _selectors() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": _types}, optional={"idPattern": st.sampled_from(["1$", "^urn"])})


def _expanded(names: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.sampled_from([core_terms().expand(name) for name in names])


_instances = st.lists(
    st.builds(
        Attribute, st.just(AttributeKind.PROPERTY), VALUES, dataset_id=st.sampled_from([None, "urn:d:1"])
    ),
    min_size=1,
    max_size=2,
    unique_by=lambda one: one.dataset_id,
).map(tuple)
_states = st.none() | st.builds(
    lambda types, attributes: Entity("", tuple(types), attributes),
    st.lists(_expanded(TYPES), min_size=1, max_size=2, unique=True),
    st.dictionaries(_expanded(NAMES), _instances, max_size=3),
)


@st.composite
def changes(draw: st.DrawFn) -> Change:
    entity_id = draw(st.sampled_from(IDS))
    before, after = draw(_states), draw(_states)
    if before is None and after is None:
        after = Entity("", (core_terms().expand("A"),))
    states = [
        None if one is None else Entity(entity_id, one.types, one.attributes) for one in (before, after)
    ]
    found = effects.change(states[0], states[1], number=1, at=NOW, cause="")
    return Change(
        found.number, found.at, found.kind, found.entity_id, found.types, found.attributes, "",
        before=states[0], after=states[1],
    )  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.data(), st.integers(1, 8), st.lists(changes(), min_size=1, max_size=4))
def test_index_and_scan_agree(data: st.DataObject, size: int, happened: list[Change]) -> None:
    index = SubscriptionIndex()
    matcher = Matcher(index)
    kept: dict[str, Subscription] = {}
    for number in [*range(size), *data.draw(st.lists(st.integers(0, size - 1), max_size=3))]:
        subscription = data.draw(subscriptions(number))
        kept[subscription.id] = subscription
        index.add(subscription)
    for gone in data.draw(st.lists(st.sampled_from(sorted(kept)), max_size=2, unique=True)):
        del kept[gone]
        index.discard(gone)
        matcher.forget(gone)
    for change in happened:
        scanned = {one.id for one in kept.values() if matcher.wants(one, change, NOW)}
        assert {one.id for one in matcher.matches(change, NOW)} == scanned
        assert index.touches(change) or not scanned, "or the states it needs would not be kept"


@settings(max_examples=100, deadline=None)
@given(st.data(), st.integers(1, 8))
def test_an_emptied_index_holds_nothing(data: st.DataObject, size: int) -> None:
    index = SubscriptionIndex()
    for number in range(size):
        index.add(data.draw(subscriptions(number)))
    for number in range(size):
        index.discard(f"urn:ngsi-ld:Subscription:{number}")
    assert len(index) == 0
    assert not index._by_key
    assert not index._compared
