"""Streets on foot and what one walks to, for liveability: the mapped part of the historic centre and its surroundings.

The walking network has a piece per stretch between two junctions. Junctions that lie within a few metres of each other
(the corners of one crossing) are drawn together, so that pieces meet end to end and the table stays small.
"""

from __future__ import annotations

import json
import re
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from . import tables

CRS: Final = "EPSG:32632"
CORNER_M: Final = 10.0
"""Junctions joined by a piece shorter than this are corners of one crossing."""
STUB_M: Final = 30.0
"""Dead ends without a name shorter than this lead to doors and parking spaces."""
TOLERANCE_M: Final = 2.0
INDOORS: Final = ("corridor",)
NOT_STREETS: Final = ("parking_aisle", "driveway")
AROUND: Final = shapely.box(11.310, 44.487, 11.358, 44.516)
"""What can be walked to within 15 minutes of the network, and a little more."""
USES: Final = {"retail": "shops", "religious": "worship", "education": "school"}
GROUNDS: Final = {"VERDE SCOLASTICO": "school"}
NOT_OPEN: Final = ("VERDE SPORTIVO",)
STOP: Final = re.compile(
    r'busStop id="busStop#(\w+)" lane="([^"]+)_\d+" startPos="([\d.]+)" endPos="([\d.]+)"'
)

_to_degrees = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch between the junctions ``start`` and ``end``; ``shade`` is the share in the shade."""

    start: int
    end: int
    name: str | None
    kind: str
    limit: int | None
    shade: float
    line: BaseGeometry


def build(pack: Path, out: Path) -> None:
    """Write centre/{sections, places, stops}.geojson below ``out``."""
    pieces = _joined(_trimmed(_cornered(_read(pack / "osm" / "osm_centre_edges_with_shadow.geojson"))))
    tables.write_features(out / "centre" / "sections.geojson", _sections(_connected(pieces)))
    tables.write_features(out / "centre" / "places.geojson", _places(pack))
    tables.write_features(out / "centre" / "stops.geojson", _stops(pack))


def _read(path: Path) -> Iterator[Piece]:
    """Each stretch once, whichever way it was drawn."""
    seen: set[tuple[int, int, float]] = set()
    for row, line in tables.read_features(path):
        start, end = int(row["u"]), int(row["v"])
        key = (min(start, end), max(start, end), round(float(row["length"]), 1))
        kind = _first(row["highway"])
        outside = kind not in INDOORS and _first(row["service"]) not in NOT_STREETS and row["access"] != "no"
        if key not in seen and outside and start != end:
            seen.add(key)
            limit = _first(row["maxspeed"])
            yield Piece(start, end, _first(row["name"]), kind, int(limit) if limit else None,
                        float(row["shadow"]), line)  # fmt: skip


def _first(text: Any) -> Any:
    """Tags of merged ways are written as a list; indoor corridors apart, the first stands for them."""
    if isinstance(text, list):
        return text[0]
    if isinstance(text, str) and text.startswith("["):
        return json.loads(text.replace("'", '"'))[0] if text.count("'") % 2 == 0 else None
    return text


def _cornered(found: Iterable[Piece]) -> list[Piece]:
    """Short pieces shrink to one junction, at the mean of its corners; of parallel pieces the shortest stays."""
    pieces = list(found)
    leader = _leaders(pieces)
    corners: dict[int, list[Any]] = defaultdict(list)
    for piece in pieces:
        corners[leader[piece.start]].append(piece.line.coords[0])
        corners[leader[piece.end]].append(piece.line.coords[-1])
    at = {name: np.mean(sorted(set(points)), axis=0) for name, points in corners.items()}
    best: dict[tuple[int, int], Piece] = {}
    for piece in pieces:
        start, end = leader[piece.start], leader[piece.end]
        if start == end:
            continue
        line = shapely.LineString([at[start], *piece.line.coords[1:-1], at[end]])
        moved = replace(piece, start=start, end=end, line=line)
        key = (min(start, end), max(start, end))
        if key not in best or _rank(moved) < _rank(best[key]):
            best[key] = moved
    return list(best.values())


def _rank(piece: Piece) -> tuple[bool, float]:
    return piece.name is None, piece.line.length


def _leaders(pieces: Sequence[Piece]) -> dict[int, int]:
    leader = {junction: junction for piece in pieces for junction in (piece.start, piece.end)}

    def head(junction: int) -> int:
        while leader[junction] != junction:
            junction = leader[junction]
        return junction

    for piece in pieces:
        if piece.line.length < CORNER_M:
            low, high = sorted((head(piece.start), head(piece.end)))
            leader[high] = low
    return {junction: head(junction) for junction in leader}


def _trimmed(pieces: list[Piece]) -> list[Piece]:
    while True:
        degree = _degrees(pieces)
        kept = [
            p for p in pieces if p.name or p.line.length >= STUB_M or min(degree[p.start], degree[p.end]) > 1
        ]
        if len(kept) == len(pieces):
            return kept
        pieces = kept


def _degrees(pieces: Iterable[Piece]) -> Counter[int]:
    return Counter(junction for piece in pieces for junction in (piece.start, piece.end))


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Where just two pieces of one street meet, they are one piece."""
    at: dict[int, set[int]] = defaultdict(set)
    alive = dict(enumerate(pieces))
    for number, piece in alive.items():
        at[piece.start].add(number)
        at[piece.end].add(number)
    for junction in sorted(at):
        if len(at[junction]) != 2:
            continue
        low, high = sorted(at[junction])
        one, two = alive[low], alive[high]
        if (one.name, one.kind, one.limit) != (two.name, two.kind, two.limit):
            continue
        first, second = _from_to(one, junction, last=True), _from_to(two, junction, last=False)
        if first.start == second.end:
            continue
        both = first.line.length + second.line.length
        shade = (first.shade * first.line.length + second.shade * second.line.length) / both
        line = shapely.LineString([*first.line.coords, *second.line.coords[1:]])
        alive[low] = replace(first, end=second.end, shade=shade, line=line)
        del alive[high]
        at[second.end] = (at[second.end] - {high}) | {low}
        at[junction] = set()
    return list(alive.values())


