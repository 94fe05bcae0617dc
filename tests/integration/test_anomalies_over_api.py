"""What is odd in a dataset's series, asked over the API: a gap and a tenfold hour in the counts of a small town."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.context.terms import Contexts
from sympolis.testing.asgi_client import Client
from sympolis.testing.small_city import LOOPS, count_at, loop_id, write_package
from sympolis.testing.steward import desk_of


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
