"""Which buildings each tile shows: a tree of tiles in which the largest come first and details are added (ADD).

A tile's geometric error is what its name says: the extent in metres of the largest building that is missing as long
as its children are not drawn. A viewer therefore loads what would be seen, and a whole city begins with its towers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]
Box = tuple[float, float, float, float]

MOST: Final = 400
"""Buildings in a tile."""
_DEEPEST: Final = 16
_METRES: Final = 111_320.0
"""Of a degree of latitude."""


@dataclass(frozen=True, slots=True)
class Stock:
    """Every building: its id, its box in degrees (west, south, east, north; shape (n, 4)) and its height [m]."""

    ids: Sequence[str]
    boxes: Array
    heights: Array

    def extents(self) -> Array:
        """The largest of length, width and height of each [m]."""
        west, south, east, north = self.boxes.T
        narrow = np.cos(np.radians((south + north) / 2))
        found: Array = np.maximum.reduce(
            [(east - west) * narrow * _METRES, (north - south) * _METRES, self.heights]
        )
        return found


@dataclass(frozen=True, slots=True)
class Node:
    """A tile: its place in the tree, the buildings that it shows itself, and what its children add."""

    level: int
    x: int
    y: int
    members: Array
    box: Box
    """Around everything in it and beneath it."""
    highest: float
    error: float
    children: tuple[Node, ...] = field(default=())

    @property
    def name(self) -> str:
        """``level-x-y``; x from the west, y from the south."""
        return f"{self.level}-{self.x}-{self.y}"

    def walk(self) -> Iterator[Node]:
        """It and all beneath it."""
        yield self
        for child in self.children:
            yield from child.walk()


def grow(stock: Stock, most: int = MOST) -> Node | None:
    """The tree of a stock; None where there is no building."""
    if not len(stock.ids):
        return None
    extents = stock.extents()
    middles = (stock.boxes[:, :2] + stock.boxes[:, 2:]) / 2
    low = middles.min(axis=0)
    side = max(float((middles.max(axis=0) - low).max()), 1e-6)
    order = np.argsort(-extents, kind="stable")
    return _Growing(stock, extents, (middles - low) / side, most).node(order, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class _Growing:
    stock: Stock
    extents: Array
    places: Array
    """Between 0 and 1 from the west and from the south."""
    most: int

    def node(self, inside: Array, level: int, x: int, y: int) -> Node:
        """The tile of these buildings, largest first."""
        whole = level >= _DEEPEST or len(inside) <= self.most
        shown, rest = (inside, inside[:0]) if whole else (inside[: self.most], inside[self.most :])
        boxes = self.stock.boxes[inside]
        low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
        return Node(
            level,
            x,
            y,
            shown,
            (float(low[0]), float(low[1]), float(high[0]), float(high[1])),
            float(self.stock.heights[inside].max()),
            math.ceil(float(self.extents[rest[0]])) if len(rest) else 0.0,
            tuple(self._children(rest, level + 1)) if len(rest) else (),
        )

    def _children(self, rest: Array, level: int) -> Iterator[Node]:
        side = 1 << level
        cells = np.minimum((self.places[rest] * side).astype(np.int64), side - 1)
        for x, y in np.unique(cells, axis=0).tolist():
            yield self.node(rest[(cells[:, 0] == x) & (cells[:, 1] == y)], level, x, y)


def tileset(
    root: Node, *, transform: Sequence[float], ground: float, query: str, extras: Mapping[str, Any]
) -> dict[str, Any]:
    """The document ``tileset.json``; contents are at ``content/<name>.glb`` beside it, with ``query`` behind them.

    ``transform`` takes all contents to the earth's centre; ``ground`` [m above the ellipsoid] is where buildings stand.
    """
    return {
        "asset": {"version": "1.1", "extras": dict(extras)},
        "geometricError": max(root.error, root.highest, 1.0) * 2,
        "root": {**_tile(root, ground, query), "refine": "ADD", "transform": list(transform)},
    }


def _tile(node: Node, ground: float, query: str) -> dict[str, Any]:
    west, south, east, north = map(math.radians, node.box)
    made: dict[str, Any] = {
        "boundingVolume": {"region": [west, south, east, north, ground, ground + node.highest]},
        "geometricError": node.error,
        "content": {"uri": f"content/{node.name}.glb{query}"},
    }
    if node.children:
        made["children"] = [_tile(child, ground, query) for child in node.children]
    return made
