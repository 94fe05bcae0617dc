"""Who may do what, over the real application: strangers, keys, roles, release and policies, at every interface."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sympolis.api.rights import RIGHTS
from sympolis.app.assembly import open_twin
from sympolis.app.standalone import open_broker
from sympolis.app.twin import Twin
from sympolis.governance.audit.verification import verify
from sympolis.settings import Settings
from sympolis.testing.asgi_client import Answer, Client, open_stream
from sympolis.testing.small_city import write_package

ODRL = "http://www.w3.org/ns/odrl.jsonld"
RESEARCH = "https://w3id.org/dpv#ResearchAndDevelopment"
RELEASE = '[public]\nlicences = ["CC0-1.0", "CC-BY-4.0"]\nexcept = ["counts"]\n'


@dataclass
class House:
    """A twin that asks everybody who they are, and a key for each role that is needed."""

    twin: Twin
    client: Client
    keys: dict[str, str]

    def get(self, path: str, role: str = "", **headers: str) -> Answer:
        return self.client.get(path, **self._proof(role), **headers)

    def send(self, method: str, path: str, role: str = "", json: Any = None) -> Answer:
        return self.client.request(method, path, json=json, headers=self._proof(role))

    def entries(self) -> list[Any]:
        assert self.twin.government is not None
        self.client.loop.run_until_complete(self.twin.government.audit.settled())
        return [entry.event for _, entry in self.twin.government.audit.trail.entries()]

    def _proof(self, role: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.keys[role]}"} if role else {}


ROLES = ("administrator", "analyst", "citizen", "partner", "data-owner", "data-steward", "technical-steward")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    folder = write_package(tmp_path / "smallville")
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "policies" / "release.toml").write_text(RELEASE, encoding="utf-8")
    runner = asyncio.Runner()
    loop = runner.get_loop()
    settings = Settings(city=str(folder), data=tmp_path / "data", store="memory", identity="required")
    twin = loop.run_until_complete(open_twin(settings))
    loop.run_until_complete(twin.coordinator.run_all())
    assert twin.government is not None
    keys = {}
    for role in ROLES:
        twin.government.governed.accounts.add(role, roles=[role])
        keys[role] = twin.government.governed.accounts.add_key(role)[1]
    client = Client(twin.asgi, loop)
    yield House(twin, client, keys)
    loop.run_until_complete(twin.close())
    runner.close()


def test_every_operation_says_which_right_it_needs(house: House) -> None:
    names = {operation.name for operation in house.twin.asgi.operations}
    assert sorted(names - RIGHTS.keys()) == [], "add them to api/rights.py"
    assert sorted(RIGHTS.keys() - names) == [], "api/rights.py names operations that are not there"
    known = house.twin.government.governed.gate.roles.rights  # type: ignore[union-attr]
    assert {right for right in RIGHTS.values() if right != "public"} <= known.keys()


def test_strangers_get_what_is_public_and_nothing_else(house: House) -> None:
    assert house.get("/health/live").status == 200
    refused = house.get("/api/sources")
    assert refused.status == 401
    assert (refused.header("www-authenticate") or "").startswith("Bearer")
    assert house.send("DELETE", "/ngsi-ld/v1/entities/urn:ngsi-ld:A:1").status == 401
    assert house.get("/api/sources", "citizen").status == 403
    assert house.get("/api/sources", "analyst").status == 200
    assert house.get("/metrics", "analyst").status == 403
    assert house.get("/metrics", "administrator").status == 200
