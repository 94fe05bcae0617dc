"""What the map does not do while it is played and dragged: with fifty thousand streets each of these would be felt."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import Ask, kept_clean, open_page, watched_page

BYTES_A_PIECE = 28
WATCHED = """(() => {
  window.seen = { uploads: [], sorted: [], read: 0 };
  const watch = (owner, name, note) => {
    const own = owner[name];
    owner[name] = function (...given) {
      note(this, ...given);
      return own.apply(this, given);
    };
  };
  watch(WebGL2RenderingContext.prototype, 'bufferData', (_, __, data) => seen.uploads.push(data.byteLength ?? data));
  watch(Object.getPrototypeOf(Float64Array.prototype), 'sort', (values) => seen.sorted.push(values.length));
  watch(JSON, 'parse', (_, text) => (seen.read = Math.max(seen.read, text.length)));
  watch(Response.prototype, 'json', () => (seen.read = Infinity));
})()"""
FORGET = "() => { window.seen.uploads = []; window.seen.sorted = []; window.seen.read = 0; }"
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="module")
def city_map(browser: Browser, twin_url: str) -> Iterator[Page]:
    """A small map, watched from its beginning."""
    for page, watch in kept_clean(*watched_page(browser, twin_url)):
        watch.expect("Map cannot fit within canvas")
        page.add_init_script(WATCHED)
        page.set_viewport_size({"width": 480, "height": 360})
        open_page(page, twin_url, "map?lang=en&theme=light&h=8&v=11.318,44.495,14,0,0")
        expect(page.locator("main aside ol li").first).to_be_attached()
        yield page


@pytest.fixture(scope="module")
def city(ask: Ask) -> dict[str, int]:
    """The bytes of all pieces of the model's streets, and the characters of one hour of one field: to read values anew
    takes as many at once, news of the twin, which come at any time, are shorter."""
    streets = ask("models/traffic/features")["features"]
    lines = [one["geometry"]["coordinates"] for one in streets]
    hour = ask(f"runs/{ask('city')['baseline_run']}/results")["fields"]["flow"]["mean"][0]
    values = len(json.dumps(hour, separators=(",", ":")))
    return {"values": values, "bytes": BYTES_A_PIECE * sum(len(line) - 1 for line in lines)}


def seen(page: Page) -> dict[str, Any]:
    """What was noted, once two more frames have been drawn."""
    page.evaluate(DRAWN)
    return dict(page.evaluate("window.seen"))


def test_an_hour_is_one_upload_and_nothing_is_read_or_scaled_anew(
    city_map: Page, city: dict[str, int]
) -> None:
    for hour in (9, 8, 23):
        city_map.evaluate(DRAWN)
        city_map.evaluate(FORGET)
        city_map.evaluate(
            "h => { location.hash = location.hash.replace(/([?&])h=[0-9]+/, `$1h=${h}`); }", hour
        )
        expect(city_map.get_by_label("Hour of day")).to_have_value(str(hour))
        found = seen(city_map)
        assert found["uploads"].count(city["bytes"]) == 1, found["uploads"]
        assert found["read"] < city["values"]
        assert not found["sorted"], "the scale of all hours was made again"


def test_dragging_uploads_no_streets_and_reads_no_values(city_map: Page, city: dict[str, int]) -> None:
    box = city_map.locator("#map").bounding_box()
    assert box
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = city_map.evaluate("location.hash")
    city_map.evaluate(FORGET)
    city_map.mouse.move(*middle)
    city_map.mouse.down()
    for step in range(1, 5):
        city_map.mouse.move(middle[0] - 15 * step, middle[1] - 5 * step)
        city_map.evaluate(DRAWN)
    city_map.mouse.up()
    city_map.wait_for_function("before => location.hash !== before", arg=before)
    found = seen(city_map)
    assert city["bytes"] not in found["uploads"]
    assert found["read"] < city["values"]
    assert not found["sorted"], "a scale was made though no value had changed"
