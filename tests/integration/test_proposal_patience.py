"""A sample that does not come, or is not understood in time, ends as a sentence: nobody waits for ever."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.api.twin import proposals
from sympolis.city import describing, package
from sympolis.city.proposing.desk import Proposer
from sympolis.context.terms import Contexts
from sympolis.testing.asgi_client import Client
from sympolis.testing.small_city import write_package
from sympolis.testing.steward import desk_of


async def never(*_: Any, **__: Any) -> NoReturn:
    """A portal that takes the connection and says nothing."""
    await asyncio.Event().wait()
    raise AssertionError


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    (tmp_path / "samples").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "samples"))
    monkeypatch.setattr(proposals, "_PATIENCE_S", 0.01)
    desk = desk_of(write_package(tmp_path / "smallville"), tmp_path / "deliveries")
    proposer = Proposer(desk.city, describing.registry(desk.city), never)
    parts = ApiParts(
        broker=desk.broker,
        contexts=Contexts(),
        city=desk.city,
        coordinator=desk.coordinator,
        proposer=proposer,
    )
    client = Client(create_api(parts))
    yield client
    client.close()


def test_a_portal_that_says_nothing_is_504_and_leaves_nothing(client: Client, tmp_path: Path) -> None:
    answer = client.post("/api/sources/proposals", {"url": "https://data.example.city/parking.csv"})
    assert answer.status == 504, answer.body
    assert answer.json["title"]
    assert list((tmp_path / "samples").iterdir()) == []


def test_a_sample_that_takes_too_long_to_understand_is_504(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Proposer, "of_file", never)
    answer = client.request(
        "POST",
        "/api/sources/proposals?name=a.csv",
        body=b"a;b\n1;2\n",
        headers={"content-type": "application/octet-stream"},
    )
    assert answer.status == 504, answer.body


def test_two_minutes_are_the_limit(tmp_path: Path) -> None:
    city = package.load(write_package(tmp_path / "smallville"))
    [route] = proposals.operations(Proposer(city, describing.registry(city)))
    assert route.timeout_s == 120.0
