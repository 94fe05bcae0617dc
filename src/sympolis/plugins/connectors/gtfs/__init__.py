"""Reads public transport timetables in the form that most of the world publishes them (GTFS Schedule).

Cells reach the mapping as text under GTFS's own names, empty ones as None; stops have their point, shapes and routes
their line. Read with the standard library: the known packages need pandas for what is a zip of tables.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar
from zipfile import BadZipFile, ZipFile

from sympolis.domain import errors
from sympolis.plugins.connector import Origin, Recognised, Record
from sympolis.plugins.connectors.gtfs.package import Package, Row
from sympolis.plugins.connectors.gtfs.services import services
from sympolis.plugins.connectors.gtfs.settings import GtfsSettings

Line = dict[str, Any]


class GtfsConnector:
    """Rows of one table, numbered from 1 in the package's order."""

    id: ClassVar[str] = "gtfs"
    settings_type: ClassVar[type] = GtfsSettings

    def read(self, origin: Origin, settings: GtfsSettings) -> Iterator[Record]:
        """Yield every row. Raises ``SourceFailed`` naming the table that is missing or broken."""
        if origin.path is None:
            raise errors.SourceFailed("the gtfs connector reads files", where=str(origin.url))
        package = Package(origin.path, settings.most_mb * 1_000_000)
        yield from _TABLES[settings.table](package)

    def recognise(self, sample: Path) -> Recognised:
        """A zip with stops.txt and routes.txt."""
        try:
            with ZipFile(sample) as archive:
                names = {Path(name).name for name in archive.namelist()}
        except (OSError, BadZipFile):
            return Recognised(0.0)
        if {"stops.txt", "routes.txt"} <= names:
            return Recognised(1.0, {"table": "stops"}, "a zip with stops.txt and routes.txt")
        return Recognised(0.0)


def _record(
    number: int, row: Mapping[str, Any], geometry: Any = None, faults: tuple[str, ...] = ()
) -> Record:
    return Record(number, {name: value or None for name, value in row.items()}, geometry, faults)


def _stops(package: Package) -> Iterator[Record]:
    for number, row in package.rows("stops"):
        latitude, longitude = row.get("stop_lat"), row.get("stop_lon")
        if not latitude or not longitude:  # generic nodes and boarding areas may have none
            yield _record(number, row)
            continue
        try:
            point = [float(longitude), float(latitude)]
        except ValueError:
            yield _record(number, row, faults=(f"has no coordinates: {latitude!r}, {longitude!r}",))
            continue
        yield _record(number, row, {"type": "Point", "coordinates": point})


def _routes(package: Package) -> Iterator[Record]:
    agencies = {row.get("agency_id", ""): row for _, row in package.rows("agency")}
    alone = next(iter(agencies.values())) if len(agencies) == 1 else {}
    chosen = _usual_shapes(package)
    lines = _lines(package, frozenset(chosen.values())) if chosen else {}
    for number, row in package.rows("routes"):
        agency = agencies.get(row.get("agency_id", ""), alone)
        shape = chosen.get(row.get("route_id", ""))
        named = {**row, "agency_name": agency.get("agency_name"), "shape_id": shape}
        yield _record(number, named, lines.get(shape or ""))


def _usual_shapes(package: Package) -> dict[str, str]:
    """By route the shape that most of its trips follow."""
    if not package.has("shapes"):
        return {}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for _, row in package.rows("trips"):
        if shape := row.get("shape_id"):
            counts[row.get("route_id", "")][shape] += 1
    return {route: found.most_common(1)[0][0] for route, found in counts.items()}


def _lines(package: Package, wanted: frozenset[str] | None = None) -> dict[str, Line]:
    """Shapes as lines; points that are no numbers make a shape of fewer points."""
    points: dict[str, array[float]] = {}
    for _, row in package.rows("shapes"):
        shape = row.get("shape_id", "")
        if wanted is not None and shape not in wanted:
            continue
        try:
            at = [float(row[name]) for name in ("shape_pt_sequence", "shape_pt_lon", "shape_pt_lat")]
        except (KeyError, ValueError):
            continue
        points.setdefault(shape, array("d")).extend(at)
    return {shape: line for shape, flat in points.items() if (line := _line(flat)) is not None}


def _line(flat: array[float]) -> Line | None:
    ordered = sorted(zip(flat[::3], flat[1::3], flat[2::3], strict=True))
    coordinates = [[x, y] for _, x, y in ordered]
    return {"type": "LineString", "coordinates": coordinates} if len(coordinates) > 1 else None


def _shapes(package: Package) -> Iterator[Record]:
    for number, (shape, line) in enumerate(_lines(package).items(), start=1):
        yield Record(number, {"shape_id": shape, "points": len(line["coordinates"])}, line)


def _trips(package: Package) -> Iterator[Record]:
    routes = {row.get("route_id", ""): row for _, row in package.rows("routes")}
    for number, row in package.rows("trips"):
        route: Row = routes.get(row.get("route_id", ""), {})
        names = {name: route.get(name) for name in ("route_short_name", "route_long_name", "route_type")}
        faults = () if route else (f"is of a route {row.get('route_id')!r} that routes.txt does not have",)
        yield _record(number, {**row, **names}, faults=faults)


def _agencies(package: Package) -> Iterator[Record]:
    for number, row in package.rows("agency"):
        yield _record(number, row)


_TABLES = {
    "stops": _stops,
    "routes": _routes,
    "trips": _trips,
    "shapes": _shapes,
    "services": services,
    "agencies": _agencies,
}
