"""On a twin that asks who people are: who may see and manage the federation, and what other twins prove themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sympolis.app.assembly import open_twin
from sympolis.app.twin import Twin
from sympolis.settings import Settings
from sympolis.testing.asgi_client import Answer, Client
from sympolis.testing.neighbours import Neighbour, Network
from sympolis.testing.small_city import write_package

HOST = "twin.example"


@dataclass
class House:
    """A real twin that requires identity, a neighbour in the same network, and a key for each role."""

    twin: Twin
    client: Client
    keys: dict[str, str]
    neighbour: Neighbour

    def send(self, method: str, path: str, role: str = "", json: Any = None, **headers: str) -> Answer:
        proof = {"authorization": f"Bearer {self.keys[role]}"} if role else {}
        return self.client.request(method, path, json=json, headers={"host": HOST, **proof, **headers})

    def entries(self) -> list[Any]:
        assert self.twin.government is not None
        self.client.loop.run_until_complete(self.twin.government.audit.settled())
        return [entry.event for _, entry in self.twin.government.audit.trail.entries()]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    folder = write_package(tmp_path / "smallville")
    runner = asyncio.Runner()
    loop, network = runner.get_loop(), Network()
    settings = Settings(
        city=str(folder), data=tmp_path / "data", store="memory", identity="required",
        public_url=f"https://{HOST}", hosts=(HOST,),
    )  # fmt: skip
    twin = loop.run_until_complete(open_twin(settings))
    assert twin.federation is not None and twin.government is not None
    twin.federation.resolver._calls = network
    network.hosts[HOST] = twin.asgi
    neighbour = network.add_twin("next.example", "Next")
    accounts, keys = twin.government.governed.accounts, {}
    for role in ("citizen", "analyst", "technical-steward"):
        accounts.add(role, name=role, roles=(role,))
        keys[role] = accounts.add_key(role)[1]
    yield House(twin, Client(twin.asgi, loop), keys, neighbour)
    loop.run_until_complete(twin.close())
    runner.close()


def test_reading_and_managing_are_rights(house: House) -> None:
    expected = {"": (401, 401), "citizen": (403, 403), "analyst": (200, 403), "technical-steward": (200, 201)}
    for role, (reading, managing) in expected.items():
        assert house.send("GET", "/api/federation/partners", role).status == reading
        assert house.send("POST", "/api/federation/invitations", role, {}).status == managing
        assert house.send("GET", "/api/federation/rulebook", role).status == 200
        assert house.send("GET", "/.well-known/did.json", role).status == 200


def test_other_twins_prove_themselves_and_people_cannot_take_their_place(house: House) -> None:
    federation = house.twin.federation
    assert federation is not None
    loop = house.client.loop
    for role in ("", "technical-steward"):
        assert house.send("GET", "/api/federation/shared/services", role).status == 401
    header = loop.run_until_complete(
        house.neighbour.federation.identity.authorization(federation.own.did(), f"https://{HOST}")
    )
    assert header is not None
    assert house.send("GET", "/api/federation/shared/standing", authorization=header).status == 403
    refused = [one for one in house.entries() if one.operation == "getStanding"]
    assert [one.act.value for one in refused] == ["denied"] and HOST not in str(refused)


def test_what_is_done_to_the_federation_is_in_the_audit_log(house: House) -> None:
    house.send("POST", "/api/federation/invitations", "technical-steward", {"note": "next door"})
    house.send("POST", "/api/federation/keys", "technical-steward", {})
    house.send("POST", "/api/federation/keys", "analyst", {})
    done = [(one.operation, one.subject, one.act.value) for one in house.entries()]
    assert ("makeInvitation", "technical-steward", "done") in done
    assert ("rotateKeys", "technical-steward", "done") in done
    assert ("rotateKeys", "analyst", "denied") in done
