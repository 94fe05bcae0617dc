"""Would a service run on another city's data: the three answers, with effort and licences, and no server."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sympolis.app import try_service
from sympolis.city import package
from sympolis.city.package import City
from sympolis.domain import errors

CITIES = Path(__file__).parents[2] / "cities"


@pytest.fixture(scope="module")
def bologna() -> City:
    return package.load(CITIES / "bologna")


def asked(home: City, service: str, other: City) -> dict[str, Any]:
    return asyncio.run(try_service(home, service, other))


def renamed(city: City, old: str, new: str) -> City:
    """The city with another word for one entity type."""
    mappings = {
        name: replace(one, entity_type=new) if one.entity_type == old else one
        for name, one in city.mappings.items()
    }
    return replace(city, mappings=mappings)


def test_at_home_only_licences_are_to_be_heeded(bologna: City) -> None:
    found = asked(bologna, "historic-centre", bologna)
    assert (found["verdict"], found["problems"]) == ("runs", [])
    assert {one["kind"] for one in found["adaptations"]} == {"licence"}
    assert {"source": "street-sections", "licence": "ODbL-1.0", "known": True, "attribution": True,
            "share_alike": True} in found["licences"]  # fmt: skip
    assert "surface-temperature" not in found["sources"], "nothing that the model does not ask for is read"


def test_a_city_without_the_data_cannot_and_hears_why_in_its_language(bologna: City) -> None:
    found = asked(bologna, "entry-charge", package.load(CITIES / "leipzig"))
    assert (found["verdict"], found["effort_days"]) == ("cannot", None)
    texts = [one["text"]["de"] for one in found["problems"]]
    assert "Straßenabschnitte: Das Modell braucht mindestens 1, der Zwilling hat 0" in texts


def test_what_has_another_name_only_has_to_be_mapped(bologna: City) -> None:
    other = renamed(bologna, "StreetSection", "Strassenabschnitt")
    found = asked(bologna, "historic-centre", other)
    assert found["verdict"] == "runs with adaptations"
    [mapping] = [one for one in found["adaptations"] if one["kind"] == "mapping"]
    assert (mapping["need"], mapping["effort_days"]) == ("sections", [0.5, 2.0])
    assert mapping["text"]["en"].startswith(
        "“Strassenabschnitt” carries what “street sections” is needed for"
    )
    assert found["effort_days"] == [0.5, 2.0]


def test_a_service_that_home_does_not_have_is_not_guessed(bologna: City) -> None:
    with pytest.raises(errors.NotFound) as unknown:
        asked(bologna, "historic-center", bologna)
    assert "historic-centre" in unknown.value.hint


def test_what_is_only_observed_is_found_with_what_is_observed(bologna: City) -> None:
    found = asked(bologna, "mobility-policy", bologna)
    [counts] = [one for one in found["needs"]["mobility"] if one["name"] == "counts"]
    assert counts["found"] > 0, "the loops that are counted are read, not only their counts"
    assert found["verdict"] == "runs"
