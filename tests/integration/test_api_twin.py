"""The twin's own API over a small city: real package, coordinator, desk and store; only the model is a toy."""

from __future__ import annotations

import asyncio
import csv
import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sympolis.api.parts import ApiSettings
from sympolis.stores.embedded import EmbeddedStore
from sympolis.testing.asgi_client import open_stream
from sympolis.testing.small_city import LOOPS, STREETS, count_at, loop_id, street_id
from sympolis.testing.small_twin import SmallTwin, small_twin

CLOSE = {"measure": "close_street", "where": {"segments": [street_id(1)]}, "parameters": {}}


@pytest.fixture(scope="module", params=["memory", "embedded"])
def twin(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallTwin]:
    folder = tmp_path_factory.mktemp(f"twin-{request.param}")
    store = EmbeddedStore.open(folder / "data") if request.param == "embedded" else None
    with small_twin(folder, store=store) as found:
        yield found


def get(twin: SmallTwin, target: str, **headers: str) -> Any:
    answer = twin.client.get(target, **headers)
    assert answer.status == 200, answer.body
    return answer.json


def finished(twin: SmallTwin, scenario: str, **asked: Any) -> dict[str, Any]:
    answer = twin.client.post(f"/api/scenarios/{scenario}/runs", {"members": 3, **asked})
    assert answer.status in (200, 202), answer.body

    async def wait() -> None:
        async for _ in twin.desk.run_events(answer.json["id"]):
            pass

    twin.client.loop.run_until_complete(wait())
    return get(twin, answer.header("location") or "")


# --- the city and its map


def test_the_city_introduces_itself(twin: SmallTwin) -> None:
    city = get(twin, "/api/city")
    assert city["id"] == "smallville" and city["view"] == {"center": [11.33, 44.495], "zoom": 14.0}
    assert city["ready"] is True and city["bbox"] == [11.2, 44.4, 11.5, 44.6]
    context = twin.client.get(city["context"])
    assert (
        context.header("content-type") == "application/ld+json" and "RoadSegment" in context.json["@context"]
    )


def test_layers_are_declared_by_the_package(twin: SmallTwin) -> None:
    layers = {layer["id"]: layer for layer in get(twin, "/api/map/layers")}
    assert (layers["streets"]["count"], layers["loops"]["count"]) == (STREETS, LOOPS)
    assert layers["loops"]["time"] == "hour" and layers["loops"]["fields"][0]["unit"] == "veh/h"
    features = get(twin, layers["streets"]["url"])["features"]
    assert features[0]["id"] == street_id(0) and features[0]["geometry"]["type"] == "LineString"
    assert features[0]["properties"] == {"name": "Street 0", "roadClass": "residential"}
    assert twin.client.get("/api/map/layers/unheard").status == 404


def test_a_layer_is_rebuilt_only_when_its_type_changes(twin: SmallTwin) -> None:
    def tag() -> str:
        return twin.client.get("/api/map/layers/streets").header("etag") or ""

    first = tag()
    assert twin.client.get("/api/map/layers/streets", if_none_match=first).status == 304
    twin.client.post("/ngsi-ld/v1/entities", {"id": "urn:ngsi-ld:Tree:1", "type": "Tree"})
    assert tag() == first
    link = '<http://127.0.0.1:8400/contexts/smallville.jsonld>; rel="http://www.w3.org/ns/json-ld#context"'
    street = {
        "id": street_id(99),
        "type": "RoadSegment",
        "name": "New Street",
        "location": {"type": "Point", "coordinates": [11.3, 44.5]},
    }
    made = twin.client.post("/ngsi-ld/v1/entities", street, link=link)
    assert made.status == 201, made.body
    assert tag() != first
    assert twin.client.request("DELETE", f"/ngsi-ld/v1/entities/{street_id(99)}").status == 204
    assert tag() == first


