"""Reads the twin's zones, cordon and fleet, and says how much traffic crosses the border of any set of zones.

Zone tables count the vehicles that enter a zone from any neighbour, so they cannot be added up: one car would count in
every zone it crosses. The border rule counts for a set of zones only the part of each zone's perimeter that the set
does not share with itself; its level is then set by the one border whose inflow is known, the cordon around all zones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from sympolis.domain.errors import ModelFailed
from sympolis.plugins.simulators.mobility_policy.settings import CLASSES

Values = NDArray[np.float64]
Entity = Mapping[str, Any]

MODEL_FILE = "model.json"
HOURS = 24
GAP_M = 15.0
"""Borders drawn this close to each other are one border: outlines of neighbours are rarely drawn by one hand."""
METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class Model:
    """What ``prepare`` keeps. Tables are lists of zones of 24 hours [veh/h, or veh under way within the hour]."""

    zones: list[str]
    middles: list[tuple[float, float]]
    inflow: list[list[float]]
    from_outside: list[list[float]]
    starting: list[list[float]]
    vehicles: list[list[float]]
    borders: list[dict[str, float]]
    """By zone: share of its perimeter that it has in common with another zone, by that zone's number."""
    cordon_inflow: list[float]
    cordon_starting: list[float]
    shares: list[float]
    nox_g_per_km: list[float]
    time_zone: str

    def inside(self, where: Mapping[str, Any]) -> list[int]:
        """The zones meant: named ones, or those whose middle lies in the polygon. Raises ``ValueError``."""
        if "polygon" in where:
            region = shapely.from_geojson(json.dumps(where["polygon"]))
            return [i for i, middle in enumerate(self.middles) if region.contains(shapely.Point(middle))]
        numbers = {name: i for i, name in enumerate(self.zones)}
        unknown = [str(name) for name in where.get("features", ()) if name not in numbers]
        if unknown:
            raise ValueError(f"not zones of this model: {', '.join(unknown[:5])}")
        return sorted({numbers[name] for name in where.get("features", ())})

    def crossing(self, chosen: Sequence[int]) -> Values:
        """Vehicles that drive into the chosen zones from elsewhere, by hour [veh/h], by the border rule, unlevelled."""
        table, inside = np.array(self.inflow), set(chosen)
        return np.asarray(np.sum([table[i] * self.open_share(i, inside) for i in chosen], axis=0))

    def open_share(self, zone: int, inside: set[int]) -> float:
        """Share of the zone's perimeter that leads out of the set ``inside``."""
        return max(0.0, 1 - sum(share for other, share in self.borders[zone].items() if int(other) in inside))

    def part_of_cordon(self, chosen: Sequence[int]) -> Values:
        """Inflow into the chosen zones against the inflow into all, by hour (above 1 where inner traffic is dense)."""
        return _ratio(self.crossing(chosen), self.crossing(range(len(self.zones))))

    def part_of_starting(self, chosen: Sequence[int]) -> Values:
        """Share of all trips that start in the chosen zones, by hour."""
        table = np.array(self.starting)
        return _ratio(table[list(chosen)].sum(axis=0), table.sum(axis=0))

    def part_from_outside(self, chosen: Sequence[int]) -> Values:
        """Share of the traffic driving into the chosen zones that comes from outside all zones, by hour.

        Over the cordon itself all of it does; over a border between zones, what the tables say.
        """
        table, outer, inside = np.array(self.inflow), np.array(self.from_outside), set(chosen)
        every = set(range(len(self.zones)))
        alone = {i: self.open_share(i, every) for i in chosen}
        coming = [outer[i] * (self.open_share(i, inside) - alone[i]) + table[i] * alone[i] for i in chosen]
        return _ratio(np.sum(coming, axis=0), self.crossing(chosen))

    def neighbours(self, chosen: Sequence[int]) -> Values:
        """Where traffic around the chosen zones goes: weights over all zones, sum 1 (0 if nothing lies around)."""
        weights, inside = np.zeros(len(self.zones)), set(chosen)
        for zone in chosen:
            for other, share in self.borders[zone].items():
                weights[int(other)] += share * (int(other) not in inside)
        total = weights.sum()
        return np.asarray(weights / total if total else weights)


