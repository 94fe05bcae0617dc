"""Reads the twin's streets, traffic and people into what the noise of a day is computed from."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from sympolis.domain.errors import ModelFailed
from sympolis.plugins.cnossos import JUNCTION_REACH_M
from sympolis.plugins.simulators.road_noise import counts

Entity = Mapping[str, Any]

MODEL_FILE = "model.json"
METRES_PER_DEGREE = 111_320.0
DEFAULT_KMH = 50.0
ONE_STREET_M = 25.0
"""Segments this near each other that run alike are directions of one street: its façades hear them all."""
ALIKE_DEG = 30.0
CATEGORY_OF = {"car": "1", "authorised": "1", "delivery": "1", "bus": "2", "truck": "2", "motorcycle": "4b"}
"""The demand's vehicle classes: vans count as light, buses and lorries to 12 t as two-axled, all motorcycles as 4b."""


@dataclass(frozen=True, slots=True)
class Streets:
    """Lists are by segment, in order of id."""

    ids: list[str]
    middles: list[tuple[float, float]]
    length_m: list[float]
    limit_kmh: list[float]
    flows: dict[str, list[float]]
    """By category: vehicles in the demand's own hour."""
    nearness: list[float]
    """Mean of max(1 − distance to the next signals/100 m, 0) along the segment."""
    together: list[list[int]]
    """The segments of the same street, itself included."""
    per_km2: list[float]
    """People per square kilometre around it; 0 where no area is known."""
    profile: list[float]
    """By hour of the day: traffic on the streets with counts against the demand's own hour."""
    notes: list[str]

    def inside(self, where: Mapping[str, Any]) -> list[int]:
        """The segments meant: named ones (by id or its last part), or those whose middle lies in the polygon.

        Raises ``ValueError`` naming unknown ones.
        """
        if "polygon" in where:
            region = shapely.from_geojson(json.dumps(where["polygon"]))
            return [i for i, middle in enumerate(self.middles) if region.contains(shapely.Point(middle))]
        index = _index(self.ids)
        unknown = [str(name) for name in where.get("segments", ()) if str(name) not in index]
        if unknown:
            raise ValueError(f"not streets of this model: {', '.join(unknown[:5])}")
        return sorted({index[str(name)] for name in where.get("segments", ())})


def prepare(inputs: Mapping[str, Sequence[Entity]], folder: Path) -> Streets:
    """Read the entities and write ``model.json``. Raises ``ModelFailed`` naming entity and attribute."""
    roads = sorted(inputs["roads"], key=lambda e: str(e["id"]))
    if not roads:
        raise ModelFailed("there is no road segment", where="RoadSegment")
    ids = [str(road["id"]) for road in roads]
    lines = [_line(road) for road in roads]
    flat = _Flat(lines)
    shapes = [flat.metres(line) for line in lines]
    flows, hour = _flows(inputs["demand"], _index(ids))
    profile, notes = counts.profile(
        inputs.get("counts", ()), _index(ids), _sum_of(flows, len(ids)), hour, _zone(inputs["demand"])
    )
    middles = [line.interpolate(0.5, normalized=True) for line in lines]
    streets = Streets(
        ids=ids,
        middles=[(point.x, point.y) for point in middles],
        length_m=[
            float(road.get("length") or shape.length) for road, shape in zip(roads, shapes, strict=True)
        ],
        limit_kmh=[float(road.get("maximumAllowedSpeed") or DEFAULT_KMH) for road in roads],
        flows=flows,
        nearness=_nearness(roads, shapes, inputs.get("nodes", ())),
        together=_together(shapes),
        per_km2=_density(middles, inputs.get("areas", ()), flat),
        profile=profile,
        notes=notes,
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL_FILE).write_text(json.dumps(asdict(streets)), encoding="utf-8")
    return streets


def load(folder: Path) -> Streets:
    """What ``prepare`` left in ``folder``. Raises ``ModelFailed`` if it left nothing."""
    try:
        return Streets(**json.loads((folder / MODEL_FILE).read_text(encoding="utf-8")))
    except FileNotFoundError as cause:
        raise ModelFailed("the model has not been prepared", where=str(folder)) from cause


class _Flat:
    """A flat frame in metres around the streets: good to a few per mille over a city."""

    def __init__(self, shapes: Sequence[BaseGeometry]) -> None:
        west, south, _, north = shapely.total_bounds(list(shapes))
        self._origin = np.array([west, south])
        self._scale = np.array([math.cos(math.radians((south + north) / 2)), 1.0]) * METRES_PER_DEGREE

    def metres(self, shape: BaseGeometry) -> BaseGeometry:
        return shapely.transform(shape, lambda at: (at - self._origin) * self._scale)


