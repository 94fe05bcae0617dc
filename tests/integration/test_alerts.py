"""Alerts over HTTP: rules of the city, judged today or on a day of the past."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.city import package
from sympolis.city.alerts import AlertPlan, BandPlan
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Client
from sympolis.testing.small_city import write_package

PLAN = AlertPlan(
    id="heat", entity_type="WeatherObserved", attribute="temperatureMax", unit="°C", days=3,
    bands=(BandPlan(severity="Moderate", at_least=35.0), BandPlan(severity="Severe", at_least=37.0)),
    title={"en": "Heat wave"},
)  # fmt: skip
HIGHS = {1: 34.0, 2: 36.0, 3: 36.5, 4: 35.5, 5: 30.0}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    city = dataclasses.replace(package.load(write_package(tmp_path / "smallville")), alerts=(PLAN,))
    contexts, broker = Contexts(), Broker(MemoryStore())
    loop = asyncio.new_event_loop()
    made = Client(create_api(ApiParts(broker=broker, contexts=contexts, city=city)), loop)

    async def fill() -> None:
        terms = await contexts.resolve(city.context["@context"])
        for day, high in HIGHS.items():
            at = datetime(2025, 7, day, tzinfo=UTC)
            attribute = Attribute(AttributeKind.PROPERTY, high, observed_at=at)
            kind = (terms.expand("WeatherObserved"),)
            entity = Entity(
                "urn:ngsi-ld:WeatherObserved:smallville:1",
                kind,
                {terms.expand("temperatureMax"): (attribute,)},
            )
            await broker.upsert([entity])

    loop.run_until_complete(fill())
    yield made
    loop.run_until_complete(broker.store.close())
    made.close()


def test_a_day_of_the_past_is_judged_as_it_was_then(client: Client) -> None:
    found = client.get("/api/alerts?at=2025-07-04").json
    [alert] = found["alerts"]
    assert (alert["severity"], alert["day"], alert["run_days"], alert["value"]) == (
        "Moderate",
        "2025-07-04",
        3,
        35.5,
    )
    assert found["rules"][0]["bands"][1] == {"severity": "Severe", "at_least": 37.0}
    assert client.get("/api/alerts?at=2025-07-03").json["alerts"] == []
    assert client.get("/api/alerts?at=2025-07-05").json["alerts"] == []
    assert client.get("/api/alerts").json["alerts"] == []


def test_an_alert_is_a_cap_message(client: Client) -> None:
    answer = client.get("/api/alerts/heat-2025-07-04/cap")
    assert answer.status == 200
    assert (answer.header("content-type") or "").startswith("application/cap+xml")
    root = ElementTree.fromstring(answer.body)
    space = "{urn:oasis:names:tc:emergency:cap:1.2}"
    assert root.findtext(f"{space}identifier", "").endswith("heat-2025-07-04")
    assert root.findtext(f"{space}info/{space}severity") == "Moderate"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/alerts?at=yesterday", 400),
        ("/api/alerts?day=2025-07-04", 400),
        ("/api/alerts?at=9999-12-31", 400),
        ("/api/alerts?at=0001-01-01", 400),
        ("/api/alerts/heat-9999-12-31/cap", 400),
        ("/api/alerts/heat-2025-07-05/cap", 404),
        ("/api/alerts/flood-2025-07-04/cap", 404),
        ("/api/alerts/x/cap", 404),
    ],
)
def test_mistakes_are_the_clients(client: Client, path: str, status: int) -> None:
    assert client.get(path).status == status
