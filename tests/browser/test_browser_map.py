"""The map page: one address is one view, the swipe is true, and the same number stands everywhere."""

from __future__ import annotations

import base64
import csv
import io
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from .conftest import Ask, Watch, kept_clean, open_page, watched_page
from .test_browser_pages import RULES, where

COMPARE = "map?scenario=zone-30-west&mode=compare&h=8&lang=en&theme=light"
STEADY = "&v=11.31800,44.49500,14.00,0,0"
DIFFERING = """async ([first, second]) => {
  const read = async (data) => {
    const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const pen = canvas.getContext('2d');
    pen.drawImage(bitmap, 0, 0);
    return pen.getImageData(0, 0, bitmap.width, bitmap.height).data;
  };
  const [a, b] = [await read(first), await read(second)];
  let differing = 0;
  for (let i = 0; i < a.length; i += 4) {
    if (Math.abs(a[i] - b[i]) + Math.abs(a[i + 1] - b[i + 1]) + Math.abs(a[i + 2] - b[i + 2]) > 24) differing++;
  }
  return differing / (a.length / 4);
}"""
MEAN_COLOUR = """async (data) => {
  const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
  const canvas = new OffscreenCanvas(1, 1);
  const pen = canvas.getContext('2d');
  pen.drawImage(bitmap, 0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
}"""


@pytest.fixture(scope="module")
def map_page(browser: Browser, twin_url: str, run_id: str) -> Iterator[Page]:
    """One map for this module: with software WebGL, opening it is what takes time."""
    for page, _ in kept_clean(*watched_page(browser, twin_url)):
        page.set_viewport_size({"width": 1280, "height": 720})
        open_page(page, twin_url, COMPARE + STEADY)
        yield page


@pytest.fixture
def compared(map_page: Page) -> Page:
    """The map with a scenario against today, brought back to that by its address alone."""
    map_page.evaluate("address => { location.hash = `/${address}`; }", COMPARE + STEADY)
    expect(map_page.locator(".knob")).to_have_attribute("aria-valuenow", "50")
    expect(map_page.locator(".kpi .verdict").first).to_be_visible()
    return map_page


def address(page: Page, part: str) -> str:
    """The address, once it holds ``part``."""
    page.wait_for_function("part => location.hash.includes(part)", arg=part)
    return str(page.evaluate("location.href"))


def test_the_address_is_the_view(compared: Page) -> None:
    page = compared
    page.get_by_role("radio", name="Difference").check()
    page.get_by_label("Quantity").select_option("co2")
    page.get_by_label("Hour of day").press("ArrowRight")
    page.get_by_label("Low-traffic zones").check()
    link = address(page, "layers=")
    assert all(
        part in link for part in ("mode=difference", "f=co2", "h=9", "scenario=zone-30-west", "v=11.31")
    )
    told, seen = page.locator(".kpi").all_inner_texts(), halves(page)

    page.goto("about:blank")
    page.goto(link)
    page.wait_for_selector("#map[data-state=ready]")
    expect(page.get_by_role("radio", name="Difference")).to_be_checked()
    expect(page.get_by_label("Quantity")).to_have_value("co2")
    expect(page.get_by_label("Hour of day")).to_have_value("9")
    expect(page.get_by_label("Low-traffic zones")).to_be_checked()
    expect(page.get_by_label("Scenario shown")).to_have_value("zone-30-west")
    assert page.evaluate("location.href") == link
    expect(page.locator(".kpi .verdict").first).to_be_visible()
    assert page.locator(".kpi").all_inner_texts() == told
    assert all(differing(page, *pair) <= 0.01 for pair in zip(seen, halves(page), strict=True))


def test_divider_moves_by_keyboard_and_says_where_it_is(compared: Page) -> None:
    knob = compared.locator(".knob")
    knob.focus()
    compared.keyboard.press("ArrowRight")
    expect(knob).to_have_attribute("aria-valuenow", "52")
    expect(knob).to_have_attribute("aria-valuetext", re.compile("52"))
    compared.keyboard.press("Home")
    expect(knob).to_have_attribute("aria-valuenow", "2")
    address(compared, "s=2")


