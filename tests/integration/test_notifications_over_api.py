"""Notices over HTTP, over a whole twin: a source in trouble is noticed, rules are made, bad ones are named."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sympolis.app.assembly import open_twin
from sympolis.app.twin import Twin
from sympolis.settings import Settings
from sympolis.testing.asgi_client import Client
from sympolis.testing.small_city import write_package

PATH = "/api/notifications"
RULE = {"title": {"en": "Jam"}, "about": "indicator", "subject": "travel", "above": 10}


@dataclass
class House:
    twin: Twin
    client: Client
    run: Any


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    runner = asyncio.Runner()
    loop = runner.get_loop()
    settings = Settings(city=str(write_package(tmp_path / "smallville")), data=tmp_path / "data")
    twin = loop.run_until_complete(open_twin(settings))
    client = Client(twin.asgi, loop)
    yield House(twin, client, loop.run_until_complete)
    loop.run_until_complete(twin.close())
    runner.close()


def test_a_source_that_failed_is_noticed_until_it_is_mended(house: House) -> None:
    assert house.twin.notices is not None
    for source in house.twin.city.folder.glob("samples/**/*.csv"):
        source.rename(source.with_suffix(".gone"))
    house.run(house.twin.coordinator.run_all())
    house.run(house.twin.notices.look())
    [notice] = house.client.get(f"{PATH}?state=open").json["notifications"]
    assert notice["rule"] == "sources" and notice["reading"]["page"].startswith("#/sources/")
    seen = house.client.post(f"{PATH}/{notice['id']}/acknowledgement", {}).json
    assert (seen["state"], seen["acknowledged_by"]) == ("acknowledged", "operator")
    read_by_others = house.client.get(f"{PATH}?state=acknowledged").json["notifications"]
    assert [one["acknowledged_by"] for one in read_by_others] == [
        "operator"
    ]  # the operator may manage notices
    for source in house.twin.city.folder.glob("samples/**/*.gone"):
        source.rename(source.with_suffix(".csv"))
    house.run(house.twin.coordinator.run_all())
    house.run(house.twin.notices.look())
    assert house.client.get(f"{PATH}?state=over").json["notifications"][0]["id"] == notice["id"]


def test_rules_are_made_changed_and_removed(house: House) -> None:
    path = f"{PATH}/rules/jam"
    to = [{"channel": "ntfy", "to": "https://ntfy.example/jam"}]
    made = house.client.request(
        "PUT", path, json={**RULE, "to": to, "quiet": {"start": "22:00", "until": "07:00"}}
    )
    assert made.status == 200, made.json
    listed = house.client.get(f"{PATH}/rules").json
    assert {"sources", "jam"} <= {one["id"] for one in listed["rules"]} and "ntfy" in listed["channels"]
    assert house.client.request("DELETE", path).status == 204
    assert house.client.request("DELETE", path).status == 404


@pytest.mark.parametrize(
    ("name", "change", "status", "where"),
    [
        ("jam", {"above": None}, 400, "above"),
        ("jam", {"about": "weather"}, 400, "rule"),
        ("jam", {"colour": "red"}, 400, "colour"),
        ("jam", {"title": {}}, 400, "title"),
        ("jam", {"to": [{"channel": "apprise", "to": "json://localhost"}]}, 400, "to"),
        ("jam", {"to": [{"channel": "email", "to": "a@b.example"}]}, 400, "to"),
        ("jam", {"to": [{"channel": "ntfy", "to": "http://["}]}, 400, "to"),
        ("jam", {"to": [{"channel": "inbox", "to": "file:///etc/passwd"}]}, 400, "to"),
        ("jam", {"escalate_after_min": 5}, 400, "escalate_after_min"),
        ("sources", {}, 409, "id"),
        ("No Name", {}, 400, "rule"),
    ],
)
def test_mistakes_are_named(house: House, name: str, change: dict[str, Any], status: int, where: str) -> None:
    answer = house.client.request("PUT", f"{PATH}/rules/{name.replace(' ', '%20')}", json={**RULE, **change})
    assert (answer.status, answer.json["where"]) == (status, where), answer.json


def test_browsers_find_the_key_to_subscribe_with(house: House) -> None:
    pytest.importorskip("http_ece")
    first = house.client.get(f"{PATH}/push-key").json["public_key"]
    assert len(first) == 87 and house.client.get(f"{PATH}/push-key").json["public_key"] == first
