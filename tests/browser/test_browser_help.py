"""Help as somebody uses it: looked for in one's own language, read, asked of a person, learnt by doing."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Page, expect

from .conftest import open_page


def test_who_is_stuck_finds_a_page_and_reads_it(page: Page, twin_url: str) -> None:
    open_page(page, twin_url, "help?lang=de")
    page.get_by_role("searchbox", name="Was möchten Sie wissen?").fill("Wie vergleiche ich Szenarien?")
    page.get_by_role("button", name="Suchen", exact=True).click()
    found = page.get_by_role("link", name="Was wäre wenn: ein Szenario rechnen")
    expect(found).to_be_visible()
    expect(page).to_have_url(re.compile("q=Wie"))  # so the search can be sent to somebody
    expect(page.get_by_text("Die Dokumentation ist auf Englisch")).to_be_visible()
    found.click()
    read = page.locator("article[lang=en]")
    expect(read.get_by_role("heading", level=2)).to_have_count(1)
    assert not re.search(r"^#+ |\]\(", read.inner_text(), re.MULTILINE), "it is read, not raw"
    page.get_by_role("link", name="Zurück zur Hilfe").click()
    expect(page.get_by_role("searchbox")).to_be_visible()


def test_a_question_reaches_who_answers_it_and_a_tutorial_notices(page: Page, twin_url: str) -> None:
    question = f"Why was row {time.time_ns()} put into quarantine?"
    open_page(page, twin_url, "help?lang=en")
    tutorial = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Look and ask"))
    tutorial.get_by_role("button", name=re.compile("Begin")).click()
    expect(tutorial.get_by_role("link", name="See how good a model is")).to_be_visible()

    page.get_by_label("Your question").fill(question)
    page.get_by_role("button", name="Send").first.click()
    mine = page.get_by_role("listitem").filter(has=page.get_by_role("button", name="Take back")).first
    expect(mine).to_contain_text(question)
    expect(mine).to_contain_text("Data and sources")
    expect(tutorial.get_by_role("listitem").last).to_contain_text("done")  # asking was its last step

    waiting = page.get_by_role("listitem").filter(has=page.get_by_label("Answer"), has_text=question)
    waiting.get_by_label("Answer").fill("Its count was negative.")
    waiting.get_by_role("button", name="Send").click()
    expect(mine).to_contain_text("Its count was negative.")
    mine.get_by_role("button", name="Take back").click()
    expect(page.get_by_text(question)).to_have_count(0)