def test_the_swipe_is_true(compared: Page) -> None:
    """Left of the divider the map is today's, right of it the scenario's, to the pixel (software GL: 1 %)."""
    page = compared
    both = halves(page)
    page.get_by_role("radio", name="Today").check()
    expect(page.locator(".knob")).to_be_hidden()
    today = halves(page)
    page.get_by_role("radio", name="Scenario", exact=True).check()
    scenario = halves(page)
    assert differing(page, both[0], today[0]) <= 0.01
    assert differing(page, both[1], scenario[1]) <= 0.01
    assert differing(page, today[1], scenario[1]) > 0.0005, (
        "today and scenario look the same: nothing was tested"
    )


def halves(page: Page) -> tuple[str, str]:
    """Pictures of the map left and right of its middle, clear of cards, divider and dock."""
    page.mouse.move(5, 400)
    page.wait_for_timeout(400)  # the frame after the last update
    box = page.locator(".stage").bounding_box()
    assert box
    middle, top, height = box["x"] + box["width"] / 2, box["y"] + 120, box["height"] - 250
    left = {"x": box["x"] + 236, "y": top, "width": middle - 70 - box["x"] - 236, "height": height}
    right = {"x": middle + 90, "y": top, "width": box["width"] / 2 - 160, "height": height}
    first, second = (base64.b64encode(page.screenshot(clip=part)).decode() for part in (left, right))
    return first, second


def differing(page: Page, first: str, second: str) -> float:
    """Share of pixels that differ visibly between two PNG pictures (decoded on a page of its own, without CSP)."""
    bench = page.context.new_page()
    share = bench.evaluate(DIFFERING, [first, second])
    bench.close()
    return float(share)


def test_wording_follows_the_interval(compared: Page, ask: Ask, run_id: str) -> None:
    base = ask("city")["baseline_run"]
    figures = ask(f"comparisons?base={base}&with={run_id}")["indicators"]
    tiles = compared.locator(".kpi")
    expect(tiles).to_have_count(len(figures))
    for position, figure in enumerate(figures):
        tile, change = tiles.nth(position), figure["change"]
        expect(tile.locator("h2")).to_have_text(figure["title"]["en"])
        clear = change["interval"]["low"] > 0 or change["interval"]["high"] < 0
        expect(tile.locator(".verdict")).to_have_text(figure["verdict"] if clear else "no clear change")
        assert (tile.locator(".good").count() > 0) == (clear and figure["verdict"] == "likely better")
        shown = tile.locator(".value b").inner_text().replace(",", "")
        assert float(shown) == pytest.approx(figure["with"]["value"], abs=0.51 * 10 ** -figure["decimals"])
        expect(tile.locator("svg[role=img]")).to_have_attribute("aria-label", re.compile("90 % interval"))


def test_table_file_and_api_say_the_same(compared: Page, ask: Ask, run_id: str, tmp_path: Path) -> None:
    page = compared
    page.get_by_role("button", name="Table", exact=True).click()
    while page.get_by_role("button", name="Show more").count():
        page.get_by_role("button", name="Show more").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Export CSV").click()
    target = tmp_path / "map.csv"
    saved.value.save_as(target)
    rows = {row["feature"]: row for row in csv.DictReader(io.StringIO(target.read_text(encoding="utf-8")))}

    base = ask("city")["baseline_run"]
    sources = {"today": ask(f"runs/{base}/results"), "scenario": ask(f"runs/{run_id}/results")}
    features = sources["today"]["features"]
    assert rows.keys() == set(features)
    for feature in random.Random(7).sample(features, 20):
        cells = page.locator(f'tr[data-feature="{feature}"] td[data-value]')
        shown = [cells.nth(at).get_attribute("data-value") for at in range(3)]
        truth = [value_at(sources[name], feature) for name in ("today", "scenario")]
        filed = [rows[feature][f"flow_{name} [veh/h]"] for name in ("today", "scenario")]
        assert [number(one) for one in shown[:2]] == truth == [number(one) for one in filed]
        assert number(shown[2]) == number(rows[feature]["flow_change [veh/h]"])


