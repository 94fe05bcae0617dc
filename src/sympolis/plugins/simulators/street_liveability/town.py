"""What ``prepare`` leaves in its folder: every stretch of street with its traffic, shade, people and ways on foot."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from sympolis.domain.errors import ModelFailed
from sympolis.plugins.simulators.street_liveability import air, counts, nearby, network
from sympolis.plugins.simulators.street_liveability.classes import STREETS, kind_of

Entity = Mapping[str, Any]

MODEL_FILE = "model.json"
METRES_PER_DEGREE = 111_195.0
GREEN_HA = 0.5
"""Green spaces smaller than this do not count (WHO Regional Office for Europe 2017, Urban green spaces: 0.5–1 ha)."""
DOOR_M = 250.0
"""Places farther from the network than this are not reached on it."""
CAR_PARK = "car_park"


@dataclass(frozen=True, slots=True)
class Town:
    """Lists are by section, in order of id, unless said otherwise."""

    ids: list[str]
    names: list[str]
    classes: list[str]
    limit_kmh: list[float]
    length_m: list[float]
    shade: list[float | None]
    """Share in the shade around noon; None where nobody has looked."""
    middles: list[tuple[float, float]]
    """Degrees."""
    flow: list[float]
    """Vehicles a day."""
    counted: list[bool]
    """Whether the flow follows from counts on this street."""
    beside: list[int]
    """The road whose traffic people there are beside: itself, the nearest, or −1."""
    near: list[tuple[int, int, float]]
    """(section, road, weight): what reaches the section from the road."""
    per_km2: list[float]
    green_m: list[float]
    """Straight way to the nearest green space large enough; a large number where there is none."""
    starts: list[int]
    ends: list[int]
    places: list[tuple[str, int, float]]
    """(kind, junction, metres from the junction)."""
    background: float | None
    """NO2 of the cleanest station [µg/m3]; None where the twin knows none."""
    per_traffic: float
    """NO2 [µg/m3] per vehicle a day and metre, from the station at the kerb."""
    notes: list[str]

    def inside(self, where: Mapping[str, Any]) -> list[int]:
        """The sections meant: named ones (by id or its last part), or those whose middle lies in the polygon.

        Raises ``ValueError`` naming unknown ones.
        """
        if "polygon" in where:
            region = shapely.from_geojson(json.dumps(where["polygon"]))
            return [int(i) for i in np.flatnonzero(shapely.contains_xy(region, np.array(self.middles)))]
        index = {name.rsplit(":", 1)[-1]: i for i, name in enumerate(self.ids)}
        index |= {name: i for i, name in enumerate(self.ids)}
        unknown = [str(name) for name in where.get("segments", ()) if str(name) not in index]
        if unknown:
            raise ValueError(f"not streets of this model: {', '.join(unknown[:5])}")
        return sorted({index[str(name)] for name in where.get("segments", ())})

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of places that somebody could walk to."""
        return tuple(sorted({kind for kind, _, _ in self.places}))

    def middle_m(self) -> Any:
        """Middles in metres on a flat frame: (sections, 2)."""
        at = np.array(self.middles)
        return at * [math.cos(math.radians(float(at[:, 1].mean()))) * METRES_PER_DEGREE, METRES_PER_DEGREE]


class Flat:
    """A flat frame in metres around the streets: good to a few per mille over a centre."""

    def __init__(self, shapes: Sequence[BaseGeometry]) -> None:
        west, south, _, north = shapely.total_bounds(list(shapes))
        self._origin = np.array([west, south])
        self._scale = np.array([math.cos(math.radians((south + north) / 2)), 1.0]) * METRES_PER_DEGREE

    def metres(self, location: Mapping[str, Any]) -> BaseGeometry:
        """GeoJSON in degrees → shape in metres."""
        shape = shapely.from_geojson(json.dumps(location))
        return shapely.transform(shape, lambda at: (at - self._origin) * self._scale)


def prepare(inputs: Mapping[str, Sequence[Entity]], folder: Path) -> Town:
    """Read the entities and write ``model.json``. Raises ``ModelFailed`` naming entity and attribute."""
    sections = sorted(inputs["sections"], key=lambda e: str(e["id"]))
    if not sections:
        raise ModelFailed("there is no stretch of street", where="StreetSection")
    degrees = [_line(section) for section in sections]
    flat = Flat(degrees)
    lines = [flat.metres(section["location"]) for section in sections]
    town = _town(inputs, sections, degrees, lines, flat)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL_FILE).write_text(json.dumps(asdict(town)), encoding="utf-8")
    return town


