"""Where other brokers are told to send, and how long they are waited for: by the settings of a broker."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sympolis.app import open_broker
from sympolis.context.distributed.asking import Answer as Said
from sympolis.context.distributed.asking import Ending
from sympolis.context.distributed.subscribing import PATH
from sympolis.settings import Settings
from sympolis.testing.asgi_client import exchange
from sympolis.testing.federation import ENTITIES, REGISTRATIONS, Wire

SUBSCRIPTIONS = "/ngsi-ld/v1/subscriptions"
REGISTRATION = {
    "type": "ContextSourceRegistration",
    "information": [{"entities": [{"type": "Building"}]}],
    "endpoint": "http://there.test",
}
SUBSCRIPTION = {
    "type": "Subscription",
    "entities": [{"type": "Building"}],
    "notification": {"endpoint": {"uri": "http://subscriber.test/"}},
}
Request = tuple[str, str, Any]


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """A way to one other broker that takes everything."""
    found = Wire(answers={"there.test": Said(Ending.ANSWERED, 201, {"location": f"{SUBSCRIPTIONS}/urn:x:1"})})
    monkeypatch.setattr("sympolis.app.joining.HttpCourier", lambda _client: found)
    return found


def ask(settings: Settings, *requests: Request, host: str = "127.0.0.1:9090") -> list[int]:
    """What a broker of these settings answers to requests in turn."""

    async def run() -> list[int]:
        broker = await open_broker(settings)
        try:
            return [
                (
                    await exchange(
                        broker.asgi,
                        method,
                        target,
                        headers={"host": host, "content-type": "application/json"},
                        body=msgspec.json.encode(document) if document else b"",
                    )
                ).status
                for method, target, document in requests
            ]
        finally:
            await broker.close()

    return asyncio.run(asyncio.wait_for(run(), timeout=60))


SUBSCRIBING = (("POST", REGISTRATIONS, REGISTRATION), ("POST", SUBSCRIPTIONS, SUBSCRIPTION))


def told_to(wire: Wire) -> str:
    [sent] = [one for one in wire.to("there.test") if one.method == "POST"]
    uri: str = msgspec.json.decode(sent.body)["notification"]["endpoint"]["uri"]
    return uri


@pytest.mark.parametrize(
    ("public_url", "begin"),
    [
        ("https://broker.city.example", f"https://broker.city.example{PATH}/"),
        ("https://city.example:8443/broker/", f"https://city.example:8443/broker{PATH}/"),
        ("", f"http://127.0.0.1:9090{PATH}/"),
    ],
)
def test_sources_send_to_the_public_address(wire: Wire, tmp_path: Path, public_url: str, begin: str) -> None:
    chosen = Settings(data=tmp_path, store="memory", public_url=public_url)
    assert ask(chosen, *SUBSCRIBING) == [201, 201]
    assert told_to(wire).startswith(begin)


def test_who_comes_by_the_public_address_is_let_in(tmp_path: Path) -> None:
    read = ("GET", f"{ENTITIES}?type=Building", None)
    named = Settings(data=tmp_path, store="memory", public_url="https://broker.city.example:8443")
    assert ask(named, read, host="broker.city.example:8443") == [200]
    assert ask(Settings(data=tmp_path, store="memory"), read, host="broker.city.example:8443") == [403]


def test_others_are_waited_for_as_long_as_the_setting_says(wire: Wire, tmp_path: Path) -> None:
    own = REGISTRATION | {"endpoint": "http://patient.test", "management": {"timeout": 9000}}
    chosen = Settings(data=tmp_path, store="memory", forward_timeout_s=1.5)
    registering = [("POST", REGISTRATIONS, one) for one in (REGISTRATION, own)]
    assert ask(chosen, *registering, ("GET", f"{ENTITIES}?type=Building", None)) == [201, 201, 200]
    assert [one.timeout_s for one in wire.to("there.test")] == [1.5]
    assert [one.timeout_s for one in wire.to("patient.test")] == [9.0]
