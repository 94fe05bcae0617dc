"""Figures of the city worked out from its entities, as catalogues declare them; pure, so that tests check each sum.

Whoever mounts the twin reads the entities (``api.assessment.counting``); nothing is claimed of what is not there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sympolis.assessment.indicators.catalogues import Field, Indicator, Measure, by_id

Row = Mapping[str, Any]
Place = tuple[float, float]
EARTH_M: Final = 6_371_008.8
"""Mean radius of the Earth (IUGG)."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What was read: by type, each entity's values by attribute, its place (lon, lat) under ``place``.

    ``means``: by type and attribute, the mean of the year before the newest value.
    """

    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    means: Mapping[tuple[str, str], float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure of the city and the sums that it was made of."""

    value: float
    sums: Mapping[str, float]


def wanted() -> dict[str, dict[str, str]]:
    """Attributes to read by type, each with the unit its values must have; means are asked for by ``averaged``."""
    found: dict[str, dict[str, str]] = {}
    for one in _measures():
        if one.kind == "mean":
            continue
        read = ((one.part, ""), (one.whole, one.area), (one.people, one.code))
        for each, name in read:
            if each is not None:
                units = {each.attribute: each.unit, name: ""}
                found.setdefault(each.type, {}).update({key: unit for key, unit in units.items() if key})
    return found


def averaged() -> set[tuple[str, str]]:
    """Types and attributes of which the mean of a year is asked for."""
    return {(one.part.type, one.part.attribute) for one in _measures() if one.kind == "mean"}


def measure(indicator: Indicator, rows: Rows) -> Measured | None:
    """The figure; None where the twin does not have what it takes."""
    asked = indicator.measure
    if asked is None:
        return None
    if asked.kind == "mean":
        found = rows.means.get((asked.part.type, asked.part.attribute))
        return None if found is None else Measured(found, {})
    return _ratio(asked, rows) if asked.kind == "ratio" else _near(asked, rows)


def _measures() -> list[Measure]:
    return [one.measure for one in by_id().values() if one.measure is not None]


def _ratio(asked: Measure, rows: Rows) -> Measured | None:
    assert asked.whole is not None
    part, whole = _sum(asked.part, rows), _sum(asked.whole, rows)
    if part is None or not whole:
        return None
    return Measured(asked.factor * part / whole, {asked.part.attribute: part, asked.whole.attribute: whole})


def _sum(one: Field, rows: Rows) -> float | None:
    """None where no entity has the attribute."""
    values = [row[one.attribute] for row in rows.rows.get(one.type, ()) if _is_number(row.get(one.attribute))]
    return math.fsum(values) if values else None


def _near(asked: Measure, rows: Rows) -> Measured | None:
    assert asked.whole is not None and asked.people is not None
    weighed = _weighed(asked, asked.whole, asked.people, rows)
    targets = [row["place"] for row in rows.rows.get(asked.part.type, ()) if row.get("place")]
    total = math.fsum(people for _, people in weighed)
    if not targets or not total:
        return None
    grid = _Grid(targets, asked.metres)
    served = math.fsum(people for place, people in weighed if grid.has_near(place))
    return Measured(100.0 * served / total, {"served": served, "people": total})


def _weighed(asked: Measure, whole: Field, people: Field, rows: Rows) -> list[tuple[Place, float]]:
    """Places and how many people live there: their share of the people of their area."""
    areas = rows.rows.get(people.type, ())
    living = {row[asked.code]: row[people.attribute] for row in areas if _fits(row, asked.code, people)}
    return [
        (row["place"], row[whole.attribute] * living[row[asked.area]])
        for row in rows.rows.get(whole.type, ())
        if row.get("place") and _is_number(row.get(whole.attribute)) and row.get(asked.area) in living
    ]


def _fits(row: Row, code: str, people: Field) -> bool:
    return isinstance(row.get(code), str) and _is_number(row.get(people.attribute))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


class _Grid:
    """Places in cells as wide as the distance asked for: only neighbours have to be measured."""

    def __init__(self, places: Sequence[Place], metres: float) -> None:
        self._metres = metres
        self._scale = math.cos(math.radians(places[0][1]))
        self._cells: dict[tuple[int, int], list[Place]] = {}
        for place in places:
            x, y = self._metric(place)
            self._cells.setdefault(self._cell(x, y), []).append((x, y))

    def has_near(self, place: Place) -> bool:
        """Whether one of the places is within the distance."""
        x, y = self._metric(place)
        column, line = self._cell(x, y)
        return any(
            math.hypot(x - other[0], y - other[1]) <= self._metres
            for i in (-1, 0, 1)
            for j in (-1, 0, 1)
            for other in self._cells.get((column + i, line + j), ())
        )

    def _metric(self, place: Place) -> Place:
        """Metres on a plane that touches the city: true to a thousandth over the size of one."""
        lon, lat = place
        return math.radians(lon) * EARTH_M * self._scale, math.radians(lat) * EARTH_M

    def _cell(self, x: float, y: float) -> tuple[int, int]:
        return math.floor(x / self._metres), math.floor(y / self._metres)
