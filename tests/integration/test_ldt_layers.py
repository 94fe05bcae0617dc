"""The seven layers of the twin over HTTP: counted, honest about what needs attention, controls by right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sympolis.api.management.ldt_layers import declared
from sympolis.api.rights import RIGHTS
from sympolis.testing.asgi_client import Client
from sympolis.testing.small_twin import SmallTwin, small_twin

SEVEN = [
    "data-sources",
    "data-acquisition",
    "knowledge",
    "interoperability",
    "services",
    "orchestration",
    "visualisation",
]


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallTwin]:
    with small_twin(tmp_path_factory.mktemp("layers")) as found:
        yield found


def layers(client: Client) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in client.get("/api/layers").json["layers"]}


def figures(layer: dict[str, Any]) -> dict[str, int]:
    return {one["name"]: one["value"] for one in layer["figures"]}


def test_there_are_seven_in_their_order(twin: SmallTwin) -> None:
    found = layers(twin.client)
    assert list(found) == SEVEN
    assert [one["number"] for one in found.values()] == [1, 2, 3, 4, 5, 6, 7]
    assert all(set(one["title"]) == {"it", "de", "en"} for one in found.values())


def test_figures_are_those_of_the_pages_they_lead_to(twin: SmallTwin) -> None:
    found = layers(twin.client)
    assert figures(found["data-sources"])["sources"] == len(twin.client.get("/api/sources").json)
    assert figures(found["services"])["services"] == len(twin.client.get("/api/services").json["services"])
    assert figures(found["visualisation"])["map_layers"] == len(twin.client.get("/api/map/layers").json)
    assert figures(found["knowledge"])["entities"] > 0


def test_a_failed_run_asks_for_attention(twin: SmallTwin, monkeypatch: pytest.MonkeyPatch) -> None:
    before = layers(twin.client)["orchestration"]
    assert (before["state"], before["reasons"]) == ("empty", [])

    async def runs(scenario: str | None = None) -> list[dict[str, Any]]:
        return [{"status": "failed"}, {"status": "done"}]

    monkeypatch.setattr(twin.desk, "runs", runs)
    after = layers(twin.client)["orchestration"]
    assert after["state"] == "attention" and after["reasons"][0]["en"] == "Runs that failed: 1."


def test_what_controls_name_exists() -> None:
    """A control names a right that the table knows, and a page, an operation or an address."""
    found, titles = declared()
    for layer in found:
        assert set(layer.figures) <= set(titles)
        for control in layer.controls:
            assert control["right"] in set(RIGHTS.values())
            assert sum(key in control for key in ("page", "api", "address")) == 1
