"""OGC API — Environmental Data Retrieval 1.1 (OGC 19-086r6): what a coverage says at a place, and within an area.

A coverage is a collection with the name of its variable. Answers are CoverageJSON: at a place a series over all times,
in an area or a box the cells of the grid whose centres lie in it, along a path what the cells say that it crosses.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sympolis.api.http import JSON, Reply, Request, json_reply
from sympolis.api.negotiation import preferred
from sympolis.api.ogc import coverage_json
from sympolis.api.ogc.coverage_places import Path, Window
from sympolis.api.ogc.coverages import Coverage, Coverages, Layer
from sympolis.api.ogc.items import read_bbox, read_interval
from sympolis.api.ogc.links import ROOT, link, segment
from sympolis.api.parameters import Parameter
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import OBJECT
from sympolis.context.instants import find_instant, format_instant
from sympolis.domain import errors
from sympolis.later import later

if TYPE_CHECKING:
    import shapely
else:
    shapely = later("shapely")

_SPEC: Final = "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf"
CONFORMANCE: Final = tuple(
    f"{_SPEC}/{name}" for name in ("core", "collections", "covjson", "position", "area", "cube", "trajectory")
)
_MOST_VALUES: Final = 400_000
_LONGEST: Final = 20_000
_TAG: Final = "OGC API EDR"

COORDS = Parameter(
    name="coords", text="Where, as WKT in longitude and latitude.", required=True, max_length=_LONGEST,
    example="POINT(11.34 44.49)",
)  # fmt: skip
BBOX = Parameter(
    name="bbox", text="minLon,minLat,maxLon,maxLat.", required=True, max_length=256,
    example="11.30,44.47,11.38,44.52",
)  # fmt: skip
_QUERIES: Final = ("position", "area", "cube", "trajectory")
DATETIME = Parameter(
    name="datetime", text="An instant or an interval (start/end, .. for open).", max_length=128
)
PARAMETER_NAME = Parameter(name="parameter-name", text="The coverage's variable; it has one.", max_length=256)
F = Parameter(name="f", text="Format: CoverageJSON.", choices=("CoverageJSON", "json"))


class EnvironmentalData:
    """Handlers of the queries."""

    def __init__(self, coverages: Coverages) -> None:
        self._coverages = coverages

    async def describe_all(self, base: str) -> list[dict[str, Any]]:
        """The documents of all coverages as collections."""
        return [_described(one, base) for one in await self._coverages.all()]

    async def describe(self, coverage_id: str, base: str) -> dict[str, Any]:
        """The document of one. Raises ``NotFound``."""
        return _described(await self._coverages.get(coverage_id), base)

    async def position(self, request: Request) -> Reply:
        """What the coverage says at a point, section 8.2.1."""
        coverage, place = await self._asked(request, "Point")
        layers = _within(coverage.layers, request)
        grids = [await self._coverages.grid(one) for one in layers]
        values = [grid.at(place.x, place.y) for grid in grids]
        if not any(grid.domain.cell_of(place.x, place.y) for grid in grids):
            raise errors.NotFound("the coverage does not reach that place", where="coords")
        document = coverage_json.point_series(
            (place.x, place.y),
            [one.time for one in layers],
            {coverage.id: values},
            {coverage.id: coverage_json.parameter(coverage.id, coverage.unit)},
        )
        return json_reply(document, media=coverage_json.MEDIA)

    async def area(self, request: Request) -> Reply:
        """The cells of an area, section 8.2.3."""
        coverage, place = await self._asked(request, "Polygon", "MultiPolygon")
        return await self._cells(coverage, place, request, where="coords")

    async def cube(self, request: Request) -> Reply:
        """The cells of a box, section 8.2.4; the grids have no heights."""
        coverage = await self._named(request)
        box = read_bbox(BBOX.raw(request) or "")
        assert box is not None
        return await self._cells(coverage, shapely.geometry.shape(box.geometry), request, where="bbox")

    async def _cells(self, coverage: Coverage, place: Any, request: Request, *, where: str) -> Reply:
        layers = _within(coverage.layers, request)
        first = (await self._coverages.grid(layers[0])).domain
        inside = Window(first, place, where=where)
        if len(inside.xs) * len(inside.ys) * len(layers) > _MOST_VALUES:
            raise errors.TooManyResults(
                f"more than {_MOST_VALUES} values",
                where=where,
                hint="ask a smaller area, or with datetime",
            )
        values: list[float | None] = []
        for layer in layers:
            grid = await self._coverages.grid(layer)
            if grid.domain != first:
                raise errors.NotImplementedHere(
                    "the grids of these times differ", where="datetime", hint="ask for one of them"
                )
            values += inside.of(grid.values)
        document = coverage_json.grid(
            inside.xs,
            inside.ys,
            [one.time for one in layers],
            values,
            name=coverage.id,
            crs=first.crs,
            parameters={coverage.id: coverage_json.parameter(coverage.id, coverage.unit)},
        )
        return json_reply(document, media=coverage_json.MEDIA)

    async def trajectory(self, request: Request) -> Reply:
        """What the coverage says along a path, section 8.2.5: where times are given (LINESTRINGM), at these."""
        coverage, line = await self._asked(request, "LineString", "MultiLineString")
        timed = bool(shapely.has_m(line))
        if shapely.has_z(line):
            raise errors.NotImplementedHere("the coverage has no heights", where="coords", hint="LINESTRING")
        if timed and DATETIME.raw(request) is not None:
            raise errors.InvalidRequest("the path has times of its own", where="datetime")
        layers = _within(coverage.layers, request)
        path = Path((await self._coverages.grid(layers[0])).domain, line, timed=timed)
        if len(path) * len(layers) > _MOST_VALUES:
            raise errors.TooManyResults(
                f"more than {_MOST_VALUES} values",
                where="coords",
                hint="ask for a shorter path, or with datetime",
            )
        along = [path.of(await self._coverages.grid(layer)) for layer in layers]
        found = coverage_json.Along(coverage.id, coverage.unit, path.positions)
        if timed:
            return json_reply(_at_its_times(path, layers, along, found), media=coverage_json.MEDIA)
        documents = [found.at(layer.time, values) for layer, values in zip(layers, along, strict=True)]
        document = documents[0] if len(documents) == 1 else coverage_json.collection(documents)
        return json_reply(document, media=coverage_json.MEDIA)

    async def _named(self, request: Request) -> Coverage:
        if F.raw(request) is None:
            preferred(request.header(b"accept"), (coverage_json.MEDIA, JSON))
        coverage = await self._coverages.get(request.arguments["collectionId"])
        name = PARAMETER_NAME.raw(request)
        if name is not None and name != coverage.id:
            raise errors.InvalidRequest(
                "the coverage has no such parameter", where="parameter-name", hint=coverage.id
            )
        return coverage

    async def _asked(self, request: Request, *kinds: str) -> tuple[Coverage, Any]:
        coverage = await self._named(request)
        return coverage, read_shape(COORDS.raw(request) or "", kinds)


def _at_its_times(
    path: Path, layers: Sequence[Layer], along: Sequence[Sequence[float | None]], found: coverage_json.Along
) -> dict[str, Any]:
    """Of each position the value of the grid that holds at its time; None where none does."""
    values: list[float | None] = []
    for place, time in enumerate(path.times):
        holding = next((number for number, one in enumerate(layers) if _meets(one, time, time)), None)
        values.append(None if holding is None else along[holding][place])
    return found.moving([format_instant(time) for time in path.times], values)


def read_shape(text: str, kinds: tuple[str, ...]) -> Any:
    """A shape in WKT of one of these kinds. Raises ``InvalidRequest``."""
    try:
        found = shapely.from_wkt(text)
    except shapely.errors.ShapelyError:
        found = None
    if found is None or found.geom_type not in kinds or found.is_empty or not found.is_valid:
        raise errors.InvalidRequest(
            f"expected a {' or '.join(kinds)} in WKT", where="coords", hint="POINT(11.34 44.49)"
        )
    return found


def _within(layers: Sequence[Layer], request: Request) -> list[Layer]:
    """Those of the time asked for. Raises ``NotFound`` where none is; the size of one without a date is everything."""
    text = DATETIME.raw(request)
    start, end = (None, None) if text is None else read_interval(text)
    found = [one for one in layers if _meets(one, start, end)]
    if not found:
        raise errors.NotFound("the coverage has nothing for that time", where="datetime")
    return found


def _meets(layer: Layer, start: datetime | None, end: datetime | None) -> bool:
    begins, ends = find_instant(layer.time), find_instant(layer.facts.get("validTo"))
    return (begins is None or end is None or begins <= end) and (
        ends is None or start is None or ends >= start
    )


def _described(coverage: Coverage, base: str) -> dict[str, Any]:
    own = f"{base}{ROOT}/collections/{segment(coverage.id)}"
    times = [one.time for one in coverage.layers if one.time]
    boxes = [_box(one) for one in coverage.layers]
    extent: dict[str, Any] = {"spatial": {"bbox": [_around(boxes)], "crs": "OGC:CRS84"}} if boxes else {}
    if times:
        extent["temporal"] = {"interval": [[times[0], times[-1]]], "values": times, "trs": "Gregorian"}
    return {
        "id": coverage.id,
        "title": coverage.id,
        "description": f"{len(coverage.layers)} grids of {coverage.id}",
        "extent": extent,
        "crs": ["OGC:CRS84"],
        "output_formats": ["CoverageJSON"],
        "parameter_names": {coverage.id: coverage_json.parameter(coverage.id, coverage.unit)},
        "data_queries": {name: {"link": _query(own, name)} for name in _QUERIES},
        "links": [
            link(own, "self", JSON, "This coverage"),
            *[_query(own, name) for name in _QUERIES],
        ],
    }


def _query(own: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = link(f"{own}/{name}", "data", coverage_json.MEDIA, f"Ask by {name}")
    variables = {
        "query_type": name,
        "output_formats": ["CoverageJSON"],
        "default_output_format": "CoverageJSON",
    }
    return {**found, "variables": variables}


def _box(layer: Layer) -> tuple[float, ...]:
    place = layer.facts.get("location")
    return shapely.geometry.shape(place).bounds if isinstance(place, dict) else (-180.0, -90.0, 180.0, 90.0)


def _around(boxes: Sequence[tuple[float, ...]]) -> list[float]:
    west, south, east, north = zip(*boxes, strict=True)
    return [min(west), min(south), max(east), max(north)]


def operations(data: EnvironmentalData) -> tuple[Operation, ...]:
    """The routes of this standard."""
    return (
        _get("position", data.position, "getPosition", "What a coverage says at a place"),
        _get("area", data.area, "getArea", "What a coverage says in an area"),
        _get("cube", data.cube, "getCube", "What a coverage says in a box", where=BBOX, later=_RESOLUTIONS),
        _get("trajectory", data.trajectory, "getTrajectory", "What a coverage says along a path"),
    )


_RESOLUTIONS: Final = ("resolution-x", "resolution-y", "resolution-z")


def _get(
    query: str, handle: Any, name: str, title: str, *, where: Parameter = COORDS, later: tuple[str, ...] = ()
) -> Operation:
    return Operation(
        method="GET",
        path=f"{ROOT}/collections/{{collectionId}}/{query}",
        handle=handle,
        name=name,
        title=title,
        tag=_TAG,
        text="OGC 19-086r6, section 8.2.",
        parameters=(where, DATETIME, PARAMETER_NAME, F),
        later=("z", "crs", *later),
        path_texts={"collectionId": "A coverage's id: its variable."},
        answers={200: Answer(title + ".", {coverage_json.MEDIA: OBJECT})},
    )
