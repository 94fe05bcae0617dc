"""What people make and do together: a dashboard composed by pointer, finger and keys; one scene on two screens."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import Ask, kept_clean, open_page, watched_page

WORDS = {"kind": "text", "text": {"en": "Words."}}
NAMES = ("one", "two", "three")


@pytest.fixture
def board(ask: Ask) -> str:
    """A dashboard of three tiles of one column each."""
    tiles = [{**WORDS, "id": name, "title": {"en": name}} for name in NAMES]
    return str(
        ask("dashboards/composed", {"title": {"en": "Three"}, "visibility": "public", "tiles": tiles})["id"]
    )


def order(page: Page) -> list[str]:
    return page.locator("[data-tile] h2").all_inner_texts()


def test_a_dashboard_is_composed_shared_and_embedded(page: Page, twin_url: str, ask: Ask) -> None:
    open_page(page, twin_url, "dashboard/new?lang=en")
    page.get_by_label("Title", exact=True).fill("Air on Mondays")
    page.get_by_label("Title", exact=True).blur()
    page.get_by_role("button", name="Add a tile").click()
    picker = page.get_by_role("combobox", name="What to show")
    picker.fill("speed")
    picker.press("Enter")
    expect(page.get_by_text("Chosen:")).to_be_visible()
    page.get_by_role("form", name="New tile").get_by_role("button", name="Add a tile").click()
    page.get_by_label("Who may see it").select_option("public")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"dashboard/board-"))
    tile = page.locator("[data-tile]")
    expect(tile).to_contain_text("km/h")
    expect(tile).to_contain_text("As of")
    expect(tile.get_by_role("link", name="Where this comes from")).to_have_attribute(
        "href", re.compile("lineage")
    )
    address = page.evaluate("location.hash").split("?")[0].rpartition("/")[2]
    assert ask(f"dashboards/composed/{address}")["visibility"] == "public"
    page.goto(f"{twin_url}/embed/dashboards/{address}?lang=en")
    expect(page.locator("[data-tile]")).to_contain_text("km/h")
    expect(page.get_by_role("navigation")).to_have_count(0)
    expect(page.get_by_role("button", name="Edit")).to_have_count(0)


def test_tiles_move_and_grow_by_keys_buttons_and_pointer(
    page: Page, twin_url: str, ask: Ask, board: str
) -> None:
    """WCAG 2.1.1 and 2.5.7: the three ways lead to the same."""
    page.set_viewport_size({"width": 1280, "height": 800})
    open_page(page, twin_url, f"dashboard/{board}?lang=en")
    page.get_by_role("button", name="Edit", exact=True).click()
    handle = page.get_by_role("button", name=re.compile("^Move one"))
    handle.focus()
    page.keyboard.press("ArrowRight")
    assert order(page) == ["two", "one", "three"]
    expect(handle).to_be_focused()
    page.get_by_role("button", name="three: one place earlier").click()
    assert order(page) == ["two", "three", "one"]
    drag(page, '[data-tile="two"] [data-handle="move"]', '[data-tile="one"]')
    assert order(page) == ["three", "one", "two"]
    page.get_by_role("button", name=re.compile("^Size of three")).focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="three: taller").click()
    drag(page, '[data-tile="one"] [data-handle="size"]', '[data-tile="two"]')
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Edit", exact=True).wait_for()
    kept = ask(f"dashboards/composed/{board}")["tiles"]
    assert [(one["id"], one.get("width", 1), one.get("height", 1)) for one in kept] == [
        ("three", 2, 2), ("one", 1, 1), ("two", 1, 1),
    ]  # fmt: skip


def drag(page: Page, what: str, onto: str) -> None:
    """Press on something, move in steps as a hand would, let go."""
    start, end = page.locator(what).bounding_box(), page.locator(onto).bounding_box()
    assert start is not None and end is not None
    page.mouse.move(start["x"] + 8, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=6)
    page.mouse.up()


@pytest.fixture
def two_screens(browser: Browser, twin_url: str) -> Iterator[tuple[Page, Page]]:
    """Two people, each with a browser profile of their own."""
    for first, _ in kept_clean(*watched_page(browser, twin_url)):
        for second, _ in kept_clean(*watched_page(browser, twin_url)):
            yield first, second


def test_two_people_look_at_one_scene(two_screens: tuple[Page, Page], twin_url: str) -> None:
    ada, bo = two_screens
    open_page(ada, twin_url, "map?lang=en&h=8")
    ada.get_by_role("button", name="Look together").click()
    ada.get_by_label("Your name (optional)").fill("Ada")
    ada.get_by_role("button", name="Open a shared scene").click()
    link = ada.get_by_label("Invitation (link)").input_value()
    bo.goto(link)
    bo.get_by_role("button", name="Join").click()
    for page in (ada, bo):
        expect(page.get_by_text("Who is looking (2)")).to_be_visible()
    ada.get_by_role("slider", name="Hour").press("ArrowRight")
    bo.wait_for_function("() => location.hash.includes('h=9')")
    ada.locator("#map canvas").focus()
    ada.keyboard.press("+")
    bo.wait_for_function("() => /v=[^&]*/.test(location.hash)")
    bo.get_by_role("button", name="Point to the middle").click()
    expect(ada.get_by_role("complementary").get_by_text("Guest 2 points to")).to_be_visible()
    expect(ada.locator(".pointer.mark")).to_be_visible()
    bo.get_by_role("button", name="Take the lead").click()
    expect(ada.get_by_role("button", name="Take the lead")).to_be_visible()
    bo.get_by_role("button", name="Leave").click()
    expect(ada.get_by_text("Who is looking (1)")).to_be_visible()


def test_who_walks_is_seen_by_who_walks(two_screens: tuple[Page, Page], twin_url: str) -> None:
    ada, bo = two_screens
    open_page(ada, twin_url, "walk?lang=en")
    ada.wait_for_selector("canvas[data-state=ready]")
    expect(ada.get_by_role("group", name="Results along the streets")).to_contain_text("veh/h")
    ada.get_by_role("button", name="Open a shared scene").click()
    bo.goto(ada.get_by_label("Invitation (link)").input_value())
    bo.wait_for_selector("canvas[data-state=ready]")
    bo.get_by_role("button", name="Join").click()
    expect(ada.get_by_text("Who is looking (2)")).to_be_visible()
    before = bo.locator("span[aria-live]").inner_text()
    ada.get_by_role("button", name="Forward 10 m").click()
    bo.wait_for_function("was => document.querySelector('span[aria-live]').innerText !== was", arg=before)
    assert bo.locator("span[aria-live]").inner_text() == ada.locator("span[aria-live]").inner_text()
