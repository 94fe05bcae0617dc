"""Stories of the city packages: every view leads to a page that there is, every text is there in its languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sympolis.city import check, package
from sympolis.testing.small_city import write_package
from sympolis.testing.small_twin import SmallTwin, small_twin

ROOT = Path(__file__).parents[2]
PAGES = set(
    re.findall(r"^  (\w+): \{ title:", (ROOT / "ui/src/app/pages.ts").read_text(encoding="utf-8"), re.M)
)
STORY = """
id = "walk"
title = { en = "A walk" }

[[steps]]
view = "map?h=8"
title = { en = "Morning" }
text = { en = "At eight." }
"""


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallTwin]:
    with small_twin(tmp_path_factory.mktemp("stories")) as found:
        yield found


@pytest.mark.parametrize("city", ["bologna", "leipzig"])
def test_every_view_leads_to_a_page(city: str) -> None:
    stories = package.load(city).stories
    assert stories
    views = [step.view for story in stories for step in story.steps]
    assert {re.split(r"[/?]", view)[0] for view in views} <= PAGES


def test_services_and_models_that_stories_name_are_there() -> None:
    for city in map(package.load, ("bologna", "leipzig")):
        there = {"services": {one.id for one in city.services}, "models": set(city.models)}
        there |= {"sources": set(city.sources), "forecasts": {one.id for one in city.forecasts}}
        for view in (step.view for story in city.stories for step in story.steps):
            page, _, name = view.partition("?")[0].partition("/")
            assert not name or name in there[page], (city.id, view)


def test_a_city_without_stories_tells_none(twin: SmallTwin) -> None:
    assert twin.client.get("/api/stories").json == {"stories": []}
    assert twin.client.get("/api/stories/walk").status == 404
    assert "stories" not in twin.client.get("/api/city").json["parts"]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ('view = "https://elsewhere.example"', "view"),
        ('view = "javascript:alert(1)"', "view"),
        ('title = { it = "Mattina" }', "is missing in en"),
    ],
)
def test_mistakes_of_a_story_are_named(tmp_path: Path, broken: str, message: str) -> None:
    folder = write_package(tmp_path / "smallville")
    (folder / "stories").mkdir()
    name = broken.split(" ", maxsplit=1)[0]
    text = re.sub(rf"^{name} = .*$", lambda _: broken, STORY, flags=re.M)
    (folder / "stories" / "walk.toml").write_text(text, encoding="utf-8")
    findings = check.check(folder)
    assert any(message in f"{one.where} {one.message}" for one in findings), findings
