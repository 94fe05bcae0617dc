"""The life of a dataset over the real application: what the public sees follows it, step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sympolis.app.assembly import open_twin
from sympolis.settings import Settings
from sympolis.testing.asgi_client import Answer, Client
from sympolis.testing.small_city import write_package

PATH = "/api/datasets/counts/stage"


class House:
    def __init__(self, twin: Any, client: Client, keys: dict[str, str]) -> None:
        self.twin, self._client, self._keys = twin, client, keys

    def ask(self, method: str, path: str, role: str = "", json: Any = None, **headers: str) -> Answer:
        proof = {"authorization": f"Bearer {self._keys[role]}"} if role else {}
        return self._client.request(method, path, json=json, headers={**proof, **headers})

    def move(self, stage: str, role: str, why: str = "as agreed") -> Answer:
        return self.ask("POST", PATH, role, {"stage": stage, "why": why})


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    folder = write_package(tmp_path / "smallville")
    (folder / "policies").mkdir(exist_ok=True)
    release = '[public]\nlicences = ["CC0-1.0", "CC-BY-4.0"]\nexcept = ["counts"]\n'
    (folder / "policies" / "release.toml").write_text(release, encoding="utf-8")
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        settings = Settings(city=str(folder), data=tmp_path / "data", store="memory", identity="required")
        twin = loop.run_until_complete(open_twin(settings))
        loop.run_until_complete(twin.coordinator.run_all())
        accounts, keys = twin.government.governed.accounts, {}
        for role in ("data-owner", "data-steward", "analyst"):
            accounts.add(role, roles=[role])
            keys[role] = accounts.add_key(role)[1]
        yield House(twin, Client(twin.asgi, loop), keys)
        loop.run_until_complete(twin.close())


def test_the_public_sees_a_dataset_from_its_release_to_its_withdrawal(house: House) -> None:
    assert house.ask("GET", "/api/datasets/counts").status == 404
    assert house.ask("GET", PATH).status == 404
    assert house.ask("GET", PATH, "data-steward").json["next"] == ["in-review"]
    assert house.move("in-review", "data-steward").status == 200
    assert house.move("released", "data-owner").json["stage"] == "released"
    assert house.ask("GET", "/api/datasets/counts").status == 200
    assert house.ask("GET", PATH).json["next"] == []
    assert house.move("draft", "data-owner", "a sensor was broken in May").status == 200
    assert house.ask("GET", "/api/datasets/counts").status == 404
    steps = house.ask("GET", PATH, "analyst").json["steps"]
    assert [(one["stage"], one["by"], one["why"]) for one in steps][-1] == (
        "draft",
        "data-owner",
        "a sensor was broken in May",
    )


def test_who_reviews_does_not_release(house: House) -> None:
    assert house.move("in-review", "analyst").status == 403
    assert house.move("in-review", "data-steward").status == 200
    refused = house.move("released", "data-steward")
    assert (refused.status, refused.json["detail"]) == (
        403,
        "making counts released needs the right datasets.release",
    )
    assert house.move("draft", "data-steward", "the units are missing").status == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"stage": "released", "why": "at once"}, 409),
        ({"stage": "gone", "why": "no such stage"}, 400),
        ({"stage": "in-review"}, 400),
        ({"stage": "in-review", "why": "x"}, 400),
        ({"stage": "in-review", "why": "as agreed", "who": "me"}, 400),
    ],
)
def test_a_wrong_step_changes_nothing(house: House, body: dict[str, str], status: int) -> None:
    assert house.ask("POST", PATH, "data-owner", body).status == status
    assert house.ask("GET", PATH, "data-owner").json["steps"] == []


def test_the_catalogue_says_the_stage_in_the_words_of_the_union(house: House) -> None:
    def turtle() -> str:
        path = "/catalogue/datasets/counts"
        return house.ask("GET", path, "data-owner", accept="text/turtle").body.decode()

    assert "dataset-status/DEVELOP" in turtle()
    assert "access-right/NON_PUBLIC" in turtle()
    for stage, role in (
        ("in-review", "data-steward"),
        ("released", "data-owner"),
        ("deprecated", "data-owner"),
    ):
        house.move(stage, role)
    assert "dataset-status/DEPRECATED" in turtle()
    assert "access-right/PUBLIC" in turtle()
    chosen = house.ask("GET", "/api/datasets?stage=deprecated").json
    assert [one["id"] for one in chosen["datasets"]] == ["counts"]


def test_each_step_is_in_the_audit_log(house: House) -> None:
    house.move("in-review", "data-steward")
    audit = house.twin.government.audit
    house._client.loop.run_until_complete(audit.settled())
    found = [entry.event for _, entry in audit.trail.entries()]
    assert any(one.operation == "changeStage" and one.subject == "data-steward" for one in found)
