"""The rules for changing entities (clauses 5.6.x), as pure functions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sympolis.context import effects, merge
from sympolis.domain.changes import ChangeKind
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.domain.errors import AlreadyExists, NotFound

FIRST = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)
LATER = FIRST + timedelta(hours=1)


def prop(value, **more):
    return Attribute(AttributeKind.PROPERTY, value, **more)


def entity(**attributes):
    found = {name: value if isinstance(value, tuple) else (value,) for name, value in attributes.items()}
    return Entity("urn:a:b", ("T",), found)


def state(**attributes):
    return merge.create(entity(**attributes))(None, FIRST)


def values(found):
    return {name: [one.value for one in instances] for name, instances in found.attributes.items()}


def test_create():
    assert (state(a=prop(1)).created_at, state(a=prop(1)).modified_at) == (FIRST, FIRST)
    with pytest.raises(AlreadyExists):
        merge.create(entity())(state(), LATER)


def test_replacing_keeps_the_times_of_what_stays():
    before = state(a=prop(1), b=prop(2), c=prop(3))
    after = merge.upsert_replace(entity(a=prop(1), b=prop(5)))(before, LATER)
    assert values(after) == {"a": [1], "b": [5]}
    assert (after.created_at, after.modified_at) == (FIRST, LATER)
    assert after.attributes["a"] is before.attributes["a"]
    assert after.attribute("b").modified_at == LATER


def test_truth_is_not_one():
    before = state(a=prop(1), b=prop([True]))
    assert merge.upsert_replace(entity(a=prop(True), b=prop([True])))(before, LATER) is not before
    assert merge.upsert_replace(entity(a=prop(1), b=prop([True])))(before, LATER) is before


def test_update_mode_overwrites_and_keeps_the_rest():
    before = state(a=prop(1), b=(prop(2), prop(3, dataset_id="urn:d:1")))
    given = replace(entity(b=prop(9, dataset_id="urn:d:1"), c=prop(4)), types=("U",))
    after = merge.upsert_update(given)(before, LATER)
    assert values(after) == {"a": [1], "b": [2, 9], "c": [4]}
    assert after.types == ("T", "U")
    assert merge.upsert_update(entity(a=prop(1)))(before, LATER) is before


def test_replace_attribute_replaces_all_of_it():
    before = state(a=prop(1, unit_code="KMH"))
    after = merge.replace_attribute("urn:a:b", "a", prop(5))(before, LATER)
    assert after.attribute("a").unit_code is None


def test_delete_attribute():
    before = state(a=(prop(1), prop(2, dataset_id="urn:d:1")))
    one = merge.delete_attribute("urn:a:b", "a", dataset_id="urn:d:1")(before, LATER)
    assert values(one) == {"a": [1]}
    assert values(merge.delete_attribute("urn:a:b", "a", every=True)(before, LATER)) == {}
    with pytest.raises(NotFound):
        merge.delete_attribute("urn:a:b", "a", dataset_id="urn:d:2")(before, LATER)


@pytest.mark.parametrize(
    "decide",
    [
        merge.delete,
        merge.replace_entity(entity()),
        merge.replace_attribute("urn:a:b", "a", prop(1)),
        merge.delete_attribute("urn:a:b", "a"),
    ],
)
def test_what_is_not_there_cannot_be_changed(decide):
    with pytest.raises(NotFound):
        decide(None, LATER)


def test_effects_of_a_change():
    before = state(a=prop(1, observed_at=FIRST), b=prop(2), c=prop(3))
    after = merge.upsert_replace(entity(a=prop(5, observed_at=LATER), b=prop(2), d=prop(4)))(before, LATER)
    change = effects.change(before, after, number=7, at=LATER, cause="x")
    assert (change.number, change.kind, change.attributes) == (7, ChangeKind.UPDATED, ("a", "d", "c"))
    [point] = effects.new_observations(before, after)
    assert (point.name, point.at, point.value) == ("a", LATER, 5)
