"""Queries that look beyond one entity: linked ones (4.5.23), across relationships (4.9), scopes (4.19), order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts, ApiSettings
from sympolis.context.broker import Broker
from sympolis.context.store import Store
from sympolis.context.terms import Contexts
from sympolis.stores.embedded import EmbeddedStore
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Client

ENTITIES = "/ngsi-ld/v1/entities"
QUERY = "/ngsi-ld/v1/entityOperations/query"
BATCH = "/ngsi-ld/v1/entityOperations/create"
GEO = "application/geo+json"


def link(*targets: str) -> dict[str, Any]:
    return {"type": "Relationship", "object": list(targets) if len(targets) > 1 else targets[0]}


def value(given: Any) -> dict[str, Any]:
    return {"type": "Property", "value": given}


TOWN = [
    {"id": "urn:b:1", "type": "Building", "scope": "/it/bo", "name": value("Torre"), "in": link("urn:c:bo")},
    {
        "id": "urn:b:2",
        "type": "Building",
        "scope": "/de",
        "name": value("turm"),
        "in": link("urn:c:le", "urn:c:x"),
    },
    {
        "id": "urn:c:bo",
        "type": "City",
        "name": value("Bologna"),
        "people": value(390_000),
        "of": link("urn:n:it"),
        "parts": {"type": "ListRelationship", "objectList": ["urn:b:1", "urn:q:none"]},
        "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [11.34, 44.49]}},
    },
    {
        "id": "urn:c:le",
        "type": "City",
        "name": value("Leipzig"),
        "people": value(620_000),
        "of": link("urn:n:de"),
    },
    {"id": "urn:n:it", "type": "Country", "name": value("Italia"), "has": link("urn:c:bo")},
    {"id": "urn:n:de", "type": "Country", "name": value("Deutschland")},
]


@pytest.fixture(params=["memory", "embedded"])
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    store: Store = MemoryStore() if request.param == "memory" else EmbeddedStore.open(tmp_path / "data")
    found = Client(create_api(ApiParts(broker=Broker(store), contexts=Contexts(), settings=ApiSettings())))
    assert found.post(BATCH, TOWN).status == 201
    yield found
    found.loop.run_until_complete(store.close())
    found.close()


def ids(answer: Any) -> list[str]:
    assert answer.status == 200, answer.body
    return [one["id"] for one in answer.json]


def test_linked_entities_stand_inside(town: Client) -> None:
    found = town.get(f"{ENTITIES}/urn:b:1?join=inline&joinLevel=2").json
    city = found["in"]["entity"]
    assert (found["in"]["object"], city["id"], city["name"]["value"]) == ("urn:c:bo", "urn:c:bo", "Bologna")
    assert city["of"]["entity"]["name"]["value"] == "Italia"
    assert "entity" not in city["of"]["entity"]["has"]
    one_level = town.get(f"{ENTITIES}/urn:b:1?join=inline").json
    assert "entity" not in one_level["in"]["entity"]["of"]


def test_an_entity_is_not_put_into_itself(town: Client) -> None:
    found = town.get(f"{ENTITIES}/urn:c:bo?join=inline&joinLevel=9").json
    country = found["of"]["entity"]
    assert "entity" not in country["has"]
    [part] = found["parts"]["entityList"]
    assert part["id"] == "urn:b:1" and "entity" not in part["in"]
    assert "entity" not in town.get(f"{ENTITIES}/urn:c:bo?join=inline&containedBy=urn:n:it").json["of"]


def test_linked_entities_come_after_the_others(town: Client) -> None:
    assert ids(town.get(f"{ENTITIES}/urn:b:1?join=flat")) == ["urn:b:1", "urn:c:bo"]
    assert ids(town.get(f"{ENTITIES}?type=Building&join=flat&joinLevel=3")) == [
        "urn:b:1",
        "urn:b:2",
        "urn:c:bo",
        "urn:c:le",
        "urn:n:it",
        "urn:n:de",
    ]
    answer = town.get(f"{ENTITIES}?type=City&join=flat&limit=1&count=true")
    assert ids(answer) == ["urn:c:bo", "urn:n:it", "urn:b:1"] and answer.header("ngsild-results-count") == "2"
    assert ids(town.get(f"{ENTITIES}?type=Building&join=@none")) == ["urn:b:1", "urn:b:2"]


def test_several_targets_and_simplified(town: Client) -> None:
    found = town.get(f"{ENTITIES}/urn:b:2?join=inline").json["in"]
    assert [one["id"] for one in found["entity"]] == ["urn:c:le"] and len(found["object"]) == 2
    simple = town.get(f"{ENTITIES}/urn:b:2?join=inline&format=simplified").json["in"]
    assert simple[0]["name"] == "Leipzig" and simple[1] == "urn:c:x"
    listed = town.get(f"{ENTITIES}/urn:c:bo?join=inline&format=simplified").json["parts"]
    assert listed["entityList"][0]["name"] == "Torre" and listed["entityList"][1] == "urn:q:none"
    concise = town.get(f"{ENTITIES}/urn:b:1?join=inline&format=concise").json["in"]
    assert concise["entity"]["name"] == "Bologna"


def test_projection_follows_relationships(town: Client) -> None:
    found = town.get(f"{ENTITIES}/urn:b:1?join=inline&joinLevel=2&pick=id,in%7Bname,of%7Bid%7D%7D").json
    assert found.keys() == {"id", "in"} and found["in"]["entity"].keys() == {"name", "of"}
    assert found["in"]["entity"]["of"]["entity"] == {"id": "urn:n:it"}
    flat = town.get(f"{ENTITIES}/urn:b:1?join=flat&joinLevel=2&omit=name,in%7Bof,parts%7D").json
    assert [one["id"] for one in flat] == ["urn:b:1", "urn:c:bo"]
    assert "name" not in flat[0] and "name" in flat[1] and "of" not in flat[1]


def test_entities_of_which_nothing_is_left_are_not_given(town: Client) -> None:
    answer = town.get(f"{ENTITIES}?type=City,Country&pick=people&format=simplified&limit=2&count=true")
    assert answer.json == [{"people": 390_000}, {"people": 620_000}]
    assert answer.header("ngsild-results-count") == "2"
    assert town.get(f"{ENTITIES}?type=City&omit=id,type,name,people,of,parts,location").json == []
    assert town.get(f"{ENTITIES}/urn:c:bo?pick=colour").status == 404
    assert town.get(f"{ENTITIES}/urn:n:de?omit=id,type,name").status == 404
    assert town.get(f"{ENTITIES}/urn:b:1?join=flat&pick=in%7Bcolour%7D").json == [{"in": link("urn:c:bo")}]


def test_features_have_linked_entities_too(town: Client) -> None:
    found = town.get(f"{ENTITIES}/urn:b:1?join=inline", accept=GEO).json
    assert found["type"] == "Feature" and found["properties"]["in"]["entity"]["type"] == "City"
    flat = town.get(f"{ENTITIES}/urn:b:1?join=flat", accept=GEO).json
    assert [one["geometry"] is None for one in flat["features"]] == [True, False]


def test_the_geometry_of_a_dataset(town: Client) -> None:
    def place(east: int, **more: str) -> dict[str, Any]:
        return {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [east, 44]}, **more}

    town.post(ENTITIES, {"id": "urn:g:1", "type": "G", "area": [place(1), place(2, datasetId="urn:d:1")]})
    path = f"{ENTITIES}/urn:g:1?geometryProperty=area"
    assert town.get(path, accept=GEO).json["geometry"]["coordinates"] == [1, 44]
    assert town.get(f"{path}&datasetId=urn:d:1", accept=GEO).json["geometry"]["coordinates"] == [2, 44]
    assert town.get(f"{ENTITIES}/urn:g:1?geometryProperty=none", accept=GEO).json["geometry"] is None


def test_too_many_linked_entities_are_refused(town: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sympolis.context.linked.MOST_LINKED", 1)
    assert town.get(f"{ENTITIES}?type=Building&join=flat").status == 403
    assert town.get(f"{ENTITIES}?type=Building&join=inline").status == 403


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ('in%7BCity:name%7D=="Bologna"', ["urn:b:1"]),
        ("in%7BCity:people>500000%7D", ["urn:b:2"]),
        ('in%7Bof%7BCountry:name%7D%7D=="Italia"', ["urn:b:1"]),
        ("in%7BTown:name%7D", []),
        ('in%7BCity:name%7D=="Bologna"|name=="turm"', ["urn:b:1", "urn:b:2"]),
        ('in%7BCity:name%7D=="Roma";name', []),
        ('in%7BCity:name%7D!="Bologna"', ["urn:b:2"]),
    ],
)
def test_queries_across_relationships(town: Client, q: str, found: list[str]) -> None:
    answer = town.get(f"{ENTITIES}?type=Building&q={q}&count=true")
    assert ids(answer) == found and answer.header("ngsild-results-count") == str(len(found))


def test_scopes(town: Client) -> None:
    assert ids(town.get(f"{ENTITIES}?type=Building&scopeQ=/it/%23")) == ["urn:b:1"]
    assert ids(town.get(f"{ENTITIES}?type=Building&scopeQ=/it/bo,/de")) == ["urn:b:1", "urn:b:2"]
    assert ids(
        town.post(QUERY, {"type": "Query", "entities": [{"type": "*"}], "scopeQ": "/%2B".replace("%2B", "+")})
    ) == ["urn:b:2"]


def test_a_plus_sign_may_stand_in_the_url_as_it_is(town: Client) -> None:
    assert ids(town.get(f"{ENTITIES}?type=Building&scopeQ=/it/+")) == ["urn:b:1"]


def test_types_of_values_and_targets_are_names(town: Client) -> None:
    hints = {
        "p": {"type": "Property", "value": 1, "valueType": "Number"},
        "on": {**link("urn:x:y"), "objectType": "T"},
    }
    town.post(ENTITIES, {"id": "urn:h:1", "type": "Hinted", **hints})
    q = "p.valueType==Number;on.objectType==T"
    assert ids(town.get(f"{ENTITIES}?type=Hinted&q={q}&expandValues=valueType,objectType")) == ["urn:h:1"]
    assert ids(town.get(f"{ENTITIES}?type=Hinted&q={q}")) == []


def test_order(town: Client) -> None:
    assert ids(town.get(f"{ENTITIES}?type=City&orderBy=people;desc")) == ["urn:c:le", "urn:c:bo"]
    order = {"orderBy": ["type;desc", "name"], "collation": "de"}
    found = town.post(QUERY, {"type": "Query", "entities": [{"type": "Building,City"}], "ordering": order})
    assert ids(found) == ["urn:c:bo", "urn:c:le", "urn:b:1", "urn:b:2"]
    nearest = f"{ENTITIES}?type=City&orderBy=location;dist-desc&orderFrom=[11,44]&limit=1"
    assert ids(town.get(nearest)) == ["urn:c:le"]


def test_selectors_of_several_kinds(town: Client) -> None:
    body = {
        "type": "Query",
        "entities": [{"type": "Building", "id": "urn:b:2"}, {"type": "City", "idPattern": "bo$"}],
        "join": "inline",
        "pick": ["id", "in{name}"],
    }
    found = town.post(QUERY, body)
    assert ids(found) == ["urn:b:2", "urn:c:bo"]
    assert found.json[0]["in"]["entity"] == [{"name": value("Leipzig")}]
    wrong = {**body, "entities": [{"type": "City", "idPattern": "("}, {"type": "City", "id": "urn:x:y"}]}
    assert town.post(QUERY, wrong).status == 400


def test_an_older_edition_of_the_standard(town: Client) -> None:
    kinds = {
        "id": "urn:k:1",
        "type": "Kinds",
        "json": {"type": "JsonProperty", "json": {"a": 1}},
        "vocab": {"type": "VocabProperty", "vocab": "fast"},
        "list": {"type": "ListProperty", "valueList": [1, 2]},
        "links": {"type": "ListRelationship", "objectList": ["urn:b:1", "urn:b:2"]},
        "plain": {"type": "Property", "value": 1, "valueType": "Number"},
    }
    assert town.post(ENTITIES, kinds).status == 201
    answer = town.get(f"{ENTITIES}/urn:k:1", prefer="ngsi-ld=1.6")
    assert (answer.status, answer.header("preference-applied")) == (203, "ngsi-ld=1.6")
    assert answer.json["json"] == value({"a": 1}) and answer.json["list"] == value([1, 2])
    assert answer.json["plain"] == value(1)
    assert [one["object"] for one in answer.json["links"]] == ["urn:b:1", "urn:b:2"]
    same = town.get(f"{ENTITIES}/urn:n:de", prefer="ngsi-ld=1.6")
    assert (same.status, same.header("preference-applied")) == (200, "ngsi-ld=1.6")
    newest = town.get(f"{ENTITIES}/urn:k:1", prefer="ngsi-ld=1.9")
    assert newest.status == 200 and newest.json["json"]["type"] == "JsonProperty"
    unknown = town.get(f"{ENTITIES}/urn:k:1", prefer="ngsi-ld=7.1")
    assert unknown.status == 200 and unknown.header("preference-applied") is None
