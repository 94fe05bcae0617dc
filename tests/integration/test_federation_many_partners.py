"""A twin with more partners than anybody reads credentials of is still recognised by each of them."""

from __future__ import annotations

import asyncio

from sympolis.testing.neighbours import Network

MANY = 25


def test_each_of_many_partners_knows_who_asks() -> None:
    async def told() -> list[str]:
        network = Network()
        hub = network.add_twin("hub.example", "Hub")
        others = [network.add_twin(f"t{number}.example", f"T{number}") for number in range(MANY)]
        for one in others:
            made = await one.send("POST", "/api/federation/invitations", {"note": "hub"})
            adding = {"base_url": one.address, "invitation": made.json["invitation"]}
            answer = await hub.send("POST", "/api/federation/partners", adding)
            assert answer.status == 201, answer.body
        while any(twin.federation.partners._background for twin in (hub, *others)):
            await asyncio.sleep(0)
        assert len(hub.federation.wallet.held()) == MANY
        found = []
        for one in others:
            said = await hub.federation.identity.authorization(one.did, one.address)
            found.append((await one.federation.identity.identify(said)).id)
        for twin in (hub, *others):
            await twin.federation.close()
        return found

    assert set(asyncio.run(told())) == {"did:web:hub.example"}
