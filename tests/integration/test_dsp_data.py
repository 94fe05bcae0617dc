"""Data under contract: the agreement's policy at every request, for every format, and nothing beside the dataset."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sympolis.api.dsp import data
from sympolis.api.http import Stream
from sympolis.dataspace.delivery import receiving
from sympolis.dataspace.dsp.machines import Act as Doing
from sympolis.dataspace.dsp.processes import Transfer
from sympolis.dataspace.partners.partner import Standing
from sympolis.egress.http import Response
from sympolis.testing.trading import AREAS, COUNTS, Pair, two_twins

ODRL = "http://www.w3.org/ns/odrl.jsonld"
RESEARCH = "https://w3id.org/dpv#ResearchAndDevelopment"
MARKETING = "https://w3id.org/dpv#Marketing"
PLACE = "https://publications.europa.eu/resource/authority/country/DEU"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with two_twins(tmp_path_factory.mktemp("data")) as found:
        yield found


@pytest.fixture(autouse=True)
def _no_policy(pair: Pair) -> Iterator[None]:
    yield
    book = pair.provider.twin.government.governed.gate.book  # type: ignore[union-attr]
    if book.document("areas") is not None:
        book.remove("areas")


def policy(pair: Pair, *constraints: dict[str, Any], **members: Any) -> None:
    """What the provider's data owner sets for the areas, in force at once."""
    rule = {"action": "use", **({"constraint": list(constraints)} if constraints else {})}
    document = {"@context": ODRL, "@type": "Set", "permission": [rule], **members}
    pair.provider.twin.government.governed.gate.book.set("areas", document)  # type: ignore[union-attr]
    pair.provider.desk.offers._look = None  # type: ignore[attr-defined]


def constraint(left: str, operator: str, right: Any) -> dict[str, Any]:
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


def started(pair: Pair, format: str = "NGSI-LD-PULL", dataset: str = AREAS) -> str:
    """A transfer that runs and of which nothing is taken by itself; its id at the consumer."""
    pair.provider.desk.offers._look = None  # type: ignore[attr-defined]
    begun = pair.begin(pair.agree(dataset)["agreement"], format, take=False)
    assert begun["state"] == "STARTED", begun["why"]
    return str(begun["id"])


def test_only_for_the_purpose_that_was_agreed_on(pair: Pair) -> None:
    policy(pair, constraint("purpose", "eq", {"@id": RESEARCH}))
    transfer = started(pair)
    assert pair.get(transfer).status == 403
    assert pair.get(transfer, sympolis_purpose=MARKETING).status == 403
    answer = pair.get(transfer, sympolis_purpose=RESEARCH)
    assert answer.status == 200
    assert len(answer.json) == 2


def test_only_at_the_place_that_was_agreed_on(pair: Pair) -> None:
    policy(pair, constraint("spatial", "eq", {"@id": PLACE}))
    transfer = started(pair)
    assert [pair.get(transfer).status, pair.get(transfer, sympolis_place=PLACE).status] == [403, 200]


def test_only_as_often_as_was_agreed_on(pair: Pair) -> None:
    policy(pair, constraint("count", "lteq", {"@value": "3", "@type": "xsd:integer"}))
    transfer = started(pair)
    assert [pair.get(transfer).status for _ in range(5)] == [200, 200, 200, 403, 403]
    again = started(pair)
    assert pair.get(again).status == 200, "another agreement has another count"


def test_only_until_the_time_that_was_agreed_on(pair: Pair) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    policy(pair, constraint("dateTime", "lt", {"@value": soon.isoformat(), "@type": "xsd:dateTime"}))
    transfer = started(pair)
    assert pair.get(transfer).status == 200
    desk = pair.provider.desk
    real = desk.enforcement
    try:
        later = type(real)(real.book, real.present, lambda: soon + timedelta(seconds=1), real.suspended)
        desk.enforcement = later
        assert pair.get(transfer).status == 403
    finally:
        desk.enforcement = real


