"""Who a broker is (clause 5.15.1): stable, its own per address and tenant, with a clock that never runs backwards."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from sympolis.api.asgi import create_api
from sympolis.api.http import Request
from sympolis.api.ngsi_ld.identity import Identity
from sympolis.api.parts import ApiParts
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Client, http_scope

PATH = "/ngsi-ld/v1/info/sourceIdentity"
START = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)


def tell(identity: Identity, **headers: str) -> Any:
    async def silent() -> Any:
        raise AssertionError("nothing to read")

    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    request = Request(http_scope("GET", PATH, named), silent)
    return msgspec.json.decode(asyncio.run(identity.tell(request)).body)


def test_the_uptime_is_a_duration_and_never_negative() -> None:
    times = iter([START, START + timedelta(minutes=2, seconds=3), START - timedelta(hours=1)])
    identity = Identity(lambda: next(times))
    first, second = tell(identity), tell(identity)
    assert (first["contextSourceUptime"], first["contextSourceTimeAt"]) == ("PT123S", "2024-05-08T07:02:03Z")
    assert second["contextSourceUptime"] == "PT0S"


def test_the_alias_belongs_to_address_and_tenant() -> None:
    here = tell(Identity(), host="a.example")
    assert tell(Identity(), host="a.example")["contextSourceAlias"] == here["contextSourceAlias"]
    others = [tell(Identity(), host="b.example"), tell(Identity(), host="a.example", ngsild_tenant="t")]
    assert len({one["contextSourceAlias"] for one in (here, *others)}) == 3


def test_over_http() -> None:
    client = Client(create_api(ApiParts(broker=Broker(MemoryStore()), contexts=Contexts())))
    answer = client.get(PATH, accept="application/ld+json")
    assert (answer.status, answer.json["type"]) == (200, "ContextSourceIdentity")
    assert "@context" in answer.json
    client.close()
