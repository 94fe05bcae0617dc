"""A stranger goes from a number on the map to the row in the delivery, with nothing but the links in the answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote

import pytest

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.context.terms import Contexts
from sympolis.testing.asgi_client import Client
from sympolis.testing.small_city import BAD_ROW, loop_id, street_id, write_package
from sympolis.testing.steward import Desk, desk_of

MODEL = {
    "id": "traffic",
    "title": {"en": "Traffic"},
    "needs": [
        {"type": "RoadSegment", "attributes": ["length", "capacity"], "history": False},
        {"type": "ItemFlowObserved", "attributes": ["intensity"], "history": True},
    ],
}
SCENARIO = {"id": "quiet", "title": {"en": "Quiet"}, "model": "traffic"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desk_of(write_package(tmp_path / "smallville"), tmp_path / "deliveries")


async def models() -> list[Any]:
    return [MODEL]


async def scenarios() -> list[Any]:
    return [SCENARIO]


@pytest.fixture
def client(desk: Desk) -> Iterator[Client]:
    parts = ApiParts(broker=desk.broker, contexts=Contexts(), city=desk.city, coordinator=desk.coordinator)
    client = Client(create_api(parts))
    yield client
    client.close()


def origin(client: Client, entity: str, attribute: str, at: str = "") -> Any:
    target = f"/api/lineage/value?entity={quote(entity, safe='')}&attribute={attribute}"
    return client.get(target + (f"&at={quote(at, safe='')}" if at else ""))


def test_from_the_map_to_the_row(client: Client, desk: Desk) -> None:
    """Map layer → a feature's series → where its value comes from → the row, as it stands in the delivery."""
    table = (desk.folder / "samples/counts.csv").read_text().replace(",100,", ",131,")
    desk.deliver("counts", table)
    desk.run("counts")
    layers = {one["id"]: one for one in client.get("/api/map/layers").json}
    [feature] = [
        one for one in client.get(layers["loops"]["url"]).json["features"] if one["id"] == loop_id(0)
    ]
    series = client.get(
        f"/api/map/series/loops?feature={quote(feature['id'], safe='')}&field=intensity"
        "&from=2024-03-04T00:00:00%2B01:00&to=2024-03-05T00:00:00%2B01:00"
    ).json
    shown = dict(zip(series["times"], series["values"], strict=True))
    assert shown["2024-03-03T23:00:00Z"] == 131
    found = client.get(series["origin"] + "&at=2024-03-03T23:00:00Z").json
    assert (found["value"], found["source"], found["mapping"]["id"]) == (131, "counts", "counts")
    [delivery] = client.get("/api/sources/counts").json["deliveries"]
    assert found["delivery"]["sha256"] == delivery["sha256"]
    row = client.get(found["link"]).json["row"]
    assert (row["number"], row["fields"]["loop"], row["fields"]["date"]) == (1, "0", "2024-03-04")
    assert row["fields"]["h00"] == "131"
    with (desk.kept.all("counts")[0].path).open() as delivered:
        line = delivered.read().splitlines()[row["number"]]
    assert line.startswith("0,2024-03-04,131,"), "it is the very line of the file"


def test_a_thing_s_attribute_leads_to_its_feature_in_the_sample(client: Client) -> None:
    found = origin(client, street_id(2), "length").json
    assert (found["value"], found["source"], found["delivery"]["id"]) == (1000.0, "streets", "sample")
    assert found["row"]["fields"]["name"] == "Street 2"
    assert found["portal"] == "https://data.smallville.example/streets"
    assert client.get(found["link"]).json["row"]["number"] == 3


def test_a_value_that_a_person_corrected_says_so(client: Client, desk: Desk) -> None:
    [held] = desk.coordinator.quarantine("counts")[1]
    desk.do(desk.coordinator.replay("counts", held.id, {"h08": "308"}))
    found = origin(client, loop_id(2), "intensity", "2024-03-04T07:00:00Z").json
    assert found["value"] == 308
    assert (found["row"]["number"], found["row"]["corrected"]) == (BAD_ROW, ["h08"])


def test_a_row_that_did_not_pass_shows_why(client: Client) -> None:
    shown = client.get(f"/api/sources/counts/deliveries/sample/rows/{BAD_ROW}").json["row"]
    assert [one["rule"] for one in shown["reasons"]] == ["range"]


def test_a_refused_delivery_gives_no_value_but_can_be_looked_into(client: Client, desk: Desk) -> None:
    table = (desk.folder / "samples/counts.csv").read_text().replace("2024-", "2034-")
    desk.deliver("counts", table)
    desk.run("counts")
    found = origin(client, loop_id(0), "intensity", "2024-03-03T23:00:00Z").json
    assert found["delivery"]["id"] == "sample"
    [delivery] = client.get("/api/sources/counts").json["deliveries"]
    row = client.get(f"/api/sources/counts/deliveries/{delivery['id']}/rows/1").json["row"]
    assert row["fields"]["date"] == "2034-03-04" and row["reasons"][0]["rule"] == "time"


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/api/sources/counts/deliveries/sample/rows/99", 404),
        ("/api/sources/counts/deliveries/sample/rows/0", 400),
        ("/api/sources/counts/deliveries/sample/rows/x", 400),
        ("/api/sources/counts/deliveries/other/rows/1", 404),
        ("/api/sources/nothing/deliveries/sample/rows/1", 404),
        (f"/api/lineage/value?entity={street_id(1)}", 400),
        ("/api/lineage/value?entity=urn:ngsi-ld:X:y&attribute=a", 404),
        (f"/api/lineage/value?entity={street_id(1)}&attribute=nothing", 404),
        (f"/api/lineage/value?entity={street_id(1)}&attribute=length&at=yesterday", 400),
        ("/api/sources/nothing/impact", 404),
    ],
)
def test_what_is_not_there_is_said(client: Client, target: str, status: int) -> None:
    assert client.get(target).status == status


def test_what_breaks_if_the_counts_stop(desk: Desk) -> None:
    client = with_models(desk)
    found = client.get("/api/sources/counts/impact").json
    client.close()
    assert (found["breaks"], found["makes"], found["lost"]) == (True, False, ["intensity"])
    assert [one["effect"] for one in found["models"]] == ["calibration grows old"]
    assert [one["id"] for one in found["scenarios"]] == ["quiet"]
    assert [one["id"] for one in found["layers"]] == ["loops"]
    assert found["sources"] == []


def test_what_breaks_if_the_things_themselves_stop(desk: Desk) -> None:
    client = with_models(desk)
    found = client.get("/api/sources/loops/impact").json
    assert found["makes"] and [one["id"] for one in found["sources"]] == ["counts"]
    streets = client.get("/api/sources/streets/impact").json
    areas = client.get("/api/sources/areas/impact").json
    client.close()
    assert [(one["id"], one["effect"], one["misses"]) for one in streets["models"]] == [
        ("traffic", "cannot run", ["capacity", "length"])
    ]
    assert areas["models"] == areas["layers"] == [] and "population" in areas["lost"]


def with_models(desk: Desk) -> Client:
    """An interface that knows a model; only what impact asks of the desk of scenarios is there."""
    names = ("recommendations", "learned", "forecasts", "service", "joint", "reviews")
    unasked = dict.fromkeys(names)
    stand_in = cast("Any", SimpleNamespace(models=models, scenarios=scenarios, **unasked))
    parts = ApiParts(
        broker=desk.broker,
        contexts=Contexts(),
        city=desk.city,
        coordinator=desk.coordinator,
        desk=stand_in,
    )
    return Client(create_api(parts))
