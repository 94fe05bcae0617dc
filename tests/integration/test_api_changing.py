"""Changing entities over HTTP, on both stores: merge, replace, attributes, batches and purging (clause 5.6)."""

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
from sympolis.testing.asgi_client import Client

ROOT = "/ngsi-ld/v1"
ONE = f"{ROOT}/entities/urn:ngsi-ld:Road:1"
MERGE_PATCH = {"content-type": "application/merge-patch+json"}


def road(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": f"urn:ngsi-ld:Road:{number}",
        "type": "Road",
        "speed": {"value": 10 * number, "unitCode": "KMH"},
        "name": {"value": "Via Larga"},
        **more,
    }


@pytest.fixture(params=["memory", "embedded"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    store: Store = MemoryStore() if request.param == "memory" else EmbeddedStore.open(tmp_path / "data")
    found = Client(create_api(ApiParts(broker=Broker(store), contexts=Contexts())))
    assert found.post(f"{ROOT}/entityOperations/create", [road(n) for n in range(1, 4)]).status == 201
    yield found
    found.loop.run_until_complete(store.close())
    found.close()


def values(client: Client, number: int = 1) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"{ROOT}/entities/urn:ngsi-ld:Road:{number}?format=keyValues").json
    return {name: value for name, value in found.items() if name not in ("id", "type")}


def error(answer: Any) -> tuple[int, str]:
    return answer.status, answer.json["type"].rpartition("/")[2]


def test_merge_patch_in_its_three_forms(client: Client) -> None:
    done = client.request("PATCH", ONE, json={"speed": {"value": 20}}, headers=MERGE_PATCH)
    assert (done.status, done.body, done.header("content-length")) == (204, b"", None)
    assert client.get(ONE).json["speed"] == {"type": "Property", "value": 20, "unitCode": "KMH"}
    assert client.request("PATCH", f"{ONE}?format=keyValues", json={"speed": 30}).status == 204
    assert client.get(ONE).json["speed"]["value"] == 30
    client.request("PATCH", ONE, json={"speed": {"value": 30, "observedAt": "2024-05-08T07:00:00Z"}})
    client.request("PATCH", f"{ONE}?observedAt=2024-06-01T00:00:00Z", json={"speed": {"value": 31}})
    assert client.get(ONE).json["speed"]["observedAt"] == "2024-06-01T00:00:00Z"


def test_replace_entity(client: Client) -> None:
    assert client.request("PUT", ONE, json={"type": "Road", "length": {"value": 5}}).status == 204
    assert values(client) == {"length": 5}
    assert error(client.request("PUT", f"{ROOT}/entities/urn:no:one", json={"type": "Road"})) == (
        404,
        "ResourceNotFound",
    )
    assert error(client.request("PUT", ONE, json=road(2))) == (400, "BadRequestData")


def test_append_and_update_report_what_was_left_alone(client: Client) -> None:
    attrs = f"{ONE}/attrs"
    more = {"speed": {"value": 1}, "length": {"value": 5}}
    answer = client.request("POST", f"{attrs}?options=noOverwrite", json=more)
    assert (answer.status, answer.header("link")) == (207, None)
    assert answer.json["updated"] == ["https://uri.etsi.org/ngsi-ld/default-context/length"]
    assert [one["attributeName"].rpartition("/")[2] for one in answer.json["notUpdated"]] == ["speed"]
    assert values(client) == {"speed": 10, "length": 5, "name": "Via Larga"}
    assert client.request("POST", f"{attrs}/", json=more).status == 204
    body = {"speed": {"value": 2}, "width": {"value": 3}, "none": "urn:ngsi-ld:null"}
    answer = client.request("PATCH", attrs, json=body)
    assert (answer.status, len(answer.json["updated"]), len(answer.json["notUpdated"])) == (207, 2, 1)
    assert (values(client)["speed"], values(client)["width"]) == (2, 3)
    assert client.request("PATCH", attrs, json={"height": {"value": 1}}).status == 204


def test_one_attribute(client: Client) -> None:
    speed = f"{ONE}/attrs/speed"
    assert client.request("PATCH", speed, json={"value": 11}).status == 204
    assert client.get(ONE).json["speed"]["unitCode"] == "KMH"
    assert client.request("PUT", speed, json={"value": 12}).status == 204
    assert "unitCode" not in client.get(ONE).json["speed"]
    assert client.request("DELETE", speed).status == 204
    assert error(client.request("DELETE", speed)) == (404, "ResourceNotFound")


def test_instances_are_deleted_one_by_one_or_all(client: Client) -> None:
    for dataset in ("urn:d:1", "urn:d:2"):
        client.request("POST", f"{ONE}/attrs", json={"speed": {"value": 7, "datasetId": dataset}})
    assert client.request("DELETE", f"{ONE}/attrs/speed?datasetId=urn:d:1").status == 204
    assert len(client.get(ONE).json["speed"]) == 2
    assert client.request("DELETE", f"{ONE}/attrs/speed?deleteAll=true").status == 204
    assert "speed" not in values(client)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "entities/", {"speed": {"value": 1}}),
        ("PATCH", "entities//attrs", {"speed": {"value": 1}}),
        ("PATCH", "entities/nothing", {"speed": {"value": 1}}),
        ("PUT", "entities/urn:ngsi-ld:Road:1/attrs/@speed", {"value": 1}),
        ("PUT", "entities/urn:ngsi-ld:Road:1/attrs/scope", "/a"),
        ("PATCH", "entities/urn:ngsi-ld:Road:1/attrs/scope", {"value": "/a"}),
        ("POST", "entities/urn:ngsi-ld:Road:1/attrs", {}),
        ("POST", "entities/urn:ngsi-ld:Road:1/attrs", {"speed": "urn:ngsi-ld:null"}),
        ("DELETE", "entities", None),
        ("DELETE", "entities?type=Road&drop=speed&keep=name", None),
        ("PATCH", "entities/urn:ngsi-ld:Road:1?options=tidy", {"speed": {"value": 1}}),
        ("DELETE", "entities/urn:ngsi-ld:Road:1/attrs/speed?datasetId=urn:d:1&deleteAll=true", None),
        ("POST", "entityOperations/update", []),
        ("POST", "entityOperations/merge?options=noOverwrite", [road(1)]),
    ],
)
def test_refusals_leave_everything_as_it_was(client: Client, method: str, path: str, body: Any) -> None:
    before = values(client)
    assert client.request(method, f"{ROOT}/{path}", json=body).status == 400
    assert values(client) == before


