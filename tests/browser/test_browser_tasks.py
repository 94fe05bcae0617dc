"""Ten things that people come for, from the first click to what they wanted: on a desk and on a phone.

docs/tutorials/ten-tasks.md tells them with pictures; ``SYMPOLIS_PICTURES`` names the folder that new ones go to.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .conftest import Ask, open_page

DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
PICTURES = os.environ.get("SYMPOLIS_PICTURES")
Picture = Callable[[Page], None]


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Picture:
    """Takes the task's picture, where pictures are wanted."""
    name = request.node.name.removeprefix("test_").replace("_", "-")

    def take(page: Page) -> None:
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{name}.png")

    return take


def at(page: Page, size: dict[str, int], twin_url: str, address: str) -> None:
    page.set_viewport_size(size)  # type: ignore[arg-type]
    open_page(page, twin_url, address)


def go(page: Page, name: str) -> None:
    """Follow an entry of the navigation; on a phone it may be behind "More"."""
    navigation = page.get_by_role("navigation", name="Main navigation")
    entry = navigation.get_by_role("link", name=name, exact=True)
    if not entry.is_visible():
        navigation.get_by_role("button", name="More").click()
    entry.click()


def test_a_resident_sees_how_the_city_is(page: Page, twin_url: str, picture: Picture) -> None:
    """Phone: figures with their doubt, when they were measured, and the way to what can be asked."""
    at(page, PHONE, twin_url, "overview?lang=en")
    expect(page.get_by_role("heading", name="Measured", exact=True)).to_be_visible()
    expect(page.locator("article").first).to_contain_text("measured")
    expect(page.get_by_role("heading", name="What can I ask this twin?")).to_be_visible()
    picture(page)


def test_a_resident_is_told_a_story(page: Page, twin_url: str, picture: Picture) -> None:
    """Phone: a story in one's own language, view by view."""
    at(page, PHONE, twin_url, "overview?lang=it")
    page.goto(f"{twin_url}/#/stories?lang=it")
    page.get_by_role("link", name="Chi soffre nei giorni caldi").click()
    expect(page.get_by_text("1 di 3")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="Il modello", exact=True)).to_be_visible()
    expect(page.frame_locator("iframe").locator("main .page")).to_be_visible()
    picture(page)


def test_a_resident_finds_out_whether_to_believe_a_forecast(
    page: Page, twin_url: str, picture: Picture
) -> None:
    """Phone: what is published beats mere repetition, and by how much; what does not is withheld with its reason."""
    at(page, PHONE, twin_url, "forecasts/no2?lang=en")
    expect(page.locator("main")).to_contain_text(re.compile("withheld", re.IGNORECASE))
    picture(page)


def test_a_planner_asks_a_question(page: Page, twin_url: str, picture: Picture) -> None:
    """Desk: from the overview to a service, its levers, and where their bounds come from."""
    at(page, DESK, twin_url, "overview?lang=en")
    page.get_by_role("link", name=re.compile("^If driving into the city cost")).click()
    expect(page.get_by_role("heading", name="What you can move")).to_be_visible()
    page.get_by_text("Where this parameter comes from").first.click()
    expect(page.locator("details[open]").first).to_be_visible()
    picture(page)


def test_a_planner_takes_a_decision(
    page: Page, twin_url: str, ask: Ask, run_id: str, picture: Picture
) -> None:
    """Desk: from a comparison to a file that holds its evidence and cannot be changed any more."""
    at(page, DESK, twin_url, f"compare?with={run_id}&lang=en")
    page.get_by_role("link", name="Open a decision file").click()
    page.get_by_label("Title").fill("Thirty in the west")
    page.get_by_label("Question").fill("Should the western quarter have 30 km/h?")
    expect(page.locator("fieldset input:checked")).to_have_count(1)
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_label("Which scenario?").select_option(run_id)
    page.get_by_label("Reasons").fill("Quieter nights; no clear change of delay.")
    page.get_by_role("button", name="Decide and seal").click()
    expect(page.get_by_text("The seal holds")).to_be_visible()
    [decision] = re.findall(r"#/decisions/([^?]+)", page.url)
    assert ask(f"decisions/{decision}/verification")["intact"]
    picture(page)