def test_layers_are_kept_compressed(twin: SmallTwin) -> None:
    with small_twin_settings(twin, gzip_from_bytes=100):
        packed = twin.client.get("/api/map/layers/streets", accept_encoding="gzip")
    assert packed.header("content-encoding") == "gzip"
    assert gzip.decompress(packed.body) == twin.client.get("/api/map/layers/streets").body


class small_twin_settings:  # noqa: N801 - reads as a verb
    """The twin's API with other settings for a moment."""

    def __init__(self, twin: SmallTwin, **settings: Any) -> None:
        self.api, self.settings = twin.api, ApiSettings(**settings)

    def __enter__(self) -> None:
        self.before, self.api._settings = self.api._settings, self.settings

    def __exit__(self, *_: object) -> None:
        self.api._settings = self.before


# --- observed series


def test_a_series_gives_what_was_counted(twin: SmallTwin) -> None:
    day = "from=2024-03-04T00:00:00%2B01:00&to=2024-03-05T00:00:00%2B01:00"
    found = get(twin, f"/api/map/series/loops?feature={loop_id(1)}&field=intensity&{day}")
    assert found["values"] == [count_at(1, hour) for hour in range(24)]
    assert found["times"][8] == "2024-03-04T07:00:00Z" and found["unit"] == "veh/h"
    by_day = get(twin, f"/api/map/series/loops?feature={loop_id(1)}&field=intensity&{day}&period=P1D")
    assert by_day["values"] == [pytest.approx(sum(count_at(1, h) for h in range(24)) / 24)]
    newest = get(twin, f"/api/map/series/loops?feature={loop_id(1)}&field=intensity")
    assert newest["times"][-1] == "2024-03-09T22:00:00Z"
    unknown = get(twin, f"/api/map/series/loops?feature={loop_id(77)}&field=intensity")
    assert unknown["times"] == unknown["values"] == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("feature=urn:a:b", 400),
        ("feature=urn:a:b&field=unheard", 404),
        ("feature=nonsense&field=intensity", 400),
        ("feature=urn:a:b&field=intensity&period=PT0S", 400),
        ("feature=urn:a:b&field=intensity&period=often", 400),
        ("feature=urn:a:b&field=intensity&from=yesterday", 400),
        ("feature=urn:a:b&field=intensity&from=2024-03-05T00:00:00Z&to=2024-03-04T00:00:00Z", 400),
        ("feature=urn:a:b&field=intensity&from=1900-01-01T00:00:00Z&to=2024-03-04T00:00:00Z", 403),
        ("feature=urn:a:b&field=intensity&from=0001-01-01T00:00:00Z", 200),
        (f"feature={loop_id(1)}&field=intensity&to=0001-01-01T00:00:00Z", 400),
        (f"feature={loop_id(1)}&field=intensity&from=9999-12-31T23:59:59Z", 200),
    ],
)
def test_a_bad_series_request_says_what_is_wrong(twin: SmallTwin, query: str, status: int) -> None:
    assert twin.client.get(f"/api/map/series/loops?{query}").status == status


def test_the_profile_is_the_mean_weekday_in_local_time(twin: SmallTwin) -> None:
    found = get(twin, "/api/map/profile/loops?field=intensity")
    assert found["features"] == [loop_id(n) for n in range(LOOPS)] and found["days"] == "weekdays"
    assert found["values"][1] == [count_at(1, hour) for hour in range(24)], (
        "Saturday is left out, hours are local"
    )
    assert found["period"]["to"] == "2024-03-09T23:00:00Z"
    assert twin.client.get("/api/map/profile/loops?field=unheard").status == 404


# --- sources and quarantine


def test_sources_reconcile(twin: SmallTwin) -> None:
    sources = {source["id"]: source for source in get(twin, "/api/sources")}
    last = sources["counts"]["last_run"]
    assert last["read"] == last["accepted"] + last["unchanged"] + last["duplicates"] + last["quarantined"]
    assert last["quarantined"] == 1 and sources["counts"]["status"] == "closed"
    one = get(twin, "/api/sources/counts")
    assert one["mapping"]["entity_type"] == "ItemFlowObserved" and len(one["runs"]) >= 1
    assert twin.client.get("/api/sources/unheard").status == 404


