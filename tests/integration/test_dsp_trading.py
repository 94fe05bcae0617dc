"""Two twins negotiate, exchange data and part: over the protocol, with their real identities, step by step."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sympolis.dataspace.dsp.credentials import Participant
from sympolis.dataspace.dsp.processes import Negotiation, Transfer
from sympolis.governance.audit.record import Act
from sympolis.testing.trading import AREAS, COUNTS, Pair, open_trading_twin, trading, two_twins

SCHEMAS = Path(__file__).parents[2].parent / "shared" / "conformance" / "dsp-2025-1" / "schemas"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with two_twins(tmp_path_factory.mktemp("trading")) as found:
        yield found


def test_a_negotiation_from_offer_to_agreement(pair: Pair) -> None:
    ours = pair.agree()
    assert (ours["state"], ours["side"], ours["partner"]) == ("FINALIZED", "consumer", pair.provider.id)
    pair.settle()
    theirs = pair.ask(pair.provider, "GET", f"/negotiations/{ours['peer']}").json
    assert theirs["state"] == "FINALIZED"
    assert [(one["act"], one["message"]) for one in theirs["steps"]] == [
        (one["act"], one["message"]) for one in ours["steps"]
    ]
    for twin in (pair.provider, pair.consumer):
        found = pair.ask(twin, "GET", f"/agreements/{ours['agreement']}").json
        assert (found["policy"]["assigner"], found["policy"]["assignee"]) == (
            pair.provider.id,
            pair.consumer.id,
        )
        assert found["allows_now"] is True
        assert found["words"]["en"] == ["anyone may use: areas."]


def test_both_audit_trails_tell_the_same(pair: Pair) -> None:
    ours = pair.agree()
    pair.settle()
    told = []
    for twin in (pair.provider, pair.consumer):
        events = [one.event for one in pair.run(twin.entries())]
        mine = {one["message"] for one in ours["steps"]}
        told.append(
            [(one.operation, one.subject, one.request, one.reason) for one in events if one.request in mine]
        )
    assert told[0] == told[1]
    assert [one[0] for one in told[0]] == [
        "negotiation.request", "negotiation.agree", "negotiation.verify", "negotiation.finalize",
    ]  # fmt: skip


def test_a_file_comes_with_where_it_is_from(pair: Pair) -> None:
    ours = pair.agree()
    found = pair.begin(ours["agreement"], "HttpData-PULL")
    assert found["state"] == "COMPLETED", found["why"]
    [kept] = found["received"]
    assert (kept["partner"], kept["dataset"]) == (pair.provider.id, AREAS)
    assert kept["agreement"]["@id"] == ours["agreement"]
    file = next(pair.consumer.receiving._folder.glob(f"*/{kept['file']}"))
    data = (file.parent / kept["file"]).read_bytes()
    assert kept["bytes"] == len(data)
    features = json.loads(data)["features"]
    assert len(features) == 2
    known = [
        hashlib.sha256(one.read_bytes()).hexdigest()
        for one in pair.consumer.receiving._folder.glob("*/data.*")
    ]
    assert kept["sha256"] in known


@pytest.mark.parametrize(
    ("format", "dataset"),
    [("NGSI-LD-PULL", AREAS), ("OGC-Features-PULL", AREAS), ("File-PULL", COUNTS)],
)
def test_each_format_brings_the_dataset_and_nothing_else(pair: Pair, format: str, dataset: str) -> None:
    ours = pair.agree(dataset)
    found = pair.begin(ours["agreement"], format)
    assert found["state"] == "COMPLETED", (found["why"], found["steps"])
    [kept] = found["received"]
    assert kept["bytes"] > 100
    if format == "NGSI-LD-PULL":
        folder = pair.consumer.receiving._place(found["id"])
        entities = json.loads((folder / "data.jsonl").read_text().splitlines()[0])
        assert len(entities) == 2
        assert {one["type"] for one in entities} == {"https://smallville.example/StatisticalArea"} or all(
            one["type"].endswith("StatisticalArea") for one in entities
        )


def test_both_accounts_of_uses_agree(pair: Pair) -> None:
    ours = pair.agree()
    found = pair.begin(ours["agreement"], "OGC-Features-PULL")
    compared = pair.ask(pair.consumer, "GET", f"/transfers/{found['id']}/comparison").json
    assert compared["agree"] is True
    assert compared["uses"] == len(found["received"][0]["requests"])
    assert compared["bytes"] == sum(
        one["bytes"]
        for one in pair.ask(pair.provider, "GET", f"/usage?agreement={ours['agreement']}&limit=1000").json[
            "uses"
        ]
    )
    events = [one.event for one in pair.run(pair.provider.entries())]
    noted = [one for one in events if one.act is Act.READ and one.via == ours["agreement"]]
    assert {one.subject for one in noted} == {pair.consumer.id}
    assert {one.request for one in noted} == set(found["received"][0]["requests"])


def test_an_agreement_that_is_ended_ends_its_transfers(pair: Pair) -> None:
    ours = pair.agree()
    asked = {"agreement": ours["agreement"], "format": "LDES-PULL"}
    begun = pair.ask(pair.consumer, "POST", "/transfers?wait_s=10", asked).json
    assert begun["state"] == "STARTED"
    ended = pair.ask(
        pair.provider,
        "POST",
        f"/agreements/{ours['agreement']}/decision",
        {"act": "terminate", "why": "moved"},
    )
    assert ended.json["why"] == "moved"
    pair.settle()
    found = pair.ask(pair.consumer, "GET", f"/transfers/{begun['id']}").json
    assert (found["state"], found["why"]) == ("TERMINATED", "moved")
    again = pair.ask(pair.consumer, "POST", "/transfers?wait_s=10", asked).json
    pair.settle()
    refused = pair.ask(pair.consumer, "GET", f"/transfers/{again['id']}").json
    assert refused["state"] == "TERMINATED"
    assert "the agreement has ended" in refused["why"]


def test_a_consumer_suspends_and_goes_on(pair: Pair) -> None:
    ours = pair.agree()
    begun = pair.begin(ours["agreement"], "LDES-PULL")
    states = []
    for act in ("suspend", "start", "complete"):
        pair.ask(pair.consumer, "POST", f"/transfers/{begun['id']}/decision", {"act": act})
        pair.settle()
        states.append(
            [
                pair.ask(pair.consumer, "GET", f"/transfers/{begun['id']}").json["state"],
                pair.ask(pair.provider, "GET", f"/transfers/{begun['peer']}").json["state"],
            ]
        )
    assert states == [["SUSPENDED"] * 2, ["STARTED"] * 2, ["COMPLETED"] * 2]


def test_other_terms_are_answered_with_ours(pair: Pair) -> None:
    """A consumer who asks for more gets the offer as it is, and decides."""
    [offer] = [
        one["hasPolicy"][0]
        for one in pair.ask(
            pair.consumer, "GET", f"/partners/{pair.provider.id.replace(':', '%3A')}/offers"
        ).json["datasets"]
        if one["@id"] == AREAS
    ]
    wished = {**offer, "permission": [{"action": "use"}, {"action": "sell"}]}
    desk = pair.consumer.desk

    async def begin() -> Negotiation:
        return desk.negotiations.request(pair.provider.id, "http://a.test/dsp", AREAS, wished)

    begun = pair.run(begin())
    pair.settle()
    found = pair.ask(pair.consumer, "GET", f"/negotiations/{begun.id}").json
    assert (found["state"], found["offer"]["permission"]) == ("OFFERED", offer["permission"])
    pair.ask(pair.consumer, "POST", f"/negotiations/{begun.id}/decision", {"act": "accept"})
    pair.settle()
    assert pair.ask(pair.consumer, "GET", f"/negotiations/{begun.id}").json["state"] == "FINALIZED"


def test_an_illegal_decision_is_said_to_be_one(pair: Pair) -> None:
    ours = pair.agree()
    answer = pair.ask(pair.consumer, "POST", f"/negotiations/{ours['id']}/decision", {"act": "terminate"})
    assert answer.status == 400
    assert "FINALIZED" in answer.json["detail"]
    assert pair.ask(pair.consumer, "GET", "/negotiations/urn:uuid:none").status == 404
    assert pair.ask(pair.consumer, "POST", "/negotiations", {"partner": 5}).status == 400


def test_what_is_said_on_the_wire_has_the_protocols_shapes(pair: Pair) -> None:
    """Every message that went between the two, against the protocol's own schemas."""
    if not SCHEMAS.is_dir():
        pytest.skip("the protocol's schemas are not beside the project")
    jsonschema_rs = pytest.importorskip("jsonschema_rs")
    ours = pair.agree()
    pair.begin(ours["agreement"], "LDES-PULL")
    documents, by_name = {}, {}
    for path in SCHEMAS.rglob("*.json"):
        text = path.read_text().replace(".json#definitions/", ".json#/definitions/")
        documents[json.loads(text)["$id"]] = json.loads(text)
        by_name[path.stem] = json.loads(text)["$id"]
    registry = jsonschema_rs.Registry(list(documents.items()))
    seen = set()
    for letter in pair.wire.sent:
        if "/dsp/" not in letter.url or not letter.body:
            continue
        said = json.loads(letter.body)
        name = "".join(f"-{one.lower()}" if one.isupper() else one for one in said["@type"]).strip("-")
        schema = documents[by_name[f"{name}-schema"]]
        jsonschema_rs.validator_for(schema, registry=registry).validate(said)
        seen.add(said["@type"])
    assert seen >= {
        "CatalogRequestMessage", "ContractRequestMessage", "ContractAgreementMessage", "TransferRequestMessage",
        "ContractAgreementVerificationMessage", "ContractNegotiationEventMessage", "TransferStartMessage",
    }  # fmt: skip


