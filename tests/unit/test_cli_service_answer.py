"""What `sympolis service run` says beside its table: the verdict against the city as it is."""

from __future__ import annotations

from typing import Any, cast

from sympolis.cli import service
from sympolis.cli.client import Client


class Twin:
    """Answers one comparison."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get(self, place: str) -> dict[str, Any]:
        self.asked.append(place)
        return {"text": {"en": "Likely better: time lost."}}


def told(run: dict[str, Any]) -> tuple[str, list[str]]:
    twin = Twin()
    return service._against_today(cast("Client", twin), run), twin.asked


def test_a_measure_is_told_against_its_own_baseline() -> None:
    said, asked = told({"id": "run-2", "baseline": "run-1"})
    assert said == "Likely better: time lost."
    assert asked == ["/api/comparisons?base=run-1&with=run-2"]


def test_the_city_as_it_is_has_nothing_to_be_told_against() -> None:
    for baseline in ("run-2", "", None):
        assert told({"id": "run-2", "baseline": baseline}) == ("", [])
