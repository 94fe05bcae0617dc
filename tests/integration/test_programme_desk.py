"""The call's desk over HTTP: a consortium founded, judged, proved by its twins, drafted into documents and diagrams."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiSettings
from sympolis.assessment.desk import AssessmentDesk
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Client
from sympolis.testing.consortium import sound
from sympolis.testing.small_twin import open_small_twin

PATH = "/api/assessment"
OURS = ("id", "author", "modified_at", "twins", "version")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder, loop = tmp_path_factory.mktemp("desk"), asyncio.new_event_loop()
    store = MemoryStore()
    _, parts = loop.run_until_complete(open_small_twin(folder, store, ApiSettings()))
    found = Client(create_api(replace(parts, assessment=AssessmentDesk(folder / "assessment"))), loop)
    yield found
    assert parts.desk is not None
    loop.run_until_complete(parts.desk.close())
    loop.run_until_complete(store.close())
    found.close()


def document(**change: Any) -> dict[str, Any]:
    whole = {**msgspec.to_builtins(sound(first="Smallville", second="Beta")), **change}
    return {name: value for name, value in whole.items() if name not in OURS}


@pytest.fixture(scope="module")
def consortium(client: Client) -> str:
    made = client.post(f"{PATH}/consortia", document())
    assert made.status == 201, made.json
    return str(made.json["id"])


def test_a_consortium_is_judged_and_proved_by_its_twins(client: Client, consortium: str) -> None:
    one = f"{PATH}/consortia/{consortium}"
    before = client.get(one).json["judgement"]
    assert before["kept"] and before["coverage"]["met"] == 0
    for moment in ("baseline", "interim"):
        assert client.post(f"{PATH}/snapshots", {"moment": moment}).status == 201
    assert client.post(f"{one}/evidence", {}).status == 200
    alone = client.get(one).json["judgement"]["coverage"]
    proof = {**client.get(f"{PATH}/proof").json, "city": "beta"}
    assert client.post(f"{one}/evidence", proof).status == 200
    both = client.get(f"{one}/coverage/WS2").json
    assert both["met"] > alone["met"] > 0
    assert "A.12" in {row["id"] for row in both["requirements"] if row["met"]}, "both states were kept"
    assert {twin for row in both["requirements"] for twin in row["twins"]} == {"smallville", "beta"}
    assert client.get(f"{one}/coverage/WS9").status == 404


def test_a_violation_is_told(client: Client) -> None:
    made = client.post(f"{PATH}/consortia", document(documents={})).json["id"]
    judged = client.get(f"{PATH}/consortia/{made}").json["judgement"]
    assert [one["rule"] for one in judged["rules"] if not one["kept"]] == ["documents"]
    [brief] = [one for one in client.get(f"{PATH}/consortia").json["consortia"] if one["id"] == made]
    assert brief["broken"] == 1
    changed = client.request("PUT", f"{PATH}/consortia/{made}", json=document()).json
    assert changed["version"] == 2 and client.get(f"{PATH}/consortia/{made}").json["judgement"]["kept"]
    assert client.request("DELETE", f"{PATH}/consortia/{made}").status == 204
    assert client.get(f"{PATH}/consortia/{made}").status == 404


def test_eligibility_is_checked_as_partners_join(client: Client) -> None:
    whole = document(partners=[], costs=[])
    one = f"{PATH}/consortia/{client.post(f'{PATH}/consortia', whole).json['id']}"
    first = client.post(f"{one}/partners", {"name": "Town", "kind": "local authority", "country": "IT"})
    assert first.status == 201 and not first.json["eligible"]
    still = {it["rule"] for it in first.json["still"]}
    assert still == {"authorities", "authority-countries", "further-partners"}
    waiting = [
        {"id": "a", "name": "Far Town", "kind": "local authority", "country": "US"},
        {"id": "b", "name": "Town", "kind": "local authority", "country": "IT"},
        {"id": "c", "name": "Stadt", "kind": "local authority", "country": "DE"},
    ]
    tried = client.post(f"{one}/candidates", {"candidates": waiting}).json["candidates"]
    assert [it["id"] for it in tried] == ["c", "b", "a"]
    assert {it["rule"] for it in tried[0]["mended"]} == {"authorities", "authority-countries"}
    assert [it["rule"] for it in tried[2]["broken"]] == ["eligible-countries"]
    assert len(client.get(one).json["partners"]) == 1, "nothing is kept"
    client.post(f"{one}/partners", {"name": "Town", "kind": "local authority", "country": "DE"})
    last = client.post(f"{one}/partners", {"name": "Uni", "kind": "university", "country": "AT"}).json
    assert last["eligible"] and [it["rule"] for it in last["mended"]] == ["further-partners"]
    assert [it["id"] for it in last["consortium"]["partners"]] == ["town", "town-2", "uni"]
    gone = client.request("DELETE", f"{one}/partners/uni").json
    assert [it["rule"] for it in gone["broken"]] == ["further-partners"] and not gone["eligible"]
    assert client.request("DELETE", f"{one}/partners/uni").status == 404
    assert (
        client.post(f"{one}/partners", {"id": "town", "name": "x", "kind": "x", "country": "IT"}).status
        == 409
    )
    assert client.post(f"{one}/partners", {"name": "x"}).status == 400
    assert client.post(f"{one}/candidates", {"candidates": [{"id": "x"}]}).status == 400
    assert client.post(f"{one}/candidates", {"candidates": waiting * 100}).status == 400
    assert client.request("DELETE", one).status == 204


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"call": "another"}, 404),
        ({"strand": "WS7"}, 400),
        ({"partners": "many"}, 400),
        ({"surprise": 1}, 400),
        ({"start": "soon"}, 400),
        ({"partners": [{"id": "a", "name": "A", "kind": "x", "country": "IT"}] * 2}, 400),
        ({"costs": [{**msgspec.to_builtins(sound())["costs"][0], "eur": 1e300}]}, 400),
    ],
)
def test_what_is_no_consortium_is_refused(client: Client, change: dict[str, Any], status: int) -> None:
    assert client.post(f"{PATH}/consortia", document(**change)).status == status


@pytest.mark.parametrize(
    "body", [{"city": "x", "at": "", "checks": {"magic": True}}, {"city": "x"}, {"city": 3}]
)
def test_evidence_that_is_none_is_refused(client: Client, consortium: str, body: dict[str, Any]) -> None:
    assert client.post(f"{PATH}/consortia/{consortium}/evidence", body).status == 400


@pytest.mark.parametrize("deliverable", ["PD1", "PD2", "PD3", "PD4", "PD5", "report"])
@pytest.mark.parametrize("language", ["it", "de", "en"])
def test_documents_are_drafted_from_evidence_and_gaps_are_named(
    client: Client, consortium: str, deliverable: str, language: str
) -> None:
    address = f"{PATH}/documents/{deliverable}/page?lang={language}&consortium={consortium}"
    page = client.get(address)
    told = page.body.decode()
    assert page.status == 200 and f'<html lang="{language}">' in told
    if deliverable not in ("PD2", "report"):
        assert {"it": "Da completare", "de": "Zu ergänzen", "en": "To be completed"}[language] in told


def test_a_document_can_be_gone_on_writing_in(client: Client, consortium: str) -> None:
    import docx

    answer = client.get(f"{PATH}/documents/PD3/docx?lang=en&consortium={consortium}")
    found = docx.Document(BytesIO(answer.body))
    cells = {cell.text for table in found.tables for row in table.rows for cell in row.cells}
    assert {"Smallville", "Entry charge", "C.18"} <= cells
    assert client.get(f"{PATH}/documents/PD2/pdf?lang=de").body.startswith(b"%PDF")


@pytest.mark.parametrize(
    "address", ["documents/PD9/page", "documents/PD1/odt", "diagrams/magical", "consortia/none"]
)
def test_what_is_not_there_is_not_found(client: Client, address: str) -> None:
    assert client.get(f"{PATH}/{address}").status == 404


def test_the_four_diagrams_show_what_runs_and_dashed_what_does_not_yet(client: Client) -> None:
    for kind in ("technical", "functional"):
        now = client.get(f"{PATH}/diagrams/{kind}?lang=en").body.decode()
        then = client.get(f"{PATH}/diagrams/{kind}?lang=en&view=future").body.decode()
        ElementTree.fromstring(now), ElementTree.fromstring(then)
        assert 'class="part planned"' not in now and 'class="part planned"' in then
    assert "Toy traffic" in client.get(f"{PATH}/diagrams/technical?lang=en").body.decode()
    assert client.get(f"{PATH}/diagrams/technical?view=past").status == 400


def test_pilot_yaml_says_what_the_template_asks(client: Client, consortium: str) -> None:
    yaml = pytest.importorskip("yaml")
    found = yaml.safe_load(client.get(f"{PATH}/consortia/{consortium}/pilot.yaml").body)
    assert found["schema_version"] == 1 and found["short_name"] == "cooler-streets"
    assert found["locations"][0] == {"city": "Smallville", "country": "Italy", "country_code": "IT"}
    assert found["consortium"][2]["role"] == "university" and found["contact"]["name"] == "Ada"
    assert found["start_date"] == "2027-01-01" and found["work_strand"] == "WS2"


def test_pilot_yaml_waits_until_nothing_is_missing(client: Client) -> None:
    made = client.post(f"{PATH}/consortia", document(summary="")).json["id"]
    refused = client.get(f"{PATH}/consortia/{made}/pilot.yaml")
    assert refused.status == 409 and refused.json["where"] == "summary"


UPDATE = {
    "schema_version": 1,
    "type": "milestone",
    "date": "2027-03-01",
    "title": "First scenario run",
    "work_strand": "WS2",
    "authors": [{"name": "Ada", "organisation": "Smallville"}],
}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200),
        ({"tags": ["heat"], "related_assets": ["https://example.org/a"]}, 200),
        ({"title": "Four"}, 400),
        ({"type": "party"}, 400),
        ({"date": "1 March"}, 400),
        ({"authors": []}, 400),
        ({"tags": ["Heat!"]}, 400),
        ({"tags": ["heat", "heat"]}, 400),
        ({"schema_version": 2}, 400),
        ({"more": True}, 400),
    ],
)
def test_updates_are_held_against_the_programmes_form(
    client: Client, change: dict[str, Any], status: int
) -> None:
    assert client.post(f"{PATH}/updates", {**UPDATE, **change}).status == status


def test_the_rules_can_be_read(client: Client) -> None:
    [call] = client.get(f"{PATH}/calls").json["calls"]
    assert call["budget"]["indirect_share"] == 0.07 and "IT" in call["eligibility"]["countries"]