def test_only_for_the_recipient_that_was_agreed_on(pair: Pair) -> None:
    policy(pair, constraint("recipient", "eq", {"@id": pair.consumer.id}))
    assert pair.get(started(pair)).status == 200
    policy(pair, constraint("recipient", "eq", {"@id": "did:web:somebody.else"}))
    begun = pair.begin(pair.agree()["agreement"], "NGSI-LD-PULL", take=False)
    assert (begun["state"], begun["why"]) == ("TERMINATED", "no rule permits it now")


def test_duties_come_with_the_data(pair: Pair) -> None:
    document = {
        "@context": ODRL, "@type": "Set",
        "permission": [{"action": "use", "duty": [{"action": "attribute"}]}],
    }  # fmt: skip
    pair.provider.twin.government.governed.gate.book.set("areas", document)  # type: ignore[union-attr]
    answer = pair.get(started(pair))
    assert (answer.status, answer.header("sympolis-duties")) == (200, "attribute")


def test_what_the_owner_forbids_ends_at_once(pair: Pair) -> None:
    """A policy changes during a transfer: its permissions were agreed on, its prohibitions hold for everybody."""
    policy(pair)
    transfer = started(pair)
    assert pair.get(transfer).status == 200
    policy(pair, constraint("dateTime", "lt", {"@value": "2020-01-01T00:00:00Z", "@type": "xsd:dateTime"}))
    assert pair.get(transfer).status == 200, "a stricter offer does not change what was agreed on"
    policy(pair, prohibition=[{"action": "read"}])
    assert pair.get(transfer).status == 403


def test_suspension_and_termination_hold_at_the_next_request(pair: Pair) -> None:
    transfer = started(pair)
    peer = pair.consumer.desk.book.find(Transfer, transfer).peer  # type: ignore[union-attr]
    pair.wire.gone.add(pair.consumer.host)  # the partner does not even hear of it
    try:
        pair.ask(pair.provider, "POST", f"/transfers/{peer}/decision", {"act": "suspend"})
        assert pair.get(transfer).status == 403
    finally:
        pair.wire.gone.clear()
    pair.ask(pair.provider, "POST", f"/transfers/{peer}/decision", {"act": "terminate"})
    assert pair.get(transfer).status == 403
    pair.settle()


