"""What somebody may try: replayed, reordered, doubled and forged messages, addresses that lead inside, old versions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import pytest

from sympolis.app.federating import calls_through
from sympolis.dataspace.calls import Answer
from sympolis.dataspace.contracts import negotiations
from sympolis.dataspace.contracts.book import MemoryBook
from sympolis.dataspace.contracts.desk import ContractDesk
from sympolis.dataspace.contracts.exchange import WAITS_S
from sympolis.dataspace.contracts.market import Market
from sympolis.dataspace.contracts.offers import FixedOffers, Offered
from sympolis.dataspace.dsp.credentials import Participant, SharedKeys
from sympolis.dataspace.dsp.machines import Act
from sympolis.dataspace.dsp.processes import Agreement, Negotiation
from sympolis.dataspace.dsp.vocabulary import CONTEXT
from sympolis.domain import errors
from sympolis.egress import EgressPolicy, Guard, HttpClient
from sympolis.governance.audit.record import Act as AuditAct
from sympolis.testing import asgi_client
from sympolis.testing.trading import AREAS, Pair, TradingTwin, two_twins

OFFER = {"@id": "urn:offer:1", "@type": "Offer", "permission": [{"action": "use"}]}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with two_twins(tmp_path_factory.mktemp("hostile")) as found:
        yield found


def say(
    pair: Pair, sender: TradingTwin, to: TradingTwin, path: str, document: Any, **headers: str
) -> asgi_client.Answer:
    """A message as the sender would sign it, whatever it says."""

    async def go() -> asgi_client.Answer:
        said = await sender.desk.credentials.authorization(to.id, f"http://{to.host}/dsp")
        given = {"host": to.host, "authorization": said or "", **headers}
        return await asgi_client.exchange(to.twin.asgi, "POST", f"/dsp{path}", json=document, headers=given)

    return pair.run(go())  # type: ignore[no-any-return]


def request(number: int, offer: Mapping[str, Any], **members: Any) -> dict[str, Any]:
    return {
        "@context": [CONTEXT],
        "@type": "ContractRequestMessage",
        "consumerPid": f"urn:uuid:consumer-{number}",
        "offer": {**offer, "target": AREAS},
        "callbackAddress": "http://b.test/dsp",
        **members,
    }


def about(answer: Any, kind: str, **members: Any) -> dict[str, Any]:
    pids = {name: answer[name] for name in ("providerPid", "consumerPid")}
    return {"@context": [CONTEXT], "@type": kind, **pids, **members}


@pytest.fixture(scope="module")
def offer(pair: Pair) -> Mapping[str, Any]:
    found = pair.run(pair.provider.desk.offers.find(Participant(pair.consumer.id), AREAS))
    return found.offers[0]  # type: ignore[no-any-return]


def test_the_same_first_message_twice_makes_one_negotiation(pair: Pair, offer: Mapping[str, Any]) -> None:
    first = say(pair, pair.consumer, pair.provider, "/negotiations/request", request(1, offer))
    again = say(pair, pair.consumer, pair.provider, "/negotiations/request", request(1, offer))
    assert (first.status, again.status) == (201, 201)
    assert first.json["providerPid"] == again.json["providerPid"]
    other = request(1, {**offer, "permission": [{"action": "sell"}]})
    answer = say(pair, pair.consumer, pair.provider, "/negotiations/request", other)
    assert (answer.status, answer.json["@type"]) == (400, "ContractNegotiationError")


def test_the_same_first_message_many_times_at_once(pair: Pair, offer: Mapping[str, Any]) -> None:
    async def go() -> set[str]:
        async def one() -> asgi_client.Answer:
            said = await pair.consumer.desk.credentials.authorization(pair.provider.id, "http://a.test/dsp")
            headers = {"host": "a.test", "authorization": said or ""}
            target = "/dsp/negotiations/request"
            return await asgi_client.exchange(
                pair.provider.twin.asgi, "POST", target, json=request(2, offer), headers=headers
            )

        return {one.json["providerPid"] for one in await asyncio.gather(*(one() for _ in range(10)))}

    assert len(pair.run(go())) == 1


def test_a_recorded_message_is_worth_nothing_to_others(pair: Pair) -> None:
    """A letter that was read on the wire, sent once more just as it was: its proof counts once."""
    ours = pair.agree()
    pair.settle()
    before = pair.provider.desk.negotiations.get(ours["peer"])
    for letter in pair.wire.to(pair.provider.host, "/agreement/verification")[-1:]:
        answer = pair.run(pair.wire.again(letter))
        assert (answer.status, answer.json["@type"]) == (404, "ContractNegotiationError")
    assert pair.provider.desk.negotiations.get(ours["peer"]) == before


def test_messages_out_of_order_change_nothing(pair: Pair, offer: Mapping[str, Any]) -> None:
    pair.wire.gone.add(pair.consumer.host)  # our own messages do not get through: they send what they like
    try:
        begun = say(pair, pair.consumer, pair.provider, "/negotiations/request", request(3, offer)).json
        path = f"/negotiations/{begun['providerPid']}"
        out_of_order = (
            ("/events", about(begun, "ContractNegotiationEventMessage", eventType="FINALIZED")),
            ("/events", about(begun, "ContractNegotiationEventMessage", eventType="ACCEPTED")),
            ("/request", {**about(begun, "ContractRequestMessage"), "offer": {**offer, "target": AREAS}}),
            ("/offers", {**about(begun, "ContractOfferMessage"), "offer": {**offer, "target": AREAS}}),
        )
        for end, document in out_of_order:
            answer = say(pair, pair.consumer, pair.provider, path + end, document)
            assert (answer.status, answer.json["@type"]) == (400, "ContractNegotiationError"), end
            assert answer.json["providerPid"] == begun["providerPid"]
        assert pair.provider.desk.negotiations.get(begun["providerPid"]).state == "REQUESTED"
        ended = about(begun, "ContractNegotiationTerminationMessage")
        assert say(pair, pair.consumer, pair.provider, f"{path}/termination", ended).status == 200
        assert say(pair, pair.consumer, pair.provider, f"{path}/termination", ended).status == 200, "a repeat"
        late = about(begun, "ContractAgreementVerificationMessage")
        assert say(pair, pair.consumer, pair.provider, f"{path}/agreement/verification", late).status == 400
    finally:
        pair.wire.gone.clear()


def test_nobody_takes_part_in_what_others_negotiate(pair: Pair) -> None:
    """Neither a stranger, nor a partner of the provider's who is not this one, learns even that there is something."""
    ours = pair.agree()
    pid = ours["peer"]
    path = f"/negotiations/{pid}/termination"
    document = about({"providerPid": pid, "consumerPid": ours["id"]}, "ContractNegotiationTerminationMessage")
    unsigned = pair.run(
        asgi_client.exchange(
            pair.provider.twin.asgi, "POST", f"/dsp{path}", json=document, headers={"host": "a.test"}
        )
    )
    myself = say(pair, pair.provider, pair.consumer, path, document)  # the provider's id, at the consumer
    for answer in (unsigned, myself):
        assert (answer.status, answer.json["@type"]) == (404, "ContractNegotiationError")
        assert pid not in answer.body.decode() or answer is myself
    none = say(pair, pair.consumer, pair.provider, "/negotiations/urn:uuid:none/termination", document)
    assert none.status == 404
    assert {**none.json, "reason": []} == {**unsigned.json, "reason": []}
    denied = [one.event for one in pair.run(pair.provider.entries()) if one.event.act is AuditAct.DENIED]
    assert any(pid in one.target for one in denied)


