"""Where everything stands in the picture: layers as columns, rows ordered so that lines cross seldom.

The rows are ordered by the barycentre heuristic of layered drawings (doi:10.1109/TSMC.1981.4308636), ties are broken by
id: the same map is always drawn in the same way, in the browser and in a file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sympolis.assessment.ecosystem.model import Actor, Flow, Layer, Map

WIDTH: Final = 196
HEIGHT: Final = 42
_BETWEEN_COLUMNS: Final = 62
_BETWEEN_ROWS: Final = 14
_MARGIN: Final = 24
_HEAD: Final = 96
_FOOT: Final = 40
_SWEEPS: Final = 6
_APART: Final = 6
"""Lines between the same two actors begin so far apart."""


@dataclass(frozen=True, slots=True)
class Column:
    """One layer: where its boxes begin."""

    layer: Layer
    x: int


@dataclass(frozen=True, slots=True)
class Line:
    """A flow's way as a cubic Bézier curve: begin, two handles, end."""

    flow: str
    points: tuple[tuple[float, float], ...]

    def at(self, share: float) -> tuple[float, float]:
        """The point after this share of the parameter, 0..1."""
        rest = 1 - share
        weights = (rest**3, 3 * rest**2 * share, 3 * rest * share**2, share**3)
        x = sum(weight * point[0] for weight, point in zip(weights, self.points, strict=True))
        y = sum(weight * point[1] for weight, point in zip(weights, self.points, strict=True))
        return x, y


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole picture in px; ``places`` is the upper left corner of each actor's box."""

    width: int
    height: int
    columns: tuple[Column, ...]
    places: Mapping[str, tuple[int, int]]
    lines: tuple[Line, ...]

    def to_json(self) -> dict[str, Any]:
        """As the API tells it."""
        return {
            "width": self.width,
            "height": self.height,
            "box": [WIDTH, HEIGHT],
            "columns": [{"layer": one.layer, "x": one.x} for one in self.columns],
            "places": {name: list(place) for name, place in self.places.items()},
            "lines": {
                one.flow: [[round(number, 1) for number in point] for point in one.points]
                for one in self.lines
            },
        }


def lay_out(found: Map) -> Layout:
    """The layout of a map; empty layers take no room."""
    columns = _ordered(found)
    rows = max((len(one) for one in columns.values()), default=0)
    height = _HEAD + rows * (HEIGHT + _BETWEEN_ROWS) + _FOOT
    placed = tuple(
        Column(layer, _MARGIN + at * (WIDTH + _BETWEEN_COLUMNS)) for at, layer in enumerate(columns)
    )
    places = {
        name: (column.x, _top(len(columns[column.layer]), rows) + row * (HEIGHT + _BETWEEN_ROWS))
        for column in placed
        for row, name in enumerate(columns[column.layer])
    }
    width = 2 * _MARGIN + max(1, len(placed)) * (WIDTH + _BETWEEN_COLUMNS) - _BETWEEN_COLUMNS
    return Layout(max(width, 640), height, placed, places, tuple(_lines(found.flows, places)))


def _top(rows: int, most: int) -> int:
    """A short column stands in the middle of a long one."""
    return _HEAD + (most - rows) * (HEIGHT + _BETWEEN_ROWS) // 2


def _ordered(found: Map) -> dict[Layer, list[str]]:
    """The ids of each layer that has any, from top to bottom."""
    columns = {layer: sorted(_ids(found.actors, layer)) for layer in Layer}
    columns = {layer: ids for layer, ids in columns.items() if ids}
    beside = _neighbours(found.flows)
    for sweep in range(_SWEEPS):
        order = list(columns) if sweep % 2 == 0 else list(reversed(columns))
        for layer in order:
            rank = _ranks(columns)
            columns[layer].sort(key=lambda name: (_centre(beside[name], rank, name), name))
    return columns


def _ids(actors: Sequence[Actor], layer: Layer) -> list[str]:
    return [one.id for one in actors if one.layer is layer]


def _ranks(columns: Mapping[Layer, Sequence[str]]) -> dict[str, float]:
    """Each actor's place in its column, 0..1, so that columns of different length can be compared."""
    return {name: (at + 0.5) / len(ids) for ids in columns.values() for at, name in enumerate(ids)}


def _neighbours(flows: Sequence[Flow]) -> dict[str, list[str]]:
    beside: dict[str, list[str]] = defaultdict(list)
    for flow in flows:
        beside[flow.source].append(flow.target)
        beside[flow.target].append(flow.source)
    return beside


def _centre(neighbours: Sequence[str], rank: Mapping[str, float], name: str) -> float:
    ranks = [rank[one] for one in neighbours if one in rank]
    return sum(ranks) / len(ranks) if ranks else rank[name]


def _lines(flows: Sequence[Flow], places: Mapping[str, tuple[int, int]]) -> list[Line]:
    found, seen = [], defaultdict[frozenset[str], int](int)
    for flow in flows:
        pair = frozenset((flow.source, flow.target))
        seen[pair] += 1
        shift = _APART * ((seen[pair] // 2) * (1 if seen[pair] % 2 else -1))
        found.append(Line(flow.id, _curve(places[flow.source], places[flow.target], shift)))
    return found


def _curve(begin: tuple[int, int], end: tuple[int, int], shift: float) -> tuple[tuple[float, float], ...]:
    """From the side of one box to the facing side of the other; within a column around the right side."""
    from_y, to_y = begin[1] + HEIGHT / 2 + shift, end[1] + HEIGHT / 2 + shift
    if begin[0] == end[0]:
        x = begin[0] + WIDTH
        out = x + _BETWEEN_COLUMNS * 0.6
        return (x, from_y), (out, from_y), (out, to_y), (x, to_y)
    forward = begin[0] < end[0]
    from_x = begin[0] + (WIDTH if forward else 0)
    to_x = end[0] + (0 if forward else WIDTH)
    middle = (from_x + to_x) / 2
    return (from_x, from_y), (middle, from_y), (middle, to_y), (to_x, to_y)
