"""The same pages for different people: what a role may not do is not on the page; media, zoom and paper are heeded."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
import shapely
from playwright.sync_api import Browser, Page, expect

from sympolis.plugins.connector import Origin
from sympolis.plugins.connectors.tiles3d import Tiles3dConnector
from sympolis.plugins.connectors.tiles3d.settings import Tiles3dSettings

from .conftest import Ask, kept_clean, open_page, watched_page

ACTIONS = {
    "overview": {
        "navigation: governance": ('nav a[href^="#/governance"]', "sources.read"),
        "navigation: federation": ('nav a[href^="#/federation"]', "federation.read"),
    },
    "scenarios": {
        "make a scenario": ('main a[href^="#/scenario/new"]', "scenarios.run"),
        "run a scenario": ("main li button.button", "scenarios.run"),
    },
    "services/heat-waves": {
        "ask a service": ("main .levers button.primary", "scenarios.run"),
        "ask what helps most": ("main form", "scenarios.run"),
    },
    "joint/heat-waves": {"plan together": ("main button.primary", "scenarios.run")},
    "dashboard": {"put a dashboard together": ('main a[href^="#/dashboard/new"]', "dashboards.compose")},
    "decisions": {"open a decision": ('main a[href^="#/decisions/new"]', "scenarios.run")},
    "decisions/{decision}": {"decide": ("main form", "decisions.take")},
    "participation": {"moderate": ('main a[href^="#/participation/queue"]', "participation.moderate")},
    "models/traffic": {"calibrate": ('main button:has-text("Calibrate")', "models.submit")},
    "sources/loop-counts": {
        "read a source anew": ('main button:has-text("Run now")', "sources.run"),
        "correct a row": ('main summary:has-text("Correct and replay")', "sources.run"),
        "hand a file over": ('main summary:has-text("Hand a file over")', "sources.deliver"),
    },
    "notifications": {"make a rule": ("main form", "notifications.manage")},
    "federation": {"add a partner": ("main form", "federation.manage")},
    "federation/needs": {"tell partners what is needed": ("main form", "federation.manage")},
    "assessment/consortia": {"found a consortium": ("main details", "assessment.manage")},
    "ecosystem": {"add to the map of actors": ("main .adding", "assessment.manage")},
    "governance": {
        "see stages": ('main a[href^="#/governance/datasets"]', "policies.read"),
        "see the log": ('main a[href^="#/governance/audit"]', "audit.read"),
    },
}
"""What can be done on each page: by which element, with which right."""
EVERYBODY = (
    "anyone",
    "citizen",
    "partner",
    "analyst",
    "planner",
    "data-owner",
    "data-steward",
    "technical-steward",
)


LONGEST_MOTION = """() => Math.max(...[...document.querySelectorAll('*')].flatMap(one => {
  const { transitionDuration, animationDuration } = getComputedStyle(one);
  return `${transitionDuration}, ${animationDuration}`.split(', ').map(parseFloat);
}))"""


def pretend(page: Page, ask: Ask, role: str) -> set[str]:
    """Have the page believe that somebody with this role looks at it; their rights."""
    table = {one["name"]: set(one["rights"]) for one in ask("identity/roles")["roles"]}
    rights = table["anyone"] | table[role]
    me: dict[str, Any] = {
        "mode": "required", "known": role != "anyone", "id": role, "name": role, "proof": "session",
        "roles": [role], "rights": sorted(rights),
    }  # fmt: skip
    page.route("**/api/identity/me", lambda route: route.fulfill(json=me))
    return rights


@pytest.mark.parametrize("role", EVERYBODY)
def test_what_a_role_may_not_do_is_not_on_the_page(
    page: Page, twin_url: str, ask: Ask, decision_id: str, role: str
) -> None:
    rights = pretend(page, ask, role)
    for address, actions in ACTIONS.items():
        open_page(page, twin_url, f"{address.format(decision=decision_id)}?lang=en")
        page.wait_for_load_state("networkidle")
        for name, (element, right) in actions.items():
            found = page.locator(element)
            if right in rights:
                expect(found.first, f"{role}: {name}").to_be_visible()
            else:
                assert found.count() == 0, f"{role}: {name}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_system_decides_the_theme_until_somebody_does(page: Page, twin_url: str, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    open_page(page, twin_url, "overview?lang=en")
    assert page.evaluate("document.documentElement.dataset.theme") == scheme


@pytest.mark.parametrize(("wish", "longest_s"), [("reduce", 0.01), ("no-preference", 0.2)])
def test_what_moves_is_short_and_stands_still_for_who_wishes_it(
    page: Page, twin_url: str, wish: Any, longest_s: float
) -> None:
    page.emulate_media(reduced_motion=wish)
    for address in ("overview", "map", "scenarios"):
        open_page(page, twin_url, f"{address}?lang=en")
        assert page.evaluate(LONGEST_MOTION) <= longest_s, address


def test_on_paper_there_is_no_chrome(page: Page, twin_url: str, run_id: str) -> None:
    open_page(page, twin_url, f"compare?with={run_id}&lang=en")
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Main navigation")).to_be_hidden()
    expect(page.locator("main h2").first).to_be_visible()


def test_a_story_on_paper_is_all_of_it(page: Page, twin_url: str) -> None:
    open_page(page, twin_url, "stories/driving-in?lang=en")
    page.emulate_media(media="print")
    expect(page.locator(".paper li")).to_have_count(4)
    expect(page.locator(".paper li").last).to_be_visible()


@pytest.mark.parametrize("address", ["overview", "decisions", "governance", "notifications", "services"])
def test_text_of_twice_the_size_still_fits(page: Page, twin_url: str, address: str) -> None:
    """WCAG 1.4.4: 200 % text on a desk, nothing cut off sideways."""
    page.set_viewport_size({"width": 1280, "height": 800})
    open_page(page, twin_url, f"{address}?lang=de")
    page.evaluate("document.documentElement.style.zoom = 2")
    page.wait_for_load_state("networkidle")
    beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert beyond <= 0


def test_the_scene_is_walked_through_and_saved(page: Page, twin_url: str, tmp_path: Path) -> None:
    """By keys; as glTF 2.0, whose binary form begins with these twelve bytes: magic, version, length; as 3D Tiles."""
    open_page(page, twin_url, "walk?lang=en&at=11.34,44.49")
    page.wait_for_selector("canvas[data-state=ready]")
    page.get_by_role("button", name="Forward 10 m").click()
    before = page.locator("span[aria-live]").inner_text()
    page.locator("canvas").focus()
    page.keyboard.down("ArrowUp")
    page.wait_for_function("was => document.querySelector('span[aria-live]').innerText !== was", arg=before)
    page.keyboard.up("ArrowUp")
    with page.expect_download() as found:
        page.get_by_role("button", name="Save as glTF").click()
    saved = Path(found.value.path()).read_bytes()
    magic, version, length = struct.unpack("<4sII", saved[:12])
    assert (magic, version, length) == (b"glTF", 2, len(saved))
    document = json.loads(saved[20 : 20 + struct.unpack("<I", saved[12:16])[0]])
    assert {"ground", "streets", "results"} <= {node.get("name", "") for node in document["nodes"]}
    with page.expect_download() as found:
        page.get_by_role("button", name="Save as 3D Tiles").click()
    with zipfile.ZipFile(found.value.path()) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "tiles")
    read = Tiles3dConnector().read(Origin(tmp_path / "tiles"), Tiles3dSettings(features="nodes"))
    shapes = {one.fields["id"]: shapely.from_geojson(json.dumps(one.geometry)) for one in read}
    assert shapes.keys() >= {"ground", "streets"}
    middle = shapes["ground"].centroid
    assert (middle.x, middle.y) == pytest.approx((11.34, 44.49), abs=1e-6), "at its place on the earth"
    assert shapes["ground"].intersects(shapes["streets"])


def test_without_webgl_the_scene_says_so(browser_without_gl: Browser, twin_url: str) -> None:
    for page, watch in kept_clean(*watched_page(browser_without_gl, twin_url)):
        watch.expect("WebGL")
        open_page(page, twin_url, "walk?lang=en")
        expect(page.get_by_role("alert")).to_contain_text("cannot be shown here")
        expect(page.get_by_role("link", name="The same on the map and as a table")).to_be_visible()
