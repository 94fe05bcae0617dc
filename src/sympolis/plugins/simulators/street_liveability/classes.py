"""What is assumed of a street by its class where nothing better is known: traffic, limit, width, who lives there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Street:
    """``vehicles`` a day, limit [km/h], width from house to house and the part of it to walk on [m]."""

    vehicles: float
    limit_kmh: float
    width_m: float
    walkable_m: float
    lived_in: bool = True
    """Whether houses have their doors on streets of this class."""


STREETS: Mapping[str, Street] = {
    "primary": Street(20_000, 50, 20, 4),
    "secondary": Street(12_000, 50, 16, 4),
    "tertiary": Street(6_000, 50, 13, 3.5),
    "unclassified": Street(1_500, 50, 9, 3),
    "residential": Street(1_000, 30, 9, 3),
    "living_street": Street(300, 20, 8, 8),
    "service": Street(200, 20, 5, 5, lived_in=False),
    "pedestrian": Street(0, 5, 8, 8),
    "footway": Street(0, 5, 2.5, 2.5, lived_in=False),
    "steps": Street(0, 5, 2.5, 2.5, lived_in=False),
}
"""Assumptions, by OpenStreetMap's classes of streets; the traffic of streets without counts carries a wide range."""
_ALIKE = {
    "motorway": "primary",
    "trunk": "primary",
    "path": "footway",
    "cycleway": "footway",
    "track": "service",
}


def kind_of(road_class: str) -> str:
    """The class of the table that a road class belongs to; what is unknown is a footway."""
    name = road_class.removesuffix("_link")
    name = _ALIKE.get(name, name)
    return name if name in STREETS else "footway"
