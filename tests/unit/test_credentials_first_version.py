"""Credentials of the first version of the data model, in the shapes in which Eclipse EDC 0.15 gives, shows and asks."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sympolis.dataspace.calls import Answer
from sympolis.dataspace.credentials import credential, status
from sympolis.dataspace.credentials.credential import MEMBERSHIP
from sympolis.dataspace.credentials.did import build_document
from sympolis.dataspace.credentials.first_version import CONTEXT
from sympolis.dataspace.credentials.identity import PARTNER_ROLE
from sympolis.dataspace.credentials.keys import KeyRing
from sympolis.dataspace.credentials.self_issued import SelfIssued
from sympolis.dataspace.credentials.signed import peek
from sympolis.dataspace.partners.partner import Kind, Partner
from sympolis.dataspace.records import MemoryRecords
from sympolis.domain import errors
from sympolis.testing.neighbours import Neighbour, Network

AUTHORITY, EDC = "did:web:authority.example", "did:web:edc.example"
EDC_SCOPE = "org.eclipse.edc.vc.type:MembershipCredential:read"
LISTS = "https://authority.example/lists/1"


class Others:
    """An authority and a connector of another make: their DID documents, and what the connector's wallet shows."""

    def __init__(self, network: Network) -> None:
        self.keys = {AUTHORITY: KeyRing(MemoryRecords()), EDC: KeyRing(MemoryRecords())}
        self.shown: list[Any] = []
        self.scopes: list[list[str]] = []
        self.revoked: frozenset[int] = frozenset()
        network.said = self.said

    def sign(self, who: str, claims: Mapping[str, Any]) -> str:
        return self.keys[who].sign({"typ": "JWT"}, dict(claims), did=who)

    def said(self, method: str, url: str, headers: Any, body: bytes) -> Answer | None:
        for did, service, kind in (
            (AUTHORITY, "issuer", "IssuerService"),
            (EDC, "wallet", "CredentialService"),
        ):
            host = did.removeprefix("did:web:")
            if url == f"https://{host}/.well-known/did.json":
                document = build_document(did, self.keys[did].public(), {kind: f"https://{host}/{service}"})
                return Answer(200, {}, json.dumps(document).encode())
        if url == LISTS:
            claims = {"type": "StatusList2021", "encodedList": status.encode(self.revoked).removeprefix("u")}
            given = self.given(AUTHORITY, kind=status.STATUS_LIST, claims=claims)
            return Answer(200, {}, given.encode())
        if url == "https://edc.example/wallet/presentations/query":
            self.scopes.append(json.loads(body)["scope"])
            return Answer(200, {}, json.dumps({"presentation": self.shown}).encode())
        return None

    def given(self, subject: str, *, kind: str = MEMBERSHIP, **more: Any) -> str:
        now = int(time.time())
        vc = {
            "@context": [CONTEXT],
            "id": str(uuid.uuid4()),
            "type": ["VerifiableCredential", kind],
            "issuer": AUTHORITY,
            "issuanceDate": "2026-01-01T00:00:00.123456789Z",
            "credentialSubject": more.get("claims", {"holder": "yes"}),
        }
        if "status" in more:
            vc["credentialStatus"] = more["status"]
        claims = {
            "iss": AUTHORITY,
            "sub": subject,
            "iat": now,
            "nbf": now - 9,
            "exp": now + 900,
            "jti": vc["id"],
        }
        return self.sign(AUTHORITY, claims | more.get("token", {}) | {"vc": vc})

    def presented(self, reader: str, *jwts: str, **more: Any) -> str:
        now = int(time.time())
        vp = {"@context": [CONTEXT], "type": "VerifiablePresentation", "verifiableCredential": list(jwts)}
        claims = {
            "iss": EDC,
            "aud": reader,
            "iat": now,
            "nbf": now,
            "exp": now + 60,
            "jti": str(uuid.uuid4()),
        }
        return self.sign(EDC, claims | more | {"vp": vp})

    def header(self, twin: Neighbour) -> str:
        said = SelfIssued(self.keys[EDC], twin.federation.resolver, lambda: EDC)
        return f"Bearer {said.write(twin.did, token='leave')}"


def play(work: Callable[[Neighbour, Others], Awaitable[None]]) -> None:
    async def run() -> None:
        network = Network()
        twin = network.add_twin("a.example", "A")
        await work(twin, Others(network))

    asyncio.run(run())


def test_a_connectors_membership_counts_where_its_authority_does() -> None:
    async def work(twin: Neighbour, others: Others) -> None:
        others.shown = [others.presented(twin.did, others.given(EDC))]
        with pytest.raises(errors.Unauthenticated, match="no partner"):
            await twin.federation.identity.identify(others.header(twin))
        twin.federation.anchors.add(AUTHORITY, (MEMBERSHIP,))
        twin.federation.identity.forget(EDC)
        found = await twin.federation.identity.identify(others.header(twin))
        assert found.member_of == {f"{AUTHORITY}#{MEMBERSHIP}"}

    play(work)