def test_the_type_restricts_every_change(client: Client) -> None:
    for method, path, body in (
        ("PATCH", ONE, {"speed": {"value": 1}}),
        ("PUT", ONE, road(1)),
        ("POST", f"{ONE}/attrs", {"speed": {"value": 1}}),
        ("DELETE", f"{ONE}/attrs/speed", None),
    ):
        assert error(client.request(method, f"{path}?type=Bridge", json=body)) == (404, "ResourceNotFound")
    assert values(client)["speed"] == 10


def test_batch_update_and_merge(client: Client) -> None:
    operations = f"{ROOT}/entityOperations"
    assert client.post(f"{operations}/update", [road(1, length={"value": 5}), road(2)]).status == 204
    assert values(client)["length"] == 5
    assert (
        client.post(f"{operations}/update?options=noOverwrite", [road(1, name={"value": "x"})]).status == 204
    )
    assert values(client)["name"] == "Via Larga"
    answer = client.post(
        f"{operations}/merge",
        [{"id": "urn:ngsi-ld:Road:1", "name": "urn:ngsi-ld:null"}, {"id": "urn:no:one", "type": "Road"}, {}],
    )
    assert answer.status == 207
    assert answer.json["success"] == ["urn:ngsi-ld:Road:1"]
    assert [one["error"]["status"] for one in answer.json["errors"]] == [400, 404]
    assert "name" not in values(client)


def test_purging_deletes_attributes_or_entities(client: Client) -> None:
    assert client.request("DELETE", f"{ROOT}/entities?type=Road&drop=name&q=speed>10").status == 204
    assert [set(values(client, n)) for n in (1, 2)] == [{"speed", "name"}, {"speed"}]
    assert (
        client.request("DELETE", f"{ROOT}/entities/?type=Road&keep=name&id=urn:ngsi-ld:Road:1").status == 204
    )
    assert values(client) == {"name": "Via Larga"}
    assert client.request("DELETE", f"{ROOT}/entities?type=Road").status == 204
    assert client.get(f"{ROOT}/entities?type=Road").json == []


def test_an_attribute_without_its_name_is_no_attribute(client: Client) -> None:
    """Clause 5.6.4 wants 400; where what is left of the path has no such method, 405 (clause 6.3.2)."""
    for path in (f"{ONE}/attrs//x", f"{ONE}/attrs//"):
        assert client.request("PATCH", path, json={"value": 1}).status == 400
    temporal = f"{ROOT}/temporal/entities/urn:ngsi-ld:Road:1/attrs//urn:ngsi-ld:Instance:1"
    assert client.request("PATCH", temporal, json={"value": 1}).status == 405
    assert client.request("DELETE", temporal).status == 400