def test_pids_that_do_not_belong_together(pair: Pair) -> None:
    one, other = pair.agree(), pair.agree()
    mixed = about(
        {"providerPid": one["peer"], "consumerPid": other["id"]}, "ContractAgreementVerificationMessage"
    )
    path = f"/negotiations/{one['peer']}/agreement/verification"
    answer = say(pair, pair.consumer, pair.provider, path, mixed)
    assert answer.status == 400
    assert "consumerPid" in answer.json["reason"][0]


@pytest.mark.parametrize(
    ("lie", "named"),
    [
        ({"permission": [{"action": "use"}], "obligation": [{"action": "compensate"}]}, "terms"),
        ({"target": "urn:sympolis:dataset:streets"}, "target"),
        ({"assignee": "did:web:somebody.else"}, "assignee"),
        ({"assigner": "did:web:somebody.else"}, "assigner"),
    ],
)
def test_an_agreement_that_says_something_else_is_not_taken(
    pair: Pair, lie: Mapping[str, Any], named: str
) -> None:
    writers = pair.provider.desk.negotiations._writers
    honest = writers[Act.AGREE]

    def lying(process: Negotiation) -> Any:
        path, body, changed = honest(process)
        agreement = {**body["agreement"], **lie}
        return path, {**body, "agreement": agreement}, msgspec.structs.replace(changed, agreement=agreement)

    writers[Act.AGREE] = lying
    try:
        asked = {"partner": pair.provider.id, "dataset": AREAS}
        answer = pair.ask(pair.consumer, "POST", "/negotiations?wait_s=10", asked)
        pair.settle()
    finally:
        writers[Act.AGREE] = honest
    found = pair.ask(pair.consumer, "GET", f"/negotiations/{answer.json['id']}").json
    assert found["state"] == "TERMINATED"
    assert f"another {named}" in found["why"]
    assert pair.consumer.desk.book.find(Agreement, found["agreement"]) is None


