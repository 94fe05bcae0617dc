"""The ecosystem map over HTTP and on the command line: drawn, completed, kept, compared, exported, restored."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiSettings
from sympolis.assessment.desk import AssessmentDesk
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Client
from sympolis.testing.small_twin import open_small_twin

PATH = "/api/ecosystem"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ecosystem")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[Client]:
    loop, store = asyncio.new_event_loop(), MemoryStore()
    _, parts = loop.run_until_complete(open_small_twin(folder, store, ApiSettings()))
    found = Client(create_api(replace(parts, assessment=AssessmentDesk(folder / "assessment"))), loop)
    yield found
    assert parts.desk is not None
    loop.run_until_complete(parts.desk.close())
    loop.run_until_complete(store.close())
    found.close()


def ids(found: Any, member: str = "actors") -> set[str]:
    return {one["id"] for one in found[member]}


def test_the_map_is_drawn_from_the_twin(client: Client) -> None:
    found = client.get(PATH).json
    city = client.get("/api/city").json
    owners = {one["owner"] for one in client.get("/api/sources").json}
    names = {text for one in found["actors"] for text in one["name"].values()}
    assert owners <= names and "service-entry-charge" in ids(found) and city["id"] == found["city"]
    ends = {end for one in found["flows"] for end in (one["source"], one["target"])}
    assert ends <= ids(found) == set(found["layout"]["places"])
    assert set(found["layout"]["lines"]) == ids(found, "flows")
    assert len([one for one in found["actors"] if one["kind"] == "programme"]) == 23
    assert "helix-missing:business" in ids(found, "hints")
    codes = {code for one in found["flows"] for code in one["rules"]}
    assert codes <= set(found["texts"])


def test_people_complete_it_and_their_items_stay_marked(client: Client, folder: Path) -> None:
    body = {"kind": "organisation", "name": {"en": "Energy coop"}, "helix": "business", "roles": ["user"]}
    made = client.post(f"{PATH}/actors", body)
    assert made.status == 201 and made.json["origin"] == "hand" and made.json["at"]
    coop = made.json["id"]
    flow = {"kind": "data", "source": "twin", "target": coop, "rules": ["by letter"], "state": "planned"}
    assert client.post(f"{PATH}/flows", {**flow, "target": "nobody"}).status == 400
    flowing = client.post(f"{PATH}/flows", flow).json["id"]
    note = {"note": "has renewed it by word", "risks": ["ends in May"], "helix": "civil society"}
    assert client.request("PUT", f"{PATH}/annotations/twin", json=note).status == 200
    found = client.get(PATH).json
    twin = next(one for one in found["actors"] if one["id"] == "twin")
    assert twin["note"] and "ends in May" in twin["risks"] and twin["helix"] == "civil society"
    assert coop in ids(found) and flowing not in ids(found, "flows"), "planned flows are of the target"
    assert "helix-missing:business" not in ids(found, "hints")
    again = AssessmentDesk(folder / "assessment").ecosystem.book()
    assert set(again.actors) == {coop} and set(again.annotations) == {"twin"}
    told = client.get(f"{PATH}/comparison").json
    assert [one["id"] for one in told["flows"]["added"]] == [flowing]
    assert client.request("PUT", f"{PATH}/actors/{coop}", json={**body, "name": {"en": "Coop"}}).status == 200
    assert client.request("DELETE", f"{PATH}/actors/{coop}").status == 204
    assert client.request("DELETE", f"{PATH}/flows/{flowing}").status == 404, "it went with its end"
    assert client.request("DELETE", f"{PATH}/annotations/twin").status == 204


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "actors", {"kind": "person", "name": {"en": "Ada"}}, 400),
        ("POST", "actors", {"name": {"en": "Ada"}}, 400),
        ("PUT", "actors/org-x", {"kind": "group", "name": {"en": "x"}}, 404),
        ("PUT", "annotations/nobody", {"note": "x"}, 404),
        ("PUT", "annotations/twin", {"colour": "red"}, 400),
        ("PUT", "gaps/no-such", {"note": "x"}, 404),
        ("PUT", "gaps/no-simpl", {}, 400),
        ("DELETE", "snapshots/none", None, 404),
        ("GET", "?layer=cellar", None, 400),
        ("GET", "?view=past", None, 400),
        ("GET", "?snapshot=none", None, 404),
        ("GET", "pictures/gif", None, 404),
        ("GET", "comparison?from=never", None, 404),
        ("GET", "?colour=red", None, 400),
    ],
)
def test_a_mistake_is_told(client: Client, method: str, path: str, body: Any, status: int) -> None:
    address = f"{PATH}{path}" if path.startswith("?") else f"{PATH}/{path}"
    assert client.request(method, address, json=body).status == status


def test_filters_leave_the_rest_out(client: Client) -> None:
    found = client.get(f"{PATH}?layer=sources,twin").json
    assert {one["layer"] for one in found["actors"]} == {"sources", "twin"}
    assert "programmes" in found["facets"]["layers"], "what could be chosen is told whole"


def test_versions_are_kept_and_compared(client: Client) -> None:
    kept = client.post(f"{PATH}/snapshots", {"title": "Before"}).json["id"]
    assert client.get(f"{PATH}/comparison?from={kept}&to=current").json["same"]
    body = {"kind": "group", "name": {"en": "Schools"}, "helix": "academia"}
    school = client.post(f"{PATH}/actors", body).json["id"]
    told = client.get(f"{PATH}/comparison?from={kept}&to=current").json
    assert [one["id"] for one in told["actors"]["added"]] == [school]
    assert school not in ids(client.get(f"{PATH}?snapshot={kept}").json)
    assert [one["title"] for one in client.get(f"{PATH}/snapshots").json["snapshots"]] == ["Before"]
    assert client.request("DELETE", f"{PATH}/actors/{school}").status == 204
    assert client.request("DELETE", f"{PATH}/snapshots/{kept}").status == 204


def test_the_map_is_exported(client: Client) -> None:
    drawn = client.get(f"{PATH}/pictures/svg?lang=de&layer=sources,twin")
    assert drawn.status == 200 and b"Zwilling" in drawn.body
    ElementTree.fromstring(drawn.body)
    data = client.get(f"{PATH}/pictures/json").json
    assert ids(data) == ids(client.get(PATH).json)
    image = client.get(f"{PATH}/pictures/png")
    assert image.status in (200, 501) and (image.status == 501 or image.body.startswith(b"\x89PNG"))


def test_gaps_lead_to_programmes_until_somebody_says_otherwise(client: Client) -> None:
    found = client.get(f"{PATH}/initiatives").json
    netzero = next(one for one in found["initiatives"] if one["id"] == "netzerocities")
    assert "no-climate-plan" in {one["gap"] for one in netzero["helps"]}
    closed = client.request("PUT", f"{PATH}/gaps/no-climate-plan", json={"note": "Adopted in May."}).json
    gap = next(one for one in closed["gaps"] if one["id"] == "no-climate-plan")
    assert gap["closed_by"] and gap["note"] == "Adopted in May."
    netzero = next(one for one in closed["initiatives"] if one["id"] == "netzerocities")
    assert "no-climate-plan" not in {one["gap"] for one in netzero["helps"]}
    assert client.request("DELETE", f"{PATH}/gaps/no-climate-plan").status == 204
    covered = client.get(f"{PATH}/climate-indicators").json
    assert 0 < covered["covered"] < covered["of"]
