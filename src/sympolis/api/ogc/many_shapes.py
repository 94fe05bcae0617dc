"""Lines and areas by the thousand: cut, simplified and written as arrays of all their positions.

One shape after the other takes sixty microseconds and more, nearly all of it on the way into GEOS and back. Here all
shapes go that way together, their positions come back as one array, and the commands of all geometries are one run of
numbers, of which numpy writes the bytes; only the properties are looked at feature by feature.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sympolis.api.ogc import mvt, mvt_columns
from sympolis.later import later

if TYPE_CHECKING:
    import numpy as np
    import shapely

    Array = np.ndarray[Any, Any]
else:
    np = later("numpy")
    shapely = later("shapely")

_DETAIL: Final = 4.0
"""Half a pixel, where a tile is shown in 512 pixels."""
_SMALLEST_AREA: Final = _DETAIL * _DETAIL
_POINT, _LINE, _RING, _POLYGON = range(4)
"""What GEOS calls kinds of geometries."""
_MOVE_TO: Final = 1 << 3 | 1
_LINE_TO: Final = 2
_CLOSE: Final = 1 << 3 | 7


class Drawn(NamedTuple):
    """The geometry of one kind that a shape has in a tile; ``number``: which of the shapes."""

    number: int
    kind: int
    geometry: bytes


def draw(
    geometries: Sequence[bytes], project: Callable[[Array], Array], window: tuple[int, int]
) -> list[Drawn]:
    """What is seen of these geometries (GeoJSON) in a tile; ``window``: its least and its largest coordinate.

    ``project`` leads from degrees to the tile's coordinates, shape (n, 2).
    """
    shapes = shapely.from_geojson(np.array(geometries, dtype=object))
    least, largest = window
    flat = _mended(shapely.transform(shapely.force_2d(shapes), project))
    seen = _mended(shapely.clip_by_rect(flat, least, least, largest, largest))
    parts, owners = _parts(shapely.simplify(seen, _DETAIL))
    kinds = shapely.get_type_id(parts)
    areas, lines, spots = kinds == _POLYGON, (kinds == _LINE) | (kinds == _RING), kinds == _POINT
    return [
        *_areas(parts[areas], owners[areas]),
        *_lines(parts[lines], owners[lines]),
        *_spots(parts[spots], owners[spots]),
    ]


def _mended(shapes: Array) -> Array:
    """The shapes, all of them valid: GEOS refuses to cut some that are not."""
    spoiled = ~shapely.is_valid(shapes)
    if spoiled.any():
        shapes[spoiled] = shapely.make_valid(shapes[spoiled])
    return shapes


def _parts(shapes: Array) -> tuple[Array, Array]:
    """The simple parts of all shapes that are not empty, and whose they are; what is collected may be of several."""
    several, owners = shapely.get_parts(shapes, return_index=True)
    parts, within = shapely.get_parts(several, return_index=True)
    there = ~shapely.is_empty(parts)
    return parts[there], owners[within][there]


class _Runs(NamedTuple):
    """Positions, whole numbers of shape (n, 2), in runs one behind the other; ``counts``: how long each is."""

    positions: Array
    counts: Array

    @property
    def starts(self) -> Array:
        return np.cumsum(self.counts) - self.counts

    def chosen(self, which: Array) -> _Runs:
        """The runs where ``which`` is true."""
        return _Runs(self.positions[np.repeat(which, self.counts)], self.counts[which])


def _runs(parts: Array) -> _Runs:
    """The positions of lines or rings, without those that fall on the one before."""
    found, owners = shapely.get_coordinates(parts, return_index=True)
    positions = np.rint(found).astype(np.int64)
    moved = np.ones(len(positions), dtype=bool)
    moved[1:] = (positions[1:] != positions[:-1]).any(axis=1) | (owners[1:] != owners[:-1])
    return _Runs(positions[moved], np.bincount(owners[moved], minlength=len(parts)))


def _lines(parts: Array, owners: Array) -> Iterator[Drawn]:
    runs = _runs(parts)
    long = runs.counts > 1
    return _written(runs.chosen(long), owners[long], mvt.LINESTRING, closed=False)


def _areas(parts: Array, owners: Array) -> Iterator[Drawn]:
    """Rings as the format wants them: y runs downwards, so what is seen clockwise has a positive area here."""
    rings, polygons = shapely.get_rings(parts, return_index=True)
    runs = _open(_runs(rings))
    areas = _signed_areas(runs)
    large = (runs.counts > 2) & (np.abs(areas) >= _SMALLEST_AREA)
    outer = np.ones(len(rings), dtype=bool)
    outer[1:] = polygons[1:] != polygons[:-1]
    turned = _turned(runs, (areas > 0) != outer)
    return _written(turned.chosen(large), owners[polygons[large]], mvt.POLYGON, closed=True)


def _open(runs: _Runs) -> _Runs:
    """Rings without their last position, which is the first."""
    last = np.zeros(len(runs.positions), dtype=bool)
    last[runs.starts + runs.counts - 1] = True
    return _Runs(runs.positions[~last], runs.counts - 1)


def _signed_areas(runs: _Runs) -> Array:
    numbers = np.repeat(np.arange(len(runs.counts)), runs.counts)
    following = np.arange(1, len(runs.positions) + 1)
    some = runs.counts > 0
    following[(runs.starts + runs.counts - 1)[some]] = runs.starts[some]
    x, y = runs.positions.T
    crossed = x * y[following] - x[following] * y
    return np.bincount(numbers, weights=crossed, minlength=len(runs.counts)) / 2


def _turned(runs: _Runs, which: Array) -> _Runs:
    """The runs, those where ``which`` is true backwards."""
    places = np.arange(len(runs.positions))
    mirrored = np.repeat(2 * runs.starts + runs.counts - 1, runs.counts) - places
    return _Runs(runs.positions[np.where(np.repeat(which, runs.counts), mirrored, places)], runs.counts)


def _written(runs: _Runs, owners: Array, kind: int, *, closed: bool) -> Iterator[Drawn]:
    """The geometry of each owner, whose runs stand one behind the other."""
    if not len(owners):
        return iter(())
    first = np.ones(len(owners), dtype=bool)
    first[1:] = owners[1:] != owners[:-1]
    lengths = 2 * runs.counts + (3 if closed else 2)
    numbers = _commands(runs, lengths, first, closed=closed)
    sizes = mvt_columns.varint_lengths(numbers)
    body = mvt_columns.varints(numbers)
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    begins = bounds[(np.cumsum(lengths) - lengths)[first]].tolist()
    ends = [*begins[1:], len(body)]
    return (
        Drawn(owner, kind, body[begin:end])
        for owner, begin, end in zip(owners[first].tolist(), begins, ends, strict=True)
    )


def _commands(runs: _Runs, lengths: Array, first: Array, *, closed: bool) -> Array:
    """The numbers of all geometries: of each run where it begins, then how many steps follow, then those."""
    steps = np.diff(runs.positions, axis=0, prepend=[(0, 0)])
    anew = runs.starts[first]
    steps[anew] = runs.positions[anew]
    folded = (steps << 1) ^ (steps >> 63)
    begins = np.cumsum(lengths) - lengths
    found = np.empty(int(lengths.sum()), dtype=np.uint32)
    found[begins] = _MOVE_TO
    found[begins + 3] = (runs.counts - 1) << 3 | _LINE_TO
    if closed:
        found[begins + lengths - 1] = _CLOSE
    within = np.arange(len(runs.positions)) - np.repeat(runs.starts, runs.counts)
    places = np.repeat(begins, runs.counts) + np.where(within == 0, 1, 2 + 2 * within)
    found[places], found[places + 1] = folded.T
    return found


def _spots(parts: Array, owners: Array) -> Iterator[Drawn]:
    """The points of what has several, or of a collection; few of them."""
    positions = np.rint(shapely.get_coordinates(parts)).astype(np.int64)
    for owner in np.unique(owners).tolist():
        own = positions[owners == owner]
        moved = np.ones(len(own), dtype=bool)
        moved[1:] = (own[1:] != own[:-1]).any(axis=1)
        yield Drawn(owner, mvt.POINT, mvt.points(own[moved]))
