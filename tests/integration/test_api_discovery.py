"""Discovery of types and attributes over HTTP, on both stores (clauses 5.7.5–5.7.10)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.context.broker import Broker
from sympolis.context.store import Store
from sympolis.context.terms import Contexts
from sympolis.stores.embedded import EmbeddedStore
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Client

ROOT = "/ngsi-ld/v1"
CONTEXT = "https://city.example/context.jsonld"
LINK = f'<{CONTEXT}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
ENTITIES = [
    {"id": "urn:a:1", "type": "Road", "speed": {"value": 1}},
    {"id": "urn:a:2", "type": ["Road", "Bridge"], "speed": {"object": "urn:x:1"}, "name": {"value": "x"}},
    {"id": "urn:a:3", "type": "Road", "speed": [{"value": 1}, {"value": 2, "datasetId": "urn:d:1"}]},
]


def _fill(client: Client) -> None:
    assert client.post(f"{ROOT}/entityOperations/create", ENTITIES, link=LINK).status == 201


def _client(store: Store) -> Client:
    contexts = Contexts()
    names = {name: f"https://city.example/{name}" for name in ("Road", "Bridge", "speed", "name")}
    contexts.register(CONTEXT, {"@context": names})
    return Client(create_api(ApiParts(broker=Broker(store), contexts=contexts)))


@pytest.fixture(params=["memory", "embedded"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    store: Store = MemoryStore() if request.param == "memory" else EmbeddedStore.open(tmp_path / "data")
    found = _client(store)
    _fill(found)
    yield found
    found.loop.run_until_complete(store.close())
    found.close()


def test_types(client: Client) -> None:
    names = client.get(f"{ROOT}/types", link=LINK).json
    assert (names["type"], names["typeList"]) == ("EntityTypeList", ["Bridge", "Road"])
    assert client.get(f"{ROOT}/types").json["typeList"][1] == "https://city.example/Road"
    details = client.get(f"{ROOT}/types?details=true", link=LINK).json
    assert details[1] == {
        "id": "https://city.example/Road",
        "type": "EntityType",
        "typeName": "Road",
        "attributeNames": ["name", "speed"],
    }


def test_one_type(client: Client) -> None:
    for name in ("Road", "https%3A%2F%2Fcity.example%2FRoad"):
        found = client.get(f"{ROOT}/types/{name}", link=LINK).json
        assert (found["type"], found["typeName"], found["entityCount"]) == ("EntityTypeInfo", "Road", 3)
        assert [(one["attributeName"], one["attributeTypes"]) for one in found["attributeDetails"]] == [
            ("name", ["Property"]),
            ("speed", ["Property", "Relationship"]),
        ]
    assert client.get(f"{ROOT}/types/Tunnel", link=LINK).status == 404
    assert client.get(f"{ROOT}/types/%40x").status == 400


def test_attributes(client: Client) -> None:
    assert client.get(f"{ROOT}/attributes", link=LINK).json["attributeList"] == ["name", "speed"]
    details = client.get(f"{ROOT}/attributes?details=true", link=LINK).json
    assert details[0] == {
        "id": "https://city.example/name",
        "type": "Attribute",
        "attributeName": "name",
        "typeNames": ["Bridge", "Road"],
    }
    one = client.get(f"{ROOT}/attributes/speed", link=LINK).json
    assert (one["attributeCount"], one["attributeTypes"]) == (4, ["Property", "Relationship"])
    assert client.get(f"{ROOT}/attributes/width", link=LINK).status == 404


def test_what_is_gone_is_not_discovered(client: Client) -> None:
    client.request("DELETE", f"{ROOT}/entities/urn:a:2")
    assert client.get(f"{ROOT}/types", link=LINK).json["typeList"] == ["Road"]
    assert client.get(f"{ROOT}/attributes/speed", link=LINK).json["attributeTypes"] == ["Property"]


def test_ld_json_brings_its_context(client: Client) -> None:
    answer = client.get(f"{ROOT}/types", link=LINK, accept="application/ld+json")
    assert answer.json["@context"] == [CONTEXT, *answer.json["@context"][1:]]
    assert answer.header("link") is None


def test_a_file_from_before_profiles_gets_them(tmp_path: Path) -> None:
    store = EmbeddedStore.open(tmp_path)
    old = _client(store)
    _fill(old)
    before = old.get(f"{ROOT}/types?details=true").json
    old.loop.run_until_complete(store.close())
    with apsw.Connection(str(tmp_path / "default" / "twin.sqlite")) as file:
        file.execute("DELETE FROM profile")
    again = EmbeddedStore.open(tmp_path)
    client = _client(again)
    assert client.get(f"{ROOT}/types?details=true").json == before
    client.loop.run_until_complete(again.close())
    old.close()
    client.close()
