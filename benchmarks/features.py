"""The OGC interfaces over many features: pages of a box, single features, filters, tiles; CPU of the whole server.

The requests are those that tipg on PostGIS and pygeoapi were measured with, on the same data: points in a city's area,
with one of fifty kinds, a value and a label.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from benchmarks import brokers, load, tables
from benchmarks.brokers import Running
from benchmarks.ngsild import RECORDS, circumstances, yardstick
from benchmarks.phases import Effort

COLLECTION = "/ogc/collections/Asset"
_UPLOAD = "/ngsi-ld/v1/entityOperations/upsert"
_AT_ONCE = 1000
_PREPARED = 2000
_TILES_14 = [(row, column) for row in range(5923, 5932) for column in range(8704, 8714)]
_TARGETS = {
    "item_id": 0.3,
    "bbox_1000": 15.0,
    "cql2_bbox_20": 2.0,
    "tile_z14_kept": 15.0,
    "tile_z14_new": 15.0,
}
_OTHERS = {"item_id": ("2.1", "4.2"), "bbox_1000": ("333", "466"), "cql2_bbox_20": ("77", "401")}
"""CPU milliseconds per request of tipg 1.0 on PostGIS and of pygeoapi, one million features, same machine."""
_TITLES = {
    "item_id": "one feature by id",
    "bbox_20": "box, limit 20",
    "bbox_1000": "box, limit 1000",
    "cql2_20": "CQL2 of two properties, limit 20",
    "cql2_bbox_20": "CQL2 and box, limit 20",
    "tile_z14_new": "tile of zoom 14, drawn cold",
    "tile_z14_kept": "tile of zoom 14, kept",
    "tile_z16_new": "tile of zoom 16, drawn cold",
    "tiles_prepared": "once: the points as columns",
}
Record = dict[str, Any]


def measure(store: str, count: int, effort: Effort) -> Record:
    """Everything about this store with so many features."""
    record: Record = {"store": store, "entities": count, **circumstances(effort), "phases": {}}
    with brokers.running(store) as broker, yardstick() as beside:
        _fill(broker, count)
        for name, figures in _phases(broker, count, effort):
            record["phases"][name] = {**figures, "yardstick_us": beside()}
            sys.stderr.write(f"{store} {count:,} {name}: {figures}\n")
        record["memory_mb"] = broker.resident_mb()
    return record


def keep(record: Record) -> None:
    """Write the record where the table finds it."""
    path = RECORDS / f"features-{record['store']}-{record['entities']}.json"
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def records() -> list[Record]:
    """What was kept."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(RECORDS.glob("features-*.json"))]


def _fill(broker: Running, count: int) -> None:
    chance = random.Random(5)
    for first in range(1, count + 1, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, count + 1))
        broker.ask("POST", _UPLOAD, [_asset(number, chance) for number in numbers])
    broker.settle()


def _asset(number: int, chance: random.Random) -> dict[str, Any]:
    place = [round(11.23 + 0.24 * chance.random(), 6), round(44.41 + 0.16 * chance.random(), 6)]
    return {
        "id": f"urn:ngsi-ld:Asset:{number}",
        "type": "Asset",
        "kind": {"type": "Property", "value": f"kind{chance.randrange(50):02}"},
        "val": {"type": "Property", "value": round(100 * chance.random(), 2)},
        "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": place}},
    }


def _phases(broker: Running, count: int, effort: Effort) -> Iterator[tuple[str, Record]]:
    chance = random.Random(7)
    filters = _filters(chance)
    for make in filters.values():  # asked for once, so that what they need is kept
        broker.ask("GET", make())
    broker.settle()
    hot: dict[str, Callable[[], str]] = {
        "item_id": lambda: f"{COLLECTION}/items/{chance.randrange(count) + 1}",
        "bbox_20": lambda: f"{COLLECTION}/items?limit=20&bbox={_box(chance, 0.01)}",
        "bbox_1000": lambda: f"{COLLECTION}/items?limit=1000&bbox={_box(chance, 0.02)}",
        **filters,
    }
    for name, path in hot.items():
        yield name, _loaded(broker, [load.request("GET", path()) for _ in range(_PREPARED)], effort)
    yield "tiles_prepared", _prepared(broker)
    yield "tile_z14_new", _one_by_one(broker, [_tile(14, *place) for place in _TILES_14])
    yield (
        "tile_z14_kept",
        _loaded(broker, [load.request("GET", _tile(14, *one)) for one in _TILES_14], effort),
    )
    small = [_tile(16, chance.randint(23690, 23725), chance.randint(34815, 34855)) for _ in range(200)]
    yield "tile_z16_new", _one_by_one(broker, small)


