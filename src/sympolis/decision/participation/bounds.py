"""What somebody may build or draw: levers within the planner's bounds, places within the project's area."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sympolis.context.geojson import check_geometry
from sympolis.context.geometry import from_geojson
from sympolis.decision.participation.project import Bounds
from sympolis.domain import errors
from sympolis.domain.reading import did_you_mean

KINDS: Final = ("Point", "LineString", "Polygon")
MOST_POSITIONS: Final = 500


def checked_levers(bounds: Bounds, levers: Any) -> dict[str, float]:
    """The levers as numbers within their bounds. Raises ``BadRequestData``."""
    if not isinstance(levers, Mapping) or not levers:
        raise errors.BadRequestData("expected a table of levers and values", where="levers")
    known = {one.name: one for one in bounds.levers}
    found = {}
    for name, value in levers.items():
        where = f"levers.{name[:60]}"
        if name not in known:
            raise errors.BadRequestData(
                "this is not open to be moved", where=where, hint=did_you_mean(name, known)
            )
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise errors.BadRequestData("expected a number", where=where)
        low, high = known[name].low, known[name].high
        if not low <= value <= high:
            raise errors.BadRequestData(f"expected a number from {low:g} to {high:g}", where=where)
        found[name] = int(value) if float(value).is_integer() else float(value)  # some levers count things
    return found


def checked_place(place: Any, area: Mapping[str, Any]) -> dict[str, Any]:
    """A point, line or polygon that lies in ``area`` (GeoJSON). Raises ``BadRequestData``."""
    geometry = check_geometry(place, where="place")
    if geometry["type"] not in KINDS:
        raise errors.BadRequestData(f"expected one of {', '.join(KINDS)}", where="place: type")
    if _positions(geometry["coordinates"]) > MOST_POSITIONS:
        raise errors.BadRequestData(f"has more than {MOST_POSITIONS} positions", where="place: coordinates")
    drawn, whole = from_geojson([geometry, area])
    if not drawn.is_valid or not whole.covers(drawn):
        raise errors.BadRequestData(
            "lies outside the project's area, or crosses itself",
            where="place",
            hint="choose a place inside the outline",
        )
    return {"type": geometry["type"], "coordinates": geometry["coordinates"]}


def _positions(coordinates: Any) -> int:
    if not coordinates or not isinstance(coordinates[0], list | tuple):
        return 1
    return sum(_positions(one) for one in coordinates)