def test_card_and_tooltip_say_what_the_api_says(compared: Page, ask: Ask, run_id: str) -> None:
    """The card of a street that is chosen, and the words beside the pointer on the map where that street is."""
    page = compared
    sources = [ask(f"runs/{one}/results") for one in (ask("city")["baseline_run"], run_id)]
    features = ask("models/traffic/features")["features"]
    streets = {one["id"]: one for one in features if one["properties"].get("name")}
    driven = [one for one in streets if all(value_at(found, one) for found in sources)]
    for chosen in random.Random(11).sample(driven, 3):
        place = midway(streets[chosen]["geometry"]["coordinates"])
        look = f"{COMPARE}&s=10&sel={chosen}&v={place[0]:.6f},{place[1]:.6f},19.00,0,0"
        page.evaluate("address => { location.hash = `/${address}`; }", look)
        expect(page.locator(".feature")).to_contain_text(streets[chosen]["properties"]["name"])
        row = page.locator(".feature tbody tr", has_text="veh/h").first
        truth = value_at(sources[0], chosen)
        assert spoken(row.locator("td").first.inner_text().split()[0]) == pytest.approx(truth, rel=0.006)
        name, told = pointed_at(page)
        alike = [one for one in driven if streets[one]["properties"]["name"] == name]
        truths = [
            [value_at(found, one) for found in sources] for one in alike
        ]  # both ways of a street lie there
        assert any(told == pytest.approx(one, rel=0.006) for one in truths), (name, told)


def test_the_chart_is_drawn_at_the_values_of_the_api(compared: Page, ask: Ask, run_id: str) -> None:
    """Not only its words: where the dots stand between the lines of its axis, and what its table says."""
    page = compared
    results = [ask(f"runs/{one}/results") for one in (ask("city")["baseline_run"], run_id)]
    named = {
        one["properties"]["name"]: one["id"]
        for one in ask("models/traffic/features")["features"]
        if one["properties"].get("name") and all(value_at(found, one["id"]) for found in results)
    }
    chart = page.locator("figure", has=page.locator("circle.scenario"))
    for name in random.Random(13).sample(sorted(named), 5):
        page.evaluate("address => { location.hash = `/${address}`; }", f"{COMPARE}{STEADY}&sel={named[name]}")
        expect(chart.locator("figcaption")).to_contain_text(name)
        truth = [value_at(found, named[name]) for found in results]
        axis = chart.locator("svg > text[text-anchor=end]")
        low, _, high = (spoken(one) for one in axis.all_text_contents())
        dots = [placed(chart.locator(f"circle.{kind}"), "cy") for kind in ("baseline", "scenario")]
        lines = [placed(one, "y1") for one in chart.locator("line.grid").all()]
        drawn = [low + (lines[0] - dot) / (lines[0] - lines[-1]) * (high - low) for dot in dots]
        assert drawn == pytest.approx(truth, abs=0.001 * high), name
        cells = chart.locator("tbody tr", has_text="08:00").locator("td").all_text_contents()
        assert [spoken(one) for one in cells] == pytest.approx(truth, rel=0.006), name


def placed(drawn: Locator, where: str) -> float:
    """Where something stands in a chart."""
    return float(drawn.get_attribute(where) or "nan")


