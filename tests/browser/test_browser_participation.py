"""People say something, the city reads it and answers: the whole way through the pages, as each of them goes it."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import Page, expect

from .conftest import Ask, open_page

PROJECT = "historic-centre"
PHONE = {"width": 390, "height": 844}


def say(page: Page, title: str, text: str) -> None:
    """Fill the form as a resident does: what kind, about what, in which words."""
    page.get_by_role("radio", name="Concern").check()
    page.get_by_label("Category").select_option("green")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Text", exact=True).fill(text)


def place_from_list(page: Page) -> str:
    """The keyboard's way to a place: the first that the list offers; its name."""
    page.get_by_role("combobox", name="Pick an area or street by name").fill("a")
    first = page.get_by_role("listbox", name="Pick an area or street by name").get_by_role("option").first
    expect(first).to_be_visible()
    page.keyboard.press("Enter")
    chosen = page.get_by_role("status").filter(has_text="Place chosen: ")
    expect(chosen).to_be_visible()
    return chosen.inner_text().removeprefix("Place chosen: ")


def published(ask: Ask, title: str) -> list[dict[str, Any]]:
    """What everybody reads under this title."""
    found = ask(f"participation/projects/{PROJECT}/contributions?limit=1000")["contributions"]
    return [one for one in found if one["title"] == title]


def test_a_contribution_is_written_read_published_and_answered(page: Page, twin_url: str, ask: Ask) -> None:
    title = f"No shade on the way to school {time.time_ns()}"  # the same words twice would be refused
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    open_page(page, twin_url, f"participation/{PROJECT}?view=say&lang=en")
    say(page, title, f"{title}: in June nobody walks there at noon.")
    place = place_from_list(page)
    page.get_by_role("button", name="Send").click()
    mine = page.locator("article.panel", has_text=title).first
    expect(mine).to_contain_text("waiting to be read")
    assert not published(ask, title), "nobody reads it before the city has"

    open_page(page, twin_url, "participation/queue?lang=de")
    waiting = page.locator("article.panel", has_text=title)
    waiting.get_by_role("button", name="Veröffentlichen", exact=True).click()
    expect(waiting).to_have_count(0)
    [found] = published(ask, title)
    assert (found["kind"], found["category"], found["place_name"]) == ("concern", "green", place)

    open_page(page, twin_url, f"participation/{PROJECT}?view=answers&lang=en")
    page.get_by_label("You said").fill("There is no shade on the way to school.")
    did = f"Twelve trees are in the plan of the autumn (to: {title})."
    page.get_by_label("We did").fill(did)
    page.get_by_role("checkbox", name=title).check()
    page.get_by_role("button", name="Send").click()
    expect(page.locator("article.panel", has_text=did)).to_be_visible()

    open_page(page, twin_url, f"participation/{PROJECT}?contribution={found['id']}&lang=en")
    detail = page.locator("article.panel", has=page.get_by_role("heading", name=title))
    expect(detail).to_contain_text(did)
    detail.get_by_label("Your comment").fill(f"The south side first, please ({found['id']}).")
    detail.get_by_role("button", name="Send").first.click()
    expect(detail.get_by_role("status")).to_contain_text("read before it is published")


def test_what_is_not_published_is_told_to_its_author_who_may_disagree(page: Page, twin_url: str) -> None:
    title = f"An advertisement {time.time_ns()}"
    open_page(page, twin_url, f"participation/{PROJECT}?view=say&lang=en")
    say(page, title, f"{title}, cheap and good.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("article.panel", has_text=title).first).to_be_visible()

    open_page(page, twin_url, "participation/queue?lang=en")
    waiting = page.locator("article.panel", has_text=title)
    hide = waiting.get_by_role("button", name="Do not publish")
    expect(hide).to_be_disabled()
    waiting.get_by_label("Reason").fill("It advertises something.")
    hide.click()
    expect(waiting).to_have_count(0)

    open_page(page, twin_url, f"participation/{PROJECT}?view=mine&lang=en")
    mine = page.locator("article.panel", has_text=title).first
    expect(mine).to_contain_text("Not published, because: It advertises something.")
    mine.get_by_role("textbox").fill("It is a question, not an offer.")
    mine.get_by_role("button", name="Ask for another look").click()
    expect(mine).to_contain_text("another look asked for")

    open_page(page, twin_url, "participation/queue?lang=de")
    again = page.locator("article.panel", has_text=title)
    expect(again.locator("ul")).to_contain_text("nicht veröffentlicht")
    expect(again.locator("ul")).to_contain_text("Widerspruch eingelegt")
