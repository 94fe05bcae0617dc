"""Reading and writing NGSI-LD documents, by example."""

import pytest

from sympolis.context import codec
from sympolis.context.codec import Form
from sympolis.context.core_context import DEFAULT_VOCAB
from sympolis.context.terms import core_terms
from sympolis.domain.entity import AttributeKind
from sympolis.domain.errors import BadRequestData

CORE = core_terms()
POINT = {"type": "Point", "coordinates": [11.34, 44.49]}


def parse(**attributes):
    return codec.parse_entity(
        {"id": "urn:ngsi-ld:RoadSegment:b:1", "type": "RoadSegment", **attributes}, CORE
    )


def rendered(entity, form=Form.NORMALIZED, **shape):
    document = codec.render_entity(entity, CORE, form=form, **shape)
    return {name: value for name, value in document.items() if name not in ("id", "type")}


NORMALIZED_AND_OTHERS = [
    ({"type": "Property", "value": 5}, 5, 5),
    ({"type": "Property", "value": {"a": 1}}, {"value": {"a": 1}}, {"a": 1}),
    ({"type": "Property", "value": 5, "unitCode": "KMH"}, {"value": 5, "unitCode": "KMH"}, 5),
    ({"type": "Relationship", "object": "urn:a:b"}, {"object": "urn:a:b"}, "urn:a:b"),
    ({"type": "GeoProperty", "value": POINT}, POINT, POINT),
    (
        {"type": "LanguageProperty", "languageMap": {"it": "Via"}},
        {"languageMap": {"it": "Via"}},
        {"languageMap": {"it": "Via"}},
    ),
    ({"type": "JsonProperty", "json": [1]}, {"json": [1]}, {"json": [1]}),
    ({"type": "VocabProperty", "vocab": "good"}, {"vocab": "good"}, {"vocab": "good"}),
    ({"type": "ListProperty", "valueList": [1, 2]}, {"valueList": [1, 2]}, {"valueList": [1, 2]}),
    (
        {"type": "ListRelationship", "objectList": [{"object": "urn:a:b"}]},
        {"objectList": [{"object": "urn:a:b"}]},
        {"objectList": ["urn:a:b"]},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("normalized", "concise", "simplified"), NORMALIZED_AND_OTHERS)
def test_the_three_representations_of_each_kind(normalized, concise, simplified):
    entity = parse(a=normalized)
    assert rendered(entity)["a"] == normalized
    assert rendered(entity, Form.CONCISE)["a"] == concise
    assert rendered(entity, Form.KEY_VALUES)["a"] == simplified
    assert parse(a=concise) == entity


def test_members_and_sub_attributes_survive():
    speed = {
        "type": "Property",
        "value": 31.5,
        "unitCode": "KMH",
        "observedAt": "2024-05-08T07:00:00Z",
        "datasetId": "urn:d:1",
        "valueType": "Speed",
        "providedBy": {
            "type": "Relationship",
            "object": "urn:a:b",
            "trust": {"type": "Property", "value": 0.5},
        },
    }
    assert rendered(parse(speed=speed))["speed"] == speed


def test_instances_by_dataset():
    several = [
        {"type": "Property", "value": 2, "datasetId": "urn:d:1"},
        {"type": "Property", "value": 1},
    ]
    entity = parse(speed=several)
    assert [one.value for one in entity.attributes[DEFAULT_VOCAB + "speed"]] == [1, 2]
    assert rendered(entity, Form.KEY_VALUES)["speed"] == {"dataset": {"@none": 1, "urn:d:1": 2}}


def test_a_list_of_values_is_one_property():
    assert parse(speeds=[1, 2]).value(DEFAULT_VOCAB + "speeds") == [1, 2]
    assert parse(lanes=[{"index": 1}]).value(DEFAULT_VOCAB + "lanes") == [{"index": 1}]


def test_times_are_read_in_any_zone_and_written_in_utc():
    entity = parse(a={"value": 1, "observedAt": "2024-05-08T09:00:00.250+02:00"})
    assert rendered(entity)["a"]["observedAt"] == "2024-05-08T07:00:00.250000Z"


def test_scope_and_expiry():
    entity = parse(scope=["/Bologna", "Centro/Nord"], expiresAt="2030-01-01T00:00:00Z")
    assert entity.scope == ("/Bologna", "/Centro/Nord")
    assert rendered(entity)["scope"] == ["/Bologna", "/Centro/Nord"]
    assert rendered(entity, sys_attrs=True)["expiresAt"] == "2030-01-01T00:00:00Z"


def test_pick_and_omit():
    entity = parse(a=1, b=2, c=3)
    assert codec.render_entity(entity, CORE, form=Form.KEY_VALUES, pick=("id", "b")) == {
        "id": entity.id,
        "b": 2,
    }
    assert rendered(entity, Form.KEY_VALUES, omit=("type", "b")) == {"a": 1, "c": 3}
    with pytest.raises(BadRequestData, match="both"):
        rendered(entity, pick=("a",), omit=("a",))


@pytest.mark.parametrize(
    ("lang", "text"),
    [("it", "Via"), ("de-AT,en;q=0.5", "Road"), ("fr,*;q=0.1", "Via"), ("fr", "Road"), ("en;q=0,it", "Via")],
)
def test_language_filter(lang, text):
    entity = parse(name={"languageMap": {"it": "Via", "en": "Road"}})
    assert rendered(entity, Form.KEY_VALUES, lang=lang)["name"] == text
    assert rendered(entity, lang=lang)["name"]["value"] == text


def test_features():
    entity = parse(location=POINT, speed=5)
    feature = codec.render_feature(entity, CORE, form=Form.KEY_VALUES)
    assert feature == {
        "id": entity.id,
        "type": "Feature",
        "geometry": POINT,
        "properties": {"type": "RoadSegment", "location": POINT, "speed": 5},
    }
    assert codec.render_feature(entity, CORE, geometry_property="speed")["geometry"] is None


@pytest.mark.parametrize(
    ("attributes", "where"),
    [
        ({"a": None}, "a"),
        ({"a": "urn:ngsi-ld:null"}, "a"),
        ({"a": {"type": "Property"}}, "a"),
        ({"a": {"type": "Property", "value": None}}, "a"),
        ({"a": {"type": "Nonsense", "value": 1}}, "a"),
        ({"a": {"b": 1}}, "a"),
        ({"a": {"type": "Relationship", "object": "no uri"}}, "a.object"),
        ({"a": {"object": []}}, "a.object"),
        ({"a": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [200, 0]}}}, "a: coordinates"),
        ({"a": {"value": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}}}, "a: coordinates"),
        ({"a": {"type": "GeoProperty", "value": {"type": "Cube", "coordinates": []}}}, "a: type"),
        ({"a": {"languageMap": {"not a tag": "x"}}}, "a.languageMap"),
        ({"a": {"languageMap": {"it": 5}}}, "a.languageMap.it"),
        ({"a": {"value": 1, "observedAt": "yesterday"}}, "a.observedAt"),
        ({"a": {"value": 1, "observedAt": "2024-05-08T07:00:00"}}, "a.observedAt"),
        ({"a": {"value": 1, "unitCode": 5}}, "a.unitCode"),
        ({"a": {"value": 1, "datasetId": "x"}}, "a.datasetId"),
        ({"a": {"value": 1, "b": {"c": 1}}}, "a.b"),
        ({"a": [{"value": 1}, {"value": 2}]}, "a"),
        ({"a": {"vocab": 5}}, "a.vocab"),
        ({"a": {"valueList": 5}}, "a.valueList"),
        ({"a b": 1}, "a b"),
        ({"scope": "//"}, "scope"),
        ({"expiresAt": "soon"}, "expiresAt"),
        ({"id": "no-uri"}, "id"),
        ({"id": None}, "id"),
        ({"type": []}, "type"),
        ({"type": 5}, "type"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(attributes, where):
    with pytest.raises(BadRequestData) as caught:
        parse(**attributes)
    assert caught.value.where == where


def test_nesting_is_bounded():
    deep = {"value": 1}
    for _ in range(20):
        deep = {"value": 1, "sub": deep}
    with pytest.raises(BadRequestData, match="deeper"):
        parse(a=deep)


def test_fragments_may_carry_null_and_need_no_id():
    found = codec.parse_attributes({"a": "urn:ngsi-ld:null", "b": 5}, CORE)
    assert {name: one[0].kind for name, one in found.items()} == {
        DEFAULT_VOCAB + "a": AttributeKind.PROPERTY,
        DEFAULT_VOCAB + "b": AttributeKind.PROPERTY,
    }


def test_the_id_in_the_body_must_be_the_one_in_the_path():
    assert codec.parse_entity({"type": "T"}, CORE, entity_id="urn:a:b").id == "urn:a:b"
    with pytest.raises(BadRequestData):
        codec.parse_entity({"type": "T", "id": "urn:a:c"}, CORE, entity_id="urn:a:b")
