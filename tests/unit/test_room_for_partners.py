"""Whoever floods or stalls us takes room that is theirs: partners are neither pushed out nor made to wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import pytest

from sympolis.dataspace.calls import Answer
from sympolis.dataspace.credentials import identity, resolver, self_issued
from sympolis.dataspace.credentials.resolver import Resolver
from sympolis.dataspace.credentials.self_issued import SelfIssued
from sympolis.domain import errors
from sympolis.testing.neighbours import Neighbour, Network, lie

PARTNER = "did:web:partner.example"
OWN = {"id": "did:web:we.example", "verificationMethod": []}


class Web:
    """Everybody's documents; hosts that begin with ``slow`` answer once they are ``released``."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.released = asyncio.Event()

    async def __call__(self, method: str, url: str, **_: Any) -> Answer:
        host = urlsplit(url).hostname or ""
        self.heard.append(host)
        if host.startswith("slow"):
            await self.released.wait()
        return lie({"id": f"did:web:{host}", "verificationMethod": []})


def with_web(work: Callable[[Web, Resolver], Awaitable[None]]) -> None:
    async def run() -> None:
        web = Web()
        await work(web, Resolver(web, own=lambda: OWN, known=lambda did: did == PARTNER))

    asyncio.run(run())


def test_strangers_do_not_push_a_partners_document_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "MOST_KEPT", 3)

    async def work(web: Web, found: Resolver) -> None:
        await found.document(PARTNER)
        for number in range(20):
            await found.document(f"did:web:s{number}.example")
        await found.document(PARTNER)
        assert web.heard.count("partner.example") == 1
        await found.document("did:web:s0.example")
        assert web.heard.count("s0.example") == 2, "strangers push each other out"

    with_web(work)


def test_slow_strangers_do_not_make_a_partner_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "MOST_WAITING", 40)

    async def work(web: Web, found: Resolver) -> None:
        slow = [asyncio.create_task(found.document(f"did:web:slow{n}.example")) for n in range(40)]
        while len(web.heard) < resolver.MOST_AT_ONCE:
            await asyncio.sleep(0)
        assert (await found.document(PARTNER))["id"] == PARTNER
        with pytest.raises(errors.SourceFailed, match="too many strangers"):
            await found.document("did:web:another.example")
        web.released.set()
        await asyncio.gather(*slow)
        assert (await found.document("did:web:later.example"))["id"] == "did:web:later.example"

    with_web(work)


def test_a_flood_fills_the_memory_of_whoever_sends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_issued, "MOST_SEEN", 5)

    async def work() -> None:
        network = Network()
        we, flooding, quiet, stranger = (
            network.add_twin(f"{name}.example", name) for name in ("we", "flooding", "quiet", "stranger")
        )
        for one in (flooding, quiet):
            await we.federation.partners.add(one.address)
        first = await word(quiet, we)
        await we.federation.identity.sender(first)
        for sender in (flooding, stranger):
            for _ in range(5):
                await we.federation.identity.sender(await word(sender, we))
            with pytest.raises(errors.TooManyAttempts):
                await we.federation.identity.sender(await word(sender, we))
        await we.federation.identity.sender(await word(quiet, we))
        with pytest.raises(errors.Unauthenticated, match="used before"):
            await we.federation.identity.sender(first)

    asyncio.run(work())


def test_what_a_stranger_used_is_no_good_for_the_partner_that_they_become() -> None:
    async def work() -> None:
        network = Network()
        we, other = network.add_twin("we.example", "We"), network.add_twin("other.example", "Other")
        used = await word(other, we)
        await we.federation.identity.sender(used)
        await we.federation.partners.add(other.address)
        with pytest.raises(errors.Unauthenticated, match="used before"):
            await we.federation.identity.sender(used)

    asyncio.run(work())


def test_what_has_ended_is_forgotten() -> None:
    async def work() -> None:
        network, clock = Network(), [1_000_000.0]
        we, other = network.add_twin("we.example", "We"), network.add_twin("other.example", "Other")
        mine = we.federation
        reading = SelfIssued(mine.keys, mine.resolver, lambda: we.did, now=lambda: clock[0])
        theirs = other.federation
        writing = SelfIssued(theirs.keys, theirs.resolver, lambda: other.did, now=lambda: clock[0])
        for _ in range(3):
            await reading.read(f"Bearer {writing.write(we.did)}")
            clock[0] += 400
        assert sum(len(one) for one in reading._seen.values()) == 1

    asyncio.run(work())


def test_strangers_whose_services_stall_are_so_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "MOST_ASKED", 2)

    async def work() -> None:
        network = Network()
        we, partner, *strangers = (
            network.add_twin(f"{name}.example", name) for name in ("we", "partner", "s0", "s1", "s2")
        )
        await we.federation.partners.add(partner.address)
        released = asyncio.Event()
        asking = we.federation.identity._asking
        asked = asking.credentials_of

        async def stalling(sender: Any, kinds: Sequence[str]) -> Any:
            if sender.id != partner.did:
                await released.wait()
            return await asked(sender, kinds)

        monkeypatch.setattr(asking, "credentials_of", stalling)
        waiting = [
            asyncio.create_task(we.federation.identity.identify(await word(one, we))) for one in strangers[:2]
        ]
        while len(we.federation.identity._asked_strangers) < 2:
            await asyncio.sleep(0)
        with pytest.raises(errors.TooManyAttempts):
            await we.federation.identity.identify(await word(strangers[2], we))
        assert (await we.federation.identity.identify(await word(partner, we))).id == partner.did
        released.set()
        told = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(one, errors.Unauthenticated) for one in told), "no partner, no member"

    asyncio.run(work())


async def word(sender: Neighbour, to: Neighbour) -> str:
    """What a message of theirs to us carries."""
    return f"Bearer {sender.federation._self_issued.write(to.did)}"
