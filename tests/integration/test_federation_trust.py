"""Two twins become partners and trust each other; forged, stale, foreign and stolen proofs do not pass."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from sympolis.dataspace.credentials import credential
from sympolis.dataspace.credentials.credential import MEMBERSHIP
from sympolis.dataspace.credentials.identity import PARTNER_ROLE
from sympolis.dataspace.credentials.self_issued import SelfIssued
from sympolis.dataspace.federation import Federation, Self
from sympolis.dataspace.records import MemoryRecords
from sympolis.domain import errors
from sympolis.testing.neighbours import Neighbour, Network, lie


async def settled(*twins: Neighbour) -> None:
    """Until nothing is under way at any of them."""
    while any(twin.federation.partners._background for twin in twins):
        for twin in twins:
            await asyncio.gather(*twin.federation.partners._background, return_exceptions=True)


async def joined() -> tuple[Network, Neighbour, Neighbour]:
    """Two partners that vouch for each other."""
    network = Network()
    a, b = network.add_twin("a.example", "A"), network.add_twin("b.example", "B")
    await a.federation.partners.add(b.address)
    await b.federation.partners.add(a.address)
    await settled(a, b)
    return network, a, b


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(work())  # type: ignore[arg-type]


async def header(sender: Neighbour, to: Neighbour) -> str:
    found = await sender.federation.identity.authorization(to.did, to.address)
    assert found is not None
    return found


def test_both_sides_vouch_for_each_other() -> None:
    async def work() -> None:
        _, a, b = await joined()
        for one, other in ((a, b), (b, a)):
            held = one.federation.wallet.held_of(other.did)
            assert held is not None and MEMBERSHIP in held.types
            assert one.federation.directory.get(other.did).knows_us
        found = await b.federation.identity.identify(await header(a, b))
        assert found.id == a.did
        assert found.member_of == {PARTNER_ROLE, f"{b.did}#{MEMBERSHIP}"}

    run(work)


def test_the_order_of_adding_does_not_matter() -> None:
    async def work() -> None:
        network = Network()
        a, b = network.add_twin("a.example", "A"), network.add_twin("b.example", "B")
        alone = await a.federation.partners.add(b.address)
        assert not alone.knows_us and a.federation.wallet.held_of(b.did) is None
        await b.federation.partners.add(a.address)
        await settled(a, b)
        assert a.federation.directory.get(b.did).knows_us
        assert a.federation.wallet.held_of(b.did) is not None

    run(work)


def test_an_invitation_makes_partners_of_both_and_holds_once() -> None:
    async def work() -> None:
        network = Network()
        a, b, c = (network.add_twin(f"{name}.example", name.upper()) for name in "abc")
        made = (await a.send("POST", "/api/federation/invitations", {"note": "next door"})).json
        added = await b.send(
            "POST", "/api/federation/partners", {"base_url": a.address, "invitation": made["invitation"]}
        )
        assert added.status == 201 and added.json["knows_us"]
        await settled(a, b)
        assert a.federation.directory.get(b.did).origin == "invitation"
        assert a.federation.wallet.held_of(b.did) is not None
        refused = await c.send(
            "POST", "/api/federation/partners", {"base_url": a.address, "invitation": made["invitation"]}
        )
        assert refused.status == 403
        assert c.federation.directory.find(a.did) is None and a.federation.directory.find(c.did) is None
        assert made["invitation"] not in str((await a.send("GET", "/api/federation/invitations")).json)

    run(work)


def test_a_proof_counts_once_and_for_one_reader() -> None:
    async def work() -> None:
        network, a, b = await joined()
        c = network.add_twin("c.example", "C")
        await c.federation.partners.add(a.address)
        proof = await header(a, b)
        await b.federation.identity.identify(proof)
        with pytest.raises(errors.Unauthenticated, match="before"):
            await b.federation.identity.identify(proof)
        with pytest.raises(errors.Unauthenticated, match="not for us"):
            await c.federation.identity.identify(await header(a, b))

    run(work)


@pytest.mark.parametrize(
    "proof", [None, "", "Bearer", "Bearer x.y.z", "Basic YTpi", "Bearer " + "a" * 70_000]
)
def test_no_proof_is_no_proof(proof: str | None) -> None:
    async def work() -> None:
        _, _, b = await joined()
        with pytest.raises(errors.Unauthenticated):
            await b.federation.identity.identify(proof)

    run(work)


def test_a_forged_proof_does_not_pass() -> None:
    async def work() -> None:
        network, a, b = await joined()
        forger = Federation(Self({"en": "F"}, lambda: a.address), MemoryRecords(), network)
        forged = SelfIssued(forger.keys, forger.resolver, lambda: a.did).write(b.did)
        with pytest.raises(errors.Unauthenticated, match="no such key"):
            await b.federation.identity.identify(f"Bearer {forged}")
        stolen_name = a.federation.keys.current()[0]
        forger.keys._current = (stolen_name, forger.keys.current()[1])
        forged = SelfIssued(forger.keys, forger.resolver, lambda: a.did).write(b.did)
        with pytest.raises(errors.Unauthenticated, match="signature"):
            await b.federation.identity.identify(f"Bearer {forged}")

    run(work)


def test_a_token_without_signature_or_by_a_shared_secret_does_not_pass() -> None:
    async def work() -> None:
        from joserfc import jwt
        from joserfc.jwk import OctKey

        _, a, b = await joined()
        now, key_id = int(time.time()), f"{a.did}#{a.federation.keys.current()[0]}"
        claims = {"iss": a.did, "sub": a.did, "aud": b.did, "iat": now, "exp": now + 60, "jti": "1"}
        secret = str(a.federation.keys.public()[0]["x"])
        forged = jwt.encode({"alg": "HS256", "kid": key_id}, claims, OctKey.import_key(secret))
        with pytest.raises(errors.Unauthenticated, match="kind"):
            await b.federation.identity.identify(f"Bearer {forged}")
        head, body, _ = forged.split(".")
        with pytest.raises(errors.Unauthenticated):
            await b.federation.identity.identify(f"Bearer eyJhbGciOiJub25lIn0.{body}.")
        assert head

    run(work)


@pytest.mark.parametrize(("shift_s", "reason"), [(-3600, "at this time"), (3600, "at this time")])
def test_a_stale_or_early_token_does_not_pass(shift_s: float, reason: str) -> None:
    async def work() -> None:
        _, a, b = await joined()
        late = SelfIssued(
            a.federation.keys, a.federation.resolver, lambda: a.did, now=lambda: time.time() + shift_s
        )
        with pytest.raises(errors.Unauthenticated, match=reason):
            await b.federation.identity.identify(f"Bearer {late.write(b.did)}")

    run(work)


def test_strangers_are_refused_and_members_of_a_trusted_dataspace_are_not() -> None:
    async def work() -> None:
        network, _, b = await joined()
        authority, member = (
            network.add_twin("authority.example", "Authority"),
            network.add_twin("m.example", "M"),
        )
        await authority.federation.partners.add(member.address)
        await member.federation.partners.add(authority.address)
        await settled(authority, member)
        with pytest.raises(errors.Unauthenticated, match="no partner"):
            await b.federation.identity.identify(await header(member, b))
        b.federation.anchors.add(authority.did, (MEMBERSHIP,))
        b.federation.identity.forget(member.did)
        found = await b.federation.identity.identify(await header(member, b))
        assert found.member_of == {f"{authority.did}#{MEMBERSHIP}"}

    run(work)


def test_a_credential_taken_back_counts_no_longer() -> None:
    async def work() -> None:
        network = Network()
        authority, member, reader = (network.add_twin(f"{name}.example", name) for name in ("x", "m", "r"))
        await authority.federation.partners.add(member.address)
        await member.federation.partners.add(authority.address)
        await settled(authority, member)
        reader.federation.anchors.add(authority.did, (MEMBERSHIP,))
        await reader.federation.identity.identify(await header(member, reader))
        given = authority.federation.wallet.given()[0]
        path = f"/api/federation/credentials/{quote(given.id, safe='')}/revocation"
        assert (await authority.send("POST", path)).json["revoked_at"]
        reader.federation.identity.forget(member.did)
        reader.federation.identity._statuses._kept.clear()  # type: ignore[attr-defined]
        with pytest.raises(errors.Unauthenticated, match="membership"):
            await reader.federation.identity.identify(await header(member, reader))

    run(work)


def test_parting_takes_our_word_back_and_suspending_ends_all_dealings() -> None:
    async def work() -> None:
        _, a, b = await joined()
        path = f"/api/federation/partners/{quote(a.did, safe='')}"
        assert (await b.send("PATCH", path, {"standing": "suspended"})).json["standing"] == "suspended"
        with pytest.raises(errors.Unauthenticated, match="suspended"):
            await b.federation.identity.identify(await header(a, b))
        with pytest.raises(errors.Forbidden):
            await b.federation.identity.authorization(a.did, a.address)
        assert (await b.send("DELETE", path)).status == 204
        with pytest.raises(errors.Unauthenticated, match="no partner"):
            await b.federation.identity.identify(await header(a, b))
        assert all(one.revoked_at is not None for one in b.federation.wallet.given())

    run(work)


def test_keys_rotate_without_losing_partners_and_revoked_ones_end_what_they_signed() -> None:
    async def work() -> None:
        _, a, b = await joined()
        before = a.federation.keys.current()[0]
        assert (await a.send("POST", "/api/federation/keys", {})).status == 201
        assert before in {key["kid"] for key in a.federation.keys.public()}
        b.federation.resolver.forget(a.did)
        await b.federation.identity.identify(await header(a, b))
        assert (await a.send("POST", "/api/federation/keys", {"revoke": True})).status == 201
        assert before not in {key["kid"] for key in a.federation.keys.public()}
        assert all(one.revoked_at is not None for one in a.federation.wallet.given())
        assert not any("d" in key for key in a.federation.keys.public())

    run(work)


def test_a_server_cannot_claim_to_be_another() -> None:
    async def work() -> None:
        network, a, b = await joined()
        c = network.add_twin("c.example", "C")
        network.add_twin("liar.example", "Liar")
        network.said = lambda _m, url, _h, _b: (
            lie({"id": a.did, "title": {"en": "A"}})
            if url == "https://liar.example/api/federation/about"
            else None
        )
        with pytest.raises(errors.Forbidden, match="another address"):
            await c.federation.partners.add("https://liar.example")
        with pytest.raises(errors.Conflict):
            await c.federation.partners.add(b.address, expected=a.did)
        with pytest.raises(errors.InvalidRequest, match="own address"):
            await c.federation.partners.add(c.address)
        assert not c.federation.directory.everybody()

    run(work)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ftp://a.example",
        "https://",
        "a.example",
        "https://u:p@a.example",
        "https://a.example/?x",
        "https://a b",
    ],
)
def test_what_is_not_an_address_is_refused(address: str) -> None:
    async def work() -> None:
        a = Network().add_twin("a.example", "A")
        answer = await a.send("POST", "/api/federation/partners", {"base_url": address})
        assert answer.status == 400 and answer.json["where"] == "base_url"

    run(work)


def test_credentials_that_nobody_asked_for_are_not_taken() -> None:
    async def work() -> None:
        _, a, b = await joined()
        message = {
            "type": "CredentialMessage",
            "holderPid": "1",
            "issuerPid": "2",
            "credentials": [{"payload": "x"}],
        }
        answer = await b.send(
            "POST", "/api/federation/dcp/credentials", message, authorization=await header(a, b)
        )
        assert answer.status == 401

    run(work)


def test_a_presentation_is_for_whom_we_gave_leave() -> None:
    async def work() -> None:
        network, a, b = await joined()
        c = network.add_twin("c.example", "C")
        query = {
            "type": "PresentationQueryMessage",
            "scope": ["org.eclipse.dspace.dcp.vc.type:MembershipCredential"],
        }
        path = "/api/federation/dcp/presentations/query"
        answer = await a.send("POST", path, query, authorization=await header(c, a))
        assert answer.status == 401 and "leave" in answer.json["detail"]
        handed = a.federation._tokens.issue(b.did)
        stolen = SelfIssued(c.federation.keys, c.federation.resolver, lambda: c.did).write(
            a.did, token=handed
        )
        assert (await a.send("POST", path, query, authorization=f"Bearer {stolen}")).status == 401
        fair = SelfIssued(b.federation.keys, b.federation.resolver, lambda: b.did).write(a.did, token=handed)
        shown = await a.send("POST", path, query, authorization=f"Bearer {fair}")
        assert shown.status == 200 and len(shown.json["presentation"]) == 1

    run(work)


def test_others_credentials_and_ended_ones_prove_nothing() -> None:
    async def work() -> None:
        network, a, b = await joined()
        thief = network.add_twin("thief.example", "T")
        stolen = a.federation.wallet.held_of(b.did)
        assert stolen is not None
        thief.federation.records.keep("credential-held", "x", stolen)
        with pytest.raises(errors.Unauthenticated, match="somebody else"):
            await b.federation.identity.identify(await header(thief, b))
        old = credential.draft(
            b.did, a.did, MEMBERSHIP, {}, now=datetime.now(UTC) - timedelta(days=9), lasts=timedelta(days=1)
        )
        jwt = b.federation.keys.sign({"typ": "vc+jwt"}, old, did=b.did)
        with pytest.raises(errors.Unauthenticated, match="ended"):
            await credential.read(jwt, a.federation.resolver, now=datetime.now(UTC))

    run(work)


def test_a_flood_with_unknown_keys_costs_the_named_victim_one_request() -> None:
    async def work() -> None:
        network, a, b = await joined()
        forger = Federation(Self({"en": "F"}, lambda: a.address), MemoryRecords(), network)
        b.federation.resolver.forget(a.did)
        network.heard.clear()
        forged = SelfIssued(forger.keys, forger.resolver, lambda: a.did)
        for _ in range(50):
            with pytest.raises(errors.Unauthenticated):
                await b.federation.identity.identify(f"Bearer {forged.write(b.did)}")
        assert sum(url.endswith("did.json") for _, url in network.heard) == 1

    run(work)


def test_documents_for_strangers_hold_nothing_private() -> None:
    async def work() -> None:
        _, a, _ = await joined()
        document = (await a.send("GET", "/.well-known/did.json")).json
        assert document["id"] == a.did == "did:web:a.example"
        assert {one["type"] for one in document["service"]} >= {"CredentialService", "CatalogService"}
        assert all("d" not in one["publicKeyJwk"] for one in document["verificationMethod"])
        rules: Any = (await a.send("GET", "/api/federation/rulebook")).json
        assert rules["participant"] == a.did and rules["contracts"]["version"] == "2025-1"
        assert (await a.send("GET", "/api/federation/status-list")).header(
            "content-type"
        ) == "application/vc+jwt"

    run(work)
