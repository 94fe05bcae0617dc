"""A proxy of the air in a street: what the cleanest station measures, and what traffic near the kerb adds.

The share of traffic is levelled on the station that stands nearest to counted or assumed traffic. It is no
dispersion model: no wind, no height of houses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from sympolis.plugins.simulators.street_liveability import nearby

LEAST_VALUES = 100
UNLEVELLED = 0.01
"""[µg/m3 per vehicle a day and metre] where no station stands at a kerb: 20 µg/m3 beside 20,000 vehicles a day.
Assumption."""


def level(
    stations: Sequence[Mapping[str, Any]],
    roads: Sequence[BaseGeometry],
    flows: Sequence[float],
    metres: Callable[[Mapping[str, Any]], BaseGeometry],
) -> tuple[float | None, float, list[str]]:
    """Background [µg/m3] (None: unknown), µg/m3 per vehicle a day and metre, and what must be said."""
    known = [(mean, metres(one["location"])) for one in stations if (mean := _mean(one)) is not None]
    if not known:
        return None, UNLEVELLED, ["no station measures NO2: the theme air is left out"]
    background = min(mean for mean, _ in known)
    kerbs = [(_reaching(point, roads, flows), mean) for mean, point in known if mean > background]
    strongest = max(kerbs, default=(0.0, background))
    if strongest[0] <= 0:
        return background, UNLEVELLED, ["no station stands at a street of this network: air was not levelled"]
    return background, (strongest[1] - background) / strongest[0], []


def _reaching(point: BaseGeometry, roads: Sequence[BaseGeometry], flows: Sequence[float]) -> float:
    near = [i for i, road in enumerate(roads) if shapely.distance(point, road) <= nearby.REACH_M]
    return sum(flows[i] * nearby.weight(point, roads[i]) for i in near)


def _mean(station: Mapping[str, Any]) -> float | None:
    values = station.get("series", {}).get("no2", {}).get("values", ())
    if len(values) < LEAST_VALUES or "location" not in station:
        return None
    return float(np.mean(np.asarray(values, dtype=float)))
