"""A machine sends files: kept as deliveries, run at once, refused with reasons."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sympolis.acquisition.deliveries import Deliveries
from sympolis.acquisition.deposits import Deposits
from sympolis.acquisition.ledger import MemoryLedger
from sympolis.acquisition.retrieval import Downloaded, Retriever
from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.city import acquiring, package
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.plugins import loader
from sympolis.stores.memory import MemoryStore
from sympolis.testing.asgi_client import Answer, Client
from sympolis.testing.small_city import DAYS, LOOPS, write_package

HEADER = "loop,date," + ",".join(f"h{hour:02d}" for hour in range(24))


def table(day: str = "2024-03-11", first: int = 5) -> bytes:
    rows = [f"{loop},{day}," + ",".join([str(first), *["7"] * 23]) for loop in range(LOOPS)]
    return "\n".join([HEADER, *rows, ""]).encode()


async def no_portal(*_: Any, **__: Any) -> Downloaded:
    raise AssertionError("nobody asked a portal")


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    city = package.load(write_package(tmp_path / "smallville"))
    broker, contexts, deliveries = Broker(MemoryStore()), Contexts(), Deliveries(tmp_path / "deliveries")
    coordinator = acquiring.coordinator(
        city,
        broker,
        contexts.resolve_local(city.context["@context"]),
        connectors=loader.connectors(),
        ledger=MemoryLedger(),
        retriever=Retriever(no_portal, deliveries),
    )
    deposits = Deposits(coordinator, deliveries)
    parts = ApiParts(broker=broker, contexts=contexts, city=city, coordinator=coordinator, deposits=deposits)
    found = Client(create_api(parts))
    found.loop.run_until_complete(coordinator.run("loops"))
    yield found
    found.close()


def send(client: Client, content: bytes, source: str = "counts", media: str = "text/csv") -> Answer:
    target = f"/api/sources/{source}/deliveries"
    return client.request("POST", target, body=content, headers={"content-type": media})


def deliveries(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/api/sources/counts").json["deliveries"]
    return found


def test_a_file_is_kept_and_run(client: Client) -> None:
    answer = send(client, table())
    assert answer.status == 201, answer.body
    assert (answer.json["state"], answer.json["read"], answer.json["accepted"]) == ("done", LOOPS, LOOPS)
    [kept] = deliveries(client)
    assert kept["id"] == answer.json["delivery"] and kept["bytes"] == len(table())


def test_the_same_file_changes_nothing(client: Client) -> None:
    first, second = send(client, table()), send(client, table())
    assert second.status == 201 and second.json["skipped"] and second.json["accepted"] == 0
    assert len(deliveries(client)) == 1 and first.json["delivery"] == second.json["delivery"]


def test_a_bad_row_is_held_and_the_rest_taken(client: Client) -> None:
    send(client, table())
    answer = send(client, table("2024-03-12").replace(b"0,2024-03-12,5", b"0,2024-03-12,-5"))
    assert (answer.json["quarantined"], answer.json["accepted"]) == (1, LOOPS - 1)


def test_a_zipped_file_is_unpacked(client: Client) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("counts.csv", table())
    assert send(client, buffer.getvalue(), media="application/zip").json["accepted"] == LOOPS


def test_an_archive_that_cannot_be_taken_is_refused(client: Client) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", b"x")
    answer = send(client, buffer.getvalue(), media="application/zip")
    assert answer.status == 400 and deliveries(client) == []


@pytest.mark.parametrize(("content", "source", "status"), [(b"", "counts", 400), (table(), "nothing", 404)])
def test_nonsense_is_refused(client: Client, content: bytes, source: str, status: int) -> None:
    assert send(client, content, source).status == status


def test_a_file_that_is_something_else_fails_the_run_and_says_why(client: Client) -> None:
    answer = send(client, b"<html>Login</html>\n")
    assert answer.status == 201 and answer.json["state"] == "failed" and answer.json["error"]
    assert send(client, table(DAYS[0])).json["state"] == "done"
