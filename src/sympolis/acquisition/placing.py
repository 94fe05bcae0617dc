"""In which coordinate system positions really are, where the one that was declared puts them outside the city.

Takes the raw coordinates of refused rows and tries the systems that are in use around the city. Two systems of the same
zone (EPSG:25832, EPSG:32632, EPSG:7791) differ by less than a metre and cannot be told apart: the first is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sympolis.acquisition import geometry
from sympolis.acquisition.findings import Finding
from sympolis.acquisition.mapping import GeometryRule
from sympolis.acquisition.quality import Unfit

_CANDIDATES: Final = (
    "EPSG:4326",
    "EPSG:25832",
    "EPSG:25833",
    "EPSG:3857",
    "EPSG:3003",
    "EPSG:3004",
    "EPSG:3035",
)
"""WGS84, UTM 32N and 33N, Web Mercator, Gauss-Boaga West and East, LAEA Europe."""
_MOST: Final = 50
_SHARE: Final = 0.8

Position = tuple[float, float]


def raw_positions(
    rule: GeometryRule, rows: Iterable[tuple[Mapping[str, Any], Mapping[str, Any] | None]]
) -> list[Position]:
    """The first position of each row (fields, geometry), as the source gave it."""
    found: list[Position] = []
    for fields, shape in rows:
        try:
            raw = geometry.raw(rule, fields, shape)
            if raw is not None:
                found.append(_first(raw))
        except (Unfit, TypeError, ValueError, IndexError, KeyError):
            continue
        if len(found) == _MOST:
            break
    return found


def _first(shape: Mapping[str, Any]) -> Position:
    part = shape["coordinates"]
    while isinstance(part[0], list | tuple):
        part = part[0]
    return float(part[0]), float(part[1])


def misplaced(positions: Sequence[Position], declared: str, bounds: geometry.Bounds) -> Finding | None:
    """What is wrong with positions that all lie outside ``bounds``; None where no other reading fits either."""
    if not positions:
        return None
    if _fits([(y, x) for x, y in positions], declared, bounds):
        return Finding("swapped")
    for candidate in _CANDIDATES:
        if candidate != declared and _fits(positions, candidate, bounds):
            return Finding("crs", {"expected": declared, "found": candidate})
    return None


def _fits(positions: Sequence[Position], crs: str, bounds: geometry.Bounds) -> bool:
    west, south, east, north = bounds
    transform = geometry.transform(crs)
    placed = [one if transform is None else transform(*one) for one in positions]
    inside = sum(west <= x <= east and south <= y <= north for x, y in placed)
    return inside >= _SHARE * len(positions)
