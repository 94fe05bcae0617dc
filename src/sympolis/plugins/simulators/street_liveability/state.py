"""The streets as they are, before a measure: what drives there and how fast, shade, room to walk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sympolis.plugins.simulators.street_liveability.classes import STREETS
from sympolis.plugins.simulators.street_liveability.network import Values
from sympolis.plugins.simulators.street_liveability.town import Town


@dataclass(slots=True)
class State:
    """By section: vehicles a day, speed [km/h], share in the shade (NaN: unknown), metres of width to walk on."""

    flow: Values
    speed_kmh: Values
    shade: Values
    walkable_m: Values
    places: list[tuple[str, int, float]] = field(default_factory=list)
    """Those that measures add."""
    displaced: float = 0.0
    """Vehicle-kilometres a day that measures move onto other streets."""


FREE_KMH = 50.0


def driven_kmh(limit_kmh: Values, share: float) -> Values:
    """Mean speed for a limit: ``share`` of it from 50 km/h on, the limit itself where that is slower than in a 50."""
    return np.asarray(np.minimum(limit_kmh, share * np.maximum(limit_kmh, FREE_KMH)))


def today(town: Town, given: Mapping[str, float]) -> State:
    """Streets without counts carry what is assumed of their class, times the uncertain level."""
    level = np.where(np.array(town.counted), 1.0, given["traffic_level"])
    return State(
        flow=np.array(town.flow) * level,
        speed_kmh=driven_kmh(np.array(town.limit_kmh), given["driven_share"]),
        shade=np.array([np.nan if value is None else value for value in town.shade], dtype=float),
        walkable_m=np.array([STREETS[name].walkable_m for name in town.classes]),
    )
