"""NGSI-LD over HTTP, on both stores: what ETSI GS CIM 009 says of entities, batches, contexts and paging."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts, ApiSettings
from sympolis.context.broker import Broker
from sympolis.context.store import Store
from sympolis.context.terms import Contexts
from sympolis.stores.embedded import EmbeddedStore
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Client, exchange

ENTITIES = "/ngsi-ld/v1/entities"
BATCH = "/ngsi-ld/v1/entityOperations"
CORE_LINK = 'rel="http://www.w3.org/ns/json-ld#context"'
ERRORS = "https://uri.etsi.org/ngsi-ld/errors/"
CONTEXT_URL = "https://city.example/context.jsonld"
ROAD = "urn:ngsi-ld:Road:1"


def road(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": f"urn:ngsi-ld:Road:{number}",
        "type": "Road",
        "name": {"type": "LanguageProperty", "languageMap": {"it": "Via Larga", "de": "Breite Straße"}},
        "speed": {
            "type": "Property",
            "value": 10 * number,
            "unitCode": "KMH",
            "observedAt": "2024-05-08T07:00:00Z",
        },
        "location": {
            "type": "GeoProperty",
            "value": {"type": "Point", "coordinates": [11.3 + number / 100, 44.5]},
        },
        **more,
    }


@pytest.fixture(params=["memory", "embedded"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    store: Store = MemoryStore() if request.param == "memory" else EmbeddedStore.open(tmp_path / "data")
    contexts = Contexts()
    contexts.register(
        CONTEXT_URL, {"@context": {"Road": "https://city.example/Road", "speed": "https://city.example/v"}}
    )
    settings = ApiSettings(max_batch=50, max_body_bytes=100_000)
    found = Client(create_api(ApiParts(broker=Broker(store), contexts=contexts, settings=settings)))
    yield found
    found.loop.run_until_complete(store.close())
    found.close()


@pytest.fixture
def roads(client: Client) -> Client:
    assert client.post(f"{BATCH}/create", [road(n) for n in range(1, 6)]).status == 201
    return client


def title(answer: Any) -> tuple[int, str]:
    return answer.status, answer.json["type"].removeprefix(ERRORS)


# --- create (5.6.1)


def test_create_answers_201_with_the_location(client: Client) -> None:
    answer = client.post(ENTITIES, road())
    assert (answer.status, answer.header("location"), answer.body) == (201, f"{ENTITIES}/{ROAD}", b"")
    assert client.get(f"{ENTITIES}/{ROAD}").json["speed"]["value"] == 10


def test_create_twice_is_already_exists(client: Client) -> None:
    client.post(ENTITIES, road())
    assert title(client.post(ENTITIES + "/", road())) == (409, "AlreadyExists")


def test_an_id_with_a_slash_and_an_umlaut_finds_its_way_back(client: Client) -> None:
    name = "https://città.example/roads/1"
    client.post(ENTITIES, {"id": name, "type": "Road"})
    location = client.post(ENTITIES, {"id": name + "2", "type": "Road"}).header("location")
    assert location == f"{ENTITIES}/{quote(name + '2', safe=':')}"
    assert client.get(location).json["id"] == name + "2"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "InvalidRequest"),
        (b"", "InvalidRequest"),
        (b'{"id": "urn:a:b", "type": "T", "x": NaN}', "InvalidRequest"),
        (b'{"id": "urn:a:b", "type": "T", "x": 1e999}', "InvalidRequest"),
        (b'{"id": "urn:a:b", "type": "T", "x": "\xff"}', "InvalidRequest"),
        (b'{"id": "urn:a:b", "type": "T", "x": "\\ud800"}', "InvalidRequest"),
        (b"[" * 100_000, "InvalidRequest"),
        (b'{"id":"urn:a:b","type":"T","x":' + b'{"a":' * 90 + b"1" + b"}" * 90 + b"}", "InvalidRequest"),
        (b"[]", "InvalidRequest"),
        (b"{}", "BadRequestData"),
        (b'{"id": "no uri", "type": "T"}', "BadRequestData"),
        (b'{"id": "urn:a:\\u0000b", "type": "T"}', "BadRequestData"),
        (b'{"id": "urn:a:b", "type": "T", "x": null}', "BadRequestData"),
        (b'{"id": "urn:a:b", "type": "T", "@context": "urn:c"}', "BadRequestData"),
        (
            b'{"id": "urn:a:b", "type": "T", "location": {"type": "Point", "coordinates": [999]}}',
            "BadRequestData",
        ),
    ],
)
def test_a_bad_body_is_refused_with_the_right_error(client: Client, body: bytes, kind: str) -> None:
    answer = client.request("POST", ENTITIES, body=body, headers={"content-type": "application/json"})
    assert title(answer) == (400, kind)
    assert answer.header("content-type") == "application/json"
    assert answer.json["detail"]


def test_body_rules_of_clause_6_3_4(client: Client) -> None:
    unknown = client.request("POST", ENTITIES, body=b"{}", headers={"content-type": "text/plain"})
    assert (unknown.status, unknown.body) == (415, b"")
    endless = client.request("POST", ENTITIES, json=road(), headers={"content-length": "-"})
    assert (endless.status, endless.body) == (411, b"")
    large = client.request(
        "POST", ENTITIES, body=b" " * 100_001, headers={"content-type": "application/json"}
    )
    assert large.status == 413
    lying = client.request(
        "POST",
        ENTITIES,
        body=b" " * 100_001,
        headers={"content-type": "application/json", "content-length": "5"},
    )
    assert lying.status == 413


# --- contexts (6.3.5, 6.3.6)


def link(url: str) -> str:
    return f'<{url}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'


def test_names_depend_on_the_context(client: Client) -> None:
    client.post(ENTITIES, road(), link=link(CONTEXT_URL))
    core = client.get(f"{ENTITIES}/{ROAD}")
    assert core.json["type"] == "https://city.example/Road"
    assert CORE_LINK in (core.header("link") or "")
    own = client.get(f"{ENTITIES}/{ROAD}", link=link(CONTEXT_URL))
    assert own.json["type"] == "Road" and own.header("link") == link(CONTEXT_URL)
    assert client.get(f"{ENTITIES}?type=Road").json == []
    assert len(client.get(f"{ENTITIES}?type=Road&q=speed==10", link=link(CONTEXT_URL)).json) == 1


def test_ld_json_carries_its_context_in_the_body(client: Client) -> None:
    body = {**road(), "@context": [CONTEXT_URL]}
    as_ld = {"content-type": "application/ld+json"}
    assert client.request("POST", ENTITIES, json=body, headers=as_ld).status == 201
    answer = client.get(f"{ENTITIES}/{ROAD}", link=link(CONTEXT_URL), accept="application/ld+json")
    assert answer.json["@context"][0] == CONTEXT_URL and answer.header("link") is None
    assert title(client.request("POST", ENTITIES, json=road(2), headers=as_ld)) == (400, "BadRequestData")
    both = client.request("POST", ENTITIES, json=body, headers={**as_ld, "link": link(CONTEXT_URL)})
    assert title(both) == (400, "BadRequestData")


def test_a_context_that_cannot_be_had_is_504(client: Client) -> None:
    answer = client.get(f"{ENTITIES}?type=Road", link=link("https://nowhere.example/c.jsonld"))
    assert title(answer) == (504, "LdContextNotAvailable")


# --- retrieve (5.7.1) and delete (5.6.6)


def test_representations(roads: Client) -> None:
    assert roads.get(f"{ENTITIES}/{ROAD}?options=keyValues").json["speed"] == 10
    assert roads.get(f"{ENTITIES}/{ROAD}?format=simplified&options=normalized").json["speed"] == 10
    concise = roads.get(f"{ENTITIES}/{ROAD}?format=concise").json
    assert concise["speed"] == {"value": 10, "unitCode": "KMH", "observedAt": "2024-05-08T07:00:00Z"}
    dated = roads.get(f"{ENTITIES}/{ROAD}?options=sysAttrs").json
    assert dated["createdAt"].endswith("Z") and dated["speed"]["modifiedAt"].endswith("Z")
    assert roads.get(f"{ENTITIES}/{ROAD}?lang=de&format=simplified").json["name"] == "Breite Straße"
    feature = roads.get(f"{ENTITIES}/{ROAD}?format=simplified", accept="application/geo+json")
    assert feature.header("content-type") == "application/geo+json"
    assert feature.json["geometry"]["type"] == "Point" and feature.json["properties"]["speed"] == 10
    bare = roads.get(f"{ENTITIES}/{ROAD}", accept="application/geo+json", prefer="body=json")
    assert "@context" not in bare.json and bare.header("link")


def test_projection(roads: Client) -> None:
    assert set(roads.get(f"{ENTITIES}/{ROAD}?attrs=speed").json) == {"id", "type", "speed"}
    assert set(roads.get(f"{ENTITIES}/{ROAD}?pick=id,speed").json) == {"id", "speed"}
    assert set(roads.get(f"{ENTITIES}/{ROAD}?omit=speed,type").json) == {"id", "name", "location"}
    assert title(roads.get(f"{ENTITIES}/{ROAD}?attrs=unheard")) == (404, "ResourceNotFound")
    assert title(roads.get(f"{ENTITIES}/{ROAD}?pick=a&omit=a")) == (400, "BadRequestData")
    assert title(roads.get(f"{ENTITIES}/{ROAD}?pick=a&attrs=a")) == (400, "BadRequestData")
    assert set(roads.get(f"{ENTITIES}/{ROAD}?pick=id,speed%7Bb%7D").json) == {"id", "speed"}
    assert roads.get(f"{ENTITIES}/{ROAD}?pick=a%7Bb").status == 400


def test_what_is_not_there_is_not_found(roads: Client) -> None:
    assert title(roads.get(f"{ENTITIES}/urn:ngsi-ld:Road:99")) == (404, "ResourceNotFound")
    assert title(roads.get(f"{ENTITIES}/{ROAD}?type=Bridge")) == (404, "ResourceNotFound")
    assert title(roads.get(f"{ENTITIES}/not-a-uri")) == (400, "BadRequestData")


def test_delete(roads: Client) -> None:
    assert title(roads.request("DELETE", f"{ENTITIES}/{ROAD}?type=Bridge")) == (404, "ResourceNotFound")
    gone = roads.request("DELETE", f"{ENTITIES}/{ROAD}")
    assert (gone.status, gone.body, gone.header("content-length")) == (204, b"", None)
    assert title(roads.request("DELETE", f"{ENTITIES}/{ROAD}")) == (404, "ResourceNotFound")


def test_a_head_request_has_the_headers_and_no_body(roads: Client) -> None:
    answer = roads.request("HEAD", f"{ENTITIES}/{ROAD}")
    assert answer.status == 200 and answer.body == b"" and int(answer.header("content-length") or 0) > 100


# --- query (5.7.2)


def ids(answer: Any) -> list[int]:
    assert answer.status == 200, answer.body
    return [int(one["id"].rsplit(":", 1)[1]) for one in answer.json]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("type=Road", [1, 2, 3, 4, 5]),
        ("type=Road&id=urn:ngsi-ld:Road:2,urn:ngsi-ld:Road:4", [2, 4]),
        ("type=Road&idPattern=:[35]$", [3, 5]),
        ("type=Bridge", []),
        ("attrs=speed&q=speed>=40", [4, 5]),
        ("q=speed==10..20", [1, 2]),
        ("type=Road&q=speed==10%7Cspeed==50", [1, 5]),
        ("georel=near;maxDistance==1000&geometry=Point&coordinates=[11.32,44.5]", [1, 2, 3]),
        ("type=Road&limit=2&offset=1", [2, 3]),
        ("type=*", [1, 2, 3, 4, 5]),
        ("local=true", [1, 2, 3, 4, 5]),
    ],
)
def test_selection(roads: Client, query: str, expected: list[int]) -> None:
    assert ids(roads.get(f"{ENTITIES}?{query}")) == expected


@pytest.mark.parametrize(
    ("query", "status", "kind"),
    [
        ("", 400, "BadRequestData"),
        ("id=urn:ngsi-ld:Road:1", 400, "BadRequestData"),
        ("type=Road&id=nonsense", 400, "BadRequestData"),
        ("type=Road&idPattern=(", 400, "BadRequestData"),
        ("type=Road&q=speed>", 400, "BadRequestData"),
        ("type=Road&nonsense=1", 400, "InvalidRequest"),
        ("type=Road&limit=-1", 400, "InvalidRequest"),
        ("type=Road&limit=1001", 400, "InvalidRequest"),
        ("type=Road&limit=0", 400, "InvalidRequest"),
        ("type=Road&limit=2&limit=3", 400, "InvalidRequest"),
        ("type=Road&limit=1_0", 400, "InvalidRequest"),
        ("type=Road&offset=99999999999999999999", 400, "InvalidRequest"),
        ("type=Road&options=unheard", 400, "InvalidRequest"),
        ("type=Road&format=unheard", 400, "InvalidRequest"),
        ("type=Road&q=%zz", 400, "InvalidRequest"),
        ("type=Road&q=%ff", 400, "InvalidRequest"),
        ("type=%00", 400, "InvalidRequest"),
        ("type=Road&georel=near;maxDistance==1", 400, "BadRequestData"),
        ("type=Road&geometry=Point", 400, "BadRequestData"),
        ("type=Road&georel=near;maxDistance==x&geometry=Point&coordinates=[1,2]", 400, "BadRequestData"),
        ("type=Road&join=inward", 400, "InvalidRequest"),
        ("type=Road&joinLevel=2", 400, "BadRequestData"),
        ("type=Road&join=flat&joinLevel=0", 400, "InvalidRequest"),
        ("type=Road&join=flat&containedBy=x", 400, "BadRequestData"),
        ("type=Road&orderBy=speed;up", 400, "InvalidRequest"),
        ("type=Road&orderBy=location;dist-asc", 400, "BadRequestData"),
        ("type=Road&orderBy=name&collation=tlh", 501, "OperationNotSupported"),
        ("type=Road&scopeQ=a+b/", 400, "BadRequestData"),
        ("type=Road&q=on%7BRoad:speed", 400, "BadRequestData"),
        ("type=Road&csf=%3D", 400, "BadRequestData"),
        ("type=Road&splitEntities=perhaps", 400, "InvalidRequest"),
    ],
)
def test_a_bad_query_says_what_is_wrong(roads: Client, query: str, status: int, kind: str) -> None:
    answer = roads.get(f"{ENTITIES}?{query}")
    found_status, found_kind = title(answer)
    assert found_status == status and found_kind in (kind, "InvalidRequest", "BadRequestData"), answer.body
    assert answer.json["where"]


def test_paging_and_count(roads: Client) -> None:
    first = roads.get(f"{ENTITIES}?type=Road&limit=2&count=true")
    assert first.header("ngsild-results-count") == "5"
    seen, target = ids(first), next_page(first)
    while target:
        page = roads.get(target)
        seen += ids(page)
        target = next_page(page)
    assert seen == [1, 2, 3, 4, 5]
    none = roads.get(f"{ENTITIES}?type=Road&limit=0&count=true")
    assert none.json == [] and none.header("ngsild-results-count") == "5"
    assert any('rel="prev"' in one for one in roads.get(f"{ENTITIES}?type=Road&offset=2").all("link"))


def next_page(answer: Any) -> str | None:
    links = [one for one in answer.all("link") if 'rel="next"' in one and 'type="application/json"' in one]
    return links[0].partition(">")[0].removeprefix("<") if links else None


def test_the_query_can_come_in_a_body(roads: Client) -> None:
    body = {
        "type": "Query",
        "entities": [{"type": "Road"}],
        "q": "speed>20",
        "geoQ": {"georel": "near;maxDistance==1500", "geometry": "Point", "coordinates": [11.32, 44.5]},
    }
    assert ids(roads.post(f"{BATCH}/query", body)) == [3]
    assert roads.post(f"{BATCH}/query", {**body, "entityMap": True}).status == 201
    assert title(roads.post(f"{BATCH}/query", {**body, "join": "inward"})) == (400, "InvalidRequest")
    assert title(roads.post(f"{BATCH}/query", {**body, "joinLevel": "2"})) == (400, "InvalidRequest")
    assert title(roads.post(f"{BATCH}/query", {**body, "local": 1})) == (400, "BadRequestData")
    assert title(roads.post(f"{BATCH}/query", {**body, "ordering": {"by": "id"}})) == (400, "BadRequestData")
    assert title(roads.post(f"{BATCH}/query", {**body, "nonsense": 1})) == (400, "BadRequestData")
    assert title(roads.post(f"{BATCH}/query", {**body, "q": 5})) == (400, "BadRequestData")
    assert title(roads.post(f"{BATCH}/query", {"type": "Question"})) == (400, "BadRequestData")


# --- batches (5.6.7, 5.6.8, 5.6.10)


def test_upsert_tells_the_new_from_the_known(roads: Client) -> None:
    mixed = roads.post(f"{BATCH}/upsert", [road(5, speed={"value": 1}), road(6), road(7), road(6)])
    assert (mixed.status, mixed.json) == (201, ["urn:ngsi-ld:Road:6", "urn:ngsi-ld:Road:7"])
    assert roads.post(f"{BATCH}/upsert", [road(5, speed={"value": 2})]).status == 204


def test_upsert_replaces_or_updates(roads: Client) -> None:
    lean = {"id": ROAD, "type": "Road", "lanes": {"value": 2}}
    assert roads.post(f"{BATCH}/upsert?options=update", [lean]).status == 204
    assert set(roads.get(f"{ENTITIES}/{ROAD}").json) == {"id", "type", "name", "speed", "location", "lanes"}
    assert roads.post(f"{BATCH}/upsert", [lean]).status == 204
    assert set(roads.get(f"{ENTITIES}/{ROAD}").json) == {"id", "type", "lanes"}
    assert title(roads.post(f"{BATCH}/upsert?options=append", [lean])) == (400, "InvalidRequest")


def test_a_broken_member_does_not_stop_the_others(roads: Client) -> None:
    answer = roads.post(f"{BATCH}/upsert", [road(8), {"id": "urn:ngsi-ld:Road:9"}, 5, road(10)])
    assert answer.status == 207 and answer.header("link") is None
    assert answer.json["success"] == ["urn:ngsi-ld:Road:8", "urn:ngsi-ld:Road:10"]
    assert [one["entityId"] for one in answer.json["errors"]] == ["urn:ngsi-ld:Road:9", ""]
    assert all(one["error"]["type"].startswith(ERRORS) for one in answer.json["errors"])
    again = roads.post(f"{BATCH}/create", [road(8), road(11)])
    assert again.status == 207 and again.json["success"] == ["urn:ngsi-ld:Road:11"]
    assert again.json["errors"][0]["error"]["status"] == 409


def test_a_batch_that_is_no_batch_is_refused(roads: Client) -> None:
    for body in ([], {}, [None], [road(8), None]):
        assert title(roads.post(f"{BATCH}/upsert", body)) == (400, "BadRequestData")
    assert roads.post(f"{BATCH}/upsert", [road(n) for n in range(51)]).status == 413


def test_batch_delete(roads: Client) -> None:
    assert roads.post(f"{BATCH}/delete", [ROAD]).status == 204
    answer = roads.post(f"{BATCH}/delete", [ROAD, "urn:ngsi-ld:Road:2", 7])
    assert answer.status == 207 and answer.json["success"] == ["urn:ngsi-ld:Road:2"]
    assert {one["error"]["status"] for one in answer.json["errors"]} == {404, 400}
    assert ids(roads.get(f"{ENTITIES}?type=Road")) == [3, 4, 5]


# --- tenants, negotiation, methods


def test_tenants_are_apart(roads: Client) -> None:
    assert title(roads.get(f"{ENTITIES}?type=Road", ngsild_tenant="other")) == (404, "NonexistentTenant")
    created = roads.post(ENTITIES, road(20), ngsild_tenant="other")
    assert (created.status, created.header("ngsild-tenant")) == (201, "other")
    found = roads.get(f"{ENTITIES}?type=Road", ngsild_tenant="other")
    assert ids(found) == [20] and found.header("ngsild-tenant") == "other"
    assert title(roads.get(f"{ENTITIES}?type=Road", ngsild_tenant="../x"))[0] == 400


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/ld+json, application/json", "application/json"),
        ("application/ld+json;q=0.9, application/json;q=0.5", "application/ld+json"),
        ("application/geo+json;q=0.2, */*;q=0.1", "application/geo+json"),
        ("text/html, application/ld+json;q=0.1", "application/ld+json"),
    ],
)
def test_the_preferred_media_type_wins(roads: Client, accept: str, media: str) -> None:
    assert roads.get(f"{ENTITIES}/{ROAD}", accept=accept).header("content-type") == media


def test_what_cannot_be_given_is_406(roads: Client) -> None:
    answer = roads.get(f"{ENTITIES}/{ROAD}", accept="text/html")
    assert answer.status == 406 and "application/geo+json" in answer.json["hint"]
    temporal = roads.get(f"/ngsi-ld/v1/temporal/entities/{ROAD}", accept="application/geo+json")
    assert temporal.status == 406


def test_other_methods_are_405_and_later_parts_501(roads: Client) -> None:
    answer = roads.request("POST", f"{ENTITIES}/{ROAD}")
    assert answer.status == 405 and answer.header("allow") == "DELETE, GET, HEAD, PATCH, PUT, OPTIONS"
    options = roads.request("OPTIONS", f"{ENTITIES}/{ROAD}")
    assert options.status == 204 and options.header("allow") == answer.header("allow")
    assert title(roads.get("/ngsi-ld/v1/subscriptions")) == (501, "OperationNotSupported")
    assert roads.get("/ngsi-ld/v1/nonsense").status == 404
    assert roads.request("POST", "/ngsi-ld/v1/entityOperations/nonsense").status == 404
    assert roads.get(f"{ENTITIES}/{ROAD}/nonsense").status == 404


# --- temporal (5.7.3, 5.7.4)

TEMPORAL = "/ngsi-ld/v1/temporal/entities"


@pytest.fixture
def evolving(client: Client) -> Client:
    for hour in range(7, 10):
        for number in (1, 2):
            speed = {
                "type": "Property",
                "value": hour * number,
                "observedAt": f"2024-05-08T{hour:02d}:30:00Z",
            }
            client.post(f"{BATCH}/upsert", [road(number, speed=speed)])
    return client


def test_an_evolution(evolving: Client) -> None:
    found = evolving.get(f"{TEMPORAL}/{ROAD}").json
    assert [one["value"] for one in found["speed"]] == [7, 8, 9]
    newest = evolving.get(f"{TEMPORAL}/{ROAD}?lastN=1&format=temporalValues&attrs=speed").json
    assert newest["speed"]["values"] == [[9, "2024-05-08T09:30:00Z"]]
    between = evolving.get(
        f"{TEMPORAL}/{ROAD}?timerel=between&timeAt=2024-05-08T07:30:00Z&endTimeAt=2024-05-08T09:30:00Z"
    ).json
    assert [one["value"] for one in between["speed"]] == [7, 8]
    assert title(evolving.get(f"{TEMPORAL}/urn:ngsi-ld:Road:9")) == (404, "ResourceNotFound")


def test_aggregates(evolving: Client) -> None:
    asked = "format=aggregatedValues&aggrMethods=avg,max&aggrPeriodDuration=PT0S"
    asked += "&timerel=after&timeAt=2024-05-08T00:00:00Z"
    found = evolving.get(f"{TEMPORAL}?type=Road&{asked}").json
    assert [one["id"] for one in found] == [ROAD, "urn:ngsi-ld:Road:2"]
    assert found[1]["speed"]["avg"][0][0] == pytest.approx(16) and found[1]["speed"]["max"][0][0] == 18


def test_a_temporal_query_pages_over_entities(evolving: Client) -> None:
    asked = "type=Road&timerel=before&timeAt=2025-01-01T00:00:00Z&limit=1&count=true"
    first = evolving.get(f"{TEMPORAL}?{asked}")
    assert len(first.json) == 1 and first.header("ngsild-results-count") == "2"
    assert [one["id"] for one in evolving.get(next_page(first) or "").json] == ["urn:ngsi-ld:Road:2"]


def test_a_temporal_query_in_a_body(evolving: Client) -> None:
    body = {
        "type": "Query",
        "entities": [{"type": "Road", "id": ROAD}],
        "temporalQ": {"timerel": "after", "timeAt": "2024-05-08T08:00:00Z", "lastN": 1},
    }
    found = evolving.post("/ngsi-ld/v1/temporal/entityOperations/query?format=temporalValues", body)
    assert found.json[0]["speed"]["values"] == [[9, "2024-05-08T09:30:00Z"]]


@pytest.mark.parametrize(
    "query",
    [
        "type=Road",
        "type=Road&timerel=after",
        "type=Road&timerel=sometime&timeAt=2024-05-08T00:00:00Z",
        "type=Road&timerel=after&timeAt=yesterday",
        "type=Road&timerel=between&timeAt=2024-05-08T00:00:00Z",
        "type=Road&timerel=after&timeAt=2024-05-08T00:00:00Z&format=aggregatedValues",
        "type=Road&timerel=after&timeAt=2024-05-08T00:00:00Z&format=aggregatedValues&aggrMethods=guess",
        "type=Road&timerel=after&timeAt=2024-05-08T00:00:00Z&lastN=0",
    ],
)
def test_a_bad_temporal_query_is_400(evolving: Client, query: str) -> None:
    assert evolving.get(f"{TEMPORAL}?{query}").status == 400


def test_a_long_evolution_is_partial_content() -> None:
    contexts, store = Contexts(), MemoryStore()
    settings = ApiSettings(temporal_page_size=20)
    client = Client(create_api(ApiParts(broker=Broker(store), contexts=contexts, settings=settings)))
    for minute in range(30):
        speed = {"type": "Property", "value": minute, "observedAt": f"2024-05-08T07:{minute:02d}:00Z"}
        client.post(f"{BATCH}/upsert", [road(1, speed=speed)])
    answer = client.get(f"{TEMPORAL}/{ROAD}?timerel=after&timeAt=2024-05-08T07:00:00Z")
    assert answer.status == 206 and len(answer.json["speed"]) == 20
    assert answer.header("content-range") == "date-time 2024-05-08T07:00:00Z-2024-05-08T07:19:00Z/*"
    assert client.get(f"{TEMPORAL}/{ROAD}?lastN=20").status == 200
    client.close()


def test_many_writers_at_once_are_all_acknowledged(client: Client) -> None:
    async def write_all() -> list[int]:
        asked = [exchange(client.application, "POST", ENTITIES, json=road(n)) for n in range(100, 130)]
        return [answer.status for answer in await asyncio.gather(*asked)]

    assert client.loop.run_until_complete(write_all()) == [201] * 30
    assert len(client.get(f"{ENTITIES}?type=Road&limit=100").json) == 30
