"""Two twins deal with each other, and all of it is done by clicking: from what a partner offers to the end of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from sympolis import settings
from sympolis.cli import federation_demo
from sympolis.cli.federation_demo import Member
from sympolis.testing.offering import write_offering

from .conftest import PATIENCE_MS, kept_clean, open_page, watched_page

SERVE = """
from sympolis.plugins import loader
from sympolis.testing.offering import simulators_with_toy
found = simulators_with_toy()
loader.simulators = lambda: found
from sympolis.cli.main import run
run()
"""
"""A server that knows the model of the small city beside those of the platform."""
ANY_PORT = 0
"""The server takes one that is free and says which: tests beside this one cannot take it in between."""


def write_city(folder: Path, name: str) -> str:
    """A small city of this name that offers its data, and a service."""
    package = write_offering(folder / name.lower())
    for file in (package / "city.toml",):
        file.write_text(file.read_text("utf-8").replace("Smallville", name), "utf-8")
    return str(package)


def spawn(city: str, port: int, flags: Mapping[str, Any]) -> subprocess.Popen[str]:
    chosen = {"city": city, "port": port, "data": flags["data"], "allow_loopback": "true"}
    environment = {settings.PREFIX + name.upper(): str(value) for name, value in chosen.items()}
    return subprocess.Popen(
        [sys.executable, "-c", SERVE, "serve"],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.fixture(scope="module")
def cities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Member]]:
    """Two servers that are partners of each other."""
    folder = tmp_path_factory.mktemp("trading")
    packages = [write_city(folder, name) for name in ("North", "South")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(federation_demo, "_places", lambda _: [(city, ANY_PORT) for city in packages])
        patch.setattr(federation_demo, "_spawn", spawn)
        patch.setattr("signal.signal", lambda *_: None)
        with federation_demo.running({"data": folder / "data"}) as found:
            federation_demo.introduce(found)
            federation_demo._wait_until_ready(found)
            yield found


@pytest.fixture
def north(browser: Browser, cities: list[Member]) -> Iterator[Page]:
    """A page of the first city."""
    for page, _ in kept_clean(*watched_page(browser, cities[0].address)):
        yield page


def says(where: Locator, words: str) -> None:
    """Wait until these words are there: messages, data and answers are on their way."""
    expect(where).to_contain_text(words, timeout=PATIENCE_MS)


def panel(page: Page, heading: str, words: str) -> Locator:
    """The first entry that says these words, of the list under a heading."""
    under = page.locator("h2", has=page.get_by_text(heading, exact=True))
    return under.locator("xpath=following-sibling::ul[1]/li").filter(has_text=words).first


def agree_on(page: Page, address: str, kind: str, title: str) -> Locator:
    """Ask for an agreement on what is found by its title; the agreement, unfolded."""
    open_page(page, address, f"federation/offers?kind={kind}")
    offered = page.locator("li.panel").filter(has=page.get_by_role("heading", name=title, exact=True))
    says(offered, "Twin of South")
    offered.get_by_role("button", name="Ask for an agreement").click()
    name = title.lower().replace(" ", "-")
    says(panel(page, "Negotiations", name), "concluded")
    agreement = panel(page, "Agreements", name)
    agreement.get_by_role("button").first.click()
    says(agreement, "Allows use at this moment")
    return agreement


def test_all_that_two_cities_do_is_done_on_the_page(north: Page, cities: list[Member]) -> None:
    page, address = north, cities[0].address

    # discover
    open_page(page, address, "federation")
    says(page.locator("li.panel").filter(has_text="Twin of South"), "partners of each other")

    # what of theirs would run on our data, and on which terms
    open_page(page, address, "federation/matrix")
    theirs = page.get_by_role("row").filter(has_text="Entry charge").filter(has_text="Twin of South")
    theirs.get_by_role("button").first.click()
    report = page.locator("section.panel")
    says(report.get_by_role("heading", level=2), "Entry charge · Twin of North")
    says(report, "runs")
    says(report, "CC0-1.0")

    # negotiate, and take the data
    agreement = agree_on(page, address, "dataset", "Areas")
    panel(page, "Negotiations", "areas").get_by_role("button").first.click()
    says(panel(page, "Negotiations", "areas"), "we: request → asked for")
    agreement.get_by_label("Format").select_option(label="File")
    agreement.get_by_role("button", name="Transfer").click()
    transfer = panel(page, "Transfers", "areas")
    says(transfer, "complete")
    transfer.get_by_role("button").first.click()
    says(transfer, "Received: data.")

    # have their service compute
    service = agree_on(page, address, "service", "Entry charge")
    service.get_by_role("button", name="Have it computed").click()
    says(service, "done")
    expect(service.get_by_role("link", name="the answer")).to_be_visible(timeout=PATIENCE_MS)

    # what was used, by both accounts
    rows = page.get_by_role("region", name="Use of data under contract").get_by_role("row")
    expect(rows.filter(has_text="areas")).to_have_count(1, timeout=PATIENCE_MS)
    says(rows.filter(has_text="entry-charge").first, "from the partner “Twin of South”")
    for name in ("areas", "entry-charge"):
        used = panel(page, "Transfers", name)
        if used.get_by_role("button", name="Compare").count() == 0:
            used.get_by_role("button").first.click()
        used.get_by_role("button", name="Compare with their account").click()
        says(used, "Both accounts agree")
    counted = cities[1].twin.get("/api/federation/usage")["uses"]
    assert {one["dataset"].rpartition(":")[2] for one in counted} == {"areas", "entry-charge"}

    # end it
    for name in ("entry-charge", "areas"):
        held = panel(page, "Agreements", name)
        if held.get_by_role("button", name="End the agreement").count() == 0:
            held.get_by_role("button").first.click()
        held.get_by_role("button", name="End the agreement").click()
        says(held, "Does not allow use at this moment")
    says(panel(page, "Transfers", "entry-charge"), "ended")
    left = {one["state"] for one in cities[1].twin.get("/api/federation/transfers")["transfers"]}
    assert left == {"COMPLETED", "TERMINATED"}, "with the partner nothing goes on, either"