def test_a_planner_hands_a_report_round(page: Page, twin_url: str, run_id: str, picture: Picture) -> None:
    """Desk: the report of a scenario in the reader's language, as a page and as a file."""
    at(page, DESK, twin_url, f"compare?with={run_id}&lang=de")
    with page.expect_download() as found:
        page.get_by_role("link", name=re.compile("^PDF")).click()
    assert Path(found.value.path()).read_bytes().startswith(b"%PDF-")
    page.get_by_role("link", name=re.compile("^Bericht")).first.click()
    expect(page.get_by_role("heading", name="Worauf das beruht")).to_be_visible()
    picture(page)


def test_a_steward_sees_what_needs_attention(page: Page, twin_url: str, ask: Ask, picture: Picture) -> None:
    """Desk: from the seven layers to the source in trouble."""
    at(page, DESK, twin_url, "governance?lang=en")
    layer = page.locator("li.panel", has_text="2. Data acquisition")
    state = next(one for one in ask("layers")["layers"] if one["id"] == "data-acquisition")["state"]
    expect(layer).to_contain_text({"attention": "needs attention", "working": "working"}[state])
    layer.get_by_role("link", name="Read a source anew").click()
    page.wait_for_function("() => location.hash.startsWith('#/sources')")
    picture(page)


def test_a_steward_gives_a_dataset_back_to_review(
    page: Page, twin_url: str, ask: Ask, picture: Picture
) -> None:
    """Desk: a released dataset becomes a draft again, with a reason that stays; then it is released anew."""
    title = next(one for one in ask("datasets?limit=1000")["datasets"] if one["id"] == "car-parks")["title"]
    at(page, DESK, twin_url, "governance/datasets?lang=en")
    name = re.compile(f"^{re.escape(title['en'])} ")
    entry = page.locator("li.panel", has=page.get_by_role("button", name=name))
    entry.get_by_role("button", name=name).click()
    for stage in ("draft", "in review", "released"):
        entry.get_by_label("Why?").fill(f"Checked: {stage}")
        entry.get_by_role("button", name=f"Make it: {stage}", exact=True).click()
        expect(entry.locator("ol li").last).to_contain_text(f"Checked: {stage}")
    assert ask("datasets/car-parks/stage")["stage"] == "released"
    picture(page)


def test_an_analyst_follows_a_figure_to_its_sources(
    page: Page, twin_url: str, ask: Ask, picture: Picture
) -> None:
    """Desk: from a figure on the overview along its lineage to the deliveries it stands on."""
    at(page, DESK, twin_url, "overview?lang=en")
    page.locator(".kpi a.lineage").first.click()
    page.wait_for_function("() => location.hash.startsWith('#/lineage/run-')")
    expect(page.locator(".stages li").first).to_be_visible()
    assert page.locator(".stages > li").count() >= 3, "sources, a run, a figure"
    picture(page)


def test_a_team_is_told_when_something_needs_it(
    page: Page, twin_url: str, ask: Ask, picture: Picture
) -> None:
    """Phone: the bell, what stands, and a rule of one's own."""
    at(page, PHONE, twin_url, "overview?lang=en")
    page.get_by_role("link", name=re.compile("^Notices")).click()
    page.get_by_label("Name of the rule").fill("Nitrogen dioxide above 200")
    page.get_by_label("Figure").select_option("no2")
    page.get_by_label(re.compile("^Limit")).fill("200")
    page.get_by_role("button", name="Make the rule").click()
    made = page.locator("li.panel", has_text="Nitrogen dioxide above 200").first
    expect(made).to_be_visible()
    picture(page)
    made.get_by_role("button", name=re.compile("^Remove")).click()
    expect(page.get_by_text("Nitrogen dioxide above 200")).to_have_count(0)
    assert all(one["above"] != 200 for one in ask("notifications/rules")["rules"])
