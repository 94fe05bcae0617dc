"""Which predictors the surface model uses, made from the city's coverages, and how a measure moves them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sympolis.domain.errors import ModelFailed
from sympolis.plugins.simulators.heat_exposure import cells
from sympolis.plugins.simulators.heat_exposure.cells import Frame
from sympolis.plugins.simulators.heat_exposure.surface import BLOCK_M

Values = NDArray[np.float64]

SIGNS: Mapping[str, int] = {
    "albedo": -1, "trees": -1, "wood": -1, "grass": -1, "farm": 0, "industry": 1, "residential": 1, "streets": 1,
}  # fmt: skip
"""Direction each layer may push the surface temperature; farmland is bare or green depending on the crop: either."""
POSITION = ("northing", "easting")
"""Kilometres from the grid's corner: stands for what no layer shows, above all height."""
SUMMERS = 5
"""The newest summers whose mean is explained."""


def layers_of(inputs: Mapping[str, Sequence[Mapping[str, Any]]], frame: Frame) -> dict[str, Values]:
    """Each layer that the city has, on the frame."""
    return {
        name: cells.sample(inputs[name][0]["grid"], frame)
        for name in SIGNS
        if inputs.get(name)
    }  # fmt: skip


def temperature(inputs: Mapping[str, Sequence[Mapping[str, Any]]]) -> tuple[Frame, Values, tuple[str, ...]]:
    """The frame, the mean of the newest summers [°C] and their dates. Raises ``ModelFailed`` where there is none."""
    found = sorted(inputs.get("surface", ()), key=lambda e: str(e.get("validTo", e["id"])))[-SUMMERS:]
    if not found:
        raise ModelFailed("there is no grid of surface temperatures", where="Coverage")
    frame = cells.frame_of(found[-1]["grid"])
    stack = np.stack([cells.sample(entity["grid"], frame) for entity in found])
    known = np.isfinite(stack)
    mean = np.where(known, stack, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    mean[~known.any(axis=0)] = np.nan
    return frame, mean, tuple(str(e.get("validTo", ""))[:4] for e in found)


def predictors(layers: Mapping[str, Values], frame: Frame) -> dict[str, Values]:
    """Each layer's mean near (3 × 3 cells) and wide (9 × 9), and the position."""
    found: dict[str, Values] = {}
    for name, values in layers.items():
        found[f"{name}_near"] = cells.surroundings(values, cells.NEAR_CELLS)
        found[f"{name}_wide"] = cells.surroundings(values, cells.WIDE_CELLS)
    x, y = frame.centres()
    found["northing"] = (y - y.min()) / 1000.0
    found["easting"] = (x - x.min()) / 1000.0
    return found


def signs() -> dict[str, int]:
    """The direction of every predictor."""
    return {f"{name}_{reach}": sign for name, sign in SIGNS.items() for reach in ("near", "wide")}


def blocks(frame: Frame) -> NDArray[np.intp]:
    """The number of the block of ``BLOCK_M`` that each cell lies in."""
    x, y = frame.centres()
    columns = ((x - x.min()) // BLOCK_M).astype(np.intp)
    lines = ((y.max() - y) // BLOCK_M).astype(np.intp)
    found: NDArray[np.intp] = lines * 1000 + columns
    return found


def usable(target: Values, found: Mapping[str, Values]) -> NDArray[np.bool_]:
    """Cells for which everything is known."""
    known = np.isfinite(target)
    for values in found.values():
        known &= np.isfinite(values)
    return known
