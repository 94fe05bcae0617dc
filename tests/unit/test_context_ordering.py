"""How entities are put in order (clause 4.23): the parameters, the ranks of kinds, the order of texts."""

import pytest

from sympolis.context import ordering
from sympolis.context.collation import collation_key
from sympolis.context.core_context import DEFAULT_VOCAB, NGSI_LD
from sympolis.context.query import Ordering, OrderKey
from sympolis.context.terms import core_terms
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.domain.errors import BadRequestData, InvalidRequest, NotImplementedHere


def parse(*words, **more):
    return ordering.parse(words, core_terms(), **more)


def test_keys_are_members_attributes_and_paths():
    found = parse("id", "speed;desc", "name.createdAt;asc", "address[city.name]")
    assert found.keys == (
        OrderKey(("id",)),
        OrderKey((DEFAULT_VOCAB + "speed",), descending=True),
        OrderKey((DEFAULT_VOCAB + "name", NGSI_LD + "createdAt")),
        OrderKey((DEFAULT_VOCAB + "address",), ("city", "name")),
    )
    assert parse() is None


def test_distances_need_a_place():
    found = parse("location;dist-desc", coordinates="[11.3,44.5]")
    assert found.origin == {"type": "Point", "coordinates": [11.3, 44.5]}
    assert found.keys == (OrderKey((NGSI_LD + "location",), descending=True, distance=True),)
    with pytest.raises(BadRequestData):
        parse("location;dist-asc")
    with pytest.raises(BadRequestData):
        parse("location;dist-asc", coordinates="[11.3")
    with pytest.raises(BadRequestData):
        parse("location;dist-asc", geometry_type="Point")


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("speed;up", InvalidRequest),
        ("a;b;c", BadRequestData),
        (";asc", BadRequestData),
        ("a b", BadRequestData),
    ],
)
def test_nonsense_is_refused(word, error):
    with pytest.raises(error):
        parse(word)
    with pytest.raises(InvalidRequest):
        parse(*["speed"] * 9)


def test_languages_without_known_rules_are_not_offered():
    assert parse("name", language="de-AT").collation == "de-AT"
    with pytest.raises(NotImplementedHere):
        parse("name", language="tlh")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("und", "Ana ånger anz čaj cuna zebra"),
        ("sv", "Ana anz zebra ånger äng öra"),
        ("da-DK", "Ana zebra ære øre Aase åse"),
        ("es", "nube nzz ñandú oso"),
        ("cs", "cuna čaj had chata ikra"),
        ("hu_HU", "cukor csak dal"),
        ("et", "suur šokk zebra tuul"),
        ("tr", "hata ısı Isı iyi"),
    ],
)
def test_languages_have_letters_of_their_own(language, words):
    expected = words.split()
    assert sorted(reversed(expected), key=lambda word: collation_key(word, language)) == expected


def test_texts_compare_by_letters_then_accents_then_case():
    words = ["_x", "-x", "$", "1", "10", "a", "A", "ä", "Ab", "straße", "strasz", "z", "Æon", "α"]
    found = sorted(words, key=collation_key)
    assert found == ["_x", "-x", "$", "1", "10", "a", "A", "ä", "Ab", "Æon", "straße", "strasz", "z", "α"]
    assert collation_key("a") != collation_key("A")


def test_kinds_come_in_the_order_of_the_standard():
    values = [
        2,
        10,
        "b",
        {"a": 1},
        [1],
        False,
        {"@type": "Time", "@value": "07:00:00Z"},
        {"@type": "Date", "@value": "2024-05-08"},
        {"@type": "DateTime", "@value": "2024-05-08T07:00:00Z"},
        None,
    ]
    name = "https://city.example/value"
    entities = [
        Entity(f"urn:x:{9 - place}", ("urn:t",), {name: (Attribute(AttributeKind.JSON_PROPERTY, value),)})
        for place, value in enumerate(values)
    ]
    nothing = Entity("urn:x:", ("urn:t",))
    by_value = Ordering((OrderKey((name,)),))
    assert ordering.arrange([nothing, *reversed(entities)], by_value) == [*entities, nothing]


def test_what_no_key_tells_apart_is_ordered_by_id():
    entities = [Entity(f"urn:x:{number}", ("urn:t",)) for number in (3, 1, 2)]
    for descending in (False, True):
        found = ordering.arrange(entities, Ordering((OrderKey(("type",), descending=descending),)))
        assert [one.id for one in found] == ["urn:x:1", "urn:x:2", "urn:x:3"]


@pytest.mark.parametrize("most", [0, 1, 7, 2000, 9000])
def test_the_foremost_are_the_first_of_all(most):
    name = "https://city.example/value"
    entities = [
        Entity(
            f"urn:x:{number}", ("urn:t",), {name: (Attribute(AttributeKind.PROPERTY, number * 7919 % 5000),)}
        )
        for number in range(4500)
    ]
    wanted = Ordering((OrderKey((name,), descending=True),))
    found = ordering.Foremost(wanted, most)
    for one in entities:
        found.add(one, one.id)
    assert found.items() == [one.id for one in ordering.arrange(entities, wanted)][:most]
    assert found.total == 4500
