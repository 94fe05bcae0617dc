"""What models gave, over OGC API – EDR: a collection for each model, an instance for each run, CoverageJSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sympolis.api.ogc import feature_coverages
from sympolis.testing.small_city import street_id
from sympolis.testing.small_twin import SmallTwin, small_twin

RESULTS = "/ogc/collections/results-toy"
WORLD = "-180,-90,180,90"


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallTwin]:
    with small_twin(tmp_path_factory.mktemp("coverages")) as found:
        assert not any(one["id"].startswith("results-") for one in listed(found)), "no run, no results"
        yield found


@pytest.fixture(scope="module")
def run(twin: SmallTwin) -> dict[str, Any]:
    inputs = {"overrides": [], "start_hour": 7, "end_hour": 9, "members": 4, "seed": 3}
    collection = twin.client.post("/ogc/processes/model-toy/execution", {"inputs": inputs}).json
    found: dict[str, Any] = twin.client.get(f"/api/runs/{collection['run']}").json
    return found


def listed(twin: SmallTwin) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = twin.client.get("/ogc/collections").json["collections"]
    return found


def test_a_model_with_a_run_is_a_collection_with_its_parameters_and_instances(
    twin: SmallTwin, run: dict[str, Any]
) -> None:
    [found] = [one for one in listed(twin) if one["id"] == "results-toy"]
    assert twin.client.get(RESULTS).json == found
    assert {"flow", "flow_low", "flow_high"} <= found["parameter_names"].keys()
    assert found["parameter_names"]["flow"]["unit"]["symbol"]
    [instance] = [
        one for one in twin.client.get(f"{RESULTS}/instances").json["instances"] if one["id"] == run["id"]
    ]
    assert set(instance["data_queries"]) == {"area", "cube", "locations"}
    assert twin.client.get(f"{RESULTS}/instances/{run['id']}").json == instance
    conforms = twin.client.get("/ogc/conformance").json["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/instances" in conforms


def test_a_coverage_says_what_the_run_said(twin: SmallTwin, run: dict[str, Any]) -> None:
    path = f"{RESULTS}/instances/{run['id']}"
    answer = twin.client.get(f"{path}/cube?bbox={WORLD}&parameter-name=flow,flow_low,flow_high")
    assert answer.header("content-type") == "application/vnd.cov+json"
    document, results = answer.json, twin.client.get(f"/api/runs/{run['id']}/results").json
    axes = document["domain"]["axes"]
    assert axes["hour"]["values"] == results["hours"] == [7, 8]
    assert axes["composite"]["dataType"] == "tuple" and len(axes["composite"]["values"]) == 8
    order = [results["features"].index(name) for name in document["sympolis:features"]]
    for name, part in (("flow", "mean"), ("flow_low", "low"), ("flow_high", "high")):
        told = document["ranges"][name]
        assert told["shape"] == [2, 8] and told["axisNames"] == ["hour", "composite"]
        table = results["fields"]["flow"][part]
        assert told["values"] == [row[place] for row in table for place in order]
    assert document["sympolis:run"]["id"] == run["id"]


def test_an_area_and_a_place_give_their_part(twin: SmallTwin, run: dict[str, Any]) -> None:
    path = f"{RESULTS}/instances/{run['id']}"
    places = twin.client.get(f"{path}/locations").json["features"]
    assert len(places) == 8 and places[0]["geometry"]["type"] == "LineString"
    one = twin.client.get(f"{path}/locations/{street_id(1)}").json
    assert one["sympolis:features"] == [street_id(1)]
    [x, y] = one["domain"]["axes"]["composite"]["values"][0]
    around = (
        f"POLYGON(({x - 1e-4} {y - 1e-4},{x + 1e-4} {y - 1e-4},{x + 1e-4} {y + 1e-4},{x - 1e-4} {y - 1e-4}))"
    )
    part = twin.client.get(f"{path}/area?coords={around.replace(' ', '%20')}")
    assert street_id(1) in part.json["sympolis:features"] and len(part.json["sympolis:features"]) < 8


@pytest.mark.parametrize(
    ("path", "status", "where"),
    [
        ("/area", 400, "coords"),
        ("/area?coords=POINT(11%2044)", 400, "coords"),
        ("/area?coords=POLYGON((0%200,1%200,1%201,0%200))", 404, "coords"),
        (f"/cube?bbox={WORLD}&parameter-name=flight", 400, "parameter-name"),
        (f"/cube?bbox={WORLD}&datetime=2024-01-01T00:00:00Z", 501, "datetime"),
        (f"/cube?bbox={WORLD}&colour=red", 400, "colour"),
        ("/locations/urn:ngsi-ld:None:1", 404, "locationId"),
    ],
)
def test_what_is_not_there_or_wrong_is_said(
    twin: SmallTwin, run: dict[str, Any], path: str, status: int, where: str
) -> None:
    answer = twin.client.get(f"{RESULTS}/instances/{run['id']}{path}")
    assert (answer.status, answer.json.get("where")) == (status, where), answer.json


def test_other_collections_have_no_instances_and_unknown_runs_are_404(twin: SmallTwin) -> None:
    for path in ("/ogc/collections/RoadSegment/instances", "/ogc/collections/results-none/instances",
                 f"{RESULTS}/instances/run-none", "/ogc/collections/results-none"):  # fmt: skip
        assert twin.client.get(path).status == 404, path


def test_areas_are_polygons_and_what_stands_for_a_period_has_no_hours() -> None:
    ring = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]
    big = [[5.0, 5.0], [9.0, 5.0], [9.0, 9.0], [5.0, 5.0]]
    shapes = {
        "features": [
            {"id": "a", "geometry": {"type": "Polygon", "coordinates": [ring]}},
            {"id": "b", "geometry": {"type": "MultiPolygon", "coordinates": [[ring], [big]]}},
        ]
    }
    fields = {"heat": {"title": {"en": "Heat"}, "unit": "°C", "mean": [[1.0, 2.0, 9.0]], "low": [[0.0, 1.0, 9.0]],
                       "high": [[2.0, 3.0, 9.0]]}}  # fmt: skip
    results = {"features": ["b", "a", "lost"], "hours": [0], "fields": fields}
    where = feature_coverages.placed(results, shapes)
    chosen = list(feature_coverages.columns(fields).values())
    document = feature_coverages.coverage(results, where, chosen, hourly=False)
    assert document["domain"]["domainType"] == "MultiPolygon" and "hour" not in document["domain"]["axes"]
    assert document["domain"]["axes"]["composite"]["values"][0][0][0] == (5.0, 5.0), "the largest part"
    assert document["ranges"]["heat"]["values"] == [1.0, 2.0], "what has no shape is left out"
    assert document["parameters"]["heat_low"]["observedProperty"]["label"]["en"].startswith("Heat, low end")
