"""Where something is in DATEX II, in either version: a point, a line, or nothing but a reference to a table."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element

from sympolis.plugins.xml import text


def place(element: Element) -> dict[str, Any] | None:
    """The line, else the first point in the element, in degrees (ETRS89/WGS84)."""
    for positions in element.iter("posList"):
        line = _line(positions)
        if line is not None:
            return line
    for one in element.iter():
        point = _point(text(one, "longitude"), text(one, "latitude"))
        if point is not None:
            return {"type": "Point", "coordinates": point}
    return None


def _point(longitude: str | None, latitude: str | None) -> list[float] | None:
    try:
        return [float(longitude or ""), float(latitude or "")]
    except ValueError:
        return None


def _line(positions: Element) -> dict[str, Any] | None:
    """GML writes latitude first."""
    size = (
        int(positions.get("srsDimension") or "2") if (positions.get("srsDimension") or "2").isdigit() else 2
    )
    try:
        flat = [float(part) for part in (positions.text or "").split()]
    except ValueError:
        return None
    if size < 2 or len(flat) < 2 * size or len(flat) % size:
        return None
    coordinates = [[flat[at + 1], flat[at]] for at in range(0, len(flat), size)]
    return {"type": "LineString", "coordinates": coordinates}


def words(element: Element | None, language: str) -> str | None:
    """A text in several languages: the one wanted, else the first."""
    if element is None:
        return None
    values = [one for one in element.iter("value") if text(one)]
    for one in values:
        if language and (one.get("lang") or "").lower() == language.lower():
            return text(one)
    return text(values[0]) if values else text(element)
