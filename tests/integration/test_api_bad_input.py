"""Nothing a client writes is a 500: hostile values for every parameter of the standards and of the twin's own API."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest

from sympolis.stores.embedded import EmbeddedStore
from sympolis.testing.small_city import loop_id
from sympolis.testing.small_twin import SmallTwin, small_twin

ROADS = "/ngsi-ld/v1/entities?type=Road"
EVOLUTION = "/ngsi-ld/v1/temporal/entities?type=ItemFlowObserved"
SERIES = f"/api/map/series/loops?feature={loop_id(1)}&field=intensity"
RIGHTLY = frozenset({501, 504})

QUERIES = [
    "(" * 2000, "(" * 300 + "a" + ")" * 300, "a;" * 1000 + "a", "a." * 300 + "b", f"a[{'b.' * 300}c]", "a==1e400",
    "a==" + "9" * 500, "a==NaN", 'a=="\\"', "a==1,2,3..4", "a==1..", "a==..", "a~=(", "a~=(x+)+$", "!a",
    "rel{Type:a}==1",
    "a==2024-01-01T00:00:00Z..9999-12-31T23:59:59Z", "a>0000-01-01T00:00:00Z", "location==1", "@id", "\U0001f600==1",
]  # fmt: skip
TYPES = ["(" * 2000, "(A;B)" * 300, "A," * 500 + "B", "", "*", ";", "@type", "id", "\U0001f600"]
COORDINATES = ["[" * 16_000, "[" * 200 + "]" * 200, "[1e400,0]", "[1,2,3,4]", "[]", "{}", "null", "[[0,0],[1,1]]",
               "[NaN,1]", '["a","b"]', "[181,91]"]  # fmt: skip
RELATIONS = [
    "near;maxDistance==1e400",
    "near;maxDistance==-1",
    "near",
    "within",
    "disjoint",
    "overlaps",
    "unheard",
]
DURATIONS = ["P99999999Y", "PT0S", "P1M", "PT0.0001S", "-PT1H", "P", "", "PT99999999999999H", "PT١H", "P0.5D"]
TIMES = [
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00",
    "2024-02-30T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:00:60Z", "1969-12-31T23:59:59.999999Z", "now", "",
]  # fmt: skip
NAMES = ["%2e%2e", "a" * 5000, quote("\U0001f600"), quote("'; drop table entity;--"), "%00", "%ff", "%"]
PATHS = [
    "/ogc/collections/{}", "/ogc/collections/{}/items", "/ogc/collections/RoadSegment/items/{}", "/api/scenarios/{}",
    "/api/runs/{}", "/api/runs/{}/results", "/api/models/{}", "/api/sources/{}", "/api/sources/{}/quarantine",
    "/api/lineage/{}", "/api/lineage/run-{}", "/api/lineage/urn:{}", "/contexts/{}", "/docs/errors/{}",
    "/ngsi-ld/v1/entities/urn:x:{}", "/ngsi-ld/v1/temporal/entities/urn:x:{}", "/api/map/layers/{}",
]  # fmt: skip


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallTwin]:
    folder = tmp_path_factory.mktemp("bad-input")
    with small_twin(folder, store=EmbeddedStore.open(folder / "data")) as found:
        yield found


def targets() -> Iterator[str]:
    yield from (f"{ROADS}&q={quote(query)}" for query in QUERIES)
    yield from (f"/ngsi-ld/v1/entities?type={quote(text)}" for text in TYPES)
    for relation, kind, text in product(RELATIONS, ("Point", "Polygon", "Unheard"), COORDINATES):
        yield f"{ROADS}&georel={quote(relation)}&geometry={kind}&coordinates={quote(text)}"
    aggregate = "format=aggregatedValues&aggrMethods=avg,stddev&aggrPeriodDuration"
    for text in DURATIONS:
        yield f"{EVOLUTION}&timerel=after&timeAt=2020-01-01T00:00:00Z&{aggregate}={quote(text)}"
        yield f"{SERIES}&period={quote(text)}"
    for text, relation in product(TIMES, ("after", "before", "between")):
        span = f"timerel={relation}&timeAt={quote(text)}&endTimeAt=9999-12-31T23:59:59Z"
        yield from (
            f"{EVOLUTION}&{span}",
            f"{EVOLUTION}&{span}&{aggregate}=PT1H",
            f"{EVOLUTION}&{span}&{aggregate}=PT0S",
        )
    for text in TIMES:
        yield from (f"{SERIES}&from={quote(text)}", f"{SERIES}&to={quote(text)}")
        yield f"/ogc/collections/ItemFlowObserved/items?datetime={quote(text)}"
    yield from (path.format(name) for path, name in product(PATHS, NAMES))
    yield f"{ROADS}&{'&'.join(f'a{number}=1' for number in range(500))}"
    yield f"{ROADS}&lang=en;q=x&geometryProperty=%22"


def test_no_get_is_answered_with_a_server_error(twin: SmallTwin) -> None:
    failed = []
    for target in targets():
        answer = twin.client.get(target)
        if answer.status >= 500 and answer.status not in RIGHTLY:
            failed.append((answer.status, target[:200]))
        elif answer.status >= 400:
            assert answer.json["detail"], target
    assert not failed


def override(**parts: Any) -> dict[str, Any]:
    whole = {"measure": "close_street", "where": {"segments": ["urn:a:b"]}, "parameters": {}, **parts}
    return {"title": "x", "model": "toy", "overrides": [whole]}


RING = [[1e308, 0], [1, 1], [1, 0], [1e308, 0]]
SCENARIOS: list[Any] = [
    [], 5, "x", {}, {"title": 5}, {"title": {"en": 5}, "model": "toy"}, {"title": {}, "model": "toy"},
    {"title": "x" * 100_000, "model": "toy"}, {"title": "x", "model": 5}, {"title": "x", "model": "unheard"},
    {"title": "x", "model": "toy", "overrides": {}}, {"title": "x", "model": "toy", "overrides": [{}]},
    {"title": "x", "model": "toy", "window": 5}, {"title": "x", "model": "toy", "window": {"start_hour": "a"}},
    {"title": "x", "model": "toy", "window": {"start_hour": 9, "end_hour": 8}},
    {"title": "x", "model": "toy", "base": "none"}, {"title": "x", "model": "toy", "base": 5},
    {"title": "x", "model": "toy", "id": "../x"}, {"title": "x", "model": "toy", "id": 5},
    {"title": "x", "model": "toy", "status": "z"}, {"title": "x", "model": "toy", "version": "a"},
    override(measure=5), override(where=[]), override(where={"segments": "x"}), override(where={"segments": [1]}),
    override(where={"area": 5}), override(parameters=5), override(parameters={"x": 1}),
    override(measure="limit_speed", where={"polygon": {}}),
    override(measure="limit_speed", where={"polygon": {"type": "Polygon", "coordinates": [RING]}}),
    override(measure="limit_speed", where={"polygon": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/scenarios"), ("POST", "/api/scenarios/check"), ("PUT", "/api/scenarios/baseline")],
)
def test_no_scenario_is_answered_with_a_server_error(twin: SmallTwin, method: str, path: str) -> None:
    for document in SCENARIOS:
        answer = twin.client.request(method, path, json=document)
        assert answer.status < 500, (document, answer.body)
        if answer.status >= 400:
            assert answer.json["detail"] and answer.json.get("where"), (document, answer.json)


def test_no_correction_is_answered_with_a_server_error(twin: SmallTwin) -> None:
    row = twin.client.get("/api/sources/counts/quarantine").json["rows"][0]["id"]
    for fields in (
        {"h08": 1e308},
        {"geometry": {}},
        {"h08": {"a": []}},
        {"date": "x"},
        {"loop": None},
        {"loop": ["\0"]},
    ):
        answer = twin.client.post(f"/api/sources/counts/quarantine/{row}/replay", {"fields": fields})
        assert answer.status in (400, 422), (fields, answer.body)


@pytest.mark.parametrize(
    ("headers", "status", "where", "word"),
    [
        ({"content-type": "application/ld+json"}, 400, "body: @context", "application/json with the context"),
        ({"ngsild-tenant": "_hidden"}, 400, "NGSILD-Tenant", "a letter or a digit first"),
    ],
)
def test_what_is_wrong_around_a_body_is_named_with_what_to_do(
    twin: SmallTwin, headers: dict[str, str], status: int, where: str, word: str
) -> None:
    document = {"id": "urn:ngsi-ld:Road:new", "type": "Road"}
    sent = {"content-type": "application/json"} | headers
    answer = twin.client.request("POST", "/ngsi-ld/v1/entities", json=document, headers=sent)
    assert (answer.status, answer.json["where"]) == (status, where)
    assert word in f"{answer.json['detail']} {answer.json.get('hint', '')}"
