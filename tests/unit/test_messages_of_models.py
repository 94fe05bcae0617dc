"""What models say beside their figures is said in the reader's language."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from sympolis.orchestration import saying
from sympolis.plugins import loader, messages
from sympolis.plugins.simulator import Simulator

SIMULATORS = Path(messages.__file__).parent / "simulators"


@pytest.mark.parametrize(
    "file", sorted(SIMULATORS.glob("*/messages.toml")), ids=lambda file: file.parent.name
)
def test_every_sentence_has_the_same_places_in_every_language(file: Path) -> None:
    shared = SIMULATORS.parent.glob("*.py")  # what several models share: households.py
    source = "\n".join(one.read_text(encoding="utf-8") for one in (*file.parent.glob("*.py"), *shared))
    for one in tomllib.loads(file.read_text(encoding="utf-8"))["messages"]:
        places = {language: sorted(messages._PLACE.findall(one[language])) for language in messages.LANGUAGES}
        assert places["it"] == places["de"] == places["en"]
        words = max(messages._PLACE.split(one["en"])[::2], key=len).split()
        runs = [" ".join(words[start : start + 3]) for start in range(max(1, len(words) - 2))]
        assert any(run in source for run in runs), "the model says no such thing any more"


@pytest.mark.parametrize("simulator", sorted(set(loader.simulators().values()), key=lambda one: one.__name__))
def test_where_every_parameter_comes_from_is_told_in_every_language(simulator: type[Simulator]) -> None:
    lever = [parameter for measure in simulator.measures for parameter in measure.parameters]
    for parameter in (*simulator.parameters, *lever):
        said = {**saying.texts([parameter.source])[0], **parameter.source_texts}
        assert not parameter.source or len(set(said.values())) > 1, parameter.source


def test_figures_and_members_are_carried_over() -> None:
    [said] = saying.texts(["62 blocks without known buildings are not judged (in 16 of 16 members)"])
    assert said["de"] == "62 Blöcke ohne bekannte Gebäude werden nicht beurteilt (in 16 von 16 Rechnungen)"
    assert said["en"].startswith("62 blocks without known buildings")


def test_figures_have_the_signs_of_the_language() -> None:
    said = "5 years ahead (8 origins): 6.3% of children wrong, no change 6.4%; city 2.0%; 90 % intervals held 91%"
    [texts] = saying.texts([said])
    assert texts["en"] == said
    assert "6,3\u00a0% der Kinder" in texts["de"] and "il 91\u00a0%" in texts["it"]
    assert messages._written("12,345.6", "de") == "12.345,6"
    assert messages._written("2018, 2019", "it") == "2018, 2019"


def test_stand_ins_are_named_in_words() -> None:
    [said] = saying.texts(["referenceHumidity stands in for relativeHumidity of 1 WeatherObserved entities"])
    assert (
        said["de"]
        == "„Luftfeuchte eines Testreferenzjahrs“ steht für „relative Luftfeuchte“ (Wetterbeobachtungen: 1)"
    )


def test_what_nobody_translated_stays_as_it_was_said() -> None:
    assert saying.texts(["something new {x}"]) == [dict.fromkeys(("it", "de", "en"), "something new {x}")]
