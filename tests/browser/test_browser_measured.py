"""What the pages cost and how Lighthouse judges them (checks 17 and 18 of the interface's design)."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import CDPSession, Page

from .conftest import CHROMIUM, SOFTWARE_GL, Watch, open_page

ROOT = Path(__file__).parents[2]
TOOL = Path(__file__).parent / "lighthouse"
LEAST = 0.95
"""Of accessibility and best practices. Performance is recorded and not judged: it is drawn by software here."""
STEPS, SWITCHES = 200, 20
MOST_GROWTH = 1.2
COUNTS_CONTEXTS = """(() => {
  const made = (window.contexts = new Set());
  const own = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
    const found = own.call(this, kind, ...more);
    if (found && kind.startsWith('webgl')) made.add(found);
    return found;
  };
})()"""
LIVING = "[...window.contexts].filter((one) => !one.isContextLost() && one.canvas.isConnected).length"
PLAYED = """async ([steps, switches]) => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const go = async (changes) => {
    const [path, query] = location.hash.split('?');
    const search = new URLSearchParams(query);
    for (const [key, value] of Object.entries(changes)) search.set(key, value);
    location.hash = `${path}?${search}`;
    await frame();
  };
  for (let at = 0; at < steps; at++) await go({ h: at % 24 });
  for (let at = 0; at < switches; at++) await go({ theme: at % 2 ? 'light' : 'dark' });
  await frame();
}"""


def heap(session: CDPSession) -> float:
    """Bytes of JavaScript objects that something still holds."""
    for _ in range(2):
        session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"])


def test_hours_and_themes_leave_nothing_behind(page: Page, twin_url: str, watch: Watch) -> None:
    watch.expect("Map cannot fit within canvas")  # so small is this one, to be quick
    page.add_init_script(COUNTS_CONTEXTS)
    page.set_viewport_size({"width": 320, "height": 240})
    open_page(page, twin_url, "map?lang=en&theme=light")
    session = page.context.new_cdp_session(page)
    page.evaluate(PLAYED, [24, 2])
    before = heap(session)
    page.evaluate(PLAYED, [STEPS, SWITCHES])
    after = heap(session)
    assert after < before * MOST_GROWTH, f"{before / 1e6:.1f} MB became {after / 1e6:.1f} MB"
    assert page.evaluate(LIVING) == 1


@pytest.fixture(scope="module")
def lighthouse() -> tuple[list[str], dict[str, str]]:
    """The command and its environment; installed beside this test from its lock when it is not there yet."""
    spec = importlib.util.spec_from_file_location("hatch_build_for_npm", ROOT / "hatch_build.py")
    assert spec is not None and spec.loader is not None
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    npm, environment = hook.find_npm()
    tool = TOOL / "node_modules" / "lighthouse" / "cli" / "index.js"
    if not tool.exists():
        asked = [*npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(asked, cwd=TOOL, env=environment, check=True, capture_output=True, timeout=300)
    return ["node", str(tool)], {**environment, "CHROME_PATH": CHROMIUM or ""}


def measure(asked: list[str], environment: dict[str, str]) -> None:
    """Run the tool; once more where it could not talk to its own browser, which says nothing of a page."""
    for last in (False, True):
        done = subprocess.run(
            asked, check=False, capture_output=True, text=True, timeout=200, env=environment
        )
        if done.returncode == 0:
            return
        assert not last, done.stderr[-2000:]


@pytest.mark.timeout(420)
@pytest.mark.parametrize("address", ["overview", "map"])
def test_lighthouse_finds_the_pages_accessible_and_well_made(
    twin_url: str,
    lighthouse: tuple[list[str], dict[str, str]],
    address: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    command, environment = lighthouse
    report = tmp_path / "report.json"
    flags = " ".join((*SOFTWARE_GL, "--headless=new", f"--user-data-dir={tmp_path / 'profile'}"))
    asked = [
        *command, f"{twin_url}/#/{address}", "--output=json", f"--output-path={report}", "--quiet",
        "--only-categories=accessibility,best-practices,performance", "--preset=desktop", f"--chrome-flags={flags}",
        "--throttling-method=provided", "--max-wait-for-load=60000",
    ]  # fmt: skip
    measure(asked, environment)
    found = json.loads(report.read_text(encoding="utf-8"))
    scores = {name: one["score"] for name, one in found["categories"].items()}
    for name, value in scores.items():
        request.node.user_properties.append((f"lighthouse {address} {name}", value))
    for name in ("accessibility", "best-practices"):
        refs = [ref["id"] for ref in found["categories"][name]["auditRefs"]]
        failed = [one for one in refs if found["audits"][one]["score"] not in (None, 1)]
        assert scores[name] is not None and scores[name] >= LEAST, (scores, failed)


SLOW = {"offline": False, "latency": 100, "downloadThroughput": 400_000, "uploadThroughput": 100_000}
"""A town hall's line: 400 kB a second."""


def test_on_a_slow_line_figures_come_before_the_map(page: Page, twin_url: str) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW)
    page.goto(f"{twin_url}/#/map?lang=en")
    page.wait_for_selector("aside .kpi, aside [data-kpi], aside .value")
    assert page.locator("#map[data-state=ready]").count() == 0, "the map was waited for"
    page.wait_for_selector("#map[data-state=ready]")
