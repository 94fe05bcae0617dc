"""Who may do what, over the real application: strangers, keys, roles, release and policies, at every interface."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sympolis.api.rights import _BY_RIGHT, RIGHTS
from sympolis.app.assembly import open_twin
from sympolis.app.twin import Twin
from sympolis.settings import Settings
from sympolis.testing.asgi_client import Answer, Client, open_stream
from sympolis.testing.small_city import write_package

ODRL = "http://www.w3.org/ns/odrl.jsonld"
RESEARCH = "https://w3id.org/dpv#ResearchAndDevelopment"
RELEASE = '[public]\nlicences = ["CC0-1.0", "CC-BY-4.0"]\nexcept = ["counts"]\n'


@dataclass
class House:
    """A twin that asks everybody who they are, and a key for each role that is needed."""

    twin: Twin
    client: Client
    keys: dict[str, str]

    def get(self, path: str, role: str = "", **headers: str) -> Answer:
        return self.client.get(path, **self._proof(role), **headers)

    def send(self, method: str, path: str, role: str = "", json: Any = None) -> Answer:
        return self.client.request(method, path, json=json, headers=self._proof(role))

    def entries(self) -> list[Any]:
        assert self.twin.government is not None
        self.client.loop.run_until_complete(self.twin.government.audit.settled())
        return [entry.event for _, entry in self.twin.government.audit.trail.entries()]

    def _proof(self, role: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.keys[role]}"} if role else {}


LINK = {
    "link": '<http://127.0.0.1:8400/contexts/smallville.jsonld>; rel="http://www.w3.org/ns/json-ld#context";'
    ' type="application/ld+json"'
}


def text(answer: Answer) -> str:
    body = answer.body
    return (gzip.decompress(body) if answer.header("content-encoding") == "gzip" else body).decode()


ROLES = ("administrator", "analyst", "citizen", "partner", "data-owner", "data-steward", "technical-steward")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    folder = write_package(tmp_path / "smallville")
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "policies" / "release.toml").write_text(RELEASE, encoding="utf-8")
    runner = asyncio.Runner()
    loop = runner.get_loop()
    settings = Settings(city=str(folder), data=tmp_path / "data", store="memory", identity="required")
    twin = loop.run_until_complete(open_twin(settings))
    loop.run_until_complete(twin.coordinator.run_all())
    assert twin.government is not None
    keys = {}
    for role in ROLES:
        twin.government.governed.accounts.add(role, roles=[role])
        keys[role] = twin.government.governed.accounts.add_key(role)[1]
    client = Client(twin.asgi, loop)
    yield House(twin, client, keys)
    loop.run_until_complete(twin.close())
    runner.close()


def test_every_operation_says_which_right_it_needs(house: House) -> None:
    names = {operation.name for operation in house.twin.asgi.operations}
    assert sorted(names - RIGHTS.keys()) == [], "add them to api/rights.py"
    assert len(RIGHTS) == sum(map(len, _BY_RIGHT.values())), "an operation is listed under two rights"
    known = house.twin.government.governed.gate.roles.rights  # type: ignore[union-attr]
    assert {right for right in RIGHTS.values() if right != "public"} <= known.keys()


def test_strangers_get_what_is_public_and_nothing_else(house: House) -> None:
    assert house.get("/health/live").status == 200
    refused = house.get("/api/sources")
    assert refused.status == 401
    assert (refused.header("www-authenticate") or "").startswith("Bearer")
    assert house.send("DELETE", "/ngsi-ld/v1/entities/urn:ngsi-ld:A:1").status == 401
    assert house.get("/api/sources", "citizen").status == 403
    assert house.get("/api/sources", "analyst").status == 200
    assert house.get("/metrics", "analyst").status == 403
    assert house.get("/metrics", "administrator").status == 200


# --- release: what is not public is kept from strangers at every interface

EVERYWHERE = (
    "/ngsi-ld/v1/entities?type=ItemFlowObserved",
    "/ngsi-ld/v1/entities?idPattern=ItemFlow&local=true",
    "/ngsi-ld/v1/entities?idPattern=ItemFlow&local=true&options=keyValues",
    "/ngsi-ld/v1/temporal/entities?type=ItemFlowObserved&timerel=after&timeAt=2000-01-01T00:00:00Z",
    "/ngsi-ld/v1/types",
    "/ngsi-ld/v1/types?details=true",
    "/ngsi-ld/v1/attributes",
    "/ogc/collections",
    "/ldes",
    "/catalogue",
    "/api/datasets",
    "/api/map/layers",
)


METADATA = ("/catalogue", "/api/datasets")
"""They tell of another dataset with the same type of entities, which is released."""


@pytest.mark.parametrize("path", EVERYWHERE)
def test_what_is_not_released_is_nowhere_to_be_seen(house: House, path: str) -> None:
    link = LINK if path.startswith("/ngsi-ld") else {}
    public, inside = house.get(path, **link), house.get(path, "analyst", **link)
    assert (public.status, inside.status) == (200, 200)
    words = ("Counts", "counts") if path in METADATA else ("ItemFlowObserved", "intensity")
    assert any(word in text(inside) for word in words)
    assert [word for word in words if word in text(public)] == []


@pytest.mark.parametrize(
    "path",
    [
        "/ogc/collections/ItemFlowObserved",
        "/ogc/collections/ItemFlowObserved/items",
        "/ldes/ItemFlowObserved",
        "/api/datasets/counts",
        "/api/datasets/counts/access",
        "/catalogue/datasets/counts",
    ],
)
def test_what_is_not_released_is_not_there_by_name(house: House, path: str) -> None:
    assert house.get(path).status == 404
    assert house.get(path, "analyst").status == 200


def test_an_entity_that_is_not_released_is_not_there_by_its_id(house: House) -> None:
    [one, *_] = house.get("/ngsi-ld/v1/entities?type=ItemFlowObserved", "analyst", **LINK).json
    for path in (f"/ngsi-ld/v1/entities/{one['id']}", f"/ngsi-ld/v1/temporal/entities/{one['id']}"):
        assert house.get(path, "analyst", **LINK).status == 200
        assert house.get(path, **LINK).status == 404
    found = house.send(
        "POST",
        "/ngsi-ld/v1/entityOperations/query",
        json={"type": "Query", "entities": [{"id": one["id"], "type": "Thing"}]},
    )
    assert found.status == 200 and found.json == []
    counted = house.get("/ngsi-ld/v1/entities?idPattern=.*&local=true&limit=0&count=true")
    inside = house.get("/ngsi-ld/v1/entities?idPattern=.*&local=true&limit=0&count=true", "analyst")
    assert int(counted.header("ngsild-results-count") or 0) < int(inside.header("ngsild-results-count") or 0)


def test_streets_are_released(house: House) -> None:
    assert len(house.get("/ngsi-ld/v1/entities?type=RoadSegment&limit=100", **LINK).json) == 8
    assert house.get("/ogc/collections/RoadSegment/items").json["numberMatched"] == 8
    assert house.get("/api/datasets/streets").status == 200


def test_changes_of_what_is_not_released_are_not_told(house: House) -> None:
    async def first(headers: dict[str, str]) -> set[str]:
        found = set()
        async with open_stream(house.twin.asgi, "/api/changes?after=0", headers) as stream:
            while len(found) < 3 and "StatisticalArea" not in found:
                event = await stream.event()
                found |= set(json.loads(event["data"])["types"])
        return found

    run = house.client.loop.run_until_complete
    assert "ItemFlowObserved" in run(first({"authorization": f"Bearer {house.keys['analyst']}"}))
    assert "ItemFlowObserved" not in run(first({}))


def test_nothing_of_another_tenant_is_released(house: House) -> None:
    tenant = {"ngsild-tenant": "works"}
    road = {"id": "urn:ngsi-ld:RoadSegment:hidden", "type": "RoadSegment"}
    headers = {**house._proof("administrator"), **tenant, **LINK}
    assert house.client.request("POST", "/ngsi-ld/v1/entities", json=road, headers=headers).status == 201
    path = "/ngsi-ld/v1/entities?type=RoadSegment"
    assert [one["id"] for one in house.get(path, "analyst", **LINK, **tenant).json] == [road["id"]]
    assert house.get(path, **LINK, **tenant).json == []
    assert house.get(f"/ngsi-ld/v1/entities/{road['id']}", **LINK, **tenant).status == 404
    assert house.get("/ngsi-ld/v1/types", **LINK, **tenant).json["typeList"] == []


def test_no_cache_on_the_way_gives_it_to_others(house: House) -> None:
    for path in (STREETS, "/ldes/RoadSegment", "/api/map/layers", "/catalogue"):
        assert (house.get(path, "analyst", **LINK).header("cache-control") or "").startswith("private")
    assert "private" not in (house.get("/health/live").header("cache-control") or "")


# --- policies


def allow(**constraint: Any) -> dict[str, Any]:
    rule: dict[str, Any] = {"action": "read", "assignee": "urn:sympolis:role:partner"}
    if constraint:
        rule["constraint"] = [constraint]
    return {
        "@context": ODRL,
        "@type": "Set",
        "uid": "urn:test:policy",
        "permission": [{**rule, "uid": "urn:test:rule"}],
    }


def purpose(iri: str) -> dict[str, Any]:
    return {"leftOperand": "purpose", "operator": "eq", "rightOperand": {"@id": iri}}


def set_policy(house: House, dataset: str, policy: dict[str, Any]) -> None:
    assert house.send("PUT", f"/api/datasets/{dataset}/policy", "data-owner", json=policy).status == 200


STREETS = "/ngsi-ld/v1/entities?type=RoadSegment&limit=1"


def test_a_policy_decides_for_everybody_and_says_why(house: House) -> None:
    set_policy(house, "streets", allow(**purpose(RESEARCH)))
    stated = {"sympolis-purpose": "dpv:ResearchAndDevelopment"}
    assert house.get(STREETS, "partner", **LINK, **stated).status == 200
    refused = house.get(STREETS, "partner", **LINK, **{"accept-language": "de"})
    assert refused.status == 403
    assert "Nicht erlaubt" in refused.json["detail"]
    assert house.get(STREETS, **LINK, **{"accept-language": "it"}).status == 401
    for path in ("/ogc/collections/RoadSegment/items", "/ldes/RoadSegment"):
        assert house.get(path, "partner").status == 403
        assert house.get(path, "partner", **stated).status == 200
    told = house.get("/api/datasets/streets/access", "partner", **{"accept-language": "it"}).json
    assert told["readable"] is False and told["words"][0].startswith("Non consentito")
    everything = house.get("/ngsi-ld/v1/entities?idPattern=.*&local=true&limit=100", "analyst", **LINK).json
    assert {one["type"] for one in everything} == {"ItemFlowObserved", "StatisticalArea", "Source"}
    assert house.send("DELETE", "/api/datasets/streets/policy", "data-owner").status == 204
    assert house.get(STREETS, "partner", **LINK).status == 200


def test_a_policy_opens_to_a_partner_what_is_not_released(house: House) -> None:
    set_policy(house, "counts", allow())
    set_policy(house, "loops", allow())
    path = "/ngsi-ld/v1/entities?type=ItemFlowObserved&limit=1"
    assert house.get(path, "partner", **LINK).json != []
    assert house.get(path, "citizen", **LINK).status in (200, 403)
    assert house.get(path, "citizen", **LINK).json != house.get(path, "partner", **LINK).json


def test_uses_are_counted_and_end(house: House) -> None:
    set_policy(house, "streets", allow(leftOperand="count", operator="lteq", rightOperand=2))
    assert [house.get(STREETS, "partner", **LINK).status for _ in range(4)] == [200, 200, 403, 403]
    found = house.get("/ngsi-ld/v1/entities?idPattern=.*&local=true&limit=100", "partner", **LINK).json
    assert "RoadSegment" not in {one["type"] for one in found}


def test_what_is_kept_for_others_counts_as_a_use_too(house: House) -> None:
    set_policy(house, "streets", allow(leftOperand="count", operator="lteq", rightOperand=2))
    path = "/api/map/profile/streets?field=roadClass"
    assert [house.get(path, "partner").status for _ in range(4)] == [200, 200, 403, 403]


def test_mediations_tell_nothing_of_what_is_not_released(house: House) -> None:
    told = text(house.get("/api/mediations"))
    assert "/api/datasets/streets/as/" in told and "/api/datasets/counts/" not in told
    assert "/api/datasets/counts/as/sosa" in text(house.get("/api/mediations", "analyst"))
    for mediation in ("sosa", "datex2-traffic"):
        assert house.get(f"/api/datasets/counts/as/{mediation}").status == 404
    assert house.get("/api/datasets/counts/as/sosa", "analyst").status == 200


def test_a_time_limit_ends(house: House) -> None:
    past = {"@value": "2020-01-01T00:00:00Z", "@type": "xsd:dateTime"}
    set_policy(house, "streets", allow(leftOperand="dateTime", operator="lt", rightOperand=past))
    assert house.get(STREETS, "partner", **LINK).status == 403


def test_a_duty_is_told_to_who_reads(house: House) -> None:
    policy = allow()
    policy["permission"][0]["duty"] = [{"action": "attribute"}]
    set_policy(house, "streets", policy)
    answer = house.get(STREETS, "partner", **LINK)
    assert answer.header("sympolis-duties") == "attribute; dataset=streets"


def test_who_may_not_set_a_policy_cannot(house: House) -> None:
    for role, status in (("", 401), ("analyst", 403), ("citizen", 403), ("data-owner", 200)):
        assert house.send("PUT", "/api/datasets/streets/policy", role, json=allow()).status == status
    wrong = {**allow(), "permission": [{"action": "read", "target": "urn:sympolis:dataset:areas"}]}
    assert house.send("PUT", "/api/datasets/streets/policy", "data-owner", json=wrong).status == 400
    assert house.send("PUT", "/api/datasets/nothing/policy", "data-owner", json=allow()).status == 404


# --- keys


def test_a_key_ends_when_it_is_revoked_and_when_its_user_is_disabled(house: House) -> None:
    assert house.twin.government is not None
    accounts = house.twin.government.governed.accounts
    for end in ("key", "user"):
        key, text = accounts.add_key("analyst", days=1)
        proof = {"x-api-key": text}
        assert house.client.get("/api/identity/me", **proof).json["id"] == "analyst"
        if end == "key":
            accounts.revoke_key(key.id)
        else:
            accounts.set_disabled("analyst", disabled=True)
        house.twin.asgi._access.identities._known.clear()
        for path in ("/api/sources", "/api/identity/me"):
            refused = house.client.get(path, **proof)
            assert refused.status == 401 and text not in refused.body.decode()


def test_a_key_has_no_more_roles_than_its_user(house: House) -> None:
    assert house.twin.government is not None
    accounts = house.twin.government.governed.accounts
    accounts.add("two", roles=["analyst", "data-owner"])
    _, text = accounts.add_key("two", roles=["analyst"])
    assert house.client.get("/api/identity/me", x_api_key=text).json["roles"] == ["analyst"]
    accounts.set_roles("two", ["data-owner"])
    house.twin.asgi._access.identities._known.clear()
    assert house.client.get("/api/identity/me", x_api_key=text).json["roles"] == []


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer syk_0000000000000000_" + "a" * 43},
        {"authorization": "Basic YTpi"},
        {"authorization": "Bearer "},
        {"authorization": "Bearer " + "x" * 10_000},
        {"x-api-key": "nonsense"},
        {"authorization": "Bearer not.a.token"},
    ],
)
def test_a_proof_that_does_not_hold_is_refused(house: House, headers: dict[str, str]) -> None:
    assert house.client.request("GET", "/api/datasets", headers=headers).status == 401
    assert house.client.request("GET", "/health/live", headers=headers).status == 200


# --- the audit log


def test_what_is_done_and_what_is_denied_is_written_down(house: House) -> None:
    entity = {"id": "urn:ngsi-ld:Thing:1", "type": "Thing"}
    assert house.send("POST", "/ngsi-ld/v1/entities", "data-steward", json=entity).status == 201
    assert house.send("POST", "/ngsi-ld/v1/entities", "analyst", json=entity).status == 403
    house.get("/api/sources")
    set_policy(house, "streets", allow())
    house.get(STREETS, "partner", **LINK)
    house.get(STREETS, "analyst", **LINK)
    found = [(one.act.value, one.subject, one.operation) for one in house.entries()]
    assert found == [
        ("done", "data-steward", "createEntity"),
        ("denied", "analyst", "createEntity"),
        ("denied", "", "listSources"),
        ("administered", "data-owner", "setPolicy"),
        ("read", "partner", "queryEntities"),
        ("denied", "analyst", "queryEntities"),
    ]
    assert house.entries()[-1].datasets == ("streets",)
    page = house.get("/api/admin/audit?limit=2", "administrator").json
    assert [one["number"] for one in page["entries"]] == [6, 5]
    assert page["entries"][1]["words"]["de"] == "Entitäten lesen"
    assert house.get("/api/admin/audit", "analyst").status == 403


def test_reading_what_is_free_leaves_no_trace(house: House) -> None:
    house.get(STREETS, **LINK)
    house.get(STREETS, "analyst", **LINK)
    assert house.entries() == []


# --- notifications


def test_who_may_not_read_any_more_is_told_no_more(house: House) -> None:
    subscriptions = house.twin.ground.subscriptions
    told: list[str] = []
    subscriptions._lanes.put = lambda parcel, _: told.append(parcel.subscription)  # type: ignore[method-assign]
    house.twin.government.governed.accounts.set_roles("partner", ["partner", "analyst"])  # type: ignore[union-attr]
    document = {
        "type": "Subscription",
        "entities": [{"type": "https://smallville.example/RoadSegment"}],
        "notification": {"endpoint": {"uri": "http://198.51.100.1/hear", "accept": "application/json"}},
    }
    made = {}
    for role in ("partner", "administrator", "citizen"):
        answer = house.send("POST", "/ngsi-ld/v1/subscriptions", role, json=document)
        made[role] = (answer.header("location") or "").rsplit("/", 1)[-1]
        assert answer.status == (403 if role == "citizen" else 201)

    for role, count in (("partner", 1), ("administrator", 2)):
        listed = house.get("/ngsi-ld/v1/subscriptions", role).json
        assert len(listed) == count, "others' endpoints have secrets in them"
    theirs = f"/ngsi-ld/v1/subscriptions/{made['administrator']}"
    assert house.get(theirs, "partner").status == 404
    assert house.send("DELETE", theirs, "partner").status == 404

    def write(number: int) -> list[str]:
        told.clear()
        entity = {
            "id": f"urn:ngsi-ld:Road:{number}",
            "type": "https://smallville.example/RoadSegment",
            "a": number,
        }
        assert house.send("POST", "/ngsi-ld/v1/entities", "administrator", json=entity).status == 201
        house.client.loop.run_until_complete(followed())
        return sorted(told)

    async def followed() -> None:
        position = (await house.twin.ground.broker.status()).position
        while subscriptions._tenants[""].position < position:
            await asyncio.sleep(0)

    assert write(1) == sorted([made["partner"], made["administrator"]])
    house.twin.government.governed.accounts.set_roles("partner", ["partner"])  # type: ignore[union-attr]
    assert write(2) == [made["administrator"]], "what belongs to no dataset is for those inside"
