"""A scenario's way to a decision: two people, versions that stay, drafts that only those see who work on them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from sympolis.app.assembly import open_twin
from sympolis.app.twin import Twin
from sympolis.plugins import loader
from sympolis.settings import Settings
from sympolis.testing.asgi_client import Answer, Client
from sympolis.testing.offering import simulators_with_toy, write_offering
from sympolis.testing.small_city import street_id

PATH = "/api/scenarios"
CLOSE = {"measure": "close_street", "where": {"segments": [street_id(1)]}, "parameters": {}}
WHY = "because the council asked"


@dataclass
class House:
    """A twin that asks everybody who they are; two planners, for four eyes."""

    twin: Twin
    client: Client
    keys: dict[str, str]

    def ask(self, method: str, path: str, who: str = "anna", json: Any = None) -> Answer:
        return self.client.request(
            method, path, json=json, headers={"authorization": f"Bearer {self.keys[who]}"}
        )

    def make(self, title: str = "Close it", who: str = "anna") -> str:
        document = {"title": {"en": title}, "model": "toy", "overrides": [CLOSE]}
        answer = self.ask("POST", PATH, who, document)
        assert answer.status == 201, answer.json
        return str(answer.json["id"])

    def move(self, scenario: str, status: str, who: str = "anna", **more: Any) -> Answer:
        return self.ask("POST", f"{PATH}/{scenario}/review", who, {"status": status, "why": WHY, **more})

    def change(self, scenario: str, title: str, version: int, who: str = "anna") -> Answer:
        document = {"title": {"en": title}, "model": "toy", "overrides": [CLOSE], "version": version}
        return self.ask("PUT", f"{PATH}/{scenario}", who, document)

    def approved(self, title: str) -> str:
        scenario = self.make(title)
        assert self.move(scenario, "submitted").status == 200
        assert self.move(scenario, "reviewed", "bruno").status == 200
        return scenario

    def listed(self, who: str, query: str = "") -> dict[str, Any]:
        answer = self.ask("GET", PATH + query, who)
        assert answer.status == 200, answer.json
        return {one["id"]: one for one in answer.json["scenarios"]}


PEOPLE = {"anna": "planner", "bruno": "planner", "carla": "analyst", "dario": "citizen"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = write_offering(tmp_path_factory.mktemp("city") / "smallville")
    patch = pytest.MonkeyPatch()
    registry = simulators_with_toy()
    patch.setattr(loader, "simulators", lambda: registry)
    settings = Settings(
        city=str(folder), data=tmp_path_factory.mktemp("data"), store="memory", identity="required"
    )
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        twin = loop.run_until_complete(open_twin(settings))
        loop.run_until_complete(twin.coordinator.run_all())
        assert twin.government is not None
        keys = {}
        for name, role in PEOPLE.items():
            twin.government.governed.accounts.add(name, roles=[role])
            keys[name] = twin.government.governed.accounts.add_key(name)[1]
        yield House(twin, Client(twin.asgi, loop), keys)
        loop.run_until_complete(twin.close())
    patch.undo()


def test_from_draft_to_adopted_with_who_when_and_why(house: House) -> None:
    scenario = house.approved("The long way")
    adopted = house.move(scenario, "adopted")
    assert adopted.status == 200, adopted.json
    found = adopted.json
    assert (found["status"], found["version"], found["approved_version"]) == ("adopted", 1, 1)
    assert [(one["status"], one["by"], one["why"]) for one in found["steps"]] == [
        ("submitted", "anna", WHY),
        ("reviewed", "bruno", WHY),
        ("adopted", "anna", WHY),
    ]
    assert found["steps"][0]["at"] <= found["steps"][2]["at"] and found["next"] == ["withdrawn"]
    entity = house.ask(
        "GET", f"/ngsi-ld/v1/entities/urn:ngsi-ld:Scenario:smallville:{scenario}?options=keyValues"
    )
    assert "adopted" in [value for name, value in entity.json.items() if name.endswith("status")]


def test_nobody_reviews_what_they_wrote_or_submitted(house: House) -> None:
    scenario = house.make("Four eyes")
    assert house.move(scenario, "submitted", "bruno").status == 200
    for who in ("anna", "bruno"):
        refused = house.move(scenario, "reviewed", who)
        assert refused.status == 403 and "wrote or submitted" in refused.json["detail"]
        offered = house.ask("GET", f"{PATH}/{scenario}/review", who).json["next"]
        assert offered == (["draft", "withdrawn"])


def test_each_role_does_what_it_may_and_is_offered_nothing_else(house: House) -> None:
    scenario = house.make("Rights", "carla")
    assert house.ask("GET", f"{PATH}/{scenario}/review", "carla").json["next"] == ["submitted", "withdrawn"]
    assert house.move(scenario, "submitted", "carla").status == 200
    refused = house.move(scenario, "withdrawn", "dario")
    assert refused.status == 404, "a citizen does not know of it"
    assert house.move(scenario, "reviewed", "bruno").status == 200
    refused = house.move(scenario, "adopted", "carla")
    assert refused.status == 403 and "decisions.take" in refused.json["detail"]
    seen = house.ask("GET", f"{PATH}/{scenario}/review", "dario").json
    assert seen["next"] == [] and seen["versions"] == []
    assert [(one["status"], one["by"]) for one in seen["steps"]] == [("reviewed", None)]
    assert house.move(scenario, "withdrawn", "dario").status == 403


@pytest.mark.parametrize("to", ["reviewed", "adopted", "sent-back", "draft"])
def test_a_step_that_there_is_not_is_refused_with_those_that_there_are(house: House, to: str) -> None:
    refused = house.move(house.make("Forbidden"), to)
    assert refused.status == 409
    assert refused.json["detail"] == f"a scenario that is draft cannot become {to}"
    assert refused.json["hint"] == "possible now: submitted, withdrawn"


@pytest.mark.parametrize(
    "document",
    [
        {"status": "submitted"},
        {"status": "submitted", "why": "x"},
        {"status": "blessed", "why": WHY},
        {"status": "submitted", "why": WHY, "version": True},
        {"status": "submitted", "why": WHY, "who": "me"},
    ],
)
def test_a_step_that_is_badly_said_is_400(house: House, document: dict[str, Any]) -> None:
    assert house.ask("POST", f"{PATH}/{house.make('Bad')}/review", json=document).status == 400


def test_what_is_sent_back_is_changed_and_submitted_again(house: House) -> None:
    scenario = house.make("Again")
    house.move(scenario, "submitted")
    assert house.change(scenario, "While it is reviewed", 1).status == 409
    assert house.move(scenario, "sent-back", "bruno").json["status"] == "sent-back"
    changed = house.change(scenario, "Better", 1)
    assert changed.status == 200 and (changed.json["version"], changed.json["status"]) == (2, "draft")
    assert house.move(scenario, "submitted", version=1).status == 409, "not the version that was looked at"
    assert house.move(scenario, "submitted", version=2).status == 200
    kept = house.ask("GET", f"{PATH}/{scenario}/review").json["versions"]
    assert [(one["version"], one["status"], one["title"]["en"]) for one in kept] == [
        (2, "submitted", "Better"),
        (1, "sent-back", "Again"),
    ]


def test_what_is_approved_stays_while_its_next_version_is_written(house: House) -> None:
    scenario = house.approved("As agreed")
    assert house.change(scenario, "Something else", 1).json["approved_version"] == 1
    for who, title, version, status in (
        ("anna", "Something else", 2, "draft"),
        ("dario", "As agreed", 1, "reviewed"),
    ):
        for found in (
            house.ask("GET", f"{PATH}/{scenario}", who).json,
            house.listed(who)[scenario],
        ):
            assert (found["title"]["en"], found["version"], found["status"]) == (title, version, status)
    assert house.ask("GET", f"{PATH}/{scenario}/versions/1", "dario").json["title"] == {"en": "As agreed"}
    for who, answer in (("anna", 200), ("dario", 404)):
        assert house.ask("GET", f"{PATH}/{scenario}/versions/2", who).status == answer
    assert house.ask("DELETE", f"{PATH}/{scenario}").status == 409


def test_drafts_are_seen_by_those_who_work_on_them(house: House) -> None:
    scenario = house.make("Quiet")
    assert scenario in house.listed("carla", "?status=draft,submitted")
    assert scenario not in house.listed("carla", "?status=submitted")
    assert scenario not in house.listed("dario")
    for place in ("", "/review", "/versions/1"):
        assert house.ask("GET", f"{PATH}/{scenario}{place}", "dario").status == 404
    assert house.ask("GET", f"{PATH}?status=blessed").status == 400


def test_a_status_is_not_written_past_the_steps(house: House) -> None:
    scenario = house.make("Shortcut")
    document = {"title": {"en": "Shortcut"}, "model": "toy", "overrides": [CLOSE], "status": "adopted"}
    assert house.ask("POST", PATH, json=document).status == 409
    assert house.ask("PUT", f"{PATH}/{scenario}", json={**document, "version": 1}).status == 409
    assert (
        house.ask("PUT", f"{PATH}/{scenario}", json={**document, "status": "draft", "version": 1}).status
        == 200
    )
    baseline = house.move("baseline", "withdrawn", "bruno")
    assert baseline.status == 409 and "read-only" in baseline.json["detail"]


def test_withdrawn_can_be_taken_up_again_and_every_step_is_in_the_audit_log(house: House) -> None:
    scenario = house.make("Back and forth")
    assert house.move(scenario, "withdrawn").status == 200
    assert house.move(scenario, "draft").json["status"] == "draft"
    government = house.twin.government
    assert government is not None
    house.client.loop.run_until_complete(government.audit.settled())
    said = [
        entry.event
        for _, entry in government.audit.trail.entries()
        if entry.event.target == f"{PATH}/{scenario}/review"
    ]
    assert [(one.subject, one.operation) for one in said] == [("anna", "moveScenario")] * 2