def _prepared(broker: Running) -> Record:
    """A few tiles of another zoom are asked for: from then on the store keeps what tiles are drawn of."""
    before = broker.cpu_s()
    _one_by_one(broker, [_tile(15, 2 * row, 2 * column) for row, column in _TILES_14[:8]])
    broker.settle()
    return {"cpu_ms": (broker.cpu_s() - before) * 1000}


def _filters(chance: random.Random) -> dict[str, Callable[[], str]]:
    def above() -> str:
        return f"val>{chance.randint(20, 80)}"

    def items(condition: str, more: str = "") -> str:
        return f"{COLLECTION}/items?limit=20&filter-lang=cql2-text&filter={quote(condition)}{more}"

    return {
        "cql2_20": lambda: items(f"{above()} AND kind='kind{chance.randrange(50):02}'"),
        "cql2_bbox_20": lambda: items(above(), f"&bbox={_box(chance, 0.02)}"),
    }


def _box(chance: random.Random, side: float) -> str:
    west, south = 11.23 + 0.22 * chance.random(), 44.42 + 0.13 * chance.random()
    return f"{west:.5f},{south:.5f},{west + side:.5f},{south + side:.5f}"


def _tile(zoom: int, row: int, column: int) -> str:
    return f"{COLLECTION}/tiles/WebMercatorQuad/{zoom}/{row}/{column}?f=mvt"


def _loaded(broker: Running, requests: list[bytes], effort: Effort) -> Record:
    runs = []
    for _ in range(effort.runs):
        before = broker.cpu_s()
        found = load.run(broker.address, requests, effort.seconds)
        if found.failures:
            raise RuntimeError(f"{found.failures} requests failed")
        spent = (broker.cpu_s() - before) * 1000 / found.requests
        runs.append({"cpu_ms": spent, "p50_ms": found.p50_ms, "per_s": found.requests / found.seconds})
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def _one_by_one(broker: Running, paths: list[str]) -> Record:
    """Each asked once: nothing is kept of it yet."""
    import urllib.request

    size, before = 0, broker.cpu_s()
    for path in paths:
        with urllib.request.urlopen(broker.address + path) as answer:
            size += len(answer.read())
    return {"cpu_ms": (broker.cpu_s() - before) * 1000 / len(paths), "kb": size / len(paths) / 1000}


def table(found: list[Record]) -> str:
    """The table of the page."""
    heads = ["CPU-ms of the server per request", "target"]
    heads += [head for one in found for head in (_head(one), "calm")]
    heads += ["tipg on PostGIS, 1M", "pygeoapi, 1M"]
    lines = []
    for phase, title in _TITLES.items():
        target = _TARGETS.get(phase)
        cells = [cell for one in found for cell in _cells(one, phase, target)]
        lines.append(
            (
                title,
                "" if target is None else f"{target:g}",
                *cells,
                *_OTHERS.get(phase, _OTHER_TILES.get(phase, ("", ""))),
            )
        )
    lines.append(
        (
            "memory after all that (MB)",
            "",
            *[cell for one in found for cell in (f"{one['memory_mb']:.0f}", "")],
            "",
            "",
        )
    )
    lines.append(
        (
            "measured on, at",
            "",
            *[cell for one in found for cell in (f"{one['date']}, `{one['commit']}`", "")],
            "",
            "",
        )
    )
    return tables.table(heads, lines, right=range(1, len(heads)))


_OTHER_TILES = {"tile_z14_new": ("54", "minutes")}


def _head(record: Record) -> str:
    count = record["entities"]
    return f"{record['store']}, {f'{count // 1_000_000}M' if count >= 1_000_000 else f'{count // 1000}k'}"


def _cells(record: Record, phase: str, target: float | None) -> tuple[str, str]:
    figures = record["phases"].get(phase)
    if figures is None:
        return "—", "—"
    calm = figures["cpu_ms"] * min(1, tables.QUIET_US / figures["yardstick_us"])
    return tables.shown(figures["cpu_ms"], target), tables.shown(calm, target)
