"""What is odd in a dataset's series, asked over the API: a gap and a tenfold hour in the counts of a small town."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from datetime import tzinfo
from pathlib import Path

import pytest

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.context.terms import Contexts
from sympolis.governance.quality import anomalies
from sympolis.governance.quality.anomalies import Event, detect
from sympolis.governance.quality.baseline import Series
from sympolis.testing.asgi_client import Answer, Client, exchange
from sympolis.testing.small_city import LOOPS, count_at, loop_id, write_package
from sympolis.testing.steward import desk_of

HOST = {"host": "127.0.0.1:8400"}


def three_weeks() -> str:
    """Three weeks of March 2024 without the 13th to the 15th; on the 12th loop 1 counts tenfold at two o'clock."""
    lines = ["loop,date," + ",".join(f"h{hour:02d}" for hour in range(24))]
    for day in [day for day in range(4, 25) if day not in (13, 14, 15)]:
        for loop in range(LOOPS):
            counts = [count_at(loop, hour) + (day * 7 + loop + hour) % 5 for hour in range(24)]
            if (loop, day) == (1, 12):
                counts[2] *= 10
            lines.append(f"{loop},2024-03-{day:02d}," + ",".join(map(str, counts)))
    return "\n".join(lines) + "\n"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    folder = write_package(tmp_path / "smallville")
    (folder / "samples/counts.csv").write_text(three_weeks())
    desk = desk_of(folder, tmp_path / "deliveries")
    parts = ApiParts(broker=desk.broker, contexts=Contexts(), city=desk.city, coordinator=desk.coordinator)
    client = Client(create_api(parts))
    yield client
    client.close()


def test_the_tenfold_hour_and_the_days_without_counts_are_told(client: Client) -> None:
    found = client.get("/api/datasets/counts/anomalies").json
    assert (found["attribute"], found["sensors"], found["values"]) == ("intensity", 4, 18 * 4 * 24)
    gaps = [one for one in found["events"] if one["kind"] == "gap"]
    assert {one["feature"] for one in gaps} == {loop_id(number) for number in range(4)}
    assert gaps[0]["points"] == 72 and gaps[0]["reason"]["it"] == "Mancano 72 valori."
    [odd] = client.get("/api/datasets/counts/anomalies?kind=outlier").json["events"]
    assert (odd["feature"], odd["start"], odd["value"]) == (
        loop_id(1),
        "2024-03-12T01:00:00Z",
        2020 + 10 * ((12 * 7 + 3) % 5),
    )
    assert odd["low"] < odd["value"] / 10 < odd["high"]
    assert odd["reason"]["en"].startswith(f"{odd['value']:g} instead of")


def test_one_sensor_and_pages(client: Client) -> None:
    path = f"/api/datasets/counts/anomalies?feature={loop_id(3)}"
    assert {one["feature"] for one in client.get(path).json["events"]} == {loop_id(3)}
    page = client.get("/api/datasets/counts/anomalies?limit=1&offset=1").json
    assert len(page["events"]) == 1 and page["total"] >= 4


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("streets/anomalies", 400),
        ("nothing/anomalies", 404),
        ("counts/anomalies?attribute=speed", 400),
        ("counts/anomalies?kind=odd", 400),
        ("counts/anomalies?from=2025-01-01T00:00:00Z&to=2024-01-01T00:00:00Z", 400),
        ("counts/anomalies?sensor=1", 400),
    ],
)
def test_what_cannot_be_asked(client: Client, target: str, status: int) -> None:
    assert client.get(f"/api/datasets/{target}").status == status


def test_equal_questions_share_one_answer(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    worked: list[int] = []

    def counted(group: Sequence[Series], zone: tzinfo) -> list[Event]:
        worked.append(len(group))
        return detect(group, zone)

    monkeypatch.setattr(anomalies, "detect", counted)

    async def several() -> list[Answer]:
        paths = ("anomalies", "anomalies?kind=gap", "anomalies?limit=1")
        return list(
            await asyncio.gather(
                *(
                    exchange(client.application, "GET", f"/api/datasets/counts/{path}", headers=HOST)
                    for path in paths
                )
            )
        )

    answers = client.loop.run_until_complete(several())
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert client.get("/api/datasets/counts/anomalies?offset=1").status == 200
    assert worked == [LOOPS]


def test_who_waits_no_longer_leaves_the_work_to_whoever_asks_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked: list[int] = []
    begun, may_end = threading.Event(), threading.Event()

    def slow(group: Sequence[Series], zone: tzinfo) -> list[Event]:
        worked.append(len(group))
        begun.set()
        may_end.wait(30)
        return detect(group, zone)

    monkeypatch.setattr(anomalies, "detect", slow)

    async def left_and_asked_again() -> Answer:
        path = "/api/datasets/counts/anomalies"
        first = asyncio.create_task(exchange(client.application, "GET", path, headers=HOST))
        await asyncio.to_thread(begun.wait, 30)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        again = asyncio.create_task(exchange(client.application, "GET", path, headers=HOST))
        may_end.set()
        return await again

    assert client.loop.run_until_complete(left_and_asked_again()).status == 200
    assert worked == [LOOPS]


def test_a_question_that_failed_is_asked_anew(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> list[Event]:
        raise ValueError

    with monkeypatch.context() as changed:
        changed.setattr(anomalies, "detect", broken)
        assert client.get("/api/datasets/counts/anomalies").status == 500
    assert client.get("/api/datasets/counts/anomalies").status == 200


def test_only_so_many_questions_wait(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    may_end = threading.Event()

    def slow(*_: object) -> list[Event]:
        may_end.wait(30)
        return []

    monkeypatch.setattr(anomalies, "detect", slow)

    async def crowd() -> list[int]:
        paths = [f"/api/datasets/counts/anomalies?from=2024-03-{day:02d}T00:00:00Z" for day in range(4, 14)]
        asked = [
            asyncio.create_task(exchange(client.application, "GET", path, headers=HOST)) for path in paths
        ]
        while not any(one.done() for one in asked):
            await asyncio.sleep(0)
        may_end.set()
        return sorted(answer.status for answer in await asyncio.gather(*asked))

    assert client.loop.run_until_complete(crowd()) == [200] * 8 + [429] * 2
