"""What the broker's benchmark stores: air quality stations of about 0.8 kB, as Stellio's load test has them.

Six properties of which five are observed, a relationship and a place within Bologna; values are random and the same in
every run.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

TYPE = "AirQualityObserved"
LONGITUDES = (11.28, 11.42)
LATITUDES = (44.46, 44.54)
YEAR_BEGINS = datetime(2025, 1, 1, tzinfo=UTC)


def entity_id(number: int | str) -> str:
    """The id of the station of this number."""
    return f"urn:ngsi-ld:{TYPE}:bench-{number}"


def observed(value: float, unit: str, at: datetime) -> dict[str, Any]:
    """A measured property."""
    return {"type": "Property", "value": value, "unitCode": unit, "observedAt": stamp(at)}


def stamp(at: datetime) -> str:
    """A time as NGSI-LD writes it, to the second."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def place(chance: random.Random) -> list[float]:
    """Somewhere in the city: longitude and latitude in degrees."""
    return [round(chance.uniform(*LONGITUDES), 6), round(chance.uniform(*LATITUDES), 6)]


def entity(number: int | str, chance: random.Random, at: datetime) -> dict[str, Any]:
    """A station as a client sends it."""
    return {
        "id": entity_id(number),
        "type": TYPE,
        "name": {"type": "Property", "value": f"station {number}"},
        "NO2": observed(round(chance.uniform(0, 200), 1), "GQ", at),
        "PM10": observed(round(chance.uniform(0, 100), 1), "GQ", at),
        "PM25": observed(round(chance.uniform(0, 60), 1), "GQ", at),
        "temperature": observed(round(chance.uniform(-5, 40), 1), "CEL", at),
        "relativeHumidity": observed(round(chance.random(), 2), "P1", at),
        "refDevice": {"type": "Relationship", "object": f"urn:ngsi-ld:Device:{chance.randrange(1000)}"},
        "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": place(chance)}},
    }


def series(
    count: int, step: timedelta, chance: random.Random, *, begin: datetime = YEAR_BEGINS
) -> list[dict[str, Any]]:
    """``count`` instances of one property, the first at ``begin``."""
    return [
        observed(round(chance.uniform(0, 200), 1), "GQ", begin + step * number) for number in range(count)
    ]