def test_a_quarantined_row_is_listed_corrected_and_replayed(twin: SmallTwin) -> None:
    held = get(twin, "/api/sources/counts/quarantine")
    [row] = held["rows"]
    assert held["total"] == 1 and row["reasons"][0]["field"] == "h08" and row["state"] == "held"
    replay = f"/api/sources/counts/quarantine/{row['id']}/replay"
    still = twin.client.post(replay, {"fields": {"h08": "-7"}})
    assert still.status == 422 and still.json["reasons"][0]["rule"] == "range"
    assert twin.client.post(replay, {"fields": {"unheard": 1}}).status == 400
    assert twin.client.post(replay, {"fields": []}).status == 400
    assert twin.client.post(replay, {"rows": {}}).status == 400
    assert twin.client.post("/api/sources/counts/quarantine/none/replay", {"fields": {}}).status == 404
    done = twin.client.post(replay, {"fields": {"h08": str(count_at(2, 8))}})
    assert done.status == 200 and done.json["state"] == "replayed"
    series = get(
        twin,
        f"/api/map/series/loops?feature={loop_id(2)}&field=intensity&from=2024-03-04T07:00:00Z&to=2024-03-04T08:00:00Z",
    )
    assert series["values"] == [count_at(2, 8)]


def test_a_dry_run_writes_nothing(twin: SmallTwin) -> None:
    before = get(twin, "/health/ready")["position"]
    answer = twin.client.post("/api/sources/counts/runs", {"dry_run": True})
    assert answer.status == 201 and answer.json["dry_run"] is True and answer.json["read"] > 0
    assert get(twin, "/health/ready")["position"] == before
    assert twin.client.post("/api/sources/counts/runs", {"dry_run": "yes"}).status == 400
    assert twin.client.post("/api/sources/unheard/runs", {}).status == 404


# --- models, scenarios, runs


def test_models_and_their_features(twin: SmallTwin) -> None:
    [model] = get(twin, "/api/models")
    assert model == get(twin, "/api/models/toy") and {"parameters", "measures", "validity"} <= set(model)
    features = twin.client.get("/api/models/toy/features")
    assert features.header("content-type") == "application/geo+json" and features.header("etag")
    assert {one["id"] for one in features.json["features"]} == {street_id(n) for n in range(STREETS)}
    assert twin.client.get("/api/models/unheard").status == 404


def test_a_scenario_from_draft_to_deletion(twin: SmallTwin) -> None:
    draft = {"title": {"en": "Close one"}, "model": "toy", "overrides": [CLOSE]}
    checked = twin.client.post("/api/scenarios/check", draft)
    assert checked.status == 200 and checked.json["allowed"] and checked.json["affected"] == [street_id(1)]
    made = twin.client.post("/api/scenarios", draft)
    assert made.status == 201 and made.header("location") == f"/api/scenarios/{made.json['id']}"
    path = made.header("location") or ""
    changed = twin.client.request("PUT", path, json={**draft, "title": {"en": "Close it"}, "version": 1})
    assert changed.status == 200 and changed.json["version"] == 2
    assert twin.client.request("PUT", path, json={**draft, "version": 1}).status == 409
    assert made.json["id"] in {one["id"] for one in get(twin, "/api/scenarios")["scenarios"]}
    assert twin.client.request("DELETE", path).status == 204
    assert twin.client.get(path).status == 404


def test_what_the_model_does_not_allow_is_refused_with_the_reason(twin: SmallTwin) -> None:
    bad = {**CLOSE, "where": {"segments": [street_id(77)]}}
    refused = twin.client.post("/api/scenarios", {"title": "No", "model": "toy", "overrides": [CLOSE, bad]})
    assert refused.status == 422 and refused.json["where"].startswith("overrides[1]")
    assert str(77) in refused.json["detail"] and refused.json["hint"]
    assert twin.client.request("DELETE", "/api/scenarios/baseline").status in (403, 409, 422)
    for document in (
        [],
        {},
        {"title": 5},
        {"title": "x", "model": "unheard"},
        {"title": "x", "overrides": [5]},
    ):
        assert 400 <= twin.client.post("/api/scenarios", document).status < 500, document