@pytest.mark.parametrize(
    "broken",
    [
        b"", b"[]", b"{", b"null", b'"x"', b"{}", b"\xff\xfe",
        b'{"@context":["https://w3id.org/dspace/2025/1/context.jsonld"],"@type":"ContractRequestMessage"}',
        b'{"@context":"https://w3id.org/dspace/2025/1/context.jsonld","@type":"ContractRequestMessage"}',
        b"[" * 10_000, b'{"a":' * 200 + b"1" + b"}" * 200,
        b'{"@context":["x"],"offer":' + b"9" * 400 + b"}",
    ],
)  # fmt: skip
def test_what_is_no_message_is_a_bad_request(pair: Pair, broken: bytes) -> None:
    async def go() -> asgi_client.Answer:
        said = await pair.consumer.desk.credentials.authorization(pair.provider.id, "http://a.test/dsp")
        headers = {"host": "a.test", "authorization": said or "", "content-type": "application/json"}
        return await asgi_client.exchange(
            pair.provider.twin.asgi, "POST", "/dsp/negotiations/request", body=broken, headers=headers
        )

    answer = pair.run(go())
    assert (answer.status, answer.json["@type"]) == (400, "ContractNegotiationError")


def test_a_message_is_small(pair: Pair, offer: Mapping[str, Any]) -> None:
    long = request(4, offer, more="x" * 300_000)
    assert say(pair, pair.consumer, pair.provider, "/negotiations/request", long).status == 413


def test_an_offer_of_yesterday_is_none(pair: Pair, offer: Mapping[str, Any]) -> None:
    old = request(5, {**offer, "@id": "urn:sympolis:offer:00000000000000000000000000000000"})
    answer = say(pair, pair.consumer, pair.provider, "/negotiations/request", old)
    assert answer.status == 400
    assert any("ask for the catalogue" in one for one in answer.json["reason"])
    unknown = {**request(6, offer), "offer": {**offer, "target": "urn:sympolis:dataset:none"}}
    assert say(pair, pair.consumer, pair.provider, "/negotiations/request", unknown).status == 404


def test_an_offer_that_nobody_asked_for_binds_nobody(pair: Pair, offer: Mapping[str, Any]) -> None:
    """A provider may begin; what follows, people decide."""
    document = {
        "@context": [CONTEXT], "@type": "ContractOfferMessage", "providerPid": "urn:uuid:pushy",
        "offer": {**offer, "target": AREAS}, "callbackAddress": "http://a.test/dsp",
    }  # fmt: skip
    answer = say(pair, pair.provider, pair.consumer, "/negotiations/offers", document)
    assert (answer.status, answer.json["state"]) == (201, "OFFERED")
    pair.settle()
    assert pair.consumer.desk.negotiations.get(answer.json["consumerPid"]).state == "OFFERED"


