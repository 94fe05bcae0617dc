"""A planner's question to the twin: move a lever, ask, read the answer and what makes it uncertain."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from .conftest import Ask, open_page

RUN_PATIENCE_MS = 180_000
SERVICE = "services/mobility-policy?lang=en&theme=light"


def test_every_service_is_offered_with_whether_it_runs_here(page: Page, twin_url: str, ask: Ask) -> None:
    open_page(page, twin_url, "services?lang=en")
    offered = ask("services")["services"]
    expect(page.locator(".cards li")).to_have_count(len(offered))
    for service in offered:
        card = page.locator(".cards li").filter(
            has=page.get_by_role("link", name=service["title"]["en"], exact=True)
        )
        words = {"runs": "runs here", "runs with adaptations": "adaptations", "cannot": "not"}
        expect(card).to_contain_text(words[service["check"]["verdict"]])


def test_move_a_lever_ask_and_see_why_the_answer_is_uncertain(page: Page, twin_url: str, ask: Ask) -> None:
    open_page(page, twin_url, SERVICE)
    charge = page.get_by_label("Charge for Euro 6: exact value")
    charge.fill("9")
    charge.press("Tab")
    page.get_by_role("button", name="Ask the twin").click()
    page.wait_for_function("() => location.hash.includes('run=')", timeout=RUN_PATIENCE_MS)
    expect(page.locator(".answer .kpi").first).to_be_visible()
    run_id = str(page.evaluate("new URLSearchParams(location.hash.split('?')[1]).get('run')"))
    run = ask(f"runs/{run_id}")
    [override] = ask(f"scenarios/{run['scenario']}")["overrides"]
    assert override["parameters"]["euro_6"] == 9
    expect(page.locator(".answer")).to_contain_text("Vehicles driving in")
    explain = page.get_by_role("button", name="Explain the uncertainty")
    rows = page.locator(".answer table tbody tr").filter(has_text="±")
    expect(explain.or_(rows.first).first).to_be_visible()
    if explain.count():  # a twin that runs on may know it already
        explain.click()
    expect(rows.first).to_be_visible(timeout=RUN_PATIENCE_MS)
    known = ask(f"runs/{run_id}/sensitivity")
    assert known["status"] == "done"
    titles = [one["title"]["en"] for one in known["indicators"][0]["inputs"] if one["knowable"]]
    for title in titles:
        expect(page.locator(".answer table")).to_contain_text([re.compile(re.escape(title))])


def test_a_forecast_says_how_good_it_was_or_why_it_is_withheld(page: Page, twin_url: str) -> None:
    open_page(page, twin_url, "forecasts/pm10?lang=en")
    expect(page.locator("table tbody tr")).not_to_have_count(0)
    work = page.get_by_role("button", name=re.compile("Work it out: Particulate"))
    if work.count():
        work.click()
    series = page.get_by_label("Series")
    expect(series).to_be_visible(timeout=RUN_PATIENCE_MS)
    states = series.locator("option").all_text_contents()
    published = next(text for text in states if "published" in text)
    series.select_option(label=published)
    expect(page.get_by_role("img", name=re.compile("^From "))).to_be_visible()
    withheld = next(text for text in states if "withheld" in text)
    series.select_option(label=withheld)
    expect(page.locator("section .notice").first).to_be_visible()


def test_what_helps_most_within_a_budget(page: Page, twin_url: str, ask: Ask) -> None:
    open_page(page, twin_url, "services/heat-waves?lang=en&theme=light")
    panel = page.locator("section").filter(has=page.get_by_role("heading", name="What helps most"))
    panel.get_by_label("Cost a year: at most").fill("60000")
    for measure in ("Put up shade sails", "Make roofs reflect", "Install misting points"):
        panel.get_by_label(measure, exact=True).uncheck()
    panel.get_by_role("button", name="Look for the best choice").click()
    expect(panel.get_by_text("run with its 90 % interval")).to_be_visible(timeout=RUN_PATIENCE_MS)
    advice_id = str(page.evaluate("new URLSearchParams(location.hash.split('?')[1]).get('advice')"))
    advice = ask(f"recommendations/{advice_id}")
    assert advice["asked"]["budget"] == {"yearly_cost": 60000}
    assert {one["measure"] for one in advice["asked"]["levers"]} == {"plant_trees", "open_shelters"}
    front = panel.locator("table").last.locator("tbody tr")
    expect(front).to_have_count(len(advice["front"]))
    expect(panel.locator("figure .dot.chosen")).to_have_count(1)
    front.first.get_by_role("button").click()
    page.wait_for_selector(".builder")
    expect(page.locator(".override")).to_have_count(advice["front"][0]["places"], timeout=60_000)
    expect(page.locator("#model")).to_have_value("heat")


def test_models_other_than_traffic_read_well(page: Page, twin_url: str, ask: Ask) -> None:
    for model in ask("models"):
        open_page(page, twin_url, f"models/{model['id']}?lang=en&theme=light")
        card = page.locator("article").first
        expect(card).to_contain_text(model["title"]["en"])
        text = card.inner_text()
        assert not re.search(r"undefined|NaN|\[object", text)
        assert ("GEH" in text) == (model["id"] == "traffic")
        if not model["hours_matter"]:
            expect(card).to_contain_text(model["period"]["en"])


def test_a_scenario_of_another_model_never_leads_to_the_wrong_map(
    page: Page, twin_url: str, ask: Ask
) -> None:
    open_page(page, twin_url, "scenarios?lang=en")
    heat = page.locator("li").filter(has=page.get_by_role("heading", name="A thousand trees", exact=False))
    expect(heat).to_contain_text("a heat-wave day")
    expect(heat.get_by_role("link", name="Show on the map")).to_have_count(0)
    open_page(page, twin_url, "map?scenario=thousand-trees&mode=compare&lang=en")
    expect(page.get_by_text("which this map does not show")).to_be_visible()
    expect(page.locator(".knob")).to_have_count(0)


def test_a_scenario_is_built_for_another_model(page: Page, twin_url: str, ask: Ask) -> None:
    open_page(page, twin_url, "scenario/new?lang=en&theme=light")
    page.locator("#model").select_option("heat")
    expect(page.locator(".hours")).to_have_count(0)
    page.get_by_role("button", name="Add a measure").click()
    page.locator(".override .head select").select_option("open_shelters")
    page.get_by_label("single places").check()
    place = page.get_by_role("combobox", name="Add a place")
    place.fill("Bitone")
    place.press("ArrowDown")
    place.press("Enter")
    expect(page.locator(".chips li")).to_have_count(1)
    expect(page.locator(".outcome .good")).to_be_visible(timeout=60_000)


def test_an_alert_that_stands_is_said_calmly(page: Page, twin_url: str, ask: Ask) -> None:
    """The real alerts of a hot day of the record, given to the page as if it were today."""
    hot = ask("alerts?at=2024-08-13")
    assert hot["alerts"], "Bologna's rule for heat waves was met in August 2024"
    page.route("**/api/alerts", lambda route: route.fulfill(json=hot))
    open_page(page, twin_url, "services?lang=en")
    expect(page.get_by_role("status").filter(has_text="Heat wave")).to_contain_text("°C")