def test_back_and_forward_are_the_views_that_were_left(compared: Page) -> None:
    page = compared
    page.get_by_role("radio", name="Difference").check()
    page.get_by_label("Hour of day").press("ArrowRight")
    left = address(page, "h=9")
    page.get_by_role("link", name="Scenarios", exact=True).click()
    expect(page.locator("h1")).to_have_text("Scenarios")
    page.go_back()
    expect(page.get_by_role("radio", name="Difference")).to_be_checked()
    expect(page.get_by_label("Hour of day")).to_have_value("9")
    assert address(page, "mode=difference") == left
    page.go_forward()
    expect(page.locator("h1")).to_have_text("Scenarios")
    page.go_back()
    page.wait_for_selector("#map[data-state=ready]")


def midway(line: list[list[float]]) -> tuple[float, float]:
    """A place on a street: the middle of one of its pieces."""
    at = (len(line) - 1) // 2
    return (line[at][0] + line[at + 1][0]) / 2, (line[at][1] + line[at + 1][1]) / 2


def pointed_at(page: Page) -> tuple[str, list[float]]:
    """What stands beside the pointer in the middle of the map: whose, and the values today and in the scenario."""
    box = page.locator(".stage").bounding_box()
    assert box
    hint = page.locator(".hint")
    for attempt in range(40):  # the map may still be drawing
        page.mouse.move(box["x"] + box["width"] / 2 + attempt % 2, box["y"] + box["height"] / 2)
        page.wait_for_timeout(250)
        if hint.count():
            break
    name, _, values = hint.inner_text().rpartition(": ")
    return name, [spoken(one.split()[0]) for one in values.split(" → ")]


def spoken(text: str) -> float:
    """A figure as people read it in English."""
    return float(text.replace(",", ""))


def value_at(results: dict[str, Any], feature: str) -> float | None:
    """A feature's flow at 08:00."""
    hour = results["hours"].index(8)
    value: float | None = results["fields"]["flow"]["mean"][hour][results["features"].index(feature)]
    return value


def number(text: str | None) -> float | None:
    """A cell as a number; None where there is no value."""
    return float(text) if text else None


def test_hours_that_the_model_does_not_simulate_say_so(compared: Page) -> None:
    slider = compared.get_by_label("Hour of day")
    expect(compared.locator(".dock")).to_contain_text("simulated hour")
    slider.press("End")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("23:00"))
    expect(compared.locator(".dock")).to_contain_text("not simulated")


def test_a_street_is_found_by_keyboard_and_explained(compared: Page) -> None:
    page = compared
    field = page.get_by_role("combobox", name="Find a street")
    field.fill("via sabotino")
    field.press("ArrowDown")
    field.press("Enter")
    card = page.locator(".feature")
    expect(card.locator("h2")).to_have_text("Via Sabotino")
    expect(card.get_by_role("link", name=re.compile("Lineage"))).to_be_visible()
    expect(card.locator("table tbody tr")).not_to_have_count(0)
    address(page, "sel=urn")
    page.get_by_role("button", name="Close").first.click()
    expect(card).to_be_hidden()


def test_a_loop_shows_its_history(page: Page, twin_url: str, ask: Ask) -> None:
    loop = ask("map/layers/traffic-loops")["features"][0]["id"]
    open_page(page, twin_url, f"map?lang=en&sel={loop}")
    chart = page.locator(".feature [role=img]")
    expect(chart).to_have_attribute("aria-label", re.compile(r"2024"))
    expect(chart.locator("canvas")).to_be_visible()


def test_a_number_leads_to_the_row_that_it_came_from(page: Page, twin_url: str, ask: Ask) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/lineage/value" in request.url else None)
    area = "urn:ngsi-ld:StatisticalArea:bologna:01"
    open_page(page, twin_url, f"map?lang=en&sel={area}")
    card = page.locator(".feature")
    expect(card.get_by_text("Where does this number come from?")).to_be_visible()
    assert not asked
    card.get_by_text("Where does this number come from?").click()
    for attribute in ("population", "publicTrees"):
        card.get_by_label("Quantity").select_option(attribute)
        origin = ask(f"lineage/value?entity={area}&attribute={attribute}")
        expect(card.get_by_role("link", name=f"Row {origin['row']['number']}")).to_have_attribute(
            "href", origin["link"]
        )
        delivered = card.get_by_role("region", name="The row as it was delivered")
        for name, value in origin["row"]["fields"].items():
            expect(delivered.get_by_role("row", name=name)).to_contain_text(str(value))
        expect(card.locator("details")).to_contain_text(str(origin["value"]))
    violations = Axe().run(page, options=RULES).response["violations"]
    assert not {one["id"]: where(one) for one in violations}
    card.get_by_role("link", name=origin["source"]).click()
    page.wait_for_function("id => location.hash.includes(id)", arg=f"sources/{origin['source']}")


