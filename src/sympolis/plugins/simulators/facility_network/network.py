"""Reads the twin's areas, sites, squares and stops into one picture on a plane, in metres."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from sympolis.domain.errors import ModelFailed
from sympolis.plugins.simulator import Inputs
from sympolis.plugins.simulators.facility_network import settings, travel

Values = NDArray[np.float64]
Indices = NDArray[np.intp]
Entity = Mapping[str, Any]

FILE = "network.json"
METRES_PER_DEGREE = 111_195.0
UNDER_15 = 15.0


@dataclass(frozen=True, slots=True)
class Network:
    """Lists are by area, by site or by point (a square where people live); positions are metres east and "
    "north."""

    area_ids: list[str]
    site_ids: list[str]
    site_names: list[str]
    origin: tuple[float, float]
    """Longitude and latitude of (0, 0)."""
    children: list[float]
    """Children under 15 by area, newest figure; what is asked where no forecast feeds the model."""
    poverty: list[float | None]
    site_at: list[tuple[float, float]]
    site_area: list[int]
    capacity: list[float | None]
    point_at: list[tuple[float, float]]
    point_area: list[int]
    point_share: list[float]
    """Of the people of its area; adds up to 1 in each."""
    stop_at: list[tuple[float, float]]
    notes: list[str]

    def sites(self) -> Values:
        """(n, 2) metres."""
        return np.array(self.site_at, dtype=np.float64).reshape(-1, 2)

    def points(self) -> Values:
        """(n, 2) metres."""
        return np.array(self.point_at, dtype=np.float64).reshape(-1, 2)

    def stops(self) -> Values:
        """(n, 2) metres."""
        return np.array(self.stop_at, dtype=np.float64).reshape(-1, 2)

    def on_plane(self, polygon: Mapping[str, Any]) -> tuple[float, float]:
        """The middle of a GeoJSON place, in metres."""
        middle = shapely.from_geojson(json.dumps(polygon)).representative_point()
        return _metres(middle.x, middle.y, self.origin)

    def known(self) -> Values:
        """Places by site; NaN where unknown."""
        return np.array([np.nan if value is None else value for value in self.capacity], dtype=np.float64)


def prepare(inputs: Inputs, folder: Path) -> Network:
    """Read the entities and write ``network.json``. Raises ``ModelFailed`` where there are no areas or "
    "sites."""
    areas = [area for area in inputs[settings.AREAS] if area.get("location")]
    sites = [site for site in inputs[settings.SITES] if site.get("location")]
    if not areas or not sites:
        raise ModelFailed("there are no areas, or no sites, with a location", where="StatisticalArea")
    shapes = [shapely.from_geojson(json.dumps(area["location"])) for area in areas]
    origin = _origin(shapes)
    plane = _Plane(origin)
    site_at = [plane.of(site["location"]) for site in sites]
    points, notes = _points(areas, shapes, inputs.get(settings.SQUARES, ()), plane)
    network = Network(
        area_ids=[str(area["id"]) for area in areas],
        site_ids=[str(site["id"]) for site in sites],
        site_names=[str(site.get("name") or site["id"]).strip() for site in sites],
        origin=origin,
        children=[float(area.get("populationUnder15") or 0.0) for area in areas],
        poverty=[_number(area.get("childPoverty")) for area in areas],
        site_at=site_at,
        site_area=_inside([plane.polygon(shape) for shape in shapes], site_at),
        capacity=[_positive(site.get("capacity")) for site in sites],
        point_at=[at for at, _, _ in points],
        point_area=[area for _, area, _ in points],
        point_share=_shares(points),
        stop_at=[
            plane.of(stop["location"]) for stop in inputs.get(settings.STOPS, ()) if stop.get("location")
        ],
        notes=[*notes, *_said(sites, inputs.get(settings.STOPS, ()))],
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_bytes(msgspec.json.encode(network))
    return network


def load(folder: Path) -> Network:
    """What ``prepare`` left."""
    return msgspec.json.decode((folder / FILE).read_bytes(), type=Network)


def median_point(network: Network, area: int) -> int:
    """The point of an area from which its people have the shortest way in all (its 1-median)."""
    here = [index for index, one in enumerate(network.point_area) if one == area]
    at = network.points()[here]
    shares = np.array(network.point_share)[here]
    return here[int(np.argmin(travel.straight_m(at, at).T @ shares))]


Point = tuple[tuple[float, float], int, float]


@dataclass(frozen=True, slots=True)
class _Plane:
    origin: tuple[float, float]

    def of(self, location: Mapping[str, Any]) -> tuple[float, float]:
        middle = shapely.centroid(shapely.from_geojson(json.dumps(location)))
        return _metres(middle.x, middle.y, self.origin)

    def polygon(self, shape: Any) -> Any:
        def flat(places: Any) -> Any:
            return np.array([_metres(x, y, self.origin) for x, y in places])

        return shapely.transform(shape, flat)


def _origin(shapes: Sequence[Any]) -> tuple[float, float]:
    west, south, east, north = shapely.total_bounds(np.array(shapes))
    return (float(west + east) / 2, float(south + north) / 2)


def _metres(longitude: float, latitude: float, origin: tuple[float, float]) -> tuple[float, float]:
    east = (longitude - origin[0]) * METRES_PER_DEGREE * math.cos(math.radians(origin[1]))
    return (round(east, 1), round((latitude - origin[1]) * METRES_PER_DEGREE, 1))


def _points(
    areas: Sequence[Entity], shapes: Sequence[Any], squares: Sequence[Entity], plane: _Plane
) -> tuple[list[Point], list[str]]:
    """Squares of each area; an area without any is one point in its middle."""
    index = {_code(area): number for number, area in enumerate(areas)}
    found = [
        (plane.of(square["location"]), index[str(square["areaCode"])], float(square["residentShare"]))
        for square in squares
        if square.get("location") and square.get("residentShare") and str(square.get("areaCode")) in index
    ]
    bare = sorted(set(range(len(areas))) - {area for _, area, _ in found})
    for number in bare:
        middle = shapes[number].representative_point()
        found.append((_metres(middle.x, middle.y, plane.origin), number, 1.0))
    notes = [f"{len(bare)} of {len(areas)} areas are one point: nothing says where in them people live"]
    return found, notes if bare else []


def _shares(points: Sequence[Point]) -> list[float]:
    total: dict[int, float] = {}
    for _, area, share in points:
        total[area] = total.get(area, 0.0) + share
    return [share / total[area] for _, area, share in points]


def _code(area: Entity) -> str:
    return str(area.get("code") or str(area["id"]).rsplit(":", 1)[-1])


def _inside(shapes: Sequence[Any], places: Sequence[tuple[float, float]]) -> list[int]:
    """The area in which each place lies, else the nearest."""
    return [int(found) for found in shapely.STRtree(shapes).nearest(shapely.points(np.array(places)))]


def _said(sites: Sequence[Entity], stops: Sequence[Entity]) -> list[str]:
    unknown = sum(_positive(site.get("capacity")) is None for site in sites)
    notes = []
    if unknown:
        notes.append(f"places of {unknown} of {len(sites)} sites are not known: they are drawn")
    if not stops:
        notes.append("no stops are known: nobody rides")
    return notes


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _positive(value: Any) -> float | None:
    found = _number(value)
    return found if found is not None and found > 0 else None
