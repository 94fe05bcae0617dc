"""Fragments of entities: what they leave out stays, what they null goes (clauses 5.6.2–5.6.4, 5.6.17)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sympolis.context import merge, patching
from sympolis.context.codec import parse_entity
from sympolis.context.terms import Contexts
from sympolis.domain.entity import NULL, AttributeKind
from sympolis.domain.errors import BadRequestData, NotFound

TERMS = Contexts().core()
FIRST = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)
LATER = FIRST + timedelta(hours=1)
ID = "urn:a:b"


def iri(name):
    return TERMS.expand(name)


@pytest.fixture
def before():
    document = {
        "id": ID,
        "type": "T",
        "speed": {"value": 10, "unitCode": "KMH", "observedAt": "2024-05-08T06:00:00Z", "by": {"value": 1}},
        "name": {"languageMap": {"it": "Via Larga", "de": "Breite"}},
        "owner": {"object": "urn:x:1"},
        "box": {"value": {"a": 1, "b": {"c": 2, "d": 3}}},
        "two": [{"value": 1}, {"value": 2, "datasetId": "urn:d:2"}],
    }
    return merge.create(parse_entity(document, TERMS))(None, FIRST)


def merged(before, document, **how):
    simplified = how.pop("simplified", False)
    fragment = patching.parse_fragment(document, TERMS, simplified=simplified)
    return patching.merge_entity(ID, fragment, **how)(before, LATER)


def test_merge_keeps_what_the_fragment_does_not_say(before):
    speed = merged(before, {"speed": {"value": 20}}).attribute(iri("speed"))
    assert (speed.value, speed.unit_code, speed.modified_at) == (20, "KMH", LATER)
    assert iri("by") in speed.attributes


def test_merge_without_a_value_changes_only_members(before):
    speed = merged(
        before, {"speed": {"unitCode": "MTS", "observedAt": NULL, "by": {"value": NULL}}}
    ).attribute(iri("speed"))
    assert (speed.value, speed.unit_code, speed.observed_at, speed.attributes) == (10, "MTS", None, {})


def test_merge_reaches_into_objects(before):
    assert merged(before, {"box": {"value": {"b": {"c": NULL, "e": 5}}}}).value(iri("box")) == {
        "a": 1,
        "b": {"d": 3, "e": 5},
    }


def test_merge_deletes_by_null_in_every_form(before):
    after = merged(before, {"owner": NULL, "name": {"languageMap": {"@none": NULL}}, "box": {"value": NULL}})
    assert set(after.attributes) == {iri("speed"), iri("two")}


def test_merge_deletes_one_instance(before):
    after = merged(before, {"two": {"value": NULL, "datasetId": "urn:d:2"}})
    assert [one.value for one in after.attributes[iri("two")]] == [1]


def test_merge_of_the_same_changes_nothing(before):
    assert merged(before, {"speed": {"value": 10}, "type": "T"}) is before


def test_merge_renews_observed_at_only_where_there_is_one(before):
    after = merged(before, {"speed": {"value": 11}, "box": {"value": {"a": 2}}}, observed_at=LATER)
    assert after.attribute(iri("speed")).observed_at == LATER
    assert after.attribute(iri("box")).observed_at is None


def test_simplified_values_take_the_kind_of_what_is_there(before):
    after = merged(
        before,
        {
            "speed": 12,
            "owner": "urn:x:2",
            "name": "Large Street",
            "point": {"type": "Point", "coordinates": [1, 2]},
        },
        simplified=True,
        lang="en",
    )
    assert after.attribute(iri("owner")).kind is AttributeKind.RELATIONSHIP
    assert after.value(iri("name")) == {"it": "Via Larga", "de": "Breite", "en": "Large Street"}
    assert after.attribute(iri("point")).kind is AttributeKind.GEO_PROPERTY
    with pytest.raises(BadRequestData):
        merged(before, {"owner": 5}, simplified=True)


@pytest.mark.parametrize("document", [{"new": {"unitCode": "KMH"}}, {"id": "urn:other:1"}, {"speed": None}])
def test_merge_refuses(before, document):
    with pytest.raises(BadRequestData):
        fragment = patching.parse_fragment(document, TERMS, entity_id=ID)
        patching.merge_entity(ID, fragment)(before, LATER)


def partial(before, name, raw):
    return patching.partial_update(ID, iri(name), patching.parse_patch(name, raw, TERMS))(before, LATER)


def test_partial_update(before):
    after = partial(before, "speed", {"value": 15})
    assert (after.value(iri("speed")), after.attribute(iri("speed")).unit_code) == (15, "KMH")
    assert iri("owner") not in partial(before, "owner", {"type": "Relationship", "object": NULL}).attributes
    second = partial(before, "two", {"value": 7, "datasetId": "urn:d:2"})
    assert [one.value for one in second.attributes[iri("two")]] == [1, 7]
    assert partial(before, "box", {"value": {"z": 1}}).value(iri("box")) == {"z": 1}


def test_partial_update_refuses_another_kind_and_what_is_not_there(before):
    with pytest.raises(BadRequestData):
        partial(before, "speed", {"type": "Relationship", "object": "urn:x:1"})
    with pytest.raises(NotFound):
        partial(before, "speed", {"value": 1, "datasetId": "urn:d:9"})
    with pytest.raises(NotFound):
        partial(None, "speed", {"value": 1})


def test_updating_tells_what_was_not_there(before):
    document = {
        "speed": {"value": 1},
        "other": {"value": 2, "datasetId": "urn:d:1"},
        "owner": NULL,
        "none": NULL,
        "scope": "/a",
    }
    update = patching.Updating(ID, patching.parse_fragment(document, TERMS))
    after = update(before, LATER)
    assert update.updated == (iri("speed"), iri("other"), iri("owner"))
    assert [one.name for one in update.refused] == [iri("none"), "scope"]
    assert after.attribute(iri("other"), "urn:d:1").created_at == LATER
    assert iri("owner") not in after.attributes
    assert after.attribute(iri("speed")).unit_code is None  # replaced, not merged


@pytest.mark.parametrize("overwrite", [True, False])
def test_appending_with_and_without_overwriting(before, overwrite):
    scoped = replace(before, scope=("/a",))
    fragment = parse_entity({"id": ID, "type": "U", "speed": {"value": 1}, "more": {"value": 2}}, TERMS)
    head = patching.parse_fragment({"type": "U", "scope": "/b"}, TERMS)
    append = patching.Appending(ID, fragment.attributes, head, overwrite=overwrite)
    after = append(scoped, LATER)
    assert after.value(iri("speed")) == (1 if overwrite else 10)
    assert after.value(iri("more")) == 2
    assert after.types == (iri("T"), iri("U"))
    assert after.scope == (("/b",) if overwrite else ("/a", "/b"))
    assert [one.name for one in append.refused] == ([] if overwrite else [iri("speed")])


def test_purging(before):
    everything = lambda _entity: True  # noqa: E731
    assert patching.purge(everything)(before, LATER) is None
    assert patching.purge(lambda _entity: False)(before, LATER) is before
    kept = patching.purge(everything, keep=(iri("speed"),))(before, LATER)
    assert set(kept.attributes) == {iri("speed")}
    assert iri("speed") not in patching.purge(everything, drop=(iri("speed"),))(before, LATER).attributes
