"""Whom the data of a small town leave out, asked over the API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.context.terms import Contexts
from sympolis.testing.asgi_client import Client
from sympolis.testing.small_city import write_package
from sympolis.testing.steward import desk_of

UNASKED = dict.fromkeys(("recommendations", "learned", "forecasts", "service", "joint", "reviews"))
"""Parts of the desk of scenarios whose routes are there and not asked here."""


async def model(model_id: str) -> Any:
    needs = [{"type": "ItemFlowObserved", "history": True}, {"type": "RoadSegment", "history": False}]
    return {"id": model_id, "needs": needs}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    desk = desk_of(write_package(tmp_path / "smallville"), tmp_path / "deliveries")
    parts = ApiParts(
        broker=desk.broker,
        contexts=Contexts(),
        city=desk.city,
        coordinator=desk.coordinator,
        desk=cast("Any", SimpleNamespace(model=model, **UNASKED)),
    )
    client = Client(create_api(parts))
    yield client
    client.close()


def test_who_lives_within_reach_of_a_loop(client: Client) -> None:
    """Loops stand at 11.30 to 11.33; the western area, the more fragile one, is fitted better in the east."""
    found = client.get("/api/datasets/loops/fairness?radius=2000").json
    everybody = found["groups"][0]
    assert (everybody["id"], everybody["residents"]) == ("all", 2000)
    assert 0 < everybody["low"] <= everybody["value"] <= everybody["high"] < 1
    assert [one["name"] for one in found["areas"]] == ["East", "West"]
    assert found["flagged"] == ["most-fragile-areas"]
    wider = client.get("/api/datasets/loops/fairness?radius=20000").json
    assert wider["groups"][0]["value"] == pytest.approx(1, abs=0.01) and wider["flagged"] == []


def test_what_a_model_is_fed_with_is_looked_at_kind_by_kind(client: Client) -> None:
    found = client.get("/api/models/traffic/fairness?radius=2000").json
    assert found["flagged"] == ["most-fragile-areas"]
    assert {one["type"] for one in found["inputs"]} == {"ItemFlowObserved", "RoadSegment"}
    assert found["inputs"][0]["flagged"], "what is flagged stands first"
    assert client.get("/api/models/traffic").json["fairness"] == "/api/models/traffic/fairness"


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/api/datasets/nothing/fairness", 404),
        ("/api/datasets/loops/fairness?radius=0", 400),
        ("/api/datasets/areas/fairness?attribute=name", 400),
    ],
)
def test_what_cannot_be_asked(client: Client, target: str, status: int) -> None:
    assert client.get(target).status == status