def _line(road: Entity) -> BaseGeometry:
    geometry = road.get("location") or {}
    if geometry.get("type") != "LineString":
        raise ModelFailed("a LineString was expected", where=f"{road['id']}: location")
    return shapely.from_geojson(json.dumps(geometry))


def _index(ids: Sequence[str]) -> dict[str, int]:
    """Positions by entity id and by its last part."""
    return {name.rsplit(":", 1)[-1]: i for i, name in enumerate(ids)} | {
        name: i for i, name in enumerate(ids)
    }


def _flows(demand: Sequence[Entity], index: Mapping[str, int]) -> tuple[dict[str, list[float]], int]:
    """Vehicles of each category over each segment in the demand's first hour, and that hour."""
    size = len(set(index.values()))
    flows: dict[str, list[float]] = defaultdict(lambda: [0.0] * size)
    for stream in demand:
        name = str(stream.get("vehicleClass", "car"))
        if name not in CATEGORY_OF:
            message = f"unknown class {name!r}, known are {', '.join(CATEGORY_OF)}"
            raise ModelFailed(message, where=f"{stream['id']}: vehicleClass")
        steps = max(1, 60 // int(stream.get("intervalMinutes", 60)))
        vehicles = float(sum(stream["departures"][:steps]))
        for part in stream["route"]:
            if str(part) in index:
                flows[CATEGORY_OF[name]][index[str(part)]] += vehicles
    hours = {int(str(stream.get("startTime", "08:00")).split(":")[0]) for stream in demand}
    return dict(flows), min(hours, default=8)


def _zone(demand: Sequence[Entity]) -> str:
    return str(demand[0].get("timeZone", "UTC")) if demand else "UTC"


def _sum_of(flows: Mapping[str, Sequence[float]], size: int) -> list[float]:
    return [sum(values[i] for values in flows.values()) for i in range(size)]


def _nearness(
    roads: Sequence[Entity], shapes: Sequence[BaseGeometry], nodes: Sequence[Entity]
) -> list[float]:
    signalled = {str(node["id"]).rsplit(":", 1)[-1] for node in nodes if node.get("refTrafficSignal")}
    return [
        min(1.0, sum(_mean_nearness(shape.length) for _ in _ends(road, signalled)))
        for road, shape in zip(roads, shapes, strict=True)
    ]


def _ends(road: Entity, signalled: set[str]) -> Iterator[str]:
    for end in ("startNode", "endNode"):
        name = str(road.get(end, "")).rsplit(":", 1)[-1]
        if name in signalled:
            yield name


def _mean_nearness(length_m: float) -> float:
    """Mean of max(1 − x/100, 0) for x from 0 to the length."""
    reach = min(length_m, JUNCTION_REACH_M)
    return (reach - reach**2 / (2 * JUNCTION_REACH_M)) / length_m if length_m else 1.0


def _together(shapes: Sequence[BaseGeometry]) -> list[list[int]]:
    tree = shapely.STRtree(list(shapes))
    found = []
    for number, shape in enumerate(shapes):
        near = tree.query(shape.interpolate(0.5, normalized=True), predicate="dwithin", distance=ONE_STREET_M)
        alike = {int(i) for i in near if _angle(shape, shapes[int(i)]) <= ALIKE_DEG}
        found.append(sorted(alike | {number}))
    return found


def _angle(first: BaseGeometry, second: BaseGeometry) -> float:
    """Between two lines' chords, either way round [degrees]."""
    turn = abs(_heading(first) - _heading(second)) % 180
    return min(turn, 180 - turn)


def _heading(line: BaseGeometry) -> float:
    (x1, y1), (x2, y2) = line.coords[0][:2], line.coords[-1][:2]
    return math.degrees(math.atan2(y2 - y1, x2 - x1))


def _density(middles: Sequence[BaseGeometry], areas: Sequence[Entity], flat: _Flat) -> list[float]:
    known = [
        (shape, float(area["population"]) / (flat.metres(shape).area / 1e6))
        for area in areas
        if area.get("population") and (shape := _region(area)) is not None
    ]
    tree = shapely.STRtree([shape for shape, _ in known])
    found = [tree.query(point, predicate="within") for point in middles]
    return [known[int(hits[0])][1] if len(hits) else 0.0 for hits in found]


def _region(area: Entity) -> BaseGeometry | None:
    geometry = area.get("location") or {}
    return shapely.from_geojson(json.dumps(geometry)) if "Polygon" in str(geometry.get("type")) else None
