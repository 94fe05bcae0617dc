"""Every figure that a tile may show says in plain words what it counts, in each language."""

from __future__ import annotations

from pathlib import Path

import pytest

from sympolis.city.package import load
from sympolis.plugins import loader
from sympolis.plugins.meanings import meanings_of

LANGUAGES = {"it", "de", "en"}
LONGEST = 160
"""Characters: who reads more than two short sentences is reading a model card."""
CITIES = sorted(path.parent.name for path in (Path(__file__).parents[2] / "cities").glob("*/city.toml"))
OURS = {
    name: one
    for name, one in loader.simulators().items()
    if one.__module__.startswith("sympolis.plugins.simulators.")
}


@pytest.mark.parametrize("name", OURS)
def test_every_figure_of_a_model_is_explained(name: str) -> None:
    meanings = meanings_of(OURS[name])
    assert meanings.keys() == {spec.name for spec in OURS[name].indicators}
    for figure, texts in meanings.items():
        assert texts.keys() == LANGUAGES, figure
        assert all(text.endswith(".") and len(text) <= LONGEST for text in texts.values()), figure


@pytest.mark.parametrize("city", CITIES)
def test_every_observed_figure_of_a_city_is_explained(city: str) -> None:
    for figure in load(city).figures:
        assert figure.meaning.keys() >= LANGUAGES, figure.name
