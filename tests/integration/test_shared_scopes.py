"""Entity maps and snapshots of what several brokers have (clauses 5.14.4, 5.16.1)."""

from __future__ import annotations

import asyncio
from typing import Any

from sympolis.testing.federation import ENTITIES, TestBroker, Wire, federation

ROOT = "/ngsi-ld/v1"
REGISTRATION = "urn:ngsi-ld:ContextSourceRegistration:there"


def building(number: int, **attributes: Any) -> dict[str, Any]:
    values = {name: {"type": "Property", "value": value} for name, value in attributes.items()}
    return {"id": f"urn:ngsi-ld:Building:{number}", "type": "Building", **values}


async def two_cities(brokers: dict[str, TestBroker]) -> tuple[TestBroker, TestBroker]:
    """Building 1 is in both, 2 only there."""
    here, there = brokers["here"], brokers["there"]
    await here.ask("POST", ENTITIES, building(1, name="Town hall"))
    await there.ask("POST", ENTITIES, building(1, heat=90))
    await there.ask("POST", ENTITIES, building(2, heat=80))
    registration = {
        "id": REGISTRATION,
        "information": [{"entities": [{"type": "Building"}]}],
        "endpoint": "http://there.test",
    }
    assert (await here.register(registration)).status == 201
    return here, there


def test_a_map_says_who_holds_what() -> None:
    async def act(_: Wire, brokers: dict[str, TestBroker]) -> None:
        here, _there = await two_cities(brokers)
        answer = await here.ask("GET", f"{ROOT}/entityMaps?type=Building")
        assert answer.status == 201
        assert answer.json["entityMap"] == {
            "urn:ngsi-ld:Building:1": ["@none", REGISTRATION],
            "urn:ngsi-ld:Building:2": [REGISTRATION],
        }
        local = await here.ask("GET", f"{ROOT}/entityMaps?type=Building&local=true")
        assert local.json["entityMap"] == {"urn:ngsi-ld:Building:1": ["@none"]}

    asyncio.run(_played(act))


def test_a_snapshot_holds_what_everyone_had() -> None:
    async def act(wire: Wire, brokers: dict[str, TestBroker]) -> None:
        here, there = await two_cities(brokers)
        queries = [{"type": "Query", "entities": [{"type": "Building"}]}]
        made = await here.ask("POST", f"{ROOT}/snapshots", {"type": "Snapshot", "snapshotQueries": queries})
        target = made.header("location") or ""
        while (await here.ask("GET", target)).json["snapshotStatus"] == "preparing":
            await asyncio.sleep(0)
        await there.ask("DELETE", f"{ENTITIES}/urn:ngsi-ld:Building:2")
        asked = len(wire.to("there.test"))
        named = {"NGSILD-Snapshot": target.rpartition("/")[2]}
        found = await here.ask("GET", f"{ENTITIES}?type=Building&options=keyValues", headers=named)
        assert [set(one) - {"id", "type"} for one in found.json] == [{"name", "heat"}, {"heat"}]
        assert len(wire.to("there.test")) == asked, "a snapshot asks nobody"

    asyncio.run(_played(act))


async def _played(act: Any) -> None:
    async with federation("here", "there") as (wire, brokers):
        await act(wire, brokers)
