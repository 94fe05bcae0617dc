"""A planner's way without a mouse: ask a question, build the measure, run it, read the answer."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import Any

from playwright.sync_api import Page, expect

from .conftest import SCENARIO, Ask, open_page, tab_to

RUN_PATIENCE_MS = 180_000


def test_build_run_compare_by_keyboard_alone(page: Page, twin_url: str, ask: Ask) -> None:
    open_page(page, twin_url, "scenarios?lang=en&theme=light")
    tab_to(page, 'a[href^="#/scenario/new"]:not([href*="from="])')
    page.keyboard.press("Enter")
    page.wait_for_selector(".builder")

    tab_to(page, "#title")
    page.keyboard.type("Via Sabotino at 30")
    tab_to(page, "button.add")
    page.keyboard.press("Enter")
    expect(page.locator(".override")).to_have_count(1)
    choose_measure(page, "Lower the speed limit")
    tab_to(page, '.override input[role="combobox"]')
    page.keyboard.type("via sabotino whole")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".outcome .good")).to_be_visible()

    tab_to(page, ".row > button.primary")
    page.keyboard.press("Enter")
    expect(page.locator(".progress").first).to_be_visible()
    page.wait_for_function(
        "() => location.hash.startsWith('#/map') && location.hash.includes('mode=compare')",
        timeout=RUN_PATIENCE_MS,
    )
    expect(page.locator(".knob")).to_be_visible()
    expect(page.locator(".kpi .verdict").first).to_be_visible()
    expect(page.locator("h1")).to_have_text("Via Sabotino at 30")

    stored = [one for one in ask("scenarios")["scenarios"] if one["title"].get("en") == "Via Sabotino at 30"]
    assert stored
    assert stored[0]["overrides"][0]["measure"] == "limit_speed"
    assert ask(f"runs/{stored[0]['latest_run']}")["status"] == "done"


def choose_measure(page: Page, title: str) -> None:
    """Walk to the list of measures and choose by typing, as one does in a native list."""
    tab_to(page, ".override .head select")
    page.keyboard.type(title)
    expect(page.locator(".override .head select")).to_have_value("limit_speed")


def test_what_the_model_refuses_is_said_beside_it(page: Page, twin_url: str) -> None:
    open_page(page, twin_url, "scenario/new?lang=en")
    page.get_by_label("Title").fill("Too far away")
    page.get_by_role("button", name="Add a measure").click()
    page.locator(".override .head select").select_option("limit_speed")
    page.get_by_label("statistical area").check()
    area = page.get_by_role("combobox", name="Choose a statistical area")
    area.fill("Paderno")
    area.press("ArrowDown")
    area.press("Enter")
    refusal = page.locator(".override .notice.bad, .outcome .small")
    expect(refusal.first).to_be_visible()
    expect(page.locator(".outcome")).to_contain_text("does not allow")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_disabled()


def test_an_area_is_drawn_without_a_mouse(page: Page, twin_url: str) -> None:
    open_page(page, twin_url, "scenario/new?lang=en&v=11.32200,44.49800,15.00,0,0")
    page.get_by_label("Title").fill("Drawn")
    page.get_by_role("button", name="Add a measure").click()
    page.get_by_label("drawn area").check()
    page.get_by_role("button", name="Draw an area").click()
    canvas = page.locator(".maplibregl-canvas")
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        page.get_by_role("button", name="Corner at map centre").click()
        canvas.focus()
        page.keyboard.press(key)
        page.keyboard.press(key)
        page.wait_for_timeout(500)  # the map eases to its new centre
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_text("Area drawn.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Area drawn.")).to_be_hidden()


def test_streets_are_picked_by_a_click_on_the_map(page: Page, twin_url: str, ask: Ask) -> None:
    open_page(page, twin_url, "scenario/new?lang=en&v=11.32200,44.49800,16.00,0,0")
    page.get_by_role("button", name="Add a measure").click()
    features = ask("models/traffic/features")["features"]
    position = screen_position(page, features)
    page.mouse.click(*position)
    expect(page.locator(".chips li")).to_have_count(1)
    page.mouse.click(*position)
    expect(page.locator(".chips li")).to_have_count(0)
    expect(page.get_by_text(re.compile("Or click streets"))).to_be_visible()


def screen_position(page: Page, features: list[dict[str, Any]]) -> tuple[float, float]:
    """Where on the screen the street nearest to the map's middle runs: Web Mercator at zoom 16, 512 px tiles."""

    def world(lng: float, lat: float) -> tuple[float, float]:
        size = 512 * 2**16
        y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
        return (lng + 180) / 360 * size, y * size

    box = page.locator(".stage").bounding_box()
    assert box
    middle = world(11.322, 44.498)
    points = []
    for feature in features:
        line = feature["geometry"]["coordinates"]
        for (a, b), (c, d) in pairwise(line):
            x, y = world((a + c) / 2, (b + d) / 2)
            points.append((math.hypot(x - middle[0], y - middle[1]), x - middle[0], y - middle[1]))
    _, x, y = min(points)
    return box["x"] + box["width"] / 2 + x, box["y"] + box["height"] / 2 + y


def test_a_scenario_goes_its_way_with_reasons(page: Page, twin_url: str, ask: Ask) -> None:
    like = ask(f"scenarios/{SCENARIO}")
    draft = {
        **{name: like[name] for name in ("model", "overrides", "window")},
        "title": {"en": "To be reviewed"},
    }
    made = ask("scenarios", draft)["id"]
    open_page(page, twin_url, "scenarios?lang=en&status=draft")
    card = page.locator("li.panel").filter(has=page.get_by_role("heading", name="To be reviewed", exact=True))
    card.locator("summary").click()
    card.get_by_role("button", name="Submit for review").click()
    card.get_by_label("Reason").fill("Ready for the meeting in May.")
    card.get_by_role("button", name="Confirm").click()
    expect(card).to_have_count(0)  # it is no draft any more
    page.get_by_label("State", exact=True).select_option("submitted")
    expect(card.locator("[data-status]")).to_have_text("submitted")
    card.locator("summary").click()
    expect(card.locator("ol")).to_contain_text("Ready for the meeting in May.")
    open_page(page, twin_url, f"scenario/{made}?lang=en")
    expect(page.get_by_role("button", name="Save draft")).to_be_disabled()