def test_a_run_is_followed_read_and_compared(twin: SmallTwin) -> None:
    base = finished(twin, "baseline")
    assert base["status"] == "done" and base["indicators"][0]["interval"]["level"] == 0.9
    assert get(twin, "/api/city")["baseline_run"] == base["id"]
    draft = {"title": {"en": "Close two"}, "model": "toy", "overrides": [CLOSE]}
    scenario = twin.client.post("/api/scenarios", draft).json["id"]
    run = finished(twin, scenario)
    results = get(twin, f"/api/runs/{run['id']}/results")
    closed = results["features"].index(street_id(1))
    assert results["hours"] == [8] and results["fields"]["flow"]["mean"][0][closed] == 0
    compared = get(twin, f"/api/comparisons?base={base['id']}&with={run['id']}")
    together = twin.client.post(
        "/api/comparisons", {"base": base["id"], "with": [run["id"], "run-x", run["id"]]}
    )
    assert together.json["comparisons"] == [compared]
    assert [(one["with"], one["problem"]["status"]) for one in together.json["refused"]] == [("run-x", 404)]
    for wrong in ({"base": base["id"]}, {"base": 1, "with": ["x"]}, {"base": "x", "with": [], "by": 1}):
        assert twin.client.post("/api/comparisons", wrong).status == 400
    assert compared["fields"]["flow"]["clear"][0][closed] == 1 and compared["text"]["en"]
    assert [one["id"] for one in get(twin, f"/api/runs?scenario={scenario}")["runs"]] == [run["id"]]
    again = twin.client.post(f"/api/scenarios/{scenario}/runs", {"members": 3})
    assert again.status == 200 and again.json["cached"]


def test_results_as_a_table(twin: SmallTwin) -> None:
    run = finished(twin, "baseline")
    answer = twin.client.get(f"/api/runs/{run['id']}/results.csv")
    assert answer.header("content-type") == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    results = get(twin, f"/api/runs/{run['id']}/results")
    assert (
        len(rows) == STREETS
        and float(rows[0]["flow_mean [veh/h]"]) == results["fields"]["flow"]["mean"][0][0]
    )


@pytest.mark.parametrize(
    "document",
    [
        {"mode": "guess"},
        {"members": 0},
        {"members": 1e9},
        {"members": True},
        {"seed": -1},
        {"seed": "1"},
        {"x": 1},
        [],
    ],
)
def test_a_bad_request_to_run_is_400(twin: SmallTwin, document: Any) -> None:
    assert twin.client.post("/api/scenarios/baseline/runs", document).status == 400


def test_what_is_not_there_is_404(twin: SmallTwin) -> None:
    for target in (
        "/api/runs/x",
        "/api/runs/x/results",
        "/api/runs/x/events",
        "/api/scenarios/x",
        "/api/lineage/x",
    ):
        assert twin.client.get(target).status == 404, target
    assert twin.client.post("/api/scenarios/x/runs", {}).status == 404
    assert twin.client.request("DELETE", "/api/runs/x").status == 404
    assert twin.client.get("/api/comparisons?base=x&with=y").status == 404
    assert twin.client.get("/api/comparisons").status == 400


# --- lineage


def kinds(graph: dict[str, Any]) -> list[str]:
    return sorted({node["kind"] for node in graph["nodes"]})


