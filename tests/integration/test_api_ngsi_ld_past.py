"""Temporal queries by values, places and calendar periods of the past (clauses 4.5.19, 5.7.4, 6.3.10)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Client

TEMPORAL = "/ngsi-ld/v1/temporal/entities"


def told(value: Any, at: str, kind: str = "Property", **more: Any) -> dict[str, Any]:
    member = {"Property": "value", "GeoProperty": "value", "LanguageProperty": "languageMap"}[kind]
    return {"type": kind, member: value, "observedAt": at, **more}


def place(longitude: float, at: str) -> dict[str, Any]:
    return told({"type": "Point", "coordinates": [longitude, 44.5]}, at, "GeoProperty")


@pytest.fixture
def client() -> Iterator[Client]:
    found = Client(create_api(ApiParts(broker=Broker(MemoryStore()), contexts=Contexts())))
    for number, shift in ((1, 0), (2, 50)):
        evolution = {
            "id": f"urn:ngsi-ld:Bus:{number}",
            "type": "Bus",
            "speed": [told(10 + shift, "2024-01-15T00:00:00Z"), told(30 + shift, "2024-02-15T00:00:00Z")],
            "location": [place(11.3 + shift, "2024-01-15T00:00:00Z"), place(11.4, "2024-03-15T00:00:00Z")],
            "line": [told({"it": "sera", "en": "evening"}, "2024-01-15T00:00:00Z", "LanguageProperty")],
        }
        assert found.post(TEMPORAL, evolution).status == 201
    yield found
    found.close()


def ids(client: Client, query: str) -> list[str]:
    answer = client.get(f"{TEMPORAL}?type=Bus&{query}")
    assert answer.status == 200, answer.body
    return [one["id"][-1] for one in answer.json]


def test_values_are_looked_for_in_the_instances_of_the_range(client: Client) -> None:
    ever, january = "timerel=after&timeAt=2024-01-01T00:00:00Z", "timerel=before&timeAt=2024-02-01T00:00:00Z"
    assert ids(client, f"{ever}&q=speed>70") == ["2"]
    assert ids(client, f"{ever}&q=speed>20") == ["1", "2"]
    assert ids(client, f"{january}&q=speed>20") == ["2"]
    assert ids(client, f"{january}&q=speed>70") == []


def test_an_entity_that_is_selected_by_values_shows_all_its_instances(client: Client) -> None:
    answer = client.get(f"{TEMPORAL}?type=Bus&timerel=after&timeAt=2024-01-01T00:00:00Z&q=speed>70")
    assert [one["value"] for one in answer.json[0]["speed"]] == [60, 80]


def test_places_are_looked_for_in_the_instances_of_the_range(client: Client) -> None:
    near = "georel=near;maxDistance==2000&geometry=Point&coordinates=[11.4,44.5]"
    assert ids(client, f"timerel=before&timeAt=2024-02-01T00:00:00Z&{near}") == []
    assert ids(client, f"timerel=after&timeAt=2024-02-01T00:00:00Z&{near}") == ["1", "2"]


def test_pages_and_counts_are_of_what_the_values_select(client: Client) -> None:
    query = "type=Bus&timerel=after&timeAt=2024-01-01T00:00:00Z&q=speed>20&limit=1&count=true"
    first = client.get(f"{TEMPORAL}?{query}")
    assert len(first.json) == 1 and first.header("ngsild-results-count") == "2"
    assert [one["id"][-1] for one in client.get(f"{TEMPORAL}?{query}&offset=1").json] == ["2"]
    none = client.get(f"{TEMPORAL}?{query.replace('speed>20', 'speed>2000')}")
    assert none.json == [] and none.header("ngsild-results-count") == "0"


def test_calendar_months(client: Client) -> None:
    shape = "format=aggregatedValues&aggrMethods=avg,totalCount&aggrPeriodDuration=P1M&attrs=speed"
    answer = client.get(f"{TEMPORAL}/urn:ngsi-ld:Bus:1?timerel=after&timeAt=2024-01-01T00:00:00Z&{shape}")
    assert answer.json["speed"]["avg"] == [
        [10, "2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"],
        [30, "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"],
    ]


def test_too_many_calendar_months_are_refused(client: Client) -> None:
    shape = "format=aggregatedValues&aggrMethods=avg&aggrPeriodDuration=P1M"
    span = "timerel=between&timeAt=1024-01-01T00:00:00Z&endTimeAt=2025-01-01T00:00:00Z"
    assert client.get(f"{TEMPORAL}/urn:ngsi-ld:Bus:1?{span}&{shape}").status == 403


def test_a_language_is_chosen(client: Client) -> None:
    target = f"{TEMPORAL}/urn:ngsi-ld:Bus:1?attrs=line&lang=it"
    [line] = client.get(target).json["line"]
    assert (line["type"], line["value"], line["lang"]) == ("Property", "sera", "it")
    simplified = client.get(f"{target}&format=temporalValues").json["line"]
    assert simplified == {"type": "Property", "values": [["sera", "2024-01-15T00:00:00Z"]]}


@pytest.mark.parametrize(
    ("projection", "left"),
    [
        ("pick=id,speed", {"id", "speed"}),
        ("pick=speed", {"speed"}),
        ("omit=type,line", {"id", "speed", "location"}),
        ("attrs=speed", {"id", "type", "speed"}),
    ],
)
def test_projection(client: Client, projection: str, left: set[str]) -> None:
    assert client.get(f"{TEMPORAL}/urn:ngsi-ld:Bus:1?{projection}").json.keys() == left


def aggregated(client: Client, values: list[Any], methods: str, *, named: bool = False) -> Any:
    instances = [told(value, f"2024-05-0{day}T00:00:00Z") for day, value in enumerate(values, start=1)]
    tram = {"id": "urn:ngsi-ld:Tram:1", "type": "Tram", "load": instances}
    assert client.post(TEMPORAL, tram).status == 201
    query = f"format=aggregatedValues&aggrMethods={methods}" + ("&attrs=load" if named else "")
    return client.get(f"{TEMPORAL}/urn:ngsi-ld:Tram:1?{query}")


@pytest.mark.parametrize(
    ("values", "methods", "figures"),
    [
        ([True, False, True, True], "avg,sum,min,max,sumsq", [0.75, 3, 0, 1, 3]),
        ([[1, 2], [3]], "avg,sum,min,max,totalCount", [1.5, 3, 1, 2, 2]),
        (["b", "a", "b"], "min,max,distinctCount", ["a", "b", 2]),
    ],
)
def test_truth_values_arrays_and_texts_have_figures(
    client: Client, values: list[Any], methods: str, figures: list[Any]
) -> None:
    found = aggregated(client, values, methods, named=True).json["load"]
    assert [found[method][0][0] for method in methods.split(",")] == figures


@pytest.mark.parametrize(
    ("values", "methods"),
    [(["a"], "avg"), ([{"deep": 1}], "max"), ([[1], [2, 3]], "stddev"), (["a"], "max,sum")],
)
def test_figures_that_cannot_be_made_are_refused(client: Client, values: list[Any], methods: str) -> None:
    answer = aggregated(client, values, methods, named=True)
    assert answer.status == 400 and answer.json["type"].endswith("InvalidRequest")


def test_of_what_was_not_named_only_the_possible_figures_are_given(client: Client) -> None:
    query = "format=aggregatedValues&aggrMethods=avg,totalCount"
    found = client.get(f"{TEMPORAL}/urn:ngsi-ld:Bus:1?{query}").json
    assert set(found["speed"]) == {"type", "avg", "totalCount"}
    assert set(found["location"]) == {"type", "totalCount"} == set(found["line"])


def test_aggregation_is_asked_for_in_a_body(client: Client) -> None:
    body = {
        "type": "Query",
        "entities": [{"type": "Bus"}],
        "attrs": ["speed"],
        "temporalQ": {"timerel": "after", "timeAt": "2024-01-01T00:00:00Z"},
        "aggrParams": {"aggrMethods": ["max"], "aggrPeriodDuration": "P1M"},
    }
    target = "/ngsi-ld/v1/temporal/entityOperations/query"
    for where in (target, f"{target}?format=aggregatedValues"):
        found = client.post(where, body).json
        assert [one[0] for one in found[0]["speed"]["max"]] == [10, 30]
    body["aggrParams"] = {"aggrMethods": ["guess"]}
    assert client.post(target, body).status == 400


def test_an_instance_keeps_its_id_when_its_time_is_corrected(client: Client) -> None:
    target = f"{TEMPORAL}/urn:ngsi-ld:Bus:1"
    first = client.get(f"{target}?attrs=speed").json["speed"][0]
    path = f"{target}/attrs/speed/{first['instanceId']}"
    moved = {"speed": [told(11, "2024-03-01T00:00:00Z")]}
    assert client.request("PATCH", path, json=moved).status == 204
    shown = client.get(f"{target}?attrs=speed&options=sysAttrs").json["speed"]
    assert [(one["value"], one["instanceId"]) for one in shown][-1] == (11, first["instanceId"])
    assert shown[-1]["modifiedAt"] > shown[-1]["createdAt"]
    assert client.request("PATCH", path, json=told(12, "2024-03-02T00:00:00Z")).status == 204
    assert client.request("DELETE", path).status == 204
    assert len(client.get(f"{target}?attrs=speed").json["speed"]) == 1
    assert client.request("DELETE", path).status == 404


def test_what_only_the_past_knows_can_be_ended(client: Client) -> None:
    entity = "/ngsi-ld/v1/entities/urn:ngsi-ld:Bus:1"
    assert client.request("DELETE", f"{entity}/attrs/speed").status == 204
    [end] = client.get(f"{TEMPORAL}/urn:ngsi-ld:Bus:1?timeproperty=deletedAt").json["speed"]
    assert end["value"] == "urn:ngsi-ld:null" and end["deletedAt"] and "observedAt" not in end
    assert client.request("DELETE", f"{entity}/attrs/speed").status == 404


def test_scopes_evolve(client: Client) -> None:
    scoped = {"id": "urn:ngsi-ld:Bus:1", "type": "Bus", "scope": [told(["/a", "/b"], "2024-01-01T00:00:00Z")]}
    assert client.post(TEMPORAL, scoped).status == 204
    [scope] = client.get(f"{TEMPORAL}/urn:ngsi-ld:Bus:1").json["scope"]
    assert scope == {"type": "Property", "value": ["/a", "/b"], "observedAt": "2024-01-01T00:00:00Z"}
    ever = "timerel=after&timeAt=2023-01-01T00:00:00Z"
    assert ids(client, f"{ever}&scopeQ=/a") == ["1"]
    assert ids(client, f"{ever}&scopeQ=/c") == []


def test_the_time_asked_by_is_told_and_system_attributes_where_wanted(client: Client) -> None:
    entity = {
        "id": "urn:ngsi-ld:Bus:9",
        "type": "Bus",
        "scope": "/a",
        "line": {"type": "Property", "value": "9"},
    }
    client.post("/ngsi-ld/v1/entities", entity)
    target = f"{TEMPORAL}/urn:ngsi-ld:Bus:9"
    [plain] = client.get(target).json["line"]
    assert set(plain) == {"type", "value", "instanceId"}
    [by] = client.get(f"{target}?timeproperty=modifiedAt").json["line"]
    assert set(by) == {"type", "value", "instanceId", "modifiedAt"}
    whole = client.get(f"{target}?options=sysAttrs").json
    assert whole["createdAt"] == whole["line"][0]["createdAt"] and "modifiedAt" in whole
    client.request("DELETE", "/ngsi-ld/v1/entities/urn:ngsi-ld:Bus:9")
    ended = client.get(f"{target}?timeproperty=deletedAt&format=temporalValues").json
    assert ended["scope"]["values"][0][0] == [] and ended["line"]["values"][0][0] == "urn:ngsi-ld:null"


@pytest.mark.parametrize("query", ["pick=line{name}", "omit=line{name}", "q=line{Stop:name}==1"])
def test_evolutions_do_not_lead_to_linked_entities(client: Client, query: str) -> None:
    ever = "timerel=after&timeAt=2023-01-01T00:00:00Z"
    assert client.get(f"{TEMPORAL}?type=Bus&{ever}&{query}").status == 400


def test_entities_of_which_a_filter_leaves_nothing_are_not_shown(client: Client) -> None:
    ever = "type=Bus&timerel=after&timeAt=2023-01-01T00:00:00Z&options=sysAttrs&datasetId=urn:x:none"
    assert client.get(f"{TEMPORAL}?{ever}").json == []
    assert client.get(f"{TEMPORAL}?{ever}&entityMap=true").json == []
