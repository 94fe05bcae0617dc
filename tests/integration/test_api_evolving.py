"""Changing the past over HTTP, on both stores (clauses 5.6.11–5.6.16), and how it is told afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.context.broker import Broker
from sympolis.context.store import Store
from sympolis.context.terms import Contexts
from sympolis.stores.embedded import EmbeddedStore
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Answer, Client

TEMPORAL = "/ngsi-ld/v1/temporal/entities"
ONE = f"{TEMPORAL}/urn:ngsi-ld:Road:1"
RANGE = "timerel=after&timeAt=2020-01-01T00:00:00Z"


def instance(value: Any, hour: int, **more: Any) -> dict[str, Any]:
    return {"type": "Property", "value": value, "observedAt": f"2024-05-08T{hour:02d}:00:00Z", **more}


def evolution(number: int = 1, **more: Any) -> dict[str, Any]:
    speed = [instance(10, 7), instance(20, 8, unitCode="KMH"), instance(5, 8, datasetId="urn:d:1")]
    return {"id": f"urn:ngsi-ld:Road:{number}", "type": "Road", "speed": speed, **more}


@pytest.fixture(params=["memory", "embedded"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    store: Store = MemoryStore() if request.param == "memory" else EmbeddedStore.open(tmp_path / "data")
    found = Client(create_api(ApiParts(broker=Broker(store), contexts=Contexts())))
    answer = found.post(f"{TEMPORAL}/", evolution())
    assert (answer.status, answer.header("location"), answer.body) == (201, ONE, b"")
    yield found
    found.loop.run_until_complete(store.close())
    found.close()


def speeds(client: Client) -> list[Any]:
    return [one["value"] for one in client.get(ONE).json.get("speed", [])]


def instance_path(client: Client, place: int = 0) -> str:
    return f"{ONE}/attrs/speed/{client.get(ONE).json['speed'][place]['instanceId']}"


def error(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["type"].rpartition("/")[2]


def test_a_second_evolution_extends_the_first(client: Client) -> None:
    more = {"id": "urn:ngsi-ld:Road:1", "type": "Road", "speed": instance(30, 9), "length": [instance(4, 7)]}
    assert client.post(TEMPORAL, more).status == 204
    assert speeds(client) == [10, 20, 30, 5]
    assert client.get(f"{ONE}?attrs=length").json["length"][0]["value"] == 4
    assert client.get("/ngsi-ld/v1/entities/urn:ngsi-ld:Road:1").status == 404, (
        "the present is another matter"
    )


def test_attributes_are_added_to_what_has_a_history_or_a_present(client: Client) -> None:
    assert client.post(f"{ONE}/attrs/", {"speed": [instance(30, 9)]}).status == 204
    assert speeds(client) == [10, 20, 30, 5]
    assert error(client.post(f"{TEMPORAL}/urn:no:1/attrs", {"speed": [instance(1, 1)]})) == (
        404,
        "ResourceNotFound",
    )
    assert client.post("/ngsi-ld/v1/entities", {"id": "urn:a:2", "type": "Road"}).status == 201
    assert client.post(f"{TEMPORAL}/urn:a:2/attrs", {"speed": [instance(1, 1)]}).status == 204


def test_one_instance_changes_and_keeps_its_id(client: Client) -> None:
    path = instance_path(client, 1)
    assert client.request("PATCH", path, json={"value": 21}).status == 204
    found = client.get(ONE).json["speed"][1]
    assert (found["value"], found["unitCode"], path.endswith(found["instanceId"])) == (21, "KMH", True)


def test_one_instance_moves_in_time(client: Client) -> None:
    assert client.request("PATCH", instance_path(client), json=instance(10, 9)).status == 204
    assert speeds(client) == [20, 10, 5]


def test_one_instance_goes(client: Client) -> None:
    path = instance_path(client)
    assert client.request("DELETE", path).status == 204
    assert speeds(client) == [20, 5]
    assert error(client.request("DELETE", path)) == (404, "ResourceNotFound")


def test_instances_of_a_dataset_have_ids_of_their_own(client: Client) -> None:
    assert client.request("DELETE", instance_path(client, 2)).status == 204
    assert speeds(client) == [10, 20]


def test_attributes_go_by_dataset_or_altogether(client: Client) -> None:
    assert client.request("DELETE", f"{ONE}/attrs/speed?datasetId=urn:d:1").status == 204
    assert speeds(client) == [10, 20]
    client.post(TEMPORAL, evolution())
    assert client.request("DELETE", f"{ONE}/attrs/speed").status == 204
    assert speeds(client) == [5]
    client.post(TEMPORAL, evolution())
    assert client.request("DELETE", f"{ONE}/attrs/speed?deleteAll=true").status == 204
    assert error(client.request("DELETE", f"{ONE}/attrs/speed")) == (404, "ResourceNotFound")


def test_the_whole_evolution_goes(client: Client) -> None:
    assert client.request("DELETE", ONE).status == 204
    assert client.get(ONE).status == 404
    assert error(client.request("DELETE", ONE)) == (404, "ResourceNotFound")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", TEMPORAL, {"type": "Road", "speed": [instance(1, 1)]}),
        ("POST", TEMPORAL, evolution(speed=[])),
        ("POST", TEMPORAL, evolution(speed=[instance("urn:ngsi-ld:null", 1)])),
        ("POST", f"{ONE}/attrs", {}),
        ("POST", f"{TEMPORAL}//attrs", {"speed": [instance(1, 1)]}),
        ("PATCH", f"{ONE}/attrs/speed/nothing", instance(1, 1)),
        ("DELETE", f"{ONE}/attrs/spe(ed/urn:a:b", None),
        ("DELETE", f"{TEMPORAL}/nothing", None),
        ("DELETE", f"{ONE}/attrs/speed?deleteAll=true&datasetId=urn:d:1", None),
    ],
)
def test_refusals_leave_the_past_alone(client: Client, method: str, path: str, body: Any) -> None:
    assert client.request(method, path, json=body).status == 400
    assert speeds(client) == [10, 20, 5]


@pytest.mark.parametrize("text", ["urn:a:b", "urn:ngsi-ld:Instance:000000000000-ffffffffffffffff"])
def test_an_unknown_instance_is_not_found(client: Client, text: str) -> None:
    assert error(client.request("PATCH", f"{ONE}/attrs/speed/{text}", json=instance(1, 1))) == (
        404,
        "ResourceNotFound",
    )


def test_a_projection_that_leaves_nothing_is_not_found(client: Client) -> None:
    assert client.get(f"{ONE}?attrs=length").status == 404
    assert client.get(f"{ONE}?pick=length").status == 404
    assert client.get(f"{ONE}?timerel=before&timeAt=2020-01-01T00:00:00Z").json["type"] == "Road"


def test_evolutions_by_dataset_and_in_order(client: Client) -> None:
    for number in (2, 3):
        client.post(TEMPORAL, evolution(number))

    def ids(query: str) -> list[str]:
        return [one["id"][-1] for one in client.get(f"{TEMPORAL}?type=Road&{RANGE}&{query}").json]

    assert ids("orderBy=id") == ["1", "2", "3"]
    assert ids("orderBy=id;desc&limit=2") == ["3", "2"]
    assert ids("orderBy=id;desc&limit=2&offset=2") == ["1"]
    assert client.get(f"{TEMPORAL}?type=Road&{RANGE}&orderBy=speed").status == 400
    found = client.get(f"{ONE}?datasetId=urn:d:1").json["speed"]
    assert [one["value"] for one in found] == [5]
    found = client.get(f"{ONE}?datasetId=@none").json["speed"]
    assert [one["value"] for one in found] == [10, 20]


def test_the_dataset_chooses_among_present_instances(client: Client) -> None:
    two = [{"value": 1}, {"value": 2, "datasetId": "urn:d:1"}]
    client.post(
        "/ngsi-ld/v1/entities", {"id": "urn:a:2", "type": "Road", "speed": two, "name": {"value": "x"}}
    )
    found = client.get("/ngsi-ld/v1/entities/urn:a:2?datasetId=urn:d:1").json
    assert found["speed"] == {"type": "Property", "value": 2, "datasetId": "urn:d:1"}
    assert "name" not in found
    assert client.get("/ngsi-ld/v1/entities/urn:a:2?datasetId=none").status == 400
