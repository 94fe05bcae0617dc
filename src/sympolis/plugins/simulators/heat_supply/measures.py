"""From overrides to what is decided already about zones, heat and subsidies; why some are refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sympolis.domain.scenario import Override
from sympolis.plugins import places
from sympolis.plugins.simulators.heat_supply.blocks import Blocks

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Decided:
    """Blocks that must or must not be on a network, share of the trench that others pay, least network heat [MWh/a]."""

    on: Flags
    off: Flags
    subsidy: Values
    least: float


def read(blocks: Blocks, overrides: Sequence[Override]) -> Decided:
    """What all overrides decide together; a later zone overrules an earlier one."""
    n = len(blocks.ids)
    on, off, subsidy, least = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool), np.zeros(n), 0.0
    for override in overrides:
        where = places.touched(blocks.ids, blocks.degrees, override.where)
        if override.measure == "network_zone":
            on[where], off[where] = True, False
        elif override.measure == "decentral_zone":
            on[where], off[where] = False, True
        elif override.measure == "subsidise_pipes":
            subsidy[where] = np.maximum(subsidy[where], override.parameters["share"] / 100)
        else:
            least = max(least, override.parameters["heat"] * 1e3)
    return Decided(on, off, subsidy, least)


def refusals(blocks: Blocks, overrides: Sequence[Override]) -> list[str]:
    """Reasons in plain words; empty where all is well."""
    return [
        f"{override.measure}: no planning block lies there"
        for override in overrides
        if not len(places.touched(blocks.ids, blocks.degrees, override.where))
    ]