def test_every_figure_leads_to_its_origins(twin: SmallTwin) -> None:
    run = finished(twin, "baseline")
    graph = get(twin, run["lineage"])
    assert graph["id"] == run["id"]
    assert kinds(graph) == ["calibration", "dataset", "indicator", "mapping", "model", "run", "source"]
    assert {"source:streets", "source:counts"} <= {node["id"] for node in graph["nodes"]}
    known = {node["id"] for node in graph["nodes"]}
    assert all(start in known and end in known for start, end in graph["edges"])
    one = get(twin, f"{run['lineage']}/indicators/nox")
    assert [node["title"] for node in one["nodes"] if node["kind"] == "indicator"] == [
        found["title"] for found in run["indicators"] if found["name"] == "nox"
    ]
    assert one == get(twin, f"/api/lineage/{run['id']}%2Findicators%2Fnox")
    assert twin.client.get(f"{run['lineage']}/indicators/unheard").status == 404


def test_an_entity_leads_to_the_sources_of_its_attributes(twin: SmallTwin) -> None:
    graph = get(twin, f"/api/lineage/{loop_id(1)}")
    entity = next(node for node in graph["nodes"] if node["kind"] == "entity")
    assert set(entity["detail"]["attributes"]) == {"loops", "counts"}
    assert "intensity" in entity["detail"]["attributes"]["counts"]
    assert {node["id"] for node in graph["nodes"]} >= {"source:counts", "dataset:counts", "mapping:counts"}
    source = get(twin, "/api/lineage/source:counts")
    assert kinds(source) == ["dataset", "mapping", "source"]
    assert source["nodes"][0]["licence"] == "CC0-1.0"


# --- streams


def test_a_run_is_told_event_by_event(twin: SmallTwin) -> None:
    started = twin.client.post("/api/scenarios/baseline/runs", {"members": 2, "seed": 77}).json

    async def follow() -> list[tuple[str, str]]:
        states = []
        async with open_stream(twin.api, f"/api/runs/{started['id']}/events") as stream:
            assert stream.headers["content-type"] == "text/event-stream"
            while event := await stream.event():
                states.append((event["event"], event["data"]))
        return states

    states = twin.client.loop.run_until_complete(follow())
    assert states[-1][0] == "progress" and '"status":"done"' in states[-1][1]
    assert any(name == "figures" and '"nox"' in data for name, data in states)


def test_changes_arrive_and_resume(twin: SmallTwin) -> None:
    start = get(twin, "/health/ready")["position"]
    api = twin.api

    async def write(number: int) -> None:
        from sympolis.testing.asgi_client import exchange

        body = {"id": f"urn:ngsi-ld:Tree:live-{start}-{number}", "type": "Tree"}
        assert (await exchange(api, "POST", "/ngsi-ld/v1/entities", json=body)).status == 201

    async def live() -> list[int]:
        async with open_stream(api, "/api/changes") as stream:
            assert (await stream.chunk()) == b": keep-alive\n\n"
            assert (await stream.chunk()) == b"id: %d\n\n" % start
            await write(1)
            await write(2)
            return [int((await stream.event())["id"]) for _ in range(2)]

    async def resumed(headers: dict[str, str], query: str = "") -> tuple[int, str]:
        async with open_stream(api, f"/api/changes{query}", headers) as stream:
            event = await stream.event()
            return int(event["id"]), event["data"]

    run = twin.client.loop.run_until_complete
    numbers = run(live())
    assert numbers == [start + 1, start + 2]
    number, data = run(resumed({"last-event-id": str(start + 1)}))
    assert (
        number == start + 2
        and f'"entity":"urn:ngsi-ld:Tree:live-{start}-2"' in data
        and '"kind":"created"' in data
    )
    assert run(resumed({}, f"?after={start}"))[0] == start + 1
    assert api.metrics.open_streams == 0
    assert twin.client.get("/api/changes", last_event_id="x").status == 400
    assert twin.client.get("/api/changes", last_event_id="²").status == 400
    assert twin.client.get("/api/changes?after=-1").status == 400


