"""SensorThings over HTTP, in memory and in SQLite: the ways between things, the filter language, observations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from sympolis.stores.embedded import EmbeddedStore
from sympolis.testing.small_twin import SmallTwin, small_twin

STA = "/sta/v1.1"
SERVER = "http://127.0.0.1:8400"
UPLOAD = "/ngsi-ld/v1/entityOperations/upsert"
HOURS = 30


def sensor(number: int, at: str, value: float) -> dict[str, Any]:
    return {
        "id": f"urn:ngsi-ld:Station:{number}",
        "type": "Station",
        "name": {"type": "Property", "value": f"Station {number}"},
        "location": {
            "type": "GeoProperty",
            "value": {"type": "Point", "coordinates": [11.3 + number / 100, 44.5]},
        },
        "no2": {
            "type": "Property",
            "value": value,
            "unitCode": "GQ",
            "observedAt": at,
            "observedBy": {"type": "Relationship", "object": "urn:ngsi-ld:Device:D1"},
        },
        "state": {"type": "Property", "value": "ok", "observedAt": at},
    }


@pytest.fixture(scope="module", params=["memory", "embedded"])
def twin(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallTwin]:
    folder = tmp_path_factory.mktemp(f"sta-{request.param}")
    store = EmbeddedStore.open(folder / "data") if request.param == "embedded" else None
    with small_twin(folder, store=store) as found:
        for hour in range(HOURS):
            at = f"2024-05-{1 + hour // 24:02}T{hour % 24:02}:00:00Z"
            batch = [sensor(number, at, float(10 * number + hour)) for number in (1, 2, 3)]
            assert found.client.post(UPLOAD, json=batch).status in (201, 204)
        yield found


def get(twin: SmallTwin, path: str, status: int = 200, **options: str) -> Any:
    query = "&".join(f"%24{name}={quote(value, safe='')}" for name, value in options.items())
    target = f"{STA}{path}" + (f"?{query}" if query else "")
    answer = twin.client.get(target)
    assert answer.status == status, (target, answer.status, answer.body)
    return answer.json if answer.body else None


def follow(twin: SmallTwin, link: str) -> Any:
    answer = twin.client.get(link.removeprefix(SERVER))
    assert answer.status == 200, answer.body
    return answer.json


THING = "/Things('urn:ngsi-ld:Station:2')"
STREAM = "/Datastreams('urn:ngsi-ld:Station:2~no2')"


def test_the_root_names_the_sets_and_what_it_conforms_to(twin: SmallTwin) -> None:
    root = get(twin, "")
    names = [one["name"] for one in root["value"]]
    assert sorted(names) == sorted(
        [
            *("Things", "Locations", "HistoricalLocations", "Datastreams", "Sensors"),
            *("ObservedProperties", "Observations", "FeaturesOfInterest"),
        ]
    )
    assert (
        "http://www.opengis.net/spec/iot_sensing/1.1/req/datamodel" in root["serverSettings"]["conformance"]
    )
    for one in root["value"]:
        assert follow(twin, one["url"])["value"]


def test_every_link_of_every_kind_leads_somewhere(twin: SmallTwin) -> None:
    for one in get(twin, "")["value"]:
        for record in follow(twin, one["url"] + "?$top=3")["value"]:
            assert follow(twin, record["@iot.selfLink"])["@iot.id"] == record["@iot.id"]
            for name, link in record.items():
                if name.endswith("@iot.navigationLink"):
                    follow(twin, link)


def test_a_thing_and_its_datastreams(twin: SmallTwin) -> None:
    thing = get(twin, THING)
    assert (thing["name"], thing["description"]) == ("Station 2", "Station")
    streams = get(twin, f"{THING}/Datastreams")["value"]
    assert [one["@iot.id"].rpartition("~")[2] for one in streams] == ["no2", "state"]
    no2 = streams[0]
    assert no2["unitOfMeasurement"]["symbol"] == "µg/m³"
    assert no2["observationType"].endswith("OM_Measurement")
    assert no2["phenomenonTime"] == "2024-05-01T00:00:00Z/2024-05-02T05:00:00Z"
    assert get(twin, f"{STREAM}/Sensor")["@iot.id"] == "urn:ngsi-ld:Device:D1"
    assert get(twin, f"{STREAM}/ObservedProperty")["definition"].endswith("/no2")
    assert get(twin, f"{THING}/Locations")["value"][0]["location"]["coordinates"] == [11.32, 44.5]
    sensors = get(twin, "/Sensors", filter="Datastreams/Thing/name eq 'Station 3'")["value"]
    assert "urn:ngsi-ld:Device:D1" in [one["@iot.id"] for one in sensors]


def test_observations_newest_first_in_pages_with_a_count(twin: SmallTwin) -> None:
    page = get(twin, f"{STREAM}/Observations", top="7", count="true")
    seen = [one["result"] for one in page["value"]]
    assert page["@iot.count"] == HOURS and seen[0] == 20 + HOURS - 1
    while "@iot.nextLink" in page:
        page = follow(twin, page["@iot.nextLink"])
        seen += [one["result"] for one in page["value"]]
    assert seen == [20.0 + hour for hour in reversed(range(HOURS))]
    oldest = get(twin, f"{STREAM}/Observations", orderby="phenomenonTime asc", top="2")
    assert [one["result"] for one in oldest["value"]] == [20.0, 21.0]
    assert follow(twin, oldest["value"][0]["@iot.selfLink"])["phenomenonTime"] == "2024-05-01T00:00:00Z"


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("phenomenonTime ge 2024-05-01T20:00:00Z and phenomenonTime lt 2024-05-01T22:00:00Z", [20, 21]),
        ("phenomenonTime gt 2024-05-01T20:00:00Z and resultTime le 2024-05-01T22:00:00Z", [21, 22]),
        ("2024-05-01T03:00:00Z eq phenomenonTime", [3]),
        ("result gt 46.5", [27, 28, 29]),
        ("result ge 21 and result le 23", [1, 2, 3]),
        ("result mod 10 eq 5 and not (result gt 40)", [5, 15]),
        ("hour(phenomenonTime) eq 4", [4, 28]),
        ("day(phenomenonTime) eq 2 and minute(phenomenonTime) eq 0 and result lt 46", [24, 25]),
        ("result eq 21 or result eq 22 add 1", [1, 3]),
        ("phenomenonTime lt now() and round(result div 2) eq 11", [1, 2]),
        ("phenomenonTime lt 2024-05-01T01:00:00Z and result eq 'no number'", []),
        ("phenomenonTime gt 2024-06-01T00:00:00Z and phenomenonTime lt 2024-05-01T00:00:00Z", []),
    ],
)
def test_filters_of_observations(twin: SmallTwin, text: str, hours: list[int]) -> None:
    page = get(twin, f"{STREAM}/Observations", filter=text, orderby="phenomenonTime", count="true")
    assert [one["result"] for one in page["value"]] == [20.0 + hour for hour in hours]
    assert page["@iot.count"] == len(hours)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("name eq 'Station 1'", [1]),
        ("startswith(name,'Station') and endswith(name,'2')", [2]),
        ("substringof('tion 3',name) or id eq 'urn:ngsi-ld:Station:1'", [1, 3]),
        ("length(name) eq 9 and tolower(concat(name,'!')) ne 'station 1!'", [2, 3]),
        ("Datastreams/ObservedProperty/name eq 'no2' and Locations/name eq 'Station 2'", [2]),
        (
            "st_within(Locations/location,geography'POLYGON((11.305 44,11.325 44,11.325 45,11.305 45,11.305 44))')",
            [1, 2],
        ),
        ("geo.distance(Locations/location,geography'POINT(11.33 44.5)') lt 900", [2, 3]),
        ("properties/type eq 'Station' and indexof(name,'3') gt 0", [3]),
        ("name gt 5", []),
    ],
)
def test_filters_of_things(twin: SmallTwin, text: str, numbers: list[int]) -> None:
    found = get(twin, "/Things", filter=f"({text}) and startswith(id,'urn:ngsi-ld:Station')")["value"]
    assert [one["@iot.id"] for one in found] == [f"urn:ngsi-ld:Station:{number}" for number in numbers]


def test_expanding_selecting_and_ordering(twin: SmallTwin) -> None:
    wanted = "Datastreams($filter=ObservedProperty/name eq 'no2';$select=name;$expand=Observations($top=1)),Locations"
    page = get(
        twin,
        "/Things",
        filter="startswith(name,'Station')",
        expand=wanted,
        orderby="name desc",
        select="name",
        top="2",
    )
    assert [one["name"] for one in page["value"]] == ["Station 3", "Station 2"]
    [stream] = page["value"][0]["Datastreams"]
    assert set(stream) == {"name", "Observations", "Observations@iot.nextLink"}
    assert [one["result"] for one in stream["Observations"]] == [30.0 + HOURS - 1]
    assert follow(twin, stream["Observations@iot.nextLink"])["value"][0]["result"] == 30.0 + HOURS - 2
    assert page["value"][0]["Locations"][0]["encodingType"] == "application/geo+json"
    one = get(twin, STREAM, expand="Thing/Locations,Sensor")
    assert one["Thing"]["Locations"][0]["name"] == "Station 2" and one["Sensor"]["@iot.id"].endswith("D1")


def test_observations_of_several_datastreams(twin: SmallTwin) -> None:
    text = "Datastream/ObservedProperty/name eq 'no2' and phenomenonTime eq 2024-05-01T04:00:00Z"
    found = get(twin, "/Observations", filter=text, expand="Datastream,FeatureOfInterest")["value"]
    assert sorted(one["result"] for one in found) == [14.0, 24.0, 34.0]
    assert {one["FeatureOfInterest"]["name"] for one in found} == {"Station 1", "Station 2", "Station 3"}
    feature = get(twin, "/FeaturesOfInterest('urn:ngsi-ld:Station:2')/Observations", count="true", top="1")
    assert feature["@iot.count"] == 2 * HOURS


def test_data_arrays(twin: SmallTwin) -> None:
    page = get(
        twin, f"{STREAM}/Observations", resultFormat="dataArray", select="phenomenonTime,result", top="2"
    )
    [table] = page["value"]
    assert table["components"] == ["phenomenonTime", "result"] and table["dataArray@iot.count"] == 2
    assert table["dataArray"][0] == ["2024-05-02T05:00:00Z", 20.0 + HOURS - 1]
    assert follow(twin, table["Datastream@iot.navigationLink"])["@iot.id"] == "urn:ngsi-ld:Station:2~no2"


def test_where_things_have_been(twin: SmallTwin) -> None:
    moved = {"location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [11.4, 44.4]}}}
    assert (
        twin.client.request("PATCH", "/ngsi-ld/v1/entities/urn:ngsi-ld:Station:3/attrs", json=moved).status
        == 204
    )
    places = get(twin, "/Things('urn:ngsi-ld:Station:3')/HistoricalLocations", expand="Locations")["value"]
    assert [one["Locations"][0]["location"]["coordinates"] for one in places] == [[11.4, 44.4], [11.33, 44.5]]
    assert follow(twin, places[1]["@iot.selfLink"] + "/Thing")["@iot.id"] == "urn:ngsi-ld:Station:3"


def test_references_properties_and_values(twin: SmallTwin) -> None:
    refs = get(twin, f"{THING}/Datastreams/$ref")["value"]
    assert follow(twin, refs[0]["@iot.selfLink"])["@iot.id"] == "urn:ngsi-ld:Station:2~no2"
    assert get(twin, f"{THING}/name") == {"name": "Station 2"}
    assert twin.client.get(f"{STA}{THING}/name/$value").body == b"Station 2"
    assert get(twin, "/Observations('urn:ngsi-ld:Station:2~no2~2024-05-01T04:00:00Z')/result") == {
        "result": 24.0
    }


@pytest.mark.parametrize(
    ("path", "options", "status"),
    [
        ("/Nothing", {}, 404),
        ("/Things('no')", {}, 404),
        ("/Things('urn:ngsi-ld:Station:2')/Nothing", {}, 404),
        ("/Things('urn:ngsi-ld:Station:2')/Datastreams('urn:ngsi-ld:Station:1~no2')", {}, 404),
        ("/Observations('x')", {}, 404),
        ("/Things/Datastreams", {}, 404),
        ("/Things", {"filter": "nothing eq 1"}, 400),
        ("/Things", {"filter": "name eq"}, 400),
        ("/Things", {"filter": "name eq 'a"}, 400),
        ("/Things", {"filter": "fun(name)"}, 400),
        ("/Things", {"filter": "length(name,name) eq 1"}, 400),
        ("/Things", {"filter": "(" * 60 + "true" + ")" * 60}, 400),
        ("/Things", {"filter": "Datastreams/Observations/result gt 1"}, 501),
        ("/Observations", {"filter": "result gt 1 or Datastream/name eq 'x'"}, 501),
        ("/Things", {"expand": "Nothing"}, 400),
        ("/Things", {"expand": "Datastreams($top=1"}, 400),
        ("/Things", {"expand": "Datastreams/Thing/Datastreams/Thing/Datastreams"}, 400),
        ("/Things", {"select": "nothing"}, 400),
        ("/Things", {"orderby": "name up"}, 400),
        ("/Things", {"top": "-1"}, 400),
        ("/Things", {"skip": "x"}, 400),
        ("/Things", {"count": "yes"}, 400),
        ("/Things", {"resultFormat": "dataArray"}, 400),
        ("/Things", {"search": "x"}, 501),
        ("/Things", {"what": "x"}, 400),
    ],
)
def test_mistakes_are_said(twin: SmallTwin, path: str, options: dict[str, str], status: int) -> None:
    get(twin, path, status, **options)


def test_only_reading_is_offered(twin: SmallTwin) -> None:
    assert twin.client.post(f"{STA}/Things", json={}).status == 405