def test_what_is_being_sent_ends_with_the_contract(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of a long answer has gone when the provider suspends: the rest does not follow."""
    transfer = started(pair, "HttpData-PULL")
    peer = pair.consumer.desk.book.find(Transfer, transfer).peer  # type: ignore[union-attr]

    async def chunks() -> AsyncGenerator[bytes, None]:
        yield b"first half, "
        pair.provider.desk.transfers.decide(peer, Doing.SUSPEND, why="enough")
        yield b"second half"

    monkeypatch.setattr(data, "_LOOK_EVERY_S", -1.0)
    monkeypatch.setattr(data, "part_of", lambda _copy, _span: Stream(chunks=chunks(), status=206))
    assert pair.get(transfer, range="bytes=0-").body == b"first half, "
    [use] = pair.ask(pair.provider, "GET", f"/usage?transfer={peer}").json["uses"]
    assert (use["bytes"], use["reason"]) == (12, "the transfer is about to suspend")
    pair.settle()
    assert pair.ask(pair.consumer, "GET", f"/transfers/{transfer}").json["why"] == "enough"


def test_copies_are_let_go_with_their_transfer(pair: Pair) -> None:
    transfer = started(pair, "HttpData-PULL")
    assert pair.get(transfer, range="bytes=0-9").status == 206
    peer = pair.consumer.desk.book.find(Transfer, transfer).peer  # type: ignore[union-attr]
    aside = next(one for one in _copies(pair) if one[0] == peer)
    assert aside[1].exists()
    pair.ask(pair.consumer, "POST", f"/transfers/{transfer}/decision", {"act": "complete"})
    pair.settle()
    assert not aside[1].exists()
    assert all(one[0] != peer for one in _copies(pair))


def _copies(pair: Pair) -> list[tuple[str, Path]]:
    """The copies that the provider has put aside, by transfer."""
    end: Any = pair.provider.desk.transfers.on_end
    [aside] = [cell.cell_contents for cell in end.__closure__]
    return [(key[0], copy.path) for key, copy in aside._copies.items()]


def test_a_partner_that_is_suspended_gets_nothing(pair: Pair) -> None:
    transfer = started(pair)
    directory = pair.provider.twin.federation.directory  # type: ignore[union-attr]
    kept = directory.get(pair.consumer.id)
    directory.change(pair.consumer.id, standing=Standing.SUSPENDED)
    try:
        assert pair.get(transfer).status == 403
    finally:
        directory.keep(kept)
    assert pair.get(transfer).status == 200


@pytest.mark.parametrize(
    ("format", "path"),
    [
        ("NGSI-LD-PULL", "/ngsi-ld/v1/entities?type=RoadSegment"),
        ("NGSI-LD-PULL", "/ngsi-ld/v1/entities/urn:ngsi-ld:RoadSegment:smallville:1"),
        ("NGSI-LD-PULL", "/ogc/collections/StatisticalArea/items"),
        ("NGSI-LD-PULL", "/ngsi-ld/v1/subscriptions"),
        ("OGC-Features-PULL", "/ogc/collections/RoadSegment/items"),
        ("OGC-Features-PULL", "/ogc/collections"),
        ("LDES-PULL", "/ldes/RoadSegment"),
        ("LDES-PULL", "/ldes"),
        ("File-PULL", "/api/datasets/streets/download"),
        ("File-PULL", "/api/datasets/areas/preview"),
        ("File-PULL", "/api/datasets/areas/download/../../streets/download"),
        ("HttpData-PULL", "/dsp/data/x/ldes/RoadSegment"),
    ],
)
def test_a_transfer_leads_to_its_dataset_alone(pair: Pair, format: str, path: str) -> None:
    answer = pair.get(started(pair, format), path)
    assert answer.status in (403, 404), answer.body
    assert b"roadClass" not in answer.body


def test_a_query_without_a_type_gives_the_dataset_alone(pair: Pair) -> None:
    answer = pair.get(started(pair), "/ngsi-ld/v1/entities?idPattern=urn&local=true&limit=100")
    assert answer.status == 200
    assert len(answer.json) == 2
    assert all("StatisticalArea" in one["id"] for one in answer.json)


def test_other_tenants_are_not_part_of_it(pair: Pair) -> None:
    """The tenant's name does not even reach the interface."""
    answer = pair.get(started(pair), ngsild_tenant="secret")
    assert answer.status == 200
    assert len(answer.json) == 2


def test_a_stream_leads_on_under_the_contract(pair: Pair) -> None:
    transfer = started(pair, "LDES-PULL")
    answer = pair.get(transfer)
    assert answer.status == 200
    peer = pair.consumer.desk.book.find(Transfer, transfer).peer  # type: ignore[union-attr]
    assert f"http://a.test/dsp/data/{peer}/ldes/StatisticalArea".encode() in answer.body
    assert b"http://a.test/ldes/" not in answer.body


# --- parts


def test_parts_make_up_the_whole_and_are_one_use(pair: Pair) -> None:
    policy(pair, constraint("count", "lteq", {"@value": "1", "@type": "xsd:integer"}))
    transfer = started(pair, "HttpData-PULL")
    first = pair.get(transfer, range="bytes=0-99")
    assert (first.status, len(first.body)) == (206, 100)
    tag, size = first.header("etag") or "", int((first.header("content-range") or "").rpartition("/")[2])
    rest = pair.get(transfer, range="bytes=100-", if_range=tag)
    assert rest.status == 206
    assert rest.header("content-range") == f"bytes 100-{size - 1}/{size}"
    assert len(json.loads(first.body + rest.body)["features"]) == 2
    assert pair.get(transfer, range="bytes=0-99").status == 403, "from the beginning is another use"
    assert pair.get(transfer, range=f"bytes={size}-", if_range=tag).status == 400


def test_a_part_of_another_whole_is_answered_with_all(pair: Pair) -> None:
    transfer = started(pair, "HttpData-PULL")
    assert pair.get(transfer, range="bytes=0-9").status == 206
    other = pair.get(transfer, range="bytes=10-19", if_range='"of yesterday"')
    assert other.status == 200
    assert len(json.loads(other.body)["features"]) == 2


def test_what_broke_off_is_taken_up_again(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """The partner vanishes in the middle of a file and comes back: no byte is taken twice, both accounts agree."""
    monkeypatch.setattr(receiving, "PART", 300)
    answered = []

    def spoil(url: str, answer: Response) -> Response:
        if "/download" in url:
            answered.append(answer.headers.get("content-range"))
            if len(answered) == 2:
                pair.wire.gone.add(pair.provider.host)
        return answer

    async def come_back(_seconds: float) -> None:
        pair.wire.gone.clear()

    pair.wire.spoil = spoil
    monkeypatch.setattr(pair.consumer.receiving, "_sleep", come_back)
    try:
        found = pair.begin(pair.agree()["agreement"], "HttpData-PULL")
    finally:
        pair.wire.spoil = lambda _, answer: answer
        pair.wire.gone.clear()
    assert found["state"] == "COMPLETED", found["why"]
    spans = [one.partition("/")[0].removeprefix("bytes ").split("-") for one in answered if one]
    assert [int(first) for first, _ in spans] == [number * 300 for number in range(len(spans))]
    assert len(spans) > 3
    assert pair.ask(pair.consumer, "GET", f"/transfers/{found['id']}/comparison").json["agree"] is True


def test_a_partner_that_stays_away_is_given_up(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    waited = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(pair.consumer.receiving, "_sleep", wait)
    transfer = started(pair, "HttpData-PULL")
    pair.wire.gone.add(pair.provider.host)
    try:
        assert pair.ask(pair.consumer, "POST", f"/transfers/{transfer}/taking", {}).status == 202
        pair.run(pair.consumer.receiving.settled())
    finally:
        pair.wire.gone.clear()
    assert waited == list(receiving.WAITS_S)
    assert pair.ask(pair.consumer, "GET", f"/transfers/{transfer}").json["received"] == []
    last = [one.event for one in pair.run(pair.consumer.entries())][-1]
    assert (last.operation, last.target) == ("takeData", transfer)
    assert "not taken" in last.reason


def test_a_part_that_is_not_what_was_asked_for_is_refused(pair: Pair) -> None:
    def spoil(url: str, answer: Response) -> Response:
        if "/download" in url:
            answer.headers["content-range"] = "bytes 5-9/10"
        return answer

    pair.wire.spoil = spoil
    try:
        found = pair.begin(pair.agree()["agreement"], "HttpData-PULL")
    finally:
        pair.wire.spoil = lambda _, answer: answer
    assert (found["state"], found["received"]) == ("STARTED", [])


# --- tokens


def test_a_token_is_for_one_transfer(pair: Pair) -> None:
    one, other = started(pair), started(pair)
    token = pair.consumer.receiving.endpoint(pair.consumer.desk.transfers.get(other))["authorization"]
    assert pair.get(one, authorization=f"Bearer {token}").status == 401
    assert pair.get(one, authorization="Bearer dst_guess").status == 401
    assert pair.get(one, authorization="-").status == 401


def test_a_client_of_ones_own_gets_a_token_and_the_one_before_ends(pair: Pair) -> None:
    transfer = started(pair)
    first, second = (pair.ask(pair.consumer, "POST", f"/transfers/{transfer}/access") for _ in range(2))
    assert first.json["endpoint"] == second.json["endpoint"]
    assert datetime.fromisoformat(second.json["expires"]) > datetime.now(UTC)
    got = [
        pair.get(transfer, authorization=f"Bearer {one.json['authorization']}").status
        for one in (first, second)
    ]
    assert got == [401, 200]
    there = pair.consumer.desk.transfers.get(transfer).peer
    assert pair.ask(pair.provider, "POST", f"/transfers/{there}/access").json["where"] == "side"
    pair.ask(pair.consumer, "POST", f"/transfers/{transfer}/decision?wait_s=5", {"act": "suspend"})
    refused = pair.ask(pair.consumer, "POST", f"/transfers/{transfer}/access")
    assert (refused.status, refused.json["where"]) == (409, "state")


def test_a_token_ends_and_is_renewed_by_the_partner_alone(pair: Pair) -> None:
    transfer = started(pair, "HttpData-PULL")
    ours = pair.consumer.desk.transfers.get(transfer)
    theirs = pair.provider.desk.transfers.get(ours.peer)
    ended = msgspec.structs.replace(theirs, token_until=datetime.now(UTC), version=theirs.version + 1)
    assert pair.provider.desk.book.replace(ended)
    answer = pair.get(transfer)
    assert (answer.status, answer.json["hint"]) == (401, "ask for another at renewalEndpoint")
    stranger = pair.run(
        pair.provider.ask("POST", f"/dsp/data/{ours.peer}/token", headers={"authorization": "Bearer x"})
    )
    assert stranger.status in (401, 404)
    assert pair.ask(pair.consumer, "POST", f"/transfers/{transfer}/taking", {}).status == 202
    pair.run(pair.consumer.receiving.settled())
    pair.settle()
    assert pair.ask(pair.consumer, "GET", f"/transfers/{transfer}").json["state"] == "COMPLETED"


def test_the_token_of_a_link_is_renewed_before_it_ends(pair: Pair) -> None:
    """Entities of a partner go on being in our queries: the registration carries a new token, the old one is void."""
    transfer = started(pair, "NGSI-LD-PULL", COUNTS)
    made = pair.ask(pair.consumer, "POST", "/links", {"transfer": transfer})
    assert made.status == 201, made.json
    assert pair.consumer.twin.federation is not None
    discovery = pair.consumer.twin.federation.discovery
    assert discovery is not None
    links, path = discovery.links, f"/ngsi-ld/v1/csourceRegistrations/{made.json['registration']}"

    def carried() -> str:
        found = pair.run(pair.consumer.ask("GET", path)).json["contextSourceInfo"]
        [said] = [one["value"] for one in found if one["key"] == "Authorization"]
        return str(said)

    first = carried()
    pair.run(links.refresh())
    assert carried() == first, "a young token stays"
    links._clock = lambda: datetime.now(UTC) + timedelta(minutes=41)
    try:
        pair.run(links.refresh())
        second = carried()
        pair.run(links.refresh())
        assert carried() == second != first, "renewed once"
    finally:
        links._clock = lambda: datetime.now(UTC)
    assert pair.get(transfer, authorization=second).status == 200
    assert pair.get(transfer, authorization=first).status == 401
    pair.wire.gone.add(pair.provider.host)
    links._clock = lambda: datetime.now(UTC) + timedelta(minutes=90)
    try:
        pair.run(links.refresh())
        assert carried() == second, "a partner that is away changes nothing; it is asked again"
    finally:
        pair.wire.gone.clear()
        links._clock = lambda: datetime.now(UTC)
    assert pair.ask(pair.consumer, "DELETE", f"/links/{transfer}").status == 204


def test_history_under_contract(pair: Pair) -> None:
    transfer = started(pair, "NGSI-LD-PULL", COUNTS)
    kind = "ItemFlowObserved"
    link = (
        '<http://a.test/contexts/smallville.jsonld>; rel="http://www.w3.org/ns/json-ld#context";'
        ' type="application/ld+json"'
    )
    path = f"/ngsi-ld/v1/temporal/entities?type={kind}&timerel=after&timeAt=2000-01-01T00:00:00Z&lastN=1"
    answer = pair.get(transfer, path, link=link)
    assert answer.status == 200, answer.body
    assert len(answer.json) == 4