def test_a_number_without_a_row_says_so(page: Page, twin_url: str, watch: Watch) -> None:
    watch.expect("404")
    page.route("**/api/lineage/value*", lambda route: route.fulfill(status=404, json={"title": "Not found"}))
    open_page(page, twin_url, "map?lang=de&sel=urn:ngsi-ld:StatisticalArea:bologna:01")
    page.locator(".feature summary").click()
    expect(page.locator(".feature details")).to_contain_text("Keine aufbewahrte Lieferung")


AREA = (11.318, 44.495)
HALF = 0.004
HOLE = 0.001


def square(half: float, *, east: float = 0.0) -> list[list[float]]:
    """A closed ring about the middle of the view, so many degrees to each side."""
    corners = ((-half, -half), (half, -half), (half, half), (-half, half), (-half, -half))
    return [[AREA[0] + east + x, AREA[1] + y] for x, y in corners]


@pytest.fixture
def areas(opened: tuple[Page, Watch], twin_url: str, ask: Ask) -> Page:
    """The map, where the model's busiest street is an area with a hole, and there is no other."""
    page, watch = opened
    watch.expect("Map cannot fit within canvas")
    results = ask(f"runs/{ask('city')['baseline_run']}/results")
    busiest = max(results["features"], key=lambda one: value_at(results, one) or 0)
    document = ask("models/traffic/features")
    for one in document["features"]:
        if one["id"] == busiest:
            rings = [square(HALF, east=HALF), square(HOLE, east=HALF)]
            one["geometry"] = {"type": "MultiPolygon", "coordinates": [rings]}
    document["features"] = [one for one in document["features"] if one["id"] == busiest]
    page.route("**/api/models/traffic/features*", lambda route: route.fulfill(json=document))
    page.set_viewport_size({"width": 1280, "height": 720})
    open_page(page, twin_url, "map?lang=en&theme=light&h=8&mode=today" + STEADY)
    return page


def test_a_model_of_areas_fills_them_but_not_their_holes(areas: Page) -> None:
    page = areas
    box = page.locator("#map canvas").first.bounding_box()
    assert box
    east = 512 * 2**14 / 360  # pixels a degree at zoom 14
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    inside, hole, outside = (page_colour(page, x + east * at, y) for at in (HALF / 2, HALF, -HALF / 2))
    assert apart(inside, outside) > 100, (inside, outside)
    assert apart(hole, inside) > 100, (hole, inside)
    page.mouse.click(x + east * HALF / 2, y)
    card = page.locator("section.feature")
    expect(card).to_contain_text("Area of the model")
    expect(card).not_to_contain_text("undefined")
    page.get_by_role("button", name="Table", exact=True).click()
    expect(page.locator("section.table thead th").first).to_have_text("Area")


def page_colour(page: Page, x: float, y: float) -> list[int]:
    """The mean colour of a small square of the page."""
    picture = page.screenshot(clip={"x": x - 4, "y": y - 4, "width": 8, "height": 8})
    bench = page.context.new_page()
    found = bench.evaluate(MEAN_COLOUR, base64.b64encode(picture).decode())
    bench.close()
    return list(found)


def apart(first: list[int], second: list[int]) -> int:
    """How far two colours are from each other, 0 to 765."""
    return sum(abs(one - other) for one, other in zip(first, second, strict=True))
