"""Where requests work: tenants, snapshots, and entities that end (clauses 4.14, 4.22, 5.5.10, 5.5.15, 5.16)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sympolis.api.asgi import create_api
from sympolis.api.errors import problem_document
from sympolis.api.parts import ApiParts, ApiSettings
from sympolis.context.broker import Broker
from sympolis.context.instants import format_instant
from sympolis.context.places import is_internal
from sympolis.context.registrations.books import MemoryRegistrationBooks
from sympolis.context.registrations.service import Registrations
from sympolis.context.snapshots.capture import Capture
from sympolis.context.snapshots.service import SnapshotBounds, Snapshots
from sympolis.context.store import Store
from sympolis.context.subscriptions.notice import Notice
from sympolis.context.terms import Contexts
from sympolis.context.transient import Transients
from sympolis.stores.embedded import EmbeddedStore
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Answer, Client

ROOT = "/ngsi-ld/v1"
ENTITIES, SNAPSHOTS, TEMPORAL = f"{ROOT}/entities", f"{ROOT}/snapshots", f"{ROOT}/temporal/entities"
BATCH = f"{ROOT}/entityOperations"
ERRORS = "https://uri.etsi.org/ngsi-ld/errors/"


class Time:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def sleep(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


class Post:
    """Keeps what would be sent."""

    def __init__(self) -> None:
        self.sent: list[Notice] = []

    async def send(self, notice: Notice) -> None:
        self.sent.append(notice)

    async def close(self) -> None:
        pass


class Setting:
    """A broker with snapshots and ends over one store."""

    def __init__(self, store: Store) -> None:
        self.store, self.time, self.post = store, Time(), Post()
        self.loop_client: Client | None = None
        self.client = self.restarted()

    def restarted(self) -> Client:
        """Another process on the same store."""
        broker = Broker(self.store)
        self.snapshots = Snapshots(
            self.store,
            Capture(broker, self.store, problem_document),
            notifier=self.post,
            time=self.time,
            bounds=SnapshotBounds(snapshots=3),
        )
        parts = ApiParts(
            broker=broker,
            contexts=Contexts(),
            snapshots=self.snapshots,
            registrations=Registrations(self.store, MemoryRegistrationBooks()),
            transients=Transients(self.store, clock=lambda: self.time.now().timestamp()),
            settings=ApiSettings(max_tenants=3),
        )
        api = create_api(parts)
        if self.loop_client is None:
            self.loop_client = Client(api)
        return Client(api, self.loop_client.loop)

    def settle(self) -> None:
        self.client.loop.run_until_complete(self.snapshots.settled())


@pytest.fixture(params=["memory", "embedded"])
def setting(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Setting]:
    opened: dict[str, Callable[[], Store]] = {
        "memory": MemoryStore,
        "embedded": lambda: EmbeddedStore.open(tmp_path),
    }
    store = opened[request.param]()
    found = Setting(store)
    yield found
    found.client.loop.run_until_complete(found.snapshots.close())
    found.client.loop.run_until_complete(store.close())
    found.client.close()


def bus(number: int, **members: Any) -> dict[str, Any]:
    told = {"type": "Property", "value": number * 10, "observedAt": "2024-05-08T07:00:00Z"}
    return {"id": f"urn:ngsi-ld:Bus:{number}", "type": "Bus", "speed": told, **members}


def soon(seconds: float) -> str:
    return format_instant(datetime.now(UTC) + timedelta(seconds=seconds))


def title(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["type"].removeprefix(ERRORS)


# --- tenants


def test_a_tenant_begins_with_what_is_created_in_it(setting: Setting) -> None:
    client = setting.client
    assert title(client.get(f"{ENTITIES}?type=Bus", NGSILD_Tenant="north")) == (404, "NonexistentTenant")
    created = client.post(ENTITIES, bus(1), NGSILD_Tenant="north")
    assert created.status == 201 and created.header("ngsild-tenant") == "north"
    assert len(client.get(f"{ENTITIES}?type=Bus", NGSILD_Tenant="north").json) == 1
    assert client.get(f"{ENTITIES}?type=Bus").json == []


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", f"{ENTITIES}/urn:ngsi-ld:Bus:1", None),
        ("DELETE", f"{ENTITIES}/urn:ngsi-ld:Bus:1", None),
        ("PATCH", f"{ENTITIES}/urn:ngsi-ld:Bus:1", {"speed": {"value": 1}}),
        ("POST", f"{ENTITIES}/urn:ngsi-ld:Bus:1/attrs", {"speed": {"value": 1}}),
        ("POST", f"{BATCH}/update", [bus(1)]),
        ("POST", f"{BATCH}/delete", ["urn:ngsi-ld:Bus:1"]),
        ("POST", f"{BATCH}/query", {"type": "Query", "entities": [{"type": "Bus"}]}),
        ("POST", f"{TEMPORAL}/urn:ngsi-ld:Bus:1/attrs", {"speed": [{"value": 1}]}),
        ("GET", f"{TEMPORAL}/urn:ngsi-ld:Bus:1", None),
        ("GET", f"{ROOT}/types", None),
        ("GET", f"{ROOT}/entityMaps/urn:ngsi-ld:EntityMap:1", None),
        ("GET", f"{SNAPSHOTS}/urn:ngsi-ld:Snapshot:1", None),
        ("POST", SNAPSHOTS, {"type": "Snapshot", "snapshotQueries": []}),
    ],
)
def test_nothing_else_makes_a_tenant(setting: Setting, method: str, target: str, body: Any) -> None:
    for _ in range(2):  # what was refused has made none either
        answer = setting.client.request(method, target, json=body, headers={"NGSILD-Tenant": "nowhere"})
        assert title(answer) == (404, "NonexistentTenant")
        assert answer.header("ngsild-tenant") == "nowhere"


def test_errors_name_the_tenant_too(setting: Setting) -> None:
    setting.client.post(ENTITIES, bus(1), NGSILD_Tenant="north")
    answer = setting.client.get(f"{ENTITIES}?colour=red", NGSILD_Tenant="north")
    assert answer.status == 400 and answer.header("ngsild-tenant") == "north"


def test_a_refused_creation_makes_no_tenant(setting: Setting) -> None:
    assert setting.client.post(ENTITIES, {"id": "nonsense"}, NGSILD_Tenant="north").status == 400
    answer = setting.client.get(f"{ENTITIES}?type=Bus", NGSILD_Tenant="north")
    assert title(answer) == (404, "NonexistentTenant")


@pytest.mark.parametrize("name", ["", "_shelf", "a/b", "-north", "x" * 65, "a b"])
def test_names_of_tenants(setting: Setting, name: str) -> None:
    assert setting.client.post(ENTITIES, bus(1), NGSILD_Tenant=name).status == 400


def test_there_may_be_so_many_tenants(setting: Setting) -> None:
    assert [
        setting.client.post(ENTITIES, bus(1), NGSILD_Tenant=name).status for name in ("a", "b", "c", "a")
    ] == [201, 201, 403, 409]


# --- ends


def test_an_entity_is_not_seen_after_its_end(setting: Setting) -> None:
    client = setting.client
    assert client.post(ENTITIES, bus(1, expiresAt=soon(60))).status == 201
    assert client.post(ENTITIES, bus(2)).status == 201
    shown = client.get(f"{ENTITIES}/urn:ngsi-ld:Bus:1?options=sysAttrs").json
    assert "expiresAt" in shown and "expiresAt" not in client.get(f"{ENTITIES}/urn:ngsi-ld:Bus:1").json
    setting.time.ahead += timedelta(seconds=61)
    waiting_store(setting)
    answer = client.get(f"{ENTITIES}?type=Bus&count=true")
    assert [one["id"][-1] for one in answer.json] == ["2"] and answer.header("ngsild-results-count") == "1"
    assert client.get(f"{ENTITIES}/urn:ngsi-ld:Bus:1").status == 404


def waiting_store(setting: Setting) -> None:
    """Have the store's clock agree with the setting's."""
    setting.store._now = setting.time.now  # type: ignore[attr-defined]


def test_an_attribute_is_not_seen_after_its_end(setting: Setting) -> None:
    client = setting.client
    delay = {"type": "Property", "value": 5, "expiresAt": soon(60)}
    assert client.post(f"{BATCH}/upsert", [bus(1, delay=delay)]).status == 201
    setting.time.ahead += timedelta(seconds=61)
    waiting_store(setting)
    assert set(client.get(f"{ENTITIES}/urn:ngsi-ld:Bus:1").json) == {"id", "type", "speed"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"expiresAt": "END"}),
        ("PATCH", "/attrs", {"expiresAt": "END", "speed": {"value": 1}}),
        ("POST", "/attrs", {"expiresAt": "END", "colour": {"value": 1}}),
        ("PUT", "", {"id": "urn:ngsi-ld:Bus:1", "type": "Bus", "expiresAt": "END"}),
    ],
)
def test_an_entity_gets_its_end_later(setting: Setting, method: str, path: str, body: dict[str, Any]) -> None:
    client, target = setting.client, f"{ENTITIES}/urn:ngsi-ld:Bus:1"
    client.post(ENTITIES, bus(1))
    given = {**body, "expiresAt": soon(60)}
    assert client.request(method, target + path, json=given).status == 204
    assert client.get(f"{target}?options=sysAttrs").json["expiresAt"] == given["expiresAt"]
    setting.time.ahead += timedelta(seconds=61)
    waiting_store(setting)
    assert client.get(target).status == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/attrs/speed", {"expiresAt": "END"}),
        ("", {"speed": {"type": "Property", "value": 7, "expiresAt": "END"}}),
    ],
)
def test_an_attribute_gets_its_end_later_and_may_lose_it(
    setting: Setting, path: str, body: dict[str, Any]
) -> None:
    client, target = setting.client, f"{ENTITIES}/urn:ngsi-ld:Bus:1"
    client.post(ENTITIES, bus(1))
    text = msgspec.json.encode(body).decode()
    for end in (soon(60), "urn:ngsi-ld:null"):
        answer = client.request("PATCH", target + path, json=msgspec.json.decode(text.replace("END", end)))
        assert answer.status == 204, answer.body
    setting.time.ahead += timedelta(seconds=61)
    waiting_store(setting)
    assert "speed" in client.get(target).json


def test_an_entity_may_lose_its_end(setting: Setting) -> None:
    client, target = setting.client, f"{ENTITIES}/urn:ngsi-ld:Bus:1"
    client.post(ENTITIES, bus(1, expiresAt=soon(60)))
    assert client.request("PATCH", target, json={"expiresAt": "urn:ngsi-ld:null"}).status == 204
    assert "expiresAt" not in client.get(f"{target}?options=sysAttrs").json
    setting.time.ahead += timedelta(seconds=61)
    waiting_store(setting)
    assert client.get(target).status == 200


def test_an_end_in_the_past_is_refused(setting: Setting) -> None:
    client, past = setting.client, "2001-01-01T00:00:00Z"
    assert title(client.post(ENTITIES, bus(1, expiresAt=past))) == (400, "BadRequestData")
    delay = {"type": "Property", "value": 5, "expiresAt": past}
    assert title(client.post(ENTITIES, bus(1, delay=delay))) == (400, "BadRequestData")
    client.post(ENTITIES, bus(1))
    assert client.request("PATCH", f"{ENTITIES}/urn:ngsi-ld:Bus:1", json={"expiresAt": past}).status == 400
    assert client.post(ENTITIES, bus(2, expiresAt="soon")).status == 400


def test_ends_survive_a_restart(setting: Setting) -> None:
    setting.client.post(ENTITIES, bus(1, expiresAt=soon(60)), NGSILD_Tenant="north")
    setting.time.ahead += timedelta(seconds=61)
    waiting_store(setting)
    setting.client = setting.restarted()
    assert setting.client.get(f"{ENTITIES}/urn:ngsi-ld:Bus:1", NGSILD_Tenant="north").status == 404


# --- snapshots


def made(setting: Setting, **members: Any) -> str:
    queries = [{"type": "Query", "entities": [{"type": "Bus"}], "q": "speed>=20"}]
    document = {"type": "Snapshot", "snapshotQueries": queries, **members}
    answer = setting.client.post(SNAPSHOTS, document)
    assert answer.status == 201, answer.body
    setting.settle()
    return (answer.header("location") or "").removeprefix(f"{SNAPSHOTS}/")


def buses(setting: Setting) -> None:
    for number in (1, 2, 3):
        assert setting.client.post(ENTITIES, bus(number)).status == 201


def test_a_snapshot_is_made_and_told(setting: Setting) -> None:
    buses(setting)
    found = setting.client.get(f"{SNAPSHOTS}/{made(setting)}").json
    assert found["snapshotStatus"] == "success" and found["snapshotPriority"] == 5
    assert found["snapshotQueriesDetails"] == [{"resultStatus": "success"}]
    assert found["expiresAt"] > found["createdAt"] and found["type"] == "Snapshot"


def test_a_snapshot_is_frozen_and_stands_alone(setting: Setting) -> None:
    buses(setting)
    client, named = setting.client, made(setting)
    client.request("PATCH", f"{ENTITIES}/urn:ngsi-ld:Bus:2", json={"speed": {"value": 99}})
    client.request("DELETE", f"{ENTITIES}/urn:ngsi-ld:Bus:3")
    answer = client.get(ENTITIES, NGSILD_Snapshot=named)
    assert answer.header("ngsild-snapshot") == named and answer.header("ngsild-tenant") is None
    assert {one["id"][-1]: one["speed"]["value"] for one in answer.json} == {"2": 20, "3": 30}
    assert client.get(f"{ENTITIES}/urn:ngsi-ld:Bus:1", NGSILD_Snapshot=named).status == 404
    # It can be changed, too, and nobody else sees it.
    assert client.post(ENTITIES, bus(4), NGSILD_Snapshot=named).status == 201
    assert client.get(f"{ENTITIES}/urn:ngsi-ld:Bus:4").status == 404
    assert client.get(f"{ROOT}/types", NGSILD_Snapshot=named).json["typeList"] == ["Bus"]


def test_what_a_snapshot_holds_keeps_its_times(setting: Setting) -> None:
    buses(setting)
    shown = f"{ENTITIES}/urn:ngsi-ld:Bus:2?options=sysAttrs"
    original = setting.client.get(shown).json
    assert setting.client.get(shown, NGSILD_Snapshot=made(setting)).json == original


def test_a_snapshot_of_evolutions(setting: Setting) -> None:
    buses(setting)
    temporal = {"timerel": "before", "timeAt": "2025-01-01T00:00:00Z"}
    query = {"type": "Query", "entities": [{"type": "Bus"}], "temporalQ": temporal}
    named = made(setting, snapshotTemporalQueries=[query, {**query, "q": "speed>1000"}])
    details = setting.client.get(f"{SNAPSHOTS}/{named}").json["snapshotTemporalQueriesDetails"]
    assert [one["resultStatus"] for one in details] == ["success", "empty"]
    setting.client.request("DELETE", f"{TEMPORAL}/urn:ngsi-ld:Bus:1")
    target = f"{TEMPORAL}/urn:ngsi-ld:Bus:1?timerel=before&timeAt=2025-01-01T00:00:00Z"
    answer = setting.client.get(target, NGSILD_Snapshot=named)
    assert [one["value"] for one in answer.json["speed"]] == [10]


def test_parts_of_entities_are_taken_where_only_parts_are_asked_for(setting: Setting) -> None:
    setting.client.post(ENTITIES, bus(1, line={"type": "Property", "value": "14C"}))
    base = {"type": "Query", "entities": [{"type": "Bus"}]}
    named = made(setting, snapshotQueries=[{**base, "pick": ["id", "type", "line"]}])
    target = f"{ENTITIES}/urn:ngsi-ld:Bus:1"
    assert set(setting.client.get(target, NGSILD_Snapshot=named).json) == {"id", "type", "line"}
    both = made(setting, snapshotQueries=[{**base, "pick": ["line"]}, {**base, "attrs": ["speed"]}])
    assert set(setting.client.get(target, NGSILD_Snapshot=both).json) == {"id", "type", "line", "speed"}


def test_an_empty_and_a_failed_snapshot(setting: Setting) -> None:
    assert setting.client.get(f"{SNAPSHOTS}/{made(setting)}").json["snapshotStatus"] == "empty"
    setting.snapshots._capture = Capture(Broker(setting.store), setting.store, problem_document, most=0)
    buses(setting)
    found = setting.client.get(f"{SNAPSHOTS}/{made(setting)}").json
    assert found["snapshotStatus"] == "failure"
    [details] = found["snapshotQueriesDetails"]
    assert details["problemDetails"]["type"] == f"{ERRORS}TooManyResults"


def test_snapshots_belong_to_tenants(setting: Setting) -> None:
    client = setting.client
    client.post(ENTITIES, bus(2), NGSILD_Tenant="north")
    queries = [{"type": "Query", "entities": [{"type": "Bus"}]}]
    given = {"id": "urn:ngsi-ld:Snapshot:x", "type": "Snapshot", "snapshotQueries": queries}
    assert client.post(SNAPSHOTS, given, NGSILD_Tenant="north").status == 201
    setting.settle()
    assert client.get(f"{SNAPSHOTS}/{given['id']}").status == 404
    named = {"NGSILD_Snapshot": str(given["id"])}
    answer = client.get(ENTITIES, NGSILD_Tenant="north", **named)
    assert len(answer.json) == 1 and answer.header("ngsild-tenant") == "north"
    assert title(client.get(ENTITIES, **named)) == (404, "ResourceNotFound")


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"type": "Snapshot"},
        {"type": "Picture", "snapshotQueries": [{"type": "Query", "entities": [{"type": "Bus"}]}]},
        {"type": "Snapshot", "snapshotQueries": []},
        {"type": "Snapshot", "snapshotQueries": [{"type": "Query"}]},
        {"type": "Snapshot", "snapshotQueries": [{"type": "Query", "entities": [{"type": "Bus"}], "q": ">"}]},
        {"type": "Snapshot", "snapshotTemporalQueries": [{"type": "Query", "entities": [{"type": "Bus"}]}]},
        {"type": "Snapshot", "id": "nonsense"},
    ],
)
def test_what_makes_no_snapshot_is_400(setting: Setting, document: dict[str, Any]) -> None:
    assert setting.client.post(SNAPSHOTS, document).status == 400


@pytest.mark.parametrize(
    "member",
    [
        {"snapshotPriority": 0},
        {"snapshotPriority": 11},
        {"snapshotPriority": True},
        {"snapshotPriority": "5"},
        {"snapshotLifetime": "soon"},
        {"snapshotLifetime": "PT0S"},
        {"endpoint": "nonsense"},
        {"receiverInfo": "nonsense"},
        {"colour": "red"},
    ],
)
def test_members_of_snapshots_are_checked(setting: Setting, member: dict[str, Any]) -> None:
    queries = [{"type": "Query", "entities": [{"type": "Bus"}]}]
    given = {"type": "Snapshot", "snapshotQueries": queries, **member}
    assert title(setting.client.post(SNAPSHOTS, given)) == (400, "BadRequestData")
    if "colour" not in member and "receiverInfo" not in member:
        target = f"{SNAPSHOTS}/{made(setting)}"
        assert setting.client.request("PATCH", target, json=member).status == 400


def test_a_snapshot_is_there_once(setting: Setting) -> None:
    made(setting, id="urn:ngsi-ld:Snapshot:x")
    queries = [{"type": "Query", "entities": [{"type": "Bus"}]}]
    given = {"type": "Snapshot", "id": "urn:ngsi-ld:Snapshot:x", "snapshotQueries": queries}
    assert title(setting.client.post(SNAPSHOTS, given)) == (409, "AlreadyExists")


def test_a_snapshot_is_changed(setting: Setting) -> None:
    target = f"{SNAPSHOTS}/{made(setting, snapshotLifetime='PT1H')}"
    before = setting.client.get(target).json
    fragment = {"snapshotPriority": 8, "snapshotLifetime": "P2D", "snapshotStatus": "failure"}
    answer = setting.client.request("PATCH", target, json=fragment)
    assert answer.status == 200 and answer.json["snapshotPriority"] == 8
    assert answer.json["snapshotStatus"] == before["snapshotStatus"]
    assert answer.json["expiresAt"] > before["expiresAt"]
    for illegal in ({"snapshotQueries": []}, {"id": "urn:x:y"}, {"type": "Query"}):
        assert setting.client.request("PATCH", target, json=illegal).status == 400
    assert setting.client.request("PATCH", f"{SNAPSHOTS}/urn:x:y", json={}).status == 404


def test_a_snapshot_ends(setting: Setting) -> None:
    buses(setting)
    named = made(setting, snapshotLifetime="PT1H")
    setting.time.ahead += timedelta(hours=1)
    assert setting.client.get(ENTITIES, NGSILD_Snapshot=named).status == 404
    assert setting.client.get(f"{SNAPSHOTS}/{named}").status == 404
    left = setting.client.loop.run_until_complete(setting.store.tenants())  # type: ignore[attr-defined]
    assert not [one for one in left if is_internal(one) and "snapshot" in one]


def test_a_snapshot_is_deleted(setting: Setting) -> None:
    target = f"{SNAPSHOTS}/{made(setting)}"
    assert setting.client.request("DELETE", target).status == 204
    assert setting.client.request("DELETE", target).status == 404
    assert setting.client.request("DELETE", f"{SNAPSHOTS}/nonsense").status == 400


def test_snapshots_are_purged_by_query(setting: Setting) -> None:
    kept, gone = made(setting, snapshotPriority=9), made(setting, snapshotPriority=2)
    client = setting.client
    for query in ("", "?q=colour==red", "?q=speed>1", "?q=>"):
        assert client.request("DELETE", f"{SNAPSHOTS}{query}").status == 400
    assert client.request("DELETE", f"{SNAPSHOTS}?q=snapshotPriority<2").status == 404
    assert client.request("DELETE", f'{SNAPSHOTS}?q=snapshotPriority<5;snapshotStatus=="empty"').status == 204
    assert client.get(f"{SNAPSHOTS}/{gone}").status == 404 and client.get(f"{SNAPSHOTS}/{kept}").status == 200
    assert client.request("DELETE", f"{SNAPSHOTS}?q=createdAt>2001-01-01T00:00:00Z").status == 204


def test_a_snapshot_is_cloned_with_what_was_changed_in_it(setting: Setting) -> None:
    buses(setting)
    client, named = setting.client, made(setting)
    client.request("DELETE", f"{ENTITIES}/urn:ngsi-ld:Bus:2", headers={"NGSILD-Snapshot": named})
    client.post(ENTITIES, bus(7), NGSILD_Snapshot=named)
    fragment = {"type": "Snapshot", "id": "urn:ngsi-ld:Snapshot:clone", "snapshotPriority": 3}
    answer = client.post(f"{SNAPSHOTS}/{named}/clone", fragment)
    assert answer.status == 201 and answer.header("location") == f"{SNAPSHOTS}/urn:ngsi-ld:Snapshot:clone"
    setting.settle()
    found = client.get(f"{SNAPSHOTS}/urn:ngsi-ld:Snapshot:clone").json
    assert (found["snapshotStatus"], found["snapshotPriority"]) == ("success", 3)
    client.request("DELETE", f"{SNAPSHOTS}/{named}")
    seen = client.get(ENTITIES, NGSILD_Snapshot="urn:ngsi-ld:Snapshot:clone").json
    assert [one["id"][-1] for one in seen] == ["3", "7"]
    assert client.post(f"{SNAPSHOTS}/{named}/clone", {}).status == 404
    clone = f"{SNAPSHOTS}/urn:ngsi-ld:Snapshot:clone/clone"
    assert title(client.post(clone, fragment)) == (409, "AlreadyExists")
    assert client.post(clone, {"snapshotQueries": []}).status == 400


def test_the_least_important_snapshot_makes_room(setting: Setting) -> None:
    first, low, high = (made(setting, snapshotPriority=number) for number in (5, 2, 9))
    setting.client.get(f"{ENTITIES}?local=true", NGSILD_Snapshot=low)
    last = made(setting)
    left = [one for one in (first, low, high, last) if setting.client.get(f"{SNAPSHOTS}/{one}").status == 200]
    assert left == [first, high, last]


def test_whoever_asked_is_told(setting: Setting) -> None:
    buses(setting)
    info = [{"key": "X-Town", "value": "Bologna"}]
    named = made(setting, endpoint="http://receiver.example/snapshots", receiverInfo=info)
    [notice] = setting.post.sent
    told = msgspec.json.decode(notice.body)
    assert (told["type"], told["snapshotId"], told["snapshotStatus"]) == (
        "SnapshotNotification",
        named,
        "success",
    )
    assert told["snapshotQueriesDetails"] == [{"resultStatus": "success"}] and told["notifiedAt"]
    assert ("X-Town", "Bologna") in notice.headers
    assert notice.endpoint.uri == "http://receiver.example/snapshots"
    setting.client.request("PATCH", f"{SNAPSHOTS}/{named}", json={"snapshotLifetime": "P3D"})
    setting.settle()
    assert msgspec.json.decode(setting.post.sent[-1].body)["expiresAt"] > told["expiresAt"]


def test_snapshots_survive_a_restart(setting: Setting) -> None:
    buses(setting)
    named = made(setting)
    setting.client = setting.restarted()
    assert len(setting.client.get(ENTITIES, NGSILD_Snapshot=named).json) == 2
    assert setting.client.get(f"{SNAPSHOTS}/{named}").json["snapshotStatus"] == "success"


def test_a_snapshot_has_no_context_sources(setting: Setting) -> None:
    named = made(setting)
    answer = setting.client.get(f"{ROOT}/csourceRegistrations?type=Bus", NGSILD_Snapshot=named)
    assert title(answer) == (422, "OperationNotSupported")
    assert answer.header("ngsild-snapshot") == named


def test_an_entity_that_ends_ends_in_snapshots_too(setting: Setting) -> None:
    named = made(setting)
    setting.client.post(ENTITIES, bus(1, expiresAt=soon(60)), NGSILD_Snapshot=named)
    setting.time.ahead += timedelta(seconds=61)
    waiting_store(setting)
    assert setting.client.get(ENTITIES, NGSILD_Snapshot=named).json == []
