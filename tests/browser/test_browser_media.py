"""The main pages as people's systems have them drawn: in colours of the system's choice, at rest, and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import kept_clean, open_page, tab_to, watched_page
from .test_browser_people import LONGEST_MOTION

PAGES = {
    "overview": "overview",
    "map": "map?scenario=zone-30-west&mode=compare&h=8&table=1",
    "dashboard": "dashboard/{board}",
    "scenarios": "scenarios",
    "compare": "compare?with={run}",
    "service": "services/mobility-policy",
    "forecast": "forecasts/no2",
    "model": "models/traffic",
    "source": "sources/loop-counts",
    "decision": "decisions/{decision}",
    "participation": "participation/historic-centre",
    "benchmarks": "federation/benchmarks",
    "stages": "governance/datasets",
    "roles": "governance/roles",
}
A4_PX = 718
"""What is between the margins of an upright A4 page: 190 mm at 96 pixels to the inch."""
FOCUSED_AT = 12
SEEN = """() => {
  const ratio = ([one, other]) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  const canvas = document.createElement('canvas');
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  const light = (colour, ground) => {
    pen.fillStyle = ground; pen.fillRect(0, 0, 1, 1);
    pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
    const parts = [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3).map(one => one / 255);
    const [r, g, b] = parts.map(one => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = getComputedStyle(document.body).backgroundColor;
  window.contrast = (colour, on = ground) => ratio([light(colour, on), light(on, on)]);
}"""
"""WCAG's contrast of a colour with what it lies on, by default with the page."""
FAINT = """() => {
  const drawn = [...document.querySelectorAll('main svg[role=img] :is(.line, .dot, .whisker, .tick, text)')];
  const shown = drawn.filter(one => one.getClientRects().length);
  return shown.flatMap(one => {
    const { stroke, fill } = getComputedStyle(one);
    const best = Math.max(...[stroke, fill].filter(paint => paint !== 'none').map(paint => contrast(paint)), 0);
    return best < (one.matches('text') ? 4.5 : 3) ? [`${one.outerHTML.slice(0, 90)} ${best.toFixed(1)}`] : [];
  });
}"""
"""What is drawn in a chart and can hardly be seen."""
ALIKE = """() => [...document.querySelectorAll('main svg[role=img]')].flatMap(chart => {
  const looks = [...chart.querySelectorAll('path.line')].map(one => {
    const { stroke, strokeDasharray } = getComputedStyle(one);
    return `${stroke} ${strokeDasharray}`;
  });
  return looks.filter((one, at) => looks.indexOf(one) !== at).map(one => `${chart.ariaLabel}: ${one}`);
})"""
"""Lines of one chart that cannot be told from each other."""
OUTLINE = """() => {
  for (let one = document.activeElement; one && one !== document.body; one = one.parentElement) {
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(one);
    if (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 && contrast(outlineColor) >= 3) return '';
  }
  return document.activeElement.outerHTML.slice(0, 120);
}"""
"""Empty where one sees where the focus stands, else what has it."""
CHOSEN = """() => [...document.querySelectorAll('[aria-current]:not([aria-current=false]), [aria-pressed=true]')]
  .filter(one => one.getClientRects().length && getComputedStyle(one).outlineStyle === 'none')
  .map(one => one.outerHTML.slice(0, 120))"""
"""What is chosen and looks like what is not."""
CUT = """() => {
  const beyond = [...document.querySelectorAll('main table')].filter(one => one.getClientRects().length)
    .flatMap(table => {
      const { right, bottom } = table.getBoundingClientRect();
      if (right > innerWidth + 1) return [`${table.caption?.innerText ?? table.innerText.slice(0, 60)}: ${right} px`];
      for (let box = table.parentElement; box !== document.body; box = box.parentElement) {
        const edge = box.getBoundingClientRect();
        const cuts = getComputedStyle(box).overflow !== 'visible';
        if (cuts && (edge.right + 1 < right || edge.bottom + 1 < bottom)) return [`in ${box.className || box.tagName}`];
      }
      return [];
    });
  return beyond;
}"""
"""Tables of which a part would not be on the paper."""
PALE = """() => {
  const words = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  const found = new Set();
  while (words.nextNode()) {
    const one = words.currentNode.parentElement;
    if (!words.currentNode.nodeValue.trim() || !one.getClientRects().length || one.closest('.maplibregl-map')) continue;
    if (contrast(getComputedStyle(one).color, 'white') >= 4.5) continue;
    found.add(`${one.className} ${words.currentNode.nodeValue}`);
  }
  return [...found].slice(0, 5);
}"""
"""Words that cannot be read on white: browsers leave backgrounds away when they print."""


@pytest.fixture(scope="module", params=PAGES)
def shown(
    request: pytest.FixtureRequest,
    browser: Browser,
    twin_url: str,
    run_id: str,
    decision_id: str,
    board_id: str,
) -> Iterator[Page]:
    """Each page in turn, in the dark theme, opened once for the tests that look at all of them."""
    address = PAGES[request.param].format(run=run_id, decision=decision_id, board=board_id)
    for page, _ in kept_clean(*watched_page(browser, twin_url)):
        open_page(page, twin_url, f"{address}{'&' if '?' in address else '?'}lang=de&theme=dark")
        page.wait_for_load_state("networkidle")
        yield page


def drawn(page: Page, **how: Any) -> None:
    """Draw the page as somebody's system has it drawn, and as at first in all other ways."""
    usual: dict[str, Any] = {"media": "screen", "forced_colors": "none", "reduced_motion": "reduce"}
    page.emulate_media(**{**usual, **how})
    page.evaluate(SEEN)


def test_in_colours_of_the_system_nothing_vanishes(shown: Page) -> None:
    drawn(shown, forced_colors="active")
    assert not shown.evaluate(FAINT)
    assert not shown.evaluate(ALIKE)
    assert not shown.evaluate(CHOSEN)
    for _ in range(FOCUSED_AT):
        shown.keyboard.press("Tab")
        assert not shown.evaluate(OUTLINE)
    tab_to(shown, "main *", most=60)
    assert not shown.evaluate(OUTLINE)


def test_nothing_moves_by_itself_for_who_wishes_rest(shown: Page) -> None:
    drawn(shown, reduced_motion="reduce")
    assert shown.evaluate(LONGEST_MOTION) <= 0.01
    assert shown.evaluate("document.getAnimations().length") == 0


def test_on_paper_all_of_it_can_be_read(shown: Page) -> None:
    """Last of a page: it is left as wide as paper."""
    shown.set_viewport_size({"width": A4_PX, "height": 1000})
    drawn(shown, media="print")
    expect(shown.locator("nav").first).to_be_hidden()
    expect(shown.locator("header .tools")).to_be_hidden()
    expect(shown.get_by_role("heading", level=1)).to_be_visible()
    assert not shown.evaluate(CUT)
    assert not shown.evaluate(PALE)
