"""A real headless Chromium before a real twin. Every page that a test opens must stay clean: no foreign request,
no console error, no refusal by the content security policy.
"""

from __future__ import annotations

import json
import os
import shutil
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserType,
    ConsoleMessage,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = os.environ.get("SYMPOLIS_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
REQUIRED = os.environ.get("SYMPOLIS_REQUIRE_BROWSER") == "1"
"""Where a missing browser is a failure (CI) and not a reason to skip."""
ADVICE = "no Chromium: install it (apt-get install chromium) or set SYMPOLIS_CHROMIUM to one"
SOFTWARE_GL = (
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
)
NO_GL = ("--no-sandbox", "--disable-gpu", "--disable-3d-apis")
PATIENCE_MS = 30_000
"""Software rendering on a busy machine is slow; nothing here waits that long unless it fails."""
SCENARIO = "zone-30-west"
RUN_PATIENCE_S = 180

Ask = Callable[..., Any]
expect.set_options(timeout=PATIENCE_MS)  # five seconds otherwise, whatever a page's own patience is


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser; without one it is skipped, and says so."""
    for item in items:
        if "browser" not in item.path.parts:
            continue
        item.add_marker(pytest.mark.browser)
        if CHROMIUM is None and not REQUIRED:
            item.add_marker(pytest.mark.skip(reason=ADVICE))


@dataclass
class Watch:
    """What a page did that it must not do. A test that provokes a failure says so with ``expect``."""

    origin: str
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect(self, text: str) -> None:
        """A console error that contains ``text`` belongs to this test."""
        self.expected.append(text)

    def on_request(self, url: str) -> None:
        """Note a request that leaves the twin."""
        if not url.startswith((self.origin, "data:", "blob:")):
            self.foreign.append(url)

    def on_console(self, message: ConsoleMessage) -> None:
        """Note an error or warning of the page."""
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} {message.location.get('url', '')}")

    def unexpected(self) -> list[str]:
        """Complaints that no test asked for. Chromium's remarks on its own software renderer are not the page's."""
        allowed = [*self.expected, "GPU stall due to ReadPixels", "GL Driver Message"]
        return [text for text in self.complaints if not any(part in text for part in allowed)]


@pytest.fixture(scope="session")
def twin_url(request: pytest.FixtureRequest) -> str:
    """Where the twin answers: the session's own, or one that already runs (``SYMPOLIS_TWIN_URL``)."""
    running = os.environ.get("SYMPOLIS_TWIN_URL")
    return running.rstrip("/") if running else request.getfixturevalue("twin_server").address


@pytest.fixture(scope="session")
def ask(twin_url: str) -> Ask:
    """Ask the twin's own API, past the browser: ``ask("runs/…")`` or ``ask("…", {"body": …})`` to POST."""

    def _ask(path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{twin_url}/api/{path}", data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    return _ask


@pytest.fixture(scope="session")
def run_id(ask: Ask) -> str:
    """A finished run of one of the city's own scenarios."""
    run = ask(f"scenarios/{SCENARIO}/runs", {"mode": "interactive", "seed": 1})
    deadline = time.monotonic() + RUN_PATIENCE_S
    while run["status"] in ("queued", "running"):
        assert time.monotonic() < deadline, run
        time.sleep(0.2)
        run = ask(f"runs/{run['id']}")
    assert run["status"] == "done", run
    return str(run["id"])


@pytest.fixture(scope="session")
def decision_id(ask: Ask, run_id: str) -> str:
    """A decision that rests on that run, and what was measured afterwards."""
    draft = {"title": "Thirty in the west", "question": "Should it be 30 km/h?", "runs": [run_id]}
    decision = str(ask("decisions", draft)["id"])
    reasons = "Less noise, and no clear change of delay."
    ask(f"decisions/{decision}/decision", {"outcome": "adopted", "run": run_id, "reasons": reasons})
    ask(f"decisions/{decision}/measurements", {"since": "2025-03-03", "until": "2025-09-30"})
    return decision


@pytest.fixture(scope="session")
def board_id(ask: Ask) -> str:
    """A dashboard that somebody put together, with a tile of every kind that is bound to something of this city."""
    layers = ask("map/layers")
    series = next(one for one in layers if one["kind"] == "point" and one["time"] == "hour")
    feature = ask(f"map/layers/{series['id']}")["features"][0]["id"]
    areas = next(one for one in layers if one["kind"] == "fill" and one["fields"])
    tiles = [
        {"id": "words", "kind": "text", "text": {"en": "On Mondays."}, "width": 2},
        {"id": "figure", "kind": "indicator", "indicator": ask("indicators")[0]["name"]},
        {"id": "alerts", "kind": "alerts"},
        {"id": "series", "kind": "series", "layer": series["id"], "field": series["fields"][0]["name"],
         "feature": feature, "width": 2, "height": 2},
        {"id": "map", "kind": "map", "layer": areas["id"], "field": areas["fields"][0]["name"], "height": 3},
    ]  # fmt: skip
    return str(
        ask("dashboards/composed", {"title": {"en": "Mondays"}, "visibility": "public", "tiles": tiles})["id"]
    )


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver, for this folder only: while it lives, its event loop runs in this thread."""
    with sync_playwright() as driver:
        yield driver


def launch(chromium: BrowserType, arguments: tuple[str, ...]) -> Browser:
    """Start Chromium. Fails with advice where there is none."""
    if CHROMIUM is None:
        pytest.fail(ADVICE)
    return chromium.launch(executable_path=CHROMIUM, args=list(arguments))


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium with software WebGL."""
    with launch(playwright.chromium, SOFTWARE_GL) as started:
        yield started


@pytest.fixture(scope="package")
def browser_without_gl(playwright: Playwright) -> Iterator[Browser]:
    """Chromium as on a machine where WebGL is switched off."""
    with launch(playwright.chromium, NO_GL) as started:
        yield started


def watched_page(browser: Browser, origin: str) -> tuple[Page, Watch]:
    """A fresh page in a fresh profile, and what watches it."""
    context = browser.new_context(
        viewport={"width": 1024, "height": 640},
        reduced_motion="reduce",
        locale="en-GB",
        accept_downloads=True,
    )
    context.set_default_timeout(PATIENCE_MS)
    page, watch = context.new_page(), Watch(origin)
    page.on("request", lambda request: watch.on_request(request.url))
    page.on("console", watch.on_console)
    page.on("pageerror", lambda error: watch.complaints.append(f"exception: {error}"))
    return page, watch


@pytest.fixture
def watch(request: pytest.FixtureRequest) -> Watch:
    """The watch of this test's page."""
    return request.getfixturevalue("opened")[1]


@pytest.fixture
def page(request: pytest.FixtureRequest) -> Page:
    """A page with software WebGL."""
    return request.getfixturevalue("opened")[0]


@pytest.fixture
def opened(browser: Browser, twin_url: str) -> Iterator[tuple[Page, Watch]]:
    """A page and its watch; at the end the page must have kept clean."""
    yield from kept_clean(*watched_page(browser, twin_url))


def kept_clean(page: Page, watch: Watch) -> Iterator[tuple[Page, Watch]]:
    """Hand the page out, then close it and judge it."""
    yield page, watch
    page.context.close()
    assert not watch.foreign, f"requests left {urlsplit(watch.origin).netloc}: {watch.foreign}"
    assert not watch.unexpected(), watch.unexpected()


def open_page(page: Page, twin_url: str, address: str) -> None:
    """Open a page by its fragment and wait until it is drawn."""
    page.goto(f"{twin_url}/#/{address}")
    page.wait_for_selector("main .page, main .map-page, main .builder")
    if page.locator("#map").count():
        page.wait_for_selector("#map[data-state=ready], #map[data-state=missing]")


def tab_to(page: Page, selector: str, most: int = 120) -> None:
    """Press Tab until the focus stands on ``selector``: the keyboard's way, not a script's."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached by Tab")
