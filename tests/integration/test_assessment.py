"""The assessment over HTTP: read, answered, planned, kept, taken on, filled into the programme's workbook."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiSettings
from sympolis.api.rights import RIGHTS
from sympolis.assessment.desk import AssessmentDesk
from sympolis.governance.roles.table import default_table
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Client
from sympolis.testing.small_twin import open_small_twin

PATH = "/api/assessment"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder, loop = tmp_path_factory.mktemp("assessed"), asyncio.new_event_loop()
    store = MemoryStore()
    _, parts = loop.run_until_complete(open_small_twin(folder, store, ApiSettings()))
    found = Client(create_api(replace(parts, assessment=AssessmentDesk(folder / "assessment"))), loop)
    yield found
    assert parts.desk is not None
    loop.run_until_complete(parts.desk.close())
    loop.run_until_complete(store.close())
    found.close()


def question(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in document["questions"] if one["id"] == name)


def test_the_twin_answers_what_it_can_and_says_why(client: Client) -> None:
    found = client.get(PATH).json
    assert len(found["questions"]) == 36 and found["by_basis"]["evidence"] > 25
    catalogued = question(found, "Q029")
    assert (
        catalogued["score"] == 2
        and catalogued["evidence"][0]["text"]["en"] == "Datasets in the catalogue: 4."
    )
    assert (
        catalogued["missing"][0]["check"] == "datasets-described" and catalogued["missing"][0]["todo"]["de"]
    )


def test_an_answer_is_kept_with_who_and_when_and_can_be_taken_back(client: Client) -> None:
    before = client.get(PATH).json["average"]
    body = {"score": 5, "reason": "Reviewed.", "evidence": ["https://smallville.example/review"]}
    answered = client.request("PUT", f"{PATH}/answers/Q015", json=body)
    assert answered.status == 200 and answered.json["average"] > before
    told = question(answered.json, "Q015")
    assert told["basis"] == "answer" and told["answer"]["by"] and told["answer"]["at"]
    assert client.request("DELETE", f"{PATH}/answers/Q015").status == 204
    assert client.get(PATH).json["average"] == before


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("Q099", {"score": 3, "reason": "x"}, 404),
        ("Q030", {"score": 2, "reason": "x"}, 400),
        ("Q001", {"score": None, "reason": "x"}, 400),
        ("Q001", {"score": True, "reason": "x"}, 400),
        ("Q001", {"reason": "x"}, 400),
        ("Q001", {"score": 3, "reason": " "}, 400),
        ("Q001", {"score": 3, "reason": "x" * 5001}, 400),
        ("Q001", {"score": 3, "reason": "x", "evidence": "link"}, 400),
        ("Q001", {"score": 3, "reason": "x", "more": 1}, 400),
    ],
)  # fmt: skip
def test_an_answer_that_makes_no_sense_is_refused(
    client: Client, name: str, body: dict[str, Any], status: int
) -> None:
    assert client.request("PUT", f"{PATH}/answers/{name}", json=body).status == status


def test_levels_are_proved_and_planned(client: Client) -> None:
    planned = client.request("PUT", f"{PATH}/mims/MIM7", json={"level": "full"}).json["mims"]
    found = next(one for one in planned if one["id"] == "MIM7")
    assert found["level"] == "partial" and found["planned"] == "full"
    assert client.request("PUT", f"{PATH}/mims/MIM9", json={"level": "full"}).status == 404
    assert client.request("PUT", f"{PATH}/mims/MIM7", json={"level": "perfect"}).status == 400


def test_what_is_missing_is_work_with_owner_and_date(client: Client) -> None:
    tasks = client.get(f"{PATH}/worklist").json["tasks"]
    assert tasks[0]["who"] == "Town of Smallville" and tasks[0]["due"] is None
    assert len(tasks[0]["counts_for"]) >= len(tasks[-1]["counts_for"])
    taken = client.request(
        "PUT", f"{PATH}/worklist/{tasks[0]['id']}", json={"who": "IT office", "due": "2027-01-31"}
    ).json["tasks"]
    assert (taken[0]["who"], taken[0]["due"]) == ("IT office", "2027-01-31")
    assert client.request("PUT", f"{PATH}/worklist/check-nothing", json={"who": "IT"}).status == 404
    assert (
        client.request("PUT", f"{PATH}/worklist/{tasks[0]['id']}", json={"who": "IT", "due": "soon"}).status
        == 400
    )


def test_snapshots_make_the_trend(client: Client) -> None:
    made = client.post(f"{PATH}/snapshots", {"moment": "baseline", "note": "At the start."})
    assert (
        made.status == 201
        and made.json["scores"]["Q029"] == 2
        and made.json["indicators"]["OP3.services"] == 1
    )
    assert client.post(f"{PATH}/snapshots", {"moment": "baseline"}).status == 409
    assert client.post(f"{PATH}/snapshots", {"moment": "never"}).status == 400
    assert client.post(f"{PATH}/snapshots", {"moment": "final"}).status == 201
    assert [one["moment"] for one in client.get(PATH).json["trend"]] == ["baseline", "final"]
    assert len(client.get(f"{PATH}/snapshots").json["snapshots"]) == 2
    assert len(client.get(f"{PATH}/indicators").json["trend"]) == 2


def test_the_register_lists_models(client: Client) -> None:
    found = client.get(f"{PATH}/ai-register").json
    assert [one["id"] for one in found["simulations"]] == ["toy"] and found["systems"] == []


def test_the_workbook_goes_out_filled_and_comes_back(client: Client) -> None:
    import openpyxl

    book, out = openpyxl.Workbook(), io.BytesIO()
    assert book.active is not None
    for row in (["Id", "Score"], ["Q004", None], ["Q015", None]):
        book.active.append(row)
    book.save(out)
    filled = client.request(
        "POST", f"{PATH}/workbook/filled", body=out.getvalue(), headers={"content-type": XLSX}
    )
    assert filled.status == 200
    page = openpyxl.load_workbook(io.BytesIO(filled.body))
    assert page.active is not None and page.active["B2"].value == 4
    page.active["B3"].value = 3
    back = io.BytesIO()
    page.save(back)
    read = client.request("POST", f"{PATH}/workbook", body=back.getvalue(), headers={"content-type": XLSX})
    assert read.json == {"taken": 2, "answers": {"Q004": 4, "Q015": 3}}
    assert question(client.get(PATH).json, "Q015")["answer"]["reason"] == "workbook"
    assert (
        client.request("POST", f"{PATH}/workbook", body=b"no", headers={"content-type": XLSX}).status == 400
    )


def test_seeing_and_changing_need_their_rights() -> None:
    roles = default_table()
    assert RIGHTS["getAssessment"] == "assessment.read" and RIGHTS["answerQuestion"] == "assessment.manage"
    assert "assessment.read" in roles.granted(("analyst",)) and "assessment.manage" not in roles.granted(
        ("analyst",)
    )
    assert "assessment.manage" in roles.granted(("planner",))
    assert "assessment.read" not in roles.granted(("citizen",))


def test_checklists_are_answered_by_evidence_and_by_people(client: Client) -> None:
    found = {one["id"]: one for one in client.get(f"{PATH}/checklists").json["checklists"]}
    assert set(found) == {"lordimas", "ecodesign", "security"} and found["ecodesign"]["of"] == 30
    item = f"{PATH}/checklists/ecodesign/items/8.3"
    said = client.request("PUT", item, json={"mark": "yes", "reason": "PUE 1.2"}).json
    [marked] = [one for one in said["items"] if one["id"] == "8.3"]
    assert (marked["mark"], marked["basis"]) == ("yes", "answer") and marked["answer"]["by"]
    assert said["marks"]["yes"] == found["ecodesign"]["marks"]["yes"] + 1
    assert client.request("DELETE", item).status == 204
    assert client.get(f"{PATH}/checklists/ecodesign").json["marks"] == found["ecodesign"]["marks"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("checklists/ecodesign/items/99", {"mark": "yes", "reason": "x"}, 404),
        ("checklists/none/items/1.1", {"mark": "yes", "reason": "x"}, 404),
        ("checklists/ecodesign/items/1.1", {"mark": "open", "reason": "x"}, 400),
        ("checklists/ecodesign/items/1.1", {"mark": ["yes"], "reason": "x"}, 400),
        ("checklists/ecodesign/items/1.1", {"mark": "yes"}, 400),
        ("indicators/OP9.none", {"value": 1, "period": "2026"}, 404),
        ("indicators/OP4.events", {"value": True, "period": "2026"}, 400),
        ("indicators/OP4.events", {"value": 10**400, "period": "2026"}, 400),
        ("indicators/OP4.events", {"value": 3}, 400),
        ("indicators/OP4.events", {"value": 3, "period": "2" * 61}, 400),
    ],
)
def test_what_makes_no_sense_is_refused(client: Client, path: str, body: dict[str, Any], status: int) -> None:
    assert client.request("PUT", f"{PATH}/{path}", json=body).status == status


def test_indicators_are_counted_or_reported(client: Client) -> None:
    found = client.get(f"{PATH}/indicators").json
    assert {one["id"] for one in found["catalogues"]} == {"ldt4ssc", "u4ssc", "l1801"}
    body = {"value": 6.4, "period": "2026", "source": "Statistical office"}
    said = client.request("PUT", f"{PATH}/indicators/EC:%20P:%20EM:%201C", json=body)
    [told] = [one for one in said.json["indicators"] if one["id"] == "EC: P: EM: 1C"]
    assert (told["value"], told["basis"], told["reported"]["source"]) == (
        6.4,
        "reported",
        "Statistical office",
    )
    assert client.request("DELETE", f"{PATH}/indicators/EC:%20P:%20EM:%201C").status == 204
    only = client.get(f"{PATH}/indicators?catalogue=l1801").json["indicators"]
    assert len(only) == 6 and client.get(f"{PATH}/indicators?catalogue=no").status == 400


def test_a_report_tells_the_indicators(client: Client) -> None:
    told = client.get(f"{PATH}/documents/report/page?lang=en").body.decode()
    assert "OP1.sectors" in told and "SC: EH: H: 1C" not in told