def test_a_quiet_stream_is_kept_alive_and_ends_with_the_store(tmp_path: Path) -> None:
    with small_twin(tmp_path, settings=ApiSettings(keep_alive_s=0.01)) as twin:

        async def follow() -> bytes:
            async with open_stream(twin.api, "/api/changes") as stream:
                await stream.chunk()
                assert (await stream.chunk()).startswith(b"id: ")
                beats = [await stream.chunk() for _ in range(2)]
                await twin.broker.store.close()
                while not stream.ended:
                    await stream.chunk()
                return b"".join(beats)

        assert twin.client.loop.run_until_complete(asyncio.wait_for(follow(), 60)) == b": keep-alive\n\n" * 2
        assert twin.api.metrics.open_streams == 0


# --- features


def test_collections_are_the_types_with_a_location(twin: SmallTwin) -> None:
    found = get(twin, "/ogc/collections")["collections"]
    assert {one["id"] for one in found} >= {"RoadSegment", "ItemFlowObserved", "StatisticalArea"}
    assert "Source" not in {one["id"] for one in found}
    one = get(twin, "/ogc/collections/RoadSegment")
    assert one["extent"]["spatial"]["bbox"] == [[11.2, 44.4, 11.5, 44.6]]
    assert twin.client.get("/ogc/collections/Unheard").status == 404


def test_every_link_of_the_landing_page_leads_somewhere(twin: SmallTwin) -> None:
    for link in get(twin, "/ogc")["links"]:
        assert twin.client.get(link["href"].removeprefix("http://127.0.0.1:8400")).status == 200, link
    assert any("conf/core" in one for one in get(twin, "/ogc/conformance")["conformsTo"])


def test_items_page_by_their_links(twin: SmallTwin) -> None:
    target: str | None = "/ogc/collections/RoadSegment/items?limit=3"
    seen: list[str] = []
    while target:
        page = get(twin, target)
        assert page["numberMatched"] == STREETS and page["numberReturned"] == len(page["features"])
        seen += [one["id"] for one in page["features"]]
        links = {link["rel"]: link["href"].removeprefix("http://127.0.0.1:8400") for link in page["links"]}
        target = links.get("next")
    assert seen == [street_id(n) for n in range(STREETS)] and "prev" in links


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("bbox=11.3,44.4,11.315,44.6", 2),
        ("bbox=11.3,44.4,0,11.315,44.6,100", 2),
        ("bbox=0,0,1,1", 0),
        ("name=Street%203", 1),
        ("capacity=530", 1),
        ("capacity=530&name=Street%204", 0),
        ("datetime=2024-01-01T00:00:00Z/..", STREETS),
        ("f=json", STREETS),
    ],
)
def test_items_are_filtered(twin: SmallTwin, query: str, expected: int) -> None:
    page = get(twin, f"/ogc/collections/RoadSegment/items?{query}")
    assert page["numberMatched"] == expected and page["type"] == "FeatureCollection"


@pytest.mark.parametrize(
    "query",
    ["bbox=1,2,3", "bbox=a,b,c,d", "bbox=1,9,2,3", "bbox=nan,0,1,1", "datetime=now", "datetime=../..",
     "datetime=2025-01-01T00:00:00Z/2024-01-01T00:00:00Z", "limit=0", "limit=x", "unheard=1", "f=html", "name[]=1"],
)  # fmt: skip
def test_bad_item_requests_are_400(twin: SmallTwin, query: str) -> None:
    assert twin.client.get(f"/ogc/collections/RoadSegment/items?{query}").status == 400


def test_one_feature(twin: SmallTwin) -> None:
    found = get(twin, f"/ogc/collections/RoadSegment/items/{street_id(3)}")
    assert found["id"] == street_id(3) and found["properties"]["name"] == "Street 3"
    assert {link["rel"] for link in found["links"]} >= {"self", "collection", "alternate"}
    assert twin.client.get(f"/ogc/collections/ItemFlowObserved/items/{street_id(3)}").status == 404
    assert twin.client.get("/ogc/collections/RoadSegment/items/nonsense").status == 404