def test_what_its_authority_took_back_counts_no_longer() -> None:
    async def work(twin: Neighbour, others: Others) -> None:
        entry = {
            "id": f"{LISTS}#7",
            "type": status.STATUS_ENTRY,
            "statusPurpose": "revocation",
            "statusListIndex": "7",
            "statusListCredential": LISTS,
        }
        read = await credential.read(
            others.given(EDC, status=[entry]), twin.federation.resolver, now=datetime.now(UTC)
        )
        lists = twin.federation.identity._statuses
        assert await lists.holds(read)
        others.revoked = frozenset({7})
        lists._kept.clear()
        assert not await lists.holds(read)
        several = await credential.read(
            others.given(EDC, status=[entry, entry]), twin.federation.resolver, now=datetime.now(UTC)
        )
        assert not await lists.holds(several)

    play(work)


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ({"sub": "did:web:else.example"}, None),
        ({"iss": EDC}, "another's"),
        ({"exp": "soon"}, "until when"),
        ({"exp": 10}, "ended"),
    ],
)
def test_the_token_says_whose_and_how_long(token: dict[str, Any], reason: str | None) -> None:
    async def work(twin: Neighbour, others: Others) -> None:
        jwt = others.given(EDC, token=token)
        if reason is None:
            read = await credential.read(jwt, twin.federation.resolver, now=datetime.now(UTC))
            assert read.subject == "did:web:else.example"
            return
        with pytest.raises(errors.Unauthenticated, match=reason):
            await credential.read(jwt, twin.federation.resolver, now=datetime.now(UTC))

    play(work)


@pytest.mark.parametrize("forged", [{"iss": AUTHORITY}, {"aud": "did:web:b.example"}])
def test_a_presentation_is_its_holders_and_for_us(forged: dict[str, Any]) -> None:
    async def work(twin: Neighbour, others: Others) -> None:
        twin.federation.anchors.add(AUTHORITY, (MEMBERSHIP,))
        others.shown = [others.presented(twin.did, others.given(EDC), **forged)]
        with pytest.raises(errors.Unauthenticated, match="somebody else"):
            await twin.federation.identity.identify(others.header(twin))

    play(work)


def test_we_show_a_connector_what_its_authority_gave_us_in_its_own_form() -> None:
    async def work(twin: Neighbour, others: Others) -> None:
        federation = twin.federation
        now = datetime.now(UTC)
        for did, kind in ((EDC, Kind.CONNECTOR), ("did:web:b.example", Kind.TWIN)):
            partner = Partner(id=did, base_url="https://b.example", name=did, kind=kind, added_at=now)
            federation.directory.keep(partner)
        theirs = await credential.read(others.given(twin.did), federation.resolver, now=now)
        federation.wallet.hold(theirs)
        federation.wallet.hold(replace(theirs, issuer="did:web:b.example", jwt="e30.e30.x"))
        asking = SelfIssued(others.keys[EDC], federation.resolver, lambda: EDC)
        header = f"Bearer {asking.write(twin.did, token=federation._tokens.issue(EDC))}"
        query = {"type": "PresentationQueryMessage", "scope": [EDC_SCOPE]}
        answer = await twin.send(
            "POST", "/api/federation/dcp/presentations/query", query, authorization=header
        )
        [jwt] = answer.json["presentation"]
        claims = peek(jwt)[1]
        assert claims["vp"]["verifiableCredential"] == [theirs.jwt]
        assert (claims["iss"], claims["aud"]) == (twin.did, EDC) and claims["jti"]

    play(work)


def test_a_partner_is_one_whatever_its_wallet_says_of_our_words() -> None:
    async def work(twin: Neighbour, others: Others) -> None:
        now = datetime.now(UTC)
        partner = Partner(
            id=EDC, base_url="https://edc.example", name="EDC", kind=Kind.CONNECTOR, added_at=now
        )
        twin.federation.directory.keep(partner)
        found = await twin.federation.identity.identify(others.header(twin))
        assert found.member_of == {PARTNER_ROLE}

    play(work)


def test_an_authority_is_asked_for_a_membership_and_brings_it() -> None:
    async def work(twin: Neighbour, others: Others) -> None:
        sent: list[dict[str, Any]] = []

        def said(method: str, url: str, headers: Any, body: bytes) -> Answer | None:
            if url == "https://authority.example/issuer/credentials":
                sent.append(json.loads(body))
                return Answer(201)
            return others.said(method, url, headers, body)

        twin.federation.calls.said = said  # type: ignore[attr-defined]
        asked = await twin.send(
            "POST", "/api/federation/credentials", {"issuer": AUTHORITY, "credential": "m-1"}
        )
        assert asked.status == 202 and asked.json == {"issuer": AUTHORITY, "credential": "m-1"}
        [request] = sent
        assert request["credentials"] == [{"id": "m-1"}]
        brought = {
            "@context": ["https://w3id.org/dspace-dcp/v1.0/dcp.jsonld"],
            "type": "CredentialMessage",
            "holderPid": request["holderPid"],
            "issuerPid": "1",
            "status": "ISSUED",
            "credentials": [{"credentialType": MEMBERSHIP, "payload": others.given(twin.did), "format": "VC1_0_JWT"}],
        }  # fmt: skip
        proof = SelfIssued(others.keys[AUTHORITY], twin.federation.resolver, lambda: AUTHORITY)
        answer = await twin.send(
            "POST",
            "/api/federation/dcp/credentials",
            brought,
            authorization=f"Bearer {proof.write(twin.did)}",
        )
        assert answer.status == 200
        [held] = (await twin.send("GET", "/api/federation/credentials")).json["held"]
        assert held["issuer"] == AUTHORITY and MEMBERSHIP in held["types"]
        refused = await twin.send("POST", "/api/federation/credentials", {"issuer": "nobody"})
        assert refused.status == 400

    play(work)
