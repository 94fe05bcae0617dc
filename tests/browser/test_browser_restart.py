"""A server is killed under an open page: the page says so, and goes on by itself once the server is back."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from sympolis import settings
from sympolis.testing.small_city import STREETS, write_package

from .conftest import kept_clean, open_page, watched_page

STALE_MS = 5_000
"""Within which the page must say that what it shows may be old."""
LISTENS = """(() => {
  window.heard = [];
  const Own = window.EventSource;
  window.EventSource = class extends Own {
    constructor(address) {
      super(address);
      if (!String(address).startsWith('/api/changes')) return;
      this.addEventListener('change', ({ data }) => window.heard.push(JSON.parse(data)));
    }
  };
})()"""
"""Beside what the page makes of the change log, note what came over the line."""


@dataclass
class Town:
    """A server of a small city that is killed and started again, always at one address and on one folder."""

    package: Path
    data: Path
    process: subprocess.Popen[str]
    address: str

    @classmethod
    def founded(cls, folder: Path) -> Town:
        """Write the city and start its server on a port that is free."""
        package = write_package(folder / "smallville")
        process, address = served(package, folder / "data", 0)
        return cls(package, folder / "data", process, address)

    def kill(self) -> None:
        """End the server at once: it can neither finish nor say goodbye."""
        self.process.send_signal(signal.SIGKILL)
        assert self.process.wait(timeout=30) == -signal.SIGKILL
        assert self.process.stdout is not None
        self.process.stdout.close()

    def restart(self) -> None:
        """The same city again, where everybody knows it to be."""
        self.process, address = served(self.package, self.data, int(self.address.rpartition(":")[2]))
        assert address == self.address

    def ask(self, path: str, body: Any = None) -> Any:
        """Ask the server itself, past the browser; with a body it is a POST."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")


def served(package: Path, data: Path, port: int) -> tuple[subprocess.Popen[str], str]:
    """A server that accepts requests, and its address."""
    chosen = {"city": package, "data": data, "port": port}
    process = subprocess.Popen(
        [sys.executable, "-m", "sympolis", "serve"],
        env={**os.environ, **{settings.PREFIX + name.upper(): str(value) for name, value in chosen.items()}},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    ready = re.match(r"ready (http\S+)", process.stdout.readline())
    assert ready, process.wait(timeout=30)
    return process, ready.group(1)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """The city of this test, with its server."""
    found = Town.founded(tmp_path)
    yield found
    if found.process.poll() is None:
        found.kill()


@pytest.fixture
def watching(browser: Browser, town: Town) -> Iterator[Page]:
    """A page that looks at the streets of this city and follows what changes."""
    for page, watch in kept_clean(*watched_page(browser, town.address)):
        watch.expect("net::ERR_")  # whoever asks a server that is away is refused: the browser notes it
        page.add_init_script(LISTENS)
        open_page(page, town.address, "sources/streets?lang=en")
        expect(counts(page)).to_have_text([str(STREETS), str(STREETS), "0", "0", "0"])
        page.evaluate("window.opened = true")  # gone if the page is loaded anew
        yield page


def counts(page: Page) -> Locator:
    """What the page says of the newest run: read, accepted, unchanged, duplicates, quarantined."""
    return page.get_by_role("region", name="Sources").get_by_role("row", name="Streets").locator("td.number")


def street(number: int) -> dict[str, Any]:
    """A street that nobody has delivered."""
    return {"id": f"urn:ngsi-ld:RoadSegment:smallville:new-{number}", "type": "RoadSegment"}


def build(town: Town, *numbers: int) -> set[str]:
    """Streets that the server acknowledges; their ids."""
    for number in numbers:
        town.ask("/ngsi-ld/v1/entities", street(number))
    return {str(street(number)["id"]) for number in numbers}


def hear(page: Page, last: int) -> None:
    """Wait until the page has heard of this street."""
    page.wait_for_function("id => window.heard.some(one => one.entity === id)", arg=street(last)["id"])


def test_a_killed_server_is_told_and_taken_up_again_without_loss(watching: Page, town: Town) -> None:
    """What was acknowledged up to the kill is there afterwards, and the open page hears of each of it exactly once."""
    built = build(town, 1)
    hear(watching, 1)
    built |= build(town, 2, 3, 4)
    town.kill()
    stale = watching.get_by_role("banner").locator(".stale")
    expect(stale).to_contain_text("Connection lost", timeout=STALE_MS)
    expect(counts(watching).first).to_have_text(str(STREETS))  # what it showed is still to be read
    town.restart()
    expect(stale).to_be_hidden()
    built |= build(town, 5)
    hear(watching, 5)
    assert watching.evaluate("window.opened"), "the page was loaded anew"
    present = town.ask("/ngsi-ld/v1/entities?type=RoadSegment&limit=100")
    assert built <= {one["id"] for one in present}
    heard = watching.evaluate("window.heard.map(({ number, entity }) => [number, entity])")
    numbers = [number for number, _ in heard]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "a change is missing or came twice"
    assert sorted(one for _, one in heard if one in built) == sorted(built)


def test_what_changed_while_the_line_was_away_is_read_when_it_is_back(watching: Page, town: Town) -> None:
    """The line is back and tells of no change: the page reads again all the same, not all it shows is in the log."""
    file = town.package / "samples" / "streets.geojson"
    watching.route("**/api/changes*", lambda route: route.abort())
    town.kill()
    expect(watching.locator(".stale")).to_be_visible(timeout=STALE_MS)
    file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    town.restart()
    town.ask("/api/sources/streets/runs", {})  # read by now, by this or by the start
    expect(counts(watching)).to_have_text([str(STREETS), str(STREETS), "0", "0", "0"])
    silent: dict[str, Any] = {"content_type": "text/event-stream", "body": ": keep-alive\n\n"}
    watching.route("**/api/changes*", lambda route: route.fulfill(**silent))
    expect(counts(watching)).to_have_text([str(STREETS), "0", str(STREETS), "0", "0"])
    assert watching.evaluate("window.opened"), "the page was loaded anew"
