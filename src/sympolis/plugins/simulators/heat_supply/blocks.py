"""The blocks with their land, and which lie near which: the ground on which networks can grow."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sympolis.plugins import places
from sympolis.plugins.simulator import Inputs

Values = NDArray[np.float64]
Indices = NDArray[np.intp]

METRES_PER_DEGREE = 111_195.0
WIDEST_REACH_M = 3000.0


@dataclass(frozen=True, slots=True)
class Blocks:
    """Ids, middles [m on a local plane], land [m²], and middles in degrees for measures that name a polygon."""

    ids: tuple[str, ...]
    places: Values
    land: Values
    degrees: Values

    def within(self, reach_m: float) -> tuple[Indices, Indices, Values]:
        """Pairs of blocks (first < second) whose middles lie no farther apart, and how far [m]."""
        from scipy.spatial import cKDTree

        pairs = cKDTree(self.places).query_pairs(reach_m, output_type="ndarray")
        pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
        first, second = pairs[:, 0].astype(np.intp), pairs[:, 1].astype(np.intp)
        return first, second, np.hypot(*(self.places[first] - self.places[second]).T)


def prepare(inputs: Inputs, folder: Path) -> None:
    """Keep what a run needs of the blocks."""
    folder.mkdir(parents=True, exist_ok=True)
    blocks = inputs["blocks"]
    shapes, degrees = places.shapes(blocks), places.middles(blocks)
    flat = METRES_PER_DEGREE * math.cos(math.radians(float(degrees[:, 1].mean()))), METRES_PER_DEGREE
    land = np.array([_land(block, shape, flat) for block, shape in zip(blocks, shapes, strict=True)])
    np.savez(folder / "blocks.npz", places=degrees * flat, land=land, degrees=degrees)
    ids = [block["id"] for block in blocks]
    (folder / "blocks.json").write_text(json.dumps(ids), encoding="utf-8")


def _land(block: Mapping[str, Any], shape: Any, flat: tuple[float, float]) -> float:
    given = block.get("landArea")
    return float(given) if isinstance(given, int | float) else float(shape.area * flat[0] * flat[1])


@functools.lru_cache(maxsize=2)
def load(folder: Path) -> Blocks:
    """What ``prepare`` kept."""
    ids = tuple(json.loads((folder / "blocks.json").read_text(encoding="utf-8")))
    with np.load(folder / "blocks.npz") as arrays:
        return Blocks(ids, arrays["places"], arrays["land"], arrays["degrees"])
