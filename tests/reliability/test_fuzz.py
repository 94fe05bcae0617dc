"""Whatever a client sends, the broker answers: never with a 500, never too late, and it goes on working."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sympolis.app import open_broker
from sympolis.app.standalone import StandaloneBroker
from sympolis.settings import Settings
from sympolis.testing.asgi_client import Client, exchange
from tests.reliability import hostile

RIGHTLY = frozenset({501, 504})
LONGEST_S = 20
"""Far more than any answer takes, far less than a hang."""
EXAMPLES = 300


class Broker:
    """A broker in this process that never leaves it."""

    def __init__(self, runner: asyncio.Runner, data: Path, store: str) -> None:
        self.runner = runner
        self.opened: StandaloneBroker = runner.run(
            open_broker(Settings(data=data, store=store, max_body_mb=1))
        )
        self.opened.ground.contexts._fetch = None
        self.client = Client(self.opened.asgi, loop=runner.get_loop())
        self.operations = [
            one for one in self.opened.asgi.operations if one.path.startswith(("/ngsi-ld/", "/ogc"))
        ]

    def send(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Any:
        async def timed() -> Any:
            async with asyncio.timeout(LONGEST_S):
                return await exchange(self.opened.asgi, method, target, headers=headers, body=body)

        return self.runner.run(timed())


@pytest.fixture(scope="module", params=["memory", "embedded"])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with asyncio.Runner() as runner:
        found = Broker(runner, tmp_path_factory.mktemp("fuzz"), request.param)
        yield found
        runner.run(found.opened.close())


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_whatever_comes_is_answered(broker: Broker, data: st.DataObject) -> None:
    method, target, headers, body = data.draw(hostile.requests(broker.operations))
    answer = broker.send(method, target, headers, body)
    assert answer.status < 500 or answer.status in RIGHTLY, answer.body


def test_and_it_still_works(broker: Broker) -> None:
    entity = {"id": "urn:still:1", "type": "Road", "speed": {"type": "Property", "value": 1}}
    assert broker.client.post("/ngsi-ld/v1/entities", entity).status in (201, 409)
    assert broker.client.get("/ngsi-ld/v1/entities/urn:still:1").status == 200
    assert broker.client.get("/health/ready").status == 200
