"""A department hands its workbook over: what is wrong comes back marked in it, what is right waits for a release."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from sympolis.acquisition.coordinator import Coordinator
from sympolis.acquisition.deliveries import Deliveries
from sympolis.acquisition.handover import Handovers
from sympolis.acquisition.ledger import MemoryLedger
from sympolis.acquisition.quality import RULES, Reason
from sympolis.acquisition.remarks import LANGUAGES, remark
from sympolis.acquisition.retrieval import Downloaded, Retriever
from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.city import acquiring, package
from sympolis.context.broker import Broker
from sympolis.context.query import Query, TypeIs
from sympolis.context.terms import Contexts, Terms
from sympolis.plugins import loader
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Answer, Client
from sympolis.testing.small_city import write_package

SOURCE = """
id = "budget"
connector = "excel"
mapping = "budget"
path = "samples/budget.xlsx"
url = "https://data.smallville.example/budget"
licence = "CC0-1.0"
owner = "Treasury"
attribution = "Town of Smallville"
order = 90
title = { en = "Budget" }
[expectations]
min_rows = 1
inside_city = false
[expectations.attributes.capacity]
type = "number"
low = 0
required = true
"""
MAPPING = """
id = "budget"
version = "1"
entity_type = "RoadSegment"
entity_id = "{street}"
[[attributes]]
name = "name"
field = "street"
[[attributes]]
name = "capacity"
field = "places"
"""
ROWS = (("street", "places"), ("Via A", 10), ("Via B", 20))


def workbook(*rows: tuple[Any, ...]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@dataclass
class Twin:
    client: Client
    coordinator: Coordinator
    broker: Broker
    terms: Terms

    def places(self) -> dict[Any, Any]:
        """What the twin knows: street → places."""
        name, capacity = self.terms.expand("name"), self.terms.expand("capacity")
        page = self.client.loop.run_until_complete(
            self.broker.query(Query(types=TypeIs(self.terms.expand("RoadSegment")), limit=100))
        )
        return {one.value(name): one.value(capacity) for one in page.entities}

    def hand_over(self, content: bytes, **query: str) -> Answer:
        asked = {"name": "plan.xlsx", "sender": "Treasury", **query}
        target = "/api/sources/budget/handovers?" + "&".join(f"{k}={v}" for k, v in asked.items())
        headers = {"content-type": "application/octet-stream"}
        return self.client.request("POST", target, body=content, headers=headers)

    def release(self, handover: str) -> Answer:
        return self.client.post(f"/api/sources/budget/handovers/{handover}/release", {"by": "A. Rossi"})


async def no_portal(*_: Any, **__: Any) -> Downloaded:
    raise AssertionError("nobody asked a portal")


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[Twin]:
    folder = write_package(tmp_path / "smallville")
    (folder / "sources" / "budget.toml").write_text(SOURCE)
    (folder / "mappings" / "budget.toml").write_text(MAPPING)
    (folder / "samples" / "budget.xlsx").write_bytes(workbook(*ROWS))
    city = package.load(folder)
    broker, contexts = Broker(MemoryStore()), Contexts()
    terms = contexts.resolve_local(city.context["@context"])
    deliveries = Deliveries(tmp_path / "deliveries")
    coordinator = acquiring.coordinator(
        city,
        broker,
        terms,
        connectors=loader.connectors(),
        ledger=MemoryLedger(),
        retriever=Retriever(no_portal, deliveries),
    )
    handovers = Handovers(coordinator, deliveries, tmp_path / "handovers")
    parts = ApiParts(
        broker=broker, contexts=contexts, city=city, coordinator=coordinator, handovers=handovers
    )
    client = Client(create_api(parts))
    client.loop.run_until_complete(coordinator.run("budget"))
    yield Twin(client, coordinator, broker, terms)
    client.close()


def test_the_report_says_what_would_change(twin: Twin) -> None:
    answer = twin.hand_over(workbook(("street", "places"), ("Via A", 11), ("Via C", 5)))
    assert answer.status == 201
    counts = answer.json["counts"]
    assert (counts["new"], counts["changed"], counts["missing"], counts["refused"]) == (1, 1, 1, 0)
    assert answer.json["state"] == "checked" and answer.json["marked_copy"] is None
    assert twin.client.get(answer.header("location") or "").json == answer.json
    assert twin.client.get("/ngsi-ld/v1/entities/urn:ngsi-ld:RoadSegment:smallville:Via%20C").status in (
        400,
        404,
    )


def test_the_report_shows_the_cells_that_differ(twin: Twin) -> None:
    """Against the delivery before: the row of Via A, one cell of it; Via B is gone, Via C is new."""
    report = twin.hand_over(workbook(("street", "places"), ("Via C", 5), ("Via A", 11))).json
    told = [(one["kind"], one["row"], one["row_before"], one["cells"]) for one in report["differences"]]
    gone = [
        {"field": "street", "before": "Via B", "after": None},
        {"field": "places", "before": 20, "after": None},
    ]
    fresh = [
        {"field": "street", "before": None, "after": "Via C"},
        {"field": "places", "before": None, "after": 5},
    ]
    assert told == [
        ("changed", 2, 1, [{"field": "places", "before": 10, "after": 11}]),
        ("missing", None, 2, gone),
        ("new", 1, None, fresh),
    ]
    assert report["more_differences"] == 0
    assert twin.release(report["id"]).status == 200
    again = twin.hand_over(workbook(("street", "places"), ("Via C", 5), ("Via A", 12))).json
    assert [one["cells"] for one in again["differences"]] == [
        [{"field": "places", "before": 11, "after": 12}]
    ]


def test_many_differences_are_counted(twin: Twin) -> None:
    rows = [(f"Via {number}", number) for number in range(250)]
    report = twin.hand_over(workbook(("street", "places"), *rows)).json
    assert len(report["differences"]) == 200 and report["more_differences"] == 52
    assert [one["kind"] for one in report["differences"][:3]] == ["missing", "missing", "new"]


def test_wrong_cells_come_back_marked_in_the_sender_s_language(twin: Twin) -> None:
    sent = workbook(("street", "places"), ("Via A", "many"), (None, None), ("Via B", -3), ("Via D", None))
    report = twin.hand_over(sent, lang="de").json
    assert report["counts"]["refused"] == 3
    assert {(one["row"], one["field"]) for one in report["problems"]} == {
        (1, "places"),
        (2, "places"),
        (3, "places"),
    }
    assert "nicht plausibel" in next(one["remark"] for one in report["problems"] if one["row"] == 2)
    copy = twin.client.get(report["marked_copy"])
    assert "plan.xlsx" in (copy.header("content-disposition") or "")
    sheet = openpyxl.load_workbook(io.BytesIO(copy.body)).active
    assert sheet is not None
    comments = {
        cell.coordinate: cell.comment.text for row in sheet.iter_rows() for cell in row if cell.comment
    }
    assert set(comments) == {"B2", "B4", "B5"}, "the empty row of the sheet does not shift the marks"
    assert "nicht plausibel" in comments["B4"] and "Erwartet" in comments["B4"]
    assert "fehlt" in comments["B5"]
    assert sheet["B2"].value == "many" and sheet["B2"].fill.fgColor.rgb != sheet["A2"].fill.fgColor.rgb


def test_a_sheet_that_is_too_wide_to_mark_is_still_examined(twin: Twin) -> None:
    far = [None] * 16_383 + ["x"]
    report = twin.hand_over(workbook(("street", "places"), ("Via A", -1), *[(None,)] * 400, tuple(far))).json
    assert report["counts"]["refused"] == 2 and report["marked_copy"] is None


def test_nothing_is_in_the_twin_before_somebody_releases_it(twin: Twin) -> None:
    handover = twin.hand_over(workbook(("street", "places"), ("Via A", 99), ("Via B", 20))).json
    assert twin.places() == {"Via A": 10, "Via B": 20}
    assert twin.coordinator.source("budget")["deliveries"] == []
    released = twin.release(handover["id"])
    assert released.status == 200
    assert released.json["released_by"] == "A. Rossi" and released.json["summary"]["accepted"] == 1
    assert twin.places() == {"Via A": 99, "Via B": 20}
    [delivery] = twin.coordinator.source("budget")["deliveries"]
    assert delivery["url"] == f"handover:{handover['id']}"


def test_a_handover_is_released_once(twin: Twin) -> None:
    handover = twin.hand_over(workbook(*ROWS)).json["id"]
    assert twin.release(handover).status == 200
    assert twin.release(handover).status == 409


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"no workbook at all", "not an Excel workbook"),
        (workbook(("strasse", "places"), ("Via A", 1)), "no field 'street'"),
        (workbook(("street", "places")), "expected at least 1"),
        (workbook(*ROWS)[:500], "not an Excel workbook"),
    ],
    ids=["another file", "a renamed column", "no rows", "half a file"],
)
def test_a_file_that_cannot_be_taken_is_kept_with_the_reason(twin: Twin, content: bytes, why: str) -> None:
    report = twin.hand_over(content).json
    assert report["state"] == "unusable" and why in report["problem"]
    assert "/" not in report["problem"].split("—")[0], "no path of this machine"
    assert twin.release(report["id"]).status == 409
    assert len(twin.client.get("/api/sources/budget/handovers").json) == 1


def test_requests_that_say_too_little_are_refused(twin: Twin) -> None:
    assert twin.hand_over(workbook(*ROWS), lang="fr").status == 400
    assert twin.hand_over(workbook(*ROWS), sender="").status == 400
    unknown = twin.client.request(
        "POST",
        "/api/sources/nothing/handovers?name=a&sender=b",
        body=b"x",
        headers={"content-type": "text/csv"},
    )
    assert unknown.status == 404
    assert twin.client.get("/api/sources/budget/handovers/none").status == 404
    assert twin.client.get("/api/sources/budget/handovers/..%2F..%2Fx/marked").status == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_has_words(language: str) -> None:
    for rule in RULES:
        said = remark(Reason("field", rule, "found this", "that"), language)
        assert said.field == "field" and "found this" in said.text and "that" in said.text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("it", "Al posto dei dati è arrivata una pagina web («Accesso»)"),
        ("de", "Statt der Daten kam eine Webseite („Accesso“)"),
    ],
)
def test_a_file_that_is_no_workbook_is_told_in_the_senders_language(
    twin: Twin, language: str, words: str
) -> None:
    report = twin.hand_over(b"<html><title>Accesso</title></html>", lang=language).json
    assert report["state"] == "unusable" and words in report["problem"]
    assert twin.release(report["id"]).status == 409


def test_a_workbook_in_another_unit_is_doubtful_until_a_person_accepts_it(twin: Twin) -> None:
    """Ten streets with places; the next plan has them times a hundred."""
    plan = [(f"Via {number}", 10 + number) for number in range(10)]
    first = twin.hand_over(workbook(ROWS[0], *plan)).json
    assert twin.release(first["id"]).status == 200
    hundredfold = workbook(ROWS[0], *((name, places * 100) for name, places in plan))
    report = twin.hand_over(hundredfold, lang="it").json
    assert report["state"] == "doubtful" and "circa 100 volte" in report["problem"]
    assert twin.release(report["id"]).status == 409
    assert twin.places()["Via 1"] == 11
    path = f"/api/sources/budget/handovers/{report['id']}/release"
    assert twin.client.post(path, {"by": "A. Rossi", "accept": True}).status == 200
    assert twin.places()["Via 1"] == 1100