def test_nobody_opens_negotiations_without_end(
    pair: Pair, offer: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(negotiations, "MOST_OPEN", 2)
    pair.wire.gone.add(pair.consumer.host)
    try:
        statuses = [
            say(
                pair, pair.consumer, pair.provider, "/negotiations/request", request(100 + number, offer)
            ).status
            for number in range(4)
        ]
    finally:
        pair.wire.gone.clear()
    assert statuses == [201, 201, 429, 429]


def test_a_transfer_under_somebody_elses_agreement(pair: Pair) -> None:
    ours = pair.agree()
    document = {
        "@context": [CONTEXT], "@type": "TransferRequestMessage", "consumerPid": "urn:uuid:t-1",
        "agreementId": ours["agreement"], "format": "File-PULL", "callbackAddress": "http://a.test/dsp",
    }  # fmt: skip
    answer = say(pair, pair.provider, pair.consumer, "/transfers/request", document)
    assert (answer.status, answer.json["@type"]) == (404, "TransferError")
    unknown = {**document, "agreementId": "urn:uuid:none"}
    assert say(pair, pair.consumer, pair.provider, "/transfers/request", unknown).status == 404
    strange = {**document, "format": "Pigeon-PUSH"}
    assert say(pair, pair.consumer, pair.provider, "/transfers/request", strange).status == 400


# --- addresses that lead inside


def lonely(calls: Any) -> ContractDesk:
    """A provider of one dataset who calls through ``calls`` and waits for nothing."""

    async def no_wait(_seconds: float) -> None:
        return None

    class Nowhere:
        async def look(self, dataset: str) -> None:
            return None

        def path(self, dataset: str, format: str) -> str | None:
            return "/"

    return ContractDesk(
        MemoryBook(),
        calls,
        SharedKeys("did:web:us"),
        address=lambda: "https://us.example/dsp",
        offers=FixedOffers((Offered(id=AREAS, title={}, offers=(OFFER,), formats=("File-PULL",)),)),
        endpoints=Nowhere(),
        sleep=no_wait,
    )


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:1/dsp", "http://localhost:1/dsp", "http://[::1]:1/dsp", "http://169.254.169.254/latest",
        "http://10.0.0.5/dsp", "http://[::ffff:127.0.0.1]:1/", "http://0.0.0.0:1/", "http://[64:ff9b::7f00:1]:1/",
    ],
)  # fmt: skip
def test_a_callback_address_leads_nowhere_inside(address: str) -> None:
    """The real way out, with its guard: nothing is connected to, and the negotiation says why it ended."""

    async def go() -> Negotiation:
        client = HttpClient(Guard(EgressPolicy()))
        desk = lonely(calls_through(client))
        document = request(1, OFFER, callbackAddress=address)
        begun = await desk.negotiations.take_request(Participant("did:web:them"), document)
        await desk.settled()
        await client.close()
        return desk.negotiations.get(begun.id)

    found = asyncio.run(go())
    assert found.state == "TERMINATED"
    assert "not public" in found.why


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "ftp://x.example/", "//x.example", "x", "http://", "http://u:p@x.example/",
     "http://x\r\nA: b/", "http://x.example/?a=b", "http://x.example/#f", "http://" + "x" * 3000],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    async def go() -> None:
        desk = lonely(None)
        with pytest.raises(errors.InvalidRequest):
            await desk.negotiations.take_request(
                Participant("did:web:them"), request(1, OFFER, callbackAddress=address)
            )
        assert desk.book.page(Negotiation) == []

    asyncio.run(go())


def test_a_partner_that_does_not_answer_is_given_up() -> None:
    tried = []

    async def silent(_method: str, url: str, **_: Any) -> Answer:
        tried.append(url)
        raise errors.SourceFailed("did not answer", where=url)

    async def go() -> Negotiation:
        desk = lonely(silent)
        begun = await desk.negotiations.take_request(Participant("did:web:them"), request(1, OFFER))
        await desk.settled()
        return desk.negotiations.get(begun.id)

    found = asyncio.run(go())
    assert (found.state, len(tried)) == ("TERMINATED", len(WAITS_S) + 1)
    assert "cannot be reached" in found.why


# --- versions


def versions(*found: tuple[str, str]) -> Any:
    async def calls(_method: str, _url: str, *, headers: Sequence[Any] = (), **_: Any) -> Answer:
        told = [{"version": one, "path": path, "binding": "HTTPS"} for one, path in found]
        return Answer(200, {}, json.dumps({"protocolVersions": told}).encode())

    return Market(calls, SharedKeys("did:web:us"))


def test_only_our_version_is_spoken() -> None:
    both = versions(("2024-1", "/old"), ("2025-1", "/new"), ("0.8", "/oldest"))
    assert asyncio.run(both.discover("https://them.example/")) == "https://them.example/new"


def test_nobody_talks_us_down_to_an_older_version() -> None:
    with pytest.raises(errors.SourceFailed, match=r"speaks 0\.8, 2024-1"):
        asyncio.run(versions(("2024-1", "/old"), ("0.8", "/oldest")).discover("https://them.example"))


@pytest.mark.parametrize("path", ["//evil.example/dsp", "https://evil.example/", "/../../x?y"])
def test_a_versions_path_stays_at_its_server(path: str) -> None:
    try:
        found = asyncio.run(versions(("2025-1", path)).discover("https://them.example"))
    except errors.SympolisError:
        return
    assert found.startswith("https://them.example/")
