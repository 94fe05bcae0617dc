"""Decision files over HTTP: put together, decided, sealed, measured, verified, printed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiSettings
from sympolis.app.deciding import open_decisions
from sympolis.dataspace.credentials.keys import KeyRing
from sympolis.stores.embedded.federation import FederationBook
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Client
from sympolis.testing.small_twin import open_small_twin

PATH = "/api/decisions"


@dataclass
class Town:
    """A small twin that keeps decision files, and one of its runs."""

    client: Client
    keys: KeyRing
    folder: Path
    run: str

    def opened(self, **more: Any) -> dict[str, Any]:
        draft = {"title": "A charge", "question": "Should driving in cost money?", "runs": [self.run], **more}
        answer = self.client.post(PATH, draft)
        assert answer.status == 201, answer.json
        found: dict[str, Any] = answer.json
        return found

    def decided(self) -> dict[str, Any]:
        decision = self.opened()["id"]
        body = {"outcome": "adopted", "run": self.run, "reasons": "Less exhaust, no clear delay."}
        answer = self.client.post(f"{PATH}/{decision}/decision", body)
        assert answer.status == 200, answer.json
        found: dict[str, Any] = answer.json
        return found

    def file(self, decision: str) -> Path:
        return self.folder / "decisions" / f"{decision}.json"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder, loop = tmp_path_factory.mktemp("decisions"), asyncio.new_event_loop()
    store = MemoryStore()
    _, parts = loop.run_until_complete(open_small_twin(folder, store, ApiSettings()))
    assert parts.city is not None and parts.desk is not None
    terms = loop.run_until_complete(parts.contexts.resolve(parts.city.context["@context"]))
    keys = KeyRing(FederationBook.in_memory())
    desk = open_decisions(parts.city, parts.broker, terms, desk=parts.desk, keys=keys, folder=folder)
    client = Client(create_api(replace(parts, decisions=desk)), loop)
    answer = client.post("/api/services/entry-charge/runs", {"levers": {"charge": 4}, "members": 2})
    run = answer.json["id"]
    loop.run_until_complete(_ended(parts.desk, run))
    yield Town(client, keys, folder, run)
    loop.run_until_complete(parts.desk.close())
    loop.run_until_complete(store.close())
    client.close()


async def _ended(desk: Any, run: str) -> None:
    async for _ in desk.run_events(run):
        pass


def test_a_draft_is_opened_changed_listed_and_thrown_away(town: Town) -> None:
    found = town.opened()
    assert found["status"] == "draft" and found["seals"] == []
    path = f"{PATH}/{found['id']}"
    changed = town.client.request("PUT", path, json={"title": "B", "question": "Why?", "notes": "later"}).json
    assert (changed["title"], changed["runs"], changed["notes"]) == ("B", [], "later")
    assert found["id"] in [one["id"] for one in town.client.get(PATH).json["decisions"]]
    assert town.client.request("DELETE", path).status == 204
    assert town.client.get(path).status == 404


def test_a_decision_holds_its_evidence(town: Town) -> None:
    found = town.decided()
    [seal] = found["seals"]
    [run], [compared] = seal["content"]["runs"], seal["content"]["comparisons"]
    assert found["status"] == "adopted" and run["id"] == town.run
    assert run["model_version"] and run["parameters"] and run["indicators"][0]["interval"]
    assert len(run["results_sha256"]) == 64
    live = town.client.get(f"/api/comparisons?base={compared['base']}&with={town.run}").json
    assert compared["indicators"] == live["indicators"] and compared["text"] == live["text"]


def test_a_decision_is_permanent(town: Town) -> None:
    path = f"{PATH}/{town.decided()['id']}"
    body = {"outcome": "rejected", "reasons": "On second thoughts."}
    assert town.client.post(f"{path}/decision", body).status == 409
    assert town.client.request("PUT", path, json={"title": "B", "question": "Why?"}).status == 409
    assert town.client.request("DELETE", path).status == 409


def test_what_was_sealed_verifies_until_somebody_alters_it(town: Town) -> None:
    found = town.decided()
    check = f"{PATH}/{found['id']}/verification"
    verdict = town.client.get(check).json
    assert verdict["intact"] and verdict["runs"] == [{"run": town.run, "results": "as sealed"}]
    file = town.file(found["id"])
    file.write_text(file.read_text(encoding="utf-8").replace("Less exhaust", "More money"), encoding="utf-8")
    altered = town.client.get(check).json
    assert not altered["intact"] and altered["faults"] == ["seal 1 was altered after it was signed"]


def test_a_seal_that_somebody_else_signed_is_found(town: Town) -> None:
    found, other = town.decided(), town.decided()
    file = town.file(found["id"])
    document = json.loads(file.read_text(encoding="utf-8"))
    document["seals"][0]["signature"] = other["seals"][0]["signature"]
    file.write_text(json.dumps(document), encoding="utf-8")
    faults = town.client.get(f"{PATH}/{found['id']}/verification").json["faults"]
    assert faults == ["seal 1 is not signed by this twin"]


def test_what_a_rotated_key_signed_still_holds(town: Town) -> None:
    found = town.decided()
    town.keys.rotate()
    assert town.client.get(f"{PATH}/{found['id']}/verification").json["intact"]


def test_measurements_are_chained_to_the_decision(town: Town) -> None:
    found = town.decided()
    answer = town.client.post(
        f"{PATH}/{found['id']}/measurements", {"since": "2024-01-01", "until": "2024-02-01"}
    )
    assert answer.status == 201, answer.json
    first, second = answer.json["seals"]
    assert second["kind"] == "measured" and second["before"] == first["digest"]
    assert all(one["verdict"] == "not enough data" for one in second["content"]["figures"])
    assert town.client.get(f"{PATH}/{found['id']}/verification").json["intact"]


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("", {"question": "Why?"}, "title"),
        ("", {"title": "A", "question": "Why?", "runs": ["run-none"]}, "run"),
        ("", {"title": "A", "question": "Why?", "contributions": ["none"]}, "contributions"),
        ("", {"title": "A", "question": "Why?", "runs": "x"}, "runs"),
        ("", {"title": "A", "question": "Why?", "because": 1}, "because"),
        ("/{id}/decision", {"outcome": "maybe", "reasons": "x"}, "outcome"),
        ("/{id}/decision", {"outcome": "adopted", "reasons": "x"}, "run"),
        ("/{id}/decision", {"outcome": "adopted", "reasons": "x", "run": "run-other"}, "run"),
        ("/{id}/decision", {"outcome": "rejected"}, "reasons"),
        ("/{id}/measurements", {"since": "yesterday"}, "since"),
        ("/{id}/measurements", {"since": "2024-01-01"}, "decision"),
    ],
)
def test_mistakes_are_named(town: Town, path: str, body: dict[str, Any], where: str) -> None:
    decision = town.opened()["id"]
    answer = town.client.post(PATH + path.format(id=decision), body)
    assert 400 <= answer.status < 500 and answer.json["where"] == where, answer.json


@pytest.mark.parametrize("path", ["decision-none", "..%2f..%2fetc", "x" * 400])
def test_what_is_no_file_is_not_found(town: Town, path: str) -> None:
    assert town.client.get(f"{PATH}/{path}").status == 404


@pytest.mark.parametrize(("language", "word"), [("it", "Adottato"), ("de", "Angenommen"), ("en", "Adopted")])
def test_the_page_can_be_cited_in_three_languages(town: Town, language: str, word: str) -> None:
    found = town.decided()
    answer = town.client.get(f"/decisions/{found['id']}?lang={language}")
    text = answer.body.decode()
    assert answer.status == 200 and word in text and f'lang="{language}"' in text
    assert found["seals"][0]["digest"] in text and town.run in text


def test_what_people_write_is_no_markup(town: Town) -> None:
    found = town.opened(title="<script>alert(1)</script>")
    text = town.client.get(f"/decisions/{found['id']}").body.decode()
    assert "<script>" not in text and "&lt;script&gt;" in text


def test_the_pdf_is_one(town: Town) -> None:
    pytest.importorskip("reportlab")
    answer = town.client.get(f"{PATH}/{town.decided()['id']}/pdf?lang=de")
    assert answer.status == 200 and answer.body.startswith(b"%PDF-") and len(answer.body) > 3000


@pytest.mark.parametrize(("language", "word"), [("it", "Che cosa si cambia"), ("de", "Was geändert wird")])
def test_a_scenario_has_a_report_in_each_language(town: Town, language: str, word: str) -> None:
    answer = town.client.get(f"/api/runs/{town.run}/report?lang={language}")
    text = answer.body.decode()
    assert answer.status == 200 and word in text and "charge_eur = 4" in text
    live = town.client.get(f"/api/runs/{town.run}").json
    assert live["model_version"] in text and live["data_version"] in text


@pytest.mark.parametrize(
    ("form", "start", "library"), [("pdf", b"%PDF-", "reportlab"), ("docx", b"PK", "docx")]
)
def test_a_report_can_be_handed_round(town: Town, form: str, start: bytes, library: str) -> None:
    pytest.importorskip(library)
    answer = town.client.get(f"/api/runs/{town.run}/report?format={form}&lang=it")
    assert answer.status == 200 and answer.body.startswith(start)


def test_a_document_says_what_the_page_says(town: Town) -> None:
    docx = pytest.importorskip("docx")
    body = town.client.get(f"/api/runs/{town.run}/report?format=docx&lang=en").body
    document = docx.Document(BytesIO(body))
    cells = {cell.text for table in document.tables for row in table.rows for cell in row.cells}
    assert town.run in cells and "Model and version" in cells


def test_there_is_no_report_of_what_is_not_there(town: Town) -> None:
    assert town.client.get("/api/runs/run-none/report").status == 404
    assert town.client.get(f"/api/runs/{town.run}/report?format=odt").status == 400