def _town(
    inputs: Mapping[str, Sequence[Entity]],
    sections: Sequence[Entity],
    degrees: Sequence[BaseGeometry],
    lines: Sequence[BaseGeometry],
    flat: Flat,
) -> Town:
    classes = [kind_of(str(section.get("roadClass", ""))) for section in sections]
    names = [str(section.get("name") or "") for section in sections]
    roads = [i for i, name in enumerate(classes) if STREETS[name].vehicles > 0]
    road_lines = [lines[i] for i in roads]
    flow, counted, notes = counts.flows(names, classes, lines, inputs.get("counts", ()), flat.metres)
    middles = [line.interpolate(0.5, normalized=True) for line in lines]
    halfway = [line.interpolate(0.5, normalized=True) for line in degrees]
    starts, ends, at = network.junctions(lines)
    background, per_traffic, said = air.level(
        inputs.get("air", ()), road_lines, [flow[i] for i in roads], flat.metres
    )
    return Town(
        ids=[str(section["id"]) for section in sections],
        names=names,
        classes=classes,
        limit_kmh=[
            float(section.get("maximumAllowedSpeed") or STREETS[name].limit_kmh)
            for section, name in zip(sections, classes, strict=True)
        ],
        length_m=[float(line.length) for line in lines],
        shade=[_share(section.get("shadeShare")) for section in sections],
        middles=[(point.x, point.y) for point in halfway],
        flow=flow,
        counted=counted,
        beside=_beside(middles, road_lines, roads, len(lines)),
        near=list(nearby.weights(middles, road_lines, roads)) if roads else [],
        per_km2=_density(middles, inputs.get("areas", ()), flat),
        green_m=_green(middles, inputs.get("green", ()), flat),
        starts=starts,
        ends=ends,
        places=list(_places(inputs, at, flat)),
        background=background,
        per_traffic=per_traffic,
        notes=[*notes, *said],
    )


def load(folder: Path) -> Town:
    """What ``prepare`` left in ``folder``. Raises ``ModelFailed`` if it left nothing."""
    try:
        return Town(**json.loads((folder / MODEL_FILE).read_text(encoding="utf-8")))
    except FileNotFoundError as cause:
        raise ModelFailed("the model has not been prepared", where=str(folder)) from cause


def _line(section: Entity) -> BaseGeometry:
    geometry = section.get("location") or {}
    if geometry.get("type") != "LineString":
        raise ModelFailed("a LineString was expected", where=f"{section['id']}: location")
    return shapely.from_geojson(json.dumps(geometry))


def _share(value: Any) -> float | None:
    return None if value is None else min(max(float(value), 0.0), 1.0)


def _beside(
    middles: Sequence[BaseGeometry], road_lines: Sequence[BaseGeometry], roads: Sequence[int], size: int
) -> list[int]:
    found = nearby.beside(middles, road_lines, roads)
    own = set(roads)
    return [i if i in own else found[i] for i in range(size)]


def _density(middles: Sequence[BaseGeometry], areas: Sequence[Entity], flat: Flat) -> list[float]:
    """People per square kilometre of the area around each section; 0 where none is known."""
    found = np.zeros(len(middles))
    x, y = (np.array([getattr(point, name) for point in middles]) for name in ("x", "y"))
    for area in areas:
        if area.get("population") is not None and "location" in area:
            region = shapely.make_valid(flat.metres(area["location"]))
            found[shapely.contains_xy(region, x, y)] = float(area["population"]) / (region.area / 1e6)
    return [float(value) for value in found]


def _green(middles: Sequence[BaseGeometry], green: Sequence[Entity], flat: Flat) -> list[float]:
    large = [flat.metres(e["location"]) for e in green if float(e.get("area") or 0.0) >= GREEN_HA]
    if not large:
        return [1e6] * len(middles)
    tree = shapely.STRtree([shapely.make_valid(shape) for shape in large])
    _, apart = tree.query_nearest(list(middles), return_distance=True, all_matches=False)
    return [float(value) for value in apart]


def _places(
    inputs: Mapping[str, Sequence[Entity]], at: Sequence[tuple[float, float]], flat: Flat
) -> Iterator[tuple[str, int, float]]:
    known = [(str(e.get("category") or "place"), e) for e in inputs.get("places", ())]
    known += [(CAR_PARK, e) for e in inputs.get("car_parks", ())]
    for kind, entity in known:
        if "location" in entity:
            junction, metres = network.nearest_junction(at, flat.metres(entity["location"]).centroid)
            if metres <= DOOR_M:
                yield kind, junction, metres