def _from_to(piece: Piece, junction: int, *, last: bool) -> Piece:
    """The piece drawn so that ``junction`` is its end (``last``) or its start."""
    if (piece.end == junction) is last:
        return piece
    return replace(piece, start=piece.end, end=piece.start, line=shapely.reverse(piece.line))


def _connected(pieces: list[Piece]) -> list[Piece]:
    """The largest part in which one can walk from every piece to every other."""
    leader = {junction: junction for piece in pieces for junction in (piece.start, piece.end)}

    def head(junction: int) -> int:
        while leader[junction] != junction:
            leader[junction] = leader[leader[junction]]
            junction = leader[junction]
        return junction

    for piece in pieces:
        low, high = sorted((head(piece.start), head(piece.end)))
        leader[high] = low
    largest, _ = Counter(head(piece.start) for piece in pieces).most_common(1)[0]
    return [piece for piece in pieces if head(piece.start) == largest]


def _sections(pieces: Iterable[Piece]) -> Iterator[tables.Feature]:
    taken: Counter[str] = Counter()
    for piece in sorted(pieces, key=lambda one: (one.start, one.end, one.line.length)):
        key = f"{min(piece.start, piece.end)}-{max(piece.start, piece.end)}"
        taken[key] += 1
        properties = {
            "name": piece.name, "class": piece.kind.removesuffix("_link"), "limit": piece.limit,
            "shade": round(piece.shade, 2),
        }  # fmt: skip
        line = shapely.transform(piece.line.simplify(TOLERANCE_M), _to_degrees, interleaved=False)
        yield key if taken[key] == 1 else f"{key}-{taken[key]}", properties, line


def _places(pack: Path) -> Iterator[tables.Feature]:
    yield from _mapped_uses(pack / "osm" / "landuse_bologna.gpkg")
    yield from _gardens(pack / "heat" / "climate_shelter_index.geojson")


def _mapped_uses(path: Path) -> Iterator[tables.Feature]:
    box = tables.metres(AROUND)
    rows = tables.read_geopackage(path, "landuse_bologna", ("id", "landuse", "tags", "osm_type"))
    for row, shape in rows:
        if row["landuse"] in USES and box.intersects(shape):
            name = json.loads(row["tags"] or "{}").get("name")
            point = tables.degrees(shape.representative_point())
            yield f"{row['osm_type'][0]}{row['id']}", {"name": name, "category": USES[row["landuse"]]}, point


def _gardens(path: Path) -> Iterator[tables.Feature]:
    """The Comune's public green: gardens and parks one may enter, grounds of schools; fountains and benches in them."""
    for number, (row, shape) in enumerate(tables.read_features(path)):
        if row["classe_uni"] in NOT_OPEN or not AROUND.intersects(shape):
            continue
        point, name = shapely.make_valid(shape).representative_point(), str(row["nome"]).title()
        category = GROUNDS.get(row["classe_uni"], "garden")
        yield f"green-{number}", {"name": name, "category": category}, point
        if category == "garden" and row["d_fountain"] == "yes":
            yield f"fountain-{number}", {"name": name, "category": "fountain"}, point
        if category == "garden" and row["benches"] == "yes":
            yield f"seats-{number}", {"name": name, "category": "seats"}, point


def _stops(pack: Path) -> Iterator[tables.Feature]:
    """Bus stops of the traffic scenario, where they lie along their lane; a lane's width is not looked at."""
    lines = dict(_edges(pack / "sumo" / "joined_roads.geojson"))
    with tarfile.open(pack / "sumo" / "bologna_sumo_scenarios.tar.gz") as bundle:
        member = bundle.extractfile("bologna/joined/joined_bus_stops.add.xml")
        text = member.read().decode() if member else ""
    for name, lane, start, end in STOP.findall(text):
        line = lines.get(lane)
        if line is not None:
            along = min((float(start) + float(end)) / 2, tables.metres(line).length)
            point = tables.metres(line).interpolate(along)
            yield f"stop-{name}", {"category": "stop"}, tables.degrees(point)


def _edges(path: Path) -> Iterator[tuple[str, BaseGeometry]]:
    for row, line in tables.read_features(path):
        yield str(row["id"]), line
