"""Why a value is odd, asked over the API: one loop of a small town counts tenfold for an hour."""

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

ODD = f"/api/diagnosis?entity={loop_id(1)}&attribute=intensity&at=2024-03-12T09:30:00Z"


def weeks_of_counts() -> str:
    """Three weeks; on the 12th loop 1 counts tenfold from ten to eleven, local time."""
    lines = ["loop,date," + ",".join(f"h{hour:02d}" for hour in range(24))]
    for day in range(4, 25):
        for loop in range(LOOPS):
            counts = [count_at(loop, hour) + (day * 7 + loop + hour) % 5 for hour in range(24)]
            if (loop, day) == (1, 12):
                counts[10] *= 10
            lines.append(f"{loop},2024-03-{day:02d}," + ",".join(map(str, counts)))
    return "\n".join(lines) + "\n"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    folder = write_package(tmp_path / "smallville")
    (folder / "samples/counts.csv").write_text(weeks_of_counts())
    desk = desk_of(folder, tmp_path / "deliveries")
    parts = ApiParts(broker=desk.broker, contexts=Contexts(), city=desk.city, coordinator=desk.coordinator)
    client = Client(create_api(parts))
    yield client
    client.close()


def test_the_tenfold_hour_points_at_unit_and_sensor(client: Client) -> None:
    found = client.get(ODD).json
    assert found["source"] == "counts"
    assert found["odd"] is True
    assert found["value"] > 5 * found["high"]
    assert found["share_alike"] == 0.0
    assert len(found["neighbours"]) == LOOPS - 1
    causes = [one["cause"] for one in found["candidates"]]
    assert set(causes[:2]) == {"unit", "sensor"}
    weights = [one["weight"] for one in found["candidates"]]
    assert weights == sorted(weights, reverse=True)
    assert all(one["evidence"] and set(one["text"]) == {"it", "de", "en"} for one in found["candidates"])


def test_its_neighbour_counted_as_ever(client: Client) -> None:
    found = client.get(ODD.replace(loop_id(1), loop_id(2))).json
    assert found["odd"] is False
    assert [one["cause"] for one in found["candidates"]] == ["ordinary"]


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (loop_id(1), "urn:ngsi-ld:Nothing:x", 404),
        ("intensity", "speed", 404),
        ("2024-03-12T09:30:00Z", "2019-03-12T09:30:00Z", 404),
        ("2024-03-12T09:30:00Z", "yesterday", 400),
        ("&at=2024-03-12T09:30:00Z", "", 400),
        ("&at=", "&why=1&at=", 400),
    ],
)
def test_what_cannot_be_asked(client: Client, old: str, new: str, status: int) -> None:
    assert client.get(ODD.replace(old, new)).status == status


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
@pytest.mark.parametrize(
    "question",
    [
        f"/api/diagnosis?entity={loop_id(1)}&attribute=intensity&at=",
        "/api/datasets/counts/anomalies?to=",
        f"/api/map/series/counts?feature={loop_id(1)}&field=intensity&to=",
    ],
)
def test_the_ends_of_the_calendar_are_the_clients_mistake(client: Client, question: str, at: str) -> None:
    assert client.get(question + at).status in (400, 404)


def test_only_a_few_may_wait(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sympolis.api.twin.diagnosis._MOST_WAITING", 1)
    assert client.get(ODD).status == 200, "one at a time may, one after another, as often as they like"
    assert client.get(ODD).status == 200
    monkeypatch.setattr("sympolis.api.twin.diagnosis._MOST_WAITING", 0)
    assert client.get(ODD).status == 429
