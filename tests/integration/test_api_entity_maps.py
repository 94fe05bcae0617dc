"""Entity maps over HTTP: made, used, kept stable, renewed, deleted (clauses 5.5.9.3, 5.14, 6.32, 6.34, 6.35)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Answer, Client

ROOT = "/ngsi-ld/v1"
ENTITIES, MAPS = f"{ROOT}/entities", f"{ROOT}/entityMaps"
TEMPORAL, TEMPORAL_MAPS = f"{ROOT}/temporal/entities", f"{ROOT}/temporal/entityMaps"
SPAN = "timerel=after&timeAt=2024-01-01T00:00:00Z"


def tree(number: int, height: float = 10) -> dict[str, Any]:
    told = {"type": "Property", "value": height, "observedAt": "2024-05-08T07:00:00Z"}
    return {"id": f"urn:ngsi-ld:Tree:{number}", "type": "Tree", "height": told}


@pytest.fixture
def client() -> Iterator[Client]:
    found = Client(create_api(ApiParts(broker=Broker(MemoryStore()), contexts=Contexts())))
    for number in range(1, 6):
        assert found.post(ENTITIES, tree(number)).status == 201
    yield found
    found.close()


def numbers(answer: Answer) -> list[str]:
    return [one["id"][-1] for one in answer.json]


def made(client: Client, target: str = f"{MAPS}?type=Tree") -> str:
    answer = client.get(target)
    assert answer.status == 201, answer.body
    return answer.header("ngsild-entitymap") or ""


def test_a_map_is_made_for_a_query(client: Client) -> None:
    answer = client.get(f"{MAPS}?type=Tree&q=height>5&entityMapLifetime=PT10M")
    assert answer.status == 201 and answer.json["type"] == "EntityMap"
    assert answer.json["entityMap"] == {f"urn:ngsi-ld:Tree:{number}": ["@none"] for number in range(1, 6)}
    assert answer.json["linkedMaps"] == {}
    address = answer.header("ngsild-entitymap")
    assert address == f"{MAPS}/{answer.json['id']}"
    assert client.get(address).json == answer.json


def test_a_map_is_made_for_a_query_in_a_body(client: Client) -> None:
    body = {"type": "Query", "entities": [{"type": "Tree"}], "q": "height<5"}
    answer = client.post(MAPS, body)
    assert answer.status == 201 and answer.json["entityMap"] == {}


def test_a_map_is_made_for_a_temporal_query(client: Client) -> None:
    answer = client.get(f"{TEMPORAL_MAPS}?type=Tree&{SPAN}&orderBy=id;desc")
    assert answer.status == 201 and next(iter(answer.json["entityMap"])) == "urn:ngsi-ld:Tree:5"
    body = {
        "type": "Query",
        "entities": [{"type": "Tree"}],
        "temporalQ": {"timerel": "before", "timeAt": "2024-01-01T00:00:00Z"},
    }
    answer = client.post(TEMPORAL_MAPS, body)
    assert answer.status == 201 and answer.json["entityMap"] == {}


@pytest.mark.parametrize(
    "target",
    [
        MAPS,
        f"{MAPS}?type=Tree&q=height>",
        f"{MAPS}?type=Tree&entityMapLifetime=soon",
        f"{MAPS}?type=Tree&colour=red",
        f"{TEMPORAL_MAPS}?type=Tree",
        f"{TEMPORAL_MAPS}?{SPAN}",
        f"{MAPS}/nonsense",
    ],
)
def test_what_cannot_be_mapped_is_400(client: Client, target: str) -> None:
    assert client.get(target).status == 400


def test_pages_stay_what_they_were_when_the_map_was_made(client: Client) -> None:
    first = client.get(f"{ENTITIES}?type=Tree&limit=2&entityMap=true")
    assert first.status == 201 and numbers(first) == ["1", "2"]
    named = first.header("ngsild-entitymap") or ""
    client.post(ENTITIES, tree(0))
    second = client.get(f"{ENTITIES}?type=Tree&limit=2&offset=2", NGSILD_EntityMap=named)
    assert second.status == 200 and numbers(second) == ["3", "4"]
    assert second.header("ngsild-entitymap") == named
    assert 'rel="next"' in str(second.all("link")) and 'rel="prev"' in str(second.all("link"))


def test_what_no_longer_fits_leaves_the_map_and_the_page_is_filled(client: Client) -> None:
    named = made(client)
    client.request("DELETE", f"{ENTITIES}/urn:ngsi-ld:Tree:2")
    answer = client.get(f"{ENTITIES}?type=Tree&limit=3&count=true", NGSILD_EntityMap=named)
    assert numbers(answer) == ["1", "3", "4"] and answer.header("ngsild-results-count") == "4"
    assert "urn:ngsi-ld:Tree:2" not in client.get(named).json["entityMap"]


def test_a_map_that_is_gone_is_made_again(client: Client) -> None:
    named = made(client)
    assert client.request("DELETE", named).status == 204
    assert client.request("DELETE", named).status == 404
    answer = client.get(f"{ENTITIES}?type=Tree", NGSILD_EntityMap=named)
    assert answer.status == 201 and answer.header("ngsild-entitymap") not in ("", named)


def test_an_ordered_map_keeps_its_order(client: Client) -> None:
    named = made(client, f"{MAPS}?type=Tree&orderBy=id;desc")
    answer = client.get(f"{ENTITIES}?type=Tree&limit=2", NGSILD_EntityMap=named)
    assert numbers(answer) == ["5", "4"]


def test_a_map_can_live_longer_or_shorter(client: Client) -> None:
    named = made(client)
    until = client.get(named).json["expiresAt"]
    fragment = {"expiresAt": "2001-01-01T00:00:00Z", "entityMap": {}}
    assert client.request("PATCH", named, json={"entityMap": {}}).status == 204
    assert client.get(named).json["expiresAt"] == until
    assert client.request("PATCH", named, json={"expiresAt": "soon"}).status == 400
    assert client.request("PATCH", named, json=fragment).status == 204
    assert client.get(named).status == 404
    assert client.request("PATCH", named, json=fragment).status == 404


def test_one_entity_by_its_map(client: Client) -> None:
    target = f"{ENTITIES}/urn:ngsi-ld:Tree:1"
    answer = client.get(f"{target}?entityMap=true")
    assert answer.status == 201 and answer.json["id"].endswith(":1")
    named = answer.header("ngsild-entitymap") or ""
    assert client.get(named).json["entityMap"] == {"urn:ngsi-ld:Tree:1": ["@none"]}
    assert client.get(target, NGSILD_EntityMap=named).status == 200
    assert client.get(f"{ENTITIES}/urn:ngsi-ld:Tree:2", NGSILD_EntityMap=named).status == 404


def test_evolutions_by_map(client: Client) -> None:
    first = client.get(f"{TEMPORAL}?type=Tree&{SPAN}&limit=2&entityMap=true")
    assert first.status == 201 and numbers(first) == ["1", "2"]
    named = first.header("ngsild-entitymap") or ""
    client.request("DELETE", f"{TEMPORAL}/urn:ngsi-ld:Tree:3")
    second = client.get(f"{TEMPORAL}?type=Tree&{SPAN}&limit=2&offset=2", NGSILD_EntityMap=named)
    assert second.status == 200 and numbers(second) == ["4", "5"]
    one = client.get(f"{TEMPORAL}/urn:ngsi-ld:Tree:1?entityMap=true")
    assert one.status == 201 and one.header("ngsild-entitymap")


def test_a_purge_stays_within_the_map(client: Client) -> None:
    named = made(client, f"{MAPS}?type=Tree&id=urn:ngsi-ld:Tree:1,urn:ngsi-ld:Tree:2")
    answer = client.request("DELETE", f"{ENTITIES}?type=Tree", headers={"NGSILD-EntityMap": named})
    assert answer.status == 204 and answer.header("ngsild-entitymap") == named
    assert numbers(client.get(f"{ENTITIES}?type=Tree")) == ["3", "4", "5"]
