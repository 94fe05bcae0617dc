"""What drawing costs the page itself: 53,400 streets played and panned, 103,856 buildings panned, in a real browser.

Measured is the CPU of the page's main thread, from Chromium's own counters: all that JavaScript, style, layout and the
map's drawing commands take. Turning these commands into pixels is left out: here a program does it in another process,
on people's machines a graphics card. The streets are those of the first city's traffic model, laid side by side until
there are enough; the page is the real one, only two answers of its API are repeated. The buildings are the second
city's own.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import CDPSession, Page, Route, sync_playwright

from benchmarks import processes, server, tables
from benchmarks.ngsild import RECORDS, circumstances, yardstick
from benchmarks.phases import Effort

STREETS: Final = 50_000
FIELD: Final = "flow"
HOURS: Final = 24
PANS: Final = 16
PAN_PX: Final = 12
FRAME_MS: Final = 1000 / 60
"""What a frame may take where sixty are shown a second."""
STEP_MS: Final = 50.0
"""What one change of hour may take, so that nobody feels it: longer tasks are called long."""
_COLUMNS: Final = 14
_SHIFT: Final = (0.0075, 0.0045)
"""Degrees between one copy of the quarter and the next: all of them within one view of the city."""
_VIEWPORT: Final = {"width": 1024, "height": 640}
_RESTED_MS: Final = 400
"""After a pan its place goes into the address: whatever hangs on that has begun by then."""
_PATIENCE_MS: Final = 120_000
_SETTLED_S, _SETTLING_S = 2.0, 60.0
_SWITCHES: Final = (
    "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
)  # fmt: skip
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_WATCH: Final = """(() => {
  window.drawing = { frames: 0, longest: 0 };
  let last = 0;
  const own = window.requestAnimationFrame.bind(window);
  const late = (_, refuse) => setTimeout(() => refuse(new Error('no frame within 30 s')), 30_000);
  window.nextFrame = () => Promise.race([new Promise((done) => own(done)), new Promise(late)]);
  window.requestAnimationFrame = (callback) => own((at) => {
    if (at !== last) window.drawing.frames++;
    last = at;
    callback(at);
  });
  const context = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
    const found = context.call(this, kind, ...more);
    if (kind === 'webgl2') found?.enable(found.RASTERIZER_DISCARD);
    return found;
  };
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) window.drawing.longest = Math.max(window.drawing.longest, one.duration);
  }).observe({ type: 'longtask' });
})()"""
"""Counts frames that the page draws, and the longest task; ``nextFrame`` waits for one without being counted. Every
command reaches the graphics driver, which is told to make no pixels: a program would take a second for each frame.
"""
_HOUR: Final = """async (hour) => {
  const [path, query] = location.hash.split('?');
  const search = new URLSearchParams(query);
  search.set('h', hour);
  location.hash = `${path}?${search}`;
  while (document.querySelector('#hour').value !== String(hour)) await nextFrame();
  for (let frame = 0; frame < 2; frame++) await nextFrame();
}"""
_DRAWN: Final = "async () => { for (let frame = 0; frame < 2; frame++) await nextFrame(); }"
Record = dict[str, Any]
Act = Callable[[int], None]


def measure(effort: Effort) -> Record:
    """Both cities, one after the other."""
    phases: dict[str, Any] = {}
    with yardstick() as beside:
        for city, measured in (("bologna", _streets), ("leipzig", _buildings)):
            with (
                tempfile.TemporaryDirectory(prefix="drawing-") as folder,
                _city(Path(folder), city) as address,
            ):
                for name, found in measured(address, Path(folder)):
                    phases[name] = {**found, "yardstick_us": beside()}
                    _tell(f"{name}: {phases[name]}")
    return {**circumstances(effort), "viewport": _VIEWPORT, "phases": phases}


def keep(record: Record) -> None:
    """Write the record where the table finds it."""
    (RECORDS / "drawing.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def records() -> Record | None:
    """What was kept."""
    path = RECORDS / "drawing.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def table(record: Record) -> str:
    """The figures as Markdown; bold is what does not keep its budget, judged by the calm figure."""
    heads = (
        "what", "things", "steps", "CPU-ms of the main thread, median", "calm", "budget", "slowest step", "calm",
        "longest task, on the clock", "an empty ASGI application",
    )  # fmt: skip
    rows = [_row(name, found) for name, found in record["phases"].items()]
    busy = f"at a load of {record['load']:.0f} on {record['cores']} cores"
    told = f"\nMeasured on {record['date']} at `{record['commit']}`, {busy}.\n"
    return tables.table(heads, rows, right=range(1, len(heads))) + told


def _row(name: str, found: Record) -> list[str]:
    scale = min(1, tables.QUIET_US / found["yardstick_us"])
    budget = found.get("budget_ms")
    return [
        name,
        f"{found['things']:,}",
        f"{found['steps']}",
        f"{found['cpu_ms']:.1f}",
        tables.shown(found["cpu_ms"] * scale, budget),
        "" if budget is None else f"{budget:.1f}",
        f"{found['slowest_ms']:.1f}",
        f"{found['slowest_ms'] * scale:.1f}",
        f"{found['longest_task_ms']:.0f} ms" if found["longest_task_ms"] else "none over 50 ms",
        f"{found['yardstick_us'] / 1000:.3f}",
    ]


@contextmanager
def _city(folder: Path, city: str) -> Iterator[str]:
    """A demo that has done all its work."""
    _tell(f"{city}: starting")
    with server.demo(folder / "data", city=city) as started:
        _settle(started.pid)
        _tell(f"{city}: ready")
        yield started.address


def _settle(pid: int) -> None:
    until, before = time.monotonic() + _SETTLING_S, processes.cpu_s(pid)
    while time.monotonic() < until:
        time.sleep(_SETTLED_S)
        spent = processes.cpu_s(pid)
        if spent - before < 0.1 * _SETTLED_S:
            return
        before = spent


def _streets(address: str, folder: Path) -> Iterator[tuple[str, Record]]:
    city = _asked(f"{address}/api/city")
    model = next(one for one in _asked(f"{address}/api/models") if one["fields"])
    features = _asked(f"{address}/api/models/{model['id']}/features")
    results = _asked(f"{address}/api/runs/{city['baseline_run']}/results")
    count = -(-STREETS // len(features["features"]))
    things = count * len(features["features"])
    stubs = {
        "**/api/models/*/features": _kept(folder / "features.json", repeated_features(features, count)),
        "**/api/runs/*/results": _kept(folder / "results.json", repeated_results(results, count)),
    }
    lng, lat = city["view"]["center"]
    with _page() as page:
        for pattern, path in stubs.items():
            page.route(pattern, _answer(path))
        hash_ = f"#/map?lang=en&h=0&v={lng},{lat},12,0,0"
        yield "opening the map with its streets", {"things": things, **_opened(page, f"{address}/{hash_}")}
        played = _steps(page, HOURS, lambda at: page.evaluate(_HOUR, (at + 1) % HOURS))
        yield "playing: one change of hour", {"things": things, "budget_ms": STEP_MS, **played}
        yield from _panned(page, "the streets", things)
        pointed = _steps(page, PANS, _pointing(page))
        yield "pointing at streets: one move", {"things": things, "budget_ms": FRAME_MS, **pointed}


def _answer(path: Path) -> Callable[[Route], None]:
    return lambda route: route.fulfill(path=path, content_type="application/json")


def _buildings(address: str, _folder: Path) -> Iterator[tuple[str, Record]]:
    layers = _asked(f"{address}/api/map/layers")
    things = next(one["count"] for one in layers if one["kind"] == "extrusion")
    with _page() as page:
        opened = _opened(page, f"{address}/#/map?lang=en&v=12.375,51.34,13.5,55,0")
        yield "opening the map with its buildings, tilted", {"things": things, **opened}
        yield from _panned(page, "the buildings, tilted", things)


def repeated_features(features: Any, count: int) -> Any:
    """So many copies of streets, side by side."""
    copies = []
    for n in range(count):
        shift = (
            (n % _COLUMNS - _COLUMNS // 2) * _SHIFT[0],
            (n // _COLUMNS - count // _COLUMNS // 2) * _SHIFT[1],
        )
        for one in features["features"]:
            moved = _moved(one["geometry"]["coordinates"], shift)
            copies.append(
                {**one, "id": f"{one['id']}:{n}", "geometry": {**one["geometry"], "coordinates": moved}}
            )
    return {**features, "features": copies}


def _moved(coordinates: Any, shift: tuple[float, float]) -> Any:
    if not isinstance(coordinates[0], list):
        return [round(coordinates[0] + shift[0], 6), round(coordinates[1] + shift[1], 6)]
    return [_moved(one, shift) for one in coordinates]


def repeated_results(results: Any, count: int) -> Any:
    """Results for all copies and every hour of the day: those there are, in turns, each scaled otherwise."""
    fields = {
        name: {"unit": one["unit"], **{part: _day(one[part], count) for part in ("mean", "low", "high")}}
        for name, one in results["fields"].items()
        if name == FIELD
    }
    ids = [f"{one}:{n}" for n in range(count) for one in results["features"]]
    return {"features": ids, "hours": list(range(HOURS)), "fields": fields}


def _day(grid: list[list[float | None]], count: int) -> list[list[float | None]]:
    rows = [(grid[hour % len(grid)], 0.4 + 0.025 * hour) for hour in range(HOURS)]
    return [[None if cell is None else round(cell * share, 2) for cell in row] * count for row, share in rows]


def _panned(page: Page, what: str, things: int) -> Iterator[tuple[str, Record]]:
    """Drag the map, and let go of it."""
    box = page.locator("#map").bounding_box()
    assert box
    left, top = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move(left + 5, top + 5)  # so far it may still be a click

    def drag(at: int) -> None:
        page.mouse.move(left + 5 + PAN_PX * (at + 1), top + 5 + PAN_PX * (at + 1) / 2)
        page.evaluate(_DRAWN)

    def rest(_at: int) -> None:
        page.mouse.up()
        page.wait_for_timeout(_RESTED_MS)
        page.evaluate(_DRAWN)

    frames = _steps(page, PANS, drag, by_frame=True)
    yield f"panning {what}: one frame", {"things": things, "budget_ms": FRAME_MS, **frames}
    yield f"panning {what}: letting go", {"things": things, "budget_ms": STEP_MS, **_steps(page, 1, rest)}


def _pointing(page: Page) -> Act:
    box = page.locator("#map").bounding_box()
    assert box
    left, top = box["x"] + box["width"] / 2 - 80, box["y"] + box["height"] / 2

    def point(at: int) -> None:
        page.mouse.move(left + 7 * at, top + 3 * at)
        page.evaluate(_DRAWN)

    return point


def _opened(page: Page, url: str) -> Record:
    session, begin = _session(page), time.perf_counter()
    page.goto(url)
    page.wait_for_selector("#map[data-state=ready]")
    cpu = _cpu_ms(session)
    seconds, longest = time.perf_counter() - begin, page.evaluate("drawing.longest")
    return {"steps": 1, "cpu_ms": cpu, "slowest_ms": cpu, "longest_task_ms": longest, "seconds": seconds}


def _steps(page: Page, count: int, act: Act, *, by_frame: bool = False) -> Record:
    """Do something so often, and what each cost; ``by_frame``: per frame that was drawn meanwhile."""
    session = _session(page)
    page.evaluate("drawing.longest = 0")
    costs, begin = [], time.perf_counter()
    for at in range(count):
        frames, cpu = page.evaluate("drawing.frames"), _cpu_ms(session)
        act(at)
        spent = _cpu_ms(session) - cpu
        drawn = page.evaluate("drawing.frames") - frames
        costs.append(spent / max(1, drawn) if by_frame else spent)
        sys.stderr.write(f" {spent:.1f}/{drawn}")
        sys.stderr.flush()
    sys.stderr.write("\n")
    return {
        "steps": count,
        "cpu_ms": statistics.median(costs),
        "slowest_ms": max(costs),
        "longest_task_ms": page.evaluate("drawing.longest"),
        "seconds": time.perf_counter() - begin,
    }


def _session(page: Page) -> CDPSession:
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    return session


def _cpu_ms(session: CDPSession) -> float:
    """CPU of the page's main thread since the session's beginning."""
    found = session.send("Performance.getMetrics")["metrics"]
    return 1000 * next(float(one["value"]) for one in found if one["name"] == "ThreadTime")


@contextmanager
def _page() -> Iterator[Page]:
    executable = os.environ.get("SYMPOLIS_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=list(_SWITCHES))
        context = browser.new_context(viewport=_VIEWPORT, reduced_motion="reduce", locale="en-GB")
        context.set_default_timeout(_PATIENCE_MS)
        page = context.new_page()
        page.add_init_script(_WATCH)
        yield page
        browser.close()


def _asked(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.load(answer)


def _kept(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")
    _tell(f"{path.name}: {path.stat().st_size / 1e6:.0f} MB")
    return path


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