def _ratio(above: Values, below: Values) -> Values:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def prepare(inputs: Mapping[str, Sequence[Entity]], folder: Path) -> Model:
    """Read the entities and write ``model.json``. Raises ``ModelFailed`` naming entity and attribute."""
    if not inputs.get("cordon"):
        raise ModelFailed("there is no traffic cordon", where="TrafficCordon")
    zones = sorted(inputs["zones"], key=lambda e: str(e["id"]))
    cordon = min(inputs["cordon"], key=lambda e: str(e["id"]))
    shapes = [_shape(zone) for zone in zones]
    shares, factors = _fleet(inputs["fleet"])
    middles = [shape.representative_point() for shape in shapes]
    model = Model(
        zones=[str(zone["id"]) for zone in zones],
        middles=[(point.x, point.y) for point in middles],
        inflow=[_day(zone, "hourlyInflow") for zone in zones],
        from_outside=[_day(zone, "hourlyInflowFromOutside") for zone in zones],
        starting=[_day(zone, "hourlyStarting") for zone in zones],
        vehicles=[_day(zone, "hourlyVehicles") for zone in zones],
        borders=_borders(shapes),
        cordon_inflow=_day(cordon, "hourlyInflow"),
        cordon_starting=_day(cordon, "hourlyStarting"),
        shares=shares,
        nox_g_per_km=factors,
        time_zone=str(cordon.get("timeZone") or "UTC"),
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL_FILE).write_text(json.dumps(asdict(model)), encoding="utf-8")
    return model


def load(folder: Path) -> Model:
    """What ``prepare`` left in ``folder``. Raises ``ModelFailed`` if it left nothing."""
    try:
        return Model(**json.loads((folder / MODEL_FILE).read_text(encoding="utf-8")))
    except FileNotFoundError as cause:
        raise ModelFailed("the model has not been prepared", where=str(folder)) from cause


def _shape(zone: Entity) -> BaseGeometry:
    geometry = zone.get("location") or {}
    if geometry.get("type") not in ("Polygon", "MultiPolygon"):
        raise ModelFailed("a Polygon or MultiPolygon was expected", where=f"{zone['id']}: location")
    return shapely.from_geojson(json.dumps(geometry))


def _day(entity: Entity, attribute: str) -> list[float]:
    values = entity.get(attribute)
    if not isinstance(values, Sequence) or len(values) != HOURS or not all(_counts(v) for v in values):
        raise ModelFailed(
            "24 figures of hours were expected, none below 0", where=f"{entity['id']}: {attribute}"
        )
    return [float(value) for value in values]


def _counts(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _fleet(entities: Sequence[Entity]) -> tuple[list[float], list[float]]:
    """Shares (sum 1) and NOx [g/km] by Euro class; a class without an entity has no vehicles."""
    shares, factors = [0.0] * CLASSES, [0.0] * CLASSES
    for entity in entities:
        euro = int(entity.get("euroClass", -1))
        if not 0 <= euro < CLASSES:
            raise ModelFailed(
                f"a Euro class from 0 to {CLASSES - 1} was expected", where=f"{entity['id']}: euroClass"
            )
        shares[euro], factors[euro] = float(entity["fleetShare"]), float(entity["noxPerKm"])
    total = sum(shares)
    if not 0.99 <= total <= 1.01:
        raise ModelFailed(
            f"the shares of the fleet add up to {total:.3f}, not to 1", where="FleetClass: fleetShare"
        )
    return [share / total for share in shares], factors


def _borders(shapes: Sequence[BaseGeometry]) -> list[dict[str, float]]:
    flat = _flat(shapes)
    near = [shape.buffer(GAP_M) for shape in flat]
    tree = shapely.STRtree(flat)
    found: list[dict[str, float]] = []
    for number, shape in enumerate(flat):
        edge = shape.boundary
        others = sorted(int(i) for i in tree.query(near[number], predicate="intersects") if i != number)
        common = {str(i): float(edge.intersection(near[i]).length / edge.length) for i in others}
        found.append({name: round(share, 4) for name, share in common.items() if share > 0})
    return found


def _flat(shapes: Sequence[BaseGeometry]) -> list[BaseGeometry]:
    """Around the zones, in metres: good to a few per mille over a city."""
    west, south, _, north = shapely.total_bounds(list(shapes))
    scale = np.array([np.cos(np.radians((south + north) / 2)), 1.0]) * METRES_PER_DEGREE
    return [shapely.transform(shape, lambda at: (at - [west, south]) * scale) for shape in shapes]