def test_what_was_on_its_way_is_sent_after_a_restart(tmp_path: Path) -> None:
    """The consumer's server ends while its partner is away; started again, it goes on where it was."""

    async def go() -> tuple[str, str]:
        async with trading(tmp_path, "a", "b", store="embedded") as (wire, twins):
            provider, consumer = twins["a"], twins["b"]
            wire.gone.add(provider.host)
            found = await provider.desk.offers.find(Participant(consumer.id), AREAS)
            assert found is not None
            begun = consumer.desk.negotiations.request(
                provider.id, "http://a.test/dsp", AREAS, found.offers[0]
            )
            await asyncio.sleep(0)
            await consumer.twin.close()
            wire.gone.clear()
            again = await open_trading_twin(tmp_path, "b", wire, store="embedded")
            twins["b"] = again
            again.desk.open()
            await again.settled()
            await provider.settled()
            await again.settled()
            kept = again.desk.book.find(Negotiation, begun.id)
            assert kept is not None
            return kept.state, kept.why

    assert asyncio.run(go()) == ("FINALIZED", "")


def test_the_transfer_is_known_by_both_ids(pair: Pair) -> None:
    ours = pair.agree()
    begun = pair.begin(ours["agreement"], "LDES-PULL")
    theirs = pair.provider.desk.book.find(Transfer, begun["peer"])
    assert theirs is not None
    assert (theirs.peer, theirs.consumer_pid, theirs.provider_pid) == (
        begun["id"],
        begun["id"],
        begun["peer"],
    )
    assert "dst_" not in json.dumps(pair.ask(pair.provider, "GET", f"/transfers/{theirs.id}").json)
